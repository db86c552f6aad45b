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
    /// What becomes of what a model finds worth remembering when messages are folded.
    pub extract: Extract,
    /// The folder of Markdown whose files are topics of the house; empty for `knowledge` in the
    /// workspace of the data folder.
    pub seeds: String,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            told_chars: 6_000,
            extract: Extract::default(),
            seeds: String::new(),
        }
    }
}

/// What becomes of what a model finds worth remembering when messages are folded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extract {
    /// It is not asked for any.
    Off,
    /// All of it waits for a person. The default: nobody asked for these memories, so none of them
    /// counts before somebody has read it, and yet nothing worth keeping is lost with the folding.
    #[default]
    Pending,
    /// It counts at once, but for what comes of untrusted text.
    On,
}

impl Extract {
    /// Returns its name in the settings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Pending => "pending",
            Self::On => "on",
        }
    }
}

pub(crate) const SHAPE: Shape = Shape::Table(&[
    ("told_chars", Shape::Value(Holds::Whole(0, 100_000))),
    (
        "extract",
        Shape::Value(Holds::Choice(&["off", "pending", "on"])),
    ),
    ("seeds", Shape::Value(Holds::Text(any_text))),
]);
