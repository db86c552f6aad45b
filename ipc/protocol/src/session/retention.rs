//! Which sessions are old enough to be removed, and which of those stay all the same.

use serde::{Deserialize, Serialize};

use crate::{SessionId, Timestamp};

/// `session/retention`: the sessions that the daemon would remove now because they are old, among
/// those of who asks. Nothing is removed by it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {}

/// The reply to `session/retention`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retained {
    /// After how many days without use a session is removed; 0 for never.
    pub sessions_days: u32,
    /// After how many days an archived one is removed; 0 for never.
    pub archived_days: u32,
    /// Those that are old enough, the least recently used first: what goes, and what stays.
    pub old: Vec<Old>,
}

/// A session that is old enough to be removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Old {
    /// The session.
    pub session_id: SessionId,
    /// Its name.
    pub session: String,
    /// True where it is old because it was archived, and was not used for too long otherwise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub archived: bool,
    /// Its messages.
    pub messages: u64,
    /// How many bytes its messages and calls take.
    pub bytes: u64,
    /// When something last happened in it.
    pub updated_at: Timestamp,
    /// Why it stays nevertheless; `None` where it would be removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stays: Option<Stays>,
}

/// Why an old session is not removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stays {
    /// A turn runs or waits for a person, or a message waits for its turn.
    Busy,
    /// A job that is not done speaks in it.
    Job,
    /// A person pinned something in it.
    Pinned,
    /// A program runs in a terminal of it.
    Terminal,
    /// Somebody looks at it.
    Watched,
}

impl Stays {
    /// All reasons.
    pub const ALL: [Self; 5] = [
        Self::Busy,
        Self::Job,
        Self::Pinned,
        Self::Terminal,
        Self::Watched,
    ];
}
