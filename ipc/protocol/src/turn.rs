//! A turn: from a user's message to the agent's last word.

use serde::{Deserialize, Serialize};

use crate::model::Usage;
use crate::tool::OutputStatus;
use crate::{CallId, MessageId, SessionId, Timestamp, TraceId, TurnId};

/// One turn of a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    /// Its name.
    pub id: TurnId,
    /// The session it belongs to.
    pub session_id: SessionId,
    /// The user's message that began it; `None` where a person continued an interrupted turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<MessageId>,
    /// Where it stands.
    pub state: TurnState,
    /// How many times the model was asked so far.
    pub steps: u32,
    /// What it used so far, summed over its steps.
    pub usage: Usage,
    /// What its newest request carried.
    #[serde(default, skip_serializing_if = "Carried::is_empty")]
    pub carried: Carried,
    /// Who serves the model, such as `anthropic`.
    pub provider: String,
    /// The model asked.
    pub model: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; `None` while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
}

/// What a request carried, in estimated tokens for each tier of [`crate::prompt::Tier`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Carried {
    /// What is the same for everybody, tools too.
    pub fixed: u64,
    /// What is the same for one person in one session.
    pub person: u64,
    /// What is another one each time.
    pub volatile: u64,
    /// What was said.
    pub transcript: u64,
}

impl Carried {
    /// Returns all of it.
    pub const fn total(&self) -> u64 {
        self.fixed + self.person + self.volatile + self.transcript
    }

    /// Returns true where nothing was asked yet.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Where a turn stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum TurnState {
    /// The model is asked, or tools run.
    Running,
    /// Nothing goes on until a person answers an approval.
    Waiting,
    /// It is over.
    Finished {
        /// How it ended.
        outcome: Outcome,
    },
}

/// How a turn ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// The agent said its last word.
    Done,
    /// A person stopped it.
    Interrupted,
    /// The daemon ended in the middle of it; it can be continued.
    CutOff,
    /// The provider or the daemon failed.
    Failed {
        /// What happened, one sentence.
        message: String,
        /// What to do, one sentence; may be empty.
        #[serde(default)]
        hint: String,
    },
    /// It reached the limit of steps; it can be continued.
    StepLimit {
        /// The limit it reached.
        limit: u32,
    },
    /// The same call gave the same result too often; it can be continued.
    Loop {
        /// The tool that was called again and again.
        tool: String,
        /// How many times.
        times: u32,
    },
}

impl Outcome {
    /// Returns true where a person may continue the turn with `turn/continue`.
    pub const fn can_continue(&self) -> bool {
        !matches!(self, Self::Done)
    }
}

/// `turn/show`: one turn, and where its time went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Show {
    /// The turn.
    pub id: TurnId,
}

/// The reply to `turn/show`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// Every fact up to this number is in here.
    pub as_of: u64,
    /// The turn.
    pub turn: Turn,
    /// What it did, by when it began.
    pub steps: Vec<Step>,
}

/// A part of a turn that took time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Whose time it was.
    pub of: StepOf,
    /// What it was about: a call's title; empty for the model.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// The tool, where it is about a call.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tool: String,
    /// When it began.
    pub at: Timestamp,
    /// When it ended; `None` while it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// The call it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_id: Option<CallId>,
    /// The trace of that call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<TraceId>,
    /// How the call ended, where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<OutputStatus>,
}

/// Whose time a step was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepOf {
    /// The model's: it was asked and answered.
    Model,
    /// A person's: an approval waited.
    Person,
    /// A tool's: a call ran, or was refused.
    Tool,
}
