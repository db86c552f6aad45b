//! How many files the daemon may have open at once.
//!
//! Owns: raising the limit. Each command that runs and each client takes a few, and the usual
//! limit is for programs that have few; commands get back what was before.

use rustix::process::{Resource, getrlimit, setrlimit};

/// More than a full house needs.
const ENOUGH: u64 = 65_536;

/// Raises the limit as far as the system lets it; returns what it was, where it was changed.
pub(crate) fn allow_many() -> Option<u64> {
    let mut limit = getrlimit(Resource::Nofile);
    let before = limit.current?;
    let wanted = limit.maximum.unwrap_or(ENOUGH).min(ENOUGH);
    if wanted <= before {
        return None;
    }
    limit.current = Some(wanted);
    match setrlimit(Resource::Nofile, limit) {
        Ok(()) => Some(before),
        Err(err) => {
            tracing::warn!("no more than {before} files can be open: {err}");
            None
        }
    }
}
