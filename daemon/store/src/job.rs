//! Jobs in the database.
//!
//! Owns: their rows and names, and when they are due next. What came of each due time is in
//! `ledger`.

use rusqlite::{OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use smartopol_protocol::attention::Kind;
use smartopol_protocol::attention::Resolution;
use smartopol_protocol::job::{Action, Frozen, Job, JobState, List, Listed, Policy, Schedule};
use smartopol_protocol::{JobId, News, Timestamp, UserId};

use crate::attention::of_job;
use crate::column::{Json, Key, Millis, id, json, maybe_id, maybe_time, range, time};
use crate::reader::bounded;
use crate::{Error, Reader, Result, Whose, Writer};

const COLUMNS: &str = "id, name, session_id, next_at, last_due, failures, created_at, updated_at, \
                       state, spec";

/// The longest name, in characters.
const NAME_MAX: usize = 64;

/// How many jobs a list has where nothing is said, and at most.
const LIST: (u32, u32) = (200, 1_000);

/// How many of the things that a key could mean are named.
const CANDIDATES: u32 = 5;

/// All of a job that no query asks for.
#[derive(Serialize, Deserialize)]
struct Spec {
    schedule: Schedule,
    when: String,
    zone: String,
    action: Action,
    #[serde(default)]
    workspace: String,
    frozen: Frozen,
    policy: Policy,
}

impl Reader<'_> {
    fn read_job(&self, row: &Row<'_>) -> Result<Job> {
        let spec: Spec = json(row, 9)?;
        let id: JobId = id(row, 0)?;
        let last = maybe_time(row, 4)?
            .map(|due_at| self.run(id, due_at))
            .transpose()?
            .flatten();
        Ok(Job {
            id,
            name: row.get(1)?,
            schedule: spec.schedule,
            when: spec.when,
            zone: spec.zone,
            action: spec.action,
            session_id: maybe_id(row, 2)?,
            workspace: spec.workspace,
            frozen: spec.frozen,
            policy: spec.policy,
            state: json(row, 8)?,
            next_at: maybe_time(row, 3)?,
            last,
            failures: row.get(5)?,
            created_at: time(row, 6)?,
            updated_at: time(row, 7)?,
        })
    }

    fn jobs_where(&self, sql: &str, params: impl rusqlite::Params) -> Result<Vec<Job>> {
        let mut query = self.prepare(&format!("SELECT {COLUMNS} FROM jobs {sql}"))?;
        let mut rows = query.query(params)?;
        let mut jobs = Vec::new();
        while let Some(row) = rows.next()? {
            jobs.push(self.read_job(row)?);
        }
        Ok(jobs)
    }

    /// Returns the job with this id, also a removed one.
    pub fn job(&self, id: JobId) -> Result<Job> {
        self.jobs_where("WHERE id = ?1", [Key(id)])?
            .pop()
            .ok_or_else(|| Error::not_found("job", id))
    }

    /// Returns true where the job was removed.
    pub fn job_is_removed(&self, id: JobId) -> Result<bool> {
        Ok(self
            .prepare("SELECT removed_at IS NOT NULL FROM jobs WHERE id = ?1")?
            .query_row([Key(id)], |row| row.get(0))
            .optional()?
            .unwrap_or(true))
    }

    /// Returns the job that `user` means among those of `whose`: by name, their own before those
    /// of others, by id, by the unique beginning of an id; removed ones only by their whole id, and
    /// only where `removed` too are meant. What is written as an id is looked for as one first.
    ///
    /// # Errors
    /// [`Error::NotFound`], also for what is not of `whose`; [`Error::Ambiguous`].
    pub fn find_job(&self, key: &str, user: UserId, whose: Whose, removed: bool) -> Result<Job> {
        let key = key.trim();
        let digits = key.strip_prefix(JobId::PREFIX);
        if let Some(digits) = digits
            && let Some(job) = self.job_by_id((key, digits), whose, removed)?
        {
            return Ok(job);
        }
        let named = format!(
            "WHERE name = ?1 AND removed_at IS NULL AND {} ORDER BY id LIMIT ?3",
            Whose::of_job("?2")
        );
        for user in [Some(user), whose.user] {
            let found = self.jobs_where(&named, params![key, user.map(Key), CANDIDATES])?;
            if let Some(job) = one_of(found, key)? {
                return Ok(job);
            }
        }
        let by_id = match digits {
            None => self.job_by_id((key, key), whose, removed)?,
            Some(_) => None,
        };
        by_id.ok_or_else(|| Error::not_found("job", key))
    }

    fn job_by_id(
        &self,
        (key, digits): (&str, &str),
        whose: Whose,
        removed: bool,
    ) -> Result<Option<Job>> {
        let (own, user) = (Whose::of_job("?2"), whose.user.map(Key));
        if removed && let Ok(id) = key.parse::<JobId>() {
            let found =
                self.jobs_where(&format!("WHERE id = ?1 AND {own}"), params![Key(id), user])?;
            return one_of(found, key);
        }
        let Some((low, high)) = range(digits) else {
            return Ok(None);
        };
        let found = self.jobs_where(
            &format!(
                "WHERE id BETWEEN ?1 AND ?3 AND removed_at IS NULL AND {own} ORDER BY id LIMIT ?4"
            ),
            params![low, user, high, CANDIDATES],
        )?;
        one_of(found, key)
    }

    /// Returns jobs that are not removed, in the order in which they were made.
    pub fn jobs(&self, list: &List) -> Result<Listed> {
        self.jobs_of(list, Whose::ALL)
    }

    /// Returns the same of what is somebody's to see.
    pub fn jobs_of(&self, list: &List, whose: Whose) -> Result<Listed> {
        let limit = bounded(list.limit, LIST);
        let after: i64 = match list.after {
            None => 0,
            Some(id) => self
                .prepare("SELECT number FROM jobs WHERE id = ?1")?
                .query_row([Key(id)], |row| row.get(0))
                .optional()?
                .ok_or_else(|| Error::not_found("job", id))?,
        };
        let mut jobs = self.jobs_where(
            &format!(
                "WHERE number > ?1 AND removed_at IS NULL AND {} ORDER BY number LIMIT ?2",
                Whose::of_job("?3")
            ),
            params![after, i64::from(limit) + 1, whose.user.map(Key)],
        )?;
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = jobs.len() > wanted;
        jobs.truncate(wanted);
        Ok(Listed { jobs, more })
    }

    /// Returns jobs that are due by now, those that were due first first.
    pub fn due_jobs(&self, now: Timestamp, limit: u32) -> Result<Vec<Job>> {
        self.jobs_where(
            "WHERE next_at <= ?1 ORDER BY next_at LIMIT ?2",
            params![Millis(now), limit],
        )
    }

    /// Returns the jobs that are due next, the earliest first.
    pub fn next_jobs(&self, limit: u32) -> Result<Vec<Job>> {
        self.next_jobs_of(limit, Whose::ALL)
    }

    /// Returns the same of what is somebody's to see.
    pub fn next_jobs_of(&self, limit: u32, whose: Whose) -> Result<Vec<Job>> {
        self.jobs_where(
            &format!(
                "WHERE next_at IS NOT NULL AND {} ORDER BY next_at LIMIT ?1",
                Whose::of_job("?2")
            ),
            params![limit, whose.user.map(Key)],
        )
    }

    /// Returns jobs that are due after a moment, and those whose last due time was after it.
    pub fn jobs_due_after(&self, at: Timestamp) -> Result<Vec<Job>> {
        self.jobs_where(
            "WHERE next_at > ?1
                 OR next_at IS NULL AND last_due > ?1 AND removed_at IS NULL
                     AND state ->> 'state' = 'done'",
            [Millis(at)],
        )
    }

    /// Returns when a job is due next.
    pub fn next_due(&self) -> Result<Option<Timestamp>> {
        let next: Option<Millis> = self
            .prepare("SELECT min(next_at) FROM jobs WHERE next_at IS NOT NULL")?
            .query_row((), |row| row.get(0))?;
        Ok(next.map(|at| at.0))
    }

    /// Returns how many of somebody's jobs have times to come, how many are paused, and how many
    /// of their runs are under way.
    pub fn job_counts(&self, whose: Whose) -> Result<(u64, u64, u64)> {
        let own = Whose::of_job("?1");
        Ok(self
            .prepare(&format!(
                "SELECT count(*) FILTER (WHERE state ->> 'state' = 'active'),
                        count(*) FILTER (WHERE state ->> 'state' = 'paused'),
                        (SELECT count(*) FROM ledger JOIN jobs ON jobs.id = job_id
                         WHERE ledger.state = 'running' AND {own})
                 FROM jobs WHERE removed_at IS NULL AND {own}"
            ))?
            .query_row([whose.user.map(Key)], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?)
    }

    /// Returns the job of somebody's that is due next, of those that are not paused.
    pub fn next_job(&self, whose: Whose) -> Result<Option<Job>> {
        let next = format!(
            "WHERE next_at IS NOT NULL AND state ->> 'state' = 'active' AND {}
             ORDER BY next_at LIMIT 1",
            Whose::of_job("?1")
        );
        Ok(self.jobs_where(&next, [whose.user.map(Key)])?.pop())
    }

    /// Returns how many jobs there are that will be due again.
    pub fn count_jobs(&self) -> Result<u64> {
        Ok(self
            .prepare("SELECT count(*) FROM jobs WHERE next_at IS NOT NULL")?
            .query_row((), |row| row.get(0))?)
    }

    /// Returns how many of a user's there are that will be due again.
    pub fn count_jobs_of(&self, user: UserId) -> Result<u64> {
        Ok(self
            .prepare(
                "SELECT count(*) FROM jobs WHERE next_at IS NOT NULL AND spec ->> '$.frozen.user' IN
                     (SELECT peer FROM peers WHERE user_id = ?1)",
            )?
            .query_row([Key(user)], |row| row.get(0))?)
    }

    /// Returns the job of this name that a peer made, or another peer of the same user.
    fn job_named(&self, name: &str, peer: &str) -> Result<Option<JobId>> {
        Ok(self
            .prepare(
                "SELECT id FROM jobs WHERE name = ?1 AND removed_at IS NULL
                     AND (spec ->> '$.frozen.user' = ?2 OR spec ->> '$.frozen.user' IN
                         (SELECT peer FROM peers WHERE user_id =
                             (SELECT user_id FROM peers WHERE peer = ?2)))
                 LIMIT 1",
            )?
            .query_row(params![name, peer], |row| id(row, 0))
            .optional()?)
    }
}

impl Writer<'_> {
    /// Stores a new job. Where its user has one of its name, and it was not chosen by a person, it
    /// gets a number.
    ///
    /// # Errors
    /// [`Error::Conflict`] where a person chose a name that they have; [`Error::Invalid`] for a
    /// name that is none.
    pub fn add_job(&mut self, mut job: Job, chosen: bool) -> Result<Job> {
        self.check_job_name(&job.name)?;
        if self.job_named(&job.name, &job.frozen.user)?.is_some() {
            if chosen {
                return Err(Error::Conflict(format!(
                    "there is already a job named `{}`: choose another name, or `smartopol jobs \
                     edit` that one",
                    job.name
                )));
            }
            job.name = numbered(&job);
        }
        let spec = spec(&job);
        self.prepare(
            "INSERT INTO jobs (id, name, session_id, next_at, failures, created_at, updated_at,
                 state, spec)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            Key(job.id),
            job.name,
            job.session_id.map(Key),
            job.next_at.map(Millis),
            job.failures,
            Millis(job.created_at),
            Millis(job.updated_at),
            Json(&job.state),
            Json(&spec),
        ])?;
        self.job_changed(job.id, job.updated_at)?;
        Ok(job)
    }

    /// Stores what a job is made of now.
    ///
    /// # Errors
    /// As [`Writer::add_job`]; [`Error::NotFound`] where it was removed.
    pub fn put_job(&mut self, job: &Job) -> Result<Job> {
        self.check_job_name(&job.name)?;
        if self.job_is_removed(job.id)? {
            return Err(Error::not_found("job", job.id));
        }
        // Peers that became one user's may have brought the same name along: it stays.
        let named = self.job(job.id)?.name == job.name;
        let other = self.job_named(&job.name, &job.frozen.user)?;
        if !named && other.is_some_and(|other| other != job.id) {
            return Err(Error::Conflict(format!(
                "there is already a job named `{}`: choose another name",
                job.name
            )));
        }
        let spec = spec(job);
        self.prepare(
            "UPDATE jobs SET name = ?2, session_id = ?3, next_at = ?4, failures = ?5,
                 updated_at = ?6, state = ?7, spec = ?8
             WHERE id = ?1",
        )?
        .execute(params![
            Key(job.id),
            job.name,
            job.session_id.map(Key),
            job.next_at.map(Millis),
            job.failures,
            Millis(job.updated_at),
            Json(&job.state),
            Json(&spec),
        ])?;
        if job.state == JobState::Active {
            let paused = of_job(Kind::JobPaused, job.id);
            self.settle_attention(&paused, Resolution::Gone, "", job.updated_at)?;
        }
        self.job_changed(job.id, job.updated_at)?;
        self.job(job.id)
    }

    /// Changes when a job is due next, where it is due as it was in `seen`; one that was done has
    /// times again.
    pub fn set_next(&mut self, seen: &Job, next_at: Timestamp) -> Result<()> {
        let Some(job) = self.still_due(seen)? else {
            return Ok(());
        };
        let state = match job.state {
            JobState::Done => JobState::Active,
            state => state,
        };
        self.prepare("UPDATE jobs SET next_at = ?2, state = ?3 WHERE id = ?1")?
            .execute(params![Key(seen.id), Millis(next_at), Json(&state)])?;
        let at = self.now();
        self.job_changed(seen.id, at)
    }

    /// Removes a job. What was to run of it does not, and what it reminded of waits no longer; its
    /// ledger stays.
    pub fn remove_job(&mut self, id: JobId, at: Timestamp) -> Result<()> {
        self.drop_job(id, at)?;
        self.settle_reminders(id, at)
    }

    /// Removes a job, but not what it reminded of: nobody has seen to that.
    pub(crate) fn drop_job(&mut self, id: JobId, at: Timestamp) -> Result<()> {
        if self.job_is_removed(id)? {
            return Err(Error::not_found("job", id));
        }
        self.leave_out(id, "the job was removed before it began", at)?;
        self.prepare("UPDATE jobs SET removed_at = ?2, next_at = NULL WHERE id = ?1")?
            .execute(params![Key(id), Millis(at)])?;
        for kind in [Kind::JobFailed, Kind::JobMissed, Kind::JobPaused] {
            self.settle_attention(&of_job(kind, id), Resolution::Gone, "", at)?;
        }
        self.tell_about(at, None, News::JobRemoved(id))
    }

    /// Tells that a job, or its newest row in the ledger, changed. Removed ones are told no more.
    pub(crate) fn job_changed(&mut self, id: JobId, at: Timestamp) -> Result<()> {
        if self.job_is_removed(id)? {
            return Ok(());
        }
        let job = self.job(id)?;
        self.tell_about(at, None, News::JobChanged(Box::new(job)))
    }

    /// The jobs of a user are about to be another's: those of a name that the other has get a
    /// number.
    pub(crate) fn part_job_names(&mut self, user: UserId, into: UserId) -> Result<()> {
        let (own, theirs) = (Whose::of_job("?1"), Whose::of_job("?2"));
        let clash = format!(
            "WHERE removed_at IS NULL AND {own} AND name IN
                 (SELECT name FROM jobs WHERE removed_at IS NULL AND {theirs})"
        );
        let at = self.now();
        for job in self.jobs_where(&clash, params![Key(user), Key(into)])? {
            self.prepare("UPDATE jobs SET name = ?2 WHERE id = ?1")?
                .execute(params![Key(job.id), numbered(&job)])?;
            self.job_changed(job.id, at)?;
        }
        Ok(())
    }

    fn check_job_name(&self, name: &str) -> Result<()> {
        let length = name.chars().count();
        if name.trim() != name || !(1..=NAME_MAX).contains(&length) {
            return Err(Error::Invalid(format!(
                "`name` is not a name: 1 to {NAME_MAX} characters, no space at its ends"
            )));
        }
        if name.chars().any(char::is_control) || name.starts_with(JobId::PREFIX) {
            return Err(Error::Invalid(
                "`name` may not hold control characters, nor begin with `job_`, as ids do".into(),
            ));
        }
        Ok(())
    }
}

/// Returns the only one of what a key could mean.
fn one_of(mut found: Vec<Job>, key: &str) -> Result<Option<Job>> {
    let Some(last) = found.pop() else {
        return Ok(None);
    };
    if found.is_empty() {
        return Ok(Some(last));
    }
    let told = |job: &Job| format!("{} ({} of {})", job.name, job.id, job.frozen.user);
    Err(Error::Ambiguous {
        what: "job",
        key: key.into(),
        candidates: found.iter().chain([&last]).map(told).collect(),
    })
}

/// Returns a name of a job with a number that no other has.
fn numbered(job: &Job) -> String {
    let id = job.id.to_string();
    let end = id.get(id.len().saturating_sub(6)..).unwrap_or_default();
    let short: String = job.name.chars().take(NAME_MAX - 7).collect();
    format!("{short}-{end}")
}

fn spec(job: &Job) -> Spec {
    Spec {
        schedule: job.schedule.clone(),
        when: job.when.clone(),
        zone: job.zone.clone(),
        action: job.action.clone(),
        workspace: job.workspace.clone(),
        frozen: job.frozen.clone(),
        policy: job.policy,
    }
}
