//! What one step of a session writes, all or nothing.

use smartopol_protocol::approval::{Approval, ApprovalState};
use smartopol_protocol::compaction::Compaction;
use smartopol_protocol::message::Message;
use smartopol_protocol::question::{Question, QuestionState};
use smartopol_protocol::tool::ToolCall;
use smartopol_protocol::trace::Trace;
use smartopol_protocol::turn::Turn;
use smartopol_protocol::{ApprovalId, MessageId, QuestionId};
use smartopol_store::{Error, Writer};

use super::extracting::Extracted;

/// What one step of a session writes, in this order.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Approvals that end with this step.
    pub(super) ended: Vec<(ApprovalId, ApprovalState)>,
    /// Questions that end with it.
    pub(super) unasked: Vec<(QuestionId, QuestionState)>,
    /// Messages to add to the transcript before the calls they make are stored.
    pub(super) messages: Vec<Message>,
    /// Commands of the person that get their place after them.
    pub(super) placed: Vec<MessageId>,
    /// Messages that join this turn after those.
    pub(super) joined: Option<(Turn, Vec<MessageId>)>,
    /// What was folded, up to one of the messages that stand already.
    pub(super) compaction: Option<Compaction>,
    /// What of that is worth remembering.
    pub(super) extracted: Option<Extracted>,
    /// Calls as they stand now.
    pub(super) calls: Vec<ToolCall>,
    /// Approvals that a person is asked for.
    pub(super) asked: Vec<Approval>,
    /// Questions of the agent.
    pub(super) questions: Vec<Question>,
    /// Traces that begin.
    pub(super) begun: Vec<Trace>,
    /// Traces that are complete.
    pub(super) completed: Vec<Trace>,
    /// The turn as it stands now.
    pub(super) turn: Option<Turn>,
}

impl Plan {
    pub(super) fn is_empty(&self) -> bool {
        self.ended.is_empty()
            && self.unasked.is_empty()
            && self.messages.is_empty()
            && self.placed.is_empty()
            && self.joined.is_none()
            && self.compaction.is_none()
            && self.extracted.is_none()
            && self.calls.is_empty()
            && self.asked.is_empty()
            && self.questions.is_empty()
            && self.begun.is_empty()
            && self.completed.is_empty()
            && self.turn.is_none()
    }

    /// Writes it and returns the messages with their places.
    pub(super) fn write(self, w: &mut Writer<'_>) -> Result<Vec<Message>, Error> {
        for (id, state) in self.ended {
            // Where a person was faster, their answer stays; the call is settled all the same.
            let _ = w.end_approval(id, state)?;
        }
        for (id, state) in self.unasked {
            let _ = w.end_question(id, state)?;
        }
        let at = w.now();
        let mut messages = self
            .messages
            .into_iter()
            .map(|message| w.add_message(message))
            .collect::<Result<Vec<_>, _>>()?;
        for id in self.placed {
            messages.push(w.place_command(id, at)?);
        }
        if let Some((turn, ids)) = &self.joined {
            for id in ids {
                messages.push(w.join_turn(*id, turn, at)?);
            }
        }
        if let Some(compaction) = &self.compaction {
            w.add_compaction(compaction)?;
        }
        if let Some(extracted) = self.extracted {
            extracted.write(w)?;
        }
        for call in &self.calls {
            w.put_call(call)?;
        }
        for approval in &self.asked {
            w.ask_approval(approval)?;
        }
        for question in &self.questions {
            w.ask_question(question)?;
        }
        for trace in &self.begun {
            w.begin_trace(trace)?;
        }
        for trace in &self.completed {
            w.complete_trace(trace)?;
        }
        if let Some(turn) = &self.turn {
            w.put_turn(turn)?;
        }
        Ok(messages)
    }
}
