//! Answers that fail: what it is called, what is tried again, what is never shown.

use std::time::Duration;

use serde_json::json;
use smartopol_config::section::providers::Provider;
use smartopol_protocol::model::ModelEvent;
use smartopol_providers::{Kind, ModelError, Progress, Providers};
use smartopol_testkit::provider::{Rule, ScriptedProvider};

use crate::house::{KEY, WIRES, ask, config, env, providers, request, user};

async fn failure(server: &ScriptedProvider, model: &str) -> ModelError {
    let providers = providers(server).await;
    ask(&providers, model, request(vec![user("go")]))
        .await
        .1
        .unwrap_err()
}

/// The words of an error of a service, in the shape of each.
fn words(wire: &str, kind: &str, words: &str) -> serde_json::Value {
    match wire {
        "anthropic" => json!({ "type": "error", "error": { "type": kind, "message": words } }),
        "openai" => json!({ "error": { "message": words, "type": kind, "code": kind } }),
        _ => json!({ "error": words }),
    }
}

#[tokio::test]
async fn every_status_is_one_sentence_and_a_remedy() {
    let server = ScriptedProvider::start().await;
    for (wire, status, kind, body, message) in [
        (
            "anthropic",
            401,
            Kind::Auth,
            "invalid x-api-key",
            "the key for anthropic was refused",
        ),
        (
            "openai",
            401,
            Kind::Auth,
            "Incorrect API key: sk-te",
            "the key for openai was refused",
        ),
        (
            "anthropic",
            403,
            Kind::Auth,
            "no",
            "the key for anthropic may not use anthropic-model",
        ),
        (
            "anthropic",
            429,
            Kind::RateLimit,
            "slow down",
            "anthropic takes no more requests for now: slow down",
        ),
        (
            "anthropic",
            529,
            Kind::Overloaded,
            "Overloaded.",
            "anthropic is overloaded: Overloaded",
        ),
        (
            "openai",
            503,
            Kind::Overloaded,
            "busy",
            "openai is overloaded: busy",
        ),
        (
            "openai",
            500,
            Kind::Server,
            "oh\nno",
            "openai failed: oh no",
        ),
        (
            "ollama",
            502,
            Kind::Server,
            "",
            "ollama failed (status 502)",
        ),
        (
            "anthropic",
            400,
            Kind::TooLong,
            "prompt is too long: 9 > 8",
            "the conversation is too long for anthropic-model: prompt is too long: 9 > 8",
        ),
        (
            "openai",
            400,
            Kind::BadRequest,
            "no such tool",
            "openai refused the request for openai-model: no such tool",
        ),
        (
            "ollama",
            404,
            Kind::BadRequest,
            "model not found",
            "ollama does not know ollama-model, or its base_url is wrong: model not found",
        ),
        (
            "openai",
            302,
            Kind::BadRequest,
            "moved",
            "openai sends requests on to another address",
        ),
    ] {
        server.clear_rules();
        server.rule(Rule::any().status(status, words(wire, "some_error", body)));
        let err = failure(&server, wire).await;
        assert_eq!((err.kind, err.message.as_str()), (kind, message));
        assert!(!err.hint.is_empty() && !err.hint.contains('\n'));
    }
    server.clear_rules();
    server.rule(Rule::any().status(401, words("anthropic", "authentication_error", "no")));
    assert_eq!(
        failure(&server, "anthropic").await.hint,
        "set ANTHROPIC_API_KEY, or api_key in [providers.anthropic], and restart the daemon"
    );
}

#[tokio::test]
async fn special_refusals_are_told_apart() {
    let server = ScriptedProvider::start().await;
    let exceeded = words("openai", "context_length_exceeded", "too many");
    for (rule, kind, part) in [
        (Rule::any().status(400, exceeded), Kind::TooLong, "too long"),
        (
            Rule::any().status(429, words("openai", "insufficient_quota", "You exceeded")),
            Kind::RateLimit,
            "the quota of the key for openai is used up",
        ),
        (
            Rule::any().status(400, words("openai", "content_filter", "no")),
            Kind::Refused,
            "openai will not answer this",
        ),
        (
            Rule::any().status_text(500, "<html>oops</html>"),
            Kind::Server,
            "(status 500)",
        ),
        (
            Rule::any().status_text(500, "plain \u{1b}[31mwords"),
            Kind::Server,
            "plain [31mwords",
        ),
        (
            Rule::any().status_text(400, "x".repeat(300_000)),
            Kind::BadRequest,
            "xxx",
        ),
    ] {
        server.clear_rules();
        server.rule(rule);
        let err = failure(&server, "openai").await;
        assert_eq!(err.kind, kind, "{err}");
        assert!(
            err.message.contains(part) && err.message.len() < 500,
            "{err}"
        );
    }
}

