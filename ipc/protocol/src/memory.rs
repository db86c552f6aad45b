//! What the agent is to remember, as far as it is one file of lines.

use serde::{Deserialize, Serialize};

/// `memory/add`: adds a line to what every turn from the next on is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Add {
    /// What to remember: 1 byte to 2 KiB. Line breaks become spaces.
    pub text: String,
}

/// The reply to `memory/add`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Added {
    /// The line as it was written, without secrets.
    pub line: String,
    /// The file that it stands in now.
    pub path: String,
}

/// `memory/list`: what is remembered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct List {}

/// The reply to `memory/list`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// The file.
    pub path: String,
    /// Its lines that say something, in their order, without their bullets.
    pub lines: Vec<String>,
    /// How many bytes of the file's end models are not told, because it is too long.
    pub cut: u64,
}
