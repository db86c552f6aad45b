//! What the agent is to remember, as one file of lines: `MEMORY.md` in the daemon's workspace.
//!
//! Owns: that a line is added whole or not at all, and how much of the file a model is told.

use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use smartopol_protocol::memory::{Added, Listed};
use smartopol_protocol::{Code, Fault};

/// The longest line, in bytes.
const LINE: usize = 2 * 1024;

/// How many bytes of the file a model is told.
const TOLD: usize = 16 * 1024;

/// The longest file that still grows, in bytes.
const FILE: usize = 256 * 1024;

/// The file of what is remembered.
#[derive(Clone, Debug)]
pub(crate) struct Memory {
    path: Arc<PathBuf>,
    /// Held while a line is added, so that no other is lost.
    adding: Arc<Mutex<()>>,
}

impl Memory {
    /// Returns the memory that lies in this folder; nothing is made before there is a line.
    pub(crate) fn new(folder: &Path) -> Self {
        Self {
            path: Arc::new(folder.join("MEMORY.md")),
            adding: Arc::default(),
        }
    }

    /// Adds a line.
    ///
    /// # Errors
    /// `bad_request` for an empty line, `too_large` for a long one or a full file.
    pub(crate) async fn add(&self, text: &str) -> Result<Added, Fault> {
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let line: String = line.chars().filter(|c| !c.is_control()).collect();
        if line.is_empty() {
            return Err(Fault::new(Code::BadRequest, "`text` is empty")
                .hint("say in one line what to remember"));
        }
        if line.len() > LINE {
            let told = format!("`text` has {} bytes, and {LINE} are the most", line.len());
            return Err(Fault::new(Code::TooLarge, told)
                .hint("say it shorter, or keep it in a file of the workspace"));
        }
        let (own, kept) = (self.clone(), line.clone());
        let path = self.path.display().to_string();
        tokio::task::spawn_blocking(move || own.append(&kept))
            .await
            .map_err(|err| io::Error::other(err.to_string()))
            .and_then(std::convert::identity)
            .map_err(|err| self.fault("written", &err))?;
        Ok(Added { line, path })
    }

    fn append(&self, line: &str) -> io::Result<()> {
        let _adding = self.adding.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = read(&self.path)?;
        if text.len() + line.len() > FILE {
            return Err(io::Error::new(
                ErrorKind::FileTooLarge,
                format!("it would have more than {FILE} bytes"),
            ));
        }
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str("- ");
        text.push_str(line);
        text.push('\n');
        let folder = self.path.parent().unwrap_or(Path::new("."));
        make_private(folder)?;
        let new = folder.join(".MEMORY.md.new");
        let written = write_whole(&new, &text).and_then(|()| std::fs::rename(&new, &*self.path));
        if written.is_err() {
            // What was begun is of no use; that it cannot be removed changes nothing.
            let _ = std::fs::remove_file(&new);
        }
        written
    }

    /// Returns the file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the lines.
    pub(crate) async fn list(&self) -> Result<Listed, Fault> {
        let text = self.text().await.map_err(|err| self.fault("read", &err))?;
        let lines = text
            .lines()
            .map(|line| line.trim().trim_start_matches("- ").trim().to_owned())
            .filter(|line| !line.is_empty() && line != "-")
            .collect();
        Ok(Listed {
            path: self.path.display().to_string(),
            lines,
            cut: (text.len() - told(&text).len()) as u64,
        })
    }

    /// Returns what a model is told; nothing where the file cannot be read, which is logged.
    pub(crate) async fn told(&self) -> String {
        // Every turn begins here. A look at a folder of ours is sooner done than handed over.
        if let Ok(false) = self.path.try_exists() {
            return String::new();
        }
        let text = match self.text().await {
            Ok(text) => text,
            Err(err) => {
                tracing::warn!("{} cannot be read: {err}", self.path.display());
                return String::new();
            }
        };
        let kept = told(&text);
        match text.len() - kept.len() {
            0 => text,
            cut => format!("{kept}\n[{cut} more bytes of this file are left out here]"),
        }
    }

    async fn text(&self) -> io::Result<String> {
        let path = Arc::clone(&self.path);
        tokio::task::spawn_blocking(move || read(&path))
            .await
            .map_err(|err| io::Error::other(err.to_string()))?
    }

    fn fault(&self, done: &str, err: &io::Error) -> Fault {
        let (code, hint) = match err.kind() {
            ErrorKind::FileTooLarge => (Code::TooLarge, "remove lines that no longer matter"),
            _ => (
                Code::Unavailable,
                "see that the file can be read and written",
            ),
        };
        let told = format!("{} cannot be {done}: {err}", self.path.display());
        Fault::new(code, told).hint(hint)
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

fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_are_added_and_told() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::new(&folder.path().join("workspace"));
        assert_eq!(memory.told().await, "");
        memory.add("  likes\n tea ").await.unwrap();
        memory.add("lives in Ulm").await.unwrap();
        assert_eq!(memory.told().await, "- likes tea\n- lives in Ulm\n");
        let listed = memory.list().await.unwrap();
        assert_eq!((listed.lines.len(), listed.cut), (2, 0));
        assert_eq!(listed.lines[0], "likes tea");
    }

    #[tokio::test]
    async fn a_long_file_is_told_in_part_and_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::new(folder.path());
        for number in 0..40 {
            memory
                .add(&format!("{number} {}", "ä".repeat(500)))
                .await
                .unwrap();
        }
        let told = memory.told().await;
        assert!(told.len() < TOLD + 100);
        assert!(told.ends_with("are left out here]"), "{told}");
        let cut = memory.list().await.unwrap().cut;
        assert!(told.contains(&format!("[{cut} more bytes")));
    }

    #[tokio::test]
    async fn what_is_empty_or_too_long_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::new(folder.path());
        assert_eq!(memory.add(" \n").await.unwrap_err().code, Code::BadRequest);
        let long = "x".repeat(LINE + 1);
        assert_eq!(memory.add(&long).await.unwrap_err().code, Code::TooLarge);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
