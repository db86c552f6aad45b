//! A session as it is found in the store, after a rest, a restart or a crash.
//!
//! Owns what becomes of a turn that was left open: one that waited for a person goes on waiting;
//! one that was cut off in a stream or a tool is closed, and can be continued.

use std::collections::VecDeque;

use serde_json::Value;
use smartopol_agent::turn::Resumed;
use smartopol_protocol::approval::{Approval, ApprovalState};
use smartopol_protocol::message::{Message, Part, Role};
use smartopol_protocol::question::{Question, QuestionState};
use smartopol_protocol::session::{Session, SessionState};
use smartopol_protocol::tool::{CallState, OutputStatus, ToolCall, ToolOutput};
use smartopol_protocol::trace::{DecidedBy, Trace};
use smartopol_protocol::turn::{Outcome, Turn, TurnState};
use smartopol_protocol::{MessageId, SessionId, Timestamp, UserId};
use smartopol_store::{Error, Reader};
use tokio_util::sync::CancellationToken;

use super::commands::Command;
use super::folding::Folds;
use super::live::LiveCall;
use super::plan::Plan;
use crate::scheduler::charge::{self, Charge};
use crate::users::Users;
use crate::{House, record};

/// How many of the newest messages an actor keeps in memory; no model reads more.
pub(crate) const TRANSCRIPT: u32 = 4_000;

/// A session as it is stored.
pub(super) struct Stored {
    pub(super) session: Session,
    pub(super) transcript: Vec<Message>,
    pub(super) queue: VecDeque<Message>,
    /// True where what waits does so because a person interrupted the last turn.
    pub(super) held: bool,
    /// Commands of the person that have their output and no place yet.
    pub(super) ran: Vec<MessageId>,
    /// Commands of the person that were cut off.
    pub(super) cut_commands: Vec<Command>,
    pub(super) open: Option<Open>,
    pub(super) folds: Folds,
}

/// A turn that was left open.
pub(super) struct Open {
    pub(super) turn: Turn,
    /// The peer whose message began it, or whose job did; empty where nobody's did.
    pub(super) asker: String,
    /// Who really said it, where the owner acts as that peer.
    pub(super) by: Option<String>,
    /// What it may do and use, where a job began it.
    pub(super) charge: Option<Charge>,
    /// The calls of its newest answer that have no output message yet, in the order asked.
    pub(super) calls: Vec<OpenCall>,
}

/// A call without an output message.
pub(super) struct OpenCall {
    call: ToolCall,
    /// The approval that it waits for.
    approval: Option<Approval>,
    /// The question whose answer it waits for.
    question: Option<Question>,
    trace: Option<Trace>,
}

/// Reads a session.
pub(super) async fn load(house: &House, id: SessionId) -> Result<Stored, Error> {
    let mut stored = look(house, id).await?;
    if let Some(open) = &mut stored.open {
        open.charge = charge::of(house, Some(&open.asker), open.turn.message_id).await?;
        if let Some(charge) = &open.charge {
            charge.owner().clone_into(&mut open.asker);
        }
    }
    Ok(stored)
}

async fn look(house: &House, id: SessionId) -> Result<Stored, Error> {
    let users = house.users.clone();
    house
        .store
        .read(move |r| {
            let (transcript, _) = r.transcript(id, None, TRANSCRIPT)?;
            let turn = r.unfinished_turn(id)?;
            let open = turn
                .map(|turn| open(r, turn, transcript.last()))
                .transpose()?;
            let session = r.session(id)?;
            let (commands, queue): (Vec<_>, Vec<_>) =
                r.queued(id)?.into_iter().partition(Message::is_command);
            let (ran, cut): (Vec<_>, Vec<_>) = commands
                .into_iter()
                .partition(|message| message.parts.len() > 1);
            let cut_commands = cut
                .iter()
                .map(|message| command(r, &users, message))
                .filter_map(Result::transpose)
                .collect::<Result<_, _>>()?;
            let interrupted = matches!(
                session.state,
                SessionState::Idle {
                    last: Some(Outcome::Interrupted)
                }
            );
            Ok(Stored {
                held: interrupted && !queue.is_empty(),
                session,
                queue: queue.into(),
                ran: ran.iter().map(|message| message.id).collect(),
                cut_commands,
                transcript,
                open,
                folds: Folds::read(r, id)?,
            })
        })
        .await
}

fn command(r: &Reader<'_>, users: &Users, message: &Message) -> Result<Option<Command>, Error> {
    let Some(id) = message.calls().next() else {
        return Ok(None);
    };
    let asker = message.peer.clone().unwrap_or_default();
    Ok(Some(Command {
        message_id: message.id,
        live: LiveCall {
            call: r.call(id)?,
            trace: r.trace_of_call(id)?,
            approval: None,
            question: None,
            user: users.acting(&asker, None),
            by: message.by.clone(),
            asker,
            run: None,
            reopened: true,
            cancel: CancellationToken::new(),
        },
    }))
}

