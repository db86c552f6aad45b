//! Messages, turns and calls, as the daemon writes them.

use smartopol_protocol::message::Search;
use smartopol_protocol::model::Usage;
use smartopol_protocol::session::{SessionState, Show};
use smartopol_protocol::turn::{Outcome, TurnState};
use smartopol_protocol::{MessageId, News};
use smartopol_store::Error;

use crate::house::{
    House, agent, answered, answers, asks, at, call, complete, finished, notice, trace, turn, user,
};

#[tokio::test]
async fn a_whole_turn_is_stored_as_it_was_said() {
    let house = House::new();
    let session = house.session().await;
    let running = house.turn(session.id).await;
    let asked = house.call(&running).await;
    let begun = trace(&asked, &house.store);
    let done = answered(&asked, &begun);
    let over = crate::house::finished(&running, Outcome::Done);
    let (r, b, d, o) = (running.clone(), begun.clone(), done.clone(), over.clone());
    house
        .store
        .write(move |w| {
            w.begin_trace(&b)?;
            w.complete_trace(&complete(&b, 12))?;
            w.put_call(&d)?;
            w.add_message(answers(&r, &[d.id]))?;
            w.add_message(agent(&r, "Nothing to do.\n\nIt is  clean."))?;
            w.put_turn(&o)
        })
        .await
        .unwrap();
    let shown = house
        .store
        .read(move |r| r.show(&Show::newest(session.id, 0)))
        .await
        .unwrap();
    let positions: Vec<_> = shown.messages.iter().map(|m| m.position).collect();
    assert_eq!(positions, [Some(1), Some(2), Some(3), Some(4)]);
    assert_eq!(shown.turns, [over]);
    assert_eq!(shown.calls, [done]);
    assert_eq!(shown.session.messages, 4);
    assert_eq!(shown.session.last_line, "Nothing to do. It is clean.");
    assert_eq!(shown.session.updated_at, at(9));
    assert_eq!(
        shown.session.state,
        SessionState::Idle {
            last: Some(Outcome::Done)
        }
    );
    assert!(!shown.more);
    assert_eq!(shown.as_of, house.told().last().unwrap().seq.unwrap());
    house.sound().await;
}

#[tokio::test]
async fn a_message_sent_twice_is_stored_once() {
    let house = House::new();
    let session = house.session().await;
    let message = user(session.id, "hello");
    let (first, mut again) = (message.clone(), message.clone());
    house.store.write(|w| w.queue_message(first)).await.unwrap();
    house.forget_told();
    again.parts = user(session.id, "something else").parts;
    let stored = house.store.write(|w| w.queue_message(again)).await.unwrap();
    assert_eq!(stored, message);
    assert_eq!(house.told(), []);
    house.sound().await;
}

#[tokio::test]
async fn messages_wait_in_the_order_they_came_and_can_be_taken_back_until_their_turn() {
    let house = House::new();
    let session = house.session().await;
    let running = house.turn(session.id).await;
    // Ids of clients need not be in order of time.
    let mut early = user(session.id, "second");
    early.id = MessageId::from_bytes([1; 16]);
    let ids = [MessageId::new(), early.id];
    let mut first = user(session.id, "first");
    first.id = ids[0];
    let withdrawn = house
        .store
        .write(move |w| {
            w.queue_message(first)?;
            w.queue_message(early)?;
            let queue: Vec<_> = w.queued(session.id)?.iter().map(|m| m.id).collect();
            assert_eq!(queue, ids);
            assert_eq!(w.session(session.id)?.last_line, "second");
            w.withdraw_message(ids[1], at(8))?;
            w.session(session.id)
        })
        .await
        .unwrap();
    assert_eq!(
        (withdrawn.messages, withdrawn.last_line.as_str()),
        (2, "first")
    );
    let told = house.told();
    assert!(
        told.iter()
            .any(|event| event.news == News::MessageWithdrawn(ids[1]))
    );

    let begun = running.message_id.unwrap();
    let refused = house
        .store
        .write(move |w| w.withdraw_message(begun, at(9)))
        .await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    house.sound().await;
}

