//! What a recursive deletion would take away, counted within bounds.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use smartopol_protocol::tool::Removal;

/// How many entries are counted.
const ENTRIES: u64 = 50_000;

/// How long counting may take.
const TIME: Duration = Duration::from_millis(200);

/// How many paths are named.
const FIRST: usize = 8;

/// Returns what deleting these paths with everything below them would take away; `None` where
/// nothing is deleted so.
pub(super) fn removal(paths: &[PathBuf]) -> Option<Removal> {
    if paths.is_empty() {
        return None;
    }
    let end = Instant::now() + TIME;
    let mut removal = Removal::default();
    for path in paths {
        count(path, end, &mut removal);
    }
    Some(removal)
}

fn count(path: &Path, end: Instant, removal: &mut Removal) {
    let mut todo = vec![path.to_path_buf()];
    while let Some(path) = todo.pop() {
        let Ok(metadata) = std::fs::symlink_metadata(&path) else {
            continue;
        };
        if removal.entries >= ENTRIES || Instant::now() >= end {
            removal.more = true;
            return;
        }
        removal.entries += 1;
        if removal.first.len() < FIRST {
            removal.first.push(path.to_string_lossy().into_owned());
        }
        if !metadata.is_dir() {
            removal.bytes += metadata.len();
            continue;
        }
        let Ok(entries) = std::fs::read_dir(&path) else {
            removal.more = true;
            continue;
        };
        let left = usize::try_from(ENTRIES.saturating_sub(removal.entries)).unwrap_or(usize::MAX);
        let mut below: Vec<PathBuf> = entries
            .take(left.saturating_add(1))
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect();
        below.sort_unstable_by(|a, b| b.cmp(a));
        todo.extend(below);
    }
}
