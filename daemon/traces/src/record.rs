//! Makes traces: one call when it is decided, one when the tool call is answered.

use std::time::Duration;

use serde_json::{Value, json};
use smartopol_protocol::approval::Actor;
use smartopol_protocol::job::RunKey;
use smartopol_protocol::tool::{OutputStatus, ToolCall, ToolOutput};
use smartopol_protocol::trace::{ActionType, DecidedBy, Metadata, Trace};
use smartopol_protocol::{AgentId, ApprovalId, Timestamp, TraceId};

use crate::{Redactor, bounded, bounded_params};

/// What is known of a call when it is decided whether it runs.
#[derive(Clone, Debug)]
pub struct Begin<'a> {
    /// The trace's name.
    pub id: TraceId,
    /// This agent.
    pub agent_id: AgentId,
    /// When it was decided.
    pub at: Timestamp,
    /// The call.
    pub call: &'a ToolCall,
    /// The run of a job that its turn is; `None` where no job began it.
    pub run: Option<RunKey>,
    /// What decided.
    pub decided_by: DecidedBy,
    /// Why, one sentence.
    pub reason: String,
    /// The approval, where a person was asked.
    pub approval_id: Option<ApprovalId>,
    /// Who answered it, or whose message began the turn.
    pub actor: Option<&'a Actor>,
}

/// Returns the trace of a call that is decided and not yet answered, without secrets.
pub fn begin(begin: Begin<'_>, redactor: &Redactor) -> Trace {
    let Begin { call, actor, .. } = begin;
    let (params, in_params) = redactor.value(&call.input);
    let (title, _) = redactor.text(&call.inspection.title);
    let (cwd, _) = redactor.known(&call.inspection.cwd);
    let (reason, _) = redactor.text(&begin.reason);
    Trace {
        id: begin.id,
        agent_id: begin.agent_id,
        timestamp: begin.at,
        tool_name: call.name.clone(),
        action_type: ActionType::Allow,
        params: bounded_params(params),
        result: Value::Null,
        duration_ms: None,
        metadata: Metadata {
            session_id: call.session_id,
            turn_id: call.turn_id,
            run: begin.run,
            call_id: call.id,
            title: title.into_owned(),
            complete: false,
            decided_by: begin.decided_by,
            reason: reason.into_owned(),
            approval_id: begin.approval_id,
            actor: actor.map(|actor| actor.peer.clone()).unwrap_or_default(),
            by: actor.and_then(|actor| actor.by.clone()),
            surface: actor.map(|actor| actor.client.clone()).unwrap_or_default(),
            cwd: cwd.into_owned(),
            redacted: in_params,
            details: Value::Null,
        },
    }
}

/// Completes a trace with what the call gave back; `took` is `None` where it never ran.
pub fn complete(
    trace: &mut Trace,
    output: &ToolOutput,
    took: Option<Duration>,
    redactor: &Redactor,
) {
    let (text, in_text) = redactor.text(&output.text);
    let (details, in_details) = redactor.value(&output.details);
    trace.action_type = match output.status {
        OutputStatus::Ok => ActionType::Allow,
        OutputStatus::Denied | OutputStatus::Expired => ActionType::Deny,
        OutputStatus::Error | OutputStatus::Interrupted => ActionType::Error,
    };
    trace.result = bounded(json!({ "status": output.status, "text": text }));
    trace.duration_ms = took.map(|took| u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
    trace.metadata.details = bounded(details);
    trace.metadata.redacted += in_text + in_details;
    trace.metadata.complete = true;
}
