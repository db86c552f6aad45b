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
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendFlags, recvmsg, send};
use smartopol_protocol::direct::{self, Heard, Prefix, Said};
use smartopol_protocol::terminal::Party;

use super::pty::until;
use super::{Held, State};
use crate::terminals::link;
use crate::terminals::paint::Picture;
use crate::terminals::screen::Screen;
use crate::terminals::spool::Reading;

/// The shortest time between two pictures: what changes faster is not seen.
const PACE: Duration = Duration::from_millis(12);

/// When keys for which there was no room are tried again.
const ROOM: Duration = Duration::from_millis(10);

/// How long a client may take for its first word, and the daemon to announce it.
const ENTER: Duration = Duration::from_secs(2);

/// How soon the next visit must come where a paste is to go on in it.
const PASTE: Duration = Duration::from_secs(5);

/// How long the last picture may take.
const LAST: Duration = Duration::from_millis(500);

/// How much that was typed waits where the program does not read; more is left in the terminal, and
/// with it the way out.
const PENDING: usize = 4 << 20;

/// After how long without a key one looks whether the client was stopped meanwhile: whoever did that
/// takes their hands off the keys for it.
const PAUSE: Duration = Duration::from_millis(100);

/// How much is read at once.
const READ: usize = 4096;

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
    visits: u64,
    /// What was being pasted in which terminal when its visit ended, and when: the paste goes on in
    /// the next one.
    pasted: Option<(u64, Prefix, Instant)>,
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
    /// Which of all visits this is.
    visit: u64,
    terminal: Arc<OwnedFd>,
    stream: UnixStream,
    /// It is drawn no more, and its client was told so.
    sent_out: bool,
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
    /// Returns when something must be drawn; nothing is before it takes the rest.
    fn due(&self, now: Instant) -> Option<Instant> {
        match (self.line_due, self.stale, self.drawn_at) {
            _ if self.sent_out || !self.rest.is_empty() => None,
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

    fn send_out(&mut self) {
        self.sent_out = true;
        // Nobody waits for it, however long the client takes to leave.
        self.rest.clear();
        // The client's last word, or that it died without one, is still heard.
        let _ = self.stream.shutdown(Shutdown::Write);
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
        let written = match rustix::io::write(&*self.terminal, &bytes) {
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

    /// Returns the terminals that take no more right now.
    pub(super) fn blocked(&self) -> Vec<Arc<OwnedFd>> {
        let shown = self.shown();
        let blocked = shown.windows.iter().filter(|own| !own.rest.is_empty());
        blocked.map(|window| Arc::clone(&window.terminal)).collect()
    }

    /// Draws what is due.
    pub(super) fn refresh(&self) {
        self.shown().draw(Instant::now());
    }

    /// Shows what the program wrote from the byte `begin` on, and then lets `keep` put it into the
    /// spool: a person who waits for an echo does not wait for a disk, and a screen that is begun
    /// meanwhile misses nothing. Returns what the program is to be answered where no daemon does.
    pub(super) fn show<T>(
        &self,
        begin: u64,
        bytes: &[u8],
        keep: impl FnOnce() -> T,
    ) -> (Vec<u8>, T) {
        let mut shown = self.shown();
        let answers = shown.feed(begin, bytes);
        (answers, keep())
    }

    /// Begins the screen with the present that the daemon left, and what was written since.
    pub(super) fn begin(&self, folder: &Path) -> io::Result<()> {
        let kept = link::kept(folder, link::PRESENT);
        let (offset, size, keyframe) = kept.ok_or(io::ErrorKind::NotFound)?;
        let mut screen = Screen::new(size, 0);
        screen.restore(&keyframe, offset);
        let mut reading = Reading::from(folder, offset)?;
        // Most of it while others go on, and the rest while nothing is shown.
        read_on(&mut screen, &mut reading)?;
        let mut shown = self.shown();
        read_on(&mut screen, &mut reading)?;
        shown.screen = Some(screen);
        for window in &mut shown.windows {
            window.drawn_at = None;
            // Another size clears it. Where it stands only its client's own window decides.
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
        shown.spoil();
        let late = Instant::now() + LAST;
        loop {
            shown.draw(Instant::now());
            let slow = shown.windows.iter().filter(|own| !own.rest.is_empty());
            let mut slow: Vec<PollFd<'_>> = slow
                .map(|window| PollFd::new(&*window.terminal, PollFlags::OUT))
                .collect();
            if slow.is_empty() || Instant::now() >= late {
                return;
            }
            let _ = poll(&mut slow, Some(&until(late)));
        }
    }

    /// Sends clients out.
    pub(super) fn dismiss(&self, whom: impl Fn(u64) -> bool) {
        for window in &mut self.shown().windows {
            if whom(window.client) {
                window.send_out();
            }
        }
    }

    /// Lets a window in, in the place of an older one of its client; returns the number of the
    /// visit.
    fn enter(&self, mut window: Window) -> u64 {
        let mut shown = self.shown();
        shown.visits += 1;
        let visit = shown.visits;
        window.visit = visit;
        for own in &mut shown.windows {
            if own.client == window.client {
                own.send_out();
            }
        }
        shown.windows.push(window);
        shown.draw(Instant::now());
        visit
    }

    /// Ends a visit, `well` where the client clears its terminal up; returns true where nobody is
    /// in any more.
    fn leave(&self, visit: u64, well: bool) -> bool {
        let mut shown = self.shown();
        let left = shown.windows.extract_if(.., |own| own.visit == visit);
        for window in left.filter(|_| !well) {
            let _ = rustix::io::write(&*window.terminal, direct::RESTORE);
        }
        shown.windows.is_empty()
    }

    /// Tells all clients what the disk says; 0 where it takes all again.
    pub(super) fn tell_trouble(&self, errno: i32) {
        let word = direct::write(&Heard::Disk { errno });
        for window in &self.shown().windows {
            // One that does not read it hears of it from the daemon.
            let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
            let _ = send(&window.stream, &word, flags);
        }
    }

    fn keep_paste(&self, device: u64, prefix: Prefix) {
        let pasted = prefix.is_pasted().then(|| (device, prefix, Instant::now()));
        self.shown().pasted = pasted;
    }

    /// Returns how what is typed in a terminal is followed: on from where a visit left it.
    fn prefix(&self, device: u64, byte: u8) -> Prefix {
        match self.shown().pasted.take() {
            Some((own, prefix, at)) if own == device && at.elapsed() < PASTE => prefix,
            _ => Prefix::new(byte),
        }
    }

    fn redraw(&self, visit: u64) {
        let mut shown = self.shown();
        for window in shown.windows.iter_mut().filter(|own| own.visit == visit) {
            window.picture = Picture::default();
            window.stale = true;
            window.drawn_at = None;
            window.line.clear();
        }
        shown.draw(Instant::now());
    }

    fn line(&self, visit: u64, line: &str) {
        let mut shown = self.shown();
        for window in shown.windows.iter_mut().filter(|own| own.visit == visit) {
            window.line = line.as_bytes().to_vec();
            window.line_due = true;
        }
        shown.draw(Instant::now());
    }
}

impl Shown {
    fn feed(&mut self, begin: u64, bytes: &[u8]) -> Vec<u8> {
        let Some(screen) = &mut self.screen else {
            return Vec::new();
        };
        // Some of it was shown already where not all of it could be kept, or the screen was begun.
        let seen = screen.offset().saturating_sub(begin);
        let seen = usize::try_from(seen).unwrap_or(usize::MAX);
        let Some(news) = bytes.get(seen..).filter(|news| !news.is_empty()) else {
            return Vec::new();
        };
        let answers = screen.feed(news);
        self.spoil();
        self.draw(Instant::now());
        answers
    }

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
        // One that is sent out has its terminal to itself.
        for window in self.windows.iter_mut().filter(|own| !own.sent_out) {
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
    let well = visitor.stay().unwrap_or(false);
    held.direct.keep_paste(visitor.device, visitor.prefix);
    let nobody = held.direct.leave(visitor.visit, well);
    // A daemon says itself when it lets nobody in any more.
    if nobody && held.state().daemon == 0 {
        held.direct.end();
    }
    held.change(|_| ());
    // Read by the client as the end: from here on its terminal is its own.
    let _ = visitor.stream.shutdown(Shutdown::Both);
}

/// One who is in.
struct Visitor<'h> {
    held: &'h Held,
    client: u64,
    visit: u64,
    prefix: Prefix,
    /// Which of all terminals it is.
    device: u64,
    terminal: Arc<OwnedFd>,
    peer: Peer,
    stream: UnixStream,
    bytes: Vec<u8>,
    /// What was typed and not taken yet.
    pending: Vec<u8>,
    /// The client was told what was typed, and has not said to go on.
    told: bool,
    /// It is told whatever is typed next.
    all: bool,
    /// It said its last word.
    leaves: bool,
    keyed_at: Option<Instant>,
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
        let device = rustix::fs::fstat(&terminal).ok()?.st_rdev;
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
        let terminal = Arc::new(terminal);
        let visit = held.direct.enter(Window {
            client,
            visit: 0,
            terminal: Arc::clone(&terminal),
            stream: stream.try_clone().ok()?,
            sent_out: false,
            picture: Picture::default(),
            stale: true,
            drawn_at: None,
            line: Vec::new(),
            line_due: false,
            rest: VecDeque::new(),
        });
        let errno = held.state().trouble;
        if errno != 0 {
            held.direct.tell_trouble(errno);
        }
        held.look_after();
        let visitor = Self {
            held,
            client,
            visit,
            prefix: held.direct.prefix(device, prefix),
            device,
            terminal,
            peer: Peer::of(&stream),
            stream,
            bytes,
            pending: Vec::new(),
            told: false,
            all: false,
            leaves: false,
            keyed_at: None,
        };
        if !visitor.is_admitted() {
            // Who was sent out meanwhile was not found there.
            held.direct.leave(visit, true);
            return None;
        }
        Some(visitor)
    }

    /// Carries keys and words until one of the two ends; returns true where the client ended it.
    fn stay(&mut self) -> io::Result<bool> {
        let mut buffer = [0; READ];
        let mut sent_out = false;
        loop {
            let reads = !self.told && !sent_out && self.pending.len() < PENDING;
            let keys = match reads {
                true => PollFlags::IN,
                false => PollFlags::empty(),
            };
            let mut fds = [
                PollFd::new(&*self.terminal, keys),
                PollFd::new(&self.stream, PollFlags::IN),
            ];
            let again = (!self.pending.is_empty()).then(|| until(Instant::now() + ROOM));
            match poll(&mut fds, again.as_ref()) {
                Err(rustix::io::Errno::INTR) => continue,
                Err(err) => return Err(err.into()),
                Ok(_) => {}
            }
            let [terminal, stream] = fds.map(|fd| fd.revents());
            // First the words: who is sent out leaves what is typed where it is.
            if !stream.is_empty() {
                match (&self.stream).read(&mut buffer)? {
                    0 => return Ok(self.leaves),
                    read => self
                        .bytes
                        .extend_from_slice(buffer.get(..read).unwrap_or_default()),
                }
                while let Some(said) = direct::next(&mut self.bytes).map_err(io::Error::other)? {
                    self.hear(said)?;
                }
            }
            if terminal.contains(PollFlags::IN) {
                let paused = self.keyed_at.is_none_or(|at| at.elapsed() > PAUSE);
                self.keyed_at = Some(Instant::now());
                if paused && self.peer.is_stopped() {
                    // Its terminal is a shell's now.
                    return Ok(false);
                }
                sent_out = !self.is_admitted();
                if sent_out {
                    // What is typed is left where it is.
                    continue;
                }
                match rustix::io::read(&*self.terminal, &mut buffer) {
                    Ok(read @ 1..) => self.typed(buffer.get(..read).unwrap_or_default())?,
                    Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {}
                    Ok(_) | Err(_) => return Ok(false),
                }
            } else if terminal.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
                return Ok(false);
            }
            self.type_pending();
        }
    }

    fn hear(&mut self, said: Said) -> io::Result<()> {
        match said {
            Said::Enter { .. } => return Err(io::ErrorKind::InvalidData.into()),
            Said::Line { text } => {
                self.held.direct.line(self.visit, &text);
                self.held.look_after();
            }
            Said::Redraw => {
                self.held.direct.redraw(self.visit);
                self.held.look_after();
            }
            Said::Leave => self.leaves = true,
            Said::GoOn { bytes, all } => {
                let waited = std::mem::replace(&mut self.told, false);
                self.all = all;
                // Once for each time it was told something, so that no backlog comes about.
                if waited && self.may_type() {
                    self.pending.extend(bytes);
                }
            }
        }
        Ok(())
    }

    /// Types what is for the program; the rest is the client's.
    fn typed(&mut self, bytes: &[u8]) -> io::Result<()> {
        let may = self.may_type();
        let mut end = None;
        for (at, byte) in bytes.iter().enumerate() {
            let found = self.prefix.is(*byte);
            end = end.or(found.then_some(at));
        }
        if !may || self.all {
            end = Some(0);
        }
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

    fn is_admitted(&self) -> bool {
        let state = self.held.state();
        state.admitted.iter().any(|own| own.client == self.client)
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
        let news = state.direct_keys(&self.held.pty, &mut self.pending);
        drop(state);
        if news {
            self.held.change(|_| ());
        }
    }
}

/// The process at the other end, as far as the system tells of it.
struct Peer {
    /// What the kernel says of it, read anew each time; kept open because a key waits for it.
    #[cfg(target_os = "linux")]
    about: Option<std::fs::File>,
}

impl Peer {
    #[cfg(target_os = "linux")]
    fn of(stream: &UnixStream) -> Self {
        let peer = rustix::net::sockopt::socket_peercred(stream);
        let about = peer.ok().and_then(|peer| {
            let pid = peer.pid.as_raw_nonzero();
            std::fs::File::open(format!("/proc/{pid}/stat")).ok()
        });
        Self { about }
    }

    #[cfg(not(target_os = "linux"))]
    fn of(_: &UnixStream) -> Self {
        Self {}
    }

    /// Returns true where it was stopped.
    #[cfg(target_os = "linux")]
    fn is_stopped(&self) -> bool {
        use std::os::unix::fs::FileExt;
        let mut buffer = [0; 128];
        let read = self
            .about
            .as_ref()
            .map(|about| about.read_at(&mut buffer, 0));
        let Some(Ok(read)) = read else {
            return false;
        };
        // `pid (name) state …`, and a name may hold anything.
        let about = buffer.get(..read).unwrap_or_default();
        let end = about.windows(2).rposition(|pair| pair == b") ");
        let state = end.and_then(|end| about.get(end + 2));
        matches!(state, Some(b'T' | b't'))
    }

    #[cfg(not(target_os = "linux"))]
    fn is_stopped(&self) -> bool {
        false
    }
}

fn may_type(state: &State, client: u64) -> bool {
    let mut admitted = state.admitted.iter();
    state.typist == Party::Person
        && admitted.any(|admitted| admitted.client == client && admitted.types)
}

/// Shows what was written up to now.
fn read_on(screen: &mut Screen, reading: &mut Reading) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match reading.read(&mut buffer)? {
            0 => return Ok(()),
            // The daemon answers what is asked.
            read => drop(screen.feed(buffer.get(..read).unwrap_or_default())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_due_for_a_client_that_was_sent_out_and_does_not_leave() {
        let (stream, _client) = UnixStream::pair().unwrap();
        let null = std::fs::File::open("/dev/null").unwrap();
        let mut window = Window {
            client: 1,
            visit: 1,
            terminal: Arc::new(null.into()),
            stream,
            sent_out: false,
            picture: Picture::default(),
            stale: true,
            drawn_at: None,
            line: Vec::new(),
            line_due: true,
            rest: VecDeque::new(),
        };
        let now = Instant::now();
        assert_eq!(window.due(now), Some(now));
        window.rest.extend(b"rest");
        window.send_out();
        assert_eq!((window.due(now), window.rest.len()), (None, 0));
    }
}
