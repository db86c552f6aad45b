//! The way to a terminal that is at work: what it can be asked, and what it tells.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use smartopol_protocol::terminal::{self, Party, Size, Until, WaitOver};
use smartopol_protocol::terminal::{End, Viewer as Told};
use smartopol_protocol::{Code, Fault, TerminalId};
use tokio::sync::{Notify, mpsc, oneshot};

use super::link;
use super::viewer::Viewer;
use super::waiting::Waiters;

/// How many requests wait for one terminal.
pub(super) const INBOX: usize = 64;

/// The most input at once.
pub const MOST_INPUT: usize = 64 * 1024;

/// What changed in a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// The program let go of the terminal, or took it again.
    Closed(bool),
    /// Its output waits, and why; `None` where it flows again.
    Trouble(Option<String>),
    /// It has another size, that of the window of this client.
    Sized(Size, Option<u64>),
    /// The program ended.
    Ended(End),
}

/// Takes the notes of all terminals.
pub type Notes = mpsc::Sender<(TerminalId, Note)>;

/// Is told what is typed, by whomever, in its order, and of one party all before the other may type.
#[derive(Clone)]
pub struct Typed(Arc<Tell>);

type Tell = dyn Fn(TerminalId, &str) + Send + Sync;

impl Typed {
    /// Lets this be told.
    pub fn new(told: impl Fn(TerminalId, &str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(told))
    }

    pub(super) fn tell(&self, id: TerminalId, bytes: &[u8]) {
        (self.0)(id, &String::from_utf8_lossy(bytes));
    }
}

impl std::fmt::Debug for Typed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Typed")
    }
}

/// The way to a terminal that is at work.
#[derive(Clone, Debug)]
pub struct Terminal {
    id: TerminalId,
    inbox: mpsc::Sender<Ask>,
    wants: Arc<Notify>,
    folder: PathBuf,
}

/// What is known right now.
#[derive(Clone, Debug, Default)]
pub struct Present {
    /// How many bytes were written.
    pub offset: u64,
    /// Who is attached.
    pub attached: Vec<Told>,
}

/// What one who begins to look is told.
#[derive(Debug)]
pub struct Seen {
    /// What it takes from.
    pub viewer: Arc<Viewer>,
    /// How many bytes were written.
    pub offset: u64,
    /// How large the terminal is.
    pub size: Size,
    /// The way into the holder, where it is asked to draw.
    pub door: Option<terminal::Door>,
}

/// What a terminal is asked.
#[derive(Debug)]
pub(super) enum Ask {
    Attach(Viewer, oneshot::Sender<Seen>),
    Resize(u64, Size, oneshot::Sender<Size>),
    Write(Party, Bytes, oneshot::Sender<Result<(), Fault>>),
    Hand(Party, oneshot::Sender<()>),
    Look(usize, oneshot::Sender<terminal::Screen>),
    Wait(Until, oneshot::Sender<(WaitOver, String, u64)>),
    Present(oneshot::Sender<Present>),
    Signal(i32),
    Kill(oneshot::Sender<Option<End>>),
    Keep(oneshot::Sender<()>),
}

impl Terminal {
    pub(super) const fn new(
        id: TerminalId,
        inbox: mpsc::Sender<Ask>,
        wants: Arc<Notify>,
        folder: PathBuf,
    ) -> Self {
        Self {
            id,
            inbox,
            wants,
            folder,
        }
    }

    /// Returns its name.
    pub const fn id(&self) -> TerminalId {
        self.id
    }

    /// Returns true where its task has ended.
    pub fn is_gone(&self) -> bool {
        self.inbox.is_closed()
    }

    async fn ask<T>(&self, ask: impl FnOnce(oneshot::Sender<T>) -> Ask) -> Result<T, Fault> {
        let gone = || {
            Fault::new(Code::Conflict, "the terminal is being closed")
                .hint("`smartopol terminals list` shows those there are")
        };
        let (reply, answer) = oneshot::channel();
        self.inbox.send(ask(reply)).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())
    }

    /// Lets a client look.
    ///
    /// # Errors
    /// Where the terminal is being closed.
    pub async fn attach(&self, viewer: Viewer) -> Result<Seen, Fault> {
        let viewer = viewer.bound(Arc::clone(&self.wants));
        self.ask(|reply| Ask::Attach(viewer, reply)).await
    }

    /// Takes note of the size of a client's window; returns the terminal's.
    ///
    /// # Errors
    /// Where the terminal is being closed.
    pub async fn resize(&self, client: u64, size: Size) -> Result<Size, Fault> {
        self.ask(|reply| Ask::Resize(client, size, reply)).await
    }

    /// Types something.
    ///
    /// # Errors
    /// Where the other party types, the program ended, or too much waits.
    pub async fn write(&self, by: Party, bytes: Bytes) -> Result<(), Fault> {
        self.ask(|reply| Ask::Write(by, bytes, reply)).await?
    }

    /// Says who types from now on; comes back when all that the other party typed is known.
    pub async fn hand(&self, typist: Party) {
        let _ = self.ask(|reply| Ask::Hand(typist, reply)).await;
    }

    /// Returns what is seen as text.
    ///
    /// # Errors
    /// Where the terminal is being closed.
    pub async fn look(&self, scrollback: usize) -> Result<terminal::Screen, Fault> {
        self.ask(|reply| Ask::Look(scrollback, reply)).await
    }

    /// Waits until something is so, at most so long; returns why the wait is over, the line that
    /// matched, and how many bytes were written.
    ///
    /// # Errors
    /// Where the pattern is none, or the terminal is being closed.
    pub async fn wait(
        &self,
        until: Until,
        limit: Duration,
    ) -> Result<(WaitOver, String, u64), Fault> {
        Waiters::check(&until)?;
        let waited = self.ask(|reply| Ask::Wait(until, reply));
        match tokio::time::timeout(limit, waited).await {
            Ok(waited) => waited,
            Err(_) => Ok((WaitOver::Late, String::new(), self.present().await?.offset)),
        }
    }

    /// Returns what is known right now.
    ///
    /// # Errors
    /// Where the terminal is being closed.
    pub async fn present(&self) -> Result<Present, Fault> {
        self.ask(Ask::Present).await
    }

    /// Sends a signal to the program in the foreground.
    pub async fn signal(&self, number: i32) {
        let _ = self.inbox.send(Ask::Signal(number)).await;
    }

    /// Ends the program; returns when it has ended, and how, where it ran.
    pub async fn kill(&self) -> Option<End> {
        self.ask(Ask::Kill).await.ok().flatten()
    }

    /// Keeps the present for the next daemon.
    pub async fn keep(&self) {
        let _ = self.ask(Ask::Keep).await;
    }

    /// Returns a piece of what was written, and the number of its first byte.
    ///
    /// # Errors
    /// Where the disk cannot be read.
    pub async fn piece(&self, from: u64, most: usize) -> Result<(u64, Vec<u8>), Fault> {
        let folder = self.folder.clone();
        let read = tokio::task::spawn_blocking(move || link::piece(&folder, from, most)).await;
        let unreadable = |why: String| {
            Fault::new(
                Code::Unavailable,
                format!("what it wrote cannot be read: {why}"),
            )
        };
        read.map_err(|err| unreadable(err.to_string()))?
            .map_err(|err| unreadable(err.to_string()))
    }
}
