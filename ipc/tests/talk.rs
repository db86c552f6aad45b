//! Calls, replies, events, over an in-memory pair.

use std::time::Duration;

use smartopol_ipc::server::{self, Replies, Requests};
use smartopol_ipc::{Access, Client, Error, Events, encode, pair};
use smartopol_protocol::envelope::{Hello, MAX_FRAME, RawRequest};
use smartopol_protocol::event::{Event, News};
use smartopol_protocol::{Code, Envelope, Fault, RuleId, SessionId, Timestamp, daemon, session};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

struct Both {
    client: Client,
    events: Events,
    requests: Requests,
    replies: Replies,
}

async fn connected() -> Both {
    let (near, far) = pair();
    let (ours, theirs) = tokio::join!(
        Client::over(near, "test", Access::Full),
        server::handshake(far, "cli:7", "1.2.3"),
    );
    let ((client, events), (requests, replies, _)) = (ours.unwrap(), theirs.unwrap());
    Both {
        client,
        events,
        requests,
        replies,
    }
}

/// A client that may say anything.
async fn stranger() -> (DuplexStream, Requests, Replies) {
    let (mut near, far) = pair();
    let hello = r#"{"type":"hello","min_version":1,"max_version":1,"client":"stranger"}"#;
    say(&mut near, 1, hello.as_bytes()).await;
    let (requests, replies, _) = server::handshake(far, "cli:7", "1.2.3").await.unwrap();
    assert!(hear(&mut near).await.contains(r#""type":"welcome""#));
    (near, requests, replies)
}

async fn say(stream: &mut DuplexStream, kind: u8, payload: &[u8]) {
    let length = u32::try_from(payload.len()).unwrap();
    let frame = [&[kind][..], &length.to_be_bytes(), payload].concat();
    stream.write_all(&frame).await.unwrap();
}

async fn hear(stream: &mut DuplexStream) -> String {
    assert_eq!(stream.read_u8().await.unwrap(), 1);
    let mut payload = vec![0; stream.read_u32().await.unwrap() as usize];
    stream.read_exact(&mut payload).await.unwrap();
    String::from_utf8(payload).unwrap()
}

fn fact(seq: u64) -> Event {
    Event {
        seq: Some(seq),
        at: Timestamp::from_millis(0),
        session_id: None,
        news: News::RuleRevoked(RuleId::from_bytes([1; 16])),
    }
}

#[tokio::test]
async fn a_call_gets_its_reply() {
    let mut both = connected().await;
    assert_eq!(both.client.welcome().peer, "cli:7");
    assert_eq!(both.client.welcome().daemon, "1.2.3");
    let server = async {
        let request = both.requests.next().await.unwrap().unwrap();
        assert_eq!(request.method, "session/list");
        both.replies
            .send(server::reply(request.id, &Ok(session::Listed::default())))
            .await
            .unwrap();
    };
    let (reply, ()) = tokio::join!(both.client.call(session::List {}), server);
    assert_eq!(reply.unwrap(), session::Listed::default());
}

#[tokio::test]
async fn replies_find_their_calls_in_any_order() {
    let mut both = connected().await;
    let server = async {
        let mut asked: Vec<RawRequest> = Vec::new();
        while asked.len() < 3 {
            asked.push(both.requests.next().await.unwrap().unwrap());
        }
        for request in asked.iter().rev() {
            let fault = Fault::new(Code::NotFound, request.params.as_ref().unwrap().get());
            both.replies
                .queue(server::reply::<()>(request.id, &Err(fault)));
        }
        both.replies.flush().await.unwrap();
    };
    let ask = async |byte: u8| {
        let id = SessionId::from_bytes([byte; 16]);
        match both.client.call(session::Delete { id }).await {
            Err(Error::Fault(fault)) => assert_eq!(fault.message, format!(r#"{{"id":"{id}"}}"#)),
            other => panic!("{other:?}"),
        }
    };
    tokio::join!(ask(1), ask(2), ask(3), server);
}
