//! Changing a memory: its words, kind, how sure one is, and from when until when it is so.
//!
//! Only what was changed is sent; times are words, which the daemon understands.

use crossterm::event::KeyEvent;
use smartopol_protocol::memory::{Category, Edit, Memory};

use super::keymap::Action;
use super::line::{edit, letter};
use super::{App, Call, Refusal};
use crate::overlay::Overlay;
use crate::sanitize;
use crate::screen::moment;
use crate::widget::composer::Composer;

/// A line of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Row {
    Text,
    Kind,
    Sure,
    From,
    Until,
}

impl Row {
    pub(crate) const ALL: [Self; 5] = [Self::Text, Self::Kind, Self::Sure, Self::From, Self::Until];

    /// Returns the name before it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Text => "says",
            Self::Kind => "kind",
            Self::Sure => "sure",
            Self::From => "from",
            Self::Until => "until",
        }
    }
}

/// A memory that is being changed.
#[derive(Debug)]
pub(crate) struct MemoryForm {
    pub(crate) of: Memory,
    pub(crate) category: Category,
    pub(crate) text: Composer,
    pub(crate) sure: Composer,
    pub(crate) from: Composer,
    pub(crate) until: Composer,
    pub(crate) row: Row,
    /// Why it was not taken; empty where nothing was wrong.
    pub(crate) wrong: String,
    /// True while the daemon is asked.
    pub(crate) asked: bool,
    /// What the lines held when it was opened.
    before: [String; 4],
}

impl MemoryForm {
    pub(crate) fn new(app: &App, of: Memory) -> Self {
        let line = |text: &str| {
            let mut line = Composer::default();
            line.set(text.to_owned());
            line
        };
        let time = |at| match at {
            Some(at) => moment(app, at),
            None => String::new(),
        };
        let before = [
            sanitize::line(&of.text).into_owned(),
            of.confidence.to_string(),
            time(of.valid_from),
            time(of.valid_until),
        ];
        let [text, sure, from, until] = before.each_ref().map(|text| line(text));
        Self {
            category: of.category,
            of,
            text,
            sure,
            from,
            until,
            row: Row::Text,
            wrong: String::new(),
            asked: false,
            before,
        }
    }

    /// Returns what a line holds.
    pub(crate) const fn composer(&self, row: Row) -> Option<&Composer> {
        match row {
            Row::Text => Some(&self.text),
            Row::Kind => None,
            Row::Sure => Some(&self.sure),
            Row::From => Some(&self.from),
            Row::Until => Some(&self.until),
        }
    }

    fn line(&mut self) -> Option<&mut Composer> {
        match self.row {
            Row::Text => Some(&mut self.text),
            Row::Kind => None,
            Row::Sure => Some(&mut self.sure),
            Row::From => Some(&mut self.from),
            Row::Until => Some(&mut self.until),
        }
    }

    fn go(&mut self, by: usize) {
        let at = Row::ALL.iter().position(|row| *row == self.row);
        let next = Row::ALL.iter().cycle().nth(at.unwrap_or(0) + by);
        self.row = next.copied().unwrap_or(Row::Text);
    }

    fn turn(&mut self, by: usize) {
        let all = Category::ALL;
        let at = all.iter().position(|own| *own == self.category);
        let next = all.iter().cycle().nth(at.unwrap_or(0) + by);
        self.category = next.copied().unwrap_or_default();
    }

    pub(super) fn write(&mut self, text: &str) {
        if let Some(line) = self.line() {
            line.insert(text);
            self.wrong.clear();
        }
    }

    /// Returns what was changed; `None` where nothing was.
    fn edit(&self) -> Result<Option<Edit>, String> {
        let [text, sure, from, until] = &self.before;
        let changed = |line: &Composer, before: &String| {
            let now = line.text().trim();
            (now != before.trim()).then(|| now.to_owned())
        };
        let confidence = match changed(&self.sure, sure) {
            None => None,
            Some(words) => match words.trim_end_matches('%').trim().parse() {
                Ok(percent @ 1..=100) => Some(percent),
                _ => return Err(format!("`{words}`: how sure one is are 1 to 100 percent")),
            },
        };
        let edit = Edit {
            key: self.of.id.to_string(),
            text: changed(&self.text, text),
            category: (self.category != self.of.category).then_some(self.category),
            confidence,
            from: changed(&self.from, from),
            until: changed(&self.until, until),
        };
        let same = edit.text.is_none()
            && edit.category.is_none()
            && edit.confidence.is_none()
            && edit.from.is_none()
            && edit.until.is_none();
        Ok((!same).then_some(edit))
    }
}

impl App {
    /// Takes a key in the form; false where it is to be closed.
    pub(super) fn on_memory_form_key(
        &mut self,
        form: &mut MemoryForm,
        action: Option<Action>,
        event: KeyEvent,
    ) -> bool {
        match (action, form.row) {
            (Some(Action::Send), _) => return self.keep_memory_form(form),
            (Some(Action::Down), _) => form.go(1),
            (Some(Action::Up), _) => form.go(Row::ALL.len() - 1),
            (Some(Action::Left), Row::Kind) => form.turn(Category::ALL.len() - 1),
            (Some(Action::Right), Row::Kind) => form.turn(1),
            (Some(action), _) => {
                if let Some(line) = form.line() {
                    edit(line, action);
                    form.wrong.clear();
                }
            }
            (None, _) => {
                if let Some(letter) = letter(event) {
                    form.write(letter.encode_utf8(&mut [0; 4]));
                }
            }
        }
        true
    }

    fn keep_memory_form(&mut self, form: &mut MemoryForm) -> bool {
        match form.edit() {
            Err(wrong) => form.wrong = wrong,
            Ok(None) => {
                self.say("nothing was changed");
                return false;
            }
            Ok(Some(edit)) if !form.asked => {
                form.asked = self.change(Call::EditMemory(edit));
            }
            Ok(Some(_)) => {}
        }
        true
    }

    /// Closes the form: the memory stands as it says.
    pub(super) fn memory_kept(&mut self) {
        self.overlays
            .retain(|overlay| !matches!(overlay, Overlay::MemoryForm(_)));
    }

    /// Takes note that a memory was not changed: its form stays, and says why; false where there
    /// is none.
    pub(super) fn memory_not_kept(&mut self, refusal: &Refusal) -> bool {
        let mut told = false;
        for overlay in &mut self.overlays {
            if let Overlay::MemoryForm(form) = overlay {
                (form.asked, form.wrong) = (false, refusal.sentence());
                told = true;
            }
        }
        told
    }
}
