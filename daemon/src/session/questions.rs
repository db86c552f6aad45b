//! Questions of the agent: put to a person, and what came of them.

use std::time::Duration;

use smartopol_agent::{Event, Ruling};
use smartopol_protocol::question::{Choice, Question, QuestionState};
use smartopol_protocol::tool::CallState;
use smartopol_protocol::{QuestionId, Timestamp, TurnId};

use super::actor::Actor;
use super::live::LiveCall;
use super::plan::Plan;
use super::{Broken, authorize};
use crate::approvals::questions;
use crate::toolbox::ask;
use crate::{House, record};

/// Puts the question of a call to a person: its trace stands, and the call waits.
pub(super) fn put(
    house: &House,
    (turn_id, live): (TurnId, &mut LiveCall),
    at: Timestamp,
    plan: &mut Plan,
) -> Ruling {
    let asked = match ask::read(&live.call.input) {
        Ok(asked) => asked,
        Err(output) => {
            authorize::settle(house, live, &output, None, at, plan);
            return Ruling::Refuse(output);
        }
    };
    let known = |text: &str| house.redactor.known(text).0.into_owned();
    let within = house.config.agent.question_expire_after_seconds;
    let question = Question {
        id: QuestionId::new(),
        session_id: live.call.session_id,
        turn_id,
        call_id: live.call.id,
        text: known(&asked.text),
        choices: asked
            .choices
            .iter()
            .map(|choice| Choice {
                label: known(&choice.label),
                explanation: known(&choice.explanation),
            })
            .collect(),
        free_text: asked.free_text,
        asked_at: at,
        expires_at: (within > 0).then(|| at.plus_millis(i64::from(within) * 1000)),
        state: QuestionState::Pending,
    };
    live.call.state = CallState::Unanswered {
        question_id: question.id,
    };
    plan.questions.push(question.clone());
    live.question = Some(question);
    Ruling::Ask
}

impl Actor<'_> {
    /// A question of the turn ended.
    pub(super) async fn answered(&mut self, question: Question) -> Result<(), Broken> {
        let Some((output, at)) = questions::output(&question) else {
            return Ok(());
        };
        let id = question.call_id;
        let Some(call) = self.live.as_mut().and_then(|live| live.calls.get_mut(&id)) else {
            return Ok(());
        };
        if !matches!(call.call.state, CallState::Unanswered { .. }) {
            return Ok(());
        }
        call.question = Some(question);
        let output = record::clean_output(&self.house, output);
        let waited = call.call.started_at.map(|asked| at.millis_since(asked));
        let waited = waited.map(Duration::from_millis);
        let mut plan = Plan::default();
        authorize::settle(&self.house, call, &output, waited, at, &mut plan);
        plan.calls.push(record::stored(&self.house, &call.call));
        self.advance_with(Event::ToolFinished(id, output), plan)
            .await
    }
}