fn open(r: &Reader<'_>, turn: Turn, last: Option<&Message>) -> Result<Open, Error> {
    let unanswered = last.filter(|message| message.role == Role::Agent);
    let ids: Vec<_> = unanswered
        .map(|message| message.calls().collect())
        .unwrap_or_default();
    let mut calls = Vec::with_capacity(ids.len());
    for id in ids {
        let call = r.call(id)?;
        let approval = match call.state {
            CallState::Waiting { approval_id } => Some(r.approval(approval_id)?),
            _ => None,
        };
        let question = match call.state {
            CallState::Unanswered { question_id } => Some(r.question(question_id)?),
            _ => None,
        };
        calls.push(OpenCall {
            trace: r.trace_of_call(id)?,
            call,
            approval,
            question,
        });
    }
    let (asker, by) = match turn.message_id {
        Some(id) => r
            .message(id)
            .map(|said| (said.peer.unwrap_or_default(), said.by))?,
        None => (String::new(), None),
    };
    Ok(Open {
        turn,
        asker,
        by,
        charge: None,
        calls,
    })
}

/// What is done about an open turn.
pub(super) enum Reopened {
    /// It goes on: its calls, what the machine is told of each, and approvals and questions that
    /// were answered while nobody listened.
    Waiting {
        calls: Vec<(LiveCall, Resumed)>,
        decided: Vec<Approval>,
        answered: Vec<Question>,
    },
    /// It is closed.
    Closed,
}

/// Says what becomes of an open turn, and in `plan` what to write for it.
pub(super) fn reopen(
    house: &House,
    (open, session_of): (&Open, Option<UserId>),
    plan: &mut Plan,
) -> Reopened {
    let user = house.users.acting(&open.asker, session_of);
    let at = house.clock.now();
    let asks = |own: &OpenCall| own.approval.is_some() || own.question.is_some();
    let waits = open.calls.iter().any(asks);
    let mut calls = Vec::with_capacity(open.calls.len());
    let (mut decided, mut answered) = (Vec::new(), Vec::new());
    for OpenCall {
        call,
        approval,
        question,
        trace,
    } in &open.calls
    {
        let mut live = LiveCall {
            call: call.clone(),
            trace: trace.clone(),
            approval: approval.clone(),
            question: question.clone(),
            asker: open.asker.clone(),
            by: open.by.clone(),
            user: user.clone(),
            run: open.charge.as_ref().and_then(Charge::run),
            reopened: true,
            cancel: CancellationToken::new(),
        };
        let output = match (&call.state, approval, question) {
            (CallState::Finished { output }, ..) => Some(output.clone()),
            (_, Some(approval), _) => {
                if approval.state != ApprovalState::Pending {
                    decided.push(approval.clone());
                }
                None
            }
            (.., Some(question)) => {
                if question.state != QuestionState::Pending {
                    answered.push(question.clone());
                }
                None
            }
            _ => {
                let output = cut_off(live.trace.is_some());
                if live.trace.is_none() {
                    let reason = "the daemon ended before it was decided".to_owned();
                    let by = DecidedBy::Interrupt;
                    let trace = record::begin(house, &live, by, reason, at);
                    live.call.trace_id = Some(trace.id);
                    plan.begun.push(trace.clone());
                    live.trace = Some(trace);
                }
                super::authorize::settle(house, &mut live, &output, None, at, plan);
                plan.calls.push(record::stored(house, &live.call));
                Some(output)
            }
        };
        let resumed = Resumed {
            id: call.id,
            name: call.name.clone(),
            input: call.input.clone(),
            output,
        };
        calls.push((live, resumed));
    }
    if waits {
        return Reopened::Waiting {
            calls,
            decided,
            answered,
        };
    }
    let parts: Vec<Part> = calls
        .iter()
        .filter_map(|(live, resumed)| {
            resumed.output.as_ref().map(|output| Part::ToolOutput {
                call_id: live.call.id,
                status: output.status,
                text: output.text.clone(),
            })
        })
        .collect();
    if !parts.is_empty() {
        plan.messages
            .push(message(&open.turn, Role::Tool, parts, false, at));
    }
    let mut turn = open.turn.clone();
    turn.state = TurnState::Finished {
        outcome: Outcome::CutOff,
    };
    turn.finished_at = Some(at);
    plan.turn = Some(turn);
    Reopened::Closed
}

pub(super) fn cut_off(began: bool) -> ToolOutput {
    let text = if began {
        "interrupted: the daemon ended while this ran; what it had done by then is not known"
    } else {
        "not run: the daemon ended first"
    };
    ToolOutput {
        status: OutputStatus::Interrupted,
        text: text.into(),
        details: Value::Null,
    }
}

/// Returns a message of a turn.
pub(super) fn message(
    turn: &Turn,
    role: Role,
    parts: Vec<Part>,
    interrupted: bool,
    at: Timestamp,
) -> Message {
    Message {
        id: MessageId::new(),
        session_id: turn.session_id,
        turn_id: Some(turn.id),
        position: None,
        steer: false,
        role,
        parts,
        peer: None,
        by: None,
        interrupted,
        created_at: at,
    }
}
