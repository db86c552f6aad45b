//! Attaching, leaving, coming back, several at once: everyone sees the same.

use std::collections::BTreeMap;
use std::process::Command;

use smartopol_ipc::{Access, Address, Client};
use smartopol_protocol::approval::{Approval, ApprovalState, Decide, Scope};
use smartopol_protocol::attention::Item;
use smartopol_protocol::event::{Subscribe, Subscribed};
use smartopol_protocol::message::Message;
use smartopol_protocol::session::{Session, Show};
use smartopol_protocol::tool::ToolCall;
use smartopol_protocol::trace::Trace;
use smartopol_protocol::turn::{Outcome, Turn};
use smartopol_protocol::{Code, Event, News, approval, session};
use smartopol_testkit::provider::{Gate, Rule, ScriptedProvider};

use super::models::home_in;
use super::{STORY, asked, decide, eventually, home, listen, outcome, say, until};

/// What a client knows, by the facts it was told.
#[derive(Debug, Default, PartialEq)]
struct Mirror {
    seq: u64,
    sessions: BTreeMap<String, Session>,
    messages: BTreeMap<String, Message>,
    turns: BTreeMap<String, Turn>,
    calls: BTreeMap<String, ToolCall>,
    approvals: BTreeMap<String, Approval>,
    traces: BTreeMap<String, Trace>,
    attention: BTreeMap<String, Item>,
}

