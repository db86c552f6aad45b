//! A change of one file: shown as a diff, made whole or not at all.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::json;
use similar::{ChangeTag, TextDiff};
use smartopol_protocol::tool::{Body, Effect, Inspection, ToolOutput};
use tokio_util::sync::CancellationToken;

use super::{Target, count, cwd, io_failed, open, stopped};
use crate::{answer, pin};

/// The largest file that is edited or compared line by line, in bytes.
pub(super) const EDIT_BYTES: u64 = 16 * 1024 * 1024;

/// The most of a diff that a person is shown, in bytes.
const DIFF_BYTES: usize = 256 * 1024;

/// How long a diff may take to become small; after that it is only right.
const DIFF_TIME: Duration = Duration::from_millis(300);

/// Lines of context in a diff.
const CONTEXT: usize = 3;

/// What a file holds before a change.
pub(super) enum Before {
    /// There is no such file.
    Nothing,
    /// Text.
    Text(String),
    /// So many bytes that are no text, or too many to compare.
    Other(u64),
}

/// A change of one file.
pub(super) struct Change {
    pub(super) target: Target,
    pub(super) before: Before,
    pub(super) after: String,
}

impl Before {
    /// Looks what is there.
    pub(super) fn of(target: &Target) -> Result<Self, ToolOutput> {
        match std::fs::symlink_metadata(&target.path) {
            Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(Self::Nothing),
            Err(err) => return Err(io_failed("looked at", &target.shown, &err)),
            Ok(_) => {}
        }
        let (file, metadata) = open::regular(&target.path, &target.shown)?;
        if metadata.len() > EDIT_BYTES {
            return Ok(Self::Other(metadata.len()));
        }
        let mut bytes = Vec::new();
        file.take(EDIT_BYTES)
            .read_to_end(&mut bytes)
            .map_err(|err| io_failed("read", &target.shown, &err))?;
        let length = bytes.len() as u64;
        if open::is_binary(&bytes) {
            return Ok(Self::Other(length));
        }
        Ok(String::from_utf8(bytes).map_or(Self::Other(length), Self::Text))
    }
}

impl Change {
    /// Returns what a person sees of it.
    pub(super) fn inspection(&self, verb: &str, workspace: &Path) -> Inspection {
        let (diff, added, removed) = self.diff();
        let path = self.target.path.to_string_lossy().into_owned();
        Inspection {
            title: format!("{verb} {} (+{added} −{removed})", self.target.shown),
            cwd: cwd(workspace),
            effects: vec![Effect::Write {
                path: path.clone(),
                place: self.target.place,
            }],
            pins: pin::pin(&self.target.path).into_iter().collect(),
            removal: None,
            body: Body::Diff {
                path,
                diff,
                added,
                removed,
            },
        }
    }

    /// Makes it.
    pub(super) fn make(
        self,
        done: &str,
        stop: &CancellationToken,
    ) -> Result<ToolOutput, ToolOutput> {
        let (_, added, removed) = self.diff();
        if stop.is_cancelled() {
            return Err(stopped());
        }
        let shown = &self.target.shown;
        replace(&self.target.path, self.after.as_bytes())
            .map_err(|err| io_failed("written", shown, &err))?;
        let details = json!({
            "path": self.target.path.to_string_lossy(),
            "bytes": self.after.len(),
            "added": added,
            "removed": removed,
        });
        let text = format!(
            "{done} `{shown}`: {} added, {} removed.",
            count(added, "line"),
            count(removed, "line")
        );
        Ok(answer::done(text, details))
    }

    /// Returns the unified diff, and how many lines it adds and removes.
    fn diff(&self) -> (String, u64, u64) {
        let path = self.target.path.to_string_lossy();
        let (old_name, before) = match &self.before {
            Before::Nothing => ("/dev/null", ""),
            Before::Text(text) => (&*path, text.as_str()),
            Before::Other(bytes) => {
                let lines = self.after.lines().count() as u64;
                let text = format!(
                    "--- {path}\n+++ {path}\n\\ replaces {} that are no text or too much to compare, by {}\n",
                    answer::size(*bytes),
                    count(lines, "line"),
                );
                return (text, lines, 0);
            }
        };
        let diff = TextDiff::configure()
            .timeout(DIFF_TIME)
            .diff_lines(before, self.after.as_str());
        let (mut added, mut removed) = (0, 0);
        for change in diff.iter_all_changes() {
            match change.tag() {
                ChangeTag::Insert => added += 1,
                ChangeTag::Delete => removed += 1,
                ChangeTag::Equal => {}
            }
        }
        let mut unified = diff.unified_diff();
        let text = unified
            .context_radius(CONTEXT)
            .header(old_name, &path)
            .to_string();
        (bounded(text), added, removed)
    }
}

fn bounded(mut diff: String) -> String {
    if diff.len() > DIFF_BYTES {
        let head = answer::head(&diff, DIFF_BYTES);
        let end = head.rfind('\n').map_or(head.len(), |end| end + 1);
        let missing = diff.get(end..).unwrap_or_default().lines().count() as u64;
        diff.truncate(end);
        diff.push_str(&format!(
            "\\ {} of this diff are not shown\n",
            count(missing, "more line")
        ));
    }
    diff
}

/// Puts `content` in the place of the file, whole or not at all; its mode stays.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    std::fs::create_dir_all(folder)?;
    let permissions = match std::fs::metadata(path) {
        Ok(metadata) if metadata.permissions().readonly() => {
            let why = "it is read-only; change its mode first";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
        }
        Ok(metadata) => Some(metadata.permissions()),
        Err(_) => None,
    };
    let new = Temporary::beside(path, folder);
    let mode = if permissions.is_some() { 0o600 } else { 0o666 };
    let mut options = File::options();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&new.path)?;
    file.write_all(content)?;
    if let Some(permissions) = permissions {
        file.set_permissions(permissions)?;
    }
    file.sync_all()?;
    new.rename(path)?;
    // The name is on disk only with its folder; where a folder cannot be synced, the file is there all the same.
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(())
}

/// A file that is gone again unless it gets its name.
struct Temporary {
    path: PathBuf,
    named: bool,
}

impl Temporary {
    fn beside(path: &Path, folder: &Path) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let short = answer::head(&name, 100);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let process = std::process::id();
        Self {
            path: folder.join(format!(".{short}.{process}-{number}.new")),
            named: false,
        }
    }

    fn rename(mut self, path: &Path) -> io::Result<()> {
        std::fs::rename(&self.path, path)?;
        self.named = true;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.named {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}
