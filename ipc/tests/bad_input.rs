//! What a peer may send that no client of ours would: each gets a fault, and the connection lives.

use std::time::Duration;

use proptest::prelude::*;
use smartopol_ipc::server::{self, Replies, Requests};
use smartopol_ipc::{Access, Address, Client, Error, Listener, pair};
use smartopol_protocol::envelope::{MAX_DEPTH, MAX_FRAME};
use smartopol_protocol::{Code, Fault};
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::time::timeout;

const HELLO: &str = r#"{"type":"hello","min_version":1,"max_version":1,"client":"stranger"}"#;
const REQUEST: &str = r#"{"type":"request","id":9,"method":"session/list"}"#;

/// A client that may say anything.
async fn stranger() -> (DuplexStream, Requests, Replies) {
    let (mut near, far) = pair();
    say(&mut near, 1, HELLO.as_bytes()).await;
    let (requests, replies, _) = server::handshake(far, "cli:7", "1.2.3").await.unwrap();
    assert!(hear(&mut near).await.contains(r#""type":"welcome""#));
    (near, requests, replies)
}

fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap();
    [&[kind][..], &length.to_be_bytes(), payload].concat()
}

async fn say(stream: &mut (impl AsyncWrite + Unpin), kind: u8, payload: &[u8]) {
    stream.write_all(&frame(kind, payload)).await.unwrap();
}

async fn hear(stream: &mut DuplexStream) -> String {
    assert_eq!(stream.read_u8().await.unwrap(), 1);
    let mut payload = vec![0; stream.read_u32().await.unwrap() as usize];
    stream.read_exact(&mut payload).await.unwrap();
    String::from_utf8(payload).unwrap()
}

/// What the server makes of a frame, followed by a good request that must still be understood.
async fn answer_to(kind: u8, payload: &[u8]) -> (u64, Fault) {
    let (mut near, mut requests, _replies) = stranger().await;
    let said = async {
        say(&mut near, kind, payload).await;
        say(&mut near, 1, REQUEST.as_bytes()).await;
    };
    let heard = async {
        let bad = requests.next().await.unwrap().unwrap_err();
        let good = requests.next().await.unwrap().unwrap();
        assert_eq!((good.id, good.method.as_str()), (9, "session/list"));
        (bad.id, bad.fault)
    };
    tokio::join!(said, heard).1
}

#[tokio::test]
async fn nonsense_gets_a_fault_with_its_id_where_it_has_one() {
    let deep = format!(
        r#"{{"type":"request","id":5,"method":"x","params":{}{}}}"#,
        "[".repeat(MAX_DEPTH),
        "]".repeat(MAX_DEPTH),
    );
    let very_deep = format!(
        r#"{{"id":6,"x":{}{}}}"#,
        "[".repeat(900_000),
        "]".repeat(900_000)
    );
    for (payload, id, told) in [
        ("", 0, "EOF"),
        ("hello?", 0, "cannot be read"),
        ("\u{0}\u{1}", 0, "cannot be read"),
        (r#"{"type":"request","id":5,"method":"#, 0, "cannot be read"),
        ("[]", 0, "cannot be read"),
        ("{}", 0, "missing field `type`"),
        (r#"{"id":5}"#, 5, "missing field `type`"),
        (r#"{"type":"request","id":5}"#, 5, "missing field `method`"),
        (
            r#"{"type":"request","id":-5,"method":"x"}"#,
            0,
            "cannot be read",
        ),
        (
            r#"{"type":"telegram","id":5}"#,
            5,
            "there is no message of type `telegram`",
        ),
        (r#"{"type":"reply","id":5,"ok":null}"#, 5, "not a request"),
        (HELLO, 0, "not a request"),
        (deep.as_str(), 5, "too deep"),
        (very_deep.as_str(), 6, "too deep"),
    ] {
        let (read, fault) = answer_to(1, payload.as_bytes()).await;
        let shown: String = payload.chars().take(60).collect();
        assert_eq!((read, fault.code), (id, Code::BadRequest), "{shown}");
        assert!(fault.message.contains(told), "{shown}: {}", fault.message);
        assert!(!fault.hint.is_empty());
    }
}

#[tokio::test]
async fn a_frame_of_another_kind_gets_a_fault() {
    for (kind, told) in [
        (3, "there is no frame of kind 3"),
        (2, "a frame of kind 2 goes from the daemon to a client"),
    ] {
        let (id, fault) = answer_to(kind, b"\x00terminal").await;
        assert_eq!((id, fault.code), (0, Code::BadRequest));
        assert_eq!(fault.message, told);
    }
}

#[tokio::test]
async fn a_frame_too_large_gets_a_fault_and_is_skipped() {
    let (id, fault) = answer_to(1, &vec![b'['; MAX_FRAME + 1]).await;
    assert_eq!((id, fault.code), (0, Code::TooLarge));
}

#[tokio::test]
async fn a_frame_of_the_largest_size_is_read() {
    let (mut near, mut requests, _replies) = stranger().await;
    let frame = format!("{REQUEST}{}", " ".repeat(MAX_FRAME - REQUEST.len()));
    let (read, ()) = tokio::join!(requests.next(), say(&mut near, 1, frame.as_bytes()));
    assert_eq!(read.unwrap().unwrap().id, 9);
}

#[tokio::test]
async fn a_frame_beyond_skipping_ends_the_connection_after_the_fault() {
    let (mut near, mut requests, mut replies) = stranger().await;
    near.write_all(&[1, 0xff, 0xff, 0xff, 0xff]).await.unwrap();
    let bad = requests.next().await.unwrap().unwrap_err();
    assert_eq!((bad.id, bad.fault.code), (0, Code::TooLarge));
    replies
        .send(server::reply::<()>(bad.id, &Err(bad.fault)))
        .await
        .unwrap();
    assert!(requests.next().await.is_none());
    drop((requests, replies));
    assert!(hear(&mut near).await.contains("too_large"));
    assert_eq!(near.read(&mut [0]).await.unwrap(), 0);
}

#[tokio::test]
async fn the_last_fault_is_heard_over_a_socket_though_much_was_left_unread() {
    let home = tempfile::tempdir().unwrap();
    let address = Address::new(home.path().join("run/daemon.sock"));
    let listener = Listener::bind(address.clone()).await.unwrap();
    let mut near = tokio::net::UnixStream::connect(address.path())
        .await
        .unwrap();
    let far = listener.accept().await.unwrap().stream;
    say(&mut near, 1, HELLO.as_bytes()).await;
    let (mut requests, mut replies, _) = server::handshake(far, "cli:7", "1.2.3").await.unwrap();
    near.write_all(&[1, 0xff, 0xff, 0xff, 0xff]).await.unwrap();
    near.write_all(&[b'x'; 60_000]).await.unwrap();
    let bad = requests.next().await.unwrap().unwrap_err();
    replies
        .send(server::reply::<()>(bad.id, &Err(bad.fault)))
        .await
        .unwrap();
    drop((requests, replies));
    let mut heard = Vec::new();
    // The connection may end with a reset; what was said before it must have come.
    let _ = near.read_to_end(&mut heard).await;
    assert!(String::from_utf8_lossy(&heard).contains("too_large"));
}

#[tokio::test]
async fn a_peer_that_leaves_in_the_middle_of_a_frame_just_left() {
    let (mut near, mut requests, _replies) = stranger().await;
    near.write_all(&frame(1, REQUEST.as_bytes())[..20])
        .await
        .unwrap();
    drop(near);
    assert!(requests.next().await.is_none());
}

#[tokio::test]
async fn whoever_speaks_no_common_version_hears_which_side_is_old() {
    for (oldest, newest, told, hint) in [
        (
            2,
            3,
            "stranger speaks version 2 to 3 of the protocol, and this daemon version 1",
            "daemon",
        ),
        (
            0,
            0,
            "stranger speaks version 0 of the protocol, and this daemon version 1",
            "client",
        ),
    ] {
        let (mut near, far) = pair();
        let hello = HELLO
            .replace(r#""min_version":1"#, &format!(r#""min_version":{oldest}"#))
            .replace(r#""max_version":1"#, &format!(r#""max_version":{newest}"#));
        say(&mut near, 1, hello.as_bytes()).await;
        let refused = server::handshake(far, "cli:7", "1.2.3").await;
        assert!(matches!(refused, Err(Error::Version(_))));
        let heard = hear(&mut near).await;
        assert!(heard.contains(told), "{heard}");
        assert!(
            heard.contains(&format!("the {hint} is the older one")),
            "{heard}"
        );
        assert!(heard.contains(r#""type":"reply","id":0"#), "{heard}");
    }
}

#[tokio::test]
async fn whoever_does_not_begin_with_hello_is_refused() {
    for payload in [REQUEST, "GET / HTTP/1.1", "{}"] {
        let (mut near, far) = pair();
        say(&mut near, 1, payload.as_bytes()).await;
        assert!(matches!(
            server::handshake(far, "cli:7", "1").await,
            Err(Error::Refused(_))
        ));
        assert!(hear(&mut near).await.contains("bad_request"));
    }
}

#[tokio::test]
async fn a_client_skips_what_it_does_not_know() {
    let (near, mut far) = pair();
    let daemon = async {
        assert!(hear(&mut far).await.contains(r#""client":"test""#));
        let welcome = r#"{"type":"welcome","version":1,"daemon":"9","peer":"cli:7","mood":"good"}"#;
        say(&mut far, 1, welcome.as_bytes()).await;
        for skipped in [
            r#"{"type":"event","at":"2026-01-01T00:00:00.000Z","event":"comet_seen","data":{"x":1}}"#,
            r#"{"type":"event","event":7}"#,
            r#"{"type":"telegram"}"#,
            "not JSON",
        ] {
            say(&mut far, 1, skipped.as_bytes()).await;
        }
        say(&mut far, 77, b"whatever").await;
        let known = r#"{"type":"event","at":"2026-01-01T00:00:00.000Z","event":"stopping"}"#;
        say(&mut far, 1, known.as_bytes()).await;
    };
    let (client, ()) = tokio::join!(Client::over(near, "test", Access::Full), daemon);
    let (_client, mut events) = client.unwrap();
    let event = events.recv().await.unwrap();
    assert_eq!(event.news, smartopol_protocol::News::Stopping);
}

#[tokio::test]
async fn a_client_does_not_speak_a_version_it_does_not_know() {
    let (near, mut far) = pair();
    let daemon = async {
        hear(&mut far).await;
        let welcome = r#"{"type":"welcome","version":2,"daemon":"9","peer":"cli:7"}"#;
        say(&mut far, 1, welcome.as_bytes()).await;
    };
    let (client, ()) = tokio::join!(Client::over(near, "test", Access::Full), daemon);
    let err = client.unwrap_err();
    assert!(matches!(err, Error::Version(_)), "{err:?}");
    assert!(
        err.to_string().contains("`smartopol daemon restart`"),
        "{err}"
    );
}

proptest! {
    #[test]
    fn whatever_comes_a_good_request_behind_it_is_heard(
        frames in prop::collection::vec(
            (0_u8..4, prop_oneof![
                prop::collection::vec(any::<u8>(), 0..60),
                r#"[\[\]{}",:a-z0-9\\ ]{0,80}"#.prop_map(String::into_bytes),
            ]),
            0..10,
        ),
        chunk in 1_usize..64,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (mut near, mut requests, _replies) = stranger().await;
            let mut stream: Vec<u8> =
                frames.iter().flat_map(|(kind, payload)| frame(*kind, payload)).collect();
            stream.extend(frame(1, REQUEST.as_bytes()));
            let said = async {
                for piece in stream.chunks(chunk) {
                    near.write_all(piece).await.unwrap();
                    tokio::task::yield_now().await;
                }
            };
            let heard = async {
                for _ in &frames {
                    assert!(requests.next().await.unwrap().is_err());
                }
                assert_eq!(requests.next().await.unwrap().unwrap().id, 9);
            };
            timeout(Duration::from_secs(10), async { tokio::join!(said, heard) }).await.unwrap();
        });
    }
}
