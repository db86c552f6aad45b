//! One terminal at work: hears its holder, keeps the screen, serves who looks and who types.
//!
//! Owns the present of the terminal in this daemon; those who look at it are `viewers`. What is
//! stored of it, and who may do what by the rules of the house, is the daemon's; it hears of
//! changes as [`Note`]s.

mod viewers;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use smartopol_protocol::terminal::{End, Party, Size, Until};
use smartopol_protocol::{Code, Fault, TerminalId};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use super::link::{self, Link};
use super::screen::Screen;
use super::spool;
use super::terminal::{Ask, INBOX, Note, Notes, Present, Terminal, Typed};
use super::viewer::Viewer;
use super::waiting::Waiters;
use super::wire::{Hear, Say};

/// How much input may be on its way to a program that does not read.
const INPUT: u64 = 256 * 1024;

/// The shortest time between two pictures for one client: what changes faster is not seen.
const PACE: Duration = Duration::from_millis(12);

/// After so many bytes the present is kept for the next daemon; after fewer where its holder keeps
/// little.
const KEEP_EVERY: u64 = 8 << 20;

/// When it is tried again where it could not be kept.
const KEEP_AGAIN: Duration = Duration::from_secs(1);

/// How long the screen of a program that ended is kept in memory while nobody asks for it.
const LINGER: Duration = Duration::from_secs(60);

/// How much of what one missed who comes back is read at once.
const CATCH_UP: usize = 256 * 1024;

/// The task of a terminal.
pub struct Actor {
    id: TerminalId,
    folder: PathBuf,
    inbox: mpsc::Receiver<Ask>,
    wants: Arc<Notify>,
    notes: Notes,
    told: Typed,
    link: Option<Link>,
    screen: Screen,
    viewers: HashMap<u64, Arc<Viewer>>,
    /// Whom the holder lets in, and whether they may type.
    admitted: HashMap<u64, bool>,
    /// Somebody was let in since the link stands.
    was_direct: bool,
    /// Who types once the holder knows, the number of the last word about it, and those who wait
    /// for that.
    wanted: Party,
    number: u32,
    handing: Vec<(u32, Party, oneshot::Sender<()>)>,
    waiters: Waiters,
    killers: Vec<oneshot::Sender<Option<End>>>,
    /// How it ended, where that was heard here.
    end: Option<End>,
    typist: Party,
    /// Input that was sent, and that the holder has taken, since the link stands.
    sent: u64,
    typed: u64,
    /// What was asked before this byte was answered by somebody else.
    answered: u64,
    /// The present was kept at this byte.
    kept: u64,
    /// It could not be kept, and is tried again then: the holder may have no room without it.
    keep_at: Option<Instant>,
    wrote_at: Instant,
    drawn_at: Instant,
    ended: bool,
    /// The holder is gone, and what it left on the disk is being read; how the program ended,
    /// where that was said.
    leaving: Option<Option<End>>,
}

impl std::fmt::Debug for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Actor").field("id", &self.id).finish()
    }
}

/// What a terminal is taken up with.
pub(crate) struct Found {
    pub(crate) id: TerminalId,
    pub(crate) folder: PathBuf,
    pub(crate) size: Size,
    pub(crate) scrollback: usize,
    pub(crate) typist: Party,
    pub(crate) ended: bool,
}

impl Actor {
    /// Takes a terminal up, new or old, from what its folder holds. The task must be run.
    pub(crate) fn of(found: Found, notes: Notes, typed: Typed) -> (Terminal, Self) {
        let (sender, inbox) = mpsc::channel(INBOX);
        let wants = Arc::new(Notify::new());
        let folder = found.folder.clone();
        let terminal = Terminal::new(found.id, sender, Arc::clone(&wants), folder);
        let mut screen = Screen::new(found.size, found.scrollback);
        let kept = match link::kept(&found.folder, link::KEYFRAME) {
            Some((offset, size, keyframe)) => {
                screen.resize(size);
                screen.restore(&keyframe, offset);
                offset
            }
            None => 0,
        };
        let now = Instant::now();
        let actor = Self {
            id: found.id,
            folder: found.folder,
            inbox,
            wants,
            notes,
            told: typed,
            link: None,
            screen,
            viewers: HashMap::new(),
            admitted: HashMap::new(),
            was_direct: false,
            wanted: found.typist,
            number: 0,
            handing: Vec::new(),
            waiters: Waiters::default(),
            killers: Vec::new(),
            end: None,
            typist: found.typist,
            sent: 0,
            typed: 0,
            answered: 0,
            kept,
            keep_at: None,
            wrote_at: now,
            drawn_at: now.checked_sub(PACE).unwrap_or(now),
            ended: found.ended,
            leaving: None,
        };
        (terminal, actor)
    }

