//! What `memory` prints.

use std::collections::HashMap;

use smartopol_protocol::UserId;
use smartopol_protocol::memory::{Listed, Memory, Shown, State};

use crate::plain::out::{Out, Tone};
use crate::plain::table::{self, Cell, cell, toned};
use crate::plain::time;
use crate::source::said_by;

/// The names of users, where memories of more than one are told.
pub(in crate::plain) type Names = HashMap<UserId, String>;

/// Prints memories as JSON, one a line.
pub(super) fn each(memories: &[Memory], out: &mut Out) -> std::io::Result<()> {
    memories.iter().try_for_each(|own| out.json(own))
}

/// Prints a memory that was changed.
pub(super) fn done(own: &Memory, words: &str, json: bool, out: &mut Out) -> std::io::Result<()> {
    match (json, own.text.as_str()) {
        (true, _) => out.json(own),
        (_, "") => out.line(format!("{words} {}", own.id)),
        (_, text) => out.line(format!("{words} {}: {text}", own.id)),
    }
}

/// Prints a list of one's own memories, and what else there is.
pub(super) fn told(listed: &Listed, all: bool, out: &mut Out) -> std::io::Result<()> {
    rows(
        &listed.memories,
        &Names::new(),
        "nothing is remembered yet: `smartopol memory add TEXT`",
        out,
    )?;
    if listed.more {
        out.line("there are more: `-n 1000`, or `smartopol memory search WORDS`")?;
    }
    let silent = listed.current.saturating_sub(listed.told);
    if silent > 0 && !all {
        out.line(format!(
            "{silent} of {} have no room in the prompt; the agent finds them by searching",
            listed.current
        ))?;
    }
    if listed.pending > 0 && !all {
        out.line(format!(
            "{} wait for your approval: `smartopol memory pending`",
            listed.pending
        ))?;
    }
    if listed.file.lines > 0 {
        out.line(format!(
            "every session is told the {} lines of {} too",
            listed.file.lines, listed.file.path
        ))?;
    }
    if listed.file.cut > 0 {
        out.line(format!(
            "the last {} bytes of {} are not told to models: shorten it",
            listed.file.cut, listed.file.path
        ))?;
    }
    Ok(())
}

/// Prints memories as a table; with whose each is, where there are names.
pub(super) fn rows(
    memories: &[Memory],
    names: &Names,
    empty: &str,
    out: &mut Out,
) -> std::io::Result<()> {
    let mut heads = vec!["id", "kind", "sure", "since", "says"];
    let mut rows: Vec<Vec<Cell>> = memories.iter().map(row).collect();
    if !names.is_empty() {
        heads.insert(1, "whose");
        for (row, own) in rows.iter_mut().zip(memories) {
            row.insert(1, cell(name(names, own)));
        }
    }
    table::print(out, &heads, &rows, empty)
}

fn name(names: &Names, own: &Memory) -> String {
    let name = names.get(&own.user_id).cloned();
    name.unwrap_or_else(|| own.user_id.to_string())
}

fn row(own: &Memory) -> Vec<Cell> {
    let tone = match own.state {
        State::Pending => Tone::Waits,
        State::Active => Tone::Plain,
        _ => Tone::Quiet,
    };
    let mut says = match own.text.as_str() {
        "" => "(its words are gone)".to_owned(),
        text => text.to_owned(),
    };
    if own.state != State::Active {
        says = format!("[{}] {says}", own.state.name());
    }
    if !own.taint.is_empty() {
        says = format!("[untrusted] {says}");
    }
    vec![
        cell(own.id.to_string()),
        cell(own.category.name()),
        cell(format!("{} %", own.confidence)),
        cell(time::age(own.created_at)),
        toned(says, tone),
    ]
}

/// Prints what waits, and why.
pub(in crate::plain) fn waiting(
    memories: &[Memory],
    names: &Names,
    out: &mut Out,
) -> std::io::Result<()> {
    if memories.is_empty() {
        return out.line("nothing waits for your approval");
    }
    for own in memories {
        match names.is_empty() {
            true => out.line(format!("{}  {}", own.id, own.text))?,
            false => out.line(format!("{}  {}: {}", own.id, name(names, own), own.text))?,
        }
        if let Some(span) = own.source.messages {
            let session = own.source.session_id;
            let session = session.map(|id| format!(" of {id}")).unwrap_or_default();
            out.line(format!(
                "    out of the messages {} to {}{session}",
                span.from, span.until
            ))?;
        }
        for taint in &own.taint {
            out.line(format!("    {}: {}", taint.kind.words(), taint.what))?;
        }
    }
    out.line("`smartopol memory approve ID` lets one count, `reject` takes its words away")
}

/// Prints a memory with its history.
pub(super) fn show(shown: &Shown, out: &mut Out) -> std::io::Result<()> {
    let own = &shown.memory;
    let text = match own.text.as_str() {
        "" => "(its words are gone)",
        text => text,
    };
    out.line(text)?;
    out.line(format!("id         {}", own.id))?;
    out.line(format!("kind       {}", own.category.name()))?;
    out.line(format!("sure       {} %", own.confidence))?;
    out.line(format!("state      {}", own.state.name()))?;
    if let Some(from) = own.valid_from {
        out.line(format!("from       {from}"))?;
    }
    if let Some(until) = own.valid_until {
        out.line(format!("until      {until}"))?;
    }
    let source = &own.source;
    out.line(format!(
        "written    {} by {}",
        own.created_at,
        said_by(source)
    ))?;
    if let Some(id) = source.session_id {
        out.line(format!("session    {id}"))?;
    }
    if let Some(id) = source.message_id {
        out.line(format!("message    {id}"))?;
    }
    if let Some(span) = source.messages {
        out.line(format!("messages   {} to {}", span.from, span.until))?;
    }
    if let Some(id) = source.call_id {
        out.line(format!("call       {id}"))?;
    }
    if !own.approved_by.is_empty() {
        out.line(format!("approved   by {}", own.approved_by))?;
    }
    for taint in &own.taint {
        out.line(format!("untrusted  {}: {}", taint.kind.words(), taint.what))?;
    }
    if shown.history.len() < 2 {
        return Ok(());
    }
    out.line("what was believed when:")?;
    for one in &shown.history {
        let since = one.believed_at.map(|at| at.to_string());
        let since = since.unwrap_or_else(|| "never".to_owned());
        let when = match &one.state {
            State::Active => format!("since {since}"),
            State::Pending => "waits".to_owned(),
            State::Superseded { at, .. } => format!("{since} to {at}"),
            State::Forgotten { by, at } => format!("forgotten {at} by {by}"),
            State::Rejected { by, at } => format!("rejected {at} by {by}"),
        };
        let text = match one.text.as_str() {
            "" => "(its words are gone)",
            text => text,
        };
        out.line(format!("  {when}: {text}  [{}]", said_by(&one.source)))?;
    }
    Ok(())
}
