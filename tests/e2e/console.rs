//! The console in a real terminal, as a person uses it.

use smartopol_testkit::Terminal;

use super::home;

/// Longer than a card ignores keys.
const QUIET: std::time::Duration = std::time::Duration::from_millis(600);

/// Lets time pass: here it is time itself that is tested.
#[expect(
    clippy::disallowed_methods,
    reason = "a card ignores keys by the clock"
)]
fn rest(time: std::time::Duration) {
    std::thread::sleep(time);
}

fn open(home: &smartopol_testkit::Home, rows: u16, cols: u16) -> Terminal {
    let terminal = Terminal::start(&home.command(["tui"]), rows, cols).unwrap();
    terminal.wait_for("connected").unwrap();
    terminal
}

#[test]
fn the_first_run_needs_nothing_and_a_call_is_allowed_with_one_key() {
    let home = home();
    std::fs::write(home.workspace().join("treasure.txt"), "gold").unwrap();
    let mut terminal = open(&home, 36, 120);
    terminal.wait_for("offline").unwrap();
    terminal.keys("run: ls -la").unwrap();
    terminal.wait_for("run: ls -la").unwrap();
    terminal.keys("\r").unwrap();
    terminal.wait_for("allow once").unwrap();
    assert!(
        terminal.screen().contains("in ~/work"),
        "the folder is shown: {}",
        terminal.screen()
    );
    rest(QUIET);
    terminal.keys("\t").unwrap();
    rest(QUIET);
    terminal.keys("y").unwrap();
    terminal.wait_for("treasure.txt").unwrap();
    terminal.wait_for(" ms").unwrap();
    terminal.keys("\u{4}").unwrap();
    assert_eq!(terminal.wait_end().unwrap(), 0);
    let traces = home.ok(["traces", "list"]).unwrap();
    assert!(traces.contains("ls -la"), "{traces}");
}

#[test]
fn a_closed_terminal_stops_nothing_and_two_see_the_same() {
    let home = home();
    let mut first = open(&home, 30, 100);
    first
        .keys("slow: 20 once upon a time there was a terminal that closed\r")
        .unwrap();
    first.wait_for("once upon").unwrap();
    first.hang_up().unwrap();
    drop(first);
    let second = open(&home, 30, 100);
    let third = open(&home, 30, 100);
    second.wait_for("that closed").unwrap();
    third.wait_for("that closed").unwrap();
    second.wait_gone("working").unwrap();
    third.wait_gone("working").unwrap();
}

#[test]
fn what_was_typed_before_a_card_appeared_does_not_answer_it() {
    let home = home();
    let mut terminal = open(&home, 30, 100);
    terminal.keys("run: touch forbidden\r").unwrap();
    // A person who goes on typing, and hits the keys that would answer.
    for _ in 0..20 {
        terminal.keys("y").unwrap();
    }
    terminal.wait_for("allow once").unwrap();
    terminal.keys("yyyy").unwrap();
    terminal.wait_for("yyyy").unwrap();
    assert!(!home.workspace().join("forbidden").exists());
    let waiting = home.ok(["approvals", "list"]).unwrap();
    assert!(waiting.contains("touch forbidden"), "{waiting}");
}

#[test]
fn the_terminal_is_given_back_as_it_was() {
    let home = home();
    home.ok(["daemon", "start"]).unwrap();
    for how in ["quit", "-TERM", "-HUP", "-INT"] {
        let mut terminal = open(&home, 24, 80);
        match how {
            "quit" => terminal.keys("\u{4}").unwrap(),
            signal => {
                let pid = terminal.pid().unwrap().to_string();
                std::process::Command::new("kill")
                    .args([signal, &pid])
                    .status()
                    .unwrap();
            }
        }
        terminal.wait_end().unwrap();
        let raw = terminal.raw();
        let seen = String::from_utf8_lossy(&raw);
        for (on, off) in [
            ("\u{1b}[?1049h", "\u{1b}[?1049l"),
            ("\u{1b}[?2004h", "\u{1b}[?2004l"),
        ] {
            let (entered, left) = (seen.rfind(on), seen.rfind(off));
            assert!(
                entered.is_some() && entered < left,
                "{how}: {off:?} is missing"
            );
        }
        assert!(
            seen.rfind("\u{1b}[?25h") > seen.rfind("\u{1b}[?25l"),
            "{how}: the cursor stays hidden"
        );
    }
}

#[test]
fn a_screen_of_any_size_and_after_resizing_shows_something() {
    let home = home();
    let terminal = open(&home, 24, 80);
    for (rows, cols) in [(6, 20), (18, 60), (50, 200), (24, 80)] {
        terminal.resize(rows, cols).unwrap();
        rest(std::time::Duration::from_millis(200));
    }
    terminal.wait_for("connected").unwrap();
}

#[test]
fn the_linear_console_needs_no_screen() {
    let home = home();
    let mut terminal = Terminal::start(&home.command(["tui", "--linear"]), 24, 80).unwrap();
    terminal.wait_for("offline").unwrap();
    terminal.keys("run: echo in a line\r").unwrap();
    terminal.wait_for("asks").unwrap();
    rest(QUIET);
    terminal.keys("1\r").unwrap();
    terminal.wait_for("in a line").unwrap();
    let raw = terminal.raw();
    assert!(
        !String::from_utf8_lossy(&raw).contains("\u{1b}[?1049h"),
        "it took the whole screen"
    );
}
