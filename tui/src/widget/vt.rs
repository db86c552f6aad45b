//! Draws the emulated screen of a terminal into cells.
//!
//! What a program wrote is foreign: nothing of it reaches a cell that would act on the terminal or
//! take another width than the emulator gave it.

use alacritty_terminal::grid::Dimensions;
use alacritty_terminal::index::{Column, Line};
use alacritty_terminal::selection::SelectionRange;
use alacritty_terminal::term::cell::{Cell, Flags};
use alacritty_terminal::term::color::Colors;
use alacritty_terminal::vte::ansi::{Color as Ansi, NamedColor};
use ratatui::buffer::{Buffer, Cell as Drawn};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::emulator::Emulator;
use crate::sanitize;

/// Draws what is in view, from its top left corner as far as there is room; what is marked is
/// turned around.
pub(crate) fn draw(
    emulator: &Emulator,
    marked: impl Iterator<Item = SelectionRange> + Clone,
    area: Rect,
    buf: &mut Buffer,
) {
    let grid = emulator.grid();
    let offset = i32::try_from(emulator.scrolled()).unwrap_or(0);
    let first = -i32::try_from(grid.history_size()).unwrap_or(0);
    let columns = grid.columns().min(area.width.into());
    let rows = grid.screen_lines().min(area.height.into());
    for (row, y) in (0..rows).zip(area.y..) {
        let line = i32::try_from(row).unwrap_or(0) - offset;
        if line < first {
            continue;
        }
        let cells = &grid[Line(line)];
        for (column, x) in (0..columns).zip(area.x..) {
            let Some(out) = buf.cell_mut((x, y)) else {
                break;
            };
            let cell = &cells[Column(column)];
            // What is wide needs the cell after it too.
            let cut = cell.flags.contains(Flags::WIDE_CHAR) && column + 1 >= columns;
            put(cell, cut, emulator.colors(), out);
        }
        let line = Line(line);
        let here = |range: &SelectionRange| (range.start.line..=range.end.line).contains(&line);
        for range in marked.clone().filter(here) {
            let from = if range.start.line == line {
                range.start.column.0
            } else {
                0
            };
            let to = if range.end.line == line {
                range.end.column.0 + 1
            } else {
                columns
            };
            for column in from..to.min(columns) {
                let x = area.x + u16::try_from(column).unwrap_or(0);
                if let Some(out) = buf.cell_mut((x, y)) {
                    out.modifier.toggle(Modifier::REVERSED);
                }
            }
        }
    }
}

fn put(cell: &Cell, cut: bool, colors: &Colors, out: &mut Drawn) {
    let flags = cell.flags;
    let spacer = Flags::WIDE_CHAR_SPACER | Flags::LEADING_WIDE_CHAR_SPACER;
    if cut || flags.intersects(spacer | Flags::HIDDEN) {
        out.set_char(' ');
    } else if cell.c == ' ' || cell.c.is_ascii_graphic() {
        match cell.zerowidth() {
            None => drop(out.set_char(cell.c)),
            Some(marks) => drop(out.set_symbol(&composed(cell.c, marks, 1))),
        }
    } else {
        let wide = if flags.contains(Flags::WIDE_CHAR) {
            2
        } else {
            1
        };
        let marks = cell.zerowidth().unwrap_or_default();
        out.set_symbol(&composed(cell.c, marks, wide));
    }
    let mut modifier = Modifier::empty();
    for (flag, own) in [
        (Flags::BOLD, Modifier::BOLD),
        (Flags::ITALIC, Modifier::ITALIC),
        (Flags::DIM, Modifier::DIM),
        (Flags::INVERSE, Modifier::REVERSED),
        (Flags::STRIKEOUT, Modifier::CROSSED_OUT),
    ] {
        modifier.set(own, flags.contains(flag));
    }
    modifier.set(
        Modifier::UNDERLINED,
        flags.intersects(Flags::ALL_UNDERLINES),
    );
    let (fg, dim) = colour(cell.fg, colors);
    let (bg, _) = colour(cell.bg, colors);
    if dim {
        modifier.insert(Modifier::DIM);
    }
    (out.fg, out.bg, out.modifier) = (fg, bg, modifier);
}

/// Returns a character with its marks, as wide as it was laid out; what acts on a terminal, hides
/// or joins what was laid out apart is left out, or stands as a box.
fn composed(letter: char, marks: &[char], wide: usize) -> String {
    let own = letter.width().unwrap_or(0);
    if own != wide || !sanitize::is_plain(letter) {
        return if wide == 2 { "□ " } else { "□" }.to_owned();
    }
    let mut symbol = String::from(letter);
    for mark in marks.iter().filter(|mark| sanitize::is_plain(**mark)) {
        symbol.push(*mark);
        if symbol.width() != wide {
            symbol.pop();
        }
    }
    symbol
}

