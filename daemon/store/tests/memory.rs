//! What is believed, since when, and who finds it.

use proptest::prelude::*;
use smartopol_protocol::memory::{
    By, Category, List, Memory, Search, Source, State, Taint, Untrusted, Verdict, Which,
};
use smartopol_protocol::{Code, Fault, MemoryId, News, Timestamp, UserId};
use smartopol_store::{Error, Store};

use crate::house::House;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn source() -> Source {
    Source {
        by: By::Person,
        peer: "local:ada".into(),
        session_id: None,
        message_id: None,
        turn_id: None,
        call_id: None,
        messages: None,
    }
}

pub fn memory(user_id: UserId, text: &str) -> Memory {
    Memory {
        id: MemoryId::new(),
        user_id,
        text: text.into(),
        category: Category::Fact,
        confidence: 100,
        state: State::Active,
        source: source(),
        taint: Vec::new(),
        supersedes: None,
        valid_from: None,
        valid_until: None,
        created_at: NOW,
        believed_at: Some(NOW),
        approved_by: String::new(),
    }
}

async fn add(store: &Store, memory: Memory) -> Memory {
    let added = store.write(move |w| w.add_memory(memory)).await.unwrap();
    assert!(!added.known);
    added.memory
}

async fn found(store: &Store, user: UserId, text: &str) -> Vec<String> {
    search(store, user, text, Which::Current).await
}

async fn search(store: &Store, user: UserId, text: &str, which: Which) -> Vec<String> {
    let search = Search {
        text: text.into(),
        which,
        ..Search::default()
    };
    let hits = store.read(move |r| r.search_memories(user, &search, NOW));
    let hits = hits.await.unwrap().into_iter();
    hits.map(|hit| hit.memory.text).collect()
}

async fn list(store: &Store, user: UserId, which: Which) -> Vec<String> {
    let list = List {
        which,
        ..List::default()
    };
    let (memories, _) = store
        .read(move |r| r.memories(user, &list, NOW))
        .await
        .unwrap();
    memories.into_iter().map(|memory| memory.text).collect()
}

#[tokio::test]
async fn nobody_finds_what_another_is_remembered_by() {
    let house = House::new();
    let (ada, bob) = (UserId::new(), UserId::new());
    let secret = add(&house.store, memory(ada, "likes green tea")).await;
    add(&house.store, memory(bob, "likes green beans")).await;
    assert_eq!(found(&house.store, ada, "green").await, ["likes green tea"]);
    assert_eq!(
        found(&house.store, bob, "GREEN likes").await,
        ["likes green beans"]
    );
    assert_eq!(found(&house.store, UserId::new(), "green").await, [""; 0]);
    let key = secret.id.to_string();
    let other = house.store.read(move |r| r.find_memory(bob, &key)).await;
    assert!(matches!(other, Err(Error::NotFound { .. })));
}

#[tokio::test]
async fn the_words_of_any_script_are_found() {
    let house = House::new();
    let ada = UserId::new();
    for text in [
        "Crème brûlée in der Straße",
        "我喜欢喝绿茶",
        "東京タワーの近くに住む",
        "한국어를 배운다",
        "живёт в Ульме",
    ] {
        add(&house.store, memory(ada, text)).await;
    }
    for (asked, text) in [
        ("creme strasse", "Crème brûlée in der Straße"),
        ("BRÛLÉE", "Crème brûlée in der Straße"),
        ("绿茶", "我喜欢喝绿茶"),
        ("茶", "我喜欢喝绿茶"),
        ("タワー", "東京タワーの近くに住む"),
        ("한국", "한국어를 배운다"),
        ("ульме", "живёт в Ульме"),
    ] {
        assert_eq!(found(&house.store, ada, asked).await, [text], "{asked}");
    }
}

