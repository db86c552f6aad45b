//! A power cut in the middle of a write leaves a log that ends anywhere, or a checkpoint that was
//! half done. Each such file is a whole database of some earlier commit.

use std::path::{Path, PathBuf};

use crate::house::{House, open};

/// SQLite's: the log's header, and what stands before each page in it.
const HEAD: usize = 32;
const FRAME: usize = 24 + 4096;

/// A house in which something of everything happened, as files.
async fn files(folder: &Path) -> (Vec<u8>, Vec<u8>, u64) {
    let house = House::new();
    house.script(2).await;
    let (path, wal) = (house.path().clone(), house.path().with_extension("db-wal"));
    // While it is read the log is not begun anew, so the two belong together, whatever the store
    // does by itself meanwhile.
    let read = house.store.read(move |r| {
        let seq = r.seq()?;
        Ok((std::fs::read(&path), std::fs::read(&wal), seq))
    });
    let (database, log, seq) = read.await.unwrap();
    std::fs::create_dir_all(folder).unwrap();
    (database.unwrap(), log.unwrap(), seq)
}

/// Returns the newest fact of a database of these bytes, which must be sound.
async fn newest(path: &PathBuf, database: &[u8], log: &[u8]) -> u64 {
    for old in ["db-wal", "db-shm"] {
        std::fs::remove_file(path.with_extension(old)).ok();
    }
    std::fs::write(path, database).unwrap();
    std::fs::write(path.with_extension("db-wal"), log).unwrap();
    let store = open(path, &Default::default(), &Default::default());
    assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
    let seq = store.read(|r| r.seq()).await.unwrap();
    store.close().await.unwrap();
    seq
}

#[tokio::test]
async fn a_log_that_ends_anywhere_is_a_database_of_some_commit() {
    let folder = tempfile::tempdir().unwrap();
    let (database, log, seq) = files(folder.path()).await;
    let path = folder.path().join("cut.db");
    let frames = (log.len() - HEAD) / FRAME;
    assert!(frames > 40, "{frames}");
    let (mut last, mut states) = (0, 0);
    for frame in 0..=frames {
        let end = HEAD + frame * FRAME;
        // After a whole frame, and in the middle of the next.
        for end in [end, (end + FRAME / 2).min(log.len())] {
            let now = newest(&path, &database, &log[..end]).await;
            assert!(now >= last, "more of the log, fewer facts: {last} to {now}");
            states += u32::from(now > last);
            last = now;
        }
    }
    assert_eq!(last, seq);
    assert!(states >= 8, "{states} different states");
}

#[tokio::test]
async fn a_page_of_the_log_that_was_written_wrongly_ends_it_there() {
    let folder = tempfile::tempdir().unwrap();
    let (database, log, seq) = files(folder.path()).await;
    let path = folder.path().join("wrong.db");
    let frames = (log.len() - HEAD) / FRAME;
    for frame in (0..frames).step_by(3) {
        let mut log = log.clone();
        log[HEAD + frame * FRAME + 24 + 100] ^= 0xff;
        let now = newest(&path, &database, &log).await;
        assert!(now <= seq);
    }
}

#[tokio::test]
async fn a_checkpoint_that_was_half_done_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (before, log, seq) = files(folder.path()).await;
    let path = folder.path().join("half.db");
    newest(&path, &before, &log).await; // Closing it copied all of the log.
    let after = std::fs::read(&path).unwrap();
    let pages = after.len() / 4096;
    for page in 0..=pages {
        let end = page * 4096;
        let mut half = after[..end].to_vec();
        half.extend_from_slice(before.get(end..).unwrap_or_default());
        assert_eq!(
            newest(&path, &half, &log).await,
            seq,
            "{page} of {pages} pages copied"
        );
    }
}