/// Returns a colour, and whether it is a dim one.
fn colour(colour: Ansi, colors: &Colors) -> (Color, bool) {
    let own = |index: u8| match colors[usize::from(index)] {
        Some(rgb) => Color::Rgb(rgb.r, rgb.g, rgb.b),
        None => indexed(index),
    };
    match colour {
        Ansi::Spec(rgb) => (Color::Rgb(rgb.r, rgb.g, rgb.b), false),
        Ansi::Indexed(index) => (own(index), false),
        Ansi::Named(named) => match (named, named as usize) {
            (_, index @ 0..16) => (own(u8::try_from(index).unwrap_or(0)), false),
            (NamedColor::DimBlack, _) => (own(0), true),
            (NamedColor::DimRed, _) => (own(1), true),
            (NamedColor::DimGreen, _) => (own(2), true),
            (NamedColor::DimYellow, _) => (own(3), true),
            (NamedColor::DimBlue, _) => (own(4), true),
            (NamedColor::DimMagenta, _) => (own(5), true),
            (NamedColor::DimCyan, _) => (own(6), true),
            (NamedColor::DimWhite, _) => (own(7), true),
            (NamedColor::DimForeground, _) => (Color::Reset, true),
            _ => (Color::Reset, false),
        },
    }
}

/// Returns a colour of the palette; the first sixteen are those of the theme.
const fn indexed(index: u8) -> Color {
    match index {
        0 => Color::Black,
        1 => Color::Red,
        2 => Color::Green,
        3 => Color::Yellow,
        4 => Color::Blue,
        5 => Color::Magenta,
        6 => Color::Cyan,
        7 => Color::Gray,
        8 => Color::DarkGray,
        9 => Color::LightRed,
        10 => Color::LightGreen,
        11 => Color::LightYellow,
        12 => Color::LightBlue,
        13 => Color::LightMagenta,
        14 => Color::LightCyan,
        15 => Color::White,
        index => Color::Indexed(index),
    }
}

#[cfg(test)]
mod tests {
    use smartopol_protocol::terminal::{Piece, Size};

    use super::*;

    fn drawn(bytes: &[u8], wide: u16) -> Buffer {
        let size = Size {
            columns: 12,
            rows: 2,
        };
        let mut emulator = Emulator::new(size);
        emulator.feed(Piece::Output, 0, bytes);
        let area = Rect::new(0, 0, wide, 2);
        let mut buf = Buffer::empty(area);
        draw(&emulator, std::iter::empty(), area, &mut buf);
        buf
    }

    fn row(buf: &Buffer) -> Vec<&str> {
        let cells = buf.content().iter().take(buf.area.width.into());
        cells.map(Drawn::symbol).collect()
    }

    #[test]
    fn what_turns_text_around_hides_or_joins_reaches_no_cell() {
        let text = "a\u{202e}b\u{200b}c\u{200d}d\u{7f}e\u{9b}31mf\u{feff}g";
        let buf = drawn(text.as_bytes(), 12);
        for symbol in row(&buf) {
            assert!(symbol.chars().all(sanitize::is_plain), "{symbol:?}");
        }
        assert!(row(&buf).concat().starts_with("abcd"), "{:?}", row(&buf));
    }

    #[test]
    fn each_symbol_is_as_wide_as_it_was_laid_out() {
        let text = "e\u{301}界👩\u{200d}💻❤\u{fe0f}x";
        for wide in 1..=12 {
            let buf = drawn(text.as_bytes(), wide);
            let mut x = 0;
            while x < wide {
                let symbol = buf[(x, 0)].symbol();
                let cells = u16::try_from(symbol.width()).unwrap();
                assert!((1..=2).contains(&cells) && x + cells <= wide, "{symbol:?}");
                x += cells;
            }
        }
        assert_eq!(row(&drawn(text.as_bytes(), 12))[0], "e\u{301}");
    }

    #[test]
    fn colours_and_attributes_are_those_of_the_program() {
        let buf = drawn(
            b"\x1b[1;31ma\x1b[0;38;5;200mb\x1b[38;2;1;2;3;7mc\x1b[0md",
            12,
        );
        let looks: Vec<(Color, Modifier)> = buf.content()[..4]
            .iter()
            .map(|cell| (cell.fg, cell.modifier))
            .collect();
        assert_eq!(
            looks,
            [
                (Color::Red, Modifier::BOLD),
                (Color::Indexed(200), Modifier::empty()),
                (Color::Rgb(1, 2, 3), Modifier::REVERSED),
                (Color::Reset, Modifier::empty()),
            ]
        );
    }
}
