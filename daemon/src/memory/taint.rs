//! What untrusted text a turn has read.
//!
//! Owns the rule. Something that is written down is untrusted where, in the same turn and before
//! the answer that wrote it, a call was begun that talks to another machine, reads outside the
//! workspace, or reads what cannot be told; where a topic was read that is untrusted itself; or
//! where somebody else than its owner has spoken in the turn. What another call of the same answer
//! reads does not count: the model had not seen it. Nor does what earlier turns read.
//!
//! What is taken out of a whole conversation, when it is folded, is untrusted where anything of that
//! was ever read in it: a summary of a page is still the page's.

use smartopol_protocol::memory::{Taint, Untrusted};
use smartopol_protocol::tool::{CallState, Effect, Place, ToolCall};
use smartopol_protocol::{CallId, Fault, SessionId, TurnId, UserId};

use crate::House;
use crate::scheduler::charge;
use crate::toolbox;

/// How many are named.
const NAMED: usize = 8;

/// How many characters of a call's title are kept.
const TITLE: usize = 160;

/// Returns what makes something untrusted that the call of an answer writes in the name of a user.
/// `beside` are the calls of that answer.
pub(crate) async fn of_turn(
    house: &House,
    turn_id: TurnId,
    beside: Vec<CallId>,
    user: UserId,
) -> Result<Vec<Taint>, Fault> {
    let (calls, peers) = house
        .store
        .read(move |r| Ok((r.calls_of_turn(turn_id)?, r.peers_in(turn_id)?)))
        .await?;
    let mut taint = Vec::new();
    others(house, user, peers, &mut taint);
    for call in calls.iter().filter(|call| !beside.contains(&call.id)) {
        read_by(call, &mut taint);
    }
    Ok(taint)
}

/// Returns what makes something untrusted that is taken out of all that a session holds, in the
/// name of a user.
pub(crate) async fn of_session(
    house: &House,
    session_id: SessionId,
    user: UserId,
) -> Result<Vec<Taint>, smartopol_store::Error> {
    let peers = house.store.read(move |r| r.peers_of(session_id)).await?;
    let mut taint = Vec::new();
    others(house, user, peers, &mut taint);
    house
        .store
        .read(move |r| {
            r.each_call_of(session_id, |call| {
                read_by(&call, &mut taint);
                taint.len() < NAMED
            })?;
            Ok(taint)
        })
        .await
}

/// Adds those who spoke and are not this user.
fn others(house: &House, user: UserId, peers: Vec<String>, taint: &mut Vec<Taint>) {
    for peer in peers {
        let own = house.users.of(&peer).is_some_and(|own| own.id == user);
        if !own && !charge::is_job(&peer) {
            put(
                taint,
                Taint {
                    kind: Untrusted::OtherUser,
                    what: peer,
                    call_id: None,
                },
            );
        }
    }
}

/// Adds what a call may have brought in.
fn read_by(call: &ToolCall, taint: &mut Vec<Taint>) {
    if let Some(kind) = of_call(call) {
        put(
            taint,
            Taint {
                kind,
                what: call.inspection.title.chars().take(TITLE).collect(),
                call_id: Some(call.id),
            },
        );
    }
}

fn put(taint: &mut Vec<Taint>, new: Taint) {
    let same = |own: &Taint| own.kind == new.kind && own.what == new.what;
    if taint.len() < NAMED && !taint.iter().any(same) {
        taint.push(new);
    }
}

/// Returns what kind of untrusted text a call may have brought in; `None` where none.
fn of_call(call: &ToolCall) -> Option<Untrusted> {
    call.started_at?;
    if let CallState::Finished { output } = &call.state
        && output.details.get(toolbox::UNTRUSTED) == Some(&true.into())
    {
        return Some(Untrusted::Written);
    }
    if toolbox::says_nothing_foreign(&call.name) {
        return None;
    }
    if toolbox::shows_programs(&call.name) {
        return Some(Untrusted::Unclear);
    }
    let mut worst = None;
    for effect in &call.inspection.effects {
        match effect {
            Effect::Network { .. } => return Some(Untrusted::Network),
            Effect::Read {
                place: Place::Outside,
                ..
            } => worst = Some(Untrusted::Outside),
            Effect::Unclear { .. } => {
                worst.get_or_insert(Untrusted::Unclear);
            }
            _ => {}
        }
    }
    worst
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use smartopol_protocol::Timestamp;
    use smartopol_protocol::tool::{Inspection, ToolOutput};

    use super::*;

    fn call(name: &str, effects: Vec<Effect>) -> ToolCall {
        ToolCall {
            id: CallId::new(),
            session_id: SessionId::new(),
            turn_id: Some(TurnId::new()),
            name: name.into(),
            input: json!({}),
            inspection: Inspection {
                effects,
                ..Inspection::default()
            },
            state: CallState::Finished {
                output: ToolOutput::default(),
            },
            asked_at: Timestamp::from_millis(0),
            started_at: Some(Timestamp::from_millis(1)),
            finished_at: Some(Timestamp::from_millis(2)),
            trace_id: None,
        }
    }

    fn read(place: Place) -> Effect {
        Effect::Read {
            path: "/etc/passwd".into(),
            place,
        }
    }

    #[test]
    fn the_rule_is_about_what_a_call_read() {
        let network = Effect::Network { host: None };
        let unclear = Effect::Unclear { why: "x".into() };
        for (name, effects, kind) in [
            ("read_file", vec![read(Place::Workspace)], None),
            (
                "read_file",
                vec![read(Place::Outside)],
                Some(Untrusted::Outside),
            ),
            (
                "exec",
                vec![read(Place::Outside), network.clone()],
                Some(Untrusted::Network),
            ),
            ("exec", vec![unclear.clone()], Some(Untrusted::Unclear)),
            (
                "exec",
                vec![unclear.clone(), read(Place::Outside)],
                Some(Untrusted::Outside),
            ),
            ("terminal_read", vec![], Some(Untrusted::Unclear)),
            ("schedule_add", vec![unclear.clone()], None),
            ("memory_forget", vec![unclear], None),
        ] {
            assert_eq!(
                of_call(&call(name, effects.clone())),
                kind,
                "{name} {effects:?}"
            );
        }
        let mut never = call("exec", vec![network]);
        never.started_at = None;
        assert_eq!(of_call(&never), None, "it never ran");
        let mut topic = call("knowledge_read", vec![]);
        topic.state = CallState::Finished {
            output: ToolOutput {
                details: json!({ "untrusted": true }),
                ..ToolOutput::default()
            },
        };
        assert_eq!(of_call(&topic), Some(Untrusted::Written));
    }
}
