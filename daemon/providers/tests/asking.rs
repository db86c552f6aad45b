//! Answers that go well, in every wire format.

use serde_json::{Value, json};
use smartopol_config::section::providers::Provider;
use smartopol_protocol::model::{ModelEvent, ReasoningEffort, StopReason, SystemBlock};
use smartopol_providers::{Kind, Progress, Providers};
use smartopol_testkit::provider::{Gate, Rule, ScriptedProvider};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::house::{WIRES, ask, config, env, events, joined, providers, request, user};

fn said(text: &str) -> ModelEvent {
    ModelEvent::Text { text: text.into() }
}

#[tokio::test]
async fn text_reasoning_and_several_calls_come_in_order_from_every_service() {
    let server = ScriptedProvider::start().await;
    server.rule(
        Rule::on("go")
            .reasoning("Let me think: größer ≥ 🦀.")
            .text("I shall look at both.")
            .call("exec", json!({ "command": "ls -la" }))
            .raw_call("read_file", "{\"path\": \"a\"")
            .call("exec", json!({})),
    );
    let providers = providers(&server).await;
    for wire in WIRES {
        let signature = (wire == "anthropic").then(|| "c2lnbmVk".to_owned());
        let call = |index, name: &str, input| ModelEvent::Call {
            index,
            name: name.into(),
            input,
        };
        assert_eq!(
            joined(events(&providers, wire, request(vec![user("go")])).await),
            [
                ModelEvent::Reasoning {
                    text: "Let me think: größer ≥ 🦀.".into()
                },
                ModelEvent::ReasoningEnd { signature },
                said("I shall look at both."),
                call(0, "exec", json!({ "command": "ls -la" })),
                call(1, "read_file", json!("{\"path\": \"a\"")),
                call(2, "exec", json!({})),
                ModelEvent::Done {
                    stop: StopReason::ToolUse
                },
            ],
            "{wire}"
        );
    }
    for received in server.requests() {
        assert_eq!(received.refused, None, "{}", received.path);
    }
}

#[tokio::test]
async fn hidden_reasoning_is_kept_to_be_sent_back() {
    let server = ScriptedProvider::start().await;
    server.rule(Rule::any().redacted_reasoning("Zm9v").text("done"));
    let providers = providers(&server).await;
    assert_eq!(
        joined(events(&providers, "anthropic", request(vec![user("go")])).await),
        [
            ModelEvent::ReasoningEnd {
                signature: Some("redacted:Zm9v".into())
            },
            said("done"),
            ModelEvent::Done {
                stop: StopReason::End
            },
        ]
    );
}

#[tokio::test]
async fn progress_of_a_call_is_told_in_steps_and_its_tokens_are_priced() {
    let server = ScriptedProvider::start().await;
    let long = "x".repeat(2_000);
    server.rule(Rule::any().call("exec", json!({ "command": long })));
    let providers = providers(&server).await;
    for (model, priced) in [
        ("anthropic/claude-sonnet-4-5-20250929", true),
        ("openai/gpt-4o", true),
        ("anthropic/made-up", false),
    ] {
        let events = events(&providers, model, request(vec![user("go")])).await;
        let told: Vec<u64> = events
            .iter()
            .filter_map(|event| match event {
                ModelEvent::CallProgress { bytes, .. } => Some(*bytes),
                _ => None,
            })
            .collect();
        assert!(
            told.len() >= 3 && told.len() <= 9 && told[0] == 0,
            "{told:?}"
        );
        let usage = events.iter().rev().find_map(|event| match event {
            ModelEvent::Usage { usage } => Some(*usage),
            _ => None,
        });
        let usage = usage.unwrap();
        assert_eq!(usage.output, 10);
        assert_eq!(usage.cost_micros.is_some(), priced, "{model} {usage:?}");
    }
}

