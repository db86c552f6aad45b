//! Jobs and their ledger: one row for a due time, one claim, one end.

mod reminders;
mod steps;

use smartopol_protocol::approval::Mode;
use smartopol_protocol::attention::{self, Item, Kind, Priority};
use smartopol_protocol::job::{Action, Frozen, Job, JobState, Policy, Run, RunState, Schedule};
use smartopol_protocol::turn::Outcome;
use smartopol_protocol::{JobId, News, Timestamp};
use smartopol_store::{Lapse, RunEnd, Store};

use crate::house::{House, at, finished, turn, user};

/// A job that is due every minute from `at(60)` on.
pub fn job(name: &str, action: Action) -> Job {
    Job {
        id: JobId::new(),
        name: name.into(),
        schedule: Schedule::Every {
            seconds: 60,
            from: Some(at(0)),
        },
        when: "every 1 min".into(),
        zone: "UTC".into(),
        action,
        session_id: None,
        workspace: "/home/ada/build".into(),
        frozen: Frozen {
            user: "cli:1000".into(),
            mode: Mode::Ask,
            ..Frozen::default()
        },
        policy: Policy {
            retries: 1,
            pause_after: 3,
            ..Policy::default()
        },
        state: JobState::Active,
        next_at: Some(at(60)),
        last: None,
        failures: 0,
        created_at: at(0),
        updated_at: at(0),
    }
}

pub fn prompt() -> Action {
    Action::Prompt {
        text: "tidy".into(),
    }
}

pub fn remind() -> Action {
    Action::Remind {
        text: "tea".into(),
        priority: Priority::High,
    }
}

pub fn row(job: &Job, due_at: Timestamp, state: RunState) -> Run {
    Run {
        job_id: job.id,
        due_at,
        state,
        reason: String::new(),
        by_hand: false,
        attempts: 0,
        written_at: due_at,
        claim_at: (state == RunState::Waiting).then_some(due_at),
        started_at: None,
        finished_at: state.is_over().then_some(due_at),
        session_id: None,
        message_id: None,
        turn_id: None,
    }
}

pub async fn added(store: &Store, job: &Job) -> Job {
    let job = job.clone();
    store.write(move |w| w.add_job(job, true)).await.unwrap()
}

/// Writes the row of a due time, and the next as the next time.
pub async fn due(store: &Store, job: &Job, due_at: Timestamp, state: RunState) {
    let run = row(job, due_at, state);
    store
        .write(move |w| {
            let job = w.job(run.job_id)?;
            w.write_due(
                &job,
                std::slice::from_ref(&run),
                Some(due_at.plus_millis(60_000)),
                &Lapse::default(),
            )
        })
        .await
        .unwrap();
}

/// Every due time before the next has its row, and no other has.
pub async fn no_gap(store: &Store) {
    let jobs = store
        .read(|r| r.jobs(&Default::default()))
        .await
        .unwrap()
        .jobs;
    for job in jobs {
        let id = job.id;
        let (runs, _) = store
            .read(move |r| r.history(id, None, 1_000))
            .await
            .unwrap();
        let rows: Vec<Timestamp> = runs.iter().map(|run| run.due_at).collect();
        let next = job.next_at.unwrap();
        let due: Vec<Timestamp> = (1..)
            .map(|minute| at(minute * 60))
            .take_while(|due| *due < next)
            .collect();
        assert_eq!(rows, due, "{}", job.name);
    }
}

/// What a row says was done, was done once, and nothing else was.
pub async fn once(store: &Store) {
    let all = attention::List {
        all: true,
        limit: 1_000,
        ..attention::List::default()
    };
    let (jobs, items) = store
        .read(move |r| Ok((r.jobs(&Default::default())?.jobs, r.attention(&all)?.items)))
        .await
        .unwrap();
    for job in jobs {
        let id = job.id;
        let (runs, _) = store
            .read(move |r| r.history(id, None, 1_000))
            .await
            .unwrap();
        let reminds = matches!(job.action, Action::Remind { .. });
        let told = items.iter().filter(|item| item.job_id == Some(id));
        let told = told.filter(|item| item.kind == Kind::Reminder).count();
        let ran = runs.iter().filter(|run| run.state == RunState::Ran).count();
        // What nobody has seen to is one item, however often it was due.
        assert_eq!(told > 0, reminds && ran > 0, "{runs:?}");
        assert!(told <= ran, "{runs:?}");
        for run in runs {
            // A claim fixes what is said, and it is said at most once: its id is its own.
            assert_eq!(run.message_id.is_some(), run.attempts > 0 && !reminds);
            assert!(run.attempts <= 1, "{run:?}");
            let untried = matches!(run.state, RunState::Waiting | RunState::Skipped);
            assert_eq!(untried, run.attempts == 0, "{run:?}");
            if let Some(id) = run.message_id {
                let said = store.read(move |r| r.message(id)).await.is_ok();
                assert!(said || run.state == RunState::Running, "{run:?}");
            }
        }
    }
}

