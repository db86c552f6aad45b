//! The shelf of backups: which there are, whether another is due, which are one too many. Pure.

use std::path::{Path, PathBuf};

use smartopol_protocol::Timestamp;
use smartopol_protocol::daemon::BackupShown;

const BEGIN: &str = "smartopol-";
const END: &str = ".db";

/// A backup that the daemon made by itself. All there is to know stands in its name, so a shelf
/// that was tidied by hand is right as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Copy {
    /// When it was made.
    pub(crate) at: Timestamp,
    /// The newest fact in it.
    pub(crate) seq: u64,
}

impl Copy {
    /// Returns the file's name: `smartopol-2026-11-25T10-14-17Z-1234.db`.
    pub(crate) fn name(self) -> String {
        let at: String = self.at.to_string().chars().take(19).collect();
        format!("{BEGIN}{}Z-{}{END}", at.replace(':', "-"), self.seq)
    }

    /// Reads a file's name; `None` for everything that is not from here.
    pub(crate) fn read(name: &str) -> Option<Self> {
        let (at, seq) = name
            .strip_prefix(BEGIN)?
            .strip_suffix(END)?
            .rsplit_once("Z-")?;
        let (day, time) = at.split_once('T')?;
        let at = format!("{day}T{}Z", time.replace('-', ":")).parse().ok()?;
        let seq = seq.parse().ok()?;
        Some(Self { at, seq }).filter(|copy| copy.name() == name)
    }
}

/// Returns the backups in a folder, oldest first. Those from the future come before all: a clock
/// that was wrong gave them their time, and they must not crowd out what is made from now on.
pub(crate) fn copies(folder: &Path, now: Timestamp) -> Vec<(Copy, PathBuf)> {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut copies: Vec<_> = files
        .filter_map(|file| Some((Copy::read(file.file_name().to_str()?)?, file.path())))
        .collect();
    sort(&mut copies, now);
    copies
}

fn sort(copies: &mut [(Copy, PathBuf)], now: Timestamp) {
    copies.sort_by_key(|(copy, _)| (copy.at <= now, *copy));
}

/// Returns the backups as a client is shown them, oldest first.
pub(crate) fn shown(folder: &Path, now: Timestamp) -> Vec<BackupShown> {
    let shown = |(copy, path): (Copy, PathBuf)| BackupShown {
        at: copy.at,
        bytes: std::fs::metadata(&path).map_or(0, |file| file.len()),
        path: path.display().to_string(),
    };
    copies(folder, now).into_iter().map(shown).collect()
}

/// Returns true where it is time for another: something changed since the newest, and that is
/// `after` milliseconds old, or from a future that a clock set back has taken away.
pub(crate) fn is_due(newest: Option<Copy>, now: Timestamp, seq: u64, after: i64) -> bool {
    newest.is_none_or(|newest| {
        newest.seq != seq && (now >= newest.at.plus_millis(after) || now < newest.at)
    }) && seq > 0
}

/// Returns which are one too many: all but the newest `keep`.
pub(crate) fn surplus<T>(copies: &[T], keep: usize) -> &[T] {
    let end = copies.len().saturating_sub(keep);
    copies.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    fn copy(hour: i64, seq: u64) -> Copy {
        let at = Timestamp::from_millis(1_790_000_000_000 + hour * HOUR);
        Copy { at, seq }
    }

    #[test]
    fn a_name_says_all_and_other_files_are_left_alone() {
        let name = copy(0, 1234).name();
        assert_eq!(name, "smartopol-2026-09-21T14-13-20Z-1234.db");
        assert_eq!(Copy::read(&name), Some(copy(0, 1234)));
        for other in [
            "smartopol.db",
            "smartopol-monday.db",
            "smartopol-2026-09-21T14-13-20Z-.db",
        ] {
            assert_eq!(Copy::read(other), None, "{other}");
        }
    }

    #[test]
    fn one_is_due_after_its_time_and_only_where_something_changed() {
        let now = copy(24, 0).at;
        assert!(is_due(None, now, 1, 24 * HOUR));
        assert!(!is_due(None, now, 0, 24 * HOUR), "there is nothing yet");
        assert!(is_due(Some(copy(0, 5)), now, 6, 24 * HOUR));
        assert!(
            !is_due(Some(copy(0, 6)), now, 6, 24 * HOUR),
            "nothing changed"
        );
        assert!(!is_due(Some(copy(1, 5)), now, 6, 24 * HOUR));
        assert!(
            is_due(Some(copy(99, 5)), now, 6, 24 * HOUR),
            "the clock was set back"
        );
    }

    #[test]
    fn what_a_wrong_clock_made_goes_before_what_is_made_now() {
        let mut all: Vec<_> = [copy(1, 7), copy(999, 3), copy(0, 6), copy(998, 2)]
            .map(|copy| (copy, PathBuf::new()))
            .into();
        sort(&mut all, copy(1, 0).at);
        let seqs: Vec<u64> = all.iter().map(|(copy, _)| copy.seq).collect();
        assert_eq!(seqs, [2, 3, 6, 7]);
    }

    #[test]
    fn the_newest_stay() {
        assert_eq!(surplus(&[1, 2, 3], 2), [1]);
        assert_eq!(surplus(&[1, 2], 2), [0; 0]);
        assert_eq!(surplus(&[1, 2], 0), [1, 2]);
    }
}
