//! What a key, the mouse or a paste is to a program in a terminal: the bytes that it reads.
//!
//! As xterm has it, in the modes that the program asked for.

use alacritty_terminal::term::TermMode;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

/// Returns what a key is; `None` for one that a terminal does not know.
pub(crate) fn key(event: KeyEvent, mode: TermMode) -> Option<String> {
    let held = |one| event.modifiers.contains(one);
    let (ctrl, alt) = (held(KeyModifiers::CONTROL), held(KeyModifiers::ALT));
    let shift = held(KeyModifiers::SHIFT);
    let plain = match event.code {
        KeyCode::Char(letter) if ctrl => controlled(letter)?.to_string(),
        KeyCode::Char(letter) => letter.to_string(),
        KeyCode::Enter if mode.contains(TermMode::LINE_FEED_NEW_LINE) => "\r\n".into(),
        KeyCode::Enter => "\r".into(),
        KeyCode::Tab if shift => "\x1b[Z".into(),
        KeyCode::Tab => "\t".into(),
        KeyCode::BackTab => "\x1b[Z".into(),
        KeyCode::Backspace if ctrl => "\x08".into(),
        KeyCode::Backspace => "\x7f".into(),
        KeyCode::Esc => "\x1b".into(),
        code => {
            let number = 1 + u8::from(shift) + 2 * u8::from(alt) + 4 * u8::from(ctrl);
            return named(code, number, mode);
        }
    };
    Some(if alt { format!("\x1b{plain}") } else { plain })
}

/// Returns the control character of a letter.
fn controlled(letter: char) -> Option<char> {
    let code = match letter.to_ascii_lowercase() {
        letter @ 'a'..='z' => letter as u8 - b'a' + 1,
        ' ' | '2' | '@' => 0,
        '3' | '[' => 0x1b,
        '4' | '\\' => 0x1c,
        '5' | ']' => 0x1d,
        '6' | '^' => 0x1e,
        '7' | '_' | '/' => 0x1f,
        '8' | '?' => 0x7f,
        _ => return None,
    };
    Some(char::from(code))
}

fn named(code: KeyCode, held: u8, mode: TermMode) -> Option<String> {
    let lettered = |letter: char, alone: &str| match held {
        1 => format!("\x1b{alone}{letter}"),
        held => format!("\x1b[1;{held}{letter}"),
    };
    let numbered = |number: u8| match held {
        1 => format!("\x1b[{number}~"),
        held => format!("\x1b[{number};{held}~"),
    };
    let arrow = if mode.contains(TermMode::APP_CURSOR) {
        "O"
    } else {
        "["
    };
    Some(match code {
        KeyCode::Up => lettered('A', arrow),
        KeyCode::Down => lettered('B', arrow),
        KeyCode::Right => lettered('C', arrow),
        KeyCode::Left => lettered('D', arrow),
        KeyCode::Home => lettered('H', arrow),
        KeyCode::End => lettered('F', arrow),
        KeyCode::Insert => numbered(2),
        KeyCode::Delete => numbered(3),
        KeyCode::PageUp => numbered(5),
        KeyCode::PageDown => numbered(6),
        KeyCode::F(1) => lettered('P', "O"),
        KeyCode::F(2) => lettered('Q', "O"),
        KeyCode::F(3) => lettered('R', "O"),
        KeyCode::F(4) => lettered('S', "O"),
        KeyCode::F(5) => numbered(15),
        KeyCode::F(number @ 6..=10) => numbered(number + 11),
        KeyCode::F(number @ 11..=12) => numbered(number + 12),
        _ => return None,
    })
}

/// Returns what a paste is: marked where the program asked for that, and never ending that mark
/// itself; else with its lines as if they were typed.
pub(crate) fn paste(text: &str, mode: TermMode) -> String {
    if mode.contains(TermMode::BRACKETED_PASTE) {
        let text: String = text
            .chars()
            .filter(|c| !matches!(c, '\x1b' | '\u{9b}'))
            .collect();
        format!("\x1b[200~{text}\x1b[201~")
    } else {
        let kept = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
        let text: String = text.chars().filter(kept).collect();
        text.replace('\n', "\r")
    }
}

