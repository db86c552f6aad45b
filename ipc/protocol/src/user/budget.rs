//! What may be used of models, and what was used.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// The most that may be used of models; what is left out has no limit here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Tokens from midnight to midnight: all that models read outside of their cache, and write.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daily_tokens: Option<u64>,
    /// Tokens from the first of the month to the next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monthly_tokens: Option<u64>,
    /// Millionths of a US dollar from midnight to midnight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daily_cost_micros: Option<u64>,
    /// Millionths of a US dollar from the first of the month to the next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monthly_cost_micros: Option<u64>,
}

impl Limits {
    /// Returns true where nothing is limited.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What of models was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// How often a model was asked.
    pub calls: u64,
    /// Tokens: all that models read outside of their cache, and wrote.
    pub tokens: u64,
    /// Millionths of a US dollar; models without a known price are not in it.
    pub cost_micros: u64,
}

/// What was used on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// When it began.
    pub at: Timestamp,
    /// What was used until the next.
    #[serde(flatten)]
    pub spent: Spent,
}

/// What was used of a budget, and what there is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Whose it is: `all`, `user`, `session` or `job`.
    pub of: String,
    /// The most that may be used.
    #[serde(default, skip_serializing_if = "Limits::is_empty")]
    pub limits: Limits,
    /// What was used today.
    pub today: Spent,
    /// What was used this month.
    pub month: Spent,
    /// When the next day begins.
    pub day_resets_at: Timestamp,
    /// When the next month begins.
    pub month_resets_at: Timestamp,
}
