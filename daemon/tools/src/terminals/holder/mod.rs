//! The holder: a small process that owns one terminal and outlives the daemon.
//!
//! Owns: the PTY, the spool, the order of a terminal's end. The door to the daemon is `door`, the
//! PTY `pty`. What the program writes it understands only for people's own terminals, in `direct` and `visitor`;
//! all else about it is the daemon's part.
//!
//! It ends with its program, or when no daemon came for too long. What it leaves on disk, the
//! spool and `end.json`, is all that a later daemon needs.

mod direct;
mod door;
pub(crate) mod pty;
mod straight;
mod visitor;

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitOptions, WaitStatus};
use serde::{Deserialize, Serialize};
use smartopol_protocol::terminal::{End, Party, Size};

use super::spool::Spool;
use super::wire::{Hear, PIECE, Word};
use crate::exec::signal;
use crate::guard::{self, descendants};
use direct::Direct;
use pty::{Pty, Ready};
use straight::Straight;
use visitor::Admitted;

/// How long what came from the program may take to end once it is asked to.
const GRACE: Duration = Duration::from_millis(500);

/// How often what is left is killed again.
const ROUND: Duration = Duration::from_millis(20);

/// How often a terminal that takes nothing is tried again where nobody can wait for it.
const RETRY: Duration = Duration::from_millis(50);

/// How long one waits where nothing is due.
const LONG: Duration = Duration::from_secs(3600);

/// How long the daemon may take to fetch the end; afterwards it finds it on the disk.
const FETCH: Duration = Duration::from_secs(5);

/// The most input that waits, and how much of that is for what the daemon sends; it sends less.
const INPUT: usize = 1 << 20;
const RESERVED: usize = INPUT / 2;

/// After so much was typed the daemon is told, where it hears of nothing else meanwhile; much
/// less than it lets wait.
const TYPED: u64 = 16 * 1024;

/// After so many bytes of words about what was typed directly it is told too. Before, they wait for
/// what the program writes upon them, so that a key wakes nobody but the program.
const KEYED: usize = 4 * 1024;

/// How long a disk that is full is left alone before it is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// What a holder is told, in `holder.json` of its folder. The environment is its own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) socket: PathBuf,
    pub(crate) secret: String,
    pub(crate) words: Vec<String>,
    pub(crate) cwd: PathBuf,
    pub(crate) size: Size,
    pub(crate) spool_bytes: u64,
    pub(crate) orphan_seconds: u64,
    /// The holder lets people's own terminals in; one of an older version does not.
    #[serde(default)]
    pub(crate) direct: bool,
}

/// What it says on standard output once it stands, one line of JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stands {
    /// The program runs.
    Running(u32),
    /// The program was not started, and why.
    NotStarted(String),
}

/// How it ended, in `end.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Ended {
    pub(crate) offset: u64,
    pub(crate) end: End,
}

/// Returns the file with the order.
pub(crate) fn order_file(folder: &Path) -> PathBuf {
    folder.join("holder.json")
}

/// Returns the file with the end.
pub(crate) fn end_file(folder: &Path) -> PathBuf {
    folder.join("end.json")
}

/// Holds a terminal: the entry of the hidden subcommand `smartopol holder FOLDER`.
/// `--files=N` before it is how many files the program may have open.
pub fn run(args: impl Iterator<Item = OsString>) -> ExitCode {
    let mut args = args.peekable();
    if args.peek().is_some_and(|word| word == pty::CHILD) {
        args.next();
        return pty::become_the_program(args);
    }
    if let Some(files) = args.peek().and_then(guard::files) {
        guard::limit(files);
        args.next();
    }
    let Some(folder) = args.next().map(PathBuf::from) else {
        return ExitCode::from(2);
    };
    match hold(&folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            say(&Stands::NotStarted(why));
            ExitCode::FAILURE
        }
    }
}

