//! Days on which the clocks change.

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
