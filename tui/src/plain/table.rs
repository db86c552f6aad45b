//! Tables: columns as wide as what is in them, the last one cut to the terminal.

use std::io;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::out::{Out, Tone};
use crate::sanitize;

/// One cell: text fit for a terminal, and its tone.
pub(super) struct Cell {
    text: String,
    tone: Tone,
}

/// Returns a plain cell.
pub(super) fn cell(text: impl AsRef<str>) -> Cell {
    toned(text, Tone::Plain)
}

/// Returns a cell in a tone.
pub(super) fn toned(text: impl AsRef<str>, tone: Tone) -> Cell {
    Cell {
        text: sanitize::line(text.as_ref()).into_owned(),
        tone,
    }
}

/// Prints a table; one without rows prints `empty` alone.
pub(super) fn print(
    out: &mut Out,
    heads: &[&str],
    rows: &[Vec<Cell>],
    empty: &str,
) -> io::Result<()> {
    if rows.is_empty() {
        return out.line(empty);
    }
    let mut widths: Vec<usize> = heads.iter().map(|head| head.width()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.text.width());
        }
    }
    let heads: Vec<Cell> = heads
        .iter()
        .map(|head| toned(head.to_uppercase(), Tone::Quiet))
        .collect();
    print_row(out, &widths, &heads)?;
    rows.iter().try_for_each(|row| print_row(out, &widths, row))
}

fn print_row(out: &mut Out, widths: &[usize], row: &[Cell]) -> io::Result<()> {
    let mut line = String::new();
    let mut used = 0;
    for (n, (cell, width)) in row.iter().zip(widths).enumerate() {
        let last = n + 1 == row.len();
        let text = match out.width() {
            Some(most) if last => cut(&cell.text, most.saturating_sub(used)),
            _ => cell.text.clone(),
        };
        line.push_str(&out.tone(cell.tone, &text));
        if !last {
            let gap = width.saturating_sub(text.width()) + 2;
            line.extend(std::iter::repeat_n(' ', gap));
            used += width + 2;
        }
    }
    line.truncate(line.trim_end_matches(' ').len());
    line.push('\n');
    out.raw(&line)
}

/// Returns `text` in at most `most` columns; what is cut is shown by `…`.
fn cut(text: &str, most: usize) -> String {
    // A column so narrow that nothing can be read is left to the terminal to wrap.
    if text.width() <= most || most < 8 {
        return text.to_owned();
    }
    let mut used = 0;
    let mut short: String = text
        .chars()
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used < most
        })
        .collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_are_cut_by_columns() {
        assert_eq!(cut("日本語日本語", 8), "日本語…");
        assert_eq!(cut("abcdefgh", 8), "abcdefgh");
        assert_eq!(cut("abcdefghi", 8), "abcdefg…");
    }
}
