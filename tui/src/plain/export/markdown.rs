//! A session as Markdown: who said what and when, what each call did and how it ended, what was
//! folded for the model, what is pinned. Pure.

use std::collections::HashMap;
use std::fmt::Write as _;

use smartopol_protocol::approval::{Approval, ApprovalState, Scope};
use smartopol_protocol::compaction::{Compaction, MadeBy};
use smartopol_protocol::message::{Message, Part, Role};
use smartopol_protocol::session::Exported;
use smartopol_protocol::tool::{Body, CallState, OutputStatus, ToolCall};
use smartopol_protocol::turn::{Outcome, Turn, TurnState};
use smartopol_protocol::{CallId, TurnId};

use super::super::time;
use crate::sanitize;
use crate::widget::time::millis;

/// Outputs of more lines are folded away, where what shows Markdown can do that.
const LINES: usize = 24;

/// Returns a session as Markdown.
pub(crate) fn markdown(exported: &Exported) -> String {
    let whole = Whole {
        calls: exported.calls.iter().map(|call| (call.id, call)).collect(),
        turns: exported.turns.iter().map(|turn| (turn.id, turn)).collect(),
        exported,
    };
    let mut text = whole.head();
    let messages = &exported.messages;
    for (number, message) in messages.iter().enumerate() {
        text.push_str(&whole.message(message));
        let next = messages.get(number + 1);
        if let Some(turn) = message.turn_id
            && next.and_then(|next| next.turn_id) != Some(turn)
        {
            text.push_str(&whole.end_of(turn));
        }
        let folded = exported.compactions.iter();
        for compaction in folded.filter(|own| Some(own.until) == message.position) {
            text.push_str(&fold(compaction));
        }
    }
    text
}

struct Whole<'e> {
    exported: &'e Exported,
    calls: HashMap<CallId, &'e ToolCall>,
    turns: HashMap<TurnId, &'e Turn>,
}

impl Whole<'_> {
    fn head(&self) -> String {
        let session = &self.exported.session;
        let usage = session.usage;
        let rows = [
            ("session", code(&self.exported.key)),
            ("folder", code(&session.workspace)),
            (
                "model",
                session
                    .model
                    .as_deref()
                    .map_or("as configured".into(), code),
            ),
            ("begun", time::local(session.created_at)),
            ("last used", time::local(session.updated_at)),
            ("messages", self.exported.messages.len().to_string()),
            (
                "tokens",
                format!("{} in, {} out", usage.input, usage.output),
            ),
            ("exported", time::local(self.exported.exported_at)),
        ];
        let mut text = format!("# {}\n\n| | |\n|---|---|\n", heading(&session.name));
        for (name, value) in rows {
            let _ = writeln!(text, "| {name} | {} |", value.replace('|', "\\|"));
        }
        if self.exported.redacted > 0 {
            let _ = writeln!(text, "| secrets taken out | {} |", self.exported.redacted);
        }
        if !self.exported.pins.is_empty() {
            text.push_str("\n## Pinned\n\n");
            for pin in &self.exported.pins {
                let said = sanitize::sentence(pin.text.trim());
                let _ = writeln!(text, "- **{}**: {said}", pin.kind.name());
            }
        }
        text
    }

    fn message(&self, message: &Message) -> String {
        // What tools gave back stands with their calls.
        let answers_calls = message.role == Role::Tool
            && message.parts.iter().all(|part| match part {
                Part::ToolOutput { call_id, .. } => self.calls.contains_key(call_id),
                _ => false,
            });
        if answers_calls {
            return String::new();
        }
        let waits = match message.position {
            Some(number) => format!("#{number}"),
            None => "waits for its turn".to_owned(),
        };
        let mut text = format!(
            "\n## {} · {} · {waits}\n",
            heading(&speaker(message)),
            time::local(message.created_at),
        );
        for part in &message.parts {
            text.push_str(&self.part(part));
        }
        if message.interrupted {
            text.push_str("\n*stopped here*\n");
        }
        text
    }

    fn part(&self, part: &Part) -> String {
        match part {
            Part::Text { text } => format!("\n{}\n", sanitize::text(text.trim_end())),
            Part::Notice { text, .. } => quoted(text),
            Part::Reasoning { text, .. } if text.trim().is_empty() => String::new(),
            Part::Reasoning { text, .. } => folded("thought", &quoted(text)),
            Part::ToolCall { id, name, input } => match self.calls.get(id) {
                Some(call) => self.call(call),
                None => {
                    let input = serde_json::to_string_pretty(input).unwrap_or_default();
                    format!("\n**{}**\n{}", heading(name), fenced("json", &input))
                }
            },
            // With its call, but where that is not known.
            Part::ToolOutput { call_id, .. } if self.calls.contains_key(call_id) => String::new(),
            Part::ToolOutput { status, text, .. } => {
                format!("\n*{}*\n{}", status_name(*status), fenced("", text))
            }
        }
    }

    fn call(&self, call: &ToolCall) -> String {
        let title = match call.inspection.title.trim() {
            "" => String::new(),
            title => format!(" {}", code(title)),
        };
        let took = match (call.started_at, call.finished_at) {
            (Some(begun), Some(ended)) => format!(" after {}", millis(ended.millis_since(begun))),
            _ => String::new(),
        };
        let ended = match &call.state {
            CallState::Finished { output } => format!("{}{took}", status_name(output.status)),
            CallState::Running => "still running".into(),
            CallState::Waiting { .. } | CallState::Unanswered { .. } => {
                "waiting for a person".into()
            }
            CallState::Asked => "not yet decided".into(),
        };
        let answered = self.exported.approvals.iter();
        let answered = answered.filter(|own| own.call_id == call.id);
        let answers: String = answered.filter_map(answer).collect();
        let mut text = format!(
            "\n**{}**{title} — *{ended}{answers}*\n",
            heading(&call.name)
        );
        match &call.inspection.body {
            // The title says a short command whole.
            Body::Command { text: command, .. } if *command == call.inspection.title => {}
            Body::Command { text: command, .. } => text.push_str(&fenced("sh", command)),
            Body::Diff { diff, .. } => text.push_str(&long(&fenced("diff", diff), diff, "change")),
            Body::None => {
                let input = serde_json::to_string_pretty(&call.input).unwrap_or_default();
                text.push_str(&long(&fenced("json", &input), &input, "arguments"));
            }
        }
        if let CallState::Finished { output } = &call.state
            && !output.text.trim().is_empty()
        {
            text.push_str(&long(&fenced("", &output.text), &output.text, "output"));
        }
        text
    }

    /// Says how a turn ended, where it did not simply end.
    fn end_of(&self, turn: TurnId) -> String {
        let Some(TurnState::Finished { outcome }) = self.turns.get(&turn).map(|turn| &turn.state)
        else {
            return String::new();
        };
        let how = match outcome {
            Outcome::Done => return String::new(),
            Outcome::Interrupted => "was stopped".to_owned(),
            Outcome::CutOff => "was cut off: the daemon ended".to_owned(),
            Outcome::Failed { message, .. } => format!("failed: {}", sanitize::sentence(message)),
            Outcome::StepLimit { limit } => format!("ended at its limit of {limit} steps"),
            Outcome::Loop { tool, times } => format!(
                "ended: {} gave the same {times} times",
                sanitize::line(tool)
            ),
        };
        format!("\n*The turn {how}.*\n")
    }
}

