//! The emulated screen of the terminal that is looked at: what its bytes come to.
//!
//! Owns the emulator and where in the stream it stands. Answers nothing that a program asks: the
//! daemon does. Knows no ratatui; `widget/vt` draws it.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Instant;

use alacritty_terminal::event::{Event, EventListener};
use alacritty_terminal::grid::{Dimensions, Grid, Scroll};
use alacritty_terminal::index::{Column, Line, Point, Side};
use alacritty_terminal::selection::{Selection, SelectionRange, SelectionType};
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

/// How many letters of one line that wrapped are searched at most, the last.
const LETTERS: usize = 1 << 20;

/// What became of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fed {
    Shown,
    /// Some before them are missing: only a keyframe helps.
    Lost,
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

    /// Finds a text in any case, in what is shown and what scrolled away, oldest first; also where a
    /// line wrapped in the middle of it.
    pub(crate) fn find(&self, text: &str) -> Vec<SelectionRange> {
        let wanted: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
        let first = self.term.topmost_line();
        let mut hits = Vec::new();
        let mut letters: VecDeque<(Point, char)> = VecDeque::new();
        let mut line = self.term.bottommost_line();
        while line >= first && hits.len() < HITS && !wanted.is_empty() {
            letters.clear();
            // From its last row to its first: all of a line that wrapped.
            loop {
                let row = &self.term.grid()[line];
                for column in (0..row.len()).rev() {
                    let cell = &row[Column(column)];
                    let spacer = Flags::WIDE_CHAR_SPACER | Flags::LEADING_WIDE_CHAR_SPACER;
                    if !cell.flags.intersects(spacer) {
                        let letter = cell.c.to_lowercase().next().unwrap_or(cell.c);
                        letters.push_front((Point::new(line, Column(column)), letter));
                    }
                }
                line -= 1;
                if line < first || letters.len() > LETTERS || !self.goes_on(line) {
                    break;
                }
            }
            let found = letters.make_contiguous().windows(wanted.len()).rev();
            let found = found.filter(|window| {
                let own = window.iter().map(|(_, letter)| *letter);
                own.eq(wanted.iter().copied())
            });
            hits.extend(found.filter_map(|window| {
                let ((start, _), (end, _)) = window.first().zip(window.last())?;
                Some(SelectionRange::new(*start, *end, false))
            }));
        }
        hits.truncate(HITS);
        hits.reverse();
        hits
    }

    /// Returns true where a line goes on in the next one.
    fn goes_on(&self, line: Line) -> bool {
        let row = &self.term.grid()[line];
        let last = row.len().checked_sub(1).map(|last| &row[Column(last)]);
        last.is_some_and(|cell| cell.flags.contains(Flags::WRAPLINE))
    }

    /// Brings a place into view.
    pub(crate) fn show(&mut self, hit: SelectionRange) {
        let rows = i32::from(self.size.rows);
        let offset = i32::try_from(self.scrolled()).unwrap_or(0);
        let seen = hit.start.line.0 + offset;
        if !(0..rows).contains(&seen) {
            self.scroll(rows / 2 - seen);
        }
    }

    /// Begins to select at a cell of the view: column and row.
    pub(crate) fn select_from(&mut self, place: (u16, u16)) {
        let point = self.point(place);
        let selection = Selection::new(SelectionType::Simple, point, Side::Left);
        self.term.selection = Some(selection);
    }

    /// Selects up to a cell of the view, that one too.
    pub(crate) fn select_to(&mut self, place: (u16, u16)) {
        let point = self.point(place);
        if let Some(selection) = &mut self.term.selection {
            selection.update(point, Side::Right);
            selection.include_all();
        }
    }

    /// Selects nothing any more; returns what was selected, where that is any text. Lines that wrapped
    /// are one.
    pub(crate) fn take_selected(&mut self) -> Option<String> {
        let text = self.term.selection_to_string();
        self.term.selection = None;
        text.filter(|text| !text.trim().is_empty())
    }

    /// Returns what is selected.
    pub(crate) fn selected(&self) -> Option<SelectionRange> {
        self.term.selection.as_ref()?.to_range(&self.term)
    }

    /// Returns the text in view, without what is blank around it.
    pub(crate) fn text_in_view(&self) -> String {
        let last = (
            self.size.columns.saturating_sub(1),
            self.size.rows.saturating_sub(1),
        );
        let text = self
            .term
            .bounds_to_string(self.point((0, 0)), self.point(last));
        text.trim_matches('\n').to_owned()
    }

    /// Returns the cell at a place of the view.
    fn point(&self, (column, row): (u16, u16)) -> Point {
        let offset = i32::try_from(self.scrolled()).unwrap_or(0);
        let line = Line(i32::from(row) - offset);
        let line = line.clamp(self.term.topmost_line(), self.term.bottommost_line());
        Point::new(line, Column(column.into()).min(self.term.last_column()))
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
        let row = hits[0].start.line.0 + i32::try_from(emulator.scrolled()).unwrap();
        assert!((0..4).contains(&row), "{row}");
        assert_eq!(emulator.find("界X").len(), 50);
        assert_eq!(emulator.find(""), []);
        assert_eq!(emulator.cursor(), None, "it is not in what is seen");
        emulator.show_newest();
        assert_eq!(emulator.cursor(), Some((0, 3)));
    }

    #[test]
    fn what_wrapped_is_found_and_copied_as_one_line() {
        let mut emulator = Emulator::new(SMALL);
        let text = "a line that is longer than twenty columns\r\nshort\r\n";
        emulator.feed(Piece::Output, 0, text.as_bytes());
        let hits = emulator.find("longer than twenty");
        assert_eq!(hits.len(), 1);
        let SelectionRange { start, end, .. } = hits[0];
        assert_eq!((start.column.0, end.column.0), (15, 12));
        assert_eq!(end.line.0, start.line.0 + 1);
        assert_eq!(emulator.find("columnsshort"), []);

        emulator.show_oldest();
        emulator.select_from((2, 0));
        emulator.select_to((2, 3));
        let copied = emulator.take_selected().unwrap();
        assert_eq!(copied, "line that is longer than twenty columns\nsho");
        assert_eq!(emulator.selected(), None);
        assert_eq!(emulator.text_in_view(), text.replace('\r', "").trim_end());
    }
}
