//! What the house does with terminals: who opened which, what is stored of them, their end.
//!
//! Owns: which terminals are at work in this daemon. What a terminal shows is its own task's; the
//! processes and their bytes are the hands' part.

mod late;
mod line;
mod looking;
mod open;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use smartopol_protocol::terminal::{End, Party, Shown, Terminal, TerminalState};
use smartopol_protocol::{Code, Fault, News, SessionId, TerminalId};
use smartopol_tools::terminals::{self, Actor, Known, Note, Notes, Typed};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::House;
use late::Late;

/// How many notes of terminals wait for the store.
const NOTES: usize = 256;

/// How long a program may take to end when it is asked to, before one goes on without it.
const END_WITHIN: Duration = Duration::from_secs(5);

/// The terminals of the house.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) hands: terminals::Terminals,
    /// Those whose files the last daemon left. Listed before anybody is served: one that is being
    /// opened has files too, and is not stored yet.
    left: Mutex<Vec<TerminalId>>,
    live: Mutex<HashMap<TerminalId, Live>>,
    memory: Arc<looking::Memory>,
    /// Those that somebody wants to end.
    ending: Mutex<HashSet<TerminalId>>,
    notes: Notes,
    heard: Mutex<Option<mpsc::Receiver<(TerminalId, Note)>>>,
}

/// A terminal at work, and what is stored of it and does not change while it runs.
#[derive(Clone, Debug)]
struct Live {
    there: terminals::Terminal,
    stored: Terminal,
    /// Held while it is handed over: what is stored and what is so change in the same order.
    handing: Arc<tokio::sync::Mutex<()>>,
}

impl Desk {
    pub(crate) fn new(hands: terminals::Terminals) -> Self {
        let (notes, heard) = mpsc::channel(NOTES);
        Self {
            left: Mutex::new(hands.kept()),
            hands,
            live: Mutex::default(),
            memory: Arc::default(),
            ending: Mutex::default(),
            notes,
            heard: Mutex::new(Some(heard)),
        }
    }

