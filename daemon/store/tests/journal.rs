//! Facts are numbered, kept, and never numbered again.

use smartopol_protocol::News;

use crate::house::{House, at, user};

#[tokio::test]
async fn who_says_since_gets_what_was_missed_also_after_a_restart() {
    let mut house = House::new();
    let session = house.session().await.id;
    house.turn(session).await;
    let all = house.told();
    let seq = all.last().unwrap().seq.unwrap();
    house.reopen().await;
    let (now, oldest, missed, none, limited) = house
        .store
        .read(move |r| {
            Ok((
                r.seq()?,
                r.oldest_seq()?,
                r.events_since(1, 1_000)?,
                r.events_since(seq, 1_000)?,
                r.events_since(0, 2)?,
            ))
        })
        .await
        .unwrap();
    assert_eq!((now, oldest), (seq, 1));
    assert_eq!(missed, all[1..]);
    assert_eq!(none, []);
    assert_eq!(limited, all[..2]);

    house.forget_told();
    house
        .store
        .write(move |w| w.queue_message(user(session, "more")))
        .await
        .unwrap();
    assert_eq!(house.told()[0].seq, Some(seq + 1));
}

#[tokio::test]
async fn a_session_that_was_touched_often_in_one_write_is_told_once_at_its_end() {
    let house = House::new();
    let session = house.session().await.id;
    house.forget_told();
    house
        .store
        .write(move |w| {
            w.queue_message(user(session, "one"))?;
            w.queue_message(user(session, "two"))?;
            w.configure_session(session, Some("garden"), None, None, at(9))
        })
        .await
        .unwrap();
    let told = house.told();
    let [first, second, third] = told.as_slice() else {
        panic!("{told:?}")
    };
    assert!(matches!(first.news, News::MessageChanged(_)));
    assert!(matches!(second.news, News::MessageChanged(_)));
    let News::SessionChanged(session) = &third.news else {
        panic!("{third:?}")
    };
    assert_eq!((session.messages, session.last_line.as_str()), (2, "two"));
    assert_eq!(session.name, "garden");
}

#[tokio::test]
async fn an_empty_journal_has_number_nought() {
    let house = House::new();
    let (seq, oldest, snapshot) = house
        .store
        .read(|r| Ok((r.seq()?, r.oldest_seq()?, r.snapshot()?)))
        .await
        .unwrap();
    assert_eq!((seq, oldest, snapshot.seq), (0, 1, 0));
}
