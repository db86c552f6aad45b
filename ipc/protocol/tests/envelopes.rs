//! Every envelope and every code of fault.

use serde_json::Value;
use serde_json::value::RawValue;
use smartopol_protocol::envelope::{Hello, RawReply, RawRequest, Welcome};
use smartopol_protocol::{Code, Envelope, Event, Fault, Incoming, News};

use crate::golden::{Golden, pretty};
use crate::sample;

pub(crate) fn goldens() -> Vec<Golden> {
    let raw = |json: &str| Some(RawValue::from_string(json.into()).unwrap());
    let fault = Fault::new(Code::NotFound, "there is no session `garden`")
        .hint("`smartopol sessions list` shows them all");
    let hello = Hello {
        min_version: 1,
        max_version: 1,
        client: "smartopol-tui".into(),
        acts_as: Some(sample::peer("telegram:4711")),
        observe: true,
    };
    let welcome = Welcome {
        version: 1,
        daemon: "0.1.0".into(),
        peer: "cli:1000".into(),
    };
    let request = RawRequest {
        id: 7,
        method: "session/find".into(),
        params: raw(r#"{"key":"garden"}"#),
    };
    let event = Event {
        seq: Some(42),
        at: sample::at(1500),
        session_id: Some(sample::SESSION),
        news: News::SessionDeleted(sample::SESSION),
    };
    let mut goldens = vec![
        envelope("hello", Envelope::Hello(hello)),
        envelope("welcome", Envelope::Welcome(welcome)),
        envelope("request", Envelope::Request(request)),
        envelope(
            "reply.ok",
            Envelope::Reply(RawReply {
                id: 7,
                ok: raw("{}"),
                fault: None,
            }),
        ),
        envelope(
            "reply.fault",
            Envelope::Reply(RawReply {
                id: 7,
                ok: None,
                fault: Some(fault),
            }),
        ),
        envelope("event", Envelope::Event(event)),
    ];
    goldens.push(Golden::new("fault.codes", codes()));
    goldens
}

/// All codes. A new one does not compile before it stands here.
fn codes() -> Vec<Code> {
    let mut codes = vec![Code::BadRequest];
    while let Some(next) = codes.last().and_then(|code| match code {
        Code::BadRequest => Some(Code::UnknownMethod),
        Code::UnknownMethod => Some(Code::NotFound),
        Code::NotFound => Some(Code::Denied),
        Code::Denied => Some(Code::Conflict),
        Code::Conflict => Some(Code::Busy),
        Code::Busy => Some(Code::TooLarge),
        Code::TooLarge => Some(Code::Version),
        Code::Version => Some(Code::Unavailable),
        Code::Unavailable => Some(Code::Internal),
        Code::Internal => None,
    }) {
        codes.push(next);
    }
    codes
}

fn envelope(name: &str, envelope: Envelope) -> Golden {
    let json = pretty(&envelope);
    Golden::with(
        format!("envelope.{name}"),
        json,
        move |found| match Envelope::parse(found.to_string().as_bytes()) {
            Ok(Incoming::Known(read)) if json_of(&read) == json_of(&envelope) => Ok(()),
            other => Err(format!("read back as {other:?}")),
        },
    )
}

fn json_of(envelope: &Envelope) -> Value {
    serde_json::from_slice(&envelope.to_json().unwrap()).unwrap()
}
