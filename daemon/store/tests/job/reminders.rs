//! What jobs put into the attention list: ranked, told so often as it matters, and there after the
//! store was opened anew.

use smartopol_protocol::attention::{self, Item, Kind, Priority, Seen};
use smartopol_protocol::job::{Action, RunState};

use super::{added, due, job, open_items, remind};
use crate::house::{House, approval, at, raw, user};

#[tokio::test]
async fn what_waits_outlives_the_store_and_is_ranked() {
    let mut house = House::new();
    let session = house.session().await;
    let turn = house.turn(session.id).await;
    let call = house.call(&turn).await;
    let question = approval(&call);
    house
        .store
        .write(move |w| w.ask_approval(&question))
        .await
        .unwrap();
    let job = added(&house.store, &job("tea", remind())).await;
    due(&house.store, &job, at(60), RunState::Waiting).await;
    let id = job.id;
    house
        .store
        .write(move |w| w.remind((id, at(60)), ("2 h late", "then"), at(7_260)))
        .await
        .unwrap();
    due(&house.store, &job, at(120), RunState::Missed).await;
    let before = open_items(&house.store).await;
    let kinds: Vec<Kind> = before.iter().map(|item| item.kind).collect();
    // Both matter as much; the one with a deadline comes first.
    assert_eq!(kinds, [Kind::Approval, Kind::Reminder]);
    assert_eq!(before[1].detail, "2 h late");
    house.reopen().await;
    assert_eq!(open_items(&house.store).await, before);
    house.sound().await;
    // A database of before the list was there: what waits is in it.
    house.store.clone().close().await.unwrap();
    let old = raw(&house.path());
    old.execute_batch(
        "DROP TABLE message_terms; DROP TABLE unindexed; DROP INDEX sessions_by_name;
         ALTER TABLE sessions DROP COLUMN archived_at;
         ALTER TABLE messages DROP COLUMN acted_by;
         ALTER TABLE approvals DROP COLUMN terms; ALTER TABLE approvals DROP COLUMN votes;
         DROP TABLE compactions; DROP TABLE pins; ALTER TABLE sessions DROP COLUMN folds;
         DROP TABLE questions; ALTER TABLE turns DROP COLUMN carried; DROP TABLE spend; DROP INDEX traces_by_user; ALTER TABLE traces DROP COLUMN user_id;
         DROP INDEX sessions_by_user; ALTER TABLE sessions DROP COLUMN user_id;
         DROP TABLE peers; DROP TABLE users;
         DROP TABLE terminals; DROP TABLE attention; DROP TABLE ledger; DROP TABLE jobs;
         DROP TABLE topic_uses; DROP TABLE topic_links; DROP TABLE topics; DROP TABLE memories;
         DROP TABLE owners; DROP TABLE memory_terms; DROP TABLE topic_terms;
         PRAGMA user_version = 5",
    )
    .unwrap();
    drop(old);
    house.reopen().await;
    let after = open_items(&house.store).await;
    assert_eq!(after.len(), 1);
    assert_eq!(
        Item {
            id: before[0].id,
            places: before[0].places.clone(),
            ..after[0].clone()
        },
        before[0]
    );
    house.sound().await;
}

#[tokio::test]
async fn a_reminder_is_told_in_so_many_places_as_it_matters_and_anew_after_a_snooze() {
    for priority in Priority::ALL {
        let house = House::new();
        let text = "tea".into();
        let made = added(&house.store, &job("tea", Action::Remind { text, priority })).await;
        due(&house.store, &made, at(60), RunState::Waiting).await;
        let id = made.id;
        house
            .store
            .write(move |w| w.remind((id, at(60)), ("", "then"), at(60)))
            .await
            .unwrap();
        let again = async || {
            let far = at(10_000_000);
            let due = house.store.read(move |r| r.attention_due(far, 10)).await;
            let Some(item) = due.unwrap().pop() else {
                return false;
            };
            let tell = move |w: &mut smartopol_store::Writer<'_>| {
                w.tell_attention(item.id, |_, _| Ok(attention::Place::Inbox))
            };
            house.store.write(tell).await.unwrap();
            true
        };
        let mut told = 1;
        while again().await {
            told += 1;
        }
        assert_eq!(told, priority.most_told(), "{priority:?}");
        let item = open_items(&house.store).await.pop().unwrap();
        assert_eq!(item.places.len(), told);
        let snooze = Seen::Snooze { seconds: 60 };
        house
            .store
            .write(move |w| w.see_attention(item.id, snooze, "cli:1000", at(99)))
            .await
            .unwrap();
        let mut after = 0;
        while again().await {
            after += 1;
        }
        assert_eq!(after, priority.most_told(), "{priority:?}");
        house.sound().await;
    }
}

