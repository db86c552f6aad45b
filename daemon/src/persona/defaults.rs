//! The files as they are at first.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

const TEXTS: [(&str, &str); 6] = [
    ("SOUL.md", include_str!("defaults/SOUL.md")),
    ("IDENTITY.md", include_str!("defaults/IDENTITY.md")),
    ("AGENTS.md", include_str!("defaults/AGENTS.md")),
    ("TOOLS.md", include_str!("defaults/TOOLS.md")),
    ("USER.md", include_str!("defaults/USER.md")),
    ("BOOTSTRAP.md", include_str!("defaults/BOOTSTRAP.md")),
];

/// Writes all of them, for the daemon's user alone, unless some are `there`: whole or not at all,
/// whenever the daemon dies. What an earlier start left half done is finished.
pub(super) fn write(folder: &Path, there: bool) -> io::Result<()> {
    let (writing, ready) = (folder.join(".writing"), folder.join(".first"));
    if writing.exists() {
        fs::remove_dir_all(&writing)?;
    }
    if !there && !ready.exists() {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&writing)?;
        for (name, text) in TEXTS {
            let mut file = fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(writing.join(name))?;
            file.write_all(text.as_bytes())?;
        }
        fs::rename(&writing, &ready)?;
    }
    if !ready.exists() {
        return Ok(());
    }
    for (name, _) in TEXTS {
        let (from, to) = (ready.join(name), folder.join(name));
        if from.exists() && !to.exists() {
            fs::rename(from, to)?;
        }
    }
    fs::remove_dir_all(&ready)
}

/// Returns true where a file says what it said at first.
pub(super) fn is_untouched(name: &str, text: &str) -> bool {
    TEXTS
        .iter()
        .any(|(own, first)| *own == name && first.trim() == text.trim())
}
