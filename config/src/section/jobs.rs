//! `[jobs]`: what runs by itself.

use serde::{Deserialize, Serialize};
use smartopol_protocol::approval::Mode;

use crate::shape::{Holds, Shape};

/// What runs by itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Jobs {
    /// The time zone of jobs that name none; empty for the machine's own.
    pub timezone: String,
    /// The most that any job may do without asking, whatever it was made with.
    pub mode: Mode,
    /// How many tokens one run may use that names no limit; 0 sets none.
    pub budget_tokens: u64,
    /// How many turns of jobs run at a time: 1 to 100.
    pub at_once: u32,
    /// How many seconds lie between the begins of runs that make up for missed times: 0 to 3,600.
    pub stagger_seconds: u32,
}

impl Default for Jobs {
    fn default() -> Self {
        Self {
            timezone: String::new(),
            mode: Mode::Auto,
            budget_tokens: 200_000,
            at_once: 4,
            stagger_seconds: 2,
        }
    }
}

pub(crate) const SHAPE: Shape = Shape::Table(&[
    ("timezone", Shape::Value(Holds::Text(timezone))),
    (
        "mode",
        Shape::Value(Holds::Choice(&["read-only", "ask", "auto-edit", "auto"])),
    ),
    (
        "budget_tokens",
        Shape::Value(Holds::Whole(0, 1_000_000_000_000)),
    ),
    ("at_once", Shape::Value(Holds::Whole(1, 100))),
    ("stagger_seconds", Shape::Value(Holds::Whole(0, 3_600))),
]);

pub(super) fn timezone(text: &str) -> Result<(), String> {
    match text.is_empty() || jiff::tz::TimeZone::get(text).is_ok() {
        true => Ok(()),
        false => Err("must be a time zone such as `Europe/Berlin` or `UTC`".into()),
    }
}
