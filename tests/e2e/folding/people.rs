//! What people and the agent do about it: fold, take back, pin, read in pieces.

use smartopol_protocol::turn::{self, Turn};

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_person_folds_takes_it_back_pins_and_takes_off() {
    let provider = ScriptedProvider::start().await;
    provider.rule(Rule::on(ASKED).text("SUMMARY: little was said."));
    provider.rule(Rule::any().text("An answer."));
    let mut home = short(&provider, "openai").await;
    let (client, mut events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    listen(&client, &session).await;
    let name = session.name.clone();
    let key = name.as_str();
    let nothing = home.run(["sessions", "compact", key]).unwrap();
    assert!(!nothing.status.success());
    talk(&client, &mut events, &session, 0..2).await;
    assert!(
        home.ok(["sessions", "folded", key])
            .unwrap()
            .contains("nothing was folded")
    );
    let planned = home.ok(["sessions", "compact", key]).unwrap();
    assert!(planned.contains("the next turn folds first"), "{planned}");
    // What was wished for outlives the daemon.
    home.kill().unwrap();
    home.start().await.unwrap();
    let (client, mut events) = home.client().await.unwrap();
    listen(&client, &session).await;
    talk(&client, &mut events, &session, 2..3).await;
    let now = said(provider.requests().last().unwrap());
    assert!(words(&now[0]).contains("SUMMARY"), "{now:?}");
    assert!(!now.iter().any(|own| words(own).starts_with("question 1:")));
    assert!(
        home.ok(["sessions", "folded", key])
            .unwrap()
            .contains("SUMMARY: little")
    );

    // A fork within it has it too.
    home.ok(["sessions", "fork", key, "--name", "other"])
        .unwrap();
    assert!(
        home.ok(["sessions", "folded", "other"])
            .unwrap()
            .contains("SUMMARY: little")
    );

    home.ok(["sessions", "expand", key]).unwrap();
    assert!(
        home.ok(["sessions", "folded", key])
            .unwrap()
            .contains("taken back")
    );
    assert!(
        !home
            .run(["sessions", "expand", key])
            .unwrap()
            .status
            .success()
    );
    home.ok(["sessions", "pin", key, RULE]).unwrap();
    talk(&client, &mut events, &session, 3..4).await;
    let now = said(provider.requests().last().unwrap());
    assert!(
        words(&now[0]).contains("question 0:"),
        "all of it is told again: {now:?}"
    );
    let newest = words(now.last().unwrap());
    assert!(
        newest.contains(RULE),
        "a pin is told with the next message: {newest}"
    );

    let listed = home.ok(["sessions", "pins", key, "--json"]).unwrap();
    let pin: Value = serde_json::from_str(listed.trim()).unwrap();
    assert_eq!(
        (pin["text"].as_str(), pin["kind"].as_str()),
        (Some(RULE), Some("rule"))
    );
    home.ok(["sessions", "unpin", key, pin["id"].as_str().unwrap()])
        .unwrap();
    assert!(
        home.ok(["sessions", "pins", key])
            .unwrap()
            .contains("nothing is pinned")
    );
    let long = "x".repeat(1025);
    let refused = home.run(["sessions", "pin", key, &long]).unwrap();
    let why = String::from_utf8(refused.stderr).unwrap();
    assert!(why.contains("1025 bytes") && why.contains("1024"), "{why}");
    talk(&client, &mut events, &session, 4..5).await;
    let newest = words(said(provider.requests().last().unwrap()).last().unwrap());
    assert!(newest.contains("took this rule off"), "{newest}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_cannot_take_off_what_a_person_pinned() {
    let provider = ScriptedProvider::start().await;
    let home = short(&provider, "ollama").await;
    let (client, mut events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    listen(&client, &session).await;
    home.ok(["sessions", "pin", &session.name, RULE]).unwrap();
    let listed = home
        .ok(["sessions", "pins", &session.name, "--json"])
        .unwrap();
    let pin: Value = serde_json::from_str(listed.trim()).unwrap();
    provider.rule(
        Rule::on("take it off")
            .times(1)
            .call("pin", json!({ "remove": pin["id"] })),
    );
    provider.rule(Rule::any().text("It is still there."));
    say(&client, &session, "take it off").await;
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    let told = provider.requests().last().unwrap().body.to_string();
    assert!(told.contains("only a person takes it off"), "{told}");
    assert!(
        home.ok(["sessions", "pins", &session.name])
            .unwrap()
            .contains("archive")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_output_is_kept_whole_and_the_model_reads_it_in_pieces() {
    for format in FORMATS {
        let provider = ScriptedProvider::start().await;
        let home = with(&provider, format, "ask", "").await;
        let (client, mut events) = home.client().await.unwrap();
        let session = home.session(&client).await.unwrap();
        listen(&client, &session).await;
        let seq = json!({ "command": "seq 1 60000" });
        provider.rule(Rule::on("count").times(1).call("exec", seq));
        provider.rule(
            Rule::on("left out here")
                .times(1)
                .text("Much of it is left out."),
        );
        say(&client, &session, "count").await;
        let approval = asked(&mut events).await;
        decide(&client, &approval, true).await;
        assert_eq!(outcome(&mut events).await, Outcome::Done, "{format}");
        let told = provider.requests().last().unwrap().body.to_string();
        let path = told.split("the whole output is in ").nth(1).unwrap();
        let path = path.split(": use read_file").next().unwrap().to_owned();
        // Its own output is read without asking, in whichever piece it wants.
        let piece = json!({ "path": path, "offset_lines": 39_999, "limit_lines": 2 });
        provider.rule(Rule::on("the middle").times(1).call("read_file", piece));
        let search = json!({ "path": path, "pattern": "^5432[12]$" });
        provider.rule(Rule::on("40001").times(1).call("search_files", search));
        provider.rule(Rule::on("54322").times(1).text("There."));
        say(&client, &session, "the middle").await;
        assert_eq!(outcome(&mut events).await, Outcome::Done, "{format}");
        let last = messages(&client, &session).await.pop().unwrap();
        assert_eq!(last.text(), "There.", "{format}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_each_turn_carried_and_used_is_told_with_the_same_numbers_everywhere() {
    for format in FORMATS {
        let provider = ScriptedProvider::start().await;
        let list = json!({ "path": "." });
        provider.rule(Rule::on("question 2:").times(1).call("list_files", list));
        provider.rule(Rule::any().text("An answer that comes in a few pieces."));
        let home = with(&provider, format, "auto", "").await;
        let (client, mut events) = home.client().await.unwrap();
        let session = home.session(&client).await.unwrap();
        listen(&client, &session).await;
        talk(&client, &mut events, &session, 0..3).await;
        let key = session.name.as_str();
        let told = home.ok(["sessions", "turns", key, "--json"]).unwrap();
        let told: Vec<Turn> = told
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(told.len(), 3, "{format}");
        for turn in &told {
            let shown = client.call(turn::Show { id: turn.id }).await.unwrap();
            assert_eq!(
                &shown.turn, turn,
                "{format}: as the console's overlay has it"
            );
            assert!(turn.carried.fixed > 0, "{format}: {turn:?}");
        }
        assert!(told.is_sorted_by_key(|turn| turn.carried.transcript));
        // Each request is counted once, as its provider counted it.
        let requests = provider.requests();
        let counted = requests
            .iter()
            .map(|own| own.body.to_string().len() as u64 / 4);
        let used = told.iter().map(|turn| turn.usage.input);
        assert_eq!(used.sum::<u64>(), counted.sum::<u64>(), "{format}");

        let lines = home.ok(["sessions", "turns", key, "-n", "2"]).unwrap();
        let mut lines = lines.lines();
        let heads: Vec<&str> = lines.next().unwrap().split_whitespace().collect();
        for head in ["YOURS", "SAID", "CACHED", "NEW", "OUT", "COST"] {
            assert!(heads.contains(&head), "{heads:?}");
        }
        assert_eq!(lines.count(), 2);
    }
}
