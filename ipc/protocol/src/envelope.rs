//! What travels in a frame of kind 1: one JSON object with a `type`.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::user::PeerId;
use crate::{Event, Fault};

/// The version of the protocol that this crate speaks.
///
/// It grows when an old peer would misunderstand a new one; a new method, event or field does not.
pub const VERSION: u32 = 1;

/// The largest payload of a frame, in bytes.
pub const MAX_FRAME: usize = 8 * 1024 * 1024;

/// The deepest nesting of arrays and objects in a frame.
pub const MAX_DEPTH: usize = 64;

/// A message between a client and the daemon.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Envelope {
    /// The client's first word.
    Hello(Hello),
    /// The daemon's answer to it.
    Welcome(Welcome),
    /// A client asks.
    Request(RawRequest),
    /// The daemon answers.
    Reply(RawReply),
    /// The daemon tells.
    Event(Event),
}

/// The client's first word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The oldest version it speaks.
    pub min_version: u32,
    /// The newest version it speaks.
    pub max_version: u32,
    /// What it calls itself, such as `smartopol-tui`: 1 to 64 printable characters.
    pub client: String,
    /// True where it may look and not touch: every method that changes something is denied.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub observe: bool,
    /// The peer that it acts as: only the daemon's own operating system user may say one.
    #[serde(default, rename = "as", skip_serializing_if = "Option::is_none")]
    pub acts_as: Option<PeerId>,
}

/// The daemon's answer to `hello`; a reply with a fault and id 0 comes in its place where it
/// refuses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The version both will speak.
    pub version: u32,
    /// The daemon's program version.
    pub daemon: String,
    /// Who the daemon takes the client for, such as `cli:1000`.
    pub peer: String,
}

/// A client asks. The parameters are read by [`crate::Request::parse`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RawRequest {
    /// The client's number for it; comes back in the reply. 0 is the daemon's own.
    pub id: u64,
    /// The method's name.
    pub method: String,
    /// Its parameters; absent means an empty object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub params: Option<Box<RawValue>>,
}

/// The daemon answers: `ok` or `fault`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RawReply {
    /// The request's number; 0 where what came in had none that could be read.
    pub id: u64,
    /// What the method returns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ok: Option<Box<RawValue>>,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
}

/// What a peer sent, understood as far as this version can.
#[derive(Clone, Debug)]
pub enum Incoming {
    /// Something this version knows.
    Known(Box<Envelope>),
    /// An event or an envelope of a newer version: to be skipped. Carries its name.
    Unknown(String),
}

impl Envelope {
    /// Reads the payload of a frame of kind 1.
    ///
    /// # Errors
    /// What is wrong with it, for a fault: not JSON, no `type`, a field of the wrong shape.
    pub fn parse(payload: &[u8]) -> Result<Incoming, serde_json::Error> {
        // Not derived: a tagged enum is read through a buffer, and raw values cannot be.
        #[derive(Deserialize)]
        struct Head<'a> {
            #[serde(rename = "type", borrow)]
            kind: std::borrow::Cow<'a, str>,
        }
        let head: Head<'_> = serde_json::from_slice(payload)?;
        let known = match &*head.kind {
            "hello" => Self::Hello(serde_json::from_slice(payload)?),
            "welcome" => Self::Welcome(serde_json::from_slice(payload)?),
            "request" => Self::Request(serde_json::from_slice(payload)?),
            "reply" => Self::Reply(serde_json::from_slice(payload)?),
            "event" => match serde_json::from_slice(payload) {
                Ok(event) => Self::Event(event),
                Err(err) if err.to_string().starts_with("unknown variant") => {
                    return Ok(Incoming::Unknown("event".into()));
                }
                Err(err) => return Err(err),
            },
            other => return Ok(Incoming::Unknown(other.chars().take(80).collect())),
        };
        Ok(Incoming::Known(Box::new(known)))
    }

    /// Writes the payload of a frame of kind 1.
    ///
    /// # Errors
    /// Only where a value has no JSON form, which no type of this crate allows.
    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_keeps_its_parameters_raw() {
        let text = br#"{"type":"request","id":7,"method":"session/show","params":{"id" : "x"}}"#;
        let Ok(Incoming::Known(envelope)) = Envelope::parse(text) else {
            panic!("not understood")
        };
        let Envelope::Request(request) = *envelope else {
            panic!("not a request")
        };
        assert_eq!((request.id, request.method.as_str()), (7, "session/show"));
        assert_eq!(
            request.params.map(|raw| raw.get().to_owned()),
            Some(r#"{"id" : "x"}"#.into())
        );
    }

    #[test]
    fn what_a_newer_peer_says_is_skipped() {
        for text in [
            r#"{"type":"event","at":"2026-01-01T00:00:00.000Z","event":"comet_seen","data":{"x":1}}"#,
            r#"{"type":"telegram"}"#,
        ] {
            assert!(
                matches!(Envelope::parse(text.as_bytes()), Ok(Incoming::Unknown(_))),
                "{text}"
            );
        }
        assert!(Envelope::parse(b"{}").is_err());
        assert!(Envelope::parse(b"[1").is_err());
    }
}