/// Returns what the mouse is at a place of the terminal, column and row; `None` where the program
/// did not ask for it.
pub(crate) fn mouse(event: MouseEvent, at: (u16, u16), mode: TermMode) -> Option<Vec<u8>> {
    let button = |button| match button {
        MouseButton::Left => 0,
        MouseButton::Middle => 1,
        MouseButton::Right => 2,
    };
    let (mut code, wanted, up) = match event.kind {
        MouseEventKind::Down(own) => (button(own), TermMode::MOUSE_MODE, false),
        MouseEventKind::Up(own) => (button(own), TermMode::MOUSE_MODE, true),
        MouseEventKind::Drag(own) => (
            button(own) + 32,
            TermMode::MOUSE_DRAG | TermMode::MOUSE_MOTION,
            false,
        ),
        MouseEventKind::Moved => (35, TermMode::MOUSE_MOTION, false),
        MouseEventKind::ScrollUp => (64, TermMode::MOUSE_MODE, false),
        MouseEventKind::ScrollDown => (65, TermMode::MOUSE_MODE, false),
        MouseEventKind::ScrollLeft => (66, TermMode::MOUSE_MODE, false),
        MouseEventKind::ScrollRight => (67, TermMode::MOUSE_MODE, false),
    };
    if !mode.intersects(wanted) {
        return None;
    }
    for (held, add) in [
        (KeyModifiers::SHIFT, 4),
        (KeyModifiers::ALT, 8),
        (KeyModifiers::CONTROL, 16),
    ] {
        code += if event.modifiers.contains(held) {
            add
        } else {
            0
        };
    }
    let (x, y) = (u32::from(at.0) + 1, u32::from(at.1) + 1);
    if mode.contains(TermMode::SGR_MOUSE) {
        let end = if up { 'm' } else { 'M' };
        return Some(format!("\x1b[<{code};{x};{y}{end}").into_bytes());
    }
    let code = if up { code | 3 } else { code };
    // The old form knows no place farther away.
    let byte = |number: u32| u8::try_from(number + 32).ok();
    Some(vec![0x1b, b'[', b'M', byte(code)?, byte(x)?, byte(y)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(code: KeyCode, held: KeyModifiers, mode: TermMode) -> String {
        key(KeyEvent::new(code, held), mode).unwrap_or_default()
    }

    #[test]
    fn keys_are_what_xterm_says() {
        let none = TermMode::empty();
        let (ctrl, alt) = (KeyModifiers::CONTROL, KeyModifiers::ALT);
        let plain = KeyModifiers::NONE;
        for (code, held, mode, want) in [
            (KeyCode::Char('a'), plain, none, "a"),
            (KeyCode::Char('é'), plain, none, "é"),
            (KeyCode::Char('c'), ctrl, none, "\x03"),
            (KeyCode::Char('5'), ctrl, none, "\x1d"),
            (KeyCode::Char(' '), ctrl, none, "\0"),
            (KeyCode::Char('x'), alt, none, "\x1bx"),
            (KeyCode::Char('x'), ctrl | alt, none, "\x1b\x18"),
            (KeyCode::Enter, plain, none, "\r"),
            (KeyCode::BackTab, KeyModifiers::SHIFT, none, "\x1b[Z"),
            (KeyCode::Backspace, plain, none, "\x7f"),
            (KeyCode::Up, plain, none, "\x1b[A"),
            (KeyCode::Up, plain, TermMode::APP_CURSOR, "\x1bOA"),
            (KeyCode::Up, ctrl, TermMode::APP_CURSOR, "\x1b[1;5A"),
            (KeyCode::Delete, KeyModifiers::SHIFT, none, "\x1b[3;2~"),
            (KeyCode::F(1), plain, none, "\x1bOP"),
            (KeyCode::F(5), plain, none, "\x1b[15~"),
            (KeyCode::F(6), plain, none, "\x1b[17~"),
            (KeyCode::F(12), plain, none, "\x1b[24~"),
        ] {
            assert_eq!(typed(code, held, mode), want, "{code:?} {held:?}");
        }
    }

    #[test]
    fn a_paste_does_not_end_its_own_mark() {
        let marked = paste("a\x1b[201~rm\nb", TermMode::BRACKETED_PASTE);
        assert_eq!(marked, "\x1b[200~a[201~rm\nb\x1b[201~");
        assert_eq!(paste("a\nb\x03\x1b[A", TermMode::empty()), "a\rb[A");
    }

    #[test]
    fn the_mouse_goes_to_who_asked_for_it() {
        let event = |kind| MouseEvent {
            kind,
            column: 0,
            row: 0,
            modifiers: KeyModifiers::NONE,
        };
        let down = event(MouseEventKind::Down(MouseButton::Left));
        assert_eq!(mouse(down, (3, 4), TermMode::empty()), None);
        let click = TermMode::MOUSE_REPORT_CLICK;
        assert_eq!(mouse(down, (3, 4), click), Some(b"\x1b[M $%".to_vec()));
        assert_eq!(mouse(down, (500, 4), click), None);
        let sgr = click | TermMode::SGR_MOUSE;
        assert_eq!(mouse(down, (500, 4), sgr), Some(b"\x1b[<0;501;5M".to_vec()));
        let up = event(MouseEventKind::Up(MouseButton::Right));
        assert_eq!(mouse(up, (0, 0), sgr), Some(b"\x1b[<2;1;1m".to_vec()));
        assert_eq!(mouse(event(MouseEventKind::Moved), (0, 0), sgr), None);
        let drag = event(MouseEventKind::Drag(MouseButton::Left));
        assert_eq!(mouse(drag, (0, 0), sgr), None);
    }
}
