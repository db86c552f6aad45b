//! Words on lines: widths, cutting, wrapping.
//!
//! Everything is counted in the cells that a terminal uses, grapheme by grapheme. Callers give
//! text that passed [`crate::sanitize`].

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// How far a tab goes.
const TAB: usize = 4;

/// Returns how many cells a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.graphemes(true).map(grapheme_width).sum()
}

/// Returns how many cells one grapheme takes; never more than two.
pub(crate) fn grapheme_width(grapheme: &str) -> usize {
    if grapheme.len() == 1 {
        1
    } else {
        grapheme.width().min(2)
    }
}

/// Cuts a text to `room` cells, with `…` where something is missing.
pub(crate) fn clip(text: &str, room: usize) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let mut cut = take(text.graphemes(true), room.saturating_sub(1));
    if room > 0 {
        cut.push('…');
    }
    cut
}

/// Cuts the beginning of a text, as is right for paths.
pub(crate) fn clip_start(text: &str, room: usize) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let mut kept: Vec<&str> = Vec::new();
    let mut used = 1;
    for grapheme in text.graphemes(true).rev() {
        used += grapheme_width(grapheme);
        if used > room {
            break;
        }
        kept.push(grapheme);
    }
    if room == 0 {
        return String::new();
    }
    std::iter::once("…").chain(kept.into_iter().rev()).collect()
}

fn take<'a>(graphemes: impl Iterator<Item = &'a str>, room: usize) -> String {
    let mut used = 0;
    graphemes
        .take_while(|grapheme| {
            used += grapheme_width(grapheme);
            used <= room
        })
        .collect()
}

/// Returns a line with something at its left end and something at its right end; the left gives
/// way where both do not fit.
pub(crate) fn spread(
    left: Vec<Span<'static>>,
    right: Vec<Span<'static>>,
    room: usize,
) -> Line<'static> {
    let right_width: usize = right.iter().map(|span| width(&span.content)).sum();
    let right = if right_width > room {
        Vec::new()
    } else {
        right
    };
    let right_width = if right.is_empty() { 0 } else { right_width };
    let gap = usize::from(right_width > 0);
    let mut spans = clip_spans(left, room.saturating_sub(right_width + gap));
    let left_width: usize = spans.iter().map(|span| width(&span.content)).sum();
    if right_width > 0 {
        spans.push(Span::raw(
            " ".repeat(room.saturating_sub(left_width + right_width)),
        ));
        spans.extend(right);
    }
    Line::from(spans)
}

