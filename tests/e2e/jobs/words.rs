//! Jobs on the command line.

use super::*;

#[test]
fn the_command_line_shows_times_before_it_keeps_them() {
    let home = home();
    let run = |words: &[&str]| home.run(words).unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(run(&["daemon", "start"]).status.success());
    let words = [
        "jobs",
        "add",
        "--when",
        "every weekday 8:30",
        "--remind",
        "stand up",
        "--tz",
        "Europe/Berlin",
    ];
    let refused = run(&words);
    assert!(!refused.status.success());
    let shown = text(&refused.stdout);
    assert!(
        shown.contains("every Monday, Tuesday, Wednesday, Thursday and Friday at 08:30"),
        "{shown}"
    );
    assert!(text(&refused.stderr).contains("--yes"));
    assert_eq!(text(&run(&["jobs", "list", "--json"]).stdout), "");
    let kept = run(&[&words[..], &["--yes", "--json"]].concat());
    assert!(kept.status.success(), "{}", text(&kept.stderr));
    let job: Job = serde_json::from_slice(&kept.stdout).unwrap();
    assert_eq!(
        (job.name.as_str(), job.zone.as_str()),
        ("remind-stand-up", "Europe/Berlin")
    );
    let next = text(&run(&["jobs", "next", "--json"]).stdout);
    assert_eq!(next.lines().count(), 20);
    let why = run(&["jobs", "why", "remind-stand-up", "yesterday", "9:00"]);
    assert!(
        text(&why.stdout).contains("made later"),
        "{}",
        text(&why.stdout)
    );
    let bad = run(&["jobs", "add", "--when", "soonish", "--remind", "x", "--yes"]);
    assert!(
        text(&bad.stderr).contains("`tomorrow 9:00`"),
        "{}",
        text(&bad.stderr)
    );
    let file = home.path().join("job.toml");
    std::fs::write(
        &file,
        "when = \"9:00\"\naction = { do = \"remind\", text = \"x\" }\nnmae = \"x\"\n",
    )
    .unwrap();
    let bad = run(&["jobs", "add", "--file", file.to_str().unwrap(), "--yes"]);
    assert!(
        text(&bad.stderr).contains("did you mean `name`?"),
        "{}",
        text(&bad.stderr)
    );
    let soon = [
        "jobs",
        "add",
        "--when",
        "in 1 second",
        "--remind",
        "now",
        "--priority",
        "urgent",
        "--yes",
    ];
    assert!(run(&soon).status.success());
    let until = std::time::Instant::now() + smartopol_testkit::home::LIMIT;
    while !text(&run(&["inbox"]).stdout).contains("urgent") {
        assert!(std::time::Instant::now() < until, "it was never told");
    }
    let listed = text(&run(&["inbox", "--json"]).stdout);
    let item: serde_json::Value = serde_json::from_str(listed.trim()).unwrap();
    let id = item["id"].as_str().unwrap();
    assert!(run(&["inbox", "ack", id]).status.success());
    assert!(text(&run(&["inbox"]).stdout).contains("nothing waits for you"));
    for words in [
        vec!["jobs", "pause", "remind-stand-up"],
        vec!["jobs", "resume", "remind-stand-up"],
        vec!["jobs", "show", "remind-stand-up"],
        vec!["jobs", "history", "remind-stand-up"],
        vec!["jobs", "remove", "remind-stand-up"],
        vec!["daemon", "stop"],
    ] {
        let done = run(&words);
        assert!(done.status.success(), "{words:?}: {}", text(&done.stderr));
    }
}

