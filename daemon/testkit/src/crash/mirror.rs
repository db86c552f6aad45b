//! What a client knows from the facts it was told, over all restarts.

use std::collections::BTreeMap;

use smartopol_protocol::approval::{Approval, ApprovalState};
use smartopol_protocol::attention::{Item, ItemState};
use smartopol_protocol::job::{Job, Run};
use smartopol_protocol::message::Message;
use smartopol_protocol::question::{Question, QuestionState};
use smartopol_protocol::session::Session;
use smartopol_protocol::tool::ToolCall;
use smartopol_protocol::trace::Trace;
use smartopol_protocol::turn::Turn;
use smartopol_protocol::{
    ApprovalId, AttentionId, CallId, Event, JobId, MessageId, News, QuestionId, SessionId, TraceId,
    TurnId,
};

/// The state of a client that applies facts and never asks.
#[derive(Clone, Debug, Default)]
pub(super) struct Mirror {
    /// The last number it has seen.
    pub(super) seq: u64,
    /// How many facts it was told.
    pub(super) facts: u64,
    /// Sessions.
    pub(super) sessions: BTreeMap<SessionId, Session>,
    /// Messages, those that wait included.
    pub(super) messages: BTreeMap<MessageId, Message>,
    /// Turns.
    pub(super) turns: BTreeMap<TurnId, Turn>,
    /// Tool calls.
    pub(super) calls: BTreeMap<CallId, ToolCall>,
    /// Approvals.
    pub(super) approvals: BTreeMap<ApprovalId, Approval>,
    /// Questions of the agent.
    pub(super) questions: BTreeMap<QuestionId, Question>,
    /// Traces.
    pub(super) traces: BTreeMap<TraceId, Trace>,
    /// What waits for a person, and what did.
    pub(super) attention: BTreeMap<AttentionId, Item>,
    /// The newest row of each job's ledger.
    pub(super) runs: BTreeMap<JobId, Run>,
    /// What may never be told and was.
    pub(super) breaches: Vec<String>,
}

impl Mirror {
    /// Applies an event; passing news changes nothing.
    pub(super) fn apply(&mut self, event: &Event) {
        let Some(seq) = event.seq else { return };
        if seq != self.seq + 1 {
            let told = format!("fact {seq} came after fact {}", self.seq);
            self.breaches.push(told);
        }
        self.seq = seq;
        self.facts += 1;
        match &event.news {
            News::SessionChanged(x) => drop(self.sessions.insert(x.id, (**x).clone())),
            News::SessionDeleted(id) => self.forget(*id),
            News::MessageChanged(x) => drop(self.messages.insert(x.id, (**x).clone())),
            News::MessageWithdrawn(id) => drop(self.messages.remove(id)),
            News::TurnChanged(x) => drop(self.turns.insert(x.id, (**x).clone())),
            News::CallChanged(x) => drop(self.calls.insert(x.id, (**x).clone())),
            News::ApprovalChanged(x) => self.approval(x),
            News::QuestionChanged(x) => self.question(x),
            News::TraceChanged(x) => self.trace(x),
            News::AttentionChanged(x) => self.item(x),
            News::JobChanged(x) => self.run(x),
            _ => {}
        }
    }

    /// A question leaves `pending` once, and stays as it ended.
    fn question(&mut self, now: &Question) {
        let before = self.questions.insert(now.id, now.clone());
        if let Some(before) = before.filter(|before| before.state != QuestionState::Pending) {
            let (id, was) = (now.id, before.state);
            self.breaches
                .push(format!("{id} ended twice: {was:?}, then {:?}", now.state));
        }
    }

    /// An approval leaves `pending` once, and stays as it ended.
    fn approval(&mut self, now: &Approval) {
        let before = self.approvals.insert(now.id, now.clone());
        if let Some(before) = before.filter(|before| before.state != ApprovalState::Pending) {
            let (id, was) = (now.id, before.state);
            self.breaches
                .push(format!("{id} ended twice: {was:?}, then {:?}", now.state));
        }
    }

    /// An item is resolved once, and stays as it was resolved.
    fn item(&mut self, now: &Item) {
        let before = self.attention.insert(now.id, now.clone());
        if before.is_some_and(|before| matches!(before.state, ItemState::Resolved { .. })) {
            self.breaches.push(format!("{} was resolved twice", now.id));
        }
    }

    /// A run that is over stays over.
    fn run(&mut self, job: &Job) {
        let Some(now) = &job.last else { return };
        let before = self.runs.insert(job.id, now.clone());
        if let Some(before) = before.filter(|before| before.due_at == now.due_at)
            && before.state.is_over()
            && before != *now
        {
            self.breaches.push(format!(
                "a run that was over changed: {before:?}, then {now:?}"
            ));
        }
    }

    /// A trace is completed once.
    fn trace(&mut self, now: &Trace) {
        let before = self.traces.insert(now.id, now.clone());
        if before.is_some_and(|before| before.metadata.complete) {
            self.breaches
                .push(format!("trace {} was completed twice", now.id));
        }
    }

    /// Forgets a removed session; its traces stay.
    fn forget(&mut self, id: SessionId) {
        self.sessions.remove(&id);
        self.messages.retain(|_, x| x.session_id != id);
        self.turns.retain(|_, x| x.session_id != id);
        self.calls.retain(|_, x| x.session_id != id);
        self.approvals.retain(|_, x| x.session_id != id);
        self.questions.retain(|_, x| x.session_id != id);
    }
}

#[cfg(test)]
mod tests {
    use smartopol_protocol::Timestamp;
    use smartopol_protocol::tool::Inspection;

    use super::*;

    fn told(seq: u64, state: ApprovalState) -> Event {
        let approval = Approval {
            id: ApprovalId::from_bytes([1; 16]),
            session_id: SessionId::from_bytes([1; 16]),
            turn_id: TurnId::from_bytes([1; 16]),
            call_id: CallId::from_bytes([1; 16]),
            tool: "exec".into(),
            inspection: Inspection::default(),
            reason: String::new(),
            rule: None,
            danger: None,
            terms: Default::default(),
            votes: Vec::new(),
            asked_at: Timestamp::default(),
            expires_at: Timestamp::default(),
            state,
        };
        Event {
            seq: Some(seq),
            at: Timestamp::default(),
            session_id: None,
            news: News::ApprovalChanged(Box::new(approval)),
        }
    }

    #[test]
    fn a_second_end_of_an_approval_and_a_lost_fact_are_noticed() {
        let at = Timestamp::default();
        let mut mirror = Mirror::default();
        mirror.apply(&told(1, ApprovalState::Pending));
        mirror.apply(&told(2, ApprovalState::Expired { at }));
        assert_eq!(mirror.breaches, Vec::<String>::new());
        mirror.apply(&told(3, ApprovalState::Expired { at }));
        assert!(
            mirror
                .breaches
                .iter()
                .any(|one| one.contains("ended twice"))
        );
        mirror.apply(&told(5, ApprovalState::Pending));
        assert!(
            mirror
                .breaches
                .iter()
                .any(|one| one.contains("after fact 3"))
        );
    }
}
