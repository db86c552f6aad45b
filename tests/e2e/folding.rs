//! Long conversations: what is folded, what stays word for word, and what happens when it fails.

mod people;
mod stopping;
mod windows;

use serde_json::{Value, json};
use smartopol_ipc::{Client, Events};
use smartopol_protocol::compaction::{Compaction, List, MadeBy, PinKind};
use smartopol_protocol::message::{Level, Message, Part};
use smartopol_protocol::session::{Continue, Interrupt, Session, Show};
use smartopol_protocol::turn::Outcome;
use smartopol_protocol::{News, daemon};
use smartopol_testkit::Home;
use smartopol_testkit::provider::{Gate, Received, Rule, ScriptedProvider};

use super::models::{FORMATS, home_as};
use super::{asked, decide, listen, outcome, say, until};

/// What only the question for a summary says.
const ASKED: &str = "takes the place of its older messages";

/// What only the block of a compaction says.
const BLOCK: &str = "oldest messages of this conversation are folded";

/// A rule that no summary may change.
const RULE: &str = "never  touch the archive;\n\tnot even \"empty\" folders";

/// A daemon that gives its model about eight of the questions below.
async fn short(provider: &ScriptedProvider, format: &str) -> Home {
    with(provider, format, "auto", "context_tokens = 4000").await
}

/// A daemon with a setting of the agent. A model of Ollama is named, because one that is busy is
/// not found in time by itself.
async fn with(provider: &ScriptedProvider, format: &str, mode: &str, agent: &str) -> Home {
    let model = match format {
        "ollama" => "model = \"ollama/qwen3:4b\"",
        _ => "",
    };
    let settings = format!("[approvals]\nmode = \"{mode}\"\n[agent]\n{agent}\n{model}\n");
    home_as(provider, format, &settings).await
}

/// A question of about 500 tokens.
fn question(number: usize) -> String {
    format!("question {number}: {}", "some words ".repeat(180))
}

async fn talk(
    client: &Client,
    events: &mut Events,
    session: &Session,
    numbers: std::ops::Range<usize>,
) {
    for number in numbers {
        say(client, session, &question(number)).await;
        assert_eq!(outcome(events).await, Outcome::Done);
    }
}

async fn folded(client: &Client, session: &Session) -> Vec<Compaction> {
    client
        .call(List { id: session.id })
        .await
        .unwrap()
        .compactions
}

async fn messages(client: &Client, session: &Session) -> Vec<Message> {
    client
        .call(Show::newest(session.id, 1000))
        .await
        .unwrap()
        .messages
}

/// Returns the notices of a session, with how much they matter.
async fn notices(client: &Client, session: &Session) -> Vec<(Level, String)> {
    let parts = messages(client, session)
        .await
        .into_iter()
        .flat_map(|own| own.parts);
    parts
        .filter_map(|part| match part {
            Part::Notice { level, text } => Some((level, text)),
            _ => None,
        })
        .collect()
}

/// Returns the messages of a request, without the marks of the cache.
fn said(request: &Received) -> Vec<Value> {
    let mut messages = request.body["messages"].as_array().unwrap().clone();
    messages.retain(|message| message["role"] != "system");
    for message in &mut messages {
        if let Some(blocks) = message["content"].as_array_mut() {
            for block in blocks {
                block.as_object_mut().unwrap().remove("cache_control");
            }
        }
    }
    messages
}

/// Returns the texts of a message of a request.
fn words(message: &Value) -> String {
    match &message["content"] {
        Value::String(text) => text.clone(),
        blocks => {
            let blocks = blocks.as_array().into_iter().flatten();
            let texts = blocks.filter_map(|block| block["text"].as_str());
            texts.collect::<Vec<_>>().join("\n")
        }
    }
}

