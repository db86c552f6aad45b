//! Which rows the due times of a job get: pure.
//!
//! Owns the policy about missed times: which of them are made up for, and what is said of the
//! others.

use smartopol_protocol::Timestamp;
use smartopol_protocol::job::{Job, JobState, Missed, Run, RunState};
use smartopol_store::IN_TIME_MS;

use super::schedule::Times;

/// What is looked at.
pub(super) struct Look<'a> {
    pub(super) job: &'a Job,
    pub(super) times: &'a Times,
    pub(super) now: Timestamp,
    /// Since when the daemon is up: what was due before, it could not run.
    pub(super) up_since: Timestamp,
    /// What was due before is no longer kept, so it is not written either.
    pub(super) keep_from: Timestamp,
}

/// What is to be written.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Rows {
    /// A row for each due time up to now, oldest first.
    pub(super) rows: Vec<Run>,
    /// When the job is due next.
    pub(super) next: Option<Timestamp>,
    /// How many were missed and are not made up for.
    pub(super) missed: u64,
}

impl Look<'_> {
    /// Returns the rows; `slot` gives the moment at which a run that makes up for something may
    /// begin.
    pub(super) fn rows(&self, mut slot: impl FnMut() -> Timestamp) -> Rows {
        let mut due = Vec::new();
        let mut next = match self.job.next_at {
            Some(at) if at < self.keep_from => self.times.after(self.keep_from),
            next => next,
        };
        while let Some(at) = next
            && at <= self.now
        {
            due.push(at);
            next = self.times.after(at);
        }
        let late = due
            .iter()
            .take_while(|at| self.now.millis_since(**at) > IN_TIME_MS)
            .count();
        let first = self.first_made_up(due.len(), late);
        let mut missed = 0;
        let rows = due.into_iter().enumerate().map(|(place, due_at)| {
            if let JobState::Paused { reason, .. } = &self.job.state {
                let told = format!("the job was paused: {reason}");
                return self.row(due_at, RunState::Skipped, told, None);
            }
            if place >= late {
                return self.row(due_at, RunState::Waiting, String::new(), Some(due_at));
            }
            let why = self.why(due_at);
            if place >= first {
                let at = match self.job.action.is_turn() {
                    true => slot(),
                    false => self.now,
                };
                return self.row(due_at, RunState::Waiting, why.to_owned(), Some(at));
            }
            missed += 1;
            let rule = match self.job.policy.missed {
                Missed::Skip => "the job does not make up for missed times",
                Missed::Once => "of missed times the job runs the newest alone",
                Missed::All => "the job makes up for so many missed times and no more",
            };
            let told = format!("{why}, and {rule}");
            self.row(due_at, RunState::Missed, told, None)
        });
        let rows: Vec<Run> = rows.collect();
        Rows { rows, next, missed }
    }

    /// Returns the place of the first missed time that is made up for.
    fn first_made_up(&self, all: usize, late: usize) -> usize {
        match self.job.policy.missed {
            Missed::Skip => late,
            // One that is due right now makes up for those before it.
            Missed::Once if all > late => late,
            Missed::Once => late.saturating_sub(1),
            Missed::All => {
                let cap = usize::try_from(self.job.policy.missed_cap).unwrap_or(usize::MAX);
                late.saturating_sub(cap)
            }
        }
    }

    fn why(&self, due_at: Timestamp) -> &'static str {
        match due_at < self.up_since {
            true => "the daemon was not running",
            false => "the machine slept or its clock was set forward",
        }
    }

    fn row(
        &self,
        due_at: Timestamp,
        state: RunState,
        reason: String,
        claim_at: Option<Timestamp>,
    ) -> Run {
        Run {
            job_id: self.job.id,
            due_at,
            state,
            reason,
            by_hand: false,
            attempts: 0,
            written_at: self.now,
            claim_at,
            started_at: None,
            finished_at: state.is_over().then_some(self.now),
            session_id: None,
            message_id: None,
            turn_id: None,
        }
    }
}
