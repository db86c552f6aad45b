//! Where the time of a turn went: the model's, a person's, the tools'. Pure.

use smartopol_protocol::Timestamp;
use smartopol_protocol::approval::{Approval, ApprovalState};
use smartopol_protocol::message::Role;
use smartopol_protocol::tool::{CallState, ToolCall};
use smartopol_protocol::turn::{Step, StepOf, Turn};

use crate::toolbox::ask;

/// Returns what a turn did, by when it began. `spoken` is who spoke in it, in order.
pub(crate) fn steps(
    turn: &Turn,
    spoken: &[(Role, Timestamp)],
    calls: &[ToolCall],
    approvals: &[Approval],
) -> Vec<Step> {
    let mut steps = thinking(turn, spoken, calls);
    for approval in approvals {
        let call = calls.iter().find(|call| call.id == approval.call_id);
        steps.push(Step {
            of: StepOf::Person,
            title: approval.inspection.title.clone(),
            tool: approval.tool.clone(),
            at: approval.asked_at,
            ended_at: ended_at(&approval.state),
            call_id: Some(approval.call_id),
            trace_id: call.and_then(|call| call.trace_id),
            status: None,
        });
    }
    steps.extend(calls.iter().filter_map(ran));
    steps.sort_by_key(|step| step.at);
    steps
}

/// Returns when the model was asked: from the beginning, or from the outputs before, to its words.
fn thinking(turn: &Turn, spoken: &[(Role, Timestamp)], calls: &[ToolCall]) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut asked = Some(turn.started_at);
    for (role, at) in spoken {
        match role {
            Role::Agent => {
                if let Some(from) = asked.take() {
                    steps.push(model(from, Some(*at)));
                }
            }
            Role::Tool => asked = Some(*at),
            Role::User | Role::System => {}
        }
    }
    let open = calls
        .iter()
        .any(|call| !matches!(call.state, CallState::Finished { .. }));
    if let Some(from) = asked.filter(|_| !open) {
        steps.push(model(from, turn.finished_at));
    }
    steps
}

const fn model(at: Timestamp, ended_at: Option<Timestamp>) -> Step {
    Step {
        of: StepOf::Model,
        title: String::new(),
        tool: String::new(),
        at,
        ended_at,
        call_id: None,
        trace_id: None,
        status: None,
    }
}

/// Returns the run of a call; `None` while it has not begun.
fn ran(call: &ToolCall) -> Option<Step> {
    let status = match &call.state {
        CallState::Finished { output } => Some(output.status),
        _ => None,
    };
    let at = call.started_at.or(call.finished_at)?;
    // A call that asks takes the time of a person, not its own.
    let of = match call.name.as_str() {
        ask::NAME => StepOf::Person,
        _ => StepOf::Tool,
    };
    Some(Step {
        of,
        title: call.inspection.title.clone(),
        tool: call.name.clone(),
        at,
        ended_at: call.finished_at,
        call_id: Some(call.id),
        trace_id: call.trace_id,
        status,
    })
}

const fn ended_at(state: &ApprovalState) -> Option<Timestamp> {
    match state {
        ApprovalState::Pending => None,
        ApprovalState::Allowed { decision } | ApprovalState::Denied { decision } => {
            Some(decision.at)
        }
        ApprovalState::Expired { at } | ApprovalState::Cancelled { at, .. } => Some(*at),
    }
}

#[cfg(test)]
mod tests {
    use smartopol_protocol::model::Usage;
    use smartopol_protocol::turn::TurnState;
    use smartopol_protocol::{CallId, SessionId, TurnId};

    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    #[test]
    fn the_model_thinks_between_what_it_hears_and_what_it_says() {
        let turn = Turn {
            id: TurnId::new(),
            session_id: SessionId::new(),
            message_id: None,
            state: TurnState::Running,
            steps: 2,
            usage: Usage::default(),
            carried: smartopol_protocol::turn::Carried::default(),
            provider: String::new(),
            model: String::new(),
            started_at: at(0),
            finished_at: None,
        };
        let call = ToolCall {
            id: CallId::new(),
            session_id: turn.session_id,
            turn_id: Some(turn.id),
            name: "exec".into(),
            input: serde_json::Value::Null,
            inspection: Default::default(),
            state: CallState::Running,
            asked_at: at(1_000),
            started_at: Some(at(4_000)),
            finished_at: None,
            trace_id: None,
        };
        let spoken = [(Role::User, at(0)), (Role::Agent, at(1_000))];
        let running = steps(&turn, &spoken, std::slice::from_ref(&call), &[]);
        let told: Vec<_> = running
            .iter()
            .map(|step| (step.of, step.at, step.ended_at))
            .collect();
        assert_eq!(
            told,
            [
                (StepOf::Model, at(0), Some(at(1_000))),
                (StepOf::Tool, at(4_000), None)
            ]
        );

        let done = ToolCall {
            state: CallState::Finished {
                output: Default::default(),
            },
            finished_at: Some(at(9_000)),
            ..call
        };
        let spoken = [
            (Role::User, at(0)),
            (Role::Agent, at(1_000)),
            (Role::Tool, at(9_000)),
        ];
        let again = steps(&turn, &spoken, &[done], &[]);
        assert_eq!(again.len(), 3);
        assert_eq!(again[2], model(at(9_000), None), "it is asked again");
    }
}
