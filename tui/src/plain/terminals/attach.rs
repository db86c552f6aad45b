//! `terminals attach`: a terminal full screen, in the terminal of the person.
//!
//! Owns what the prefix key leads to, the line at the bottom, and giving the person's terminal back.
//! How the picture comes there and what is typed from there is in `way`.

use std::io::{self, IsTerminal, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use smartopol_config::Paths;
use smartopol_ipc::{Client, Error, Events, Told};
use smartopol_protocol::terminal::{
    Attach, Door, End, Give, Party, Piece, Resize, Size, Take, Terminal, TerminalState, View, Write,
};
use smartopol_protocol::{Code, Event, Fault, News, TerminalId, event};
use tokio::signal::unix::{SignalKind, signal};

use super::super::link;
use super::ended;
use super::way::{Typed, Way};
use crate::sanitize;

/// `ctrl-]`: what follows is for us, not for the program.
const PREFIX: u8 = 0x1d;

/// How much is typed at once, and how long one waits where the program does not read.
const INPUT: usize = 16 * 1024;
const AGAIN: Duration = Duration::from_millis(10);

/// Attaches to a terminal until the person leaves or the program ends.
pub(super) async fn attach(paths: &Paths, id: TerminalId) -> anyhow::Result<ExitCode> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        let told = "standard input and output must be a terminal to attach to one";
        return Err(Fault::new(Code::BadRequest, told)
            .hint("`smartopol terminals read` and `write` work in scripts")
            .into());
    }
    let (client, events) = link::connect(paths).await?;
    client.call(event::Subscribe::default()).await?;
    let window = window()?;
    let (view, size) = (View::Direct, Some(inner(window)));
    let attached = client.call(Attach { id, view, size }).await?;
    let taken = Taken::take()?;
    let mut stay = Stay {
        client,
        look: Look {
            terminal: attached.terminal,
            window,
            prefixed: false,
            note: String::new(),
            due: true,
        },
        typing: Typing {
            id,
            waiting: Vec::new(),
            late: false,
        },
        way: Way::own()?,
    };
    let end = stay.stay(attached.door, events).await;
    // Not before the holder has put its pen down is the terminal the person's again.
    stay.way.leave().await;
    drop(taken);
    Ok(end?.tell())
}

/// One who is attached.
struct Stay {
    client: Client,
    look: Look,
    typing: Typing,
    way: Way,
}

impl Stay {
    /// Stays until the person leaves or the program ends.
    async fn stay(&mut self, door: Option<Door>, mut events: Events) -> anyhow::Result<Left> {
        let id = self.look.terminal.id;
        let mut resized = signal(SignalKind::window_change())?;
        let mut ends = [
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
        ];
        if let Some(door) = door {
            match Way::direct(&door, PREFIX).await {
                Some(way) => self.way = way,
                None => self.go_the_long_way().await?,
            }
        }
        loop {
            if let Some(end) = self.look.end() {
                return Ok(Left::Ended(end.clone()));
            }
            if std::mem::take(&mut self.look.due) {
                self.way.line(&self.look.line()).await?;
            }
            let [terminate, hangup] = &mut ends;
            tokio::select! {
                told = events.next() => match told {
                    Some(Told::Terminal(piece)) if piece.id == id => {
                        self.way.show(&piece.bytes)?;
                        // Drawing anew clears our line too.
                        self.look.due |= piece.piece == Piece::Keyframe;
                    }
                    Some(Told::Terminal(_)) => {}
                    Some(Told::Event(event)) => self.look.hear(*event),
                    None => return Ok(Left::Lost),
                },
                typed = self.way.typed() => if let Some(left) = self.take(typed).await? {
                    return Ok(left);
                },
                () = tokio::time::sleep(AGAIN), if self.typing.late => {
                    let note = self.typing.go_on(&self.client).await?;
                    self.look.note(note);
                }
                _ = resized.recv() => {
                    self.look.window = window()?;
                    let size = inner(self.look.window);
                    let resized = self.client.call(Resize { id, size }).await?;
                    self.look.terminal.size = resized.size;
                    self.look.due = true;
                }
                _ = terminate.recv() => return Ok(Left::Detached),
                _ = hangup.recv() => return Ok(Left::Detached),
            }
        }
    }

