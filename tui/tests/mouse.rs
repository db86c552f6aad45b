//! The mouse: it scrolls, opens and copies, and never answers.

use crossterm::event::{MouseButton, MouseEventKind};
use smartopol_tui::headless::Headless;

use crate::house::{self, House};
use crate::{attached, tell};

/// Returns where words stand on the screen.
#[expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]
fn find(console: &mut Headless, words: &str) -> (u16, u16) {
    let screen = console.screen();
    let found = screen.lines().enumerate().find_map(|(y, line)| {
        let at = line.find(words)?;
        Some((line[..at].chars().count(), y))
    });
    let (x, y) = found.unwrap_or_else(|| panic!("{words:?} is not on the screen:\n{screen}"));
    (x.try_into().unwrap(), y.try_into().unwrap())
}

fn click(console: &mut Headless, words: &str) {
    let (x, y) = find(console, words);
    console.click(x, y);
    console.screen();
}

#[test]
fn a_click_answers_no_approval_and_only_brings_the_keys_there() {
    let mut house = House::new();
    let id = house.session("app", "/home/ann/app");
    let mut console = attached(&mut house, id, 120, 36);
    house::asks(&mut house, id, "cargo test --all");
    tell(&mut console, &mut house);
    console.wait(1_000);
    console.asked();
    for _ in 0..3 {
        click(&mut console, "allow once");
        console.wait(1_000);
    }
    assert_eq!(console.asked(), Vec::<String>::new());
    let screen = console.screen();
    assert!(screen.contains("press a key to answer"), "{screen}");
}

#[test]
fn a_click_opens_a_session_and_a_second_one_a_trace() {
    let mut house = House::new();
    let id = house::morning(&mut house);
    let mut console = attached(&mut house, id, 120, 36);
    click(&mut console, "✓ read_file");
    assert!(!console.screen().contains("Trace of"));
    click(&mut console, "✓ read_file");
    assert!(console.screen().contains("Trace of read_file"));
    console.keys("<esc>");
    click(&mut console, "infra");
    assert_ne!(console.current(), Some(id));
}

#[test]
fn the_wheel_scrolls_what_is_under_it() {
    let mut house = House::new();
    let id = house::morning(&mut house);
    let mut console = attached(&mut house, id, 80, 24);
    let (x, y) = find(&mut console, "The test passes now.");
    console.mouse(MouseEventKind::ScrollUp, x, y);
    let after = find(&mut console, "The test passes now.");
    assert_eq!(after, (x, y + 3));
    console.keys("draft");
    console.mouse(MouseEventKind::ScrollDown, x, y);
    assert_eq!(find(&mut console, "The test passes now."), (x, y));
    assert_eq!(console.draft(), "draft", "the wheel writes nothing");
}

#[test]
fn what_is_dragged_over_is_copied_when_the_button_is_let_go() {
    let mut house = House::new();
    let id = house::morning(&mut house);
    let mut console = attached(&mut house, id, 120, 36);
    let (x, y) = find(&mut console, "The test passes now.");
    console.mouse(MouseEventKind::Down(MouseButton::Left), x, y);
    console.mouse(MouseEventKind::Drag(MouseButton::Left), x + 7, y);
    console.screen();
    assert!(console.copied().is_empty());
    console.mouse(MouseEventKind::Up(MouseButton::Left), x + 7, y);
    console.screen();
    assert_eq!(console.copied(), ["The test"]);
    console.screen();
    assert_eq!(console.copied(), Vec::<String>::new(), "once");
}

#[test]
fn the_palette_and_the_foot_can_be_clicked() {
    let mut house = House::new();
    let id = house::morning(&mut house);
    let mut console = attached(&mut house, id, 120, 36);
    click(&mut console, "ctrl-p find");
    assert!(console.screen().contains("Find"));
    console.keys("inf");
    click(&mut console, "session  infra");
    assert_ne!(console.current(), Some(id));
}

#[test]
fn a_key_gives_the_mouse_back_and_takes_it_again() {
    let mut house = House::new();
    let id = house::morning(&mut house);
    let mut console = attached(&mut house, id, 120, 36);
    assert!(console.takes_mouse());
    console.keys("<f2>");
    assert!(!console.takes_mouse());
    assert!(
        console
            .screen()
            .contains("the mouse is the terminal's; F2 takes it")
    );
    console.keys("<f2>");
    assert!(console.takes_mouse());
}
