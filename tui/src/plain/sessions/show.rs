//! `sessions show`: one session with its newest messages.

use std::io;

use serde::Serialize;
use smartopol_ipc::Client;
use smartopol_protocol::message::{Message, Part, Role};
use smartopol_protocol::session::{Show, Shown};
use smartopol_protocol::tool::{OutputStatus, ToolCall};

use super::super::link::find;
use super::super::out::{Out, Tone};
use super::super::time;
use super::state;
use crate::sanitize;

/// The most messages that the daemon gives at once.
const PAGE: u32 = 1000;

/// A window of a session with the session's key.
#[derive(Serialize)]
struct KeyedWindow<'a> {
    key: String,
    #[serde(flatten)]
    shown: &'a Shown,
}

pub(super) async fn show(
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
        return Ok(out.json(&KeyedWindow {
            key: shown.session.key(),
            shown: &shown,
        })?);
    }
    let session = &shown.session;
    let (state, tone) = state(session);
    let usage = session.usage;
    let mode = session.mode.map_or("as configured", |mode| mode.name());
    let model = session.model.as_deref().unwrap_or("as configured");
    let rows = [
        ("session", format!("{} ({})", session.name, session.id)),
        ("key", session.key()),
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
