//! The PTY of a holder, and the program in it.
//!
//! Owns opening it, starting the program so that a failure is told as what it is, reading without
//! missing the end. The PTY is `portable-pty`'s, with one thing of our own: between fork and exec
//! it closes the pipe on which the standard library tells that exec failed, so a broken program
//! would look like one that started and aborted. Therefore it starts this program, which becomes
//! the other one and tells the holder where it cannot.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use filedescriptor::FileDescriptor;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, SlavePty, native_pty_system};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal};
use smartopol_protocol::terminal::Size;

use super::door;

/// The word by which the program's process knows what it is.
pub(super) const CHILD: &str = "--child";

/// Whether the program is given the variable `SHELL`, which `portable-pty` always sets.
const WITH_SHELL: &str = "with-shell";
const WITHOUT_SHELL: &str = "without-shell";

/// How often one looks whether the process that is to become the program still lives.
const LIVES: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 20_000_000,
};

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
pub(crate) struct Pty {
    master: Mutex<Box<dyn MasterPty + Send>>,
    /// The same, to read from, to write to, to wait for.
    outer: File,
    /// Wakes the reader, at the program's end for one.
    wake: Mutex<PipeWriter>,
    woken: PipeReader,
    ended: AtomicBool,
    /// Somebody woke the reader, and it has not heard of it.
    called: AtomicBool,
}

impl std::fmt::Debug for Pty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pty").field("outer", &self.outer).finish()
    }
}

/// The terminal's inner side, until the program has it: then nobody else may, or its end would
/// not be seen.
pub(super) struct Inner(Box<dyn SlavePty + Send>);

/// What there is to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ready {
    /// Something.
    Output,
    /// Nobody has the terminal open, and the program lives.
    Closed,
    /// Nothing yet, but the time is over, or somebody said so.
    Late,
    /// Nothing any more.
    Over,
}

impl Inner {
    /// Starts the program; the error is a sentence for people. `report` is the place of a socket
    /// on which its process tells why it could not become the program.
    pub(super) fn start(self, words: &[String], cwd: &Path, report: &Path) -> Result<Pid, String> {
        let program = words.first().map(String::as_str).unwrap_or_default();
        let failed = |err: &io::Error| match err.kind() {
            io::ErrorKind::NotFound => format!("`{program}` is no program that can be found"),
            _ => format!("`{program}` could not be started: {err}"),
        };
        if !cwd.is_dir() {
            return Err(format!("the folder {} does not exist", cwd.display()));
        }
        let listener = door::open(report).map_err(|err| failed(&err))?;
        let started = self
            .spawn(words, cwd, report)
            .and_then(|child| become_of(child, &listener));
        let _ = std::fs::remove_file(report);
        started.map_err(|err| failed(&err))
    }

    fn spawn(
        self,
        words: &[String],
        cwd: &Path,
        report: &Path,
    ) -> io::Result<Box<dyn Child + Send + Sync>> {
        let own = Some(Path::new("/proc/self/exe"))
            .filter(|own| own.exists())
            .map_or_else(std::env::current_exe, |own| Ok(own.to_path_buf()))?;
        let mut command = CommandBuilder::new(own);
        command.args([OsStr::new("holder"), OsStr::new(CHILD), report.as_os_str()]);
        command.arg(match std::env::var_os("SHELL") {
            Some(_) => WITH_SHELL,
            None => WITHOUT_SHELL,
        });
        command.args(words);
        command.cwd(cwd);
        command.env_clear();
        for (name, value) in std::env::vars_os() {
            command.env(name, value);
        }
        self.0.spawn_command(command).map_err(told)
    }
}

/// Returns the process once it has become the program, or why it has not.
fn become_of(mut child: Box<dyn Child + Send + Sync>, listener: &UnixListener) -> io::Result<Pid> {
    listener.set_nonblocking(true)?;
    let mut stream = loop {
        match listener.accept() {
            Ok((stream, _)) => break stream,
            Err(err) if err.kind() == io::ErrorKind::WouldBlock => {}
            Err(err) => return Err(err),
        }
        if child.try_wait()?.is_some() {
            return Err(io::Error::other("its process ended at once"));
        }
        let _ = poll(&mut [PollFd::new(listener, PollFlags::IN)], Some(&LIVES));
    };
    stream.set_nonblocking(false)?;
    // It closes when the process has become the program, and carries the reason why not.
    let mut why = String::new();
    stream.read_to_string(&mut why)?;
    if let Ok(errno) = why.trim().parse::<i32>() {
        let _ = child.wait();
        return Err(io::Error::from_raw_os_error(errno));
    }
    let pid = child.process_id().and_then(|pid| i32::try_from(pid).ok());
    pid.and_then(Pid::from_raw)
        .ok_or_else(|| io::Error::other("its process has no number"))
}

