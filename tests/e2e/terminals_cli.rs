//! Terminals through the program's own commands.

use std::process::Command;

use serde_json::Value;
use smartopol_testkit::{Home, Terminal};

use super::home;

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

fn signal(home: &Home, signal: &str) {
    let pid = home.pid().unwrap().to_string();
    let sent = Command::new("kill").args([signal, &pid]).status().unwrap();
    assert!(sent.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_attached_types_and_sees_while_the_daemon_stands_still() {
    let mut home = home();
    home.start().await.unwrap();
    let mut person = attached(&home, "loop");
    signal(&home, "-STOP");
    person.keys("alone\r").unwrap();
    let echoed = person.wait_for("<alone>");
    signal(&home, "-CONT");
    echoed.unwrap();
    // What was typed meanwhile the daemon hears afterwards.
    let seen = home.ok(["terminals", "read", "loop", "--screen"]).unwrap();
    assert!(seen.contains("<alone>"), "{seen}");
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

#[test]
fn what_is_typed_right_after_detaching_is_for_the_shell() {
    let home = home();
    let script = "echo ready; exec cat > /dev/null";
    let line = ["--", "/bin/sh", "-c", script];
    home.ok(["terminals", "new", "--title", "sink"].iter().chain(&line))
        .unwrap();
    let attach = home.command(["terminals", "attach", "sink"]);
    let program = attach.get_program().to_str().unwrap().to_owned();
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "\"$0\" terminals attach sink; read x; echo \"[$x]\""]);
    shell.arg(program).env_clear();
    for (name, value) in attach.get_envs() {
        shell.env(name, value.unwrap_or_default());
    }
    let mut person = Terminal::start(&shell, 20, 70).unwrap();
    person.wait_for("ready").unwrap();
    // In one go: the prefix, its key, and a line for whoever reads next.
    person.keys("\u{1d}d").unwrap();
    person.wait_for("detached").unwrap();
    person.keys("mine\r").unwrap();
    person.wait_for("[mine]").unwrap();
    assert_eq!(person.wait_end().unwrap(), 0);
}
