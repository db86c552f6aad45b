//! What a terminal is when something is to be typed into it.
//!
//! Owns: the line of each, what was looked at for a call that is not carried out yet, how far the
//! agent has read. All of it is in memory alone: after a restart one looks again.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use smartopol_protocol::TerminalId;
use smartopol_protocol::terminal::{Terminal, TerminalState};
use smartopol_tools::terminals::Terminals;

use super::line::Line;

/// How many looks are remembered: more calls than wait at once.
const LOOKS: usize = 256;

/// Shells whose language is read.
const SHELLS: [&str; 4] = ["ash", "bash", "dash", "sh"];

/// Options with which a shell reads what is typed as it does without them.
const PLAIN: [&str; 4] = ["--login", "-i", "-l", "-il"];

/// The option with which a bash leaves `!` alone.
pub(super) const NO_RECALL: &str = "+H";

/// A terminal, as far as it matters for what is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Looked {
    /// Its name for people.
    pub(crate) title: String,
    /// What runs in the foreground; empty where that cannot be told.
    pub(crate) program: String,
    /// It is the shell that the terminal was opened with, and commands are typed into it.
    pub(crate) shell: bool,
    /// The folder that it is in.
    pub(crate) cwd: Option<PathBuf>,
    /// Its process.
    pub(crate) pid: u32,
    /// It waits for what is typed.
    pub(crate) waits: bool,
    /// What stands in the line.
    pub(crate) line: Line,
}

impl Looked {
    /// Returns true where what was said of typing into it holds for how it is now.
    pub(crate) fn holds(&self, now: &Self) -> bool {
        // One that waits now, and did not, was judged more strictly.
        let waits = self.waits && now.waits;
        let as_before = Self {
            waits,
            ..now.clone()
        };
        *self == as_before
    }
}

/// What is remembered of terminals.
#[derive(Debug, Default)]
pub(crate) struct Memory(Mutex<Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    lines: HashMap<TerminalId, Line>,
    looks: HashMap<u64, Looked>,
    read: HashMap<TerminalId, u64>,
}

impl Memory {
    fn open(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A terminal was opened: nothing stands in its line.
    pub(super) fn begin(&self, id: TerminalId) {
        self.open().lines.insert(id, Line::default());
    }

    /// Forgets a terminal.
    pub(super) fn forget(&self, id: TerminalId) {
        let mut open = self.open();
        open.lines.remove(&id);
        open.read.remove(&id);
    }

    /// Takes note of what was typed, by whomever.
    pub(super) fn typed(&self, id: TerminalId, text: &str) {
        let mut open = self.open();
        open.lines.entry(id).or_insert(Line::Unknown).typed(text);
    }

    /// Something was typed that another program than the shell may have read, or not.
    pub(super) fn unsure(&self, id: TerminalId) {
        self.open().lines.insert(id, Line::Unknown);
    }

    /// Keeps a look until its call is carried out.
    pub(super) fn remember(&self, mark: u64, looked: Looked) {
        let mut open = self.open();
        if open.looks.len() >= LOOKS {
            open.looks.clear(); // Their calls are looked at again.
        }
        open.looks.insert(mark, looked);
    }

    pub(super) fn recall(&self, mark: u64) -> Option<Looked> {
        self.open().looks.remove(&mark)
    }

    pub(super) fn read_to(&self, id: TerminalId) -> u64 {
        self.open().read.get(&id).copied().unwrap_or(0)
    }

    pub(super) fn has_read(&self, id: TerminalId, offset: u64) {
        self.open().read.insert(id, offset);
    }

    /// Looks at a terminal. Reads what the system tells, so it belongs where blocking hurts nobody.
    pub(super) fn look_at(
        &self,
        hands: &Terminals,
        terminal: Option<&Terminal>,
        id: TerminalId,
    ) -> Looked {
        let line = self.open().lines.get(&id).cloned().unwrap_or(Line::Unknown);
        let child = terminal.and_then(|terminal| match terminal.state {
            TerminalState::Running { pid, .. } => Some(pid),
            TerminalState::Ended { .. } => None,
        });
        let front = child
            .map(|child| hands.foreground(child))
            .unwrap_or_default();
        let shell = terminal
            .is_some_and(|terminal| child == Some(front.pid) && is_shell(terminal, &front.name));
        Looked {
            title: terminal.map_or_else(|| id.to_string(), |terminal| terminal.title.clone()),
            program: front.name,
            shell,
            cwd: front.cwd,
            pid: front.pid,
            waits: front.waits,
            line,
        }
    }
}

/// Returns true where a terminal was opened with a shell that commands are typed into.
fn is_shell(terminal: &Terminal, program: &str) -> bool {
    let name = |word: &String| {
        let file = Path::new(word).file_name();
        file.is_some_and(|file| file.to_str() == Some(program))
    };
    let options = |word: &String| word == NO_RECALL || PLAIN.contains(&word.as_str());
    SHELLS.contains(&program)
        && terminal.command.first().is_some_and(name)
        && terminal.command.iter().skip(1).all(options)
}

#[cfg(test)]
mod tests {
    use smartopol_protocol::Timestamp;
    use smartopol_protocol::terminal::{Party, Size};

    use super::*;

    #[test]
    fn a_shell_that_runs_a_line_of_its_own_is_none_to_type_into() {
        let terminal = |words: &[&str]| Terminal {
            id: TerminalId::from_bytes([7; 16]),
            session_id: None,
            owner: Party::Agent,
            typist: Party::Agent,
            title: String::new(),
            command: words.iter().map(|word| (*word).to_owned()).collect(),
            cwd: "/".into(),
            size: Size {
                columns: 80,
                rows: 24,
            },
            state: TerminalState::Running {
                pid: 1,
                closed: false,
                trouble: None,
            },
            opened_at: Timestamp::from_millis(0),
            since: Timestamp::from_millis(0),
        };
        assert!(is_shell(&terminal(&["/bin/bash"]), "bash"));
        assert!(is_shell(&terminal(&["bash", "-i", "-l"]), "bash"));
        assert!(is_shell(&terminal(&["/bin/bash", "+H"]), "bash"));
        assert!(!is_shell(&terminal(&["bash", "-H"]), "bash"));
        assert!(!is_shell(&terminal(&["bash", "--init-file"]), "bash"));
        assert!(!is_shell(&terminal(&["bash", "-c", "read x; $x"]), "bash"));
        assert!(!is_shell(&terminal(&["bash", "script"]), "bash"));
        assert!(!is_shell(&terminal(&["python3"]), "python3"));
        assert!(!is_shell(&terminal(&["bash"]), "sh"));
    }
}
