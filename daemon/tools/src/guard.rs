//! The guard: a tiny process between the daemon and a command, so that nothing stays behind.
//!
//! Owns: starting the command in its own process group, telling the daemon how it ended, and
//! ending all that came from it when the daemon says so or is gone, however it went.
//! Does not read output and knows no time limit: that is the daemon's part, in `exec`.
//!
//! On Linux the guard adopts what the command leaves behind, so even what made a session of its
//! own is found. Elsewhere the command's process group is all that can be reached.

pub(crate) mod descendants;
pub(crate) mod word;

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Resource, Signal, WaitOptions, WaitStatus, getrlimit, setrlimit};
use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, sleep_until};

use word::Word;

/// How long a command may take to end by itself once it is asked to.
pub(crate) const GRACE: Duration = Duration::from_millis(500);

/// How often what is left is killed again, and looked for where nobody reports its end.
const ROUND: Duration = Duration::from_millis(10);

/// What a shell says of a program that cannot be started.
const NOT_STARTED: u8 = 127;

/// Runs a command as its guard: the entry of the hidden subcommand `smartopol guard WORDS…`.
/// `--files=N` before the words is how many files the command may have open.
///
/// Standard input must be one end of a socket pair whose other end the daemon holds. Returns once
/// nothing of the command is left, with its exit code, or 128 and the signal that ended it.
pub fn run(mut args: impl Iterator<Item = OsString>) -> ExitCode {
    let mut first = args.next();
    if let Some(files) = first.as_ref().and_then(files) {
        limit(files);
        first = args.next();
    }
    let Some(program) = first else {
        return ExitCode::from(2);
    };
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).process_group(0);
    guarded(command).unwrap_or(ExitCode::from(NOT_STARTED))
}

pub(crate) fn files(word: &OsString) -> Option<u64> {
    word.to_str()?.strip_prefix("--files=")?.parse().ok()
}

/// Where it cannot be lowered the command has more than it needs, and no harm is done.
pub(crate) fn limit(files: u64) {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = Some(files);
    let _ = setrlimit(Resource::Nofile, limit);
}

fn guarded(command: Command) -> io::Result<ExitCode> {
    // A session of its own: no signal of a terminal reaches it, and no password prompt either.
    let _ = rustix::process::setsid();
    #[cfg(target_os = "linux")]
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()?;
    runtime.block_on(watch(command))
}

async fn watch(mut command: Command) -> io::Result<ExitCode> {
    let mut children = signal(SignalKind::child())?;
    let mut stops = [
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
        signal(SignalKind::hangup())?,
    ];
    let daemon = StdUnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    daemon.set_nonblocking(true)?;
    let mut control = UnixStream::from_std(daemon.try_clone()?)?;

    let started = command.spawn();
    let_go_of_output()?;
    let child = match started {
        Ok(child) => Pid::from_child(&child),
        Err(err) => {
            let errno = err.raw_os_error().unwrap_or(0);
            Word::Failed { errno }.send(&daemon);
            return Ok(ExitCode::from(NOT_STARTED));
        }
    };
    Word::Started {
        pid: child.as_raw_nonzero().get(),
    }
    .send(&daemon);

    let mut family = Family {
        child,
        ended: None,
        over: false,
    };
    let mut ending: Option<Ending> = None;
    let mut byte = [0];
    loop {
        let next = ending.as_ref().map(|ending| ending.next);
        let asked = tokio::select! {
            biased;
            _ = children.recv() => false,
            () = stopped(&mut stops) => true,
            _ = control.read(&mut byte), if ending.is_none() => true,
            () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => false,
            // Nobody reports the end of a process that is not ours.
            () = tokio::time::sleep(ROUND), if !cfg!(target_os = "linux") && family.ended.is_some() => false,
        };
        family.reap(&daemon);
        if family.over {
            break;
        }
        if asked && ending.is_none() {
            family.signal(Signal::TERM);
            family.signal(Signal::CONT);
            ending = Some(Ending {
                next: Instant::now() + GRACE,
            });
        }
        if let Some(ending) = &mut ending
            && Instant::now() >= ending.next
        {
            family.signal(Signal::KILL);
            ending.next = Instant::now() + ROUND;
        }
    }
    Ok(family.exit_code())
}

/// What is left is asked to end; at `next` it is killed.
struct Ending {
    next: Instant,
}

/// The command and all that came from it.
struct Family {
    child: Pid,
    ended: Option<WaitStatus>,
    over: bool,
}

impl Family {
    /// Takes note of who ended, and tells the daemon of the command's own end.
    fn reap(&mut self, daemon: &StdUnixStream) {
        let ended_before = self.ended.is_some();
        let mut alone = false;
        loop {
            match rustix::process::wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) if pid == self.child => self.ended = Some(status),
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(_) => {
                    alone = true;
                    break;
                }
            }
        }
        let Some(status) = self.ended else {
            return;
        };
        if !cfg!(target_os = "linux") {
            alone = alone && rustix::process::test_kill_process_group(self.child).is_err();
        }
        self.over = alone;
        if !ended_before {
            Word::of(status, alone).send(daemon);
        }
    }

    fn signal(&self, signal: Signal) {
        if self.ended.is_none() || !cfg!(target_os = "linux") {
            let _ = rustix::process::kill_process_group(self.child, signal);
        }
        for pid in descendants::of_this_process() {
            let _ = rustix::process::kill_process(pid, signal);
        }
    }

    fn exit_code(&self) -> ExitCode {
        let code = self.ended.map_or(i32::from(NOT_STARTED), |status| {
            let signal = status.terminating_signal().map(|signal| 128 + signal);
            status.exit_status().or(signal).unwrap_or(1)
        });
        ExitCode::from(u8::try_from(code).unwrap_or(1))
    }
}

async fn stopped(stops: &mut [tokio::signal::unix::Signal; 3]) {
    let [terminate, interrupt, hangup] = stops;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        _ = hangup.recv() => {}
    }
}

/// Lets go of the command's output, so that the daemon sees its end.
fn let_go_of_output() -> io::Result<()> {
    let null = File::options().read(true).write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdout(&null)?;
    rustix::stdio::dup2_stderr(&null)?;
    Ok(())
}
