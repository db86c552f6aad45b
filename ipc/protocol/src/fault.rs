//! What a client is told when a request cannot be done.

use serde::{Deserialize, Serialize};

/// The kinds of fault; few and stable, so that a client can act on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The request or one of its parameters is malformed.
    BadRequest,
    /// The daemon does not know this method.
    UnknownMethod,
    /// There is no such session, approval, trace, …
    NotFound,
    /// The acting user may not do this.
    Denied,
    /// Somebody else was first, or the thing is not in the right state for this.
    Conflict,
    /// A queue is full; try again.
    Busy,
    /// A frame, a list or a text is over its limit.
    TooLarge,
    /// The two programs speak no common version.
    Version,
    /// Something the daemon needs does not answer: a provider, the disk, a shutdown is under way.
    Unavailable,
    /// The daemon failed; its log says more.
    #[serde(other)]
    Internal,
}

/// A refusal: what happened, then what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// What kind of fault it is.
    pub code: Code,
    /// What happened: one sentence, lower case, no dot at the end.
    pub message: String,
    /// What to do about it: one sentence; empty where nothing can be done.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hint: String,
}

impl Fault {
    /// Returns a fault without a hint.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: String::new(),
        }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }
}
