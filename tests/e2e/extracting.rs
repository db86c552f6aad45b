//! What is worth remembering of messages that are folded: asked for with the summary, and kept as
//! the settings say.

use serde_json::{Value, json};
use smartopol_ipc::{Client, Events};
use smartopol_protocol::memory::{By, List, Memory, State, Untrusted, Which};
use smartopol_protocol::message::Part;
use smartopol_protocol::session::{Session, Show};
use smartopol_protocol::turn::Outcome;
use smartopol_protocol::{compaction, daemon};
use smartopol_testkit::Home;
use smartopol_testkit::provider::{Rule, ScriptedProvider};

use super::models::{FORMATS, home_as};
use super::{asked, decide, listen, outcome, say};

/// What only the question for a summary says.
const ASKED: &str = "takes the place of its older messages";

/// What only the question for what is worth remembering says.
const WANTED: &str = "worth remembering of the person";

/// An answer as it was asked for.
const ANSWER: &str = "SUMMARY: tea was talked about.\n\nMEMORIES:\n\
    {\"text\": \"Likes green tea.\", \"category\": \"preference\", \"confidence\": 90}\n\
    {\"text\": \"Is on holiday.\", \"category\": \"context\", \"until\": \"in 14 days\"}\n";

async fn begun(
    provider: &ScriptedProvider,
    format: &str,
    extract: &str,
) -> (Home, Client, Events, Session) {
    let model = match format {
        "ollama" => "model = \"ollama/qwen3:4b\"",
        _ => "",
    };
    let settings = format!("[memory]\n{extract}\n[agent]\ncontext_tokens = 4000\n{model}\n");
    let home = home_as(provider, format, &settings).await;
    let (client, events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    listen(&client, &session).await;
    (home, client, events, session)
}

/// Talks until older messages are folded.
async fn fold(client: &Client, events: &mut Events, session: &Session) {
    for number in 0..10 {
        let text = format!("question {number}: {}", "some words ".repeat(180));
        say(client, session, &text).await;
        assert_eq!(outcome(events).await, Outcome::Done);
    }
    let list = compaction::List { id: session.id };
    let made = client.call(list).await.unwrap().compactions;
    assert!(!made.is_empty());
    let summary = &made[0].summary;
    assert!(summary.starts_with("SUMMARY"), "{summary}");
    assert!(!summary.contains("MEMORIES"), "{summary}");
}

async fn all(client: &Client) -> Vec<Memory> {
    let which = Which::All;
    let list = List {
        which,
        ..List::default()
    };
    client.call(list).await.unwrap().memories
}

async fn notice(client: &Client, session: &Session) -> String {
    let shown = client.call(Show::newest(session.id, 1000)).await.unwrap();
    let mut parts = shown.messages.into_iter().flat_map(|own| own.parts);
    let notice = parts.find_map(|part| match part {
        Part::Notice { text, .. } => Some(text),
        _ => None,
    });
    notice.unwrap()
}

fn traces(home: &Home) -> Vec<Value> {
    let listed = home
        .ok(["traces", "list", "--tool", "memory_extract", "--json"])
        .unwrap();
    let lines = listed.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn was_asked(provider: &ScriptedProvider) -> bool {
    let requests = provider.requests();
    let mut summaries = requests
        .iter()
        .map(|request| request.body.to_string())
        .filter(|body| body.contains(ASKED));
    summaries.next().unwrap().contains(WANTED)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_worth_remembering_waits_for_a_person_and_says_where_it_comes_from() {
    for format in FORMATS {
        let provider = ScriptedProvider::start().await;
        provider.rule(Rule::on(ASKED).times(1).text(ANSWER));
        provider.rule(Rule::on(ASKED).text("SUMMARY again, without a list"));
        provider.rule(Rule::any().text("An answer."));
        let (home, client, mut events, session) = begun(&provider, format, "").await;
        fold(&client, &mut events, &session).await;
        assert!(was_asked(&provider), "{format}");
        let mut found = all(&client).await;
        found.sort_by_key(|own| own.category);
        let texts: Vec<&str> = found.iter().map(|own| own.text.as_str()).collect();
        assert_eq!(texts, ["Likes green tea.", "Is on holiday."], "{format}");
        for own in &found {
            assert_eq!(own.state, State::Pending, "{format}");
            assert_eq!(own.taint, [], "{format}");
            assert_eq!(own.source.by, By::Extraction);
            assert_eq!(own.source.session_id, Some(session.id));
            let span = own.source.messages.unwrap();
            assert!(span.from == 1 && span.until > 1, "{format}: {span:?}");
        }
        assert_eq!((found[0].confidence, found[1].confidence), (90, 80));
        assert!(found[1].valid_until.is_some());
        let told = notice(&client, &session).await;
        assert!(told.contains("2 things in them to remember wait"), "{told}");
        let traced = traces(&home);
        assert_eq!(traced.len(), 1, "{format}: {traced:?}");
        assert_eq!(traced[0]["metadata"]["details"]["pending"], 2, "{traced:?}");
        assert_eq!(traced[0]["metadata"]["decided_by"], "settings");
        let shown = home
            .ok(["memory", "show", &found[0].id.to_string()])
            .unwrap();
        assert!(shown.contains("messages   1 to "), "{shown}");
        // What waits is told to no model.
        let last = provider.requests().last().unwrap().body["system"].to_string();
        assert!(!last.contains("green tea"), "{format}: {last}");
        let problems = client.call(daemon::Check {}).await.unwrap().problems;
        assert!(problems.is_empty(), "{format}: {problems:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_counts_at_once_where_the_settings_say_so_but_never_what_comes_of_untrusted_text() {
    for untrusted in [false, true] {
        let provider = ScriptedProvider::start().await;
        provider.rule(Rule::on(ASKED).text(ANSWER));
        provider.rule(
            Rule::on("begin")
                .times(1)
                .call("read_file", json!({ "path": "/etc/hostname" })),
        );
        provider.rule(Rule::any().text("An answer."));
        let on = "extract = \"on\"";
        let (home, client, mut events, session) = begun(&provider, "anthropic", on).await;
        if untrusted {
            // Turns before: what was read stays in the conversation.
            say(&client, &session, "begin").await;
            let question = asked(&mut events).await;
            decide(&client, &question, true).await;
            assert_eq!(outcome(&mut events).await, Outcome::Done);
        }
        fold(&client, &mut events, &session).await;
        let found = all(&client).await;
        assert_eq!(found.len(), 2, "{found:?}");
        for own in &found {
            match untrusted {
                false => assert_eq!(own.state, State::Active),
                true => {
                    assert_eq!(own.state, State::Pending, "{own:?}");
                    assert_eq!(own.taint[0].kind, Untrusted::Outside);
                }
            }
        }
        let told = notice(&client, &session).await;
        let words = match untrusted {
            true => "to remember wait",
            false => "are remembered",
        };
        assert!(told.contains(words), "{told}");
        drop(home);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_asked_for_where_it_is_off() {
    let provider = ScriptedProvider::start().await;
    provider.rule(Rule::on(ASKED).text("SUMMARY: short"));
    provider.rule(Rule::any().text("An answer."));
    let off = "extract = \"off\"";
    let (home, client, mut events, session) = begun(&provider, "anthropic", off).await;
    fold(&client, &mut events, &session).await;
    assert!(!was_asked(&provider));
    assert_eq!(all(&client).await, []);
    assert_eq!(traces(&home), Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_answer_is_bounded_and_told_and_the_summary_stays() {
    let many = (0..20).map(|n| format!("{{\"text\": \"Fact number {n}.\"}}\n"));
    let long = format!("{{\"text\": \"{}\"}}\n", "x".repeat(500));
    let flood = format!("{{\"text\": \"{}\n", "y".repeat(40_000));
    for (under, kept, said) in [
        (
            "The person likes tea.\n".to_owned(),
            0,
            "1 could not be read",
        ),
        (many.collect(), 8, "12 came after the first 8"),
        (long, 0, "1 said more than 400 bytes"),
        (flood, 0, "1 could not be read"),
        ("None.".to_owned(), 0, ""),
    ] {
        let provider = ScriptedProvider::start().await;
        let answer = format!("SUMMARY: it stays.\nMEMORIES:\n{under}");
        provider.rule(Rule::on(ASKED).text(&answer));
        provider.rule(Rule::any().text("An answer."));
        let (home, client, mut events, session) = begun(&provider, "anthropic", "").await;
        fold(&client, &mut events, &session).await;
        assert_eq!(all(&client).await.len(), kept, "{said}");
        let told = notice(&client, &session).await;
        let traced = traces(&home);
        match said {
            "" => {
                assert!(!told.contains("remember"), "{told}");
                assert!(traced.is_empty(), "{traced:?}");
            }
            said => {
                assert!(told.contains(said), "{told}");
                assert_eq!(traced[0]["action_type"], "error", "{traced:?}");
                assert!(traced[0].to_string().contains(said), "{traced:?}");
            }
        }
    }
}
