//! Where a person reads: jumps to a place, from turn to turn, to both ends.
//!
//! The window of the transcript may not have the place; then it is asked for, and the screen stays
//! as it is until it is there.

use smartopol_protocol::message::{Message, Part, Role, fold};

use super::{App, Call, Fold, View};
use crate::model::{Page, Transcript};
use crate::widget::transcript::{Anchor, Scroll};

/// A place that is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Jump {
    Newest,
    /// The message at this position.
    To(u64),
}

/// A place that the next layout brings into sight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seek {
    pub(crate) position: u64,
    /// The folded text whose row is meant; empty for the message's first.
    pub(crate) needle: String,
}

impl App {
    /// Goes to the newest message, and follows.
    pub(crate) fn follow(&mut self) {
        let Some(id) = self.current else { return };
        let apart = self.transcript().is_some_and(Transcript::has_newer);
        let Some(view) = self.view_mut() else { return };
        view.seek = None;
        if apart {
            view.jump = Some(Jump::Newest);
            self.ask(Call::Show(id));
        } else {
            view.jump = None;
            view.scroll = Scroll::Follow;
        }
    }

    /// Goes to the oldest message of the session.
    pub(super) fn go_to_first(&mut self) {
        if self.transcript().is_some_and(Transcript::has_older) {
            self.ask_around(1);
        } else {
            self.scroll(i64::MIN / 2);
        }
    }

    /// Brings the message at a position into sight, at the first row with this folded text.
    pub(super) fn go_to(&mut self, position: u64, needle: &str) {
        let here = self
            .transcript()
            .is_some_and(|own| own.index_of(position).is_some());
        let seek = Seek {
            position,
            needle: needle.to_owned(),
        };
        let Some(view) = self.view_mut() else { return };
        view.seek = Some(seek);
        if here {
            self.reveal();
        } else {
            self.ask_around(position);
        }
    }

    fn ask_around(&mut self, at: u64) {
        let Some(id) = self.current else { return };
        if let Some(view) = self.view_mut() {
            view.jump = Some(Jump::To(at));
        }
        let page = Page::Around;
        self.ask(Call::Page { id, page, at });
    }

    /// Takes note that the messages of a jump are here.
    pub(super) fn arrived(&mut self, at: u64) {
        let first = self.transcript().and_then(Transcript::first_position);
        let last = self.transcript().map_or(0, Transcript::last);
        let Some(view) = self.view_mut() else { return };
        if view.jump != Some(Jump::To(at)) {
            return;
        }
        view.jump = None;
        view.scroll = Scroll::At {
            block: Anchor::Message(first.map_or(at, |first| first.max(at))),
            skip: 0,
            seen: last,
        };
        self.reveal();
    }

    /// Goes to the turn above or below the top of the screen.
    pub(super) fn step_turn(&mut self, down: bool) {
        let (Some(transcript), Some((top, skip))) = (self.transcript(), self.pages.top()) else {
            return;
        };
        let begins = |message: &Message| message.role == Role::User;
        let turns = transcript.entries().iter().map(|entry| &entry.message);
        let mut turns = turns
            .filter(|message| begins(message))
            .filter_map(|own| own.position);
        let found = if down {
            turns.find(|position| *position > top)
        } else {
            let above = |position: &u64| *position < top || (*position == top && skip > 0);
            turns.take_while(above).last()
        };
        let last = transcript.last();
        match found {
            Some(position) => {
                if let Some(view) = self.view_mut() {
                    view.scroll = Scroll::At {
                        block: Anchor::Message(position),
                        skip: 0,
                        seen: last,
                    };
                }
            }
            None if down => self.follow(),
            // The window's beginning; what is older comes by itself.
            None => self.scroll(i64::MIN / 2),
        }
    }

    /// Opens what hides the text that is sought.
    fn reveal(&mut self) {
        let Some(view) = self.view() else { return };
        let Some(Seek { position, needle }) =
            view.seek.clone().filter(|own| !own.needle.is_empty())
        else {
            return;
        };
        let Some(transcript) = self.transcript() else {
            return;
        };
        let entry = transcript
            .index_of(position)
            .and_then(|at| transcript.entries().get(at));
        let open: Vec<Fold> = entry.map_or(Vec::new(), |entry| hiding(&entry.message, &needle));
        if let Some(view) = self.view_mut() {
            open_all(view, open);
        }
    }
}

fn open_all(view: &mut View, folds: Vec<Fold>) {
    for fold in folds {
        view.folds.insert(fold, true);
    }
}

/// Returns the folds of a message that have the text in them.
fn hiding(message: &Message, needle: &str) -> Vec<Fold> {
    let holds = |text: &str| fold(text).contains(needle);
    let mut folds = Vec::new();
    for (number, part) in message.parts.iter().enumerate() {
        match part {
            Part::Reasoning { text, .. } if holds(text) => {
                folds.push(Fold::Thought(message.id, number));
            }
            Part::ToolCall { id, input, .. } if holds(&input.to_string()) => {
                folds.push(Fold::Call(*id));
            }
            Part::ToolOutput { call_id, text, .. } if holds(text) => {
                folds.push(Fold::Call(*call_id));
            }
            Part::Text { text } if message.role == Role::User && holds(text) => {
                folds.push(Fold::Thought(message.id, usize::MAX));
            }
            _ => {}
        }
    }
    folds
}
