//! What the offline provider says: who it is, what it understands, what came back. Pure.

use std::fmt::Write as _;

use serde_json::Value;
use smartopol_protocol::message::Part;
use smartopol_protocol::tool::{OutputStatus, ToolSpec};

use super::command::COMMANDS;
use crate::transcript::Output;

/// The most bytes quoted of one output.
const QUOTE: usize = 2_000;
/// The most outputs quoted; of more only the end of each is told.
const QUOTES: usize = 8;

/// Says who answers, what it understands and how to get a model.
pub(super) fn hello(tools: &[ToolSpec]) -> String {
    format!(
        "I am the built-in offline provider: there is no model behind me, so I only understand \
         commands.\n\n{}\n{REAL_MODEL}",
        commands(tools)
    )
}

/// Says what it understands.
pub(super) fn help(tools: &[ToolSpec]) -> String {
    format!(
        "One command a line; several lines are done at once:\n\n{}\n\
         For demos and tests:\n\n\
         - `say: <text>` repeats the text\n\
         - `think: <text>` repeats it as reasoning\n\
         - `slow: <n> <text>` repeats it in n pieces, ten a second\n\n\
         {REAL_MODEL}",
        commands(tools)
    )
}

const REAL_MODEL: &str = "For a real model, `export ANTHROPIC_API_KEY=…` or \
    `export OPENAI_API_KEY=…`, or start Ollama; then run `smartopol daemon restart`.";

fn commands(tools: &[ToolSpec]) -> String {
    let mut list = String::new();
    for command in &COMMANDS {
        if tools.iter().any(|tool| tool.name == command.tool) {
            let _infallible = writeln!(list, "- `{}` {}", command.usage, command.does);
        }
    }
    list.push_str("- `help` says what I understand\n");
    list
}

/// Says how the calls went, each with what it gave.
pub(super) fn summary(outputs: &[Output<'_>], asked: &[&Part]) -> String {
    let parts = outputs.iter().enumerate().map(|(place, output)| {
        let call = title(output, asked);
        match output.status {
            // A person is quoted, not reported on.
            OutputStatus::Ok | OutputStatus::Denied | OutputStatus::Expired
                if output.name == "ask" =>
            {
                output.text.to_owned()
            }
            OutputStatus::Denied => format!("{call} was denied: {}", one_line(output.text)),
            OutputStatus::Expired => format!("{call} was not approved in time, so it did not run."),
            OutputStatus::Interrupted => format!("{call} was interrupted."),
            status => {
                let how = if status == OutputStatus::Ok {
                    "gave"
                } else {
                    "failed with"
                };
                if place < QUOTES {
                    format!("{call} {how}\n\n{}", quote(output.text))
                } else {
                    format!("{call} {how} {} bytes.", output.text.len())
                }
            }
        }
    });
    parts.collect::<Vec<_>>().join("\n\n")
}

/// Names a call as the person wrote it.
fn title(output: &Output<'_>, asked: &[&Part]) -> String {
    let input = asked.iter().find_map(|part| match part {
        Part::ToolCall { id, input, .. } if *id == output.call_id => Some(input),
        _ => None,
    });
    let command = COMMANDS.iter().find(|command| command.tool == output.name);
    let word = command.map_or(output.name, |command| command.word);
    let argument = ["command", "path", "pattern", "text", "query", "question"]
        .into_iter()
        .find_map(|key| input?.get(key).and_then(Value::as_str))
        .unwrap_or_default();
    let argument: String = one_line(argument)
        .replace('`', "'")
        .chars()
        .take(120)
        .collect();
    format!("`{word}: {argument}`").replace(": `", "`")
}

/// Quotes a text in a fence that nothing in it can end, cut in the middle where it is long.
fn quote(text: &str) -> String {
    let text = text.trim_end();
    let shown = if text.len() > QUOTE {
        let head = (0..=QUOTE / 2)
            .rev()
            .find_map(|at| text.get(..at))
            .unwrap_or_default();
        let from = text.len() - QUOTE / 2;
        let tail = (from..=text.len())
            .find_map(|at| text.get(at..))
            .unwrap_or_default();
        let left_out = text.len() - head.len() - tail.len();
        format!("{head}\n… {left_out} bytes left out …\n{tail}")
    } else {
        text.to_owned()
    };
    let longest = shown.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}\n{shown}\n{fence}")
}

fn one_line(text: &str) -> String {
    let line: Vec<&str> = text.split_whitespace().collect();
    line.join(" ").chars().take(500).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_cannot_be_left_from_within_and_is_bounded() {
        assert_eq!(quote("a\n```\nb\n"), "````\na\n```\nb\n````");
        let long = quote(&"ä".repeat(10_000));
        assert!(long.len() < QUOTE + 100 && long.contains("bytes left out"));
    }
}
