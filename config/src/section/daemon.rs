//! `[daemon]`: the daemon's own life.

use serde::{Deserialize, Serialize};

use crate::shape::{Holds, Shape};

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

pub(crate) const SHAPE: Shape = Shape::Table(&[
    ("log_level", Shape::Value(Holds::Text(log_level))),
    ("log_files", Shape::Value(Holds::Whole(1, 365))),
    ("grace_seconds", Shape::Value(Holds::Whole(0, 600))),
]);

fn log_level(text: &str) -> Result<(), String> {
    let level =
        |text: &str| ["off", "error", "warn", "info", "debug", "trace"].contains(&text.trim());
    let target = |text: &str| {
        !text.trim().is_empty()
            && text
                .trim()
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':')
    };
    let good = text.split(',').all(|part| match part.split_once('=') {
        Some((name, of)) => target(name) && level(of),
        None => level(part),
    });
    if good {
        return Ok(());
    }
    Err(
        "must be `error`, `warn`, `info`, `debug`, `trace`, or a list such as \
         `info,smartopol_providers=debug`"
            .into(),
    )
}
