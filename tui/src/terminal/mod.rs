//! The terminal: taken over as a whole, and given back on every way out.
//!
//! Owns what is switched on and off. How a frame is written is `frames`.

mod frames;
mod ground;

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::Hide;
use crossterm::event::{
    EnableBracketedPaste, EnableFocusChange, KeyboardEnhancementFlags, PushKeyboardEnhancementFlags,
};
use crossterm::queue;
use crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, disable_raw_mode, enable_raw_mode, size,
};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

pub(crate) use self::frames::Frames;
pub(crate) use self::ground::{Ground, Heard};
use crate::links::Links;

/// True while the terminal is ours.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Keeps the window's title to be put back.
const KEEP_TITLE: &[u8] = b"\x1b[22;0t";

/// The mouse's buttons, wheel and drags, in coordinates of any size. Mere movement is not told: it
/// would wake the console for nothing.
const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1002h\x1b[?1006h";
const MOUSE_OFF: &[u8] = b"\x1b[?1006l\x1b[?1002l\x1b[?1000l";

/// What the console wants of the terminal besides frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wishes {
    /// True where the mouse is told.
    pub(crate) mouse: bool,
    /// How much waits for the person: the window's title says it.
    pub(crate) waiting: usize,
}

/// The terminal, while it is ours; dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Screen {
    frames: Frames,
    granted: Option<Wishes>,
}

impl Screen {
    /// Takes the terminal over.
    pub(crate) fn enter(links: Links) -> io::Result<Self> {
        give_back_on_panic();
        let (width, height) = size()?;
        enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        // From here on an error gives it back, because the screen is dropped.
        let screen = Self {
            frames: Frames::new(Rect::new(0, 0, width, height), links),
            granted: None,
        };
        let mut bytes = KEEP_TITLE.to_vec();
        queue!(
            bytes,
            EnterAlternateScreen,
            EnableBracketedPaste,
            EnableFocusChange,
            Hide
        )?;
        if knows_keys() {
            let flags = KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES;
            queue!(bytes, PushKeyboardEnhancementFlags(flags))?;
        }
        queue!(bytes, Clear(ClearType::All))?;
        write(&bytes)?;
        Ok(screen)
    }

    /// Asks the terminal for its ground; what it answers stands among the keys. `now` is in
    /// milliseconds.
    pub(crate) fn ask_ground(now: u64) -> io::Result<Ground> {
        write(ground::QUESTION)?;
        Ok(Ground::asked(now))
    }

    /// Takes note of another size: the next frame is drawn whole.
    pub(crate) fn resize(&mut self, width: u16, height: u16) {
        self.frames.resize(Rect::new(0, 0, width, height));
    }

    /// Draws a frame; nothing is written where nothing changed.
    pub(crate) fn draw(
        &mut self,
        draw: impl FnOnce(Rect, &mut Buffer) -> Option<Position>,
    ) -> io::Result<()> {
        let bytes = self.frames.frame(draw)?;
        if bytes.is_empty() {
            Ok(())
        } else {
            write(bytes)
        }
    }

    /// Gives the console what it wants; nothing is written where it has that already.
    pub(crate) fn grant(&mut self, wishes: Wishes) -> io::Result<()> {
        let bytes = granting(self.granted, wishes);
        self.granted = Some(wishes);
        if bytes.is_empty() {
            Ok(())
        } else {
            write(&bytes)
        }
    }

    /// Sends bytes that are for the terminal itself and move nothing on the screen.
    pub(crate) fn send(bytes: &[u8]) -> io::Result<()> {
        write(bytes)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// Returns the bytes that lead from what was granted to what is wanted.
fn granting(granted: Option<Wishes>, wishes: Wishes) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mouse = granted.is_some_and(|own| own.mouse);
    match (mouse, wishes.mouse) {
        (false, true) => bytes.extend_from_slice(MOUSE_ON),
        (true, false) => bytes.extend_from_slice(MOUSE_OFF),
        _ => {}
    }
    if granted.is_none_or(|own| own.waiting != wishes.waiting) {
        let title = match wishes.waiting {
            0 => "smartopol".to_owned(),
            waiting => format!("● {waiting} smartopol"),
        };
        bytes.extend_from_slice(format!("\x1b]2;{title}\x1b\\").as_bytes());
    }
    bytes
}

fn write(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// Returns true where the terminal is not known to trip over the question for telling keys apart.
fn knows_keys() -> bool {
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|own| own == value);
    !is("TERM_PROGRAM", "Apple_Terminal") && !is("TERM", "linux")
}

/// Returns the bytes that undo everything that was ever switched on.
fn trailer(keys: bool) -> Vec<u8> {
    let steps: [&[u8]; 9] = [
        b"\x1b[?2026l",
        MOUSE_OFF,
        if keys { b"\x1b[<1u" } else { b"" },
        b"\x1b[?1004l",
        b"\x1b[?2004l",
        b"\x1b[0m",
        b"\x1b[?1049l",
        b"\x1b[23;0t",
        b"\x1b[?25h",
    ];
    steps.concat()
}

/// Gives the terminal back, once; each step is taken even where another fails.
fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let _ = write(&trailer(knows_keys()));
    let _ = disable_raw_mode();
}

fn give_back_on_panic() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let told = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            give_back();
            told(info);
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanted_is_written_once() {
        let one = Wishes {
            mouse: true,
            waiting: 0,
        };
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        assert_eq!(
            text(granting(None, one)),
            "\x1b[?1000h\x1b[?1002h\x1b[?1006h\x1b]2;smartopol\x1b\\"
        );
        assert_eq!(text(granting(Some(one), one)), "");
        let other = Wishes {
            mouse: false,
            waiting: 3,
        };
        assert_eq!(
            text(granting(Some(one), other)),
            "\x1b[?1006l\x1b[?1002l\x1b[?1000l\x1b]2;● 3 smartopol\x1b\\"
        );
    }

    #[test]
    fn all_that_is_switched_on_is_switched_off() {
        let off = String::from_utf8(trailer(true)).unwrap();
        assert_eq!(
            off,
            "\x1b[?2026l\x1b[?1006l\x1b[?1002l\x1b[?1000l\x1b[<1u\x1b[?1004l\x1b[?2004l\x1b[0m\
             \x1b[?1049l\x1b[23;0t\x1b[?25h"
        );
    }
}
