//! Typing into a terminal: what a key, a paste or the window's focus is to its program.
//!
//! Owns the order: one call types at a time.

use alacritty_terminal::term::TermMode;
use crossterm::event::KeyEvent;
use smartopol_protocol::TerminalId;
use smartopol_protocol::terminal::{Party, Write};

use super::super::keymap::{Action, Place, Pressed};
use super::super::{App, Call, Focus};
use crate::emulator::Emulator;
use crate::encode;
use crate::overlay::Overlay;

/// How much one call types at most, in bytes.
const PIECE: usize = 32 * 1024;

/// How much may wait to be typed, in bytes: a paste that a program does not read.
const WAITING: usize = 1 << 20;

/// How soon after a key what a terminal shows is its echo, in milliseconds.
const ECHO: u64 = 300;

impl App {
    /// Takes a key while one types into a terminal.
    pub(in crate::app) fn on_typing_key(&mut self, event: KeyEvent) {
        match self.press(&[Place::Typing], event) {
            Pressed::Action(action) => self.while_typing(action),
            Pressed::Taken => {}
            Pressed::Free => self.pass_on(event),
        }
    }

    fn pass_on(&mut self, event: KeyEvent) {
        let Some(mode) = self.terms.screen().map(|live| live.mode()) else {
            return;
        };
        if let Some(text) = encode::key(event, mode) {
            let was_back = self.terms.screen().is_some_and(|live| live.scrolled() > 0);
            if self.type_text(text) {
                self.terms.passed = !was_back && self.toast.is_none();
            }
        }
    }

    fn while_typing(&mut self, action: Action) {
        match action {
            Action::SendPrefix => drop(self.type_text("\x1d".to_owned())),
            Action::Back => {
                self.terms.typing = false;
                // What was said while typing is not what one can do now.
                self.toast = None;
            }
            Action::Help => self.overlays.push(Overlay::help(&[Place::Typing], "")),
            action => self.look_at_terminals(action),
        }
    }

    /// Types a text into the live terminal; true where it goes there.
    pub(super) fn type_text(&mut self, text: String) -> bool {
        self.type_in_terminal(text, Vec::new())
    }

    pub(super) fn type_in_terminal(&mut self, mut text: String, bytes: Vec<u8>) -> bool {
        let Some(row) = self
            .terms
            .selected
            .and_then(|id| self.model.terminals.get(id))
        else {
            return false;
        };
        let id = row.terminal.id;
        if !row.terminal.runs() {
            self.say("its program has ended: nothing reads what is typed");
            return false;
        }
        if row.terminal.typist == Party::Agent {
            let key = self
                .key_of(&[Place::Typing], Action::TakeOver)
                .unwrap_or_default();
            self.say(format!(
                "the agent types here: {key} takes the terminal over"
            ));
            return false;
        }
        if !self.connected_to_change() {
            return false;
        }
        let waiting: usize = self.terms.out.iter().map(|write| write.text.len()).sum();
        if waiting + text.len() > WAITING {
            self.complain("the program does not read what was typed: this was not sent");
            return false;
        }
        self.terms.echo_until = self.now.ms + ECHO;
        if let Some(live) = self.terms.screen() {
            live.show_newest();
        }
        loop {
            let cut = text.floor_char_boundary(PIECE);
            let rest = text.split_off(cut);
            let last = rest.is_empty();
            match self.terms.out.back_mut() {
                Some(write)
                    if write.id == id
                        && write.bytes.is_empty()
                        && write.text.len() + text.len() <= PIECE =>
                {
                    write.text.push_str(&text);
                    if last {
                        write.bytes.extend(&bytes);
                    }
                }
                _ => self.terms.out.push_back(Write {
                    id,
                    text,
                    bytes: if last { bytes.clone() } else { Vec::new() },
                }),
            }
            if last {
                break;
            }
            text = rest;
        }
        self.type_on();
        true
    }

    /// Sends what comes next: one call at a time keeps the order.
    pub(super) fn type_on(&mut self) {
        if self.terms.on_its_way {
            return;
        }
        if let Some(write) = self.terms.out.pop_front() {
            self.terms.on_its_way = true;
            self.ask(Call::Type(write));
        }
    }

    /// Takes what became of what was typed.
    pub(in crate::app) fn typed(&mut self, id: TerminalId, refusal: Option<String>) {
        self.terms.on_its_way = false;
        if let Some(sentence) = refusal {
            // What is for another terminal is not refused with it.
            self.terms.out.retain(|write| write.id != id);
            self.complain(sentence);
        }
        self.type_on();
    }

    /// Pastes into a terminal.
    pub(in crate::app) fn paste_in_terminal(&mut self, text: &str) {
        if !self.terms.typing {
            return self.say("Enter types into the terminal; then paste");
        }
        let mode = self.terms.screen().map(|live| live.mode());
        if let Some(mode) = mode {
            self.type_text(encode::paste(text, mode));
        }
    }

    /// Tells a program that the window got or lost the keyboard, where it asked.
    pub(in crate::app) fn focus_in_terminal(&mut self, focused: bool) {
        let asked = |live: &mut Emulator| live.mode().contains(TermMode::FOCUS_IN_OUT);
        if self.focus == Focus::Terminals
            && self.terms.typing
            && self.terms.screen().is_some_and(asked)
        {
            let text = if focused { "\x1b[I" } else { "\x1b[O" };
            self.type_text(text.to_owned());
        }
    }

    pub(super) fn begin_typing(&mut self) {
        let Some(row) = self
            .terms
            .selected
            .and_then(|id| self.model.terminals.get(id))
        else {
            return;
        };
        if self.wanted.observe {
            return self.say("this console only looks: start it without --observe to type");
        }
        if !row.terminal.runs() {
            return self.say("its program has ended");
        }
        let agents = row.terminal.typist == Party::Agent;
        self.terms.typing = true;
        // Nothing that was said before hides the way out.
        self.toast = None;
        if agents {
            let key = self
                .key_of(&[Place::Typing], Action::TakeOver)
                .unwrap_or_default();
            self.say_for(
                8_000,
                format!("the agent types here; {key} takes the terminal over"),
            );
        }
    }
}
