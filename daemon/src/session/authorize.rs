//! Whether the calls of an answer may run.
//!
//! Owns: inspecting a call, judging it by the policy, and writing down what came of it: a question
//! to a person, or a trace.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;
use smartopol_agent::Ruling;
use smartopol_protocol::approval::{Approval, ApprovalState, Danger, Pattern, Rule, Verdict};
use smartopol_protocol::session::Session;
use smartopol_protocol::tool::{CallState, Inspection, OutputStatus, ToolCall, ToolOutput};
use smartopol_protocol::trace::DecidedBy;
use smartopol_protocol::user::User;
use smartopol_protocol::{ApprovalId, CallId, Timestamp, TurnId};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::live::LiveCall;
use super::plan::Plan;
use super::questions;
use crate::House;
use crate::approvals::coverage::Call;
use crate::approvals::policy::{Judgement, Policy};
use crate::approvals::terms;
use crate::scheduler::charge::Charge;
use crate::{record, toolbox};

/// A call as the model asked for it.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) id: CallId,
    pub(super) name: String,
    pub(super) input: Value,
    /// What the model is told where it is refused without a look at it.
    pub(super) refused: Option<String>,
}

/// Inspects and judges the calls of an answer, and says in `plan` what to write.
pub(super) async fn authorize(
    (house, hurry): (&House, &Notify),
    (session, charge): (&Session, Option<&Charge>),
    (turn_id, (asker, by)): (TurnId, (&str, Option<&str>)),
    asked: Vec<Asked>,
    plan: &mut Plan,
) -> Result<Vec<(LiveCall, Ruling)>, smartopol_store::Error> {
    let rules = house.rules().await?;
    let user = house.users.acting(asker, session.user_id);
    let asked = within(charge, asked);
    let inspected = tokio::select! {
        biased;
        inspected = inspect((house, &user), session, asked.clone()) => inspected,
        () = hurry.notified() => {
            let output = ToolOutput {
                status: OutputStatus::Interrupted,
                text: "not run: interrupted while it was looked at".into(),
                details: Value::Null,
            };
            asked.into_iter().map(|asked| (asked, Err(output.clone()))).collect()
        }
    };
    let at = house.clock.now();
    let mut ruled = Vec::with_capacity(inspected.len());
    for (asked, inspection) in inspected {
        let mut live = LiveCall {
            call: ToolCall {
                id: asked.id,
                session_id: session.id,
                turn_id: Some(turn_id),
                name: asked.name,
                input: asked.input,
                inspection: Inspection::default(),
                state: CallState::Asked,
                asked_at: at,
                started_at: None,
                finished_at: None,
                trace_id: None,
            },
            trace: None,
            approval: None,
            question: None,
            asker: asker.into(),
            by: by.map(Into::into),
            user: user.clone(),
            run: charge.and_then(Charge::run),
            reopened: false,
            cancel: CancellationToken::new(),
        };
        let ruling = match inspection {
            Ok(inspection) => {
                live.call.inspection = inspection;
                let policy = policy(house, session, charge, (&rules, &user));
                let judgement = policy.judge(seen(&live));
                let offer = policy.offer(seen(&live));
                rule(house, (turn_id, &mut live), (judgement, offer), at, plan)
            }
            Err(output) => {
                live.call.inspection.title = live.call.name.clone();
                live.call.inspection.cwd = session.workspace.clone();
                let reason = "the call itself is wrong".to_owned();
                refuse(house, &mut live, output, DecidedBy::Check, reason, at, plan)
            }
        };
        plan.calls.push(record::stored(house, &live.call));
        ruled.push((live, ruling));
    }
    Ok(ruled)
}

/// Refuses the calls of tools that the job of this turn may not use.
fn within(charge: Option<&Charge>, mut asked: Vec<Asked>) -> Vec<Asked> {
    let Some(charge) = charge else { return asked };
    for asked in &mut asked {
        if !charge.may_use(&asked.name) {
            asked.refused.get_or_insert_with(|| {
                format!(
                    "The job may not use the tool `{}`: it has {}.",
                    asked.name,
                    charge.tool_names().join(", ")
                )
            });
        }
    }
    asked
}

/// Returns what the calls of a session are judged by; in a turn of a job by what was frozen.
pub(super) fn policy<'a>(
    house: &'a House,
    session: &'a Session,
    charge: Option<&Charge>,
    (rules, user): (&'a [Rule], &User),
) -> Policy<'a> {
    let own = session.mode.unwrap_or(house.config.approvals.mode);
    Policy {
        mode: charge.map_or(own, Charge::mode),
        workspace: Some(&session.workspace),
        session_id: Some(session.id),
        rules,
        floor: &house.floor,
        rights: house.rights(user),
    }
}

/// Returns a call as it is judged.
pub(super) fn seen(live: &LiveCall) -> Call<'_> {
    Call {
        tool: &live.call.name,
        inspection: &live.call.inspection,
        role: live.user.role.name(),
    }
}

