//! `examples/client.py` against a daemon that is played.

use std::process::Output;

use smartopol_ipc::server::{self, Replies};
use smartopol_ipc::{Address, Listener, encode};
use smartopol_protocol::event::{Event, News, Subscribed};
use smartopol_protocol::model::Usage;
use smartopol_protocol::session::{Session, SessionState};
use smartopol_protocol::turn::{Carried, Outcome, Turn, TurnState};
use smartopol_protocol::{Code, Envelope, Fault, MessageId, Request, SessionId, Timestamp, TurnId};
use smartopol_protocol::{event, message};
use tempfile::TempDir;
use tokio::process::Command;

const SESSION: SessionId = SessionId::from_bytes([1; 16]);
const MESSAGE: MessageId = MessageId::from_bytes([2; 16]);
const TURN: TurnId = TurnId::from_bytes([3; 16]);
const OTHER: TurnId = TurnId::from_bytes([4; 16]);

#[tokio::test]
async fn it_makes_a_session_and_prints_the_answer() {
    let daemon = Daemon {
        known: false,
        queued: false,
        outcome: Outcome::Done,
    };
    let (output, asked) = daemon.play("What is 6 × 7?").await;
    assert_eq!(
        shown(&output),
        (Some(0), "It is\n42.\n".into(), String::new())
    );
    assert_eq!(
        asked,
        [
            "session/find",
            "session/create",
            "event/subscribe",
            "message/send What is 6 × 7?"
        ]
    );
}

#[tokio::test]
async fn it_waits_for_its_own_turn() {
    let daemon = Daemon {
        known: true,
        queued: true,
        outcome: Outcome::Done,
    };
    let (output, asked) = daemon.play("And?").await;
    assert_eq!(
        shown(&output),
        (Some(0), "It is\n42.\n".into(), String::new())
    );
    assert_eq!(
        asked,
        ["session/find", "event/subscribe", "message/send And?"]
    );
}

#[tokio::test]
async fn it_says_when_the_turn_ended_otherwise() {
    let daemon = Daemon {
        known: true,
        queued: false,
        outcome: Outcome::Interrupted,
    };
    let (output, _) = daemon.play("And?").await;
    assert_eq!(
        shown(&output),
        (
            Some(1),
            "It is\n42.\n".into(),
            "the turn ended: interrupted\n".into()
        )
    );
}

/// What is played.
struct Daemon {
    /// The folder has a session already.
    known: bool,
    /// Another turn runs when the message comes.
    queued: bool,
    /// How the turn ends.
    outcome: Outcome,
}

impl Daemon {
    async fn play(&self, text: &str) -> (Output, Vec<String>) {
        let home = tempfile::tempdir().unwrap();
        let address = Address::new(home.path().join("run/daemon.sock"));
        let listener = Listener::bind(address.clone()).await.unwrap();
        tokio::join!(run(&address, &home, text), self.serve(&listener))
    }

    async fn serve(&self, listener: &Listener) -> Vec<String> {
        let stream = listener.accept().await.unwrap().stream;
        let (mut requests, mut replies, hello) =
            server::handshake(stream, "cli:7", "1").await.unwrap();
        assert_eq!(hello.client, "client.py");
        let mut asked = Vec::new();
        while let Some(request) = requests.next().await {
            let request = request.unwrap();
            let parsed = Request::parse(&request.method, request.params.as_deref()).unwrap();
            asked.push(match &parsed {
                Request::MessageSend(send) => format!("message/send {}", send.text),
                other => other.method().to_owned(),
            });
            self.answer(request.id, &parsed, &mut replies).await;
        }
        asked
    }

    async fn answer(&self, id: u64, request: &Request, replies: &mut Replies) {
        let reply = match request {
            Request::SessionFind(find) if self.known => {
                server::reply(id, &Ok(session(find.workspace.as_deref().unwrap())))
            }
            Request::SessionFind(_) => {
                server::reply::<()>(id, &Err(Fault::new(Code::NotFound, "there is none")))
            }
            Request::SessionCreate(create) => server::reply(id, &Ok(session(&create.workspace))),
            Request::EventSubscribe(subscribe) => {
                assert_eq!(
                    *subscribe,
                    event::Subscribe {
                        since: None,
                        watch: Some(SESSION),
                        only: Some(SESSION)
                    }
                );
                server::reply(id, &Ok(Subscribed::Replay { seq: 1, missed: 0 }))
            }
            Request::MessageSend(_) => return self.talk(id, replies).await,
            other => panic!("{other:?} was not expected"),
        };
        replies.send(reply).await.unwrap();
    }

    /// The turn, a part of it before the reply to `message/send`.
    async fn talk(&self, id: u64, replies: &mut Replies) {
        let turn_id = (!self.queued).then_some(TURN);
        let sent = message::Sent {
            message_id: MESSAGE,
            turn_id,
        };
        for news in [
            delta(OTHER, 1, 0, "Not for you."),
            turn(OTHER, None, TurnState::Running),
        ] {
            replies.queue(told(news));
        }
        if self.queued {
            replies.queue(server::reply(id, &Ok(sent)));
        }
        for news in [
            turn(TURN, Some(MESSAGE), TurnState::Running),
            delta(TURN, 1, 0, "It "),
            delta(TURN, 1, 3, "is"),
        ] {
            replies.queue(told(news));
        }
        if !self.queued {
            replies.queue(server::reply(id, &Ok(sent)));
        }
        let finished = TurnState::Finished {
            outcome: self.outcome.clone(),
        };
        for news in [
            delta(TURN, 2, 0, "42."),
            turn(TURN, Some(MESSAGE), finished),
        ] {
            replies.queue(told(news));
        }
        replies.flush().await.unwrap();
    }
}

async fn run(address: &Address, home: &TempDir, text: &str) -> Output {
    let client = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/client.py");
    Command::new("python3")
        .args([client.as_ref(), address.path().as_os_str(), text.as_ref()])
        .current_dir(home.path())
        .env("PYTHONIOENCODING", "utf-8")
        .kill_on_drop(true)
        .output()
        .await
        .unwrap_or_else(|err| panic!("this test needs python3 (3.8 or newer) on the PATH: {err}"))
}

fn shown(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

fn told(news: News) -> smartopol_ipc::Bytes {
    let seq = news.is_fact().then_some(2);
    let at = Timestamp::from_millis(0);
    encode(&Envelope::Event(Event {
        seq,
        at,
        session_id: Some(SESSION),
        news,
    }))
    .unwrap()
}

fn delta(turn_id: TurnId, step: u32, offset: u64, text: &str) -> News {
    News::TextDelta {
        turn_id,
        step,
        offset,
        text: text.into(),
    }
}

fn turn(id: TurnId, message_id: Option<MessageId>, state: TurnState) -> News {
    News::TurnChanged(Box::new(Turn {
        id,
        session_id: SESSION,
        message_id,
        state,
        steps: 1,
        usage: Usage::default(),
        carried: Carried::default(),
        provider: "offline".into(),
        model: "offline".into(),
        started_at: Timestamp::from_millis(0),
        finished_at: None,
    }))
}

fn session(workspace: &str) -> Session {
    assert!(workspace.starts_with('/'), "{workspace}");
    Session {
        user_id: None,
        id: SESSION,
        name: "here".into(),
        workspace: workspace.into(),
        mode: None,
        model: None,
        state: SessionState::Idle { last: None },
        waiting: 0,
        messages: 0,
        last_line: String::new(),
        usage: Usage::default(),
        created_at: Timestamp::from_millis(0),
        archived_at: None,
        updated_at: Timestamp::from_millis(0),
    }
}
