//! Terminals: programs in a PTY that the agent and people share, and that outlive the daemon.
//!
//! Bytes of a terminal travel in frames of kind 2, see [`Piece`]; all else is JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{SessionId, TerminalId, Timestamp};

/// The environment variable that tells a program in a terminal which one it is in.
pub const WITHIN: &str = "SMARTOPOL_TERMINAL";

/// One terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terminal {
    /// Its name in the house.
    pub id: TerminalId,
    /// The session whose agent opened it; `None` where it belongs to none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// Who opened it.
    pub owner: Party,
    /// Who may type into it.
    pub typist: Party,
    /// Its name for people: what was asked for, or the command.
    pub title: String,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// The folder that it was started in, absolute.
    pub cwd: String,
    /// How large it is.
    pub size: Size,
    /// Where it stands.
    pub state: TerminalState,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Since when it stands there.
    pub since: Timestamp,
}

/// Who owns a terminal, or types into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// The agent.
    Agent,
    /// A person, from any client.
    Person,
}

/// The size of a terminal in cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Size {
    /// Columns: 2 to 1,000.
    pub columns: u16,
    /// Rows: 1 to 500.
    pub rows: u16,
}

/// Where a terminal stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum TerminalState {
    /// Its program runs.
    Running {
        /// The process.
        pid: u32,
        /// True where the program let go of the terminal and lives on: nothing more is shown.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        closed: bool,
        /// Why its output waits, one sentence, such as a full disk; `None` where it flows.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        trouble: Option<String>,
    },
    /// Its program ended.
    Ended {
        /// How.
        end: End,
    },
}

/// How the program of a terminal ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "end", rename_all = "snake_case")]
pub enum End {
    /// By itself.
    Exited {
        /// Its exit code.
        code: i32,
    },
    /// By a signal.
    Signaled {
        /// Such as `SIGTERM`.
        signal: String,
    },
    /// It never began.
    NotStarted {
        /// Why, one sentence.
        reason: String,
    },
    /// Nobody came for so long that it was ended.
    Abandoned,
    /// Nobody knows: the process that holds it is gone.
    Lost {
        /// What is known, one sentence.
        reason: String,
    },
}

impl Terminal {
    /// Returns true while its program runs.
    pub const fn runs(&self) -> bool {
        matches!(self.state, TerminalState::Running { .. })
    }
}

/// A terminal and what is so right now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The terminal.
    pub terminal: Terminal,
    /// How many bytes it has written.
    pub offset: u64,
    /// True where the program in the foreground waits for input, as far as the system tells.
    #[serde(default)]
    pub waits: bool,
    /// The name of the program in the foreground; empty where it cannot be told.
    #[serde(default)]
    pub foreground: String,
    /// Who is attached.
    #[serde(default)]
    pub attached: Vec<Viewer>,
}

/// One who is attached to a terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Viewer {
    /// The client's number, as `client/list` has it.
    pub client: u64,
    /// What it calls itself.
    pub name: String,
    /// How large its window is; `None` where any size is good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
}

/// `terminal/open`: starts a program in a new terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Open {
    /// The program and its arguments; without any the shell of the settings.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// The folder to start in, absolute; without one the home folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// Environment variables to set besides those of the settings.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// How large; without it the size of the settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
    /// Its name for people, one line; without one the command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The session that it belongs to and ends with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
}

/// `terminal/list`: all terminals, oldest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct List {}

/// The reply to `terminal/list`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Oldest first.
    pub terminals: Vec<Shown>,
}

/// `terminal/show`: one terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Show {
    /// The terminal.
    pub id: TerminalId,
}

/// `terminal/attach`: from now on this connection gets what the terminal shows, in frames of
/// kind 2. A second call for the same terminal replaces the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attach {
    /// The terminal.
    pub id: TerminalId,
    /// In which form.
    pub view: View,
    /// How large the client's window is; the smallest of all who are attached is the terminal's.
    /// Without it the client takes what there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
}

/// In which form a client gets what a terminal shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "view", rename_all = "snake_case", deny_unknown_fields)]
pub enum View {
    /// The bytes that the program writes, for a client with an emulator of its own. One that is
    /// too slow loses what waits for it, gets a keyframe, and goes on from there.
    Output {
        /// Begin with the byte of this number where it is still there; without it, or where it is
        /// gone, with a keyframe.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<u64>,
    },
    /// Bytes that draw the terminal's screen on another one, and then what changes in it: what
    /// an emulator in the client would show, without one.
    Picture,
    /// The picture too, and where the reply names a [`Door`], the process that holds the terminal
    /// draws it on the client's own terminal, and reads there what is typed. Without a door it is
    /// [`View::Picture`].
    Direct,
}

/// The way into the process that holds a terminal, for a client that lends it its own terminal. The
/// words that are spoken there are in [`crate::direct`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Door {
    /// The path of a local socket.
    pub socket: String,
    /// What is said first, for this attachment alone.
    pub ticket: String,
}

/// The reply to `terminal/attach`; what there is to see follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attached {
    /// The terminal, with the size that it has now.
    pub terminal: Terminal,
    /// How many bytes it has written.
    pub offset: u64,
    /// The way in, where it was asked for and there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub door: Option<Door>,
}

/// `terminal/detach`: no more of it. The program goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detach {
    /// The terminal.
    pub id: TerminalId,
}

/// `terminal/resize`: the window of this client, which is attached, has another size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resize {
    /// The terminal.
    pub id: TerminalId,
    /// How large the window is.
    pub size: Size,
}

/// The reply to `terminal/resize`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resized {
    /// How large the terminal is: no larger than the smallest window.
    pub size: Size,
}

