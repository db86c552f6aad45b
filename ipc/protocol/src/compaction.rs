//! Compactions: older messages of a session, folded into a summary for the model; and pins, which
//! no summary may change.
//!
//! The transcript itself stays whole: a compaction only says what a request carries of it.

use serde::{Deserialize, Serialize};

use crate::model::Usage;
use crate::terminal::Party;
use crate::{CompactionId, PinId, SessionId, Timestamp};

/// The most pins of a session.
pub const MAX_PINS: usize = 32;

/// The longest text of a pin, in bytes.
pub const MAX_PIN_BYTES: usize = 1024;

/// What is pinned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PinKind {
    /// What the session is for.
    Goal,
    /// What holds for everything that is done.
    Rule,
    /// What was decided.
    Decision,
    /// What is still to be done.
    Todo,
    /// A question to a person that waits. Only in a compaction.
    Approval,
    /// A call that was denied, with the reason. Only in a compaction.
    Denial,
}

impl PinKind {
    /// What a person or an agent can pin.
    pub const PINNABLE: [Self; 4] = [Self::Goal, Self::Rule, Self::Decision, Self::Todo];

    /// Returns its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Goal => "goal",
            Self::Rule => "rule",
            Self::Decision => "decision",
            Self::Todo => "todo",
            Self::Approval => "approval",
            Self::Denial => "denial",
        }
    }
}

/// A text that every compaction carries word for word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// Its name in the house.
    pub id: PinId,
    /// The session.
    pub session_id: SessionId,
    /// What it is.
    pub kind: PinKind,
    /// The text: 1 to 1,024 bytes.
    pub text: String,
    /// Who pinned it. An agent takes off only what an agent pinned.
    pub by: Party,
    /// When it was pinned.
    pub created_at: Timestamp,
    /// When it was taken off; `None` while it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_at: Option<Timestamp>,
}

/// A text as a compaction carries it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pinned {
    /// What it is.
    pub kind: PinKind,
    /// The text.
    pub text: String,
}

/// How a compaction came about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum MadeBy {
    /// A model wrote the summary.
    Model {
        /// Who served it.
        provider: String,
        /// The model.
        model: String,
        /// What that used; it counts for its turn.
        usage: Usage,
    },
    /// There is no summary: what is folded was cut out.
    Cut {
        /// Why, one sentence.
        reason: String,
    },
}

/// Older messages of a session that a request carries as a summary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compaction {
    /// Its name in the house.
    pub id: CompactionId,
    /// The session.
    pub session_id: SessionId,
    /// The position of the last message folded.
    pub until: u64,
    /// How many messages are folded in all, those of earlier compactions included; notices are not
    /// counted.
    pub messages: u64,
    /// The summary; empty where it was cut.
    pub summary: String,
    /// What is carried word for word.
    pub pinned: Vec<Pinned>,
    /// How it came about.
    pub made_by: MadeBy,
    /// How many tokens of messages the request had before, estimated.
    pub tokens_before: u64,
    /// How many it has with the summary, estimated.
    pub tokens_after: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When a person took it back; `None` while it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expanded_at: Option<Timestamp>,
}

/// `session/compact`: the next request of the session folds its older messages first, however long
/// it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compact {
    /// The session.
    pub id: SessionId,
}

/// The reply to `session/compact`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// True where a turn runs, whose next request folds; without one the next turn does.
    pub running: bool,
}

/// `session/expand`: the newest compaction that counts does so no more. The next request carries
/// its messages again, as far as they fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expand {
    /// The session.
    pub id: SessionId,
}

/// `session/compactions`: all compactions of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// The session.
    pub id: SessionId,
}

/// The reply to `session/compactions`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Oldest first; the last one without `expanded_at` counts.
    pub compactions: Vec<Compaction>,
}

/// `session/pin`: pins a text. The same text of the same kind again changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Add {
    /// The session.
    pub id: SessionId,
    /// What it is: `goal`, `rule`, `decision`, `todo`.
    pub kind: PinKind,
    /// The text: 1 to 1,024 bytes.
    pub text: String,
}

/// `session/unpin`: takes a pin off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remove {
    /// The session.
    pub id: SessionId,
    /// The pin.
    pub pin_id: PinId,
}

/// `session/pins`: the pins that hold in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListPins {
    /// The session.
    pub id: SessionId,
}

/// The reply to `session/pins`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedPins {
    /// Oldest first.
    pub pins: Vec<Pin>,
}