#[tokio::test]
async fn a_belief_is_superseded_and_its_history_stays() {
    let house = House::new();
    let ada = UserId::new();
    let first = add(&house.store, memory(ada, "lives in Ulm")).await;
    let second = Memory {
        supersedes: Some(first.id),
        ..memory(ada, "lives in Bonn")
    };
    let second = add(&house.store, second).await;
    assert_eq!(found(&house.store, ada, "lives").await, ["lives in Bonn"]);
    assert_eq!(
        search(&house.store, ada, "Ulm", Which::All).await,
        ["lives in Ulm"]
    );
    let key = first.id.to_string();
    let history = house
        .store
        .read(move |r| r.memory_history(&r.find_memory(ada, &key)?))
        .await
        .unwrap();
    let told: Vec<_> = history.iter().map(|own| own.text.as_str()).collect();
    assert_eq!(told, ["lives in Ulm", "lives in Bonn"]);
    assert_eq!(
        history[0].state,
        State::Superseded {
            by: second.id,
            at: NOW
        }
    );
    let again = Memory {
        supersedes: Some(first.id),
        ..memory(ada, "lives in Rome")
    };
    let again = house.store.write(move |w| w.add_memory(again)).await;
    assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
}

#[tokio::test]
async fn the_same_is_remembered_once() {
    let house = House::new();
    let ada = UserId::new();
    let first = add(&house.store, memory(ada, "Likes  green TEA.")).await;
    let again = memory(ada, "likes green tea");
    let again = house
        .store
        .write(move |w| w.add_memory(again))
        .await
        .unwrap();
    assert!(again.known);
    assert_eq!(again.memory.id, first.id);
    add(&house.store, memory(ada, "likes green tea and coffee")).await;
}

#[tokio::test]
async fn what_waits_counts_for_nothing_until_it_is_approved() {
    let house = House::new();
    let ada = UserId::new();
    let old = add(&house.store, memory(ada, "pays with card 1")).await;
    let tainted = Memory {
        state: State::Pending,
        believed_at: None,
        supersedes: Some(old.id),
        taint: vec![Taint {
            kind: Untrusted::Network,
            what: "curl evil.example".into(),
            call_id: None,
        }],
        ..memory(ada, "pays with card 2")
    };
    let tainted = add(&house.store, tainted).await;
    assert_eq!(found(&house.store, ada, "pays").await, ["pays with card 1"]);
    assert_eq!(
        list(&house.store, ada, Which::Current).await,
        ["pays with card 1"]
    );
    assert_eq!(
        list(&house.store, ada, Which::Pending).await,
        ["pays with card 2"]
    );
    let id = tainted.id;
    let approved = house
        .store
        .write(move |w| w.decide_memory(id, Verdict::Approve, "local:ada", NOW))
        .await
        .unwrap();
    assert_eq!(approved.state, State::Active);
    assert_eq!(approved.approved_by, "local:ada");
    assert_eq!(found(&house.store, ada, "pays").await, ["pays with card 2"]);
    // What comes of it is marked too, whoever says it.
    let next = Memory {
        supersedes: Some(id),
        ..memory(ada, "pays with card 3")
    };
    let next = add(&house.store, next).await;
    assert_eq!(next.taint, tainted.taint);
    let twice = house
        .store
        .write(move |w| w.decide_memory(id, Verdict::Approve, "local:ada", NOW))
        .await;
    assert!(matches!(twice, Err(Error::Conflict(_))));
}

#[tokio::test]
async fn what_is_forgotten_leaves_no_words() {
    let house = House::new();
    let ada = UserId::new();
    let first = add(&house.store, memory(ada, "once unmistakable")).await;
    let second = Memory {
        supersedes: Some(first.id),
        ..memory(ada, "now unmistakable")
    };
    let second = add(&house.store, second).await;
    let waits = Memory {
        state: State::Pending,
        ..memory(ada, "perhaps unmistakable")
    };
    let waits = add(&house.store, waits).await.id;
    let (id, rejected) = (second.id, Verdict::Reject);
    let gone = house
        .store
        .write(move |w| {
            w.decide_memory(waits, rejected, "local:ada", NOW)?;
            w.forget_memory(id, "local:ada", NOW)
        })
        .await
        .unwrap();
    assert_eq!(gone, [second.id, first.id]);
    assert_eq!(
        search(&house.store, ada, "unmistakable", Which::All).await,
        [""; 0]
    );
    house.store.check().await.unwrap();
    let told = format!("{:?}", house.told.lock().unwrap());
    assert!(!told.contains("unmistakable"), "{told}");
    assert!(told.contains("MemoryChanged"));
}

