//! People's own terminals, which they lent to the holder: what the program shows is drawn on them
//! and what is typed read from them right here, so that a key and its echo meet no other process.
//!
//! Owns: the screen that they are drawn from, when they are drawn, telling the prefix from what is
//! for the program. Whom to let in and who may type the daemon says; the words are
//! `smartopol_protocol::direct`. The line at the bottom and all that the prefix leads to is the
//! client's.
//!
//! The screen is begun by the daemon, at whose byte the spool goes on; it is there only while
//! somebody is let in. One who reads slowly gets the present, never a backlog.

use std::collections::VecDeque;
use std::io::{self, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use smartopol_protocol::direct::{self, Heard, Said};
use smartopol_protocol::terminal::Party;

use super::pty::until;
use super::{Held, State};
use crate::terminals::link;
use crate::terminals::paint::Picture;
use crate::terminals::screen::Screen;
use crate::terminals::spool::Reading;

/// The shortest time between two pictures: what changes faster is not seen.
const PACE: Duration = Duration::from_millis(12);

/// When a terminal that took no more is tried again.
const AGAIN: Duration = Duration::from_millis(10);

/// How long a client may take for its first word, and the daemon to announce it.
const ENTER: Duration = Duration::from_secs(2);

/// How long the last picture may take.
const LAST: Duration = Duration::from_millis(500);

/// How much that was typed is read at once.
const TYPED: usize = 4096;

/// A client that may come in.
#[derive(Debug)]
pub(super) struct Admitted {
    pub(super) client: u64,
    /// What it has to say; once.
    pub(super) ticket: Option<String>,
    pub(super) types: bool,
}

/// All who are in, and what they see.
#[derive(Debug, Default)]
pub(super) struct Direct(Mutex<Shown>);

#[derive(Default)]
struct Shown {
    screen: Option<Screen>,
    windows: Vec<Window>,
}

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.windows.iter().map(|w| w.client))
            .finish()
    }
}

/// A person's terminal.
struct Window {
    client: u64,
    terminal: OwnedFd,
    /// Shut where it has to leave.
    stream: UnixStream,
    picture: Picture,
    /// Something was written since it was drawn.
    stale: bool,
    drawn_at: Option<Instant>,
    /// The client's line, and whether it is to be drawn.
    line: Vec<u8>,
    line_due: bool,
    /// What the terminal did not take yet.
    rest: VecDeque<u8>,
}

impl Window {
    /// Returns when something must be done for it.
    fn due(&self, now: Instant) -> Option<Instant> {
        if !self.rest.is_empty() {
            return Some(now + AGAIN);
        }
        match (self.line_due, self.stale, self.drawn_at) {
            (true, ..) | (_, true, None) => Some(now),
            (_, true, Some(at)) => Some(at + PACE),
            _ => None,
        }
    }

    /// Draws what is due, as far as the terminal takes it.
    fn draw(&mut self, screen: &mut Screen, now: Instant) {
        self.write(Vec::new());
        if !self.rest.is_empty() {
            return;
        }
        let paced = self.drawn_at.is_none_or(|at| now >= at + PACE);
        let mut bytes = Vec::new();
        if self.stale && paced {
            // Drawing anew clears the line too.
            self.line_due |= !self.picture.is_begun();
            bytes = screen.picture(&mut self.picture);
            self.stale = false;
            self.drawn_at = Some(now);
        }
        if std::mem::take(&mut self.line_due) {
            bytes.extend_from_slice(&self.line);
        }
        self.write(bytes);
    }

    fn write(&mut self, bytes: Vec<u8>) {
        let bytes = match self.rest.is_empty() {
            true => bytes,
            false => {
                self.rest.extend(bytes);
                std::mem::take(&mut self.rest).into()
            }
        };
        if bytes.is_empty() {
            return;
        }
        // One that cannot be written to any more ends where it is read.
        let written = match rustix::io::write(&self.terminal, &bytes) {
            Ok(written) => written,
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => 0,
            Err(_) => bytes.len(),
        };
        if written < bytes.len() {
            self.rest = bytes.into();
            self.rest.drain(..written);
        }
    }
}

impl Direct {
    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns when something must be drawn by itself.
    pub(super) fn due(&self) -> Option<Instant> {
        let shown = self.shown();
        let screen = shown.screen.as_ref()?;
        let now = Instant::now();
        let windows = shown.windows.iter().filter_map(|window| window.due(now));
        windows.chain(screen.held_until()).min()
    }

    /// Draws what is due.
    pub(super) fn refresh(&self) {
        self.shown().draw(Instant::now());
    }

    /// Shows what the program wrote from the byte `begin` on, which is in the spool.
    pub(super) fn show(&self, begin: u64, bytes: &[u8]) {
        let mut shown = self.shown();
        let Some(screen) = &mut shown.screen else {
            return;
        };
        // What came before was shown when the screen was begun, and perhaps some of this.
        let seen = screen.offset().saturating_sub(begin);
        let seen = usize::try_from(seen).unwrap_or(usize::MAX);
        let Some(news) = bytes.get(seen..).filter(|news| !news.is_empty()) else {
            return;
        };
        // The daemon answers what is asked.
        drop(screen.feed(news));
        shown.spoil();
        shown.draw(Instant::now());
    }