/// Looks at what the calls would do. It reads files, so it happens where blocking hurts nobody.
async fn inspect(
    (house, user): (&House, &Arc<User>),
    session: &Session,
    asked: Vec<Asked>,
) -> Vec<(Asked, Result<Inspection, ToolOutput>)> {
    let (own, user) = (house.clone(), Arc::clone(user));
    let workspace = PathBuf::from(&session.workspace);
    let session_id = Some(session.id);
    let kept = asked.clone();
    let inspected = tokio::task::spawn_blocking(move || {
        asked
            .into_iter()
            .map(|asked| {
                let inspection = match &asked.refused {
                    Some(text) => Err(ToolOutput {
                        status: OutputStatus::Error,
                        text: text.clone(),
                        details: Value::Null,
                    }),
                    None => toolbox::inspect(
                        (&own, &user),
                        session_id,
                        (&asked.name, &asked.input),
                        &workspace,
                    ),
                };
                (asked, inspection)
            })
            .collect()
    })
    .await;
    inspected.unwrap_or_else(|err| {
        tracing::error!("a call could not be inspected: {err}");
        let output = ToolOutput {
            status: OutputStatus::Error,
            text: "the call could not be inspected, so it was not run".into(),
            details: Value::Null,
        };
        kept.into_iter()
            .map(|asked| (asked, Err(output.clone())))
            .collect()
    })
}

fn rule(
    house: &House,
    (turn_id, live): (TurnId, &mut LiveCall),
    (judgement, offer): (Judgement, Option<Pattern>),
    at: Timestamp,
    plan: &mut Plan,
) -> Ruling {
    let reason = judgement.reason();
    match judgement.verdict {
        Verdict::Allow => {
            let grounds = (judgement.by, reason);
            begin(house, (turn_id, live), grounds, at, plan)
        }
        Verdict::Deny => {
            let output = ToolOutput {
                status: OutputStatus::Denied,
                text: format!("not allowed: {reason}"),
                details: Value::Null,
            };
            refuse(house, live, output, judgement.by, reason, at, plan)
        }
        Verdict::Ask => {
            let expire_after = i64::from(house.config.approvals.expire_after_seconds) * 1000;
            let stored = record::stored(house, &live.call).inspection;
            // A rule that would hold a secret is not offered.
            let bare = stored.effects == live.call.inspection.effects;
            let approval = Approval {
                id: ApprovalId::new(),
                session_id: live.call.session_id,
                turn_id,
                call_id: live.call.id,
                tool: live.call.name.clone(),
                inspection: stored,
                reason: house.redactor.known(&reason).0.into_owned(),
                rule: offer.filter(|_| bare),
                danger: judgement.danger.map(|danger| Danger {
                    why: house.redactor.known(&danger.why).0.into_owned(),
                    ..danger
                }),
                terms: terms::of(house, seen(live), &live.user),
                votes: Vec::new(),
                asked_at: at,
                expires_at: at.plus_millis(expire_after),
                state: ApprovalState::Pending,
            };
            live.call.state = CallState::Waiting {
                approval_id: approval.id,
            };
            plan.asked.push(approval.clone());
            live.approval = Some(approval);
            Ruling::Ask
        }
    }
}

/// Lets a call begin: it runs, or puts its question to a person.
pub(super) fn begin(
    house: &House,
    (turn_id, live): (TurnId, &mut LiveCall),
    (by, reason): (DecidedBy, String),
    at: Timestamp,
    plan: &mut Plan,
) -> Ruling {
    run(house, live, by, reason, at, plan);
    if live.call.name == toolbox::ask::NAME {
        return questions::put(house, (turn_id, live), at, plan);
    }
    Ruling::Run
}

/// Writes down that a call runs: the trace stands before the tool starts.
pub(super) fn run(
    house: &House,
    live: &mut LiveCall,
    by: DecidedBy,
    reason: String,
    at: Timestamp,
    plan: &mut Plan,
) {
    let trace = record::begin(house, live, by, reason, at);
    live.call.state = CallState::Running;
    live.call.started_at = Some(at);
    live.call.trace_id = Some(trace.id);
    plan.begun.push(trace.clone());
    live.trace = Some(trace);
}

/// Writes down that a call does not run, with its complete trace.
pub(super) fn refuse(
    house: &House,
    live: &mut LiveCall,
    output: ToolOutput,
    by: DecidedBy,
    reason: String,
    at: Timestamp,
    plan: &mut Plan,
) -> Ruling {
    let trace = record::begin(house, live, by, reason, at);
    live.call.trace_id = Some(trace.id);
    live.trace = Some(trace);
    settle(house, live, &output, None, at, plan);
    // It never was anything but refused, not even for a moment.
    plan.begun.extend(live.trace.clone());
    plan.completed
        .retain(|trace| Some(trace.id) != live.call.trace_id);
    Ruling::Refuse(output)
}

/// Writes down a call's output and completes its trace.
pub(super) fn settle(
    house: &House,
    live: &mut LiveCall,
    output: &ToolOutput,
    took: Option<std::time::Duration>,
    at: Timestamp,
    plan: &mut Plan,
) {
    if let Some(trace) = &mut live.trace {
        record::complete(house, trace, output, took);
        plan.completed.push(trace.clone());
    }
    live.call.state = CallState::Finished {
        output: output.clone(),
    };
    // A call and its trace tell the same duration: the tool's own, without the time to store it.
    live.call.finished_at = match (live.call.started_at, took) {
        (Some(started), Some(took)) => {
            Some(started.plus_millis(i64::try_from(took.as_millis()).unwrap_or(i64::MAX)))
        }
        _ => Some(at),
    };
}
