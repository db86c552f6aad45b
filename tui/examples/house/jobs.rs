//! Jobs of a played house, and a morning with things that wait.

use smartopol_protocol::attention::{Item, Kind, Priority};
use smartopol_protocol::job::*;
use smartopol_protocol::*;

use super::{BEGAN, House};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

impl House {
    /// Makes a job that is due next in so many milliseconds.
    pub fn job(&mut self, name: &str, when: &str, action: Action, next: Option<i64>) -> JobId {
        let id = JobId::from_bytes(self.bytes());
        let turns = action.is_turn();
        let job = Job {
            id,
            name: name.into(),
            schedule: Schedule::Every {
                seconds: 3_600,
                from: None,
            },
            when: when.into(),
            zone: "Europe/Berlin".into(),
            action,
            session_id: None,
            workspace: if turns { "/home/ann/app" } else { "" }.into(),
            frozen: Frozen {
                user: "cli:1000".into(),
                model: if turns {
                    "anthropic/claude-sonnet-5"
                } else {
                    ""
                }
                .into(),
                mode: approval::Mode::Ask,
                tools: ["exec", "read_file", "write_file"]
                    .map(String::from)
                    .to_vec(),
                budget_tokens: 50_000,
                may_schedule: false,
            },
            policy: Policy {
                retries: 2,
                ..Policy::default()
            },
            state: if next.is_some() {
                JobState::Active
            } else {
                JobState::Done
            },
            next_at: next.map(|next| self.at().plus_millis(next)),
            last: None,
            failures: 0,
            created_at: BEGAN,
            updated_at: self.at(),
        };
        self.jobs.push(job.clone());
        self.happened(News::JobChanged(Box::new(job)));
        id
    }

    /// Changes a job, and tells so.
    pub fn change_job(&mut self, id: JobId, change: impl FnOnce(&mut Job)) -> Job {
        let at = self.at();
        let job = self.jobs.iter_mut().find(|own| own.id == id).unwrap();
        job.updated_at = at;
        change(job);
        let job = job.clone();
        self.happened(News::JobChanged(Box::new(job.clone())));
        job
    }

    /// A job as `job/show` tells it, with a ledger of these runs, the newest due an hour ago.
    pub fn shown_job(&self, id: JobId, runs: Vec<Run>) -> Shown {
        let job = self.jobs.iter().find(|own| own.id == id).unwrap().clone();
        let due = |n: i64| {
            let at = job.next_at?.plus_millis(n * DAY);
            let day = 21 + n;
            Some(Due {
                job_id: id,
                name: job.name.clone(),
                at,
                local: format!("2026-11-{day:02} 23:00:00 CET"),
                paused: None,
            })
        };
        Shown {
            next: (0..5).filter_map(due).collect(),
            job,
            runs,
        }
    }
}

/// One row of a ledger, due so many days ago, which took so long.
pub fn run(id: JobId, days: i64, state: RunState, took: i64, reason: &str) -> Run {
    let due_at = BEGAN.plus_millis(-days * DAY + HOUR);
    let ran = matches!(state, RunState::Ran | RunState::Late | RunState::Failed);
    Run {
        job_id: id,
        due_at,
        state,
        reason: reason.into(),
        by_hand: false,
        attempts: if state == RunState::Failed { 3 } else { 1 },
        written_at: due_at,
        claim_at: None,
        started_at: ran.then_some(due_at),
        finished_at: ran.then(|| due_at.plus_millis(took)),
        session_id: None,
        message_id: None,
        turn_id: None,
    }
}

/// The ledger of a job that did well but for a few days.
pub fn ledger(id: JobId) -> Vec<Run> {
    let mut runs: Vec<Run> = (1..=12)
        .rev()
        .map(|days| run(id, days, RunState::Ran, 9_000 + days % 5 * 4_000, ""))
        .collect();
    runs[3] = run(
        id,
        9,
        RunState::Missed,
        0,
        "the daemon did not run from 22:40 to 06:12",
    );
    runs[7] = run(
        id,
        5,
        RunState::Failed,
        31_000,
        "the model answered 529 three times",
    );
    runs[9] = run(id, 3, RunState::Skipped, 0, "the run before was not over");
    runs
}

/// Four jobs: one that runs each night, one that is due in a moment, one that rests, one over.
pub fn four(house: &mut House) -> [JobId; 4] {
    let prompt = |text: &str| Action::Prompt { text: text.into() };
    let nightly = house.job(
        "nightly-tests",
        "every day at 23:00 (Europe/Berlin)",
        prompt("Run the whole test suite and tell what fails, with the commit that broke it."),
        Some(13 * HOUR),
    );
    let soon = house.job(
        "stand-up",
        "on Mon, Tue, Wed, Thu, Fri at 10:02 (Europe/Berlin)",
        Action::Remind {
            text: "stand-up in the small room".into(),
            priority: Priority::High,
        },
        Some(95_000),
    );
    let rests = house.job(
        "mirror",
        "every 15 minutes",
        prompt("Fetch the mirror"),
        Some(15 * MINUTE),
    );
    let over = house.job(
        "once",
        "2026-11-20 18:00:00 (Europe/Berlin)",
        Action::Message {
            text: "the certificate ends in a week".into(),
        },
        None,
    );
    let at = house.at();
    house.change_job(rests, |job| {
        job.state = JobState::Paused {
            at,
            reason: "three runs in a row failed".into(),
            by: String::new(),
        };
        job.next_at = None;
        job.last = Some(run(rests, 1, RunState::Failed, 400, "connection refused"));
    });
    house.change_job(nightly, |job| {
        job.last = Some(run(nightly, 1, RunState::Ran, 13_000, ""));
    });
    [nightly, soon, rests, over]
}

/// What may wait for a person: a reminder, a job that failed, one that was missed.
pub fn waiting(house: &mut House, jobs: [JobId; 4], session: SessionId) {
    let reminder = house.item(Kind::Reminder, Priority::Urgent, "call the dentist");
    let due = house.at().plus_millis(-12 * MINUTE);
    house.waits(Item {
        due_at: Some(due),
        told: 2,
        ..reminder
    });
    let failed = house.item(Kind::JobPaused, Priority::Normal, "mirror rests");
    house.waits(Item {
        job_id: Some(jobs[2]),
        session_id: Some(session),
        detail: "three runs in a row failed: connection refused".into(),
        ..failed
    });
    let missed = house.item(Kind::JobMissed, Priority::Low, "nightly-tests was missed");
    house.waits(Item {
        job_id: Some(jobs[0]),
        detail: "the daemon did not run from 22:40 to 06:12".into(),
        ..missed
    });
}