/// Returns the cause of an error where the system told it.
fn told(err: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    match err.into().downcast::<io::Error>() {
        Ok(err) => *err,
        Err(err) => io::Error::other(err),
    }
}

impl Pty {
    pub(super) fn open(size: Size) -> io::Result<(Self, Inner)> {
        let pair = native_pty_system().openpty(cells(size)).map_err(told)?;
        let outer = pair.master.as_raw_fd().ok_or(io::ErrorKind::Unsupported)?;
        let mut outer = FileDescriptor::dup(&outer).map_err(told)?;
        outer.set_non_blocking(true).map_err(told)?;
        let outer = outer.as_file().map_err(told)?;
        let (woken, wake) = io::pipe()?;
        let pty = Self {
            master: Mutex::new(pair.master),
            outer,
            wake: Mutex::new(wake),
            woken,
            ended: AtomicBool::new(false),
            called: AtomicBool::new(false),
        };
        Ok((pty, Inner(pair.slave)))
    }

    fn master(&self) -> MutexGuard<'_, Box<dyn MasterPty + Send>> {
        self.master.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is something to read, or nothing any more; at most until `due`, or until
    /// one of `others` can be written to.
    pub(super) fn ready(&self, due: Option<Instant>, others: &[Arc<OwnedFd>]) -> Ready {
        // After the program's end only what is left to read is waited for.
        if !others.is_empty() && !self.ended.load(Ordering::Acquire) {
            let mut fds = vec![
                PollFd::new(&self.outer, PollFlags::IN),
                PollFd::new(&self.woken, PollFlags::IN),
            ];
            let others = others
                .iter()
                .map(|other| PollFd::new(&**other, PollFlags::OUT));
            fds.extend(others);
            let _ = poll(&mut fds, due.map(until).as_ref());
            if fds.iter().skip(2).any(|other| !other.revents().is_empty()) {
                return Ready::Late;
            }
        }
        loop {
            let ended = self.ended.load(Ordering::Acquire);
            let mut fds = [
                PollFd::new(&self.outer, PollFlags::IN),
                PollFd::new(&self.woken, PollFlags::IN),
            ];
            let found = match ended {
                true => poll(fds.get_mut(..1).unwrap_or_default(), Some(&QUIET)),
                false => poll(&mut fds, due.map(until).as_ref()),
            };
            let [outer, woken] = &fds;
            match found {
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return Ready::Over,
                Ok(_) if outer.revents().contains(PollFlags::IN) => return Ready::Output,
                Ok(_) if ended => return Ready::Over,
                Ok(0) => return Ready::Late,
                Ok(_) if outer.revents().intersects(PollFlags::HUP | PollFlags::ERR) => {
                    let mut woken = [PollFd::new(&self.woken, PollFlags::IN)];
                    let look = Instant::now() + Duration::from_millis(500);
                    let limit = until(due.map_or(look, |due| due.min(look)));
                    if poll(&mut woken, Some(&limit)).is_ok_and(|found| found > 0) {
                        self.hear_the_call();
                    }
                    return Ready::Closed;
                }
                Ok(_) if woken.revents().contains(PollFlags::IN) => {
                    self.hear_the_call();
                    return Ready::Late;
                }
                Ok(_) => {}
            }
        }
    }

    /// Reads what there is; 0 where that is nothing.
    pub(super) fn read(&self, buffer: &mut [u8]) -> usize {
        (&self.outer).read(buffer).unwrap_or(0)
    }

    /// Types as much as the terminal takes at once; returns how much that was.
    pub(super) fn type_at_once(&self, bytes: &[u8]) -> usize {
        (&self.outer).write(bytes).unwrap_or(0)
    }