#[tokio::test]
async fn every_reason_to_stop_is_understood() {
    let server = ScriptedProvider::start().await;
    let providers = providers(&server).await;
    for (wire, reason, stop) in [
        ("anthropic", "max_tokens", StopReason::MaxTokens),
        ("anthropic", "refusal", StopReason::Refusal),
        ("anthropic", "stop_sequence", StopReason::End),
        ("openai", "length", StopReason::MaxTokens),
        ("openai", "content_filter", StopReason::Refusal),
        ("ollama", "length", StopReason::MaxTokens),
    ] {
        server.clear_rules();
        server.rule(Rule::any().text("so far").stop(reason));
        assert_eq!(
            joined(events(&providers, wire, request(vec![user("go")])).await),
            [said("so far"), ModelEvent::Done { stop }]
        );
    }
}

#[tokio::test]
async fn a_stream_shows_what_came_before_the_rest_comes() {
    let server = ScriptedProvider::start().await;
    let gate = Gate::new();
    server.rule(
        Rule::any()
            .text("first second")
            .chunk(6)
            .hold_after(1, &gate),
    );
    let providers = providers(&server).await;
    let target = providers.resolve(Some("anthropic")).unwrap();
    let (out, mut inbox) = mpsc::channel(16);
    let asking = providers.ask(
        &target,
        request(vec![user("go")]),
        out,
        CancellationToken::new(),
    );
    let watching = async {
        let mut told = Vec::new();
        while let Some(progress) = inbox.recv().await {
            if progress == Progress::Event(said("first ")) {
                gate.open();
            }
            told.push(progress);
        }
        told
    };
    let (ended, told) = tokio::join!(asking, watching);
    ended.unwrap();
    assert!(told.contains(&Progress::Event(said("second"))));
}

#[tokio::test]
async fn cancelling_or_not_listening_closes_the_connection_at_once() {
    let server = ScriptedProvider::start().await;
    let gate = Gate::new();
    server.rule(Rule::on("hold").text("first second").hold_after(1, &gate));
    server.rule(Rule::on("hang").hang());
    let providers = providers(&server).await;
    for (place, said) in ["hold", "hang", "hold", "hang"].into_iter().enumerate() {
        let target = providers.resolve(Some("openai")).unwrap();
        let (out, inbox) = mpsc::channel(16);
        let cancel = CancellationToken::new();
        let asking = providers.ask(&target, request(vec![user(said)]), out, cancel.clone());
        let stopping = async {
            server.wait_for_requests(place + 1).await;
            if place < 2 {
                cancel.cancel();
                inbox
            } else {
                drop(inbox);
                mpsc::channel(1).1
            }
        };
        let (ended, _inbox) = tokio::join!(asking, stopping);
        assert_eq!(ended.unwrap_err().kind, Kind::Cancelled);
        server.wait_for_client_gone(place).await;
    }
}

/// The daemon asks from tasks of its own.
#[tokio::test]
async fn finding_and_asking_can_move_between_threads() {
    fn movable<T: Send>(future: T) -> T {
        future
    }
    let server = ScriptedProvider::start().await;
    let providers = movable(Providers::find(&config(&server), &env(&[])))
        .await
        .unwrap();
    let target = providers.resolve(Some("anthropic")).unwrap();
    let (out, inbox) = mpsc::channel(1);
    drop(inbox);
    let asked = request(vec![user("go")]);
    let asking = movable(providers.ask(&target, asked, out, CancellationToken::new()));
    assert_eq!(asking.await.unwrap_err().kind, Kind::Cancelled);
    movable(providers.test(&target)).await.unwrap();
}

#[tokio::test]
async fn one_connection_serves_several_requests() {
    let server = ScriptedProvider::start().await;
    let providers = providers(&server).await;
    for wire in WIRES {
        for _ in 0..3 {
            events(&providers, wire, request(vec![user("go")])).await;
        }
    }
    assert_eq!(server.connections(), 3, "one for each provider");
}