async fn open_items(store: &Store) -> Vec<Item> {
    let list = attention::List::default();
    store.read(move |r| r.attention(&list)).await.unwrap().items
}

#[tokio::test]
async fn a_due_time_has_one_row_and_one_claim_however_many_want_it() {
    let house = House::new();
    let job = added(&house.store, &job("tidy", prompt())).await;
    due(&house.store, &job, at(60), RunState::Waiting).await;
    // Written again, as after a crash: it changes nothing.
    due(&house.store, &job, at(60), RunState::Skipped).await;
    let mut claims = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let (store, id) = (house.store.clone(), job.id);
        claims.spawn(async move {
            let claim = move |w: &mut smartopol_store::Writer<'_>| {
                w.claim_run((id, at(60)), None, None, "", at(61))
            };
            store.write(claim).await.unwrap()
        });
    }
    let won = claims.join_all().await.into_iter().flatten().count();
    assert_eq!(won, 1);
    let id = job.id;
    let run = house
        .store
        .read(move |r| r.run(id, at(60)))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((run.state, run.attempts), (RunState::Running, 1));
    no_gap(&house.store).await;
    house.sound().await;
}

#[tokio::test]
async fn the_end_of_a_turn_ends_its_run_in_the_same_commit() {
    let house = House::new();
    let session = house.session().await;
    let job = added(&house.store, &job("tidy", prompt())).await;
    let id = job.id;
    for (minute, outcome, state) in [
        (1, Outcome::Done, RunState::Ran),
        (2, Outcome::Interrupted, RunState::Failed),
        (3, Outcome::CutOff, RunState::Failed),
    ] {
        let due_at = at(minute * 60);
        due(&house.store, &job, due_at, RunState::Waiting).await;
        let message = user(session.id, "tidy");
        let (said, session_id) = (message.id, session.id);
        house
            .store
            .write(move |w| w.claim_run((id, due_at), Some(session_id), Some(said), "", due_at))
            .await
            .unwrap();
        let begun = house
            .store
            .write(move |w| {
                w.queue_message(message)?;
                w.begin_turn(turn(session_id), Some(said))
            })
            .await
            .unwrap()
            .0;
        house.forget_told();
        let ended = finished(&begun, outcome);
        house
            .store
            .write(move |w| w.put_turn(&ended))
            .await
            .unwrap();
        let run = house
            .store
            .read(move |r| r.run(id, due_at))
            .await
            .unwrap()
            .unwrap();
        assert_eq!((run.state, run.turn_id), (state, Some(begun.id)), "{run:?}");
        let told = house.told();
        assert!(
            told.iter()
                .any(|fact| matches!(&fact.news, News::JobChanged(job)
            if job.last.as_ref().is_some_and(|run| run.state == state)))
        );
    }
    let job = house.store.read(move |r| r.job(id)).await.unwrap();
    assert_eq!(job.failures, 2);
    no_gap(&house.store).await;
    house.sound().await;
}

/// Returns the row of a due time.
async fn run_at(store: &Store, job: &Job, due_at: Timestamp) -> Run {
    let id = job.id;
    let run = store.read(move |r| r.run(id, due_at)).await.unwrap();
    run.unwrap()
}

#[tokio::test]
async fn who_looked_before_a_job_was_changed_writes_nothing_about_it() {
    let house = House::new();
    let seen = added(&house.store, &job("tidy", prompt())).await;
    let changes: [fn(&mut Job); 3] = [
        |job| job.next_at = Some(at(90)),
        |job| {
            job.schedule = Schedule::Every {
                seconds: 30,
                from: None,
            }
        },
        |job| {
            job.state = JobState::Paused {
                at: at(1),
                reason: "rest".into(),
                by: String::new(),
            }
        },
    ];
    for change in changes {
        let mut new = seen.clone();
        change(&mut new);
        let rows = [row(&seen, at(60), RunState::Waiting)];
        let old = seen.clone();
        let (told, runs) = house
            .store
            .write(move |w| {
                w.put_job(&new)?;
                w.write_due(&old, &rows, Some(at(120)), &Lapse::default())?;
                Ok((w.job(old.id)? == new, w.history(old.id, None, 10)?.0))
            })
            .await
            .unwrap();
        assert!(told && runs.is_empty(), "{runs:?}");
    }
    house.sound().await;
}

