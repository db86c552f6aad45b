//! The client's end of a connection: typed calls, and the events that come unasked.
//!
//! Owns the handshake and which reply belongs to which call. Knows methods only by their type.
//!
//! Events wait in a queue of their own until somebody takes them. While it is full, nothing more
//! is read, so a slow client is felt by the daemon, which knows best what to drop. Only while a
//! call waits for its reply is reading gone on with, up to four times as many events; what comes
//! beyond is dropped here and told as `gap` and `dropped`. So a call never waits for its own
//! caller to take events.

pub(crate) mod acting;
mod connection;
mod feed;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::Serialize;
use smartopol_protocol::envelope::{Hello, RawReply, VERSION, Welcome};
use smartopol_protocol::{Code, Envelope, Event, Incoming, Method};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, oneshot};

use self::connection::{Call, Connection};
use self::feed::Waiting;
pub use self::feed::{TerminalBytes, Told};
use crate::decoder::Found;
use crate::stream::{FrameReader, FrameWriter, split};
use crate::{Address, Error, encode, frame, listener, server};

/// How long a call has if it is not said otherwise.
pub const CALL_WITHIN: Duration = Duration::from_secs(30);

/// Calls that wait to be written.
const INBOX: usize = 64;

/// What a client may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everything.
    Full,
    /// Looking; every method that changes something is denied.
    Observe,
}

/// A connection to the daemon; copies share it. It ends when all copies and the [`Events`] are
/// gone.
#[derive(Clone, Debug)]
pub struct Client {
    inbox: mpsc::Sender<Call>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    welcome: Welcome,
    /// The number of the next call; 0 is the daemon's own.
    next: AtomicU64,
}

/// What the daemon tells unasked, in order.
#[derive(Debug)]
pub struct Events {
    feed: Waiting,
}

impl Events {
    /// Returns the next event; `None` where the connection ended. Bytes of terminals are passed
    /// over. May be cancelled at any time.
    pub async fn recv(&mut self) -> Option<Event> {
        loop {
            if let Told::Event(event) = self.next().await? {
                return Some(*event);
            }
        }
    }

    /// Returns the next event if there is one right now; bytes of terminals are passed over.
    pub fn try_recv(&mut self) -> Option<Event> {
        loop {
            if let Told::Event(event) = self.try_next()? {
                return Some(*event);
            }
        }
    }

    /// Returns what comes next, events and bytes of terminals in their order; `None` where the
    /// connection ended. May be cancelled at any time.
    pub async fn next(&mut self) -> Option<Told> {
        self.feed.recv().await
    }

    /// Returns what comes next if there is anything right now.
    pub fn try_next(&mut self) -> Option<Told> {
        self.feed.try_recv()
    }
}

impl Client {
    /// Connects to the daemon and says hello. `name` is what the program calls itself.
    ///
    /// # Errors
    /// Where no daemon runs, it is not ours, or it refuses.
    pub async fn connect(
        address: &Address,
        name: &str,
        access: Access,
    ) -> Result<(Self, Events), Error> {
        Self::over(listener::connect(address).await?, name, access).await
    }

