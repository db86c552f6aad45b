//! What is seen of a terminal besides its picture: the line at the bottom; and what the prefix key
//! leads to.
//!
//! Pure.

use smartopol_protocol::direct::Prefix;
use smartopol_protocol::terminal::{End, Party, Size, Terminal, TerminalState};
use smartopol_protocol::{Event, News};

use super::attach::inner;
use crate::sanitize;
use crate::widget::text::{clip, width};

/// `ctrl-]`: what follows is for us, not for the program.
pub(super) const PREFIX: u8 = 0x1d;

/// What a key after the prefix says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Detach,
    Take,
    Give,
    Redraw,
}

/// What was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// This is for the program.
    Keys(Vec<u8>),
    /// This is for us.
    Order(Order),
}

/// What is seen.
pub(super) struct Look {
    pub(super) terminal: Terminal,
    pub(super) window: Size,
    prefix: Prefix,
    /// The prefix was typed last.
    pub(super) prefixed: bool,
    /// The daemon is away, and whether one is drawn and may type all the same.
    pub(super) away: Option<bool>,
    /// What the holder says of the disk.
    disk: Option<i32>,
    note: String,
    /// Our line is to be drawn.
    pub(super) due: bool,
}

impl Look {
    pub(super) const fn new(terminal: Terminal, window: Size) -> Self {
        Self {
            terminal,
            window,
            prefix: Prefix::new(PREFIX),
            prefixed: false,
            away: None,
            disk: None,
            note: String::new(),
            due: true,
        }
    }

    pub(super) fn hear(&mut self, event: Event) {
        match event.news {
            News::TerminalChanged(terminal) if terminal.id == self.terminal.id => {
                if terminal.typist != self.terminal.typist {
                    self.note.clear();
                }
                let size = self.terminal.size;
                self.terminal = *terminal;
                self.terminal.size = size;
                self.due = true;
            }
            News::TerminalSized { id, size, .. } if id == self.terminal.id => {
                self.terminal.size = size;
                self.due = true;
            }
            News::TerminalClosed(id) if id == self.terminal.id => {
                let reason = "the terminal was removed".into();
                self.terminal.state = TerminalState::Ended {
                    end: End::Lost { reason },
                };
            }
            _ => {}
        }
    }

    pub(super) const fn end(&self) -> Option<&End> {
        match &self.terminal.state {
            TerminalState::Ended { end } => Some(end),
            TerminalState::Running { .. } => None,
        }
    }

    /// Begins with a prefix that somebody else found.
    pub(super) const fn begins_with_prefix(&mut self) {
        if !self.prefixed {
            self.prefix = Prefix::new(PREFIX);
        }
    }

    /// Tells what is for the program from what is for us.
    pub(super) fn sort(&mut self, typed: &[u8]) -> Vec<Part> {
        let (mut parts, mut keys) = (Vec::new(), Vec::new());
        let before = self.prefixed;
        for byte in typed {
            let found = self.prefix.is(*byte);
            let order = match (std::mem::replace(&mut self.prefixed, false), byte) {
                (false, _) if found => {
                    self.prefixed = true;
                    continue;
                }
                (false, byte) | (true, byte @ &PREFIX) => {
                    keys.push(*byte);
                    continue;
                }
                // `q` and `b` are the console's keys for the same.
                (true, b'd' | b'D' | 0x04 | b'q' | b'Q') => Order::Detach,
                (true, b't' | b'T') => Order::Take,
                (true, b'g' | b'G' | b'b' | b'B') => Order::Give,
                (true, b'r' | b'R' | 0x0c) => Order::Redraw,
                (true, _) => continue,
            };
            if !keys.is_empty() {
                parts.push(Part::Keys(std::mem::take(&mut keys)));
            }
            parts.push(Part::Order(order));
        }
        if !keys.is_empty() {
            parts.push(Part::Keys(keys));
        }
        self.due |= before != self.prefixed;
        parts
    }

    /// Takes note of what the disk says to the holder.
    pub(super) fn disk(&mut self, errno: i32) {
        self.disk = (errno != 0).then_some(errno);
        self.due = true;
    }

