//! The scheduler: when jobs are due, and that each due time has its row in the ledger.
//!
//! Owns: the one timer. It sleeps until the next due time, the next claim or the next item that
//! is to be told again, and wakes when one of them changed. A row is written before its run is
//! claimed, so whatever happens in between, the next round, or the next daemon, goes on from it.

mod begin;
pub(crate) mod charge;
mod due;
pub(crate) mod edit;
pub(crate) mod make;
mod places;
pub(crate) mod schedule;
pub(crate) mod why;

use std::sync::Arc;

use smartopol_protocol::job::{Job, Run};
use smartopol_protocol::turn::TurnState;
use smartopol_protocol::{Event, News, Timestamp};
use smartopol_store::{Lapse, Result};
use tokio::sync::Notify;

use crate::House;
use due::Look;
use schedule::Times;

/// How many jobs one transaction writes rows for, and how many rows it writes at most.
const JOBS: u32 = 200;
const ROWS: usize = 500;

/// How long a store that failed is left alone, in milliseconds.
const TRY_AGAIN: i64 = 5_000;

/// How far a clock may go back without anything being looked at anew, in milliseconds.
const JITTER: u64 = 1_000;

const DAY: i64 = 24 * 3_600_000;

/// The way to wake the scheduler.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scheduler {
    changed: Arc<Notify>,
}

impl Scheduler {
    /// Looks at what was just stored: some of it means that there is something to do.
    pub(crate) fn heard(&self, facts: &[Event]) {
        let matters = |event: &Event| {
            match &event.news {
                News::JobChanged(_) | News::JobRemoved(_) | News::AttentionChanged(_) => true,
                // A run that waits for a person makes room for another.
                News::TurnChanged(turn) => turn.state == TurnState::Waiting,
                _ => false,
            }
        };
        if facts.iter().any(matters) {
            self.changed.notify_one();
        }
    }

    /// Keeps the times until the daemon stops.
    pub(crate) async fn run(house: House) {
        let stop = house.supervisor.stopping().clone();
        if let Err(err) = begin::take_up(&house).await {
            tracing::warn!("runs of jobs could not be taken up: {err}");
        }
        if let Err(err) = places::take_up(&house).await {
            tracing::warn!("notices of reminders could not be taken up: {err}");
        }
        let mut since = house.clock.now();
        loop {
            let now = house.clock.now();
            let next = match round(&house, since, now).await {
                Ok(next) => next,
                Err(smartopol_store::Error::Closed) => return,
                Err(err) => {
                    tracing::warn!("the scheduler could not use the database: {err}");
                    Some(now.plus_millis(TRY_AGAIN))
                }
            };
            since = now;
            let next = next.unwrap_or(Timestamp::from_millis(i64::MAX));
            tokio::select! {
                () = stop.cancelled() => return,
                () = house.scheduler.changed.notified() => {}
                () = house.clock.between(since, next) => {}
            }
        }
    }
}

/// Does all that is due, and returns when something is due next.
async fn round(house: &House, since: Timestamp, now: Timestamp) -> Result<Option<Timestamp>> {
    if since.millis_since(now) > JITTER {
        set_back(house, now).await?;
    }
    write_due(house, now).await?;
    places::tell_again(house, now).await?;
    begin::claim(house, now).await?;
    house
        .store
        .read(move |r| {
            let next = [r.next_due()?, r.next_claim(now)?, r.next_attention()?];
            Ok(next.into_iter().flatten().min())
        })
        .await
}

/// Writes the rows of all due times up to now.
pub(super) async fn write_due(house: &House, now: Timestamp) -> Result<()> {
    let mut slots = 0;
    loop {
        let jobs = house.store.read(move |r| r.due_jobs(now, JOBS)).await?;
        if jobs.is_empty() {
            return Ok(());
        }
        let mut small = Vec::new();
        for job in jobs {
            let rows = due_rows(house, &job, now, &mut slots);
            if rows.rows.len() <= ROWS {
                small.push((job, rows));
                continue;
            }
            let mut seen = job;
            // Many: in steps, each of which says where the next goes on.
            let mut chunks = rows.rows.chunks(ROWS).peekable();
            while let Some(chunk) = chunks.next() {
                let chunk: Vec<Run> = chunk.to_vec();
                let rest = chunks.peek().and_then(|rest| rest.first());
                let (next, lapse) = match rest {
                    Some(run) => (Some(run.due_at), Lapse::default()),
                    None => (rows.next, rows.lapse.clone()),
                };
                let before = seen.clone();
                house
                    .store
                    .write(move |w| w.write_due(&before, &chunk, next, &lapse))
                    .await?;
                seen.next_at = next;
            }
        }
        house
            .store
            .write(move |w| {
                small
                    .iter()
                    .try_for_each(|(job, due)| w.write_due(job, &due.rows, due.next, &due.lapse))
            })
            .await?;
    }
}

fn due_rows(house: &House, job: &Job, now: Timestamp, slots: &mut u32) -> due::Rows {
    let times = match Times::new(&job.schedule, &job.zone, job.created_at) {
        Ok(times) => times,
        Err(why) => {
            // It was understood when it was made: the tz database has lost its zone.
            tracing::error!(job = job.name, "a job's schedule is not understood: {why}");
            return due::Rows::default();
        }
    };
    let keep = i64::from(house.config.retention.ledger_days) * DAY;
    let look = Look {
        job,
        times: &times,
        now,
        up_since: house.facts.started_at,
        keep_from: now.plus_millis(-keep),
    };
    let stagger = i64::from(house.config.jobs.stagger_seconds) * 1000;
    look.rows(|| {
        *slots += 1;
        now.plus_millis(i64::from(*slots - 1).saturating_mul(stagger))
    })
}

/// The clock was set back: what is due between now and the next known time comes again, but for
/// times that have their row.
async fn set_back(house: &House, now: Timestamp) -> Result<()> {
    tracing::info!("the clock was set back: the next due times are looked for again");
    let jobs = house.store.read(move |r| r.jobs_due_after(now)).await?;
    for job in jobs {
        let Ok(times) = Times::new(&job.schedule, &job.zone, job.created_at) else {
            continue;
        };
        let (id, known) = (job.id, job.next_at);
        let next = house
            .store
            .read(move |r| {
                // What is due in this very moment too.
                let mut next = times.after(now.plus_millis(-1));
                while let Some(due) = next
                    && known.is_none_or(|known| due < known)
                    && r.has_run(id, due)?
                {
                    next = times.after(due);
                }
                Ok(next)
            })
            .await?;
        if let Some(next) = next.filter(|next| Some(*next) != known) {
            house.store.write(move |w| w.set_next(&job, next)).await?;
        }
    }
    Ok(())
}
