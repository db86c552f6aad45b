//! What was said, found by its words in all sessions of who asks.

use serde::{Deserialize, Serialize};

use crate::message::Role;
use crate::{MessageId, SessionId, Timestamp};

/// `session/search`: the messages that hold all of these words, in the sessions of who asks, those
/// that were put away too. What an admin may see of others is not among them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// The words, in any order, without regard to case and accents.
    pub text: String,
    /// True while a person types: the last word may be a beginning.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub typing: bool,
    /// Where to go on, as `next` says; without it from the newest on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
    /// At most so many hits; 0 means 20, and 200 is the most.
    #[serde(default)]
    pub limit: u32,
}

/// The reply to `session/search`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The newest first; what a fork copied is as new as the fork.
    pub hits: Vec<Hit>,
    /// Where there are more: ask again with it as `before`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
    /// How many older messages, at most, cannot be found yet because they are still being made
    /// ready.
    #[serde(default)]
    pub behind: u64,
}

/// A message that holds the words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hit {
    /// Its session.
    pub session_id: SessionId,
    /// The session's name.
    pub session: String,
    /// True where the session was put away.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub archived: bool,
    /// Its place in the transcript.
    pub position: u64,
    /// Its name.
    pub message_id: MessageId,
    /// Who says it.
    pub role: Role,
    /// What stands around the first of the words, one line of at most 120 characters.
    pub line: String,
    /// When it was said.
    pub created_at: Timestamp,
}