    /// Begins the screen with the present that the daemon left, and what was written since.
    pub(super) fn begin(&self, folder: &Path) -> io::Result<()> {
        let mut shown = self.shown();
        let (offset, size, keyframe) =
            link::kept(folder, link::PRESENT).ok_or(io::ErrorKind::NotFound)?;
        let mut screen = Screen::new(size, 0);
        screen.restore(&keyframe, offset);
        let mut reading = Reading::from(folder, offset)?;
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match reading.read(&mut buffer)? {
                0 => break,
                read => drop(screen.feed(buffer.get(..read).unwrap_or_default())),
            }
        }
        shown.screen = Some(screen);
        for window in &mut shown.windows {
            window.drawn_at = None;
            // Another size clears it.
            window.line_due = true;
        }
        shown.spoil();
        shown.draw(Instant::now());
        Ok(())
    }

    /// Forgets the screen: nobody is let in any more.
    pub(super) fn end(&self) {
        self.shown().screen = None;
    }

    /// Draws the last picture, as far as the terminals take it in time.
    pub(super) fn finish(&self) {
        let mut shown = self.shown();
        for window in &mut shown.windows {
            window.drawn_at = None;
        }
        if let Some(screen) = &mut shown.screen {
            screen.draw();
        }
        let late = Instant::now() + LAST;
        loop {
            shown.draw(Instant::now());
            let slow = shown.windows.iter().filter(|own| !own.rest.is_empty());
            let mut slow: Vec<PollFd<'_>> = slow
                .map(|window| PollFd::new(&window.terminal, PollFlags::OUT))
                .collect();
            if slow.is_empty() || Instant::now() >= late {
                return;
            }
            let _ = poll(&mut slow, Some(&until(late)));
        }
    }

    /// Sends a client out.
    pub(super) fn dismiss(&self, client: u64) {
        for window in &self.shown().windows {
            if window.client == client {
                let _ = window.stream.shutdown(Shutdown::Both);
            }
        }
    }

    /// Sends all out.
    pub(super) fn dismiss_all(&self) {
        for window in &self.shown().windows {
            let _ = window.stream.shutdown(Shutdown::Both);
        }
    }

    fn enter(&self, window: Window) {
        let mut shown = self.shown();
        shown.windows.retain(|own| own.client != window.client);
        shown.windows.push(window);
        shown.draw(Instant::now());
    }

    fn leave(&self, client: u64) {
        self.shown()
            .windows
            .retain(|window| window.client != client);
    }

    fn line(&self, client: u64, line: &str) {
        let mut shown = self.shown();
        for window in shown.windows.iter_mut().filter(|own| own.client == client) {
            window.line = line.as_bytes().to_vec();
            window.line_due = true;
        }
        shown.draw(Instant::now());
    }
}

impl Shown {
    fn spoil(&mut self) {
        for window in &mut self.windows {
            window.stale = true;
        }
    }

    fn draw(&mut self, now: Instant) {
        let Some(screen) = &mut self.screen else {
            return;
        };
        if screen.held_until().is_some_and(|until| now >= until) {
            screen.draw();
            for window in &mut self.windows {
                window.stale = true;
            }
        }
        for window in &mut self.windows {
            window.draw(screen, now);
        }
    }
}

/// Reads what comes first at the door, and a descriptor where one came with it.
pub(super) fn receive(
    stream: &UnixStream,
    buffer: &mut [u8],
) -> io::Result<(usize, Option<OwnedFd>)> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let read = recvmsg(
        stream,
        &mut [IoSliceMut::new(buffer)],
        &mut control,
        RecvFlags::CMSG_CLOEXEC,
    )?;
    let mut passed = None;
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(descriptors) = message {
            passed = descriptors.last().or(passed);
        }
    }
    Ok((read.bytes, passed))
}

/// Serves one who came to the door with a descriptor, until they leave or are sent out. `bytes` is
/// what was read of what they say.
pub(super) fn serve(held: &Held, stream: UnixStream, bytes: Vec<u8>, terminal: OwnedFd) {
    let Some(mut visitor) = Visitor::enter(held, stream, bytes, terminal) else {
        return;
    };
    let _ = visitor.stay();
    held.direct.leave(visitor.client);
    held.change(|_| ());
    // Read by the client as the end: from here on its terminal is its own.
    let _ = visitor.stream.shutdown(Shutdown::Both);
}

/// One who is in.
struct Visitor<'h> {
    held: &'h Held,
    client: u64,
    prefix: u8,
    terminal: OwnedFd,
    stream: UnixStream,
    bytes: Vec<u8>,
    /// What was typed and not taken yet.
    pending: Vec<u8>,
    /// The client was told what was typed, and has not said to go on.
    told: bool,
    /// It is told whatever is typed next.
    all: bool,
}