#[tokio::test]
async fn requests_say_what_the_settings_say() {
    let server = ScriptedProvider::start().await;
    let mut config = config(&server);
    let openai = config.providers.get_mut("openai").unwrap();
    openai
        .headers
        .insert("x-team".into(), smartopol_config::Secret::new("blue"));
    openai.max_output_tokens = Some(77);
    let providers = Providers::find(&config, &env(&[])).await.unwrap();
    let mut asked = request(vec![user("go")]);
    asked.reasoning = ReasoningEffort::High;
    asked.system = vec![
        SystemBlock {
            text: "Be kind.".into(),
            cache: true,
        },
        SystemBlock {
            text: "  ".into(),
            cache: true,
        },
        SystemBlock {
            text: "Be brief.".into(),
            cache: false,
        },
    ];
    events(&providers, "anthropic/claude-haiku-4-5", asked.clone()).await;
    events(&providers, "anthropic/claude-sonnet-5", asked.clone()).await;
    events(&providers, "openai", asked.clone()).await;
    events(&providers, "ollama", asked).await;
    let requests = server.requests();
    let ephemeral = json!({ "type": "ephemeral" });

    let haiku = &requests[0];
    assert_eq!(haiku.headers["x-api-key"], crate::house::KEY);
    assert_eq!(haiku.body["max_tokens"], 32_000);
    assert_eq!(
        haiku.body["thinking"],
        json!({ "type": "enabled", "budget_tokens": 16_000 })
    );
    assert_eq!(
        haiku.body["system"],
        json!([
            { "type": "text", "text": "Be kind.", "cache_control": ephemeral },
            { "type": "text", "text": "Be brief." },
        ])
    );
    assert_eq!(
        haiku.body["messages"][0]["content"][0]["cache_control"],
        ephemeral
    );

    let sonnet = &requests[1].body;
    assert_eq!(sonnet["thinking"]["type"], "adaptive");
    assert_eq!(sonnet["output_config"], json!({ "effort": "high" }));

    let openai = &requests[2];
    assert_eq!(
        openai.headers["authorization"],
        format!("Bearer {}", crate::house::KEY)
    );
    assert_eq!(openai.headers["x-team"], "blue");
    assert_eq!(openai.body["max_tokens"], 77);
    assert_eq!(openai.body["reasoning_effort"], "high");
    assert_eq!(
        openai.body["messages"][0]["content"],
        "Be kind.\n\nBe brief."
    );

    let ollama = &requests[3].body;
    assert_eq!(ollama["think"], true);
    assert_eq!(ollama["options"], json!({ "num_ctx": 8_192 }));
}

#[tokio::test]
async fn a_provider_is_tested_with_one_word() {
    let server = ScriptedProvider::start().await;
    server.rule(Rule::on("hello").text("Hello!"));
    let providers = providers(&server).await;
    for model in ["anthropic", "openai", "ollama"] {
        let target = providers.resolve(Some(model)).unwrap();
        let tested = providers.test(&target).await.unwrap();
        assert_eq!(tested.said, "Hello!");
        assert_eq!(tested.model, format!("{model}-model"));
        assert!(tested.first_ms <= tested.total_ms);
    }
    assert!(
        providers
            .test(&providers.resolve(Some("offline")).unwrap())
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn an_ollama_that_started_late_is_asked_for_its_model() {
    let server = ScriptedProvider::start().await;
    let mut config = smartopol_config::Config::default();
    let late = Provider {
        base_url: Some("http://127.0.0.1:1".into()),
        ..Provider::default()
    };
    config.providers.insert("ollama".into(), late);
    config
        .providers
        .insert("offline".into(), Provider::default());
    let providers = Providers::find(&config, &env(&[])).await.unwrap();
    assert_eq!(providers.list()[0].default_model, "");
    let (_, ended) = ask(&providers, "ollama", request(vec![user("go")])).await;
    let err = ended.unwrap_err();
    assert_eq!(
        err.to_string(),
        "ollama cannot be reached at http://127.0.0.1:1"
    );

    server.set_models(&["nomic-embed-text:latest", "qwen3:8b"]);
    let there = config.providers.get_mut("ollama").unwrap();
    there.base_url = Some(server.base_url());
    let providers = Providers::find(&config, &env(&[])).await.unwrap();
    assert_eq!(providers.list()[0].default_model, "qwen3:8b");
    events(&providers, "ollama", request(vec![user("go")])).await;
    assert_eq!(server.requests()[0].body["model"], Value::from("qwen3:8b"));
}
