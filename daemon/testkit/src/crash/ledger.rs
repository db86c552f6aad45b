//! What the daemon's people were told, kept outside of it: the measure of what may not be lost.

use std::collections::BTreeMap;

use smartopol_protocol::approval::Approval;
use smartopol_protocol::{ApprovalId, JobId, MessageId, SessionId};

use super::jobs::Made;

/// Whether something was done, as far as the one who asked for it knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Known {
    /// Nobody asked for it.
    #[default]
    No,
    /// It was asked for, and the daemon died before it answered.
    Maybe,
    /// The daemon said so.
    Yes,
}

/// A message as the one who sent it knows it.
#[derive(Clone, Debug)]
pub(super) struct Said {
    /// Where.
    pub(super) session_id: SessionId,
    /// What.
    pub(super) text: String,
    /// Whether it was acknowledged.
    pub(super) acknowledged: Known,
    /// True once somebody was told that it is taken back.
    pub(super) taken_back: bool,
    /// How many asked to take it back and heard nothing yet, or never will.
    pub(super) taking_back: u32,
    /// True once it was sent again: where somebody else takes it back at the same time, nobody knows
    /// which of the two came last.
    pub(super) sent_again: bool,
}

impl Said {
    /// Returns whether it was taken back. Several may ask for it at once, and one is told so.
    pub(super) const fn withdrawn(&self) -> Known {
        match (self.taken_back, self.taking_back) {
            (true, _) if self.sent_again => Known::Maybe,
            (true, _) => Known::Yes,
            (false, 0) => Known::No,
            (false, _) => Known::Maybe,
        }
    }
}

/// What the people were told.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Sessions that were made, and whether they were removed again.
    pub(super) sessions: BTreeMap<SessionId, Known>,
    /// Messages.
    pub(super) said: BTreeMap<MessageId, Said>,
    /// Jobs that were acknowledged.
    pub(super) jobs: BTreeMap<JobId, Made>,
    /// Answers that won, as the one who gave them was told.
    pub(super) answers: BTreeMap<ApprovalId, Approval>,
    /// Answers that came too late.
    pub(super) late: u64,
    /// What may never happen and did.
    pub(super) breaches: Vec<String>,
}

impl Ledger {
    /// Returns the sessions that are there for sure.
    pub(super) fn alive(&self) -> Vec<SessionId> {
        let alive = self.sessions.iter().filter(|(_, gone)| **gone == Known::No);
        alive.map(|(id, _)| *id).collect()
    }

    /// Keeps an answer that won; another that won too is a breach.
    pub(super) fn won(&mut self, approval: Approval) {
        let id = approval.id;
        if let Some(other) = self.answers.insert(id, approval) {
            self.breach(format!("{id} was won twice: first as {:?}", other.state));
        }
    }

    /// Keeps what may never happen.
    pub(super) fn breach(&mut self, what: String) {
        self.breaches.push(what);
    }
}
