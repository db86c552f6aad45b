//! A keyframe brings another emulator to the very same state.

use alacritty_terminal::grid::Dimensions;
use alacritty_terminal::index::{Column, Line};
use alacritty_terminal::term::cell::{Cell, Flags};
use proptest::prelude::*;
use smartopol_protocol::terminal::Size;

use crate::terminals::paint::{Look, Picture, glyph};
use crate::terminals::screen::Screen;

const SIZE: Size = Size {
    columns: 20,
    rows: 6,
};

fn screen(bytes: &[u8]) -> Screen {
    let mut screen = Screen::new(SIZE, 50);
    screen.feed(bytes);
    screen
}

/// Returns all that can be seen of a screen, and how what comes next is drawn.
fn seen(screen: &Screen) -> Vec<String> {
    let term = &screen.term;
    let grid = term.grid();
    let first = -i32::try_from(grid.history_size()).unwrap();
    let last = i32::try_from(term.screen_lines()).unwrap();
    let halves = Flags::LEADING_WIDE_CHAR_SPACER
        | Flags::WIDE_CHAR_SPACER
        | Flags::WIDE_CHAR
        | Flags::WRAPLINE;
    let cell = |c: Option<char>, cell: &Cell| {
        let flags = cell.flags & !halves;
        format!(
            "{c:?}{:?} {:?} {:?} {flags:?} {:?} {:?}",
            cell.zerowidth().unwrap_or_default(),
            cell.fg,
            cell.bg,
            cell.underline_color(),
            cell.hyperlink().map(|link| link.uri().to_owned())
        )
    };
    let mut seen: Vec<String> = (first..last)
        .flat_map(|line| (0..term.columns()).map(move |column| (line, column)))
        .map(|(line, column)| {
            let row = &grid[Line(line)];
            let shown = glyph(row, column);
            // The second half of a wide character looks as its first.
            let looks = column - usize::from(shown.is_none());
            let seen = cell(shown, &row[Column(looks)]);
            format!("{line},{column}: {seen}")
        })
        .collect();
    for cursor in [&grid.cursor, &grid.saved_cursor] {
        seen.push(format!(
            "{:?} {} {:?} {}",
            cursor.point,
            cell(None, &cursor.template),
            cursor.charsets,
            cursor.input_needs_wrap
        ));
    }
    seen.push(format!("{:?} {:?}", term.mode(), term.cursor_style()));
    seen.push(screen.title());
    seen
}

fn copied(screen: &mut Screen) -> Screen {
    let (offset, keyframe) = screen.keyframe();
    let mut copy = Screen::new(SIZE, 50);
    copy.restore(&keyframe, offset);
    copy
}

/// Returns the first thing that differs.
fn differs(left: &Screen, right: &Screen) -> Option<(String, String)> {
    let (left, right) = (seen(left), seen(right));
    let pair = left.iter().zip(&right).find(|(left, right)| left != right);
    match pair {
        Some((left, right)) => Some((left.clone(), right.clone())),
        None => {
            (left.len() != right.len()).then(|| (left.len().to_string(), right.len().to_string()))
        }
    }
}

/// Returns true where half of a wide character lies alone, or beside half of another one.
fn has_halves(screen: &Screen) -> bool {
    let grid = screen.term.grid();
    (0..i32::try_from(screen.term.screen_lines()).unwrap()).any(|line| {
        let row = &grid[Line(line)];
        let has =
            |column: usize, flag| column < row.len() && row[Column(column)].flags.contains(flag);
        (0..row.len()).any(|column| {
            has(column, Flags::WIDE_CHAR)
                && (!has(column + 1, Flags::WIDE_CHAR_SPACER)
                    || Look::of(&row[Column(column)]) != Look::of(&row[Column(column + 1)]))
                || has(column, Flags::WIDE_CHAR_SPACER)
                    && (column == 0 || !has(column - 1, Flags::WIDE_CHAR))
        })
    })
}

#[track_caller]
fn same(bytes: &[u8]) {
    let mut whole = screen(bytes);
    let copy = copied(&mut whole);
    assert_eq!(
        differs(&copy, &whole),
        None,
        "{:?}",
        String::from_utf8_lossy(bytes)
    );
}

#[test]
fn colours_wide_characters_and_wrapped_lines_are_kept() {
    same(b"plain\r\n\x1b[1;31mred\x1b[0m \x1b[48;5;33mon blue\x1b[K");
    same("日本語テキストがここで折り返される\r\ne\u{301}🙂".as_bytes());
    same(b"a line that is longer than the screen is wide and wraps twice or so\r\n$ ");
    same(b"\x1b[4:3;58;5;9mcurl\x1b[0m\x1b]8;;http://x.example\x1b\\link\x1b]8;;\x1b\\");
    same(b"12345678901234567890");
    same(b"\ttab\r\n\x1b[3g\x1b[5G\x1bH\r\tx");
}

#[test]
fn modes_margins_charsets_and_titles_are_kept() {
    same(b"\x1b[?1h\x1b=\x1b[?1002h\x1b[?1006h\x1b[?2004h\x1b[?25l\x1b]2;title\x07");
    same(b"\x1b[2;4r\x1b[?6h\x1b[2;3Hx");
    same(b"\x1b(0lqk\x1b7\x1b[3;3H\x1b(B");
    same(b"\x1b[4 q\x1b[4h\x1b[20h\x1b[?7l");
}

