//! The screen of users, as a person uses it.

use smartopol_testkit::Terminal;

use super::{MIA, as_peer, family, json, refused};

#[test]
fn an_admin_lets_a_stranger_in_and_changes_what_a_child_may_and_may_use() {
    let home = family("");
    refused(&home, &["--as", "telegram:666", "sessions", "list"]);
    let mut terminal = Terminal::start(&home.command(["tui"]), 40, 130).unwrap();
    terminal.wait_for("connected").unwrap();
    terminal.keys("\u{1b}u").unwrap();
    terminal.wait_for("waits at the door").unwrap();
    terminal.keys("y").unwrap();
    terminal.wait_for("telegram-666").unwrap();
    // Owner, ben, mia: she stands third.
    terminal.keys("\u{1b}[B\u{1b}[B").unwrap();
    terminal
        .wait_for("child: what is not for children")
        .unwrap();
    // Into the page, past peer and role: her first capability made freer.
    terminal.keys("\u{1b}[C\u{1b}[B\u{1b}[B+").unwrap();
    terminal.wait_for("their own").unwrap();
    // Nine capabilities on: the first budget.
    terminal.keys(&"\u{1b}[B".repeat(9)).unwrap();
    terminal.keys("\r").unwrap();
    terminal.wait_for("50000, 50k or 2M").unwrap();
    terminal.keys("80k\r").unwrap();
    terminal.wait_for("of 80").unwrap();
    let shown = json(&home, &["users", "show", "mia", "--json"]);
    assert_eq!(shown[0]["user"]["grants"]["execute_commands"], "ask");
    assert_eq!(shown[0]["user"]["limits"]["daily_tokens"], 80_000);
    let users = json(&home, &["users", "list", "--json"]);
    assert_eq!(users.len(), 4, "{users:?}");
    terminal.keys("\u{4}").unwrap();
    assert_eq!(terminal.wait_end().unwrap(), 0);
}

#[test]
fn a_child_sees_their_own_page_and_changes_how_they_are_spoken_with_alone() {
    let home = family("");
    home.ok(as_peer(MIA, &["send", "say: hello"])).unwrap();
    let command = home.command(["--as", MIA, "tui"]);
    let mut terminal = Terminal::start(&command, 40, 100).unwrap();
    terminal.wait_for("connected").unwrap();
    terminal.keys("\u{1b}u").unwrap();
    terminal
        .wait_for("child: what is not for children")
        .unwrap();
    let screen = terminal.screen();
    assert!(screen.contains("mia  you"), "{screen}");
    assert!(!screen.contains("ben"), "{screen}");
    // The role is none of theirs to change.
    terminal.keys("\u{1b}[B+").unwrap();
    terminal.wait_for("may not do this").unwrap();
    // The language is.
    terminal.keys(&"\u{1b}[B".repeat(14)).unwrap();
    terminal.keys("\r").unwrap();
    terminal
        .wait_for("The language they are answered in")
        .unwrap();
    terminal.keys("French\r").unwrap();
    terminal.wait_for("language         French").unwrap();
    let shown = json(&home, &["users", "show", "mia", "--json"]);
    assert_eq!(shown[0]["user"]["role"], "child");
    assert_eq!(shown[0]["user"]["profile"]["language"], "French");
}
