//! What was said, found in all sessions of its user.

use smartopol_protocol::message::{Message, Part, Role};
use smartopol_protocol::session::{Create, Found, Search};
use smartopol_protocol::turn::Outcome;
use smartopol_protocol::{SessionId, UserId};
use smartopol_store::{Error, Store};

use crate::house::{House, agent, answers, asks, at, finished, raw, says, turn, user};

const ANA: UserId = UserId::from_bytes([0xa0; 16]);
const BEN: UserId = UserId::from_bytes([0xb0; 16]);

async fn session(store: &Store, owner: Option<UserId>, name: &str) -> SessionId {
    let create = Create::in_folder("/a").named(name);
    let made = store
        .write(move |w| w.create_session(SessionId::new(), owner, &create, at(1)))
        .await;
    made.unwrap().id
}

/// A turn in which a person says one thing and the agent another.
async fn talk(store: &Store, session: SessionId, asked: &str, answered: &str) {
    let (asked, answered) = (user(session, asked), answered.to_owned());
    store
        .write(move |w| {
            let id = w.queue_message(asked)?.id;
            let begun = w.begin_turn(turn(session), Some(id))?.0;
            w.add_message(agent(&begun, &answered))?;
            w.put_turn(&finished(&begun, Outcome::Done))
        })
        .await
        .unwrap();
}

async fn found(store: &Store, who: UserId, text: &str) -> Found {
    let search = Search {
        text: text.into(),
        ..Search::default()
    };
    let found = store.read(move |r| r.search_sessions(who, &search)).await;
    found.unwrap()
}

async fn lines(store: &Store, who: UserId, text: &str) -> Vec<String> {
    let hits = found(store, who, text).await.hits;
    hits.into_iter()
        .map(|hit| format!("{} {}: {}", hit.session, hit.position, hit.line))
        .collect()
}

/// Indexes what is to be indexed and returns in how many bites.
async fn catch_up(store: &Store) -> u32 {
    let mut bites = 0;
    while store.write(|w| w.index_messages()).await.unwrap() {
        bites += 1;
    }
    bites
}

#[tokio::test]
async fn all_words_are_found_in_all_own_sessions_the_newest_first() {
    let house = House::new();
    let store = &house.store;
    let garden = session(store, Some(ANA), "garden").await;
    let house_two = session(store, Some(ANA), "house").await;
    let bens = session(store, Some(BEN), "garden").await;
    talk(store, garden, "Where do the Röses grow?", "by the wall").await;
    talk(store, bens, "my roses by the wall", "nice").await;
    let long = format!(
        "{} paint the WALL behind the roses {}",
        "a ".repeat(60),
        "z ".repeat(99)
    );
    talk(store, house_two, "one\ntwo", &long).await;

    let walls = lines(store, ANA, "wall").await;
    assert_eq!(walls.len(), 2, "{walls:?}");
    assert!(walls[0].starts_with("house 2: …a a "), "{walls:?}");
    assert!(walls[0].contains("paint the WALL behind"), "{walls:?}");
    assert_eq!(walls[1], "garden 2: by the wall");
    assert_eq!(
        lines(store, ANA, "roses grow").await,
        ["garden 1: Where do the Röses grow?"]
    );
    assert_eq!(lines(store, ANA, "grow roses wall").await, [""; 0]);
    assert_eq!(
        lines(store, BEN, "WALL roses").await,
        ["garden 1: my roses by the wall"]
    );
    assert_eq!(
        lines(store, UserId::from_bytes([1; 16]), "wall").await,
        [""; 0]
    );
    assert_eq!(lines(store, ANA, " -- ").await, [""; 0]);

    let typing = Search {
        text: "gro".into(),
        typing: true,
        ..Search::default()
    };
    let typed = store.read(move |r| r.search_sessions(ANA, &typing)).await;
    assert_eq!(typed.unwrap().hits.len(), 1);
    let long = Search {
        text: "x".repeat(1_001),
        ..Search::default()
    };
    let refused = store.read(move |r| r.search_sessions(ANA, &long)).await;
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    house.sound().await;
}

