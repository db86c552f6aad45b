//! Beginning runs: claiming rows of the ledger, and handing over what their jobs say.
//!
//! Owns: whether a run may begin now, and that it begins once. A claim fixes the message that a
//! run says; saying it twice changes nothing, so after a crash it is simply said again.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::Duration;

use smartopol_protocol::job::{Action, Job, Overlap, Run, RunState};
use smartopol_protocol::message::{Level, Message, Part, Role};
use smartopol_protocol::session::Create;
use smartopol_protocol::{Code, Fault, JobId, MessageId, SessionId, Timestamp};
use smartopol_store::{IN_TIME_MS, Result, RunEnd, Writer};

use super::schedule::{self, late};
use super::{charge, make};
use crate::House;
use crate::session::Cmd;

/// How many rows are looked at in one go.
const GO: u32 = 10_000;

/// How many reminders one transaction tells.
const TOGETHER: usize = 200;

/// How long a session may take to take a message.
const SOON: Duration = Duration::from_secs(10);

/// How long a session that has too much to do is left alone, in milliseconds.
const BUSY: i64 = 2_000;

/// Begins the runs that may begin.
pub(super) async fn claim(house: &House, now: Timestamp) -> Result<()> {
    let most = usize::try_from(house.config.jobs.at_once).unwrap_or(usize::MAX);
    let (waiting, running, busy_runs, jobs) = house
        .store
        .read(move |r| {
            let waiting = r.waiting_runs(now, GO)?;
            let mut jobs = HashMap::new();
            for run in &waiting {
                if let Entry::Vacant(place) = jobs.entry(run.job_id) {
                    place.insert(r.job(run.job_id)?);
                }
            }
            Ok((waiting, r.running_runs()?, r.busy_runs()?, jobs))
        })
        .await?;
    // One that waits for a person holds up nobody else.
    let mut turns = usize::try_from(busy_runs).unwrap_or(usize::MAX);
    let (mut reminders, mut held) = (Vec::new(), Vec::new());
    let mut busy: HashMap<JobId, Timestamp> =
        running.iter().map(|run| (run.job_id, run.due_at)).collect();
    let all = waiting.len();
    for run in waiting {
        let id = run.job_id;
        let Some(job) = jobs.get(&id) else { continue };
        if let Some(before) = busy.get(&id) {
            match job.policy.overlap {
                Overlap::Allow => {}
                Overlap::Skip if !run.by_hand => {
                    let zone = zone_of(job);
                    let before = schedule::local(*before, &zone);
                    let reason = format!("the run of {before} was not over");
                    end(house, &run, RunEnd::Skipped(reason), now).await?;
                    continue;
                }
                // What a person asked for waits, and is not left out.
                Overlap::Skip | Overlap::Queue => {
                    held.push(run);
                    continue;
                }
            }
        }
        if job.action.is_turn() && turns >= most && !run.by_hand {
            held.push(run);
            continue;
        }
        if let Err(why) = make::holds(house, job).await {
            end(house, &run, RunEnd::Blocked(why), now).await?;
            continue;
        }
        if matches!(job.action, Action::Remind { .. }) {
            let due = schedule::local(run.due_at, &zone_of(job));
            reminders.push((run, due));
            continue;
        }
        if begin(house, job, &run, now).await? {
            turns += 1;
            busy.insert(id, run.due_at);
        }
    }
    held.retain(|run| run.reason.is_empty());
    if !held.is_empty() {
        let hold = move |w: &mut Writer<'_>| {
            held.iter().try_for_each(|run| {
                let key = (run.job_id, run.due_at);
                w.hold_run(key, "others had to end before it", now)
            })
        };
        house.store.write(hold).await?;
    }
    let reminded = reminders.len();
    let up_since = house.facts.started_at;
    while !reminders.is_empty() {
        let some: Vec<_> = reminders.drain(..reminders.len().min(TOGETHER)).collect();
        house
            .store
            .write(move |w| {
                some.iter().try_for_each(|(run, due)| {
                    let key = (run.job_id, run.due_at);
                    let told = late(run.due_at, now, IN_TIME_MS);
                    let why = delayed(run.due_at, up_since, now);
                    if !why.is_empty() {
                        w.hold_run(key, why, now)?;
                    }
                    w.remind(key, (&told, due), now)
                })
            })
            .await?;
    }
    // Where all of them were reminders, there may be more behind them.
    if reminded == GO as usize && all == reminded {
        Box::pin(claim(house, now)).await?;
    }
    Ok(())
}

/// Returns why a run that had to wait for nobody begins later than it was due; empty where it does
/// not.
fn delayed(due_at: Timestamp, up_since: Timestamp, now: Timestamp) -> &'static str {
    match now.millis_since(due_at) {
        _ if due_at < up_since => "the daemon was not running",
        ms if ms > IN_TIME_MS => "the machine slept or was busy",
        _ => "",
    }
}

fn zone_of(job: &Job) -> jiff::tz::TimeZone {
    schedule::zone(&job.zone).map_or(jiff::tz::TimeZone::UTC, |(_, zone)| zone)
}

async fn end(house: &House, run: &Run, end: RunEnd, at: Timestamp) -> Result<()> {
    let key = (run.job_id, run.due_at);
    house.store.write(move |w| w.end_run(key, end, at)).await
}

