//! How a person's own terminal and the one they are attached to come together.
//!
//! Owns both ways: the short one, on which the process that holds the terminal draws and reads by
//! itself, and the long one over the daemon, where that is not possible. The words of the short one
//! are `smartopol_protocol::direct`.

use std::ffi::OsStr;
use std::io::{self, IoSlice, Stdin};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use smartopol_protocol::direct::{self, Heard, Said};
use smartopol_protocol::terminal::Door;
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::UnixStream;

use super::attach::write;

/// How long the holder may take to answer, when one comes and when one leaves.
const ANSWER: Duration = Duration::from_secs(3);

/// The way there.
pub(super) enum Way {
    /// The daemon draws and is told what is typed.
    Own(Keys),
    /// The holder does both.
    Direct(Direct),
    /// What is typed is left where it is.
    Nobody,
}

/// What was typed.
pub(super) enum Typed {
    /// This, and nobody has seen it yet.
    Keys(Vec<u8>),
    /// This, and the holder left it to us; it would have typed it where it `may`.
    Direct { bytes: Vec<u8>, may: bool },
    /// Nothing, but the disk does not take what the program writes, or takes it again.
    Disk(i32),
    /// The holder reads no more.
    Closed,
    /// Nothing can be typed any more.
    Over,
}

impl Way {
    /// Reads here what is typed.
    pub(super) fn read_here(&mut self) -> io::Result<()> {
        // Standard input can be waited for once.
        if !matches!(self, Self::Own(_)) {
            *self = Self::Own(Keys::of_stdin()?);
        }
        Ok(())
    }

    /// Draws our line.
    pub(super) async fn line(&mut self, line: &str) -> io::Result<()> {
        match self {
            Self::Own(_) => write(line.as_bytes()),
            // Who draws next is told then.
            Self::Nobody => Ok(()),
            Self::Direct(direct) => {
                let text = line.to_owned();
                direct.say(&Said::Line { text }).await;
                Ok(())
            }
        }
    }

    /// Draws what the daemon sent.
    pub(super) fn show(&self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Own(_) => write(bytes),
            // From before the holder drew.
            Self::Direct(_) | Self::Nobody => Ok(()),
        }
    }

    /// Returns what is typed next. May be cancelled.
    pub(super) async fn typed(&mut self) -> Typed {
        match self {
            Self::Own(keys) => keys.next().await.map_or(Typed::Over, Typed::Keys),
            Self::Direct(direct) => loop {
                break match direct.next().await {
                    Some(Heard::Typed { bytes, may }) => Typed::Direct { bytes, may },
                    Some(Heard::Disk { errno }) => Typed::Disk(errno),
                    Some(Heard::Entered) => continue,
                    None => Typed::Closed,
                };
            },
            Self::Nobody => std::future::pending().await,
        }
    }

    /// Says that what was typed is dealt with, but for these bytes, which are to be typed; `all`
    /// where what comes next is for us, whatever it is.
    pub(super) async fn go_on(&mut self, bytes: Vec<u8>, all: bool) {
        if let Self::Direct(direct) = self {
            direct.say(&Said::GoOn { bytes, all }).await;
        }
    }

    /// Waits until nobody else draws on our terminal and reads from it.
    pub(super) async fn leave(&mut self) {
        if let Self::Direct(direct) = self {
            let _ = tokio::time::timeout(ANSWER, direct.leave()).await;
        }
    }
}

/// The short way.
pub(super) struct Direct {
    stream: UnixStream,
    bytes: Vec<u8>,
}

impl Direct {
    /// Goes through this door; `None` where that is not possible.
    pub(super) async fn through(door: &Door, prefix: u8) -> Option<Self> {
        let terminal = own_terminal()?;
        let entered = tokio::time::timeout(ANSWER, Self::enter(door, prefix, terminal)).await;
        entered.ok()?.ok()
    }

    async fn enter(door: &Door, prefix: u8, terminal: OwnedFd) -> io::Result<Self> {
        let stream = UnixStream::connect(&door.socket).await?;
        let ticket = door.ticket.clone();
        let word = direct::write(&Said::Enter { ticket, prefix });
        let passed = [terminal.as_fd()];
        let sent = stream
            .async_io(Interest::WRITABLE, || {
                let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
                let mut control = SendAncillaryBuffer::new(&mut space);
                control.push(SendAncillaryMessage::ScmRights(&passed));
                let word = [IoSlice::new(&word)];
                Ok(sendmsg(&stream, &word, &mut control, SendFlags::NOSIGNAL)?)
            })
            .await?;
        let bytes = Vec::new();
        let mut entering = Self { stream, bytes };
        let rest = word.get(sent..).unwrap_or_default();
        entering.stream.write_all(rest).await?;
        match entering.next().await {
            Some(Heard::Entered) => Ok(entering),
            _ => Err(io::ErrorKind::ConnectionRefused.into()),
        }
    }

    /// Returns the next word; `None` where there is none any more. May be cancelled.
    async fn next(&mut self) -> Option<Heard> {
        loop {
            if let Some(word) = direct::next(&mut self.bytes).ok()? {
                return Some(word);
            }
            if self.stream.read_buf(&mut self.bytes).await.ok()? == 0 {
                return None;
            }
        }
    }

    /// Says something. A holder that is gone shows where it is heard.
    async fn say(&mut self, word: &Said) {
        let _ = self.stream.write_all(&direct::write(word)).await;
    }

    pub(super) async fn redraw(&mut self) {
        self.say(&Said::Redraw).await;
    }

    async fn leave(&mut self) {
        self.say(&Said::Leave).await;
        let _ = self.stream.shutdown().await;
        while self.next().await.is_some() {}
    }
}

/// Opens the person's terminal anew, so that nothing that is set for it there is set for others.
fn own_terminal() -> Option<OwnedFd> {
    let name = rustix::termios::ttyname(io::stdin(), Vec::new()).ok()?;
    if rustix::termios::ttyname(io::stdout(), Vec::new()).ok()? != name {
        return None; // What is typed comes from elsewhere.
    }
    let path = Path::new(OsStr::from_bytes(name.to_bytes()));
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    rustix::fs::open(path, flags, Mode::empty()).ok()
}

/// What is typed, as it comes; read where it is used, because each thread between costs time.
pub(super) struct Keys(AsyncFd<Stdin>);

impl Keys {
    #[expect(
        deprecated,
        reason = "the new form is unsafe, since a descriptor might be closed; standard input is not"
    )]
    fn of_stdin() -> io::Result<Self> {
        AsyncFd::with_interest(io::stdin(), Interest::READABLE).map(Self)
    }

    /// Returns what is typed next; `None` where nothing can be any more. May be cancelled.
    async fn next(&self) -> Option<Vec<u8>> {
        let mut buffer = [0; 4096];
        loop {
            let mut ready = self.0.readable().await.ok()?;
            // The person's terminal is not changed, so reading it would wait.
            let mut polled = [PollFd::new(self.0.get_ref(), PollFlags::IN)];
            if poll(&mut polled, Some(&Timespec::default())).ok()? == 0 {
                ready.clear_ready();
                continue;
            }
            match rustix::io::read(self.0.get_ref(), &mut buffer) {
                Ok(read @ 1..) => return Some(buffer.get(..read).unwrap_or_default().to_vec()),
                Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => {}
                Ok(_) | Err(_) => return None,
            }
        }
    }
}
