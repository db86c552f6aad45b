//! What real programs wrote, shown by our emulator and by one of another family.
//!
//! `tests/recordings` holds the bytes and what pyte shows of them; `record.py` made both.

use std::fs;
use std::path::{Path, PathBuf};

use smartopol_protocol::terminal::Size;

use crate::terminals::screen::Screen;

const SIZE: Size = Size {
    columns: 80,
    rows: 24,
};

fn recordings() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings");
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "out"))
        .collect();
    found.sort();
    found
}

fn shown(screen: &Screen) -> Vec<String> {
    screen.look(0).lines
}

#[test]
fn programs_look_as_an_emulator_of_another_family_shows_them() {
    let mut compared = 0;
    for recording in recordings() {
        let mut screen = Screen::new(SIZE, 100);
        screen.feed(&fs::read(&recording).unwrap());
        let Ok(text) = fs::read_to_string(recording.with_extension("txt")) else {
            continue;
        };
        compared += 1;
        let other: Vec<&str> = text.lines().collect();
        let own = shown(&screen);
        for (line, (own, other)) in own.iter().zip(&other).enumerate() {
            assert_eq!(own, other, "{} line {line}", recording.display());
        }
        assert_eq!(own.len(), other.len());
    }
    assert_eq!(compared, 12);
}

#[test]
fn where_the_other_one_errs_the_terminal_test_itself_says_what_is_right() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings");
    let mut screen = Screen::new(SIZE, 100);
    screen.feed(&fs::read(folder.join("vttest_8.out")).unwrap());
    let lines = shown(&screen);
    assert_eq!(lines[0], "AB");
    assert!(
        lines[3].contains("The top line should be 'AB'"),
        "{lines:?}"
    );
    // It draws lines and diamonds with another set of characters, which the other one leaves out.
    let mut screen = Screen::new(SIZE, 100);
    screen.feed(&fs::read(folder.join("vttest_2_cursor.out")).unwrap());
    let lines = shown(&screen);
    for (line, char) in [(9, '*'), (11, '─'), (13, 'x'), (15, '◆')] {
        let text: String = std::iter::repeat_n(char, 10).collect();
        assert_eq!(lines[line].matches(&text).count(), 5, "{lines:#?}");
    }
    assert_eq!(lines[..5], ["AAAAA", "AAAAA", "AAAAA", "AAAAA", ""]);
}

#[test]
fn a_keyframe_at_any_byte_of_them_changes_nothing() {
    for recording in recordings() {
        let bytes = fs::read(&recording).unwrap();
        let mut whole = Screen::new(SIZE, 100);
        whole.feed(&bytes);
        for part in 1..8 {
            let (before, _) = bytes.split_at(bytes.len() * part / 8);
            let mut first = Screen::new(SIZE, 100);
            first.feed(before);
            let (offset, keyframe) = first.keyframe();
            let mut second = Screen::new(SIZE, 100);
            second.restore(&keyframe, offset);
            second.feed(&bytes[usize::try_from(offset).unwrap()..]);
            // How many blank lines clearing the screen scrolls away is no matter of what is seen.
            assert_eq!(
                second.look(0),
                whole.look(0),
                "{} at {part}/8",
                recording.display()
            );
        }
    }
}
