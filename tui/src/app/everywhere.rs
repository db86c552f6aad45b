//! What was said in all sessions: found while it is written, opened where it stands.
//!
//! Owns: the words that are looked for, and the newest answer to them. An answer to other words is
//! no longer waited for.

use crossterm::event::KeyEvent;
use smartopol_protocol::message::fold;
use smartopol_protocol::session::{Found, Hit};

use super::keymap::Action;
use super::line::narrow;
use super::{App, Call, Focus};
use crate::overlay::Overlay;
use crate::widget::composer::Composer;

/// A search in all sessions.
#[derive(Debug, Default)]
pub(crate) struct Everywhere {
    /// The words that were asked for last.
    asked: String,
    /// The words that `found` is about.
    answered: String,
    /// How many answers there were.
    pub(crate) answers: u64,
    pub(crate) found: Found,
}

impl Everywhere {
    /// Returns the words that the answer is about.
    pub(crate) fn words(&self) -> &str {
        &self.answered
    }

    /// Returns true while an answer is waited for.
    pub(crate) fn waits(&self) -> bool {
        self.asked != self.answered
    }
}

impl App {
    /// Opens the window in which all sessions are searched.
    pub(super) fn search_everywhere(&mut self, words: &str) {
        let mut line = Composer::default();
        line.set(words.to_owned());
        let answers = self.everywhere.answers;
        self.everywhere = Everywhere {
            answers,
            ..Everywhere::default()
        };
        self.look_everywhere(words);
        self.overlays.push(Overlay::Everywhere { line, at: 0 });
    }

    /// Looks for other words than those before.
    pub(crate) fn look_everywhere(&mut self, words: &str) {
        if self.everywhere.asked == words {
            return;
        }
        words.clone_into(&mut self.everywhere.asked);
        if words.trim().is_empty() {
            self.found_everywhere(words, Found::default());
        } else {
            self.ask(Call::SearchEverywhere(words.to_owned()));
        }
    }

    /// Takes what the daemon found.
    pub(super) fn found_everywhere(&mut self, words: &str, found: Found) {
        if self.everywhere.asked == words {
            words.clone_into(&mut self.everywhere.answered);
            self.everywhere.found = found;
            self.everywhere.answers += 1;
        }
    }

    /// The words cannot be looked for: what is shown is no answer to them.
    pub(super) fn lost_everywhere(&mut self, words: &str) {
        self.found_everywhere(words, Found::default());
    }

    pub(super) fn on_everywhere_key(
        &mut self,
        line: &mut Composer,
        at: &mut usize,
        action: Option<Action>,
        event: KeyEvent,
    ) -> bool {
        let page = usize::try_from(self.plan.page()).unwrap_or(1);
        if narrow(line, at, (action, event), page) {
            // What is still being looked for may be about other words.
            let hits = &self.everywhere.found.hits;
            let chosen = hits.get(*at).filter(|_| !self.everywhere.waits());
            if let Some(hit) = chosen.cloned() {
                self.open_hit(&hit);
                return false;
            }
        }
        self.look_everywhere(line.text());
        let last = self.everywhere.found.hits.len().saturating_sub(1);
        *at = (*at).min(last);
        true
    }

    /// Opens what was clicked.
    pub(super) fn choose_hit(&mut self, number: usize) {
        let hit = self.everywhere.found.hits.get(number).cloned();
        if let Some(hit) = hit
            && matches!(self.overlays.last(), Some(Overlay::Everywhere { .. }))
        {
            self.overlays.pop();
            self.open_hit(&hit);
        }
    }

    fn open_hit(&mut self, hit: &Hit) {
        self.open(hit.session_id);
        self.traces_whole = false;
        self.focus = Focus::Conversation;
        let words = self.everywhere.asked.split_whitespace().next();
        self.go_to(hit.position, &fold(words.unwrap_or_default()));
    }
}
