//! Terminals: programs in a PTY that outlive the daemon.
//!
//! Owns: the process that holds one ([`holder`]), its bytes on disk (`spool`), the emulated screen
//! (`screen`, `paint`), the task of one in the daemon (`actor`) and the way to it (`terminal`), what
//! waits for who looks (`viewer`).
//! Does not decide who may open one, and stores no facts: the daemon does.

mod actor;
mod foreground;
pub mod holder;
mod link;
mod paint;
mod screen;
mod spool;
mod tail;
mod terminal;
mod viewer;
mod waiting;
mod wire;

use std::io;
use std::path::{Path, PathBuf};

use smartopol_config::section::terminals as section;
use smartopol_protocol::TerminalId;
use smartopol_protocol::terminal::{Party, Size};

use crate::Guard;
use crate::exec::plain::Plain;
pub use actor::Actor;
pub use foreground::Foreground;
pub use link::Start;
pub use terminal::{MOST_INPUT, Note, Notes, Present, Seen, Terminal, Typed};
pub use viewer::{Viewer, Waiting};

/// Returns the number of a signal by its name, with or without `SIG`, in any case.
pub fn signal_number(name: &str) -> Option<i32> {
    crate::exec::signal::number(name)
}

/// Returns what a program wrote as plain text: no escape sequences, no control characters.
pub fn plain_text(bytes: &[u8]) -> String {
    let (mut plain, mut text) = (Plain::default(), String::new());
    plain.push(bytes, &mut text);
    plain.finish(&mut text);
    text
}

/// Where terminals are held.
#[derive(Clone, Debug)]
pub struct Terminals {
    settings: section::Terminals,
    holder: Guard,
    data: PathBuf,
    runtime: PathBuf,
}

/// What is stored of a terminal and needed to take it up again.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// Its name.
    pub id: TerminalId,
    /// Its size.
    pub size: Size,
    /// Who types.
    pub typist: Party,
    /// Its program has ended.
    pub ended: bool,
}

impl Terminals {
    /// Returns the terminals of a house: `holder` is how their processes are started, `data` the
    /// folder of their files, `runtime` that of their sockets.
    pub fn new(
        settings: &section::Terminals,
        holder: Guard,
        data: PathBuf,
        runtime: PathBuf,
    ) -> Self {
        Self {
            settings: settings.clone(),
            holder,
            data,
            runtime,
        }
    }

    fn folder(&self, id: TerminalId) -> PathBuf {
        self.data.join(id.to_string())
    }

    /// Starts a program in a new terminal; returns its process, or a sentence that says why it
    /// was not started.
    ///
    /// # Errors
    /// Where nothing could be tried.
    pub async fn start(&self, start: Start) -> io::Result<Result<u32, String>> {
        let room = link::Room {
            folder: self.folder(start.id),
            // Short, because the path of a socket has little room.
            socket: self.runtime.join(format!("{}.sock", start.id)),
            spool_bytes: self.settings.spool_bytes,
            orphan_seconds: u64::from(self.settings.orphan_after_seconds),
        };
        link::start(&self.holder, &room, start).await
    }

    /// Takes a terminal up; the task must be run.
    pub fn take_up(&self, known: Known, notes: Notes, typed: Typed) -> (Terminal, Actor) {
        let found = actor::Found {
            id: known.id,
            folder: self.folder(known.id),
            size: known.size,
            scrollback: usize::try_from(self.settings.scrollback_lines).unwrap_or(0),
            typist: known.typist,
            ended: known.ended,
        };
        Actor::of(found, notes, typed)
    }

    /// Returns what runs in the foreground of the terminal whose program has this process.
    pub fn foreground(&self, child: u32) -> Foreground {
        foreground::of(child)
    }

    /// Returns what runs in front in the terminal whose program has this process: its name, and
    /// whether it waits for input.
    pub fn in_front(&self, child: u32) -> (String, bool) {
        let front = foreground::of(child);
        (front.name, front.waits)
    }

    /// Returns the environment of a program: what the settings allow, and what is given.
    pub fn environment(
        allowed: &[String],
        given: impl IntoIterator<Item = (String, String)>,
    ) -> Vec<(std::ffi::OsString, std::ffi::OsString)> {
        let own = crate::exec::environment(allowed).filter(|(name, _)| name != "TERM");
        let term = [
            ("TERM".into(), "xterm-256color".into()),
            ("COLORTERM".into(), "truecolor".into()),
        ];
        let given = given
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()));
        own.chain(term).chain(given).collect()
    }

    /// Removes all that is kept of a terminal.
    ///
    /// # Errors
    /// Where the disk does not let go of it.
    pub fn remove(&self, id: TerminalId) -> io::Result<()> {
        match std::fs::remove_dir_all(self.folder(id)) {
            Err(err) if err.kind() != io::ErrorKind::NotFound => Err(err),
            _ => Ok(()),
        }
    }

    /// Returns the terminals whose files are there.
    pub fn kept(&self) -> Vec<TerminalId> {
        let names = std::fs::read_dir(&self.data)
            .into_iter()
            .flatten()
            .flatten();
        names
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .collect()
    }

    /// Returns the folder of all files.
    pub fn data(&self) -> &Path {
        &self.data
    }
}

#[cfg(test)]
mod tests;
