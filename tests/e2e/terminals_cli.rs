//! Terminals through the program's own commands.

use std::process::Command;

use serde_json::Value;
use smartopol_testkit::{Home, Terminal, signal, wait};

use super::home;

/// Runs a command that is refused; returns what it says.
fn refused(home: &Home, line: &[&str]) -> String {
    let ran = home.run(line).unwrap();
    assert!(!ran.status.success(), "{ran:?}");
    String::from_utf8_lossy(&ran.stderr).into_owned()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text.lines().next().unwrap()).unwrap()
}

#[test]
fn a_terminal_is_opened_typed_into_read_and_ended_from_scripts() {
    let home = home();
    let opened = json(
        &home
            .ok([
                "terminals",
                "new",
                "--json",
                "--title",
                "echo",
                "--size",
                "60x10",
                "--",
                "cat",
            ])
            .unwrap(),
    );
    let id = opened["id"].as_str().unwrap();
    assert_eq!(opened["size"]["columns"], 60);
    home.ok(["terminals", "write", "echo", "hello", "there"])
        .unwrap();
    let read = home
        .ok(["terminals", "read", &id[..16], "--screen"])
        .unwrap_or_default();
    assert!(read.is_empty() || read.contains("hello there"), "{read}");
    let listed = json(&home.ok(["terminals", "list", "--json"]).unwrap());
    assert_eq!(listed["terminal"]["id"], id);
    assert!(home.ok(["terminals", "list"]).unwrap().contains("echo"));
    // Whoever follows gets all of it up to the end.
    home.ok(["terminals", "write", "echo", "-n", "\u{4}"])
        .unwrap();
    let all = home
        .ok(["terminals", "read", "echo", "--since", "0", "--follow"])
        .unwrap();
    assert_eq!(all, "hello there\nhello there\n");
    let killed = home.ok(["terminals", "kill", "echo"]).unwrap();
    assert!(killed.contains("exited 0"), "{killed}");
    home.ok(["terminals", "kill", "echo", "--remove"]).unwrap();
    assert!(
        home.ok(["terminals", "list"])
            .unwrap()
            .contains("no terminals")
    );
    let none = home.run(["terminals", "read", "echo"]).unwrap();
    assert_eq!(none.status.code(), Some(1));
    let failed = home
        .run(["terminals", "new", "--", "no-such-program"])
        .unwrap();
    let said = String::from_utf8_lossy(&failed.stderr).into_owned();
    assert!(said.contains("no program that can be found"), "{said}");
}

#[test]
fn attaching_shows_the_present_types_and_gives_the_terminal_back() {
    let home = home();
    let script = "echo before; while read x; do echo \"<$x>\"; done; exit 3";
    home.ok([
        "terminals",
        "new",
        "--title",
        "loop",
        "--",
        "/bin/sh",
        "-c",
        script,
    ])
    .unwrap();
    let command = home.command(["terminals", "attach", "loop"]);
    let mut first = Terminal::start(&command, 20, 70).unwrap();
    first.wait_for("before").unwrap();
    first.wait_for("ctrl-] d detaches").unwrap();
    first.keys("one\r").unwrap();
    first.wait_for("<one>").unwrap();
    // A smaller window counts, and that is said.
    let mut second = Terminal::start(&command, 12, 50).unwrap();
    second.wait_for("<one>").unwrap();
    first.wait_for("50x11, a smaller window counts").unwrap();
    second.keys("two\r").unwrap();
    first.wait_for("<two>").unwrap();
    second.keys("\u{1d}d").unwrap();
    assert_eq!(second.wait_end().unwrap(), 0);
    second.wait_for("detached; the program goes on").unwrap();
    first.wait_gone("a smaller window counts").unwrap();
    // The agent's terminal is looked at until it is taken.
    home.ok(["terminals", "give", "loop"]).unwrap();
    first.wait_for("the agent types").unwrap();
    first.keys("three\r").unwrap();
    first.wait_for("the agent types in this terminal").unwrap();
    first.keys("\u{1d}t").unwrap();
    first.wait_gone("the agent types").unwrap();
    let end = first.raw().len();
    first.keys("four\r").unwrap();
    first.wait_for("<four>").unwrap();
    first.keys("\u{4}").unwrap();
    assert_eq!(first.wait_end().unwrap(), 0);
    first.wait_for("exited 3").unwrap();
    first.wait_raw("\u{1b}[?1049l", end).unwrap();
    assert!(!first.screen().contains("three"));
}

