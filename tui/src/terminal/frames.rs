//! Frames as bytes: the cells that changed, as one write that the terminal shows at once.

use std::io;

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::queue;
use crossterm::terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::links::Links;

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

    pub(super) fn resize(&mut self, area: Rect) {
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
