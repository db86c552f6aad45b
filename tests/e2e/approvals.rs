//! Approvals from a shell: explained, answered with their word, kept, tested, and not fooled.

use std::process::{Child, Stdio};

use serde_json::Value;
use smartopol_testkit::Home;

use super::home;

fn json(home: &Home, args: &[&str]) -> Value {
    let text = home.ok(args).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|err| panic!("{err}: {text}"))
}

fn check(home: &Home, more: &[&str], line: &str) -> Value {
    let mut args = vec!["approvals", "check", "--json"];
    args.extend(more);
    args.push(line);
    json(home, &args)
}

/// Says something that asks a person, and waits until it does.
#[expect(clippy::zombie_processes, reason = "whoever asked waits for it")]
fn ask(home: &Home, text: &str) -> (Child, Value) {
    let child = home
        .command(["send", text])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begun = std::time::Instant::now();
    loop {
        let listed = home.run(["approvals", "list", "--json"]).unwrap();
        let text = String::from_utf8(listed.stdout).unwrap();
        if let Some(line) = text.lines().next() {
            return (child, serde_json::from_str(line).unwrap());
        }
        assert!(
            begun.elapsed() < smartopol_testkit::home::LIMIT,
            "nobody was asked"
        );
    }
}

fn id(approval: &Value) -> &str {
    approval["id"].as_str().unwrap()
}

/// Waits for what was said to end, and returns its exit code and output.
fn end(child: Child) -> (Option<i32>, String) {
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.code(), text)
}

