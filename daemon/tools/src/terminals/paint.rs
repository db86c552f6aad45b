//! Paints what an emulator shows as bytes for another one.
//!
//! Owns the keyframe, which brings an emulator to the very same state, and the picture, which
//! shows the screen on a real terminal and then only what changes. Pure but for probing the
//! emulator, which is left as it was.

use std::fmt::Write;

use alacritty_terminal::Term;
use alacritty_terminal::event::EventListener;
use alacritty_terminal::grid::{Cursor, Dimensions, Row};
use alacritty_terminal::index::{Column, Line};
use alacritty_terminal::term::TermMode;
use alacritty_terminal::term::cell::{Cell, Flags, Hyperlink};
use alacritty_terminal::vte::ansi::{
    CharsetIndex, Color, CursorShape, Handler, NamedColor, NamedPrivateMode, StandardCharset,
};

/// The modes that have a switch: the mode, what turns it on, and what turns it off.
const SWITCHES: &[(TermMode, &str, &str)] = &[
    (TermMode::APP_CURSOR, "\x1b[?1h", "\x1b[?1l"),
    (TermMode::APP_KEYPAD, "\x1b=", "\x1b>"),
    (TermMode::MOUSE_REPORT_CLICK, "\x1b[?1000h", "\x1b[?1000l"),
    (TermMode::MOUSE_DRAG, "\x1b[?1002h", "\x1b[?1002l"),
    (TermMode::MOUSE_MOTION, "\x1b[?1003h", "\x1b[?1003l"),
    (TermMode::FOCUS_IN_OUT, "\x1b[?1004h", "\x1b[?1004l"),
    (TermMode::UTF8_MOUSE, "\x1b[?1005h", "\x1b[?1005l"),
    (TermMode::SGR_MOUSE, "\x1b[?1006h", "\x1b[?1006l"),
    (TermMode::BRACKETED_PASTE, "\x1b[?2004h", "\x1b[?2004l"),
];

/// Those that only matter where the program's own bytes follow.
const INNER: &[(TermMode, &str, &str)] = &[
    (TermMode::ALTERNATE_SCROLL, "\x1b[?1007h", "\x1b[?1007l"),
    (TermMode::LINE_WRAP, "\x1b[?7h", "\x1b[?7l"),
    (TermMode::LINE_FEED_NEW_LINE, "\x1b[20h", "\x1b[20l"),
    (TermMode::INSERT, "\x1b[4h", "\x1b[4l"),
];

/// How a cell is drawn, beside its characters.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Look {
    fg: Color,
    bg: Color,
    flags: Flags,
    underline: Option<Color>,
    link: Option<Hyperlink>,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            fg: Color::Named(NamedColor::Foreground),
            bg: Color::Named(NamedColor::Background),
            flags: Flags::empty(),
            underline: None,
            link: None,
        }
    }
}

/// What of a cell's flags is how it looks.
const LOOKS: Flags = Flags::INVERSE
    .union(Flags::BOLD)
    .union(Flags::ITALIC)
    .union(Flags::DIM)
    .union(Flags::HIDDEN)
    .union(Flags::STRIKEOUT)
    .union(Flags::ALL_UNDERLINES);

impl Look {
    pub(super) fn of(cell: &Cell) -> Self {
        Self {
            fg: cell.fg,
            bg: cell.bg,
            flags: cell.flags & LOOKS,
            underline: cell.underline_color(),
            link: cell.hyperlink(),
        }
    }
}

/// Bytes in the making, and how the next character would look.
#[derive(Default)]
struct Brush {
    out: String,
    look: Look,
    charsets: Charsets,
}

/// The sets of characters, as a cursor has them.
type Charsets = [StandardCharset; 4];

/// Their names, and what is said to choose one for them.
const CHARSETS: [(CharsetIndex, char); 4] = [
    (CharsetIndex::G0, '('),
    (CharsetIndex::G1, ')'),
    (CharsetIndex::G2, '*'),
    (CharsetIndex::G3, '+'),
];