    /// Works until nobody needs it any more: while the program runs, and while somebody looks.
    pub async fn run(mut self) {
        match Link::connect(&self.folder, self.screen.offset()).await {
            Ok(link) if !self.ended => self.link = Some(link),
            _ => self.leaving = Some(None),
        }
        // The last daemon may have kept it and not come to say so.
        self.say(Say::Kept(self.kept)).await;
        let mut idle_since = Instant::now();
        loop {
            let due = self.due(idle_since);
            tokio::select! {
                biased;
                ask = self.inbox.recv() => match ask {
                    Some(ask) => {
                        idle_since = Instant::now();
                        self.answer(ask).await;
                    }
                    None => return,
                },
                () = self.wants.notified() => self.attend().await,
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {}
                heard = hear(self.link.as_mut()) => match heard {
                    Some(heard) => self.hear(heard).await,
                    None => self.leave(None),
                },
                () = std::future::ready(()), if self.leaving.is_some() => self.read_on().await,
            }
            let now = Instant::now();
            if self
                .screen
                .held_until()
                .is_some_and(|until| now >= until.into())
            {
                self.screen.draw();
                self.stale();
            }
            if self.keep_at.is_some_and(|at| now >= at) {
                self.keep().await;
            }
            let quiet = now.duration_since(self.wrote_at);
            self.waiters.quiet(quiet, self.screen.offset());
            self.refresh();
            if self.ended && self.viewers.is_empty() && idle_since.elapsed() >= LINGER {
                return;
            }
        }
    }

    /// Returns when something must be done by itself.
    fn due(&self, idle_since: Instant) -> Option<Instant> {
        let held = self.screen.held_until().map(Instant::from);
        let quiet = self.waiters.next_quiet().map(|quiet| self.wrote_at + quiet);
        let waits = |viewer: &Arc<Viewer>| viewer.waits() && !viewer.catches_up();
        let drawn = self
            .viewers
            .values()
            .any(waits)
            .then(|| self.drawn_at + PACE);
        let idle = (self.ended && self.viewers.is_empty()).then(|| idle_since + LINGER);
        [held, quiet, drawn, idle, self.keep_at]
            .into_iter()
            .flatten()
            .min()
    }

    async fn answer(&mut self, ask: Ask) {
        match ask {
            Ask::Attach(viewer, reply) => self.attach(viewer, reply).await,
            Ask::Resize(client, size, reply) => {
                if let Some(viewer) = self.viewers.get(&client) {
                    viewer.resize(size);
                    self.fit().await;
                }
                let _ = reply.send(self.screen.size());
            }
            Ask::Write(by, bytes, reply) => {
                let written = self.write(by, bytes).await;
                let _ = reply.send(written);
            }
            Ask::Hand(typist, reply) => {
                self.wanted = typist;
                if self.was_direct && self.link.is_some() {
                    // What was typed before is not known before the holder says so.
                    self.say_who_types().await;
                    self.handing.push((self.number, typist, reply));
                } else {
                    self.typist = typist;
                    let _ = reply.send(());
                }
            }
            Ask::Look(scrollback, reply) => {
                let _ = reply.send(self.screen.look(scrollback));
            }
            Ask::Wait(until, reply) => {
                let offset = self.screen.offset();
                let before = match &until {
                    Until::Matches {
                        since: Some(since), ..
                    } => self.written_since(*since),
                    _ => Vec::new(),
                };
                self.waiters
                    .add(until, reply, (&before, offset, self.ended));
            }
            Ask::Present(reply) => {
                let _ = reply.send(Present {
                    offset: self.screen.offset(),
                    attached: self.viewers.values().map(|viewer| viewer.told()).collect(),
                });
            }
            Ask::Signal(number) => self.say(Say::Signal(number)).await,
            Ask::Kill(reply) => {
                if self.ended {
                    // Perhaps nobody has stored it yet.
                    let _ = reply.send(self.end.clone());
                } else {
                    self.killers.push(reply);
                    self.say(Say::Kill).await;
                }
            }
            Ask::Keep(reply) => {
                self.keep().await;
                let _ = reply.send(());
            }
        }
    }

