//! The transcript as wires want it: users and agent in turns, nothing empty, no notices.

use std::collections::HashMap;
use std::sync::Arc;

use smartopol_protocol::CallId;
use smartopol_protocol::message::{Message, Part, Role};
use smartopol_protocol::tool::OutputStatus;

/// What one side says before the other does.
#[derive(Debug)]
pub(crate) enum Turn<'a> {
    /// The outputs of the agent's calls right before, then what the user says.
    User {
        outputs: Vec<Output<'a>>,
        texts: Vec<&'a str>,
    },
    /// What the agent says: texts that are not blank, calls, reasoning.
    Agent(Vec<&'a Part>),
}

/// What a call gave back.
#[derive(Debug)]
pub(crate) struct Output<'a> {
    pub(crate) call_id: CallId,
    /// The tool's name as the model wrote it.
    pub(crate) name: &'a str,
    pub(crate) status: OutputStatus,
    /// Never blank.
    pub(crate) text: &'a str,
}

/// Returns the transcript in turns; the last one is the user's.
pub(crate) fn turns(messages: &[Arc<Message>]) -> Vec<Turn<'_>> {
    let mut names = HashMap::new();
    let mut turns: Vec<Turn<'_>> = Vec::new();
    for message in messages {
        match message.role {
            Role::System => {}
            Role::Agent => {
                let parts: Vec<&Part> = message.parts.iter().filter(|part| says(part)).collect();
                // Reasoning alone, from an answer that was cut, is nothing to answer to.
                if parts
                    .iter()
                    .all(|part| matches!(part, Part::Reasoning { .. }))
                {
                    continue;
                }
                for part in &parts {
                    if let Part::ToolCall { id, name, .. } = part {
                        names.insert(*id, name.as_str());
                    }
                }
                match turns.last_mut() {
                    Some(Turn::Agent(before)) => before.extend(parts),
                    _ => turns.push(Turn::Agent(parts)),
                }
            }
            Role::User | Role::Tool => {
                for part in &message.parts {
                    match part {
                        Part::Text { text } if !text.trim().is_empty() => {
                            says_text(&mut turns, text)
                        }
                        Part::ToolOutput {
                            call_id,
                            status,
                            text,
                        } => {
                            let blank = text.trim().is_empty();
                            let text = if blank { "(no output)" } else { text };
                            let name = names.get(call_id).copied().unwrap_or("unknown");
                            let output = Output {
                                call_id: *call_id,
                                name,
                                status: *status,
                                text,
                            };
                            gives_output(&mut turns, output);
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    if matches!(turns.last(), Some(Turn::Agent(_))) {
        // No service goes on from the agent's own words; a continued turn has no message.
        says_text(&mut turns, "Go on.");
    }
    turns
}

fn says(part: &Part) -> bool {
    match part {
        Part::Text { text } => !text.trim().is_empty(),
        Part::ToolCall { .. } | Part::Reasoning { .. } => true,
        Part::ToolOutput { .. } | Part::Notice { .. } => false,
    }
}

fn says_text<'a>(turns: &mut Vec<Turn<'a>>, text: &'a str) {
    match turns.last_mut() {
        Some(Turn::User { texts, .. }) => texts.push(text),
        _ => turns.push(Turn::User {
            outputs: Vec::new(),
            texts: vec![text],
        }),
    }
}

fn gives_output<'a>(turns: &mut Vec<Turn<'a>>, output: Output<'a>) {
    match turns.last_mut() {
        Some(Turn::User { outputs, .. }) => outputs.push(output),
        _ => turns.push(Turn::User {
            outputs: vec![output],
            texts: Vec::new(),
        }),
    }
}

/// Returns a tool's name as every service takes it back: a model may have made up any.
pub(crate) fn wire_name(name: &str) -> String {
    let clean: String = name
        .chars()
        .take(64)
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '_' | '-') {
                c
            } else {
                '_'
            }
        })
        .collect();
    if clean.is_empty() {
        "unknown".into()
    } else {
        clean
    }
}
