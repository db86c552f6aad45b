//! `approvals`: questions about tool calls, their answers, and the rules learned from answers.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use smartopol_config::Paths;
use smartopol_ipc::Client;
use smartopol_protocol::approval::{
    Approval, ApprovalState, Decide, Decision, List, ListRules, RevokeRule, Rule, Scope, Show,
    Verdict,
};
use smartopol_protocol::tool::{Body, Effect, Place};
use smartopol_protocol::{ApprovalId, Code, Fault, RuleId};

use super::link::{client, find};
use super::out::{Out, Tone};
use super::table::{self, cell, toned};
use super::time;

/// Questions about tool calls.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the approvals that wait for a person
    #[command(after_help = "Example:\n  smartopol approvals list --all -n 20")]
    List {
        /// Also those that have ended
        #[arg(long)]
        all: bool,
        /// Only those of this session
        #[arg(short, long, value_name = "KEY")]
        session: Option<String>,
        /// At most so many of the newest
        #[arg(short = 'n', long, default_value_t = 100, value_name = "N")]
        limit: u32,
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Show exactly what a call would do
    #[command(after_help = "Example:\n  smartopol approvals show apr_0193")]
    Show {
        /// The approval's id, or its beginning
        #[arg(value_name = "ID")]
        id: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Allow a call
    #[command(after_help = "Example:\n  smartopol approvals allow apr_0193 --session")]
    Allow {
        #[command(flatten)]
        answer: Answer,
        #[command(flatten)]
        scope: ScopeArgs,
    },
    /// Deny a call
    #[command(
        after_help = "Example:\n  smartopol approvals deny apr_0193 --note \"use git clean\""
    )]
    Deny {
        #[command(flatten)]
        answer: Answer,
    },
    /// The rules in force, those of the config first; `revoke` ends a learned one
    #[command(
        after_help = "Examples:\n  smartopol approvals rules\n  smartopol approvals rules revoke rul_0193…"
    )]
    Rules {
        #[command(subcommand)]
        command: Option<Rules>,
    },
}

