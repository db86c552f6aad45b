//! Messages that wait: changed, joining a running turn; and a person's commands between them.

use smartopol_protocol::message::Part;
use smartopol_protocol::tool::OutputStatus;
use smartopol_protocol::turn::Outcome;
use smartopol_store::Error;

use crate::house::{House, agent, answers, at, command, finished, ran, user};

#[tokio::test]
async fn a_message_that_waits_is_changed_and_one_that_has_its_place_is_not() {
    let house = House::new();
    let session = house.session().await.id;
    house.turn(session).await;
    let waits = user(session, "frist");
    let id = waits.id;
    house
        .store
        .write(move |w| w.queue_message(waits))
        .await
        .unwrap();
    let changed = house
        .store
        .write(move |w| w.edit_message(id, Some("first".into()), Some(true), at(5)))
        .await
        .unwrap();
    assert_eq!((changed.text().as_str(), changed.steer), ("first", true));
    let queued = house.store.read(move |r| r.queued(session)).await.unwrap();
    assert_eq!(queued, [changed]);
    let placed = house
        .store
        .read(move |r| r.transcript(session, None, 1))
        .await
        .unwrap()
        .0[0]
        .id;
    let refused = house
        .store
        .write(move |w| w.edit_message(placed, Some("other".into()), None, at(5)))
        .await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    house.sound().await;
}

#[tokio::test]
async fn what_steers_joins_behind_the_outputs_and_not_before() {
    let house = House::new();
    let session = house.session().await.id;
    let turn = house.turn(session).await;
    let call = house.call(&turn).await;
    let mut waits = user(session, "use the other file");
    waits.steer = true;
    let id = waits.id;
    house
        .store
        .write(move |w| w.queue_message(waits))
        .await
        .unwrap();
    let own = turn.clone();
    let early = house
        .store
        .write(move |w| w.join_turn(id, &own, at(5)))
        .await;
    assert!(matches!(early, Err(Error::Order(_))), "{early:?}");
    let joined = house
        .store
        .write(move |w| {
            w.add_message(answers(&turn, &[call.id]))?;
            w.join_turn(id, &turn, at(5))
        })
        .await
        .unwrap();
    assert_eq!((joined.position, joined.steer), (Some(4), false));
    assert_eq!(joined.turn_id, call.turn_id);
}

#[tokio::test]
async fn a_command_gets_its_place_with_its_output_and_belongs_to_no_turn() {
    let house = House::new();
    let session = house.session().await.id;
    let turn = house.turn(session).await;
    let runs = command(session);
    let asked = ran(&runs);
    let (id, call_id) = (runs.id, runs.calls().next().unwrap());
    house
        .store
        .write(move |w| {
            w.queue_message(runs)?;
            w.put_call(&asked)
        })
        .await
        .unwrap();
    let early = house.store.write(move |w| w.place_command(id, at(5))).await;
    assert!(matches!(early, Err(Error::Order(_))), "{early:?}");
    let refused = house
        .store
        .write(move |w| w.withdraw_message(id, at(5)))
        .await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    let output = Part::ToolOutput {
        call_id,
        status: OutputStatus::Ok,
        text: "clean".into(),
    };
    let placed = house
        .store
        .write(move |w| {
            w.add_message(agent(&turn, "done"))?;
            w.put_turn(&finished(&turn, Outcome::Done))?;
            w.finish_command(id, output, at(6))?;
            w.place_command(id, at(6))
        })
        .await
        .unwrap();
    assert_eq!((placed.position, placed.turn_id), (Some(3), None));
    let line = house
        .store
        .read(move |r| r.session(session))
        .await
        .unwrap()
        .last_line;
    assert_eq!(line, "! git status");
    house.sound().await;
}
