//! Many writes, one commit; and readers beside them.

use std::pin::pin;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};

use smartopol_protocol::session::{Create, Show};
use smartopol_protocol::{MessageId, SessionId, UserId};
use smartopol_store::Error;
use tokio::task::JoinSet;

use crate::house::{House, at, user};

/// Occupies the writer until the returned sender is used.
async fn occupy(house: &House) -> (mpsc::SyncSender<()>, tokio::task::JoinHandle<()>) {
    let (go, wait) = mpsc::sync_channel(1);
    let (started, running) = tokio::sync::oneshot::channel();
    let store = house.store.clone();
    let task = tokio::spawn(async move {
        let held = store.write(move |_| {
            started.send(()).unwrap();
            wait.recv().unwrap();
            Ok(())
        });
        held.await.unwrap();
    });
    running.await.unwrap();
    (go, task)
}

#[tokio::test]
async fn writes_that_wait_share_one_commit() {
    let house = House::new();
    let session = house.session().await.id;
    *house.commits.lock().unwrap() = 0;
    let (go, held) = occupy(&house).await;
    let mut set = JoinSet::new();
    for number in 0..100 {
        let store = house.store.clone();
        set.spawn(async move {
            let message = user(session, &format!("message {number}"));
            store
                .write(move |w| w.queue_message(message))
                .await
                .unwrap()
                .id
        });
    }
    for _ in 0..200 {
        tokio::task::yield_now().await; // Every task hands its write over.
    }
    go.send(()).unwrap();
    held.await.unwrap();
    let sent = set.join_all().await;
    assert_eq!(sent.len(), 100);
    assert_eq!(*house.commits.lock().unwrap(), 1);

    let seqs: Vec<u64> = house.told().iter().filter_map(|event| event.seq).collect();
    let expected: Vec<u64> = (1..=seqs.len() as u64).collect();
    assert_eq!(
        seqs, expected,
        "told in the order of their numbers, none missing"
    );
    house.sound().await;
}

#[tokio::test]
async fn a_failing_or_panicking_write_undoes_only_itself() {
    let house = House::new();
    let session = house.session().await.id;
    let before = house.told().len();
    let (go, held) = occupy(&house).await;
    let mut set = JoinSet::new();
    for number in 0..30_u32 {
        let store = house.store.clone();
        set.spawn(async move {
            let message = user(session, &format!("message {number}"));
            let id = message.id;
            let result = store
                .write(move |w| {
                    w.queue_message(message)?;
                    match number % 3 {
                        0 => Ok(()),
                        1 => Err(Error::Conflict("changed my mind".into())),
                        _ => panic!("a mistake in a closure"),
                    }
                })
                .await;
            (number, id, result)
        });
    }
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    go.send(()).unwrap();
    held.await.unwrap();
    let mut kept: Vec<MessageId> = Vec::new();
    for (number, id, result) in set.join_all().await {
        match (number % 3, result) {
            (0, Ok(())) => kept.push(id),
            (1, Err(Error::Conflict(_))) => {}
            (2, Err(Error::Panicked(said))) => assert_eq!(said, "a mistake in a closure"),
            (_, other) => panic!("{number}: {other:?}"),
        }
    }
    let queued = house.store.read(move |r| r.queued(session)).await.unwrap();
    let mut stored: Vec<MessageId> = queued.iter().map(|message| message.id).collect();
    stored.sort();
    kept.sort();
    assert_eq!(stored, kept);
    let told = house.told();
    assert_eq!(
        told.len() - before,
        20,
        "a message and its session, ten times"
    );
    assert!(
        told.iter()
            .filter_map(|event| event.seq)
            .eq(1..=told.len() as u64)
    );
    house.sound().await;
}

#[tokio::test]
async fn who_hears_of_a_fact_can_fetch_it_and_who_wrote_it_hears_last() {
    let house = House::new();
    let session = house.session().await.id;
    let message = user(session, "hello");
    let id = message.id;
    house
        .store
        .write(|w| w.queue_message(message))
        .await
        .unwrap();
    let told = house.told();
    let stored = house.store.read(|r| r.events_since(0, 100)).await.unwrap();
    assert_eq!(told, stored);
    house.store.read(move |r| r.message(id)).await.unwrap();
}

