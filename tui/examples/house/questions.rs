//! Questions of the agent in the house.

use serde_json::json;
use smartopol_protocol::attention::{Item, Kind, Priority, Resolution};
use smartopol_protocol::question::{Choice, Given, Question, QuestionState};
use smartopol_protocol::session::SessionState;
use smartopol_protocol::tool::{CallState, Inspection};
use smartopol_protocol::{News, QuestionId, SessionId};

use super::House;

/// Choices, from their labels and what each would mean.
pub fn choices(all: &[(&str, &str)]) -> Vec<Choice> {
    let choice = |(label, explanation): &(&str, &str)| Choice {
        label: (*label).into(),
        explanation: (*explanation).into(),
    };
    all.iter().map(choice).collect()
}

/// The agent asks something in a session.
pub fn asks(
    house: &mut House,
    id: SessionId,
    text: &str,
    choices: Vec<Choice>,
    free_text: bool,
) -> QuestionId {
    let turn = house.user(id, "set the mail up as you think is right");
    house.wait(400);
    let (call, part) = house.part("ask", json!({ "question": text }));
    house.agent(id, turn, vec![part]);
    let title = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let inspection = Inspection {
        title: title.clone(),
        ..Inspection::default()
    };
    house.call(id, turn, call, "ask", inspection);
    let question = Question {
        id: QuestionId::from_bytes(house.bytes()),
        session_id: id,
        turn_id: turn,
        call_id: call,
        text: text.into(),
        choices,
        free_text,
        asked_at: house.at(),
        expires_at: None,
        state: QuestionState::Pending,
    };
    let question_id = question.id;
    house.change_call(call, |call, at| {
        call.state = CallState::Unanswered { question_id };
        call.started_at = Some(at);
    });
    house.questions.push(question.clone());
    house.happened(News::QuestionChanged(Box::new(question.clone())));
    let labels: Vec<String> = (1..)
        .zip(&question.choices)
        .map(|(number, choice)| format!("{number} {}", choice.label))
        .collect();
    let item = house.item(Kind::Question, Priority::High, &title);
    house.waits(Item {
        session_id: Some(id),
        turn_id: Some(turn),
        question_id: Some(question_id),
        detail: labels.join(" · "),
        ..item
    });
    house.change(id, |session| {
        session.state = SessionState::Waiting;
        session.waiting += 1;
    });
    question_id
}

/// A person answered elsewhere.
pub fn answered(house: &mut House, id: QuestionId, text: &str) -> Question {
    let given = Given {
        actor: smartopol_protocol::approval::Actor {
            peer: "cli:1000".into(),
            client: "smartopol-cli".into(),
            by: None,
        },
        at: house.at(),
        number: None,
        text: text.into(),
    };
    let question = house.questions.iter_mut().find(|own| own.id == id).unwrap();
    question.state = QuestionState::Answered { given };
    let question = question.clone();
    house.happened(News::QuestionChanged(Box::new(question.clone())));
    house.resolve(|item| item.question_id == Some(id), Resolution::Answered);
    house.change(question.session_id, |session| {
        session.waiting -= 1;
        session.state = SessionState::Running;
    });
    question
}
