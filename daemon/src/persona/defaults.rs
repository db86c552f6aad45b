//! The files as they are at first.

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

/// Writes all of them, for the daemon's user alone.
pub(super) fn write(folder: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    for (name, text) in TEXTS {
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(folder.join(name))?;
        file.write_all(text.as_bytes())?;
    }
    Ok(())
}

/// Returns true where a file says what it said at first.
pub(super) fn is_untouched(name: &str, text: &str) -> bool {
    TEXTS
        .iter()
        .any(|(own, first)| *own == name && first.trim() == text.trim())
}
