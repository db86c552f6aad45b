//! People's own terminals, which they lent to the holder: what the program shows is drawn on them
//! right here, so that an echo meets no other process.
//!
//! Owns: the screen that they are drawn from, and when. Who is let in, and what is typed there, is
//! in `visitor`; the line at the bottom is the client's.
//!
//! The screen is begun by the daemon, at whose byte the spool goes on; it is there only while
//! somebody is let in. One who reads slowly gets the present, never a backlog.

use std::collections::VecDeque;
use std::io;
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::net::{SendFlags, send};
use smartopol_protocol::direct::{self, Heard, Prefix};

use super::pty::until;
use crate::terminals::link;
use crate::terminals::paint::Picture;
use crate::terminals::screen::Screen;
use crate::terminals::spool::Reading;

/// The shortest time between two pictures: what changes faster is not seen.
const PACE: Duration = Duration::from_millis(12);

/// How soon the next visit must come where a paste is to go on in it.
const PASTE: Duration = Duration::from_secs(5);

/// How long others have a turn while a screen that was begun catches up.
const TURN: Duration = Duration::from_millis(1);

/// How long the last picture may take.
const LAST: Duration = Duration::from_millis(500);

/// All who are in, and what they see.
#[derive(Debug, Default)]
pub(super) struct Direct(Mutex<Shown>, Condvar);

#[derive(Default)]
struct Shown {
    screen: Option<Screen>,
    /// How often it was begun.
    begun: u64,
    /// It is not yet what the program wrote last: the program waits.
    behind: bool,
    windows: Vec<Window>,
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
pub(super) struct Window {
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
    /// A window of a client on which nothing is drawn yet.
    pub(super) fn new(
        (client, visit): (u64, u64),
        terminal: Arc<OwnedFd>,
        stream: UnixStream,
    ) -> Self {
        Self {
            client,
            visit,
            terminal,
            stream,
            sent_out: false,
            picture: Picture::default(),
            stale: true,
            drawn_at: None,
            line: Vec::new(),
            line_due: false,
            rest: VecDeque::new(),
        }
    }

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
        let mut shown = self.present();
        let answers = shown.feed(begin, bytes);
        (answers, keep())
    }

    /// Begins the screen with the present that the daemon left, and goes on with what was written
    /// since. The program waits for that, so that it comes to an end, and people see how it comes.
    pub(super) fn begin(&self, folder: &Path) -> io::Result<()> {
        let kept = link::kept(folder, link::PRESENT);
        let (offset, size, keyframe) = kept.ok_or(io::ErrorKind::NotFound)?;
        let mut screen = Screen::new(size, 0);
        screen.restore(&keyframe, offset);
        let reading = Reading::from(folder, offset)?;
        if reading.at() != offset {
            // What comes after it went meanwhile.
            return Err(io::ErrorKind::NotFound.into());
        }
        let mut shown = self.shown();
        shown.begun += 1;
        shown.screen = Some(screen);
        shown.behind = true;
        for window in &mut shown.windows {
            window.drawn_at = None;
            // Another size clears it. Where it stands only its client's own window decides.
            window.line_due = true;
        }
        let begun = shown.begun;
        let caught_up = self.catch_up(shown, reading);
        let mut shown = self.shown();
        if shown.begun != begun {
            return Ok(()); // What a later one shows is not this one's to judge.
        }
        shown.behind = false;
        self.1.notify_all();
        caught_up
    }

