//! The daemon's life through the program's own commands.

use serde_json::Value;
use smartopol_protocol::approval::ApprovalState;
use smartopol_protocol::{approval, session};

use super::{STORY, asked, home, listen, outcome, say, until};

#[test]
fn starting_twice_is_starting_once_and_a_second_daemon_names_the_first() {
    let home = home();
    home.ok(["daemon", "start"]).unwrap();
    let status: Value =
        serde_json::from_str(&home.ok(["daemon", "status", "--json"]).unwrap()).unwrap();
    let pid = status["pid"].as_u64().unwrap();
    home.ok(["daemon", "start"]).unwrap();
    let second = home.run(["daemon", "run"]).unwrap();
    assert!(!second.status.success());
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(said.contains(&pid.to_string()), "{said}");
    let again: Value =
        serde_json::from_str(&home.ok(["daemon", "status", "--json"]).unwrap()).unwrap();
    assert_eq!(
        again["pid"].as_u64(),
        Some(pid),
        "the socket is the first one's still"
    );
    for key in [
        "version",
        "uptime_ms",
        "socket",
        "sessions",
        "clients",
        "database_bytes",
        "rss_bytes",
    ] {
        assert!(!again[key].is_null(), "{key} is missing");
    }
    assert!(
        again["phases"]
            .as_array()
            .is_some_and(|phases| phases.len() >= 3)
    );
    home.ok(["daemon", "stop"]).unwrap();
    home.ok(["daemon", "stop"]).unwrap();
    assert_eq!(
        home.run(["daemon", "status"]).unwrap().status.code(),
        Some(3)
    );
}

#[test]
fn a_wrong_config_is_told_whole_and_nothing_starts() {
    let home = home();
    home.config("[approvals]\nmod = \"ask\"\n[agent]\nmax_steps = 0\n")
        .unwrap();
    for args in [
        &["config", "check"][..],
        &["daemon", "start"],
        &["daemon", "run"],
    ] {
        let output = home.run(args).unwrap();
        assert!(!output.status.success(), "{args:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned()
            + &String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("smartopol.toml:2"), "{args:?}: {said}");
        assert!(said.contains("mode"), "{args:?} suggests nothing: {said}");
        assert!(
            said.contains("max_steps"),
            "{args:?} stops at the first: {said}"
        );
    }
    assert_eq!(
        home.run(["daemon", "status"]).unwrap().status.code(),
        Some(3)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clean_stop_parks_what_waits_and_interrupts_what_runs() {
    let mut home = home();
    home.config("[daemon]\ngrace_seconds = 0\n").unwrap();
    home.start().await.unwrap();
    let (client, mut events) = home.client().await.unwrap();
    let waits = home.session(&client).await.unwrap();
    let runs = home.session(&client).await.unwrap();
    listen(&client, &runs).await;
    say(&client, &waits, "run: echo parked").await;
    let question = asked(&mut events).await;
    say(&client, &runs, STORY).await;
    until(&mut events, |news| {
        matches!(news, smartopol_protocol::News::TextDelta { .. }).then_some(())
    })
    .await;
    home.stop().unwrap();
    home.start().await.unwrap();
    let (client, mut events) = home.client().await.unwrap();
    let show = session::Show::newest(runs.id, 0);
    let shown = client.call(show).await.unwrap();
    let last = shown.messages.last().unwrap();
    assert!(
        last.interrupted,
        "what was said before the stop is kept: {last:?}"
    );
    listen(&client, &waits).await;
    let still = client
        .call(approval::Show { id: question.id })
        .await
        .unwrap();
    assert_eq!(still.state, ApprovalState::Pending);
    super::decide(&client, &still, false).await;
    outcome(&mut events).await;
    let ended = client
        .call(approval::Show { id: question.id })
        .await
        .unwrap();
    assert!(matches!(ended.state, ApprovalState::Denied { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_that_nobody_answers_expires_and_is_told_apart() {
    let mut home = home();
    home.config("[approvals]\nexpire_after_seconds = 5\n")
        .unwrap();
    home.start().await.unwrap();
    let (client, mut events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    listen(&client, &session).await;
    say(&client, &session, "run: echo late").await;
    let question = asked(&mut events).await;
    let output = until(&mut events, |news| match news {
        smartopol_protocol::News::CallChanged(call) => match &call.state {
            smartopol_protocol::tool::CallState::Finished { output } => Some(output.clone()),
            _ => None,
        },
        _ => None,
    })
    .await;
    assert_eq!(
        output.status,
        smartopol_protocol::tool::OutputStatus::Expired
    );
    assert!(output.text.contains("nobody answered"), "{}", output.text);
    let ended = client
        .call(approval::Show { id: question.id })
        .await
        .unwrap();
    assert!(matches!(ended.state, ApprovalState::Expired { .. }));
}

#[test]
fn a_backup_is_a_sound_database_and_never_overwrites() {
    let home = home();
    home.ok(["send", "say: keep me"]).unwrap();
    let file = home.path().join("copy.db");
    let name = file.display().to_string();
    home.ok(["daemon", "backup", &name]).unwrap();
    let bytes = std::fs::read(&file).unwrap();
    assert!(bytes.starts_with(b"SQLite format 3\0"));
    assert!(
        !home
            .run(["daemon", "backup", &name])
            .unwrap()
            .status
            .success()
    );
    home.ok(["daemon", "check"]).unwrap();
}

#[test]
fn a_provider_of_a_new_name_is_made_with_one_command() {
    let home = home();
    let set = ["config", "set", "providers.work.kind", "openai"];
    let address = [
        "providers.work.base_url",
        "http://127.0.0.1:9/v1",
        "providers.work.model",
        "large",
    ];
    assert_eq!(home.run(set).unwrap().status.code(), Some(1));
    home.ok(set.iter().chain(&address)).unwrap();
    home.ok(["models", "set", "work/some-model"]).unwrap();
    let output = home.run(set.iter().chain(&address[..1])).unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("has no value"), "{said}");
}

#[test]
fn a_model_of_nobody_is_a_mistake_and_takes_no_daemon_down() {
    let home = home();
    home.ok(["daemon", "start"]).unwrap();
    let output = home.run(["models", "set", "bogus"]).unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("bogus"), "{said}");
    assert!(!home.path().join("smartopol.toml").exists());
    home.config("[agent]\nmodel = \"bogus\"\n").unwrap();
    for args in [["config", "check"], ["daemon", "restart"]] {
        let output = home.run(args).unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("bogus"), "{args:?}: {said}");
    }
    home.ok(["daemon", "status"]).unwrap();
}