fn refused(home: &Home, args: &[&str]) -> String {
    let output = home.run(args).unwrap();
    assert!(!output.status.success(), "{args:?} was not refused");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_verdict_is_explained_without_running_anything() {
    let home = home();
    let asked = check(&home, &[], "touch made");
    assert_eq!(asked["verdict"], "ask");
    assert_eq!(asked["commands"], serde_json::json!([["touch", "made"]]));
    assert_eq!(asked["by"], "mode");
    assert!(asked["reasons"][0].is_string(), "{asked}");
    assert_eq!(asked["effects"][0]["effect"], "run", "{asked}");
    assert!(!home.workspace().join("made").exists(), "nothing was run");

    let allowed = check(&home, &["--mode", "auto"], "touch made");
    assert_eq!(allowed["verdict"], "allow");
    let floored = check(&home, &["--mode", "auto"], "rm -rf /");
    assert_eq!(
        (&floored["verdict"], &floored["by"]),
        (&"deny".into(), &"floor".into())
    );
    let unclear = check(&home, &["--mode", "auto"], "$X made");
    assert_eq!(unclear["verdict"], "ask");
    let forced = check(&home, &["--mode", "auto"], "git push --force");
    assert_eq!(
        (&forced["verdict"], &forced["danger"]["word"]),
        (&"ask".into(), &"force".into())
    );

    let words = home.ok(["approvals", "check", "git push --force"]).unwrap();
    assert!(words.starts_with("verdict  ask\n"), "{words}");
    assert!(words.contains("it needs the word `force`"), "{words}");
    let nowhere = refused(
        &home,
        &["approvals", "check", "--cwd", "/no/such/folder", "ls"],
    );
    assert!(nowhere.contains("is not a folder"), "{nowhere}");
}

#[test]
fn a_dangerous_call_needs_its_word() {
    let home = home();
    let (child, asked) = ask(&home, "run: git push --force nowhere");
    assert_eq!(asked["danger"]["word"], "force");
    assert_eq!(asked["rule"], Value::Null, "no rule is offered");
    let told = refused(&home, &["approvals", "allow", id(&asked)]);
    assert!(told.contains("--word force"), "{told}");
    refused(&home, &["approvals", "allow", id(&asked), "--word", "yes"]);
    refused(
        &home,
        &[
            "approvals",
            "allow",
            id(&asked),
            "--word",
            "force",
            "--always",
        ],
    );
    let short = &id(&asked)[..12];
    home.ok(["approvals", "allow", short, "--word", "force"])
        .unwrap();
    let (_, said) = end(child);
    assert!(said.contains("exit code"), "it ran: {said}");
}

#[test]
fn a_rule_for_the_folder_is_chosen_from_the_lab_tested_and_revoked() {
    let home = home();
    let (child, asked) = ask(&home, "run: uname -s");
    let lab = json(&home, &["approvals", "lab", id(&asked), "--json"]);
    assert!(lab["why"][0]["text"].is_string(), "{lab}");
    let texts: Vec<&str> = lab["candidates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|candidate| candidate["text"].as_str().unwrap())
        .collect();
    assert_eq!(texts.last(), Some(&"exec `uname …`"));
    assert!(texts[0].contains("`uname -s …` run in"), "{texts:?}");
    assert_eq!(lab["candidates"][0]["back_test"]["days"], 30);
    // What waits for an answer is no past that a rule can be held against.
    assert_eq!(lab["candidates"][0]["back_test"]["calls"], 0, "{lab}");
    let told = refused(
        &home,
        &[
            "approvals",
            "allow",
            id(&asked),
            "--always",
            "--command",
            "id",
        ],
    );
    assert!(
        told.contains("this very call would still not be allowed"),
        "{told}"
    );
    let told = refused(
        &home,
        &[
            "approvals",
            "allow",
            id(&asked),
            "--always",
            "--command",
            "bash",
        ],
    );
    assert!(told.contains("would allow everything"), "{told}");
    let broad = texts.len().to_string();
    let args = ["--workspace", "--candidate", &broad, "--expire-after", "1h"];
    let mut allow = vec!["approvals", "allow", id(&asked)];
    allow.extend(args);
    home.ok(allow).unwrap();
    assert_eq!(end(child).0, Some(0));

    // The next such call in this folder is not asked about, and the rule says what it would do.
    let said = home.ok(["send", "run: uname -r"]).unwrap();
    assert!(said.contains("exit code 0"), "{said}");
    let rules = json(&home, &["approvals", "rules", "list", "--json"]);
    assert_eq!(
        rules["workspace"],
        home.workspace().canonicalize().unwrap().to_str().unwrap()
    );
    assert!(
        rules["expires_at"].is_string() && rules["match"][0] == "uname -s",
        "{rules}"
    );
    let rule = rules["id"].as_str().unwrap();
    let tested = json(
        &home,
        &[
            "approvals",
            "rules",
            "test",
            "--rule",
            &rule[..12],
            "--json",
            "uname -a",
            "uname; id",
        ],
    );
    assert_eq!(tested["back_test"]["allowed"], 2, "{tested}");
    let covered = |n: usize| {
        (
            tested["examples"][n]["covered"].clone(),
            tested["examples"][n]["caught"].clone(),
        )
    };
    assert_eq!(covered(0), (true.into(), true.into()));
    let other = check(&home, &["--cwd", "/"], "uname -r");
    assert_eq!(other["verdict"], "ask", "the rule is for one folder");
    home.ok(["approvals", "rules", "revoke", &rule[..12]])
        .unwrap();
    assert_eq!(check(&home, &[], "uname -r")["verdict"], "ask");
}

#[test]
fn a_rule_ends_by_the_clock() {
    let home = home();
    let rule = |end: &str| {
        format!(
            "[[approvals.rules]]\ndecision = \"allow\"\ntool = \"exec\"\ncommand = [\"uname\"]\nexpires_at = \"{end}\"\n"
        )
    };
    home.config(&rule("2020-01-01")).unwrap();
    assert_eq!(check(&home, &[], "uname")["verdict"], "ask");
    assert_eq!(
        home.ok(["approvals", "rules", "list", "--json"]).unwrap(),
        ""
    );
    home.ok(["daemon", "stop"]).unwrap();
    home.config(&rule("2999-01-01T00:00:00Z")).unwrap();
    assert_eq!(check(&home, &[], "uname")["verdict"], "allow");
    let told = home.ok(["approvals", "rules"]).unwrap();
    assert!(told.contains("2999-01-01"), "{told}");
    home.config(&rule("tomorrow")).unwrap();
    let told = refused(&home, &["config", "check"]);
    assert!(told.contains("must be a day or a moment"), "{told}");
}

#[test]
fn an_example_that_does_not_hold_stops_the_start_and_is_named() {
    let home = home();
    let rule = |examples: &str| {
        format!(
            "[[approvals.rules]]\ndecision = \"allow\"\ntool = \"exec\"\ncommand = [\"git\", [\"status\", \"log\"]]\n{examples}\n"
        )
    };
    home.config(&rule(
        "match = [\"git status -s\"]\nnot_match = [\"git push\", \"git log; id\"]",
    ))
    .unwrap();
    home.ok(["config", "check"]).unwrap();
    home.config(&rule(
        "match = [\"git status\", \"git stash\"]\nnot_match = [\"git log -3\"]",
    ))
    .unwrap();
    for args in [["config", "check"], ["daemon", "start"]] {
        let told = refused(&home, &args);
        assert!(told.contains("approvals.rules.0.match"), "{args:?}: {told}");
        assert!(told.contains("`git stash`"), "{args:?}: {told}");
        assert!(
            told.contains("approvals.rules.0.not_match"),
            "{args:?}: {told}"
        );
        assert!(!told.contains("`git status`"), "{args:?}: {told}");
    }
    // A denying rule is about a line as soon as one of its commands is.
    home.config("[[approvals.rules]]\ndecision = \"deny\"\ncommand = [\"git\", \"push\"]\nmatch = [\"git -C x push\"]\n").unwrap();
    home.ok(["config", "check"]).unwrap();
    assert_eq!(
        check(&home, &["--mode", "auto"], "git --no-pager push")["verdict"],
        "deny"
    );
}

#[test]
fn what_changed_after_it_was_shown_is_not_run() {
    let home = home();
    std::fs::write(home.workspace().join("notes.txt"), "mine\n").unwrap();
    let (child, asked) = ask(&home, "write: notes.txt theirs");
    assert!(
        asked["inspection"]["pins"][0]["sha256"].is_string(),
        "{asked}"
    );
    std::fs::write(home.workspace().join("notes.txt"), "changed meanwhile\n").unwrap();
    home.ok(["approvals", "allow", id(&asked)]).unwrap();
    let (code, said) = end(child);
    assert_eq!(code, Some(4), "{said}");
    let kept = std::fs::read_to_string(home.workspace().join("notes.txt")).unwrap();
    assert_eq!(kept, "changed meanwhile\n");
    let trace = home.ok(["traces", "list", "--json"]).unwrap();
    let trace: Value = serde_json::from_str(trace.lines().next().unwrap()).unwrap();
    assert_eq!(trace["action_type"], "deny", "{trace}");
    assert_eq!(trace["metadata"]["decided_by"], "pin", "{trace}");
    let reason = trace["metadata"]["reason"].as_str().unwrap();
    assert!(reason.contains("notes.txt changed"), "{reason}");
    assert_eq!(trace["duration_ms"], Value::Null, "it never ran");
}

#[test]
fn a_script_that_changed_after_it_was_shown_is_not_run() {
    let home = home();
    let script = home.workspace().join("x.sh");
    std::fs::write(&script, "echo mine > made\n").unwrap();
    let (child, asked) = ask(&home, "run: sh x.sh");
    let pin = &asked["inspection"]["pins"][0];
    assert!(pin["path"].as_str().unwrap().ends_with("/x.sh"), "{asked}");
    std::fs::write(&script, "echo theirs > made\n").unwrap();
    home.ok(["approvals", "allow", id(&asked)]).unwrap();
    let (code, said) = end(child);
    assert_eq!(code, Some(4), "{said}");
    assert!(!home.workspace().join("made").exists(), "nothing was run");
    let trace = home.ok(["traces", "list", "--json"]).unwrap();
    let trace: Value = serde_json::from_str(trace.lines().next().unwrap()).unwrap();
    assert_eq!(trace["action_type"], "deny", "{trace}");
    assert_eq!(trace["metadata"]["decided_by"], "pin", "{trace}");
    let reason = trace["metadata"]["reason"].as_str().unwrap();
    assert!(reason.contains("x.sh changed"), "{reason}");
    assert_eq!(trace["duration_ms"], Value::Null, "it never ran");
}

#[test]
fn a_pipeline_is_explained_command_by_command() {
    let home = home();
    let told = check(
        &home,
        &["--mode", "auto"],
        "sudo cat notes.txt | sort -o ../sorted && curl https://example.com",
    );
    assert_eq!(
        told["commands"],
        serde_json::json!([
            ["cat", "notes.txt"],
            ["sort", "-o", "../sorted"],
            ["curl", "https://example.com"]
        ])
    );
    assert_eq!(told["verdict"], "ask");
    let effects = told["effects"].as_array().unwrap();
    let one = |kind: &str| {
        effects
            .iter()
            .find(|effect| effect["effect"] == kind)
            .unwrap_or_else(|| panic!("no {kind} in {told}"))
    };
    assert_eq!(one("privilege")["how"], "sudo");
    assert_eq!(one("read")["place"], "workspace");
    assert_eq!(one("write")["place"], "outside");
    assert_eq!(one("network")["host"], "example.com");
    assert_eq!(one("run")["words"], serde_json::json!(["cat", "notes.txt"]));
    assert_eq!(one("run")["via"], serde_json::json!([["sudo"]]));
}

#[test]
fn a_forbidden_command_is_found_wherever_a_line_hides_it() {
    let home = home();
    home.config(
        "[[approvals.rules]]\ndecision = \"deny\"\ntool = \"exec\"\ncommand = [\"git\", \"push\"]\n",
    )
    .unwrap();
    for line in [
        "true; git -C x push",
        "ls | xargs git push",
        "sh -c 'cd x && git push'",
        "echo $(git push)",
        "if true; then git push; fi",
        "$X; git push",
    ] {
        let told = check(&home, &["--mode", "auto"], line);
        assert_eq!(
            (&told["verdict"], &told["by"]),
            (&"deny".into(), &"rule".into()),
            "{line}: {told}"
        );
    }
    let told = check(&home, &["--mode", "auto"], "git log --grep push");
    assert_eq!(told["verdict"], "allow");
}

#[test]
fn the_agent_does_not_answer_for_a_person() {
    let home = home();
    home.config("[approvals]\nmode = \"auto\"\n").unwrap();
    for line in [
        "smartopol approvals allow x",
        "smartopol daemon stop",
        "pkill smartopol",
    ] {
        let output = home.run(["send", &format!("run: {line}")]).unwrap();
        assert_eq!(output.status.code(), Some(4), "{line}");
    }
    let traces = home.ok(["traces", "list", "--json"]).unwrap();
    assert_eq!(traces.lines().count(), 3);
    assert!(
        traces
            .lines()
            .all(|line| line.contains("\"decided_by\":\"floor\"")),
        "{traces}"
    );
}

#[test]
fn what_a_shell_shows_is_fit_for_a_terminal() {
    let home = home();
    let (child, asked) = ask(&home, "run: echo \u{202e}evil\u{200b}");
    for args in [
        vec!["approvals", "show", id(&asked)],
        vec!["approvals", "list"],
    ] {
        let shown = home.ok(&args).unwrap();
        assert!(shown.contains("⟨U+202E⟩evil⟨U+200B⟩"), "{shown}");
        assert!(!shown.contains('\u{202e}'), "{shown}");
    }
    home.ok(["approvals", "deny", id(&asked)]).unwrap();
    assert_eq!(end(child).0, Some(4));
}
