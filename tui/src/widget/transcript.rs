//! The conversation, laid out.
//!
//! Owns which rows are seen. A message is laid out once for a width and kept until it changes;
//! only what is near the screen is laid out at all. Scrolling holds on to a message, so the place
//! stays through resizing, folding and older pages.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeSet, HashMap};
use std::hash::{Hash, Hasher};
use std::rc::Rc;

use ratatui::text::Line;
use smartopol_protocol::message::{Part, Role, fold};
use smartopol_protocol::tool::CallState;
use smartopol_protocol::{MessageId, SessionId};

use super::below::{ending, going_on, waiting, why};
use super::message::{command, message};
use super::speech::Speech;
use super::welcome;
use crate::app::{App, Fold, Piece, Seek, View};
use crate::model::Transcript;
use crate::model::transcript::Entry;

/// How many laid out messages are kept.
const KEPT: usize = 1_000;

/// How many messages before an end of the window its next page is asked for.
const NEAR: usize = 40;

/// One line of the conversation.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Row {
    pub(crate) line: Line<'static>,
    /// What opens or folds here.
    pub(crate) fold: Option<Fold>,
    /// What it is part of.
    pub(crate) piece: Option<Piece>,
}

impl Row {
    pub(crate) const fn plain(line: Line<'static>) -> Self {
        Self {
            line,
            fold: None,
            piece: None,
        }
    }

    pub(crate) fn blank() -> Self {
        Self::default()
    }
}

/// Which part of the conversation is seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Scroll {
    /// The end, wherever it is.
    #[default]
    Follow,
    /// A block is at the top.
    At {
        block: Anchor,
        /// How many of its rows are above the top.
        skip: usize,
        /// The last message when following ended.
        seen: u64,
    },
}

/// A block that the place holds on to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    Message(u64),
    /// Something after all messages.
    Extra(usize),
}

#[derive(Debug)]
struct Page {
    key: u64,
    used: u64,
    rows: Rc<[Row]>,
    /// What was painted then, where some of its code was not.
    unpainted: Option<u64>,
}

/// The laid out conversation.
#[derive(Debug, Default)]
pub(crate) struct Pages {
    pages: HashMap<MessageId, Page>,
    speech: Speech,
    session: Option<SessionId>,
    stamp: u64,
    shown: Vec<Row>,
    seen: Vec<Fold>,
    pieces: Vec<Piece>,
    fresh: u64,
    /// The position of the message at the top, and how many of its rows are above.
    top: Option<(u64, usize)>,
    /// The position of the last message on the screen.
    bottom: Option<u64>,
    /// True where the screen is near the oldest message here, and near the newest.
    near: (bool, bool),
    /// How far a person asked to scroll since the last layout.
    asked: i64,
}

impl App {
    /// Scrolls by rows at the next layout.
    pub(crate) fn scroll(&mut self, by: i64) {
        self.pages.asked = self.pages.asked.saturating_add(by);
    }
}

/// Everything a layout is made of.
struct Sheet<'a> {
    app: &'a App,
    transcript: &'a Transcript,
    view: &'a View,
    extras: Vec<Rc<[Row]>>,
    room: usize,
}

/// A place: the block, and how many of its rows are above.
type Top = (usize, usize);

impl Pages {
    /// Returns the rows that are seen.
    pub(crate) fn rows(&self) -> &[Row] {
        &self.shown
    }

    /// Returns what can be opened or folded on the screen, from the top.
    pub(crate) fn seen(&self) -> &[Fold] {
        &self.seen
    }

    /// Returns what can be picked on the screen, from the top.
    pub(crate) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Returns how many messages came since following ended.
    pub(crate) const fn fresh(&self) -> u64 {
        self.fresh
    }

    /// Returns the position of the message at the top, and how many of its rows are above.
    pub(crate) const fn top(&self) -> Option<(u64, usize)> {
        self.top
    }

    /// Returns the position of the last message on the screen.
    pub(crate) const fn bottom(&self) -> Option<u64> {
        self.bottom
    }

    /// Returns whether the screen is near the oldest message here, and near the newest.
    pub(crate) const fn near(&self) -> (bool, bool) {
        self.near
    }

    /// Returns true where something on the screen is open.
    pub(crate) fn is_open(&self, fold: Fold) -> bool {
        let head = self.shown.iter().find(|row| row.fold == Some(fold));
        head.is_some_and(|row| {
            row.line
                .spans
                .iter()
                .any(|span| span.content.starts_with('▾'))
        })
    }

