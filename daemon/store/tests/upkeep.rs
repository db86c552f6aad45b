//! The database stays small: what is old goes, what is free is given back, and no promise breaks.

use smartopol_protocol::trace::List;
use smartopol_protocol::turn::Outcome;

use crate::house::{House, answered, answers, at, complete, finished, raw, trace, user};

/// Has a session make so many calls, each with its trace.
async fn work(house: &House, calls: usize) {
    let session = house.session().await;
    for _ in 0..calls {
        let turn = house.turn(session.id).await;
        let call = house.call(&turn).await;
        let begun = trace(&call, &house.store);
        let done = complete(&begun, 5);
        let call = answered(&call, &done);
        house
            .store
            .write(move |w| {
                w.begin_trace(&begun)?;
                w.complete_trace(&done)?;
                w.put_call(&call)?;
                w.add_message(answers(&turn, &[call.id]))?;
                w.put_turn(&finished(&turn, Outcome::Done))
            })
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_new_database_can_give_back_its_free_pages_and_an_old_one_learns_to() {
    let house = House::new();
    assert!(!house.store.rebuild().await.unwrap());
    house.store.clone().close().await.unwrap();
    let old = raw(&house.path());
    old.execute_batch("PRAGMA journal_mode = DELETE; PRAGMA auto_vacuum = NONE; VACUUM")
        .unwrap();
    drop(old);
    let mut house = house;
    house.reopen().await;
    assert!(house.store.rebuild().await.unwrap());
    assert!(!house.store.rebuild().await.unwrap());
    house.sound().await;
}

#[tokio::test]
async fn what_became_free_is_given_back_in_small_steps_while_others_write() {
    let house = House::new();
    let session = house.session().await.id;
    for _ in 0..60 {
        let text = "x".repeat(60_000);
        let write = house
            .store
            .write(move |w| w.queue_message(user(session, &text)));
        write.await.unwrap();
    }
    let full = house.store.read(|r| r.size()).await.unwrap();
    let delete = house.store.write(move |w| w.delete_session(session, at(9)));
    delete.await.unwrap();
    let free = house.store.read(|r| r.size()).await.unwrap().free_bytes;
    assert!(free > full.bytes / 3, "{free} of {full:?}");
    let mut steps = 0;
    let mut left = u64::MAX;
    while left > 0 {
        let now = house.store.reclaim().await.unwrap();
        assert!(now < left, "a step gives something back: {left} to {now}");
        left = now;
        steps += 1;
        house.session().await;
    }
    assert!(steps >= 2, "{steps}");
    house.store.checkpoint().await.unwrap();
    let small = house.store.read(|r| r.size()).await.unwrap();
    assert!(small.bytes < full.bytes / 2, "{full:?} to {small:?}");
    assert_eq!(small.wal_bytes, 0);
    house.sound().await;
}

#[tokio::test]
async fn old_facts_go_without_a_hole_and_the_newest_stays() {
    let house = House::new();
    house.session().await; // At second 1.
    work(&house, 3).await; // At seconds 2 to 9.
    let newest = house.store.read(|r| r.seq()).await.unwrap();
    let gone = house.store.write(|w| w.prune_facts(at(0))).await.unwrap();
    assert_eq!(gone, 0, "nothing is that old");
    let gone = house.store.write(|w| w.prune_facts(at(2))).await.unwrap();
    assert!(gone >= 1);
    let (oldest, events) = house
        .store
        .read(|r| Ok((r.oldest_seq()?, r.events_since(0, 1_000)?)))
        .await
        .unwrap();
    let seqs: Vec<u64> = events.iter().filter_map(|event| event.seq).collect();
    assert_eq!(seqs, (oldest..=newest).collect::<Vec<_>>());
    // Even where all of it is old.
    while house.store.write(|w| w.prune_facts(at(99))).await.unwrap() > 0 {}
    let left = house
        .store
        .read(|r| r.events_since(0, 1_000))
        .await
        .unwrap();
    assert_eq!(left.len(), 1);
    house.session().await;
    let next = house.store.read(|r| r.seq()).await.unwrap();
    assert_eq!(next, newest + 1, "numbers go on");
}

#[tokio::test]
async fn old_traces_go_and_the_calls_they_were_of_stay_sound() {
    let mut house = House::new();
    work(&house, 4).await;
    let before = house.store.read(|r| r.rows()).await.unwrap();
    assert_eq!((before.traces, before.calls), (4, 4));
    assert_eq!(before.oldest_trace_at, Some(at(4)));
    let gone = house.store.write(|w| w.prune_traces(at(4))).await.unwrap();
    assert_eq!(gone, 0, "they are of that second, not from before");
    let gone = house
        .store
        .write(|w| w.prune_traces(at(100)))
        .await
        .unwrap();
    assert_eq!(gone, 4);
    let after = house.store.read(|r| r.rows()).await.unwrap();
    assert_eq!((after.traces, after.calls), (0, 4));
    let listed = house
        .store
        .read(|r| r.traces(&List::default()))
        .await
        .unwrap();
    assert_eq!(listed.traces, []);
    house.sound().await;
    // The mark says from when on a missing trace is a breach, and never goes back.
    house.store.write(|w| w.prune_traces(at(5))).await.unwrap();
    let since = house.store.read(|r| r.traces_since()).await.unwrap();
    assert_eq!(since, Some(at(100)));
    house.reopen().await;
    house.sound().await;
}

#[tokio::test]
async fn a_trace_that_is_not_complete_is_never_too_old() {
    let house = House::new();
    let turn = house.turn(house.session().await.id).await;
    let begun = trace(&house.call(&turn).await, &house.store);
    let write = house.store.write(move |w| w.begin_trace(&begun));
    write.await.unwrap();
    let gone = house
        .store
        .write(|w| w.prune_traces(at(999)))
        .await
        .unwrap();
    assert_eq!(gone, 0);
}