/// The rules.
#[derive(Debug, Subcommand)]
pub enum Rules {
    /// List the rules in force
    #[command(after_help = "Example:\n  smartopol approvals rules list --json")]
    List {
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// End a rule that was learned from an answer
    #[command(after_help = "Example:\n  smartopol approvals rules revoke rul_0193…")]
    Revoke {
        /// The rule's id
        #[arg(value_name = "ID")]
        id: RuleId,
    },
}

/// An answer.
#[derive(Debug, Args)]
pub struct Answer {
    /// The approval's id, or its beginning
    #[arg(value_name = "ID")]
    id: String,
    /// Something to tell the agent with the answer
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    note: String,
    /// Print the answered approval as one JSON object
    #[arg(long)]
    json: bool,
}

/// How far an answer goes; this call alone where nothing is said.
#[derive(Debug, Args)]
pub struct ScopeArgs {
    /// Calls like it in this session need no answer either
    #[arg(long, conflicts_with = "always")]
    session: bool,
    /// Calls like it need no answer in any session, until revoked
    #[arg(long)]
    always: bool,
}

impl ScopeArgs {
    const fn scope(&self) -> Scope {
        match (self.session, self.always) {
            (_, true) => Scope::Always,
            (true, _) => Scope::Session,
            _ => Scope::Once,
        }
    }
}

pub(super) async fn run(
    command: Command,
    paths: &Paths,
    out: &mut Out,
) -> anyhow::Result<ExitCode> {
    let client = client(paths).await?;
    match command {
        Command::List {
            all,
            session,
            limit,
            json,
        } => {
            let session_id = match session {
                Some(key) => Some(find(&client, Some(&key)).await?.id),
                None => None,
            };
            let list = List {
                all,
                session_id,
                limit,
            };
            let approvals = client.call(list).await?.approvals;
            if json {
                approvals
                    .iter()
                    .try_for_each(|approval| out.json(approval))?;
            } else {
                print_list(&approvals, out)?;
            }
        }
        Command::Show { id, json } => {
            let id = resolve(&client, &id).await?;
            let approval = client.call(Show { id }).await?;
            if json {
                out.json(&approval)?;
            } else {
                print_one(&approval, out)?;
            }
        }
        Command::Allow { answer, scope } => {
            decide(&client, answer, Some(scope.scope()), out).await?;
        }
        Command::Deny { answer } => decide(&client, answer, None, out).await?,
        Command::Rules { command } => match command.unwrap_or(Rules::List { json: false }) {
            Rules::List { json } => rules(&client, json, out).await?,
            Rules::Revoke { id } => {
                client.call(RevokeRule { id }).await?;
                out.line(format!("{id} was revoked"))?;
            }
        },
    }
    Ok(ExitCode::SUCCESS)
}

/// Answers an approval; without a scope, by denying it.
async fn decide(
    client: &Client,
    answer: Answer,
    scope: Option<Scope>,
    out: &mut Out,
) -> anyhow::Result<()> {
    let id = resolve(client, &answer.id).await?;
    let decided = client
        .call(Decide {
            note: answer.note,
            ..match scope {
                Some(scope) => Decide::allow(id, scope),
                None => Decide::deny(id),
            }
        })
        .await?;
    if answer.json {
        return Ok(out.json(&decided)?);
    }
    let how = match scope {
        None => "denied",
        Some(Scope::Once) => "allowed once",
        Some(Scope::Session) => "allowed for this session",
        Some(Scope::Workspace) => "allowed in this folder",
        Some(Scope::Always) => "allowed always",
    };
    Ok(out.line(format!(
        "{how}: {}: {}",
        decided.tool, decided.inspection.title
    ))?)
}

/// Returns the approval whose id begins with `text`.
async fn resolve(client: &Client, text: &str) -> anyhow::Result<ApprovalId> {
    if let Ok(id) = text.parse() {
        return Ok(id);
    }
    let list = List {
        all: true,
        session_id: None,
        limit: 1000,
    };
    let approvals = client.call(list).await?.approvals;
    let bare = text.strip_prefix(ApprovalId::PREFIX).unwrap_or(text);
    let mut found = approvals.iter().map(|approval| approval.id).filter(|id| {
        let id = id.to_string();
        !bare.is_empty()
            && id
                .strip_prefix(ApprovalId::PREFIX)
                .is_some_and(|id| id.starts_with(bare))
    });
    match (found.next(), found.next()) {
        (Some(id), None) => Ok(id),
        (Some(_), Some(_)) => {
            let fault = Fault::new(
                Code::BadRequest,
                format!("several approvals begin with `{text}`"),
            );
            Err(fault.hint("write more of the id").into())
        }
        _ => {
            let fault = Fault::new(Code::NotFound, format!("there is no approval `{text}`"));
            Err(fault
                .hint("`smartopol approvals list --all` shows them")
                .into())
        }
    }
}

fn print_list(approvals: &[Approval], out: &mut Out) -> anyhow::Result<()> {
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

fn print_one(approval: &Approval, out: &mut Out) -> anyhow::Result<()> {
    let inspection = &approval.inspection;
    out.line(format!("{}: {}", approval.tool, inspection.title))?;
    out.line(format!("id       {}", approval.id))?;
    out.line(format!("state    {}", state_in_full(approval)))?;
    out.line(format!("why      {}", approval.reason))?;
    out.line(format!("folder   {}", inspection.cwd))?;
    for effect in &inspection.effects {
        out.line(format!("touches  {}", effect_in_words(effect)))?;
    }
    if let Some(rule) = &approval.rule {
        out.line(format!("keeps    {rule} (with --session or --always)"))?;
    }
    match &inspection.body {
        Body::None => {}
        Body::Command {
            text,
            timeout_seconds,
        } => {
            out.line(format!("limit    {timeout_seconds} s"))?;
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

fn effect_in_words(effect: &Effect) -> String {
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

async fn rules(client: &Client, json: bool, out: &mut Out) -> anyhow::Result<()> {
    let rules = client.call(ListRules {}).await?.rules;
    if json {
        return Ok(rules.iter().try_for_each(|rule| out.json(rule))?);
    }
    let rows: Vec<_> = rules
        .iter()
        .map(|rule| {
            let (verdict, tone) = match rule.decision {
                Verdict::Allow => ("allow", Tone::Good),
                Verdict::Ask => ("ask", Tone::Waits),
                Verdict::Deny => ("deny", Tone::Bad),
            };
            vec![
                toned(verdict, tone),
                cell(rule.pattern.to_string()),
                cell(reach(rule)),
                cell(
                    rule.id
                        .map_or_else(|| "config".to_owned(), |id| id.to_string()),
                ),
            ]
        })
        .collect();
    let empty = "there are no rules: the mode alone decides";
    Ok(table::print(
        out,
        &["says", "of", "in", "id"],
        &rows,
        empty,
    )?)
}

fn reach(rule: &Rule) -> String {
    rule.session_id
        .map_or_else(|| "every session".into(), |id| id.to_string())
}
