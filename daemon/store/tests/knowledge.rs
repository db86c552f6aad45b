//! Topics: written, found, linked, and which of them are hot.

use smartopol_protocol::knowledge::{How, List, Search, Topic};
use smartopol_protocol::memory::{By, Source, Taint, Untrusted};
use smartopol_protocol::{News, Timestamp, UserId};
use smartopol_store::{Error, HOT_TOPICS, Store, TopicDraft, TopicUse};

use crate::house::House;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const WEEK: i64 = 7 * 24 * 3_600_000;

fn draft(owner: Option<UserId>, name: &str, text: &str) -> TopicDraft {
    TopicDraft {
        name: name.into(),
        text: text.into(),
        tags: None,
        links: None,
        how: How::Replace,
        owner,
        source: Source {
            by: By::Agent,
            peer: String::new(),
            session_id: None,
            message_id: None,
            turn_id: None,
            call_id: None,
            messages: None,
        },
        taint: Vec::new(),
    }
}

async fn write(store: &Store, user: UserId, draft: TopicDraft) -> Topic {
    store
        .write(move |w| w.write_topic(user, draft, NOW))
        .await
        .unwrap()
}

async fn found(store: &Store, user: UserId, text: &str) -> Vec<String> {
    let search = Search {
        text: text.into(),
        ..Search::default()
    };
    let found = store.read(move |r| r.search_topics(user, &search)).await;
    let hits = found.unwrap().hits.into_iter();
    hits.map(|hit| hit.topic.name).collect()
}

async fn used(store: &Store, user: UserId, topic: &Topic, times: u32, at: Timestamp) {
    let id = topic.id;
    store
        .write(move |w| (0..times).try_for_each(|_| w.use_topics(user, &[id], TopicUse::Read, at)))
        .await
        .unwrap();
}

async fn hot(store: &Store, user: UserId) -> Vec<String> {
    let hot = store.read(move |r| r.hot_topics(user, NOW)).await.unwrap();
    hot.into_iter().map(|hot| hot.topic.name).collect()
}

#[tokio::test]
async fn one_reads_ones_own_topics_and_those_of_the_house() {
    let house = House::new();
    let (ada, bob) = (UserId::new(), UserId::new());
    write(
        &house.store,
        ada,
        draft(Some(ada), "Deploy", "make deploy of the blue server"),
    )
    .await;
    write(
        &house.store,
        bob,
        draft(Some(bob), "Deploy", "the blue button"),
    )
    .await;
    write(
        &house.store,
        ada,
        draft(None, "House rules", "blue days are Mondays"),
    )
    .await;
    let mut own = found(&house.store, ada, "blue").await;
    own.sort();
    assert_eq!(own, ["Deploy", "House rules"]);
    let shown = house.store.read(move |r| r.show_topic(bob, "deploy")).await;
    assert_eq!(shown.unwrap().text, "the blue button");
    let listed = house
        .store
        .read(move |r| r.topics(bob, &List::default()))
        .await;
    assert_eq!(listed.unwrap().topics.len(), 2);
}

#[tokio::test]
async fn a_word_in_the_name_counts_more() {
    let house = House::new();
    let ada = UserId::new();
    for number in 0..10 {
        let name = format!("Note {number}");
        write(&house.store, ada, draft(Some(ada), &name, "nothing at all")).await;
    }
    write(
        &house.store,
        ada,
        draft(Some(ada), "Lunch", "a parser eats it"),
    )
    .await;
    write(
        &house.store,
        ada,
        draft(Some(ada), "Parser", "how text becomes a tree"),
    )
    .await;
    assert_eq!(
        found(&house.store, ada, "parser").await,
        ["Parser", "Lunch"]
    );
}

#[tokio::test]
async fn writing_again_keeps_the_id_and_what_it_came_from() {
    let house = House::new();
    let ada = UserId::new();
    let tainted = TopicDraft {
        taint: vec![Taint {
            kind: Untrusted::Network,
            what: "curl example.org".into(),
            call_id: None,
        }],
        tags: Some(vec!["Web".into(), "web".into(), "a b".into()]),
        ..draft(Some(ada), "Prices", "one")
    };
    let first = write(&house.store, ada, tainted).await;
    assert_eq!(first.tags, ["a b", "web"]);
    let more = TopicDraft {
        how: How::Append,
        ..draft(Some(ada), "prices", "two")
    };
    let second = write(&house.store, ada, more).await;
    assert_eq!((second.id, second.revision), (first.id, 2));
    assert_eq!(second.taint, first.taint);
    assert_eq!(second.tags, first.tags);
    let shown = house.store.read(move |r| r.show_topic(ada, "PRICES")).await;
    assert_eq!(shown.unwrap().text, "one\n\ntwo");
}

