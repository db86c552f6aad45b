//! Names, keys and the end of sessions.

use smartopol_protocol::approval::{Mode, Pattern, Rule, Verdict};
use smartopol_protocol::session::{Create, Session};
use smartopol_protocol::turn::Outcome;
use smartopol_protocol::{News, RuleId, SessionId, UserId, trace};
use smartopol_store::Error;

use crate::house::{House, answered, answers, at, complete, finished, trace, user};

/// Whose the sessions are that are somebody's.
const ANA: UserId = UserId::from_bytes([0xa0; 16]);

async fn named(house: &House, name: Option<&'static str>, workspace: &'static str) -> Session {
    let create = Create {
        name: name.map(Into::into),
        ..Create::in_folder(workspace)
    };
    house
        .store
        .write(move |w| w.create_session(SessionId::new(), None, &create, at(1)))
        .await
        .unwrap()
}

#[tokio::test]
async fn a_session_is_named_after_its_folder_with_a_number_where_that_is_taken() {
    let house = House::new();
    let mut names = Vec::new();
    for workspace in [
        "/a/web", "/b/web", "/c/web", "/d/web-9", "/e/web", "/", "/f/ses_x",
    ] {
        names.push(named(&house, None, workspace).await.name);
    }
    assert_eq!(
        names,
        [
            "web",
            "web-2",
            "web-3",
            "web-9",
            "web-4",
            "session",
            "session-2"
        ]
    );
}

#[tokio::test]
async fn a_chosen_name_is_refused_where_it_is_taken_or_no_name() {
    let house = House::new();
    named(&house, Some("  garden "), "/a").await;
    let create = |name: &'static str| {
        let store = house.store.clone();
        async move {
            store
                .write(move |w| {
                    let create = Create::in_folder("/a").named(name);
                    w.create_session(SessionId::new(), None, &create, at(1))
                })
                .await
        }
    };
    let taken = create("garden").await;
    assert!(matches!(taken, Err(Error::NameTaken { .. })), "{taken:?}");
    let long = "x".repeat(65).leak();
    for bad in ["", "  ", "a\nb", "ses_garden", long] {
        let refused = create(bad).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    }
}

#[tokio::test]
async fn configuring_changes_what_is_given_and_is_told_once() {
    let house = House::new();
    let session = house.session().await;
    house.forget_told();
    let changed = house
        .store
        .write(move |w| {
            w.configure_session(session.id, Some("garden"), None, None, at(2))?;
            w.configure_session(
                session.id,
                Some("garden"),
                Some(Mode::Auto),
                Some(Some("m")),
                at(3),
            )
        })
        .await
        .unwrap();
    assert_eq!(
        (
            changed.name.as_str(),
            changed.mode,
            changed.model.as_deref()
        ),
        ("garden", Some(Mode::Auto), Some("m"))
    );
    let told: Vec<News> = house.told().into_iter().map(|event| event.news).collect();
    assert_eq!(told, [News::SessionChanged(Box::new(changed.clone()))]);

    let id = changed.id;
    let back = house
        .store
        .write(move |w| w.configure_session(id, None, None, Some(None), at(4)))
        .await
        .unwrap();
    assert_eq!((back.model, back.mode), (None, Some(Mode::Auto)));

    house.forget_told();
    house
        .store
        .write(move |w| w.configure_session(id, Some("garden"), None, None, at(5)))
        .await
        .unwrap();
    assert_eq!(house.told(), [], "nothing changed, nothing is told");
}

#[tokio::test]
async fn a_person_finds_a_session_by_name_id_beginning_or_folder() {
    let house = House::new();
    let bytes = |first: u8, second: u8| {
        let mut bytes = [0xab; 16];
        (bytes[0], bytes[1]) = (first, second);
        SessionId::from_bytes(bytes)
    };
    let ids = [bytes(1, 1), bytes(1, 2), bytes(2, 1)];
    house
        .store
        .write(move |w| {
            let made = [("one", "/a"), ("two", "/a"), ("three", "/b")];
            for (number, (name, folder)) in made.into_iter().enumerate() {
                let create = Create::in_folder(folder).named(name);
                w.create_session(ids[number], Some(ANA), &create, at(1 + number as i64))?;
            }
            Ok(())
        })
        .await
        .unwrap();
    let find = |key: Option<&'static str>, workspace: Option<&'static str>| {
        let store = house.store.clone();
        async move {
            store
                .read(move |r| match key {
                    Some(key) => r.find_session(key, ANA),
                    None => r.newest_session(workspace, ANA),
                })
                .await
                .map(|session| session.name)
        }
    };
    assert_eq!(find(Some("two"), Some("/b")).await.unwrap(), "two");
    assert_eq!(find(Some("ses_02"), None).await.unwrap(), "three");
    assert_eq!(find(Some("0101"), None).await.unwrap(), "one");
    assert_eq!(find(None, Some("/a")).await.unwrap(), "two");
    assert_eq!(find(None, None).await.unwrap(), "three");
    let full = ids[1].to_string().leak();
    assert_eq!(find(Some(full), None).await.unwrap(), "two");
    match find(Some("ses_01"), None).await {
        Err(Error::Ambiguous { candidates, .. }) => {
            assert_eq!(candidates.len(), 2);
            assert!(candidates[0].starts_with("one (ses_0101"), "{candidates:?}");
        }
        other => panic!("{other:?}"),
    }
    for (key, workspace) in [
        (Some("ses_"), None),
        (Some(""), None),
        (Some("nobody"), None),
        (None, Some("/c")),
    ] {
        let lost = find(key, workspace).await;
        assert!(
            matches!(
                lost,
                Err(Error::NotFound {
                    what: "session",
                    ..
                })
            ),
            "{lost:?}"
        );
    }
}

