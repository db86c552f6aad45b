//! Jobs and reminders: every due time has one row, whatever clocks, restarts and kills do.

use std::collections::BTreeSet;

use smartopol_ipc::Client;
use smartopol_protocol::approval::Mode;
use smartopol_protocol::attention::{self, ItemState, Kind, Priority, Resolution, Seen};
use smartopol_protocol::job::{
    Action, Add, Edit, History, Job, JobState, List, Missed, Next, Overlap, Pause, Policy, Remove,
    Resume, Run, RunNow, RunState, Schedule, Show, Spec, Why,
};
use smartopol_protocol::message::Role;
use smartopol_protocol::session::{self, Session};
use smartopol_protocol::turn::Outcome;
use smartopol_protocol::{Code, Timestamp, daemon};
use smartopol_testkit::provider::{Rule, ScriptedProvider};

use super::clock::{House, sound};
use super::models::home_in;
use super::{asked, decide, eventually, home, listen, outcome, say};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

fn prompt(text: &str) -> Action {
    Action::Prompt { text: text.into() }
}

fn run(command: &str) -> Action {
    Action::Call {
        tool: "exec".into(),
        input: serde_json::json!({ "command": command }),
    }
}

fn read(path: &str) -> Action {
    Action::Call {
        tool: "read_file".into(),
        input: serde_json::json!({ "path": path }),
    }
}

fn remind(text: &str, priority: Priority) -> Action {
    Action::Remind {
        text: text.into(),
        priority,
    }
}

fn within(session: &Session, when: &str, action: Action) -> Spec {
    Spec {
        session: Some(session.name.clone()),
        ..Spec::new(when, action)
    }
}

async fn add(client: &Client, spec: Spec) -> Job {
    let add = Add { spec, check: false };
    client.call(add).await.unwrap().job
}

async fn job(client: &Client, key: &str) -> Job {
    client.call(Show { key: key.into() }).await.unwrap().job
}

async fn ledger(client: &Client, job: &Job) -> Vec<Run> {
    let history = History {
        key: job.id.to_string(),
        before: None,
        limit: 1_000,
    };
    client.call(history).await.unwrap().runs
}

/// Waits until a job has so many rows, all of them over.
async fn rows(client: &Client, job: &Job, count: usize) -> Vec<Run> {
    eventually("the rows are there and over", || async {
        let rows = ledger(client, job).await;
        let over = rows.iter().all(|run| run.state.is_over());
        assert!(rows.len() <= count, "{rows:?}");
        (rows.len() == count && over).then_some(rows)
    })
    .await
}

fn states(rows: &[Run]) -> Vec<RunState> {
    rows.iter().map(|run| run.state).collect()
}

async fn why(client: &Client, key: &str, at: Option<Timestamp>) -> String {
    let why = Why {
        key: key.into(),
        at: at.map(|at| at.to_string()),
    };
    client.call(why).await.unwrap().sentence
}

async fn inbox(client: &Client) -> Vec<attention::Item> {
    let list = attention::List::default();
    client.call(list).await.unwrap().items
}

