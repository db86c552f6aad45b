//! What a trace says.

use std::time::Duration;

use serde_json::json;
use smartopol_protocol::approval::Actor;
use smartopol_protocol::tool::{CallState, Inspection, OutputStatus, ToolCall, ToolOutput};
use smartopol_protocol::trace::{ActionType, DecidedBy, Trace};
use smartopol_protocol::{AgentId, CallId, SessionId, Timestamp, TraceId, TurnId};
use smartopol_traces::record::{Begin, begin, complete};
use smartopol_traces::{Redactor, bounded, bounded_params};

fn begun(input: serde_json::Value) -> Trace {
    let call = ToolCall {
        id: CallId::new(),
        session_id: SessionId::new(),
        turn_id: Some(TurnId::new()),
        name: "exec".into(),
        input,
        inspection: Inspection {
            title: "run --password=hunter2".into(),
            cwd: "/w".into(),
            ..Inspection::default()
        },
        state: CallState::Asked,
        asked_at: Timestamp::from_millis(1),
        started_at: None,
        finished_at: None,
        trace_id: None,
    };
    let actor = Actor {
        peer: "cli:1000".into(),
        client: "smartopol-tui".into(),
        by: None,
    };
    let facts = Begin {
        id: TraceId::new(),
        agent_id: AgentId::new(),
        at: Timestamp::from_millis(2),
        call: &call,
        run: None,
        decided_by: DecidedBy::Person,
        reason: "allowed once".into(),
        approval_id: None,
        actor: Some(&actor),
    };
    begin(facts, &Redactor::new([], &[]))
}

#[test]
fn a_record_is_begun_without_secrets_and_completed_with_what_came_back() {
    let redactor = Redactor::new([], &[]);
    let mut trace = begun(json!({"command": "run --password=hunter2"}));
    assert_eq!(
        trace.params,
        json!({"command": "run --password=[REDACTED]"})
    );
    assert_eq!(trace.metadata.title, "run --password=[REDACTED]");
    assert_eq!(
        (
            trace.metadata.actor.as_str(),
            trace.metadata.surface.as_str()
        ),
        ("cli:1000", "smartopol-tui")
    );
    assert_eq!(
        (trace.metadata.redacted, trace.metadata.complete),
        (1, false)
    );
    assert!(trace.result.is_null() && trace.duration_ms.is_none());

    let output = ToolOutput {
        status: OutputStatus::Error,
        text: "GITHUB_TOKEN=abcdefgh\n[exit code 1]".into(),
        details: json!({"exit_code": 1}),
    };
    complete(
        &mut trace,
        &output,
        Some(Duration::from_millis(12)),
        &redactor,
    );
    assert_eq!(trace.action_type, ActionType::Error);
    assert_eq!(
        trace.result,
        json!({"status": "error", "text": "GITHUB_TOKEN=[REDACTED]\n[exit code 1]"})
    );
    assert_eq!(trace.duration_ms, Some(12));
    assert_eq!(trace.metadata.details, json!({"exit_code": 1}));
    assert_eq!(
        (trace.metadata.redacted, trace.metadata.complete),
        (2, true)
    );
}

#[test]
fn refused_and_expired_are_denials_and_a_failure_is_an_error() {
    for (status, expected) in [
        (OutputStatus::Ok, ActionType::Allow),
        (OutputStatus::Denied, ActionType::Deny),
        (OutputStatus::Expired, ActionType::Deny),
        (OutputStatus::Error, ActionType::Error),
        (OutputStatus::Interrupted, ActionType::Error),
    ] {
        let mut trace = begun(json!({}));
        let output = ToolOutput {
            status,
            ..ToolOutput::default()
        };
        complete(&mut trace, &output, None, &Redactor::new([], &[]));
        assert_eq!(trace.action_type, expected);
        assert_eq!(trace.duration_ms, None);
    }
}

#[test]
fn what_is_too_large_becomes_a_preview() {
    let small = json!({"text": "a".repeat(49_000)});
    assert_eq!(bounded(small.clone()), small);
    let large = json!("é".repeat(30_000));
    let cut = bounded(large);
    assert_eq!(cut["_truncated"], true);
    assert_eq!(cut["_original_size"], 60_002);
    assert_eq!(cut["_preview"], "é".repeat(500));

    let params = bounded_params(json!({"path": "a", "content": "x".repeat(20_000)}));
    assert_eq!(params["path"], "a");
    assert_eq!(params["content"]["_original_size"], 20_002);
    let many: serde_json::Map<_, _> = (0..9)
        .map(|i| (i.to_string(), json!("x".repeat(9_000))))
        .collect();
    assert_eq!(bounded_params(many.into())["_truncated"], true);
}
