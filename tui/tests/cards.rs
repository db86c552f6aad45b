//! The card that asks: changes hunk by hunk, and what stays in sight on a small screen.

use smartopol_protocol::SessionId;
use smartopol_tui::headless::Headless;

use crate::house::{self, House};
use crate::{attached, tell};

const SIZES: [(u16, u16); 4] = [(200, 60), (120, 36), (80, 24), (60, 18)];

const CHANGE: &str = "--- a/src/date.rs\n+++ b/src/date.rs\n@@ -1,9 +1,11 @@\n //! Dates.\n \n-use std::fmt;\n+use std::fmt::{self, Display};\n \n-pub fn week(day: u32) -> u32 {\n-    day / 7\n+/// Returns the week of a day; both are counted from 1.\n+pub fn week(day: u64) -> u64 {\n+    day.div_ceil(7)\n }\n \n pub fn month(day: u32) -> u32 {\n@@ -41,5 +43,4 @@ impl Date\n     pub fn new(day: u32) -> Self {\n-        assert!(day > 0);\n         Self { day }\n     }\n }\n@@ -118,4 +119,6 @@ mod tests\n     #[test]\n     fn weeks_begin_on_monday() {\n-        assert_eq!(week(8), 1);\n+        assert_eq!(week(7), 1);\n+        assert_eq!(week(8), 2);\n+        assert_eq!(week(14), 2);\n     }\n";

/// A console whose card asks about a change of a file.
fn changing(width: u16, height: u16) -> (House, Headless, SessionId) {
    let mut house = House::new();
    let id = house.session("app", "/home/ann/app");
    let mut console = attached(&mut house, id, width, height);
    let turn = house.user(id, "Weeks begin at 1. Fix it everywhere.");
    house.wait(900);
    let (call, part) = house.part("edit_file", serde_json::json!({"path": "src/date.rs"}));
    house.agent(
        id,
        turn,
        vec![house::text("I change `week` and its test."), part],
    );
    house.call(
        id,
        turn,
        call,
        "edit_file",
        house::editing("src/date.rs", CHANGE),
    );
    house.ask(call, None, "the mode is ask, and writing asks");
    tell(&mut console, &mut house);
    (house, console, id)
}

/// Reaches the card, and waits until it may be answered.
fn reach(console: &mut Headless) {
    console.keys("<tab>");
    console.screen();
    console.wait(400);
    console.screen();
}

#[test]
fn a_change_is_asked_about_with_its_hunks() {
    for (width, height) in SIZES {
        let (_, mut console, _) = changing(width, height);
        reach(&mut console);
        insta::assert_snapshot!(format!("change_{width}x{height}"), console.screen());
    }
}

#[test]
fn keys_go_from_hunk_to_hunk_and_fold_them() {
    let (_, mut console, _) = changing(80, 24);
    reach(&mut console);
    assert!(!console.screen().contains("mod tests"));
    console.keys("]]");
    assert!(console.screen().contains("▾ 3 of 3 · line 119 · mod tests"));
    console.keys(" ");
    let folded = console.screen();
    assert!(
        folded.contains("▸ 3 of 3 · line 119 · mod tests"),
        "{folded}"
    );
    assert!(!folded.contains("week(14)"), "{folded}");
    console.keys("[[ ");
    let screen = console.screen();
    assert!(screen.contains("▸ 1 of 3"), "{screen}");
    assert!(screen.contains("▾ 2 of 3 · line 43"), "{screen}");
    console.keys("y");
    assert!(
        console
            .asked()
            .iter()
            .any(|call| call.starts_with("Decide"))
    );
}

#[test]
fn hunks_open_and_fold_in_the_conversation_too() {
    let (mut house, mut console, _) = changing(120, 50);
    let approval = house.approvals.last().unwrap().id;
    let call = house.calls.last().unwrap().id;
    house.decide(
        approval,
        true,
        smartopol_protocol::approval::Scope::Once,
        "",
        "smartopol-tui",
    );
    house.run(call);
    house.finish(
        call,
        smartopol_protocol::tool::OutputStatus::Ok,
        "src/date.rs was changed",
        serde_json::Value::Null,
    );
    tell(&mut console, &mut house);
    console.keys("<esc><tab><enter>");
    let open = console.screen();
    assert!(open.contains("▾ 2 of 3 · line 43"), "{open}");
    console.keys("]]<enter>");
    let folded = console.screen();
    assert!(folded.contains("▸ 2 of 3 · line 43"), "{folded}");
    assert!(folded.contains("▾ 3 of 3 · line 119"), "{folded}");
    assert!(!folded.contains("assert!(day > 0)"), "{folded}");
}

#[test]
fn the_answers_stay_in_sight_on_the_smallest_screen() {
    let mut house = House::new();
    let id = house.session("app", "/home/ann/app");
    for height in [8, 10, 12] {
        let mut console = attached(&mut house, id, 40, height);
        house::asks(&mut house, id, "cargo test --all --no-fail-fast");
        tell(&mut console, &mut house);
        reach(&mut console);
        let screen = console.screen();
        for answer in ["y once", "s session", "a always", "n deny"] {
            assert!(
                screen.contains(answer),
                "{answer} at 40x{height}:\n{screen}"
            );
        }
        console.keys("<down><down><down><down><down><down><down><down>");
        let screen = console.screen();
        assert!(screen.contains("n deny"), "{screen}");
        insta::assert_snapshot!(format!("smallest_{height}"), screen);
    }
}

#[test]
fn one_who_only_looks_is_shown_no_answer() {
    let mut house = House::new();
    let id = house.session("app", "/home/ann/app");
    house::asks(&mut house, id, "cargo test");
    house.take();
    let mut console = Headless::observing(80, 24, house.at());
    crate::settle(&mut console, &house, id, false);
    console.keys("<tab>");
    console.wait(1_000);
    let screen = console.screen();
    assert!(screen.contains("exec wants to run"), "{screen}");
    assert!(!screen.contains("allow once"), "{screen}");
}
