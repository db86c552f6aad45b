//! `[backup]`: the copies of the database that the daemon makes by itself.

use serde::{Deserialize, Serialize};

use crate::shape::{Holds, Shape};

/// The copies of the database that the daemon makes by itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Backup {
    /// How old the newest is before another is made: 1 to 8,760 hours; 0 makes none.
    pub every_hours: u16,
    /// How many are kept: 1 to 1,000.
    pub keep: u16,
}

impl Default for Backup {
    fn default() -> Self {
        Self {
            every_hours: 24,
            keep: 7,
        }
    }
}

pub(crate) const SHAPE: Shape = Shape::Table(&[
    ("every_hours", Shape::Value(Holds::Whole(0, 8_760))),
    ("keep", Shape::Value(Holds::Whole(1, 1_000))),
]);