fn asks_for_summary(request: &Received) -> bool {
    request.body.to_string().contains(ASKED)
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_limit_older_messages_become_a_summary_and_what_is_pinned_stays_word_for_word() {
    for format in FORMATS {
        let provider = ScriptedProvider::start().await;
        provider.rule(Rule::on(ASKED).times(1).text("SUMMARY-ONE: all went well."));
        provider.rule(Rule::on(ASKED).text("SUMMARY-TWO: it still goes well."));
        let todo = json!({ "kind": "todo", "text": "water the garden" });
        provider.rule(Rule::on("question 1:").times(1).call("pin", todo));
        provider.rule(Rule::any().text("An answer."));
        let mut home = short(&provider, format).await;
        let (client, mut events) = home.client().await.unwrap();
        let session = home.session(&client).await.unwrap();
        listen(&client, &session).await;
        home.ok(["sessions", "pin", &session.name, "--kind", "rule", RULE])
            .unwrap();
        talk(&client, &mut events, &session, 0..22).await;

        let whole = messages(&client, &session).await;
        let made = folded(&client, &session).await;
        assert!(made.len() >= 2, "{format}: {made:?}");
        for own in &made {
            let pinned = |kind| {
                let pin = own.pinned.iter().find(|pin| pin.kind == kind);
                pin.unwrap_or_else(|| panic!("{format}: no {kind:?} in {own:?}; {whole:#?}"))
            };
            assert_eq!(pinned(PinKind::Rule).text, RULE, "{format}");
            assert_eq!(pinned(PinKind::Todo).text, "water the garden", "{format}");
            assert!(
                pinned(PinKind::Goal).text.starts_with("question 0:"),
                "{format}"
            );
            assert!(own.tokens_after < own.tokens_before, "{format}: {own:?}");
            assert!(matches!(&own.made_by, MadeBy::Model { usage, .. } if usage.input > 0));
        }
        assert!(made[1].messages > made[0].messages, "{format}");

        let requests = provider.requests();
        let mut before: Vec<Value> = Vec::new();
        let mut blocks = 0;
        for request in &requests {
            assert_eq!(request.refused, None, "{format}");
            let now = said(request);
            assert!(
                request.body.to_string().len() < 80_000,
                "{format}: it stays short"
            );
            if asks_for_summary(request) {
                // All but the newest user's messages are those of the request before.
                let shared = before.len().saturating_sub(1);
                assert_eq!(before[..shared], now[..shared], "{format}");
                continue;
            }
            let first = words(&now[0]);
            if before.is_empty() || now.len() >= before.len() {
                let shared = before.len();
                assert_eq!(
                    before[..],
                    now[..shared],
                    "{format}: it begins as the one before"
                );
            } else {
                blocks += 1;
                assert!(first.contains(BLOCK), "{format}: {first}");
                let summary = if blocks == 1 {
                    "SUMMARY-ONE"
                } else {
                    "SUMMARY-TWO"
                };
                assert!(
                    first.contains(summary) && first.contains(RULE),
                    "{format}: {first}"
                );
            }
            before = now;
        }
        assert_eq!(blocks, made.len(), "{format}");
        let again: Vec<&Received> = requests
            .iter()
            .filter(|own| asks_for_summary(own))
            .collect();
        assert!(
            words(&said(again[1])[0]).contains("SUMMARY-ONE"),
            "a summary of the summary"
        );

        let asked = whole
            .iter()
            .filter(|own| own.text().starts_with("question "));
        assert_eq!(asked.count(), 22, "{format}: the transcript stays whole");
        let told = notices(&client, &session).await;
        assert!(
            told.len() == made.len()
                && told[0].1.contains("folded")
                && told[0].1.contains("/expand"),
            "{format}: {told:?}"
        );
        let shown = home
            .ok(["prompt", "show", "--session", &session.name, "--json"])
            .unwrap();
        let part = shown
            .lines()
            .find(|line| line.contains("\"name\":\"folded\""))
            .unwrap();
        assert!(
            part.contains("transcript") && part.contains("SUMMARY-"),
            "{part}"
        );

        // It outlives the daemon.
        home.stop().unwrap();
        home.start().await.unwrap();
        let (client, mut events) = home.client().await.unwrap();
        listen(&client, &session).await;
        say(&client, &session, "and now").await;
        assert_eq!(outcome(&mut events).await, Outcome::Done, "{format}");
        let now = said(provider.requests().last().unwrap());
        assert_eq!(before[..], now[..before.len()], "{format}: the same bytes");
        let problems = client.call(daemon::Check {}).await.unwrap().problems;
        assert!(problems.is_empty(), "{problems:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_long_turn_folds_its_steps_and_keeps_its_question() {
    for format in FORMATS {
        let provider = ScriptedProvider::start().await;
        provider.rule(Rule::on(ASKED).text("SUMMARY: numbers were counted."));
        for step in 0..12 {
            let command = format!("seq {} {}", step * 1000, step * 1000 + 400);
            provider.rule(
                Rule::any()
                    .times(1)
                    .call("exec", json!({ "command": command })),
            );
        }
        provider.rule(Rule::any().text("Counted."));
        let home = short(&provider, format).await;
        let (client, mut events) = home.client().await.unwrap();
        let session = home.session(&client).await.unwrap();
        listen(&client, &session).await;
        say(&client, &session, "COUNT ALL OF IT").await;
        // The same rule answers each step, so a summary may stand where a count would.
        assert_eq!(outcome(&mut events).await, Outcome::Done, "{format}");
        assert!(!folded(&client, &session).await.is_empty(), "{format}");
        let last = said(provider.requests().last().unwrap());
        assert!(words(&last[0]).contains("SUMMARY"), "{format}");
        let all: String = last.iter().map(words).collect();
        assert!(
            all.matches("COUNT ALL OF IT").count() >= 2,
            "as the goal and as the question"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_provider_fails_the_middle_is_cut_with_a_notice_and_the_turn_goes_on() {
    for format in FORMATS {
        let fails = [
            Rule::on(ASKED).status(400, json!({ "error": { "message": "no such luck" } })),
            Rule::on(ASKED).call("list_files", json!({ "path": "." })),
            Rule::on(ASKED).text(" "),
        ];
        for (number, fail) in fails.into_iter().enumerate() {
            let provider = ScriptedProvider::start().await;
            provider.rule(fail);
            provider.rule(Rule::any().text("An answer."));
            let home = short(&provider, format).await;
            let (client, mut events) = home.client().await.unwrap();
            let session = home.session(&client).await.unwrap();
            listen(&client, &session).await;
            home.ok(["sessions", "pin", &session.name, RULE]).unwrap();
            talk(&client, &mut events, &session, 0..10).await;
            let made = folded(&client, &session).await;
            let MadeBy::Cut { reason } = &made[0].made_by else {
                panic!("{format} {number}: {made:?}")
            };
            assert!(
                number > 0 || reason.contains("no such luck"),
                "{format}: {reason}"
            );
            let told = notices(&client, &session).await;
            assert!(
                told[0].0 == Level::Warning && told[0].1.contains(reason.as_str()),
                "{format}: {told:?}"
            );
            let first = words(&said(provider.requests().last().unwrap())[0]);
            assert!(
                first.contains("No summary") && first.contains(RULE),
                "{format}: {first}"
            );
            assert!(first.contains("question 0:"), "{format}: the goal stays");
        }
    }
}