#[tokio::test]
async fn what_is_due_while_its_job_is_changed_or_removed_gets_its_row() {
    let house = House::new();
    let job = added(&house.store, &job("tidy", prompt())).await;
    let mut later = job.clone();
    later.next_at = Some(at(120));
    house
        .store
        .write(move |w| {
            w.leave_out(later.id, "the job was changed before it began", at(61))?;
            w.put_job(&later).map(drop)
        })
        .await
        .unwrap();
    let id = job.id;
    house
        .store
        .write(move |w| w.remove_job(id, at(121)))
        .await
        .unwrap();
    let changed = run_at(&house.store, &job, at(60)).await;
    let removed = run_at(&house.store, &job, at(120)).await;
    assert_eq!(
        [changed.state, removed.state],
        [RunState::Skipped, RunState::Skipped]
    );
    assert_eq!(changed.reason, "the job was changed before it began");
    assert_eq!(removed.reason, "the job was removed before it began");
    house.sound().await;
}

#[tokio::test]
async fn a_job_that_failures_pause_runs_nothing_that_still_waited() {
    let house = House::new();
    let mut made = job("tidy", prompt());
    made.policy.pause_after = 1;
    let made = added(&house.store, &made).await;
    due(&house.store, &made, at(60), RunState::Waiting).await;
    due(&house.store, &made, at(120), RunState::Waiting).await;
    let id = made.id;
    house
        .store
        .write(move |w| {
            w.claim_run((id, at(60)), None, None, "", at(121))?;
            w.end_run((id, at(60)), RunEnd::Failed("no".into(), false), at(122))
        })
        .await
        .unwrap();
    let waited = run_at(&house.store, &made, at(120)).await;
    assert_eq!(waited.state, RunState::Skipped);
    assert_eq!(waited.reason, "the job was paused before it began");
    house.sound().await;
}

#[tokio::test]
async fn a_job_under_which_the_daemon_ends_again_and_again_is_paused_whatever_it_says() {
    for (pause_after, rounds) in [(0, 3), (100, 3), (2, 2)] {
        let house = House::new();
        let mut made = job("restarts the daemon", prompt());
        made.policy.pause_after = pause_after;
        made.policy.retries = 5;
        let made = added(&house.store, &made).await;
        let id = made.id;
        for round in 1..=rounds {
            let due_at = at(60 * round);
            let before = house.store.read(move |r| r.job(id)).await.unwrap();
            assert_eq!(before.state, JobState::Active, "round {round}");
            due(&house.store, &made, due_at, RunState::Waiting).await;
            house
                .store
                .write(move |w| {
                    w.claim_run((id, due_at), None, None, "", due_at)?;
                    w.end_run((id, due_at), RunEnd::CutOff, due_at)
                })
                .await
                .unwrap();
            // It is never tried again.
            let run = run_at(&house.store, &made, due_at).await;
            assert_eq!((run.state, run.attempts), (RunState::Failed, 1));
        }
        let after = house.store.read(move |r| r.job(id)).await.unwrap();
        let JobState::Paused { reason, .. } = after.state else {
            panic!("{:?}", after.state)
        };
        assert!(reason.contains("the daemon ended while it ran"), "{reason}");
        house.sound().await;
    }
}

#[tokio::test]
async fn a_pause_after_failures_is_one_item() {
    let house = House::new();
    let made = added(&house.store, &job("tidy", prompt())).await;
    let id = made.id;
    for minute in 1..=3 {
        let due_at = at(60 * minute);
        due(&house.store, &made, due_at, RunState::Waiting).await;
        house
            .store
            .write(move |w| {
                w.claim_run((id, due_at), None, None, "", due_at)?;
                w.end_run((id, due_at), RunEnd::Failed("no".into(), false), due_at)
            })
            .await
            .unwrap();
        let items = open_items(&house.store).await;
        let kinds: Vec<Kind> = items.iter().map(|item| item.kind).collect();
        let kind = if minute < 3 {
            Kind::JobFailed
        } else {
            Kind::JobPaused
        };
        assert_eq!(kinds, [kind]);
        assert_eq!(items[0].due_at, Some(due_at));
    }
    house.sound().await;
}
