//! A change of a file as rows of the screen: hunk by hunk, side by side where there is room.
//!
//! Owns how it is measured and laid out. Counting rows is cheap, and only those that are seen are
//! made, so a change of any length costs no more than a screen. Signs and numbers say what colours
//! say.

mod parse;
mod words;

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;

pub(crate) use parse::Diff;
use parse::{DiffLine, Hunk, Sign};

use super::text::{Indent, clip_spans, grapheme_width, width};
use crate::theme::Theme;

/// From this width on, before and after stand side by side.
const BESIDE: usize = 100;

/// From this width on, a line has its number before and its number after.
const BOTH_NUMBERS: usize = 64;

/// How a diff is looked at.
pub(crate) struct Look<'a> {
    pub(crate) room: usize,
    pub(crate) theme: Theme,
    /// Says whether a hunk is folded.
    pub(crate) folded: &'a dyn Fn(usize) -> bool,
    /// The hunk that keys act on.
    pub(crate) at: Option<usize>,
    /// How much is seen of what did not change.
    pub(crate) around: Around,
}

/// How much is seen around a change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Around {
    /// All that the diff has.
    #[default]
    All,
    /// A line before and a line after, so that a small card shows the change itself.
    Line,
}

/// A row of a diff.
pub(crate) struct DiffRow {
    pub(crate) line: Line<'static>,
    /// The hunk that this row is the head of.
    pub(crate) head: Option<usize>,
}

/// Something of a few rows that is laid out together.
#[derive(Clone, Copy)]
enum Unit {
    Head(usize),
    Line(u32),
    Pair(Option<u32>, Option<u32>),
}

impl Diff {
    /// Returns how many hunks it has.
    pub(crate) fn hunks(&self) -> usize {
        self.hunks.len()
    }

    /// Returns how many rows it takes.
    pub(crate) fn tall(&self, look: &Look<'_>) -> usize {
        self.units(look).map(|unit| self.rows(unit, look)).sum()
    }

    /// Returns the row at which a hunk begins.
    pub(crate) fn row_of(&self, hunk: usize, look: &Look<'_>) -> usize {
        self.units(look)
            .take_while(|unit| !matches!(unit, Unit::Head(own) if *own == hunk))
            .map(|unit| self.rows(unit, look))
            .sum()
    }

    /// Returns `take` rows after the first `skip`; only these are made.
    pub(crate) fn window(&self, look: &Look<'_>, skip: usize, take: usize) -> Vec<DiffRow> {
        let mut rows = Vec::new();
        let mut above = skip;
        for unit in self.units(look) {
            if rows.len() >= take {
                break;
            }
            let tall = self.rows(unit, look);
            if above >= tall {
                above -= tall;
                continue;
            }
            let head = match unit {
                Unit::Head(hunk) => Some(hunk),
                _ => None,
            };
            let left = take - rows.len();
            let lines = self.lay(unit, look).into_iter().skip(above).take(left);
            rows.extend(lines.map(|line| DiffRow { line, head }));
            above = 0;
        }
        rows
    }

