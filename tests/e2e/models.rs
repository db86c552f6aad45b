//! The whole way of a message with a model server behind it, as strict as the real ones.

use serde_json::json;
use smartopol_protocol::message::{Part, Role};
use smartopol_protocol::session::{self, Show, Shown};
use smartopol_protocol::tool::{CallState, OutputStatus};
use smartopol_protocol::turn::Outcome;
use smartopol_protocol::{News, trace};
use smartopol_testkit::Home;
use smartopol_testkit::provider::{Gate, Rule, ScriptedProvider};

use super::{asked, decide, home, listen, outcome, say, until};

/// The three wire formats, each with the environment that finds it.
pub(super) const FORMATS: &[&str] = &["anthropic", "openai", "ollama"];

async fn home_with(provider: &ScriptedProvider, format: &str) -> Home {
    home_in(provider, format, "auto").await
}

/// A daemon in this mode that finds the provider by its environment.
pub(super) async fn home_in(provider: &ScriptedProvider, format: &str, mode: &str) -> Home {
    let settings = format!("[approvals]\nmode = \"{mode}\"\n");
    home_as(provider, format, &settings).await
}

/// A daemon with these settings that finds the provider by its environment.
pub(super) async fn home_as(provider: &ScriptedProvider, format: &str, settings: &str) -> Home {
    let mut home = home();
    match format {
        "anthropic" => {
            home.env("ANTHROPIC_API_KEY", "sk-ant-test-0123456789");
            home.env("ANTHROPIC_BASE_URL", &provider.base_url());
        }
        "openai" => {
            home.env("OPENAI_API_KEY", "sk-test-0123456789");
            home.env("OPENAI_BASE_URL", &provider.openai_url());
        }
        _ => {
            provider.set_models(&["qwen3:4b"]);
            home.env("OLLAMA_HOST", &provider.base_url());
        }
    }
    home.config(settings).unwrap();
    home.start().await.unwrap();
    home
}

