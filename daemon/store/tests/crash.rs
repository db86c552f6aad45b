//! What was acknowledged is there after a crash, once.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use smartopol_protocol::session::Create;
use smartopol_protocol::{MessageId, SessionId};

use crate::house::{House, open, user};

/// Tells the test program to be the one that is killed, and where.
const FOLDER: &str = "SMARTOPOL_STORE_CRASH_FOLDER";

#[tokio::test]
async fn the_files_of_a_running_store_are_a_whole_database() {
    let house = House::new();
    let session = house.session().await.id;
    let mut acknowledged = Vec::new();
    for number in 0..20 {
        let message = user(session, &format!("message {number}"));
        acknowledged.push(message.id);
        house
            .store
            .write(|w| w.queue_message(message))
            .await
            .unwrap();
    }
    // As a crash would leave them: no close, no checkpoint.
    let copy = house.folder.path().join("crashed.db");
    std::fs::copy(house.path(), &copy).unwrap();
    std::fs::copy(
        house.path().with_extension("db-wal"),
        copy.with_extension("db-wal"),
    )
    .unwrap();
    let store = open(&copy, &Default::default(), &Default::default());
    assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
    let queued = store.read(move |r| r.queued(session)).await.unwrap();
    assert_eq!(
        queued.iter().map(|message| message.id).collect::<Vec<_>>(),
        acknowledged
    );
    assert_eq!(store.agent_id(), house.store.agent_id());
}

#[tokio::test]
async fn a_dropped_store_can_be_opened_again_at_once() {
    let mut house = House::new();
    let session = house.session().await.id;
    for round in 0..5 {
        let message = user(session, &format!("round {round}"));
        house
            .store
            .write(|w| w.queue_message(message))
            .await
            .unwrap();
        house.store = open(&house.path(), &house.told, &house.commits); // The old one is dropped.
    }
    let queued = house.store.read(move |r| r.queued(session)).await.unwrap();
    assert_eq!(queued.len(), 5);
    house.sound().await;
}

#[tokio::test]
async fn a_log_left_by_a_database_that_was_removed_does_not_reach_the_next_one() {
    let house = House::new();
    house.session().await;
    let path = house.folder.path().join("again.db");
    let log = path.with_extension("db-wal");
    std::fs::copy(house.path().with_extension("db-wal"), &log).unwrap();
    let store = open(&path, &Default::default(), &Default::default());
    assert_eq!(store.read(|r| r.sessions()).await.unwrap(), []);
    assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
    assert_ne!(store.agent_id(), house.store.agent_id());
}

/// Not a test by itself: writes and prints what was acknowledged until it is killed.
#[test]
fn victim() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let path = std::path::Path::new(&folder).join("smartopol.db");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    runtime.block_on(async {
        let store = open(&path, &Default::default(), &Default::default());
        let session = SessionId::from_bytes([1; 16]);
        if store.read(move |r| r.session(session)).await.is_err() {
            let at = crate::house::at(1);
            store
                .write(move |w| w.create_session(session, None, &Create::in_folder("/a"), at))
                .await
                .unwrap();
        }
        let mut writers = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let store = store.clone();
            writers.spawn(async move {
                loop {
                    let message = user(session, "acknowledged");
                    let id = message.id;
                    store
                        .write(move |w| w.queue_message(message))
                        .await
                        .unwrap();
                    let mut out = std::io::stdout().lock();
                    writeln!(out, "{id}").unwrap();
                    out.flush().unwrap();
                }
            });
        }
        writers.join_all().await;
    });
}

#[tokio::test]
async fn kill_9_loses_and_doubles_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let session = SessionId::from_bytes([1; 16]);
    let mut acknowledged: BTreeSet<MessageId> = BTreeSet::new();
    for round in 0..4 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crash::victim", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut take = |line: String| {
            if let Some(Ok(id)) = line.split_whitespace().last().map(str::parse) {
                acknowledged.insert(id);
            }
        };
        for line in lines.by_ref().take(60 + round * 37) {
            take(line.unwrap());
        }
        child.kill().unwrap();
        lines
            .map_while(Result::ok)
            .filter(|line| line.len() >= 36)
            .for_each(&mut take);
        child.wait().unwrap();

        let store = open(
            &folder.path().join("smartopol.db"),
            &Default::default(),
            &Default::default(),
        );
        assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
        let (queued, seq) = store
            .read(move |r| Ok((r.queued(session)?, r.seq()?)))
            .await
            .unwrap();
        let stored: BTreeSet<MessageId> = queued.iter().map(|message| message.id).collect();
        assert_eq!(stored.len(), queued.len());
        let lost: Vec<_> = acknowledged.difference(&stored).collect();
        assert!(lost.is_empty(), "{lost:?}");
        assert!(acknowledged.len() >= 50, "{}", acknowledged.len());
        assert_eq!(
            seq,
            1 + 2 * stored.len() as u64,
            "a fact for each message and its session"
        );
        store.close().await.unwrap();
    }
}
