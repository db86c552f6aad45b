//! One command under its guard: starts it, reads what it writes, ends it in time.
//!
//! Owns: the socket to the guard, the pipe with the output, the time limit.
//! What the guard does at its end stands in [`crate::guard`].

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::net::unix::pipe;
use tokio::process::Command;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::output::{Kept, Output};
use crate::Guard;
use crate::guard::word::Word;
use crate::guard::{GRACE, descendants};

/// How long the output of a command that ended is still waited for.
const DRAIN: Duration = Duration::from_millis(200);

/// How long the guard may take to kill what is left, after its grace.
const KILL: Duration = Duration::from_millis(350);

/// How much is read at once.
const READ_BYTES: usize = 64 * 1024;

/// What to run.
#[derive(Debug)]
pub(super) struct Start {
    pub(super) words: Vec<OsString>,
    pub(super) cwd: PathBuf,
    pub(super) env: Vec<(OsString, OsString)>,
    pub(super) limit: Duration,
}

/// What became of it.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) end: End,
    /// Why it was ended, where it did not end by itself.
    pub(super) stopped: Option<Stopped>,
    /// True where processes it left behind were ended.
    pub(super) left_behind: bool,
    /// True where something could not be ended in time.
    pub(super) still_running: bool,
    pub(super) kept: Kept,
}

/// How the command itself ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Exited(i32),
    Signaled(i32),
    /// It could not be started, and the operating system says why.
    Failed(i32),
    /// Nobody knows: the guard itself was killed, or the kill takes too long.
    Unknown,
}

/// Why a command was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stopped {
    TimeLimit,
    Cancelled,
}

