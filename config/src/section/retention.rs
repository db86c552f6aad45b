//! `[retention]`: how long what was stored is kept.

use serde::{Deserialize, Serialize};

use crate::shape::{Holds, Shape};

/// The longest time that can be set: a hundred years.
const MOST: i64 = 36_500;

/// How long what was stored is kept, in days; 0 keeps it for ever.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// Facts for clients that come back; who was away longer gets a snapshot.
    pub journal_days: u32,
    /// Traces.
    pub traces_days: u32,
    /// Sessions in which nothing happened for so long, with their messages.
    pub sessions_days: u32,
    /// Sessions that were archived so long ago, with their messages.
    pub archived_days: u32,
    /// The ledger of jobs, and items of the attention list that were resolved.
    pub ledger_days: u32,
    /// Outputs of tools that were too long for the model.
    pub outputs_days: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            journal_days: 14,
            traces_days: 365,
            sessions_days: 0,
            archived_days: 0,
            ledger_days: 90,
            outputs_days: 30,
        }
    }
}

pub(crate) const SHAPE: Shape = Shape::Table(&[
    ("journal_days", Shape::Value(Holds::Whole(0, MOST))),
    ("traces_days", Shape::Value(Holds::Whole(0, MOST))),
    ("sessions_days", Shape::Value(Holds::Whole(0, MOST))),
    ("archived_days", Shape::Value(Holds::Whole(0, MOST))),
    ("ledger_days", Shape::Value(Holds::Whole(1, MOST))),
    ("outputs_days", Shape::Value(Holds::Whole(0, MOST))),
]);
