//! `[agent]`: how the agent thinks.

use serde::{Deserialize, Serialize};
use smartopol_protocol::model::ReasoningEffort;

use crate::shape::{Holds, Shape, any_text};

/// How the agent thinks.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Agent {
    /// `provider/model`, or the name of a provider for its default model. Empty: the first
    /// provider found.
    pub model: String,
    /// How many times a turn may ask the model: 1 to 1,000.
    pub max_steps: u32,
    /// How often the same call may give the same result before the turn stops and asks: 2 to 100.
    pub max_repeats: u32,
    /// How much a model thinks before it speaks.
    pub reasoning: ReasoningEffort,
    /// What every session is told besides the built-in instructions.
    pub instructions: String,
    /// The most tokens of transcript that a request carries: 4,000 or more. Where there are more,
    /// or more than the model's window allows, the older ones are folded into a summary.
    pub context_tokens: u32,
    /// How long a question of the agent waits before it ends as expired: 5 to 31,536,000, or 0
    /// where it waits as long as it takes.
    pub question_expire_after_seconds: u32,
}

impl Default for Agent {
    fn default() -> Self {
        Self {
            model: String::new(),
            max_steps: 25,
            max_repeats: 3,
            reasoning: ReasoningEffort::Default,
            instructions: String::new(),
            context_tokens: 120_000,
            question_expire_after_seconds: 0,
        }
    }
}

pub(crate) const SHAPE: Shape = Shape::Table(&[
    ("model", Shape::Value(Holds::Text(model))),
    ("max_steps", Shape::Value(Holds::Whole(1, 1_000))),
    ("max_repeats", Shape::Value(Holds::Whole(2, 100))),
    (
        "reasoning",
        Shape::Value(Holds::Choice(&["default", "off", "low", "medium", "high"])),
    ),
    ("instructions", Shape::Value(Holds::Text(any_text))),
    (
        "context_tokens",
        Shape::Value(Holds::Whole(4_000, u32::MAX as i64)),
    ),
    (
        "question_expire_after_seconds",
        Shape::Value(Holds::Whole(0, 31_536_000)),
    ),
]);

fn model(text: &str) -> Result<(), String> {
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("must be `provider/model` or a provider's name, without spaces".into());
    }
    if text.starts_with('/') || text.ends_with('/') {
        return Err("must have something before and after the `/`".into());
    }
    Ok(())
}
