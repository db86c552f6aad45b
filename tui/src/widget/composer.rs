//! The place where a person writes.
//!
//! Owns the draft, its cursor, its history and its layout. Knows no session and sends nothing.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::text::grapheme_width;

/// The longest text the daemon takes, in bytes.
pub(crate) const LIMIT: usize = 256 * 1024;

/// A draft with its cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Composer {
    text: String,
    /// Where the next letter goes: a byte at the edge of a grapheme.
    cursor: usize,
    /// Which entry of the history is shown, counted from the newest; `None` for the draft.
    past: Option<usize>,
    /// The draft while an older entry is shown.
    kept: String,
}

/// Where a movement goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Move {
    Left,
    Right,
    WordLeft,
    WordRight,
    LineStart,
    LineEnd,
}

/// A draft, laid out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// The bytes of each line.
    pub(crate) lines: Vec<Range<usize>>,
    /// The line and the cell of the cursor.
    pub(crate) cursor: (usize, usize),
}

impl Composer {
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Replaces the draft and puts the cursor at its end.
    pub(crate) fn set(&mut self, text: String) {
        self.text = text;
        self.cursor = self.text.len();
        self.past = None;
    }

    /// Takes the text away; where it came from the history, the draft before it comes back.
    pub(crate) fn take(&mut self) -> String {
        let text = std::mem::take(&mut self.text);
        self.cursor = 0;
        if self.past.take().is_some() {
            let kept = std::mem::take(&mut self.kept);
            self.set(kept);
        }
        text
    }

    /// Writes at the cursor; returns false where the draft would get too long.
    pub(crate) fn insert(&mut self, text: &str) -> bool {
        if self.text.len() + text.len() > LIMIT {
            return false;
        }
        self.text.insert_str(self.cursor, text);
        self.cursor += text.len();
        // A combining letter joins the one before it: the cursor stays at an edge all the same.
        self.cursor = self.edge_at_or_after(self.cursor);
        true
    }

    pub(crate) fn backspace(&mut self) {
        let from = self.to(Move::Left);
        self.cut(from..self.cursor);
    }

    pub(crate) fn delete(&mut self) {
        let to = self.to(Move::Right);
        self.cut(self.cursor..to);
    }

    pub(crate) fn cut_word(&mut self) {
        let from = self.to(Move::WordLeft);
        self.cut(from..self.cursor);
    }

    pub(crate) fn cut_to_line_start(&mut self) {
        let from = self.to(Move::LineStart);
        self.cut(from..self.cursor);
    }

    pub(crate) fn cut_to_line_end(&mut self) {
        let to = self.to(Move::LineEnd);
        self.cut(self.cursor..to);
    }

    pub(crate) fn go(&mut self, movement: Move) {
        self.cursor = self.to(movement);
    }

    /// Goes a line up in a layout of `room` cells; false where it is in the first already.
    pub(crate) fn up(&mut self, room: usize) -> bool {
        let layout = self.layout(room);
        let (line, cell) = layout.cursor;
        line.checked_sub(1)
            .and_then(|above| layout.lines.get(above))
            .is_some_and(|above| {
                self.cursor = self.byte_at(above.clone(), cell);
                true
            })
    }

    /// Goes a line down; false where it is in the last already.
    pub(crate) fn down(&mut self, room: usize) -> bool {
        let layout = self.layout(room);
        let (line, cell) = layout.cursor;
        layout.lines.get(line + 1).is_some_and(|below| {
            self.cursor = self.byte_at(below.clone(), cell);
            true
        })
    }

    /// Shows the entry of the history before the one shown.
    pub(crate) fn older(&mut self, history: &[String]) {
        let next = self.past.map_or(0, |past| past + 1);
        if let Some(entry) = history.iter().rev().nth(next) {
            if self.past.is_none() {
                self.kept = std::mem::take(&mut self.text);
            }
            self.set(entry.clone());
            self.past = Some(next);
        }
    }

    /// Shows the entry after it, and at last the draft.
    pub(crate) fn newer(&mut self, history: &[String]) {
        match self.past {
            None => {}
            Some(0) => {
                let kept = std::mem::take(&mut self.kept);
                self.set(kept);
            }
            Some(past) => {
                if let Some(entry) = history.iter().rev().nth(past - 1) {
                    self.set(entry.clone());
                    self.past = Some(past - 1);
                }
            }
        }
    }

    /// Lays the draft out on lines of `room` cells.
    pub(crate) fn layout(&self, room: usize) -> Layout {
        let room = room.max(2);
        let mut lines = Vec::new();
        let mut cursor = (0, 0);
        let (mut start, mut used) = (0, 0);
        // Where the last word began: its byte and its cell.
        let mut word = (0, 0);
        for (at, grapheme) in self.text.grapheme_indices(true) {
            if grapheme.starts_with(['\n', '\r']) {
                if at == self.cursor {
                    cursor = (lines.len(), used);
                }
                lines.push(start..at);
                (start, used) = (at + grapheme.len(), 0);
                word = (start, 0);
                continue;
            }
            let wide = shown_width(grapheme);
            if used + wide > room {
                let whole_word = word.0 > start && !grapheme.starts_with(' ');
                let (cut, cell) = if whole_word { word } else { (at, used) };
                if self.cursor >= cut && self.cursor < at && cursor.0 == lines.len() {
                    cursor = (lines.len() + 1, cursor.1.saturating_sub(cell));
                }
                lines.push(start..cut);
                used -= cell;
                start = cut;
                word = (start, 0);
            }
            if at == self.cursor {
                cursor = (lines.len(), used);
            }
            used += wide;
            if grapheme == " " || grapheme == "\t" {
                word = (at + grapheme.len(), used);
            }
        }
        if self.cursor >= self.text.len() {
            // The cursor after a full line needs a line of its own.
            if used >= room {
                lines.push(start..self.text.len());
                (start, used) = (self.text.len(), 0);
            }
            cursor = (lines.len(), used);
        }
        lines.push(start..self.text.len());
        Layout { lines, cursor }
    }