/// `terminal/write`: types something. A person may where a person is its typist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Write {
    /// The terminal.
    pub id: TerminalId,
    /// What to type, as it is: a line ends with `\r`. At most 64 KiB.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// What to type where it is no text, such as the mouse's old reports; comes after `text`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bytes: Vec<u8>,
}

/// `terminal/read`: a piece of what the program wrote, as plain text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// The terminal.
    pub id: TerminalId,
    /// From the byte of this number on; without it the newest that `limit` allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<u64>,
    /// At most so many bytes; 0 means 65,536, and 1,048,576 is the most.
    #[serde(default)]
    pub limit: u32,
}

/// The reply to `terminal/read`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadOut {
    /// The number of its first byte; larger than was asked where older ones are gone.
    pub from: u64,
    /// The number of the byte after it: where to read on.
    pub until: u64,
    /// The text, without escape sequences and control characters.
    pub text: String,
    /// True where there is more.
    pub more: bool,
}

/// `terminal/screen`: what the terminal shows right now, as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Look {
    /// The terminal.
    pub id: TerminalId,
    /// So many lines of what scrolled away come before the screen's own.
    #[serde(default)]
    pub scrollback: u32,
}

/// The reply to `terminal/screen`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Screen {
    /// Lines that scrolled away, oldest first, without blanks at their ends.
    pub scrolled: Vec<String>,
    /// The screen's lines, without blanks at their ends.
    pub lines: Vec<String>,
    /// Where the cursor stands: column and row of the screen, from 0; `None` where it is hidden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<(u16, u16)>,
    /// The title that the program gave its window; empty without one.
    pub title: String,
    /// True where the program draws on the alternate screen, as editors do.
    pub alternate: bool,
    /// How many bytes the terminal had written.
    pub offset: u64,
}

/// `terminal/wait`: waits until something is so. Answers when it is, or when the time is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// The terminal.
    pub id: TerminalId,
    /// Until what.
    pub until: Until,
    /// How long at most, in milliseconds: up to 600,000.
    pub limit_ms: u64,
}

/// What one can wait for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "until", rename_all = "snake_case", deny_unknown_fields)]
pub enum Until {
    /// What is written from now on, or since a byte, contains a match, as plain text.
    Matches {
        /// A regular expression, at most 1,000 bytes.
        pattern: String,
        /// From the byte of this number on, as far as it is still there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<u64>,
    },
    /// Nothing was written for so long.
    Quiet {
        /// Milliseconds.
        for_ms: u64,
    },
    /// The program ended.
    Ended,
}

/// The reply to `terminal/wait`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waited {
    /// Why the wait is over.
    pub why: WaitOver,
    /// The line that matched; empty without one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub line: String,
    /// How many bytes the terminal had written.
    pub offset: u64,
    /// Where it stands.
    pub state: TerminalState,
}

/// Why a wait is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitOver {
    /// What was waited for is so.
    Met,
    /// The program ended before.
    Ended,
    /// The time is over.
    Late,
}

/// `terminal/take`: from now on persons type, and the agent does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Take {
    /// The terminal.
    pub id: TerminalId,
}

/// `terminal/give`: from now on the agent types, and persons do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Give {
    /// The terminal.
    pub id: TerminalId,
}

/// `terminal/signal`: sends a signal to the program in the foreground.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signal {
    /// The terminal.
    pub id: TerminalId,
    /// Such as `INT` or `SIGINT`.
    pub signal: String,
}

/// `terminal/kill`: ends the program and all that came from it, asking first. What it wrote stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kill {
    /// The terminal.
    pub id: TerminalId,
}

/// `terminal/close`: ends the program where it runs, and removes all that is kept of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Close {
    /// The terminal.
    pub id: TerminalId,
}

/// What the bytes in a frame of kind 2 are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Piece {
    /// What the program wrote; the offset is the number of the first byte.
    Output,
    /// Bytes that bring any emulator to the present: it clears and draws everything anew. The
    /// offset is the number of the byte that comes after.
    Keyframe,
    /// Bytes that bring the picture before to the present; the offset is as with a keyframe.
    Change,
}

impl Piece {
    /// How many bytes of a frame's payload stand before the bytes of the terminal.
    pub const HEAD: usize = 16 + 1 + 8;

    /// Returns the head of a payload: the terminal's 16 bytes, what this is, and the offset, the
    /// most significant byte first.
    pub fn head(self, id: TerminalId, offset: u64) -> [u8; Self::HEAD] {
        let mut head = [0; Self::HEAD];
        let (name, rest) = head.split_at_mut(16);
        name.copy_from_slice(id.as_bytes());
        if let Some((what, number)) = rest.split_first_mut() {
            *what = match self {
                Self::Output => 0,
                Self::Keyframe => 1,
                Self::Change => 2,
            };
            number.copy_from_slice(&offset.to_be_bytes());
        }
        head
    }

    /// Reads the head of a payload; `None` where it is too short or of a newer version.
    pub fn read(payload: &[u8]) -> Option<(TerminalId, Self, u64)> {
        let (name, rest) = payload.split_first_chunk::<16>()?;
        let (what, rest) = rest.split_first()?;
        let (number, _) = rest.split_first_chunk::<8>()?;
        let piece = match what {
            0 => Self::Output,
            1 => Self::Keyframe,
            2 => Self::Change,
            _ => return None,
        };
        let id = TerminalId::from_bytes(*name);
        Some((id, piece, u64::from_be_bytes(*number)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_of_a_piece_is_read_as_it_is_written() {
        let id = TerminalId::from_bytes([7; 16]);
        for piece in [Piece::Output, Piece::Keyframe, Piece::Change] {
            let head = piece.head(id, 1 << 40);
            assert_eq!(Piece::read(&head), Some((id, piece, 1 << 40)));
            assert_eq!(Piece::read(&head[..24]), None);
        }
    }
}
