//! What the model is told: the same beginning again, who the agent is, and what a person sees of it.

use std::collections::HashSet;
use std::fs;

use serde_json::{Value, json};
use smartopol_protocol::message::{Level, Part};
use smartopol_protocol::session::Show;
use smartopol_protocol::turn::Outcome;
use smartopol_testkit::provider::{Rule, ScriptedProvider};

use super::models::{FORMATS, home_in};
use super::{listen, outcome, say};

/// Takes the marks of the cache out of a request: they move on with the conversation.
fn unmarked(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("cache_control");
            fields.values_mut().for_each(unmarked);
        }
        Value::Array(items) => items.iter_mut().for_each(unmarked),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_request_begins_with_the_one_before_it_word_for_word() {
    for format in FORMATS {
        let provider = ScriptedProvider::start().await;
        let home = home_in(&provider, format, "auto").await;
        let (client, mut events) = home.client().await.unwrap();
        let session = home.session(&client).await.unwrap();
        listen(&client, &session).await;
        for turn in 0..4 {
            let asked = format!("turn {turn}");
            let list = json!({ "path": "." });
            provider.rule(
                Rule::on(&asked)
                    .times(1)
                    .text("Looking.")
                    .call("list_files", list),
            );
            provider.rule(Rule::any().times(1).text(format!("Answer {turn}.")));
            say(&client, &session, &asked).await;
            assert_eq!(outcome(&mut events).await, Outcome::Done, "{format}");
        }
        let requests = provider.requests();
        let bodies: Vec<Value> = requests
            .iter()
            .filter(|request| request.body.get("messages").is_some())
            .map(|request| {
                let mut body = request.body.clone();
                unmarked(&mut body);
                body
            })
            .collect();
        assert_eq!(bodies.len(), 8, "{format}");
        for pair in bodies.windows(2) {
            assert_eq!(pair[0]["system"], pair[1]["system"], "{format}");
            assert_eq!(pair[0]["tools"], pair[1]["tools"], "{format}");
            let (before, after) = (
                pair[0]["messages"].as_array(),
                pair[1]["messages"].as_array(),
            );
            let (before, after) = (before.unwrap(), after.unwrap());
            assert_eq!(before[..], after[..before.len()], "{format}");
        }
    }
}

