//! What is written and not yet sent, kept over the console's end.
//!
//! Owns one small file for each session with a draft, in the data folder. A file is written whole
//! or not at all; one that cannot be read is as if there were none.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use smartopol_protocol::SessionId;

use crate::widget::composer::{Kept, LIMIT};

/// The most drafts that are taken up again.
const MOST: usize = 200;

/// Returns all drafts.
pub(crate) fn load(folder: &Path) -> HashMap<SessionId, Kept> {
    let Ok(files) = std::fs::read_dir(folder) else {
        return HashMap::new();
    };
    files
        .flatten()
        .take(MOST)
        .filter_map(|file| {
            let name = file.file_name();
            let id: SessionId = name.to_str()?.strip_suffix(".json")?.parse().ok()?;
            // JSON can make a text six times as long.
            let small = file.metadata().ok()?.len() <= 8 * LIMIT as u64;
            let text = std::fs::read(file.path()).ok().filter(|_| small)?;
            Some((id, serde_json::from_slice(&text).ok()?))
        })
        .collect()
}

/// Keeps the draft of a session; an empty one is forgotten.
///
/// # Errors
/// Where the file cannot be written.
pub(crate) fn keep(folder: &Path, id: SessionId, kept: &Kept) -> io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
    let path = folder.join(format!("{id}.json"));
    if kept.text.is_empty() {
        return match std::fs::remove_file(path) {
            Err(err) if err.kind() != io::ErrorKind::NotFound => Err(err),
            _ => Ok(()),
        };
    }
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    // Two consoles of one account may write at once.
    let new = folder.join(format!(".{id}.{}", std::process::id()));
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)?;
    let written = serde_json::to_writer(&mut file, kept)
        .map_err(io::Error::from)
        .and_then(|()| std::fs::rename(&new, &path));
    if written.is_err() {
        // What was begun is of no use; that it cannot be removed changes nothing.
        let _ = std::fs::remove_file(&new);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_comes_back_and_an_empty_one_is_forgotten() {
        let data = tempfile::tempdir().unwrap();
        let id = SessionId::new();
        let kept = Kept {
            text: "half a thought".into(),
            pastes: vec!["long".into()],
        };
        keep(data.path(), id, &kept).unwrap();
        assert_eq!(load(data.path()), HashMap::from([(id, kept)]));
        std::fs::write(data.path().join("x.json"), "no").unwrap();
        keep(data.path(), id, &Kept::default()).unwrap();
        keep(data.path(), id, &Kept::default()).unwrap();
        assert_eq!(load(data.path()), HashMap::new());
    }
}