#[tokio::test]
async fn an_answer_without_its_end_is_never_taken_for_whole() {
    let server = ScriptedProvider::start().await;
    let providers = providers(&server).await;
    for wire in WIRES {
        for cut in [Rule::any().cut_after(2), Rule::any().end_after(2)] {
            server.clear_rules();
            server.rule(cut.text("an answer that is long enough"));
            let (told, ended) = ask(&providers, wire, request(vec![user("go")])).await;
            let err = ended.unwrap_err();
            assert_eq!(err.kind, Kind::CutStream, "{wire}: {err}");
            let texts = told
                .iter()
                .filter(|told| matches!(told, Progress::Event(ModelEvent::Text { .. })))
                .count();
            assert_eq!(texts, 2);
            assert!(
                !told
                    .iter()
                    .any(|told| { matches!(told, Progress::Event(ModelEvent::Done { .. })) })
            );
        }
    }
}

#[tokio::test]
async fn garbage_and_errors_in_the_stream_are_named() {
    let server = ScriptedProvider::start().await;
    let providers = providers(&server).await;
    for wire in WIRES {
        server.clear_rules();
        server.rule(Rule::any().text("some text here").garbage_after(1));
        let (_, ended) = ask(&providers, wire, request(vec![user("go")])).await;
        assert_eq!(ended.unwrap_err().kind, Kind::Malformed, "{wire}");

        server.clear_rules();
        let error = json!({ "type": "overloaded_error", "message": "Overloaded" });
        server.rule(Rule::any().text("some text here").error_after(1, error));
        let (_, ended) = ask(&providers, wire, request(vec![user("go")])).await;
        let err = ended.unwrap_err();
        assert_eq!(err.message, format!("{wire} is overloaded: Overloaded"));
    }
}

#[tokio::test]
async fn more_calls_than_anyone_would_carry_out_end_the_request() {
    let server = ScriptedProvider::start().await;
    let mut rule = Rule::any();
    for _ in 0..200 {
        rule = rule.call("exec", json!({}));
    }
    server.rule(rule);
    for wire in WIRES {
        let err = failure(&server, wire).await;
        assert_eq!(err.kind, Kind::Malformed);
        assert!(
            err.message
                .ends_with("the model asked for more than 128 tools at once"),
            "{err}"
        );
    }
}

