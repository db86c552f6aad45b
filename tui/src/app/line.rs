//! Keys that write: in a line of text, and in the line that says what a list shows.
//!
//! Owns what each of them does to the text and to the place in the list. What is done with either
//! belongs to who asks.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::keymap::Action;
use crate::widget::composer::{Composer, Move};

/// Takes a key in a line of text: what it is bound to, or else its letter.
pub(super) fn type_in(line: &mut Composer, action: Option<Action>, event: KeyEvent) {
    match action {
        Some(action) => edit(line, action),
        None => drop(insert(line, event)),
    }
}

/// Takes a key where a line says what a list shows; what is written anew is looked at from its
/// beginning. Returns true for the key that chooses.
pub(super) fn narrow(
    line: &mut Composer,
    at: &mut usize,
    (action, event): (Option<Action>, KeyEvent),
    page: usize,
) -> bool {
    match action {
        Some(Action::Up) => *at = at.saturating_sub(1),
        Some(Action::Down) => *at += 1,
        Some(Action::PageUp) => *at = at.saturating_sub(page),
        Some(Action::PageDown) => *at += page,
        Some(Action::Open) => return true,
        Some(action) => {
            edit(line, action);
            *at = 0;
        }
        None => {
            if insert(line, event) {
                *at = 0;
            }
        }
    }
    false
}

/// Changes a text as an action says.
pub(super) fn edit(composer: &mut Composer, action: Action) {
    match action {
        Action::Backspace => composer.backspace(),
        Action::Delete => composer.delete(),
        Action::CutWord => composer.cut_word(),
        Action::CutLine => composer.cut_to_line_start(),
        Action::CutEnd => composer.cut_to_line_end(),
        Action::Left => composer.go(Move::Left),
        Action::Right => composer.go(Move::Right),
        Action::WordLeft => composer.go(Move::WordLeft),
        Action::WordRight => composer.go(Move::WordRight),
        Action::LineStart => composer.go(Move::LineStart),
        Action::LineEnd => composer.go(Move::LineEnd),
        _ => {}
    }
}

/// Writes the letter of a key; false where it has none.
pub(super) fn insert(line: &mut Composer, event: KeyEvent) -> bool {
    let letter = letter(event);
    if let Some(letter) = letter {
        line.insert(letter.encode_utf8(&mut [0; 4]));
    }
    letter.is_some()
}

/// Returns the letter of a key.
pub(super) fn letter(event: KeyEvent) -> Option<char> {
    let held = event.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT);
    match event.code {
        KeyCode::Char(letter) if held.is_empty() => Some(letter),
        _ => None,
    }
}
