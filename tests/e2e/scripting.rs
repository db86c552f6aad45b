//! Everything from a script: what goes in, what comes out, how it ends.

use std::io::Write;
use std::process::Stdio;

use serde_json::Value;
use smartopol_testkit::wait;

use super::home;

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|err| panic!("{err}: {line}")))
        .collect()
}

#[test]
fn a_pipe_in_json_out_with_an_approval_from_another_shell() {
    let home = home();
    let mut child = home
        .command(["send", "-", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"run: uname -a")
        .unwrap();
    let approval = wait::until("a person is asked", || {
        let listed = home.run(["approvals", "list", "--json"]).unwrap();
        let listed = lines(&String::from_utf8(listed.stdout).unwrap());
        listed.into_iter().next()
    })
    .unwrap();
    assert_eq!(approval["inspection"]["body"]["text"], "uname -a");
    let id = approval["id"].as_str().unwrap().to_owned();
    home.ok(["approvals", "allow", &id]).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let events = lines(&String::from_utf8(output.stdout).unwrap());
    assert!(events.iter().any(|event| event["event"] == "call_changed"));
    assert!(events.iter().any(|event| event["event"] == "turn_changed"));

    let again = home.run(["approvals", "allow", &id]).unwrap();
    assert!(!again.status.success());
    assert!(String::from_utf8_lossy(&again.stderr).contains("already"));

    let traces = lines(&home.ok(["traces", "list", "--json"]).unwrap());
    assert_eq!(traces.len(), 1);
    let trace = &traces[0];
    for key in [
        "id",
        "agent_id",
        "timestamp",
        "tool_name",
        "action_type",
        "params",
        "result",
        "duration_ms",
        "metadata",
    ] {
        assert!(trace.get(key).is_some(), "{key} is missing");
    }
    assert_eq!(trace["tool_name"], "exec");
    assert_eq!(trace["action_type"], "allow");
    assert_eq!(trace["metadata"]["decided_by"], "person");
    assert!(
        trace["metadata"]["actor"]
            .as_str()
            .is_some_and(|actor| actor.starts_with("cli:"))
    );
    let shown: Value = serde_json::from_str(
        &home
            .ok(["traces", "show", trace["id"].as_str().unwrap(), "--json"])
            .unwrap(),
    )
    .unwrap();
    assert_eq!(&shown, trace);
}

#[test]
fn a_denied_call_ends_with_code_4_and_is_a_trace() {
    let home = home();
    home.config("[approvals]\nmode = \"read-only\"\n").unwrap();
    let output = home.run(["send", "run: touch x"]).unwrap();
    assert_eq!(
        output.status.code(),
        Some(4),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(!home.workspace().join("x").exists());
    let denied = lines(
        &home
            .ok(["traces", "list", "--outcome", "deny", "--json"])
            .unwrap(),
    );
    assert_eq!(denied.len(), 1);
    assert_eq!(denied[0]["metadata"]["decided_by"], "mode");
    assert!(
        lines(
            &home
                .ok(["traces", "list", "--outcome", "allow", "--json"])
                .unwrap()
        )
        .is_empty()
    );
}

#[test]
fn a_rule_allows_without_asking_and_can_be_seen() {
    let home = home();
    home.config(
        "[[approvals.rules]]\ndecision = \"allow\"\ntool = \"exec\"\ncommand = [\"echo\"]\n",
    )
    .unwrap();
    let said = home.ok(["send", "run: echo by the rule"]).unwrap();
    assert!(said.contains("by the rule"), "{said}");
    let rules = home.ok(["approvals", "rules"]).unwrap();
    assert!(rules.contains("exec `echo …`"), "{rules}");
}

#[test]
fn the_floor_holds_in_every_mode() {
    let home = home();
    home.config("[approvals]\nmode = \"auto\"\n").unwrap();
    let output = home.run(["send", "run: rm -rf ~/"]).unwrap();
    assert_eq!(output.status.code(), Some(4));
    let traces = lines(&home.ok(["traces", "list", "--json"]).unwrap());
    assert_eq!(traces[0]["metadata"]["decided_by"], "floor");
}

#[test]
fn a_secret_of_the_environment_is_nowhere() {
    let mut home = home();
    let secret = "hunter2-correct-horse-battery";
    home.env("MY_SERVICE_TOKEN", secret);
    home.config("[approvals]\nmode = \"auto\"\n[tools]\nenv = [\"PATH\", \"MY_SERVICE_TOKEN\"]\n")
        .unwrap();
    home.ok(["send", "run: printenv MY_SERVICE_TOKEN"]).unwrap();
    home.ok(["send", &format!("say: {secret}")]).unwrap();
    home.ok(["daemon", "stop"]).unwrap();
    let mut folders = vec![home.path().to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.is_file() {
                let bytes = std::fs::read(&path).unwrap();
                let found = bytes
                    .windows(secret.len())
                    .any(|window| window == secret.as_bytes());
                assert!(!found, "the secret is in {}", path.display());
            }
        }
    }
}

#[test]
fn ids_that_do_not_exist_say_where_to_look() {
    let home = home();
    home.ok(["daemon", "start"]).unwrap();
    let id = "apr_00000000000000000000000000000000";
    for (args, hint) in [
        (vec!["approvals", "allow", id], "approvals list"),
        (vec!["sessions", "show", "nobody"], "sessions list"),
        (vec!["traces", "show", "ffffffff"], "traces list"),
    ] {
        let output = home.run(&args).unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(hint), "{args:?}: {said}");
    }
}

#[test]
fn without_a_daemon_reading_says_how_to_start_one() {
    let home = home();
    for args in [
        &["sessions", "list"][..],
        &["traces", "list"],
        &["approvals", "list"],
    ] {
        let output = home.run(args).unwrap();
        assert_eq!(output.status.code(), Some(3), "{args:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("smartopol daemon start"));
    }
}

#[test]
fn every_command_has_help_with_an_example() {
    let home = home();
    let mut commands = vec![Vec::new()];
    while let Some(command) = commands.pop() {
        let mut args: Vec<String> = command.clone();
        args.push("--help".into());
        let help = home.ok(&args).unwrap();
        if !command.is_empty() {
            assert!(
                help.contains("smartopol "),
                "{command:?} has no example:\n{help}"
            );
        }
        let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
        for line in listed.take_while(|line| line.starts_with("  ")) {
            // A name stands two columns in; what is further in goes on with the line above.
            let Some(name) = line
                .strip_prefix("  ")
                .filter(|rest| !rest.starts_with(' '))
            else {
                continue;
            };
            let name = name.split_whitespace().next().unwrap();
            if name != "help" {
                let mut deeper = command.clone();
                deeper.push(name.to_owned());
                commands.push(deeper);
            }
        }
    }
}