#[tokio::test]
async fn what_may_pass_is_tried_again_and_each_try_is_told() {
    let server = ScriptedProvider::start().await;
    let mut config = config(&server);
    config.providers.get_mut("anthropic").unwrap().retries = Some(3);
    let providers = Providers::find(&config, &env(&[])).await.unwrap();
    let overloaded = || words("anthropic", "overloaded_error", "Overloaded");
    server
        .rule(
            Rule::any()
                .times(1)
                .status(529, overloaded())
                .header("retry-after-ms", "1"),
        )
        .rule(
            Rule::any()
                .times(1)
                .status(429, overloaded())
                .header("retry-after", "0"),
        )
        .rule(Rule::any().times(1).cut_after(0))
        .rule(Rule::any().text("at last"));
    let (told, ended) = ask(&providers, "anthropic", request(vec![user("go")])).await;
    ended.unwrap();
    let reasons: Vec<&str> = told
        .iter()
        .filter_map(|told| match told {
            Progress::Retrying { reason, after } => {
                assert!(*after < Duration::from_secs(3));
                Some(reason.as_str())
            }
            Progress::Event(_) => None,
        })
        .collect();
    assert_eq!(
        reasons,
        [
            "anthropic is overloaded: Overloaded",
            "anthropic takes no more requests for now: Overloaded",
            "the answer of anthropic was cut before its end",
        ]
    );
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn what_was_shown_or_will_not_pass_is_not_tried_again() {
    let server = ScriptedProvider::start().await;
    let mut config = config(&server);
    config.providers.get_mut("openai").unwrap().retries = Some(3);
    let providers = Providers::find(&config, &env(&[])).await.unwrap();
    for rule in [
        Rule::any().text("some text here").cut_after(1),
        Rule::any().status(401, json!({})),
        Rule::any().status(400, json!({})),
        Rule::any().status(429, words("openai", "insufficient_quota", "no money")),
        Rule::any()
            .status(429, json!({}))
            .header("retry-after", "301"),
    ] {
        server.clear_rules();
        server.rule(rule);
        let before = server.requests().len();
        let (told, ended) = ask(&providers, "openai", request(vec![user("go")])).await;
        let err = ended.unwrap_err();
        assert_eq!(server.requests().len(), before + 1, "{err}");
        assert!(
            !told
                .iter()
                .any(|told| matches!(told, Progress::Retrying { .. }))
        );
    }
    let long = ask(&providers, "openai", request(vec![user("go")]))
        .await
        .1
        .unwrap_err();
    assert_eq!(
        long.message,
        "openai takes no more requests for now (for 6 minutes) (status 429)"
    );
}

#[tokio::test]
async fn silence_ends_at_its_limit() {
    let server = ScriptedProvider::start().await;
    server.rule(Rule::any().hang());
    let mut config = config(&server);
    config
        .providers
        .get_mut("ollama")
        .unwrap()
        .idle_timeout_seconds = Some(3);
    let providers = Providers::find(&config, &env(&[])).await.unwrap();
    let err = ask(&providers, "ollama", request(vec![user("go")]))
        .await
        .1
        .unwrap_err();
    assert_eq!(err.kind, Kind::IdleTimeout);
    assert_eq!(err.message, "ollama sent nothing for 3 s");
    server.wait_for_client_gone(0).await;
}

#[tokio::test]
async fn nobody_there_is_a_network_error_that_is_tried_again() {
    let mut config = smartopol_config::Config::default();
    let gone = Provider {
        base_url: Some("http://127.0.0.1:1/v1".into()),
        api_key: Some(smartopol_config::Secret::new(KEY)),
        retries: Some(1),
        ..Provider::default()
    };
    config.providers.insert("openai".into(), gone);
    let providers = Providers::find(&config, &env(&[])).await.unwrap();
    let (told, ended) = ask(&providers, "openai", request(vec![user("go")])).await;
    let err = ended.unwrap_err();
    assert_eq!(err.kind, Kind::Network);
    assert_eq!(
        err.message,
        "openai cannot be reached at http://127.0.0.1:1/v1"
    );
    assert!(std::error::Error::source(&err).is_some());
    assert_eq!(told.len(), 1);
}

#[tokio::test]
async fn no_secret_is_in_any_error() {
    let server = ScriptedProvider::start().await;
    let echo = format!("your key is {KEY}, and the header hush-hush");
    let mut config = config(&server);
    for name in WIRES {
        let headers = &mut config.providers.get_mut(name).unwrap().headers;
        headers.insert(
            "x-secret".into(),
            smartopol_config::Secret::new("hush-hush"),
        );
        let url = format!("{}/v1?token=hidden-in-the-query", server.base_url());
        let provider = config.providers.get_mut(name).unwrap();
        (provider.base_url, provider.retries) = (Some(url), Some(1));
    }
    let providers = Providers::find(&config, &env(&[])).await.unwrap();
    for wire in WIRES {
        for status in [400, 401, 403, 404, 413, 429, 500, 529] {
            server.clear_rules();
            let refused = Rule::any().status(status, words(wire, "x", &echo));
            server.rule(refused.header("retry-after-ms", "0"));
            let (told, ended) = ask(&providers, wire, request(vec![user("go")])).await;
            let all = format!("{told:?} {:?}", ended.unwrap_err());
            assert!(!all.contains(KEY) && !all.contains("hush-hush"), "{all}");
        }
        server.clear_rules();
        server.rule(Rule::any().text("some text here").cut_after(1));
        let (_, ended) = ask(&providers, wire, request(vec![user("go")])).await;
        let mut all = format!("{:?}", ended.as_ref().unwrap_err());
        all += &std::error::Error::source(&ended.unwrap_err())
            .unwrap()
            .to_string();
        assert!(!all.contains("hidden-in"), "{all}");
    }
    let shown = format!("{providers:?} {:?}", providers.list());
    assert!(!shown.contains(KEY) && !shown.contains("hush-hush"));
    assert!(!shown.contains("hidden-in"), "{shown}");
    let known: Vec<String> = providers
        .secrets()
        .iter()
        .map(|secret| secret.expose().to_owned())
        .collect();
    assert_eq!(known, ["hidden-in-the-query", "hush-hush", KEY]);
}
