//! The PTY of a holder, and the program in it.
//!
//! Owns opening it, starting the program so that a failure is told as what it is, reading without
//! missing the end. Safe code cannot act between fork and exec, so the program's process is this
//! program again, which takes the terminal and becomes the other one.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, Signal};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcgetpgrp, tcsetwinsize};
use smartopol_protocol::terminal::Size;

/// The word by which the program's process knows what it is.
pub(super) const CHILD: &str = "--child";

/// How long nothing may come after the program's end before nothing more is expected: what it
/// left running may hold the terminal.
const QUIET: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 100_000_000,
};

/// How often one looks whether a terminal that was let go of is opened again.
const LOOK: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 500_000_000,
};

/// The terminal, from its outer side.
#[derive(Debug)]
pub(crate) struct Pty {
    outer: OwnedFd,
    name: OsString,
    /// Wakes the reader at the program's end.
    wake: Mutex<PipeWriter>,
    woken: PipeReader,
    ended: AtomicBool,
}

/// What there is to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ready {
    /// Something.
    Output,
    /// Nobody has the terminal open, and the program lives.
    Closed,
    /// Nothing any more.
    Over,
}

impl Pty {
    pub(super) fn open(size: Size) -> io::Result<Self> {
        let outer = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&outer)?;
        unlockpt(&outer)?;
        let name = ptsname(&outer, Vec::new())?;
        let (woken, wake) = io::pipe()?;
        let pty = Self {
            outer,
            name: OsStr::from_bytes(name.as_bytes()).to_os_string(),
            wake: Mutex::new(wake),
            woken,
            ended: AtomicBool::new(false),
        };
        pty.resize(size);
        Ok(pty)
    }

    /// Starts the program; the error is a sentence for people.
    pub(super) fn start(&self, words: &[String], cwd: &Path) -> Result<Pid, String> {
        let program = words.first().map(String::as_str).unwrap_or_default();
        let failed = |err: &io::Error| match err.kind() {
            io::ErrorKind::NotFound => format!("`{program}` is no program that can be found"),
            _ => format!("`{program}` could not be started: {err}"),
        };
        if !cwd.is_dir() {
            return Err(format!("the folder {} does not exist", cwd.display()));
        }
        let own = std::env::current_exe().map_err(|err| failed(&err))?;
        let own = Some(Path::new("/proc/self/exe"))
            .filter(|own| own.exists())
            .map_or(own, Path::to_path_buf);
        let mut child = Command::new(own)
            .args([OsStr::new("holder"), OsStr::new(CHILD), &self.name])
            .args(words)
            .current_dir(cwd)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|err| failed(&err))?;
        // The pipe closes when the process has become the program, and carries the reason why not.
        let mut why = String::new();
        if let Some(mut out) = child.stdout.take() {
            let _ = out.read_to_string(&mut why);
        }
        match why.trim().parse::<i32>() {
            Ok(errno) => {
                let _ = child.wait();
                Err(failed(&io::Error::from_raw_os_error(errno)))
            }
            Err(_) => Ok(Pid::from_child(&child)),
        }
    }

    /// Waits until there is something to read, or nothing any more.
    pub(super) fn ready(&self) -> Ready {
        loop {
            let ended = self.ended.load(Ordering::Acquire);
            let mut fds = [
                PollFd::new(&self.outer, PollFlags::IN),
                PollFd::new(&self.woken, PollFlags::IN),
            ];
            let found = match ended {
                true => poll(fds.get_mut(..1).unwrap_or_default(), Some(&QUIET)),
                false => poll(&mut fds, None),
            };
            let [outer, _] = &fds;
            match found {
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return Ready::Over,
                Ok(_) if outer.revents().contains(PollFlags::IN) => return Ready::Output,
                Ok(_) if ended => return Ready::Over,
                Ok(_) if outer.revents().intersects(PollFlags::HUP | PollFlags::ERR) => {
                    let mut woken = [PollFd::new(&self.woken, PollFlags::IN)];
                    let _ = poll(&mut woken, Some(&LOOK));
                    return Ready::Closed;
                }
                Ok(_) => {}
            }
        }
    }

    /// Reads what there is; 0 where that is nothing.
    pub(super) fn read(&self, buffer: &mut [u8]) -> usize {
        rustix::io::read(&self.outer, buffer).unwrap_or(0)
    }

    /// Types all of it; waits where the program does not read.
    pub(super) fn write(&self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match rustix::io::write(&self.outer, bytes) {
                Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return, // Nobody has it open: nobody reads.
            }
        }
    }

    /// Changes the size; the program in the foreground is told by the system.
    pub(super) fn resize(&self, size: Size) {
        let size = Winsize {
            ws_row: size.rows,
            ws_col: size.columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let _ = tcsetwinsize(&self.outer, size);
    }

    /// Sends a signal to the programs in the foreground.
    pub(super) fn signal(&self, number: i32) {
        if let (Ok(group), Some(signal)) = (tcgetpgrp(&self.outer), Signal::from_named_raw(number))
        {
            let _ = rustix::process::kill_process_group(group, signal);
        }
    }

    /// Takes note of the program's end: from now on what is written is soon over.
    pub(super) fn child_ended(&self) {
        self.ended.store(true, Ordering::Release);
        let mut wake = self.wake.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = wake.write_all(&[0]);
    }
}

/// Takes the terminal and becomes the program: `--child TERMINAL WORDS…`.
pub(super) fn become_the_program(mut args: impl Iterator<Item = OsString>) -> ExitCode {
    let errno = match take(&mut args) {
        Ok(never) => match never {},
        Err(err) => err.raw_os_error().unwrap_or(0),
    };
    ExitCode::from(u8::from(errno != 0))
}

/// What never comes back.
enum Never {}

fn take(args: &mut impl Iterator<Item = OsString>) -> io::Result<Never> {
    let told = |errno: rustix::io::Errno| io::Error::from(errno);
    // Closed by becoming the program.
    let report = io::stdout().as_fd().try_clone_to_owned()?;
    let failed = |err: io::Error| {
        let mut report = File::from(report);
        let _ = write!(report, "{}", err.raw_os_error().unwrap_or(5));
        err
    };
    let become_it = || -> io::Result<io::Error> {
        let name = args.next().unwrap_or_default();
        rustix::process::setsid().map_err(told)?;
        let inner = rustix::fs::open(name, OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?;
        rustix::process::ioctl_tiocsctty(&inner).map_err(told)?;
        rustix::stdio::dup2_stdin(&inner)?;
        rustix::stdio::dup2_stdout(&inner)?;
        rustix::stdio::dup2_stderr(&inner)?;
        Ok(Command::new(args.next().unwrap_or_default())
            .args(args)
            .exec())
    };
    let err = become_it().unwrap_or_else(|err| err);
    Err(failed(err))
}

/// Lets go of the daemon's pipe, which hears the end of it.
pub(super) fn let_go_of_standard_streams() -> io::Result<()> {
    let null = File::options().read(true).write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdin(&null)?;
    rustix::stdio::dup2_stdout(&null)?;
    rustix::stdio::dup2_stderr(&null)?;
    Ok(())
}
