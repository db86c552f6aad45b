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
    Attach, Attached, Door, End, Give, Party, Piece, Resize, Size, Take, Terminal, TerminalState,
    View, Write,
};
use smartopol_protocol::{Code, Event, Fault, Method, News, TerminalId, event};
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

/// How often one looks whether a daemon that went away is back.
const LOOK: Duration = Duration::from_millis(500);

/// How often one asks a daemon that has just come back, one [`AGAIN`] apart.
const SOON: u32 = 300;

/// Attaches to a terminal until the person leaves or the program ends.
pub(super) async fn attach(paths: &Paths, id: TerminalId) -> anyhow::Result<ExitCode> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        let told = "standard input and output must be a terminal to attach to one";
        return Err(Fault::new(Code::BadRequest, told)
            .hint("`smartopol terminals read` and `write` work in scripts")
            .into());
    }
    let window = window()?;
    let (client, events) = link::connect(paths).await?;
    let attached = begin(&client, id, View::Direct, window).await?;
    let taken = Taken::take()?;
    let mut stay = Stay {
        paths,
        id,
        client,
        events: Some(events),
        look: Look {
            terminal: attached.terminal,
            window,
            prefixed: false,
            away: false,
            note: String::new(),
            due: true,
        },
        typing: Typing::default(),
        way: Way::own()?,
    };
    let end = stay.stay(attached.door).await;
    // Not before the holder has put its pen down is the terminal the person's again.
    stay.way.leave().await;
    drop(taken);
    Ok(end?.tell())
}

/// Asks the daemon for the terminal, in this form.
async fn begin(
    client: &Client,
    id: TerminalId,
    view: View,
    window: Size,
) -> Result<Attached, Error> {
    client.call(event::Subscribe::default()).await?;
    let size = Some(inner(window));
    client.call(Attach { id, view, size }).await
}

/// One who is attached.
struct Stay<'p> {
    paths: &'p Paths,
    id: TerminalId,
    client: Client,
    /// `None` while the daemon is away.
    events: Option<Events>,
    look: Look,
    typing: Typing,
    way: Way,
}

