//! Changing jobs: by a person, or by the agent through its tools.
//!
//! Owns: what becomes of a job's next time and of what waits when it is changed, paused, taken up
//! again, run out of turn or removed.

use smartopol_protocol::job::{Job, JobState, Run, RunState, Spec};
use smartopol_protocol::user::{Capability, Role, User};
use smartopol_protocol::{Code, Fault, Timestamp};
use smartopol_store::Whose;

use super::charge::{ceiling, strictest};
use super::make::{self, Author};
use super::schedule::Times;
use crate::House;
use crate::toolbox;
use crate::users::rights;

/// The longest reason of a pause, in bytes.
const REASON: usize = 1_024;

/// Stores a new job.
pub(crate) async fn add(house: &House, spec: Spec, author: &Author) -> Result<Job, Fault> {
    let chosen = spec.name.is_some();
    let job = make::job(house, spec, author).await?;
    let user = house.users.acting(&author.peer, None);
    house
        .store
        .write(move |w| match make::full(w, &user)? {
            Some(fault) => Ok(Err(fault)),
            None => w.add_job(job, chosen).map(Ok),
        })
        .await?
}

/// Returns the job that would be stored; nothing is.
pub(crate) async fn check(house: &House, spec: Spec, author: &Author) -> Result<Job, Fault> {
    let job = make::job(house, spec, author).await?;
    let user = house.users.acting(&author.peer, None);
    match house.store.read(move |r| make::full(r, &user)).await? {
        Some(fault) => Err(fault),
        None => Ok(job),
    }
}

/// Returns the job that a user means, of those that are theirs to see.
pub(crate) async fn find(
    house: &House,
    user: &User,
    key: &str,
    removed: bool,
) -> Result<Job, Fault> {
    let (key, id) = (key.to_owned(), user.id);
    let whose = match user.role {
        Role::Admin => Whose::ALL,
        _ => Whose {
            user: Some(id),
            ..Whose::default()
        },
    };
    let find = move |r: &smartopol_store::Reader<'_>| r.find_job(&key, id, whose, removed);
    Ok(house.store.read(find).await?)
}

/// Returns a job as it would be made anew; nothing is stored. It stays its owner's, and gets no
/// more than both they and who changes it may give; one that rests goes on resting.
pub(crate) async fn changed(
    house: &House,
    (key, mut spec): (&str, Spec),
    author: &Author,
) -> Result<Job, Fault> {
    let editor = house.users.acting(&author.peer, None);
    let old = find(house, &editor, key, false).await?;
    spec.name = Some(spec.name.unwrap_or_else(|| old.name.clone()));
    keep_up(house, &mut spec, &old);
    let owner = make::owner(house, &old.frozen.user).map_err(|why| {
        Fault::new(Code::Conflict, why).hint("remove it, and make one of your own")
    })?;
    let theirs = owner.id == editor.id;
    let author = Author {
        peer: old.frozen.user.clone(),
        most: match theirs {
            true => author.most,
            false => strictest([author.most, ceiling(owner.role)]),
        },
        may_schedule: author.may_schedule && owner.role != Role::Child,
        ..author.clone()
    };
    let new = make::job(house, spec, &author).await?;
    if let Some(id) = new.session_id
        && !house.users.is_own(&editor, id)
    {
        rights::demand(&house.config.users.roles, &editor, Capability::SendToOthers)?;
    }
    Ok(Job {
        id: old.id,
        created_at: old.created_at,
        state: going_on(old.state),
        ..new
    })
}

/// Makes a job anew under its id and, where no other is given, its name.
pub(crate) async fn change(
    house: &House,
    wanted: (&str, Spec),
    author: &Author,
) -> Result<Job, Fault> {
    let mut job = changed(house, wanted, author).await?;
    let owner = house.users.acting(&job.frozen.user, None);
    // What was due until now was due by the old schedule.
    super::write_due(house, job.updated_at).await?;
    house
        .store
        .write(move |w| {
            let now = w.job(job.id)?;
            // One that was done counts again.
            if now.next_at.is_none()
                && let Some(fault) = make::full(w, &owner)?
            {
                return Ok(Err(fault));
            }
            job.state = going_on(now.state);
            let why = "the job was changed before it began";
            w.leave_out(job.id, why, job.updated_at)?;
            w.put_job(&job).map(Ok)
        })
        .await?
}

/// Returns where a job stands that is made anew.
fn going_on(state: JobState) -> JobState {
    match state {
        JobState::Paused { .. } => state,
        JobState::Active | JobState::Done => JobState::Active,
    }
}

/// Where a job keeps its tools, and gets or loses the right to make jobs, the tools for that come
/// or go.
fn keep_up(house: &House, spec: &mut Spec, old: &Job) {
    let may = spec.may_schedule;
    let Some(tools) = spec.tools.as_mut() else {
        return;
    };
    if *tools != old.frozen.tools || tools.is_empty() || may == old.frozen.may_schedule {
        return;
    }
    tools.retain(|name| !toolbox::schedules(name));
    if may {
        let all = house.specs.iter().map(|tool| &tool.name);
        tools.extend(all.filter(|name| toolbox::schedules(name)).cloned());
    }
}

/// Lets a job rest.
pub(crate) async fn pause(
    house: &House,
    (user, by): (&User, &str),
    key: &str,
    reason: &str,
) -> Result<Job, Fault> {
    if reason.len() > REASON {
        let told = format!(
            "`reason` has {} bytes, and {REASON} are the most",
            reason.len()
        );
        return Err(Fault::new(Code::TooLarge, told).hint("say it shorter"));
    }
    let mut job = find(house, user, key, false).await?;
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
        reason: house.redactor.known(reason).0.trim().to_owned(),
        by: by.to_owned(),
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
pub(crate) async fn resume(house: &House, user: &User, key: &str) -> Result<Job, Fault> {
    let mut job = find(house, user, key, false).await?;
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
pub(crate) async fn run_now(
    house: &House,
    (user, by): (&User, &str),
    key: &str,
) -> Result<Run, Fault> {
    let job = find(house, user, key, false).await?;
    let now = house.clock.now();
    let times = Times::new(&job.schedule, &job.zone, job.created_at);
    // A due time of its own, so that the schedule's keeps its row.
    let of_schedule = move |at: Timestamp| {
        times
            .as_ref()
            .is_ok_and(|times| times.after(at.plus_millis(-1)) == Some(at))
    };
    let run = Run {
        job_id: job.id,
        due_at: now,
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
    let write = move |w: &mut smartopol_store::Writer<'_>| w.write_by_hand(run, of_schedule);
    Ok(house.store.write(write).await?)
}

/// Removes a job.
pub(crate) async fn remove(house: &House, user: &User, key: &str) -> Result<Job, Fault> {
    let job = find(house, user, key, false).await?;
    let (id, at) = (job.id, house.clock.now());
    super::write_due(house, at).await?;
    house.store.write(move |w| w.remove_job(id, at)).await?;
    Ok(job)
}
