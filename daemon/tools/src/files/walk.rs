//! Walks a folder: ignore rules, sorted, no links followed.

use std::path::Path;

use ignore::{Walk, WalkBuilder};

/// Whether hidden files are seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hidden {
    Seen,
    Skipped,
}

/// Begins a walk; `.git` is never entered, but where the walk begins in it.
pub(super) fn begin(folder: &Path, hidden: Hidden, depth: Option<usize>) -> Walk {
    let mut builder = WalkBuilder::new(folder);
    builder
        .hidden(hidden == Hidden::Skipped)
        .require_git(false)
        .max_depth(depth)
        .sort_by_file_name(Ord::cmp)
        .filter_entry(|entry| entry.depth() == 0 || entry.file_name() != ".git");
    builder.build()
}
