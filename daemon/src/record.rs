//! What is written down of a tool call: without the secrets that the daemon knows.
//!
//! Owns the one funnel between what happened and what is stored.

mod export;

use std::borrow::Cow;
use std::time::Duration;

use serde_json::Value;
use smartopol_protocol::approval::{Actor, ApprovalState};
use smartopol_protocol::message::Part;
use smartopol_protocol::tool::{Body, Effect, Inspection, Pin, Removal, ToolCall, ToolOutput};
use smartopol_protocol::trace::{DecidedBy, Trace};
use smartopol_protocol::user::Filter;
use smartopol_protocol::{Timestamp, TraceId};
use smartopol_traces::record::{self, Begin};

use crate::House;
use crate::session::LiveCall;
use crate::users::filter;

pub(crate) use export::exported;

/// Begins the trace of a call that was decided.
pub(crate) fn begin(
    house: &House,
    live: &LiveCall,
    decided_by: DecidedBy,
    reason: String,
    at: Timestamp,
) -> Trace {
    let answered = live
        .approval
        .as_ref()
        .and_then(|approval| match &approval.state {
            ApprovalState::Allowed { decision } | ApprovalState::Denied { decision } => {
                Some(&decision.actor)
            }
            _ => None,
        });
    let asker = Actor {
        peer: live.asker.clone(),
        client: String::new(),
        by: live.by.clone(),
    };
    let begin = Begin {
        id: TraceId::new(),
        agent_id: house.store.agent_id(),
        at,
        call: &live.call,
        run: live.run,
        decided_by,
        reason,
        approval_id: live.approval.as_ref().map(|approval| approval.id),
        actor: Some(answered.unwrap_or(&asker)),
    };
    record::begin(begin, &house.redactor)
}

/// Completes a trace with what the call gave back.
pub(crate) fn complete(
    house: &House,
    trace: &mut Trace,
    output: &ToolOutput,
    took: Option<Duration>,
) {
    record::complete(trace, output, took, &house.redactor);
}

/// Returns a call as it is stored: what runs may need a secret, what is kept may not hold one.
pub(crate) fn stored(house: &House, call: &ToolCall) -> ToolCall {
    let known = |text: &str| house.redactor.known(text).0.into_owned();
    ToolCall {
        input: clean_value(house, &call.input),
        inspection: inspection(&call.inspection, &known),
        ..call.clone()
    }
}

/// Returns what a call would do with each of its texts made anew.
fn inspection(inspection: &Inspection, known: &dyn Fn(&str) -> String) -> Inspection {
    Inspection {
        title: known(&inspection.title),
        cwd: known(&inspection.cwd),
        effects: inspection
            .effects
            .iter()
            .map(|effect| match effect {
                Effect::Run { words, via } => Effect::Run {
                    words: words.iter().map(|word| known(word)).collect(),
                    via: via
                        .iter()
                        .map(|words| words.iter().map(|word| known(word)).collect())
                        .collect(),
                },
                Effect::Unclear { why } => Effect::Unclear { why: known(why) },
                Effect::Read { path, place } => Effect::Read {
                    path: known(path),
                    place: *place,
                },
                Effect::Write { path, place } => Effect::Write {
                    path: known(path),
                    place: *place,
                },
                Effect::Delete {
                    path,
                    place,
                    recursive,
                } => Effect::Delete {
                    path: known(path),
                    place: *place,
                    recursive: *recursive,
                },
                Effect::Network { host } => Effect::Network {
                    host: host.as_deref().map(known),
                },
                Effect::Process { what } => Effect::Process { what: known(what) },
                Effect::Privilege { how } => Effect::Privilege { how: known(how) },
            })
            .collect(),
        pins: inspection
            .pins
            .iter()
            .map(|pin| Pin {
                path: known(&pin.path),
                sha256: pin.sha256.clone(),
            })
            .collect(),
        removal: inspection.removal.as_ref().map(|removal| Removal {
            first: removal.first.iter().map(|path| known(path)).collect(),
            ..removal.clone()
        }),
        body: match &inspection.body {
            Body::Command {
                text,
                timeout_seconds,
            } => Body::Command {
                text: known(text),
                timeout_seconds: *timeout_seconds,
            },
            Body::Diff {
                path,
                diff,
                added,
                removed,
            } => Body::Diff {
                path: known(path),
                diff: known(diff),
                added: *added,
                removed: *removed,
            },
            Body::None => Body::None,
        },
    }
}

/// Returns what an agent said without the secrets that the daemon knows.
pub(crate) fn clean(house: &House, parts: Vec<Part>) -> Vec<Part> {
    parts
        .into_iter()
        .map(|part| match part {
            Part::Text { text } => Part::Text {
                text: clean_text(house, text),
            },
            Part::Reasoning { text, signature } => {
                // A signed text must go back unchanged, or the provider refuses it.
                let text = if signature.is_some() {
                    text
                } else {
                    clean_text(house, text)
                };
                Part::Reasoning { text, signature }
            }
            Part::ToolCall { id, name, input } => Part::ToolCall {
                id,
                name,
                input: clean_value(house, &input),
            },
            other => other,
        })
        .collect()
}

/// Returns what a tool gave back without the secrets that the daemon knows.
pub(crate) fn clean_output(house: &House, output: ToolOutput) -> ToolOutput {
    ToolOutput {
        status: output.status,
        text: clean_text(house, output.text),
        details: clean_value(house, &output.details),
    }
}

/// Returns what an agent said as a person may read it to whom it goes. Reasoning is theirs to skip,
/// and goes whole where something would have to be taken out of it.
pub(crate) fn filtered(house: &House, kept: Filter, parts: Vec<Part>) -> Vec<Part> {
    if kept == Filter::Off {
        return parts;
    }
    let more = &house.config.users.blocked_words;
    let fine = |part: &Part| match part {
        Part::Reasoning { text, .. } => filter::child(text, more).1 == 0,
        _ => true,
    };
    parts
        .into_iter()
        .filter(fine)
        .map(|part| match part {
            Part::Text { text } => Part::Text {
                text: filter::child(&text, more).0.into_owned(),
            },
            other => other,
        })
        .collect()
}

/// Returns what a tool gave back as a person may read it to whom it goes.
pub(crate) fn filtered_output(house: &House, kept: Filter, output: ToolOutput) -> ToolOutput {
    if kept == Filter::Off {
        return output;
    }
    let more = &house.config.users.blocked_words;
    let (text, out) = filter::child(&output.text, more);
    if out == 0 {
        return output;
    }
    // The facts of the tool may hold the same words.
    ToolOutput {
        status: output.status,
        text: text.into_owned(),
        details: Value::Null,
    }
}

/// Returns a text without the secrets that the daemon knows.
pub(crate) fn clean_text(house: &House, text: String) -> String {
    match house.redactor.known(&text).0 {
        Cow::Borrowed(_) => text,
        Cow::Owned(clean) => clean,
    }
}

fn clean_value(house: &House, value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(house.redactor.known(text).0.into_owned()),
        Value::Array(items) => items.iter().map(|item| clean_value(house, item)).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| (clean_text(house, key.clone()), clean_value(house, value)))
            .collect(),
        other => other.clone(),
    }
}
