//! Who came to the door with a terminal of their own: let in, heard, sent out.
//!
//! Owns reading what is typed there right where it is typed into the PTY, and telling the prefix from
//! what is for the program. Whom to let in and who may type the daemon says; the words are
//! `smartopol_protocol::direct`. All that the prefix leads to is the client's.

use std::io::{self, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use smartopol_protocol::direct::{self, Heard, Prefix, Said};
use smartopol_protocol::terminal::Party;

use super::direct::Window;
use super::pty::until;
use super::{Held, State};

/// How long a client may take for its first word, and the daemon to announce it.
const ENTER: Duration = Duration::from_secs(2);

/// When keys for which there was no room are tried again.
const ROOM: Duration = Duration::from_millis(10);

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
    /// The visit that came with the last ticket, 0 for none. Only that one is let in: each daemon
    /// counts its clients anew, and who was sent out may be one of an earlier one.
    pub(super) visit: u64,
    pub(super) types: bool,
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
    /// Which of all visits this is.
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
        let (client, visit) = {
            let opens = |own: &Admitted| own.ticket.as_ref() == Some(&ticket);
            let mut state = held.until_late(ENTER, |state| state.admitted.iter().any(opens));
            let visit = state.visits + 1;
            let found = state.admitted.iter_mut().find(|own| opens(own))?;
            found.ticket = None;
            found.visit = visit;
            let client = found.client;
            state.visits = visit;
            (client, visit)
        };
        (&stream).write_all(&direct::write(&Heard::Entered)).ok()?;
        let terminal = Arc::new(terminal);
        let own = stream.try_clone().ok()?;
        let lent = Window::new((client, visit), Arc::clone(&terminal), own);
        held.direct.enter(lent);
        let errno = held.state().trouble;
        if errno != 0 {
            held.direct.tell_trouble(errno);
        }
        held.look_after();
        let visitor = Self {
            held,
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
        state.admitted.iter().any(|own| own.visit == self.visit)
    }

    fn may_type(&self) -> bool {
        may_type(&self.held.state(), self.visit)
    }

    fn type_pending(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let mut state = self.held.state();
        if !may_type(&state, self.visit) {
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

fn may_type(state: &State, visit: u64) -> bool {
    let mut admitted = state.admitted.iter();
    state.typist == Party::Person
        && admitted.any(|admitted| admitted.visit == visit && admitted.types)
}
