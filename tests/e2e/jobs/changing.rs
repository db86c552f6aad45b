//! Jobs that are changed, paused, run by hand and removed.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_changed_paused_taken_up_and_removed_and_its_ledger_tells_all() {
    let house = House::with("").await;
    let (client, _events) = house.client().await;
    let session = house.session(&client).await;
    let message = |text: &str| Action::Message { text: text.into() };
    let made = add(&client, within(&session, "every hour", message("an hour"))).await;
    house.hands.turn_by(HOUR);
    assert_eq!(states(&rows(&client, &made, 1).await), [RunState::Ran]);
    let show = session::Show::newest(session.id, 0);
    let shown = client.call(show).await.unwrap().messages;
    assert_eq!((shown.len(), shown[0].role), (1, Role::System));
    assert_eq!(shown[0].text(), "an hour");

    let edit = Edit {
        key: made.name.clone(),
        spec: within(&session, "every 30 minutes", message("half an hour")),
        check: false,
    };
    let changed = client.call(edit).await.unwrap();
    assert_eq!((changed.id, &changed.name), (made.id, &made.name));
    house.hands.turn_by(30 * MINUTE);
    rows(&client, &made, 2).await;
    let key = made.name.clone();
    let reason = "on holiday".into();
    client.call(Pause { key, reason }).await.unwrap();
    house.hands.turn_by(30 * MINUTE);
    rows(&client, &made, 3).await;
    let key = made.name.clone();
    let resumed = client.call(Resume { key }).await.unwrap();
    assert_eq!(resumed.state, JobState::Active);
    house.hands.turn_by(30 * MINUTE);
    let four = rows(&client, &made, 4).await;
    let skipped = RunState::Skipped;
    assert_eq!(
        states(&four),
        [RunState::Ran, RunState::Ran, skipped, RunState::Ran]
    );
    let told = why(&client, &made.name, Some(four[2].due_at)).await;
    assert!(
        told.contains("because the job was paused by ") && told.ends_with(": on holiday"),
        "{told}"
    );

    let key = made.name.clone();
    client.call(RunNow { key }).await.unwrap();
    let by_hand = rows(&client, &made, 5).await.pop().unwrap();
    assert!(by_hand.by_hand && by_hand.state == RunState::Ran);
    let key = made.name.clone();
    client.call(Remove { key }).await.unwrap();
    house.hands.turn_by(2 * HOUR);
    assert_eq!(client.call(List::default()).await.unwrap().jobs, []);
    // By its id its ledger is still there.
    assert_eq!(ledger(&client, &made).await.len(), 5);
    let gone = client.call(Show { key: made.name }).await.unwrap_err();
    assert_eq!(gone.fault().unwrap().code, Code::NotFound);
    sound(&client).await;
    house.stop(client).await;
}

#[test]
fn what_is_not_named_stays_and_what_changes_is_shown_before() {
    let home = home();
    home.ok(["daemon", "start"]).unwrap();
    let ok = |words: &[&str]| home.ok(words).unwrap();
    let shown = || -> Job {
        let shown = ok(&["jobs", "show", "lim", "--json"]);
        let shown: smartopol_protocol::job::Shown = serde_json::from_str(&shown).unwrap();
        shown.job
    };
    let add = ["jobs", "add", "--name", "lim", "--when", "in 2 hours"];
    let may = [
        "--mode",
        "read-only",
        "--tools",
        "read_file",
        "--budget",
        "100",
    ];
    let policy = ["--overlap", "queue", "--retries", "3", "--missed", "skip"];
    let does = ["--prompt", "say: x", "--yes"];
    ok(&[&add[..], &may, &policy, &does].concat());
    let before = shown();
    // The time alone.
    let edit = ["jobs", "edit", "lim", "--when", "every day at 9:00"];
    let would = ok(&[&edit[..], &["--check"]].concat());
    let lines: Vec<&str> = would.lines().collect();
    assert!(
        lines.len() == 2 && lines[0].starts_with("when ") && lines[1].starts_with("next "),
        "{would}"
    );
    let asked = home.run(edit).unwrap();
    assert!(!asked.status.success(), "nobody could be asked");
    assert_eq!(shown(), before);
    let told = ok(&[&edit[..], &["--yes"]].concat());
    assert!(told.contains("→ every day at 09:00"), "{told}");
    let after = shown();
    assert_eq!(
        (&after.frozen, after.policy, &after.action),
        (&before.frozen, before.policy, &before.action)
    );
    assert!(
        after.when.starts_with("every day at 09:00"),
        "{}",
        after.when
    );
    // What it may do, alone.
    let told = ok(&["jobs", "edit", "lim", "--mode", "ask", "--yes"]);
    assert!(told.contains("read-only → ask"), "{told}");
    let wider = shown();
    assert_eq!(wider.frozen.mode, Mode::Ask);
    assert_eq!(
        (wider.frozen.tools, wider.schedule),
        (after.frozen.tools, after.schedule)
    );
    let told = ok(&["jobs", "edit", "lim", "--yes"]);
    assert!(told.contains("it is like that already"), "{told}");
    // The right to make jobs comes with the tools for it, and goes with them.
    ok(&["jobs", "edit", "lim", "--may-schedule", "--yes"]);
    assert!(shown().frozen.tools.contains(&"schedule_add".to_owned()));
    ok(&["jobs", "edit", "lim", "--may-schedule=false", "--yes"]);
    assert_eq!(shown().frozen.tools, before.frozen.tools);
    // One that rests goes on resting.
    ok(&["jobs", "pause", "lim", "--reason", "on holiday"]);
    let told = ok(&["jobs", "edit", "lim", "--prompt", "say: y", "--yes"]);
    assert!(told.contains("it stays paused"), "{told}");
    let paused = shown();
    assert_eq!(paused.action, prompt("say: y"));
    assert!(
        matches!(&paused.state, JobState::Paused { reason, .. } if reason == "on holiday"),
        "{:?}",
        paused.state
    );
    ok(&["daemon", "stop"]);
}

