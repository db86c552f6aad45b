//! The ledger: one row for each due time of a job.
//!
//! Owns: that a due time has one row, that a row is claimed once, and which of them are kept. What
//! the end of a run means is `ending`.

mod ending;

use rusqlite::{OptionalExtension, Row, params};
use smartopol_protocol::attention::{Item, ItemState, Kind, Priority};
use smartopol_protocol::job::{Action, Job, JobState, Overlap, Run, RunState};
use smartopol_protocol::turn::Turn;
use smartopol_protocol::{JobId, MessageId, SessionId, Timestamp};

use crate::attention::{of_job, of_reminder, plain};
use crate::column::{Key, Millis, Word, id, maybe_id, maybe_time, time, word};
use crate::reader::bounded;
use crate::{Error, Reader, Result, Writer, upkeep};

pub use ending::RunEnd;

const COLUMNS: &str = "job_id, due_at, state, reason, by_hand, attempts, written_at, claim_at, \
                       started_at, finished_at, session_id, message_id, turn_id";

/// How many milliseconds after its due time a run may begin and still is in time.
pub const IN_TIME_MS: u64 = 60_000;

/// What a person is told of due times that passed while nothing could run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lapse {
    /// How many there were; of none nothing is told.
    pub times: u64,
    /// Which of them are made up for, one sentence.
    pub told: String,
}

/// How many rows a history has where nothing is said, and at most.
const HISTORY: (u32, u32) = (100, 1_000);

fn read(row: &Row<'_>) -> rusqlite::Result<Run> {
    Ok(Run {
        job_id: id(row, 0)?,
        due_at: time(row, 1)?,
        state: word(row, 2)?,
        reason: row.get(3)?,
        by_hand: row.get(4)?,
        attempts: row.get(5)?,
        written_at: time(row, 6)?,
        claim_at: maybe_time(row, 7)?,
        started_at: maybe_time(row, 8)?,
        finished_at: maybe_time(row, 9)?,
        session_id: maybe_id(row, 10)?,
        message_id: maybe_id(row, 11)?,
        turn_id: maybe_id(row, 12)?,
    })
}

