//! A recorded session, played again in a real terminal and as lines: without a key, and without any
//! effect.

use std::path::PathBuf;

use serde_json::{Value, json};
use smartopol_ipc::Client;
use smartopol_protocol::event::{Subscribe, Subscribed};
use smartopol_protocol::session::{EXPORT_VERSION, Session};
use smartopol_protocol::turn::Outcome;
use smartopol_testkit::provider::{Rule, ScriptedProvider};
use smartopol_testkit::{Home, Terminal};

use super::models::home_in;
use super::{asked, decide, home, listen, outcome, say};

/// Returns the number of the newest fact.
async fn facts(client: &Client) -> u64 {
    match client.call(Subscribe::default()).await.unwrap() {
        Subscribed::Snapshot(snapshot) => snapshot.seq,
        Subscribed::Replay { seq, .. } => seq,
    }
}

/// A session in which a person allowed one call and denied another.
async fn recorded() -> (ScriptedProvider, Home, Client, Session) {
    let provider = ScriptedProvider::start().await;
    let touch = json!({ "command": "touch made-once" });
    provider.rule(
        Rule::on("make it")
            .times(1)
            .reasoning("It wants a file.")
            .text("I make the file.")
            .call("exec", touch),
    );
    let remove = json!({ "command": "rm made-once" });
    provider.rule(Rule::on("take it away").times(1).call("exec", remove));
    provider.rule(Rule::any().text("That is **all**."));
    let home = home_in(&provider, "anthropic", "ask").await;
    let (client, mut events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    listen(&client, &session).await;
    for (words, allow) in [("make it", true), ("take it away", false)] {
        say(&client, &session, words).await;
        let approval = asked(&mut events).await;
        decide(&client, &approval, allow).await;
        assert_eq!(outcome(&mut events).await, Outcome::Done);
    }
    (provider, home, client, session)
}

/// A replay in a terminal, started where there is no key.
fn play(home: &Home, args: &[&str]) -> Terminal {
    let mut command = home.command(["sessions", "replay"]);
    command.args(args).env_remove("ANTHROPIC_API_KEY");
    Terminal::start(&command, 36, 120).unwrap()
}

/// Returns what a replay prints.
fn lines(home: &Home, args: &[&str]) -> String {
    let all = [&["sessions", "replay"], args].concat();
    home.ok(all).unwrap()
}

/// Writes an export of a session.
fn export(home: &Home, session: &Session) -> PathBuf {
    let text = home
        .ok(["sessions", "export", &session.name, "--json"])
        .unwrap();
    let file = home.path().join("recorded.json");
    std::fs::write(&file, text).unwrap();
    file
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_played_step_by_step_and_nothing_happens() {
    let (provider, mut home, client, session) = recorded().await;
    let (before, requests) = (facts(&client).await, provider.requests().len());
    let made = home.workspace().join("made-once");
    std::fs::remove_file(&made).unwrap();
    let file = export(&home, &session);
    let file = file.to_str().unwrap();

    for what in [session.name.as_str(), file] {
        if what == file {
            // A file needs no daemon.
            home.stop().unwrap();
        }
        let mut terminal = play(&home, &[what]);
        terminal.wait_for("replay · nothing runs").unwrap();
        terminal.wait_for("make it").unwrap();
        let screen = terminal.screen();
        assert!(!screen.contains("I make the file"), "{screen}");
        // A person's words, a thought, a text, a call, the question about it.
        terminal.keys("llll").unwrap();
        terminal.wait_for("a replay answers nothing").unwrap();
        terminal.keys("ysa\r\ty").unwrap();
        terminal.keys("l").unwrap();
        terminal.wait_for("allowed once by cli:").unwrap();
        terminal.keys("t").unwrap();
        terminal.wait_for("Call of exec").unwrap();
        terminal.keys("\u{1b}").unwrap();
        terminal.wait_gone("Call of exec").unwrap();
        terminal.keys("l").unwrap();
        terminal.wait_for("exec is done after").unwrap();
        terminal.keys("h").unwrap();
        terminal.wait_gone("exec is done after").unwrap();
        terminal.wait_for("allowed once by cli:").unwrap();
        terminal.keys("++++ ").unwrap();
        // What the bar says while it plays is gone in a moment, and what was played stays.
        terminal.wait_for("✗ exec  rm made-once").unwrap();
        terminal.wait_for("denied by cli:").unwrap();
        terminal.wait_for("the turn ends: done").unwrap();
        terminal.wait_for("‖ 16×").unwrap();
        terminal.keys("5\r").unwrap();
        terminal.wait_for("message 5 of").unwrap();
        terminal.keys("g").unwrap();
        terminal.wait_for("message 1 of").unwrap();
        terminal.wait_gone("I make the file").unwrap();
        terminal.keys("q").unwrap();
        assert_eq!(terminal.wait_end().unwrap(), 0);
    }

    assert!(!made.exists(), "no call ran");
    assert_eq!(provider.requests().len(), requests, "no model was asked");
    home.start().await.unwrap();
    let (client, _) = home.client().await.unwrap();
    assert_eq!(facts(&client).await, before, "nothing was written");
}

#[tokio::test(flavor = "multi_thread")]
async fn as_lines_it_says_who_decided_what_and_when() {
    let (provider, mut home, client, session) = recorded().await;
    let (before, requests) = (facts(&client).await, provider.requests().len());
    let told = lines(&home, &[&session.name]);
    let at = |words: &str| {
        told.find(words)
            .unwrap_or_else(|| panic!("{words:?} is not in {told}"))
    };
    let order = [
        "Replay of ",
        "make it",
        "Agent thought: 4 words",
        "Agent: I make the file.",
        "Tool exec wants: touch made-once",
        "Approval asked because ",
        "Approval allowed once by cli:",
        "Tool exec is done after ",
        "Agent: That is **all**.",
        "The turn ends: done",
        "take it away",
        "Tool exec wants: rm made-once",
        "Approval denied by cli:",
        "Tool exec was denied",
        "End of the replay. Nothing ran.",
    ];
    let places: Vec<usize> = order.iter().map(|words| at(words)).collect();
    assert!(places.is_sorted(), "{places:?}\n{told}");

    let from = lines(
        &home,
        &[&session.name, "--from", "5", "--linear", "--speed", "16"],
    );
    assert!(
        from.contains("take it away") && !from.contains("make it"),
        "{from}"
    );
    assert_eq!(facts(&client).await, before);
    assert_eq!(provider.requests().len(), requests);

    let file = export(&home, &session);
    home.stop().unwrap();
    assert_eq!(
        lines(&home, &[file.to_str().unwrap()]),
        told,
        "a file tells the same"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_played_is_told_with_what_to_do() {
    let (_provider, mut home, client, session) = recorded().await;
    let refused = |home: &Home, args: &[&str]| {
        let all = [&["sessions", "replay"], args].concat();
        let output = home.run(all).unwrap();
        assert!(!output.status.success(), "{args:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let file = export(&home, &session);
    let mut whole: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let write = |name: &str, text: String| {
        let path = home.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let other = write("other.json", "{\"a\": 1}".into());
    whole["messages"].as_array_mut().unwrap().remove(2);
    let hole = write("hole.json", whole.to_string());
    whole["version"] = json!(EXPORT_VERSION + 1);
    let later = write("later.json", whole.to_string());
    for (args, words) in [
        (vec!["no/such.json"], "no/such.json cannot be read"),
        (vec![&*other], "is no export of a session"),
        (vec![&*hole], "lacks message 3"),
        (vec![&*later], "export of version 2, this program reads 1"),
        (vec!["nobody"], "nobody"),
        (
            vec![&*session.name, "--from", "99"],
            "has no message 99: its last one is",
        ),
        (
            vec![&*session.name, "--speed", "3"],
            "say one of 0.25, 0.5, 1, 2, 4, 8, 16",
        ),
    ] {
        let why = refused(&home, &args);
        assert!(why.contains(words), "{args:?}: {why}");
    }
    let empty = home.session(&client).await.unwrap();
    let why = refused(&home, &[&empty.name]);
    assert!(why.contains("nothing was said in"), "{why}");
    home.stop().unwrap();
    let why = refused(&home, &[&session.name]);
    assert!(why.contains("daemon start"), "{why}");
}

#[test]
fn its_help_has_examples_and_keys() {
    let help = home().ok(["sessions", "replay", "--help"]).unwrap();
    for words in [
        "--from",
        "--speed",
        "--linear",
        "replay notes.json",
        "space plays",
    ] {
        assert!(help.contains(words), "{help}");
    }
}
