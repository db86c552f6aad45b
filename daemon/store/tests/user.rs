//! Users and their peers.

use smartopol_protocol::approval::Actor;
use smartopol_protocol::attention;
use smartopol_protocol::job::{List, RunState};
use smartopol_protocol::session::Create;
use smartopol_protocol::user::{Deed, PeerId, Profile, Role, User};
use smartopol_protocol::{News, SessionId, UserId};
use smartopol_store::{Error, Store, Whose};

use crate::house::{House, at};
use crate::job::{self, job, prompt};

fn peer(text: &str) -> PeerId {
    text.parse().unwrap()
}

fn user(name: &str, role: Role, peers: &[&str]) -> User {
    User {
        id: UserId::new(),
        name: name.into(),
        role,
        peers: peers.iter().map(|text| peer(text)).collect(),
        owner: role == Role::Admin,
        disabled: false,
        grants: Default::default(),
        limits: Default::default(),
        profile: Profile::default(),
        created_at: at(0),
    }
}

fn by() -> Actor {
    Actor {
        peer: "cli:1000".into(),
        client: "test".into(),
        by: None,
    }
}

async fn added(store: &Store, user: User) -> User {
    let kept = user.clone();
    store
        .write(move |w| w.add_user(&kept, &by()))
        .await
        .unwrap();
    user
}

async fn session_of(store: &Store, user: UserId) -> SessionId {
    store
        .write(move |w| {
            let id = SessionId::new();
            w.create_session(id, Some(user), &Create::in_folder("/work"), at(1))?;
            Ok(id)
        })
        .await
        .unwrap()
}

/// Returns the titles and owners of what waits for somebody.
async fn waits(house: &House, whose: Whose) -> Vec<(String, Option<UserId>)> {
    let list = attention::List::default();
    let listed = house.store.read(move |r| {
        let listed = r.attention_of(&list, whose)?;
        assert_eq!(r.attention_open(whose)?, listed.open);
        Ok(listed)
    });
    let items = listed.await.unwrap().items.into_iter();
    items.map(|item| (item.title, item.user_id)).collect()
}

#[tokio::test]
async fn a_reminder_is_its_persons_and_follows_their_peer() {
    let house = House::new();
    let ada = added(&house.store, user("ada", Role::Admin, &["cli:1000"])).await;
    let ben = added(&house.store, user("ben", Role::User, &["discord:ben"])).await;
    let cy = added(&house.store, user("cy", Role::User, &["discord:cy"])).await;
    let mut made = job::job("tea", job::remind());
    made.frozen.user = "discord:ben".into();
    let made = job::added(&house.store, &made).await;
    job::due(&house.store, &made, at(60), RunState::Waiting).await;
    house.forget_told();
    let id = made.id;
    house
        .store
        .write(move |w| w.remind((id, at(60)), ("", "then"), at(61)))
        .await
        .unwrap();
    let told = house.told().into_iter().find_map(|event| match event.news {
        News::AttentionChanged(item) => Some(*item),
        _ => None,
    });
    let told = told.unwrap();
    assert_eq!(told.user_id, Some(ben.id), "the event says whose it is");
    let of = |user: &User| Whose {
        user: Some(user.id),
        ..Whose::default()
    };
    let admins = Whose {
        approvals: true,
        strangers: true,
        shared: true,
        ..of(&ada)
    };
    let bens = [("tea".to_owned(), Some(ben.id))];
    assert_eq!(waits(&house, of(&ben)).await, bens);
    assert_eq!(waits(&house, admins).await, []);
    assert_eq!(waits(&house, of(&cy)).await, []);
    assert_eq!(waits(&house, Whose::ALL).await, bens);
    // The peer is somebody else's now: so is what is for it.
    let (ben, cy) = (ben.id, cy.id);
    house
        .store
        .write(move |w| {
            w.link_peer(cy, &peer("discord:ben"), &by(), at(62))
                .map(drop)
        })
        .await
        .unwrap();
    let owner = waits(&house, Whose::ALL).await.pop().unwrap().1;
    assert_eq!(owner, Some(cy), "{ben} was merged");
    house.sound().await;
}

