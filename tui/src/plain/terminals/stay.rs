//! Being attached: keys, what is heard, and what the daemon is asked meanwhile.
//!
//! Owns the order of it. Nothing that the daemon is asked holds up the person: they see, type and
//! leave while it is slow, or away.

use std::collections::VecDeque;
use std::future::pending;
use std::time::Duration;

use futures_util::future::BoxFuture;
use rustix::process::{Signal, getpid, kill_process};
use smartopol_config::Paths;
use smartopol_ipc::{Client, Error, Events, Told};
use smartopol_protocol::terminal::{
    Attached, Door, Give, Piece, Resize, Resized, Size, Take, Terminal, View, Write,
};
use smartopol_protocol::{Code, Fault, TerminalId};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, sleep_until, timeout};

use super::super::link;
use super::attach::{Left, Taken, begin, inner, window};
use super::look::{Look, Order, PREFIX, Part};
use super::way::{Direct, Typed, Way};

/// How much is typed at once over the daemon, and the most that waits for it.
const INPUT: usize = 16 * 1024;
const MOST: usize = 1 << 20;

/// When something is typed again where the program does not read, and how often one asks a daemon
/// that has just come back.
const AGAIN: Duration = Duration::from_millis(10);

/// How often one looks whether a daemon that went away is back.
const LOOK: Duration = Duration::from_millis(500);

/// For how long what is typed is left where it is, where a daemon has just come back.
const SOON: Duration = Duration::from_secs(2);

/// How long a door is open at least where it is worth going through the next one.
const WORTH: Duration = Duration::from_secs(1);

/// How long what is still to be typed holds up who leaves.
const LAST: Duration = Duration::from_millis(500);

/// What the daemon is to be asked.
#[derive(Debug)]
enum Ask {
    /// To show the terminal.
    Attach(View),
    /// To take note of the size of the window.
    Size(Size),
    /// To let persons type, or the agent.
    Take,
    Give,
    /// To type this.
    Keys(Vec<u8>),
    /// To be there again.
    Return,
}

/// What came of it.
enum Answer {
    Attached(Result<Attached, Error>),
    Entered(Option<Direct>),
    Sized(Result<Resized, Error>),
    Handed(Result<Terminal, Error>),
    Typed(Vec<u8>, Result<(), Error>),
    Back(Option<(Client, Events, Result<Attached, Error>)>),
}

/// One who is attached.
pub(super) struct Stay<'p> {
    paths: &'p Paths,
    id: TerminalId,
    client: Client,
    /// `None` while the daemon is away.
    events: Option<Events>,
    /// The person's terminal; given back where one is stopped.
    taken: Option<Taken>,
    look: Look,
    way: Way,
    /// Since when the holder draws.
    entered: Option<Instant>,
    asks: VecDeque<Ask>,
    asked: Option<BoxFuture<'static, Answer>>,
    /// What is being asked is whether the holder lets us in.
    enters: bool,
    /// What is being asked comes before what is typed next.
    holds_up: bool,
    /// What is asked next waits until then.
    not_before: Option<Instant>,
    /// Until then nobody reads what is typed.
    soon: Option<Instant>,
    /// The person wants to leave, and does then at the latest.
    leaves: Option<Instant>,
}

impl<'p> Stay<'p> {
    pub(super) fn new(
        paths: &'p Paths,
        (client, events): (Client, Events),
        attached: Attached,
        window: Size,
        taken: Taken,
    ) -> anyhow::Result<Self> {
        let mut stay = Self {
            paths,
            id: attached.terminal.id,
            client,
            events: Some(events),
            taken: Some(taken),
            look: Look::new(attached.terminal, window),
            way: Way::Nobody,
            entered: None,
            asks: VecDeque::new(),
            asked: None,
            enters: false,
            holds_up: false,
            not_before: None,
            soon: None,
            leaves: None,
        };
        stay.go_in(attached.door)?;
        Ok(stay)
    }