/// How many tokens of its input the newest of these requests reads from the cache, and has in all,
/// as Anthropic accounts for it: what stands before a mark is kept, and what was kept is found
/// again at a mark or up to 20 blocks before it. A token is four bytes.
fn read_from_cache(kept: &mut HashSet<String>, body: &Value) -> (usize, usize) {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut blocks = list(&body["tools"]);
    blocks.extend(list(&body["system"]));
    for message in list(&body["messages"]) {
        blocks.extend(list(&message["content"]));
    }
    let (mut before, mut places, mut marks) = (String::new(), Vec::new(), Vec::new());
    for mut block in blocks {
        if block.get("cache_control").is_some() {
            marks.push(places.len());
        }
        unmarked(&mut block);
        before.push_str(&block.to_string());
        places.push(before.clone());
    }
    let found = marks.iter().filter_map(|mark| {
        let near = places[mark.saturating_sub(20)..=*mark].iter().rev();
        near.into_iter().find(|place| kept.contains(*place))
    });
    let read = found.map(String::len).max().unwrap_or(0);
    kept.extend(marks.iter().map(|mark| places[*mark].clone()));
    (read / 4, before.len() / 4)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_steady_conversation_reads_nine_tenths_of_its_input_from_the_cache() {
    let provider = ScriptedProvider::start().await;
    let home = home_in(&provider, "anthropic", "auto").await;
    let (client, mut events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    listen(&client, &session).await;
    for turn in 0..30 {
        let count = json!({ "command": format!("seq {} {}", turn * 100, turn * 100 + 120) });
        let asked = format!("turn {turn}: {}", "please look. ".repeat(20));
        provider.rule(
            Rule::on(&asked)
                .times(1)
                .text("Looking.")
                .call("exec", count),
        );
        provider.rule(
            Rule::any()
                .times(1)
                .text("That is what there is. ".repeat(12)),
        );
        say(&client, &session, &asked).await;
        assert_eq!(outcome(&mut events).await, Outcome::Done);
    }
    let mut kept = HashSet::new();
    let (mut read, mut all) = (0, 0);
    for request in provider.requests() {
        let (own, input) = read_from_cache(&mut kept, &request.body);
        read += own;
        all += input;
    }
    let percent = read * 100 / all;
    assert!(percent >= 90, "{percent} %: {read} of {all} tokens");
    println!("{percent} % of {all} input tokens are read from the cache");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_reaches_the_next_turn_the_closest_file_wins_and_a_long_one_is_told_in_part() {
    let provider = ScriptedProvider::start().await;
    provider.rule(Rule::any().text("Well."));
    let home = home_in(&provider, "anthropic", "auto").await;
    let (client, mut events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    listen(&client, &session).await;
    let folder = home.path().join("workspace");
    let told = || {
        let system = provider.requests().last().unwrap().body["system"].clone();
        let blocks = system.as_array().unwrap().iter();
        let texts: Vec<_> = blocks
            .map(|block| block["text"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(texts.len(), 2, "one block for each tier: {texts:?}");
        texts.concat()
    };
    say(&client, &session, "one").await;
    outcome(&mut events).await;
    let first = told();
    assert!(
        first.contains("# Soul") && first.contains("# The first conversation"),
        "{first}"
    );

    // To look is not to end the first conversation, also where all is written down.
    for name in ["IDENTITY.md", "USER.md"] {
        fs::write(folder.join(name), "- Name: somebody").unwrap();
    }
    home.ok(["prompt", "show", "--session", &session.name])
        .unwrap();
    assert!(folder.join("BOOTSTRAP.md").exists());
    fs::write(folder.join("SOUL.md"), "A soul of its own.").unwrap();
    let own = folder.join("sessions").join(session.id.to_string());
    fs::create_dir_all(&own).unwrap();
    fs::write(own.join("TOOLS.md"), "Only here.").unwrap();
    assert!(home.run(["prompt", "skip"]).unwrap().status.success());
    let long = "a line of the rules\n".repeat(2_000);
    fs::write(folder.join("AGENTS.md"), &long).unwrap();
    say(&client, &session, "two").await;
    outcome(&mut events).await;
    let second = told();
    assert!(
        second.contains("A soul of its own.") && second.contains("Only here."),
        "{second}"
    );
    assert!(
        !second.contains("# Soul") && !second.contains("first conversation"),
        "{second}"
    );
    assert!(second.len() < long.len());
    let notices = |level: Level| {
        let client = &client;
        let show = Show::newest(session.id, 0);
        async move {
            let shown = client.call(show).await.unwrap();
            let parts = shown.messages.into_iter().flat_map(|message| message.parts);
            let texts = parts.filter_map(|part| match part {
                Part::Notice { level: own, text } if own == level => Some(text),
                _ => None,
            });
            texts.collect::<Vec<_>>()
        }
    };
    let told = notices(Level::Warning).await;
    assert!(
        told.len() == 1 && told[0].contains("AGENTS.md is too long"),
        "{told:?}"
    );
    say(&client, &session, "three").await;
    outcome(&mut events).await;
    assert_eq!(notices(Level::Warning).await.len(), 1, "it is said once");

    let shown = home
        .run(["prompt", "show", "--session", &session.name, "--json"])
        .unwrap();
    let lines = String::from_utf8(shown.stdout).unwrap();
    let parts: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let part = |name: &str| {
        parts
            .iter()
            .find(|part| part["name"] == name)
            .unwrap()
            .clone()
    };
    assert_eq!(part("SOUL.md")["text"], "A soul of its own.");
    assert_eq!(
        part("TOOLS.md")["source"],
        own.join("TOOLS.md").display().to_string()
    );
    assert!(part("AGENTS.md")["cut"].as_u64().unwrap() > 0);
    assert!(part("tools")["tokens"].as_u64().unwrap() > 500);
    let tiers: Vec<_> = parts
        .iter()
        .map(|part| part["tier"].as_str().unwrap())
        .collect();
    let order = ["fixed", "person", "volatile", "transcript"];
    let places: Vec<_> = tiers
        .iter()
        .map(|tier| order.iter().position(|own| own == tier))
        .collect();
    assert!(places.is_sorted(), "{tiers:?}");

    let turn = client
        .call(Show::newest(session.id, 0))
        .await
        .unwrap()
        .turns
        .pop()
        .unwrap();
    assert!(turn.carried.fixed > 500 && turn.carried.person > 10 && turn.carried.transcript > 0);
}