impl Reader<'_> {
    /// Returns the row of a due time.
    pub fn run(&self, job_id: JobId, due_at: Timestamp) -> Result<Option<Run>> {
        Ok(self
            .prepare(&format!(
                "SELECT {COLUMNS} FROM ledger WHERE job_id = ?1 AND due_at = ?2"
            ))?
            .query_row(params![Key(job_id), Millis(due_at)], read)
            .optional()?)
    }

    fn runs_where(&self, sql: &str, params: impl rusqlite::Params) -> Result<Vec<Run>> {
        let mut query = self.prepare(&format!("SELECT {COLUMNS} FROM ledger WHERE {sql}"))?;
        let runs = query.query_map(params, read)?;
        Ok(runs.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns the newest rows of a job before a moment, oldest first, and whether there are older
    /// ones.
    pub fn history(
        &self,
        job_id: JobId,
        before: Option<Timestamp>,
        limit: u32,
    ) -> Result<(Vec<Run>, bool)> {
        let limit = bounded(limit, HISTORY);
        let before = before.unwrap_or(Timestamp::from_millis(i64::MAX));
        let mut runs = self.runs_where(
            "job_id = ?1 AND due_at < ?2 ORDER BY due_at DESC LIMIT ?3",
            params![Key(job_id), Millis(before), i64::from(limit) + 1],
        )?;
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = runs.len() > wanted;
        runs.truncate(wanted);
        runs.reverse();
        Ok((runs, more))
    }

    /// Returns the rows that may begin by now, those that may first first.
    pub fn waiting_runs(&self, now: Timestamp, limit: u32) -> Result<Vec<Run>> {
        self.runs_where(
            "state = 'waiting' AND claim_at <= ?1 ORDER BY claim_at, due_at LIMIT ?2",
            params![Millis(now), limit],
        )
    }

    /// Returns when the next row may begin that may not by now.
    pub fn next_claim(&self, now: Timestamp) -> Result<Option<Timestamp>> {
        let next: Option<Millis> = self
            .prepare("SELECT min(claim_at) FROM ledger WHERE state = 'waiting' AND claim_at > ?1")?
            .query_row([Millis(now)], |row| row.get(0))?;
        Ok(next.map(|at| at.0))
    }

    /// Returns all rows that were claimed and are not over.
    pub fn running_runs(&self) -> Result<Vec<Run>> {
        self.runs_where("state = 'running'", ())
    }

    /// Returns how many runs are under way that do not wait for a person.
    pub fn busy_runs(&self) -> Result<u64> {
        Ok(self
            .prepare(
                "SELECT count(*) FROM ledger l LEFT JOIN turns t ON t.id = l.turn_id
                 WHERE l.state = 'running' AND t.state ->> 'state' IS NOT 'waiting'",
            )?
            .query_row((), |row| row.get(0))?)
    }

    /// Returns the rows of a job that are not over.
    pub fn open_runs_of(&self, job_id: JobId) -> Result<Vec<Run>> {
        self.runs_where(
            "job_id = ?1 AND state IN ('running', 'waiting')",
            [Key(job_id)],
        )
    }

    /// Returns true where a due time has its row, or one that says it was missed although it is
    /// still to come: the clock stood wrong.
    pub fn has_run(&self, job_id: JobId, due_at: Timestamp) -> Result<bool> {
        Ok(self
            .run(job_id, due_at)?
            .is_some_and(|run| run.state != RunState::Missed))
    }

    /// Returns since when ledgers are complete; `None` where nothing was ever removed.
    pub fn ledger_since(&self) -> Result<Option<Timestamp>> {
        Ok(self
            .prepare("SELECT at FROM kept_since WHERE what = 'ledger'")?
            .query_row((), |row| time(row, 0))
            .optional()?)
    }

    /// Returns the run under way that says this message.
    pub fn run_of_message(&self, id: MessageId) -> Result<Option<Run>> {
        Ok(self
            .prepare(&format!(
                "SELECT {COLUMNS} FROM ledger WHERE message_id = ?1 AND state = 'running'"
            ))?
            .query_row([Key(id)], read)
            .optional()?)
    }
}

impl Writer<'_> {
    /// Writes the rows of due times, and when the job is due next; without more times it is done.
    /// A person is told of a lapse where there was one.
    ///
    /// A time that has its row keeps it, except one that was missed while the clock stood ahead.
    /// Where the job is no longer due as it was in `seen`, nothing is written: who looks again,
    /// sees what it is now.
    pub fn write_due(
        &mut self,
        seen: &Job,
        rows: &[Run],
        next_at: Option<Timestamp>,
        lapse: &Lapse,
    ) -> Result<()> {
        let (at, job_id) = (self.now(), seen.id);
        let Some(job) = self.still_due(seen)? else {
            return Ok(());
        };
        for run in rows {
            self.write_run(run)?;
        }
        let state = match (next_at, &job.state) {
            (None, JobState::Active) => JobState::Done,
            (_, state) => state.clone(),
        };
        let last = rows.last().map(|run| run.due_at);
        self.prepare(
            "UPDATE jobs SET next_at = ?2, state = ?3, last_due = coalesce(?4, last_due)
             WHERE id = ?1",
        )?
        .execute(params![
            Key(job_id),
            next_at.map(Millis),
            crate::column::Json(&state),
            last.map(Millis),
        ])?;
        if lapse.times > 0 {
            let title = match lapse.times {
                1 => format!("`{}` missed a due time", job.name),
                times => format!("`{}` missed {times} due times", job.name),
            };
            let detail = lapse.told.clone();
            let item = about(&job, Kind::JobMissed, Priority::Low, title, detail, at);
            self.attend(&of_job(Kind::JobMissed, job_id), item)?;
        }
        self.job_changed(job_id, at)
    }

    /// Returns the job where it is due as it was when it was looked at.
    pub(crate) fn still_due(&self, seen: &Job) -> Result<Option<Job>> {
        if self.job_is_removed(seen.id)? {
            return Ok(None);
        }
        let job = self.job(seen.id)?;
        let same = job.next_at == seen.next_at
            && job.schedule == seen.schedule
            && job.zone == seen.zone
            && job.state == seen.state;
        Ok(same.then_some(job))
    }

    /// Writes a row for a run that a person asked for, and returns it. It is due at the first
    /// moment from its own on that has no row and is not `taken`.
    ///
    /// # Errors
    /// [`Error::NotFound`] where its job was removed; [`Error::Conflict`] where another run is not
    /// over, and the job lets none stand beside it.
    pub fn write_by_hand(
        &mut self,
        mut run: Run,
        taken: impl Fn(Timestamp) -> bool,
    ) -> Result<Run> {
        let job = self.job(run.job_id)?;
        if self.job_is_removed(job.id)? {
            return Err(Error::not_found("job", job.id));
        }
        let open = self.open_runs_of(job.id)?;
        if job.policy.overlap != Overlap::Allow
            && let Some(other) = open.first()
        {
            let how = match other.state {
                RunState::Waiting => "is about to begin",
                _ => "is under way",
            };
            return Err(Error::Conflict(format!(
                "a run of `{}` {how}, due at {}: wait for its end, or interrupt it",
                job.name, other.due_at
            )));
        }
        while taken(run.due_at) || self.run(job.id, run.due_at)?.is_some() {
            run.due_at = run.due_at.plus_millis(1);
        }
        self.write_run(&run)?;
        self.newest(run.job_id, run.due_at, run.written_at)?;
        Ok(run)
    }

    fn write_run(&mut self, run: &Run) -> Result<bool> {
        let written = self
            .prepare(&format!(
                "INSERT INTO ledger ({COLUMNS})
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
                 ON CONFLICT (job_id, due_at) DO UPDATE SET state = excluded.state,
                     reason = excluded.reason, claim_at = excluded.claim_at,
                     finished_at = excluded.finished_at
                 WHERE state = 'missed' AND excluded.state <> 'missed'"
            ))?
            .execute(params![
                Key(run.job_id),
                Millis(run.due_at),
                Word(run.state),
                run.reason,
                run.by_hand,
                run.attempts,
                Millis(run.written_at),
                run.claim_at.map(Millis),
                run.started_at.map(Millis),
                run.finished_at.map(Millis),
                run.session_id.map(Key),
                run.message_id.map(Key),
                run.turn_id.map(Key),
            ])?;
        Ok(written > 0)
    }

    /// Claims a row that waits: from now on its run is under way. Returns `None` where it waits no
    /// longer.
    pub fn claim_run(
        &mut self,
        (job_id, due_at): (JobId, Timestamp),
        session_id: Option<SessionId>,
        message_id: Option<MessageId>,
        reason: &str,
        at: Timestamp,
    ) -> Result<Option<Run>> {
        let Some(mut run) = self.run(job_id, due_at)? else {
            return Ok(None);
        };
        if run.state != RunState::Waiting || self.job_is_removed(job_id)? {
            return Ok(None);
        }
        run.state = RunState::Running;
        run.claim_at = None;
        run.started_at = Some(at);
        run.attempts = run.attempts.saturating_add(1);
        run.session_id = session_id;
        run.message_id = message_id;
        run.turn_id = None;
        if run.reason.is_empty() {
            run.reason = reason.to_owned();
        }
        self.put_run(&run)?;
        self.newest(job_id, due_at, at)?;
        Ok(Some(run))
    }

    /// Says why a row that may begin still waits, where nothing is said of it yet.
    pub fn hold_run(
        &mut self,
        (job_id, due_at): (JobId, Timestamp),
        reason: &str,
        at: Timestamp,
    ) -> Result<()> {
        let Some(mut run) = self.run(job_id, due_at)? else {
            return Ok(());
        };
        if run.state != RunState::Waiting || !run.reason.is_empty() {
            return Ok(());
        }
        reason.clone_into(&mut run.reason);
        self.put_run(&run)?;
        self.job_changed(job_id, at)
    }

    /// Carries out a run that is one row: a reminder. `late` says how late it is, `due` when it
    /// was due as people say it.
    ///
    /// The claim, the item and the end are one transaction, so it is there once or not at all. A
    /// job has one item that waits, however often it is due until somebody sees to it; where that
    /// one is snoozed, it stays so.
    pub fn remind(
        &mut self,
        (job_id, due_at): (JobId, Timestamp),
        (late, due): (&str, &str),
        at: Timestamp,
    ) -> Result<()> {
        let Some(run) = self.claim_run((job_id, due_at), None, None, "", at)? else {
            return Ok(());
        };
        let job = self.job(job_id)?;
        if let Action::Remind { text, priority } = &job.action {
            let subject = of_reminder(job_id);
            let old = self.attended(&subject)?;
            let since = old.as_ref().map_or(at, |old| old.at);
            let often = match &old {
                Some(_) => {
                    let times = self.begun_since(job_id, since)?.max(2);
                    format!("due {times} times, last {due}")
                }
                None => String::new(),
            };
            let late_why = match (late, run.reason.as_str()) {
                ("", _) => String::new(),
                (late, "") => late.to_owned(),
                (late, reason) => format!("{late}: {reason}"),
            };
            let detail = match (often.as_str(), late_why.as_str()) {
                (often, "") => often.to_owned(),
                ("", late) => late.to_owned(),
                (often, late) => format!("{often}, {late}"),
            };
            let item = Item {
                due_at: (!late.is_empty()).then_some(due_at),
                session_id: job.session_id,
                at: since,
                ..about(&job, Kind::Reminder, *priority, text.clone(), detail, at)
            };
            let snoozed = old.is_some_and(|old| matches!(old.state, ItemState::Snoozed { .. }));
            match snoozed {
                true => self.reword_attention(&subject, item).map(drop)?,
                false => self.attend(&subject, item)?,
            }
        }
        self.close_run(run, RunEnd::Done, at)
    }

    /// Returns how many rows of a job began since a moment.
    fn begun_since(&self, job_id: JobId, at: Timestamp) -> Result<u64> {
        Ok(self
            .prepare("SELECT count(*) FROM ledger WHERE job_id = ?1 AND started_at >= ?2")?
            .query_row(params![Key(job_id), Millis(at)], |row| row.get(0))?)
    }

    /// The message of a run began its turn.
    pub(crate) fn run_begun(&mut self, turn: &Turn) -> Result<()> {
        let Some(message_id) = turn.message_id else {
            return Ok(());
        };
        let Some(mut run) = self.run_of_message(message_id)? else {
            return Ok(());
        };
        run.turn_id = Some(turn.id);
        self.put_run(&run)?;
        self.newest(run.job_id, run.due_at, turn.started_at)
    }

    /// What a job would still do about times up to now is left out: rows that wait, and a due time
    /// that has no row yet.
    pub fn leave_out(&mut self, id: JobId, reason: &str, at: Timestamp) -> Result<()> {
        self.skip_waiting(id, reason, at)?;
        let Some(due_at) = self.job(id)?.next_at.filter(|due_at| *due_at <= at) else {
            return Ok(());
        };
        self.write_run(&Run {
            job_id: id,
            due_at,
            state: RunState::Skipped,
            reason: reason.to_owned(),
            by_hand: false,
            attempts: 0,
            written_at: at,
            claim_at: None,
            started_at: None,
            finished_at: Some(at),
            session_id: None,
            message_id: None,
            turn_id: None,
        })
        .map(drop)
    }

    /// What waits of a job is left out.
    pub fn skip_waiting(&mut self, id: JobId, reason: &str, at: Timestamp) -> Result<()> {
        let waiting = self.runs_where("job_id = ?1 AND state = 'waiting'", [Key(id)])?;
        for mut run in waiting {
            run.state = RunState::Skipped;
            run.claim_at = None;
            run.finished_at = Some(at);
            run.reason = reason.to_owned();
            self.put_run(&run)?;
        }
        Ok(())
    }

    /// Removes a bite of the rows that were due before `before` and are over, and of the jobs
    /// that are done or removed and have no rows any more; returns how many.
    pub fn prune_ledger(&mut self, before: Timestamp) -> Result<u64> {
        let removed = self
            .prepare(
                "DELETE FROM ledger WHERE (job_id, due_at) IN (
                     SELECT job_id, due_at FROM ledger
                     WHERE due_at < ?1 AND state NOT IN ('waiting', 'running')
                     ORDER BY due_at LIMIT ?2)",
            )?
            .execute(params![Millis(before), upkeep::BITE])?;
        if removed > 0 {
            self.prepare(
                "INSERT INTO kept_since (what, at) VALUES ('ledger', ?1)
                 ON CONFLICT (what) DO UPDATE SET at = max(at, ?1)",
            )?
            .execute([Millis(before)])?;
        }
        let ended: Vec<JobId> = {
            let mut query = self.prepare(
                "SELECT id FROM jobs WHERE next_at IS NULL AND updated_at < ?1
                     AND (removed_at IS NOT NULL OR state ->> 'state' = 'done')
                     AND NOT EXISTS (SELECT 1 FROM ledger WHERE job_id = jobs.id)
                 LIMIT ?2",
            )?;
            let ids = query.query_map(params![Millis(before), upkeep::BITE], |row| id(row, 0))?;
            ids.collect::<rusqlite::Result<_>>()?
        };
        for id in &ended {
            if !self.job_is_removed(*id)? {
                self.drop_job(*id, before)?;
            }
            self.prepare("DELETE FROM jobs WHERE id = ?1")?
                .execute([Key(*id)])?;
        }
        Ok(removed as u64 + ended.len() as u64)
    }

    fn put_run(&mut self, run: &Run) -> Result<()> {
        self.prepare(
            "UPDATE ledger SET state = ?3, reason = ?4, attempts = ?5, claim_at = ?6,
                 started_at = ?7, finished_at = ?8, session_id = ?9, message_id = ?10,
                 turn_id = ?11
             WHERE job_id = ?1 AND due_at = ?2",
        )?
        .execute(params![
            Key(run.job_id),
            Millis(run.due_at),
            Word(run.state),
            run.reason,
            run.attempts,
            run.claim_at.map(Millis),
            run.started_at.map(Millis),
            run.finished_at.map(Millis),
            run.session_id.map(Key),
            run.message_id.map(Key),
            run.turn_id.map(Key),
        ])?;
        Ok(())
    }

    /// A row of a job changed: it is the one that is told with the job.
    fn newest(&mut self, id: JobId, due_at: Timestamp, at: Timestamp) -> Result<()> {
        self.prepare(
            "UPDATE jobs SET last_due = ?2, updated_at = max(updated_at, ?3) WHERE id = ?1",
        )?
        .execute(params![Key(id), Millis(due_at), Millis(at)])?;
        self.job_changed(id, at)
    }
}

fn about(
    job: &Job,
    kind: Kind,
    priority: Priority,
    title: String,
    detail: String,
    at: Timestamp,
) -> Item {
    Item {
        job_id: Some(job.id),
        ..plain(kind, priority, title, detail, at)
    }
}
