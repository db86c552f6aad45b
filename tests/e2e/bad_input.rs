//! What must not hurt: frames that are none, words that mean nothing, peers of another time.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use serde_json::{Value, json};

use super::home;

pub(super) struct Raw(UnixStream);

impl Raw {
    fn connect(home: &smartopol_testkit::Home) -> Self {
        let stream = UnixStream::connect(home.socket()).unwrap();
        stream
            .set_read_timeout(Some(smartopol_testkit::home::LIMIT))
            .unwrap();
        Self(stream)
    }

    pub(super) fn hello(home: &smartopol_testkit::Home) -> Self {
        let mut raw = Self::connect(home);
        raw.say(&json!({"type": "hello", "min_version": 1, "max_version": 1, "client": "raw"}));
        assert_eq!(raw.hear()["type"], "welcome");
        raw
    }

    /// A client that may look and not touch.
    pub(super) fn observing(home: &smartopol_testkit::Home) -> Self {
        let mut raw = Self::connect(home);
        raw.say(&json!({"type": "hello", "min_version": 1, "max_version": 1,
            "client": "raw", "observe": true}));
        assert_eq!(raw.hear()["type"], "welcome");
        raw
    }

    /// Calls a method that must fail, and returns the fault.
    pub(super) fn refused(&mut self, method: &str, params: Value) -> Value {
        self.say(&json!({"type": "request", "id": 7, "method": method, "params": params}));
        self.hear()["fault"].clone()
    }

    fn frame(&mut self, kind: u8, payload: &[u8]) {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        self.0.write_all(&[kind]).unwrap();
        self.0.write_all(&length).unwrap();
        self.0.write_all(payload).unwrap();
    }

    pub(super) fn say(&mut self, value: &Value) {
        self.frame(1, value.to_string().as_bytes());
    }

    fn hear(&mut self) -> Value {
        let mut header = [0; 5];
        self.0.read_exact(&mut header).unwrap();
        let length = u32::from_be_bytes([header[1], header[2], header[3], header[4]]);
        let mut payload = vec![0; length as usize];
        self.0.read_exact(&mut payload).unwrap();
        serde_json::from_slice(&payload).unwrap()
    }

    fn fault(&mut self) -> String {
        let reply = self.hear();
        reply["fault"]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_gets_a_fault_and_the_connection_lives() {
    let mut home = home();
    home.start().await.unwrap();
    let mut raw = Raw::hello(&home);
    raw.frame(1, b"not json at all");
    assert_eq!(raw.fault(), "bad_request");
    raw.frame(
        1,
        format!("{}1{}", "[".repeat(500), "]".repeat(500)).as_bytes(),
    );
    assert_eq!(raw.fault(), "bad_request");
    raw.frame(9, b"a kind from the future");
    assert_eq!(raw.fault(), "bad_request");
    raw.frame(1, &vec![b' '; 9 * 1024 * 1024]);
    assert_eq!(raw.fault(), "too_large");
    raw.say(&json!({"type": "request", "id": 5, "method": "session/fly"}));
    let reply = raw.hear();
    assert_eq!(
        (&reply["id"], &reply["fault"]["code"]),
        (&json!(5), &json!("unknown_method"))
    );
    assert!(
        reply["fault"]["hint"]
            .as_str()
            .unwrap()
            .contains("session/list")
    );
    raw.say(
        &json!({"type": "request", "id": 6, "method": "session/list", "params": {"colour": 1}}),
    );
    let reply = raw.hear();
    assert_eq!(reply["fault"]["code"], "bad_request");
    assert!(
        reply["fault"]["message"]
            .as_str()
            .unwrap()
            .contains("colour")
    );
    for (id, method, params, near) in [
        (
            20,
            "job/add",
            json!({"spec": {"whne": "9:00"}}),
            "did you mean `when`?",
        ),
        (
            21,
            "job/add",
            json!({"spec": {"action": {"do": "promt", "text": "x"}}}),
            "did you mean `prompt`?",
        ),
        (
            22,
            "job/show",
            json!({"keys": "tidy"}),
            "did you mean `key`?",
        ),
        (23, "jobs/list", json!({}), "did you mean `job/list`?"),
    ] {
        raw.say(&json!({"type": "request", "id": id, "method": method, "params": params}));
        let reply = raw.hear();
        assert_eq!(reply["fault"]["hint"], near, "{reply}");
    }
    raw.say(&json!({"type": "request", "id": 7, "method": "session/list"}));
    assert_eq!(raw.hear()["ok"]["sessions"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_of_another_time_is_told_what_to_do() {
    let mut home = home();
    home.start().await.unwrap();
    let mut raw = Raw::connect(&home);
    raw.say(&json!({"type": "hello", "min_version": 7, "max_version": 9, "client": "future"}));
    let reply = raw.hear();
    assert_eq!(reply["fault"]["code"], "version");
    assert!(
        reply["fault"]["hint"]
            .as_str()
            .unwrap()
            .contains("daemon restart")
    );
    // Others are not disturbed by it.
    Raw::hello(&home);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_reads_stops_nobody() {
    let mut home = home();
    home.start().await.unwrap();
    let mut deaf = Raw::hello(&home);
    deaf.say(&json!({"type": "request", "id": 1, "method": "event/subscribe"}));
    let (client, mut events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    super::listen(&client, &session).await;
    let text = "x".repeat(100_000);
    for _ in 0..30 {
        super::say(&client, &session, &format!("say: {text}")).await;
        super::outcome(&mut events).await;
    }
    // It is told that it missed something, once it reads.
    let mut told = Vec::new();
    while !told.iter().any(|event| event == "gap") {
        let heard = deaf.hear();
        told.push(heard["event"].as_str().unwrap_or_default().to_owned());
    }
}