    /// Shows what was written up to now, unless that is begun anew or ended meanwhile.
    fn catch_up(&self, mut shown: MutexGuard<'_, Shown>, mut reading: Reading) -> io::Result<()> {
        let begun = shown.begun;
        let mut buffer = vec![0; 128 * 1024];
        while shown.begun == begun && shown.behind {
            let Some(screen) = &mut shown.screen else {
                break;
            };
            let read = reading.read(&mut buffer)?;
            // The daemon answers what is asked.
            drop(screen.feed(buffer.get(..read).unwrap_or_default()));
            shown.spoil();
            shown.draw(Instant::now());
            if read == 0 {
                // Before anybody else has a turn.
                shown.behind = false;
                break;
            }
            // Who comes, leaves or types meanwhile has a turn.
            shown = self
                .1
                .wait_timeout(shown, TURN)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        Ok(())
    }

    /// Returns what is shown once it is the present.
    fn present(&self) -> MutexGuard<'_, Shown> {
        self.1
            .wait_while(self.shown(), |shown| shown.behind)
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets the screen: nobody is let in any more.
    pub(super) fn end(&self) {
        let mut shown = self.shown();
        (shown.screen, shown.behind) = (None, false);
        self.1.notify_all();
    }

    /// Draws the last picture, as far as the terminals take it in time.
    pub(super) fn finish(&self) {
        let mut shown = self.present();
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

    /// Lets a window in, in the place of an older one of its client.
    pub(super) fn enter(&self, window: Window) {
        let mut shown = self.shown();
        for own in &mut shown.windows {
            if own.client == window.client && own.visit < window.visit {
                own.send_out();
            }
        }
        shown.windows.push(window);
        shown.draw(Instant::now());
    }

    /// Ends a visit, `well` where the client clears its terminal up; returns true where nobody is
    /// in any more.
    pub(super) fn leave(&self, visit: u64, well: bool) -> bool {
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

    pub(super) fn keep_paste(&self, device: u64, prefix: Prefix) {
        let pasted = prefix.is_pasted().then(|| (device, prefix, Instant::now()));
        self.shown().pasted = pasted;
    }

    /// Returns how what is typed in a terminal is followed: on from where a visit left it.
    pub(super) fn prefix(&self, device: u64, byte: u8) -> Prefix {
        match self.shown().pasted.take() {
            Some((own, prefix, at)) if own == device && at.elapsed() < PASTE => prefix,
            _ => Prefix::new(byte),
        }
    }

    pub(super) fn redraw(&self, visit: u64) {
        let mut shown = self.shown();
        for window in shown.windows.iter_mut().filter(|own| own.visit == visit) {
            window.picture = Picture::default();
            window.stale = true;
            window.drawn_at = None;
            window.line.clear();
        }
        shown.draw(Instant::now());
    }

    pub(super) fn line(&self, visit: u64, line: &str) {
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

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::Condvar;
    use std::sync::mpsc;
    use std::thread;

    use rustix::process::getpid;
    use smartopol_protocol::terminal::Size;

    use super::super::pty::Pty;
    use super::super::{Held, State};
    use super::*;
    use crate::terminals::spool::Spool;

    #[test]
    fn nothing_is_due_for_a_client_that_was_sent_out_and_does_not_leave() {
        let (stream, _client) = UnixStream::pair().unwrap();
        let null = std::fs::File::open("/dev/null").unwrap();
        let mut window = Window::new((1, 1), Arc::new(null.into()), stream);
        let now = Instant::now();
        assert_eq!(window.due(now), Some(now));
        window.rest.extend(b"rest");
        window.send_out();
        assert_eq!((window.due(now), window.rest.len()), (None, 0));
    }

    /// Returns a holder of a terminal in which nothing runs.
    fn held(folder: &Path) -> Held {
        let size = Size {
            columns: 80,
            rows: 24,
        };
        Held {
            folder: folder.to_path_buf(),
            pty: Pty::open(size).unwrap().0,
            direct: Direct::default(),
            child: getpid(),
            state: Mutex::new(State::new(Spool::begin(folder, 0))),
            changed: Condvar::new(),
        }
    }

    #[test]
    fn who_waits_for_room_hears_of_a_terminal_that_is_blocked_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let held = Arc::new(held(folder.path()));
        let (stream, _client) = UnixStream::pair().unwrap();
        let null = std::fs::File::open("/dev/null").unwrap();
        let mut window = Window::new((1, 1), Arc::new(null.into()), stream);
        window.rest.extend(b"rest");
        let (window, asked) = (Cell::new(Some(window)), Cell::new(0));
        let (says, said) = mpsc::sync_channel(1);
        held.draw_until(Duration::from_secs(20), |_| {
            asked.set(asked.get() + 1);
            // Right before it waits.
            if let Some(window) = window.take() {
                let (held, says) = (Arc::clone(&held), says.clone());
                thread::spawn(move || {
                    held.direct.shown().windows.push(window);
                    held.look_after();
                    let _ = says.send(());
                });
                let _ = said.recv_timeout(Duration::from_millis(300));
            }
            asked.get() > 2
        });
        assert_eq!(asked.get(), 3, "it slept through it");
    }

    #[test]
    fn a_screen_that_is_behind_lets_people_in_and_holds_up_the_program_until_it_is_the_present() {
        let folder = tempfile::tempdir().unwrap();
        let (folder, size) = (
            folder.path(),
            Size {
                columns: 80,
                rows: 24,
            },
        );
        let mut spool = Spool::begin(folder, 0);
        let lines = "a line of what was written meanwhile\r\n".repeat(1 << 17);
        spool.append(lines.as_bytes()).1.unwrap();
        let written = spool.written();
        link::keep(folder, link::PRESENT, 0, size, b"\x1bc").unwrap();
        let direct = Direct::default();
        thread::scope(|scope| {
            let begun = scope.spawn(|| direct.begin(folder));
            while !direct.shown().behind && !begun.is_finished() {
                thread::yield_now();
            }
            let (stream, _client) = UnixStream::pair().unwrap();
            let null = std::fs::File::open("/dev/null").unwrap();
            direct.enter(Window::new((1, 1), Arc::new(null.into()), stream));
            assert!(
                direct.shown().behind,
                "nobody is let in before it has caught up"
            );
            direct.show(written, b"last", || {
                spool.append(b"last").1.unwrap();
            });
            let shown = direct.shown();
            let offset = shown.screen.as_ref().map(Screen::offset);
            assert_eq!((offset, shown.behind), (Some(written + 4), false));
            drop(shown);
            begun.join().unwrap().unwrap();
        });
    }
}