fn say(stands: &Stands) {
    let mut line = serde_json::to_vec(stands).unwrap_or_default();
    line.push(b'\n');
    let mut out = std::io::stdout();
    // A daemon that was killed meanwhile hears of it when it comes back.
    let _ = out.write_all(&line).and_then(|()| out.flush());
    let _ = pty::let_go_of_standard_streams();
}

fn hold(folder: &Path) -> Result<(), String> {
    let told = |what: &str, err: &dyn std::fmt::Display| format!("{what}: {err}");
    let order =
        fs::read(order_file(folder)).map_err(|err| told("its order cannot be read", &err))?;
    let order: Order =
        serde_json::from_slice(&order).map_err(|err| told("its order is garbled", &err))?;
    // A session of its own: no signal of another terminal reaches it.
    let _ = rustix::process::setsid();
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
    let listener =
        door::open(&order.socket).map_err(|err| told("its socket cannot be made", &err))?;
    let (pty, inner) =
        Pty::open(order.size).map_err(|err| told("the system gives no terminal", &err))?;
    let report = order.socket.with_extension("start");
    let child = match inner.start(&order.words, &order.cwd, &report) {
        Ok(child) => child,
        Err(why) => {
            let _ = fs::remove_file(&order.socket);
            return Err(why);
        }
    };
    let held = Arc::new(Held {
        folder: folder.to_path_buf(),
        pty,
        direct: Direct::default(),
        child,
        state: Mutex::new(State::new(Spool::begin(folder, order.spool_bytes))),
        changed: Condvar::new(),
    });
    say(&Stands::Running(
        child.as_raw_nonzero().get().unsigned_abs(),
    ));
    let reading = {
        let held = Arc::clone(&held);
        thread::spawn(move || held.read())
    };
    {
        let held = Arc::clone(&held);
        let secret = order.secret.clone();
        thread::spawn(move || door::serve(&held, &listener, &secret));
    }
    {
        let held = Arc::clone(&held);
        thread::spawn(move || held.type_in());
    }
    {
        let held = Arc::clone(&held);
        let patience = Duration::from_secs(order.orphan_seconds);
        thread::spawn(move || held.wait_for_daemons(patience));
    }
    let status = held.wait();
    let _ = reading.join();
    held.finish(status);
    let _ = fs::remove_file(&order.socket);
    Ok(())
}

/// What the threads share.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) folder: PathBuf,
    pub(crate) pty: Pty,
    direct: Direct,
    child: Pid,
    state: Mutex<State>,
    changed: Condvar,
}

/// What changes.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) spool: Spool,
    /// What came before this byte is not needed any more.
    pub(crate) kept: u64,
    /// Questions of the program before this byte were answered.
    pub(crate) answered: u64,
    /// What waits to be typed, and how much ever was.
    pub(crate) input: Vec<u8>,
    pub(crate) typed: u64,
    /// Something is being typed that is not among what waits any more.
    pub(crate) typing: bool,
    /// The way to a daemon that knows all there is.
    straight: Option<Straight>,
    /// Who types, whom the daemon lets in, and what they typed, as words that it was not told yet.
    typist: Party,
    admitted: Vec<Admitted>,
    /// How many came in.
    visits: u64,
    keyed: Vec<u8>,
    /// The daemon is to be told that its word of this number about who types is done.
    handed: Option<u32>,
    /// The number of the connection that is served; 0 for none.
    pub(crate) daemon: u64,
    /// Since when none is.
    pub(crate) alone_since: Instant,
    pub(crate) closed: bool,
    pub(crate) trouble: i32,
    /// The program is asked to end.
    ending: bool,
    abandoned: bool,
    /// What cannot be kept is not waited for any more: the program was given its time to end.
    gives_up: bool,
    /// Something was not kept, so nothing after it is: what is kept has no holes.
    lost: bool,
    /// How often the thread that reads was to look after people's terminals.
    looks: u64,
    pub(crate) ended: Option<Ended>,
    /// The daemon was told of the end.
    pub(crate) fetched: bool,
}

