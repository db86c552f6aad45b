//! The built-in provider: commands become calls, outputs a summary, all else a hint.

use serde_json::json;
use smartopol_config::Config;
use smartopol_protocol::CallId;
use smartopol_protocol::message::{Part, Role};
use smartopol_protocol::model::{ModelEvent, ModelRequest, StopReason};
use smartopol_protocol::tool::OutputStatus;
use smartopol_providers::Providers;

use crate::house::{agent, env, events, joined, message, output, request, tool, user};

async fn answer(request: ModelRequest) -> Vec<ModelEvent> {
    let env = env(&[("OLLAMA_HOST", "127.0.0.1:1")]);
    let providers = Providers::find(&Config::default(), &env).await.unwrap();
    let events = events(&providers, "offline", request).await;
    let usage = events.iter().find_map(|event| match event {
        ModelEvent::Usage { usage } => Some(usage.cost_micros),
        _ => None,
    });
    assert_eq!(usage, Some(Some(0)));
    joined(events)
}

async fn said(request: ModelRequest) -> String {
    match answer(request).await.as_slice() {
        [
            ModelEvent::Text { text },
            ModelEvent::Done {
                stop: StopReason::End,
            },
        ] => text.clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn several_lines_become_several_calls_of_one_answer() {
    let call = |index, name: &str, input| ModelEvent::Call {
        index,
        name: name.into(),
        input,
    };
    assert_eq!(
        answer(request(vec![user("run: ls -la\nread: a.txt\nsay: on it")])).await,
        [
            ModelEvent::Text {
                text: "on it".into()
            },
            call(0, "exec", json!({ "command": "ls -la" })),
            call(1, "read_file", json!({ "path": "a.txt" })),
            ModelEvent::Done {
                stop: StopReason::ToolUse
            },
        ]
    );
}

#[tokio::test]
async fn outputs_are_quoted_and_refusals_told() {
    let ids = [CallId::new(), CallId::new(), CallId::new()];
    let call = |id, command: &str| Part::ToolCall {
        id,
        name: "exec".into(),
        input: json!({ "command": command }),
    };
    let asked = agent(vec![
        call(ids[0], "ls"),
        call(ids[1], "rm x"),
        call(ids[2], "false"),
    ]);
    let outputs = message(
        Role::Tool,
        vec![
            output(ids[0], OutputStatus::Ok, "a.txt\n"),
            output(ids[1], OutputStatus::Denied, "denied by the user"),
            output(ids[2], OutputStatus::Error, "exit code 1"),
        ],
    );
    assert_eq!(
        said(request(vec![user("run: ls"), asked, outputs])).await,
        "`run: ls` gave\n\n```\na.txt\n```\n\n\
         `run: rm x` was denied: denied by the user\n\n\
         `run: false` failed with\n\n```\nexit code 1\n```"
    );
}

#[tokio::test]
async fn anything_else_says_who_this_is_and_how_to_get_a_model() {
    let hello = said(request(vec![user("please clean up")])).await;
    for part in [
        "built-in offline provider",
        "run: <command>",
        "ANTHROPIC_API_KEY",
        "daemon restart",
    ] {
        assert!(hello.contains(part), "{hello}");
    }
    assert!(
        !hello.contains("remember:") && !hello.contains("write:"),
        "not offered: {hello}"
    );
    let mut with_memory = request(vec![user("help")]);
    with_memory.tools.push(tool("memory_add"));
    let help = said(with_memory).await;
    assert!(
        help.contains("remember: <fact>") && help.contains("slow: <n> <text>"),
        "{help}"
    );
}

#[tokio::test]
async fn a_command_whose_tool_is_not_offered_makes_no_call() {
    let mut bare = request(vec![user("run: ls")]);
    bare.tools.clear();
    assert_eq!(
        said(bare).await,
        "`run:` needs the tool `exec`, which is not offered here."
    );
    assert_eq!(
        said(request(vec![user("read:")])).await,
        "I did not understand that. Write `read: <path>`."
    );
}

#[tokio::test]
async fn text_and_reasoning_can_be_dictated() {
    assert_eq!(
        answer(request(vec![user("think: hm, größer\nsay: one\nsay: two")])).await,
        [
            ModelEvent::Reasoning {
                text: "hm, größer".into()
            },
            ModelEvent::ReasoningEnd { signature: None },
            ModelEvent::Text {
                text: "one\ntwo".into()
            },
            ModelEvent::Done {
                stop: StopReason::End
            },
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn slow_takes_its_time() {
    let started = tokio::time::Instant::now();
    assert_eq!(
        said(request(vec![user("slow: 5 0123456789")])).await,
        "0123456789"
    );
    assert_eq!(started.elapsed().as_millis(), 400);
}

#[tokio::test]
async fn new_words_after_outputs_are_answered_rather_than_the_outputs() {
    let id = CallId::new();
    let call = Part::ToolCall {
        id,
        name: "exec".into(),
        input: json!({ "command": "ls" }),
    };
    let messages = vec![
        user("run: ls"),
        agent(vec![call]),
        message(Role::Tool, vec![output(id, OutputStatus::Interrupted, "")]),
        user("say: go on"),
    ];
    assert_eq!(said(request(messages)).await, "go on");
}