impl<'h> Visitor<'h> {
    fn enter(
        held: &'h Held,
        stream: UnixStream,
        mut bytes: Vec<u8>,
        terminal: OwnedFd,
    ) -> Option<Self> {
        let mut buffer = [0; 1024];
        let said = loop {
            match direct::next(&mut bytes).ok()? {
                Some(said) => break said,
                None => match (&stream).read(&mut buffer).ok()? {
                    0 => return None,
                    read => bytes.extend_from_slice(buffer.get(..read)?),
                },
            }
        };
        let Said::Enter { ticket, prefix } = said else {
            return None;
        };
        if !rustix::termios::isatty(&terminal) {
            return None;
        }
        rustix::io::ioctl_fionbio(&terminal, true).ok()?;
        stream.set_read_timeout(None).ok()?;
        // The daemon's word may be on its way.
        let client = {
            let opens = |own: &Admitted| own.ticket.as_ref() == Some(&ticket);
            let mut state = held.until_late(ENTER, |state| state.admitted.iter().any(opens));
            let found = state.admitted.iter_mut().find(|own| opens(own))?;
            found.ticket = None;
            found.client
        };
        (&stream).write_all(&direct::write(&Heard::Entered)).ok()?;
        held.direct.enter(Window {
            client,
            terminal: terminal.try_clone().ok()?,
            stream: stream.try_clone().ok()?,
            picture: Picture::default(),
            stale: true,
            drawn_at: None,
            line: Vec::new(),
            line_due: false,
            rest: VecDeque::new(),
        });
        held.look_after();
        Some(Self {
            held,
            client,
            prefix,
            terminal,
            stream,
            bytes,
            pending: Vec::new(),
            told: false,
            all: false,
        })
    }

    /// Carries keys and words until one of the two ends.
    fn stay(&mut self) -> io::Result<()> {
        let mut buffer = [0; TYPED];
        loop {
            let reads = !self.told && self.pending.is_empty();
            let keys = match reads {
                true => PollFlags::IN,
                false => PollFlags::empty(),
            };
            let mut fds = [
                PollFd::new(&self.terminal, keys),
                PollFd::new(&self.stream, PollFlags::IN),
            ];
            let again = (!self.pending.is_empty()).then(|| until(Instant::now() + AGAIN));
            match poll(&mut fds, again.as_ref()) {
                Err(rustix::io::Errno::INTR) => continue,
                Err(err) => return Err(err.into()),
                Ok(_) => {}
            }
            let [terminal, stream] = fds.map(|fd| fd.revents());
            if terminal.contains(PollFlags::IN) {
                match rustix::io::read(&self.terminal, &mut buffer) {
                    Ok(read @ 1..) => self.typed(buffer.get(..read).unwrap_or_default())?,
                    Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {}
                    Ok(_) | Err(_) => return Ok(()),
                }
            } else if terminal.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
                return Ok(());
            }
            if !stream.is_empty() {
                match (&self.stream).read(&mut buffer)? {
                    0 => return Ok(()),
                    read => self
                        .bytes
                        .extend_from_slice(buffer.get(..read).unwrap_or_default()),
                }
                while let Some(said) = direct::next(&mut self.bytes).map_err(io::Error::other)? {
                    self.hear(said)?;
                }
            }
            self.type_pending();
        }
    }

    fn hear(&mut self, said: Said) -> io::Result<()> {
        match said {
            Said::Enter { .. } => return Err(io::ErrorKind::InvalidData.into()),
            Said::Line { text } => {
                self.held.direct.line(self.client, &text);
                self.held.look_after();
            }
            Said::GoOn { bytes, all } => {
                self.told = false;
                self.all = all;
                if self.may_type() {
                    self.pending.extend(bytes);
                }
            }
        }
        Ok(())
    }

    /// Types what is for the program; the rest is the client's.
    fn typed(&mut self, bytes: &[u8]) -> io::Result<()> {
        let may = self.may_type();
        let end = match may && !self.all {
            true => bytes.iter().position(|byte| *byte == self.prefix),
            false => Some(0),
        };
        let (own, others) = bytes.split_at(end.unwrap_or(bytes.len()));
        self.pending.extend_from_slice(own);
        self.type_pending();
        if !others.is_empty() {
            self.told = true;
            let bytes = others.to_vec();
            let heard = direct::write(&Heard::Typed { bytes, may });
            (&self.stream).write_all(&heard)?;
        }
        Ok(())
    }

    fn may_type(&self) -> bool {
        may_type(&self.held.state(), self.client)
    }

    fn type_pending(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let mut state = self.held.state();
        if !may_type(&state, self.client) {
            // It was taken away meanwhile.
            self.pending.clear();
            return;
        }
        let news = state.keys(&self.held.pty, &mut self.pending);
        drop(state);
        if news {
            self.held.change(|_| ());
        }
    }
}

fn may_type(state: &State, client: u64) -> bool {
    let mut admitted = state.admitted.iter();
    state.typist == Party::Person
        && admitted.any(|admitted| admitted.client == client && admitted.types)
}