#[test]
fn what_lies_below_the_alternate_screen_is_kept() {
    let mut lines = String::new();
    for line in 0..30 {
        lines.push_str(&format!("line {line}\r\n"));
    }
    let bytes = [lines.as_bytes(), b"below\x1b[?1049h\x1b[2;2Hover\x1b[7m!"].concat();
    let mut whole = screen(&bytes);
    let mut copy = copied(&mut whole);
    assert_eq!(differs(&copy, &whole), None);
    whole.feed(b"\x1b[?1049l more");
    copy.feed(b"\x1b[?1049l more");
    assert_eq!(differs(&copy, &whole), None);
}

#[test]
fn lines_that_wrapped_still_do_after_a_change_of_size() {
    let text = "a long line that goes on and on until it has wrapped three times\r\nshort\r\n日本語日本語日本語日本語日本語日本語\r\n";
    let mut whole = screen(text.repeat(3).as_bytes());
    let mut copy = copied(&mut whole);
    let wider = Size {
        columns: 33,
        rows: 9,
    };
    whole.resize(wider);
    copy.resize(wider);
    assert_eq!(differs(&copy, &whole), None);
    assert_eq!(whole.look(50), copy.look(50));
}

#[test]
fn a_keyframe_does_not_tear_a_sequence() {
    let mut whole = screen(b"a\x1b[3");
    let (offset, _) = whole.keyframe();
    assert_eq!(offset, 1);
    let mut copy = copied(&mut whole);
    copy.feed(b"\x1b[31mred");
    whole.feed(b"1mred");
    assert_eq!(differs(&copy, &whole), None);
}

#[test]
fn what_is_asked_is_answered_and_a_keyframe_asks_nothing() {
    let mut asks = Screen::new(SIZE, 50);
    assert_eq!(asks.feed(b"ab\x1b[6n"), b"\x1b[1;3R");
    assert_eq!(
        asks.feed(b"\x1b]11;?\x1b\\"),
        b"\x1b]11;rgb:0000/0000/0000\x1b\\"
    );
    let (_, keyframe) = asks.keyframe();
    assert_eq!(Screen::new(SIZE, 50).feed(&keyframe), b"");
}

/// What programs write, and what nobody would.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => "[a-z ]{1,12}".prop_map(String::into_bytes),
        2 => Just(b"\r\n".to_vec()),
        1 => Just(b"\t".to_vec()),
        1 => "[日本語🙂é́]{1,6}".prop_map(String::into_bytes),
        2 => (0..9_u8, 0..25_u8).prop_map(|(r, c)| format!("\x1b[{r};{c}H").into_bytes()),
        2 => (0..110_u8).prop_map(|n| format!("\x1b[{n}m").into_bytes()),
        1 => (0..256_u16, 0..256_u16).prop_map(|(a, b)| format!("\x1b[38;5;{a};48;2;1;2;{b}m").into_bytes()),
        2 => (0..4_u8, proptest::sample::select(b"@ABCDEFGIJKLMPSTXZd`".to_vec()))
            .prop_map(|(n, end)| [format!("\x1b[{n}").into_bytes(), vec![end]].concat()),
        1 => (1..5_u8, 2..8_u8).prop_map(|(a, b)| format!("\x1b[{a};{b}r").into_bytes()),
        1 => proptest::sample::select(vec![
            "\x1b7", "\x1b8", "\x1bM", "\x1bD", "\x1b[?1049h", "\x1b[?1049l", "\x1b[?6h", "\x1b[?6l",
            "\x1b[?25l", "\x1b[?25h", "\x1b[?7l", "\x1b[?7h", "\x1b[4h", "\x1b[4l", "\x1b(0", "\x1b(B",
            "\x1b[3g", "\x1bH", "\x1b[?1000h", "\x1b[?2004h", "\x1b[2J", "\x1b[3J", "\x1b]2;x\x07",
            "\x1b#8", "\x1b[2 q", "\x0e", "\x0f", "\x1b)0", "\n",
        ]).prop_map(|text| text.as_bytes().to_vec()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_state_is_brought_over(pieces in prop::collection::vec(piece(), 0..60), more in prop::collection::vec(piece(), 0..10)) {
        let bytes = pieces.concat();
        let mut whole = screen(&bytes);
        let mut copy = copied(&mut whole);
        prop_assert_eq!(differs(&copy, &whole), None);
        // What is left of wide characters is not brought over.
        prop_assume!(!has_halves(&whole));
        whole.feed(&more.concat());
        copy.feed(&more.concat());
        prop_assert_eq!(differs(&copy, &whole), None);
    }

    #[test]
    fn pictures_show_what_is_seen(pieces in prop::collection::vec(piece(), 0..40)) {
        let mut whole = Screen::new(SIZE, 50);
        let (mut before, mut shown) = (Picture::default(), Screen::new(SIZE, 0));
        for piece in pieces {
            whole.feed(&piece);
            let picture = whole.picture(&mut before);
            shown.feed(&picture);
            let (left, right) = (whole.look(0), shown.look(0));
            prop_assert_eq!(left.lines, right.lines);
            prop_assert_eq!(left.cursor, right.cursor);
        }
    }
}
