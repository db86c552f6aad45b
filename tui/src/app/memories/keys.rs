//! What keys do where memories and topics are listed: going through them, the words that are looked
//! for, and what becomes of the one that is selected.

use crossterm::event::KeyEvent;
use smartopol_protocol::knowledge;
use smartopol_protocol::memory::{self, Category, State, Verdict, Whose};

use super::super::keymap::{Action, Pressed};
use super::super::line::{edit, letter};
use super::super::memory_form::MemoryForm;
use super::super::undo::Going;
use super::super::{App, Call};
use super::{Entry, Shelf};
use crate::overlay::{Asked, Overlay, Purpose};

impl App {
    /// Does what a key means in the list.
    pub(in crate::app) fn look_at_memory(&mut self, action: Action) {
        let entries = self.memory.entries();
        let at = self.memory.selected;
        let from = at.and_then(|at| entries.iter().position(|own| *own == at));
        let from = from.unwrap_or(0);
        let page = usize::try_from(self.plan.page()).unwrap_or(1);
        let to = match action {
            Action::Up => from.saturating_sub(1),
            Action::Down => from + 1,
            Action::First => 0,
            Action::Last => usize::MAX,
            Action::PageUp => return self.memory.scroll = self.memory.scroll.saturating_sub(page),
            Action::PageDown => return self.memory.scroll += page,
            Action::Left => return self.turn_shelf(Shelf::ALL.len() - 1),
            Action::Right => return self.turn_shelf(1),
            Action::Query => {
                (self.memory.writing, self.memory.open) = (true, false);
                return;
            }
            Action::Outcome => return self.next_category(),
            Action::Whose => return self.next_whose(),
            Action::Open => {
                self.memory.open = !self.plan.has_both && at.is_some();
                return;
            }
            Action::AddMemory => return self.ask_for_memory(),
            Action::EditMemory => return self.edit_memory(),
            Action::Approve => return self.decide_memory(Verdict::Approve),
            Action::Reject => return self.decide_memory(Verdict::Reject),
            Action::PinTopic => return self.pin_topic(),
            Action::Remove => return self.ask_to_forget(),
            Action::Back if self.memory.open && !self.plan.has_both => {
                return self.memory.open = false;
            }
            Action::Back if !self.memory.words.is_empty() => {
                self.memory.words.take();
                return self.memory.stale = true;
            }
            Action::Back => return self.leave_memory(),
            _ => return,
        };
        self.select_memory(
            entries
                .get(to.min(entries.len().saturating_sub(1)))
                .copied(),
        );
    }

    /// Takes a key while words are written that are looked for.
    pub(in crate::app) fn on_memory_key(&mut self, event: KeyEvent) {
        match self.press(self.places(), event) {
            Pressed::Action(action @ (Action::Up | Action::Down)) => self.look_at_memory(action),
            Pressed::Action(Action::Send) => self.memory.writing = false,
            Pressed::Action(Action::Back) => {
                self.memory.writing = false;
                self.memory.stale |= !self.memory.words.is_empty();
                self.memory.words.take();
            }
            Pressed::Action(action) => {
                let before = self.memory.words.text().to_owned();
                edit(&mut self.memory.words, action);
                self.memory.stale |= before != self.memory.words.text();
            }
            Pressed::Taken => {}
            Pressed::Free => {
                if let Some(letter) = letter(event) {
                    self.write_in_memory(letter.encode_utf8(&mut [0; 4]));
                }
            }
        }
    }

    /// Writes into what is looked for.
    pub(in crate::app) fn write_in_memory(&mut self, text: &str) {
        let line = text.lines().next().unwrap_or_default();
        if self.memory.words.text().len() + line.len() <= 1_000 {
            self.memory.words.insert(line);
            self.memory.stale = true;
        }
    }

    fn turn_shelf(&mut self, by: usize) {
        let at = Shelf::ALL
            .iter()
            .position(|own| *own == self.memory.shelf)
            .unwrap_or(0);
        let next = Shelf::ALL.iter().cycle().nth(at + by);
        self.show_shelf(next.copied().unwrap_or_default());
    }

    /// Goes from one's own memories to those of each user, and to all of them.
    fn next_whose(&mut self) {
        if self.memory.users.len() < 2 {
            return self.say("there is nobody else whose memories you may see");
        }
        let users = self.memory.users.iter();
        let mut all = vec![Whose::Own];
        all.extend(users.map(|user| Whose::User(user.id.to_string())));
        all.push(Whose::Everybody);
        let at = all.iter().position(|own| *own == self.memory.of);
        let next = all.get(at.unwrap_or(0) + 1).cloned();
        self.put_whose(next.unwrap_or_default());
    }

    fn next_category(&mut self) {
        if self.memory.shelf == Shelf::Topics {
            return self.say("topics are of no kind: look for a tag with /");
        }
        let next = match self.memory.category {
            None => Category::ALL.first().copied(),
            Some(own) => Category::ALL.into_iter().find(|other| *other > own),
        };
        self.memory.category = next;
        self.memory.stale = true;
    }

    pub(crate) fn ask_for_memory(&mut self) {
        if self.connected_to_change() {
            let asked = Asked::new(Purpose::AddMemory, String::new());
            self.overlays.push(Overlay::Line(asked));
        }
    }

    fn edit_memory(&mut self) {
        let Some(own) = self.memory.memory_at() else {
            return self.say("the agent writes its topics; `smartopol knowledge add` does too");
        };
        if own.state != State::Active {
            let state = own.state.name();
            return self.say(format!("it is {state}: only what counts can be changed"));
        }
        let own = own.clone();
        if self.connected_to_change() {
            let form = Box::new(MemoryForm::new(self, own));
            self.overlays.push(Overlay::MemoryForm(form));
        }
    }

    fn decide_memory(&mut self, verdict: Verdict) {
        match self.memory.memory_at() {
            Some(own) if own.state == State::Pending => {
                let (key, text) = (own.id.to_string(), None);
                self.change(Call::DecideMemory(memory::Decide { key, verdict, text }));
            }
            _ => self.say("it does not wait for an approval"),
        }
    }

    fn pin_topic(&mut self) {
        match self.memory.topic_at() {
            Some(own) => {
                let pin = knowledge::Pin {
                    key: own.id.to_string(),
                    pinned: !own.pinned,
                };
                self.change(Call::PinTopic(pin));
            }
            None => self.say("only topics are pinned: they are on the last shelf"),
        }
    }

    fn ask_to_forget(&mut self) {
        let going = match self.memory.selected {
            Some(Entry::Memory(id)) => Going::Memory(id),
            Some(Entry::Topic(id)) => Going::Topic(id),
            None => return,
        };
        self.overlays.push(Overlay::Question { remove: going });
    }
}
