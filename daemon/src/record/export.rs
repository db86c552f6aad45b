//! A session as it leaves the house: without secrets, as traces are.

use std::cell::Cell;

use serde_json::Value;
use smartopol_protocol::approval::{Approval, ApprovalState, Danger, Decision, Vote};
use smartopol_protocol::compaction::{Compaction, Pin, Pinned};
use smartopol_protocol::message::{Message, Part};
use smartopol_protocol::session::{Exported, Session};
use smartopol_protocol::tool::{CallState, ToolCall, ToolOutput};

use super::inspection;
use crate::House;

/// Returns what is exported without the secrets in it, and with how many those were.
pub(crate) fn exported(house: &House, exported: Exported) -> Exported {
    let clean = Clean {
        house,
        count: Cell::new(0),
    };
    let key = exported.key.clone();
    let done = Exported {
        session: clean.session(exported.session),
        messages: clean.all(exported.messages, Clean::message),
        calls: clean.all(exported.calls, Clean::call),
        approvals: clean.all(exported.approvals, Clean::approval),
        compactions: clean.all(exported.compactions, Clean::compaction),
        pins: clean.all(exported.pins, |clean, pin| Pin {
            text: clean.text(&pin.text),
            ..pin
        }),
        key: clean.text(&key),
        ..exported
    };
    Exported {
        redacted: clean.count.get(),
        ..done
    }
}

struct Clean<'h> {
    house: &'h House,
    count: Cell<u64>,
}

impl Clean<'_> {
    fn all<T>(&self, things: Vec<T>, one: impl Fn(&Self, T) -> T) -> Vec<T> {
        things.into_iter().map(|thing| one(self, thing)).collect()
    }

    fn text(&self, text: &str) -> String {
        let (clean, found) = self.house.redactor.text(text);
        self.count.set(self.count.get() + found);
        clean.into_owned()
    }

    fn value(&self, value: &Value) -> Value {
        let (clean, found) = self.house.redactor.value(value);
        self.count.set(self.count.get() + found);
        clean
    }

    fn session(&self, session: Session) -> Session {
        Session {
            name: self.text(&session.name),
            workspace: self.text(&session.workspace),
            last_line: self.text(&session.last_line),
            ..session
        }
    }

    fn message(&self, message: Message) -> Message {
        let parts = message.parts.into_iter().map(|part| match part {
            Part::Text { text } => Part::Text {
                text: self.text(&text),
            },
            Part::Reasoning { text, signature } => Part::Reasoning {
                text: self.text(&text),
                signature,
            },
            Part::ToolCall { id, name, input } => Part::ToolCall {
                id,
                name: self.text(&name),
                input: self.value(&input),
            },
            Part::ToolOutput {
                call_id,
                status,
                text,
            } => Part::ToolOutput {
                call_id,
                status,
                text: self.text(&text),
            },
            Part::Notice { level, text } => Part::Notice {
                level,
                text: self.text(&text),
            },
        });
        Message {
            parts: parts.collect(),
            ..message
        }
    }

    fn call(&self, call: ToolCall) -> ToolCall {
        let state = match call.state {
            CallState::Finished { output } => CallState::Finished {
                output: ToolOutput {
                    status: output.status,
                    text: self.text(&output.text),
                    details: self.value(&output.details),
                },
            },
            open => open,
        };
        ToolCall {
            name: self.text(&call.name),
            input: self.value(&call.input),
            inspection: inspection(&call.inspection, &|text| self.text(text)),
            state,
            ..call
        }
    }

    fn approval(&self, approval: Approval) -> Approval {
        Approval {
            tool: self.text(&approval.tool),
            inspection: inspection(&approval.inspection, &|text| self.text(text)),
            reason: self.text(&approval.reason),
            danger: approval.danger.map(|danger| Danger {
                why: self.text(&danger.why),
                ..danger
            }),
            votes: self.all(approval.votes, |clean, vote| Vote {
                decision: clean.decision(vote.decision),
                ..vote
            }),
            state: match approval.state {
                ApprovalState::Allowed { decision } => ApprovalState::Allowed {
                    decision: self.decision(decision),
                },
                ApprovalState::Denied { decision } => ApprovalState::Denied {
                    decision: self.decision(decision),
                },
                other => other,
            },
            // The rule that an answer would have kept says the call's words once more, and nothing
            // of what happened.
            rule: None,
            ..approval
        }
    }

    fn decision(&self, decision: Decision) -> Decision {
        Decision {
            note: self.text(&decision.note),
            ..decision
        }
    }

    fn compaction(&self, compaction: Compaction) -> Compaction {
        let pinned = compaction.pinned.into_iter().map(|own| Pinned {
            text: self.text(&own.text),
            ..own
        });
        Compaction {
            summary: self.text(&compaction.summary),
            pinned: pinned.collect(),
            ..compaction
        }
    }
}