#[tokio::test]
async fn what_went_into_a_tool_and_came_out_of_it_is_found_and_what_waits_is_not() {
    let house = House::new();
    let store = &house.store;
    let id = session(store, Some(ANA), "work").await;
    let waits = user(id, "later: water the plants");
    store.write(move |w| w.queue_message(waits)).await.unwrap();
    let said = user(id, "list it");
    store
        .write(move |w| {
            let first = w.queue_message(said)?.id;
            let begun = w.begin_turn(turn(id), Some(first))?.0;
            let call = crate::house::call(&begun);
            w.add_message(asks(&begun, &[call.id]))?;
            w.put_call(&call)?;
            let answer = answers(&begun, &[call.id]);
            w.add_message(answer).map(drop)
        })
        .await
        .unwrap();
    assert_eq!(lines(store, ANA, "plants").await, [""; 0]);
    assert_eq!(lines(store, ANA, "ls").await, ["work 2: ls"]);
    assert_eq!(lines(store, ANA, "b").await, ["work 3: a b"]);
}

#[tokio::test]
async fn pages_follow_each_other_without_a_hole() {
    let house = House::new();
    let store = &house.store;
    let id = session(store, Some(ANA), "work").await;
    for number in 0..7 {
        talk(store, id, &format!("apples {number}"), "yes").await;
    }
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let search = Search {
            text: "apples".into(),
            before,
            limit: 3,
            ..Search::default()
        };
        let page = store.read(move |r| r.search_sessions(ANA, &search)).await;
        let page = page.unwrap();
        all.extend(page.hits.iter().map(|hit| hit.position));
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(all, [13, 11, 9, 7, 5, 3, 1]);
}

#[tokio::test]
async fn what_was_said_before_there_was_an_index_is_indexed_in_bites_the_newest_first() {
    let mut house = House::new();
    let id = session(&house.store, Some(ANA), "old").await;
    for number in 0..150 {
        let answer = format!("pear {number}");
        talk(&house.store, id, &format!("apple {number}"), &answer).await;
    }
    house.store.clone().close().await.unwrap();
    // As the database was before.
    let old = raw(&house.path());
    old.execute_batch(
        "DROP INDEX jobs_by_peer;
         DROP TABLE message_terms; DROP TABLE unindexed; DROP INDEX sessions_by_name;
         ALTER TABLE sessions DROP COLUMN archived_at; PRAGMA user_version = 13",
    )
    .unwrap();
    drop(old);
    house.reopen().await;
    let store = &house.store;
    let at_first = found(store, ANA, "pear").await;
    assert_eq!((at_first.hits.len(), at_first.behind), (0, 300));
    assert!(store.write(|w| w.index_messages()).await.unwrap());
    let then = found(store, ANA, "apple").await;
    assert_eq!(then.hits.first().map(|hit| hit.position), Some(299));
    assert_eq!(then.behind, 100);
    house.sound().await;
    // What is said meanwhile is found at once.
    talk(store, id, "a plum", "yes").await;
    assert_eq!(lines(store, ANA, "plum").await.len(), 1);
    assert_eq!(catch_up(store).await, 1);
    assert_eq!(lines(store, ANA, "apple 0").await, ["old 1: apple 0"]);
    assert_eq!(found(store, ANA, "pear").await.behind, 0);
    house.sound().await;
}

#[tokio::test]
async fn nothing_of_a_session_that_is_gone_is_left_and_what_is_given_away_is_the_others() {
    let house = House::new();
    let store = &house.store;
    let (kept, gone) = (
        session(store, None, "kept").await,
        session(store, Some(BEN), "gone").await,
    );
    talk(store, kept, "cherries", "yes").await;
    talk(store, gone, "cherries", "yes").await;
    // Nobody's at first, then adopted.
    store.write(|w| w.adopt(ANA)).await.unwrap();
    assert_eq!(found(store, ANA, "cherries").await.behind, 2);
    catch_up(store).await;
    assert_eq!(lines(store, ANA, "cherries").await, ["kept 1: cherries"]);
    store
        .write(move |w| w.delete_session(gone, at(9)))
        .await
        .unwrap();
    assert_eq!(lines(store, BEN, "cherries").await, [""; 0]);
    house.sound().await;
}

#[tokio::test]
async fn a_fork_is_found_once_it_is_made_ready() {
    let house = House::new();
    let store = &house.store;
    let id = session(store, Some(ANA), "way").await;
    talk(store, id, "go left", "gone").await;
    store
        .write(move |w| w.fork_session(id, None, Some("other"), at(5)))
        .await
        .unwrap();
    assert_eq!(lines(store, ANA, "left").await, ["way 1: go left"]);
    catch_up(store).await;
    assert_eq!(
        lines(store, ANA, "left").await,
        ["other 1: go left", "way 1: go left"]
    );
    house.sound().await;
}

