//! What a played person does: keys by their names, the mouse, pastes.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use super::Headless;
use crate::app::Msg;

impl Headless {
    /// Presses keys: letters as they are, others by name, such as `<tab>`, `<c-a>`, `<a-enter>`.
    pub fn keys(&mut self, keys: &str) {
        let mut rest = keys;
        while let Some(first) = rest.chars().next() {
            let named = rest
                .strip_prefix('<')
                .and_then(|named| named.split_once('>'));
            let (key, after) = match named.and_then(|(name, after)| Some((key(name)?, after))) {
                Some(found) => found,
                None => (
                    KeyEvent::new(KeyCode::Char(first), KeyModifiers::NONE),
                    rest.get(first.len_utf8()..).unwrap_or_default(),
                ),
            };
            rest = after;
            self.take(Msg::Key(key));
        }
    }

    /// Presses one key.
    pub fn key(&mut self, key: KeyEvent) {
        self.take(Msg::Key(key));
    }

    /// Moves the mouse's wheel, presses or lets go its left button, or drags with it.
    pub fn mouse(&mut self, kind: MouseEventKind, x: u16, y: u16) {
        self.take(Msg::Mouse(MouseEvent {
            kind,
            column: x,
            row: y,
            modifiers: KeyModifiers::NONE,
        }));
    }

    /// Returns true where the mouse is its own and not the terminal's.
    pub fn takes_mouse(&self) -> bool {
        self.app.wishes().mouse
    }

    /// Clicks with the mouse.
    pub fn click(&mut self, x: u16, y: u16) {
        self.mouse(MouseEventKind::Down(MouseButton::Left), x, y);
        self.mouse(MouseEventKind::Up(MouseButton::Left), x, y);
    }

    /// Pastes.
    pub fn paste(&mut self, text: &str) {
        self.take(Msg::Paste(text.to_owned()));
    }

    /// Gives the terminal's window the keyboard, or takes it away.
    pub fn window_focus(&mut self, focused: bool) {
        self.take(Msg::WindowFocus(focused));
    }
}

fn key(name: &str) -> Option<KeyEvent> {
    let (held, name) = match name.split_once('-') {
        Some(("c", rest)) => (KeyModifiers::CONTROL, rest),
        Some(("a", rest)) => (KeyModifiers::ALT, rest),
        Some(("s", rest)) => (KeyModifiers::SHIFT, rest),
        _ => (KeyModifiers::NONE, name),
    };
    let code = match name {
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "btab" => KeyCode::BackTab,
        "bs" => KeyCode::Backspace,
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "left" => KeyCode::Left,
        "right" => KeyCode::Right,
        "home" => KeyCode::Home,
        "end" => KeyCode::End,
        "pgup" => KeyCode::PageUp,
        "pgdn" => KeyCode::PageDown,
        "f1" => KeyCode::F(1),
        "f2" => KeyCode::F(2),
        "f3" => KeyCode::F(3),
        "f4" => KeyCode::F(4),
        "f5" => KeyCode::F(5),
        _ => {
            let mut letters = name.chars();
            let letter = letters.next().filter(|_| letters.next().is_none())?;
            KeyCode::Char(letter)
        }
    };
    Some(KeyEvent::new(code, held))
}
