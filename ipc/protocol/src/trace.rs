//! Traces: the record of each tool call, allowed, refused or failed.
//!
//! The record is flat, as trace collectors take it: `id, agent_id, timestamp, tool_name,
//! action_type, params, result, duration_ms, metadata`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::job::RunKey;
use crate::{AgentId, ApprovalId, CallId, SessionId, Timestamp, TraceId, TurnId, UserId};

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionType {
    /// It was let run.
    Allow,
    /// It was refused.
    Deny,
    /// It was let run, or would have been, and failed.
    Error,
}

impl ActionType {
    /// Returns its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Error => "error",
        }
    }
}

/// The record of one tool call. Written before the tool runs, completed after it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// Its name.
    pub id: TraceId,
    /// Which agent called.
    pub agent_id: AgentId,
    /// When it was decided whether the call runs.
    pub timestamp: Timestamp,
    /// The tool.
    pub tool_name: String,
    /// What became of it.
    pub action_type: ActionType,
    /// The arguments, redacted.
    pub params: Value,
    /// What it gave back, redacted and bounded; null while it runs.
    pub result: Value,
    /// How long it ran; null while it runs, and where it never ran.
    pub duration_ms: Option<u64>,
    /// Everything else.
    pub metadata: Metadata,
}

/// What a trace says beyond the record that collectors know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metadata {
    /// The session.
    pub session_id: SessionId,
    /// The turn; `None` for a person's command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<TurnId>,
    /// The run of a job that the turn is; `None` where no job began it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunKey>,
    /// The call; where the daemon itself did it, a name that is no call's.
    pub call_id: CallId,
    /// One line for lists, redacted.
    pub title: String,
    /// True once nothing will be added.
    pub complete: bool,
    /// What decided.
    pub decided_by: DecidedBy,
    /// Why, one sentence.
    pub reason: String,
    /// The approval, where a person was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval_id: Option<ApprovalId>,
    /// The peer who answered the approval, or whose message began the turn.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub actor: String,
    /// Who really did it, where the daemon's owner acts as that peer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The program they used.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub surface: String,
    /// The folder it happened in.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cwd: String,
    /// How many values were redacted.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub redacted: u64,
    /// Facts of the tool, such as `exit_code`.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub details: Value,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// What decided whether a call ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecidedBy {
    /// The floor, below every mode and rule.
    Floor,
    /// What the person may do whose message began the turn.
    Role,
    /// A rule.
    Rule,
    /// The mode.
    Mode,
    /// A person.
    Person,
    /// Nobody answered in time.
    Expiry,
    /// The turn ended first: an interrupt, a shutdown, a crash.
    Interrupt,
    /// The call itself was wrong: an unknown tool, broken arguments.
    Check,
    /// The guard against loops.
    LoopGuard,
    /// A file that the call depends on changed after it was looked at.
    Pin,
    /// The settings: the daemon itself did it, and nobody called a tool.
    Settings,
}

/// Which traces are meant. What is left out matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Filter {
    /// The user whose sessions they are of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// The tool's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// What became of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<ActionType>,
    /// The session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// Not older than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Words that must all stand in the tool's name, the title, the arguments or the result, in
    /// any case; at most 200 bytes.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// Only those that a person marked.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub marked: bool,
}

impl Filter {
    /// Returns true where `trace` is meant; whether it is marked is not seen from it.
    pub fn matches(&self, trace: &Trace) -> bool {
        self.matches_fields(trace) && self.matches_text(trace)
    }

    /// Returns true where all words of the text stand in `trace`.
    pub fn matches_text(&self, trace: &Trace) -> bool {
        if self.text.trim().is_empty() {
            return true;
        }
        let mut said = format!("{} {}", trace.tool_name, trace.metadata.title);
        for value in [&trace.params, &trace.result] {
            gather(value, &mut said);
        }
        let said = said.to_lowercase();
        self.text
            .split_whitespace()
            .all(|word| said.contains(&word.to_lowercase()))
    }

    fn matches_fields(&self, trace: &Trace) -> bool {
        self.tool
            .as_ref()
            .is_none_or(|tool| *tool == trace.tool_name)
            && self
                .outcome
                .is_none_or(|outcome| outcome == trace.action_type)
            && self
                .session_id
                .is_none_or(|id| id == trace.metadata.session_id)
            && self.since.is_none_or(|since| trace.timestamp >= since)
    }
}

/// Adds the texts of a value, as they are and not as JSON writes them.
fn gather(value: &Value, said: &mut String) {
    match value {
        Value::Null => {}
        Value::String(text) => {
            said.push(' ');
            said.push_str(text);
        }
        Value::Array(values) => values.iter().for_each(|value| gather(value, said)),
        Value::Object(fields) => fields.values().for_each(|value| gather(value, said)),
        other => {
            said.push(' ');
            said.push_str(&other.to_string());
        }
    }
}

/// `trace/list`: traces, newest last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct List {
    /// Which.
    pub filter: Filter,
    /// Only traces before this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<TraceId>,
    /// At most so many of the newest; 0 means 100, and 1,000 is the most.
    pub limit: u32,
}

/// The reply to `trace/list`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Listed {
    /// Oldest first.
    pub traces: Vec<Trace>,
    /// True where older ones exist, or may exist where a text is looked for.
    pub more: bool,
    /// Where to go on with `before`: the oldest trace that was looked at; `None` at the end. A
    /// search for a text looks at a bounded number of traces at a time, so it may go on even where
    /// nothing was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<TraceId>,
    /// Which of them a person marked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marked: Vec<TraceId>,
}

/// `trace/mark`: marks a trace to find it again, or takes the mark away. Twice is as once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// The trace.
    pub id: TraceId,
    /// True to mark it, false to take the mark away.
    pub marked: bool,
}

/// `trace/show`: one trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Show {
    /// The trace's id, or the unique beginning of one of at least four characters.
    pub id: String,
}

/// `trace/stats`: counts and durations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Stats {
    /// Of which traces.
    pub filter: Filter,
}

/// The reply to `trace/stats`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StatsShown {
    /// How many, by what became of them.
    pub outcomes: BTreeMap<String, u64>,
    /// By tool, the most used first.
    pub tools: Vec<ToolStats>,
}

/// What the traces say of one tool.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ToolStats {
    /// The tool.
    pub tool: String,
    /// Calls.
    pub calls: u64,
    /// Of them refused.
    pub denied: u64,
    /// Of them failed.
    pub errors: u64,
    /// Median duration of those that ran, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p50_ms: Option<u64>,
    /// 95th percentile of the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p95_ms: Option<u64>,
}