#[tokio::test]
async fn a_peer_belongs_to_one_user_and_every_deed_is_a_fact() {
    let house = House::new();
    let ada = added(&house.store, user("ada", Role::Admin, &["cli:1000"])).await;
    let again = user("bob", Role::User, &["cli:1000"]);
    let refused = house.store.write(move |w| w.add_user(&again, &by())).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    for name in ["", " ada", "usr_x", "cli:7", "ada"] {
        let bad = user(name, Role::User, &["cli:7"]);
        let refused = house.store.write(move |w| w.add_user(&bad, &by())).await;
        assert!(refused.is_err(), "{name}");
    }
    house.forget_told();
    let id = ada.id;
    house
        .store
        .write(move |w| w.link_peer(id, &peer("telegram:5"), &by(), at(2)))
        .await
        .unwrap();
    house
        .store
        .write(move |w| w.unlink_peer(&peer("telegram:5"), &by(), at(3)))
        .await
        .unwrap();
    house
        .store
        .write(move |w| w.change_user(id, &by(), at(4), |user| user.name = "Ada".into()))
        .await
        .unwrap();
    let deeds: Vec<Deed> = house
        .told()
        .into_iter()
        .map(|event| match event.news {
            News::UserChanged(changed) => {
                assert_eq!(changed.by, by());
                changed.deed
            }
            other => panic!("{other:?}"),
        })
        .collect();
    let (peer, merged) = (peer("telegram:5"), None);
    assert_eq!(
        deeds,
        [
            Deed::Linked {
                peer: peer.clone(),
                merged
            },
            Deed::Unlinked { peer },
            Deed::Set
        ]
    );
    let last = house.store.write(|w| {
        let only = "cli:1000".parse().map_err(|_| Error::Closed)?;
        w.unlink_peer(&only, &by(), at(5))
    });
    assert!(matches!(last.await, Err(Error::Conflict(_))));
    for key in ["Ada", "cli:1000", &id.to_string()] {
        let key = key.to_owned();
        let found = house.store.read(move |r| r.find_user(&key)).await.unwrap();
        assert_eq!(found.id, id);
    }
}

#[tokio::test]
async fn a_peer_with_a_user_brings_all_of_them_and_the_owner_is_merged_into_nobody() {
    let house = House::new();
    let ada = added(&house.store, user("ada", Role::Admin, &["cli:1000"])).await;
    let other = user("phone", Role::User, &["telegram:5", "discord:5"]);
    let other = added(&house.store, other).await;
    let session = session_of(&house.store, other.id).await;
    let (id, theirs) = (ada.id, other.id);
    let wrong = house
        .store
        .write(move |w| w.link_peer(theirs, &peer("cli:1000"), &by(), at(2)));
    assert!(matches!(wrong.await, Err(Error::Conflict(_))));
    house.forget_told();
    let linked = house
        .store
        .write(move |w| w.link_peer(id, &peer("telegram:5"), &by(), at(2)))
        .await
        .unwrap();
    assert_eq!(
        linked.peers,
        [peer("cli:1000"), peer("discord:5"), peer("telegram:5")]
    );
    let told = house.told();
    assert!(told.iter().any(|event| matches!(
        &event.news,
        News::UserRemoved(gone) if gone.id == theirs && gone.into == Some(id)
    )));
    let (users, session) = house
        .store
        .read(move |r| Ok((r.users()?, r.session(session)?)))
        .await
        .unwrap();
    assert_eq!(users, [linked]);
    assert_eq!(session.user_id, Some(id));
    house.sound().await;
}

#[tokio::test]
async fn what_was_there_before_there_were_users_is_adopted_and_what_is_left_is_inherited() {
    let house = House::new();
    let before = house.session().await;
    assert_eq!(before.user_id, None);
    let ada = added(&house.store, user("ada", Role::Admin, &["cli:1000"])).await;
    let bob = added(&house.store, user("bob", Role::User, &["cli:7"])).await;
    let (owner, gone) = (ada.id, bob.id);
    house.store.write(move |w| w.adopt(owner)).await.unwrap();
    let left = session_of(&house.store, gone).await;
    house
        .store
        .write(move |w| w.remove_user(gone, owner, &by(), at(9)))
        .await
        .unwrap();
    let owners = house
        .store
        .read(move |r| Ok([r.session(before.id)?.user_id, r.session(left)?.user_id]))
        .await
        .unwrap();
    assert_eq!(owners, [Some(owner); 2]);
    let stays = house
        .store
        .write(move |w| w.remove_user(owner, gone, &by(), at(9)));
    assert!(stays.await.is_err());
}

