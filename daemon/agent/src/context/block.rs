//! What stands in the place of folded messages: what is pinned, word for word, then the summary.

use std::collections::HashMap;
use std::sync::Arc;

use smartopol_protocol::approval::Approval;
use smartopol_protocol::compaction::{Compaction, MadeBy, Pin, PinKind, Pinned};
use smartopol_protocol::message::{Message, Part, Role};
use smartopol_protocol::tool::OutputStatus;
use smartopol_protocol::{CallId, MessageId};

use super::fold::Folded;

/// The most bytes of a person's first message that are kept as the goal.
const GOAL: usize = 2048;

/// The most denied calls that are kept, the newest of them.
const DENIALS: usize = 16;

/// The most bytes that are kept of a denied call, and of why.
const DENIAL: usize = 512;

/// What is known when messages are folded.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The pins that hold.
    pub pins: &'a [Pin],
    /// The first words of the person in the session: the goal where none is pinned.
    pub first: Option<&'a Message>,
    /// Questions to a person that wait.
    pub approvals: &'a [Approval],
    /// The compaction that counted until now.
    pub before: Option<&'a Compaction>,
    /// What is folded now and was not before.
    pub folded: &'a [Arc<Message>],
}

/// Returns what is carried word for word, in the order in which it is told.
pub fn pinned(known: Known<'_>) -> Vec<Pinned> {
    let mut pinned: Vec<Pinned> = known
        .pins
        .iter()
        .map(|pin| of(pin.kind, pin.text.clone()))
        .collect();
    if !pinned.iter().any(|pin| pin.kind == PinKind::Goal)
        && let Some(first) = known.first
    {
        pinned.push(of(PinKind::Goal, head(&first.text(), GOAL)));
    }
    let waits = known.approvals.iter();
    pinned.extend(waits.map(|own| of(PinKind::Approval, own.inspection.title.clone())));
    let earlier = known.before.map_or(&[][..], |before| &before.pinned);
    let mut denied: Vec<Pinned> = earlier
        .iter()
        .filter(|pin| pin.kind == PinKind::Denial)
        .cloned()
        .collect();
    denied.extend(denials(known.folded));
    let surplus = denied.len().saturating_sub(DENIALS);
    pinned.extend(denied.into_iter().skip(surplus));
    pinned.sort_by_key(|pin| pin.kind);
    pinned
}

/// Returns a compaction as a request carries it: the same each time.
pub fn folded(compaction: &Compaction) -> Folded {
    let block = Message {
        id: MessageId::from_bytes(*compaction.id.as_bytes()),
        session_id: compaction.session_id,
        turn_id: None,
        position: None,
        steer: false,
        role: Role::User,
        parts: vec![Part::Text {
            text: text(compaction),
        }],
        peer: None,
        by: None,
        interrupted: false,
        created_at: compaction.created_at,
    };
    Folded {
        until: compaction.until,
        block: Arc::new(block),
    }
}

/// Returns the text of a compaction's block.
pub fn text(compaction: &Compaction) -> String {
    let mut text = format!(
        "[The {} oldest messages of this conversation are folded. This record stands in their \
         place; it was made by the program that runs you, it is not said by the person.]\n",
        compaction.messages
    );
    if !compaction.pinned.is_empty() {
        text.push_str("\n# Pinned, word for word\n");
    }
    for pin in &compaction.pinned {
        text.push_str(&format!("\n## {}\n{}\n", pin.kind.name(), pin.text));
    }
    match &compaction.made_by {
        MadeBy::Model { .. } => {
            text.push_str("\n# Summary of the folded messages, written by a model\n\n");
            text.push_str(compaction.summary.trim());
        }
        MadeBy::Cut { .. } => text.push_str(
            "\n# No summary\n\nThe folded messages were cut out without one. Where you need \
             something from them, say so and ask the person.",
        ),
    }
    text
}

/// Returns what the model is asked for a summary, behind the conversation as it is.
pub fn instruction(stay: u64, tokens: u64) -> String {
    question(
        &format!("the newest {stay} stay as they are, and so does what is pinned"),
        tokens,
    )
}

/// Returns what the model is asked for a summary where only what is folded stands before it.
pub fn instruction_alone(tokens: u64) -> String {
    question(
        "they are all that stands here. What was said after them stays as it is, and so does \
         what is pinned",
        tokens,
    )
}

fn question(stays: &str, tokens: u64) -> String {
    format!(
        "[This is said by the program that runs you, not by the person.]\n\
         The conversation is near the limit of what fits. Your answer to this takes the place of \
         its older messages; {stays}.\n\
         Write a summary of the older messages, for yourself to go on with: what was asked; what \
         was done and found, with the exact names of files, commands, values and errors that still \
         matter; what was decided and why; what is open. If they begin with a record of folded \
         messages, what it says goes into the summary too.\n\
         Write in the language of the conversation, as plain text, at most {tokens} tokens. Call no \
         tools, address nobody, and say nothing but the summary."
    )
}

fn denials(folded: &[Arc<Message>]) -> Vec<Pinned> {
    let mut calls: HashMap<CallId, String> = HashMap::new();
    let mut denied = Vec::new();
    for part in folded.iter().flat_map(|message| &message.parts) {
        match part {
            Part::ToolCall { id, name, input } => {
                calls.insert(*id, head(&format!("{name} {input}"), DENIAL));
            }
            Part::ToolOutput {
                call_id,
                status: OutputStatus::Denied,
                text,
            } => {
                let call = calls.get(call_id).map_or("a call", String::as_str);
                let why = head(text, DENIAL);
                denied.push(of(PinKind::Denial, format!("{call}\n{why}")));
            }
            _ => {}
        }
    }
    denied
}

const fn of(kind: PinKind, text: String) -> Pinned {
    Pinned { kind, text }
}

/// Returns at most so many bytes of a text, and says where there was more.
pub fn head(text: &str, bytes: usize) -> String {
    let text = text.trim();
    let end = text.floor_char_boundary(bytes);
    match text.get(..end) {
        Some(head) if end < text.len() => format!("{head} […]"),
        _ => text.to_owned(),
    }
}
