//! The place where a person writes.
//!
//! Owns the draft, its cursor, its history and its layout. Knows no session and sends nothing.
//!
//! A large paste stands in the draft as one letter that no script has, and is shown as a chip;
//! what is sent has it whole.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;

use super::text::{grapheme_width, width};

/// The longest text the daemon takes, in bytes.
pub(crate) const LIMIT: usize = 256 * 1024;

/// A paste of more lines or bytes than this becomes a chip.
const CHIP: (usize, usize) = (20, 2 * 1024);

/// The first of the letters that stand for chips: in a plane for private use, which no font has.
const FIRST: u32 = 0x10_0000;

/// The most chips of one draft; what is pasted beyond stands there as it is.
const CHIPS: usize = 64;

/// A draft as it is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) text: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) pastes: Vec<String>,
}

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
    /// What the chips stand for.
    pastes: Vec<String>,
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

    /// Returns the draft with its pastes whole.
    pub(crate) fn whole(&self) -> String {
        let mut whole = String::with_capacity(self.text.len());
        for letter in self.text.chars() {
            match self.paste(letter) {
                Some(paste) => whole.push_str(paste),
                None => whole.push(letter),
            }
        }
        whole
    }

    /// Returns a part of the draft as it is shown, with its chips.
    pub(crate) fn shown(&self, range: Range<usize>) -> String {
        let mut shown = String::new();
        for letter in self.text.get(range).unwrap_or_default().chars() {
            match self.paste(letter) {
                Some(paste) => shown.push_str(&label(paste)),
                None => shown.push(letter),
            }
        }
        shown
    }

    /// Returns the draft as it is kept for later.
    pub(crate) fn keep(&self) -> Kept {
        let (text, pastes) = match self.past {
            // The draft itself, not the entry of the history that is shown.
            Some(_) => (self.kept.clone(), self.pastes.clone()),
            None => (self.text.clone(), self.pastes.clone()),
        };
        Kept { text, pastes }
    }

    /// Takes up a draft that was kept.
    pub(crate) fn restore(&mut self, kept: Kept) {
        self.pastes = kept.pastes;
        self.pastes.truncate(CHIPS);
        self.set(kept.text);
    }

    /// Writes a paste at the cursor, as a chip where it is large.
    pub(crate) fn paste_in(&mut self, text: &str) -> bool {
        let text = without_chips(text);
        let (lines, bytes) = CHIP;
        let small = text.lines().count() <= lines && text.len() <= bytes;
        if small || self.pastes.len() >= CHIPS {
            return self.insert(&text);
        }
        if self.whole().len() + text.len() > LIMIT {
            return false;
        }
        let Some(letter) = chip(self.pastes.len()) else {
            return self.insert(&text);
        };
        self.pastes.push(text);
        self.write(letter.encode_utf8(&mut [0; 4]));
        true
    }

    /// Writes out the chip before the cursor, or the first one; false where there is none.
    pub(crate) fn expand(&mut self) -> bool {
        let is_chip = |(_, letter): &(usize, char)| self.paste(*letter).is_some();
        let before = self.text.get(..self.cursor).unwrap_or_default();
        let near = before.char_indices().next_back().filter(is_chip);
        let Some((at, letter)) = near.or_else(|| self.text.char_indices().find(is_chip)) else {
            return false;
        };
        let paste = self.paste(letter).unwrap_or_default().to_owned();
        self.text.replace_range(at..at + letter.len_utf8(), &paste);
        self.cursor = at + paste.len();
        true
    }

    /// Returns true where the draft has a chip.
    pub(crate) fn has_chip(&self) -> bool {
        self.text.chars().any(|letter| self.paste(letter).is_some())
    }

    /// Returns the cursor's byte.
    pub(crate) const fn cursor(&self) -> usize {
        self.cursor
    }

    /// Puts `text` in the place of a part of the draft, and the cursor behind it.
    pub(crate) fn replace(&mut self, range: Range<usize>, text: &str) {
        if self.text.is_char_boundary(range.start) && self.text.is_char_boundary(range.end) {
            self.text.replace_range(range.clone(), text);
            self.cursor = self.edge_at_or_after(range.start + text.len());
        }
    }

    fn paste(&self, letter: char) -> Option<&str> {
        let number = u32::from(letter).checked_sub(FIRST)?;
        let paste = self.pastes.get(usize::try_from(number).ok()?)?;
        Some(paste)
    }

    /// Returns how many cells a grapheme takes, a chip all of its own.
    fn wide(&self, grapheme: &str) -> usize {
        let chip = grapheme
            .chars()
            .next()
            .and_then(|letter| self.paste(letter));
        chip.map_or_else(|| shown_width(grapheme), |paste| width(&label(paste)))
    }

    /// Replaces the draft and puts the cursor at its end.
    pub(crate) fn set(&mut self, text: String) {
        self.text = text;
        self.cursor = self.text.len();
        self.past = None;
    }

    /// Takes the text away; where it came from the history, the draft before it comes back.
    pub(crate) fn take(&mut self) -> String {
        let whole = self.whole();
        self.text.clear();
        self.cursor = 0;
        if self.past.take().is_some() {
            let kept = std::mem::take(&mut self.kept);
            self.set(kept);
        } else {
            self.pastes.clear();
        }
        whole
    }

    /// Writes at the cursor; returns false where the draft would get too long.
    pub(crate) fn insert(&mut self, text: &str) -> bool {
        let pasted: usize = self.pastes.iter().map(String::len).sum();
        if self.text.len() + pasted + text.len() > LIMIT {
            return false;
        }
        self.write(&without_chips(text));
        true
    }

    fn write(&mut self, text: &str) {
        self.text.insert_str(self.cursor, text);
        self.cursor += text.len();
        // A combining letter joins the one before it: the cursor stays at an edge all the same.
        self.cursor = self.edge_at_or_after(self.cursor);
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
            let wide = self.wide(grapheme).min(room);
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
            let wide = self.wide(grapheme);
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

/// Returns what is shown of a large paste.
fn label(paste: &str) -> String {
    let lines = paste.lines().count();
    match lines {
        0 | 1 => format!("[pasted {} KiB]", paste.len().div_ceil(1024)),
        _ => format!("[pasted {lines} lines]"),
    }
}

fn chip(number: usize) -> Option<char> {
    char::from_u32(FIRST + u32::try_from(number).ok()?)
}

/// Returns a text without the letters that stand for chips.
fn without_chips(text: &str) -> String {
    let last = FIRST + u32::try_from(CHIPS).unwrap_or(0);
    text.chars()
        .filter(|letter| !(FIRST..last).contains(&u32::from(*letter)))
        .collect()
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

    #[test]
    fn a_large_paste_is_one_chip_and_is_sent_whole() {
        let mut composer = with("see ");
        let log = "line\n".repeat(120);
        assert!(composer.paste_in(&log));
        composer.insert(" there");
        assert_eq!(lines(&composer, 60).len(), 1);
        let all = 0..composer.text().len();
        assert_eq!(composer.shown(all), "see [pasted 120 lines] there");
        assert_eq!(composer.whole(), format!("see {log} there"));
        let end = composer.layout(60).cursor.1;
        assert_eq!(end, "see [pasted 120 lines] there".len());
        let kept = composer.keep();
        let mut again = Composer::default();
        again.restore(kept);
        assert_eq!(again.whole(), composer.whole());
        for _ in 0..6 {
            composer.backspace();
        }
        composer.backspace();
        assert_eq!(composer.whole(), "see ", "a chip goes as one letter");
        assert!(!composer.has_chip());
    }

    #[test]
    fn a_chip_is_written_out_and_no_letter_can_pretend_to_be_one() {
        let mut composer = Composer::default();
        assert!(composer.paste_in(&"x".repeat(3_000)));
        assert_eq!(composer.shown(0..4), "[pasted 3 KiB]");
        assert!(composer.expand());
        assert_eq!(composer.text().len(), 3_000);
        assert!(!composer.expand());
        let mut composer = Composer::default();
        composer.insert("\u{100000}a");
        assert_eq!(composer.text(), "a");
    }
}
