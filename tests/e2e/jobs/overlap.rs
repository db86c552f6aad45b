//! Runs that would stand beside each other.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_not_over_holds_up_the_next_as_its_job_says() {
    // One at a time, but those that wait for a person hold up nobody else.
    let house = House::with("[jobs]\nat_once = 1\n").await;
    let (client, mut events) = house.client().await;
    let session = house.session(&client).await;
    listen(&client, &session).await;
    let mut jobs = Vec::new();
    for (name, overlap) in [("skips", Overlap::Skip), ("queues", Overlap::Queue)] {
        let spec = Spec {
            name: Some(name.into()),
            mode: Some(Mode::Ask),
            policy: Policy {
                overlap,
                ..Policy::default()
            },
            workspace: Some(house.dir.path().join("work").display().to_string()),
            ..Spec::new("every 2 minutes", prompt("write: made.txt hello"))
        };
        jobs.push(add(&client, spec).await);
    }
    house.hands.turn_by(2 * MINUTE + SECOND);
    let first = [asked(&mut events).await, asked(&mut events).await];
    assert_ne!(
        first[0].session_id, first[1].session_id,
        "each run has its own session"
    );
    let run = ledger(&client, &jobs[0]).await.pop().unwrap();
    assert_eq!((run.state, run.reason.as_str()), (RunState::Running, ""));
    house.hands.turn_by(2 * MINUTE);
    let skipped = eventually("the next is skipped", || async {
        let row = ledger(&client, &jobs[0]).await.pop()?;
        (row.state == RunState::Skipped).then_some(row)
    })
    .await;
    assert!(
        skipped.reason.contains("was not over"),
        "{}",
        skipped.reason
    );
    eventually("the other's next waits", || async {
        let rows = ledger(&client, &jobs[1]).await;
        (states(&rows) == [RunState::Running, RunState::Waiting]).then_some(())
    })
    .await;
    let now = RunNow {
        key: "skips".into(),
    };
    let refused = client.call(now).await.unwrap_err();
    assert_eq!(refused.fault().unwrap().code, Code::Conflict);
    house.hands.turn_by(90 * SECOND);
    for question in &first {
        decide(&client, question, true).await;
    }
    let queued = asked(&mut events).await;
    decide(&client, &queued, true).await;
    let ran = rows(&client, &jobs[1], 2).await;
    assert_eq!(states(&ran), [RunState::Ran, RunState::Late]);
    assert_eq!(ran[1].reason, "others had to end before it");
    sound(&client).await;
    house.stop(client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_stand_beside_each_other_where_their_job_allows_it() {
    let house = House::with("").await;
    let (client, mut events) = house.client().await;
    let session = house.session(&client).await;
    listen(&client, &session).await;
    let spec = Spec {
        mode: Some(Mode::Ask),
        policy: Policy {
            overlap: Overlap::Allow,
            ..Policy::default()
        },
        workspace: Some(house.dir.path().join("work").display().to_string()),
        ..Spec::new("every 2 minutes", prompt("write: made.txt hello"))
    };
    let made = add(&client, spec).await;
    let mut questions = Vec::new();
    for _ in 0..3 {
        house.hands.turn_by(2 * MINUTE);
        questions.push(asked(&mut events).await);
    }
    assert_eq!(
        states(&ledger(&client, &made).await),
        [RunState::Running; 3]
    );
    for question in &questions {
        decide(&client, question, true).await;
    }
    assert_eq!(states(&rows(&client, &made, 3).await), [RunState::Ran; 3]);
    sound(&client).await;
    house.stop(client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_runs_by_hand_at_one_time_one_begins_unless_the_job_allows_more() {
    let house = House::with("").await;
    let (client, _events) = house.client().await;
    let session = house.session(&client).await;
    for (overlap, count) in [(Overlap::Skip, 1), (Overlap::Queue, 1), (Overlap::Allow, 5)] {
        let spec = Spec {
            name: Some(format!("{overlap:?}")),
            mode: Some(Mode::Ask),
            policy: Policy {
                overlap,
                ..Policy::default()
            },
            workspace: Some(session.workspace.clone()),
            ..Spec::new("every 2 hours", prompt("write: made.txt hello"))
        };
        let made = add(&client, spec).await;
        let now = || {
            let key = made.name.clone();
            client.call(RunNow { key })
        };
        let (a, b, c, d, e) = tokio::join!(now(), now(), now(), now(), now());
        let all = [a, b, c, d, e];
        let begun = all.iter().filter(|run| run.is_ok()).count();
        assert_eq!(begun, count, "{overlap:?}: {all:?}");
        for refused in all.iter().filter_map(|run| run.as_ref().err()) {
            let fault = refused.fault().unwrap();
            assert_eq!(fault.code, Code::Conflict, "{fault:?}");
        }
        assert_eq!(ledger(&client, &made).await.len(), count, "{overlap:?}");
    }
    house.stop(client).await;
}
