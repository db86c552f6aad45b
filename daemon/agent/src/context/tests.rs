//! What a request carries.

use proptest::prelude::*;
use serde_json::json;
use smartopol_protocol::compaction::{Compaction, MadeBy, Pin, PinKind};
use smartopol_protocol::model::Usage;
use smartopol_protocol::terminal::Party;
use smartopol_protocol::tool::OutputStatus;
use smartopol_protocol::{CallId, CompactionId, MessageId, PinId, SessionId, Timestamp, TurnId};

use super::block::Known;
use super::fold::{Room, boundary};
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
        folded: None,
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
        folded: None,
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

/// A transcript of turns as a store keeps it: positions, turns, notices between; each turn is its
/// question, so many steps, whether a person steered in the middle, and whether it has its answer.
fn story(turns: &[(usize, usize, bool, bool)], bytes: usize) -> Vec<Arc<Message>> {
    let mut transcript: Vec<Arc<Message>> = Vec::new();
    for (question, steps, steers, answered) in turns {
        let turn = TurnId::new();
        let mut own = vec![text(Role::User, *question)];
        for place in 0..*steps {
            own.extend(step(bytes));
            if *steers && place == 0 {
                own.push(text(Role::User, 12));
            }
        }
        if *answered {
            own.push(text(Role::System, 9));
            own.push(text(Role::Agent, bytes));
        }
        for message in own {
            let mut message = Message::clone(&message);
            message.turn_id = Some(turn);
            message.position = Some(transcript.len() as u64 + 1);
            transcript.push(Arc::new(message));
        }
    }
    transcript
}

fn compaction(until: u64, messages: u64) -> Compaction {
    Compaction {
        id: CompactionId::new(),
        session_id: SessionId::from_bytes([1; 16]),
        until,
        messages,
        summary: "It went well.".into(),
        pinned: Vec::new(),
        made_by: MadeBy::Model {
            provider: "p".into(),
            model: "m".into(),
            usage: Usage::default(),
        },
        tokens_before: 0,
        tokens_after: 0,
        created_at: Timestamp::from_millis(0),
        expanded_at: None,
    }
}

fn ask_folded(transcript: &[Arc<Message>], folded: &Folded, budget: u64) -> Made {
    request(Material {
        model: "m",
        system: Vec::new(),
        transcript,
        folded: Some(folded),
        tools: &[],
        budget,
        reasoning: ReasoningEffort::Default,
        note: &|_, _| None,
    })
}

fn is_acceptable(request: &ModelRequest) -> Result<(), TestCaseError> {
    prop_assert_eq!(request.messages[0].role, Role::User);
    for pair in request.messages.windows(2) {
        let calls = pair[0].calls().count();
        prop_assert_eq!(calls > 0, pair[1].role == Role::Tool);
    }
    prop_assert_eq!(request.messages.last().unwrap().calls().count(), 0);
    Ok(())
}

proptest! {
    #[test]
    fn a_fold_parts_no_call_from_its_output_and_no_newest_question_from_its_steps(
        mut turns in proptest::collection::vec((1usize..1500, 0usize..5, any::<bool>(), Just(true)), 1..12),
        bytes in 1usize..3000,
        keep in 0u64..4000,
        at in 0usize..40,
        budget in 500u64..6000,
    ) {
        // The newest turn is about to ask: its steps are done, its answer is not there.
        turns.last_mut().unwrap().3 = false;
        let transcript = story(&turns, bytes);
        let room = Room { keep, most: keep * 2 };
        let Some(first) = boundary(&transcript, 0, room) else {
            prop_assert!(turns.len() == 1 && turns[0].1 < 2, "{turns:?}");
            return Ok(());
        };
        let is_question = |own: &&Arc<Message>| own.role == Role::User;
        let newest = transcript.iter().rfind(is_question).unwrap();
        // Fold again in what was left, as a later request would.
        let mut until = 0;
        let mut messages = 0;
        let mut next = Some(first);
        while let Some(fold) = next {
            prop_assert!(fold.until > until);
            until = fold.until;
            messages += fold.messages;
            let folded = block::folded(&compaction(until, messages));
            let made = ask_folded(&transcript, &folded, u64::MAX);
            is_acceptable(&made.request)?;
            let ids: Vec<MessageId> = made.request.messages.iter().map(|own| own.id).collect();
            prop_assert!(ids.contains(&newest.id), "the newest question is carried");
            prop_assert_eq!(ids[0], folded.block.id);
            let said = transcript.iter().filter(|own| own.role != Role::System).count() as u64;
            prop_assert_eq!(messages + fold.stay, said, "none is lost and none counted twice");
            let again = ask_folded(&transcript, &folded, u64::MAX);
            prop_assert_eq!(&again.request, &made.request, "the same each time");
            let short = ask_folded(&transcript, &folded, budget);
            is_acceptable(&short.request)?;
            prop_assert!(short.request.messages.iter().any(|own| own.id == newest.id));
            next = boundary(&transcript, until, room).filter(|_| until < at as u64);
        }
    }
}

#[test]
fn what_is_pinned_stands_word_for_word_in_its_order_and_denied_calls_with_their_reasons() {
    let pin = |kind, text: &str| Pin {
        id: PinId::new(),
        session_id: SessionId::from_bytes([1; 16]),
        kind,
        text: text.into(),
        by: Party::Person,
        created_at: Timestamp::from_millis(0),
        removed_at: None,
    };
    let pins = [
        pin(PinKind::Todo, "water the garden"),
        pin(PinKind::Rule, "never\n  on a Sunday"),
    ];
    let id = CallId::new();
    let denied = [
        message(
            Role::Agent,
            vec![Part::ToolCall {
                id,
                name: "exec".into(),
                input: json!({"command": "rm -r garden"}),
            }],
        ),
        message(
            Role::Tool,
            vec![Part::ToolOutput {
                call_id: id,
                status: OutputStatus::Denied,
                text: "denied by the person: not the garden".into(),
            }],
        ),
    ];
    let first = text(Role::User, 3000);
    let known = Known {
        pins: &pins,
        first: Some(&first),
        approvals: &[],
        before: None,
        folded: &denied,
    };
    let pinned = block::pinned(known);
    let kinds: Vec<PinKind> = pinned.iter().map(|own| own.kind).collect();
    use PinKind::{Denial, Goal, Rule, Todo};
    assert_eq!(kinds, [Goal, Rule, Todo, Denial]);
    assert_eq!(pinned[0].text.len(), 2048 + " […]".len());
    let made = Compaction {
        pinned,
        ..compaction(4, 4)
    };
    let told = block::text(&made);
    assert!(told.contains("never\n  on a Sunday") && told.contains("water the garden"));
    assert!(told.contains("rm -r garden") && told.contains("not the garden"));
    assert!(told.ends_with("It went well."));
    // The next one takes pins anew and keeps what was denied.
    let again = block::pinned(Known {
        pins: &pins[..1],
        before: Some(&made),
        folded: &[],
        ..known
    });
    let kinds: Vec<PinKind> = again.iter().map(|own| own.kind).collect();
    assert_eq!(kinds, [Goal, Todo, Denial]);
}
