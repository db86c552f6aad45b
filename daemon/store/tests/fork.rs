//! A fork has a whole transcript of its own, and takes nothing from the first.

use smartopol_protocol::message::Part;
use smartopol_protocol::session::{SessionState, Show};
use smartopol_protocol::tool::{CallState, ToolOutput};
use smartopol_protocol::turn::Outcome;
use smartopol_store::Error;

use crate::house::{House, agent, answers, asks, at, call, complete, finished, trace};

/// A turn with two steps: a person, calls, outputs, a word.
async fn story(house: &House) -> smartopol_protocol::SessionId {
    let session = house.session().await.id;
    let turn = house.turn(session).await;
    let mut asked = call(&turn);
    let begun = trace(&asked, &house.store);
    house
        .store
        .write(move |w| {
            w.add_message(asks(&turn, &[asked.id]))?;
            asked.trace_id = Some(begun.id);
            asked.state = CallState::Finished {
                output: ToolOutput::default(),
            };
            asked.finished_at = Some(at(4));
            w.put_call(&asked)?;
            w.begin_trace(&begun)?;
            w.complete_trace(&complete(&begun, 3))?;
            w.add_message(answers(&turn, &[asked.id]))?;
            w.add_message(agent(&turn, "done"))?;
            w.put_turn(&finished(&turn, Outcome::Done))
        })
        .await
        .unwrap();
    session
}

#[tokio::test]
async fn a_fork_has_the_transcript_under_names_of_its_own() {
    let house = House::new();
    let session = story(&house).await;
    house.forget_told();
    let fork = house
        .store
        .write(move |w| w.fork_session(session, None, None, at(20)))
        .await
        .unwrap();
    assert_eq!((fork.at, fork.note.as_str()), (4, ""));
    assert_eq!(fork.session.name, "build-fork");
    assert_eq!(
        fork.session.state,
        SessionState::Idle {
            last: Some(Outcome::Done)
        }
    );
    assert_eq!(fork.session.usage.output, 0, "what was used was used once");
    let id = fork.session.id;
    let (old, new) = house
        .store
        .read(move |r| {
            Ok((
                r.show(&Show::newest(session, 100))?,
                r.show(&Show::newest(id, 100))?,
            ))
        })
        .await
        .unwrap();
    let texts = |shown: &smartopol_protocol::session::Shown| -> Vec<String> {
        shown
            .messages
            .iter()
            .map(|message| message.text())
            .collect()
    };
    assert_eq!(texts(&new), texts(&old));
    assert_ne!(new.calls[0].id, old.calls[0].id);
    assert_eq!(new.calls[0].trace_id, old.calls[0].trace_id);
    let Part::ToolOutput { call_id, .. } = &new.messages[2].parts[0] else {
        panic!("no output")
    };
    assert_eq!(*call_id, new.calls[0].id);
    assert_eq!(house.told().len(), 1, "one fact tells of it: the session");
    house.sound().await;
}

#[tokio::test]
async fn a_cut_inside_a_turn_keeps_calls_with_their_outputs_and_says_so() {
    let house = House::new();
    let session = story(&house).await;
    let fork = house
        .store
        .write(move |w| w.fork_session(session, Some(2), Some("other"), at(20)))
        .await
        .unwrap();
    assert_eq!(fork.at, 3);
    assert!(fork.note.contains("outputs"), "{}", fork.note);
    assert_eq!(
        fork.session.state,
        SessionState::Idle {
            last: Some(Outcome::Interrupted)
        },
        "what is left of the turn can be continued"
    );
    house.sound().await;
}

#[tokio::test]
async fn calls_that_still_run_stay_behind() {
    let house = House::new();
    let session = house.session().await.id;
    let turn = house.turn(session).await;
    house.call(&turn).await;
    let fork = house
        .store
        .write(move |w| w.fork_session(session, None, None, at(20)))
        .await
        .unwrap();
    assert_eq!(fork.at, 1);
    assert!(fork.note.contains("no outputs yet"), "{}", fork.note);
    assert_eq!(fork.session.messages, 1);
    house.sound().await;
}

#[tokio::test]
async fn a_place_that_is_not_there_is_refused() {
    let house = House::new();
    let session = story(&house).await;
    for place in [0, 5] {
        let refused = house
            .store
            .write(move |w| w.fork_session(session, Some(place), None, at(20)))
            .await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    }
}
