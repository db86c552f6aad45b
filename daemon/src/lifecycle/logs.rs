//! Shows the log: its last lines, and what comes after them.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use smartopol_config::Paths;
use smartopol_protocol::{Code, Fault};

use super::ask::block_on;
use super::logging::log_files;

/// How often a followed log is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How much of the end of a file is looked through for its last lines.
const TAIL: u64 = 4 * 1024 * 1024;

/// Writes the last `lines` lines of the log to `out`, and with `follow` all that come after.
pub(super) fn show(
    paths: &Paths,
    lines: usize,
    follow: bool,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let folder = paths.log_dir();
    let files = log_files(&folder).unwrap_or_default();
    if files.is_empty() && !follow {
        let fault = Fault::new(
            Code::NotFound,
            format!("there is no log in {}", folder.display()),
        );
        return Err(fault
            .hint("the daemon makes one when it starts: `smartopol daemon start`")
            .into());
    }
    for line in last_lines(&files, lines)? {
        writeln!(out, "{line}")?;
    }
    out.flush()?;
    if !follow {
        return Ok(());
    }
    let mut tail = Tail::at_the_end(files.last())?;
    block_on(async {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            tail.copy(&folder, out)?;
        }
    })
}

/// Returns the last lines, going back over as many files as it takes.
fn last_lines(files: &[PathBuf], most: usize) -> io::Result<VecDeque<String>> {
    let mut found = VecDeque::new();
    for path in files.iter().rev() {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        let skipped = length.saturating_sub(TAIL);
        file.seek(SeekFrom::Start(skipped))?;
        let mut own = VecDeque::new();
        let mut reader = BufReader::new(file);
        let mut line = Vec::new();
        if skipped > 0 {
            reader.read_until(b'\n', &mut line)?; // A torn line.
        }
        loop {
            line.clear();
            if reader.read_until(b'\n', &mut line)? == 0 {
                break;
            }
            own.push_back(shown(&line));
            if own.len() + found.len() > most {
                own.pop_front();
            }
        }
        own.append(&mut found);
        found = own;
        if found.len() >= most {
            break;
        }
    }
    Ok(found)
}

/// A file being followed, and how far.
struct Tail {
    path: Option<PathBuf>,
    file: Option<File>,
    torn: Vec<u8>,
}

impl Tail {
    fn at_the_end(path: Option<&PathBuf>) -> io::Result<Self> {
        let file = match path {
            Some(path) => {
                let mut file = File::open(path)?;
                file.seek(SeekFrom::End(0))?;
                Some(file)
            }
            None => None,
        };
        Ok(Self {
            path: path.cloned(),
            file,
            torn: Vec::new(),
        })
    }

    /// Copies what is new, also from files that began since.
    fn copy(&mut self, folder: &Path, out: &mut impl Write) -> io::Result<()> {
        self.drain(out)?;
        let files = log_files(folder).unwrap_or_default();
        for path in files {
            if self.path.as_ref().is_some_and(|own| path <= *own) {
                continue;
            }
            // Between the look and now the old file may have got its last lines.
            self.drain(out)?;
            self.file = Some(File::open(&path)?);
            self.path = Some(path);
            self.drain(out)?;
        }
        out.flush()
    }

    fn drain(&mut self, out: &mut impl Write) -> io::Result<()> {
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        file.read_to_end(&mut self.torn)?;
        while let Some(end) = self.torn.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.torn.drain(..=end).collect();
            writeln!(out, "{}", shown(&line))?;
        }
        Ok(())
    }
}

/// Returns a line without anything that a terminal would obey.
fn shown(line: &[u8]) -> String {
    let line = String::from_utf8_lossy(line);
    let mut out = String::with_capacity(line.len());
    for c in line.trim_end_matches(['\n', '\r']).chars() {
        if c.is_control() && c != '\t' {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::fs::{self, OpenOptions};

    use super::*;

    fn file(folder: &Path, day: u32) -> PathBuf {
        folder.join(format!("daemon.2026-01-{day:02}.log"))
    }

    #[test]
    fn the_last_lines_go_back_over_files_and_nothing_in_them_is_obeyed() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(file(folder.path(), 1), "a\nb\nc\n").unwrap();
        fs::write(file(folder.path(), 2), "").unwrap();
        fs::write(file(folder.path(), 3), "d\x1b[2J\ne").unwrap();
        let files = log_files(folder.path()).unwrap();
        let lines = last_lines(&files, 3).unwrap();
        assert_eq!(lines, ["c", "d\\u{1b}[2J", "e"]);
        assert_eq!(last_lines(&files, 0).unwrap().len(), 0);
        assert_eq!(last_lines(&files, 100).unwrap().len(), 5);
    }

    #[test]
    fn following_goes_on_over_a_new_file_and_waits_for_whole_lines() {
        let folder = tempfile::tempdir().unwrap();
        let first = file(folder.path(), 1);
        fs::write(&first, "old\n").unwrap();
        let mut tail = Tail::at_the_end(Some(&first)).unwrap();
        let append = |path: &Path, text: &str| {
            let mut file = OpenOptions::new()
                .append(true)
                .create(true)
                .open(path)
                .unwrap();
            file.write_all(text.as_bytes()).unwrap();
        };
        let mut out = Vec::new();
        append(&first, "one\ntw");
        tail.copy(folder.path(), &mut out).unwrap();
        append(&first, "o\n");
        append(&file(folder.path(), 2), "three\n");
        append(&file(folder.path(), 3), "four\n");
        tail.copy(folder.path(), &mut out).unwrap();
        tail.copy(folder.path(), &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "one\ntwo\nthree\nfour\n");
    }
}