/// How a place on the screen is reached.
#[derive(Clone, Copy)]
enum Reach {
    /// By its number, from where places are counted.
    Number(i32),
    /// The cursor is in it, and no number leads there.
    Here,
}

impl Brush {
    fn put(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn goto(&mut self, line: i32, column: usize) {
        let _ = write!(self.out, "\x1b[{};{}H", line + 1, column + 1);
    }

    /// Goes to a column of a line.
    fn reach(&mut self, line: Reach, column: usize) {
        match line {
            Reach::Number(line) => self.goto(line, column),
            Reach::Here => {
                self.put("\r");
                if column > 0 {
                    let _ = write!(self.out, "\x1b[{column}C");
                }
            }
        }
    }

    /// Chooses the sets of characters.
    fn choose(&mut self, charsets: Charsets) {
        for ((_, place), (known, wanted)) in
            CHARSETS.iter().zip(self.charsets.iter_mut().zip(charsets))
        {
            if *known != wanted {
                let set = match wanted {
                    StandardCharset::Ascii => 'B',
                    StandardCharset::SpecialCharacterAndLineDrawing => '0',
                };
                let _ = write!(self.out, "\x1b{place}{set}");
                *known = wanted;
            }
        }
    }

    /// Makes what follows look like this.
    fn dip(&mut self, look: Look) {
        if look == self.look {
            return;
        }
        if look.link != self.look.link {
            match &look.link {
                Some(link) => {
                    let _ = write!(self.out, "\x1b]8;id={};{}\x1b\\", link.id(), link.uri());
                }
                None => self.put("\x1b]8;;\x1b\\"),
            }
        }
        self.put("\x1b[0");
        let flags = [
            (Flags::BOLD, ";1"),
            (Flags::DIM, ";2"),
            (Flags::ITALIC, ";3"),
            (Flags::UNDERLINE, ";4"),
            (Flags::DOUBLE_UNDERLINE, ";4:2"),
            (Flags::UNDERCURL, ";4:3"),
            (Flags::DOTTED_UNDERLINE, ";4:4"),
            (Flags::DASHED_UNDERLINE, ";4:5"),
            (Flags::INVERSE, ";7"),
            (Flags::HIDDEN, ";8"),
            (Flags::STRIKEOUT, ";9"),
        ];
        for (_, code) in flags.iter().filter(|(flag, _)| look.flags.contains(*flag)) {
            self.put(code);
        }
        self.colour(look.fg, 30);
        self.colour(look.bg, 40);
        if let Some(underline) = look.underline {
            self.colour(underline, 50);
        }
        self.put("m");
        self.look = look;
    }

    /// Adds a colour: of the foreground (30), the background (40) or the underline (50).
    fn colour(&mut self, colour: Color, base: u16) {
        let _ = match colour {
            Color::Spec(rgb) => write!(self.out, ";{};2;{};{};{}", base + 8, rgb.r, rgb.g, rgb.b),
            Color::Indexed(index) => write!(self.out, ";{};5;{index}", base + 8),
            Color::Named(name) => match name as u16 {
                index @ 0..8 if base < 50 => write!(self.out, ";{}", base + index),
                index @ 8..16 if base < 50 => write!(self.out, ";{}", base + 60 + index - 8),
                index @ 0..16 => write!(self.out, ";{};5;{index}", base + 8),
                _ => Ok(()),
            },
        };
    }

    /// Paints the first columns of a row.
    fn row(&mut self, row: &Row<Cell>, end: usize) {
        self.choose(Charsets::default());
        for column in 0..end {
            let Some(char) = glyph(row, column) else {
                continue;
            };
            let cell = &row[Column(column)];
            self.dip(Look::of(cell));
            self.out.push(char);
            self.out.extend(cell.zerowidth().into_iter().flatten());
        }
    }
}

/// Returns how many columns of a row show anything.
fn filled(row: &Row<Cell>) -> usize {
    let blank = |column: &usize| {
        let cell = &row[Column(*column)];
        glyph(row, *column) == Some(' ')
            && cell.zerowidth().is_none()
            && Look::of(cell) == Look::default()
    };
    let mut columns = (0..row.len()).rev();
    columns
        .find(|column| !blank(column))
        .map_or(0, |last| last + 1)
}

/// Returns true where a row goes on in the next one.
fn wraps(row: &Row<Cell>) -> bool {
    let last = row.len().checked_sub(1).map(|last| &row[Column(last)]);
    last.is_some_and(|cell| cell.flags.contains(Flags::WRAPLINE))
}

/// Returns the character that a cell shows; `None` for the second half of a wide one. Half of a
/// wide character alone shows nothing.
pub(super) fn glyph(row: &Row<Cell>, column: usize) -> Option<char> {
    let has =
        |column: usize, flag: Flags| column < row.len() && row[Column(column)].flags.contains(flag);
    let cell = &row[Column(column)];
    if has(column, Flags::WIDE_CHAR_SPACER) {
        let second = column
            .checked_sub(1)
            .is_some_and(|first| has(first, Flags::WIDE_CHAR));
        return (!second).then_some(' ');
    }
    let half = has(column, Flags::WIDE_CHAR) && !has(column + 1, Flags::WIDE_CHAR_SPACER);
    Some(match half || cell.c.is_control() {
        true => ' ',
        false => cell.c,
    })
}

/// Returns bytes that bring an emulator to the state of this one.
///
/// Left out is what nobody sees yet: a stop of the tabulator in the last column; that a row went on
/// in the next, where a cursor that waits to wrap stands at its end; that a blank cell is what is
/// left of a wide character that was shifted apart, and takes its neighbour with it when it is
/// written over; that the halves of two that were shifted together look different.
///
/// What scrolled away is in them where it is `scrolled`.
///
/// They begin with the size, as `CSI 8 ; rows ; columns t`, for one that can be resized.
pub(crate) fn keyframe<L: EventListener>(
    term: &mut Term<L>,
    title: &str,
    scrolled: bool,
) -> Vec<u8> {
    let mut brush = Brush::default();
    let (rows, columns) = (term.screen_lines(), term.columns());
    let _ = write!(brush.out, "\x1b[8;{rows};{columns}t\x1bc");
    colours(&mut brush, term);
    let stops = stops(term);
    tabs(&mut brush, &stops, columns);
    if term.mode().contains(TermMode::ALT_SCREEN) {
        // The other screen can only be seen by turning to it, which empties this one.
        let alternate = term.grid().clone();
        term.swap_alt();
        flow(&mut brush, term, scrolled);
        let grid = term.grid();
        let saved = &grid.saved_cursor;
        cursor(&mut brush, term, saved, &stops, number(saved));
        brush.put("\x1b7");
        cursor(&mut brush, term, &grid.cursor, &stops, number(&grid.cursor));
        term.swap_alt();
        *term.grid_mut() = alternate;
        brush.put("\x1b[?1049h");
        brush.dip(Look::default());
        brush.put("\x1b[2J");
        for line in 0..i32::try_from(rows).unwrap_or(0) {
            let row = &term.grid()[Line(line)];
            brush.goto(line, 0);
            brush.row(row, filled(row));
        }
    } else {
        flow(&mut brush, term, scrolled);
    }
    let saved = term.grid().saved_cursor.clone();
    if saved != Cursor::default() {
        cursor(&mut brush, term, &saved, &stops, number(&saved));
        brush.put("\x1b7");
    }
    let (top, bottom) = region(term);
    if (top, bottom) != (0, i32::try_from(rows).unwrap_or(0)) {
        let _ = write!(brush.out, "\x1b[{};{}r", top + 1, bottom);
    }
    let mode = *term.mode();
    let origin = mode.contains(TermMode::ORIGIN);
    if origin {
        brush.put("\x1b[?6h");
    }
    let line = term.grid().cursor.point.line.0;
    let line = if !origin {
        Reach::Number(line)
    } else if (top..bottom).contains(&line) {
        Reach::Number(line - top)
    } else {
        // Numbers lead only to lines that scroll: beside them lay the saved cursor, and from there
        // one goes line by line.
        brush.put("\x1b8");
        brush.look = Look::of(&saved.template);
        brush.charsets = charsets(&saved);
        let down = line - saved.point.line.0;
        let step = if down > 0 { "\n" } else { "\x1bM" };
        brush.put(&step.repeat(down.unsigned_abs() as usize));
        Reach::Here
    };
    cursor(&mut brush, term, &term.grid().cursor, &stops, line);
    if is_shifted(term) {
        brush.put("\x0e");
    }
    let usual = TermMode::default();
    switches(&mut brush, SWITCHES, usual, mode);
    switches(&mut brush, INNER, usual, mode);
    if !mode.contains(TermMode::SHOW_CURSOR) {
        brush.put("\x1b[?25l");
    }
    style(&mut brush, term);
    let _ = write!(brush.out, "\x1b]2;{title}\x1b\\");
    brush.out.into_bytes()
}

/// Paints what scrolled away, where it is wanted, and the screen as a text that flows, so that lines
/// which wrapped do.
fn flow<L>(brush: &mut Brush, term: &Term<L>, scrolled: bool) {
    let grid = term.grid();
    let first = match scrolled {
        true => -i32::try_from(grid.history_size()).unwrap_or(0),
        false => 0,
    };
    let last = i32::try_from(term.screen_lines()).unwrap_or(1) - 1;
    let mut goes_on = false;
    for line in first..=last {
        let row = &grid[Line(line)];
        let wraps = wraps(row) && line < last;
        let end = match row.len().checked_sub(1).filter(|_| wraps) {
            // What did not fit into the last column makes that gap again by itself.
            Some(gap) if leads(&row[Column(gap)], &grid[Line(line + 1)]) => gap,
            Some(_) => row.len(),
            None => filled(row),
        };
        // Only what is written makes the line before go on in this one.
        let end = end.max(usize::from(goes_on));
        brush.row(row, end);
        if goes_on && end < row.len() {
            // The row scrolled in on the ground of the line before.
            brush.dip(Look::default());
            brush.put("\x1b[K");
        }
        goes_on = wraps;
        if line < last && !wraps {
            // What scrolls in is filled with the ground that is set.
            brush.dip(Look::default());
            brush.put("\r\n");
        }
    }
}

/// Returns true where a cell is empty because the next row's first character was too wide for it.
fn leads(cell: &Cell, next: &Row<Cell>) -> bool {
    cell.flags.contains(Flags::LEADING_WIDE_CHAR_SPACER)
        && cell.zerowidth().is_none()
        && next.len() > 1
        && Look::of(cell) == Look::of(&next[Column(0)])
        && next[Column(0)].flags.contains(Flags::WIDE_CHAR)
        && next[Column(1)].flags.contains(Flags::WIDE_CHAR_SPACER)
}

/// Puts the cursor in its place, with how it writes.
fn cursor<L>(
    brush: &mut Brush,
    term: &Term<L>,
    cursor: &Cursor<Cell>,
    stops: &[usize],
    line: Reach,
) {
    let column = cursor.point.column.0;
    brush.reach(line, column);
    if cursor.input_needs_wrap {
        let row = &term.grid()[cursor.point.line.min(term.bottommost_line())];
        let last = row.len().saturating_sub(1);
        // A tab back keeps a wrap waiting: there is a stop then, or was one.
        let lent = column < last && !stops.contains(&column);
        if lent {
            brush.put("\x1bH");
        }
        // Only writing in the last column makes that state.
        let first = last.saturating_sub(usize::from(glyph(row, last).is_none()));
        let cell = &row[Column(first)];
        brush.reach(line, first);
        brush.choose(Charsets::default());
        brush.dip(Look::of(cell));
        brush.out.push(glyph(row, first).unwrap_or(' '));
        brush.out.extend(cell.zerowidth().into_iter().flatten());
        if column < last {
            let between = stops.iter().filter(|stop| **stop > column).count();
            let _ = write!(brush.out, "\x1b[{}Z", between + 1);
        }
        if lent {
            brush.put("\x1b[g");
        }
    }
    brush.dip(Look::of(&cursor.template));
    brush.choose(charsets(cursor));
}

/// Returns the line of a cursor by its number.
fn number(cursor: &Cursor<Cell>) -> Reach {
    Reach::Number(cursor.point.line.0)
}

fn charsets(cursor: &Cursor<Cell>) -> Charsets {
    CHARSETS.map(|(index, _)| cursor.charsets[index])
}

fn switches(brush: &mut Brush, table: &[(TermMode, &str, &str)], before: TermMode, now: TermMode) {
    for (mode, on, off) in table {
        match (before.contains(*mode), now.contains(*mode)) {
            (false, true) => brush.put(on),
            (true, false) => brush.put(off),
            _ => {}
        }
    }
}

fn style<L>(brush: &mut Brush, term: &Term<L>) {
    let style = term.cursor_style();
    let steady = u8::from(!style.blinking);
    let code = match style.shape {
        CursorShape::Underline => 3 + steady,
        CursorShape::Beam => 5 + steady,
        _ => 1 + steady,
    };
    let _ = write!(brush.out, "\x1b[{code} q");
}

/// Sets the colours that the program changed.
fn colours<L>(brush: &mut Brush, term: &Term<L>) {
    let colours = term.colors();
    let named = [(256, 10), (257, 11), (258, 12)];
    for index in 0..256 {
        if let Some(rgb) = colours[index] {
            let _ = write!(
                brush.out,
                "\x1b]4;{index};rgb:{:02x}/{:02x}/{:02x}\x1b\\",
                rgb.r, rgb.g, rgb.b
            );
        }
    }
    for (index, code) in named {
        if let Some(rgb) = colours[index] {
            let _ = write!(
                brush.out,
                "\x1b]{code};rgb:{:02x}/{:02x}/{:02x}\x1b\\",
                rgb.r, rgb.g, rgb.b
            );
        }
    }
}

/// Returns the stops of the tabulator before the last column, from the right. Whether the last
/// column is one as well nobody can see before the screen gets wider.
fn stops<L: EventListener>(term: &mut Term<L>) -> Vec<usize> {
    let before = term.grid().cursor.clone();
    let mut stops = Vec::new();
    let mut from = term.columns().saturating_sub(1);
    term.grid_mut().cursor.point.column = Column(from);
    loop {
        term.move_backward_tabs(1);
        let at = term.grid().cursor.point.column.0;
        if at >= from {
            break;
        }
        stops.push(at);
        from = at;
    }
    term.grid_mut().cursor = before;
    stops
}

/// Sets the stops of the tabulator where they are not the usual ones.
fn tabs(brush: &mut Brush, stops: &[usize], columns: usize) {
    let usual = (0..columns.saturating_sub(1)).step_by(8);
    if !stops.iter().rev().copied().eq(usual) {
        brush.put("\x1b[3g");
        for stop in stops {
            brush.goto(0, *stop);
            brush.put("\x1bH");
        }
        brush.goto(0, 0);
    }
}

/// Returns true where characters are those of the second set.
fn is_shifted<L: EventListener>(term: &mut Term<L>) -> bool {
    let before = term.grid().cursor.clone();
    let row = term.grid()[before.point.line].clone();
    let grid = term.grid_mut();
    grid.cursor.input_needs_wrap = false;
    grid.cursor.point.column = Column(0);
    grid.cursor.charsets = Default::default();
    grid.cursor.charsets[CharsetIndex::G1] = StandardCharset::SpecialCharacterAndLineDrawing;
    term.input('q');
    let grid = term.grid_mut();
    let shifted = grid[before.point.line][Column(0)].c != 'q';
    grid[before.point.line] = row;
    grid.cursor = before;
    shifted
}

/// Returns the lines that scroll: the first, and the one after the last.
fn region<L: EventListener>(term: &mut Term<L>) -> (i32, i32) {
    let before = term.grid().cursor.clone();
    let origin = term.mode().contains(TermMode::ORIGIN);
    if !origin {
        term.set_private_mode(NamedPrivateMode::Origin.into());
    }
    term.goto(0, 0);
    let top = term.grid().cursor.point.line.0;
    term.goto(i32::from(i16::MAX), 0);
    let bottom = term.grid().cursor.point.line.0 + 1;
    if !origin {
        term.unset_private_mode(NamedPrivateMode::Origin.into());
    }
    term.grid_mut().cursor = before;
    (top, bottom)
}

/// What a picture showed, so that only what changed is drawn.
#[derive(Debug, Default)]
pub(crate) struct Picture {
    rows: Vec<u64>,
    columns: usize,
    mode: TermMode,
    shape: Option<(CursorShape, bool)>,
    title: String,
    begun: bool,
    bells: u64,
}

impl Picture {
    /// Returns true once something was drawn.
    pub(crate) const fn is_begun(&self) -> bool {
        self.begun
    }