async fn shown(client: &smartopol_ipc::Client, session: &session::Session) -> Shown {
    client.call(Show::newest(session.id, 0)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn reasoning_text_and_several_calls_at_once_over_every_wire_format() {
    for format in FORMATS {
        let provider = ScriptedProvider::start().await;
        provider.rule(
            Rule::on("look around")
                .reasoning("I should look at two things.")
                .text("Looking.")
                .call("exec", json!({"command": "echo first"}))
                .call("list_files", json!({"path": "."})),
        );
        provider.rule(Rule::any().text("Both are done."));
        let home = home_with(&provider, format).await;
        let (client, mut events) = home.client().await.unwrap();
        let session = home.session(&client).await.unwrap();
        listen(&client, &session).await;
        say(&client, &session, "look around").await;
        assert_eq!(outcome(&mut events).await, Outcome::Done, "{format}");
        // The second question carries the first answer: a strict server accepts it or refuses.
        say(&client, &session, "and now").await;
        assert_eq!(outcome(&mut events).await, Outcome::Done, "{format}");

        let shown = shown(&client, &session).await;
        let roles: Vec<Role> = shown.messages.iter().map(|message| message.role).collect();
        use Role::{Agent, Tool, User};
        assert_eq!(roles, [User, Agent, Tool, Agent, User, Agent], "{format}");
        let first = &shown.messages[1].parts;
        assert!(
            matches!(&first[0], Part::Reasoning { text, .. } if text.contains("two things")),
            "{format}: {first:?}"
        );
        assert_eq!(shown.messages[1].calls().count(), 2, "{format}");
        assert_eq!(shown.messages[3].text(), "Both are done.", "{format}");
        assert!(
            shown.session.usage.input > 0 && shown.session.usage.output > 0,
            "{format}"
        );
        let traces = client.call(trace::List::default()).await.unwrap().traces;
        assert_eq!(traces.len(), 2, "{format}");
        assert!(
            traces.iter().all(|trace| trace.duration_ms.is_some()),
            "{format}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn text_streams_and_an_interrupt_closes_the_request_and_keeps_what_was_said() {
    for format in FORMATS {
        let provider = ScriptedProvider::start().await;
        let gate = Gate::new();
        provider.rule(
            Rule::any()
                .text("one two three four five")
                .chunk(4)
                .hold_after(3, &gate),
        );
        let home = home_with(&provider, format).await;
        let (client, mut events) = home.client().await.unwrap();
        let session = home.session(&client).await.unwrap();
        listen(&client, &session).await;
        say(&client, &session, "count").await;
        gate.reached().await;
        until(&mut events, |news| {
            matches!(news, News::TextDelta { .. }).then_some(())
        })
        .await;
        client
            .call(session::Interrupt {
                session_id: session.id,
            })
            .await
            .unwrap();
        assert_eq!(outcome(&mut events).await, Outcome::Interrupted, "{format}");
        provider.wait_for_client_gone(0).await;
        let last = shown(&client, &session).await.messages.pop().unwrap();
        assert!(
            last.interrupted && last.text().starts_with("one"),
            "{format}: {last:?}"
        );
        // A session that was interrupted is not a broken one.
        provider.clear_rules();
        provider.rule(Rule::any().text("going on"));
        client
            .call(session::Continue {
                session_id: session.id,
            })
            .await
            .unwrap();
        assert_eq!(outcome(&mut events).await, Outcome::Done, "{format}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_provider_refuses_is_one_sentence_with_a_remedy() {
    let error = |kind: &str| json!({"type": "error", "error": {"type": kind, "message": "no"}});
    let provider = ScriptedProvider::start().await;
    let home = home_with(&provider, "anthropic").await;
    let (client, mut events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    listen(&client, &session).await;
    for (rule, words) in [
        (
            Rule::any().status(401, error("authentication_error")),
            "ANTHROPIC_API_KEY",
        ),
        (
            Rule::any().status(400, error("invalid_request_error")),
            "no",
        ),
        (Rule::any().text("half of it").chunk(2).cut_after(2), ""),
        (Rule::any().text("half of it").chunk(2).garbage_after(2), ""),
    ] {
        provider.clear_rules();
        provider.rule(rule);
        say(&client, &session, "hello").await;
        let Outcome::Failed { message, hint } = outcome(&mut events).await else {
            panic!("not failed")
        };
        assert!(
            !message.is_empty() && !hint.is_empty(),
            "{message} / {hint}"
        );
        assert!(
            format!("{message} {hint}").contains(words),
            "{message} / {hint}"
        );
        assert!(
            !format!("{message} {hint}").contains("sk-ant"),
            "the key is told"
        );
    }
    // What fails before anything was shown is tried again, as the server says.
    provider.clear_rules();
    provider.rule(
        Rule::any()
            .times(2)
            .status(529, error("overloaded_error"))
            .header("retry-after", "0"),
    );
    provider.rule(Rule::any().text("now it works"));
    say(&client, &session, "again").await;
    until(&mut events, |news| {
        matches!(news, News::Retrying { .. }).then_some(())
    })
    .await;
    assert_eq!(outcome(&mut events).await, Outcome::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_sends_nonsense_is_told_so_and_bounded() {
    let provider = ScriptedProvider::start().await;
    let mut nonsense = Rule::on("go wild")
        .call("no_such_tool", json!({"x": 1}))
        .raw_call("exec", "{\"command\": ")
        .call("exec", json!({"command": 7}))
        .call("read_file", json!({"path": "a\u{1b}]0;x\u{7}\0b"}));
    for number in 0..80 {
        nonsense = nonsense.call("exec", json!({"command": format!("echo {number}")}));
    }
    provider.rule(nonsense);
    provider.rule(Rule::any().text("sorry"));
    let home = home_with(&provider, "openai").await;
    let (client, mut events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    listen(&client, &session).await;
    say(&client, &session, "go wild").await;
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    let shown = shown(&client, &session).await;
    assert_eq!(shown.calls.len(), 84);
    let output = |place: usize| match &shown.calls[place].state {
        CallState::Finished { output } => output.clone(),
        other => panic!("not finished: {other:?}"),
    };
    for place in 0..4 {
        assert_eq!(
            output(place).status,
            OutputStatus::Error,
            "{}",
            output(place).text
        );
    }
    assert!(
        output(0).text.contains("exec"),
        "it names the tools there are: {}",
        output(0).text
    );
    assert!(
        output(83).text.contains("at most 64"),
        "{}",
        output(83).text
    );
    let traces = client
        .call(trace::List {
            limit: 1000,
            ..Default::default()
        })
        .await
        .unwrap();
    assert_eq!(traces.traces.len(), 84, "refused calls are traces too");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_call_with_the_same_result_three_times_stops_and_can_be_continued() {
    let provider = ScriptedProvider::start().await;
    provider.rule(
        Rule::any()
            .times(3)
            .call("exec", json!({"command": "echo same"})),
    );
    provider.rule(Rule::any().text("I see."));
    let home = home_with(&provider, "anthropic").await;
    let (client, mut events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    listen(&client, &session).await;
    say(&client, &session, "loop").await;
    assert_eq!(
        outcome(&mut events).await,
        Outcome::Loop {
            tool: "exec".into(),
            times: 3
        }
    );
    client
        .call(session::Continue {
            session_id: session.id,
        })
        .await
        .unwrap();
    assert_eq!(outcome(&mut events).await, Outcome::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denial_reaches_the_model_with_the_persons_words() {
    let provider = ScriptedProvider::start().await;
    provider.rule(Rule::on("try").call("exec", json!({"command": "curl x | sh"})));
    provider.rule(Rule::on("too risky").text("I will not."));
    let home = home_with(&provider, "anthropic").await;
    let (client, mut events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    listen(&client, &session).await;
    say(&client, &session, "try").await;
    let question = asked(&mut events).await;
    assert_eq!(question.rule, None, "a pipeline is not offered for longer");
    let note = "too risky".to_owned();
    let id = question.id;
    let decision = smartopol_protocol::approval::Decide {
        note,
        ..smartopol_protocol::approval::Decide::deny(id)
    };
    client.call(decision).await.unwrap();
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    let last = shown(&client, &session).await.messages.pop().unwrap();
    assert_eq!(last.text(), "I will not.");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_for_the_session_covers_what_else_waits_and_comes() {
    let provider = ScriptedProvider::start().await;
    provider.rule(
        Rule::on("both")
            .call("write_file", json!({"path": "a.txt", "content": "a"}))
            .call("write_file", json!({"path": "b.txt", "content": "b"})),
    );
    provider.rule(Rule::on("third").call("write_file", json!({"path": "c.txt", "content": "c"})));
    provider.rule(Rule::any().text("done"));
    let mut home = home();
    home.env("ANTHROPIC_API_KEY", "sk-ant-test-0123456789");
    home.env("ANTHROPIC_BASE_URL", &provider.base_url());
    home.start().await.unwrap();
    let (client, mut events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    listen(&client, &session).await;
    say(&client, &session, "both").await;
    let question = asked(&mut events).await;
    let decision = smartopol_protocol::approval::Decide::allow(
        question.id,
        smartopol_protocol::approval::Scope::Session,
    );
    client.call(decision).await.unwrap();
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    say(&client, &session, "third").await;
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    for file in ["a.txt", "b.txt", "c.txt"] {
        assert!(home.workspace().join(file).exists(), "{file}");
    }
    // Another session is not this one.
    let other = home.session(&client).await.unwrap();
    listen(&client, &other).await;
    say(&client, &other, "third").await;
    let question = asked(&mut events).await;
    decide(&client, &question, false).await;
}
