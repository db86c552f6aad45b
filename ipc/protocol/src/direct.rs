//! What is said at the door of a process that holds a terminal, by a client that lends it its own.
//!
//! A client gets a [`Door`](crate::terminal::Door) from `terminal/attach`. It connects to the
//! socket and says [`Said::Enter`]; with the first byte of that word it passes a descriptor of its
//! terminal, opened anew for reading and writing (`SCM_RIGHTS`). From the answer on the holder draws
//! and reads there, and the client does neither until it has closed its side and read the end of the
//! other. Each word is one line of JSON.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The longest word, in bytes: more is none.
pub const MOST: usize = 1 << 20;

/// What the client says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "snake_case", deny_unknown_fields)]
pub enum Said {
    /// The first word.
    Enter {
        /// That of the door.
        ticket: String,
        /// The byte with which what is typed is no longer for the program.
        prefix: u8,
    },
    /// Bytes that draw the client's own line and leave the cursor and the colours as they were.
    Line {
        /// These.
        text: String,
    },
    /// What came with [`Heard::Typed`] is done: type this, and read on.
    GoOn {
        /// Dropped where the client may not type.
        bytes: Vec<u8>,
        /// Tell whatever is typed next, such as where the prefix was the last byte.
        all: bool,
    },
    /// Draw all anew, because the terminal has another size or shows something else.
    Redraw,
    /// The last word. Where none comes the terminal is cleared up with [`RESTORE`].
    Leave,
}

/// What the holder says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "hear", rename_all = "snake_case")]
pub enum Heard {
    /// It draws and reads from now on.
    Entered,
    /// This was typed and is not for the program, or not to be typed; nothing more is read until
    /// [`Said::GoOn`].
    Typed {
        /// Beginning with the prefix, where the client may type and has not asked for all.
        bytes: Vec<u8>,
        /// True where the client may type.
        may: bool,
    },
    /// The disk does not take what the program writes, so it waits, and the system says why; or it
    /// takes it again.
    Disk {
        /// The number of the error; 0 where there is none.
        errno: i32,
    },
}

/// What switches off all that a program may have switched on in a terminal, and leaves the
/// alternate screen.
pub const RESTORE: &[u8] =
    b"\x1b[?2026l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1005l\x1b[?1006l\x1b[?1004l\
    \x1b[?2004l\x1b[?1l\x1b>\x1b[?7h\x1b[r\x1b[0m\x1b[0 q\x1b[?1049l\x1b[23;0t\x1b[?25h";

/// Finds the prefix in what is typed: one that is pasted is none.
#[derive(Clone, Copy, Debug)]
pub struct Prefix {
    byte: u8,
    last: [u8; 6],
    pasted: bool,
}

impl Prefix {
    /// Begins to follow what is typed.
    pub const fn new(byte: u8) -> Self {
        Self {
            byte,
            last: [0; 6],
            pasted: false,
        }
    }

    /// Returns true in the middle of something that is pasted.
    pub const fn is_pasted(&self) -> bool {
        self.pasted
    }

    /// Returns true where the next byte is the prefix.
    pub fn is(&mut self, byte: u8) -> bool {
        let found = byte == self.byte && !self.pasted;
        self.last.rotate_left(1);
        if let Some(last) = self.last.last_mut() {
            *last = byte;
        }
        // Bracketed paste, as xterm has it.
        match &self.last {
            b"\x1b[200~" => self.pasted = true,
            b"\x1b[201~" => self.pasted = false,
            _ => {}
        }
        found
    }
}

/// A word that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the word at a terminal's door is not one that is known")]
pub struct Garbled;

/// Writes a word.
pub fn write(word: &impl Serialize) -> Vec<u8> {
    // Words are made of texts and numbers: they can always be written.
    let mut line = serde_json::to_vec(word).unwrap_or_default();
    line.push(b'\n');
    line
}

/// Takes the next word out of `bytes`; `None` where more must be read first.
///
/// # Errors
/// Where it is none, or longer than [`MOST`].
pub fn next<T: DeserializeOwned>(bytes: &mut Vec<u8>) -> Result<Option<T>, Garbled> {
    let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
        return match bytes.len() > MOST {
            true => Err(Garbled),
            false => Ok(None),
        };
    };
    let line: Vec<u8> = bytes.drain(..=end).collect();
    serde_json::from_slice(&line).map(Some).map_err(|_| Garbled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_that_is_pasted_is_none() {
        let typed = b"a\x1db\x1b[200~c\x1dd\x1b[201~e\x1d";
        let mut prefix = Prefix::new(0x1d);
        let found = (0..).zip(typed).filter(|(_, byte)| prefix.is(**byte));
        assert_eq!(found.map(|(at, _)| at).collect::<Vec<_>>(), [1, 19]);
    }

    #[test]
    fn words_are_read_as_they_are_written_however_they_are_cut() {
        let words = [
            Said::Enter {
                ticket: "00ff".into(),
                prefix: 0x1d,
            },
            Said::Line {
                text: "\x1b7line\n\x1b8".into(),
            },
            Said::GoOn {
                bytes: vec![0, 0x1d, 0xff],
                all: true,
            },
        ];
        let sent: Vec<u8> = words.iter().flat_map(write).collect();
        let (mut bytes, mut read) = (Vec::new(), Vec::new());
        for chunk in sent.chunks(3) {
            bytes.extend_from_slice(chunk);
            while let Some(word) = next::<Said>(&mut bytes).unwrap() {
                read.push(word);
            }
        }
        assert_eq!(read, words);
        assert!(next::<Said>(&mut b"{\"say\":\"else\"}\n".to_vec()).is_err());
        assert!(next::<Said>(&mut vec![b'x'; MOST + 1]).is_err());
    }
}
