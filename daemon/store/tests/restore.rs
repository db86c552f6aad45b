//! A damaged database gives its place to a backup and is not destroyed.

use smartopol_store::{Error, Options, Store, examine, restore};

use crate::house::{House, open, user};

/// Breaks a page of a file that nobody uses.
fn tear(path: &std::path::Path, page: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    let start = page * 4096;
    bytes[start..start + 4096].fill(0x5a);
    std::fs::write(path, bytes).unwrap();
}

async fn house_with_backup() -> (House, std::path::PathBuf) {
    let house = House::new();
    let session = house.session().await.id;
    for number in 0..200 {
        let text = format!("message {number} {}", "x".repeat(200));
        let write = house
            .store
            .write(move |w| w.queue_message(user(session, &text)));
        write.await.unwrap();
    }
    let backup = house.folder.path().join("backup.db");
    house.store.backup(backup.clone()).await.unwrap();
    (house, backup)
}

#[tokio::test]
async fn the_backup_takes_the_place_and_the_damaged_file_is_kept_with_its_log() {
    let (house, backup) = house_with_backup().await;
    let path = house.path();
    let log = path.with_extension("db-wal");
    house.store.clone().close().await.unwrap();
    tear(&path, 0);
    std::fs::write(&log, "what a crash left").unwrap();
    let (broken, its_log) = (std::fs::read(&path).unwrap(), std::fs::read(&log).unwrap());
    let opened = Store::open(Options {
        path: path.clone(),
        on_commit: Box::new(|_| ()),
    });
    let err = opened.map(drop).unwrap_err();
    assert!(matches!(err, Error::Corrupt(_)), "{err:?}");
    assert!(err.to_string().contains("smartopol doctor"), "{err}");
    assert!(
        broken == std::fs::read(&path).unwrap(),
        "opening changed it"
    );

    let aside = restore(&backup, &path, "now").unwrap().unwrap();
    assert_eq!(aside, path.with_extension("db.broken-now"));
    assert!(broken == std::fs::read(&aside).unwrap());
    let kept = path.with_extension("db.broken-now-wal");
    assert!(its_log == std::fs::read(kept).unwrap());
    let store = open(&path, &Default::default(), &Default::default());
    assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
    let rows = store.read(|r| r.rows()).await.unwrap();
    assert_eq!(rows.messages, 200);
}

#[tokio::test]
async fn a_torn_page_is_found_and_a_torn_backup_is_refused_and_changes_nothing() {
    let (house, backup) = house_with_backup().await;
    let path = house.path();
    house.store.clone().close().await.unwrap();
    assert_eq!(examine(&path).unwrap().problems, Vec::<String>::new());
    let pages = usize::try_from(std::fs::metadata(&backup).unwrap().len()).unwrap() / 4096;
    let mut found = 0;
    for page in 2..pages {
        let torn = house.folder.path().join("torn.db");
        std::fs::copy(&backup, &torn).unwrap();
        tear(&torn, page);
        let bad = match examine(&torn) {
            Ok(examined) => !examined.problems.is_empty(),
            Err(err) => matches!(err, Error::Corrupt(_)),
        };
        found += usize::from(bad);
        if bad {
            let before = std::fs::read(&path).unwrap();
            restore(&torn, &path, "now").unwrap_err();
            assert!(before == std::fs::read(&path).unwrap());
            assert!(!path.with_extension("db.broken-now").exists());
        }
    }
    // A page in the middle of a long text has no structure that could be seen to be broken.
    assert!(found * 10 >= pages * 7, "{found} of {pages}");
}

#[tokio::test]
async fn a_second_restore_overwrites_nothing_that_the_first_kept() {
    let (house, backup) = house_with_backup().await;
    let path = house.path();
    house.store.clone().close().await.unwrap();
    restore(&backup, &path, "now").unwrap();
    let again = restore(&backup, &path, "now");
    assert!(matches!(again, Err(Error::File { .. })), "{again:?}");
    let store = open(&path, &Default::default(), &Default::default());
    assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
}
