//! How the card is looked at, and what keys do on it.
//!
//! Owns the way from a key to an answer: nothing counts before the gate is open.

use std::collections::BTreeSet;

use crossterm::event::KeyEvent;
use smartopol_protocol::ApprovalId;
use smartopol_protocol::approval::{Decide, Scope};
use smartopol_protocol::tool::Body;

use super::gate::Surface;
use super::keymap::{Action, Place, Pressed};
use super::line::type_in;
use super::{App, Call, Focus};
use crate::model::CardId;
use crate::overlay::{Asked, Overlay, Purpose};
use crate::sanitize;
use crate::widget::approval;
use crate::widget::composer::Composer;
use crate::widget::diff::Diff;

/// How the card is looked at.
#[derive(Debug, Default)]
pub(crate) struct CardView {
    id: Option<CardId>,
    /// How many of its lines are above what is seen.
    pub(crate) scroll: usize,
    /// The change that it asks about.
    pub(crate) diff: Option<Diff>,
    /// The part of the change that keys act on.
    pub(crate) at: usize,
    /// The folded parts.
    pub(crate) folded: BTreeSet<usize>,
    /// The word that allows a dangerous call, as far as it is typed.
    pub(crate) word: Option<Composer>,
    /// The answer to a question in one's own words, as far as it is written.
    pub(crate) answer: Option<Composer>,
}

impl App {
    /// Begins to look at another card where there is one.
    pub(super) fn settle_card(&mut self) {
        let id = self.front();
        if self.asked.id == id {
            return;
        }
        self.keep_answer();
        let diff = self.card().and_then(|card| match &card.inspection.body {
            Body::Diff { diff, .. } => Some(Diff::parse(diff)),
            _ => None,
        });
        self.asked = CardView {
            id,
            diff,
            ..CardView::default()
        };
    }

    pub(super) fn on_card_key(&mut self, event: KeyEvent) {
        if self.question().is_some() {
            return self.on_question_key(event);
        }
        let Some(card) = self.card() else { return };
        let (id, keepable) = (card.id, card.rule.is_some());
        let dangerous = card.danger.is_some();
        if self.asked.word.is_some() {
            return self.on_word_key(id, event);
        }
        let Pressed::Action(action) = self.press(self.places(), event) else {
            self.gate
                .takes((CardId::Approval(id), Surface::Card), self.now.ms);
            return;
        };
        let page = usize::from(self.plan.card.height).max(4) / 2;
        let scroll = &mut self.asked.scroll;
        let scope = match action {
            Action::AllowOnce => Some(Scope::Once),
            Action::AllowSession => Some(Scope::Session),
            Action::AllowAlways => Some(Scope::Always),
            Action::Deny | Action::DenyNote => None,
            Action::Up => return *scroll = scroll.saturating_sub(1),
            Action::Down => return *scroll = scroll.saturating_add(1),
            Action::PageUp => return *scroll = scroll.saturating_sub(page),
            Action::PageDown => return *scroll = scroll.saturating_add(page),
            Action::PreviousCard => return self.look_at_hunk(self.asked.at.checked_sub(1)),
            Action::NextCard => return self.look_at_hunk(self.asked.at.checked_add(1)),
            Action::Open => return self.fold_hunk(),
            Action::Lab => return self.open_lab(),
            Action::Back => return self.focus = Focus::Composer,
            action => return self.act(action),
        };
        if !self
            .gate
            .takes((CardId::Approval(id), Surface::Card), self.now.ms)
        {
            return;
        }
        if matches!(scope, Some(Scope::Session | Scope::Always)) && !keepable {
            self.say("such a call can only be answered once: y or n");
            return;
        }
        // A key alone never allows what is dangerous.
        if dangerous && scope.is_some() {
            if !self.wanted.observe {
                self.asked.word = Some(Composer::default());
            }
            return;
        }
        if action == Action::DenyNote {
            self.overlays.push(Overlay::Line(Asked::new(
                Purpose::DenyNote(id),
                String::new(),
            )));
            return;
        }
        let decide = match scope {
            Some(scope) => Decide::allow(id, scope),
            None => Decide::deny(id),
        };
        self.gate.answered(event.code, self.now.ms);
        self.decide(decide);
    }

    /// Takes a key while the word is typed; only the whole word and Enter allow.
    fn on_word_key(&mut self, id: ApprovalId, event: KeyEvent) {
        let action = match self.press(&[Place::Line], event) {
            Pressed::Action(action) => Some(action),
            Pressed::Taken => return,
            Pressed::Free => None,
        };
        let Some(typed) = &mut self.asked.word else {
            return;
        };
        match action {
            Some(Action::Back) => self.asked.word = None,
            Some(Action::Send) => self.word_given(id, event),
            action => type_in(typed, action, event),
        }
    }

    fn word_given(&mut self, id: ApprovalId, event: KeyEvent) {
        let danger = self.card().and_then(|card| card.danger.clone());
        let typed = self
            .asked
            .word
            .as_ref()
            .map(|typed| typed.text().to_owned());
        let (Some(danger), Some(word)) = (danger, typed) else {
            return;
        };
        if word.trim() != danger.word {
            self.asked.word = Some(Composer::default());
            let word = sanitize::line(&danger.word).into_owned();
            return self.complain(format!("nothing was allowed: the word is {word}"));
        }
        if !self
            .gate
            .takes((CardId::Approval(id), Surface::Card), self.now.ms)
        {
            return;
        }
        self.gate.answered(event.code, self.now.ms);
        self.asked.word = None;
        self.decide(Decide {
            word: danger.word,
            ..Decide::allow(id, Scope::Once)
        });
    }

    /// Scrolls to a part of the change.
    fn look_at_hunk(&mut self, hunk: Option<usize>) {
        let hunks = self.asked.diff.as_ref().map_or(0, Diff::hunks);
        let Some(hunk) = hunk.filter(|hunk| *hunk < hunks) else {
            return;
        };
        self.asked.at = hunk;
        let room = usize::from(self.plan.card.width).saturating_sub(4);
        let keys = self.plan.card_keys;
        let line = self
            .card()
            .map(|card| approval::card(self, card, room, true, keys).line_of(hunk));
        self.asked.scroll = line.unwrap_or_default();
    }

    fn fold_hunk(&mut self) {
        let at = self.asked.at;
        if !self.asked.folded.remove(&at) {
            self.asked.folded.insert(at);
        }
    }

    /// Answers an approval.
    pub(crate) fn decide(&mut self, decide: Decide) {
        let id = decide.id;
        if self.change(Call::Decide(Box::new(decide))) {
            self.answering.insert(CardId::Approval(id));
        }
    }
}