#[tokio::test]
async fn pages_of_jobs_are_full_of_what_is_theirs_and_their_ends_join() {
    let house = House::new();
    added(&house.store, user("ada", Role::Admin, &["cli:1000"])).await;
    let ben = added(
        &house.store,
        user("ben", Role::User, &["discord:ben", "api:b"]),
    )
    .await;
    let mut bens = Vec::new();
    for number in 0..12 {
        // Of each four, one is his, by either of his peers.
        let own = number % 4 == 3;
        let mut made = job(&format!("job-{number}"), prompt());
        made.frozen.user = match (own, number % 8) {
            (true, 3) => "discord:ben".into(),
            (true, _) => "api:b".into(),
            _ => "cli:1000".into(),
        };
        job::added(&house.store, &made).await;
        bens.extend(own.then_some(made.id));
    }
    let whose = Whose {
        user: Some(ben.id),
        ..Whose::default()
    };
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let list = List { after, limit: 2 };
        let page = house
            .store
            .read(move |r| r.jobs_of(&list, whose))
            .await
            .unwrap();
        assert!(page.jobs.len() == 2 || !page.more, "a page came back short");
        after = page.jobs.last().map(|job| job.id);
        found.extend(page.jobs.iter().map(|job| job.id));
        if !page.more {
            break;
        }
    }
    assert_eq!(found, bens);
    let next = house
        .store
        .read(move |r| r.next_jobs_of(2, whose))
        .await
        .unwrap();
    assert_eq!(next.len(), 2);
    let all = house.store.read(|r| r.jobs(&List::default())).await;
    assert_eq!(all.unwrap().jobs.len(), 12);
}

#[tokio::test]
async fn a_job_has_its_name_among_those_of_its_user_and_is_found_among_them() {
    let house = House::new();
    let ada = added(&house.store, user("ada", Role::Admin, &["cli:1000"])).await;
    let ben = added(
        &house.store,
        user("ben", Role::User, &["discord:ben", "api:b"]),
    )
    .await;
    let eve = added(&house.store, user("eve", Role::User, &["api:e"])).await;
    let made = |name: &str, peer: &str| {
        let mut made = job(name, prompt());
        made.frozen.user = peer.into();
        made
    };
    let adas = job::added(&house.store, &made("tea", "cli:1000")).await;
    let bens = job::added(&house.store, &made("tea", "discord:ben")).await;
    let eves = job::added(&house.store, &made("tea", "api:e")).await;
    let add = |job: smartopol_protocol::job::Job, chosen: bool| {
        house.store.write(move |w| w.add_job(job, chosen))
    };
    // By another peer of his it is his name too.
    let taken = add(made("tea", "api:b"), true).await;
    assert!(matches!(taken, Err(Error::Conflict(_))), "{taken:?}");
    let numbered = add(made("tea", "api:b"), false).await.unwrap();
    assert!(numbered.name.starts_with("tea-"), "{}", numbered.name);
    let find = |key: &str, user: &User, all: bool, removed: bool| {
        let (key, id) = (key.to_owned(), user.id);
        let whose = match all {
            true => Whose::ALL,
            false => Whose {
                user: Some(id),
                ..Whose::default()
            },
        };
        let read = move |r: &smartopol_store::Reader<'_>| {
            r.find_job(&key, id, whose, removed).map(|job| job.id)
        };
        house.store.read(read)
    };
    assert_eq!(find("tea", &ada, true, false).await.unwrap(), adas.id);
    assert_eq!(find("tea", &ben, false, false).await.unwrap(), bens.id);
    let (whole, begun) = (adas.id.to_string(), adas.id.to_string()[..8].to_owned());
    assert_eq!(find(&whole, &ada, false, false).await.unwrap(), adas.id);
    for key in [&whole, &begun, &begun[4..]] {
        for removed in [false, true] {
            // What is another's is not there, and is not named where more could be meant.
            match find(key, &eve, false, removed).await {
                Ok(id) => assert_eq!(id, eves.id),
                Err(err) => assert!(matches!(err, Error::NotFound { .. }), "{err}"),
            }
        }
    }
    let of = |id| house.store.read(move |r| r.count_jobs_of(id));
    assert_eq!(
        [of(ben.id).await.unwrap(), of(eve.id).await.unwrap()],
        [2, 1]
    );
    // They become one user: the names differ then.
    let into = ben.id;
    let linked = house
        .store
        .write(move |w| w.link_peer(into, &peer("api:e"), &by(), at(9)));
    linked.await.unwrap();
    assert_eq!(find("tea", &ben, false, false).await.unwrap(), bens.id);
    let key = eves.id.to_string();
    assert_eq!(find(&key, &ben, false, false).await.unwrap(), eves.id);
    let id = eves.id;
    let named = house.store.read(move |r| r.job(id)).await.unwrap().name;
    assert!(named.starts_with("tea-"), "{named}");
    assert_eq!(of(ben.id).await.unwrap(), 3);
    // The admin has removed theirs, and others have the name.
    let id = adas.id;
    house
        .store
        .write(move |w| w.remove_job(id, at(10)))
        .await
        .unwrap();
    assert_eq!(find("tea", &ada, true, false).await.unwrap(), bens.id);
    assert_eq!(find(&whole, &ada, true, true).await.unwrap(), adas.id);
    house.sound().await;
}
