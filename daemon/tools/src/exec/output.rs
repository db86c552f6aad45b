//! Keeps the beginning and the end of an output, and all of it on disk where it is long.
//!
//! Owns: what the model is told of an output, the file with the whole.

use std::path::{Path, PathBuf};

use tokio::fs::File;
use tokio::io::AsyncWriteExt;

use super::plain::Plain;
use crate::answer;

/// An output as it comes in.
#[derive(Debug)]
pub(super) struct Output {
    plain: Plain,
    /// Raw bytes seen.
    bytes: u64,
    /// Bytes of plain text seen.
    length: u64,
    limit: usize,
    head: String,
    /// What comes after the head; its last half limit is told.
    tail: String,
    spill: Spill,
}

/// The file with the whole output.
#[derive(Debug)]
struct Spill {
    path: PathBuf,
    limit: u64,
    file: Option<File>,
    written: u64,
    failed: Option<String>,
}

/// A finished output.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// What the model is told.
    pub(super) text: String,
    /// Raw bytes that the command wrote.
    pub(super) bytes: u64,
    /// The file with the whole, where it was too long.
    pub(super) spill: Option<PathBuf>,
}

impl Output {
    /// Begins: `limit` bytes are told, `spill_limit` bytes are kept at `spill`.
    pub(super) fn new(limit: usize, spill: PathBuf, spill_limit: u64) -> Self {
        Self {
            plain: Plain::default(),
            bytes: 0,
            length: 0,
            limit,
            head: String::new(),
            tail: String::new(),
            spill: Spill {
                path: spill,
                limit: spill_limit,
                file: None,
                written: 0,
                failed: None,
            },
        }
    }

    /// Takes the next bytes and returns their plain text.
    pub(super) async fn push(&mut self, bytes: &[u8]) -> String {
        let mut text = String::with_capacity(bytes.len());
        self.bytes += bytes.len() as u64;
        self.plain.push(bytes, &mut text);
        self.keep(&text).await;
        text
    }

    /// Ends: nothing more comes.
    pub(super) async fn finish(mut self) -> Kept {
        let mut rest = String::new();
        self.plain.finish(&mut rest);
        self.keep(&rest).await;
        if !self.is_long() {
            self.head.push_str(&self.tail);
            return Kept {
                text: self.head,
                bytes: self.bytes,
                spill: None,
            };
        }
        self.spill.close().await;
        self.cut()
    }

    fn is_long(&self) -> bool {
        self.length > self.limit as u64
    }

    async fn keep(&mut self, text: &str) {
        let was_long = self.is_long();
        self.length += text.len() as u64;
        let half = self.limit / 2;
        // The head is full once something went to the tail.
        let room = if self.tail.is_empty() {
            half.saturating_sub(self.head.len())
        } else {
            0
        };
        let (head, tail) = text.split_at(answer::floor(text, room));
        self.head.push_str(head);
        self.tail.push_str(tail);
        if self.is_long() {
            if !was_long {
                let so_far = format!("{}{}", self.head, self.tail);
                self.spill.write(&so_far).await;
            } else {
                self.spill.write(text).await;
            }
        }
        // Cut seldom, so that a byte is moved about once.
        if self.tail.len() > self.limit * 2 {
            let from = answer::ceil(&self.tail, self.tail.len() - half);
            self.tail.drain(..from);
        }
    }

    /// Puts head and tail together, on line ends where they are near, and says what is missing.
    fn cut(self) -> Kept {
        let half = self.limit / 2;
        let from = self
            .tail
            .ceil_char_boundary(self.tail.len().saturating_sub(half));
        let tail = self.tail.get(from..).unwrap_or_default();
        let tail = match tail.find('\n') {
            Some(end) if end < half / 2 => tail.get(end + 1..).unwrap_or_default(),
            _ => tail,
        };
        let head = match self.head.rfind('\n') {
            Some(end) if end > half / 2 => answer::head(&self.head, end + 1),
            _ => &self.head,
        };
        let missing = self.length - head.len() as u64 - tail.len() as u64;
        let kept = self.spill.told();
        let break_before = if head.ends_with('\n') { "" } else { "\n" };
        let text = format!(
            "{head}{break_before}[… {missing} of {} bytes are left out here; {kept} …]\n{tail}",
            self.length
        );
        Kept {
            text,
            bytes: self.bytes,
            spill: (self.spill.written > 0).then_some(self.spill.path),
        }
    }
}

impl Spill {
    async fn write(&mut self, text: &str) {
        if self.failed.is_some() || self.written >= self.limit {
            return;
        }
        if let Err(err) = self.try_write(text).await {
            self.failed = Some(err.to_string());
        }
    }

    async fn try_write(&mut self, text: &str) -> std::io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(create(&self.path).await?),
        };
        let room = usize::try_from(self.limit - self.written).unwrap_or(usize::MAX);
        let part = answer::head(text, room);
        file.write_all(part.as_bytes()).await?;
        self.written += part.len() as u64;
        if part.len() < text.len() {
            self.written = self.limit;
        }
        Ok(())
    }

    async fn close(&mut self) {
        if let Some(file) = &mut self.file
            && let Err(err) = file.flush().await
        {
            self.failed = Some(err.to_string());
        }
    }

    fn told(&self) -> String {
        let path = self.path.display();
        match &self.failed {
            Some(err) if self.written == 0 => format!("they could not be kept: {err}"),
            Some(err) => format!("a part is in {path}, the rest could not be kept: {err}"),
            None if self.written >= self.limit => format!(
                "the first {} of the output are in {path}: use read_file or search_files on it",
                answer::size(self.limit)
            ),
            None => format!("the whole output is in {path}: use read_file or search_files on it"),
        }
    }
}

/// Makes the file, which only its owner may read; its folder too.
async fn create(path: &Path) -> std::io::Result<File> {
    if let Some(folder) = path.parent() {
        let mut builder = tokio::fs::DirBuilder::new();
        builder.recursive(true).mode(0o700).create(folder).await?;
    }
    let mut options = File::options();
    options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .await
}
