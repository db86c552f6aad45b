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
        told.ends_with("because the job was paused: on holiday"),
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
