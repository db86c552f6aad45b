//! Two peers that turn out to be one person.

use smartopol_ipc::{Client, Events};
use smartopol_protocol::News;
use smartopol_protocol::event::{Subscribe, Subscribed};
use smartopol_protocol::message::{Part, Role};
use smartopol_protocol::session::Show;
use smartopol_protocol::user::{self, Link, Redeem, Why};
use smartopol_testkit::home::LIMIT;
use smartopol_testkit::provider::{Rule, ScriptedProvider};

use super::{BEN, MIA, as_peer, family, json, owner, refused};
use crate::clock::House;
use crate::models::home_as;
use crate::{home, listen, say, until};

#[test]
fn a_code_said_on_another_channel_makes_two_peers_one_person() {
    let home = family("");
    home.ok(as_peer(BEN, &["send", "say: from discord"]))
        .unwrap();
    let code = |peer: Option<&str>| {
        let args = ["users", "link", "--json"];
        let given = match peer {
            None => json(&home, &args),
            Some(peer) => json(&home, &as_peer(peer, &args)),
        };
        given[0]["code"].as_str().unwrap().to_owned()
    };
    // A stranger becomes the owner by the owner's code, once.
    let owners = code(None);
    home.ok(as_peer("telegram:1", &["users", "link", &owners]))
        .unwrap();
    let own = owner(&home);
    assert!(own["peers"].to_string().contains("telegram:1"), "{own}");
    assert_eq!(
        json(&home, &as_peer("telegram:1", &["users", "list", "--json"])).len(),
        3
    );
    let (_, said) = refused(&home, &as_peer(MIA, &["users", "link", &owners]));
    assert!(said.contains("was used before"), "{said}");
    // As a message too, also by one who is a user already: their sessions come with them.
    let bens = code(Some(BEN));
    home.ok(["users", "add", "ben2", "telegram:22"]).unwrap();
    home.ok(as_peer("telegram:22", &["send", "say: from telegram"]))
        .unwrap();
    home.ok(as_peer("telegram:22", &["send", &format!("/link {bens}")]))
        .unwrap();
    let sessions = json(&home, &as_peer(BEN, &["sessions", "list", "--json"]));
    assert_eq!(sessions.len(), 2, "{sessions:?}");
    assert_eq!(json(&home, &["users", "list", "--json"]).len(), 3);
    // Nobody becomes less than they are by saying a code.
    let mias = code(Some(MIA));
    let (code_, said) = refused(&home, &["users", "link", &mias]);
    assert_eq!(code_, Some(4));
    assert!(
        said.contains("nobody is joined to one who may do less"),
        "{said}"
    );
    // Parted again, it is a stranger.
    home.ok(as_peer(BEN, &["users", "unlink", "telegram:22"]))
        .unwrap();
    let (_, said) = refused(&home, &as_peer("telegram:22", &["sessions", "list"]));
    assert!(said.contains("an admin was asked"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_given_and_said_as_a_message_too() {
    let mut home = home();
    home.start().await.unwrap();
    let (client, mut events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    listen(&client, &session).await;
    say(&client, &session, "/link").await;
    let told = until(&mut events, |news| match news {
        News::MessageChanged(message) if message.role == Role::System => {
            match message.parts.first() {
                Some(Part::Notice { text, .. }) => Some(text.clone()),
                _ => None,
            }
        }
        _ => None,
    })
    .await;
    let (_, code) = told.rsplit_once("/link ").unwrap();
    home.ok(as_peer("telegram:1", &["send", &format!("/link {code}")]))
        .unwrap();
    assert!(owner(&home)["peers"].to_string().contains("telegram:1"));
    // What was said to link is said to nobody else.
    let shown = client.call(Show::newest(session.id, 0)).await.unwrap();
    assert!(
        shown
            .messages
            .iter()
            .all(|message| message.role == Role::System)
    );
}

#[test]
fn one_who_guesses_codes_is_not_listened_to() {
    let home = family("");
    for _ in 0..5 {
        let (_, said) = refused(&home, &as_peer(MIA, &["users", "link", "AAAA-AAAA"]));
        assert!(said.contains("wrong"), "{said}");
    }
    let given = json(&home, &["users", "link", "--json"]);
    let code = given[0]["code"].as_str().unwrap();
    let (_, said) = refused(&home, &as_peer(MIA, &["users", "link", code]));
    assert!(said.contains("no more are looked at"), "{said}");
}

/// Returns who said which wrong code why, as the journal has it.
async fn refusals(client: &Client, events: &mut Events) -> Vec<(String, Why)> {
    let since = Some(0);
    let told = client
        .call(Subscribe {
            since,
            ..Subscribe::default()
        })
        .await
        .unwrap();
    let Subscribed::Replay { missed, .. } = told else {
        panic!("{told:?}");
    };
    let mut found = Vec::new();
    for _ in 0..missed {
        let event = tokio::time::timeout(LIMIT, events.recv());
        if let News::LinkRefused(refused) = event.await.unwrap().unwrap().news {
            found.push((refused.by.peer, refused.why));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_are_counted_journaled_and_bounded_and_a_code_that_is_over_says_so() {
    let house = House::with("").await;
    let (client, _) = house.client().await;
    let own = client.call(user::List {}).await.unwrap().users;
    let own = own[0].peers[0].to_string();
    let say = async |code: &str| {
        let code = code.to_owned();
        let refused = client.call(Redeem { code }).await.unwrap_err();
        refused.fault().unwrap().clone()
    };
    let first = client.call(Link {}).await.unwrap();
    let second = client.call(Link {}).await.unwrap();
    assert!(
        say(&first.code)
            .await
            .message
            .contains("another was given after it")
    );
    house.hands.turn_by(9 * 60_000);
    house.hands.turn_by(60_001);
    let over = say(&second.code).await;
    assert!(
        over.message.contains("ten minutes, which are over"),
        "{over:?}"
    );
    for _ in 0..4 {
        assert!(say("AAAA-AAAA").await.message.contains("is wrong"));
    }
    // The first guess is forgotten after ten minutes; of the last ten there are five now.
    for _ in 0..20 {
        let busy = say("AAAA-AAAA").await;
        assert_eq!(busy.code, smartopol_protocol::Code::Busy, "{busy:?}");
    }
    let third = client.call(Link {}).await.unwrap();
    assert_eq!(say(&third.code).await.code, smartopol_protocol::Code::Busy);
    // Those that were not looked at are not kept either: nobody fills the journal by guessing.
    let (again, mut events) = house.client().await;
    let mut wanted = vec![(own.clone(), Why::Used), (own.clone(), Why::Expired)];
    wanted.extend(std::iter::repeat_n((own, Why::Wrong), 4));
    assert_eq!(refusals(&again, &mut events).await, wanted);
    drop(again);
    house.stop(client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_two_peers_had_apart_they_have_together() {
    let provider = ScriptedProvider::start().await;
    provider.rule(Rule::any().text("Yes."));
    let home = home_as(
        &provider,
        "anthropic",
        "[agent]\nmodel = \"anthropic/some-model\"\n[prices.\"anthropic/some-model\"]\n\
         input = \"3.00\"\noutput = \"15.00\"\n",
    )
    .await;
    let (phone, desk) = (BEN, "telegram:22");
    home.ok(["users", "add", "ben", phone]).unwrap();
    home.ok(["users", "add", "ben2", desk]).unwrap();
    for peer in [phone, desk] {
        home.ok(as_peer(peer, &["send", "hello"])).unwrap();
        home.ok(as_peer(peer, &["memory", "add", "likes tea"]))
            .unwrap();
        let own = format!("has the peer {peer}");
        home.ok(as_peer(peer, &["memory", "add", &own])).unwrap();
        home.ok(as_peer(peer, &["knowledge", "add", "Deploy", &own]))
            .unwrap();
        home.ok(as_peer(
            peer,
            &[
                "jobs",
                "add",
                "--when",
                "in 5 hours",
                "--remind",
                "tea",
                "--yes",
            ],
        ))
        .unwrap();
    }
    let used = |user: &str| {
        let shown = json(&home, &["users", "show", user, "--json"]);
        let budgets = shown[0]["budgets"].as_array().unwrap();
        let own = budgets.iter().find(|own| own["of"] == "user").unwrap();
        let of = |what: &str| own["today"][what].as_u64().unwrap();
        (of("calls"), of("tokens"), of("cost_micros"))
    };
    let (one, other) = (used("ben"), used("ben2"));
    assert!(one.1 > 0 && one.2 > 0, "{one:?}");
    let given = json(&home, &as_peer(phone, &["users", "link", "--json"]));
    let code = given[0]["code"].as_str().unwrap();
    home.ok(as_peer(desk, &["users", "link", code])).unwrap();

    // Budget, and what was used by day.
    let both = (one.0 + other.0, one.1 + other.1, one.2 + other.2);
    assert_eq!(used("ben"), both);
    let shown = json(&home, &["users", "show", "ben", "--json"]);
    let days = shown[0]["days"].as_array().unwrap();
    assert_eq!(days.len(), 30);
    assert_eq!(days[29]["tokens"].as_u64(), Some(both.1));
    for peer in [phone, desk] {
        // Sessions, under names that differ.
        let sessions = json(&home, &as_peer(peer, &["sessions", "list", "--json"]));
        let mut names: Vec<&str> = sessions
            .iter()
            .map(|session| session["name"].as_str().unwrap())
            .collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 2, "{sessions:?}");
        // Memories, topics under names that differ, and jobs.
        let memories = home
            .ok(as_peer(peer, &["memory", "list", "--json"]))
            .unwrap();
        for own in [phone, desk] {
            assert!(
                memories.contains(&format!("has the peer {own}")),
                "{memories}"
            );
        }
        let topics = json(&home, &as_peer(peer, &["knowledge", "list", "--json"]));
        assert_eq!(topics.len(), 2, "{topics:?}");
        assert_ne!(topics[0]["name"], topics[1]["name"]);
        let jobs = json(&home, &as_peer(peer, &["jobs", "list", "--json"]));
        assert_eq!(jobs.len(), 2, "{jobs:?}");
    }
}
