//! Why a job did or did not run, in one sentence: pure, from the ledger and the schedule.

use jiff::tz::TimeZone;
use smartopol_protocol::Timestamp;
use smartopol_protocol::job::{Job, JobState, Run, RunState};

use super::schedule::{Times, local, stretch};

/// How long after a time that a person names a due time is meant all the same: they name minutes.
pub(crate) const MINUTE: i64 = 60_000;

/// The same where they name seconds.
const SECOND: i64 = 1_000;

/// Returns the row that a person means by a time, and the newest before that time: the row of that
/// very moment, or else the first within its second, or else within its minute; what was due
/// before what was run by hand. The rows are in the order of their times.
pub(crate) fn meant(rows: &[Run], at: Timestamp) -> (Option<&Run>, Option<&Run>) {
    let first = |millis: i64, by_hand: bool| {
        rows.iter().find(|run| {
            let within = (at..at.plus_millis(millis)).contains(&run.due_at);
            within && run.by_hand == by_hand
        })
    };
    let run = [1, SECOND, MINUTE]
        .into_iter()
        .find_map(|millis| first(millis, false).or_else(|| first(millis, true)));
    (run, rows.iter().rev().find(|run| run.due_at < at))
}

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
            // Who asks about now is told of now too, unless the row says it already.
            return match (self.at, run.state, self.rests()) {
                (None, state, Some(rests)) if state != RunState::Skipped => {
                    format!("{}; {rests}", self.of(run))
                }
                _ => self.of(run),
            };
        }
        let Some(at) = self.at else {
            return match (self.job.next_at, self.rests()) {
                (Some(next), Some(rests)) => format!(
                    "`{name}` has not been due yet: {rests}; it is due {}, and what comes, the first \
                     time at {}, is skipped while it is paused",
                    self.job.when,
                    self.told(next)
                ),
                (Some(next), None) => format!(
                    "`{name}` has not been due yet: it is due {}, the first time at {}",
                    self.job.when,
                    self.told(next)
                ),
                (None, _) => format!("`{name}` has no rows in its ledger and no more times"),
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
            Some(due) if due > self.now => match self.rests() {
                Some(rests) => format!(
                    "`{name}` is due at {}, which is to come, but will be skipped: {rests}",
                    self.told(due)
                ),
                None => format!("`{name}` is due at {}, which is to come", self.told(due)),
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

    /// Says that the job is paused, since when, by whom and why; `None` where it is not.
    fn rests(&self) -> Option<String> {
        let JobState::Paused { at, .. } = &self.job.state else {
            return None;
        };
        let pause = self.job.state.pause();
        Some(format!("it is paused since {}{pause}", self.told(*at)))
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

#[cfg(test)]
mod tests {
    use smartopol_protocol::JobId;

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_790_000_000_000 + millis)
    }

    fn row(due_at: Timestamp, by_hand: bool) -> Run {
        Run {
            job_id: JobId::from_bytes([1; 16]),
            due_at,
            state: RunState::Ran,
            reason: String::new(),
            by_hand,
            attempts: 1,
            written_at: due_at,
            claim_at: None,
            started_at: None,
            finished_at: None,
            session_id: None,
            message_id: None,
            turn_id: None,
        }
    }

    #[test]
    fn a_time_means_the_row_nearest_after_it_and_what_was_due_before_what_was_run_by_hand() {
        let rows = [
            row(at(-10_000), false),
            row(at(120), true),
            row(at(480), false),
            row(at(4_000), true),
            row(at(10_480), false),
            row(at(50_480), false),
        ];
        let meant = |asked: i64| {
            let (run, before) = meant(&rows, at(asked));
            let place = |run: &Run| run.due_at.as_millis() - at(0).as_millis();
            (run.map(place), before.map(place))
        };
        // The very moment, its second, its minute.
        assert_eq!(meant(120), (Some(120), Some(-10_000)));
        assert_eq!(meant(0), (Some(480), Some(-10_000)));
        assert_eq!(meant(4_000), (Some(4_000), Some(480)));
        assert_eq!(meant(3_500), (Some(4_000), Some(480)));
        assert_eq!(meant(2_000), (Some(10_480), Some(480)));
        assert_eq!(meant(10_000), (Some(10_480), Some(4_000)));
        assert_eq!(meant(50_481), (None, Some(50_480)));
        assert_eq!(meant(-100_000), (None, None));
    }
}
