//! What a request carries.

use proptest::prelude::*;
use serde_json::json;
use smartopol_protocol::tool::OutputStatus;
use smartopol_protocol::{CallId, MessageId, SessionId, Timestamp};

use super::*;

fn message(role: Role, parts: Vec<Part>) -> Arc<Message> {
    Arc::new(Message {
        id: MessageId::new(),
        session_id: SessionId::from_bytes([1; 16]),
        turn_id: None,
        position: None,
        steer: false,
        role,
        parts,
        peer: None,
        by: None,
        interrupted: false,
        created_at: Timestamp::from_millis(0),
    })
}

fn text(role: Role, bytes: usize) -> Arc<Message> {
    message(
        role,
        vec![Part::Text {
            text: "x".repeat(bytes),
        }],
    )
}

fn step(bytes: usize) -> [Arc<Message>; 2] {
    let id = CallId::new();
    [
        message(
            Role::Agent,
            vec![Part::ToolCall {
                id,
                name: "exec".into(),
                input: json!({}),
            }],
        ),
        message(
            Role::Tool,
            vec![Part::ToolOutput {
                call_id: id,
                status: OutputStatus::Ok,
                text: "x".repeat(bytes),
            }],
        ),
    ]
}

fn ask(transcript: &[Arc<Message>], budget: u64) -> (ModelRequest, usize) {
    let made = request(Material {
        model: "m",
        system: Vec::new(),
        transcript,
        tools: &[],
        budget,
        reasoning: ReasoningEffort::Default,
        note: &|_, _| None,
    });
    (made.request, made.left_out)
}

#[test]
fn notices_never_reach_a_model_and_tools_are_sorted() {
    let transcript = [
        text(Role::User, 4),
        text(Role::System, 4),
        text(Role::Agent, 4),
    ];
    let spec = |name: &str| ToolSpec {
        name: name.into(),
        description: String::new(),
        input_schema: json!({}),
    };
    let Made {
        request, left_out, ..
    } = request(Material {
        model: "m",
        system: Vec::new(),
        transcript: &transcript,
        tools: &[spec("b"), spec("a")],
        budget: 1000,
        reasoning: ReasoningEffort::Default,
        note: &|_, _| None,
    });
    assert_eq!(left_out, 0);
    assert_eq!(request.messages.len(), 2);
    assert_eq!(request.tools[0].name, "a");
}

#[test]
fn one_turn_that_is_too_long_keeps_its_question_and_its_newest_steps() {
    let mut transcript = vec![text(Role::User, 40)];
    for _ in 0..20 {
        transcript.extend(step(400));
    }
    let (request, left_out) = ask(&transcript, 1000);
    assert!(left_out > 0);
    assert_eq!(request.messages[0].id, transcript[0].id);
    assert_eq!(
        request.messages.last().map(|m| m.id),
        transcript.last().map(|m| m.id)
    );
    assert!(
        request
            .system
            .iter()
            .any(|block| block.text.contains("left out"))
    );
}

proptest! {
    #[test]
    fn what_is_kept_fits_and_is_acceptable(
        turns in proptest::collection::vec((1usize..2000, 0usize..4, 1usize..2000), 1..30),
        budget in 500u64..5000,
    ) {
        let mut transcript = Vec::new();
        for (question, steps, answer) in turns {
            transcript.push(text(Role::User, question));
            for _ in 0..steps {
                transcript.extend(step(answer));
            }
            transcript.push(text(Role::Agent, answer));
        }
        let (request, left_out) = ask(&transcript, budget);
        prop_assert_eq!(request.messages.len() + left_out, transcript.len());
        prop_assert_eq!(request.messages[0].role, Role::User);
        for pair in request.messages.windows(2) {
            let calls: Vec<CallId> = pair[0].calls().collect();
            prop_assert_eq!(!calls.is_empty(), pair[1].role == Role::Tool);
        }
        let total: u64 = request.messages.iter().map(|message| estimate(message)).sum();
        let newest: u64 = request.messages.iter().rev().take(3).map(|message| estimate(message)).sum();
        prop_assert!(total <= budget.max(newest + 600), "{} of {}", total, budget);
    }
}

#[test]
fn a_command_of_the_person_is_words_of_theirs_to_a_model() {
    let id = CallId::new();
    let ran = message(
        Role::User,
        vec![
            Part::ToolCall {
                id,
                name: "exec".into(),
                input: json!({"command": "ls -la"}),
            },
            Part::ToolOutput {
                call_id: id,
                status: OutputStatus::Ok,
                text: "total 0".into(),
            },
        ],
    );
    let (request, _) = ask(&[ran, text(Role::User, 4)], 1_000);
    let said = request.messages[0].text();
    assert!(
        said.contains("$ ls -la") && said.contains("total 0"),
        "{said}"
    );
    assert_eq!(request.messages[0].calls().count(), 0);
    assert_eq!(request.messages[0].parts.len(), 1);
}
