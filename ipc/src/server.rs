//! One accepted connection, as the daemon sees it: a handshake, then requests and replies.
//!
//! Owns what can be said about a message before its method is known. Does not know methods.

use std::fmt;
use std::io;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use smartopol_protocol::envelope::{Hello, RawRequest, VERSION, Welcome};
use smartopol_protocol::{Code, Envelope, Fault, Incoming};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::decoder::Found;
use crate::stream::{FrameReader, FrameWriter, split};
use crate::{Bytes, Error, depth, encode, frame};

/// The oldest version of the protocol that this crate can still speak.
pub const OLDEST: u32 = VERSION;

/// How long a client has to say hello.
pub const HELLO_WITHIN: Duration = Duration::from_secs(5);

/// The longest name that a client may give itself, in characters.
const LONGEST_NAME: usize = 64;

/// Hears the client's hello and answers it. `peer` is who the daemon takes the client for, such as
/// `cli:1000`, unless it acts as another; `daemon` is the program's own version. Who is let in here
/// is of the daemon's own account, so they may act as whom they like.
///
/// # Errors
/// Where the client says something else, speaks no version of ours, or says nothing in time; it
/// was told why as far as it could hear.
pub async fn handshake(
    stream: impl AsyncRead + AsyncWrite + Send + 'static,
    peer: &str,
    daemon: &str,
) -> Result<(Requests, Replies, Hello), Error> {
    let (reader, writer) = split(stream);
    let (mut requests, mut replies) = (Requests { reader }, Replies { writer });
    let late = Error::TimedOut {
        what: "hello",
        after: HELLO_WITHIN,
    };
    tokio::time::timeout(HELLO_WITHIN, async {
        match requests.hello().await? {
            Ok((hello, version)) => {
                let daemon = daemon.to_owned();
                let own = || peer.to_owned();
                let peer = hello.acts_as.as_ref().map_or_else(own, ToString::to_string);
                let welcome = Envelope::Welcome(Welcome {
                    version,
                    daemon,
                    peer,
                });
                replies
                    .send(encode(&welcome)?)
                    .await
                    .map_err(|_| Error::Closed)?;
                Ok((requests, replies, hello))
            }
            Err(fault) => {
                let _ = replies.send(frame::refusal(0, &fault)).await;
                Err(match fault.code {
                    Code::Version => Error::Version(fault),
                    _ => Error::Refused(fault),
                })
            }
        }
    })
    .await
    .unwrap_or(Err(late))
}

/// What a client asks, one after the other.
#[derive(Debug)]
pub struct Requests {
    reader: FrameReader,
}

/// Something a client sent that is no request; the connection goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The id to answer with; 0 where it could not be read.
    pub id: u64,
    /// What to answer.
    pub fault: Fault,
}

impl Requests {
    /// Returns the next request, or what came in its place; `None` where the connection ended.
    /// May be cancelled at any time.
    pub async fn next(&mut self) -> Option<Result<RawRequest, Unreadable>> {
        Some(match self.reader.next().await? {
            Found::Message(payload) => read(&payload).and_then(|envelope| match envelope {
                Envelope::Request(request) => Ok(request),
                _ => Err(bad(&payload, "this message is not a request")),
            }),
            Found::Terminal(_) => Err(Unreadable {
                id: 0,
                fault: one_way(),
            }),
            Found::Skipped(fault) | Found::Lost(fault) => Err(Unreadable { id: 0, fault }),
        })
    }

    /// Returns the client's hello and the version to speak, or why there is none.
    async fn hello(&mut self) -> Result<Result<(Hello, u32), Fault>, Error> {
        Ok(match self.reader.next().await.ok_or(Error::Closed)? {
            Found::Message(payload) => match read(&payload) {
                Ok(Envelope::Hello(hello)) => agree(&hello).map(|version| (hello, version)),
                Ok(_) => Err(bad(&payload, "the first message of a client is `hello`").fault),
                Err(unreadable) => Err(unreadable.fault),
            },
            Found::Terminal(_) => Err(one_way()),
            Found::Skipped(fault) | Found::Lost(fault) => Err(fault),
        })
    }
}

/// The way back to a client.
#[derive(Debug)]
pub struct Replies {
    writer: FrameWriter,
}