    /// Stays until the person leaves or the program ends, through restarts of the daemon.
    pub(super) async fn stay(&mut self) -> anyhow::Result<Left> {
        let mut resized = signal(SignalKind::window_change())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hangup = signal(SignalKind::hangup())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut stopped = signal(SignalKind::from_raw(Signal::TSTP.as_raw()))?;
        let mut continued = signal(SignalKind::from_raw(Signal::CONT.as_raw()))?;
        loop {
            if let Some(end) = self.look.end() {
                return Ok(Left::Ended(end.clone()));
            }
            self.ask_next();
            let done = self.asked.is_none() && self.asks.is_empty();
            if self
                .leaves
                .is_some_and(|late| done || Instant::now() >= late)
            {
                return Ok(Left::Detached);
            }
            if std::mem::take(&mut self.look.due) {
                self.way.line(&self.look.line()).await?;
            }
            let due = self.due();
            tokio::select! {
                biased;
                // Whose terminal it is comes before all that is drawn on it, and what is typed before
                // what is told, however much that is.
                _ = continued.recv() => self.go_on().await?,
                _ = stopped.recv() => self.stop().await?,
                _ = terminate.recv() => return Ok(Left::Detached),
                _ = hangup.recv() => return Ok(Left::Detached),
                _ = interrupt.recv() => return Ok(Left::Detached),
                _ = resized.recv() => {
                    self.look.window = window()?;
                    self.redraw().await;
                }
                typed = self.way.typed() => self.take(typed).await?,
                answer = answered(&mut self.asked) => {
                    self.asked = None;
                    self.take_answer(answer).await?;
                }
                told = next(&mut self.events) => match told {
                    Some(Told::Terminal(piece)) if piece.id == self.id => {
                        self.way.show(&piece.bytes)?;
                        // Drawing anew clears our line too.
                        self.look.due |= piece.piece == Piece::Keyframe;
                    }
                    Some(Told::Terminal(_)) => {}
                    Some(Told::Event(event)) => self.look.hear(*event),
                    None => self.lose()?,
                },
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => self.look_around()?,
            }
        }
    }

    /// Gives the person's terminal back.
    pub(super) async fn leave(&mut self) {
        self.go_out().await;
        self.taken = None;
    }

    /// Returns when something must be done by itself.
    fn due(&self) -> Option<Instant> {
        let away = self.look.away.is_some() && self.asked.is_none();
        let away = away.then_some(self.not_before).flatten();
        let late = self.not_before.filter(|_| !self.asks.is_empty());
        [away, late, self.soon, self.leaves]
            .into_iter()
            .flatten()
            .min()
    }

    /// Does what is due.
    fn look_around(&mut self) -> anyhow::Result<()> {
        let now = Instant::now();
        if self.soon.is_some_and(|soon| now >= soon) {
            self.soon = None;
            self.read_here()?;
        }
        if self.look.away.is_some() && self.asked.is_none() && self.asks.is_empty() {
            self.asks.push_back(Ask::Return);
        }
        Ok(())
    }

