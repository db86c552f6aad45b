//! Which rows the due times of a job get: pure.
//!
//! Owns the policy about missed times: which of them are made up for, and what is said of the
//! others.

use smartopol_protocol::Timestamp;
use smartopol_protocol::job::{Job, JobState, Missed, Run, RunState};
use smartopol_store::{IN_TIME_MS, Lapse};

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
    /// What a person is told of those, and of which are made up for.
    pub(super) lapse: Lapse,
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
        let (mut missed, all) = (0, due.len());
        let rows = due.into_iter().enumerate().map(|(place, due_at)| {
            if let JobState::Paused { .. } = &self.job.state {
                let told = format!("the job was paused{}", self.job.state.pause());
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
        let lapse = match missed {
            0 => Lapse::default(),
            _ => self.lapse(late, late - first.min(late), all > late),
        };
        Rows {
            rows,
            next,
            missed,
            lapse,
        }
    }

    /// Says that of so many missed times so many are made up for; `now` where one is due in this
    /// very moment.
    fn lapse(&self, late: usize, made_up: usize, now: bool) -> Lapse {
        let told = match (made_up, self.job.policy.missed, now) {
            (0, Missed::Once, true) => "the one that is due now runs in their place".to_owned(),
            (0, ..) => "none is made up for".to_owned(),
            (1, ..) => "the newest is made up for".to_owned(),
            (many, ..) => format!("the newest {many} are made up for"),
        };
        Lapse {
            times: u64::try_from(late).unwrap_or(u64::MAX),
            told,
        }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use smartopol_protocol::JobId;
    use smartopol_protocol::job::{Action, Frozen, Policy, Schedule};

    use super::*;

    const MINUTE: i64 = 60_000;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_millis(1_790_000_000_000 + minute * MINUTE)
    }

    fn job(missed: Missed, missed_cap: u32) -> Job {
        Job {
            id: JobId::from_bytes([1; 16]),
            name: "tidy".into(),
            schedule: Schedule::Every {
                seconds: 60,
                from: Some(at(0)),
            },
            when: String::new(),
            zone: "UTC".into(),
            action: Action::Prompt {
                text: "tidy".into(),
            },
            session_id: None,
            workspace: String::new(),
            frozen: Frozen::default(),
            policy: Policy {
                missed,
                missed_cap,
                ..Policy::default()
            },
            state: JobState::Active,
            next_at: Some(at(1)),
            last: None,
            failures: 0,
            created_at: at(0),
            updated_at: at(0),
        }
    }

    /// The rows at a moment, and the moments that the runs were given that make up for something.
    fn rows(job: &Job, now: Timestamp) -> (Rows, u32) {
        let times = Times::new(&job.schedule, &job.zone, job.created_at).unwrap();
        let look = Look {
            job,
            times: &times,
            now,
            up_since: now,
            keep_from: at(-1_000),
        };
        let mut slots = 0;
        let rows = look.rows(|| {
            slots += 1;
            now.plus_millis(i64::from(slots) * 2_000)
        });
        (rows, slots)
    }

    fn waiting(rows: &Rows) -> Vec<Timestamp> {
        let waits = rows
            .rows
            .iter()
            .filter(|run| run.state == RunState::Waiting);
        waits.map(|run| run.due_at).collect()
    }

    #[test]
    fn of_missed_times_those_are_made_up_for_that_the_policy_says() {
        let of = |missed| {
            let mut job = job(missed, 3);
            job.next_at = Some(at(10));
            job.schedule = Schedule::Every {
                seconds: 600,
                from: Some(at(0)),
            };
            job
        };
        // Nothing is due in this very moment, so the newest missed one counts.
        let now = at(105);
        assert_eq!(waiting(&rows(&of(Missed::Skip), now).0), []);
        assert_eq!(waiting(&rows(&of(Missed::Once), now).0), [at(100)]);
        let (all, slots) = rows(&of(Missed::All), now);
        assert_eq!(waiting(&all), [at(80), at(90), at(100)]);
        assert_eq!((slots, all.missed, all.next), (3, 7, Some(at(110))));
        let begins: Vec<_> = all.rows.iter().filter_map(|run| run.claim_at).collect();
        assert!(begins.is_sorted_by(|a, b| b.millis_since(*a) == 2_000));
        // One that is due right now makes up for those before it.
        assert_eq!(waiting(&rows(&of(Missed::Once), at(100)).0), [at(100)]);
        // And of each is told what it is.
        let told = |missed, cap: u32, now| {
            let mut job = of(missed);
            job.policy.missed_cap = cap;
            let lapse = rows(&job, now).0.lapse;
            (lapse.times, lapse.told)
        };
        for (missed, cap, now, times, words) in [
            (Missed::Skip, 3, at(105), 10, "none is made up for"),
            // What is due in this moment is not missed.
            (Missed::Skip, 3, at(100), 9, "none is made up for"),
            (Missed::Once, 3, at(105), 10, "the newest is made up for"),
            (
                Missed::Once,
                3,
                at(100),
                9,
                "the one that is due now runs in their place",
            ),
            (Missed::All, 3, at(105), 10, "the newest 3 are made up for"),
            (Missed::All, 3, at(100), 9, "the newest 3 are made up for"),
            (Missed::All, 1, at(105), 10, "the newest is made up for"),
            (Missed::All, 20, at(105), 0, ""),
        ] {
            assert_eq!(
                told(missed, cap, now),
                (times, words.to_owned()),
                "{missed:?}"
            );
        }
    }

    #[test]
    fn what_passes_while_a_job_is_paused_is_skipped_with_the_reason() {
        let mut paused = job(Missed::All, 3);
        paused.state = JobState::Paused {
            at: at(0),
            reason: "on holiday".into(),
            by: "cli:1000".into(),
        };
        let (rows, _) = rows(&paused, at(3));
        assert_eq!(rows.rows.len(), 3);
        assert!(rows.rows.iter().all(|run| run.state == RunState::Skipped
            && run.reason == "the job was paused by cli:1000: on holiday"));
    }

    proptest! {
        #[test]
        fn every_due_time_has_one_row_and_few_are_made_up_for(
            late in 0_i64..5_000_000,
            missed in prop::sample::select(&[Missed::Once, Missed::All, Missed::Skip][..]),
            cap in 1_u32..20,
        ) {
            let now = at(1).plus_millis(late);
            let (rows, _) = rows(&job(missed, cap), now);
            let due: Vec<Timestamp> = rows.rows.iter().map(|run| run.due_at).collect();
            let all: Vec<Timestamp> = (1..).map(at).take_while(|due| *due <= now).collect();
            prop_assert_eq!(&due, &all);
            prop_assert_eq!(rows.next, Some(at(i64::try_from(all.len()).unwrap() + 1)));
            let waits = waiting(&rows);
            // At most two are in time, a minute apart.
            prop_assert!(waits.len() <= cap as usize + 2);
            prop_assert!(waits.iter().rev().zip(all.iter().rev()).all(|(a, b)| a == b));
            prop_assert_eq!(rows.missed as usize + waits.len(), all.len());
        }
    }
}
