//! The built-in provider: no model, no network; it understands commands and says so.
//!
//! Owns the answers; the grammar stands in `command`. Every command becomes a call of an offered
//! tool, so it goes the same way as a model's: policy, approval, trace.

mod command;
mod reply;

use std::sync::Arc;
use std::time::Duration;

use smartopol_protocol::message::{Message, Role};
use smartopol_protocol::model::{ModelEvent, ModelRequest, StopReason, Usage};

use crate::ask::Outlet;
use crate::error::ModelError;
use crate::transcript::{Turn, turns};
use command::Line;

/// The name of its only model.
pub(crate) const MODEL: &str = "built-in";
/// What is said for a person who continues a turn that was stopped.
const CONTINUE: &str = "Continue.";
/// Characters of one delta.
const DELTA: usize = 12;
/// The pace of `slow:`.
const PACE: Duration = Duration::from_millis(100);
/// The most calls of one answer.
const MOST_CALLS: usize = 128;

/// Answers the newest message: outputs with a summary, commands with calls, else with a hint.
pub(crate) async fn answer(request: &ModelRequest, out: &mut Outlet<'_>) -> Result<(), ModelError> {
    // It remembers nothing: only the newest question and what it led to matters.
    let recent = recent(&request.messages);
    let turns = turns(recent);
    let newest = recent
        .iter()
        .rev()
        .find(|message| message.role != Role::System);
    let calls = match turns.last() {
        // New words after the outputs count more than the outputs.
        Some(Turn::User { texts, .. })
            if newest.is_some_and(|newest| newest.role == Role::User) =>
        {
            let mut text = texts.last().copied().unwrap_or_default();
            if text == CONTINUE
                && let Some(Turn::User { texts, .. }) = turns.first()
            {
                text = texts.last().copied().unwrap_or_default();
            }
            obey(&command::read(text), request, out).await?
        }
        Some(Turn::User { outputs, .. }) => {
            let before = turns.iter().rev().find_map(|turn| match turn {
                Turn::Agent(parts) => Some(parts.as_slice()),
                Turn::User { .. } => None,
            });
            say(&reply::summary(outputs, before.unwrap_or_default()), out).await?;
            0
        }
        _ => {
            say(&reply::hello(&request.tools), out).await?;
            0
        }
    };
    let usage = Usage {
        cost_micros: Some(0),
        ..Usage::default()
    };
    out.event(ModelEvent::Usage { usage }).await?;
    let stop = if calls > 0 {
        StopReason::ToolUse
    } else {
        StopReason::End
    };
    out.event(ModelEvent::Done { stop }).await
}

/// Does what the lines say; returns how many calls that made.
async fn obey(
    lines: &[Line<'_>],
    request: &ModelRequest,
    out: &mut Outlet<'_>,
) -> Result<usize, ModelError> {
    let mut calls = Vec::new();
    let mut wanted = 0;
    let mut has_said = false;
    let mut understood = false;
    for line in lines {
        let text = match line {
            Line::Call(call) if request.tools.iter().any(|tool| tool.name == call.tool) => {
                understood = true;
                wanted += 1;
                if calls.len() < MOST_CALLS {
                    calls.push(call);
                }
                continue;
            }
            Line::Call(call) => format!(
                "`{}:` needs the tool `{}`, which is not offered here.",
                call.word, call.tool
            ),
            Line::Wrong { usage } => format!("I did not understand that. Write `{usage}`."),
            Line::Help => reply::help(&request.tools),
            Line::Say(text) => (*text).to_owned(),
            Line::Think(text) => {
                understood = true;
                for piece in pieces(text, DELTA) {
                    out.event(ModelEvent::Reasoning { text: piece }).await?;
                }
                out.event(ModelEvent::ReasoningEnd { signature: None })
                    .await?;
                continue;
            }
            Line::Slow { count, text } => {
                understood = true;
                say_slowly(*count, text, out).await?;
                has_said = true;
                continue;
            }
            Line::Other => continue,
        };
        understood = true;
        if has_said {
            out.event(ModelEvent::Text { text: "\n".into() }).await?;
        }
        has_said = true;
        say(&text, out).await?;
    }
    let left_out = wanted - calls.len();
    if left_out > 0 {
        say(&format!("I left out {left_out} of {wanted} commands."), out).await?;
    }
    if !understood {
        say(&reply::hello(&request.tools), out).await?;
    }
    for (index, call) in (0_u32..).zip(&calls) {
        let bytes = u64::try_from(call.input.to_string().len()).unwrap_or(u64::MAX);
        let name = call.tool.to_owned();
        out.event(ModelEvent::CallProgress { index, name, bytes })
            .await?;
    }
    for (index, call) in (0_u32..).zip(&calls) {
        let (name, input) = (call.tool.to_owned(), call.input.clone());
        out.event(ModelEvent::Call { index, name, input }).await?;
    }
    Ok(calls.len())
}

async fn say(text: &str, out: &mut Outlet<'_>) -> Result<(), ModelError> {
    for text in pieces(text, DELTA) {
        out.event(ModelEvent::Text { text }).await?;
    }
    Ok(())
}

async fn say_slowly(count: usize, text: &str, out: &mut Outlet<'_>) -> Result<(), ModelError> {
    let size = text.chars().count().div_ceil(count.max(1)).max(1);
    for (place, text) in pieces(text, size).into_iter().enumerate() {
        if place > 0 {
            tokio::time::sleep(PACE).await;
        }
        out.event(ModelEvent::Text { text }).await?;
    }
    Ok(())
}

fn pieces(text: &str, size: usize) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    chars
        .chunks(size.max(1))
        .map(|chunk| chunk.iter().collect())
        .collect()
}

/// Returns the messages from the newest question on, or all where there is none. A person who
/// continues asks nothing new.
fn recent(messages: &[Arc<Message>]) -> &[Arc<Message>] {
    let asks = |message: &Arc<Message>| message.role == Role::User && message.text() != CONTINUE;
    let start = messages.iter().rposition(asks);
    messages.get(start.unwrap_or(0)..).unwrap_or_default()
}