    /// Takes what was typed.
    async fn take(&mut self, typed: Typed) -> anyhow::Result<()> {
        let (typed, may, direct) = match typed {
            Typed::Keys(typed) => (typed, true, false),
            Typed::Direct { bytes, may } => {
                if may {
                    self.look.begins_with_prefix();
                }
                (bytes, may, true)
            }
            Typed::Disk(errno) => {
                self.look.disk(errno);
                return Ok(());
            }
            Typed::Closed => return self.shut_out().await,
            Typed::Over => {
                self.leaves = Some(Instant::now());
                return Ok(());
            }
        };
        let parts = self.look.sort(&typed);
        // What is for the program the holder types, where nothing is to be done before.
        let plain = parts
            .iter()
            .all(|part| !matches!(part, Part::Order(Order::Take | Order::Give)));
        let at_once = direct && may && plain && !self.holds_up_keys();
        let mut own = Vec::new();
        self.look.note("");
        for part in parts {
            match part {
                Part::Keys(keys) if at_once => own.extend(keys),
                Part::Keys(keys) => self.type_later(keys),
                Part::Order(Order::Detach) => {
                    self.leaves = Some(Instant::now() + LAST);
                    break;
                }
                Part::Order(Order::Take) => self.asks.push_back(Ask::Take),
                Part::Order(Order::Give) => self.asks.push_back(Ask::Give),
                Part::Order(Order::Redraw) => self.redraw().await,
            }
        }
        if self.look.away.is_some() && self.asks.iter().any(|ask| !matches!(ask, Ask::Return)) {
            // Nobody knows when it would be done, and what it would do then.
            self.asks.clear();
            self.look.note("the daemon is away: not done");
        }
        if self.leaves.is_some() {
            // What is typed from here on is for whoever has the terminal then.
            self.type_later(own);
            return Ok(());
        }
        let all = self.look.prefixed || self.holds_up_keys();
        self.way.go_on(own, all).await;
        Ok(())
    }

    /// Returns true where what is typed next must wait for something that the daemon is asked.
    fn holds_up_keys(&self) -> bool {
        self.holds_up || self.asks.iter().any(Ask::holds_up_keys)
    }

    fn type_later(&mut self, keys: Vec<u8>) {
        let waiting = self.asks.iter().map(|ask| match ask {
            Ask::Keys(keys) => keys.len(),
            _ => 0,
        });
        if waiting.sum::<usize>() + keys.len() > MOST {
            return self.look.note("not typed: the program does not read");
        }
        for piece in keys.chunks(INPUT) {
            self.asks.push_back(Ask::Keys(piece.to_vec()));
        }
    }

    /// Asks the daemon what is next, where it is not being asked.
    fn ask_next(&mut self) {
        let wait = self.not_before.is_some_and(|then| Instant::now() < then);
        if self.asked.is_some() || wait {
            return;
        }
        let Some(ask) = self.asks.pop_front() else {
            return;
        };
        self.not_before = None;
        self.holds_up = ask.holds_up_keys();
        let (id, client, window) = (self.id, self.client.clone(), self.look.window);
        self.asked = Some(match ask {
            Ask::Attach(view) => {
                Box::pin(async move { Answer::Attached(begin(&client, id, view, window).await) })
            }
            Ask::Size(size) => {
                Box::pin(async move { Answer::Sized(client.call(Resize { id, size }).await) })
            }
            Ask::Take => Box::pin(async move { Answer::Handed(client.call(Take { id }).await) }),
            Ask::Give => Box::pin(async move { Answer::Handed(client.call(Give { id }).await) }),
            Ask::Keys(bytes) => Box::pin(async move {
                let write = Write {
                    id,
                    text: String::new(),
                    bytes: bytes.clone(),
                };
                Answer::Typed(bytes, client.call(write).await)
            }),
            Ask::Return => {
                let paths = self.paths.clone();
                Box::pin(async move {
                    let Ok((client, events)) = link::connect(&paths).await else {
                        return Answer::Back(None);
                    };
                    let attached = begin(&client, id, View::Direct, window).await;
                    Answer::Back(Some((client, events, attached)))
                })
            }
        });
    }