/// Claims a row and hands over what its job says; returns false where it waits no longer.
async fn begin(house: &House, job: &Job, run: &Run, now: Timestamp) -> Result<bool> {
    let key = (run.job_id, run.due_at);
    let (own, workspace, mode) = (job.session_id, job.workspace.clone(), job.frozen.mode);
    let kept = run.session_id;
    let owner = house.users.acting(&job.frozen.user, None).id;
    let name = match run.by_hand {
        true => format!("{} by hand", job.name),
        false => job.name.clone(),
    };
    let short: String = name.chars().take(40).collect();
    let (short, stamp) = (short.trim().to_owned(), schedule::local(now, &zone_of(job)));
    let waited = delayed(run.due_at, house.facts.started_at, now);
    let claimed = house
        .store
        .write(move |w| {
            let row = w.run(key.0, key.1)?;
            if row.is_none_or(|run| run.state != RunState::Waiting) || w.job_is_removed(key.0)? {
                return Ok(None);
            }
            let session_id = match own.or(kept) {
                Some(id) => id,
                None => {
                    let id = SessionId::new();
                    // To the minute, and where that is taken, to the second.
                    let named = [20, 23].map(|end| {
                        let stamp = stamp.get(4..end).unwrap_or_default();
                        format!("{short} {stamp}")
                    });
                    let mut name = None;
                    for wanted in named {
                        if name.is_none() && !w.has_session_named(&wanted, owner)? {
                            name = Some(wanted);
                        }
                    }
                    let create = Create {
                        name,
                        mode: Some(mode),
                        ..Create::in_folder(workspace)
                    };
                    w.create_session(id, Some(owner), &create, now)?;
                    id
                }
            };
            w.claim_run(key, Some(session_id), Some(MessageId::new()), waited, now)
        })
        .await?;
    let Some(run) = claimed else {
        return Ok(false);
    };
    hand_over(house, job, run);
    Ok(true)
}

/// Takes up runs that were claimed by a daemon that is gone.
pub(super) async fn take_up(house: &House) -> Result<()> {
    let running = house.store.read(|r| r.running_runs()).await?;
    for run in running {
        let id = run.job_id;
        let job = house.store.read(move |r| r.job(id)).await?;
        hand_over(house, &job, run);
    }
    Ok(())
}

/// Says what a job says in its session, until the session has heard it.
fn hand_over(house: &House, job: &Job, run: Run) {
    let (Some(session_id), Some(message_id)) = (run.session_id, run.message_id) else {
        return;
    };
    let message = message(job, &run, session_id, message_id);
    say(house, message, Some(run));
}

/// Says a message in its session, until the session has heard it.
pub(super) fn say(house: &House, message: Message, run: Option<Run>) {
    let own = house.clone();
    house.supervisor.spawn("run", async move {
        let stop = own.supervisor.stopping().clone();
        let id = message.session_id;
        loop {
            let said = match message.role {
                Role::System => {
                    let notice = |reply| Cmd::Notice(Box::new(message.clone()), reply);
                    own.router.ask(&own, id, SOON, notice).await
                }
                _ => {
                    let words = |reply| Cmd::Say(Box::new(message.clone()), reply);
                    own.router.ask(&own, id, SOON, words).await.map(drop)
                }
            };
            let fault = match said {
                Ok(()) => return,
                Err(fault) => fault,
            };
            if !matches!(fault.code, Code::Busy | Code::Unavailable | Code::Conflict) {
                return failed(&own, run, fault).await;
            }
            let again = own.clock.now().plus_millis(BUSY);
            tokio::select! {
                // What was claimed stays claimed: the next daemon takes it up.
                () = stop.cancelled() => return,
                () = own.clock.until(again) => {}
            }
        }
    });
}

async fn failed(house: &House, run: Option<Run>, fault: Fault) {
    let Some(run) = run else {
        tracing::warn!("a person could not be told of a reminder: {fault}");
        return;
    };
    let how = match fault.code {
        Code::NotFound => RunEnd::Blocked("its session is not there any more".into()),
        _ => RunEnd::Failed(fault.message, true),
    };
    if let Err(err) = end(house, &run, how, house.clock.now()).await {
        tracing::warn!(job = %run.job_id, "a run could not be ended: {err}");
    }
}

fn message(job: &Job, run: &Run, session_id: SessionId, message_id: MessageId) -> Message {
    let begun = run.started_at.unwrap_or(run.due_at);
    let told = late(run.due_at, begun, IN_TIME_MS);
    let prefix = match told.as_str() {
        "" => String::new(),
        told => format!(
            "(This job was due at {} and runs {told}: {}.)\n\n",
            schedule::local(run.due_at, &zone_of(job)),
            run.reason
        ),
    };
    let said = match &job.action {
        Action::Call { tool, .. } => format!("call: {tool}"),
        other => other.text().to_owned(),
    };
    let text = prefix + &said;
    let notice = matches!(job.action, Action::Message { .. });
    Message {
        id: message_id,
        session_id,
        turn_id: None,
        position: None,
        steer: false,
        role: if notice { Role::System } else { Role::User },
        parts: vec![match notice {
            true => Part::Notice {
                level: Level::Info,
                text,
            },
            false => Part::Text { text },
        }],
        peer: (!notice).then(|| charge::peer(job.id)),
        by: None,
        interrupted: false,
        created_at: begun,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_begins_at_once_has_no_reason_and_one_of_before_the_start_has_that() {
        let at = |second: i64| Timestamp::from_millis(1_790_000_000_000 + second * 1_000);
        let up_since = at(0);
        assert_eq!(delayed(at(10), up_since, at(11)), "");
        assert_eq!(
            delayed(at(-5), up_since, at(1)),
            "the daemon was not running"
        );
        assert_eq!(
            delayed(at(10), up_since, at(80)),
            "the machine slept or was busy"
        );
    }
}
