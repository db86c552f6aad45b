//! `terminal_read`, `terminal_wait` and `exec_status`: what a program wrote, and waiting for it.
//!
//! Owns how much of it the model is told, and where it has read to.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use smartopol_protocol::terminal::{Until, WaitOver};
use smartopol_protocol::tool::ToolSpec;
use smartopol_protocol::{Code, Fault, TerminalId};
use smartopol_tools::terminals::{Terminal, plain_text};

use super::super::{Caller, fault};
use super::{reach, stands};
use crate::terminals;

/// The longest wait, in seconds, and the usual one.
const LONGEST: u64 = 600;
const USUAL: u64 = 30;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadArguments {
    id: TerminalId,
    #[serde(default)]
    what: What,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum What {
    /// What was written since the last call.
    #[default]
    New,
    /// What is seen.
    Screen,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WaitArguments {
    id: TerminalId,
    matches: Option<String>,
    quiet_ms: Option<u64>,
    timeout_seconds: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatusArguments {
    id: TerminalId,
}

pub(super) fn specs(id: &Value) -> [ToolSpec; 3] {
    [
        ToolSpec {
            name: "terminal_read".into(),
            description: "Returns what a terminal wrote since you last read it, as plain text, or \
                          with `what` = `screen` what it shows right now, which is better for \
                          programs that draw."
                .into(),
            input_schema: json!({
                "type": "object",
                "properties": { "id": id, "what": { "enum": ["new", "screen"] } },
                "required": ["id"],
                "additionalProperties": false
            }),
        },
        ToolSpec {
            name: "terminal_wait".into(),
            description: format!(
                "Waits until what a terminal writes `matches` a regular expression (what you have \
                 not read counts), or nothing was written for `quiet_ms`, or, without either, \
                 until its program has ended; at most `timeout_seconds` ({USUAL}). Returns what is \
                 new."
            ),
            input_schema: json!({
                "type": "object",
                "properties": {
                    "id": id,
                    "matches": { "type": "string" },
                    "quiet_ms": { "type": "integer", "minimum": 1, "maximum": LONGEST * 1000 },
                    "timeout_seconds": { "type": "integer", "minimum": 1, "maximum": LONGEST }
                },
                "required": ["id"],
                "additionalProperties": false
            }),
        },
        ToolSpec {
            name: "exec_status".into(),
            description: "Tells how a command that exec_background started is, and what it wrote \
                          since you last asked."
                .into(),
            input_schema: json!({
                "type": "object",
                "properties": { "id": id },
                "required": ["id"],
                "additionalProperties": false
            }),
        },
    ]
}

pub(super) async fn read(caller: &Caller, input: &Value) -> Result<(String, Value), Fault> {
    let ReadArguments { id, what } = fault("terminal_read", input)?;
    let (_, there) = reach(caller, id).await?;
    match what {
        What::New => {
            let new = new(caller, &there).await?;
            told(caller, id, new, "").await
        }
        What::Screen => {
            let screen = there.look(0).await?;
            let end = screen.lines.iter().rposition(|line| !line.is_empty());
            let lines = screen.lines.get(..end.map_or(0, |last| last + 1));
            let text = lines.unwrap_or_default().join("\n");
            told(caller, id, text, "").await
        }
    }
}

pub(super) async fn status(caller: &Caller, input: &Value) -> Result<(String, Value), Fault> {
    let StatusArguments { id } = fault("exec_status", input)?;
    let (_, there) = reach(caller, id).await?;
    let new = new(caller, &there).await?;
    told(caller, id, new, "").await
}

pub(super) async fn wait(caller: &Caller, input: &Value) -> Result<(String, Value), Fault> {
    let read: WaitArguments = fault("terminal_wait", input)?;
    let (_, there) = reach(caller, read.id).await?;
    let until = match (read.matches, read.quiet_ms) {
        (Some(pattern), None) => Until::Matches {
            pattern,
            since: Some(caller.house.terminals.read_to(read.id)),
        },
        (None, Some(for_ms)) => Until::Quiet { for_ms },
        (None, None) => Until::Ended,
        (Some(_), Some(_)) => {
            return Err(
                Fault::new(Code::BadRequest, "`matches` and `quiet_ms` are two waits")
                    .hint("send only one of them"),
            );
        }
    };
    let for_end = matches!(until, Until::Ended);
    let limit = Duration::from_secs(read.timeout_seconds.unwrap_or(USUAL).min(LONGEST));
    let waited = there.wait(until, limit);
    let (why, ..) = match caller.cancel.run_until_cancelled(waited).await {
        Some(waited) => waited?,
        None => return Err(Fault::new(Code::Conflict, "the wait was interrupted")),
    };
    if why == WaitOver::Ended || for_end && why == WaitOver::Met {
        terminals::has_ended(&caller.house, &there).await?;
    }
    let over = match why {
        WaitOver::Met => "",
        WaitOver::Ended => "[it ended before that was so]",
        WaitOver::Late => "[that was not so in time; it goes on]",
    };
    let new = new(caller, &there).await?;
    told(caller, read.id, new, over).await
}

/// Returns what was written since the model last read, as plain text.
async fn new(caller: &Caller, there: &Terminal) -> Result<String, Fault> {
    let most = u64::from(caller.house.config.tools.output_bytes);
    let desk = &caller.house.terminals;
    let end = there.present().await?.offset;
    let from = desk.read_to(there.id());
    let begin = from.max(end.saturating_sub(most));
    let length = usize::try_from(end.saturating_sub(begin)).unwrap_or(0);
    let (_, bytes) = there.piece(begin, length).await?;
    desk.has_read(there.id(), end);
    let text = plain_text(&bytes);
    Ok(match begin.saturating_sub(from) {
        0 => text,
        left_out => format!("[{left_out} bytes before this are left out]\n{text}"),
    })
}

/// Returns what the model is told: the text, and how the program stands.
async fn told(
    caller: &Caller,
    id: TerminalId,
    mut text: String,
    over: &str,
) -> Result<(String, Value), Fault> {
    let (terminal, _) = terminals::get(&caller.house, id).await?;
    let shown = terminals::shown(&caller.house, terminal).await?;
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    if !over.is_empty() {
        text.push_str(over);
        text.push('\n');
    }
    let state = stands(&shown.terminal.state, shown.waits);
    text.push_str(&format!("[{state}]"));
    let details = json!({ "terminal_id": id, "bytes": shown.offset });
    Ok((text, details))
}
