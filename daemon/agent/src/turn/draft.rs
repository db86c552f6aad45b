//! The message that the agent is saying, piece by piece.

use serde_json::Value;
use smartopol_protocol::CallId;
use smartopol_protocol::message::Part;

/// Pieces in the order they came; neighbours of one kind are one piece.
#[derive(Debug, Default)]
pub(super) struct Draft {
    parts: Vec<Part>,
    reasoning_open: bool,
}

impl Draft {
    pub(super) fn text(&mut self, more: &str) {
        self.reasoning_open = false;
        match self.parts.last_mut() {
            Some(Part::Text { text }) => text.push_str(more),
            _ => self.parts.push(Part::Text { text: more.into() }),
        }
    }

    pub(super) fn reasoning(&mut self, more: &str) {
        match self.parts.last_mut() {
            Some(Part::Reasoning { text, .. }) if self.reasoning_open => text.push_str(more),
            _ => self.parts.push(Part::Reasoning {
                text: more.into(),
                signature: None,
            }),
        }
        self.reasoning_open = true;
    }

    pub(super) fn end_reasoning(&mut self, end: Option<String>) {
        match self.parts.last_mut() {
            Some(Part::Reasoning { signature, .. }) if self.reasoning_open => *signature = end,
            // A block without a readable word still has to go back with its signature.
            _ if end.is_some() => {
                self.parts.push(Part::Reasoning {
                    text: String::new(),
                    signature: end,
                });
            }
            _ => {}
        }
        self.reasoning_open = false;
    }

    pub(super) fn call(&mut self, id: CallId, name: &str, input: &Value) {
        self.reasoning_open = false;
        self.parts.push(Part::ToolCall {
            id,
            name: name.into(),
            input: input.clone(),
        });
    }

    /// Returns all that came; empty where nothing was said or asked.
    pub(super) fn take(&mut self) -> Vec<Part> {
        self.reasoning_open = false;
        let parts = std::mem::take(&mut self.parts);
        let says = |part: &Part| match part {
            Part::Text { text } => !text.trim().is_empty(),
            Part::ToolCall { .. } => true,
            _ => false,
        };
        if parts.iter().any(says) {
            parts
        } else {
            Vec::new()
        }
    }

    /// Returns what came without calls, which never ran.
    pub(super) fn take_said(&mut self) -> Vec<Part> {
        self.parts
            .retain(|part| !matches!(part, Part::ToolCall { .. }));
        self.take()
    }
}