    /// Types all of it; waits where the program does not read.
    pub(super) fn write(&self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match (&self.outer).write(bytes) {
                Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
                Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
                Err(err) if err.kind() == io::ErrorKind::WouldBlock => {
                    self.wait_for_room();
                    if self.ended.load(Ordering::Acquire) {
                        return;
                    }
                }
                Err(_) => return, // Nobody has it open: nobody reads.
            }
        }
    }

    /// Waits until more can be typed, for a while.
    fn wait_for_room(&self) {
        let mut outer = [PollFd::new(&self.outer, PollFlags::OUT)];
        let _ = poll(&mut outer, Some(&LOOK));
        let [outer] = &outer;
        // Nobody has it open, and a poll says so at once each time.
        let gone = PollFlags::HUP | PollFlags::ERR;
        if outer.revents().intersects(gone) && !outer.revents().contains(PollFlags::OUT) {
            let mut woken = [PollFd::new(&self.woken, PollFlags::IN)];
            let _ = poll(&mut woken, Some(&LOOK));
        }
    }

    /// Changes the size; the program in the foreground is told by the system.
    pub(super) fn resize(&self, size: Size) {
        let _ = self.master().resize(cells(size));
    }

    /// Sends a signal to the programs in the foreground.
    pub(super) fn signal(&self, number: i32) {
        let group = self.master().process_group_leader().and_then(Pid::from_raw);
        if let (Some(group), Some(signal)) = (group, Signal::from_named_raw(number)) {
            let _ = rustix::process::kill_process_group(group, signal);
        }
    }

    /// Takes note of the program's end: from now on what is written is soon over.
    pub(super) fn child_ended(&self) {
        self.ended.store(true, Ordering::Release);
        self.call();
    }

    /// Lets who waits for what there is to read look after something else.
    pub(super) fn wake(&self) {
        if !self.called.swap(true, Ordering::AcqRel) {
            self.call();
        }
    }

    fn hear_the_call(&self) {
        self.called.store(false, Ordering::Release);
        let _ = (&self.woken).read(&mut [0]);
    }

    fn call(&self) {
        let mut wake = self.wake.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = wake.write_all(&[0]);
    }
}

/// Returns how long it is until then.
pub(super) fn until(due: Instant) -> Timespec {
    let left = due.saturating_duration_since(Instant::now());
    // Hours at most.
    Timespec::try_from(left).unwrap_or(LOOK)
}

const fn cells(size: Size) -> PtySize {
    PtySize {
        rows: size.rows,
        cols: size.columns,
        pixel_width: 0,
        pixel_height: 0,
    }
}

/// Becomes the program: `--child SOCKET SHELL WORDS…`. Comes back only where it cannot.
pub(super) fn become_the_program(mut args: impl Iterator<Item = OsString>) -> ExitCode {
    // Closed by becoming the program.
    let Ok(mut report) = UnixStream::connect(args.next().unwrap_or_default()) else {
        return ExitCode::FAILURE;
    };
    let without_shell = args.next().is_some_and(|word| word == WITHOUT_SHELL);
    let mut command = Command::new(args.next().unwrap_or_default());
    if without_shell {
        command.env_remove("SHELL");
    }
    let err = command.args(args).exec();
    let _ = write!(report, "{}", err.raw_os_error().unwrap_or(5));
    ExitCode::FAILURE
}

/// Lets go of the daemon's pipe, which hears the end of it.
pub(super) fn let_go_of_standard_streams() -> io::Result<()> {
    let null = File::options().read(true).write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdin(&null)?;
    rustix::stdio::dup2_stdout(&null)?;
    rustix::stdio::dup2_stderr(&null)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;
    use std::sync::mpsc;

    use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

    use super::*;

    const SIZE: Size = Size {
        columns: 80,
        rows: 24,
    };

    /// Returns a terminal that hands on what is typed, and the file that a program in it would have.
    fn raw() -> (Pty, Inner, File) {
        let (pty, inner) = Pty::open(SIZE).unwrap();
        let name = pty.master().tty_name().unwrap();
        let mut open = File::options();
        let program = open.read(true).write(true).open(name).unwrap();
        let mut raw = tcgetattr(&program).unwrap();
        raw.make_raw();
        tcsetattr(&program, OptionalActions::Now, &raw).unwrap();
        (pty, inner, program)
    }

    #[test]
    fn nothing_more_comes_after_the_end_though_a_persons_terminal_takes_nothing() {
        let (pty, _inner, _program) = raw();
        let (_unread, full) = io::pipe().unwrap();
        rustix::io::ioctl_fionbio(full.as_fd(), true).unwrap();
        while rustix::io::write(&full, &[0; 4096]).is_ok() {}
        pty.child_ended();
        // It was heard already, of something else perhaps.
        pty.hear_the_call();
        let (says, said) = mpsc::sync_channel(1);
        std::thread::spawn(move || {
            let _ = says.send(pty.ready(None, &[Arc::new(full.into())]));
        });
        assert_eq!(said.recv_timeout(Duration::from_secs(10)), Ok(Ready::Over));
    }

    #[test]
    fn a_program_that_pauses_and_reads_again_is_not_missed() {
        let (pty, _inner, _program) = raw();
        // The system makes some room a little later.
        let has_room = || {
            let mut outer = [PollFd::new(&pty.outer, PollFlags::OUT)];
            poll(&mut outer, Some(&QUIET)).unwrap() > 0
        };
        while has_room() {
            while pty.type_at_once(&[b'x'; 4096]) > 0 {}
        }
        let waited = || {
            let begun = Instant::now();
            pty.wait_for_room();
            begun.elapsed()
        };
        // Not twice as long, wherein nobody looks whether there is room; a busy machine is late.
        let once = (0..5).any(|_| waited() < Duration::from_millis(950));
        assert!(once, "it waited for something else");
    }
}
