//! What a model is told before and beside the conversation, part by part.

use serde::{Deserialize, Serialize};

use crate::SessionId;

/// How lasting a part is. Parts stand in this order, so that a provider's cache finds the same
/// beginning again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// The same for everybody: instructions, tools, who the agent is.
    Fixed,
    /// The same for all turns of one person in one session.
    Person,
    /// Another one each time: the time, the channel. It stands in the messages.
    Volatile,
    /// What was said.
    Transcript,
}

impl Tier {
    /// Returns its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Person => "person",
            Self::Volatile => "volatile",
            Self::Transcript => "transcript",
        }
    }
}

/// `prompt/show`: what the model would be told if a turn of this session began now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Show {
    /// The session.
    pub session_id: SessionId,
    /// Also the text of each part.
    #[serde(default)]
    pub text: bool,
}

/// The reply to `prompt/show`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The parts, in the order in which the model reads them.
    pub parts: Vec<PromptPart>,
    /// The most tokens of transcript that a request of this session carries.
    pub context_tokens: u64,
}

/// A part of what a model is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptPart {
    /// What it is, such as `SOUL.md`, `tools`, `instructions`.
    pub name: String,
    /// How lasting it is.
    pub tier: Tier,
    /// Where it comes from: a path, a setting, `built in`.
    pub source: String,
    /// How long it is, in bytes, as it is told.
    pub bytes: u64,
    /// How many tokens that is, estimated: a token is about four bytes.
    pub tokens: u64,
    /// How many bytes of its source are left out, because it is too long.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cut: u64,
    /// What it says; empty where it was not asked for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

/// `prompt/skip`: ends the first conversation, in which the agent asks who it is and who you are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Skip {}

/// The reply to `prompt/skip`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// False where it had ended before.
    pub skipped: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}
