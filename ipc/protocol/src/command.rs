//! Commands that a person runs in a session, beside what the agent does.

use serde::{Deserialize, Serialize};

use crate::{CallId, MessageId, SessionId};

/// `command/run`: runs a command as the person, in the session's workspace.
///
/// Nobody is asked, because the person wrote it; the floor holds. It becomes a user's message of
/// the session, which a model sees with the next turn; it begins none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// The session.
    pub session_id: SessionId,
    /// The command line, for the shell: 1 byte to 64 KiB.
    pub command: String,
}

/// The reply to `command/run`: the command and its trace are stored, and it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// The message that tells of it.
    pub message_id: MessageId,
    /// The call.
    pub call_id: CallId,
}

/// `command/stop`: ends the commands that a person runs in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stop {
    /// The session.
    pub session_id: SessionId,
}

/// The reply to `command/stop`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopped {
    /// How many were running.
    pub count: u32,
}