    fn byte_at(&self, line: Range<usize>, cell: usize) -> usize {
        let mut used = 0;
        let text = self.text.get(line.clone()).unwrap_or_default();
        for (at, grapheme) in text.grapheme_indices(true) {
            let wide = shown_width(grapheme);
            if used + wide > cell {
                return line.start + at;
            }
            used += wide;
        }
        line.end
    }

    fn to(&self, movement: Move) -> usize {
        let before = self.text.get(..self.cursor).unwrap_or_default();
        let after = self.text.get(self.cursor..).unwrap_or_default();
        match movement {
            Move::Left => before
                .grapheme_indices(true)
                .next_back()
                .map_or(0, |(at, _)| at),
            Move::Right => self.cursor + after.graphemes(true).next().map_or(0, str::len),
            Move::WordLeft => {
                let words = before.trim_end();
                words.rfind(char::is_whitespace).map_or(0, |at| {
                    at + words
                        .get(at..)
                        .and_then(|rest| rest.chars().next())
                        .map_or(1, char::len_utf8)
                })
            }
            Move::WordRight => {
                let blank = after.len() - after.trim_start().len();
                let word = after.trim_start();
                self.cursor + blank + word.find(char::is_whitespace).unwrap_or(word.len())
            }
            Move::LineStart => before.rfind('\n').map_or(0, |at| at + 1),
            Move::LineEnd => self.cursor + after.find('\n').unwrap_or(after.len()),
        }
    }

    fn cut(&mut self, range: Range<usize>) {
        if self.text.is_char_boundary(range.start) && self.text.is_char_boundary(range.end) {
            self.cursor = range.start;
            self.text.replace_range(range, "");
            self.cursor = self.edge_at_or_after(self.cursor);
        }
    }

    fn edge_at_or_after(&self, byte: usize) -> usize {
        self.text
            .grapheme_indices(true)
            .map(|(at, _)| at)
            .find(|at| *at >= byte)
            .unwrap_or(self.text.len())
    }
}

/// Returns how many cells a grapheme of a draft takes; tabs are shown as one.
pub(crate) fn shown_width(grapheme: &str) -> usize {
    grapheme_width(grapheme)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(text: &str) -> Composer {
        let mut composer = Composer::default();
        composer.insert(text);
        composer
    }

    fn lines(composer: &Composer, room: usize) -> Vec<&str> {
        let layout = composer.layout(room);
        layout
            .lines
            .iter()
            .map(|line| &composer.text()[line.clone()])
            .collect()
    }

    #[test]
    fn it_wraps_at_words_and_the_cursor_follows() {
        let composer = with("hello brave world");
        assert_eq!(lines(&composer, 12), ["hello brave ", "world"]);
        assert_eq!(composer.layout(12).cursor, (1, 5));
        let composer = with("a\n\nb");
        assert_eq!(lines(&composer, 12), ["a", "", "b"]);
        let composer = with("漢字漢字");
        assert_eq!(lines(&composer, 5), ["漢字", "漢字"]);
        assert_eq!(composer.layout(5).cursor, (1, 4));
    }

    #[test]
    fn editing_goes_by_graphemes() {
        let mut composer = with("e\u{301}👩\u{200d}💻");
        composer.backspace();
        assert_eq!(composer.text(), "e\u{301}");
        composer.backspace();
        assert!(composer.is_empty());
    }

    #[test]
    fn history_comes_and_goes_and_the_draft_stays() {
        let history = ["one".to_owned(), "two".to_owned()];
        let mut composer = with("draft");
        composer.older(&history);
        assert_eq!(composer.text(), "two");
        composer.older(&history);
        composer.older(&history);
        assert_eq!(composer.text(), "one");
        composer.newer(&history);
        composer.newer(&history);
        assert_eq!(composer.text(), "draft");
    }

    #[test]
    fn lines_are_walked_up_and_down() {
        let mut composer = with("first\nsecond");
        assert!(composer.up(20));
        assert!(!composer.up(20));
        composer.insert("!");
        assert_eq!(composer.text(), "first!\nsecond");
        assert!(composer.down(20));
        assert!(!composer.down(20));
    }

    #[test]
    fn words_are_cut_whole() {
        let mut composer = with("rm -rf target");
        composer.cut_word();
        assert_eq!(composer.text(), "rm -rf ");
        composer.cut_to_line_start();
        assert!(composer.is_empty());
    }
}
