//! `[memory]`: what sessions are told of what is remembered.

use serde::{Deserialize, Serialize};

use crate::shape::{Holds, Shape, any_text};

/// What sessions are told of what is remembered.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Memory {
    /// How many characters of memories a session is told: up to 100,000. The others are found by
    /// searching.
    pub told_chars: u32,
    /// The folder of Markdown whose files are topics of the house; empty for `knowledge` in the
    /// workspace of the data folder.
    pub seeds: String,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            told_chars: 6_000,
            seeds: String::new(),
        }
    }
}

pub(crate) const SHAPE: Shape = Shape::Table(&[
    ("told_chars", Shape::Value(Holds::Whole(0, 100_000))),
    ("seeds", Shape::Value(Holds::Text(any_text))),
]);
