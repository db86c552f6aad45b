//! `MEMORY.md` in the daemon's workspace: what a person writes by hand and every session is told.
//!
//! Owns: how much of it a model is told. The daemon only reads it.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use smartopol_protocol::memory::File;

/// How many bytes of the file a model is told.
const TOLD: usize = 16 * 1024;

/// The file of what is always told.
#[derive(Clone, Debug)]
pub(crate) struct MemoryFile {
    path: Arc<PathBuf>,
}

impl MemoryFile {
    /// Returns the file in this folder, whether it is there or not.
    pub(crate) fn new(folder: &Path) -> Self {
        Self {
            path: Arc::new(folder.join("MEMORY.md")),
        }
    }

    /// Returns where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns what there is of it; nothing where it cannot be read, which is logged.
    pub(crate) async fn shown(&self) -> File {
        let text = self.text().await;
        let says = |line: &&str| line.chars().any(char::is_alphanumeric);
        File {
            path: self.path.display().to_string(),
            lines: text.lines().filter(says).count() as u64,
            cut: (text.len() - told(&text).len()) as u64,
        }
    }

    /// Returns what a model is told; nothing where the file cannot be read, which is logged.
    pub(super) async fn told(&self) -> String {
        let text = self.text().await;
        let kept = told(&text);
        match text.len() - kept.len() {
            0 => text,
            cut => format!("{kept}\n[{cut} more bytes of this file are left out here]"),
        }
    }

    async fn text(&self) -> String {
        // Every turn begins here. A look at a folder of ours is sooner done than handed over.
        if let Ok(false) = self.path.try_exists() {
            return String::new();
        }
        let path = Arc::clone(&self.path);
        let text = tokio::task::spawn_blocking(move || read(&path)).await;
        match text.map_err(io::Error::other).and_then(|text| text) {
            Ok(text) => text,
            Err(err) => {
                tracing::warn!("{} cannot be read: {err}", self.path.display());
                String::new()
            }
        }
    }
}

/// Returns the beginning of the file that models are told, in whole lines where that is possible.
fn told(text: &str) -> &str {
    let Some(head) = text.get(..text.floor_char_boundary(TOLD)) else {
        return text;
    };
    if head.len() == text.len() {
        return text;
    }
    head.rfind('\n')
        .and_then(|end| head.get(..=end))
        .unwrap_or(head)
}

fn read(path: &Path) -> io::Result<String> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(err) if err.kind() == ErrorKind::NotFound => Ok(String::new()),
        Err(err) => Err(err),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_is_told_whole_or_in_part_and_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let file = MemoryFile::new(folder.path());
        assert_eq!(
            (file.told().await, file.shown().await.lines),
            (String::new(), 0)
        );
        std::fs::write(folder.path().join("MEMORY.md"), "# Notes\n\n- likes tea\n").unwrap();
        assert_eq!(file.told().await, "# Notes\n\n- likes tea\n");
        assert_eq!(file.shown().await.lines, 2);
        let long = format!("- {}\n", "ä".repeat(500)).repeat(40);
        std::fs::write(folder.path().join("MEMORY.md"), long).unwrap();
        let told = file.told().await;
        assert!(told.len() < TOLD + 100);
        let cut = file.shown().await.cut;
        assert!(
            cut > 0 && told.contains(&format!("[{cut} more bytes")),
            "{told}"
        );
    }
}