    /// Takes what was typed; returns why one leaves, where that is so.
    async fn take(&mut self, typed: Typed) -> anyhow::Result<Option<Left>> {
        let (typed, directly) = match typed {
            Typed::Keys(typed) => (typed, false),
            Typed::Direct { bytes, may } => (bytes, may),
            Typed::Closed => {
                self.go_the_long_way().await?;
                return Ok(None);
            }
            Typed::Over => return Ok(Some(Left::Detached)),
        };
        let (bytes, orders) = self.look.sort(&typed);
        if orders.contains(&Order::Detach) {
            return Ok(Some(Left::Detached));
        }
        for order in orders {
            self.look.carry_out(&self.client, order).await?;
        }
        let (bytes, note) = match directly {
            true => (bytes, String::new()),
            // The daemon types it, or says why not.
            false => {
                self.typing.waiting.extend(bytes);
                (Vec::new(), self.typing.go_on(&self.client).await?)
            }
        };
        self.look.note(note);
        self.way.go_on(bytes, self.look.prefixed).await?;
        Ok(None)
    }

    /// Lets the daemon draw, because the holder does not, or does no more.
    async fn go_the_long_way(&mut self) -> anyhow::Result<()> {
        self.way = Way::own()?;
        let id = self.look.terminal.id;
        let (view, size) = (View::Picture, Some(inner(self.look.window)));
        // Where it is gone altogether an event says so.
        match self.client.call(Attach { id, view, size }).await {
            Ok(attached) => self.look.terminal = attached.terminal,
            Err(Error::Fault(_)) => {}
            Err(err) => return Err(err.into()),
        }
        self.look.due = true;
        Ok(())
    }
}

/// Why one is no longer attached.
enum Left {
    Detached,
    Ended(End),
    Lost,
}

impl Left {
    /// Says so, now that the terminal is the person's again.
    fn tell(self) -> ExitCode {
        let (text, code) = match self {
            Self::Detached => (
                "detached; the program goes on".to_owned(),
                ExitCode::SUCCESS,
            ),
            Self::Ended(end) => (ended(&end).0, ExitCode::SUCCESS),
            Self::Lost => (
                "the daemon went away; the program goes on: attach again".to_owned(),
                ExitCode::FAILURE,
            ),
        };
        let _ = writeln!(io::stdout(), "[{}]", sanitize::line(&text));
        code
    }
}

/// What a key after the prefix says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Detach,
    Take,
    Give,
}

/// What is seen.
struct Look {
    terminal: Terminal,
    window: Size,
    prefixed: bool,
    /// Something to be told at the bottom.
    note: String,
    /// Our line is to be drawn.
    due: bool,
}

