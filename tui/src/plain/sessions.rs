//! `sessions`: conversations, listed, read, searched, renamed, forked, exported, deleted.

use std::io;
use std::process::ExitCode;

use clap::Subcommand;
use serde::Serialize;
use smartopol_config::Paths;
use smartopol_ipc::Client;
use smartopol_protocol::message::{Message, Part, Role};
use smartopol_protocol::session::{Configure, Delete, List, Session, SessionState, Show, Shown};
use smartopol_protocol::tool::{OutputStatus, ToolCall};
use smartopol_protocol::turn::{Outcome, Turn};
use smartopol_protocol::{SessionId, client};

use super::confirm::confirmed;
use super::link::{self, find};
use super::out::{Out, Tone};
use super::table::{self, cell, toned};
use super::{folding, fork, queue, search, time};
use crate::sanitize;

/// The most messages that the daemon gives at once.
const PAGE: u32 = 1000;

/// Conversations.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List all sessions, the most recently used first
    #[command(after_help = "Example:\n  smartopol sessions list --json | jq -r .name")]
    List {
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Show a session with its newest messages
    #[command(after_help = "Example:\n  smartopol sessions show notes -n 5")]
    Show {
        /// A name, an id, or the beginning of an id [default: the latest of this folder]
        #[arg(value_name = "KEY")]
        key: Option<String>,
        /// How many of the newest messages to show
        #[arg(short = 'n', long, default_value_t = 20, value_name = "N")]
        messages: u32,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Find a text in a session, in any case: the newest message first
    #[command(after_help = "Example:\n  smartopol sessions search notes 'cargo test' -n 5")]
    Search {
        /// The session
        #[arg(value_name = "KEY")]
        key: String,
        /// What to look for
        #[arg(value_name = "TEXT")]
        text: String,
        /// How many messages to name at most
        #[arg(short = 'n', long, default_value_t = 20, value_name = "N")]
        messages: u32,
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Give a session another name
    #[command(after_help = "Example:\n  smartopol sessions rename notes journal")]
    Rename {
        /// The session
        #[arg(value_name = "KEY")]
        key: String,
        /// Its new name
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// See the messages that wait for their turn, change them or take them back
    #[command(
        args_conflicts_with_subcommands = false,
        after_help = "Examples:\n  smartopol sessions queue notes\n  \
                      smartopol sessions queue notes edit 1 say it differently\n  \
                      smartopol sessions queue notes withdraw 1"
    )]
    Queue {
        /// The session
        #[arg(value_name = "KEY")]
        key: String,
        /// Print one JSON object a line
        #[arg(long, global = true)]
        json: bool,
        /// What to do; without it they are listed
        #[command(subcommand)]
        change: Option<queue::Change>,
    },
    /// Make a session with the beginning of another one's transcript
    #[command(after_help = "Example:\n  smartopol sessions fork notes --at 12 --name other-way")]
    Fork {
        /// The session
        #[arg(value_name = "KEY")]
        key: String,
        /// The position of the last message to take [default: the newest]
        #[arg(long, value_name = "N")]
        at: Option<u64>,
        /// The name of the new session
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    #[command(flatten)]
    Fold(folding::Command),
    /// Print a whole session as Markdown, or with --json as one object a line
    #[command(after_help = "Example:\n  smartopol sessions export notes > notes.md")]
    Export {
        /// The session
        #[arg(value_name = "KEY")]
        key: String,
        /// Print the session, its turns, its calls and its messages, one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Remove a session with its messages and learned rules; its traces stay
    #[command(after_help = "Example:\n  smartopol sessions delete notes --yes")]
    Delete {
        /// The session
        #[arg(value_name = "KEY")]
        key: String,
        /// Do not ask whether this is meant
        #[arg(short, long)]
        yes: bool,
    },
}

pub(super) async fn run(
    command: Command,
    paths: &Paths,
    out: &mut Out,
) -> anyhow::Result<ExitCode> {
    let client = link::client(paths).await?;
    match command {
        Command::List { json } => list(&client, json, out).await?,
        Command::Show {
            key,
            messages,
            json,
        } => show(&client, key.as_deref(), messages, json, out).await?,
        Command::Search {
            key,
            text,
            messages,
            json,
        } => {
            let id = find(&client, Some(&key)).await?.id;
            let hits = search::all(&client, id, &text, messages).await?;
            return search::print(&hits, &text, json, out);
        }
        Command::Rename { key, name } => {
            let session = find(&client, Some(&key)).await?;
            let renamed = client
                .call(Configure {
                    id: session.id,
                    name: Some(name),
                    mode: None,
                    model: None,
                })
                .await?;
            out.line(format!("`{}` is now `{}`", session.name, renamed.name))?;
        }
        Command::Queue { key, json, change } => {
            queue::run(&client, &key, change, json, out).await?;
        }
        Command::Fork {
            key,
            at,
            name,
            json,
        } => fork::run(&client, &key, (at, name), json, out).await?,
        Command::Fold(command) => folding::run(&client, command, out).await?,
        Command::Export { key, json } => export(&client, &key, json, out).await?,
        Command::Delete { key, yes } => return delete(&client, &key, yes, out).await,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(client: &Client, json: bool, out: &mut Out) -> anyhow::Result<()> {
    let sessions = client.call(List {}).await?.sessions;
    if json {
        let clients = client.call(client::List {}).await?.clients;
        return Ok(sessions.iter().try_for_each(|session| {
            let watches = clients.iter().filter(|own| own.watches == Some(session.id));
            out.json(&Attached {
                session,
                attached: watches.count(),
            })
        })?);
    }
    let rows: Vec<_> = sessions
        .iter()
        .map(|session| {
            let (state, tone) = state(session);
            vec![
                cell(&session.name),
                toned(state, tone),
                cell(session.messages.to_string()),
                cell(time::age(session.updated_at)),
                toned(&session.workspace, Tone::Quiet),
                cell(&session.last_line),
            ]
        })
        .collect();
    let heads = ["name", "state", "messages", "used", "folder", "last"];
    let empty = "there are no sessions yet: `smartopol send hello` begins one";
    Ok(table::print(out, &heads, &rows, empty)?)
}

/// A session with how many clients watch it.
#[derive(Serialize)]
struct Attached<'a> {
    #[serde(flatten)]
    session: &'a Session,
    attached: usize,
}

fn state(session: &Session) -> (String, Tone) {
    match &session.state {
        SessionState::Running => ("running".into(), Tone::Good),
        SessionState::Waiting => (format!("waiting ({})", session.waiting), Tone::Waits),
        SessionState::Idle { last: None } => ("new".into(), Tone::Plain),
        SessionState::Idle { last: Some(last) } => outcome(last),
    }
}

fn outcome(outcome: &Outcome) -> (String, Tone) {
    match outcome {
        Outcome::Done => ("done".into(), Tone::Plain),
        Outcome::Interrupted => ("stopped".into(), Tone::Waits),
        Outcome::CutOff => ("cut off".into(), Tone::Waits),
        Outcome::Failed { .. } => ("failed".into(), Tone::Bad),
        Outcome::StepLimit { .. } => ("step limit".into(), Tone::Waits),
        Outcome::Loop { .. } => ("loop".into(), Tone::Waits),
    }
}

async fn show(
    client: &Client,
    key: Option<&str>,
    messages: u32,
    json: bool,
    out: &mut Out,
) -> anyhow::Result<()> {
    let session = find(client, key).await?;
    let limit = messages.clamp(1, PAGE);
    let shown = client.call(Show::newest(session.id, limit)).await?;
    if json {
        return Ok(out.json(&shown)?);
    }
    let session = &shown.session;
    let (state, tone) = state(session);
    let usage = session.usage;
    let mode = session.mode.map_or("as configured", |mode| mode.name());
    let model = session.model.as_deref().unwrap_or("as configured");
    let rows = [
        ("session", format!("{} ({})", session.name, session.id)),
        ("state", state),
        ("folder", session.workspace.clone()),
        ("mode", mode.to_owned()),
        ("model", model.to_owned()),
        ("messages", session.messages.to_string()),
        (
            "tokens",
            format!("{} in, {} out", usage.input, usage.output),
        ),
        ("begun", time::local(session.created_at)),
    ];
    for (name, value) in rows {
        let value = sanitize::line(&value).into_owned();
        let value = match name {
            "state" => out.tone(tone, &value),
            _ => value,
        };
        out.raw(&format!("{name:<9} {value}\n"))?;
    }
    if shown.more {
        out.line("")?;
        out.line(format!(
            "… older messages: `smartopol sessions export {}`",
            session.name
        ))?;
    }
    for message in &shown.messages {
        out.line("")?;
        transcript(message, &shown.calls, out)?;
    }
    if let Some(partial) = &shown.partial {
        out.line("")?;
        heading("agent, still speaking", out)?;
        out.text(&partial.text)?;
    }
    Ok(())
}

fn heading(text: &str, out: &mut Out) -> io::Result<()> {
    let text = out.tone(Tone::Quiet, &sanitize::line(text));
    out.raw(&format!("{text}\n"))
}

fn transcript(message: &Message, calls: &[ToolCall], out: &mut Out) -> io::Result<()> {
    let who = speaker(message);
    heading(&format!("{who}, {}", time::local(message.created_at)), out)?;
    for part in &message.parts {
        match part {
            Part::Text { text } | Part::Notice { text, .. } => out.text(text)?,
            Part::Reasoning { text, .. } if text.is_empty() => {}
            Part::Reasoning { text, .. } => heading(&format!("(thought) {text}"), out)?,
            Part::ToolCall { id, name, .. } => {
                let call = calls.iter().find(|call| call.id == *id);
                let title = call.map_or("", |call| call.inspection.title.as_str());
                out.line(format!("→ {name}: {title}"))?;
            }
            Part::ToolOutput { status, text, .. } => {
                out.line(format!("← {}", status_name(*status)))?;
                out.text(text)?;
            }
        }
    }
    Ok(())
}

fn speaker(message: &Message) -> String {
    let who = match message.role {
        Role::User => message.peer.as_deref().unwrap_or("user"),
        Role::Agent if message.interrupted => "agent, interrupted",
        Role::Agent => "agent",
        Role::Tool => "tools",
        Role::System => "smartopol",
    };
    who.to_owned()
}

const fn status_name(status: OutputStatus) -> &'static str {
    match status {
        OutputStatus::Ok => "ok",
        OutputStatus::Error => "error",
        OutputStatus::Denied => "denied",
        OutputStatus::Expired => "expired",
        OutputStatus::Interrupted => "interrupted",
    }
}

/// One line of an export.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Exported<'a> {
    Session(&'a Session),
    Turn(&'a Turn),
    Call(&'a ToolCall),
    Message(&'a Message),
}

async fn export(client: &Client, key: &str, json: bool, out: &mut Out) -> anyhow::Result<()> {
    let id = find(client, Some(key)).await?.id;
    let pages = pages(client, id).await?;
    let Some(first) = pages.last() else {
        return Ok(());
    };
    if !json {
        return Ok(out.raw(&markdown(&first.session, &pages))?);
    }
    out.json(&Exported::Session(&first.session))?;
    // Two pages may share a turn.
    let mut told = std::collections::HashSet::new();
    for page in pages.iter().rev() {
        for turn in page.turns.iter().filter(|turn| told.insert(turn.id)) {
            out.json(&Exported::Turn(turn))?;
        }
        for call in &page.calls {
            out.json(&Exported::Call(call))?;
        }
        for message in &page.messages {
            out.json(&Exported::Message(message))?;
        }
    }
    Ok(())
}

/// Returns all of a session, the newest page first.
async fn pages(client: &Client, id: SessionId) -> Result<Vec<Shown>, smartopol_ipc::Error> {
    let mut pages: Vec<Shown> = Vec::new();
    let mut before = None;
    loop {
        let page = client
            .call(Show {
                before,
                ..Show::newest(id, PAGE)
            })
            .await?;
        before = page.messages.iter().find_map(|message| message.position);
        let more = page.more && before.is_some();
        pages.push(page);
        if !more {
            return Ok(pages);
        }
    }
}

/// Returns a whole session as Markdown.
///
/// # Errors
/// Where the daemon cannot be asked.
pub(crate) async fn whole(client: &Client, id: SessionId) -> Result<String, smartopol_ipc::Error> {
    let pages = pages(client, id).await?;
    let first = pages.last();
    Ok(first.map_or(String::new(), |first| markdown(&first.session, &pages)))
}

fn markdown(session: &Session, pages: &[Shown]) -> String {
    let mut text = format!(
        "# {}\n\nBegun {} in `{}`.\n",
        sanitize::line(&session.name),
        session.created_at,
        sanitize::line(&session.workspace)
    );
    for message in pages.iter().rev().flat_map(|page| &page.messages) {
        text.push_str(&format!(
            "\n## {}, {}\n",
            sanitize::line(&speaker(message)),
            message.created_at
        ));
        for part in &message.parts {
            text.push_str(&markdown_of(part));
        }
    }
    text
}

fn markdown_of(part: &Part) -> String {
    match part {
        Part::Text { text } | Part::Notice { text, .. } => {
            format!("\n{}\n", sanitize::text(text.trim_end()))
        }
        Part::Reasoning { text, .. } if text.is_empty() => String::new(),
        Part::Reasoning { text, .. } => {
            let quoted: Vec<String> = sanitize::text(text.trim_end())
                .lines()
                .map(|line| format!("> {line}"))
                .collect();
            format!("\n{}\n", quoted.join("\n"))
        }
        Part::ToolCall { name, input, .. } => {
            let input = serde_json::to_string_pretty(input).unwrap_or_default();
            format!("\n**{}**\n{}", sanitize::line(name), fenced("json", &input))
        }
        Part::ToolOutput { status, text, .. } => {
            format!("\n*{}*\n{}", status_name(*status), fenced("", text))
        }
    }
}

/// Returns a block of code that nothing in it can end.
fn fenced(language: &str, text: &str) -> String {
    let longest = text
        .split(|c| c != '`')
        .map(str::len)
        .max()
        .unwrap_or(0)
        .max(2);
    let fence = "`".repeat(longest + 1);
    let text = sanitize::text(text.trim_end());
    format!("\n{fence}{language}\n{text}\n{fence}\n")
}

async fn delete(client: &Client, key: &str, yes: bool, out: &mut Out) -> anyhow::Result<ExitCode> {
    let session = find(client, Some(key)).await?;
    let what = format!("`{}` with {} messages", session.name, session.messages);
    let question = format!("Remove {what} for ever?");
    if !yes && !confirmed(&question, &format!("{what} would be removed for ever"))? {
        out.line("nothing was removed")?;
        return Ok(ExitCode::FAILURE);
    }
    client.call(Delete { id: session.id }).await?;
    out.line(format!("{what} was removed"))?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fence_is_longer_than_any_in_the_text() {
        assert_eq!(fenced("", "a"), "\n```\na\n```\n");
        assert_eq!(
            fenced("json", "```\nx\n````"),
            "\n`````json\n```\nx\n````\n`````\n"
        );
    }
}