/// Cuts styled text to `room` cells.
pub(crate) fn clip_spans(spans: Vec<Span<'static>>, room: usize) -> Vec<Span<'static>> {
    let all: usize = spans.iter().map(|span| width(&span.content)).sum();
    if all <= room {
        return spans;
    }
    let mut left = room;
    let mut kept = Vec::new();
    for span in spans {
        let wide = width(&span.content);
        if wide < left {
            left -= wide;
            kept.push(span);
            continue;
        }
        if left > 0 {
            let mut cut = take(span.content.graphemes(true), left - 1);
            cut.push('…');
            kept.push(Span::styled(cut, span.style));
        }
        break;
    }
    kept
}

/// What stands before wrapped lines.
#[derive(Clone, Debug, Default)]
pub(crate) struct Indent {
    /// Before the first line.
    pub(crate) first: Vec<Span<'static>>,
    /// Before the others; as wide as `first`.
    pub(crate) rest: Vec<Span<'static>>,
}

impl Indent {
    /// Returns an indent of so many spaces.
    pub(crate) fn spaces(count: usize) -> Self {
        Self::both(vec![Span::raw(" ".repeat(count))])
    }

    /// Returns an indent that is the same on all lines.
    pub(crate) fn both(spans: Vec<Span<'static>>) -> Self {
        Self {
            first: spans.clone(),
            rest: spans,
        }
    }

    /// Returns how many cells it takes.
    pub(crate) fn width(&self) -> usize {
        self.first.iter().map(|span| width(&span.content)).sum()
    }
}

/// Wraps styled text at words; a word longer than a line is cut. Line breaks in it are kept.
pub(crate) fn wrap(spans: &[Span<'_>], room: usize, indent: &Indent) -> Vec<Line<'static>> {
    let mut sheet = Sheet::new(room, indent);
    for span in spans {
        for word in span.content.split_word_bounds() {
            match word {
                "\n" | "\r\n" => sheet.end_line(),
                "\t" => sheet.space(&" ".repeat(TAB), span.style),
                _ if word.chars().all(char::is_whitespace) => sheet.space(word, span.style),
                _ => sheet.word(word, span.style),
            }
        }
    }
    sheet.finish()
}

/// Cuts styled text into lines at the last cell, so that every space stays where it is.
pub(crate) fn chop(text: &str, style: Style, room: usize, indent: &Indent) -> Vec<Line<'static>> {
    chop_spans(&[Span::styled(text, style)], room, indent)
}

/// Does the same to text in several styles.
pub(crate) fn chop_spans(spans: &[Span<'_>], room: usize, indent: &Indent) -> Vec<Line<'static>> {
    let mut sheet = Sheet::new(room, indent);
    for span in spans {
        for grapheme in span.content.graphemes(true) {
            match grapheme {
                "\n" | "\r\n" => sheet.end_line(),
                "\t" => {
                    let stop = TAB - sheet.used % TAB;
                    sheet.letter(&" ".repeat(stop), span.style);
                }
                _ => sheet.letter(grapheme, span.style),
            }
        }
    }
    sheet.finish()
}

/// Lines that are being filled.
struct Sheet<'a> {
    room: usize,
    indent: &'a Indent,
    lines: Vec<Line<'static>>,
    line: Vec<Span<'static>>,
    used: usize,
    /// The word that may still move to the next line, and the space before it.
    word: Vec<Span<'static>>,
    word_used: usize,
    space: Option<(String, Style)>,
}

impl<'a> Sheet<'a> {
    fn new(room: usize, indent: &'a Indent) -> Self {
        Self {
            room: room.saturating_sub(indent.width()).max(1),
            indent,
            lines: Vec::new(),
            line: Vec::new(),
            used: 0,
            word: Vec::new(),
            word_used: 0,
            space: None,
        }
    }

    fn push(spans: &mut Vec<Span<'static>>, text: &str, style: Style) {
        match spans.last_mut() {
            Some(last) if last.style == style => last.content.to_mut().push_str(text),
            _ => spans.push(Span::styled(text.to_owned(), style)),
        }
    }

    fn word(&mut self, word: &str, style: Style) {
        let mut graphemes = word.graphemes(true).peekable();
        while let Some(grapheme) = graphemes.next() {
            let wide = grapheme_width(grapheme);
            if self.word_used + wide > self.room {
                self.settle();
                self.break_line();
            }
            Self::push(&mut self.word, grapheme, style);
            self.word_used += wide;
            // Wide scripts have no spaces: a line may end after any of their letters.
            if wide == 2 && graphemes.peek().is_some() {
                self.settle();
            }
        }
    }

    fn space(&mut self, space: &str, style: Style) {
        self.settle();
        match &mut self.space {
            Some((own, _)) => own.push_str(space),
            None => self.space = Some((space.to_owned(), style)),
        }
    }

    /// Puts the word in hand on the line, or on the next where it does not fit.
    fn settle(&mut self) {
        if self.word.is_empty() {
            return;
        }
        let gap = self.space.as_ref().map_or(0, |(space, _)| width(space));
        if self.used + gap + self.word_used > self.room && self.used > 0 {
            self.break_line();
        }
        if let Some((space, style)) = self.space.take() {
            let gap = width(&space);
            if self.used + gap + self.word_used <= self.room {
                Self::push(&mut self.line, &space, style);
                self.used += gap;
            }
        }
        for span in std::mem::take(&mut self.word) {
            Self::push(&mut self.line, &span.content, span.style);
        }
        self.used += std::mem::take(&mut self.word_used);
    }

    fn letter(&mut self, text: &str, style: Style) {
        let wide = width(text);
        if self.used + wide > self.room && self.used > 0 {
            self.break_line();
        }
        Self::push(&mut self.line, text, style);
        self.used += wide;
    }

    fn end_line(&mut self) {
        self.settle();
        self.break_line();
    }

    fn break_line(&mut self) {
        self.space = None;
        self.used = 0;
        let before = if self.lines.is_empty() {
            &self.indent.first
        } else {
            &self.indent.rest
        };
        let mut spans = before.clone();
        spans.append(&mut self.line);
        self.lines.push(Line::from(spans));
    }

    fn finish(mut self) -> Vec<Line<'static>> {
        self.settle();
        if self.used > 0 || self.lines.is_empty() {
            self.break_line();
        }
        self.lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(lines: &[Line<'_>]) -> Vec<String> {
        lines.iter().map(ToString::to_string).collect()
    }

    fn wrapped(text: &str, room: usize) -> Vec<String> {
        plain(&wrap(&[Span::raw(text)], room, &Indent::default()))
    }

    #[test]
    fn words_wrap_and_long_ones_are_cut() {
        assert_eq!(wrapped("the quick fox", 9), ["the quick", "fox"]);
        assert_eq!(wrapped("abcdefghij kl", 4), ["abcd", "efgh", "ij", "kl"]);
        assert_eq!(wrapped("a\n\nb", 9), ["a", "", "b"]);
        assert_eq!(wrapped("漢字漢字漢字", 5), ["漢字", "漢字", "漢字"]);
        assert_eq!(wrapped("", 5), [""]);
    }

    #[test]
    fn an_indent_stands_before_every_line() {
        let indent = Indent {
            first: vec![Span::raw("- ")],
            rest: vec![Span::raw("  ")],
        };
        assert_eq!(
            plain(&wrap(&[Span::raw("one two three")], 8, &indent)),
            ["- one", "  two", "  three"]
        );
    }

    #[test]
    fn chopping_keeps_every_space() {
        let lines = chop("a  b\tc  d", Style::new(), 5, &Indent::default());
        assert_eq!(plain(&lines), ["a  b", "    c", "  d"]);
    }

    #[test]
    fn cutting_counts_cells() {
        assert_eq!(clip("漢字漢字", 5), "漢字…");
        assert_eq!(clip_start("/home/ann/code", 6), "…/code");
        assert_eq!(clip("abc", 0), "");
    }
}
