//! Changing jobs: by a person, or by the agent through its tools.
//!
//! Owns: what becomes of a job's next time and of what waits when it is changed, paused, taken up
//! again, run out of turn or removed.

use smartopol_protocol::job::{Job, JobState, Run, RunState, Spec};
use smartopol_protocol::{Code, Fault};

use super::make::{self, Author};
use super::schedule::Times;
use crate::House;

/// The longest reason of a pause, in bytes.
const REASON: usize = 1_024;

/// Stores a new job.
pub(crate) async fn add(house: &House, spec: Spec, author: &Author) -> Result<Job, Fault> {
    let chosen = spec.name.is_some();
    let job = make::job(house, spec, author).await?;
    Ok(house.store.write(move |w| w.add_job(job, chosen)).await?)
}

/// Returns the job that a person means.
pub(crate) async fn find(house: &House, key: &str, removed: bool) -> Result<Job, Fault> {
    let key = key.to_owned();
    Ok(house.store.read(move |r| r.find_job(&key, removed)).await?)
}

/// Makes a job anew under its id and, where no other is given, its name.
pub(crate) async fn change(
    house: &House,
    key: &str,
    mut spec: Spec,
    author: &Author,
) -> Result<Job, Fault> {
    let old = find(house, key, false).await?;
    spec.name = Some(spec.name.unwrap_or_else(|| old.name.clone()));
    let new = make::job(house, spec, author).await?;
    // What was due until now was due by the old schedule.
    super::write_due(house, new.updated_at).await?;
    let job = Job {
        id: old.id,
        created_at: old.created_at,
        ..new
    };
    Ok(house
        .store
        .write(move |w| {
            w.leave_out(
                job.id,
                "the job was changed before it began",
                job.updated_at,
            )?;
            w.put_job(&job)
        })
        .await?)
}

/// Lets a job rest.
pub(crate) async fn pause(house: &House, key: &str, reason: &str, by: &str) -> Result<Job, Fault> {
    if reason.len() > REASON {
        let told = format!(
            "`reason` has {} bytes, and {REASON} are the most",
            reason.len()
        );
        return Err(Fault::new(Code::TooLarge, told).hint("say it shorter"));
    }
    let mut job = find(house, key, false).await?;
    match &job.state {
        JobState::Active => {}
        JobState::Paused { at, .. } => {
            let told = format!("`{}` is paused since {at}", job.name);
            return Err(Fault::new(Code::Conflict, told));
        }
        JobState::Done => {
            let told = format!("`{}` is done: it has no more times", job.name);
            return Err(Fault::new(Code::Conflict, told));
        }
    }
    let at = house.clock.now();
    job.updated_at = at;
    job.state = JobState::Paused {
        at,
        reason: match house.redactor.known(reason).0.trim() {
            "" => format!("{by} paused it"),
            reason => reason.to_owned(),
        },
    };
    Ok(house
        .store
        .write(move |w| {
            w.skip_waiting(job.id, "the job was paused before it began", at)?;
            w.put_job(&job)
        })
        .await?)
}

/// Ends the rest of a job.
pub(crate) async fn resume(house: &House, key: &str) -> Result<Job, Fault> {
    let mut job = find(house, key, false).await?;
    if !matches!(job.state, JobState::Paused { .. }) {
        let told = format!("`{}` is not paused", job.name);
        return Err(Fault::new(Code::Conflict, told));
    }
    job.updated_at = house.clock.now();
    job.failures = 0;
    job.state = match job.next_at {
        Some(_) => JobState::Active,
        None => JobState::Done,
    };
    Ok(house.store.write(move |w| w.put_job(&job)).await?)
}

/// Runs a job out of turn.
pub(crate) async fn run_now(house: &House, key: &str, by: &str) -> Result<Run, Fault> {
    let job = find(house, key, false).await?;
    let (id, now) = (job.id, house.clock.now());
    let running = house.store.read(move |r| r.running_of(id)).await?;
    if let Some(run) = running.first() {
        let told = format!(
            "a run of `{}` is under way, due at {}",
            job.name, run.due_at
        );
        return Err(Fault::new(Code::Conflict, told).hint("wait for its end, or interrupt it"));
    }
    let times = Times::new(&job.schedule, &job.zone, job.created_at);
    // A due time of its own, so that the schedule's keeps its row.
    let mut due_at = now;
    while times
        .as_ref()
        .is_ok_and(|times| times.after(due_at.plus_millis(-1)) == Some(due_at))
        || house
            .store
            .read(move |r| r.run(id, due_at))
            .await?
            .is_some()
    {
        due_at = due_at.plus_millis(1);
    }
    let run = Run {
        job_id: id,
        due_at,
        state: RunState::Waiting,
        reason: format!("{by} ran it by hand"),
        by_hand: true,
        attempts: 0,
        written_at: now,
        claim_at: Some(now),
        started_at: None,
        finished_at: None,
        session_id: None,
        message_id: None,
        turn_id: None,
    };
    let kept = run.clone();
    house.store.write(move |w| w.write_by_hand(&kept)).await?;
    Ok(run)
}

/// Removes a job.
pub(crate) async fn remove(house: &House, key: &str) -> Result<Job, Fault> {
    let job = find(house, key, false).await?;
    let (id, at) = (job.id, house.clock.now());
    super::write_due(house, at).await?;
    house.store.write(move |w| w.remove_job(id, at)).await?;
    Ok(job)
}