async fn said(client: &Client, session: &Session) -> Vec<String> {
    let show = session::Show::newest(session.id, 1_000);
    let shown = client.call(show).await.unwrap();
    let users = shown.messages.iter().filter(|said| said.role == Role::User);
    users.map(|said| said.text()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_runs_when_it_is_due_and_says_why() {
    let house = House::with("").await;
    let (client, mut events) = house.client().await;
    let session = house.session(&client).await;
    listen(&client, &session).await;
    let made = add(
        &client,
        within(&session, "every 10 minutes", prompt("say: tick")),
    )
    .await;
    assert_eq!(made.name, "say-tick");
    let due = made.next_at.unwrap();
    assert_eq!(due, house.clock.now().plus_millis(10 * MINUTE));
    let told = why(&client, "say-tick", None).await;
    assert!(told.contains("has not been due yet"), "{told}");

    house.hands.turn_by(10 * MINUTE - 1);
    assert_eq!(ledger(&client, &made).await, []);
    house.hands.turn_by(1);
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    let done = rows(&client, &made, 1).await;
    assert_eq!((done[0].state, done[0].due_at), (RunState::Ran, due));
    assert_eq!((done[0].attempts, done[0].reason.as_str()), (1, ""));
    assert!(done[0].turn_id.is_some() && done[0].message_id.is_some());
    assert_eq!(said(&client, &session).await, ["say: tick"]);
    let told = why(&client, "say-tick", Some(due)).await;
    assert!(
        told.contains("ran at") && told.contains("0 ms after it was due"),
        "{told}"
    );
    let told = why(&client, "say-tick", Some(due.plus_millis(-5 * MINUTE))).await;
    assert!(
        told.contains("was not due then: it is due every 10 min"),
        "{told}"
    );
    let told = why(&client, "say-tick", Some(due.plus_millis(10 * MINUTE))).await;
    assert!(told.contains("which is to come"), "{told}");

    // Reads change nothing.
    let (before, _) = (ledger(&client, &made).await, job(&client, "say-tick").await);
    let next = client
        .call(Next {
            key: None,
            count: 0,
        })
        .await
        .unwrap()
        .times;
    assert_eq!(next.len(), 20);
    assert!(next.is_sorted_by(|a, b| b.at.millis_since(a.at) == 600_000));
    assert_eq!(ledger(&client, &made).await, before);
    sound(&client).await;
    house.stop(client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_week_without_a_daemon_leaves_no_gap_and_no_flood() {
    let house = House::with("[jobs]\nstagger_seconds = 0\n").await;
    let (client, _events) = house.client().await;
    let session = house.session(&client).await;
    let made = |name: &str, missed| Spec {
        name: Some(name.into()),
        policy: Policy {
            missed,
            missed_cap: 3,
            overlap: Overlap::Queue,
            ..Policy::default()
        },
        ..within(&session, "every hour", prompt(&format!("say: {name}")))
    };
    let mut jobs = Vec::new();
    for (name, missed) in [
        ("once", Missed::Once),
        ("all", Missed::All),
        ("skip", Missed::Skip),
    ] {
        jobs.push(add(&client, made(name, missed)).await);
    }
    let first = jobs[0].next_at.unwrap();
    let house = house.again(client, 7 * DAY + 2 * MINUTE).await;
    let (client, _events) = house.client().await;
    for (job, ran) in jobs.iter().zip([1, 3, 0]) {
        let rows = rows(&client, job, 168).await;
        let due: Vec<i64> = rows.iter().map(|run| run.due_at.as_millis()).collect();
        let expected: Vec<i64> = (0..168).map(|n| first.as_millis() + n * HOUR).collect();
        // The jobs were made one after the other, some milliseconds apart.
        assert!(
            due.iter()
                .zip(&expected)
                .all(|(a, b)| (a - b).abs() < 5 * SECOND)
        );
        let late = rows
            .iter()
            .filter(|run| run.state == RunState::Late)
            .count();
        let missed = rows
            .iter()
            .filter(|run| run.state == RunState::Missed)
            .count();
        assert_eq!((late, missed), (ran, 168 - ran), "{}", job.name);
        assert!(
            rows[0].reason.contains("the daemon was not running"),
            "{}",
            rows[0].reason
        );
    }
    let told = why(&client, "once", None).await;
    assert!(
        told.contains("2 min late, because the daemon was not running"),
        "{told}"
    );
    let told = why(&client, "skip", Some(first.plus_millis(DAY))).await;
    assert!(told.contains("does not make up for missed times"), "{told}");
    let said = said(&client, &session).await;
    assert_eq!(said.len(), 4, "{said:?}");
    assert!(
        said[0].contains("and runs 2 min late") || said[0].contains("late"),
        "{said:?}"
    );
    let missed: Vec<String> = inbox(&client)
        .await
        .into_iter()
        .map(|item| item.title)
        .collect();
    assert!(
        missed.contains(&"`skip` missed 168 due times".to_owned()),
        "{missed:?}"
    );
    // And on they go.
    house.hands.turn_by(58 * MINUTE);
    let rows = rows(&client, &jobs[0], 169).await;
    assert_eq!(rows[168].state, RunState::Ran);
    sound(&client).await;
    house.stop(client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_makes_no_gap_and_no_double_run() {
    let house = House::with("[jobs]\nstagger_seconds = 0\n").await;
    let (client, _events) = house.client().await;
    let session = house.session(&client).await;
    let made = add(&client, within(&session, "every hour", prompt("say: tick"))).await;
    house.hands.turn_by(HOUR);
    rows(&client, &made, 1).await;
    // Forward by three hours: two are missed, the newest of them and what is due are one run.
    house.hands.turn_by(3 * HOUR);
    let four = rows(&client, &made, 4).await;
    assert_eq!(
        states(&four),
        [
            RunState::Ran,
            RunState::Missed,
            RunState::Missed,
            RunState::Ran
        ]
    );
    assert!(
        four[1].reason.contains("clock was set forward"),
        "{}",
        four[1].reason
    );
    // Back by two hours and some: what ran does not run again; what was missed comes after all.
    house.hands.turn_by(-2 * HOUR - 30 * MINUTE);
    house.hands.turn_by(30 * MINUTE);
    let again = eventually("a missed time that comes after all is run", || async {
        let rows = ledger(&client, &made).await;
        (rows[1].state == RunState::Ran).then_some(rows)
    })
    .await;
    assert_eq!(again.len(), 4);
    house.hands.turn_by(HOUR);
    eventually("the other too", || async {
        (ledger(&client, &made).await[2].state == RunState::Ran).then_some(())
    })
    .await;
    house.hands.turn_by(HOUR);
    house.hands.turn_by(HOUR);
    let five = rows(&client, &made, 5).await;
    assert_eq!(states(&five), [RunState::Ran; 5]);
    let due: BTreeSet<Timestamp> = five.iter().map(|run| run.due_at).collect();
    assert_eq!(due.len(), 5);
    // Five due times, five messages: none twice.
    assert_eq!(said(&client, &session).await.len(), 5);
    // A year ahead by mistake, and back: the next hour is not a year away.
    house.hands.turn_by(365 * DAY);
    eventually("the far future was noticed", || async {
        let next = job(&client, "say-tick").await.next_at?;
        (next.millis_since(house.clock.now()) <= 3_600_000 && next > house.clock.now())
            .then_some(())
    })
    .await;
    house.hands.turn_by(-365 * DAY);
    eventually("the next time is near again", || async {
        let next = job(&client, "say-tick").await.next_at?;
        (next.millis_since(house.clock.now()) <= 3_600_000).then_some(())
    })
    .await;
    sound(&client).await;
    house.stop(client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reminder_stays_until_somebody_sees_to_it() {
    let house = House::with("").await;
    let (client, mut events) = house.client().await;
    let session = house.session(&client).await;
    listen(&client, &session).await;
    // The agent makes it, through the tool that everybody's model has.
    say(&client, &session, "remind: in 10 minutes to drink tea").await;
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    let jobs = client.call(List::default()).await.unwrap().jobs;
    assert_eq!(jobs.len(), 1);
    assert_eq!(jobs[0].action, remind("drink tea", Priority::Normal));
    assert_eq!(inbox(&client).await, []);
    house.hands.turn_by(10 * MINUTE);
    let item = eventually("it is told", || async { inbox(&client).await.pop() }).await;
    assert_eq!(
        (item.kind, item.title.as_str(), item.told),
        (Kind::Reminder, "drink tea", 1)
    );
    assert_eq!(states(&rows(&client, &jobs[0], 1).await), [RunState::Ran]);
    assert_eq!(job(&client, &jobs[0].name).await.state, JobState::Done);

    // Nobody acknowledges it: it is told again, and where they talk.
    house.hands.turn_by(HOUR);
    eventually("it is told in a second place", || async {
        let show = session::Show::newest(session.id, 0);
        let shown = client.call(show).await.unwrap();
        let last = shown.messages.last()?.text();
        last.contains("Reminder: drink tea").then_some(())
    })
    .await;
    let again = inbox(&client).await.pop().unwrap();
    assert_eq!((again.id, again.told), (item.id, 2));

    let snooze = attention::Resolve {
        id: item.id,
        how: Seen::Snooze { seconds: 300 },
    };
    client.call(snooze).await.unwrap();
    assert_eq!(inbox(&client).await, []);
    let house = house.again(client, 0).await;
    let (client, _events) = house.client().await;
    assert_eq!(inbox(&client).await, []);
    house.hands.turn_by(5 * MINUTE);
    eventually("it comes again", || async { inbox(&client).await.pop() }).await;
    let acknowledge = attention::Resolve {
        id: item.id,
        how: Seen::Acknowledge,
    };
    let seen = client.call(acknowledge).await.unwrap();
    let ItemState::Resolved { how, by, .. } = &seen.state else {
        panic!("{:?}", seen.state)
    };
    assert!(*how == Resolution::Acknowledged && by.starts_with("cli:"));
    let twice = client.call(acknowledge).await.unwrap_err();
    assert_eq!(twice.fault().unwrap().code, Code::Conflict);
    assert_eq!(inbox(&client).await, []);

    // One that comes late says how late.
    add(
        &client,
        Spec::new("in 1 hour", remind("stand up", Priority::Urgent)),
    )
    .await;
    let house = house.again(client, 3 * HOUR).await;
    let (client, _events) = house.client().await;
    let late = eventually("it is told late", || async { inbox(&client).await.pop() }).await;
    assert_eq!(late.detail, "2 h late: the daemon was not running");
    assert_eq!(late.priority, Priority::Urgent);
    sound(&client).await;
    house.stop(client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_tried_again_then_told_then_paused() {
    let house = House::with("").await;
    let (client, _events) = house.client().await;
    let session = house.session(&client).await;
    let spec = Spec {
        name: Some("breaks".into()),
        policy: Policy {
            retries: 1,
            retry_after_seconds: 120,
            pause_after: 2,
            ..Policy::default()
        },
        ..within(&session, "every hour", read("missing.txt"))
    };
    let made = add(&client, spec).await;
    for round in 1..=2 {
        house.hands.turn_by(HOUR);
        let waiting = eventually("it waits for the next try", || async {
            let row = ledger(&client, &made).await.pop()?;
            (row.state == RunState::Waiting && row.attempts == 1).then_some(row)
        })
        .await;
        assert!(
            waiting
                .reason
                .starts_with("try 1 failed: the call of `read_file`"),
            "{}",
            waiting.reason
        );
        assert_eq!(
            waiting.claim_at,
            Some(house.clock.now().plus_millis(120 * SECOND))
        );
        house.hands.turn_by(120 * SECOND);
        let failed = rows(&client, &made, round).await.pop().unwrap();
        assert_eq!((failed.state, failed.attempts), (RunState::Failed, 2));
        // Back to the beat of whole hours.
        house.hands.turn_by(-120 * SECOND);
    }
    let paused = job(&client, "breaks").await;
    let JobState::Paused { reason, .. } = &paused.state else {
        panic!("{:?}", paused.state)
    };
    assert!(reason.starts_with("2 runs in a row failed"), "{reason}");
    let kinds: Vec<Kind> = inbox(&client).await.iter().map(|item| item.kind).collect();
    assert!(
        kinds.contains(&Kind::JobPaused) && kinds.contains(&Kind::JobFailed),
        "{kinds:?}"
    );
    assert!(
        !kinds.contains(&Kind::TurnFailed),
        "it is told once: {kinds:?}"
    );
    // Its times go on and are skipped, so that there is no gap.
    house.hands.turn_by(HOUR);
    let skipped = rows(&client, &made, 3).await.pop().unwrap();
    assert_eq!(skipped.state, RunState::Skipped);
    assert_eq!(said(&client, &session).await.len(), 4);
    let told = why(&client, "breaks", None).await;
    assert!(
        told.contains("was skipped") && told.contains("paused"),
        "{told}"
    );
    sound(&client).await;
    house.stop(client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_has_what_was_frozen_and_never_more_than_is_allowed_now() {
    let house = House::with("").await;
    let (client, mut events) = house.client().await;
    let session = house.session(&client).await;
    listen(&client, &session).await;
    let spec = |name: &str, mode| Spec {
        name: Some(name.into()),
        mode: Some(mode),
        ..within(&session, "every hour", prompt("write: made.txt hello"))
    };
    let free = add(&client, spec("free", Mode::Auto)).await;
    assert_eq!(free.frozen.mode, Mode::Auto);
    assert!(
        !free
            .frozen
            .tools
            .iter()
            .any(|tool| tool == "remind" || tool == "schedule_add")
    );
    house.hands.turn_by(HOUR);
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    assert_eq!(states(&rows(&client, &free, 1).await), [RunState::Ran]);
    // The settings now say less than what was frozen.
    let config = house.dir.path().join("smartopol.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("{text}[jobs]\nmode = \"ask\"\n")).unwrap();
    let house = house.again(client, 0).await;
    let (client, mut events) = house.client().await;
    listen(&client, &session).await;
    house.hands.turn_by(HOUR);
    let question = asked(&mut events).await;
    let waits = inbox(&client).await;
    assert_eq!(waits[0].approval_id, Some(question.id));
    let answer = attention::Resolve {
        id: waits[0].id,
        how: Seen::Dismiss,
    };
    let refused = client.call(answer).await.unwrap_err();
    assert_eq!(refused.fault().unwrap().code, Code::Conflict);
    decide(&client, &question, true).await;
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    assert_eq!(rows(&client, &free, 2).await[1].state, RunState::Ran);
    eventually("the answer resolves the item", || async {
        inbox(&client).await.is_empty().then_some(())
    })
    .await;
    // A job may not make jobs.
    let makes = Spec {
        name: Some("makes".into()),
        ..within(&session, "in 5 minutes", prompt("remind: in 1 hour more"))
    };
    let makes = add(&client, makes).await;
    house.hands.turn_by(5 * MINUTE);
    rows(&client, &makes, 1).await;
    let jobs = client.call(List::default()).await.unwrap().jobs;
    assert_eq!(jobs.len(), 2, "{jobs:?}");
    // Its session goes: what it needs is not there, and it is blocked, not improvised.
    client
        .call(session::Delete { id: session.id })
        .await
        .unwrap();
    house.hands.turn_by(55 * MINUTE);
    let blocked = rows(&client, &free, 3).await.pop().unwrap();
    assert_eq!(blocked.state, RunState::Blocked);
    assert_eq!(blocked.reason, "its session is not there any more");
    sound(&client).await;
    house.stop(client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_not_over_holds_up_the_next_as_its_job_says() {
    // One at a time, but those that wait for a person hold up nobody else.
    let house = House::with("[jobs]\nat_once = 1\n").await;
    let (client, mut events) = house.client().await;
    let session = house.session(&client).await;
    listen(&client, &session).await;
    let mut jobs = Vec::new();
    for (name, overlap) in [("skips", Overlap::Skip), ("queues", Overlap::Queue)] {
        let spec = Spec {
            name: Some(name.into()),
            mode: Some(Mode::Ask),
            policy: Policy {
                overlap,
                ..Policy::default()
            },
            workspace: Some(house.dir.path().join("work").display().to_string()),
            ..Spec::new("every 2 minutes", prompt("write: made.txt hello"))
        };
        jobs.push(add(&client, spec).await);
    }
    house.hands.turn_by(2 * MINUTE + SECOND);
    let first = [asked(&mut events).await, asked(&mut events).await];
    assert_ne!(
        first[0].session_id, first[1].session_id,
        "each run has its own session"
    );
    house.hands.turn_by(2 * MINUTE);
    let skipped = eventually("the next is skipped", || async {
        let row = ledger(&client, &jobs[0]).await.pop()?;
        (row.state == RunState::Skipped).then_some(row)
    })
    .await;
    assert!(
        skipped.reason.contains("was not over"),
        "{}",
        skipped.reason
    );
    assert_eq!(
        states(&ledger(&client, &jobs[1]).await),
        [RunState::Running, RunState::Waiting]
    );
    let now = RunNow {
        key: "skips".into(),
    };
    let refused = client.call(now).await.unwrap_err();
    assert_eq!(refused.fault().unwrap().code, Code::Conflict);
    house.hands.turn_by(90 * SECOND);
    for question in &first {
        decide(&client, question, true).await;
    }
    let queued = asked(&mut events).await;
    decide(&client, &queued, true).await;
    assert_eq!(
        states(&rows(&client, &jobs[1], 2).await),
        [RunState::Ran, RunState::Late]
    );
    sound(&client).await;
    house.stop(client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_changed_paused_taken_up_and_removed_and_its_ledger_tells_all() {
    let house = House::with("").await;
    let (client, _events) = house.client().await;
    let session = house.session(&client).await;
    let message = |text: &str| Action::Message { text: text.into() };
    let made = add(&client, within(&session, "every hour", message("an hour"))).await;
    house.hands.turn_by(HOUR);
    assert_eq!(states(&rows(&client, &made, 1).await), [RunState::Ran]);
    let show = session::Show::newest(session.id, 0);
    let shown = client.call(show).await.unwrap().messages;
    assert_eq!((shown.len(), shown[0].role), (1, Role::System));
    assert_eq!(shown[0].text(), "an hour");

    let edit = Edit {
        key: made.name.clone(),
        spec: within(&session, "every 30 minutes", message("half an hour")),
    };
    let changed = client.call(edit).await.unwrap();
    assert_eq!((changed.id, &changed.name), (made.id, &made.name));
    house.hands.turn_by(30 * MINUTE);
    rows(&client, &made, 2).await;
    let key = made.name.clone();
    let reason = "on holiday".into();
    client.call(Pause { key, reason }).await.unwrap();
    house.hands.turn_by(30 * MINUTE);
    rows(&client, &made, 3).await;
    let key = made.name.clone();
    let resumed = client.call(Resume { key }).await.unwrap();
    assert_eq!(resumed.state, JobState::Active);
    house.hands.turn_by(30 * MINUTE);
    let four = rows(&client, &made, 4).await;
    let skipped = RunState::Skipped;
    assert_eq!(
        states(&four),
        [RunState::Ran, RunState::Ran, skipped, RunState::Ran]
    );
    let told = why(&client, &made.name, Some(four[2].due_at)).await;
    assert!(
        told.ends_with("because the job was paused: on holiday"),
        "{told}"
    );

    let key = made.name.clone();
    client.call(RunNow { key }).await.unwrap();
    let by_hand = rows(&client, &made, 5).await.pop().unwrap();
    assert!(by_hand.by_hand && by_hand.state == RunState::Ran);
    let key = made.name.clone();
    client.call(Remove { key }).await.unwrap();
    house.hands.turn_by(2 * HOUR);
    assert_eq!(client.call(List::default()).await.unwrap().jobs, []);
    // By its id its ledger is still there.
    assert_eq!(ledger(&client, &made).await.len(), 5);
    let gone = client.call(Show { key: made.name }).await.unwrap_err();
    assert_eq!(gone.fault().unwrap().code, Code::NotFound);
    sound(&client).await;
    house.stop(client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_agent_schedules_is_asked_about_in_every_mode() {
    let provider = ScriptedProvider::start().await;
    let home = home_in(&provider, "anthropic", "auto").await;
    let (client, mut events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    listen(&client, &session).await;
    let input = serde_json::json!({
        "when": "every weekday 8:30", "prompt": "look at the issues", "name": "issues"
    });
    provider.rule(Rule::on("plan it").call("schedule_add", input));
    say(&client, &session, "plan it").await;
    let question = asked(&mut events).await;
    assert!(
        question
            .inspection
            .title
            .starts_with("schedule every Monday, Tuesday, Wednesday"),
        "{}",
        question.inspection.title
    );
    assert!(
        question.reason.contains("runs later"),
        "{}",
        question.reason
    );
    assert_eq!(client.call(List::default()).await.unwrap().jobs, []);
    decide(&client, &question, true).await;
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    let made = job(&client, "issues").await;
    assert_eq!(made.session_id, Some(session.id));
    assert_eq!(made.frozen.mode, Mode::Auto);
    let mut home = home;
    home.stop().unwrap();
}

/// The program itself, killed while a job is due, being claimed, and running.
#[tokio::test(flavor = "multi_thread")]
async fn a_kill_leaves_no_due_time_without_its_row_and_no_run_twice() {
    let mut home = home();
    home.start().await.unwrap();
    let (client, _events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    let now = Timestamp::now();
    let mut jobs = Vec::new();
    for number in 0..24 {
        let spec = Spec {
            name: Some(format!("job {number}")),
            when: None,
            schedule: Some(Schedule::At {
                at: now.plus_millis(500 + 100 * number),
            }),
            mode: Some(Mode::Auto),
            ..within(&session, "", run(&format!("echo ran >> job{number}")))
        };
        jobs.push(add(&client, spec).await);
    }
    drop(client);
    for after in [560, 700, 330, 512, 90] {
        tokio::time::sleep(std::time::Duration::from_millis(after)).await;
        home.kill().unwrap();
        home.start().await.unwrap();
    }
    let (client, _events) = home.client().await.unwrap();
    for (number, job) in jobs.iter().enumerate() {
        let rows = rows(&client, job, 1).await;
        assert_eq!(Some(rows[0].due_at), job.next_at, "{}", job.name);
        let made = home.workspace().join(format!("job{number}"));
        let times = std::fs::read_to_string(made).unwrap_or_default().len() / 4;
        match rows[0].state {
            RunState::Ran | RunState::Late => assert_eq!(times, 1, "{rows:?}"),
            // It was killed in the middle; it is not done again.
            RunState::Failed => assert!(times <= 1, "{rows:?}"),
            other => panic!("{other:?}: {rows:?}"),
        }
    }
    let done = said(&client, &session).await;
    assert_eq!(done.len(), 24, "each was said once: {done:?}");
    let checked = client.call(daemon::Check::default()).await.unwrap();
    assert_eq!(checked.problems, Vec::<String>::new());
    home.stop().unwrap();
}

#[test]
fn the_command_line_shows_times_before_it_keeps_them() {
    let home = home();
    let run = |words: &[&str]| home.run(words).unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(run(&["daemon", "start"]).status.success());
    let words = [
        "jobs",
        "add",
        "--when",
        "every weekday 8:30",
        "--remind",
        "stand up",
        "--tz",
        "Europe/Berlin",
    ];
    let refused = run(&words);
    assert!(!refused.status.success());
    let shown = text(&refused.stdout);
    assert!(
        shown.contains("every Monday, Tuesday, Wednesday, Thursday and Friday at 08:30"),
        "{shown}"
    );
    assert!(text(&refused.stderr).contains("--yes"));
    assert_eq!(text(&run(&["jobs", "list", "--json"]).stdout), "");
    let kept = run(&[&words[..], &["--yes", "--json"]].concat());
    assert!(kept.status.success(), "{}", text(&kept.stderr));
    let job: Job = serde_json::from_slice(&kept.stdout).unwrap();
    assert_eq!(
        (job.name.as_str(), job.zone.as_str()),
        ("remind-stand-up", "Europe/Berlin")
    );
    let next = text(&run(&["jobs", "next", "--json"]).stdout);
    assert_eq!(next.lines().count(), 20);
    let why = run(&["jobs", "why", "remind-stand-up", "yesterday", "9:00"]);
    assert!(
        text(&why.stdout).contains("made later"),
        "{}",
        text(&why.stdout)
    );
    let bad = run(&["jobs", "add", "--when", "soonish", "--remind", "x", "--yes"]);
    assert!(
        text(&bad.stderr).contains("`tomorrow 9:00`"),
        "{}",
        text(&bad.stderr)
    );
    let file = home.path().join("job.toml");
    std::fs::write(
        &file,
        "when = \"9:00\"\naction = { do = \"remind\", text = \"x\" }\nnmae = \"x\"\n",
    )
    .unwrap();
    let bad = run(&["jobs", "add", "--file", file.to_str().unwrap(), "--yes"]);
    assert!(
        text(&bad.stderr).contains("did you mean `name`?"),
        "{}",
        text(&bad.stderr)
    );
    let soon = [
        "jobs",
        "add",
        "--when",
        "in 1 second",
        "--remind",
        "now",
        "--priority",
        "urgent",
        "--yes",
    ];
    assert!(run(&soon).status.success());
    let until = std::time::Instant::now() + smartopol_testkit::home::LIMIT;
    while !text(&run(&["inbox"]).stdout).contains("urgent") {
        assert!(std::time::Instant::now() < until, "it was never told");
    }
    assert!(run(&["inbox", "ack", "1"]).status.success());
    assert!(text(&run(&["inbox"]).stdout).contains("nothing waits for you"));
    for words in [
        vec!["jobs", "pause", "remind-stand-up"],
        vec!["jobs", "resume", "remind-stand-up"],
        vec!["jobs", "show", "remind-stand-up"],
        vec!["jobs", "history", "remind-stand-up"],
        vec!["jobs", "remove", "remind-stand-up"],
        vec!["daemon", "stop"],
    ] {
        let done = run(&words);
        assert!(done.status.success(), "{words:?}: {}", text(&done.stderr));
    }
}