/// Runs it to its end.
pub(super) async fn run(
    guard: &Guard,
    start: Start,
    output: Output,
    cancel: &CancellationToken,
    progress: Option<&mpsc::Sender<String>>,
) -> io::Result<Finished> {
    let limit = start.limit;
    let (guard, control, pipe) = spawn(guard, start)?;
    let mut child = Child {
        control: Some(control),
        pipe: Some(pipe),
        words: Vec::new(),
        guard,
        pid: None,
        end: None,
        alone: false,
        phase: Phase::Running,
        deadline: Instant::now() + limit,
        stopped: None,
        left_behind: false,
        still_running: false,
    };
    let mut output = output;
    let mut buffer = vec![0; READ_BYTES];
    while !child.is_over() {
        tokio::select! {
            biased;
            () = cancel.cancelled(), if child.stopped.is_none() && child.phase != Phase::Ending => {
                child.stop(Stopped::Cancelled).await;
            }
            () = sleep_until(child.deadline) => child.late().await,
            heard = hear(child.control.as_mut()) => child.heard(&heard),
            read = read(child.pipe.as_mut(), &mut buffer) => match buffer.get(..read) {
                Some(bytes) if !bytes.is_empty() => {
                    let text = output.push(bytes).await;
                    if let Some(progress) = progress && !text.is_empty() {
                        let _ = progress.try_send(text); // Dropped when full, as promised.
                    }
                }
                _ => child.pipe = None,
            },
        }
    }
    Ok(Finished {
        end: child.end.unwrap_or(End::Unknown),
        stopped: child.stopped,
        left_behind: child.left_behind,
        still_running: child.still_running,
        kept: output.finish().await,
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// It may run until the time limit.
    Running,
    /// It ended; the rest of its output and its children get a moment.
    Draining,
    /// The guard ends all that is left.
    Ending,
    /// Nothing more is waited for.
    GivenUp,
}

struct Child {
    /// `None` once the guard is gone.
    control: Option<UnixStream>,
    /// `None` once nobody can write any more.
    pipe: Option<pipe::Receiver>,
    words: Vec<u8>,
    /// The guard's process, whose number is its session's too.
    guard: Option<u32>,
    pid: Option<i32>,
    end: Option<End>,
    alone: bool,
    phase: Phase,
    deadline: Instant,
    stopped: Option<Stopped>,
    left_behind: bool,
    still_running: bool,
}

impl Child {
    fn is_over(&self) -> bool {
        let all_ended = self.control.is_none() || (self.end.is_some() && self.alone);
        self.phase == Phase::GivenUp || (all_ended && self.pipe.is_none())
    }

    async fn stop(&mut self, why: Stopped) {
        self.stopped = Some(why);
        self.end_all().await;
    }

    /// Tells the guard to end all that is left.
    async fn end_all(&mut self) {
        self.phase = Phase::Ending;
        self.deadline = Instant::now() + GRACE + KILL;
        if let Some(control) = &mut self.control {
            let _ = control.shutdown().await; // A guard that is gone has nothing left to end.
        }
    }

    /// The time for this phase is over.
    async fn late(&mut self) {
        match self.phase {
            Phase::Running => self.stop(Stopped::TimeLimit).await,
            Phase::Draining if self.control.is_some() && !self.alone => {
                self.left_behind = true;
                self.end_all().await;
            }
            Phase::Ending if self.control.is_some() && !self.alone => {
                self.still_running = true;
                self.phase = Phase::GivenUp;
            }
            Phase::Draining | Phase::Ending | Phase::GivenUp => self.phase = Phase::GivenUp,
        }
    }

    fn heard(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            self.control = None;
            if self.end.is_none() {
                self.lost_guard();
            }
            self.drain();
            self.deadline = self.deadline.min(Instant::now() + DRAIN);
            return;
        }
        self.words.extend_from_slice(bytes);
        while let Some(end) = self.words.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.words.drain(..=end).collect();
            match Word::read(&String::from_utf8_lossy(&line)) {
                Some(Word::Started { pid }) => self.pid = Some(pid),
                Some(Word::Failed { errno }) => self.ended(End::Failed(errno), true),
                Some(Word::Exited { code, alone }) => self.ended(End::Exited(code), alone),
                Some(Word::Signaled { signal, alone }) => self.ended(End::Signaled(signal), alone),
                None => {}
            }
        }
    }

    fn ended(&mut self, end: End, alone: bool) {
        self.end = Some(end);
        self.alone = alone;
        self.drain();
    }

    fn drain(&mut self) {
        if self.phase == Phase::Running {
            self.phase = Phase::Draining;
            self.deadline = Instant::now() + DRAIN;
        }
    }

    /// Somebody killed the guard: what can still be found is not left behind.
    fn lost_guard(&self) {
        if let Some(pid) = self.pid.and_then(Pid::from_raw) {
            let _ = rustix::process::kill_process_group(pid, Signal::KILL);
        }
        let session = self.guard.and_then(|pid| i32::try_from(pid).ok());
        for pid in session.map(descendants::of_session).unwrap_or_default() {
            let _ = rustix::process::kill_process(pid, Signal::KILL);
        }
    }
}

fn spawn(guard: &Guard, start: Start) -> io::Result<(Option<u32>, UnixStream, pipe::Receiver)> {
    let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    let (reader, writer) = io::pipe()?;
    let mut command = Command::new(&guard.program);
    command
        .args(&guard.args)
        .args(start.words)
        .current_dir(start.cwd)
        .env_clear()
        .envs(start.env)
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(writer.try_clone()?)
        .stderr(writer);
    let guard = command.spawn()?; // Reaped by the runtime; its end shows at the socket.
    Ok((
        guard.id(),
        UnixStream::from_std(ours)?,
        pipe::Receiver::from_owned_fd(OwnedFd::from(reader))?,
    ))
}

/// Returns what the guard said; nothing once it is gone. Cancel-safe.
async fn hear(control: Option<&mut UnixStream>) -> Vec<u8> {
    let Some(control) = control else {
        return std::future::pending().await;
    };
    let mut bytes = [0; 64];
    let read = control.read(&mut bytes).await.unwrap_or(0);
    bytes.get(..read).unwrap_or_default().to_vec()
}

/// Returns how much was read; 0 once nobody can write any more. Cancel-safe.
async fn read(pipe: Option<&mut pipe::Receiver>, buffer: &mut [u8]) -> usize {
    match pipe {
        Some(pipe) => pipe.read(buffer).await.unwrap_or(0),
        None => std::future::pending().await,
    }
}
