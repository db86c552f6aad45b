//! Whose inbox has what: a reminder is its person's alone, whoever runs the house.

use serde_json::Value;
use smartopol_testkit::Home;
use smartopol_testkit::home::LIMIT;

use super::{BEN, MIA, as_peer, ask, family, json, refused};

/// Lets somebody be reminded, and returns the item once it waits for them.
fn reminded(home: &Home, peer: Option<&str>, text: &str) -> Value {
    let add = [
        "jobs",
        "add",
        "--when",
        "in 1 second",
        "--remind",
        text,
        "--yes",
    ];
    let list = ["inbox", "--json"];
    let (add, list) = match peer {
        Some(peer) => (as_peer(peer, &add), as_peer(peer, &list)),
        None => (add.to_vec(), list.to_vec()),
    };
    home.ok(add).unwrap();
    let begun = std::time::Instant::now();
    loop {
        let items = json(home, &list);
        if let Some(item) = items.into_iter().find(|item| item["title"] == text) {
            return item;
        }
        assert!(begun.elapsed() < LIMIT, "{text}: it was never told");
    }
}

fn titles(home: &Home, args: &[&str]) -> Vec<String> {
    let title = |item: &Value| item["title"].as_str().unwrap().to_owned();
    json(home, args).iter().map(title).collect()
}

#[test]
fn a_reminder_waits_for_its_person_and_no_admin_sees_to_it() {
    let home = family("");
    let bens = reminded(&home, Some(BEN), "private: see the doctor");
    let mias = reminded(&home, Some(MIA), "feed the rabbit");
    let own = reminded(&home, None, "pay the rent");
    let ben = json(&home, &as_peer(BEN, &["users", "show", "--json"]));
    assert_eq!(bens["user_id"], ben[0]["user"]["id"]);

    // The owner's own list has neither of them, and says that there is more.
    assert_eq!(titles(&home, &["inbox", "--json"]), ["pay the rent"]);
    let listed = home.ok(["inbox"]).unwrap();
    assert!(!listed.contains("doctor"), "{listed}");
    assert!(
        listed.contains("2 more for others: `smartopol inbox --everyone`"),
        "{listed}"
    );
    let all = home.ok(["inbox", "--everyone"]).unwrap();
    let line = |words: &str| all.lines().find(|line| line.contains(words)).unwrap();
    assert!(line("doctor").contains(" ben "), "{all}");
    assert!(line("rabbit").contains(" mia "), "{all}");
    assert!(line("rent").contains(" you "), "{all}");
    let (code, said) = refused(&home, &as_peer(BEN, &["inbox", "--everyone"]));
    assert_eq!(code, Some(4), "{said}");

    // Nobody sees to it for them, by whatever name.
    let (whole, end) = (
        bens["id"].as_str().unwrap(),
        &bens["id"].as_str().unwrap()[26..],
    );
    for how in [
        vec!["inbox", "ack", whole],
        vec!["inbox", "ack", end],
        vec!["inbox", "snooze", end, "1h"],
        vec!["inbox", "dismiss", end, "--everyone"],
        vec![
            "inbox",
            "ack",
            "--all-of",
            "reminder",
            "--everyone",
            "--yes",
        ],
    ] {
        let (code, said) = refused(&home, &how);
        assert_eq!(code, Some(4), "{how:?}: {said}");
        assert!(
            said.contains("it is for ben") || said.contains("it is for mia"),
            "{said}"
        );
    }
    // Of a child's neither another user nor the child's admin.
    refused(
        &home,
        &as_peer(BEN, &["inbox", "ack", mias["id"].as_str().unwrap()]),
    );
    assert_eq!(
        titles(&home, &as_peer(MIA, &["inbox", "--json"])),
        ["feed the rabbit"]
    );
    home.ok(as_peer(
        MIA,
        &["inbox", "ack", mias["id"].as_str().unwrap()],
    ))
    .unwrap();
    assert!(json(&home, &as_peer(MIA, &["inbox", "--json"])).is_empty());

    assert_eq!(
        titles(&home, &as_peer(BEN, &["inbox", "--json"])),
        ["private: see the doctor"]
    );
    home.ok(as_peer(BEN, &["inbox", "ack", end])).unwrap();
    assert!(json(&home, &as_peer(BEN, &["inbox", "--json"])).is_empty());
    // All of a sort is asked about, where somebody can be asked.
    let again = reminded(&home, None, "and the power");
    let (_, said) = refused(&home, &["inbox", "ack", "--all-of", "reminder"]);
    assert!(said.contains("--yes"), "{said}");
    let ids = [own["id"].as_str().unwrap(), again["id"].as_str().unwrap()];
    // One name that is none, and nothing is done.
    refused(&home, &["inbox", "ack", ids[0], "ffffffffff"]);
    assert_eq!(json(&home, &["inbox", "--json"]).len(), 2);
    home.ok(["inbox", "ack", ids[0], ids[1]]).unwrap();
    assert!(json(&home, &["inbox", "--json"]).is_empty());
    for text in ["one", "two"] {
        reminded(&home, None, text);
    }
    let said = home
        .ok(["inbox", "ack", "--all-of", "reminder", "--yes"])
        .unwrap();
    assert_eq!(said, "seen to: one\nseen to: two\n");
}

#[test]
fn an_approval_of_a_child_waits_for_an_admin_who_is_told_how_to_answer_it() {
    let home = family("");
    let (child, approval) = ask(&home, MIA, "run: touch mias");
    let id = approval["id"].as_str().unwrap();
    let listed = home.ok(["inbox"]).unwrap();
    let whole = format!("smartopol approvals allow|deny {id}");
    assert!(listed.contains(&whole), "{listed}");
    assert!(listed.contains(" mia "), "{listed}");
    let item = json(&home, &["inbox", "--json"]).pop().unwrap();
    let end = &item["id"].as_str().unwrap()[26..];
    let shown = home.ok(["inbox", "show", end]).unwrap();
    for how in ["allow", "deny"] {
        assert!(
            shown.contains(&format!("smartopol approvals {how} {id}")),
            "{shown}"
        );
    }
    let (_, said) = refused(&home, &["inbox", "ack", end]);
    assert!(said.contains(&whole), "{said}");
    home.ok(["approvals", "allow", id]).unwrap();
    assert_eq!(super::end(child).0, Some(0));
}