#[tokio::test]
async fn an_index_that_says_something_else_is_told_by_the_check() {
    let mut house = House::new();
    let id = session(&house.store, Some(ANA), "way").await;
    talk(&house.store, id, "go left", "gone").await;
    house.store.clone().close().await.unwrap();
    let other = raw(&house.path());
    other
        .execute_batch(
            "DELETE FROM message_terms WHERE rowid = 1;
             INSERT INTO message_terms (rowid, terms) VALUES (4711, '1·ghost')",
        )
        .unwrap();
    drop(other);
    house.reopen().await;
    let told = house.store.check().await.unwrap();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("holds number 4711"), "{told:?}");
    assert!(
        told[1].contains("is not in the index of messages"),
        "{told:?}"
    );
}

#[tokio::test]
async fn names_are_free_for_each_user_and_keys_tell_them_apart() {
    let house = House::new();
    let store = &house.store;
    let (anas, bens) = (
        session(store, Some(ANA), "notes").await,
        session(store, Some(BEN), "notes").await,
    );
    let create = Create::in_folder("/a").named("notes");
    let again = store
        .write(move |w| w.create_session(SessionId::new(), Some(BEN), &create, at(1)))
        .await;
    assert!(matches!(again, Err(Error::NameTaken { .. })), "{again:?}");
    let keys = [anas, bens].map(|id| async move {
        let session = store.read(move |r| r.session(id)).await;
        session.unwrap().key()
    });
    let [anas_key, bens_key] = keys;
    let (anas_key, bens_key) = (anas_key.await, bens_key.await);
    assert_eq!(anas_key, format!("user:{ANA}:agent:main:notes"));

    let find = |key: &str, own: UserId| {
        let key = key.to_owned();
        async move { store.read(move |r| r.find_session(&key, own)).await }
    };
    assert_eq!(find("notes", ANA).await.unwrap().id, anas);
    assert_eq!(find("notes", BEN).await.unwrap().id, bens);
    assert_eq!(find(&bens_key, ANA).await.unwrap().id, bens);
    let third = UserId::from_bytes([3; 16]);
    match find("notes", third).await {
        Err(Error::Ambiguous { candidates, .. }) => assert_eq!(
            std::collections::BTreeSet::from_iter(candidates),
            std::collections::BTreeSet::from([anas_key, bens_key.clone()])
        ),
        other => panic!("{other:?}"),
    }
    let not_theirs = bens_key.clone();
    let hidden = store
        .read(move |r| r.find_own_session(&not_theirs, ANA))
        .await;
    assert!(matches!(hidden, Err(Error::NotFound { .. })), "{hidden:?}");
    let looks = Create::in_folder("/a").named(bens_key);
    let refused = store
        .write(move |w| w.create_session(SessionId::new(), Some(ANA), &looks, at(1)))
        .await;
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
}

#[tokio::test]
async fn a_session_that_is_put_away_is_never_meant_and_comes_back_with_a_word() {
    let house = House::new();
    let store = &house.store;
    let id = session(store, Some(ANA), "notes").await;
    talk(store, id, "apples", "yes").await;
    let newest = || async { store.read(|r| r.newest_session(Some("/a"), ANA)).await };
    assert_eq!(newest().await.unwrap().id, id);
    let put_away = store
        .write(move |w| w.archive_session(id, true, at(7)))
        .await;
    assert_eq!(put_away.unwrap().archived_at, Some(at(7)));
    assert!(newest().await.is_err());
    let hits = found(store, ANA, "apples").await.hits;
    assert!(hits[0].archived);

    let word = user(id, "again");
    let begun = store
        .write(move |w| {
            let first = w.queue_message(word)?.id;
            w.begin_turn(turn(id), Some(first))
        })
        .await
        .unwrap()
        .0;
    assert_eq!(newest().await.unwrap().archived_at, None);
    let busy = store
        .write(move |w| w.archive_session(id, true, at(8)))
        .await;
    assert!(matches!(busy, Err(Error::Conflict(_))), "{busy:?}");
    let thought = Part::Reasoning {
        text: "quinces".into(),
        signature: None,
    };
    let said: Message = says(&begun, Role::Agent, vec![thought]);
    store.write(move |w| w.add_message(said)).await.unwrap();
    assert_eq!(lines(store, ANA, "quinces").await, ["notes 4: quinces"]);
    house.sound().await;
}
