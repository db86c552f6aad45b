//! Calls, replies, events, between our client and our server.

use std::time::Duration;

use smartopol_ipc::server::{self, HELLO_WITHIN, Replies, Requests};
use smartopol_ipc::{Access, Client, Error, Events, encode, pair};
use smartopol_protocol::envelope::{MAX_FRAME, RawRequest};
use smartopol_protocol::event::{Event, News};
use smartopol_protocol::{Code, Envelope, Fault, RuleId, SessionId, Timestamp, TurnId};
use smartopol_protocol::{message, session};
use tokio::time::timeout;

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

impl Both {
    /// Answers the next request, while the client asks it.
    async fn ask(&mut self) -> Result<session::Listed, Error> {
        let Self {
            client,
            requests,
            replies,
            ..
        } = self;
        let served = async {
            let request = requests.next().await.unwrap().unwrap();
            let listed = session::Listed::default();
            replies
                .send(server::reply(request.id, &Ok(listed)))
                .await
                .unwrap();
        };
        let asked = client.call_within(Duration::from_secs(10), session::List::default());
        tokio::join!(asked, served).0
    }
}

fn fact(seq: u64) -> Event {
    Event {
        seq: Some(seq),
        ..passing(News::RuleRevoked(RuleId::from_bytes([1; 16])))
    }
}

fn delta(text: &str) -> Event {
    let turn_id = TurnId::from_bytes([1; 16]);
    passing(News::TextDelta {
        turn_id,
        step: 1,
        offset: 0,
        text: text.into(),
    })
}

fn passing(news: News) -> Event {
    Event {
        seq: None,
        at: Timestamp::from_millis(0),
        session_id: None,
        news,
    }
}

