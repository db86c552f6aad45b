//! What is due runs once, whatever the clock and the daemon did meanwhile.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_job_runs_when_it_is_due_and_says_why() {
    let house = House::with("").await;
    let (client, mut events) = house.client().await;
    let session = house.session(&client).await;
    listen(&client, &session).await;
    let made = add(
        &client,
        within(&session, "every 10 minutes", prompt("say: tick")),
    )
    .await;
    assert_eq!(made.name, "say-tick");
    let due = made.next_at.unwrap();
    assert_eq!(due, house.clock.now().plus_millis(10 * MINUTE));
    let told = why(&client, "say-tick", None).await;
    assert!(told.contains("has not been due yet"), "{told}");

    house.hands.turn_by(10 * MINUTE - 1);
    assert_eq!(ledger(&client, &made).await, []);
    house.hands.turn_by(1);
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    let done = rows(&client, &made, 1).await;
    assert_eq!((done[0].state, done[0].due_at), (RunState::Ran, due));
    assert_eq!((done[0].attempts, done[0].reason.as_str()), (1, ""));
    assert!(done[0].turn_id.is_some() && done[0].message_id.is_some());
    assert_eq!(said(&client, &session).await, ["say: tick"]);
    let told = why(&client, "say-tick", Some(due)).await;
    assert!(
        told.contains("ran at") && told.contains("0 ms after it was due"),
        "{told}"
    );
    let told = why(&client, "say-tick", Some(due.plus_millis(-5 * MINUTE))).await;
    assert!(
        told.contains("was not due then: it is due every 10 min"),
        "{told}"
    );
    let told = why(&client, "say-tick", Some(due.plus_millis(10 * MINUTE))).await;
    assert!(told.contains("which is to come"), "{told}");

    // Reads change nothing.
    let (before, _) = (ledger(&client, &made).await, job(&client, "say-tick").await);
    let next = client
        .call(Next {
            key: None,
            count: 0,
        })
        .await
        .unwrap()
        .times;
    assert_eq!(next.len(), 20);
    assert!(next.is_sorted_by(|a, b| b.at.millis_since(a.at) == 600_000));
    assert_eq!(ledger(&client, &made).await, before);
    sound(&client).await;
    house.stop(client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_week_without_a_daemon_leaves_no_gap_and_no_flood() {
    let house = House::with("[jobs]\nstagger_seconds = 0\n").await;
    let (client, _events) = house.client().await;
    let session = house.session(&client).await;
    let made = |name: &str, missed| Spec {
        name: Some(name.into()),
        policy: Policy {
            missed,
            missed_cap: 3,
            overlap: Overlap::Queue,
            ..Policy::default()
        },
        ..within(&session, "every hour", prompt(&format!("say: {name}")))
    };
    let mut jobs = Vec::new();
    for (name, missed) in [
        ("once", Missed::Once),
        ("all", Missed::All),
        ("skip", Missed::Skip),
    ] {
        jobs.push(add(&client, made(name, missed)).await);
    }
    let first = jobs[0].next_at.unwrap();
    let house = house.again(client, 7 * DAY + 2 * MINUTE).await;
    let (client, _events) = house.client().await;
    for (job, ran) in jobs.iter().zip([1, 3, 0]) {
        let rows = rows(&client, job, 168).await;
        let due: Vec<i64> = rows.iter().map(|run| run.due_at.as_millis()).collect();
        let expected: Vec<i64> = (0..168).map(|n| first.as_millis() + n * HOUR).collect();
        // The jobs were made one after the other, some milliseconds apart.
        assert!(
            due.iter()
                .zip(&expected)
                .all(|(a, b)| (a - b).abs() < 5 * SECOND)
        );
        let late = rows
            .iter()
            .filter(|run| run.state == RunState::Late)
            .count();
        let missed = rows
            .iter()
            .filter(|run| run.state == RunState::Missed)
            .count();
        assert_eq!((late, missed), (ran, 168 - ran), "{}", job.name);
        assert!(
            rows[0].reason.contains("the daemon was not running"),
            "{}",
            rows[0].reason
        );
    }
    let told = why(&client, "once", None).await;
    assert!(
        told.contains("2 min late, because the daemon was not running"),
        "{told}"
    );
    let told = why(&client, "skip", Some(first.plus_millis(DAY))).await;
    assert!(told.contains("does not make up for missed times"), "{told}");
    let said = said(&client, &session).await;
    assert_eq!(said.len(), 4, "{said:?}");
    assert!(
        said[0].contains("and runs 2 min late") || said[0].contains("late"),
        "{said:?}"
    );
    let missed: Vec<String> = inbox(&client)
        .await
        .into_iter()
        .map(|item| item.title)
        .collect();
    assert!(
        missed.contains(&"`skip` missed 168 due times".to_owned()),
        "{missed:?}"
    );
    // And on they go.
    house.hands.turn_by(58 * MINUTE);
    let rows = rows(&client, &jobs[0], 169).await;
    assert_eq!(rows[168].state, RunState::Ran);
    sound(&client).await;
    house.stop(client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_makes_no_gap_and_no_double_run() {
    let house = House::with("[jobs]\nstagger_seconds = 0\n").await;
    let (client, _events) = house.client().await;
    let session = house.session(&client).await;
    let made = add(&client, within(&session, "every hour", prompt("say: tick"))).await;
    house.hands.turn_by(HOUR);
    rows(&client, &made, 1).await;
    // Forward by three hours: two are missed, the newest of them and what is due are one run.
    house.hands.turn_by(3 * HOUR);
    let four = rows(&client, &made, 4).await;
    assert_eq!(
        states(&four),
        [
            RunState::Ran,
            RunState::Missed,
            RunState::Missed,
            RunState::Ran
        ]
    );
    assert!(
        four[1].reason.contains("clock was set forward"),
        "{}",
        four[1].reason
    );
    // Back by two hours and some: what ran does not run again; what was missed comes after all.
    house.hands.turn_by(-2 * HOUR - 30 * MINUTE);
    house.hands.turn_by(30 * MINUTE);
    let again = eventually("a missed time that comes after all is run", || async {
        let rows = ledger(&client, &made).await;
        (rows[1].state == RunState::Ran).then_some(rows)
    })
    .await;
    assert_eq!(again.len(), 4);
    house.hands.turn_by(HOUR);
    eventually("the other too", || async {
        (ledger(&client, &made).await[2].state == RunState::Ran).then_some(())
    })
    .await;
    house.hands.turn_by(HOUR);
    house.hands.turn_by(HOUR);
    let five = rows(&client, &made, 5).await;
    assert_eq!(states(&five), [RunState::Ran; 5]);
    let due: BTreeSet<Timestamp> = five.iter().map(|run| run.due_at).collect();
    assert_eq!(due.len(), 5);
    // Five due times, five messages: none twice.
    assert_eq!(said(&client, &session).await.len(), 5);
    // A year ahead by mistake, and back: the next hour is not a year away.
    house.hands.turn_by(365 * DAY);
    eventually("the far future was noticed", || async {
        let next = job(&client, "say-tick").await.next_at?;
        (next.millis_since(house.clock.now()) <= 3_600_000 && next > house.clock.now())
            .then_some(())
    })
    .await;
    house.hands.turn_by(-365 * DAY);
    eventually("the next time is near again", || async {
        let next = job(&client, "say-tick").await.next_at?;
        (next.millis_since(house.clock.now()) <= 3_600_000).then_some(())
    })
    .await;
    sound(&client).await;
    house.stop(client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_time_that_was_only_missed_comes_when_the_clock_is_right_again() {
    let house = House::with("").await;
    let (client, _events) = house.client().await;
    let session = house.session(&client).await;
    let text = "once".to_owned();
    let spec = Spec {
        policy: Policy {
            missed: Missed::Skip,
            ..Policy::default()
        },
        ..within(&session, "in 2 hours", Action::Message { text })
    };
    let made = add(&client, spec).await;
    // A clock that is a day ahead by mistake: it is missed, and the job has no more times.
    house.hands.turn_by(DAY);
    let missed = rows(&client, &made, 1).await;
    assert_eq!(states(&missed), [RunState::Missed]);
    assert_eq!(job(&client, &made.name).await.state, JobState::Done);
    house.hands.turn_by(-DAY);
    eventually("it has its time again", || async {
        let job = job(&client, &made.name).await;
        (job.state == JobState::Active && job.next_at == made.next_at).then_some(())
    })
    .await;
    house.hands.turn_by(2 * HOUR);
    eventually("it runs", || async {
        (ledger(&client, &made).await[0].state == RunState::Ran).then_some(())
    })
    .await;
    assert_eq!(notices(&client, &session).await, ["once"]);
    // What ran does not run again, however often the clock is set.
    house.hands.turn_by(-HOUR);
    house.hands.turn_by(2 * HOUR);
    assert_eq!(states(&rows(&client, &made, 1).await), [RunState::Ran]);
    assert_eq!(notices(&client, &session).await.len(), 1);
    sound(&client).await;
    house.stop(client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn why_is_told_of_the_row_whose_time_was_asked_about() {
    let house = House::with("").await;
    let (client, _events) = house.client().await;
    let session = house.session(&client).await;
    let text = "tick".to_owned();
    let made = within(&session, "every 10 seconds", Action::Message { text });
    let made = add(&client, made).await;
    for count in 1..=9 {
        house.hands.turn_by(10 * SECOND);
        rows(&client, &made, count).await;
    }
    let key = made.name.clone();
    client.call(RunNow { key }).await.unwrap();
    let all = rows(&client, &made, 10).await;
    for run in &all {
        // As it is told, to the second.
        let at = Timestamp::from_millis(run.due_at.as_millis().div_euclid(1_000) * 1_000);
        for at in [at, run.due_at] {
            let asked = Why {
                key: made.name.clone(),
                at: Some(at.to_string()),
            };
            let answer = client.call(asked).await.unwrap().run.unwrap();
            let alone = run.by_hand && at != run.due_at;
            assert!(answer.due_at == run.due_at || alone, "{at}: {answer:?}");
        }
    }
    house.stop(client).await;
}
