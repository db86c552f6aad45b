//! The end of a run, and what it means for its job.
//!
//! Owns: that a run ends once, and what follows: another try, a pause, a place in the attention
//! list. The end of a turn ends its run in the same transaction.

use rusqlite::params;
use smartopol_protocol::attention::{Item, Kind, Priority, Resolution};
use smartopol_protocol::job::{Action, Job, JobState, Run, RunState};
use smartopol_protocol::turn::{Outcome, Turn, TurnState};
use smartopol_protocol::{JobId, MessageId, SessionId, Timestamp};

use super::{IN_TIME_MS, about};
use crate::attention::of_job;
use crate::column::{Json, Key};
use crate::{Result, Writer};

/// After how many runs in a row the daemon's end in the midst of one pauses a job that failures
/// do not pause, or later: it may be the job that ends the daemon.
const MOST_CUT_OFF: u32 = 3;

const CUT_OFF: &str = "the daemon ended while it ran; what it had done by then is not known";

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunEnd {
    /// It did what it should.
    Done,
    /// It failed; true where trying again may help and does no harm.
    Failed(String, bool),
    /// The daemon ended while it ran. It may be what ended the daemon, so it is not tried again.
    CutOff,
    /// What it needs is not there.
    Blocked(String),
    /// It was left out.
    Skipped(String),
}

