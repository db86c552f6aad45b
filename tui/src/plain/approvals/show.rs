//! What an approval is, in words.

use smartopol_protocol::approval::{Approval, ApprovalState, Decision, Scope};
use smartopol_protocol::tool::{Body, Effect, Place, Removal};

use super::super::out::{Out, Tone};
use super::super::table::{self, cell, toned};
use super::super::time;
use crate::model::terms;

pub(super) fn print_list(approvals: &[Approval], out: &mut Out) -> anyhow::Result<()> {
    let rows: Vec<_> = approvals
        .iter()
        .map(|approval| {
            let (state, tone) = state(&approval.state);
            vec![
                cell(approval.id.to_string()),
                toned(state, tone),
                cell(time::age(approval.asked_at)),
                cell(&approval.tool),
                cell(&approval.inspection.title),
            ]
        })
        .collect();
    let heads = ["id", "state", "asked", "tool", "what"];
    Ok(table::print(out, &heads, &rows, "nothing waits for you")?)
}

fn state(state: &ApprovalState) -> (&'static str, Tone) {
    match state {
        ApprovalState::Pending => ("waits", Tone::Waits),
        ApprovalState::Allowed { .. } => ("allowed", Tone::Good),
        ApprovalState::Denied { .. } => ("denied", Tone::Bad),
        ApprovalState::Expired { .. } => ("expired", Tone::Quiet),
        ApprovalState::Cancelled { .. } => ("cancelled", Tone::Quiet),
    }
}

pub(super) fn print_one(approval: &Approval, out: &mut Out) -> anyhow::Result<()> {
    let inspection = &approval.inspection;
    out.line(format!("{}: {}", approval.tool, inspection.title))?;
    out.line(format!("id       {}", approval.id))?;
    out.line(format!("state    {}", state_in_full(approval)))?;
    out.line(format!("why      {}", approval.reason))?;
    out.line(format!("folder   {}", inspection.cwd))?;
    for effect in &inspection.effects {
        out.line(format!("touches  {}", effect_in_words(effect)))?;
    }
    if let Some(removal) = &inspection.removal {
        removed(removal, out)?;
    }
    for pin in &inspection.pins {
        out.line(format!("depends  on {} as it is now", pin.path))?;
    }
    if let Some(danger) = &approval.danger {
        out.line(format!(
            "danger   {}; to allow it, add --word {}",
            danger.why, danger.word
        ))?;
    }
    if let Some(rule) = &approval.rule {
        out.line(format!(
            "keeps    {rule} (with --session, --workspace or --always)"
        ))?;
    }
    if let Some(needs) = terms::needs(approval) {
        out.line(format!("answers  {needs}"))?;
    }
    match &inspection.body {
        Body::None => {}
        Body::Command {
            text,
            timeout_seconds,
        } => {
            match timeout_seconds {
                0 => out.line("limit    none: it goes on by itself")?,
                seconds => out.line(format!("limit    {seconds} s"))?,
            }
            out.line("")?;
            out.text(text)?;
        }
        Body::Diff { diff, .. } => {
            out.line("")?;
            out.text(diff)?;
        }
    }
    Ok(())
}

fn state_in_full(approval: &Approval) -> String {
    let by = |decision: &Decision| {
        let scope = match decision.scope {
            Scope::Once => "once",
            Scope::Session => "for the session",
            Scope::Workspace => "for the folder",
            Scope::Always => "always",
        };
        let note = match decision.note.as_str() {
            "" => String::new(),
            note => format!(": {note}"),
        };
        format!(
            "{scope}, by {} with {}, {}{note}",
            decision.actor.peer,
            decision.actor.client,
            time::local(decision.at)
        )
    };
    match &approval.state {
        ApprovalState::Pending => format!("waits, for {}", time::until(approval.expires_at)),
        ApprovalState::Allowed { decision } => format!("allowed {}", by(decision)),
        ApprovalState::Denied { decision } => format!("denied {}", by(decision)),
        ApprovalState::Expired { at } => {
            format!("expired: nobody answered until {}", time::local(*at))
        }
        ApprovalState::Cancelled { at, reason } => {
            format!("cancelled, {}: {reason}", time::local(*at))
        }
    }
}

pub(super) fn effect_in_words(effect: &Effect) -> String {
    let place = |place: &Place| match place {
        Place::Workspace => "",
        Place::Outside => " (outside the workspace)",
    };
    match effect {
        Effect::Run { words, via } if via.is_empty() => format!("runs {}", words.join(" ")),
        Effect::Run { words, via } => format!(
            "runs {} through {}",
            words.join(" "),
            via.iter()
                .filter_map(|words| words.first().map(String::as_str))
                .collect::<Vec<_>>()
                .join(", ")
        ),
        Effect::Unclear { why } => format!("unclear: {why}"),
        Effect::Read { path, place: at } => format!("reads {path}{}", place(at)),
        Effect::Write { path, place: at } => format!("writes {path}{}", place(at)),
        Effect::Delete {
            path,
            place: at,
            recursive: true,
        } => format!("removes {path} and all below it{}", place(at)),
        Effect::Delete {
            path, place: at, ..
        } => format!("removes {path}{}", place(at)),
        Effect::Network { host: Some(host) } => format!("talks to {host}"),
        Effect::Network { host: None } => "talks to the network".into(),
        Effect::Process { what } => format!("signals processes: {what}"),
        Effect::Privilege { how } => format!("changes rights: {how}"),
    }
}

/// Prints what a recursive deletion would take away.
pub(super) fn removed(removal: &Removal, out: &mut Out) -> anyhow::Result<()> {
    let least = if removal.more { "at least " } else { "" };
    out.line(format!(
        "removes  {least}{} files and folders, {least}{} bytes",
        removal.entries, removal.bytes
    ))?;
    for path in &removal.first {
        out.line(format!("         {path}"))?;
    }
    Ok(())
}
