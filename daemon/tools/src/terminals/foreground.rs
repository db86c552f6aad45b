//! What runs in the foreground of a terminal, as far as the system tells.
//!
//! Owns reading that from `/proc`. Where there is none, nothing is known, and nothing is assumed.

use std::fs;
use std::path::PathBuf;

use rustix::fs::{Mode, OFlags};
use rustix::termios::{LocalModes, tcgetattr};

/// What runs in the foreground.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Foreground {
    /// The leader of the processes in the foreground; 0 where it is not known.
    pub pid: u32,
    /// Its name; empty where it is not known.
    pub name: String,
    /// The folder it is in.
    pub cwd: Option<PathBuf>,
    /// It waits for input.
    pub waits: bool,
}

/// Returns what runs in the foreground of the terminal that `child` was started in.
pub(crate) fn of(child: u32) -> Foreground {
    let Some(pid) = group(child) else {
        return Foreground::default();
    };
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    Foreground {
        pid,
        name: name.trim_end().to_owned(),
        cwd: fs::read_link(format!("/proc/{pid}/cwd")).ok(),
        waits: waits(child, pid),
    }
}

/// Returns the group in the foreground of a process's terminal.
fn group(child: u32) -> Option<u32> {
    let stat = fs::read(format!("/proc/{child}/stat")).ok()?;
    let stat = String::from_utf8_lossy(&stat);
    // state ppid pgrp session tty_nr tpgid
    let (_, rest) = stat.rsplit_once(')')?;
    let group = rest.split_whitespace().nth(5)?.parse::<u32>().ok()?;
    (group > 0).then_some(group)
}

/// Returns true where a process sleeps in a place where programs wait for what is typed: reading
/// the terminal, or waiting for any of several things while it reads key by key.
fn waits(child: u32, pid: u32) -> bool {
    let place = fs::read_to_string(format!("/proc/{pid}/wchan")).unwrap_or_default();
    match place.as_str() {
        "n_tty_read" => true,
        // A terminal that is written to and takes no more is waited for there too. Where the system
        // does not tell the two apart it is the one that is met far more often.
        "wait_woken" => !matches!(called(pid), Some(Called::Other)),
        place if place.contains("select") || place.contains("poll") => by_key(child),
        _ => match called(pid) {
            Some(Called::Read) => true,
            Some(Called::Wait) => by_key(child),
            Some(Called::Other) | None => false,
        },
    }
}

/// A system call in which programs wait for what is typed.
enum Called {
    /// It reads the terminal.
    Read,
    /// It waits for any of several things.
    Wait,
    /// It does something else.
    Other,
}

/// Returns the system call that a process is in; `None` where that is not told. Some systems hide in
/// which place it sleeps.
fn called(pid: u32) -> Option<Called> {
    let call = fs::read_to_string(format!("/proc/{pid}/syscall")).ok()?;
    let mut words = call.split_whitespace();
    let number: u32 = words.next()?.parse().ok()?;
    let (read, waits): (u32, &[u32]) = match cfg!(target_arch = "x86_64") {
        true => (0, &[7, 23, 232, 270, 271, 281]),
        false => (63, &[22, 72, 73]),
    };
    if waits.contains(&number) {
        return Some(Called::Wait);
    }
    let file = u32::from_str_radix(words.next()?.strip_prefix("0x")?, 16).ok()?;
    let link = fs::read_link(format!("/proc/{pid}/fd/{file}")).ok()?;
    let terminal = link.starts_with("/dev/pts") || link.starts_with("/dev/tty");
    Some(match number == read && terminal {
        true => Called::Read,
        false => Called::Other,
    })
}

/// Returns true where the terminal hands over each key as it comes.
fn by_key(child: u32) -> bool {
    let Ok(name) = fs::read_link(format!("/proc/{child}/fd/0")) else {
        return false;
    };
    if !name.starts_with("/dev/pts") {
        return false;
    }
    let flags = OFlags::RDONLY | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    rustix::fs::open(name, flags, Mode::empty())
        .ok()
        .and_then(|terminal| tcgetattr(terminal).ok())
        .is_some_and(|modes| !modes.local_modes.contains(LocalModes::ICANON))
}
