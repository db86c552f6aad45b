//! The terminal: taken over as a whole, and given back on every way out.
//!
//! Owns what is switched on and off, and how a frame is written: the cells that changed, as one
//! write that the terminal shows at once.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange,
    KeyboardEnhancementFlags, PopKeyboardEnhancementFlags, PushKeyboardEnhancementFlags,
};
use crossterm::queue;
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen,
    LeaveAlternateScreen, disable_raw_mode, enable_raw_mode, size,
};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::links::Links;

/// True while the terminal is ours.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal, while it is ours; dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Screen {
    frames: Frames,
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
        };
        let mut bytes = Vec::new();
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

    /// Sends bytes that are for the terminal itself and move nothing on the screen.
    pub(crate) fn send(bytes: &[u8]) -> io::Result<()> {
        write(bytes)
    }

    /// Rings.
    pub(crate) fn bell() -> io::Result<()> {
        write(b"\x07")
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// Frames as bytes: what changed since the one before.
#[derive(Debug)]
pub(crate) struct Frames {
    shown: Buffer,
    next: Buffer,
    cursor: Option<Position>,
    whole: bool,
    bytes: Vec<u8>,
    links: Links,
}

impl Frames {
    pub(crate) fn new(area: Rect, links: Links) -> Self {
        Self {
            links,
            shown: Buffer::empty(area),
            next: Buffer::empty(area),
            cursor: None,
            whole: true,
            bytes: Vec::new(),
        }
    }

    pub(crate) const fn area(&self) -> Rect {
        *self.next.area()
    }

    fn resize(&mut self, area: Rect) {
        *self = Self::new(area, self.links.clone());
    }

    /// Returns the bytes that bring the terminal from the frame before to this one.
    pub(crate) fn frame(
        &mut self,
        draw: impl FnOnce(Rect, &mut Buffer) -> Option<Position>,
    ) -> io::Result<&[u8]> {
        self.next.reset();
        self.bytes.clear();
        let cursor = draw(self.area(), &mut self.next);
        let changed = self.shown.diff(&self.next);
        if changed.is_empty() && cursor == self.cursor && !self.whole {
            return Ok(&self.bytes);
        }
        queue!(self.bytes, BeginSynchronizedUpdate)?;
        if self.whole {
            queue!(self.bytes, Clear(ClearType::All))?;
        }
        if !changed.is_empty() {
            // The cursor does not run over the screen while it is painted.
            queue!(self.bytes, Hide)?;
            self.links.write(&mut self.bytes, &changed)?;
        }
        match cursor {
            Some(at) => queue!(self.bytes, MoveTo(at.x, at.y), Show)?,
            None => queue!(self.bytes, Hide)?,
        }
        queue!(self.bytes, EndSynchronizedUpdate)?;
        self.cursor = cursor;
        self.whole = false;
        std::mem::swap(&mut self.shown, &mut self.next);
        Ok(&self.bytes)
    }
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

/// Gives the terminal back, once; each step is taken even where another fails.
fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut bytes = Vec::new();
    let _ = queue!(bytes, EndSynchronizedUpdate);
    if knows_keys() {
        let _ = queue!(bytes, PopKeyboardEnhancementFlags);
    }
    let _ = queue!(
        bytes,
        DisableFocusChange,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        Show
    );
    let _ = write(&bytes);
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
    fn a_frame_that_changes_nothing_writes_nothing() {
        let mut frames = Frames::new(Rect::new(0, 0, 20, 2), Links::default());
        let draw = |_: Rect, buf: &mut Buffer| {
            buf.set_string(0, 0, "hello", ratatui::style::Style::new());
            Some(Position::new(5, 0))
        };
        assert!(!frames.frame(draw).unwrap().is_empty());
        assert!(frames.frame(draw).unwrap().is_empty());
        let moved = frames
            .frame(|area, buf| draw(area, buf).map(|_| Position::new(4, 0)))
            .unwrap();
        let moved = String::from_utf8_lossy(moved).into_owned();
        assert_eq!(moved, "\u{1b}[?2026h\u{1b}[1;5H\u{1b}[?25h\u{1b}[?2026l");
    }
}