    /// Says hello over a connection that stands already, such as one end of [`crate::pair`].
    ///
    /// # Errors
    /// Where the other end refuses, leaves, or does not answer.
    pub async fn over(
        stream: impl AsyncRead + AsyncWrite + Send + 'static,
        name: &str,
        access: Access,
    ) -> Result<(Self, Events), Error> {
        let (mut reader, mut writer) = split(stream);
        let hello = Hello {
            min_version: server::OLDEST,
            max_version: VERSION,
            client: name.to_owned(),
            observe: access == Access::Observe,
            acts_as: acting::peer(),
        };
        let late = Error::TimedOut {
            what: "hello",
            after: server::HELLO_WITHIN,
        };
        let greeting = greet(&mut reader, &mut writer, hello);
        let welcome = tokio::time::timeout(server::HELLO_WITHIN, greeting)
            .await
            .unwrap_or(Err(late))?;

        let (inbox, calls) = mpsc::channel(INBOX);
        let (events, feed) = feed::channel();
        let connection = Connection::new(reader, writer, calls, events);
        #[expect(
            clippy::disallowed_methods,
            reason = "the task ends by itself when its handles are dropped or the daemon leaves"
        )]
        tokio::spawn(connection.run());
        let shared = Arc::new(Shared {
            welcome,
            next: AtomicU64::new(1),
        });
        Ok((Self { inbox, shared }, Events { feed }))
    }

    /// Asks and waits for the answer, at most [`CALL_WITHIN`].
    ///
    /// # Errors
    /// Where the daemon says no, does not answer, or is gone.
    pub async fn call<M: Method>(&self, params: M) -> Result<M::Reply, Error> {
        self.call_within(CALL_WITHIN, params).await
    }

    /// Asks and waits for the answer, at most `limit`. What was asked may be done even where the
    /// answer came too late.
    ///
    /// # Errors
    /// Where the daemon says no, does not answer, or is gone.
    pub async fn call_within<M: Method>(
        &self,
        limit: Duration,
        params: M,
    ) -> Result<M::Reply, Error> {
        #[derive(Serialize)]
        #[serde(tag = "type", rename = "request")]
        struct Asked<M> {
            id: u64,
            method: &'static str,
            params: M,
        }
        let id = self.shared.next.fetch_add(1, Ordering::Relaxed);
        let frame = frame::frame(&Asked {
            id,
            method: M::NAME,
            params,
        })?;
        let (answer, answered) = oneshot::channel();
        let reply = tokio::time::timeout(limit, async {
            self.inbox
                .send(Call { id, frame, answer })
                .await
                .map_err(|_| Error::Closed)?;
            answered.await.map_err(|_| Error::Closed)
        });
        let late = Error::TimedOut {
            what: M::NAME,
            after: limit,
        };
        understand::<M>(reply.await.unwrap_or(Err(late))?)
    }

    /// Returns what the daemon said to our hello.
    pub fn welcome(&self) -> &Welcome {
        &self.shared.welcome
    }

    /// Waits until the connection has ended.
    pub async fn closed(&self) {
        self.inbox.closed().await;
    }
}

fn understand<M: Method>(reply: RawReply) -> Result<M::Reply, Error> {
    if let Some(fault) = reply.fault {
        return Err(Error::Fault(fault));
    }
    // A method that returns nothing says so with `null`, which reads as absent.
    let text = reply.ok.as_ref().map_or("null", |raw| raw.get());
    serde_json::from_str(text).map_err(|source| Error::Unreadable {
        what: M::NAME,
        source,
    })
}

async fn greet(
    reader: &mut FrameReader,
    writer: &mut FrameWriter,
    hello: Hello,
) -> Result<Welcome, Error> {
    let spoken = hello.min_version..=hello.max_version;
    writer.queue(encode(&Envelope::Hello(hello))?);
    // Not looked at yet: whoever closes the door may have said why before.
    let written = writer.flush().await;
    loop {
        let Some(found) = reader.next().await else {
            return Err(match written {
                Err(source) if source.kind() != std::io::ErrorKind::BrokenPipe => Error::Io {
                    doing: "cannot say hello to the daemon".into(),
                    source,
                },
                _ => Error::Closed,
            });
        };
        let Found::Message(payload) = found else {
            continue;
        };
        let read = Envelope::parse(&payload).map_err(|source| Error::Unreadable {
            what: "hello",
            source,
        })?;
        let Incoming::Known(envelope) = read else {
            continue;
        };
        match *envelope {
            Envelope::Welcome(welcome) if spoken.contains(&welcome.version) => return Ok(welcome),
            Envelope::Welcome(welcome) => return Err(Error::Version(unasked(&welcome, &spoken))),
            Envelope::Reply(RawReply {
                fault: Some(fault), ..
            }) => {
                return Err(match fault.code {
                    Code::Version => Error::Version(fault),
                    _ => Error::Refused(fault),
                });
            }
            _ => {}
        }
    }
}

fn unasked(welcome: &Welcome, spoken: &std::ops::RangeInclusive<u32>) -> smartopol_protocol::Fault {
    smartopol_protocol::Fault::new(
        Code::Version,
        format!(
            "the daemon (version {}) answers in version {} of the protocol, and this program \
             speaks {} to {}",
            welcome.daemon,
            welcome.version,
            spoken.start(),
            spoken.end(),
        ),
    )
    .hint("`smartopol daemon restart` starts the installed one")
}
