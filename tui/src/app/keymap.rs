//! The live keymap on the screen: which key was pressed, what the help and the footer say of it.
//!
//! The table of places, actions and keys is `smartopol_config::keymap`.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
pub(crate) use smartopol_config::keymap::{Action, Key, Place};
use smartopol_config::keymap::{Bound, Code, DITTO, Found};

use super::{App, Focus};

/// What pressing a key comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pressed {
    /// It does this.
    Action(Action),
    /// It is one of a pair: it waits for the other, or was no pair with it.
    Taken,
    /// It is no key here, and may be a letter.
    Free,
}

/// Returns the key of an event; `None` where it is none that can be chosen.
pub(crate) fn key(event: KeyEvent) -> Option<Key> {
    let held = |one| event.modifiers.contains(one);
    let mut shift = held(KeyModifiers::SHIFT);
    let code = match event.code {
        // The same byte, which is told as the other where the terminal says no more than that.
        KeyCode::Char('5') if held(KeyModifiers::CONTROL) => Code::Char(']'),
        KeyCode::Char(letter) => Code::Char(letter),
        KeyCode::Enter => Code::Enter,
        KeyCode::Esc => Code::Esc,
        KeyCode::Tab => Code::Tab,
        KeyCode::BackTab => {
            shift = true;
            Code::Tab
        }
        KeyCode::Up => Code::Up,
        KeyCode::Down => Code::Down,
        KeyCode::Left => Code::Left,
        KeyCode::Right => Code::Right,
        KeyCode::Home => Code::Home,
        KeyCode::End => Code::End,
        KeyCode::PageUp => Code::PageUp,
        KeyCode::PageDown => Code::PageDown,
        KeyCode::Backspace => Code::Backspace,
        KeyCode::Delete => Code::Delete,
        KeyCode::Insert => Code::Insert,
        KeyCode::F(number) => Code::F(number),
        _ => return None,
    };
    let (ctrl, alt) = (held(KeyModifiers::CONTROL), held(KeyModifiers::ALT));
    Some(Key::new(code, ctrl, alt, shift))
}

impl App {
    /// Returns where keys go now, without the windows.
    pub(crate) fn places(&self) -> &'static [Place] {
        if self.replay.is_some() {
            return &[Place::Replay];
        }
        let empty = self.view().is_none_or(|view| view.composer.is_empty());
        match self.focus {
            Focus::Composer if self.names_shown().is_some() => {
                &[Place::Completing, Place::Composer, Place::Everywhere]
            }
            Focus::Composer if empty => &[Place::EmptyComposer, Place::Composer, Place::Everywhere],
            Focus::Composer => &[Place::Composer, Place::Everywhere],
            Focus::Conversation if self.is_picking() => &[Place::Picking, Place::Everywhere],
            Focus::Conversation => &[Place::Conversation, Place::Everywhere],
            Focus::Traces if self.feed.writing.is_some() => &[Place::Line],
            Focus::Traces => &[Place::Traces, Place::Everywhere],
            Focus::Sessions => &[Place::Sessions, Place::Everywhere],
            Focus::Card if self.asked.answer.is_some() => &[Place::Line],
            Focus::Card if self.question().is_some() => &[Place::Asked, Place::Everywhere],
            Focus::Card => &[Place::Card, Place::Everywhere],
            Focus::Jobs => &[Place::Jobs, Place::Everywhere],
            Focus::Inbox => &[Place::Inbox, Place::Everywhere],
            Focus::Memory if self.memory.writing => &[Place::MemoryWords],
            Focus::Memory => &[Place::Memory, Place::Everywhere],
            Focus::Users => &[Place::Users, Place::Everywhere],
            Focus::Terminals if self.terms.typing => &[Place::Typing],
            Focus::Terminals => &[Place::Terminals, Place::Everywhere],
        }
    }

    /// Takes a key in these places, together with the one before it where that began a pair.
    pub(super) fn press(&mut self, places: &[Place], event: KeyEvent) -> Pressed {
        let Some(key) = key(event) else {
            self.pending = None;
            return Pressed::Free;
        };
        if let Some(first) = self.pending.take() {
            return match self.keymap.second(places, first, key) {
                Some(action) => Pressed::Action(action),
                None => {
                    self.say(format!("{first} {key} does nothing here"));
                    Pressed::Taken
                }
            };
        }
        match self.keymap.lookup(places, key) {
            Found::Action(action) => Pressed::Action(action),
            Found::Prefix => {
                self.pending = Some(key);
                Pressed::Taken
            }
            Found::Nothing => Pressed::Free,
        }
    }

    /// Returns the name of the key that does something in the first of these places that has one.
    pub(crate) fn key_of(&self, places: &[Place], action: Action) -> Option<String> {
        self.keymap
            .key(places, action)
            .map(|chord| chord.to_string())
    }

    /// Returns the names of keys and the words of what they do, of one place, for the help.
    pub(crate) fn help_of(&self, place: Place) -> Vec<(String, &'static str)> {
        let mut lines = Lines::default();
        for bound in self.offered(place) {
            lines.add(bound, bound.line.words);
        }
        lines.told().collect()
    }

    /// Returns the keys worth showing at the foot of the screen, best first, each meaning once.
    pub(crate) fn hints_of(&self, places: &[Place]) -> Vec<(String, &'static str)> {
        let mut hints: Vec<(String, &'static str)> = Vec::new();
        for place in places {
            let mut lines = Lines::default();
            for bound in self.offered(*place) {
                lines.add(bound, bound.line.hint);
            }
            for (names, words) in lines.told() {
                if hints.iter().all(|(_, own)| *own != words) {
                    hints.push((names, words));
                }
            }
        }
        hints
    }

    /// Returns the keys that may follow the first of a pair.
    pub(crate) fn endings(&self, first: Key, places: &[Place]) -> Vec<(String, &'static str)> {
        let lines = places.iter().flat_map(|place| self.offered(*place));
        let mut endings = Vec::new();
        for bound in lines {
            let mut pairs = bound.keys.iter().filter(|chord| chord.first == first);
            if let Some(then) = pairs.find_map(|chord| chord.then) {
                let words = match (bound.line.hint, bound.line.words) {
                    ("", "" | DITTO) => bound.line.name,
                    ("", words) => words,
                    (hint, _) => hint,
                };
                endings.push((then.to_string(), words));
            }
        }
        endings
    }

    /// Returns the lines of a place that have a key and are not refused here.
    fn offered(&self, place: Place) -> impl Iterator<Item = &Bound> {
        let observe = self.wanted.observe;
        self.keymap
            .of(place)
            .filter(move |bound| !(observe && bound.line.changes))
    }
}

/// Lines of keys with words, those told together put together.
#[derive(Default)]
struct Lines(Vec<(String, &'static str)>);

impl Lines {
    fn add(&mut self, bound: &Bound, words: &'static str) {
        let told = if bound.line.words == DITTO {
            DITTO
        } else {
            words
        };
        match (bound.keys.first(), told) {
            (Some(key), DITTO) => {
                if let Some((names, _)) = self.0.last_mut() {
                    if !names.is_empty() {
                        names.push(' ');
                    }
                    names.push_str(&key.to_string());
                }
            }
            (None, DITTO) => {}
            // Without a key of its own it waits for the line that is told with it.
            (key, words) => {
                let name = key.map(ToString::to_string).unwrap_or_default();
                self.0.push((name, words));
            }
        }
    }

    fn told(self) -> impl Iterator<Item = (String, &'static str)> {
        let told = |(names, words): &(String, &str)| !names.is_empty() && !words.is_empty();
        self.0.into_iter().filter(told)
    }
}