    async fn take_answer(&mut self, answer: Answer) -> anyhow::Result<()> {
        (self.holds_up, self.enters) = (false, false);
        match answer {
            Answer::Attached(Ok(attached)) => self.attached(attached),
            Answer::Attached(Err(err @ Error::Fault(_))) => {
                self.hear_the_end().await.ok_or(err.into())
            }
            Answer::Entered(Some(direct)) => {
                self.way = Way::Direct(direct);
                self.entered = Some(Instant::now());
                self.look.due = true;
                Ok(())
            }
            Answer::Entered(None) => {
                self.asks.push_front(Ask::Attach(View::Picture));
                self.read_here()
            }
            Answer::Sized(Ok(sized)) => {
                self.look.terminal.size = sized.size;
                self.look.due = true;
                Ok(())
            }
            Answer::Handed(Ok(terminal)) => {
                self.look.note("");
                self.look.terminal.typist = terminal.typist;
                self.look.due = true;
                Ok(())
            }
            Answer::Typed(_, Ok(())) => Ok(()),
            Answer::Typed(keys, Err(Error::Fault(fault))) if fault.code == Code::Busy => {
                self.asks.push_front(Ask::Keys(keys));
                self.not_before = Some(Instant::now() + AGAIN);
                Ok(())
            }
            Answer::Typed(_, Err(Error::Fault(fault)))
                if matches!(fault.code, Code::Conflict | Code::Denied) =>
            {
                self.refused(&fault);
                Ok(())
            }
            Answer::Handed(Err(Error::Fault(fault))) if fault.code == Code::Denied => {
                self.look.note(fault.message);
                Ok(())
            }
            Answer::Back(Some((client, events, Ok(attached)))) => {
                self.client = client;
                self.events = Some(events);
                self.look.away = None;
                self.way.leave().await;
                self.attached(attached)
            }
            Answer::Sized(Err(err @ Error::Fault(_)))
            | Answer::Handed(Err(err @ Error::Fault(_)))
            | Answer::Typed(_, Err(err @ Error::Fault(_)))
            | Answer::Back(Some((_, _, Err(err @ Error::Fault(_))))) => Err(err.into()),
            Answer::Attached(Err(_))
            | Answer::Sized(Err(_))
            | Answer::Handed(Err(_))
            | Answer::Typed(_, Err(_)) => self.lose(),
            Answer::Back(_) => {
                let pause = if self.soon.is_some() { AGAIN } else { LOOK };
                self.not_before = Some(Instant::now() + pause);
                Ok(())
            }
        }
    }

    /// The agent types, or they may not at all.
    fn refused(&mut self, fault: &Fault) {
        // What follows until somebody else types is not to be either.
        while let Some(Ask::Keys(_)) = self.asks.front() {
            self.asks.pop_front();
        }
        self.look.note(match fault.code {
            Code::Conflict => format!("{}: ctrl-] t takes over", fault.message),
            _ => fault.message.clone(),
        });
    }

    fn attached(&mut self, attached: Attached) -> anyhow::Result<()> {
        self.look.terminal = attached.terminal;
        self.look.note("");
        self.look.due = true;
        self.soon = None;
        self.go_in(attached.door)
    }

    /// Goes through the door where there is one, and where there is none lets the daemon draw.
    fn go_in(&mut self, door: Option<Door>) -> anyhow::Result<()> {
        let Some(door) = door else {
            return self.read_here();
        };
        // What is typed meanwhile is the holder's to read.
        self.way = Way::Nobody;
        self.enters = true;
        self.asked = Some(Box::pin(async move {
            Answer::Entered(Direct::through(&door, PREFIX).await)
        }));
        Ok(())
    }

    /// Leaves the holder, also where one is on the way in: whoever is told next that the terminal is
    /// theirs has it alone.
    async fn go_out(&mut self) {
        if std::mem::take(&mut self.enters)
            && let Some(entering) = self.asked.take()
            && let Answer::Entered(Some(direct)) = entering.await
        {
            self.way = Way::Direct(direct);
        }
        self.way.leave().await;
        self.way = Way::Nobody;
        self.entered = None;
    }

    /// Reads here what is typed; the daemon draws.
    fn read_here(&mut self) -> anyhow::Result<()> {
        self.entered = None;
        self.look.due = true;
        if self.look.away.is_some() {
            self.look.away = Some(false);
        }
        Ok(self.way.read_here()?)
    }