impl State {
    fn new(spool: Spool) -> Self {
        Self {
            spool,
            kept: 0,
            answered: 0,
            input: Vec::new(),
            typed: 0,
            typing: false,
            straight: None,
            typist: Party::Person,
            admitted: Vec::new(),
            visits: 0,
            keyed: Vec::new(),
            handed: None,
            daemon: 0,
            alone_since: Instant::now(),
            closed: false,
            trouble: 0,
            ending: false,
            abandoned: false,
            gives_up: false,
            lost: false,
            looks: 0,
            ended: None,
            fetched: false,
        }
    }

    /// Types something: at once where nothing waits, so that a key meets no other thread. Returns
    /// how much there was room for, and whether the others are to know.
    fn type_in(&mut self, pty: &Pty, bytes: &[u8]) -> (usize, bool) {
        let before = self.typed;
        let mut at_once = 0;
        if self.input.is_empty() && !self.typing {
            at_once = pty.type_at_once(bytes);
            self.typed += at_once as u64;
        }
        let rest = bytes.get(at_once..).unwrap_or_default();
        let room = INPUT.saturating_sub(self.input.len()).min(rest.len());
        self.input.extend(rest.iter().take(room));
        let news = !self.input.is_empty() || far(before, self.typed);
        (at_once + room, news)
    }

    /// Types something and takes note of it for the daemon; as [`Self::type_in`].
    fn keys(&mut self, pty: &Pty, bytes: &[u8]) -> (usize, bool) {
        let (taken, news) = self.type_in(pty, bytes);
        if self.daemon != 0 {
            for piece in bytes.get(..taken).unwrap_or_default().chunks(PIECE) {
                Hear::keyed(piece, &mut self.keyed);
            }
        }
        (taken, news || self.keyed.len() > KEYED)
    }

    /// Types what a client typed here, as far as there is room besides what the daemon may send.
    /// Returns true where the others are to know.
    fn direct_keys(&mut self, pty: &Pty, pending: &mut Vec<u8>) -> bool {
        let room = (INPUT - RESERVED).saturating_sub(self.input.len());
        let most = room.min(pending.len());
        let (taken, news) = self.keys(pty, pending.get(..most).unwrap_or_default());
        pending.drain(..taken);
        news
    }

    /// Who was let in by a daemon that is gone is so no more.
    fn let_nobody_in(&mut self) {
        self.admitted.clear();
        self.keyed.clear();
        self.handed = None;
    }

    /// Writes what was typed directly behind what is in `out`, and who types since.
    fn tell_keys(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.keyed);
        if let Some(number) = self.handed.take() {
            Hear::Handed(number).write(out);
        }
    }
}

/// Returns true where the daemon is to be told how much was typed.
const fn far(told: u64, typed: u64) -> bool {
    told / TYPED != typed / TYPED
}

