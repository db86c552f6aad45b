//! Why a job did or did not run, in one sentence: pure, from the ledger and the schedule.

use jiff::tz::TimeZone;
use smartopol_protocol::Timestamp;
use smartopol_protocol::job::{Job, JobState, Run, RunState};

use super::schedule::{Times, local, stretch};

/// How long after a time that a person names a due time is meant all the same: they name minutes.
pub(crate) const MINUTE: i64 = 60_000;

/// What is known of a job around a moment.
pub(crate) struct Known<'a> {
    pub(crate) job: &'a Job,
    pub(crate) zone: &'a TimeZone,
    pub(crate) times: Option<&'a Times>,
    pub(crate) now: Timestamp,
    /// The moment that is asked about; `None` for the newest.
    pub(crate) at: Option<Timestamp>,
    /// The row that is meant.
    pub(crate) run: Option<&'a Run>,
    /// The newest row before it.
    pub(crate) before: Option<&'a Run>,
    /// Since when the ledger is complete.
    pub(crate) kept_since: Option<Timestamp>,
}

impl Known<'_> {
    fn told(&self, at: Timestamp) -> String {
        local(at, self.zone)
    }

    /// Returns the sentence.
    pub(crate) fn sentence(&self) -> String {
        let name = &self.job.name;
        if let Some(run) = self.run {
            return self.of(run);
        }
        let Some(at) = self.at else {
            return match self.job.next_at {
                Some(next) => format!(
                    "`{name}` has not been due yet: it is due {}, the first time at {}",
                    self.job.when,
                    self.told(next)
                ),
                None => format!("`{name}` has no rows in its ledger and no more times"),
            };
        };
        let asked = self.told(at);
        if self.kept_since.is_some_and(|since| at < since) {
            return format!(
                "what `{name}` did at {asked} is no longer kept: `retention.ledger_days` says how \
                 long the ledger is"
            );
        }
        if at < self.job.created_at {
            return format!(
                "`{name}` did not run at {asked}, because it was made later, at {}",
                self.told(self.job.created_at)
            );
        }
        let due = self
            .times
            .and_then(|times| times.after(at.plus_millis(-1)))
            .filter(|due| due.as_millis() < at.as_millis() + MINUTE);
        match due {
            Some(due) if due > self.now => match &self.job.state {
                JobState::Paused { reason, .. } => format!(
                    "`{name}` is due at {}, which is to come, but will be skipped while it is \
                     paused: {reason}",
                    self.told(due)
                ),
                _ => format!("`{name}` is due at {}, which is to come", self.told(due)),
            },
            // The schedule was another one then.
            Some(_) if self.job.updated_at > at => format!(
                "`{name}` did not run at {asked}, because it was not due then by the schedule \
                 that it had: it was changed at {}",
                self.told(self.job.updated_at)
            ),
            Some(due) => format!(
                "`{name}` is due at {} and its row is about to be written",
                self.told(due)
            ),
            None => self.not_due(&asked, at),
        }
    }

    fn not_due(&self, asked: &str, at: Timestamp) -> String {
        let before = match self.before {
            Some(run) => format!(
                "the due time before was {} ({})",
                self.told(run.due_at),
                run.state.name()
            ),
            None => "there was no due time before".to_owned(),
        };
        let after = self.times.and_then(|times| times.after(at));
        let after = match after {
            Some(due) => format!("the next is {}", self.told(due)),
            None => "there is none after".to_owned(),
        };
        format!(
            "`{}` did not run at {asked}, because it was not due then: it is due {}; {before}, \
             and {after}",
            self.job.name, self.job.when
        )
    }

    fn of(&self, run: &Run) -> String {
        let name = &self.job.name;
        let due = self.told(run.due_at);
        let reason = match run.reason.as_str() {
            "" => "no reason was given",
            reason => reason,
        };
        let begun = run.started_at.unwrap_or(run.due_at);
        let delay = stretch(begun.millis_since(run.due_at));
        let took = match (run.started_at, run.finished_at) {
            (Some(from), Some(to)) => format!(" and took {}", stretch(to.millis_since(from))),
            _ => String::new(),
        };
        let tries = match run.attempts {
            0 | 1 => String::new(),
            tries => format!(" after {tries} tries"),
        };
        if run.by_hand && run.state == RunState::Ran {
            return format!("`{name}` was run by hand at {due}{took}");
        }
        match run.state {
            RunState::Ran => {
                format!("`{name}` ran at {due}: it began {delay} after it was due{took}{tries}")
            }
            RunState::Late => {
                format!("`{name}` was due at {due} and ran {delay} late, because {reason}{took}")
            }
            RunState::Missed => format!("`{name}` did not run at {due}, because {reason}"),
            RunState::Skipped => format!("`{name}` was skipped at {due}, because {reason}"),
            RunState::Blocked => format!("`{name}` was blocked at {due}, because {reason}"),
            RunState::Failed => format!("`{name}` failed at {due}{tries}, because {reason}"),
            RunState::Running => format!(
                "`{name}` was due at {due} and is running since {}",
                self.told(begun)
            ),
            RunState::Waiting => {
                let from = run.claim_at.unwrap_or(run.due_at);
                match (from > self.now, run.reason.as_str()) {
                    (true, "") => format!(
                        "`{name}` was due at {due} and begins at {}",
                        self.told(from)
                    ),
                    (true, reason) => format!(
                        "`{name}` was due at {due} and begins at {}, because {reason}",
                        self.told(from)
                    ),
                    (false, _) => format!(
                        "`{name}` was due at {due} and waits for its turn: other runs are not over"
                    ),
                }
            }
        }
    }
}