#[test]
fn what_does_nothing_for_a_job_is_refused() {
    let home = home();
    home.ok(["daemon", "start"]).unwrap();
    let add = [
        "jobs",
        "add",
        "--when",
        "in 2 hours",
        "--yes",
        "--name",
        "tea",
    ];
    let remind = [&add[..], &["--remind", "x"]].concat();
    home.ok(&remind).unwrap();
    let edit = vec!["jobs", "edit", "tea", "--yes"];
    let asks = [&add[..], &["--prompt", "x"]].concat();
    let calls = [&add[..], &["--call", "list_files"]].concat();
    for (words, idle) in [
        (&remind, vec!["--model", "foo"]),
        (&remind, vec!["--tools", "exec"]),
        (&remind, vec!["--mode", "auto"]),
        (&remind, vec!["--budget", "5"]),
        (&remind, vec!["--retries", "5"]),
        (&edit, vec!["--model", "foo"]),
        (&edit, vec!["--input", "{}"]),
        (&asks, vec!["--input", "{}"]),
        (&asks, vec!["--priority", "high"]),
        (&calls, vec!["--model", "foo"]),
    ] {
        let words = [&words[..], &idle].concat();
        let output = home.run(&words).unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{words:?}");
        let wanted = format!("`{}` does nothing for", idle[0]);
        assert!(said.contains(&wanted), "{words:?}: {said}");
    }
    let file = home.path().join("tea.json");
    let spec = r#"{"when": "9:00", "model": "foo", "action": {"do": "remind", "text": "tea"}}"#;
    std::fs::write(&file, spec).unwrap();
    let output = home
        .run(["jobs", "add", "--yes", "--file", file.to_str().unwrap()])
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("`model` does nothing for a reminder"),
        "{said}"
    );
    // How much it matters is changed alone, and so is the text.
    home.ok(["jobs", "edit", "tea", "--priority", "high", "--yes"])
        .unwrap();
    let told = home
        .ok(["jobs", "edit", "tea", "--remind", "y", "--yes"])
        .unwrap();
    assert!(told.contains("remind (high): y"), "{told}");
    home.ok(["daemon", "stop"]).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_rests_says_so_wherever_its_times_are_told() {
    let house = House::with("").await;
    let (client, _events) = house.client().await;
    let session = house.session(&client).await;
    let made = add(&client, within(&session, "every hour", prompt("say: tick"))).await;
    let key = made.name.clone();
    let pause = Pause {
        key: key.clone(),
        reason: "on holiday".into(),
    };
    let JobState::Paused { by, reason, .. } = client.call(pause).await.unwrap().state else {
        panic!("it is not paused")
    };
    assert_eq!(reason, "on holiday");
    let words = format!(" by {by}: on holiday");
    let told = why(&client, &key, None).await;
    assert!(
        told.contains("has not been due yet: it is paused since ") && told.contains(&words),
        "{told}"
    );
    for of in [None, Some(key.clone())] {
        let next = Next { key: of, count: 3 };
        let times = client.call(next).await.unwrap().times;
        let paused = Some(format!("paused{words}"));
        assert!(times.len() == 3 && times.iter().all(|due| due.paused == paused));
    }
    house.hands.turn_by(HOUR);
    let skipped = rows(&client, &made, 1).await;
    assert_eq!(skipped[0].reason, format!("the job was paused{words}"));
    client.call(Resume { key: key.clone() }).await.unwrap();
    let next = Next {
        key: Some(key),
        count: 1,
    };
    assert_eq!(client.call(next).await.unwrap().times[0].paused, None);
    house.stop(client).await;
}
