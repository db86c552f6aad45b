//! The disk fails, or the process dies, at every moment of every commit of a scripted house.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use smartopol_protocol::session::Create;
use smartopol_protocol::{Event, SessionId};
use smartopol_store::{Error, Options, Point, Store};

use crate::house::{House, at, open};
use crate::job;

/// Tells the test program to be the one that dies, where, and at which moment.
const FOLDER: &str = "SMARTOPOL_STORE_FAULT_FOLDER";
const MOMENT: &str = "SMARTOPOL_STORE_FAULT_MOMENT";

/// Not a test by itself: runs the script and dies at one moment, without any last word.
#[test]
fn dying() {
    let (Some(folder), Ok(moment)) = (std::env::var_os(FOLDER), std::env::var(MOMENT)) else {
        return;
    };
    let moment: u64 = moment.parse().unwrap();
    let mut passed = 0;
    let at_point = Box::new(move |_| {
        passed += 1;
        if passed == moment {
            std::process::abort();
        }
        Ok(())
    });
    let folder = std::path::PathBuf::from(folder);
    let told = folder.join("told");
    let options = Options {
        path: folder.join("smartopol.db"),
        on_commit: Box::new(move |facts| {
            let newest = facts.iter().filter_map(|fact| fact.seq).max().unwrap();
            std::fs::write(&told, newest.to_string()).unwrap();
        }),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let store = Store::open_with_points(options, at_point).unwrap();
        House::around(store).script(1).await;
    });
}

#[tokio::test]
async fn a_process_that_dies_at_any_moment_of_a_commit_leaves_whole_commits() {
    let whole = {
        let house = House::new();
        house.script(1).await;
        house.store.read(|r| r.seq()).await.unwrap()
    };
    let (mut moment, mut last) = (0, 0);
    loop {
        moment += 1;
        let folder = tempfile::tempdir().unwrap();
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "faults::dying"])
            .env(FOLDER, folder.path())
            .env(MOMENT, moment.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        let path = folder.path().join("smartopol.db");
        let store = open(&path, &Default::default(), &Default::default());
        assert_eq!(
            store.check().await.unwrap(),
            Vec::<String>::new(),
            "moment {moment}"
        );
        job::no_gap(&store).await;
        job::once(&store).await;
        let seq = store.read(|r| r.seq()).await.unwrap();
        let told = std::fs::read_to_string(folder.path().join("told")).unwrap_or_default();
        let told: u64 = told.parse().unwrap_or(0);
        assert!(
            seq >= told,
            "moment {moment}: fact {told} was told and is gone"
        );
        assert!(
            seq >= last,
            "moment {moment}: {last} facts stood a moment earlier"
        );
        last = seq;
        store.close().await.unwrap();
        if status.success() {
            break;
        }
    }
    assert_eq!(last, whole, "the last one died of nothing");
    assert!(moment > 30, "{moment} moments");
}

#[tokio::test]
async fn a_disk_that_fails_at_any_moment_fails_that_write_and_no_other() {
    for failing in 1..50_u64 {
        let folder = tempfile::tempdir().unwrap();
        let told: Arc<Mutex<Vec<Event>>> = Arc::default();
        let heard = told.clone();
        let passed = Arc::new(AtomicU64::new(0));
        let at_point = Box::new(move |point| {
            let now = passed.fetch_add(1, Ordering::Relaxed) + 1;
            match point {
                Point::Committed | Point::Told => Ok(()),
                _ if now == failing => Err(Error::Full),
                _ => Ok(()),
            }
        });
        let options = Options {
            path: folder.path().join("smartopol.db"),
            on_commit: Box::new(move |facts| heard.lock().unwrap().extend_from_slice(facts)),
        };
        let store = Store::open_with_points(options, at_point).unwrap();
        let (mut stored, mut refused) = (0_u64, 0);
        for _ in 0..12 {
            let create = store.write(|w| {
                w.create_session(SessionId::new(), None, &Create::in_folder("/a"), at(1))
            });
            match create.await {
                Ok(_) => stored += 1,
                Err(Error::Full) => refused += 1,
                Err(err) => panic!("{err}"),
            }
        }
        assert!(refused <= 1, "moment {failing}: {refused} writes failed");
        let sessions = store.read(|r| r.sessions()).await.unwrap().len() as u64;
        assert_eq!(
            sessions, stored,
            "moment {failing}: who heard yes is stored, who heard no is not"
        );
        assert_eq!(
            told.lock().unwrap().len() as u64,
            stored,
            "moment {failing}"
        );
        assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
    }
}