    fn live(&self) -> MutexGuard<'_, HashMap<TerminalId, Live>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ending(&self) -> MutexGuard<'_, HashSet<TerminalId>> {
        self.ending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_up(&self, known: Known) -> (terminals::Terminal, Actor) {
        let memory = Arc::clone(&self.memory);
        let typed = Typed::new(move |id, text| memory.typed(id, text));
        self.hands.take_up(known, self.notes.clone(), typed)
    }

    /// Looks at what a terminal would do with what is typed.
    pub(crate) fn look_at(&self, id: TerminalId) -> Looked {
        let stored = self.live().get(&id).map(|live| live.stored.clone());
        self.memory.look_at(&self.hands, stored.as_ref(), id)
    }

    /// Something was typed that another program than the shell may have read, or not.
    pub(crate) fn unsure(&self, id: TerminalId) {
        self.memory.unsure(id);
    }

    /// Keeps a look until its call is carried out.
    pub(crate) fn remember(&self, mark: u64, looked: Looked) {
        self.memory.remember(mark, looked);
    }

    /// Returns the look of a call, once.
    pub(crate) fn recall(&self, mark: u64) -> Option<Looked> {
        self.memory.recall(mark)
    }

    /// Returns the number of the byte that the agent reads next.
    pub(crate) fn read_to(&self, id: TerminalId) -> u64 {
        self.memory.read_to(id)
    }

    /// The agent has read what comes before this byte.
    pub(crate) fn has_read(&self, id: TerminalId, offset: u64) {
        self.memory.has_read(id, offset);
    }
}

/// Takes up what the last daemon left, and listens from now on.
pub(crate) async fn resume(house: &House) -> Result<(), smartopol_store::Error> {
    let heard = {
        let mut heard = house.terminals.heard.lock();
        heard.as_deref_mut().ok().and_then(Option::take)
    };
    if let Some(heard) = heard {
        house
            .supervisor
            .spawn("terminals", listen(house.clone(), heard));
    }
    let known = house.store.read(|r| r.terminals()).await?;
    let left = house
        .terminals
        .left
        .lock()
        .map(|mut left| std::mem::take(&mut *left));
    for id in left.unwrap_or_default() {
        if !known.iter().any(|terminal| terminal.id == id) {
            house
                .supervisor
                .spawn("lost terminal", forget(house.clone(), id));
        }
    }
    for terminal in known.iter().filter(|terminal| terminal.runs()) {
        at_work(house, terminal);
    }
    Ok(())
}

/// Ends and removes what was begun and never stored: the daemon was killed in between.
async fn forget(house: House, id: TerminalId) {
    let (terminal, actor) = house.terminals.take_up(Known {
        id,
        size: open::usual_size(&house),
        typist: Party::Person,
        ended: false,
    });
    house.supervisor.spawn("terminal", actor.run());
    if tokio::time::timeout(END_WITHIN, terminal.kill())
        .await
        .is_err()
    {
        // The next daemon finds it again.
        tracing::warn!(terminal = %id, "what is left of a terminal does not end");
        return;
    }
    if let Err(err) = house.terminals.hands.remove(id) {
        tracing::warn!(terminal = %id, "what is left of a terminal cannot be removed: {err}");
    }
}

/// Returns the terminal at work; one whose program ended is taken up again to be looked at.
fn at_work(house: &House, terminal: &Terminal) -> terminals::Terminal {
    let mut live = house.terminals.live();
    let before = live.get(&terminal.id);
    if let Some(live) = before.filter(|live| !live.there.is_gone()) {
        return live.there.clone();
    }
    let handing = before.map(|live| Arc::clone(&live.handing));
    let known = Known {
        id: terminal.id,
        size: terminal.size,
        typist: terminal.typist,
        ended: !terminal.runs(),
    };
    let (there, actor) = house.terminals.take_up(known);
    let stop = house.supervisor.stopping().clone();
    house.supervisor.spawn("terminal", async move {
        let _ = stop.run_until_cancelled(actor.run()).await;
    });
    let known = Live {
        there: there.clone(),
        stored: terminal.clone(),
        handing: handing.unwrap_or_default(),
    };
    live.insert(terminal.id, known);
    there
}

/// Returns a terminal, as it is stored and at work.
pub(crate) async fn get(
    house: &House,
    id: TerminalId,
) -> Result<(Terminal, terminals::Terminal), Fault> {
    let terminal = house.store.read(move |r| r.terminal(id)).await?;
    let there = at_work(house, &terminal);
    Ok((terminal, there))
}

/// Returns a terminal at work. Where it is, nothing is read: a key that is typed does not wait for
/// the store.
pub(crate) async fn there(house: &House, id: TerminalId) -> Result<terminals::Terminal, Fault> {
    let live = house.terminals.live().get(&id).cloned();
    match live.filter(|live| !live.there.is_gone()) {
        Some(live) => Ok(live.there),
        None => Ok(get(house, id).await?.1),
    }
}

/// Returns a terminal and what is so right now.
pub(crate) async fn shown(house: &House, terminal: Terminal) -> Result<Shown, Fault> {
    let there = at_work(house, &terminal);
    let present = there.present().await?;
    let (foreground, waits) = match terminal.state {
        TerminalState::Running { pid, .. } => house.terminals.hands.in_front(pid),
        TerminalState::Ended { .. } => (String::new(), false),
    };
    Ok(Shown {
        offset: present.offset,
        attached: present.attached,
        terminal,
        waits,
        foreground,
    })
}

pub(crate) use line::INTERRUPT;
pub(crate) use looking::Looked;
pub(crate) use open::{checked, finds, open, shell, size_of, usual_size};

/// Says who types in a terminal from now on.
pub(crate) async fn hand(house: &House, id: TerminalId, typist: Party) -> Result<Terminal, Fault> {
    get(house, id).await?;
    let handing = {
        let live = house.terminals.live();
        live.get(&id).map(|live| Arc::clone(&live.handing))
    };
    let handing = handing.unwrap_or_default();
    let _handing = handing.lock().await;
    let at = house.clock.now();
    let change = move |terminal: &mut Terminal| terminal.typist = typist;
    let terminal = house
        .store
        .write(move |w| w.change_terminal(id, at, change))
        .await?;
    let handed = at_work(house, &terminal);
    let _ = tokio::time::timeout(END_WITHIN, handed.hand(typist)).await;
    Ok(terminal)
}

/// Ends the program of a terminal.
pub(crate) async fn kill(house: &House, id: TerminalId) -> Result<Terminal, Fault> {
    let (terminal, there) = get(house, id).await?;
    if terminal.runs() {
        house.terminals.ending().insert(id);
        if let Ok(Some(end)) = tokio::time::timeout(END_WITHIN, there.kill()).await {
            ended(house, id, end).await?;
        }
    }
    Ok(house.store.read(move |r| r.terminal(id)).await?)
}

/// Stores how a program ended, where its terminal says that it has: the note of it may still be on
/// its way, and whoever waited reads what is stored.
pub(crate) async fn has_ended(house: &House, there: &terminals::Terminal) -> Result<(), Fault> {
    // Nothing runs that this could end.
    if let Ok(Some(end)) = tokio::time::timeout(END_WITHIN, there.kill()).await {
        ended(house, there.id(), end).await?;
    }
    Ok(())
}

/// Ends a terminal and removes all that is kept of it.
pub(crate) async fn close(house: &House, id: TerminalId) -> Result<(), Fault> {
    if kill(house, id).await?.runs() {
        // Without its files nobody would ever find it again.
        return Err(Fault::new(
            Code::Unavailable,
            format!("the program of {id} has not ended yet, so its terminal stays"),
        )
        .hint("try it again in a moment"));
    }
    let at = house.clock.now();
    house
        .store
        .write(move |w| w.remove_terminal(id, at))
        .await?;
    house.terminals.live().remove(&id);
    house.terminals.memory.forget(id);
    house.terminals.ending().remove(&id);
    if let Err(err) = house.terminals.hands.remove(id) {
        tracing::warn!(terminal = %id, "the files of a terminal cannot be removed: {err}");
    }
    Ok(())
}

/// Closes the terminals of a session that is being removed.
pub(crate) async fn end_with(house: &House, session_id: SessionId) {
    let Ok(known) = house.store.read(|r| r.terminals()).await else {
        return;
    };
    for terminal in known {
        if terminal.session_id == Some(session_id)
            && let Err(fault) = close(house, terminal.id).await
        {
            tracing::warn!(terminal = %terminal.id, "a terminal stays: {fault}");
        }
    }
}

/// Ends all programs.
pub(crate) async fn end_all(house: &House) {
    let Ok(known) = house.store.read(|r| r.terminals()).await else {
        return;
    };
    for terminal in known.into_iter().filter(Terminal::runs) {
        if let Err(fault) = kill(house, terminal.id).await {
            tracing::warn!(terminal = %terminal.id, "a terminal could not be ended: {fault}");
        }
    }
}

/// Keeps the present of all for the next daemon.
pub(crate) async fn keep_all(house: &House) {
    let live: Vec<_> = house.terminals.live().values().cloned().collect();
    for live in live {
        let _ = tokio::time::timeout(END_WITHIN, live.there.keep()).await;
    }
}

/// Stores what happens in terminals. Word of a disk that is full may find the database's full too:
/// what is refused is tried again until it is kept.
async fn listen(house: House, mut heard: mpsc::Receiver<(TerminalId, Note)>) {
    let stop = house.supervisor.stopping().clone();
    let mut late = Late::default();
    loop {
        let due = late.due();
        let notes: Vec<_> = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            note = heard.recv() => match note {
                Some(note) => vec![note],
                None => return,
            },
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => late.take(),
        };
        for (id, note) in notes {
            late.outdate(id, &note);
            let Err(err) = take_note(&house, id, note.clone()).await else {
                continue;
            };
            tracing::warn!(terminal = %id, "what happened in a terminal cannot be stored: {err}");
            // Of one that was removed there is nothing to be told any more.
            if !matches!(err, smartopol_store::Error::NotFound { .. }) {
                late.keep(id, note, Instant::now());
            }
        }
    }
}