impl Mirror {
    fn apply(&mut self, event: &Event) {
        let Some(seq) = event.seq else { return };
        assert!(
            seq > self.seq,
            "facts come in their order: {seq} after {}",
            self.seq
        );
        self.seq = seq;
        match &event.news {
            News::SessionChanged(x) => drop(self.sessions.insert(x.id.to_string(), (**x).clone())),
            News::MessageChanged(x) => drop(self.messages.insert(x.id.to_string(), (**x).clone())),
            News::TurnChanged(x) => drop(self.turns.insert(x.id.to_string(), (**x).clone())),
            News::CallChanged(x) => drop(self.calls.insert(x.id.to_string(), (**x).clone())),
            News::ApprovalChanged(x) => {
                self.approvals.insert(x.id.to_string(), (**x).clone());
            }
            News::TraceChanged(x) => drop(self.traces.insert(x.id.to_string(), (**x).clone())),
            News::AttentionChanged(x) => {
                self.attention.insert(x.id.to_string(), (**x).clone());
            }
            other => panic!("not expected here: {other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_left_and_came_back_knows_what_one_that_stayed_knows() {
    let mut home = home();
    home.start().await.unwrap();
    let (stays, mut events) = home.client().await.unwrap();
    stays.call(Subscribe::default()).await.unwrap();
    let mut stayed = Mirror::default();
    let (leaves, mut its_events) = home.client().await.unwrap();
    leaves.call(Subscribe::default()).await.unwrap();
    let mut left = Mirror::default();

    let session = home.session(&stays).await.unwrap();
    say(&stays, &session, "say: before").await;
    while left.turns.values().all(|turn| turn.finished_at.is_none()) {
        left.apply(&its_events.recv().await.unwrap());
    }
    drop((leaves, its_events));

    // It goes on without the one that left, also over a crash of the daemon.
    say(&stays, &session, "run: echo meanwhile").await;
    let question = loop {
        let event = events.recv().await.unwrap();
        stayed.apply(&event);
        if let News::ApprovalChanged(approval) = &event.news {
            break (**approval).clone();
        }
    };
    decide(&stays, &question, true).await;
    while stayed
        .turns
        .values()
        .filter(|turn| turn.finished_at.is_some())
        .count()
        < 2
    {
        stayed.apply(&events.recv().await.unwrap());
    }

    let (back, mut its_events) = home.client().await.unwrap();
    let since = Some(left.seq);
    let subscribed = back
        .call(Subscribe {
            since,
            ..Subscribe::default()
        })
        .await
        .unwrap();
    let Subscribed::Replay { seq, missed } = subscribed else {
        panic!("a snapshot was not needed")
    };
    assert_eq!(missed, seq - left.seq);
    while stayed.seq < seq {
        stayed.apply(&events.recv().await.unwrap());
    }
    while left.seq < seq {
        left.apply(&its_events.recv().await.unwrap());
    }
    assert_eq!(left, stayed);

    // And one that was never there before knows the same from a snapshot.
    let Subscribed::Snapshot(snapshot) = listen(&back, &session).await else {
        panic!("not a snapshot")
    };
    assert_eq!(snapshot.seq, stayed.seq);
    assert_eq!(
        snapshot.sessions,
        stayed.sessions.into_values().collect::<Vec<_>>()
    );
    assert_eq!(
        snapshot.traces,
        stayed.traces.into_values().collect::<Vec<_>>()
    );
    let shown = back.call(Show::newest(session.id, 0)).await.unwrap();
    let messages = stayed.messages.values().map(|m| (m.position, m.clone()));
    let in_order: BTreeMap<_, _> = messages.collect();
    assert_eq!(shown.messages, in_order.into_values().collect::<Vec<_>>());
    assert_eq!(shown.calls, stayed.calls.into_values().collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_goes_on_without_any_client() {
    let mut home = home();
    home.start().await.unwrap();
    let (client, events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    say(&client, &session, "slow: 5 still here").await;
    drop((client, events));
    let (client, _events) = home.client().await.unwrap();
    eventually("the answer is complete", || async {
        let shown = client.call(Show::newest(session.id, 0)).await.unwrap();
        shown
            .messages
            .last()
            .filter(|last| last.text().contains("still here"))
            .map(drop)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_who_joins_in_the_middle_of_an_answer_gets_all_of_it() {
    let provider = ScriptedProvider::start().await;
    let gate = Gate::new();
    provider.rule(
        Rule::any()
            .text("one two three four five six seven eight nine ten")
            .chunk(4)
            .hold_after(3, &gate),
    );
    let home = home_in(&provider, "anthropic", "ask").await;
    let (client, mut events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    listen(&client, &session).await;
    say(&client, &session, "count").await;
    until(&mut events, |news| {
        matches!(news, News::TextDelta { .. }).then_some(())
    })
    .await;

    let (late, mut its_events) = home.client().await.unwrap();
    late.call(Subscribe::default()).await.unwrap();
    let watch = smartopol_protocol::event::Watch {
        session_id: Some(session.id),
    };
    let mut text = late.call(watch).await.unwrap().partial.unwrap().text;
    assert!(!text.is_empty());
    gate.open();
    let message = until(&mut its_events, |news| match news {
        News::TextDelta {
            offset, text: more, ..
        } => {
            let known = text.len() - usize::try_from(*offset).unwrap().min(text.len());
            assert!(*offset <= text.len() as u64, "a piece is missing");
            text.push_str(more.get(known..).unwrap_or_default());
            None
        }
        News::MessageChanged(message)
            if message.role == smartopol_protocol::message::Role::Agent =>
        {
            Some(message.text())
        }
        _ => None,
    })
    .await;
    assert_eq!(text, message);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_answer_wins_and_the_others_hear_who_gave_it() {
    let mut home = home();
    home.start().await.unwrap();
    let (client, mut events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    listen(&client, &session).await;
    say(&client, &session, "run: echo once").await;
    let question = asked(&mut events).await;
    let mut racers = Vec::new();
    for _ in 0..8 {
        racers.push(home.client().await.unwrap());
    }
    let answers = racers.iter().enumerate().map(|(number, (racer, _))| {
        let allow = number % 2 == 0;
        racer.call(Decide {
            allow,
            ..Decide::allow(question.id, Scope::Once)
        })
    });
    let mut won = 0;
    for answer in join_all(answers).await {
        match answer {
            Ok(approval) => {
                won += 1;
                assert_ne!(approval.state, ApprovalState::Pending);
            }
            Err(err) => assert!(err.to_string().contains("already"), "{err}"),
        }
    }
    assert_eq!(won, 1);
    let ended = until(&mut events, |news| match news {
        News::ApprovalChanged(approval) if approval.state != ApprovalState::Pending => {
            Some((**approval).clone())
        }
        _ => None,
    })
    .await;
    let (ApprovalState::Allowed { decision } | ApprovalState::Denied { decision }) = ended.state
    else {
        panic!("ended otherwise: {:?}", ended.state)
    };
    assert_eq!(decision.actor.client, "test");
    assert!(decision.actor.peer.starts_with("cli:"));
}

/// Waits for all of some futures, polled together.
async fn join_all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut waiting: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(move |context| {
        let mut open = false;
        for (future, done) in &mut waiting {
            if done.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(output) => *done = Some(output),
                    std::task::Poll::Pending => open = true,
                }
            }
        }
        if open {
            return std::task::Poll::Pending;
        }
        std::task::Poll::Ready(
            waiting
                .iter_mut()
                .filter_map(|(_, done)| done.take())
                .collect(),
        )
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_who_observes_cannot_touch() {
    let mut home = home();
    home.start().await.unwrap();
    let (client, _events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    let address = Address::new(home.socket());
    let (observer, _its_events) = Client::connect(&address, "observer", Access::Observe)
        .await
        .unwrap();
    observer.call(session::List::default()).await.unwrap();
    observer.call(approval::List::default()).await.unwrap();
    let err = observer
        .call(session::Interrupt {
            session_id: session.id,
        })
        .await
        .unwrap_err();
    let smartopol_ipc::Error::Fault(fault) = err else {
        panic!("{err}")
    };
    assert_eq!(fault.code, Code::Denied);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_answers_at_once_and_a_long_tool_blocks_nobody_else() {
    let mut home = home();
    home.config("[approvals]\nmode = \"auto\"\n").unwrap();
    home.start().await.unwrap();
    let (client, mut events) = home.client().await.unwrap();
    let one = home.session(&client).await.unwrap();
    let other = home.session(&client).await.unwrap();
    listen(&client, &other).await;
    say(&client, &one, "run: sleep 3600").await;
    say(&client, &other, "say: not blocked").await;
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    let interrupt = client.call(session::Interrupt { session_id: one.id });
    // Long before the tool is done.
    let stopped = tokio::time::timeout(std::time::Duration::from_secs(15), interrupt).await;
    assert!(stopped.expect("at once").unwrap().turn_id.is_some());
    assert_eq!(outcome(&mut events).await, Outcome::Interrupted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_writes_a_client_in_python() {
    let mut home = home();
    home.start().await.unwrap();
    let client = concat!(env!("CARGO_MANIFEST_DIR"), "/ipc/examples/client.py");
    let output = Command::new("python3")
        .arg(client)
        .arg(home.socket())
        .arg("say: hello from python")
        .current_dir(home.workspace())
        .output()
        .expect("python3 runs: it is needed for this test");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("hello from python"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_removed_whole_also_while_it_works_and_more_waits() {
    let mut home = home();
    home.start().await.unwrap();
    let (client, mut events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    listen(&client, &session).await;
    say(&client, &session, STORY).await;
    until(&mut events, |news| {
        matches!(news, News::TextDelta { .. }).then_some(())
    })
    .await;
    say(&client, &session, "say: waiting").await;
    let delete = session::Delete { id: session.id };
    client.call(delete).await.unwrap();
    let listed = client.call(session::List::default()).await.unwrap();
    assert!(listed.sessions.is_empty());
    let err = client.call(delete).await.unwrap_err();
    let smartopol_ipc::Error::Fault(fault) = err else {
        panic!("{err}")
    };
    assert_eq!(fault.code, Code::NotFound);
    let problems = client
        .call(smartopol_protocol::daemon::Check::default())
        .await
        .unwrap()
        .problems;
    assert_eq!(problems, Vec::<String>::new());
}