#[tokio::test]
async fn a_session_has_one_turn_at_a_time() {
    let house = House::new();
    let session = house.session().await;
    let running = house.turn(session.id).await;
    let second = house
        .store
        .write(move |w| w.begin_turn(turn(session.id), None))
        .await;
    assert!(matches!(second, Err(Error::Conflict(_))), "{second:?}");
    let over = finished(&running, Outcome::Interrupted);
    let again = over.clone();
    house.store.write(move |w| w.put_turn(&over)).await.unwrap();
    house.forget_told();
    house
        .store
        .write(move |w| w.put_turn(&again))
        .await
        .unwrap();
    assert_eq!(house.told(), [], "the same again is no news");
    let back = house.store.write(move |w| w.put_turn(&running)).await;
    assert!(matches!(back, Err(Error::Conflict(_))), "{back:?}");
    house
        .store
        .write(move |w| w.begin_turn(turn(session.id), None))
        .await
        .unwrap();
    house.sound().await;
}

#[tokio::test]
async fn a_turn_cannot_end_while_a_call_has_no_output() {
    let house = House::new();
    let session = house.session().await;
    let running = house.turn(session.id).await;
    house.call(&running).await;
    let over = finished(&running, Outcome::CutOff);
    let refused = house.store.write(move |w| w.put_turn(&over)).await;
    assert!(matches!(refused, Err(Error::Order(_))), "{refused:?}");
}

#[tokio::test]
async fn an_answered_call_stays_answered() {
    let house = House::new();
    let session = house.session().await;
    let running = house.turn(session.id).await;
    let asked = house.call(&running).await;
    let done = answered(&asked, &trace(&asked, &house.store));
    house.store.write(move |w| w.put_call(&done)).await.unwrap();
    let reopened = house.store.write(move |w| w.put_call(&asked)).await;
    assert!(matches!(reopened, Err(Error::Conflict(_))), "{reopened:?}");
}

#[tokio::test]
async fn usage_adds_up_over_steps_and_turns() {
    let house = House::new();
    let session = house.session().await;
    let used = |input, cost_micros| Usage {
        input,
        cost_micros,
        ..Usage::default()
    };
    for (step, last) in [
        (used(10, None), used(25, Some(7))),
        (used(1, Some(1)), used(5, Some(3))),
    ] {
        let mut running = house.turn(session.id).await;
        running.usage = step;
        running.steps = 1;
        let mut over = finished(&running, Outcome::Done);
        over.usage = last;
        house
            .store
            .write(move |w| {
                w.put_turn(&running)?;
                w.put_turn(&over)
            })
            .await
            .unwrap();
    }
    let usage = house
        .store
        .read(move |r| r.session(session.id))
        .await
        .unwrap()
        .usage;
    assert_eq!(usage, used(30, Some(10)));
    house.sound().await;
}

#[tokio::test]
async fn a_window_walks_back_through_a_long_transcript() {
    let house = House::new();
    let session = house.session().await;
    let running = house.turn(session.id).await;
    house
        .store
        .write(move |w| {
            for number in 0..9 {
                w.add_message(notice(&running, &format!("notice {number}")))?;
            }
            Ok(())
        })
        .await
        .unwrap();
    let (newest, middle, oldest) = house
        .store
        .read(move |r| {
            Ok((
                r.show(&Show::newest(session.id, 4))?,
                r.show(&Show::before(session.id, 7, 4))?,
                r.show(&Show::before(session.id, 3, 4))?,
            ))
        })
        .await
        .unwrap();
    let positions = |shown: &smartopol_protocol::session::Shown| {
        shown
            .messages
            .iter()
            .filter_map(|m| m.position)
            .collect::<Vec<_>>()
    };
    assert_eq!((positions(&newest), newest.more), (vec![7, 8, 9, 10], true));
    assert_eq!((positions(&middle), middle.more), (vec![3, 4, 5, 6], true));
    assert_eq!((positions(&oldest), oldest.more), (vec![1, 2], false));
    assert_eq!(newest.turns.len(), 1);
    assert_eq!((newest.last, oldest.last), (10, 10));
}