async fn take_note(
    house: &House,
    id: TerminalId,
    note: Note,
) -> Result<(), smartopol_store::Error> {
    match note {
        Note::Sized(size, client) => {
            house
                .store
                .write(move |w| w.size_terminal(id, size))
                .await?;
            house
                .bus
                .tell(None, News::TerminalSized { id, size, client });
            Ok(())
        }
        Note::Closed(now) => running(house, id, move |closed, _| *closed = now).await,
        Note::Trouble(why) => running(house, id, move |_, trouble| *trouble = why).await,
        Note::Ended(end) => {
            ended(house, id, end).await?;
            prune(house).await
        }
    }
}

/// Stores how a program ended; whoever hears of it first does.
async fn ended(house: &House, id: TerminalId, end: End) -> Result<(), smartopol_store::Error> {
    let at = house.clock.now();
    let asked = house.terminals.ending().contains(&id);
    let why = sentence(&end);
    let well = asked || matches!(end, End::Exited { code: 0 });
    house
        .store
        .write(move |w| match w.end_terminal(id, end, at)? {
            Some(terminal) if !well => w.attend_terminal(&terminal, why, at),
            _ => Ok(()),
        })
        .await
}

async fn running(
    house: &House,
    id: TerminalId,
    change: impl FnOnce(&mut bool, &mut Option<String>) + Send + 'static,
) -> Result<(), smartopol_store::Error> {
    let at = house.clock.now();
    let change = move |terminal: &mut Terminal| {
        if let TerminalState::Running {
            closed, trouble, ..
        } = &mut terminal.state
        {
            change(closed, trouble);
        }
    };
    house
        .store
        .write(move |w| w.change_terminal(id, at, change))
        .await
        .map(drop)
}

/// Removes the oldest of those whose program has ended where there are too many.
async fn prune(house: &House) -> Result<(), smartopol_store::Error> {
    let known = house.store.read(|r| r.terminals()).await?;
    let mut ended: Vec<&Terminal> = known.iter().filter(|terminal| !terminal.runs()).collect();
    ended.sort_by_key(|terminal| std::cmp::Reverse(terminal.since));
    let keep = usize::try_from(house.config.terminals.keep_ended).unwrap_or(usize::MAX);
    for terminal in ended.into_iter().skip(keep) {
        if let Err(fault) = close(house, terminal.id).await {
            tracing::warn!(terminal = %terminal.id, "an old terminal stays: {fault}");
        }
    }
    Ok(())
}

/// Returns how a program ended, as a sentence for people and models.
pub(crate) fn sentence(end: &End) -> String {
    match end {
        End::Exited { code } => format!("exit code {code}"),
        End::Signaled { signal } => format!("ended by signal {signal}"),
        End::NotStarted { reason } => format!("not started: {reason}"),
        End::Abandoned => "ended, because no daemon came for too long".into(),
        End::Lost { reason } => format!("nobody knows how it ended: {reason}"),
    }
}