/// Says who answered an approval, and how.
fn answer(approval: &Approval) -> Option<String> {
    let (decision, word) = match &approval.state {
        ApprovalState::Allowed { decision } => (decision, "allowed"),
        ApprovalState::Denied { decision } => (decision, "denied"),
        _ => return None,
    };
    let scope = match decision.scope {
        Scope::Once => "",
        Scope::Session => " for this session",
        Scope::Workspace => " for this folder",
        Scope::Always => " for always",
    };
    let note = match decision.note.trim() {
        "" => String::new(),
        note => format!(": {}", sanitize::sentence(note)),
    };
    let who = sanitize::line(&decision.actor.peer).into_owned();
    Some(format!("; {word} by {who}{scope}{note}"))
}

fn fold(compaction: &Compaction) -> String {
    let by = match &compaction.made_by {
        MadeBy::Model {
            provider, model, ..
        } => format!("summed up by {provider}/{model}"),
        MadeBy::Cut { reason } => format!("cut, without a summary: {reason}"),
    };
    let back = match compaction.expanded_at {
        Some(at) => format!(", taken back {}", time::local(at)),
        None => String::new(),
    };
    let head = format!(
        "The {} messages up to here are folded for the model, {}{back}",
        compaction.messages,
        sanitize::sentence(&by)
    );
    match compaction.summary.trim() {
        "" => format!("\n---\n\n*{head}.*\n\n---\n"),
        summary => format!("\n---\n{}\n---\n", folded(&head, &quoted(summary))),
    }
}

fn speaker(message: &Message) -> String {
    let who = match message.role {
        Role::User => message.peer.as_deref().unwrap_or("user"),
        Role::Agent => "agent",
        Role::Tool => "tools",
        Role::System => "smartopol",
    };
    let command = if message.is_command() {
        ", a command"
    } else {
        ""
    };
    match &message.by {
        Some(by) => format!("{who} (said by {by}){command}"),
        None => format!("{who}{command}"),
    }
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

/// Returns a name as a heading shows it, with nothing in it that Markdown would obey.
fn heading(text: &str) -> String {
    let mut out = String::new();
    for c in sanitize::line(text).chars() {
        if matches!(
            c,
            '*' | '_' | '`' | '[' | ']' | '<' | '>' | '#' | '\\' | '|'
        ) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Returns a text as code in a line.
fn code(text: &str) -> String {
    let text = sanitize::line(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let space = if longest > 0 { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

fn quoted(text: &str) -> String {
    let text = sanitize::text(text.trim()).into_owned();
    let lines: Vec<String> = text
        .lines()
        .map(|line| format!("> {line}").trim_end().to_owned())
        .collect();
    format!("\n{}\n", lines.join("\n"))
}

/// Folds away what is long.
fn long(block: &str, text: &str, name: &str) -> String {
    match text.lines().count() {
        lines @ LINES.. => folded(&format!("{name}, {lines} lines"), block),
        _ => block.to_owned(),
    }
}

fn folded(name: &str, block: &str) -> String {
    format!("\n<details>\n<summary>{name}</summary>\n{block}\n</details>\n")
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
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("a `b` c"), "`` a `b` c ``");
    }

    #[test]
    fn a_name_is_no_markup() {
        assert_eq!(heading("a_b *c* <d>"), "a\\_b \\*c\\* \\<d\\>");
    }
}