    /// Returns what was written since a byte, as far as it is kept and not beyond measure.
    fn written_since(&self, since: u64) -> Vec<u8> {
        let offset = self.screen.offset();
        let since = since.max(offset.saturating_sub(1 << 20));
        let most = usize::try_from(offset.saturating_sub(since)).unwrap_or(0);
        link::piece(&self.folder, since, most).map_or_else(|_| Vec::new(), |(_, bytes)| bytes)
    }

    async fn write(&mut self, by: Party, bytes: Bytes) -> Result<(), Fault> {
        if self.ended {
            return Err(
                Fault::new(Code::Conflict, "the program has ended").hint("open another terminal")
            );
        }
        // While it is handed over, nobody types.
        if by != self.typist || by != self.wanted {
            return Err(match by {
                Party::Person => Fault::new(Code::Conflict, "the agent types in this terminal")
                    .hint("take it over first (`terminal/take`)"),
                Party::Agent => Fault::new(
                    Code::Conflict,
                    "a person has taken this terminal over, so the agent cannot type in it",
                )
                .hint("wait until they give it back, or open another one"),
            });
        }
        if self.sent.saturating_sub(self.typed) + bytes.len() as u64 > INPUT {
            return Err(Fault::new(
                Code::Busy,
                "the program does not read what was typed before",
            )
            .hint("wait until it does, or interrupt it"));
        }
        self.sent += bytes.len() as u64;
        if by == Party::Person && self.was_direct && self.link.is_some() {
            // The holder knows what of others came before it, and what after.
            self.say(Say::Keys(bytes)).await;
        } else {
            self.told.tell(self.id, &bytes);
            self.say(Say::Input(bytes)).await;
        }
        Ok(())
    }

    /// Tells the holder who types.
    async fn say_who_types(&mut self) {
        self.number = self.number.wrapping_add(1);
        let (number, typist) = (self.number, self.wanted);
        self.say(Say::Typist { number, typist }).await;
    }

    async fn say(&mut self, word: Say) {
        if let Some(link) = &mut self.link {
            // A holder that is gone shows where it is heard.
            let _ = link.say(word).await;
        }
    }

    async fn note(&self, note: Note) {
        // A daemon that stops takes no more.
        let _ = self.notes.send((self.id, note)).await;
    }

    async fn hear(&mut self, heard: Hear) {
        match heard {
            Hear::Output { offset, bytes } => {
                // A piece that was seen already comes where the link was made anew.
                let seen = self.screen.offset().saturating_sub(offset);
                let seen = usize::try_from(seen).unwrap_or(usize::MAX).min(bytes.len());
                self.feed(bytes.slice(seen..)).await;
                if self.keep_at.is_none() && self.is_to_be_kept() {
                    self.keep().await;
                }
                // Before others have their turn: somebody waits for the echo of a key.
                self.refresh();
                // However much comes, others have their turn after each piece.
                tokio::task::yield_now().await;
            }
            Hear::Typed(typed) => {
                // The holder counts from its beginning, this from the link's.
                if self.sent == 0 {
                    self.sent = typed;
                }
                self.typed = typed;
                self.sent = self.sent.max(typed);
            }
            Hear::Closed(closed) => self.note(Note::Closed(closed)).await,
            Hear::Trouble(errno) => {
                let why = (errno != 0).then(|| trouble(errno));
                self.note(Note::Trouble(why)).await;
            }
            Hear::Ended { end, .. } => self.leave(Some(end)),
            Hear::Answered(offset) => self.answered = offset,
            Hear::Keyed(bytes) => self.told.tell(self.id, &bytes),
            Hear::Handed(number) => {
                // Of several words in a row only the last is answered.
                let done = self.handing.iter().take_while(|(own, ..)| *own <= number);
                let done = done.count();
                for (_, typist, reply) in self.handing.drain(..done) {
                    self.typist = typist;
                    let _ = reply.send(());
                }
            }
        }
    }