    /// Lays out what is seen, and settles where that is.
    pub(crate) fn arrange(&mut self, app: &App, view: &mut View, room: usize, height: usize) {
        self.stamp += 1;
        let asked = std::mem::take(&mut self.asked);
        self.shown.clear();
        self.seen.clear();
        self.pieces.clear();
        self.fresh = 0;
        (self.top, self.bottom) = (None, None);
        self.near = (false, false);
        let Some(transcript) = app.transcript() else {
            return;
        };
        if self.session != app.current {
            self.session = app.current;
            self.speech = Speech::default();
        }
        let seek = view.seek.take_if(|_| view.jump.is_none());
        // What comes after the newest message has its place only there.
        let extras = if transcript.has_newer() {
            Vec::new()
        } else {
            self.extras(app, transcript, view, room)
        };
        let sheet = Sheet {
            app,
            transcript,
            view,
            extras,
            room,
        };
        if sheet.blocks() == 0 {
            self.shown = welcome::welcome(app, room, height);
            return;
        }
        let bottom = self.up(&sheet, (sheet.blocks(), 0), height);
        let mut top = match view.scroll {
            Scroll::Follow => bottom,
            Scroll::At { block, skip, .. } => sheet.place(block, skip),
        };
        if asked < 0 {
            top = self.up(&sheet, top, usize::try_from(-asked).unwrap_or(usize::MAX));
        } else if asked > 0 {
            top = self.down(&sheet, top, usize::try_from(asked).unwrap_or(usize::MAX));
        }
        if let Some(seek) = seek {
            top = self.sought(&sheet, &seek, height);
        }
        let scroll = if top >= bottom && !transcript.has_newer() {
            Scroll::Follow
        } else {
            sheet.scroll(top.min(bottom))
        };
        let top = top.min(bottom);
        self.collect(&sheet, top, height);
        let place = sheet.position(top.0).map(|position| (position, top.1));
        self.top = place;
        if let Scroll::At { seen, .. } = scroll {
            self.fresh = sheet.fresh(seen);
        }
        view.scroll = scroll;
        if self.pages.len() > KEPT {
            let stamp = self.stamp;
            self.pages.retain(|_, page| page.used == stamp);
        }
    }

    fn collect(&mut self, sheet: &Sheet<'_>, top: Top, height: usize) {
        let (mut block, mut skip) = top;
        let first = block;
        while self.shown.len() < height && block < sheet.blocks() {
            self.bottom = sheet.position(block).or(self.bottom);
            let rows = self.block(sheet, block);
            let left = height - self.shown.len();
            self.shown
                .extend(rows.iter().skip(skip).take(left).cloned());
            (block, skip) = (block + 1, 0);
        }
        let entries = sheet.transcript.entries().len();
        self.near = (first < NEAR, block + NEAR > entries);
        self.seen = self.shown.iter().filter_map(|row| row.fold).collect();
        for piece in self.shown.iter().filter_map(|row| row.piece) {
            if !self.pieces.contains(&piece) {
                self.pieces.push(piece);
            }
        }
    }

    /// Returns the place that shows what is sought in the upper part of the screen.
    fn sought(&mut self, sheet: &Sheet<'_>, seek: &Seek, height: usize) -> Top {
        let (mut block, _) = sheet.place(Anchor::Message(seek.position), 0);
        // What a call gave back stands on the card of the message before.
        let entries = sheet.transcript.entries();
        let is_output = entries
            .get(block)
            .is_some_and(|entry| entry.message.role == Role::Tool);
        if is_output {
            block = block.saturating_sub(1);
        }
        let rows = self.block(sheet, block);
        let holds = |row: &Row| fold(&row.line.to_string()).contains(&seek.needle);
        let row = if seek.needle.is_empty() {
            0
        } else {
            rows.iter().position(holds).unwrap_or(0)
        };
        self.up(sheet, (block, row), height / 3)
    }

    /// Walks rows up from a place.
    fn up(&mut self, sheet: &Sheet<'_>, from: Top, rows: usize) -> Top {
        let (mut block, mut skip) = from;
        let mut left = rows;
        loop {
            if skip >= left {
                return (block, skip - left);
            }
            left -= skip;
            let Some(above) = block.checked_sub(1) else {
                return (0, 0);
            };
            block = above;
            skip = if left > 1 << 40 {
                0
            } else {
                self.block(sheet, block).len()
            };
            if left > 1 << 40 {
                return (0, 0);
            }
        }
    }

    /// Walks rows down from a place.
    fn down(&mut self, sheet: &Sheet<'_>, from: Top, rows: usize) -> Top {
        let (mut block, mut skip) = from;
        let mut left = rows;
        while block < sheet.blocks() {
            let own = self.block(sheet, block).len();
            if skip + left < own {
                return (block, skip + left);
            }
            left -= own.saturating_sub(skip);
            (block, skip) = (block + 1, 0);
        }
        (block, 0)
    }

