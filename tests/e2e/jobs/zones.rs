//! Days on which the clocks change.

use smartopol_protocol::user::{self, Profile};

use super::*;

/// A zone, a time of day, and the moments at which it is due on three days of which the second is
/// the one of the change.
const CHANGES: [(&str, &str, [&str; 3]); 6] = [
    // 2:00 becomes 3:00: the first moment after the gap.
    (
        "America/New_York",
        "2:30",
        [
            "2031-03-08T07:30:00Z",
            "2031-03-09T07:00:00Z",
            "2031-03-10T06:30:00Z",
        ],
    ),
    (
        "Europe/Berlin",
        "2:30",
        [
            "2031-03-29T01:30:00Z",
            "2031-03-30T01:00:00Z",
            "2031-03-31T00:30:00Z",
        ],
    ),
    // By half an hour, on the other half of the earth: 2:00 becomes 1:30, so 1:45 comes twice.
    (
        "Australia/Lord_Howe",
        "1:45",
        [
            "2031-04-04T14:45:00Z",
            "2031-04-05T14:45:00Z",
            "2031-04-06T15:15:00Z",
        ],
    ),
    (
        "Australia/Lord_Howe",
        "2:15",
        [
            "2031-10-03T15:45:00Z",
            "2031-10-04T15:30:00Z",
            "2031-10-05T15:15:00Z",
        ],
    ),
    // 3:00 becomes 2:00: the first of two.
    (
        "Europe/Berlin",
        "2:30",
        [
            "2031-10-25T00:30:00Z",
            "2031-10-26T00:30:00Z",
            "2031-10-27T01:30:00Z",
        ],
    ),
    (
        "America/New_York",
        "1:30",
        [
            "2031-11-01T05:30:00Z",
            "2031-11-02T05:30:00Z",
            "2031-11-03T06:30:00Z",
        ],
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_day_on_which_the_clocks_change_has_one_run_in_every_zone() {
    let house = House::with("").await;
    let (client, _events) = house.client().await;
    let session = house.session(&client).await;
    for (zone, time, due) in CHANGES {
        let due = due.map(|due| due.parse::<Timestamp>().unwrap());
        let begin = due[0].as_millis() - HOUR;
        house.hands.turn_by(begin - house.clock.now().as_millis());
        let spec = Spec {
            zone: Some(zone.into()),
            ..within(
                &session,
                &format!("every day at {time}"),
                Action::Message { text: "up".into() },
            )
        };
        let made = add(&client, spec).await;
        let next = Next {
            key: Some(made.name.clone()),
            count: 3,
        };
        let told = client.call(next).await.unwrap().times;
        let told: Vec<Timestamp> = told.iter().map(|due| due.at).collect();
        assert_eq!(told, due, "{zone}");
        for (number, due) in due.iter().enumerate() {
            let ahead = due.as_millis() - house.clock.now().as_millis();
            // One that is due later in a day has not come by the hour before.
            house.hands.turn_by(ahead - 1);
            assert_eq!(rows(&client, &made, number).await.len(), number);
            house.hands.turn_by(1);
            rows(&client, &made, number + 1).await;
        }
        let ran = rows(&client, &made, 3).await;
        assert_eq!(states(&ran), [RunState::Ran; 3], "{zone}: {ran:?}");
        let times: Vec<Timestamp> = ran.iter().map(|run| run.due_at).collect();
        assert_eq!(times, due, "{zone}");
        client.call(Remove { key: made.name }).await.unwrap();
    }
    assert_eq!(notices(&client, &session).await.len(), 3 * CHANGES.len());
    sound(&client).await;
    house.stop(client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_is_meant_where_its_writer_lives() {
    let settings = "[jobs]\ntimezone = \"UTC\"\n[users]\ntimezone = \"Europe/Berlin\"\n";
    let house = House::with(settings).await;
    let (client, mut events) = house.client().await;
    let session = house.session(&client).await;
    let spec = |when: &str, zone: Option<&str>| Spec {
        zone: zone.map(str::to_owned),
        ..Spec::new(when, remind("x", Priority::Low))
    };
    let all = add(&client, spec("tomorrow 9:00", None)).await;
    assert!(all.when.ends_with("(Europe/Berlin)"), "{}", all.when);

    let own = client.call(user::Show::default()).await.unwrap().user;
    let set = user::Set {
        key: own.id.to_string(),
        profile: Profile {
            time_zone: Some("Asia/Tokyo".into()),
            ..Profile::default()
        },
        ..user::Set::default()
    };
    client.call(set).await.unwrap();
    let lives = " 09:00:00 JST (Asia/Tokyo)";
    let own = add(&client, spec("tomorrow 9:00", None)).await;
    assert!(own.when.ends_with(lives), "{}", own.when);
    assert_eq!(own.zone, "Asia/Tokyo");
    // The agent means it so too, and so does the question whether it may.
    listen(&client, &session).await;
    say(&client, &session, "remind: tomorrow 9:00 to call").await;
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    let jobs = client.call(List::default()).await.unwrap().jobs;
    assert_eq!((&jobs[2].when, &jobs[2].zone), (&own.when, &own.zone));
    let shown = client.call(session::Show::newest(session.id, 10)).await;
    let title = &shown.unwrap().calls[0].inspection.title;
    assert!(title.contains(lives), "{title}");

    // What is named beside the time or within it comes before.
    let beside = add(&client, spec("tomorrow 9:00", Some("UTC"))).await;
    assert!(
        beside.when.ends_with(" 09:00:00 UTC (UTC)"),
        "{}",
        beside.when
    );
    let within = add(&client, spec("every day at 9:00 (America/New_York)", None)).await;
    assert_eq!(within.when, "every day at 09:00 (America/New_York)");
    assert_eq!(within.zone, "America/New_York");
    let both = Add {
        spec: spec("tomorrow 9:00 (America/New_York)", Some("UTC")),
        check: true,
    };
    let fault = client.call(both).await.unwrap_err();
    let told = &fault.fault().unwrap().message;
    assert!(told.contains("two time zones are named"), "{told}");
    // What is told of a job may be changed and said again.
    for (when, due) in [(&own.when, own.next_at), (&within.when, within.next_at)] {
        let again = add(&client, spec(when, None)).await;
        assert_eq!((&again.when, again.next_at), (when, due));
    }
    house.stop(client).await;
}