impl Look {
    fn hear(&mut self, event: Event) {
        match event.news {
            News::TerminalChanged(terminal) if terminal.id == self.terminal.id => {
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

    const fn end(&self) -> Option<&End> {
        match &self.terminal.state {
            TerminalState::Ended { end } => Some(end),
            TerminalState::Running { .. } => None,
        }
    }

    /// Tells what is for the program from what is for us.
    fn sort(&mut self, typed: &[u8]) -> (Vec<u8>, Vec<Order>) {
        let (mut bytes, mut orders) = (Vec::with_capacity(typed.len()), Vec::new());
        for byte in typed {
            match (std::mem::take(&mut self.prefixed), byte) {
                (false, &PREFIX) => self.prefixed = true,
                (false, byte) => bytes.push(*byte),
                (true, &PREFIX) => bytes.push(PREFIX),
                (true, b'd' | b'D' | 0x04) => orders.push(Order::Detach),
                (true, b't' | b'T') => orders.push(Order::Take),
                (true, b'g' | b'G') => orders.push(Order::Give),
                (true, _) => {}
            }
        }
        (bytes, orders)
    }

    async fn carry_out(&mut self, client: &Client, order: Order) -> anyhow::Result<()> {
        let id = self.terminal.id;
        match order {
            Order::Detach => {}
            Order::Take => self.terminal.typist = client.call(Take { id }).await?.typist,
            Order::Give => self.terminal.typist = client.call(Give { id }).await?.typist,
        }
        self.note.clear();
        self.due = true;
        Ok(())
    }

    fn note(&mut self, note: String) {
        self.due |= self.note != note || self.prefixed;
        self.note = note;
    }

    /// Returns bytes that draw our line at the bottom; the cursor stays where it is.
    fn line(&self) -> String {
        let terminal = &self.terminal;
        let note = sanitize::line(&self.note);
        let keys = match (self.prefixed, terminal.typist) {
            _ if !note.is_empty() => &*note,
            (true, _) => "d detaches  t takes  g gives",
            (false, Party::Person) => "ctrl-] d detaches",
            (false, Party::Agent) => "the agent types: ctrl-] t takes over",
        };
        let mut text = format!(" {}  {keys}", sanitize::line(&terminal.title));
        let (own, size) = (inner(self.window), terminal.size);
        if size.columns < own.columns || size.rows < own.rows {
            let told = format!("  {}x{}, a smaller window counts", size.columns, size.rows);
            text.push_str(&told);
        }
        if let TerminalState::Running {
            trouble: Some(trouble),
            ..
        } = &terminal.state
        {
            text.push_str(&format!("  {}", sanitize::line(trouble)));
        }
        let columns = usize::from(self.window.columns);
        let cut: String = text.chars().take(columns).collect();
        let row = self.window.rows;
        format!("\x1b7\x1b[{row};1H\x1b[0;7m{cut:columns$}\x1b[0m\x1b8")
    }
}

/// What is typed and not yet told.
struct Typing {
    id: TerminalId,
    waiting: Vec<u8>,
    late: bool,
}

impl Typing {
    /// Types what waits, as far as the program reads; returns what is to be said.
    async fn go_on(&mut self, client: &Client) -> anyhow::Result<String> {
        self.late = false;
        while !self.waiting.is_empty() {
            let length = self.waiting.len().min(INPUT);
            let bytes = self.waiting.get(..length).unwrap_or_default().to_vec();
            let write = Write {
                id: self.id,
                text: String::new(),
                bytes,
            };
            match client.call(write).await {
                Ok(()) => drop(self.waiting.drain(..length)),
                Err(Error::Fault(fault)) if fault.code == Code::Busy => {
                    self.late = true;
                    return Ok(String::new());
                }
                Err(Error::Fault(fault)) if fault.code == Code::Conflict => {
                    self.waiting.clear();
                    return Ok(format!("{}: ctrl-] t takes over", fault.message));
                }
                Err(err) => return Err(err.into()),
            }
        }
        Ok(String::new())
    }
}

fn window() -> io::Result<Size> {
    let (columns, rows) = crossterm::terminal::size()?;
    Ok(Size { columns, rows })
}

/// Returns how much of a window is the terminal's: our line is not.
fn inner(window: Size) -> Size {
    Size {
        columns: window.columns.clamp(2, 1_000),
        rows: window.rows.saturating_sub(1).clamp(1, 500),
    }
}

pub(super) fn write(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// The person's terminal, while it is ours; dropping it gives it back.
struct Taken;

impl Taken {
    fn take() -> io::Result<Self> {
        enable_raw_mode()?;
        let taken = Self;
        write(b"\x1b[22;0t\x1b[?1049h\x1b[2J")?;
        Ok(taken)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        // All that a program may have switched on.
        let _ = write(
            b"\x1b[?2026l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1005l\x1b[?1006l\x1b[?1004l\
              \x1b[?2004l\x1b[?1l\x1b>\x1b[?7h\x1b[r\x1b[0m\x1b[0 q\x1b[?1049l\x1b[23;0t\x1b[?25h",
        );
        let _ = disable_raw_mode();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look() -> Look {
        let size = Size {
            columns: 80,
            rows: 24,
        };
        Look {
            terminal: Terminal {
                id: TerminalId::from_bytes([7; 16]),
                session_id: None,
                owner: Party::Person,
                typist: Party::Person,
                title: "sh".into(),
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
            },
            window: size,
            prefixed: false,
            note: String::new(),
            due: false,
        }
    }

    #[test]
    fn the_prefix_leads_out_and_twice_it_types_itself() {
        let mut look = look();
        assert_eq!(look.sort(b"ls\r"), (b"ls\r".to_vec(), vec![]));
        assert_eq!(look.sort(b"a\x1d"), (b"a".to_vec(), vec![]));
        assert_eq!(look.sort(b"db"), (b"b".to_vec(), vec![Order::Detach]));
        assert_eq!(
            look.sort(b"\x1d\x1d\x1dt\x1dx"),
            (vec![PREFIX], vec![Order::Take])
        );
    }
}
