//! Runs that fail, and runs under which the daemon ends.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_tried_again_then_told_then_paused() {
    let house = House::with("").await;
    let (client, _events) = house.client().await;
    let session = house.session(&client).await;
    let spec = Spec {
        name: Some("breaks".into()),
        policy: Policy {
            retries: 1,
            retry_after_seconds: 120,
            pause_after: 2,
            ..Policy::default()
        },
        ..within(&session, "every hour", read("missing.txt"))
    };
    let made = add(&client, spec).await;
    for round in 1..=2 {
        house.hands.turn_by(HOUR);
        let waiting = eventually("it waits for the next try", || async {
            let row = ledger(&client, &made).await.pop()?;
            (row.state == RunState::Waiting && row.attempts == 1).then_some(row)
        })
        .await;
        assert!(
            waiting
                .reason
                .starts_with("try 1 failed: the call of `read_file`"),
            "{}",
            waiting.reason
        );
        assert_eq!(
            waiting.claim_at,
            Some(house.clock.now().plus_millis(120 * SECOND))
        );
        house.hands.turn_by(120 * SECOND);
        let failed = rows(&client, &made, round).await.pop().unwrap();
        assert_eq!((failed.state, failed.attempts), (RunState::Failed, 2));
        // Back to the beat of whole hours.
        house.hands.turn_by(-120 * SECOND);
    }
    let paused = job(&client, "breaks").await;
    let JobState::Paused { reason, .. } = &paused.state else {
        panic!("{:?}", paused.state)
    };
    assert!(reason.starts_with("2 runs in a row failed"), "{reason}");
    let kinds: Vec<Kind> = inbox(&client).await.iter().map(|item| item.kind).collect();
    assert_eq!(kinds, [Kind::JobPaused], "it is told once");
    // Its times go on and are skipped, so that there is no gap.
    house.hands.turn_by(HOUR);
    let skipped = rows(&client, &made, 3).await.pop().unwrap();
    assert_eq!(skipped.state, RunState::Skipped);
    assert_eq!(said(&client, &session).await.len(), 4);
    let told = why(&client, "breaks", None).await;
    assert!(
        told.contains("was skipped") && told.contains("paused"),
        "{told}"
    );
    sound(&client).await;
    house.stop(client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_nobody_answered_is_one_item() {
    let house = House::with("").await;
    let (client, mut events) = house.client().await;
    let session = house.session(&client).await;
    listen(&client, &session).await;
    let spec = Spec {
        mode: Some(Mode::Ask),
        ..within(&session, "in 1 minute", run("touch made.txt"))
    };
    let made = add(&client, spec).await;
    house.hands.turn_by(MINUTE);
    let question = asked(&mut events).await;
    let left = question.expires_at.millis_since(house.clock.now());
    house.hands.turn_by(i64::try_from(left).unwrap());
    assert_eq!(states(&rows(&client, &made, 1).await), [RunState::Failed]);
    let items = inbox(&client).await;
    let kinds: Vec<Kind> = items.iter().map(|item| item.kind).collect();
    assert_eq!(kinds, [Kind::JobFailed], "{items:?}");
    sound(&client).await;
    house.stop(client).await;
}

/// The program itself, killed while a job is due, being claimed, and running.
#[tokio::test(flavor = "multi_thread")]
async fn a_kill_leaves_no_due_time_without_its_row_and_no_run_twice() {
    let mut home = home();
    home.start().await.unwrap();
    let (client, _events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    // Late enough for all of them to be made before, each on the disk.
    let first = Timestamp::now().plus_millis(10_000);
    let mut jobs = Vec::new();
    for number in 0..24 {
        let spec = Spec {
            name: Some(format!("job {number}")),
            when: None,
            schedule: Some(Schedule::At {
                at: first.plus_millis(100 * number),
            }),
            mode: Some(Mode::Auto),
            ..within(&session, "", run(&format!("echo ran >> job{number}")))
        };
        jobs.push(add(&client, spec).await);
    }
    drop(client);
    assert!(Timestamp::now() < first, "they were made too slowly");
    let ahead = first.millis_since(Timestamp::now());
    for after in [ahead + 60, 700, 330, 512, 90] {
        tokio::time::sleep(std::time::Duration::from_millis(after)).await;
        home.kill().unwrap();
        home.start().await.unwrap();
    }
    let (client, _events) = home.client().await.unwrap();
    for (number, job) in jobs.iter().enumerate() {
        let rows = rows(&client, job, 1).await;
        assert_eq!(Some(rows[0].due_at), job.next_at, "{}", job.name);
        let made = home.workspace().join(format!("job{number}"));
        let times = std::fs::read_to_string(made).unwrap_or_default().len() / 4;
        match rows[0].state {
            RunState::Ran | RunState::Late => assert_eq!(times, 1, "{rows:?}"),
            // It was killed in the middle; it is not done again.
            RunState::Failed => assert!(times <= 1, "{rows:?}"),
            other => panic!("{other:?}: {rows:?}"),
        }
    }
    let done = said(&client, &session).await;
    assert_eq!(done.len(), 24, "each was said once: {done:?}");
    let checked = client.call(daemon::Check::default()).await.unwrap();
    assert_eq!(checked.problems, Vec::<String>::new());
    home.stop().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_under_which_the_daemon_dies_is_paused_and_never_restarts_it_in_a_loop() {
    let provider = ScriptedProvider::start().await;
    provider.rule(Rule::on("end me").hang());
    let mut home = home_in(&provider, "anthropic", "auto").await;
    let (client, _events) = home.client().await.unwrap();
    let spec = Spec {
        name: Some("ends".into()),
        workspace: Some(home.workspace().display().to_string()),
        policy: Policy {
            retries: 5,
            retry_after_seconds: 1,
            pause_after: 0,
            ..Policy::default()
        },
        ..Spec::new("every hour", prompt("end me"))
    };
    let made = add(&client, spec).await;
    drop(client);
    let asked = || {
        let all = provider.requests();
        all.iter()
            .filter(|asked| asked.body.to_string().contains("end me"))
            .count()
    };
    for round in 1..=3 {
        let (client, _events) = home.client().await.unwrap();
        let key = made.name.clone();
        client.call(RunNow { key }).await.unwrap();
        eventually("the model is asked", || async {
            (asked() == round).then_some(())
        })
        .await;
        home.kill().unwrap();
        home.start().await.unwrap();
        let (client, _events) = home.client().await.unwrap();
        let failed = rows(&client, &made, round).await;
        assert_eq!(failed[round - 1].state, RunState::Failed);
        assert!(
            failed[round - 1]
                .reason
                .contains("the daemon ended while it ran"),
            "{failed:?}"
        );
    }
    let (client, _events) = home.client().await.unwrap();
    let paused = job(&client, "ends").await;
    assert!(
        matches!(paused.state, JobState::Paused { .. }),
        "{paused:?}"
    );
    let kinds: Vec<Kind> = inbox(&client).await.iter().map(|item| item.kind).collect();
    assert!(kinds.contains(&Kind::JobPaused), "{kinds:?}");
    // What was cut off is asked once, and never again by itself.
    assert_eq!(asked(), 3);
    home.stop().unwrap();
}