#[test]
fn the_status_counts_jobs_and_a_trace_names_the_run_it_came_of() {
    let home = home();
    let ok = |words: &[&str]| home.ok(words).unwrap();
    ok(&["daemon", "start"]);
    assert!(ok(&["daemon", "status"]).contains("jobs        0\n"));
    let work = |name: &str, when: &str| {
        let input = r#"{"command": "echo hello"}"#;
        let words = ["jobs", "add", "--name", name, "--when", when, "--tz", "UTC"];
        let does = [
            "--call", "exec", "--input", input, "--mode", "auto", "--yes",
        ];
        ok(&[&words[..], &does].concat());
    };
    work("soon", "every day at 9:00");
    work("rests", "every 20 seconds");
    ok(&["jobs", "pause", "rests"]);
    let shown = ok(&["daemon", "status"]);
    let line = shown
        .lines()
        .find(|line| line.starts_with("jobs "))
        .unwrap();
    assert!(line.contains("1, 1 paused, next `soon` on "), "{line}");
    assert!(line.ends_with("09:00:00 UTC"), "{line}");
    assert!(shown.contains("terminals   0 running\n"), "{shown}");
    let status: serde_json::Value =
        serde_json::from_str(&ok(&["daemon", "status", "--json"])).unwrap();
    assert_eq!(
        (&status["jobs"]["active"], &status["jobs"]["paused"]),
        (&1.into(), &1.into())
    );
    assert_eq!(status["jobs"]["next"]["name"], "soon");
    assert_eq!(status["terminals"]["running"], 0);

    ok(&["jobs", "run", "soon"]);
    let until = std::time::Instant::now() + smartopol_testkit::home::LIMIT;
    while !ok(&["jobs", "why", "soon"]).contains("was run by hand") {
        assert!(std::time::Instant::now() < until, "it never ran");
    }
    let job: smartopol_protocol::job::Shown =
        serde_json::from_str(&ok(&["jobs", "show", "soon", "--json"])).unwrap();
    let listed = ok(&["traces", "list", "--json"]);
    let trace: trace::Trace = serde_json::from_str(listed.lines().next().unwrap()).unwrap();
    assert_eq!(trace.metadata.run, Some(job.runs[0].key()));
    let shown = ok(&["traces", "show", &trace.id.to_string()]);
    let line = format!("job       {}, due ", job.job.id);
    assert!(shown.contains(&line), "{shown}");
    ok(&["daemon", "stop"]);
}

#[test]
fn a_job_file_is_toml_or_json_and_a_wrong_name_in_it_is_told_with_the_right_one() {
    let home = home();
    assert!(home.run(["daemon", "start"]).unwrap().status.success());
    let keep = |name: &str, text: &str| {
        let file = home.path().join(name);
        std::fs::write(&file, text).unwrap();
        let words = ["jobs", "add", "--yes", "--file", file.to_str().unwrap()];
        home.run(words).unwrap()
    };
    let action = r#""action": {"do": "remind", "text": "tea"}"#;
    let made = keep("tea.json", &format!(r#"{{"when": "9:00", {action}}}"#));
    assert!(made.status.success(), "{made:?}");
    let bad = keep(
        "tea.json",
        &format!("{{\"when\": \"9:00\", {action},\n\"zoen\": \"UTC\"}}"),
    );
    let told = String::from_utf8_lossy(&bad.stderr).into_owned();
    assert!(told.contains("tea.json:2: unknown field `zoen`"), "{told}");
    assert!(told.contains("did you mean `zone`?"), "{told}");
    assert!(home.run(["daemon", "stop"]).unwrap().status.success());
}

#[test]
fn times_are_told_with_their_zone_and_none_is_not_how_many() {
    let home = home();
    let ok = |words: &[&str]| home.ok(words).unwrap();
    ok(&["daemon", "start"]);
    let words = ["jobs", "add", "--name", "tok", "--when", "every day 9:00"];
    let does = ["--tz", "Asia/Tokyo", "--remind", "tea", "--yes"];
    ok(&[&words[..], &does].concat());
    ok(&["jobs", "run", "tok"]);
    let until = std::time::Instant::now() + smartopol_testkit::home::LIMIT;
    while !ok(&["jobs", "why", "tok"]).contains("was run by hand") {
        assert!(std::time::Instant::now() < until, "it never ran");
    }
    for words in [["jobs", "history", "tok"], ["jobs", "show", "tok"]] {
        let told = ok(&words);
        let row = told.lines().find(|line| line.contains("  ran  ")).unwrap();
        assert!(row.contains(" JST "), "{row}");
        // As it is told, it is understood.
        let at = row.split(" JST").next().unwrap();
        let why = ok(&["jobs", "why", "tok", at, "JST"]);
        assert!(why.contains("was run by hand"), "{why}");
    }
    assert!(ok(&["jobs", "next", "tok"]).contains(" 09:00:00 JST "));
    ok(&["jobs", "pause", "tok", "--reason", "on holiday"]);
    let next = ok(&["jobs", "next"]);
    assert!(
        next.contains("skipped: paused by ") && next.contains(": on holiday"),
        "{next}"
    );
    for words in [["jobs", "next", "-n", "0"], ["inbox", "-n", "0", "--json"]] {
        let refused = home.run(words).unwrap();
        let told = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(
            !refused.status.success() && told.contains("1 or more"),
            "{told}"
        );
    }
    let waits = ok(&["inbox", "--json"]);
    let waits: attention::Item = serde_json::from_str(waits.lines().next().unwrap()).unwrap();
    let id = waits.id.to_string();
    let long = home.run(["inbox", "snooze", &id, "99999999d"]).unwrap();
    let told = String::from_utf8_lossy(&long.stderr).into_owned();
    assert!(told.contains("365 days are the longest"), "{told}");
    ok(&["daemon", "stop"]);
}