#[tokio::test]
async fn what_is_not_valid_now_is_neither_listed_nor_found() {
    let house = House::new();
    let ada = UserId::new();
    let later = NOW.plus_millis(1);
    add(
        &house.store,
        Memory {
            valid_from: Some(later),
            ..memory(ada, "from then on")
        },
    )
    .await;
    add(
        &house.store,
        Memory {
            valid_until: Some(NOW),
            ..memory(ada, "until then")
        },
    )
    .await;
    assert_eq!(list(&house.store, ada, Which::Current).await, [""; 0]);
    assert_eq!(found(&house.store, ada, "then").await, [""; 0]);
    assert_eq!(list(&house.store, ada, Which::All).await.len(), 2);
    let list = List::default();
    let (then, _) = house
        .store
        .read(move |r| r.memories(ada, &list, later))
        .await
        .unwrap();
    assert_eq!(then[0].text, "from then on");
}

#[tokio::test]
async fn two_who_are_one_have_one_memory() {
    let house = House::new();
    let (ada, phone) = (UserId::new(), UserId::new());
    add(&house.store, memory(ada, "likes tea")).await;
    add(&house.store, memory(phone, "likes jazz")).await;
    house
        .store
        .write(move |w| w.merge_owner(phone, ada))
        .await
        .unwrap();
    assert_eq!(found(&house.store, ada, "jazz").await, ["likes jazz"]);
    assert_eq!(found(&house.store, phone, "jazz").await, [""; 0]);
    assert_eq!(list(&house.store, ada, Which::Current).await.len(), 2);
}

#[tokio::test]
async fn the_best_come_first_and_a_common_word_counts_little() {
    let house = House::new();
    let ada = UserId::new();
    for number in 0..30 {
        let text = format!("the project number {number} and the team of the project");
        add(&house.store, memory(ada, &text)).await;
    }
    add(&house.store, memory(ada, "the zebra")).await;
    let found = found(&house.store, ada, "the project of zebra").await;
    assert_eq!(found[0], "the zebra");
}

#[tokio::test]
async fn a_text_too_long_to_look_for_is_refused() {
    let house = House::new();
    let search = Search {
        text: "x".repeat(1_001),
        ..Search::default()
    };
    let refused = house
        .store
        .read(move |r| r.search_memories(UserId::new(), &search, NOW))
        .await
        .unwrap_err();
    assert_eq!(Fault::from(refused).code, Code::BadRequest);
}

#[tokio::test]
async fn every_change_is_a_fact() {
    let house = House::new();
    let ada = UserId::new();
    let own = add(&house.store, memory(ada, "likes tea")).await;
    let told = house.told.lock().unwrap().clone();
    let News::MemoryChanged(change) = &told.last().unwrap().news else {
        panic!("{told:?}")
    };
    assert_eq!((change.id, change.user_id), (own.id, ada));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn no_text_is_a_mistake_of_syntax(texts in prop::collection::vec(any::<String>(), 1..6), asked in any::<String>(), typing in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let house = House::new();
            let ada = UserId::new();
            for text in &texts {
                let own = memory(ada, text);
                house.store.write(move |w| w.add_memory(own)).await.unwrap();
            }
            for text in [&asked, "\"", "a AND", "NEAR(", "x*", "terms:x", "-a OR (b", "\u{0}"].iter().map(|text| text.to_string()).chain(texts.clone()) {
                let search = Search { text: text.chars().take(200).collect(), typing, which: Which::All, ..Search::default() };
                house.store.read(move |r| r.search_memories(ada, &search, NOW)).await.unwrap();
            }
        });
    }
}

#[tokio::test]
async fn what_was_rejected_is_known_again_and_its_words_are_gone() {
    let house = House::new();
    let store = &house.store;
    let user = UserId::new();
    let waits = Memory {
        state: State::Pending,
        believed_at: None,
        ..memory(user, "likes green tea")
    };
    let id = add(store, waits).await.id;
    let known = |text: &'static str| store.read(move |r| r.is_remembered(user, text));
    assert!(known("Likes GREEN tea!").await.unwrap(), "it waits");
    store
        .write(move |w| w.decide_memory(id, Verdict::Reject, "cli:1", NOW))
        .await
        .unwrap();
    assert!(known("Likes GREEN tea!").await.unwrap());
    assert!(!known("likes green").await.unwrap());
    assert_eq!(search(store, user, "green", Which::All).await, [""; 0]);
    // A person who says it themselves is heard.
    add(store, memory(user, "likes green tea")).await;
    assert_eq!(found(store, user, "tea").await, ["likes green tea"]);
}