    fn units<'a>(&'a self, look: &'a Look<'_>) -> impl Iterator<Item = Unit> + 'a {
        let beside = look.room >= BESIDE;
        self.hunks.iter().enumerate().flat_map(move |(at, hunk)| {
            let open = !(look.folded)(at);
            let pairs = (open && beside).then(|| {
                let pairs = hunk.rows.iter();
                let pairs = pairs.map(|(left, right)| Unit::Pair(*left, *right));
                pairs.filter(move |unit| self.is_seen(*unit, look.around))
            });
            let lines = (open && !beside).then(|| {
                let lines = hunk.lines.clone();
                let lines = lines.map(|at| Unit::Line(u32::try_from(at).unwrap_or(u32::MAX)));
                lines.filter(move |unit| self.is_seen(*unit, look.around))
            });
            std::iter::once(Unit::Head(at))
                .chain(pairs.into_iter().flatten())
                .chain(lines.into_iter().flatten())
        })
    }

    fn line(&self, at: u32) -> Option<&DiffLine> {
        self.lines.get(at as usize)
    }

    /// Returns how many rows a unit takes, without making them.
    fn rows(&self, unit: Unit, look: &Look<'_>) -> usize {
        let tall = |at: Option<u32>, room: usize| {
            at.and_then(|at| self.line(at)).map_or(0, |line| {
                let cells = line.cells as usize;
                if line.plain && (cells <= room || is_data(line, room)) {
                    cells.div_ceil(room.max(1)).max(1)
                } else {
                    1 + breaks(self.text_of(line), room, !is_data(line, room)).len()
                }
            })
        };
        match unit {
            Unit::Head(_) => 1,
            Unit::Line(at) => tall(Some(at), self.unified_room(look.room)),
            Unit::Pair(left, right) => {
                let (one, other) = self.halves(look.room);
                tall(left, one.saturating_sub(self.digits + 3).max(1))
                    .max(tall(right, other.saturating_sub(self.digits + 3).max(1)))
            }
        }
    }

    fn unified_room(&self, room: usize) -> usize {
        let numbers = if room >= BOTH_NUMBERS { 2 } else { 1 };
        room.saturating_sub((self.digits + 1) * numbers + 2).max(1)
    }

    const fn halves(&self, room: usize) -> (usize, usize) {
        let left = room.saturating_sub(3) / 2;
        (left, room.saturating_sub(left + 3))
    }

    fn is_seen(&self, unit: Unit, around: Around) -> bool {
        let near = |at: u32| self.line(at).is_some_and(|line| line.near);
        match (around, unit) {
            (Around::All, _) | (_, Unit::Head(_)) => true,
            (Around::Line, Unit::Line(at)) => near(at),
            (Around::Line, Unit::Pair(left, right)) => {
                [left, right].into_iter().flatten().any(near)
            }
        }
    }

    fn lay(&self, unit: Unit, look: &Look<'_>) -> Vec<Line<'static>> {
        match unit {
            Unit::Head(at) => {
                let hunk = self.hunks.get(at);
                hunk.map(|hunk| self.head(at, hunk, look))
                    .into_iter()
                    .collect()
            }
            Unit::Line(at) => self.unified(at, look),
            Unit::Pair(left, right) => self.beside(left, right, look),
        }
    }

    fn head(&self, at: usize, hunk: &Hunk, look: &Look<'_>) -> Line<'static> {
        let theme = look.theme;
        let folded = (look.folded)(at);
        let style = if look.at == Some(at) {
            theme.selected()
        } else {
            theme.quiet()
        };
        let arrow = if folded { "▸" } else { "▾" };
        let count = match self.hunks.len() {
            1 => String::new(),
            all => format!("{} of {all} · ", at + 1),
        };
        let mut words = format!("{arrow} {count}line {}", hunk.line);
        if !hunk.heading.is_empty() {
            words.push_str(" · ");
            words.push_str(&hunk.heading);
        }
        let counts = [
            (hunk.added, "+", theme.good()),
            (hunk.removed, "−", theme.bad()),
        ];
        let mut right = Vec::new();
        for (count, sign, style) in counts.into_iter().filter(|(count, ..)| *count > 0) {
            let gap = if right.is_empty() { "  " } else { " " };
            right.push(Span::styled(format!("{gap}{sign}{count}"), style));
        }
        let taken: usize = right.iter().map(|span| width(&span.content)).sum();
        let mut spans = clip_spans(
            vec![Span::styled(words, style)],
            look.room.saturating_sub(taken),
        );
        spans.extend(right);
        Line::from(clip_spans(spans, look.room))
    }

    /// Returns which parts of a line changed, where one stands for another.
    fn marks(&self, line: &DiffLine) -> Vec<std::ops::Range<usize>> {
        let Some(partner) = line.partner.and_then(|at| self.line(at)) else {
            return Vec::new();
        };
        match line.sign {
            Sign::Removed => words::changed(self.text_of(line), self.text_of(partner)).0,
            _ => words::changed(self.text_of(partner), self.text_of(line)).1,
        }
    }

    fn cut(&self, line: &DiffLine, room: usize, theme: Theme) -> Vec<Vec<Span<'static>>> {
        let (_, style) = sign(line.sign, theme);
        let marked = style.add_modifier(Modifier::BOLD | Modifier::UNDERLINED);
        let text = self.text_of(line);
        let begins = breaks(text, room, !is_data(line, room));
        cut(text, &self.marks(line), style, marked, &begins)
    }

    fn unified(&self, at: u32, look: &Look<'_>) -> Vec<Line<'static>> {
        let Some(line) = self.line(at) else {
            return Vec::new();
        };
        let numbers = if look.room >= BOTH_NUMBERS {
            vec![line.old, line.new]
        } else {
            vec![if line.new > 0 { line.new } else { line.old }]
        };
        let gutter: String = numbers
            .iter()
            .map(|number| self.number(*number) + " ")
            .collect();
        let indent = self.indent(gutter, line.sign, look.theme);
        let texts = self.cut(line, self.unified_room(look.room), look.theme);
        before(texts, &indent).into_iter().map(Line::from).collect()
    }

    fn beside(&self, left: Option<u32>, right: Option<u32>, look: &Look<'_>) -> Vec<Line<'static>> {
        let (one, other) = self.halves(look.room);
        let half = |at: Option<u32>, room: usize, number: fn(&DiffLine) -> u32| {
            let Some(line) = at.and_then(|at| self.line(at)) else {
                return Vec::new();
            };
            let gutter = self.number(number(line)) + " ";
            let indent = self.indent(gutter, line.sign, look.theme);
            let room = room.saturating_sub(self.digits + 3).max(1);
            before(self.cut(line, room, look.theme), &indent)
        };
        let mut lefts = half(left, one, |line| line.old).into_iter();
        let mut rights = half(right, other, |line| line.new).into_iter();
        let tall = lefts.len().max(rights.len());
        (0..tall)
            .map(|_| {
                let mut spans = lefts.next().unwrap_or_default();
                let used: usize = spans.iter().map(|span| width(&span.content)).sum();
                spans.push(Span::raw(" ".repeat(one.saturating_sub(used))));
                spans.push(Span::styled(" │ ", look.theme.quiet()));
                spans.extend(rights.next().unwrap_or_default());
                Line::from(spans)
            })
            .collect()
    }

    fn number(&self, number: u32) -> String {
        match number {
            0 => " ".repeat(self.digits),
            number => format!("{number:>digits$}", digits = self.digits),
        }
    }

    fn indent(&self, gutter: String, own: Sign, theme: Theme) -> Indent {
        let (letter, style) = sign(own, theme);
        let wide = width(&gutter) + 2;
        Indent {
            first: vec![
                Span::styled(gutter, theme.quiet()),
                Span::styled(format!("{letter} "), style),
            ],
            rest: vec![Span::raw(" ".repeat(wide))],
        }
    }
}

const fn letter(sign: Sign) -> &'static str {
    match sign {
        Sign::Added => "+",
        Sign::Removed => "-",
        Sign::Same | Sign::Note => " ",
    }
}

fn sign(sign: Sign, theme: Theme) -> (&'static str, Style) {
    let style = match sign {
        Sign::Added => theme.good(),
        Sign::Removed => theme.bad(),
        Sign::Same => theme.text(),
        Sign::Note => theme.quiet(),
    };
    (letter(sign), style)
}

fn before(texts: Vec<Vec<Span<'static>>>, indent: &Indent) -> Vec<Vec<Span<'static>>> {
    let rows = texts.into_iter().enumerate().map(|(at, text)| {
        let mut spans = if at == 0 {
            indent.first.clone()
        } else {
            indent.rest.clone()
        };
        spans.extend(text);
        spans
    });
    rows.collect()
}

/// How many rows a line of code or prose takes at most; what is longer is data, cut at any cell.
const ROWS: usize = 8;

fn is_data(line: &DiffLine, room: usize) -> bool {
    line.cells as usize > room.saturating_mul(ROWS)
}

/// Returns where the second row of a line begins, and those after it: behind a space where one is
/// near enough, so that words stay whole.
fn breaks(text: &str, room: usize, at_words: bool) -> Vec<usize> {
    let mut breaks = Vec::new();
    let mut used = 0;
    // Behind the last space of the row: where, and how much of the row is used there.
    let mut space = None;
    for (at, grapheme) in text.grapheme_indices(true) {
        let wide = grapheme_width(grapheme);
        if used + wide > room && used > 0 {
            let near = space.filter(|(_, before)| (used - before) * 2 <= room);
            let (begin, before) = near.unwrap_or((at, used));
            breaks.push(begin);
            used -= before;
            space = None;
        }
        used += wide;
        if at_words && grapheme == " " {
            space = Some((at + grapheme.len(), used));
        }
    }
    breaks
}

/// Cuts a line into rows of `room` cells; what lies in `marks` is set apart.
fn cut(
    text: &str,
    marks: &[std::ops::Range<usize>],
    style: Style,
    marked: Style,
    begins: &[usize],
) -> Vec<Vec<Span<'static>>> {
    let mut rows = Vec::new();
    let mut row: Vec<Span<'static>> = Vec::new();
    for (at, grapheme) in text.grapheme_indices(true) {
        if begins.binary_search(&at).is_ok() {
            rows.push(std::mem::take(&mut row));
        }
        let own = if marks.iter().any(|mark| mark.contains(&at)) {
            marked
        } else {
            style
        };
        match row.last_mut() {
            Some(last) if last.style == own => last.content.to_mut().push_str(grapheme),
            _ => row.push(Span::styled(grapheme.to_owned(), own)),
        }
    }
    rows.push(row);
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANGE: &str = "--- a/date.rs\n+++ b/date.rs\n@@ -1,4 +1,5 @@ mod date\n use std::fmt;\n-fn week(day: u32) -> u32 {\n-    day / 7\n+fn week(day: u64) -> u64 {\n+    day.div_ceil(7)\n+    // from 1\n }\n@@ -118,2 +119,2 @@\n-\told\n+\tnew\n";

    fn drawn(room: usize, folded: &dyn Fn(usize) -> bool) -> String {
        let look = Look {
            room,
            theme: Theme::plain(),
            folded,
            at: None,
            around: Around::All,
        };
        let diff = Diff::parse(CHANGE);
        let rows = diff.window(&look, 0, usize::MAX);
        assert_eq!(rows.len(), diff.tall(&look));
        let lines: Vec<String> = rows.iter().map(|row| row.line.to_string()).collect();
        assert!(lines.iter().all(|line| width(line) <= room), "{lines:?}");
        lines
            .iter()
            .map(|line| line.trim_end())
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[test]
    fn hunks_are_drawn_unified_folded_and_side_by_side() {
        insta::assert_snapshot!("unified", drawn(70, &|_| false));
        insta::assert_snapshot!("narrow", drawn(24, &|_| false));
        insta::assert_snapshot!("folded", drawn(70, &|at| at == 0));
        insta::assert_snapshot!("side_by_side", drawn(110, &|_| false));
    }

    #[test]
    fn words_stay_whole_where_a_space_is_near() {
        let rows = |text: &str, room| -> Vec<String> {
            let begins = breaks(text, room, true);
            let rows = cut(text, &[], Style::new(), Style::new(), &begins);
            let said = |row: &Vec<Span<'_>>| row.iter().map(|span| &*span.content).collect();
            rows.iter().map(said).collect()
        };
        assert_eq!(
            rows("both count from one", 8),
            ["both ", "count ", "from one"]
        );
        assert_eq!(
            rows("a very_long_word_indeed", 8),
            ["a very_l", "ong_word", "_indeed"]
        );
        assert_eq!(rows("", 8), [""]);
        assert_eq!(rows("漢字", 1), ["漢", "字"]);
    }

    #[test]
    fn what_is_seen_is_the_same_whole_or_in_windows() {
        let wide = "漢字 ".repeat(30);
        let text =
            format!("@@ -1,2 +1,2 @@\n-{wide}\n+{wide}x\n {wide}\n\\ No newline at end of file\n");
        for room in [1, 2, 9, 40, 120] {
            let look = Look {
                room,
                theme: Theme::plain(),
                folded: &|_| false,
                at: None,
                around: Around::All,
            };
            let diff = Diff::parse(&text);
            let said = |rows: Vec<DiffRow>| -> Vec<String> {
                rows.iter().map(|row| row.line.to_string()).collect()
            };
            let whole = said(diff.window(&look, 0, usize::MAX));
            assert_eq!(whole.len(), diff.tall(&look), "room {room}");
            for skip in 0..whole.len() {
                assert_eq!(
                    said(diff.window(&look, skip, 2)),
                    whole[skip..whole.len().min(skip + 2)],
                    "room {room}, from {skip}"
                );
            }
        }
    }

    #[test]
    fn a_small_card_sees_the_change_with_a_line_around_it() {
        let diff = Diff::parse("@@ -1,7 +1,7 @@\n a\n b\n c\n-d\n+D\n e\n f\n g\n");
        for (room, seen) in [(40, vec!["c", "d", "D", "e"]), (120, vec!["c", "d", "e"])] {
            let look = Look {
                room,
                theme: Theme::plain(),
                folded: &|_| false,
                at: None,
                around: Around::Line,
            };
            let rows = diff.window(&look, 1, usize::MAX);
            assert_eq!(rows.len() + 1, diff.tall(&look));
            assert_eq!(rows.len(), seen.len());
            for (row, letter) in rows.iter().zip(seen) {
                assert!(row.line.to_string().contains(letter), "{}", row.line);
            }
        }
    }

    #[test]
    fn a_hunk_begins_where_its_head_is() {
        let folded = |_: usize| false;
        let look = Look {
            room: 40,
            theme: Theme::plain(),
            folded: &folded,
            at: None,
            around: Around::All,
        };
        let diff = Diff::parse(CHANGE);
        let row = diff.row_of(1, &look);
        assert_eq!(diff.window(&look, row, 1)[0].head, Some(1));
    }
}