#[tokio::test]
async fn a_deleted_session_leaves_its_traces_and_nothing_else() {
    let house = House::new();
    let session = house.session().await;
    let other = named(&house, Some("other"), "/b").await;
    let running = house.turn(session.id).await;
    let asked = house.call(&running).await;
    let begun = trace(&asked, &house.store);
    let (id, kept) = (session.id, begun.id);
    let rule = Rule {
        id: Some(RuleId::new()),
        session_id: Some(id),
        created_at: Some(at(5)),
        ..Rule::new(Verdict::Allow, Pattern::default())
    };
    let learned = rule.id.unwrap();
    let r = running.clone();
    house
        .store
        .write(move |w| {
            w.begin_trace(&begun)?;
            w.complete_trace(&complete(&begun, 1))?;
            w.put_call(&answered(&asked, &begun))?;
            w.add_rule(&rule)?;
            w.queue_message(user(other.id, "stays"))?;
            w.add_message(answers(&r, &[asked.id])).map(drop)
        })
        .await
        .unwrap();
    let early = house
        .store
        .write(move |w| w.delete_session(id, at(6)))
        .await;
    assert!(matches!(early, Err(Error::Conflict(_))), "{early:?}");

    let over = finished(&running, Outcome::Interrupted);
    house.store.write(move |w| w.put_turn(&over)).await.unwrap();
    house.forget_told();
    house
        .store
        .write(move |w| w.delete_session(id, at(7)))
        .await
        .unwrap();
    let told: Vec<News> = house.told().into_iter().map(|event| event.news).collect();
    assert_eq!(told, [News::RuleRevoked(learned), News::SessionDeleted(id)]);

    let (gone, sessions, rules, traces, events) = house
        .store
        .read(move |r| {
            let gone = r.session(id).is_err() && r.turn(running.id).is_err();
            let traces = r.traces(&trace::List::default())?.traces;
            Ok((
                gone,
                r.sessions()?,
                r.rules(at(8))?,
                traces,
                r.events_since(0, 1_000)?,
            ))
        })
        .await
        .unwrap();
    assert!(gone);
    assert_eq!(sessions.len(), 1);
    assert_eq!(rules, []);
    assert_eq!(
        traces.iter().map(|trace| trace.id).collect::<Vec<_>>(),
        [kept]
    );
    let said = serde_json::to_string(&events).unwrap();
    assert!(
        !said.contains("clean up the build directory"),
        "the journal forgets too"
    );
    assert!(said.contains("stays"));
    let seqs = events.iter().filter_map(|event| event.seq);
    assert!(seqs.eq(1..=events.len() as u64), "no number is lost");
    house.sound().await;
}

#[tokio::test]
async fn rules_are_learned_and_revoked_once() {
    let house = House::new();
    let about = Pattern {
        tool: Some("exec".into()),
        ..Pattern::default()
    };
    let rule = Rule {
        id: Some(RuleId::new()),
        workspace: Some("/home/ada/project".into()),
        expires_at: Some(at(3_600)),
        match_: vec!["rm -r build".into()],
        not_match: vec!["ls".into()],
        actor: Some(crate::house::decision("smartopol-tui").actor),
        created_at: Some(at(1)),
        ..Rule::new(Verdict::Deny, about)
    };
    let stored = rule.clone();
    house
        .store
        .write(move |w| w.add_rule(&stored))
        .await
        .unwrap();
    assert_eq!(
        house.store.read(|r| r.rules(at(2))).await.unwrap(),
        vec![rule.clone()]
    );
    let expired = house.store.read(|r| r.rules(at(3_600))).await.unwrap();
    assert_eq!(expired, [], "a rule ends by itself");
    let id = rule.id.unwrap();
    house
        .store
        .write(move |w| w.revoke_rule(id, at(2)))
        .await
        .unwrap();
    assert_eq!(house.store.read(|r| r.rules(at(2))).await.unwrap(), []);
    let again = house.store.write(move |w| w.revoke_rule(id, at(3))).await;
    assert!(
        matches!(again, Err(Error::NotFound { what: "rule", .. })),
        "{again:?}"
    );
}

#[tokio::test]
async fn sessions_stand_in_the_order_of_their_last_use() {
    let house = House::new();
    let first = named(&house, Some("first"), "/a").await;
    named(&house, Some("second"), "/a").await;
    let names = || async {
        let sessions = house.store.read(|r| r.sessions()).await.unwrap();
        sessions
            .into_iter()
            .map(|session| session.name)
            .collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["second", "first"]);
    let message = user(first.id, "hello");
    house
        .store
        .write(|w| w.queue_message(message))
        .await
        .unwrap();
    assert_eq!(names().await, ["first", "second"]);
}
