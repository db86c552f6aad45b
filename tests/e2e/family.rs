//! A family through the command line: its owner, a user, a child, strangers.

mod answers;
mod budgets;
mod doors;
mod inboxes;
mod linking;
mod screen;
mod spoken;

use std::process::{Child, Output, Stdio};

use serde_json::Value;
use smartopol_testkit::Home;
use smartopol_testkit::home::LIMIT;

use super::home;

const MIA: &str = "telegram:4711";
const BEN: &str = "discord:ben";

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|err| panic!("{err}: {line}")))
        .collect()
}

fn json(home: &Home, args: &[&str]) -> Vec<Value> {
    lines(&home.ok(args).unwrap())
}

/// The same as another peer.
fn as_peer<'a>(peer: &'a str, args: &[&'a str]) -> Vec<&'a str> {
    let mut all = vec!["--as", peer];
    all.extend(args);
    all
}

fn refused(home: &Home, args: &[&str]) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = home.run(args).unwrap();
    assert!(!status.success(), "{args:?} was not refused");
    (status.code(), String::from_utf8(stderr).unwrap())
}

fn owner(home: &Home) -> Value {
    let users = json(home, &["users", "list", "--json"]);
    users
        .into_iter()
        .find(|user| user["owner"] == true)
        .unwrap()
}

/// A house with an owner, Ben (a user) and Mia (a child).
fn family(config: &str) -> Home {
    let home = home();
    home.config(config).unwrap();
    home.ok(["daemon", "start"]).unwrap();
    home.ok(["users", "add", "ben", BEN]).unwrap();
    home.ok(["users", "add", "mia", MIA, "--role", "child"])
        .unwrap();
    home
}

/// Says something that asks a person, and waits until it does.
fn ask(home: &Home, peer: &str, text: &str) -> (Child, Value) {
    let child = ask_as(home, peer, text, 1);
    let asked = json(home, &["approvals", "list", "--json"]).pop();
    (child, asked.unwrap())
}

/// The same where so many approvals wait then.
fn ask_as(home: &Home, peer: &str, text: &str, waiting: usize) -> Child {
    let child = home
        .command(as_peer(peer, &["send", text]))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begun = std::time::Instant::now();
    while json(home, &["approvals", "list", "--json"]).len() < waiting {
        assert!(begun.elapsed() < LIMIT, "nobody was asked");
    }
    child
}

fn end(child: Child) -> (Option<i32>, String) {
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.code(), text)
}
