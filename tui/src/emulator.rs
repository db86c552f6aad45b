//! The emulated screen of the terminal that is looked at: what its bytes come to.
//!
//! Owns the emulator and where in the stream it stands. Answers nothing that a program asks: the
//! daemon does. Knows no ratatui; `widget/vt` draws it.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

use alacritty_terminal::event::{Event, EventListener};
use alacritty_terminal::grid::{Dimensions, Grid, Scroll};
use alacritty_terminal::index::{Column, Line};
use alacritty_terminal::term::cell::{Cell, Flags};
use alacritty_terminal::term::color::Colors;
use alacritty_terminal::term::{Config, Osc52, Term, TermMode};
use alacritty_terminal::vte::ansi::Processor;
use smartopol_protocol::terminal::{Piece, Size};

/// How many lines that scrolled away are kept here; the daemon keeps its own.
const SCROLLBACK: usize = 5_000;

/// The longest title that is kept, in characters.
const TITLE: usize = 200;

/// How many places a search finds at most, the newest.
const HITS: usize = 10_000;

/// What became of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fed {
    Shown,
    /// Some before them are missing: only a keyframe helps.
    Lost,
}

/// A place that was searched for: a line, counted from the screen's first and negative where it
/// scrolled away, and its columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hit {
    pub(crate) line: i32,
    pub(crate) from: usize,
    pub(crate) to: usize,
}

/// Hears what the emulator says beside what it shows.
#[derive(Clone, Debug, Default)]
struct Ears(Rc<RefCell<String>>);

impl EventListener for Ears {
    fn send_event(&self, event: Event) {
        match event {
            Event::Title(title) => *self.0.borrow_mut() = title.chars().take(TITLE).collect(),
            Event::ResetTitle => self.0.borrow_mut().clear(),
            _ => {}
        }
    }
}

/// A size as the emulator wants it.
struct Lines(Size);

impl Dimensions for Lines {
    fn total_lines(&self) -> usize {
        self.screen_lines()
    }

    fn screen_lines(&self) -> usize {
        self.0.rows.max(1).into()
    }

    fn columns(&self) -> usize {
        self.0.columns.max(2).into()
    }
}

/// The emulated screen.
pub(crate) struct Emulator {
    term: Term<Ears>,
    parser: Processor,
    title: Rc<RefCell<String>>,
    size: Size,
    /// The number of the byte that comes next.
    next: u64,
}

impl std::fmt::Debug for Emulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Emulator")
            .field("size", &self.size)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

impl Emulator {
    pub(crate) fn new(size: Size) -> Self {
        let config = Config {
            scrolling_history: SCROLLBACK,
            osc52: Osc52::Disabled,
            ..Config::default()
        };
        let ears = Ears::default();
        let title = Rc::clone(&ears.0);
        Self {
            term: Term::new(config, &Lines(size), ears),
            parser: Processor::new(),
            title,
            size,
            next: 0,
        }
    }

    /// Takes bytes as the daemon sends them.
    pub(crate) fn feed(&mut self, piece: Piece, offset: u64, bytes: &[u8]) -> Fed {
        match piece {
            Piece::Keyframe => {
                if let Some(size) = size_of(bytes) {
                    self.resize(size);
                }
                self.parser = Processor::new();
                self.parser.advance(&mut self.term, bytes);
                self.next = offset;
            }
            Piece::Output if offset > self.next => return Fed::Lost,
            Piece::Output => {
                let known = usize::try_from(self.next - offset).unwrap_or(usize::MAX);
                let fresh = bytes.get(known..).unwrap_or_default();
                self.parser.advance(&mut self.term, fresh);
                self.next += fresh.len() as u64;
            }
            // Only who asks for a picture gets changes of it.
            Piece::Change => {}
        }
        Fed::Shown
    }

    /// Returns the number of the byte that comes next.
    pub(crate) const fn next(&self) -> u64 {
        self.next
    }

    /// Returns when what a program holds back to show it at once is shown all the same.
    pub(crate) fn held_until(&self) -> Option<Instant> {
        self.parser.sync_timeout().sync_timeout()
    }

    /// Shows what is held back.
    pub(crate) fn let_go(&mut self) {
        self.parser.stop_sync(&mut self.term);
    }

    pub(crate) const fn size(&self) -> Size {
        self.size
    }

    pub(crate) fn resize(&mut self, size: Size) {
        if self.size != size {
            self.size = size;
            self.term.resize(Lines(size));
        }
    }

    pub(crate) fn mode(&self) -> TermMode {
        *self.term.mode()
    }

    /// Returns the title that the program gave its window.
    pub(crate) fn title(&self) -> String {
        self.title.borrow().clone()
    }

    pub(crate) fn colors(&self) -> &Colors {
        self.term.colors()
    }

    pub(crate) fn grid(&self) -> &Grid<Cell> {
        self.term.grid()
    }

    /// Returns how many lines back the view is.
    pub(crate) fn scrolled(&self) -> usize {
        self.term.grid().display_offset()
    }

    /// Goes so many lines back, or forward where that is negative.
    pub(crate) fn scroll(&mut self, lines: i32) {
        self.term.scroll_display(Scroll::Delta(lines));
    }

    pub(crate) fn show_oldest(&mut self) {
        self.term.scroll_display(Scroll::Top);
    }