    /// Takes note of how often the bell rang; true where it did since something was drawn.
    pub(crate) fn rings(&mut self, bells: u64) -> bool {
        let before = std::mem::replace(&mut self.bells, bells);
        self.begun && bells > before
    }
}

/// Returns bytes that bring a real terminal from the picture before to the present.
pub(crate) fn picture<L>(term: &Term<L>, title: &str, before: &mut Picture) -> Vec<u8> {
    let mut brush = Brush::default();
    // Drawn at once, where the terminal knows how.
    brush.put("\x1b[?2026h\x1b[?25l");
    let (rows, columns) = (term.screen_lines(), term.columns());
    let anew = !before.begun || before.columns != columns || before.rows.len() != rows;
    if anew {
        brush.put("\x1b[?7l\x1b[r\x1b[0m\x1b[2J");
        before.rows = vec![u64::MAX; rows];
        before.columns = columns;
    }
    let lines = 0_i32..;
    for (line, known) in lines.zip(&mut before.rows) {
        let row = &term.grid()[Line(line)];
        let now = mark(row);
        if *known == now {
            continue;
        }
        *known = now;
        brush.goto(line, 0);
        let end = filled(row);
        brush.row(row, end);
        if end < columns {
            brush.dip(Look::default());
            brush.put("\x1b[K");
        }
    }
    brush.dip(Look::default());
    let mode = *term.mode();
    let known = if before.begun {
        before.mode
    } else {
        TermMode::empty()
    };
    switches(&mut brush, SWITCHES, known, mode);
    before.mode = mode;
    let now = term.cursor_style();
    let shape = Some((now.shape, now.blinking));
    if before.shape != shape && (before.begun || now != Default::default()) {
        style(&mut brush, term);
    }
    before.shape = shape;
    if before.title != title {
        let _ = write!(brush.out, "\x1b]2;{title}\x1b\\");
        title.clone_into(&mut before.title);
    }
    before.begun = true;
    let point = term.grid().cursor.point;
    brush.goto(point.line.0, point.column.0);
    if mode.contains(TermMode::SHOW_CURSOR) {
        brush.put("\x1b[?25h");
    }
    brush.put("\x1b[?2026l");
    brush.out.into_bytes()
}

/// Returns a number that is another one where a row looks different.
fn mark(row: &Row<Cell>) -> u64 {
    let mut mark = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |value: u64| {
        mark = (mark ^ value)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(29);
    };
    for column in 0..row.len() {
        let cell = &row[Column(column)];
        add(u64::from(u32::from(cell.c)) | u64::from((cell.flags & !Flags::WRAPLINE).bits()) << 32);
        add(u64::from(code(cell.fg)) | u64::from(code(cell.bg)) << 32);
        if cell.extra.is_some() {
            for char in cell.zerowidth().into_iter().flatten() {
                add(u64::from(u32::from(*char)));
            }
            add(cell.underline_color().map_or(0, |c| code(c).into()));
            let link = cell.hyperlink();
            for byte in link.iter().flat_map(|link| link.uri().bytes()) {
                add(byte.into());
            }
        }
    }
    mark
}

fn code(colour: Color) -> u32 {
    match colour {
        Color::Named(name) => name as u32,
        Color::Indexed(index) => 0x100_0000 | u32::from(index),
        Color::Spec(rgb) => {
            0x200_0000 | u32::from(rgb.r) << 16 | u32::from(rgb.g) << 8 | u32::from(rgb.b)
        }
    }
}