impl Held {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes something and lets the others know.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let value = change(&mut self.state());
        self.changed.notify_all();
        value
    }

    /// Waits until something is so.
    pub(crate) fn until(&self, so: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        self.changed
            .wait_while(self.state(), |state| !so(state))
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until something is so, at most so long.
    fn until_late(&self, limit: Duration, so: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        self.changed
            .wait_timeout_while(self.state(), limit, |state| !so(state))
            .unwrap_or_else(PoisonError::into_inner)
            .0
    }

    /// Reads what the program writes until nothing more can come.
    fn read(&self) {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match self.pty.ready(self.direct.due(), &self.direct.blocked()) {
                Ready::Output => {
                    let read = self.pty.read(&mut buffer);
                    let bytes = buffer.get(..read).unwrap_or_default();
                    if !bytes.is_empty() {
                        self.closed(false);
                        self.keep(bytes);
                    }
                }
                Ready::Late => self.direct.refresh(),
                // Somebody may open it again; nobody does in most cases.
                Ready::Closed => {
                    self.closed(true);
                    self.direct.refresh();
                }
                Ready::Over => return self.direct.finish(),
            }
        }
    }

    /// Lets the thread that reads look after people's terminals, where something is due.
    fn look_after(&self) {
        if self.direct.due().is_some() || !self.direct.blocked().is_empty() {
            self.pty.wake();
            self.change(|state| state.looks += 1);
        }
    }

    fn closed(&self, closed: bool) {
        if self.state().closed != closed {
            self.change(|state| state.closed = closed);
        }
    }

    /// Puts bytes into the spool, all of them, however long that takes; once it is given up, as much
    /// as there is room for.
    fn keep(&self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let mut state = self.state();
            if state.lost {
                return;
            }
            let kept = state.kept;
            if !state.spool.has_room(bytes.len() as u64, kept) {
                if state.gives_up {
                    state.lost = true;
                    return;
                }
                // The program waits with us: nothing is lost, and nothing more is written.
                drop(state);
                self.draw_until(LONG, |state| state.kept != kept || state.gives_up);
                continue;
            }
            let begin = state.spool.written();
            drop(state);
            let keep = || self.state().spool.append(bytes);
            let (answers, (taken, written)) = self.direct.show(begin, bytes, keep);
            let trouble = match &written {
                Ok(()) => 0,
                Err(err) => err.raw_os_error().unwrap_or(-1),
            };
            let (kept, rest) = bytes.split_at_checked(taken).unwrap_or((bytes, &[]));
            let mut state = self.state();
            if state.daemon == 0 && !answers.is_empty() {
                state.answered = begin + bytes.len() as u64;
                // Nobody else does, and a program that asks waits.
                let _ = state.type_in(&self.pty, &answers);
            }
            let State {
                straight, keyed, ..
            } = &mut *state;
            let told = straight
                .as_mut()
                .is_some_and(|straight| straight.tell(keyed, begin, kept));
            // Nobody waits for what was told already.
            let other = state.trouble != trouble;
            let news = !told || other;
            state.trouble = trouble;
            drop(state);
            if other {
                self.direct.tell_trouble(trouble);
            }
            if news {
                self.changed.notify_all();
            }
            bytes = rest;
            if trouble != 0 {
                self.draw_until(AGAIN, |state| state.gives_up);
                let mut state = self.state();
                state.lost = state.gives_up;
            }
        }
    }

    /// Waits until something is so, at most so long, and draws meanwhile what is due.
    fn draw_until(&self, limit: Duration, so: impl Fn(&State) -> bool) {
        let end = Instant::now() + limit;
        let mut looks = self.state().looks;
        loop {
            self.direct.refresh();
            // One that takes nothing is tried again now and then.
            let retried = (!self.direct.blocked().is_empty()).then(|| Instant::now() + RETRY);
            let due = [self.direct.due(), retried, Some(end)];
            let due = due.into_iter().flatten().min().unwrap_or(end);
            let mut state = self.state();
            if so(&state) || Instant::now() >= end {
                return;
            }
            // Otherwise something is due that was not when one looked.
            if state.looks == looks {
                let left = due.saturating_duration_since(Instant::now());
                let waited = self.changed.wait_timeout(state, left);
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
            looks = state.looks;
        }
    }

    /// Types what could not be typed at once.
    fn type_in(&self) {
        loop {
            let input = {
                let mut state = self.until(|state| !state.input.is_empty());
                state.typing = true;
                std::mem::take(&mut state.input)
            };
            self.pty.write(&input);
            self.change(|state| {
                state.typed += input.len() as u64;
                state.typing = false;
            });
        }
    }

    /// Waits for the program's end, and takes note of those that it left to us.
    fn wait(&self) -> Option<WaitStatus> {
        let status = loop {
            match rustix::process::wait(WaitOptions::empty()) {
                Ok(Some((pid, status))) if pid == self.child => break Some(status),
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(_) => break None,
            }
        };
        self.pty.child_ended();
        self.change(|state| state.closed = false);
        status
    }

    /// Ends what is left, writes down how it ended, and lets the daemon fetch it.
    fn finish(&self, status: Option<WaitStatus>) {
        self.sweep();
        let end = self.end(status);
        let ended = {
            let state = self.state();
            Ended {
                offset: state.spool.written(),
                end,
            }
        };
        // Where the disk is full the daemon that is connected hears it all the same.
        let _ = write_end(&self.folder, &ended);
        self.change(|state| state.ended = Some(ended));
        drop(self.until_late(FETCH, |state| state.fetched || state.daemon == 0));
    }

    fn end(&self, status: Option<WaitStatus>) -> End {
        if self.state().abandoned {
            return End::Abandoned;
        }
        let code = status.and_then(WaitStatus::exit_status);
        let by = status.and_then(WaitStatus::terminating_signal);
        match (code, by) {
            (Some(code), _) => End::Exited { code },
            (None, Some(number)) => End::Signaled {
                signal: signal::name(number),
            },
            (None, None) => End::Lost {
                reason: "the system does not tell how it ended".into(),
            },
        }
    }

    /// Ends the program where no daemon comes for too long.
    fn wait_for_daemons(&self, patience: Duration) {
        loop {
            let state = self.until(|state| state.daemon == 0);
            let left = patience.saturating_sub(state.alone_since.elapsed());
            drop(state);
            let state = self.until_late(left, |state| state.daemon != 0 || state.ended.is_some());
            let late = state.daemon == 0 && state.alone_since.elapsed() >= patience;
            if state.ended.is_some() {
                return;
            }
            drop(state);
            if late {
                self.change(|state| {
                    state.abandoned = true;
                    state.gives_up = true;
                    // Nobody will read what waits for room.
                    state.kept = u64::MAX;
                });
                return self.kill();
            }
        }
    }

    /// Asks the program and all that came from it to end, then ends them.
    pub(crate) fn kill(&self) {
        if self.change(|state| std::mem::replace(&mut state.ending, true)) {
            return;
        }
        for signal in [Signal::HUP, Signal::TERM, Signal::CONT] {
            self.tell_all(signal);
        }
        // An interactive shell ignores being asked, but not losing its terminal.
        drop(self.until_late(GRACE, |state| state.ended.is_some()));
        // Nor does it end while what it wrote last waits for room, or for the disk.
        self.change(|state| state.gives_up = true);
        while self.state().ended.is_none() && self.tell_all(Signal::KILL) {
            drop(self.until_late(ROUND, |state| state.ended.is_some()));
        }
    }

    /// Ends what the program left behind.
    fn sweep(&self) {
        let begun = Instant::now();
        loop {
            while let Ok(Some(_)) = rustix::process::wait(WaitOptions::NOHANG) {}
            let left = descendants::of_this_process();
            if left.is_empty() || begun.elapsed() > 2 * GRACE {
                return;
            }
            let signals: &[Signal] = match begun.elapsed() > GRACE {
                true => &[Signal::KILL],
                false => &[Signal::TERM, Signal::HUP],
            };
            for pid in left {
                for signal in signals {
                    let _ = rustix::process::kill_process(pid, *signal);
                }
            }
            drop(self.until_late(ROUND, |_| false));
        }
    }

    /// Returns false where nobody is left who hears it.
    fn tell_all(&self, signal: Signal) -> bool {
        let group = rustix::process::kill_process_group(self.child, signal).is_ok();
        let all = descendants::of_this_process();
        for pid in &all {
            let _ = rustix::process::kill_process(*pid, signal);
        }
        group || !all.is_empty()
    }
}

fn write_end(folder: &Path, ended: &Ended) -> std::io::Result<()> {
    let part = folder.join("end.part");
    let mut file = fs::File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&part)?;
    file.write_all(&serde_json::to_vec(ended)?)?;
    fs::rename(part, end_file(folder))
}
