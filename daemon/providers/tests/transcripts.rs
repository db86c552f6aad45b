//! Transcripts as services want them: the scripted server refuses what the real ones would.

use serde_json::json;
use smartopol_protocol::CallId;
use smartopol_protocol::message::{Level, Part, Role};
use smartopol_protocol::model::ModelRequest;
use smartopol_protocol::tool::OutputStatus;
use smartopol_testkit::provider::ScriptedProvider;

use crate::house::{WIRES, agent, events, message, output, providers, request, text, user};

fn reasoning(text: &str, signature: Option<&str>) -> Part {
    Part::Reasoning {
        text: text.into(),
        signature: signature.map(str::to_owned),
    }
}

fn call(id: CallId, name: &str, input: serde_json::Value) -> Part {
    Part::ToolCall {
        id,
        name: name.into(),
        input,
    }
}

/// A transcript with everything in it that could be refused.
fn difficult() -> (ModelRequest, [CallId; 3]) {
    let ids = [CallId::new(), CallId::new(), CallId::new()];
    let notice = Part::Notice {
        level: Level::Info,
        text: "a notice".into(),
    };
    let messages = vec![
        user("first"),
        message(Role::System, vec![notice]),
        user("second"),
        agent(vec![
            reasoning("thought", Some("c2ln")),
            reasoning("", Some("redacted:ZGF0YQ==")),
            reasoning("unsigned", None),
            text(""),
            text("Looking."),
            call(ids[0], "exec", json!({ "command": "ls" })),
            call(ids[1], "fun\u{7}ny name/ü", json!("{\"broken\": ")),
            call(ids[2], "read_file", json!({})),
        ]),
        message(
            Role::Tool,
            vec![
                output(ids[0], OutputStatus::Ok, ""),
                output(ids[1], OutputStatus::Error, "no such tool"),
                output(ids[2], OutputStatus::Denied, "denied by the user"),
            ],
        ),
        user("   "),
        user("and now?"),
        agent(vec![reasoning("cut in the middle", None)]),
        user("still there?"),
        agent(vec![text("I was saying")]),
    ];
    (request(messages), ids)
}

#[tokio::test]
async fn a_difficult_transcript_is_accepted_by_every_service() {
    let server = ScriptedProvider::start().await;
    let providers = providers(&server).await;
    for wire in WIRES {
        events(&providers, wire, difficult().0).await;
    }
    assert!(
        server
            .requests()
            .iter()
            .all(|received| received.refused.is_none())
    );
}

#[tokio::test]
async fn an_output_of_blanks_alone_is_accepted_by_every_service() {
    let server = ScriptedProvider::start().await;
    let providers = providers(&server).await;
    for wire in WIRES {
        let id = CallId::new();
        let messages = vec![
            user("look"),
            agent(vec![call(id, "exec", json!({ "command": "echo" }))]),
            message(Role::Tool, vec![output(id, OutputStatus::Ok, "\n\t")]),
        ];
        events(&providers, wire, request(messages)).await;
    }
    let requests = server.requests();
    assert_eq!(requests.len(), WIRES.len());
    assert!(requests.iter().all(|received| received.refused.is_none()));
}

#[tokio::test]
async fn anthropic_gets_results_first_reasoning_unchanged_and_errors_marked() {
    let server = ScriptedProvider::start().await;
    let providers = providers(&server).await;
    let (request, ids) = difficult();
    events(&providers, "anthropic", request).await;
    let [a, b, c] = ids.map(|id| id.to_string());
    let body = &server.requests()[0].body;
    let mark = json!({ "type": "ephemeral" });
    assert_eq!(
        body["messages"],
        json!([
            { "role": "user", "content": [
                { "type": "text", "text": "first" },
                { "type": "text", "text": "second" },
            ] },
            { "role": "assistant", "content": [
                { "type": "thinking", "thinking": "thought", "signature": "c2ln" },
                { "type": "redacted_thinking", "data": "ZGF0YQ==" },
                { "type": "text", "text": "Looking." },
                { "type": "tool_use", "id": a, "name": "exec", "input": { "command": "ls" } },
                { "type": "tool_use", "id": b, "name": "fun_ny_name__",
                  "input": { "invalid_arguments": "{\"broken\": " } },
                { "type": "tool_use", "id": c, "name": "read_file", "input": {} },
            ] },
            { "role": "user", "content": [
                { "type": "tool_result", "tool_use_id": a, "content": "(no output)",
                  "is_error": false },
                { "type": "tool_result", "tool_use_id": b, "content": "no such tool",
                  "is_error": true },
                { "type": "tool_result", "tool_use_id": c, "content": "denied by the user",
                  "is_error": true },
                { "type": "text", "text": "and now?" },
                { "type": "text", "text": "still there?", "cache_control": mark },
            ] },
            { "role": "assistant", "content": [{ "type": "text", "text": "I was saying" }] },
            { "role": "user", "content": [
                { "type": "text", "text": "Go on.", "cache_control": mark },
            ] },
        ])
    );
}

#[tokio::test]
async fn openai_and_ollama_get_one_message_for_each_output() {
    let server = ScriptedProvider::start().await;
    let providers = providers(&server).await;
    let (request, ids) = difficult();
    events(&providers, "openai", request.clone()).await;
    events(&providers, "ollama", request).await;
    let [a, b, c] = ids.map(|id| id.to_string());
    let requests = server.requests();
    let roles = |place: usize| -> Vec<String> {
        let messages = requests[place].body["messages"].as_array().unwrap();
        messages
            .iter()
            .map(|message| message["role"].as_str().unwrap().to_owned())
            .collect()
    };
    let expected = [
        "user",
        "assistant",
        "tool",
        "tool",
        "tool",
        "user",
        "assistant",
        "user",
    ];
    assert_eq!(roles(0), expected);
    assert_eq!(roles(1), expected);
    let openai = &requests[0].body["messages"];
    assert_eq!(openai[0]["content"], "first\n\nsecond");
    assert_eq!(openai[1]["tool_calls"][1]["id"], b);
    assert_eq!(
        openai[1]["tool_calls"][0]["function"]["arguments"],
        "{\"command\":\"ls\"}"
    );
    assert_eq!(
        [
            &openai[2]["tool_call_id"],
            &openai[3]["tool_call_id"],
            &openai[4]["tool_call_id"]
        ],
        [&json!(a), &json!(b), &json!(c)]
    );
    let ollama = &requests[1].body["messages"];
    assert_eq!(
        ollama[1]["tool_calls"][0]["function"]["arguments"],
        json!({ "command": "ls" })
    );
    assert_eq!(ollama[1]["thinking"], "unsigned");
    assert_eq!(ollama[3]["tool_name"], "fun_ny_name__");
}

#[tokio::test]
async fn at_most_four_cache_breakpoints_and_one_is_always_at_the_end() {
    let server = ScriptedProvider::start().await;
    let providers = providers(&server).await;
    let (mut request, _) = difficult();
    for count in 0..8 {
        request.system = (0..count)
            .map(|place| smartopol_protocol::model::SystemBlock {
                text: format!("block {place}"),
                cache: true,
            })
            .collect();
        events(&providers, "anthropic", request.clone()).await;
        let body = server.requests().last().unwrap().body.clone();
        let marks = body.to_string().matches("cache_control").count();
        assert!((2..=4).contains(&marks), "{count} blocks, {marks} marks");
        let newest = body["messages"].as_array().unwrap().last().unwrap().clone();
        assert!(newest.to_string().contains("cache_control"));
    }
}
