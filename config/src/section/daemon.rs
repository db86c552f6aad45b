//! `[daemon]`: the daemon's own life.

use serde::{Deserialize, Serialize};

/// The daemon's own life.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Daemon {
    /// What goes into the log: `error`, `warn`, `info`, `debug`, `trace`, or a list such as
    /// `info,smartopol_providers=debug`.
    pub log_level: String,
    /// How many daily log files are kept: 1 to 365.
    pub log_files: u16,
    /// How long a shutdown waits for running turns before it interrupts them: 0 to 600.
    pub grace_seconds: u16,
}

impl Default for Daemon {
    fn default() -> Self {
        Self {
            log_level: "info".into(),
            log_files: 7,
            grace_seconds: 5,
        }
    }
}