impl Writer<'_> {
    /// Ends a run, where it is not over yet.
    pub fn end_run(
        &mut self,
        (job_id, due_at): (JobId, Timestamp),
        end: RunEnd,
        at: Timestamp,
    ) -> Result<()> {
        match self.run(job_id, due_at)? {
            Some(run) if !run.state.is_over() => self.close_run(run, end, at),
            _ => Ok(()),
        }
    }

    /// The turn of a run is over; returns true where it is one.
    pub(crate) fn run_over(&mut self, turn: &Turn, at: Timestamp) -> Result<bool> {
        let TurnState::Finished { outcome } = &turn.state else {
            return Ok(false);
        };
        let Some(message_id) = turn.message_id else {
            return Ok(false);
        };
        let Some(run) = self.run_of_message(message_id)? else {
            return Ok(false);
        };
        let end = match outcome {
            Outcome::Done => RunEnd::Done,
            Outcome::Interrupted => RunEnd::Failed("a person stopped it".into(), false),
            Outcome::CutOff => RunEnd::CutOff,
            Outcome::Failed { message, .. } => RunEnd::Failed(message.clone(), true),
            Outcome::StepLimit { limit } => {
                RunEnd::Failed(format!("it reached its limit of {limit} steps"), false)
            }
            Outcome::Loop { tool, times } => RunEnd::Failed(
                format!("it called `{tool}` {times} times with the same result"),
                false,
            ),
        };
        self.close_run(run, end, at)?;
        Ok(true)
    }

    /// The message of a run was taken back before its turn.
    pub(crate) fn run_withdrawn(&mut self, message_id: MessageId, at: Timestamp) -> Result<()> {
        match self.run_of_message(message_id)? {
            Some(run) => {
                let reason = "a person took its message back before it began";
                self.close_run(run, RunEnd::Skipped(reason.into()), at)
            }
            None => Ok(()),
        }
    }

    /// The notice of a run stands in its session.
    pub(crate) fn run_noticed(&mut self, message_id: MessageId, at: Timestamp) -> Result<()> {
        match self.run_of_message(message_id)? {
            Some(run) => self.close_run(run, RunEnd::Done, at),
            None => Ok(()),
        }
    }

    /// The session of runs is being removed.
    pub(crate) fn runs_of_session_gone(&mut self, id: SessionId, at: Timestamp) -> Result<()> {
        for run in self.running_runs()? {
            if run.session_id == Some(id) {
                let reason = "its session was removed while it ran";
                self.close_run(run, RunEnd::Failed(reason.into(), false), at)?;
            }
        }
        Ok(())
    }

    /// Ends a run and says what that means for its job.
    pub(super) fn close_run(&mut self, mut run: Run, end: RunEnd, at: Timestamp) -> Result<()> {
        let mut job = self.job(run.job_id)?;
        run.claim_at = None;
        run.finished_at = Some(at);
        let cut_off = end == RunEnd::CutOff;
        let failed = match end {
            RunEnd::Done => {
                let late = run
                    .started_at
                    .is_some_and(|begun| begun.millis_since(run.due_at) > IN_TIME_MS);
                run.state = if late { RunState::Late } else { RunState::Ran };
                if !late {
                    run.reason.clear();
                }
                job.failures = 0;
                let failed = of_job(Kind::JobFailed, job.id);
                self.settle_attention(&failed, Resolution::Gone, "", at)?;
                false
            }
            RunEnd::Failed(reason, again) if again && run.attempts <= job.policy.retries => {
                run.state = RunState::Waiting;
                run.finished_at = None;
                run.claim_at = Some(at.plus_millis(pause_before(&job, run.attempts)));
                run.reason = format!("try {} failed: {reason}", run.attempts);
                false
            }
            RunEnd::Failed(reason, _) => {
                run.state = RunState::Failed;
                run.reason = reason;
                true
            }
            RunEnd::CutOff => {
                run.state = RunState::Failed;
                run.reason = CUT_OFF.to_owned();
                true
            }
            RunEnd::Blocked(reason) => {
                run.state = RunState::Blocked;
                run.reason = reason;
                true
            }
            RunEnd::Skipped(reason) => {
                run.state = RunState::Skipped;
                run.reason = reason;
                false
            }
        };
        self.put_run(&run)?;
        if failed {
            let limit = match (job.policy.pause_after, cut_off) {
                (0, true) => MOST_CUT_OFF,
                (limit, true) => limit.min(MOST_CUT_OFF),
                (limit, false) => limit,
            };
            self.failed(&mut job, &run, limit, at)?;
        }
        self.prepare("UPDATE jobs SET failures = ?2, state = ?3 WHERE id = ?1")?
            .execute(params![Key(job.id), job.failures, Json(&job.state)])?;
        self.newest(run.job_id, run.due_at, at)
    }

    /// A run failed; after `limit` of them in a row the job is paused, unless that is 0. One cause
    /// is one item: the pause says what the failure would, and either what an approval that
    /// nobody answered in the run of a call would.
    fn failed(&mut self, job: &mut Job, run: &Run, limit: u32, at: Timestamp) -> Result<()> {
        job.failures = job.failures.saturating_add(1);
        let how = match run.state {
            RunState::Blocked => "is blocked",
            _ => "failed",
        };
        if let (Action::Call { .. }, Some(turn_id)) = (&job.action, run.turn_id) {
            self.settle_expired(turn_id, at)?;
        }
        let of_run = |item: Item| Item {
            session_id: run.session_id,
            turn_id: run.turn_id,
            due_at: Some(run.due_at),
            ..item
        };
        let failed = of_job(Kind::JobFailed, job.id);
        if limit > 0 && job.failures >= limit && job.state == JobState::Active {
            let reason = match limit {
                1 => format!("a run failed: {}", run.reason),
                _ => format!("{limit} runs in a row failed, the last: {}", run.reason),
            };
            job.state = JobState::Paused {
                at,
                reason: reason.clone(),
                by: String::new(),
            };
            let title = format!("the job `{}` was paused", job.name);
            let item = about(job, Kind::JobPaused, Priority::High, title, reason, at);
            self.attend(&of_job(Kind::JobPaused, job.id), of_run(item))?;
            self.settle_attention(&failed, Resolution::Gone, "", at)?;
            return self.skip_waiting(job.id, "the job was paused before it began", at);
        }
        let title = format!("the job `{}` {how}", job.name);
        let reason = run.reason.clone();
        let item = about(job, Kind::JobFailed, Priority::Normal, title, reason, at);
        self.attend(&failed, of_run(item))
    }
}

/// Returns how long a job waits before its next try, in milliseconds.
fn pause_before(job: &Job, attempts: u32) -> i64 {
    let doubled = attempts.saturating_sub(1).min(16);
    i64::from(job.policy.retry_after_seconds)
        .saturating_mul(1 << doubled)
        .saturating_mul(1000)
}
