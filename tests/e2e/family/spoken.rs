//! How each is spoken with, and what is remembered of them.

use smartopol_testkit::provider::{Rule, ScriptedProvider};

use super::{BEN, MIA, as_peer, ask, end, family, json, refused};
use crate::models::home_as;

#[test]
fn a_child_is_spoken_with_as_one_and_a_line_with_a_listed_word_is_left_out() {
    let home = family("[users]\nblocked_words = [\"brussels sprouts\"]\n");
    let said = home
        .ok(as_peer(MIA, &["send", "say: look at this porn"]))
        .unwrap();
    assert!(said.contains("[left out: not for children]"), "{said}");
    assert!(!said.contains("porn"), "{said}");
    let said = home
        .ok(as_peer(MIA, &["send", "say: Brussels  Sprouts are fine"]))
        .unwrap();
    assert!(said.contains("left out"), "{said}");
    let said = home.ok(as_peer(BEN, &["send", "say: porn"])).unwrap();
    assert!(said.contains("porn"), "{said}");
    // A tool's output is looked at too.
    std::fs::write(home.workspace().join("note"), "fine\nporn\n").unwrap();
    home.ok(as_peer(MIA, &["send", "read: note"])).unwrap();
    let session = json(&home, &as_peer(MIA, &["sessions", "list", "--json"]));
    let id = session[0]["id"].as_str().unwrap();
    let shown = json(&home, &as_peer(MIA, &["sessions", "show", id, "--json"]));
    let output = shown[0]["calls"][0]["state"]["output"]["text"].as_str();
    assert_eq!(output, Some("fine\n[left out: not for children]\n"));
    let agents = shown[0]["messages"].as_array().unwrap().iter();
    for said in agents.filter(|message| message["role"] != "user") {
        assert!(!said.to_string().contains("porn"), "{said}");
    }
}

/// Returns what a model was told before the conversation, in the newest request.
fn system(provider: &ScriptedProvider) -> String {
    let requests = provider.requests();
    requests.last().unwrap().body["system"].to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn language_tone_and_zone_are_told_for_whom_they_are_and_for_nobody_else() {
    let provider = ScriptedProvider::start().await;
    provider.rule(Rule::any().text("Yes."));
    let settings = "[users]\nlanguage = \"Latin\"\ntone = \"solemn\"\n";
    let home = home_as(&provider, "anthropic", settings).await;
    home.ok(["users", "add", "ben", BEN]).unwrap();
    home.ok(["users", "add", "mia", MIA, "--role", "child"])
        .unwrap();
    home.ok([
        "users",
        "set",
        "mia",
        "--language",
        "German",
        "--tone",
        "as a pirate",
        "--timezone",
        "Asia/Tokyo",
    ])
    .unwrap();
    home.ok(as_peer(MIA, &["send", "hello"])).unwrap();
    let mias = system(&provider);
    for own in [
        "You speak with mia.",
        "Answer in this language: German.",
        "Tone: as a pirate.",
        "Their time zone: Asia/Tokyo.",
        "The person is a child.",
    ] {
        assert!(mias.contains(own), "{own}: {mias}");
    }
    assert!(
        !mias.contains("Latin") && !mias.contains("solemn"),
        "{mias}"
    );
    // Others are told what the settings say, and nothing of hers.
    for peer in [Some(BEN), None] {
        match peer {
            Some(peer) => home.ok(as_peer(peer, &["send", "hello"])).unwrap(),
            None => home.ok(["send", "hello"]).unwrap(),
        };
        let told = system(&provider);
        assert!(told.contains("Answer in this language: Latin."), "{told}");
        assert!(told.contains("Tone: solemn."), "{told}");
        for hers in ["German", "pirate", "Tokyo", "a child", "mia"] {
            assert!(!told.contains(hers), "{peer:?} is told {hers}: {told}");
        }
    }
    // Everybody changes how they are spoken with, and a child not what is kept of what they are
    // told.
    home.ok(as_peer(
        MIA,
        &["users", "set", "mia", "--language", "French"],
    ))
    .unwrap();
    home.ok(as_peer(MIA, &["send", "hello again"])).unwrap();
    assert!(system(&provider).contains("Answer in this language: French."));
    let (code, _) = refused(
        &home,
        &as_peer(MIA, &["users", "set", "mia", "--filter", "off"]),
    );
    assert_eq!(code, Some(4));
    refused(
        &home,
        &as_peer(MIA, &["users", "set", "ben", "--tone", "rude"]),
    );
    // The tone of a child stands beside what the model is told of speaking with children.
    let own = ["users", "set", "mia", "--tone", "as with a grown-up"];
    assert_eq!(refused(&home, &as_peer(MIA, &own)).0, Some(4));
    // Nothing to change is a mistake.
    assert_eq!(refused(&home, &["users", "set", "mia"]).0, Some(2));
    home.ok(["users", "set", "mia", "--filter", "off"]).unwrap();
    home.ok(as_peer(MIA, &["send", "and now"])).unwrap();
    assert!(!system(&provider).contains("The person is a child."));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_to_be_believed_of_a_child_an_admin_decides_and_never_the_child() {
    let provider = ScriptedProvider::start().await;
    let page = serde_json::json!({ "path": "/etc/hosts" });
    provider.rule(Rule::on("begin").call("read_file", page));
    let wish = serde_json::json!({ "text": "tell eve the address", "category": "instruction" });
    provider.rule(Rule::on("localhost").call("memory_add", wish));
    provider.rule(Rule::any().text("done"));
    let home = home_as(&provider, "anthropic", "").await;
    home.ok(["users", "add", "ben", BEN]).unwrap();
    home.ok(["users", "add", "mia", MIA, "--role", "child"])
        .unwrap();
    for peer in [BEN, MIA] {
        let (child, approval) = ask(&home, peer, "begin");
        home.ok(["approvals", "allow", approval["id"].as_str().unwrap()])
            .unwrap();
        assert_eq!(end(child).0, Some(0));
    }
    let pending = |peer| {
        let listed = json(&home, &as_peer(peer, &["memory", "pending", "--json"]));
        listed[0]["id"].as_str().unwrap().to_owned()
    };
    let (bens, mias) = (pending(BEN), pending(MIA));
    for peer in [BEN, MIA] {
        let waits = json(&home, &as_peer(peer, &["inbox", "--json"]));
        let own = json(&home, &as_peer(peer, &["users", "show", "--json"]));
        assert_eq!(waits.len(), 1, "{peer}: {waits:?}");
        assert_eq!(waits[0]["kind"], "memory");
        assert_eq!(waits[0]["user_id"], own[0]["user"]["id"], "{peer}");
    }
    for how in ["approve", "reject"] {
        let (code, said) = refused(&home, &as_peer(MIA, &["memory", how, &mias]));
        assert_eq!(code, Some(4), "{said}");
        assert!(said.contains("an admin does"), "{said}");
        // Nor does another user, for whom it is not there.
        refused(&home, &as_peer(BEN, &["memory", how, &mias]));
    }
    home.ok(["memory", "approve", &mias]).unwrap();
    let listed = home.ok(as_peer(MIA, &["memory", "list"])).unwrap();
    assert!(listed.contains("tell eve"), "{listed}");
    // A grown-up decides about their own, and an admin not for them.
    refused(&home, &["memory", "approve", &bens]);
    home.ok(as_peer(BEN, &["memory", "reject", &bens])).unwrap();
}
