//! How fast the store is here: `cargo run --release -p smartopol-store --example throughput`.
//!
//! Prints durable writes a second with so many callers waiting, and how long it takes to open a
//! database and to look into a long session. Takes a folder to write in, else uses a temporary one.

#![expect(clippy::print_stdout, reason = "printing is what this program is for")]

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use smartopol_protocol::message::{Message, Part, Role};
use smartopol_protocol::session::{Create, Show};
use smartopol_protocol::{MessageId, SessionId, Timestamp, UserId};
use smartopol_store::{Options, Store};
use tokio::task::JoinSet;

type Outcome = Result<(), Box<dyn Error>>;

/// How long each line is measured.
/// Whose the sessions are.
const USER: UserId = UserId::from_bytes([7; 16]);

const FOR: Duration = Duration::from_secs(2);

/// Messages of the long session.
const LONG: u64 = 100_000;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Outcome {
    let own = tempfile::tempdir()?;
    let folder = std::env::args_os()
        .nth(1)
        .map_or(own.path().into(), std::path::PathBuf::from);
    opening(&folder.join("opening")).await?;
    let path = folder.join("throughput/smartopol.db");
    for waiting in [1, 32, 64, 256] {
        writing(&path, waiting).await?;
    }
    looking(&path).await
}

fn open(path: &Path, commits: &Arc<AtomicU64>) -> Result<Store, smartopol_store::Error> {
    let commits = commits.clone();
    Store::open(Options {
        path: path.into(),
        on_commit: Box::new(move |_| {
            commits.fetch_add(1, Ordering::Relaxed);
        }),
    })
}

async fn opening(folder: &Path) -> Outcome {
    let (mut new, mut existing) = (Vec::new(), Vec::new());
    for number in 0..20 {
        let path = folder.join(format!("{number}.db"));
        for times in [&mut new, &mut existing] {
            let start = Instant::now();
            let store = open(&path, &Arc::default())?;
            times.push(start.elapsed());
            store.close().await?;
        }
    }
    println!(
        "open, new database                  {:>9.2} ms",
        median(new)
    );
    println!(
        "open, existing database             {:>9.2} ms",
        median(existing)
    );
    Ok(())
}

async fn writing(path: &Path, waiting: usize) -> Outcome {
    let commits = Arc::new(AtomicU64::new(0));
    let store = open(path, &commits)?;
    let end = Instant::now() + FOR;
    let mut callers = JoinSet::new();
    let before = commits.load(Ordering::Relaxed);
    let start = Instant::now();
    for _ in 0..waiting {
        let store = store.clone();
        callers.spawn(async move {
            let session = create(&store).await?;
            let mut times = Vec::new();
            while Instant::now() < end {
                let message = message(session);
                let start = Instant::now();
                store.write(|w| w.queue_message(message)).await?;
                times.push(start.elapsed());
            }
            Ok::<_, smartopol_store::Error>(times)
        });
    }
    let mut times = Vec::new();
    while let Some(caller) = callers.join_next().await {
        times.extend(caller??);
    }
    let seconds = start.elapsed().as_secs_f64();
    let commits = (commits.load(Ordering::Relaxed) - before) as f64 / seconds;
    println!(
        "{waiting:>3} waiting: {:>9.0} messages/s in {commits:>6.0} commits/s, each {:>7.2} ms",
        times.len() as f64 / seconds,
        median(times),
    );
    store.close().await?;
    Ok(())
}

async fn looking(path: &Path) -> Outcome {
    let store = open(path, &Arc::default())?;
    let session = create(&store).await?;
    for _ in 0..LONG / 1_000 {
        store
            .write(move |w| {
                (0..1_000).try_for_each(|_| w.queue_message(message(session)).map(drop))
            })
            .await?;
    }
    // Placed one by one, each by a turn of its own.
    for _ in 0..20 {
        store.write(move |w| turns(w, session, LONG / 20)).await?;
    }
    let mut times = [const { Vec::new() }; 3];
    for _ in 0..50 {
        let [show, snapshot, find] = &mut times;
        let start = Instant::now();
        store
            .read(move |r| r.show(&Show::newest(session, 0)))
            .await?;
        show.push(start.elapsed());
        let start = Instant::now();
        store.read(|r| r.snapshot()).await?;
        snapshot.push(start.elapsed());
        let start = Instant::now();
        store
            .read(move |r| r.newest_session(Some("/bench"), USER))
            .await?;
        find.push(start.elapsed());
    }
    let [show, snapshot, find] = times;
    println!(
        "show 200 of {LONG} messages         {:>9.2} ms",
        median(show)
    );
    println!(
        "snapshot                            {:>9.2} ms",
        median(snapshot)
    );
    println!(
        "find the newest session of a folder {:>9.2} ms",
        median(find)
    );
    let start = Instant::now();
    let problems = store.check().await?;
    println!(
        "check ({} problems)                 {:>9.2} ms",
        problems.len(),
        millis(start.elapsed())
    );
    let copy = path.with_file_name(format!("{}.copy", MessageId::new()));
    let start = Instant::now();
    let bytes = store.backup(copy).await?;
    println!(
        "back up {:>4} MB                     {:>9.2} ms",
        bytes >> 20,
        millis(start.elapsed())
    );
    store.close().await?;
    Ok(())
}

fn turns(
    w: &mut smartopol_store::Writer<'_>,
    session_id: SessionId,
    count: u64,
) -> Result<(), smartopol_store::Error> {
    use smartopol_protocol::turn::{Outcome, Turn, TurnState};
    for message in w
        .queued(session_id)?
        .into_iter()
        .take(usize::try_from(count).unwrap_or(0))
    {
        let turn = Turn {
            id: smartopol_protocol::TurnId::new(),
            session_id,
            message_id: None,
            state: TurnState::Running,
            steps: 0,
            usage: smartopol_protocol::model::Usage::default(),
            carried: smartopol_protocol::turn::Carried::default(),
            provider: "offline".into(),
            model: "none".into(),
            started_at: Timestamp::now(),
            finished_at: None,
        };
        let (mut turn, _) = w.begin_turn(turn, Some(message.id))?;
        turn.state = TurnState::Finished {
            outcome: Outcome::Done,
        };
        turn.finished_at = Some(Timestamp::now());
        w.put_turn(&turn)?;
    }
    Ok(())
}

async fn create(store: &Store) -> Result<SessionId, smartopol_store::Error> {
    let id = SessionId::new();
    store
        .write(move |w| {
            w.create_session(
                id,
                Some(USER),
                &Create::in_folder("/bench"),
                Timestamp::now(),
            )
        })
        .await?;
    Ok(id)
}

fn message(session_id: SessionId) -> Message {
    Message {
        id: MessageId::new(),
        session_id,
        turn_id: None,
        position: None,
        steer: false,
        role: Role::User,
        parts: vec![Part::Text {
            text: "a sentence as people write them, of some eighty characters, give or take one"
                .into(),
        }],
        peer: Some("cli:1000".into()),
        by: None,
        interrupted: false,
        created_at: Timestamp::now(),
    }
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times.get(times.len() / 2).copied().map_or(0.0, millis)
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