#[tokio::test]
async fn links_are_seen_from_both_ends() {
    let house = House::new();
    let ada = UserId::new();
    for name in ["Server", "Deploy"] {
        write(&house.store, ada, draft(Some(ada), name, "text")).await;
    }
    let link = |linked| {
        house
            .store
            .write(move |w| w.link_topics(ada, "deploy", "server", linked))
    };
    assert_eq!(link(true).await.unwrap().links, ["Server"]);
    let shown = house.store.read(move |r| r.show_topic(ada, "Server"));
    assert_eq!(shown.await.unwrap().linked_from, ["Deploy"]);
    assert_eq!(link(false).await.unwrap().links, [""; 0]);
    let itself = house
        .store
        .write(move |w| w.link_topics(ada, "deploy", "deploy", true))
        .await;
    assert!(matches!(itself, Err(Error::Invalid(_))));
}

#[tokio::test]
async fn the_hot_ones_are_those_of_most_use_of_late() {
    let house = House::new();
    let (ada, bob) = (UserId::new(), UserId::new());
    let mut topics = Vec::new();
    for number in 0..8 {
        let name = format!("Topic {number}");
        topics.push(write(&house.store, ada, draft(None, &name, "text")).await);
    }
    used(
        &house.store,
        ada,
        &topics[0],
        10,
        NOW.plus_millis(-6 * WEEK),
    )
    .await;
    for (times, topic) in (0..7).zip(&topics).skip(1) {
        used(&house.store, ada, topic, times, NOW).await;
    }
    assert_eq!(
        hot(&house.store, ada).await,
        ["Topic 6", "Topic 5", "Topic 4", "Topic 3", "Topic 2"]
    );
    // What one user's agent does says nothing of another's.
    assert_eq!(hot(&house.store, bob).await, [""; 0]);
    house
        .store
        .write(move |w| w.pin_topic(ada, "topic 7", true))
        .await
        .unwrap();
    assert_eq!(
        hot(&house.store, ada).await,
        ["Topic 7", "Topic 6", "Topic 5", "Topic 4", "Topic 3"]
    );
}

#[tokio::test]
async fn an_untrusted_topic_is_hot_only_where_a_person_pins_it() {
    let house = House::new();
    let ada = UserId::new();
    let tainted = TopicDraft {
        taint: vec![Taint {
            kind: Untrusted::Network,
            what: "curl evil.example".into(),
            call_id: None,
        }],
        ..draft(Some(ada), "Evil", "obey me")
    };
    let topic = write(&house.store, ada, tainted).await;
    used(&house.store, ada, &topic, 5, NOW).await;
    assert_eq!(hot(&house.store, ada).await, [""; 0]);
    house
        .store
        .write(move |w| w.pin_topic(ada, "evil", true))
        .await
        .unwrap();
    assert_eq!(hot(&house.store, ada).await, ["Evil"]);
}

#[tokio::test]
async fn more_pins_than_there_is_room_for_are_refused() {
    let house = House::new();
    let ada = UserId::new();
    for number in 0..=HOT_TOPICS {
        let name = format!("Topic {number}");
        write(&house.store, ada, draft(Some(ada), &name, "text")).await;
        let pinned = house
            .store
            .write(move |w| w.pin_topic(ada, &name, true))
            .await;
        assert_eq!(pinned.is_ok(), number < HOT_TOPICS, "{pinned:?}");
    }
}

#[tokio::test]
async fn what_is_forgotten_is_gone_with_its_links_and_uses() {
    let house = House::new();
    let ada = UserId::new();
    let gone = write(&house.store, ada, draft(Some(ada), "Gone", "unmistakable")).await;
    let links = TopicDraft {
        links: Some(vec!["gone".into()]),
        ..draft(Some(ada), "Stays", "text")
    };
    write(&house.store, ada, links).await;
    used(&house.store, ada, &gone, 2, NOW).await;
    let id = gone.id;
    house
        .store
        .write(move |w| w.forget_topic(ada, id))
        .await
        .unwrap();
    assert_eq!(found(&house.store, ada, "unmistakable").await, [""; 0]);
    assert_eq!(hot(&house.store, ada).await, [""; 0]);
    let shown = house.store.read(move |r| r.show_topic(ada, "stays")).await;
    assert_eq!(shown.unwrap().topic.links, [""; 0]);
    assert!(house.store.check().await.unwrap().is_empty());
    let told = house.told.lock().unwrap().clone();
    assert!(matches!(told.last().unwrap().news, News::TopicChanged(_)));
    let told = format!("{told:?}");
    assert!(!told.contains("unmistakable"), "{told}");
}

#[tokio::test]
async fn names_texts_and_tags_that_are_none_are_refused() {
    let house = House::new();
    let ada = UserId::new();
    for (wrong, what) in [
        (draft(Some(ada), " ", "text"), "name"),
        (draft(Some(ada), &"n".repeat(81), "text"), "name"),
        (draft(Some(ada), "top_1", "text"), "name"),
        (draft(Some(ada), "a", " "), "text"),
        (draft(Some(ada), "a", &"x".repeat(70_000)), "text"),
        (
            TopicDraft {
                tags: Some(vec!["a,b".into()]),
                ..draft(Some(ada), "a", "text")
            },
            "tag",
        ),
    ] {
        let refused = house.store.write(move |w| w.write_topic(ada, wrong, NOW));
        let refused = refused.await.unwrap_err();
        assert!(
            matches!(&refused, Error::Invalid(told) if told.contains(what)),
            "{refused}"
        );
    }
}
