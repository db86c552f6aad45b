//! How a question of the agent is answered: by a number, or in one's own words.
//!
//! Owns the way from a key to an answer; as on the card of an approval, nothing counts before the
//! gate is open.

use crossterm::event::{KeyCode, KeyEvent};
use smartopol_protocol::QuestionId;
use smartopol_protocol::approval::Actor;
use smartopol_protocol::question::{Answer, How, Question, QuestionState};

use super::gate::Surface;
use super::inbox::place;
use super::keymap::{Action, Place, Pressed};
use super::line::type_in;
use super::{App, Call, Focus};
use crate::model::CardId;
use crate::sanitize;
use crate::widget::composer::Composer;

/// The actions that take a choice, by its number.
pub(crate) const CHOICES: [Action; 8] = [
    Action::Choose1,
    Action::Choose2,
    Action::Choose3,
    Action::Choose4,
    Action::Choose5,
    Action::Choose6,
    Action::Choose7,
    Action::Choose8,
];

/// Returns the number of the choice that an action takes.
pub(crate) fn number_of(action: Action) -> Option<u32> {
    (1..)
        .zip(CHOICES)
        .find(|(_, own)| *own == action)
        .map(|(number, _)| number)
}

impl App {
    /// Returns the question that the card shows, where it is not an approval's turn.
    pub(crate) fn question(&self) -> Option<&Question> {
        match self.front()? {
            CardId::Question(id) => self.model.question(id),
            CardId::Approval(_) | CardId::Memories(..) => None,
        }
    }

    /// Begins to write where nothing can be chosen.
    pub(super) fn ready_to_write(&mut self) {
        let bare = self.question().is_some_and(|own| own.choices.is_empty());
        if bare && self.asked.answer.is_none() && !self.wanted.observe {
            self.asked.answer = Some(Composer::default());
        }
    }

    pub(super) fn on_question_key(&mut self, event: KeyEvent) {
        let Some(question) = self.question() else {
            return;
        };
        let (id, free) = (question.id, question.free_text);
        let choices = question.choices.len();
        if self.asked.answer.is_some() {
            return self.on_answer_key(id, event);
        }
        let seen = (CardId::Question(id), Surface::Card);
        let Pressed::Action(action) = self.press(self.places(), event) else {
            self.gate.takes(seen, self.now.ms);
            return;
        };
        let page = usize::from(self.plan.card.height).max(4) / 2;
        let scroll = &mut self.asked.scroll;
        let how = match action {
            Action::Up => return *scroll = scroll.saturating_sub(1),
            Action::Down => return *scroll = scroll.saturating_add(1),
            Action::PageUp => return *scroll = scroll.saturating_sub(page),
            Action::PageDown => return *scroll = scroll.saturating_add(page),
            Action::Back => return self.focus = Focus::Composer,
            Action::OwnWords if !free => {
                return self.say("it is answered by one of its choices alone");
            }
            Action::OwnWords => {
                if !self.wanted.observe {
                    self.asked.answer = Some(Composer::default());
                }
                return;
            }
            Action::Dismiss => How::Dismiss,
            action => match number_of(action) {
                Some(number) => How::Choose { number },
                None => return self.act(action),
            },
        };
        if !self.gate.takes(seen, self.now.ms) {
            return;
        }
        if self.answer(id, choices, how) {
            self.gate.answered(event.code, self.now.ms);
        }
    }

    /// Takes a key while an answer is written; only Enter gives it.
    fn on_answer_key(&mut self, id: QuestionId, event: KeyEvent) {
        let action = match self.press(&[Place::Line], event) {
            Pressed::Action(action) => Some(action),
            Pressed::Taken => return,
            Pressed::Free => None,
        };
        match action {
            Some(Action::Back) => self.leave_answer(),
            Some(Action::Send) => self.give(id, event.code),
            action => {
                let Some(typed) = &mut self.asked.answer else {
                    return;
                };
                type_in(typed, action, event);
            }
        }
    }

    /// Goes back to the choices, or to writing to the agent; what was written stays.
    fn leave_answer(&mut self) {
        let bare = self.question().is_none_or(|own| own.choices.is_empty());
        let empty = self.asked.answer.as_ref().is_none_or(Composer::is_empty);
        if bare || !empty {
            self.focus = Focus::Composer;
        } else {
            self.asked.answer = None;
        }
    }

    fn give(&mut self, id: QuestionId, key: KeyCode) {
        let typed = self.asked.answer.as_ref().map(Composer::whole);
        let text = typed.unwrap_or_default();
        if text.trim().is_empty() {
            return self.say("write an answer, or dismiss the question from the list");
        }
        if !self
            .gate
            .takes((CardId::Question(id), Surface::Card), self.now.ms)
        {
            return;
        }
        if self.answer(id, 0, How::Write { text }) {
            self.gate.answered(key, self.now.ms);
            self.asked.answer = None;
        }
    }

    /// Answers a question that has so many choices; true where that was asked for.
    pub(crate) fn answer(&mut self, id: QuestionId, choices: usize, how: How) -> bool {
        if let How::Choose { number } = how
            && usize::try_from(number).is_ok_and(|number| number > choices)
        {
            self.say(match choices {
                0 => "it has no choices: answer it in your own words".to_owned(),
                most => format!("there is no choice {number}: 1 to {most}"),
            });
            return false;
        }
        let asked = self.change(Call::Answer(Box::new(Answer { id, how })));
        if asked {
            self.answering.insert(CardId::Question(id));
        }
        asked
    }

    /// Puts a paste into the answer that is being written; true where one is.
    pub(super) fn paste_in_answer(&mut self, text: &str) -> bool {
        match &mut self.asked.answer {
            Some(typed) if self.focus == Focus::Card => {
                typed.insert(text);
                true
            }
            _ => false,
        }
    }

    /// Keeps what was written to a question that is gone: it may be worth saying.
    pub(super) fn keep_answer(&mut self) {
        let written = self.asked.answer.take().map(|typed| typed.whole());
        let Some(text) = written.filter(|text| !text.trim().is_empty()) else {
            return;
        };
        if let Some(view) = self.view_mut()
            && view.composer.is_empty()
        {
            view.composer.set(text);
            self.say("the question is gone; what you wrote is your draft");
        }
    }

    pub(super) fn on_question(&mut self, question: &Question) {
        let Some(words) = ended(&question.state) else {
            return;
        };
        self.answering.remove(&CardId::Question(question.id));
        if self.current == Some(question.session_id) {
            self.say(words);
        }
    }
}

/// Says how a question ended; `None` while it waits.
pub(crate) fn ended(state: &QuestionState) -> Option<String> {
    let by = |what: &str, actor: &Actor| match place(actor) {
        place if place.is_empty() => format!("{what} by {}", sanitize::line(&actor.peer)),
        place => format!("{what} by {} in {place}", sanitize::line(&actor.peer)),
    };
    match state {
        QuestionState::Pending => None,
        QuestionState::Answered { given } => {
            let text = sanitize::line(&given.text).into_owned();
            Some(format!("{}: {text}", by("answered", &given.actor)))
        }
        QuestionState::Dismissed { actor, .. } => Some(by("dismissed", actor)),
        QuestionState::Expired { .. } => Some("expired: nobody answered in time".to_owned()),
        QuestionState::Cancelled { reason, .. } => {
            Some(format!("cancelled: {}", sanitize::line(reason)))
        }
    }
}
