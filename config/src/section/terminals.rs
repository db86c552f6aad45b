//! `[terminals]`: programs in a PTY that the agent and people share, and that outlive the daemon.

use serde::{Deserialize, Serialize};

use crate::shape::{Holds, Shape};

/// Terminals.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Terminals {
    /// The shell of a terminal without a command; empty for `SHELL`, or `tools.shell` without it.
    pub shell: String,
    /// How large a terminal is that nobody looks at: 2 to 1,000 columns.
    pub columns: u16,
    /// And 1 to 500 rows.
    pub rows: u16,
    /// How many lines that scrolled away are kept of each: up to 100,000.
    pub scrollback_lines: u32,
    /// How much of what a program wrote is kept on disk, in bytes: 65,536 or more. Where the
    /// daemon is away and so much was written, the program waits.
    pub spool_bytes: u64,
    /// How long a terminal lives without a daemon, in seconds: 1 to 31,536,000.
    pub orphan_after_seconds: u32,
    /// How many may run at once: 1 to 1,000.
    pub most: u32,
    /// How many whose program has ended are kept: up to 1,000.
    pub keep_ended: u32,
}

impl Default for Terminals {
    fn default() -> Self {
        Self {
            shell: String::new(),
            columns: 120,
            rows: 40,
            scrollback_lines: 2_000,
            spool_bytes: 64 * 1024 * 1024,
            orphan_after_seconds: 86_400,
            most: 32,
            keep_ended: 20,
        }
    }
}

pub(crate) const SHAPE: Shape = Shape::Table(&[
    ("shell", Shape::Value(Holds::Text(any))),
    ("columns", Shape::Value(Holds::Whole(2, 1_000))),
    ("rows", Shape::Value(Holds::Whole(1, 500))),
    ("scrollback_lines", Shape::Value(Holds::Whole(0, 100_000))),
    ("spool_bytes", Shape::Value(Holds::Whole(65_536, i64::MAX))),
    (
        "orphan_after_seconds",
        Shape::Value(Holds::Whole(1, 31_536_000)),
    ),
    ("most", Shape::Value(Holds::Whole(1, 1_000))),
    ("keep_ended", Shape::Value(Holds::Whole(0, 1_000))),
]);

fn any(_: &str) -> Result<(), String> {
    Ok(())
}
