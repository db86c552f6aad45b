//! Attaching, leaving, coming back, several at once: everyone sees the same.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::process::Command;

use serde_json::{Value, json};
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
use smartopol_testkit::Home;
use smartopol_testkit::home::LIMIT;
use smartopol_testkit::provider::{Gate, Rule, ScriptedProvider};

use super::models::home_in;
use super::terminals::{matches, open, write};
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

/// A client that acts as another peer, frame by frame.
struct Peer(UnixStream);

impl Peer {
    fn come(home: &Home, peer: &str) -> Self {
        let stream = UnixStream::connect(home.socket()).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        let mut own = Self(stream);
        own.say(
            &json!({"type": "hello", "min_version": 1, "max_version": 1, "client": "peer",
            "as": peer}),
        );
        assert_eq!(own.message().unwrap()["type"], "welcome");
        own
    }

    fn say(&mut self, message: &Value) {
        let payload = message.to_string();
        let mut frame = vec![1];
        frame.extend(u32::try_from(payload.len()).unwrap().to_be_bytes());
        frame.extend(payload.into_bytes());
        self.0.write_all(&frame).unwrap();
    }

    fn ask(&mut self, id: u64, method: &str, params: &Value) {
        self.say(&json!({"type": "request", "id": id, "method": method, "params": params}));
    }

    /// Returns the next frame, its kind first; `None` where the connection was ended.
    fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let mut header = [0; 5];
        match self.0.read_exact(&mut header) {
            Err(err) if err.kind() == std::io::ErrorKind::UnexpectedEof => return None,
            read => read.unwrap(),
        }
        let length = u32::from_be_bytes([header[1], header[2], header[3], header[4]]);
        let mut payload = vec![0; length as usize];
        self.0.read_exact(&mut payload).unwrap();
        Some((header[0], payload))
    }

    /// Returns the next message; bytes of terminals are passed over.
    fn message(&mut self) -> Option<Value> {
        loop {
            if let (1, payload) = self.frame()? {
                return Some(serde_json::from_slice(&payload).unwrap());
            }
        }
    }

    /// Returns the reply to this request, and what came before it.
    fn reply(&mut self, id: u64) -> (Value, Vec<Value>) {
        let mut before = Vec::new();
        loop {
            let message = self.message().expect("the connection was ended");
            if message["type"] == "reply" && message["id"] == id {
                return (message, before);
            }
            before.push(message);
        }
    }

    /// Returns the last word before the connection was ended.
    fn last_word(&mut self) -> Value {
        let mut last = Value::Null;
        while let Some(message) = self.message() {
            last = message;
        }
        last
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_right_to_look_ends_sees_no_more_of_a_terminal_and_is_told_why() {
    let mut home = home();
    home.start().await.unwrap();
    let (client, _events) = home.client().await.unwrap();
    let line = "stty -echo; while read x; do echo \"<$x>\"; done";
    let id = open(&client, line).await.id;
    let ways = [
        (vec!["users", "role", "ben", "user"], "not_found"),
        (vec!["users", "remove", "ben", "--yes"], "denied"),
        (vec!["users", "disable", "ben"], "denied"),
    ];
    for view in [json!({"view": "picture"}), json!({"view": "output"})] {
        for (way, code) in &ways {
            home.ok(["users", "add", "ben", "discord:ben", "--role", "admin"])
                .unwrap();
            let mut ben = Peer::come(&home, "discord:ben");
            ben.ask(1, "terminal/attach", &json!({"id": id, "view": view}));
            assert_eq!(ben.reply(1).0["fault"], Value::Null, "{way:?}");
            write(&client, id, "one\r").await;
            while ben.frame().expect("he may look").0 != 2 {}
            home.ok(way).unwrap();
            let last = ben.last_word();
            let found = (&last["id"], &last["fault"]["code"]);
            assert_eq!(found, (&json!(0), &json!(code)), "{way:?} {last}");
            let mut again = Peer::come(&home, "discord:ben");
            again.ask(1, "terminal/attach", &json!({"id": id, "view": view}));
            assert_eq!(again.reply(1).0["fault"]["code"], *code, "{way:?}");
            if !way.contains(&"remove") {
                home.ok(["users", "remove", "ben", "--yes"]).unwrap();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_right_to_hear_ends_is_told_nothing_more_also_of_what_they_waited_for() {
    let mut home = home();
    home.start().await.unwrap();
    let (client, _events) = home.client().await.unwrap();
    home.ok(["users", "add", "ben", "discord:ben", "--role", "admin"])
        .unwrap();
    let id = open(&client, "stty -echo; echo up; read x; echo \"<$x>\"")
        .await
        .id;
    matches(&client, id, "up").await;
    let mut ben = Peer::come(&home, "discord:ben");
    ben.ask(1, "event/subscribe", &json!({}));
    assert_eq!(ben.reply(1).0["fault"], Value::Null);
    let until = json!({"until": "matches", "pattern": "secret"});
    let wait = json!({"id": id, "until": until, "limit_ms": 600_000});
    ben.ask(2, "terminal/wait", &wait);
    // One that is answered at once says that the other was heard.
    ben.ask(3, "session/list", &json!({}));
    ben.reply(3);

    home.ok(["users", "role", "ben", "user"]).unwrap();
    let session = home.session(&client).await.unwrap();
    home.ok(["users", "add", "eve", "discord:eve"]).unwrap();
    write(&client, id, "secret\r").await;
    let (reply, told) = ben.reply(2);
    assert_eq!(reply["fault"]["code"], "not_found", "{reply}");
    let after = told
        .iter()
        .skip_while(|event| event["event"] != "user_changed");
    let after: Vec<_> = after.collect();
    assert_eq!(after[0]["data"]["user"]["role"], "user", "{told:?}");
    let news = after[1..].iter().map(|event| &event["event"]);
    let news: Vec<_> = news.filter(|event| **event != "client_left").collect();
    assert!(news.is_empty(), "{session:?} {told:?}");

    home.ok(["users", "remove", "ben", "--yes"]).unwrap();
    let last = ben.last_word();
    assert_eq!(
        (&last["id"], &last["fault"]["code"]),
        (&json!(0), &json!("denied"))
    );
    let why = last["fault"]["message"].as_str().unwrap();
    assert!(
        why.contains("discord:ben is not known here any more"),
        "{why}"
    );
    let waiting = home.ok(["inbox", "--json"]).unwrap();
    assert!(!waiting.contains("stranger"), "nobody knocked: {waiting}");
}