#[tokio::test]
async fn a_notice_that_was_to_be_said_is_known_until_it_stands_in_its_session() {
    let house = House::new();
    let session = house.session().await.id;
    let made = added(&house.store, &job("tea", remind())).await;
    due(&house.store, &made, at(60), RunState::Waiting).await;
    let (id, message) = (made.id, user(session, "tea"));
    let place = attention::Place::Session {
        session_id: session,
        message_id: message.id,
    };
    house
        .store
        .write(move |w| w.remind((id, at(60)), ("", "then"), at(60)))
        .await
        .unwrap();
    let unsaid = async || {
        let unsaid = house.store.read(|r| r.attention_unsaid()).await.unwrap();
        unsaid.len()
    };
    assert_eq!(unsaid().await, 0);
    let item = open_items(&house.store).await.pop().unwrap();
    house
        .store
        .write(move |w| w.tell_attention(item.id, |_, _| Ok(place)))
        .await
        .unwrap();
    // Here whoever was to say it may die.
    assert_eq!(unsaid().await, 1);
    house
        .store
        .write(move |w| w.queue_message(message))
        .await
        .unwrap();
    assert_eq!(unsaid().await, 0);
    house.sound().await;
}

#[tokio::test]
async fn what_a_job_reminds_of_again_and_again_is_one_item_until_somebody_sees_to_it() {
    let house = House::new();
    let made = added(&house.store, &job("tea", remind())).await;
    let id = made.id;
    let told = async |minute: i64| {
        due(&house.store, &made, at(60 * minute), RunState::Waiting).await;
        let words = format!("minute {minute}");
        house
            .store
            .write(move |w| w.remind((id, at(60 * minute)), ("", &words), at(60 * minute)))
            .await
            .unwrap();
    };
    let waits = async || {
        let mut items = open_items(&house.store).await;
        assert!(items.len() <= 1, "{items:?}");
        items.pop()
    };
    let see = async |id, how, second| {
        house
            .store
            .write(move |w| w.see_attention(id, how, "cli:1000", at(second)))
            .await
            .unwrap();
    };
    told(1).await;
    let first = waits().await.unwrap();
    assert_eq!((first.detail.as_str(), first.told), ("", 1));
    told(2).await;
    told(3).await;
    let third = waits().await.unwrap();
    assert_eq!((third.id, third.told, third.at), (first.id, 3, first.at));
    assert_eq!(third.detail, "due 3 times, last minute 3");
    // A snooze holds, whatever comes meanwhile.
    see(first.id, Seen::Snooze { seconds: 3_600 }, 181).await;
    told(4).await;
    assert_eq!(waits().await, None);
    let first_id = first.id;
    let snoozed = house.store.read(move |r| r.attention_item(first_id)).await;
    assert_eq!(snoozed.unwrap().detail, "due 4 times, last minute 4");
    see(first.id, Seen::Acknowledge, 241).await;
    told(5).await;
    let next = waits().await.unwrap();
    assert!(next.id != first.id && next.detail.is_empty(), "{next:?}");
    house
        .store
        .write(move |w| w.remove_job(id, at(301)))
        .await
        .unwrap();
    assert_eq!(waits().await, None);
    house.sound().await;
}