/// Opens a terminal in which each line that is typed comes back, and attaches to it.
fn attached(home: &Home, title: &str) -> Terminal {
    let script = "echo ready; while read x; do echo \"<$x>\"; done";
    let line = ["--", "/bin/sh", "-c", script];
    home.ok(["terminals", "new", "--title", title].iter().chain(&line))
        .unwrap();
    let command = home.command(["terminals", "attach", title]);
    let person = Terminal::start(&command, 20, 70).unwrap();
    person.wait_for("ready").unwrap();
    person.wait_for("ctrl-] d detaches").unwrap();
    person
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_attached_types_and_sees_while_the_daemon_stands_still() {
    let mut home = home();
    home.start().await.unwrap();
    let mut person = attached(&home, "loop");
    let daemon = home.pid().unwrap();
    signal::stop(daemon).unwrap();
    person.keys("alone\r").unwrap();
    let echoed = person.wait_for("<alone>");
    signal::go_on(daemon).unwrap();
    echoed.unwrap();
    // What was typed meanwhile the daemon hears afterwards.
    wait::until("the daemon hears of it", || {
        let seen = home.ok(["terminals", "read", "loop", "--screen"]).unwrap();
        seen.contains("<alone>").then_some(())
    })
    .unwrap();
    person.keys("\u{1d}d").unwrap();
    assert_eq!(person.wait_end().unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_attached_stays_so_through_the_death_of_the_daemon() {
    let mut home = home();
    home.start().await.unwrap();
    let mut person = attached(&home, "loop");
    home.kill().unwrap();
    person.wait_for("the daemon is away").unwrap();
    person.keys("orphan\r").unwrap();
    person.wait_for("<orphan>").unwrap();
    home.start().await.unwrap();
    person.wait_gone("the daemon is away").unwrap();
    person.keys("again\r").unwrap();
    person.wait_for("<again>").unwrap();
    home.ok(["terminals", "give", "loop"]).unwrap();
    person.wait_for("the agent types").unwrap();
    person.keys("\u{1d}d").unwrap();
    assert_eq!(person.wait_end().unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_stands_still_keeps_nobody_from_leaving() {
    let mut home = home();
    home.start().await.unwrap();
    let mut person = attached(&home, "loop");
    let daemon = home.pid().unwrap();
    signal::stop(daemon).unwrap();
    person.resize(24, 80).unwrap();
    person.keys("alone\r").unwrap();
    let echoed = person.wait_for("<alone>");
    person.keys("\u{1d}g").unwrap();
    person.keys("\u{1d}d").unwrap();
    let left = person.wait_end();
    signal::go_on(daemon).unwrap();
    echoed.unwrap();
    assert_eq!(left.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_changes_its_size_is_drawn_anew_with_one_line_at_the_bottom() {
    let home = home();
    let mut person = attached(&home, "loop");
    for (rows, cols) in [(30, 100), (12, 60), (25, 90)] {
        person.resize(rows, cols).unwrap();
        person.keys(&format!("at {rows}\r")).unwrap();
        person.wait_for(&format!("<at {rows}>")).unwrap();
        person.keys("\u{1d}r").unwrap();
        let one_line = |screen: &str| {
            let lines: Vec<&str> = screen.lines().collect();
            let at = |line: &&str| line.contains("ctrl-] d detaches");
            lines.iter().filter(|line| at(line)).count() == 1 && lines.last().is_some_and(at)
        };
        person
            .wait_screen("one line, at the bottom", one_line)
            .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paste_goes_on_through_the_death_of_the_daemon() {
    let mut home = home();
    home.start().await.unwrap();
    home.ok(["terminals", "new", "--title", "cat", "--", "cat"])
        .unwrap();
    let command = home.command(["terminals", "attach", "cat"]);
    let mut person = Terminal::start(&command, 20, 70).unwrap();
    person.wait_for("ctrl-] d detaches").unwrap();
    person.keys("\u{1b}[200~begun").unwrap();
    person.wait_for("begun").unwrap();
    home.kill().unwrap();
    person.wait_for("the daemon is away").unwrap();
    home.start().await.unwrap();
    person.wait_gone("the daemon is away").unwrap();
    person.keys("\u{1d}done\u{1b}[201~\r").unwrap();
    person.wait_for("^]done").unwrap();
    person.keys("\u{1d}d").unwrap();
    assert_eq!(person.wait_end().unwrap(), 0);
}

#[test]
fn the_line_at_the_bottom_is_there_whatever_size_the_terminal_had() {
    let home = home();
    for number in 0..12 {
        let title = format!("loop{number}");
        let line = [
            "--size",
            "80x24",
            "--",
            "/bin/sh",
            "-c",
            "echo ready; exec cat",
        ];
        home.ok(["terminals", "new", "--title", &title].iter().chain(&line))
            .unwrap();
        let command = home.command(["terminals", "attach", &title]);
        let large = Terminal::start(&command, 30, 100).unwrap();
        large.wait_for("ready").unwrap();
        large.wait_for("ctrl-] d detaches").unwrap();
        let small = Terminal::start(&command, 12, 60).unwrap();
        small.wait_for("ctrl-] d detaches").unwrap();
        large.wait_for("60x11, a smaller window counts").unwrap();
        drop(small);
        large.wait_gone("a smaller window counts").unwrap();
        large.wait_for("ctrl-] d detaches").unwrap();
    }
}

#[test]
fn who_may_only_look_is_told_so_and_goes_on_looking() {
    let home = home();
    drop(attached(&home, "loop"));
    home.ok(["users", "add", "ben", "discord:ben", "--role", "admin"])
        .unwrap();
    home.ok(["users", "deny", "ben", "execute_commands"])
        .unwrap();
    let command = home.command(["--as", "discord:ben", "terminals", "attach", "loop"]);
    let mut ben = Terminal::start(&command, 20, 110).unwrap();
    ben.wait_for("ctrl-] d detaches").unwrap();
    ben.keys("one\r").unwrap();
    ben.wait_for("may not do this").unwrap();
    home.ok(["terminals", "write", "loop", "two"]).unwrap();
    ben.wait_for("<two>").unwrap();
    assert!(!ben.screen().contains("<one>"));
    ben.keys("\u{1d}d").unwrap();
    assert_eq!(ben.wait_end().unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_lend_their_terminal_is_drawn_by_the_daemon_through_its_restarts_too() {
    let mut home = home();
    home.start().await.unwrap();
    drop(attached(&home, "loop"));
    let mut person = in_a_shell(&home, "\"$0\" terminals attach loop < /dev/tty");
    person.wait_for("ctrl-] d detaches").unwrap();
    person.keys("one\r").unwrap();
    person.wait_for("<one>").unwrap();
    person.resize(25, 90).unwrap();
    person.keys("two\r").unwrap();
    person.wait_for("<two>").unwrap();
    home.kill().unwrap();
    person.wait_for("the daemon is away").unwrap();
    home.start().await.unwrap();
    person.wait_gone("the daemon is away").unwrap();
    person.keys("three\r").unwrap();
    person.wait_for("<three>").unwrap();
    person.keys("\u{1d}d").unwrap();
    assert_eq!(person.wait_end().unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_daemon_is_away_a_program_is_told_what_it_asks_and_later_nothing() {
    let mut home = home();
    home.start().await.unwrap();
    let script = "stty raw -echo; echo ready; while dd bs=1 count=1 of=/dev/null 2> /dev/null; do \
                  printf '\\n\\r\\033[6n'; dd bs=1 count=6 2> /dev/null | tr '\\033' '!'; done";
    let line = ["--", "/bin/sh", "-c", script];
    home.ok(["terminals", "new", "--title", "asks"].iter().chain(&line))
        .unwrap();
    let command = home.command(["terminals", "attach", "asks"]);
    let mut person = Terminal::start(&command, 20, 70).unwrap();
    person.wait_for("ready").unwrap();
    person.keys("x").unwrap();
    person.wait_for("![3;1R").unwrap();
    home.kill().unwrap();
    person.wait_for("the daemon is away").unwrap();
    person.keys("x").unwrap();
    person.wait_for("![4;1R").unwrap();
    home.start().await.unwrap();
    person.wait_gone("the daemon is away").unwrap();
    // What was asked then is not answered again now: the next answer is the next key's.
    person.keys("x").unwrap();
    person.wait_for("![5;1R").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_stopped_leaves_the_keys_and_one_that_is_killed_a_clean_screen() {
    let home = home();
    drop(attached(&home, "loop"));
    let mut person = in_a_shell(&home, "\"$0\" terminals attach loop; read x");
    person.wait_for("ctrl-] d detaches").unwrap();
    let shell = person.pid().unwrap();
    let children = format!("/proc/{shell}/task/{shell}/children");
    let client = std::fs::read_to_string(children).unwrap();
    let client = client.trim().parse().unwrap();
    signal::stop(client).unwrap();
    let end = person.raw().len();
    person.keys("later\r").unwrap();
    // It goes out, and what was typed is nobody's yet.
    person.wait_raw("\u{1b}[?1049l", end).unwrap();
    signal::go_on(client).unwrap();
    person.wait_for("<later>").unwrap();
    person.keys("now\r").unwrap();
    person.wait_for("<now>").unwrap();
    let end = person.raw().len();
    signal::send(client, "KILL").unwrap();
    person.wait_raw("\u{1b}[?1049l", end).unwrap();
}

#[test]
fn a_bell_rings_and_what_is_pasted_leads_nowhere() {
    let home = home();
    let script = "printf '\\033[?2004h'; echo ready; read x; printf '\\007'; echo rung; exec cat";
    let line = ["--", "/bin/sh", "-c", script];
    home.ok(["terminals", "new", "--title", "bell"].iter().chain(&line))
        .unwrap();
    let command = home.command(["terminals", "attach", "bell"]);
    let mut person = Terminal::start(&command, 20, 70).unwrap();
    person.wait_for("ready").unwrap();
    let end = person.raw().len();
    person.keys("\r").unwrap();
    person.wait_raw("\u{7}", end).unwrap();
    person.wait_for("rung").unwrap();
    person.keys("\u{1b}[200~a\u{1d}db\u{1b}[201~\r").unwrap();
    person.wait_for("a^]db").unwrap();
    person.keys("\u{1d}d").unwrap();
    assert_eq!(person.wait_end().unwrap(), 0);
}

#[test]
fn a_terminal_does_not_show_itself() {
    let home = home();
    let opened = home
        .ok([
            "terminals",
            "new",
            "--json",
            "--title",
            "self",
            "--",
            "/bin/sh",
        ])
        .unwrap();
    let id = json(&opened)["id"].as_str().unwrap().to_owned();
    let mut attach = home.command(["terminals", "attach", "self"]);
    attach.env("SMARTOPOL_TERMINAL", id);
    let mut person = Terminal::start(&attach, 20, 100).unwrap();
    assert_eq!(person.wait_end().unwrap(), 1);
    person.wait_for("cannot show itself").unwrap();
}

/// Runs a line of a shell, to which `$0` is the program, in a terminal.
fn in_a_shell(home: &Home, line: &str) -> Terminal {
    let command = home.command(["terminals", "list"]);
    let mut shell = Command::new("/bin/sh");
    shell
        .args(["-c", line])
        .arg(command.get_program())
        .env_clear();
    for (name, value) in command.get_envs() {
        shell.env(name, value.unwrap_or_default());
    }
    Terminal::start(&shell, 20, 70).unwrap()
}

#[test]
fn what_is_typed_right_after_detaching_is_for_the_shell() {
    let home = home();
    let script = "echo ready; exec cat > /dev/null";
    let line = ["--", "/bin/sh", "-c", script];
    home.ok(["terminals", "new", "--title", "sink"].iter().chain(&line))
        .unwrap();
    let line = "\"$0\" terminals attach sink; read x; echo \"[$x]\"";
    let mut person = in_a_shell(&home, line);
    person.wait_for("ready").unwrap();
    person.keys("\u{1d}d").unwrap();
    person.wait_for("detached").unwrap();
    person.keys("mine\r").unwrap();
    person.wait_for("[mine]").unwrap();
    assert_eq!(person.wait_end().unwrap(), 0);
}

#[test]
fn an_id_means_its_terminal_whatever_others_are_called() {
    let home = home();
    let new = |title: &str| {
        let line = ["terminals", "new", "--title", title, "--", "sleep", "1000"];
        home.ok(line).unwrap().trim().to_owned()
    };
    let own = new("own");
    // As an agent may call those of its own.
    let (whole, short) = (new(&own), new(&own[..20]));
    for (key, id) in [(&own[..20], &own), (&whole, &whole), (&short, &short)] {
        let ended = home.ok(["terminals", "kill", key, "--json"]).unwrap();
        assert_eq!(json(&ended)["id"], **id);
    }
    for _ in 0..2 {
        new("twin");
    }
    let refused = refused(&home, &["terminals", "kill", "twin"]);
    assert!(refused.contains("may be several terminals"), "{refused}");
    assert!(refused.contains("(twin), trm_"), "{refused}");
    let refused = self::refused(&home, &["terminals", "kill", "trm_0", "--remove"]);
    assert!(refused.contains("may be several terminals"), "{refused}");
}

#[test]
fn a_terminal_that_cannot_draw_is_told_what_to_do_instead() {
    let home = home();
    drop(attached(&home, "loop"));
    for kind in ["dumb", ""] {
        let mut attach = home.command(["terminals", "attach", "loop"]);
        attach.env("TERM", kind);
        let mut person = Terminal::start(&attach, 20, 100).unwrap();
        assert_eq!(person.wait_end().unwrap(), 1);
        person.wait_for("read --follow").unwrap();
        assert!(!String::from_utf8_lossy(&person.raw()).contains("1049h"));
    }
}

#[test]
fn an_interrupt_from_outside_gives_the_terminal_back() {
    let home = home();
    drop(attached(&home, "loop"));
    let command = home.command(["terminals", "attach", "loop"]);
    let mut person = Terminal::start(&command, 20, 70).unwrap();
    person.wait_for("ctrl-] d detaches").unwrap();
    let client = person.pid().unwrap().to_string();
    let sent = Command::new("kill").args(["-INT", &client]).status();
    assert!(sent.unwrap().success());
    person.wait_for("[detached; the program goes on]").unwrap();
    assert_eq!(person.wait_end().unwrap(), 0);
}

#[test]
fn what_is_no_text_is_no_option_unseen() {
    let home = home();
    drop(attached(&home, "loop"));
    home.ok(["terminals", "write", "loop", "one", "-n"])
        .unwrap();
    let refused = refused(&home, &["terminals", "write", "loop", "one", "--bogus"]);
    assert!(refused.contains("--bogus"), "{refused}");
    home.ok(["terminals", "write", "loop", "--", " --two"])
        .unwrap();
    wait::until("both were typed as one line", || {
        let seen = home.ok(["terminals", "read", "loop", "--screen"]).unwrap();
        seen.contains("<one --two>").then_some(())
    })
    .unwrap();
}