    /// The daemon is away: whoever is drawn by the holder stays, and it is looked for.
    fn lose(&mut self) -> anyhow::Result<()> {
        self.events = None;
        self.asked = None;
        (self.holds_up, self.enters) = (false, false);
        self.asks.clear();
        self.look.away = Some(self.entered.is_some());
        self.look.due = true;
        self.not_before = Some(Instant::now() + AGAIN);
        match self.way {
            Way::Direct(_) => Ok(()),
            _ => self.wait_for_the_next_door(),
        }
    }

    /// The holder draws no more: its daemon has a successor, or another reason.
    async fn shut_out(&mut self) -> anyhow::Result<()> {
        self.way.leave().await;
        let since = self.entered.take();
        self.look.note("");
        if self.look.away.is_some() {
            return match since {
                Some(_) => self.wait_for_the_next_door(),
                // It left because we were stopped.
                None => self.read_here(),
            };
        }
        // Read where it is decided who draws: perhaps the daemon is going away too.
        self.way = Way::Nobody;
        let worth = since.is_none_or(|since| since.elapsed() > WORTH);
        self.asks.push_back(Ask::Attach(match worth {
            true => View::Direct,
            false => View::Picture,
        }));
        Ok(())
    }

    /// Leaves what is typed where it is for a while: the holder was told of a new daemon, or will be.
    fn wait_for_the_next_door(&mut self) -> anyhow::Result<()> {
        self.way = Way::Nobody;
        self.entered = None;
        self.soon = Some(Instant::now() + SOON);
        self.not_before = Some(Instant::now() + AGAIN);
        self.look.away = Some(false);
        Ok(())
    }

    /// Draws all anew, as the window is now.
    async fn redraw(&mut self) {
        self.asks.retain(|ask| !matches!(ask, Ask::Size(_)));
        match &mut self.way {
            Way::Direct(direct) => {
                direct.redraw().await;
                if self.look.away.is_none() {
                    self.asks.push_back(Ask::Size(inner(self.look.window)));
                }
            }
            _ if self.look.away.is_none() => self.asks.push_back(Ask::Attach(View::Picture)),
            _ => {}
        }
        self.look.due = true;
    }

    /// Stops as the person's shell has it.
    async fn stop(&mut self) -> anyhow::Result<()> {
        self.leave().await;
        kill_process(getpid(), Signal::STOP)?;
        Ok(())
    }

    /// Goes on after a stop, by whomever: a shell had the terminal meanwhile.
    async fn go_on(&mut self) -> anyhow::Result<()> {
        self.taken = None;
        self.taken = Some(Taken::take()?);
        self.look.window = window()?;
        self.look.due = true;
        if self.look.away.is_some() {
            if let Way::Direct(_) = self.way {
                self.entered = None;
                self.redraw().await;
                return Ok(());
            }
            return self.read_here();
        }
        // The holder may have seen the stop, and left.
        self.go_out().await;
        self.asked = None;
        self.asks.push_front(Ask::Attach(View::Direct));
        Ok(())
    }

    /// Hears how it ended, where that is on its way.
    async fn hear_the_end(&mut self) -> Option<()> {
        while self.look.end().is_none() {
            let told = timeout(LOOK, next(&mut self.events)).await;
            if let Told::Event(event) = told.ok()?? {
                self.look.hear(*event);
            }
        }
        Some(())
    }
}

impl Ask {
    const fn holds_up_keys(&self) -> bool {
        matches!(self, Self::Take | Self::Give | Self::Keys(_))
    }
}

async fn next(events: &mut Option<Events>) -> Option<Told> {
    match events {
        Some(events) => events.next().await,
        None => pending().await,
    }
}

async fn answered(asked: &mut Option<BoxFuture<'static, Answer>>) -> Answer {
    match asked {
        Some(asked) => asked.await,
        None => pending().await,
    }
}