#[tokio::test]
async fn a_window_goes_forward_too_and_stands_around_a_place() {
    let house = House::new();
    let session = house.session().await;
    let running = house.turn(session.id).await;
    house
        .store
        .write(move |w| {
            for number in 0..9 {
                w.add_message(notice(&running, &format!("notice {number}")))?;
            }
            w.queue_message(user(session.id, "waits"))
        })
        .await
        .unwrap();
    let windows = [
        (Show::after(session.id, 0, 3), vec![1, 2, 3], false),
        (Show::after(session.id, 8, 3), vec![9, 10], true),
        (Show::after(session.id, 10, 3), vec![], false),
        (Show::around(session.id, 5, 4), vec![3, 4, 5, 6], true),
        (Show::around(session.id, 1, 4), vec![1, 2], false),
        (Show::around(session.id, 10, 4), vec![8, 9, 10], true),
        (Show::around(session.id, 99, 4), vec![9, 10], true),
    ];
    for (show, positions, more) in windows {
        let shown = house.store.read(move |r| r.show(&show)).await.unwrap();
        let own: Vec<u64> = shown.messages.iter().filter_map(|m| m.position).collect();
        // What waits stands at the end, and comes with the newest window alone.
        assert_eq!(own.len(), shown.messages.len(), "{show:?}");
        assert_eq!(
            (own, shown.more, shown.last),
            (positions, more, 10),
            "{show:?}"
        );
    }
    let two = Show {
        after: Some(1),
        ..Show::before(session.id, 3, 1)
    };
    let refused = house.store.read(move |r| r.show(&two)).await;
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
}

#[tokio::test]
async fn a_text_is_found_in_all_that_is_said_and_a_long_search_goes_on() {
    let house = House::new();
    let session = house.session().await;
    let running = house.turn(session.id).await;
    house
        .store
        .write(move |w| {
            for number in 0..60 {
                let word = if number % 3 == 0 { "Grüße" } else { "others" };
                w.add_message(notice(&running, &format!("{word} {number}")))?;
            }
            Ok(())
        })
        .await
        .unwrap();
    let search = move |text: &str, before, after, limit| Search {
        session_id: session.id,
        text: text.into(),
        before,
        after,
        limit,
    };
    let ask = async |search: Search| house.store.read(move |r| r.search(&search)).await;
    let mut seen = Vec::new();
    let mut before = None;
    loop {
        let found = ask(search(
            "GRÜSSE".replace("SS", "ß").as_str(),
            before,
            None,
            7,
        ))
        .await
        .unwrap();
        seen.extend(found.hits.iter().map(|hit| hit.position));
        before = found.next;
        if before.is_none() {
            break;
        }
    }
    let all: Vec<u64> = (2..=61).rev().filter(|p| (p - 2) % 3 == 0).collect();
    assert_eq!(seen, all, "newest first, none twice, none missing");
    let forward = ask(search("grüße", None, Some(50), 0)).await.unwrap();
    let positions: Vec<u64> = forward.hits.iter().map(|hit| hit.position).collect();
    assert_eq!((positions, forward.next), (vec![53, 56, 59], None));
    assert_eq!(forward.hits[0].line, "Grüße 51");
    for wrong in [search(" ", None, None, 0), search("x", Some(1), Some(1), 0)] {
        let refused = ask(wrong).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    }
}

#[tokio::test]
async fn what_belongs_to_no_session_or_turn_is_refused() {
    let house = House::new();
    let session = house.session().await;
    let stranger = turn(smartopol_protocol::SessionId::new());
    let lost = call(&turn(session.id));
    let (a, b) = (stranger.clone(), lost.clone());
    let begun = house.store.write(move |w| w.begin_turn(a, None)).await;
    assert!(
        matches!(
            begun,
            Err(Error::NotFound {
                what: "session",
                ..
            })
        ),
        "{begun:?}"
    );
    let put = house.store.write(move |w| w.put_call(&b)).await;
    assert!(
        matches!(put, Err(Error::NotFound { what: "turn", .. })),
        "{put:?}"
    );
    let queued = house
        .store
        .write(move |w| w.queue_message(user(stranger.session_id, "hi")))
        .await;
    assert!(
        matches!(
            queued,
            Err(Error::NotFound {
                what: "session",
                ..
            })
        ),
        "{queued:?}"
    );
    let said = asks(&turn(session.id), &[lost.id]);
    let said = house.store.write(move |w| w.add_message(said)).await;
    assert!(
        matches!(said, Err(Error::NotFound { what: "turn", .. })),
        "{said:?}"
    );
}

#[tokio::test]
async fn a_running_turn_waits_and_runs_again() {
    let house = House::new();
    let session = house.session().await;
    let mut running = house.turn(session.id).await;
    running.state = TurnState::Waiting;
    let waiting = running.clone();
    house
        .store
        .write(move |w| w.put_turn(&waiting))
        .await
        .unwrap();
    let (row, unfinished) = house
        .store
        .read(move |r| Ok((r.session(session.id)?, r.unfinished_turns()?)))
        .await
        .unwrap();
    assert_eq!(row.state, SessionState::Waiting);
    assert_eq!(unfinished, [running]);
}