    fn block(&mut self, sheet: &Sheet<'_>, number: usize) -> Rc<[Row]> {
        let Some(entry) = sheet.transcript.entries().get(number) else {
            let extra = number.saturating_sub(sheet.transcript.entries().len());
            return sheet.extras.get(extra).cloned().unwrap_or_default();
        };
        let key = sheet.key(entry);
        if let Some(page) = self
            .pages
            .get_mut(&entry.message.id)
            .filter(|page| page.key == key)
            .filter(|page| {
                page.unpainted
                    .is_none_or(|then| then == sheet.app.paints.revision())
            })
        {
            page.used = self.stamp;
            return Rc::clone(&page.rows);
        }
        let missed = sheet.app.paints.missed();
        let rows: Rc<[Row]> = message(
            sheet.app,
            sheet.transcript,
            sheet.view,
            &entry.message,
            sheet.room,
        )
        .into();
        let page = Page {
            key,
            used: self.stamp,
            rows: Rc::clone(&rows),
            unpainted: (sheet.app.paints.missed() != missed).then(|| sheet.app.paints.revision()),
        };
        self.pages.insert(entry.message.id, page);
        rows
    }

    /// Lays out what comes after all messages.
    fn extras(
        &mut self,
        app: &App,
        transcript: &Transcript,
        view: &View,
        room: usize,
    ) -> Vec<Rc<[Row]>> {
        let mut extras: Vec<Rc<[Row]>> = Vec::new();
        let mut add = |rows: Vec<Row>| {
            if !rows.is_empty() {
                extras.push(rows.into_iter().chain([Row::blank()]).collect());
            }
        };
        if let Some(partial) = transcript.partial() {
            add(self.speech.rows(app, partial, room));
        }
        add(going_on(app, transcript, room));
        add(ending(app, transcript, room));
        let commands = transcript.queue().iter().filter(|own| own.is_command());
        for own in commands {
            add(command(app, transcript, view, own, room));
        }
        let newest = app.waiting().last().map(|own| own.id);
        for own in app.waiting() {
            add(waiting(
                app,
                &own.text(),
                &why(app, view, own, newest),
                room,
            ));
        }
        for send in &view.outbox {
            let known = |entry: &Entry| Some(entry.message.id) == send.id;
            let told = transcript.entries().iter().rev().take(50).any(known)
                || transcript.queue().iter().any(|own| Some(own.id) == send.id);
            if !told {
                add(waiting(app, &send.text, "on its way", room));
            }
        }
        extras
    }
}

impl Sheet<'_> {
    fn blocks(&self) -> usize {
        self.transcript.entries().len() + self.extras.len()
    }

    fn place(&self, block: Anchor, skip: usize) -> Top {
        let entries = self.transcript.entries();
        match block {
            Anchor::Message(position) => {
                let at = entries.partition_point(|entry| entry.message.position < Some(position));
                (at, skip)
            }
            // What was said there may have become a message meanwhile.
            Anchor::Extra(number) if number < self.extras.len() => (entries.len() + number, skip),
            Anchor::Extra(_) => (entries.len().saturating_sub(1), skip),
        }
    }

    fn scroll(&self, (block, skip): Top) -> Scroll {
        let entries = self.transcript.entries();
        let last = entries
            .last()
            .and_then(|entry| entry.message.position)
            .unwrap_or(0)
            .max(self.transcript.last());
        let seen = match self.view.scroll {
            Scroll::At { seen, .. } => seen,
            Scroll::Follow => last,
        };
        let anchor = entries.get(block).and_then(|entry| entry.message.position);
        let block = anchor.map_or(
            Anchor::Extra(block.saturating_sub(entries.len())),
            Anchor::Message,
        );
        Scroll::At { block, skip, seen }
    }

    fn position(&self, block: usize) -> Option<u64> {
        let entry = self.transcript.entries().get(block)?;
        entry.message.position
    }

    fn fresh(&self, seen: u64) -> u64 {
        if self.transcript.has_newer() {
            return self.transcript.last().saturating_sub(seen);
        }
        let newer = self.transcript.entries().iter().rev();
        newer
            .take_while(|entry| entry.message.position > Some(seen))
            .filter(|entry| entry.message.role != Role::Tool)
            .fold(0, |count, _| count + 1)
    }

    /// Returns all that the looks of a message depend on, as one number.
    fn key(&self, entry: &Entry) -> u64 {
        let mut hasher = DefaultHasher::new();
        (entry.revision, self.room, self.view.all).hash(&mut hasher);
        for (number, part) in entry.message.parts.iter().enumerate() {
            let fold = match part {
                Part::ToolCall { id, .. } => {
                    let running = self
                        .transcript
                        .call(*id)
                        .filter(|own| own.state == CallState::Running);
                    if running.is_some() {
                        (self.app.now.wall.as_millis() / 1_000).hash(&mut hasher);
                    }
                    let hunks = self
                        .view
                        .folds
                        .iter()
                        .filter_map(|(fold, open)| match fold {
                            Fold::Hunk(own, hunk) if own == id => Some((*hunk, *open)),
                            _ => None,
                        });
                    hunks.collect::<BTreeSet<_>>().hash(&mut hasher);
                    Fold::Call(*id)
                }
                _ => Fold::Thought(entry.message.id, number),
            };
            self.view.folds.get(&fold).hash(&mut hasher);
        }
        self.view
            .folds
            .get(&Fold::Thought(entry.message.id, usize::MAX))
            .hash(&mut hasher);
        hasher.finish()
    }
}