#[tokio::test]
async fn a_write_that_was_handed_over_is_done_though_nobody_waits() {
    let house = House::new();
    let session = house.session().await.id;
    let message = user(session, "hello");
    let id = message.id;
    {
        let mut write = pin!(house.store.write(|w| w.queue_message(message)));
        let polled = write.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(polled, Poll::Pending));
    }
    house.store.write(|_| Ok(())).await.unwrap();
    house.store.read(move |r| r.message(id)).await.unwrap();
}

#[tokio::test]
async fn a_look_is_of_one_moment_while_writes_go_on() {
    let house = House::new();
    let session = house.session().await.id;
    let (started, running) = tokio::sync::oneshot::channel();
    let (go, wait) = mpsc::sync_channel(1);
    let store = house.store.clone();
    let look = tokio::spawn(async move {
        store
            .read(move |r| {
                let before = r.snapshot()?;
                started.send(()).unwrap();
                wait.recv().unwrap();
                Ok((before, r.snapshot()?, r.queued(session)?.len()))
            })
            .await
            .unwrap()
    });
    running.await.unwrap();
    house
        .store
        .write(move |w| w.queue_message(user(session, "meanwhile")))
        .await
        .unwrap();
    let now = house.store.read(|r| r.snapshot()).await.unwrap();
    go.send(()).unwrap();
    let (before, after, queued) = look.await.unwrap();
    assert_eq!((&before, queued), (&after, 0));
    assert!(now.seq > before.seq);
    assert_eq!(now.sessions[0].messages, 1);
}

#[tokio::test]
async fn looking_changes_nothing() {
    let house = House::new();
    let session = house.session().await.id;
    let turn = house.turn(session).await;
    house.call(&turn).await;
    let files = || {
        let wal = house.path().with_extension("db-wal");
        (
            std::fs::read(house.path()).unwrap(),
            std::fs::read(wal).unwrap(),
        )
    };
    let (before, told) = (files(), house.told());
    house
        .store
        .read(move |r| {
            let messages = r.show(&Show::newest(session, 0))?.messages;
            r.snapshot()?;
            r.counts()?;
            r.calls_of(&messages)?;
            r.unfinished_turns()?;
            r.find_session("nobody", UserId::new()).unwrap_err();
            r.stats(&Default::default())?;
            r.events_since(0, 10)?;
            assert!(r.size_bytes() > 0);
            Ok(())
        })
        .await
        .unwrap();
    house.sound().await;
    assert!(before == files(), "the files are as they were");
    assert_eq!(told, house.told());
}

#[tokio::test]
async fn a_closed_store_has_done_what_it_was_given_and_answers_that_it_is_closed() {
    let house = House::new();
    let (go, held) = occupy(&house).await;
    let mut set = JoinSet::new();
    for _ in 0..20 {
        let store = house.store.clone();
        set.spawn(async move {
            store
                .write(|w| {
                    w.create_session(SessionId::new(), None, &Create::in_folder("/a"), at(1))
                })
                .await
        });
    }
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    let closing = tokio::spawn(house.store.clone().close());
    tokio::task::yield_now().await;
    go.send(()).unwrap();
    held.await.unwrap();
    closing.await.unwrap().unwrap();
    assert!(
        set.join_all()
            .await
            .into_iter()
            .all(|result| result.is_ok())
    );
    assert!(matches!(
        house.store.read(|r| r.seq()).await,
        Err(Error::Closed)
    ));
    assert!(matches!(
        house.store.write(|_| Ok(())).await,
        Err(Error::Closed)
    ));
    assert!(matches!(house.store.check().await, Err(Error::Closed)));
    house.store.clone().close().await.unwrap();
    let wal = house.path().with_extension("db-wal");
    assert!(std::fs::metadata(wal).map_or(0, |file| file.len()) == 0);
}
