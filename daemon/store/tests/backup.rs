//! A copy made while writing goes on is a sound database.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use smartopol_store::Error;

use crate::house::{House, open, user};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_is_sound_while_writing_goes_on() {
    let house = House::new();
    let session = house.session().await.id;
    let stop = Arc::new(AtomicBool::new(false));
    let (store, stopped) = (house.store.clone(), stop.clone());
    let writing = tokio::spawn(async move {
        let mut written = 0_u64;
        while !stopped.load(Ordering::Relaxed) {
            let text = "x".repeat(4_000);
            store
                .write(move |w| w.queue_message(user(session, &text)))
                .await
                .unwrap();
            written += 1;
        }
        written
    });
    let wait_for = |count: u64| {
        let store = house.store.clone();
        async move {
            while store
                .read(move |r| r.session(session))
                .await
                .unwrap()
                .messages
                < count
            {
                tokio::task::yield_now().await;
            }
        }
    };
    wait_for(20).await;
    for number in 0..3 {
        let path = house.folder.path().join(format!("copy-{number}.db"));
        let floor = house
            .store
            .read(move |r| r.session(session))
            .await
            .unwrap()
            .messages;
        let bytes = house.store.backup(path.clone()).await.unwrap();
        assert_eq!(bytes, std::fs::metadata(&path).unwrap().len());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let copy = open(&path, &Arc::default(), &Arc::default());
        assert_eq!(copy.check().await.unwrap(), Vec::<String>::new());
        assert_eq!(copy.agent_id(), house.store.agent_id());
        let (messages, seq) = copy
            .read(move |r| Ok((r.queued(session)?.len() as u64, r.seq()?)))
            .await
            .unwrap();
        assert!(messages >= floor, "{messages} < {floor}");
        assert!(seq > messages);
        copy.close().await.unwrap();
        wait_for(messages + 10).await;
    }
    stop.store(true, Ordering::Relaxed);
    assert!(writing.await.unwrap() >= 20);
    house.sound().await;
    let left: Vec<_> = std::fs::read_dir(house.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with('.'))
        .collect();
    assert_eq!(left, Vec::<String>::new());
}

#[tokio::test]
async fn a_backup_never_replaces_a_file() {
    let house = House::new();
    let path = house.folder.path().join("precious");
    std::fs::write(&path, "mine").unwrap();
    let refused = house.store.backup(path.clone()).await;
    assert!(matches!(refused, Err(Error::Exists { .. })), "{refused:?}");
    assert_eq!(std::fs::read(&path).unwrap(), b"mine");
    let nowhere = house
        .store
        .backup(house.folder.path().join("no/such/folder"))
        .await;
    assert!(matches!(nowhere, Err(Error::File { .. })), "{nowhere:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn the_database_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let mut house = House::new();
    house.session().await;
    let path = house.path();
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&path.with_extension("db-wal")), 0o600);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    house.reopen().await;
    assert_eq!(mode(&path), 0o600, "what was open is closed again");
}
