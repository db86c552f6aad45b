//! From a transcript to what a model is asked.
//!
//! Owns: what a request carries and what is left out of it. Stable things come first, so that a
//! provider's cache finds the same beginning again. Where older messages may be folded is in
//! `fold`, what stands in their place in `block`, what of them is worth remembering in `remember`.

pub mod block;
pub mod fold;
pub mod remember;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use smartopol_protocol::MessageId;
use smartopol_protocol::message::{Message, Part, Role};
use smartopol_protocol::model::{ModelRequest, ReasoningEffort, SystemBlock};
use smartopol_protocol::tool::ToolSpec;

use crate::prompt::tokens;
use fold::Folded;

/// What a request is made of.
#[derive(Clone)]
pub struct Material<'a> {
    /// The model, as its provider names it.
    pub model: &'a str,
    /// The system prompt, most stable first.
    pub system: Vec<SystemBlock>,
    /// The transcript, oldest first; notices in it are skipped.
    pub transcript: &'a [Arc<Message>],
    /// What of it is folded.
    pub folded: Option<&'a Folded>,
    /// The tools offered.
    pub tools: &'a [ToolSpec],
    /// The most tokens of transcript to carry.
    pub budget: u64,
    /// How much to think.
    pub reasoning: ReasoningEffort,
    /// Says of a person's message what stands before it, given the person's message before: the
    /// time, the channel. It must say the same each time, or no cache finds its beginning again.
    pub note: &'a dyn Fn(Option<&Message>, &Message) -> Option<String>,
}

impl fmt::Debug for Material<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Material")
            .field("model", &self.model)
            .field("transcript", &self.transcript.len())
            .field("budget", &self.budget)
            .finish_non_exhaustive()
    }
}

/// A request, and what it comes to.
#[derive(Clone, Debug)]
pub struct Made {
    /// The request.
    pub request: ModelRequest,
    /// How many messages had to be left out of it.
    pub left_out: usize,
    /// How many tokens the notes before messages come to, estimated.
    pub notes: u64,
    /// How many tokens the messages come to, estimated, without their notes.
    pub transcript: u64,
}

/// Returns the request.
pub fn request(material: Material<'_>) -> Made {
    let (block, until) = match material.folded {
        Some(folded) => (Some(&folded.block), folded.until),
        None => (None, 0),
    };
    let said = fold::after(material.transcript, until);
    let mut head = match block {
        Some(_) => fold::carried(material.transcript, until),
        None => Vec::new(),
    };
    let noted_ones: Vec<&Arc<Message>> = head.iter().chain(&said).copied().collect();
    let notes_of = notes_of(&noted_ones, material.note);
    head.splice(0..0, block);
    let budget = material.budget.saturating_sub(cost(&head));
    let (rest, left_out) = fold::fit(&said, budget, block.is_some());
    let kept = [head, rest].concat();
    let mut system = material.system;
    if left_out > 0 {
        let text = format!(
            "The conversation is longer than fits: its {left_out} oldest messages are left out here. \
             Say so if you need something from them."
        );
        system.push(SystemBlock { text, cache: false });
    }
    let mut tools = material.tools.to_vec();
    tools.sort_by(|a, b| a.name.cmp(&b.name));
    let transcript = cost(&kept);
    let mut notes = 0;
    let messages = kept
        .into_iter()
        .map(|message| match notes_of.get(&message.id) {
            None => as_said(message),
            Some(note) => {
                notes += tokens(note.len());
                noted(as_said(message), note)
            }
        })
        .collect();
    let request = ModelRequest {
        model: material.model.into(),
        system,
        messages,
        tools,
        max_output_tokens: None,
        reasoning: material.reasoning,
    };
    Made {
        request,
        left_out,
        notes,
        transcript,
    }
}

/// Returns what stands before messages of the person.
fn notes_of(
    said: &[&Arc<Message>],
    note: &dyn Fn(Option<&Message>, &Message) -> Option<String>,
) -> HashMap<MessageId, String> {
    let mut notes = HashMap::new();
    let mut before: Option<&Message> = None;
    for message in said.iter().filter(|message| message.role == Role::User) {
        if let Some(note) = note(before, message) {
            notes.insert(message.id, note);
        }
        before = Some(message);
    }
    notes
}

fn noted(message: Arc<Message>, note: &str) -> Arc<Message> {
    let mut message = Message::clone(&message);
    message.parts.insert(0, Part::Text { text: note.into() });
    Arc::new(message)
}

/// Returns a message as a model reads it: a command that the person ran becomes words of theirs,
/// because no provider knows calls that its model did not make.
fn as_said(message: &Arc<Message>) -> Arc<Message> {
    let (Some(Part::ToolCall { input, .. }), Some(Part::ToolOutput { text, .. })) =
        (message.parts.first(), message.parts.get(1))
    else {
        return Arc::clone(message);
    };
    if !message.is_command() {
        return Arc::clone(message);
    }
    let command = input
        .get("command")
        .and_then(serde_json::Value::as_str)
        .unwrap_or_default();
    let text = format!(
        "I ran a command myself, beside this conversation:\n$ {command}\n\nIt gave back:\n{text}"
    );
    Arc::new(Message {
        parts: vec![Part::Text { text }],
        ..Message::clone(message)
    })
}

/// Returns an estimate of the tokens of a message: a token is about four bytes.
pub fn estimate(message: &Message) -> u64 {
    let bytes: usize = message
        .parts
        .iter()
        .map(|part| match part {
            Part::Text { text } | Part::ToolOutput { text, .. } => text.len(),
            Part::Reasoning { text, signature } => {
                text.len() + signature.as_ref().map_or(0, String::len)
            }
            Part::ToolCall { name, input, .. } => name.len() + input.to_string().len(),
            Part::Notice { .. } => 0,
        })
        .sum();
    bytes as u64 / 4 + 8
}

/// Returns an estimate of the tokens of messages.
fn cost(messages: &[&Arc<Message>]) -> u64 {
    messages.iter().map(|message| estimate(message)).sum()
}

#[cfg(test)]
mod tests;
