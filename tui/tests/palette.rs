//! The palette, the command line, and what a console that only looks tells.

use smartopol_tui::headless::Headless;

use crate::house::{self, House};
use crate::{attached, tell};

/// A console with a morning behind it.
fn morning() -> (House, Headless) {
    let mut house = House::new();
    let id = house::morning(&mut house);
    let console = attached(&mut house, id, 120, 36);
    (house, console)
}

#[test]
fn the_palette_does_what_it_finds_and_offers_it_first_the_next_time() {
    let (_, mut console) = morning();
    console.keys("draft<c-p>whole screen<enter>");
    assert!(console.screen().contains("Traces"));
    console.keys("<c-p>");
    let screen = console.screen();
    let line = |words: &str| {
        screen
            .lines()
            .position(|line| line.contains(words))
            .unwrap()
    };
    assert!(
        line("▸ do") == line("traces over the whole screen"),
        "{screen}"
    );
    console.keys("<esc><c-t>");
    assert_eq!(console.draft(), "draft", "it never writes into the draft");
}

#[test]
fn the_palette_finds_sessions_traces_and_settings() {
    let (_, mut console) = morning();
    let before = console.current();
    console.keys("<c-p>session inf<enter>");
    assert_ne!(console.current(), before);
    console.keys("<c-p>trace read_file<enter>");
    assert!(console.screen().contains("Trace of read_file"));
    console.keys("<esc><c-p>console.theme<enter>");
    assert!(
        console.screen().contains(":set console.theme=\"terminal\""),
        "{}",
        console.screen()
    );
    console.keys("<c-w>console.theme=dark<enter>");
    assert!(
        console
            .screen()
            .contains("console.theme = dark until you leave")
    );
}

#[test]
fn the_palette_answers_no_approval() {
    let mut house = House::new();
    let id = house.session("app", "/home/ann/app");
    let mut console = attached(&mut house, id, 120, 36);
    house::asks(&mut house, id, "cargo test --all");
    tell(&mut console, &mut house);
    console.asked();
    console.wait(1_000);
    console.screen();
    for words in ["allow", "deny", "allow this call"] {
        console.keys("<c-p>");
        console.keys(words);
        console.keys("<enter><esc>");
        console.screen();
    }
    console.keys(":allow_once<enter>");
    assert!(console.screen().contains("there is no command"));
    assert!(
        console
            .asked()
            .iter()
            .all(|call| !call.starts_with("Decide"))
    );
}

#[test]
fn commands_do_what_they_say() {
    let (_, mut console) = morning();
    console.keys(":mode auto<enter>");
    assert!(
        console
            .asked()
            .iter()
            .any(|call| call.contains("mode: Some(Auto)"))
    );
    console.keys(":m read<tab><enter>");
    assert!(
        console
            .asked()
            .iter()
            .any(|call| call.contains("mode: Some(ReadOnly)"))
    );
    console.keys(":rename spring cleaning<enter>");
    assert!(
        console
            .asked()
            .iter()
            .any(|call| call.contains("name: Some(\"spring cleaning\")"))
    );
    console.keys(":new ~/other<enter>");
    assert!(
        console
            .asked()
            .iter()
            .any(|call| call.starts_with("Create"))
    );
    console.keys(":traces tool=exec outcome=error<enter>");
    let screen = console.screen();
    assert!(!screen.contains("list_files"), "{screen}");
    console.keys(":fold-all<enter>:theme light<enter>:keymap emacs<enter>");
    assert!(
        console
            .screen()
            .contains("console.keymap = emacs until you leave")
    );
    console.keys("<a-x>leave<enter>");
    assert!(console.left());
}

#[test]
fn a_wrong_command_says_what_was_meant_and_stays_to_be_mended() {
    let (_, mut console) = morning();
    for (line, told) in [
        (
            "thme dark",
            "there is no command :thme; did you mean :theme?",
        ),
        ("theme drak", "did you mean `dark`?"),
        ("theme", ":theme needs a NAME"),
        (
            "mode yolo",
            "there is no mode `yolo`: read-only, ask, auto-edit, auto",
        ),
        ("set consol.theme=dark", "`consol.theme` is the daemon's"),
        ("set console.thme=dark", "did you mean `theme`?"),
        ("session infa", "did you mean `infra`?"),
        ("quit now", ":quit takes nothing after it"),
        (
            "traces outcome=maybe",
            "outcome=maybe: it is allow, deny or error",
        ),
    ] {
        console.keys(":");
        console.keys(line);
        console.keys("<enter>");
        let screen = console.screen();
        assert!(screen.contains(told), "{line}: {screen}");
        assert!(screen.contains(&format!(":{line}▏")), "{line}: {screen}");
        console.keys("<esc>");
    }
    assert!(!console.left());
}

#[test]
fn a_setting_is_kept_only_where_one_says_so() {
    let (_, mut console) = morning();
    console.keys(":set console.theme=light<enter>");
    assert_eq!(console.saved(), &[] as &[String]);
    console.keys(":save approvals.mode=auto-edit<enter>");
    assert_eq!(console.saved(), ["approvals.mode=auto-edit"]);
}

#[test]
fn commands_are_completed_and_remembered() {
    let (_, mut console) = morning();
    console.keys(":them<tab>da<tab>");
    assert!(
        console.screen().contains(":theme dark▏"),
        "{}",
        console.screen()
    );
    console.keys("<enter>:traces<enter>:<up><up>");
    assert!(
        console.screen().contains(":theme dark▏"),
        "{}",
        console.screen()
    );
    console.keys("<down>");
    assert!(console.screen().contains(":traces▏"));
    console.keys("<c-u><bs>");
    assert!(
        !console.screen().contains("Command"),
        "{}",
        console.screen()
    );
}

#[test]
fn a_colon_is_a_letter_once_something_is_written() {
    let (_, mut console) = morning();
    console.keys("note: this");
    assert_eq!(console.draft(), "note: this");
}

#[test]
fn a_console_that_only_looks_tells_no_keys_that_it_refuses() {
    let mut house = House::new();
    let id = house.session("app", "/home/ann/app");
    house::asks(&mut house, id, "ls");
    house.take();
    let mut console = Headless::observing(160, 50, house.at());
    crate::settle(&mut console, &house, id, false);
    let mut seen = console.screen();
    console.keys("<tab>");
    seen.push_str(&console.screen());
    console.keys("<f1>");
    seen.push_str(&console.screen());
    console.keys("<esc><c-p>");
    seen.push_str(&console.screen());
    console.keys("<esc><a-:>");
    seen.push_str(&console.screen());
    for refused in [
        "send the message",
        "Enter send",
        "Esc         interrupt",
        "make a new",
        ":rename",
        "mode auto",
    ] {
        assert!(!seen.contains(refused), "{refused}: {seen}");
    }
}
