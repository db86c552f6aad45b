//! What a run may do: what was frozen, and never more than is allowed now.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_job_has_what_was_frozen_and_never_more_than_is_allowed_now() {
    let house = House::with("").await;
    let (client, mut events) = house.client().await;
    let session = house.session(&client).await;
    listen(&client, &session).await;
    let spec = |name: &str, mode| Spec {
        name: Some(name.into()),
        mode: Some(mode),
        ..within(&session, "every hour", prompt("write: made.txt hello"))
    };
    let free = add(&client, spec("free", Mode::Auto)).await;
    assert_eq!(free.frozen.mode, Mode::Auto);
    assert!(
        !free
            .frozen
            .tools
            .iter()
            .any(|tool| tool == "remind" || tool == "schedule_add")
    );
    house.hands.turn_by(HOUR);
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    assert_eq!(states(&rows(&client, &free, 1).await), [RunState::Ran]);
    // The settings now say less than what was frozen.
    let config = house.dir.path().join("smartopol.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("{text}[jobs]\nmode = \"ask\"\n")).unwrap();
    let house = house.again(client, 0).await;
    let (client, mut events) = house.client().await;
    listen(&client, &session).await;
    house.hands.turn_by(HOUR);
    let question = asked(&mut events).await;
    let waits = inbox(&client).await;
    assert_eq!(waits[0].approval_id, Some(question.id));
    let answer = attention::Resolve {
        id: waits[0].id,
        how: Seen::Dismiss,
    };
    let refused = client.call(answer).await.unwrap_err();
    assert_eq!(refused.fault().unwrap().code, Code::Conflict);
    decide(&client, &question, true).await;
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    assert_eq!(rows(&client, &free, 2).await[1].state, RunState::Ran);
    eventually("the answer resolves the item", || async {
        inbox(&client).await.is_empty().then_some(())
    })
    .await;
    // A job may not make jobs.
    let makes = Spec {
        name: Some("makes".into()),
        ..within(&session, "in 5 minutes", prompt("remind: in 1 hour more"))
    };
    let makes = add(&client, makes).await;
    house.hands.turn_by(5 * MINUTE);
    rows(&client, &makes, 1).await;
    let jobs = client.call(List::default()).await.unwrap().jobs;
    assert_eq!(jobs.len(), 2, "{jobs:?}");
    // Its session goes: what it needs is not there, and it is blocked, not improvised.
    client
        .call(session::Delete { id: session.id })
        .await
        .unwrap();
    house.hands.turn_by(55 * MINUTE);
    let blocked = rows(&client, &free, 3).await.pop().unwrap();
    assert_eq!(blocked.state, RunState::Blocked);
    assert_eq!(blocked.reason, "its session is not there any more");
    sound(&client).await;
    house.stop(client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_asks_the_model_that_was_frozen_and_no_more_than_its_budget() {
    let provider = ScriptedProvider::start().await;
    let mut home = home_in(&provider, "anthropic", "auto").await;
    let (client, _events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    let input = serde_json::json!({ "path": "." });
    provider.rule(Rule::on("dig").call("list_files", input));
    provider.rule(Rule::any().text("done"));
    let spec = |name: &str, budget| Spec {
        name: Some(name.into()),
        model: Some("claude-haiku-4-5".into()),
        budget_tokens: Some(budget),
        tools: Some(vec!["list_files".into()]),
        ..within(&session, "every day at 9:00", prompt("dig deep"))
    };
    let small = add(&client, spec("small", 1)).await;
    let large = add(&client, spec("large", 0)).await;
    assert!(
        small.frozen.model.ends_with("/claude-haiku-4-5"),
        "{}",
        small.frozen.model
    );
    // The session's own model changes; the job keeps its own.
    let configure = session::Configure {
        id: session.id,
        name: None,
        mode: None,
        model: Some("claude-sonnet-4-5".into()),
    };
    client.call(configure).await.unwrap();
    for job in [&small, &large] {
        let key = job.name.clone();
        client.call(RunNow { key }).await.unwrap();
        rows(&client, job, 1).await;
    }
    let failed = rows(&client, &small, 1).await.pop().unwrap();
    assert_eq!(failed.state, RunState::Failed);
    assert!(
        failed
            .reason
            .starts_with("the job's budget of 1 tokens for one run is used up"),
        "{}",
        failed.reason
    );
    assert_eq!(states(&rows(&client, &large, 1).await), [RunState::Ran]);
    let asked: Vec<_> = provider
        .requests()
        .into_iter()
        .filter(|asked| asked.body["messages"].to_string().contains("dig deep"))
        .collect();
    // Once for the small budget, twice for none; each with the one tool and the frozen model.
    assert_eq!(asked.len(), 3);
    for asked in asked {
        assert_eq!(asked.body["model"], "claude-haiku-4-5");
        assert_eq!(asked.body["tools"].as_array().unwrap().len(), 1);
    }
    home.stop().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_makes_jobs_only_where_a_person_said_so_when_they_made_it() {
    let house = House::with("").await;
    let (client, _events) = house.client().await;
    let session = house.session(&client).await;
    for (may, count) in [(false, 0), (true, 1)] {
        let spec = Spec {
            may_schedule: may,
            ..within(&session, "in 5 minutes", prompt("remind: in 1 hour more"))
        };
        let made = add(&client, spec).await;
        assert_eq!(made.frozen.tools.contains(&"remind".to_owned()), may);
        house.hands.turn_by(5 * MINUTE);
        rows(&client, &made, 1).await;
        let jobs = client.call(List::default()).await.unwrap().jobs;
        let reminders = jobs.iter().filter(|job| job.name.starts_with("remind"));
        let reminders: Vec<_> = reminders.filter(|job| job.id != made.id).collect();
        assert_eq!(reminders.len(), count, "{jobs:?}");
        for reminder in reminders {
            assert_eq!(reminder.frozen.user, made.frozen.user);
            assert!(!reminder.frozen.may_schedule);
        }
        client.call(Remove { key: made.name }).await.unwrap();
    }
    house.stop(client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trace_of_a_call_in_a_run_names_the_job_and_the_run() {
    let house = House::with("").await;
    let (client, mut events) = house.client().await;
    let session = house.session(&client).await;
    listen(&client, &session).await;
    let spec = |name: &str, action| Spec {
        name: Some(name.into()),
        mode: Some(Mode::Ask),
        ..within(&session, "every hour", action)
    };
    std::fs::write(house.dir.path().join("work/notes.txt"), "hello").unwrap();
    let free = add(&client, spec("free", read("notes.txt"))).await;
    let writes = Action::Call {
        tool: "write_file".into(),
        input: serde_json::json!({ "path": "made.txt", "content": "hello" }),
    };
    let asks = add(&client, spec("asks", writes)).await;
    house.hands.turn_by(HOUR);
    let question = asked(&mut events).await;
    // Taken up by another daemon, it is still that run.
    let house = house.again(client, 0).await;
    let (client, mut events) = house.client().await;
    listen(&client, &session).await;
    decide(&client, &question, true).await;
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    for (job, tool) in [(&free, "read_file"), (&asks, "write_file")] {
        let ran = rows(&client, job, 1).await.pop().unwrap();
        let filter = trace::Filter {
            tool: Some(tool.into()),
            ..trace::Filter::default()
        };
        let list = trace::List {
            filter,
            ..trace::List::default()
        };
        let traces = client.call(list).await.unwrap().traces;
        let own: Vec<_> = traces
            .iter()
            .filter(|trace| trace.metadata.turn_id == ran.turn_id)
            .collect();
        assert_eq!(own.len(), 1, "{traces:?}");
        assert_eq!(own[0].metadata.run, Some(ran.key()));
    }
    house.stop(client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_into_the_session_of_a_run_without_naming_it() {
    let house = House::with("").await;
    let (client, _events) = house.client().await;
    let session = house.session(&client).await;
    let spec = Spec {
        name: Some("tick".into()),
        mode: Some(Mode::Auto),
        workspace: Some(session.workspace.clone()),
        zone: Some("Asia/Tokyo".into()),
        ..Spec::new("every 20 seconds", prompt("say: tick"))
    };
    let made = add(&client, spec).await;
    let found = async |key: Option<&str>| {
        let find = session::Find {
            key: key.map(str::to_owned),
            workspace: Some(session.workspace.clone()),
        };
        client.call(find).await.unwrap()
    };
    let mut own = BTreeSet::new();
    for count in 1..=4 {
        house.hands.turn_by(20 * SECOND);
        let ran = rows(&client, &made, count).await.pop().unwrap();
        own.insert(ran.session_id);
        assert_eq!(found(None).await.id, session.id);
        let id = ran.session_id.unwrap().to_string();
        let run = found(Some(&id)).await;
        assert_eq!(run.mode, Some(Mode::Auto));
        // Its name says when, by the clock of the job.
        let local = ran.started_at.unwrap().plus_millis(9 * HOUR).to_string();
        let local = local.replace('T', " ");
        assert!(
            run.name.starts_with(&format!("tick {}", &local[..16])),
            "{}",
            run.name
        );
    }
    assert_eq!(own.len(), 4);
    house.stop(client).await;
}