    async fn feed(&mut self, bytes: Bytes) {
        if bytes.is_empty() {
            return;
        }
        let offset = self.screen.offset();
        let known = self.answered.saturating_sub(offset);
        let known = usize::try_from(known)
            .unwrap_or(usize::MAX)
            .min(bytes.len());
        let (known, new) = bytes.split_at(known);
        drop(self.screen.feed(known));
        let answers = self.screen.feed(new);
        self.wrote_at = Instant::now();
        if !answers.is_empty() {
            self.say(Say::Answer {
                offset: self.screen.offset(),
                bytes: answers.into(),
            })
            .await;
        }
        for viewer in self.viewers.values() {
            viewer.output(offset, &bytes);
        }
        self.waiters.output(&bytes, self.screen.offset());
    }

    /// Keeps a keyframe in the file of this name.
    async fn store(&self, name: &'static str, offset: u64, keyframe: Vec<u8>) -> bool {
        let (folder, size) = (self.folder.clone(), self.screen.size());
        let kept = tokio::task::spawn_blocking(move || {
            link::keep(&folder, name, offset, size, &keyframe).is_ok()
        });
        kept.await.unwrap_or(false)
    }

    /// Returns true where so much came since the present was kept that the holder needs the room.
    fn is_to_be_kept(&self) -> bool {
        let part = self.link.as_ref().map(|link| spool::part(link.spool_bytes));
        let since = self.screen.offset().saturating_sub(self.kept);
        part.is_some_and(|part| since >= part.min(KEEP_EVERY))
    }

    /// Keeps the present, so that a later daemon begins with it, and lets the holder forget.
    async fn keep(&mut self) {
        let (offset, keyframe) = self.screen.keyframe();
        self.keep_at = None;
        // Where it cannot be kept, the holder keeps what it has, and the program waits in the end.
        if self.store(link::KEYFRAME, offset, keyframe).await {
            self.kept = offset;
            self.say(Say::Kept(offset)).await;
        } else if self.is_to_be_kept() {
            self.keep_at = Some(Instant::now() + KEEP_AGAIN);
        }
    }

    /// The program ended, or the holder is gone: what it wrote last is on the disk.
    fn leave(&mut self, end: Option<End>) {
        self.link = None;
        self.admitted.clear();
        self.typist = self.wanted;
        for (_, _, reply) in self.handing.drain(..) {
            let _ = reply.send(());
        }
        self.leaving = Some(end);
    }

    /// Reads a piece of what is on the disk; at its end all is over.
    async fn read_on(&mut self) {
        let from = self.screen.offset();
        let piece = link::piece(&self.folder, from, CATCH_UP);
        match piece {
            Ok((begin, bytes)) if begin == from && !bytes.is_empty() => {
                // Nobody is there any more who could be answered.
                self.feed(bytes.into()).await;
                tokio::task::yield_now().await;
            }
            _ => {
                let end = self.leaving.take().flatten();
                self.over(end).await;
            }
        }
    }

    async fn over(&mut self, end: Option<End>) {
        if self.ended {
            return;
        }
        self.keep().await;
        self.ended = true;
        let end = end
            .or_else(|| link::ended(&self.folder))
            .unwrap_or_else(|| End::Lost {
                reason: "the process that held the terminal is gone".into(),
            });
        self.end = Some(end.clone());
        self.waiters.ended(self.screen.offset());
        for killer in self.killers.drain(..) {
            let _ = killer.send(Some(end.clone()));
        }
        self.note(Note::Ended(end)).await;
    }
}

async fn hear(link: Option<&mut Link>) -> Option<Hear> {
    match link {
        Some(link) => link.hear().await,
        None => std::future::pending().await,
    }
}

/// Returns what a person is told of a disk that does not take what a program writes.
fn trouble(errno: i32) -> String {
    let err = std::io::Error::from_raw_os_error(errno);
    match err.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            "the disk is full: the program waits until there is room".into()
        }
        _ => format!("what it writes cannot be kept, so the program waits: {err}"),
    }
}
