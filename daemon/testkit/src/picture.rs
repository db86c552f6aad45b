//! A terminal's screen as an SVG picture.
//!
//! Owns the looks of such a picture: its colours, its frame. The screen itself is the terminal's.

use std::fmt::Write as _;

use vt100::{Cell, Color, Screen};

/// The size of a cell, in pixels.
const WIDE: f32 = 8.4;
const TALL: f32 = 16.4;

/// The room around the screen, and above it for the title.
const AIR: f32 = 16.0;
const TITLE: f32 = 34.0;

const GROUND: &str = "#14161b";
const TEXT: &str = "#d4d7dd";

/// The sixteen colours that programs name by number.
const COLOURS: [&str; 16] = [
    "#1c1f26", "#e06c75", "#8fc379", "#dfb368", "#61a5e8", "#c08adf", "#56b6c2", "#c3c7cf",
    "#6b7280", "#ff8f98", "#a9db93", "#f0cb8b", "#86bff2", "#d6a9ef", "#7fd0da", "#ffffff",
];

/// How a run of cells looks.
#[derive(Clone, Debug, PartialEq)]
struct Look {
    ink: String,
    ground: Option<String>,
    bold: bool,
    italic: bool,
    underlined: bool,
    dim: bool,
}

/// Returns the screen as an SVG picture with a title over it.
pub(crate) fn svg(screen: &Screen, title: &str) -> String {
    let (rows, columns) = screen.size();
    let (rows, columns) = (rows.get(), columns.get());
    let (width, height) = (
        f32::from(columns) * WIDE + 2.0 * AIR,
        f32::from(rows) * TALL + AIR + TITLE,
    );
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         font-family=\"'DejaVu Sans Mono','Menlo','Consolas',monospace\" font-size=\"14\">\n\
         <rect width=\"{width:.0}\" height=\"{height:.0}\" rx=\"10\" fill=\"{GROUND}\"/>\n"
    );
    for (place, colour) in ["#e06c75", "#dfb368", "#8fc379"].iter().enumerate() {
        let x = AIR + 6.0 + 18.0 * f32::from(u8::try_from(place).unwrap_or(0));
        let _ = writeln!(
            out,
            "<circle cx=\"{x}\" cy=\"17\" r=\"5.5\" fill=\"{colour}\"/>"
        );
    }
    let _ = writeln!(
        out,
        "<text x=\"{:.0}\" y=\"21\" text-anchor=\"middle\" font-size=\"12\" fill=\"#8a919e\">{}</text>",
        width / 2.0,
        escaped(title)
    );
    for row in 0..rows {
        line(screen, row, columns, &mut out);
    }
    out.push_str("</svg>\n");
    out
}

fn line(screen: &Screen, row: u16, columns: u16, out: &mut String) {
    let mut run: Option<(u16, u16, Look, String)> = None;
    for column in 0..columns {
        let Some(cell) = screen.cell(row, column) else {
            continue;
        };
        if cell.is_wide_continuation() {
            if let Some((_, end, ..)) = &mut run {
                *end = column + 1;
            }
            continue;
        }
        let look = Look::of(cell);
        let text = if cell.has_contents() {
            cell.contents()
        } else {
            " "
        };
        match &mut run {
            Some((_, end, own, words)) if *own == look && *end == column => {
                *end = column + 1;
                words.push_str(text);
            }
            _ => {
                finish(run.take(), row, out);
                run = Some((column, column + 1, look, text.to_owned()));
            }
        }
    }
    finish(run, row, out);
}

fn finish(run: Option<(u16, u16, Look, String)>, row: u16, out: &mut String) {
    let Some((from, to, look, words)) = run else {
        return;
    };
    let (x, y) = (AIR + f32::from(from) * WIDE, TITLE + f32::from(row) * TALL);
    let width = f32::from(to - from) * WIDE;
    if let Some(ground) = &look.ground {
        let _ = writeln!(
            out,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{TALL}\" fill=\"{ground}\"/>"
        );
    }
    if words.trim().is_empty() && !look.underlined {
        return;
    }
    let mut style = String::new();
    let marks = [
        (look.bold, " font-weight=\"bold\""),
        (look.italic, " font-style=\"italic\""),
        (look.underlined, " text-decoration=\"underline\""),
        (look.dim, " opacity=\"0.6\""),
    ];
    for (_, mark) in marks.iter().filter(|(is, _)| *is) {
        style.push_str(mark);
    }
    // The length holds the grid, whatever font the viewer has.
    let _ = writeln!(
        out,
        "<text x=\"{x:.1}\" y=\"{:.1}\" textLength=\"{width:.1}\" fill=\"{}\"{style} \
         xml:space=\"preserve\">{}</text>",
        y + 12.6,
        look.ink,
        escaped(&words)
    );
}

impl Look {
    fn of(cell: &Cell) -> Self {
        let ink = colour(cell.fgcolor()).unwrap_or_else(|| TEXT.to_owned());
        let ground = colour(cell.bgcolor());
        let (ink, ground) = if cell.inverse() {
            (ground.unwrap_or_else(|| GROUND.to_owned()), Some(ink))
        } else {
            (ink, ground)
        };
        Self {
            ink,
            ground,
            bold: cell.bold(),
            italic: cell.italic(),
            underlined: cell.underline(),
            dim: cell.dim(),
        }
    }
}

fn colour(colour: Color) -> Option<String> {
    match colour {
        Color::Default => None,
        Color::Rgb(r, g, b) => Some(format!("#{r:02x}{g:02x}{b:02x}")),
        Color::Idx(number) => Some(match COLOURS.get(usize::from(number)) {
            Some(named) => (*named).to_owned(),
            None => indexed(number),
        }),
    }
}

/// The colour cube and the greys, as xterm has them.
fn indexed(number: u8) -> String {
    if number >= 232 {
        let grey = 8 + 10 * (number - 232);
        return format!("#{grey:02x}{grey:02x}{grey:02x}");
    }
    let step = |part: u8| if part == 0 { 0 } else { 55 + 40 * part };
    let cube = number.saturating_sub(16);
    format!(
        "#{:02x}{:02x}{:02x}",
        step(cube / 36),
        step(cube / 6 % 6),
        step(cube % 6)
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_holds_the_words_their_colours_and_nothing_that_breaks_it() {
        let mut parser = vt100::Parser::new(
            std::num::NonZero::new(2).unwrap(),
            std::num::NonZero::new(20).unwrap(),
            0,
        );
        parser.process(b"a<b \x1b[1;31mred\x1b[0m \x1b[7mback\x1b[0m");
        let picture = svg(parser.screen(), "one & two");
        assert!(picture.contains("one &amp; two"), "{picture}");
        assert!(picture.contains(">a&lt;b </text>"), "{picture}");
        assert!(
            picture.contains("fill=\"#e06c75\" font-weight=\"bold\""),
            "{picture}"
        );
        assert!(picture.contains(&format!("fill=\"{TEXT}\"/>")), "{picture}");
    }
}