impl Stay<'_> {
    /// Stays until the person leaves or the program ends, through restarts of the daemon.
    async fn stay(&mut self, door: Option<Door>) -> anyhow::Result<Left> {
        let mut resized = signal(SignalKind::window_change())?;
        let mut ends = [
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
        ];
        self.enter(door).await?;
        loop {
            if let Some(end) = self.look.end() {
                return Ok(Left::Ended(end.clone()));
            }
            if std::mem::take(&mut self.look.due) {
                self.way.line(&self.look.line()).await?;
            }
            let [terminate, hangup] = &mut ends;
            tokio::select! {
                told = next(&mut self.events) => match told {
                    Some(Told::Terminal(piece)) if piece.id == self.id => {
                        self.way.show(&piece.bytes)?;
                        // Drawing anew clears our line too.
                        self.look.due |= piece.piece == Piece::Keyframe;
                    }
                    Some(Told::Terminal(_)) => {}
                    Some(Told::Event(event)) => self.look.hear(*event),
                    None => self.lose(),
                },
                () = tokio::time::sleep(LOOK), if self.look.away => self.come_back().await?,
                typed = self.way.typed() => if let Some(left) = self.take(typed).await? {
                    return Ok(left);
                },
                () = tokio::time::sleep(AGAIN), if self.typing.late => {
                    let note = self.type_waiting().await?;
                    self.look.note(note);
                }
                _ = resized.recv() => {
                    self.look.window = window()?;
                    let (id, size) = (self.id, inner(self.look.window));
                    if let Some(resized) = self.ask(Resize { id, size }).await? {
                        self.look.terminal.size = resized.size;
                    }
                    self.look.due = true;
                }
                _ = terminate.recv() => return Ok(Left::Detached),
                _ = hangup.recv() => return Ok(Left::Detached),
            }
        }
    }

    /// Goes through the door where there is one; where it cannot, the daemon draws.
    async fn enter(&mut self, door: Option<Door>) -> anyhow::Result<()> {
        let Some(door) = door else { return Ok(()) };
        match Way::direct(&door, PREFIX).await {
            Some(way) => self.way = way,
            None => self.go_the_long_way().await?,
        }
        Ok(())
    }

    /// Asks the daemon something; `None` where it is away.
    async fn ask<M: Method>(&mut self, call: M) -> anyhow::Result<Option<M::Reply>> {
        if self.look.away {
            return Ok(None);
        }
        match self.client.call(call).await {
            Ok(reply) => Ok(Some(reply)),
            Err(err @ Error::Fault(_)) => Err(err.into()),
            Err(_) => {
                self.lose();
                Ok(None)
            }
        }
    }

    /// The daemon is away: whoever is drawn by the holder stays, and it is looked for.
    fn lose(&mut self) {
        self.events = None;
        self.typing = Typing::default();
        self.look.away = true;
        self.look.due = true;
    }

    /// Attaches anew where the daemon is there again.
    async fn come_back(&mut self) -> anyhow::Result<()> {
        let Ok((client, events)) = link::connect(self.paths).await else {
            return Ok(());
        };
        let attached = match begin(&client, self.id, View::Direct, self.look.window).await {
            Ok(attached) => attached,
            Err(err @ Error::Fault(_)) => return Err(err.into()),
            Err(_) => return Ok(()),
        };
        self.way.leave().await;
        self.way = Way::own()?;
        self.client = client;
        self.events = Some(events);
        self.look.terminal = attached.terminal;
        self.look.away = false;
        self.look.due = true;
        self.enter(attached.door).await
    }

    /// Takes what was typed; returns why one leaves, where that is so.
    async fn take(&mut self, typed: Typed) -> anyhow::Result<Option<Left>> {
        let (typed, directly) = match typed {
            Typed::Keys(typed) => (typed, false),
            Typed::Direct { bytes, may } => (bytes, may),
            Typed::Closed => {
                self.shut_out().await?;
                return Ok(None);
            }
            Typed::Over => return Ok(Some(Left::Detached)),
        };
        let (bytes, orders) = self.look.sort(&typed);
        if orders.contains(&Order::Detach) {
            return Ok(Some(Left::Detached));
        }
        for order in orders {
            self.carry_out(order).await?;
        }
        let (bytes, note) = match directly {
            true => (bytes, String::new()),
            // The daemon types it, or says why not.
            false => {
                self.typing.waiting.extend(bytes);
                (Vec::new(), self.type_waiting().await?)
            }
        };
        self.look.note(note);
        self.way.go_on(bytes, self.look.prefixed).await;
        Ok(None)
    }

    async fn carry_out(&mut self, order: Order) -> anyhow::Result<()> {
        let id = self.id;
        let terminal = match order {
            Order::Detach => None,
            Order::Take => self.ask(Take { id }).await?,
            Order::Give => self.ask(Give { id }).await?,
        };
        if let Some(terminal) = terminal {
            self.look.terminal.typist = terminal.typist;
        }
        self.look.due = true;
        Ok(())
    }

    /// Types what waits, as far as the program reads; returns what is to be said.
    async fn type_waiting(&mut self) -> anyhow::Result<String> {
        self.typing.late = false;
        while !self.typing.waiting.is_empty() {
            if self.look.away {
                // Nobody knows when it would be typed, and what it would do then.
                self.typing = Typing::default();
                return Ok("not typed".into());
            }
            let length = self.typing.waiting.len().min(INPUT);
            let bytes = self.typing.waiting.get(..length).unwrap_or_default();
            let write = Write {
                id: self.id,
                text: String::new(),
                bytes: bytes.to_vec(),
            };
            match self.client.call(write).await {
                Ok(()) => drop(self.typing.waiting.drain(..length)),
                Err(Error::Fault(fault)) if fault.code == Code::Busy => {
                    self.typing.late = true;
                    return Ok(String::new());
                }
                Err(Error::Fault(fault)) if fault.code == Code::Conflict => {
                    self.typing.waiting.clear();
                    return Ok(format!("{}: ctrl-] t takes over", fault.message));
                }
                Err(err @ Error::Fault(_)) => return Err(err.into()),
                Err(_) => self.lose(),
            }
        }
        Ok(String::new())
    }

    /// The holder draws no more. Where the daemon was away that is its successor's first word, so
    /// what is typed meanwhile is left where it is, for the door that opens soon.
    async fn shut_out(&mut self) -> anyhow::Result<()> {
        for _ in 0..SOON {
            if !self.look.away {
                break;
            }
            self.come_back().await?;
            if !self.look.away {
                return Ok(());
            }
            tokio::time::sleep(AGAIN).await;
        }
        self.go_the_long_way().await
    }

    /// Lets the daemon draw, because the holder does not, or does no more.
    async fn go_the_long_way(&mut self) -> anyhow::Result<()> {
        self.way = Way::own()?;
        self.look.due = true;
        if self.look.away {
            return Ok(());
        }
        match begin(&self.client, self.id, View::Picture, self.look.window).await {
            Ok(attached) => self.look.terminal = attached.terminal,
            Err(err @ Error::Fault(_)) => return self.hear_the_end().await.ok_or(err.into()),
            Err(_) => self.lose(),
        }
        Ok(())
    }

    /// Hears how it ended, where that is on its way.
    async fn hear_the_end(&mut self) -> Option<()> {
        while self.look.end().is_none() {
            let told = tokio::time::timeout(LOOK, next(&mut self.events)).await;
            if let Told::Event(event) = told.ok()?? {
                self.look.hear(*event);
            }
        }
        Some(())
    }
}

async fn next(events: &mut Option<Events>) -> Option<Told> {
    match events {
        Some(events) => events.next().await,
        None => std::future::pending().await,
    }
}

/// Why one is no longer attached.
enum Left {
    Detached,
    Ended(End),
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
    /// The daemon is away.
    away: bool,
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
            (false, _) if self.away => "ctrl-] d detaches  the daemon is away; the program goes on",
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
#[derive(Default)]
struct Typing {
    waiting: Vec<u8>,
    late: bool,
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
            away: false,
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
