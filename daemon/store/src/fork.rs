//! A session with the beginning of another one's transcript.
//!
//! Owns: where a transcript may be cut, so that no call is parted from its output, and that the
//! copy has names of its own. Nothing is told of the copied messages but the session itself:
//! nobody can have seen it yet.

use std::collections::HashMap;

use smartopol_protocol::message::{Message, Part, Role};
use smartopol_protocol::model::Usage;
use smartopol_protocol::session::{Create, Session, SessionState};
use smartopol_protocol::turn::{Carried, Outcome, Turn, TurnState};
use smartopol_protocol::{CallId, MessageId, SessionId, Timestamp, TurnId};

use crate::{Error, Result, Writer};

/// A fork: the new session, the last position taken, and why it is not the one asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Fork {
    /// The new session.
    pub session: Session,
    /// The position of the last message taken.
    pub at: u64,
    /// Why that is another than was asked for; empty where it is not.
    pub note: String,
}

impl Writer<'_> {
    /// Makes a session with the transcript of `id` up to position `at`, or all of it.
    ///
    /// # Errors
    /// [`Error::Invalid`] where there is no such position; [`Error::NameTaken`].
    pub fn fork_session(
        &mut self,
        id: SessionId,
        at: Option<u64>,
        name: Option<&str>,
        now: Timestamp,
    ) -> Result<Fork> {
        let source = self.session(id)?;
        let (mut messages, _) = self.transcript(id, None, u32::MAX)?;
        let newest = messages.len() as u64;
        let wanted = at.unwrap_or(newest);
        if wanted > newest || at == Some(0) {
            return Err(Error::Invalid(format!(
                "session `{}` has the positions 1 to {newest}, not {wanted}",
                source.name
            )));
        }
        let (taken, note) = cut(&messages, wanted);
        messages.truncate(usize::try_from(taken).unwrap_or(usize::MAX));
        let free;
        let name = match name {
            Some(name) => name,
            None => {
                free = self.fork_name(&source.name, source.user_id)?;
                &free
            }
        };
        let create = Create {
            workspace: source.workspace,
            name: Some(name.to_owned()),
            mode: source.mode,
            model: source.model,
        };
        let fork = self.create_session(SessionId::new(), source.user_id, &create, now)?;
        self.copy(&messages, fork.id, now)?;
        self.copy_compactions(id, fork.id, taken)?;
        self.copy_pins(id, fork.id)?;
        Ok(Fork {
            session: self.session(fork.id)?,
            at: taken,
            note,
        })
    }

    fn copy(&mut self, messages: &[Message], into: SessionId, now: Timestamp) -> Result<()> {
        let last_turn = messages.iter().rev().find_map(|message| message.turn_id);
        let names: HashMap<MessageId, MessageId> = messages
            .iter()
            .map(|message| (message.id, MessageId::new()))
            .collect();
        let mut turns = HashMap::new();
        let mut standing = SessionState::Idle { last: None };
        for turn in self.turns_of(messages)? {
            let whole = Some(turn.id) != last_turn || ends(messages);
            let mut copy = copied_turn(&turn, into, whole, now);
            copy.message_id = copy.message_id.and_then(|id| names.get(&id).copied());
            if let TurnState::Finished { outcome } = &copy.state {
                standing = SessionState::Idle {
                    last: Some(outcome.clone()),
                };
            }
            turns.insert(turn.id, copy.id);
            self.write_turn(&copy)?;
        }
        let mut calls = HashMap::new();
        for mut call in self.calls_of(messages)? {
            let copy = CallId::new();
            calls.insert(call.id, copy);
            call.id = copy;
            call.session_id = into;
            call.turn_id = call.turn_id.and_then(|turn| turns.get(&turn).copied());
            self.copy_call(&call)?;
        }
        for message in messages {
            let mut copy = copied(message, into, &turns, &calls);
            copy.id = names.get(&message.id).copied().unwrap_or(copy.id);
            self.write_message(&copy)?;
        }
        let count = i64::try_from(messages.len()).unwrap_or(i64::MAX);
        self.count_messages(into, count, now)?;
        // A long one would keep everybody else waiting.
        self.owe_index(into)?;
        self.stand(into, &standing, Usage::default(), now)
    }
}

/// Returns the last position to take, and why it is not the wanted one: calls go with their
/// outputs, or not at all.
fn cut(messages: &[Message], wanted: u64) -> (u64, String) {
    let place = usize::try_from(wanted).unwrap_or(usize::MAX);
    let Some(last) = place.checked_sub(1).and_then(|last| messages.get(last)) else {
        return (wanted, String::new());
    };
    if last.role != Role::Agent || last.calls().next().is_none() {
        return (wanted, String::new());
    }
    match messages.get(place) {
        Some(outputs) if outputs.role == Role::Tool => {
            let note = "taken with the outputs of its tool calls, which belong to it";
            (wanted + 1, note.into())
        }
        _ => {
            let note = "taken up to the message before: its tool calls have no outputs yet";
            (wanted - 1, note.into())
        }
    }
}

/// Returns true where nothing is missing of the turn that a transcript ends in.
fn ends(messages: &[Message]) -> bool {
    messages
        .iter()
        .rfind(|message| message.role != Role::System && !message.is_command())
        .is_none_or(|last| last.role == Role::Agent && last.calls().next().is_none())
}

fn copied_turn(turn: &Turn, into: SessionId, whole: bool, now: Timestamp) -> Turn {
    let mut copy = Turn {
        id: TurnId::new(),
        session_id: into,
        // What it used was used once.
        usage: Usage::default(),
        carried: Carried::default(),
        ..turn.clone()
    };
    let is_over = matches!(turn.state, TurnState::Finished { .. });
    if !whole || !is_over {
        copy.state = TurnState::Finished {
            outcome: Outcome::Interrupted,
        };
        copy.finished_at = Some(turn.finished_at.unwrap_or(now));
    }
    copy
}

fn copied(
    message: &Message,
    into: SessionId,
    turns: &HashMap<TurnId, TurnId>,
    calls: &HashMap<CallId, CallId>,
) -> Message {
    let other = |id: &CallId| calls.get(id).copied().unwrap_or(*id);
    let parts = message.parts.iter().map(|part| match part {
        Part::ToolCall { id, name, input } => Part::ToolCall {
            id: other(id),
            name: name.clone(),
            input: input.clone(),
        },
        Part::ToolOutput {
            call_id,
            status,
            text,
        } => Part::ToolOutput {
            call_id: other(call_id),
            status: *status,
            text: text.clone(),
        },
        part => part.clone(),
    });
    Message {
        id: MessageId::new(),
        session_id: into,
        turn_id: message.turn_id.and_then(|turn| turns.get(&turn).copied()),
        parts: parts.collect(),
        ..message.clone()
    }
}
