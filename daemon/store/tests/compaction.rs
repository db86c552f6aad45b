//! What is folded ends where a transcript may be parted; what is pinned is bounded.

use smartopol_protocol::compaction::{Compaction, MAX_PINS, MadeBy, PinKind};
use smartopol_protocol::terminal::Party;
use smartopol_protocol::turn::Outcome;
use smartopol_protocol::{CompactionId, News, SessionId};
use smartopol_store::Error;

use crate::house::{House, agent, answers, asks, at, call, finished};

fn compaction(session_id: SessionId, until: u64) -> Compaction {
    Compaction {
        id: CompactionId::new(),
        session_id,
        until,
        messages: until,
        summary: "it went well".into(),
        pinned: Vec::new(),
        made_by: MadeBy::Cut {
            reason: "nobody wrote one".into(),
        },
        tokens_before: 9,
        tokens_after: 3,
        created_at: at(9),
        expanded_at: None,
    }
}

/// A session whose transcript is a question, calls, their outputs, an answer.
async fn story(house: &House) -> SessionId {
    let session = house.session().await.id;
    let turn = house.turn(session).await;
    let asked = call(&turn);
    house
        .store
        .write(move |w| {
            w.add_message(asks(&turn, &[asked.id]))?;
            w.add_message(answers(&turn, &[asked.id]))?;
            w.add_message(agent(&turn, "done"))?;
            w.put_turn(&finished(&turn, Outcome::Done))
        })
        .await
        .unwrap();
    session
}

#[tokio::test]
async fn a_compaction_parts_no_calls_from_their_outputs_and_reaches_further_each_time() {
    let house = House::new();
    let session = story(&house).await;
    let add = |until| {
        let own = compaction(session, until);
        house.store.write(move |w| w.add_compaction(&own))
    };
    assert!(matches!(add(2).await, Err(Error::Order(_))), "between");
    assert!(matches!(add(9).await, Err(Error::Order(_))), "at nothing");
    add(1).await.unwrap();
    assert!(matches!(add(1).await, Err(Error::Order(_))), "no further");
    add(3).await.unwrap();
    let counts = house.store.read(move |r| r.compaction(session)).await;
    assert_eq!(counts.unwrap().unwrap().until, 3);
    let told = house.told.lock().unwrap().clone();
    let made = |news: &News| matches!(news, News::CompactionChanged(_));
    assert_eq!(told.iter().filter(|own| made(&own.news)).count(), 2);

    // Taking the newest back lets the one before it count.
    let write = house
        .store
        .write(move |w| w.expand_compaction(session, at(10)));
    assert_eq!(write.await.unwrap().expanded_at, Some(at(10)));
    let read = house
        .store
        .read(move |r| Ok((r.compaction(session)?, r.expanded_at(session)?)));
    let (counts, expanded) = read.await.unwrap();
    assert_eq!((counts.unwrap().until, expanded), (1, Some(at(10))));
    let problems = house.store.check().await.unwrap();
    assert!(
        !problems.iter().any(|own| own.contains("compaction")),
        "{problems:?}"
    );
}

#[tokio::test]
async fn a_fork_takes_along_what_was_folded_within_it_and_a_deleted_session_takes_all_of_it() {
    let house = House::new();
    let session = story(&house).await;
    let fork = house
        .store
        .write(move |w| {
            w.add_compaction(&compaction(session, 1))?;
            w.add_compaction(&compaction(session, 4))?;
            w.add_pin(session, (PinKind::Rule, "stay"), Party::Person, at(5))?;
            w.fork_session(session, Some(3), None, at(20))
        })
        .await
        .unwrap();
    let id = fork.session.id;
    let read = house
        .store
        .read(move |r| Ok((r.compactions(id)?, r.pins(id)?)));
    let (compactions, pins) = read.await.unwrap();
    assert_eq!(compactions.len(), 1);
    assert_eq!((compactions[0].session_id, compactions[0].until), (id, 1));
    assert_eq!((pins[0].session_id, pins[0].text.as_str()), (id, "stay"));
    let gone = house
        .store
        .write(move |w| w.delete_session(session, at(30)));
    gone.await.unwrap();
    let read = house
        .store
        .read(move |r| Ok((r.compactions(session)?, r.all_pins(session)?)));
    assert_eq!(read.await.unwrap(), (Vec::new(), Vec::new()));
}

#[tokio::test]
async fn pins_are_bounded_told_once_and_a_persons_are_theirs() {
    let house = House::new();
    let session = house.session().await.id;
    let pin = |kind, text: String, by| {
        house
            .store
            .write(move |w| w.add_pin(session, (kind, &text), by, at(3)))
    };
    let own = pin(PinKind::Rule, " never ".into(), Party::Person)
        .await
        .unwrap();
    assert_eq!(own.text, "never");
    let same = pin(PinKind::Rule, "never".into(), Party::Agent)
        .await
        .unwrap();
    assert_eq!(same.id, own.id);
    for bad in [String::new(), "x".repeat(1025)] {
        let refused = pin(PinKind::Rule, bad, Party::Person).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    }
    let refused = pin(PinKind::Denial, "no".into(), Party::Person).await;
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    for number in 1..MAX_PINS {
        pin(PinKind::Todo, format!("{number}"), Party::Agent)
            .await
            .unwrap();
    }
    let surplus = pin(PinKind::Todo, "more".into(), Party::Agent).await;
    assert!(matches!(surplus, Err(Error::Conflict(_))), "{surplus:?}");
    let off = |by| {
        house
            .store
            .write(move |w| w.remove_pin(session, own.id, by, at(4)))
    };
    assert!(matches!(off(Party::Agent).await, Err(Error::Conflict(_))));
    assert_eq!(off(Party::Person).await.unwrap().removed_at, Some(at(4)));
    pin(PinKind::Todo, "more".into(), Party::Agent)
        .await
        .unwrap();
}