    pub(crate) fn show_newest(&mut self) {
        self.term.scroll_display(Scroll::Bottom);
    }

    /// Returns where the cursor is in the view: column and row; `None` where it is not seen.
    pub(crate) fn cursor(&self) -> Option<(u16, u16)> {
        if !self.mode().contains(TermMode::SHOW_CURSOR) {
            return None;
        }
        let point = self.term.grid().cursor.point;
        let row = point.line.0 + i32::try_from(self.scrolled()).unwrap_or(i32::MAX / 2);
        let row = u16::try_from(row)
            .ok()
            .filter(|row| *row < self.size.rows)?;
        Some((u16::try_from(point.column.0).ok()?, row))
    }

    /// Finds a text in any case, in what is shown and what scrolled away, oldest first.
    pub(crate) fn find(&self, text: &str) -> Vec<Hit> {
        let wanted: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
        let grid = self.term.grid();
        let mut hits = Vec::new();
        let first = -i32::try_from(grid.history_size()).unwrap_or(0);
        let last = i32::try_from(grid.screen_lines()).unwrap_or(0);
        for line in (first..last).rev() {
            let row = &grid[Line(line)];
            let letters: Vec<(usize, char)> = (0..grid.columns())
                .map(|column| (column, &row[Column(column)]))
                .filter(|(_, cell)| !cell.flags.contains(Flags::WIDE_CHAR_SPACER))
                .map(|(column, cell)| (column, cell.c.to_lowercase().next().unwrap_or(cell.c)))
                .collect();
            let in_row = letters.windows(wanted.len().max(1)).rev().filter(|window| {
                let own = window.iter().map(|(_, letter)| *letter);
                own.eq(wanted.iter().copied())
            });
            hits.extend(in_row.filter_map(|window| {
                let ((from, _), (to, _)) = window.first().zip(window.last())?;
                Some(Hit {
                    line,
                    from: *from,
                    to: to + 1,
                })
            }));
            if hits.len() > HITS {
                break;
            }
        }
        hits.reverse();
        hits
    }

    /// Brings a place into view.
    pub(crate) fn show(&mut self, hit: Hit) {
        let rows = i32::from(self.size.rows);
        let offset = i32::try_from(self.scrolled()).unwrap_or(0);
        let seen = hit.line + offset;
        if !(0..rows).contains(&seen) {
            self.scroll(rows / 2 - seen);
        }
    }
}

/// Returns the size that a keyframe begins with.
fn size_of(keyframe: &[u8]) -> Option<Size> {
    let rest = keyframe.strip_prefix(b"\x1b[8;")?;
    let end = rest.iter().position(|byte| *byte == b't')?;
    let text = std::str::from_utf8(rest.get(..end)?).ok()?;
    let (rows, columns) = text.split_once(';')?;
    let size = Size {
        columns: columns.parse().ok()?,
        rows: rows.parse().ok()?,
    };
    // What no daemon sends must not take all memory.
    ((2..=1_000).contains(&size.columns) && (1..=500).contains(&size.rows)).then_some(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Size = Size {
        columns: 20,
        rows: 4,
    };

    fn line(emulator: &Emulator, line: i32) -> String {
        let grid = emulator.grid();
        let text: String = (0..grid.columns())
            .map(|column| grid[Line(line)][Column(column)].c)
            .collect();
        text.trim_end().to_owned()
    }

    #[test]
    fn a_keyframe_brings_its_size_and_what_overlaps_is_shown_once() {
        let mut emulator = Emulator::new(SMALL);
        let keyframe = b"\x1b[8;6;30t\x1bcone\r\n";
        assert_eq!(emulator.feed(Piece::Keyframe, 100, keyframe), Fed::Shown);
        assert_eq!((emulator.size().columns, emulator.size().rows), (30, 6));
        assert_eq!(emulator.feed(Piece::Output, 98, b"\r\ntwo"), Fed::Shown);
        assert_eq!(
            (line(&emulator, 0), line(&emulator, 1)),
            ("one".into(), "two".into())
        );
        assert_eq!(emulator.next(), 103);
        assert_eq!(emulator.feed(Piece::Output, 104, b"x"), Fed::Lost);
    }

    #[test]
    fn a_keyframe_of_no_size_that_can_be_is_not_believed() {
        assert_eq!(size_of(b"\x1b[8;65535;65535t"), None);
        assert_eq!(size_of(b"\x1b[8;0;80t"), None);
        assert_eq!(size_of(b"\x1b[8;80t"), None);
    }

    #[test]
    fn what_scrolled_away_is_found_in_any_case_and_shown() {
        let mut emulator = Emulator::new(SMALL);
        for number in 0..50 {
            let text = format!("Line {number} 界x\r\n");
            let next = emulator.next();
            emulator.feed(Piece::Output, next, text.as_bytes());
        }
        let hits = emulator.find("line 7 ");
        assert_eq!(hits.len(), 1);
        emulator.show(hits[0]);
        let row = hits[0].line + i32::try_from(emulator.scrolled()).unwrap();
        assert!((0..4).contains(&row), "{row}");
        assert_eq!(emulator.find("界X").len(), 50);
        assert_eq!(emulator.find(""), []);
        assert_eq!(emulator.cursor(), None, "it is not in what is seen");
        emulator.show_newest();
        assert_eq!(emulator.cursor(), Some((0, 3)));
    }
}
