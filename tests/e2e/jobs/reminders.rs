//! Reminders: where the person is told, until somebody sees to them.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_reminder_stays_until_somebody_sees_to_it() {
    let house = House::with("").await;
    let (client, mut events) = house.client().await;
    let session = house.session(&client).await;
    listen(&client, &session).await;
    // The agent makes it, through the tool that everybody's model has.
    say(&client, &session, "remind: in 10 minutes to drink tea").await;
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    let jobs = client.call(List::default()).await.unwrap().jobs;
    assert_eq!(jobs.len(), 1);
    assert_eq!(jobs[0].action, remind("drink tea", Priority::Normal));
    assert_eq!(inbox(&client).await, []);
    house.hands.turn_by(10 * MINUTE);
    let item = eventually("it is told", || async { inbox(&client).await.pop() }).await;
    assert_eq!(
        (item.kind, item.title.as_str(), item.told),
        (Kind::Reminder, "drink tea", 1)
    );
    assert_eq!(states(&rows(&client, &jobs[0], 1).await), [RunState::Ran]);
    assert_eq!(job(&client, &jobs[0].name).await.state, JobState::Done);

    // Nobody acknowledges it: it is told again, and where they talk.
    house.hands.turn_by(HOUR);
    eventually("it is told in a second place", || async {
        let show = session::Show::newest(session.id, 0);
        let shown = client.call(show).await.unwrap();
        let last = shown.messages.last()?.text();
        last.contains("Reminder: drink tea").then_some(())
    })
    .await;
    let again = inbox(&client).await.pop().unwrap();
    assert_eq!((again.id, again.told), (item.id, 2));

    let snooze = attention::Resolve {
        id: item.id,
        how: Seen::Snooze { seconds: 300 },
    };
    client.call(snooze).await.unwrap();
    assert_eq!(inbox(&client).await, []);
    let house = house.again(client, 0).await;
    let (client, _events) = house.client().await;
    assert_eq!(inbox(&client).await, []);
    house.hands.turn_by(5 * MINUTE);
    eventually("it comes again", || async { inbox(&client).await.pop() }).await;
    let acknowledge = attention::Resolve {
        id: item.id,
        how: Seen::Acknowledge,
    };
    let seen = client.call(acknowledge).await.unwrap();
    let ItemState::Resolved { how, by, .. } = &seen.state else {
        panic!("{:?}", seen.state)
    };
    assert!(*how == Resolution::Acknowledged && by.starts_with("cli:"));
    let twice = client.call(acknowledge).await.unwrap_err();
    assert_eq!(twice.fault().unwrap().code, Code::Conflict);
    assert_eq!(inbox(&client).await, []);

    // One that comes late says how late.
    add(
        &client,
        Spec::new("in 1 hour", remind("stand up", Priority::Urgent)),
    )
    .await;
    let house = house.again(client, 3 * HOUR).await;
    let (client, _events) = house.client().await;
    let late = eventually("it is told late", || async { inbox(&client).await.pop() }).await;
    assert_eq!(late.detail, "2 h late: the daemon was not running");
    assert_eq!(late.priority, Priority::Urgent);
    sound(&client).await;
    house.stop(client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reminder_that_nobody_acknowledges_goes_from_place_to_place() {
    let house = House::with("").await;
    let (client, mut events) = house.client().await;
    let (own, talks) = (house.session(&client).await, house.session(&client).await);
    let tea = within(&own, "in 10 minutes", remind("tea", Priority::Urgent));
    let tea = add(&client, tea).await;
    add(
        &client,
        Spec::new("in 10 minutes", remind("it can wait", Priority::Low)),
    )
    .await;
    listen(&client, &talks).await;
    say(&client, &talks, "say: hello").await;
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    // A job talks to a session of its own; nobody talks there.
    let works = Spec {
        workspace: Some(house.dir.path().join("work").display().to_string()),
        ..Spec::new("in 9 minutes", prompt("say: tick"))
    };
    let works = add(&client, works).await;
    house.hands.turn_by(9 * MINUTE);
    rows(&client, &works, 1).await;
    house.hands.turn_by(MINUTE);
    rows(&client, &tea, 1).await;
    let item = async |told: u32| {
        eventually("it is told", || async {
            let items = inbox(&client).await;
            items
                .into_iter()
                .find(|item| item.title == "tea" && item.told == told)
        })
        .await
    };
    assert_eq!(item(1).await.places, [Place::Inbox]);
    let session_of = |place: &Place| match place {
        Place::Session { session_id, .. } => Some(*session_id),
        Place::Inbox => None,
    };
    for told in 2..=6 {
        house.hands.turn_by(5 * MINUTE);
        item(told).await;
    }
    let places: Vec<_> = item(6).await.places.iter().map(session_of).collect();
    let (own_id, talks_id) = (Some(own.id), Some(talks.id));
    assert_eq!(
        places,
        [None, own_id, talks_id, talks_id, talks_id, talks_id]
    );
    eventually("its notices stand there", || async {
        let (own, talks) = (notices(&client, &own).await, notices(&client, &talks).await);
        (own.len() == 1 && talks.len() == 4).then_some(())
    })
    .await;
    // That is the end of it, but for the list.
    house.hands.turn_by(DAY);
    house.hands.turn_by(MINUTE);
    sound(&client).await;
    assert_eq!(item(6).await.state, ItemState::Open);
    let all = inbox(&client).await;
    let low = all.iter().find(|item| item.title == "it can wait").unwrap();
    assert_eq!(
        (low.told, low.places.as_slice()),
        (1, [Place::Inbox].as_slice())
    );
    house.stop(client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_reminder_says_how_late_in_every_place() {
    let house = House::with("").await;
    let (client, _events) = house.client().await;
    let session = house.session(&client).await;
    let spec = within(&session, "in 1 hour", remind("stand up", Priority::High));
    add(&client, spec).await;
    let house = house.again(client, 4 * HOUR).await;
    let (client, _events) = house.client().await;
    let late = eventually("it is told", || async { inbox(&client).await.pop() }).await;
    assert_eq!(late.detail, "3 h late: the daemon was not running");
    house.hands.turn_by(15 * MINUTE);
    let notice = eventually("it is told where it belongs", || async {
        notices(&client, &session).await.pop()
    })
    .await;
    assert!(
        notice
            .starts_with("Reminder: stand up (3 h late: the daemon was not running; told 2 times"),
        "{notice}"
    );
    house.stop(client).await;
}