    /// Returns why nothing is seen of the program, where that is not its own choice.
    fn trouble(&self) -> Option<String> {
        if let Some(errno) = self.disk {
            let err = std::io::Error::from_raw_os_error(errno);
            return Some(format!("the program waits for the disk: {err}"));
        }
        match &self.terminal.state {
            TerminalState::Running {
                trouble: None,
                closed: true,
                ..
            } => Some("the program runs, and has let go of this terminal".into()),
            TerminalState::Running { trouble, .. } => trouble.clone(),
            TerminalState::Ended { .. } => None,
        }
    }

    /// Says something at the bottom; nothing where it is empty.
    pub(super) fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        self.due |= self.note != note;
        self.note = note;
    }

    /// Returns bytes that draw our line at the bottom; the cursor stays where it is.
    pub(super) fn line(&self) -> String {
        let terminal = &self.terminal;
        let note = sanitize::line(&self.note);
        let keys = match (self.prefixed, terminal.typist) {
            (true, _) => "d detaches  t takes  g gives  r redraws",
            _ if !note.is_empty() => &*note,
            _ if self.away == Some(true) => {
                "ctrl-] d detaches  the daemon is away; the program goes on"
            }
            _ if self.away == Some(false) => "ctrl-] d detaches  the daemon is away",
            (false, Party::Person) => "ctrl-] d detaches",
            (false, Party::Agent) => "the agent types: ctrl-] t takes over",
        };
        let mut text = format!("  {keys}");
        if let Some(trouble) = self.trouble() {
            text.push_str(&format!("  {}", sanitize::line(&trouble)));
        }
        let (own, size) = (inner(self.window), terminal.size);
        // Without the daemon it may be our own window of before.
        if self.away.is_none() && (size.columns < own.columns || size.rows < own.rows) {
            let told = format!("  {}x{}, a smaller window counts", size.columns, size.rows);
            text.push_str(&told);
        }
        let columns = usize::from(self.window.columns);
        // What one can do is said whole before what it is called.
        let title = sanitize::line(&terminal.title);
        let title = clip(&title, columns.saturating_sub(width(&text) + 1));
        let cut = clip(&format!(" {title}{text}"), columns).to_string();
        let gap = " ".repeat(columns.saturating_sub(width(&cut)));
        let row = self.window.rows;
        format!("\x1b7\x1b[{row};1H\x1b[0;7m{cut}{gap}\x1b[0m\x1b8")
    }
}

#[cfg(test)]
mod tests {
    use smartopol_protocol::TerminalId;

    use super::*;

    fn look(title: &str) -> Look {
        let size = Size {
            columns: 80,
            rows: 23,
        };
        let terminal = Terminal {
            id: TerminalId::from_bytes([7; 16]),
            session_id: None,
            owner: Party::Person,
            typist: Party::Person,
            title: title.into(),
            command: vec!["sh".into()],
            cwd: "/".into(),
            size,
            state: TerminalState::Running {
                pid: 1,
                closed: false,
                trouble: None,
            },
            opened_at: smartopol_protocol::Timestamp::from_millis(0),
            since: smartopol_protocol::Timestamp::from_millis(0),
        };
        let window = Size { rows: 24, ..size };
        Look::new(terminal, window)
    }

    #[test]
    fn the_prefix_leads_out_and_twice_it_types_itself() {
        let mut look = look("sh");
        let keys = |keys: &[u8]| Part::Keys(keys.to_vec());
        assert_eq!(look.sort(b"ls\r"), [keys(b"ls\r")]);
        assert_eq!(look.sort(b"a\x1d"), [keys(b"a")]);
        assert_eq!(look.sort(b"db"), [Part::Order(Order::Detach), keys(b"b")]);
        assert_eq!(
            look.sort(b"\x1d\x1d\x1dt\x1dx"),
            [keys(&[PREFIX]), Part::Order(Order::Take)]
        );
        let pasted = b"\x1b[200~\x1dd\x1b[201~";
        assert_eq!(look.sort(pasted), [keys(pasted)]);
    }

    #[test]
    fn however_long_a_title_is_the_way_out_is_said() {
        let line = look(&"long ".repeat(40)).line();
        assert!(
            line.contains("long ") && line.contains("ctrl-] d detaches"),
            "{line}"
        );
        let drawn = line.split("7m").nth(1).unwrap().split('\x1b').next();
        assert_eq!(width(drawn.unwrap()), 80);
    }
}