#[tokio::test]
async fn a_call_gets_its_reply_and_the_client_knows_who_it_is() {
    let mut both = connected().await;
    assert_eq!(both.ask().await.unwrap(), session::Listed::default());
    let welcome = both.client.welcome();
    assert_eq!(
        (welcome.peer.as_str(), welcome.daemon.as_str()),
        ("cli:7", "1.2.3")
    );
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
            both.replies.queue(server::reply::<()>(
                request.id,
                &Err(fault.hint("look again")),
            ));
        }
        both.replies.flush().await.unwrap();
    };
    let ask = async |byte: u8| {
        let id = SessionId::from_bytes([byte; 16]);
        let err = both.client.call(session::Delete { id }).await.unwrap_err();
        assert_eq!(err.to_string(), format!(r#"{{"id":"{id}"}}: look again"#));
        assert_eq!(err.fault().map(|fault| fault.code), Some(Code::NotFound));
    };
    tokio::join!(ask(1), ask(2), ask(3), server);
}

#[tokio::test]
async fn a_method_that_returns_nothing_is_a_reply_too() {
    let mut both = connected().await;
    let served = async {
        let request = both.requests.next().await.unwrap().unwrap();
        both.replies
            .send(server::reply(request.id, &Ok(())))
            .await
            .unwrap();
    };
    let id = SessionId::from_bytes([1; 16]);
    let (reply, ()) = tokio::join!(both.client.call(session::Delete { id }), served);
    reply.unwrap();
}

#[tokio::test]
async fn what_is_too_large_is_not_sent_and_said_to_be() {
    let mut both = connected().await;
    let text = "x".repeat(MAX_FRAME);
    let session_id = SessionId::from_bytes([1; 16]);
    let said = both
        .client
        .call(message::Send {
            session_id,
            text: text.clone(),
            id: None,
            steer: false,
        })
        .await;
    assert!(matches!(said, Err(Error::TooLarge { .. })), "{said:?}");
    assert!(matches!(
        encode(&Envelope::Event(delta(&text))),
        Err(Error::TooLarge { .. })
    ));

    let served = async {
        let request = both.requests.next().await.unwrap().unwrap();
        both.replies
            .send(server::reply(request.id, &Ok(text)))
            .await
            .unwrap();
    };
    let (reply, ()) = tokio::join!(both.client.call(session::List::default()), served);
    assert_eq!(
        reply.unwrap_err().fault().map(|fault| fault.code),
        Some(Code::TooLarge)
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_without_an_answer_ends_and_the_connection_lives() {
    let mut both = connected().await;
    let err = both
        .client
        .call(session::List::default())
        .await
        .unwrap_err();
    assert!(
        matches!(
            err,
            Error::TimedOut {
                what: "session/list",
                ..
            }
        ),
        "{err:?}"
    );
    let late = both.requests.next().await.unwrap().unwrap();
    both.replies
        .send(server::reply(late.id, &Ok(session::Listed::default())))
        .await
        .unwrap();
    both.ask().await.unwrap();
}

#[tokio::test]
async fn when_the_daemon_leaves_calls_and_events_end() {
    let Both {
        client,
        mut events,
        requests,
        mut replies,
    } = connected().await;
    let asked = client.call(session::List::default());
    let left = async {
        replies
            .send(encode(&Envelope::Event(passing(News::Stopping))).unwrap())
            .await
            .unwrap();
        drop((requests, replies));
    };
    let (reply, ()) = tokio::join!(asked, left);
    assert!(matches!(reply, Err(Error::Closed)), "{reply:?}");
    client.closed().await;
    assert_eq!(
        events.recv().await.map(|event| event.news),
        Some(News::Stopping)
    );
    assert_eq!(events.recv().await, None);
    assert!(matches!(
        client.call(session::List::default()).await,
        Err(Error::Closed)
    ));
}

#[tokio::test]
async fn the_connection_ends_with_its_last_handle() {
    let Both {
        client,
        mut events,
        mut requests,
        mut replies,
    } = connected().await;
    let copy = client.clone();
    drop((client, copy));
    replies
        .send(encode(&Envelope::Event(fact(1))).unwrap())
        .await
        .unwrap();
    assert_eq!(events.recv().await, Some(fact(1)));
    drop(events);
    assert!(requests.next().await.is_none());
}

#[tokio::test]
async fn a_slow_listener_is_waited_for() {
    let mut both = connected().await;
    let events = 20_000;
    let told = async {
        for seq in 0..events {
            both.replies
                .send(encode(&Envelope::Event(fact(seq))).unwrap())
                .await
                .unwrap();
        }
    };
    let heard = async {
        for seq in 0..events {
            assert_eq!(both.events.recv().await, Some(fact(seq)));
        }
    };
    timeout(Duration::from_secs(30), async { tokio::join!(told, heard) })
        .await
        .unwrap();
}

#[tokio::test]
async fn a_call_is_answered_while_nobody_takes_events_and_what_is_lost_is_told() {
    let mut both = connected().await;
    let events = 20_000;
    let told = async {
        let request = both.requests.next().await.unwrap().unwrap();
        for seq in 0..events {
            both.replies
                .queue(encode(&Envelope::Event(fact(seq))).unwrap());
            both.replies
                .queue(encode(&Envelope::Event(delta("x"))).unwrap());
        }
        both.replies
            .queue(server::reply(request.id, &Ok(session::Listed::default())));
        both.replies.flush().await.unwrap();
    };
    let asked = both
        .client
        .call_within(Duration::from_secs(20), session::List::default());
    let (reply, ()) = tokio::join!(asked, told);
    reply.unwrap();

    let (mut facts, mut deltas, mut missed, mut dropped) = (0, 0, 0, 0);
    while facts + missed < events || deltas + dropped < events {
        match both.events.recv().await.unwrap() {
            Event { seq: Some(seq), .. } => {
                assert_eq!(seq, facts, "what was kept is whole up to the gap");
                facts += 1;
            }
            Event {
                news: News::Gap { missed: now },
                ..
            } => missed += now,
            Event {
                news: News::Dropped { deltas: now },
                ..
            } => dropped += now,
            _ => deltas += 1,
        }
    }
    assert_eq!((facts + missed, deltas + dropped), (events, events));
    assert!(
        missed > 0 && facts >= 1_024,
        "{facts} kept, {missed} missed"
    );
    both.ask().await.unwrap();
}

#[tokio::test]
async fn an_interrupted_write_tears_no_frame() {
    let mut both = connected().await;
    let event = encode(&Envelope::Event(delta(&"x".repeat(100_000)))).unwrap();
    for _ in 0..50 {
        both.replies.queue(event.clone());
    }
    let told = async {
        // Given up again and again, as in a `select!`, until it got through.
        while timeout(Duration::ZERO, both.replies.flush()).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    let heard = async {
        for _ in 0..50 {
            assert_eq!(both.events.recv().await, Some(delta(&"x".repeat(100_000))));
        }
    };
    timeout(Duration::from_secs(30), async { tokio::join!(told, heard) })
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn silence_is_not_waited_for() {
    let (near, far) = pair();
    let (client, ()) = tokio::join!(Client::over(near, "test", Access::Full), async {
        tokio::time::sleep(HELLO_WITHIN * 2).await;
        drop(far);
    });
    assert!(
        matches!(client, Err(Error::TimedOut { what: "hello", .. })),
        "{client:?}"
    );

    let (_near, far) = pair();
    let accepted = server::handshake(far, "cli:7", "1.2.3").await;
    assert!(matches!(
        accepted,
        Err(Error::TimedOut { what: "hello", .. })
    ));
}

#[tokio::test]
async fn a_nameless_client_is_refused_with_the_reason() {
    let (near, far) = pair();
    let (client, accepted) = tokio::join!(
        Client::over(near, "", Access::Full),
        server::handshake(far, "cli:7", "1.2.3"),
    );
    assert!(matches!(&client, Err(Error::Refused(fault)) if fault.code == Code::BadRequest));
    assert!(matches!(accepted, Err(Error::Refused(_))));
}