impl Replies {
    /// Puts a frame behind those that wait to be written; `flush` or `send` writes them. How many
    /// may wait is the caller's to decide: nothing is dropped here.
    pub fn queue(&mut self, frame: Bytes) {
        self.writer.queue(frame);
    }

    /// Returns true where no frame waits to be written.
    pub fn is_empty(&self) -> bool {
        self.writer.is_empty()
    }

    /// Writes all frames that wait, many with one system call. May be cancelled: what was not
    /// written goes on waiting, and no frame is torn.
    ///
    /// # Errors
    /// Where the client left.
    pub async fn flush(&mut self) -> io::Result<()> {
        self.writer.flush().await
    }

    /// Writes a frame, after those that wait.
    ///
    /// # Errors
    /// Where the client left.
    pub async fn send(&mut self, frame: Bytes) -> io::Result<()> {
        self.writer.queue(frame);
        self.writer.flush().await
    }
}

/// Writes the answer to a request as a frame. What is too large to be told becomes a fault.
pub fn reply<T: Serialize>(id: u64, answer: &Result<T, Fault>) -> Bytes {
    #[derive(Serialize)]
    #[serde(tag = "type", rename = "reply")]
    struct Told<'a, T> {
        id: u64,
        ok: &'a T,
    }
    match answer {
        Ok(ok) => frame::frame(&Told { id, ok }).unwrap_or_else(|err| {
            let fault = match err {
                Error::TooLarge { .. } => Fault::new(Code::TooLarge, "the answer is too large")
                    .hint("ask for less at once, with a smaller limit"),
                err => Fault::new(Code::Internal, err.to_string()),
            };
            frame::refusal(id, &fault)
        }),
        Err(fault) => frame::refusal(id, fault),
    }
}

/// Returns the answer to a frame that only the daemon sends.
fn one_way() -> Fault {
    Fault::new(
        Code::BadRequest,
        "a frame of kind 2 goes from the daemon to a client",
    )
    .hint("`terminal/write` types into a terminal")
}

/// Returns the newest version that both speak.
fn agree(hello: &Hello) -> Result<u32, Fault> {
    let name = &hello.client;
    let length = name.chars().count();
    if length == 0 || length > LONGEST_NAME || name.chars().any(char::is_control) {
        let told = format!("a client's name has 1 to {LONGEST_NAME} printable characters");
        return Err(Fault::new(Code::BadRequest, told).hint("say hello with another name"));
    }
    let newest = hello.max_version.min(VERSION);
    if newest >= hello.min_version.max(OLDEST) {
        return Ok(newest);
    }
    let told = format!(
        "{name} speaks version {} of the protocol, and this daemon version {}",
        Range(hello.min_version, hello.max_version),
        Range(OLDEST, VERSION),
    );
    let hint = if hello.min_version > VERSION {
        "the daemon is the older one: `smartopol daemon restart` starts the installed one"
    } else {
        "the client is the older one: update it"
    };
    Err(Fault::new(Code::Version, told).hint(hint))
}

struct Range(u32, u32);

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(oldest, newest) = self;
        if oldest == newest {
            write!(f, "{newest}")
        } else {
            write!(f, "{oldest} to {newest}")
        }
    }
}

/// Understands a payload as far as it can be without its method.
fn read(payload: &[u8]) -> Result<Envelope, Unreadable> {
    if depth::too_deep(payload) {
        return Err(bad(
            payload,
            "the message nests too deep: 64 levels are the most",
        ));
    }
    match Envelope::parse(payload) {
        Ok(Incoming::Known(envelope)) => Ok(*envelope),
        Ok(Incoming::Unknown(kind)) => {
            let shown: String = kind.chars().filter(|c| !c.is_control()).collect();
            Err(bad(
                payload,
                format!("there is no message of type `{shown}`"),
            ))
        }
        Err(err) => Err(bad(payload, format!("the message cannot be read: {err}"))),
    }
}

fn bad(payload: &[u8], told: impl Into<String>) -> Unreadable {
    /// Everything else is passed over, whatever it is and however deep.
    #[derive(Deserialize)]
    struct Numbered {
        id: u64,
    }
    let fault =
        Fault::new(Code::BadRequest, told).hint("the protocol is described in ipc/README.md");
    let id = serde_json::from_slice::<Numbered>(payload).map_or(0, |numbered| numbered.id);
    Unreadable { id, fault }
}
