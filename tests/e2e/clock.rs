//! A house that lives by a clock in the test's hand: days pass as fast as what is done in them,
//! and the clock may be set as people and networks set it.

use std::thread::JoinHandle;

use smartopol_config::{Config, Paths};
use smartopol_daemon::boot::{self, Boot};
use smartopol_daemon::lifecycle::Lock;
use smartopol_daemon::{Clock, Hands};
use smartopol_ipc::{Access, Address, Client, Events};
use smartopol_protocol::approval::{self, ApprovalState};
use smartopol_protocol::compaction;
use smartopol_protocol::daemon::{Check, Figures, FiguresShown, Status, Stop};
use smartopol_protocol::event::{Subscribe, Subscribed};
use smartopol_protocol::job;
use smartopol_protocol::message::Role;
use smartopol_protocol::session::{self, Session, Show};
use smartopol_protocol::turn::Outcome;
use smartopol_protocol::{News, Timestamp, trace};

use super::{asked, eventually, listen, outcome, say, until};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A daemon in this process.
pub(super) struct House {
    pub(super) dir: tempfile::TempDir,
    pub(super) clock: Clock,
    pub(super) hands: Hands,
    life: JoinHandle<anyhow::Result<()>>,
    _lock: Lock,
}

impl House {
    pub(super) async fn with(settings: &str) -> Self {
        let dir = tempfile::Builder::new()
            .prefix("sm")
            .tempdir_in("/tmp")
            .unwrap();
        let paths = Paths::under(dir.path());
        // Whatever this machine offers, the offline provider is the model.
        let settings = format!("[agent]\nmodel = \"offline/built-in\"\n{settings}");
        std::fs::write(paths.config_file(), settings).unwrap();
        std::fs::create_dir(dir.path().join("work")).unwrap();
        // From the present, because files carry the time of the system.
        Self::begin(dir, Timestamp::now()).await
    }

    /// Starts a daemon in a home that is there, at a time.
    async fn begin(dir: tempfile::TempDir, at: Timestamp) -> Self {
        let paths = Paths::under(dir.path());
        let config = Config::load(&paths, std::iter::empty()).unwrap().config;
        let (clock, hands) = Clock::by_hand(at);
        let lock = Lock::acquire(&paths.lock()).unwrap();
        let (up, ready) = tokio::sync::oneshot::channel();
        let boot = Boot {
            paths,
            config,
            clock: clock.clone(),
            ready: Box::new(move || up.send(()).unwrap_or(())),
        };
        let life = std::thread::spawn(move || boot::run(boot));
        ready.await.expect("the daemon did not start");
        Self {
            dir,
            clock,
            hands,
            life,
            _lock: lock,
        }
    }

    /// Stops the daemon and starts it again so much later, or earlier.
    pub(super) async fn again(self, client: Client, later: i64) -> Self {
        let at = self.clock.now().plus_millis(later);
        client.call(Stop::default()).await.unwrap();
        let Self {
            dir, life, _lock, ..
        } = self;
        let ended = tokio::task::spawn_blocking(move || life.join()).await;
        ended.unwrap().unwrap().unwrap();
        drop(_lock);
        Self::begin(dir, at).await
    }

    pub(super) async fn client(&self) -> (Client, Events) {
        let address = Address::new(self.dir.path().join("run/daemon.sock"));
        Client::connect(&address, "test", Access::Full)
            .await
            .unwrap()
    }

    pub(super) async fn session(&self, client: &Client) -> Session {
        let create = session::Create {
            workspace: self.dir.path().join("work").display().to_string(),
            name: None,
            mode: None,
            model: None,
        };
        client.call(create).await.unwrap()
    }

    pub(super) async fn stop(self, client: Client) {
        client.call(Stop::default()).await.unwrap();
        let ended = tokio::task::spawn_blocking(move || self.life.join()).await;
        ended.unwrap().unwrap().unwrap();
    }
}

async fn figures(client: &Client) -> FiguresShown {
    client.call(Figures {}).await.unwrap()
}

/// Waits until a look of the upkeep has left a backup of this moment.
async fn backed_up(house: &House, client: &Client) {
    let now = house.clock.now();
    eventually("a backup", || async {
        let newest = client.call(Status {}).await.unwrap().last_backup?;
        // Its name knows seconds.
        (newest.at.millis_since(now) < 1_000 && now.millis_since(newest.at) < 1_000).then_some(())
    })
    .await;
}

pub(super) async fn sound(client: &Client) {
    let problems = client.call(Check {}).await.unwrap().problems;
    assert_eq!(problems, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn days_pass_backups_are_made_and_what_is_old_goes() {
    let house = House::with(
        "[backup]\nkeep = 2\n[retention]\njournal_days = 1\ntraces_days = 3\nsessions_days = 5\n\
         outputs_days = 2\n",
    )
    .await;
    let (client, mut events) = house.client().await;
    let spill = house.dir.path().join("spill");
    std::fs::create_dir_all(&spill).unwrap();
    std::fs::write(spill.join("long.txt"), "a long output").unwrap();
    let old = house.session(&client).await;
    listen(&client, &old).await;
    say(&client, &old, "list: .").await;
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    assert_eq!(figures(&client).await.rows.traces, 1);

    house.hands.turn_by(3 * MINUTE);
    backed_up(&house, &client).await;
    let young = house.session(&client).await;
    for day in 1..=4 {
        say(&client, &young, &format!("say: day {day}")).await;
        assert_eq!(outcome(&mut events).await, Outcome::Done);
        house.hands.turn_by(DAY + MINUTE);
        backed_up(&house, &client).await;
    }
    let now = house.clock.now();
    let kept = eventually("old facts, traces and backups go", || async {
        let shown = figures(&client).await;
        let facts = shown.rows.oldest_fact_at? >= now.plus_millis(-2 * DAY);
        (facts && shown.rows.traces == 0 && shown.backups.len() == 2).then_some(shown)
    })
    .await;
    assert_eq!(kept.rows.sessions, 2, "{kept:?}");
    eventually("old outputs go", || async {
        (!spill.join("long.txt").exists()).then_some(())
    })
    .await;
    let since = Some(1);
    let back = Subscribe {
        since,
        ..Subscribe::default()
    };
    let told = client.call(back).await.unwrap();
    assert!(matches!(told, Subscribed::Snapshot(_)), "{told:?}");

    house.hands.turn_by(DAY + HOUR);
    eventually("the old session goes", || async {
        let left = client
            .call(session::List::default())
            .await
            .unwrap()
            .sessions;
        (left.len() == 1 && left[0].id == young.id).then_some(())
    })
    .await;
    eventually("its space is given back", || async {
        let size = figures(&client).await.size;
        (size.free_bytes == 0 && size.wal_bytes == 0).then_some(())
    })
    .await;
    assert_eq!(
        client.call(Status {}).await.unwrap().troubles,
        Vec::<String>::new()
    );
    sound(&client).await;
    house.stop(client).await;
}

/// What the preview says would be removed, and what stays.
async fn preview(client: &Client) -> (Vec<String>, Vec<(String, session::Stays)>) {
    let retained = client.call(session::Retention {}).await.unwrap();
    let (goes, stays): (Vec<_>, Vec<_>) = retained
        .old
        .into_iter()
        .partition(|own| own.stays.is_none());
    let stays = stays
        .into_iter()
        .filter_map(|own| Some((own.session, own.stays?)));
    (
        goes.into_iter().map(|own| own.session).collect(),
        stays.collect(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn old_sessions_go_as_the_preview_says_and_what_is_still_needed_stays() {
    let house =
        House::with("[retention]\nsessions_days = 30\narchived_days = 7\njournal_days = 0\n").await;
    let (client, mut events) = house.client().await;
    let work = house.dir.path().join("work").display().to_string();
    let mut made = std::collections::BTreeMap::new();
    for name in [
        "plain", "pinned", "waits", "reminded", "archived", "watched",
    ] {
        let create = session::Create::in_folder(work.as_str()).named(name);
        made.insert(name, client.call(create).await.unwrap());
    }
    listen(&client, &made["watched"]).await;
    for name in ["plain", "pinned", "archived", "watched"] {
        say(&client, &made[name], "list: .").await;
        assert_eq!(outcome(&mut events).await, Outcome::Done);
    }
    say(&client, &made["waits"], "ask: go on? | yes | no").await;
    until(&mut events, |news| {
        matches!(news, News::QuestionChanged(_)).then_some(())
    })
    .await;
    let pin = compaction::Add {
        id: made["pinned"].id,
        kind: compaction::PinKind::Rule,
        text: "never touch the archive".into(),
    };
    client.call(pin).await.unwrap();
    let add: job::Add = serde_json::from_value(serde_json::json!({"spec": {
        "when": "every monday 9:00", "session": "reminded",
        "action": {"do": "message", "text": "monday"}, "name": "mondays",
    }}))
    .unwrap();
    client.call(add).await.unwrap();
    let archive = session::Archive {
        id: made["archived"].id,
        archived: true,
    };
    client.call(archive).await.unwrap();
    assert_eq!(preview(&client).await, (vec![], vec![]));
    let traces = figures(&client).await.rows.traces;

    house.hands.turn_by(8 * DAY);
    assert_eq!(preview(&client).await.0, ["archived"]);
    let left = |wanted: &'static [&'static str]| {
        let client = &client;
        async move {
            let all = session::List {
                which: session::Which::All,
            };
            let mut left: Vec<String> = client
                .call(all)
                .await
                .unwrap()
                .sessions
                .into_iter()
                .map(|session| session.name)
                .collect();
            left.sort();
            (left == wanted).then_some(())
        }
    };
    eventually("the archived one goes", || {
        left(&["pinned", "plain", "reminded", "waits", "watched"])
    })
    .await;

    house.hands.turn_by(30 * DAY);
    eventually("the plain one goes", || {
        left(&["pinned", "reminded", "waits", "watched"])
    })
    .await;
    let (goes, mut stays) = preview(&client).await;
    stays.sort();
    assert_eq!(goes, [""; 0]);
    let expected = [
        ("pinned", session::Stays::Pinned),
        ("waits", session::Stays::Busy),
        ("watched", session::Stays::Watched),
    ];
    assert!(
        stays.iter().all(|(name, _)| name != "reminded"),
        "its job speaks in it: {stays:?}"
    );
    for (name, why) in expected {
        assert!(stays.contains(&(name.to_owned(), why)), "{stays:?}");
    }
    // What was done in them is still on record, and that they are gone is a fact of each.
    assert!(figures(&client).await.rows.traces >= traces);
    let mut gone = Vec::new();
    let mut told = async || {
        until(&mut events, |news| match news {
            News::SessionDeleted(id) => Some(*id),
            _ => None,
        })
        .await
    };
    for _ in 0..2 {
        gone.push(told().await);
    }
    // Facts come in their order: that of this one is behind any that was too much.
    let last = house.session(&client).await.id;
    client.call(session::Delete { id: last }).await.unwrap();
    assert_eq!(told().await, last);
    gone.sort();
    let mut expected = vec![made["archived"].id, made["plain"].id];
    expected.sort();
    assert_eq!(gone, expected);
    sound(&client).await;
    house.stop(client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_expires_nothing_early_and_mixes_nothing_up() {
    let house = House::with("[approvals]\nexpire_after_seconds = 600\n").await;
    let (client, mut events) = house.client().await;
    let waits = house.session(&client).await;
    let talks = house.session(&client).await;
    listen(&client, &talks).await;
    say(&client, &waits, "run: echo late").await;
    let question = asked(&mut events).await;
    say(&client, &talks, "say: before").await;
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    house.hands.turn_by(3 * MINUTE);
    backed_up(&house, &client).await;

    // Set back by a day: what was to be done "in two minutes" is not put off by a day.
    say(&client, &talks, "say: still before").await;
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    house.hands.turn_by(-DAY);
    backed_up(&house, &client).await;
    say(&client, &talks, "list: .").await;
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    let still = client
        .call(approval::Show { id: question.id })
        .await
        .unwrap();
    assert_eq!(still.state, ApprovalState::Pending);
    assert_eq!(client.call(Status {}).await.unwrap().uptime_ms, 0);
    let shown = client.call(Show::newest(talks.id, 0)).await.unwrap();
    let users: Vec<String> = shown
        .messages
        .iter()
        .filter(|message| message.role == Role::User)
        .map(|message| message.text())
        .collect();
    assert_eq!(users, ["say: before", "say: still before", "list: ."]);
    let traces = client.call(trace::List::default()).await.unwrap().traces;
    assert_eq!(traces.len(), 1);
    let took = traces[0].duration_ms.unwrap();
    assert!(
        took < 60_000,
        "a day was taken for the time of a call: {took}"
    );

    // Set right again: one second before its time it waits, one after it does not.
    house.hands.turn_by(DAY + 7 * MINUTE - 1_000);
    say(&client, &talks, "say: after").await;
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    let still = client
        .call(approval::Show { id: question.id })
        .await
        .unwrap();
    assert_eq!(still.state, ApprovalState::Pending);
    house.hands.turn_by(2_000);
    eventually("it expires", || async {
        let now = client
            .call(approval::Show { id: question.id })
            .await
            .unwrap();
        matches!(now.state, ApprovalState::Expired { .. }).then_some(())
    })
    .await;
    // All facts came in the order of their numbers, whatever the clock said.
    let (again, mut told) = house.client().await;
    let since = Some(0);
    let all = again
        .call(Subscribe {
            since,
            ..Subscribe::default()
        })
        .await
        .unwrap();
    let Subscribed::Replay { seq, missed } = all else {
        panic!("{all:?}");
    };
    for expected in seq - missed + 1..=seq {
        let event = tokio::time::timeout(smartopol_testkit::home::LIMIT, told.recv());
        assert_eq!(event.await.unwrap().unwrap().seq, Some(expected));
    }
    sound(&client).await;
    drop(again);
    house.stop(client).await;
}
