//! The daemon's log: text for people, in one file a day, the oldest removed.
//!
//! Owns: the files, their number and their rights; what is lost when the disk is slower than the
//! words. A bounded queue stands before the files, so that logging never waits; what does not
//! fit is counted and told at the end.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::panic;
use std::path::{Path, PathBuf};

use anyhow::Context;
use smartopol_config::Paths;
use smartopol_config::section::daemon::Daemon;
use smartopol_protocol::Timestamp;
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::{format::FmtSpan, layer};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::lock::make_private;

/// How many lines may wait for the disk.
const WAITING: usize = 4096;

const BEFORE: &str = "daemon.";
const AFTER: &str = ".log";

/// Whether the words also go to the standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Screen {
    /// A person or a supervisor reads along.
    Shown,
    /// Nobody is there.
    None,
}

/// Keeps the log being written; dropping it writes what still waits.
#[derive(Debug)]
pub struct Logging {
    dropped: ErrorCounter,
    _worker: WorkerGuard,
}

impl Logging {
    /// Opens the log and sends all words of this process to it, those of panics too.
    pub(super) fn begin(paths: &Paths, settings: &Daemon, screen: Screen) -> anyhow::Result<Self> {
        let folder = paths.log_dir();
        let files = Files::open(&folder, settings.log_files)
            .with_context(|| format!("the log in {} cannot be opened", folder.display()))?;
        let (writer, worker) = NonBlockingBuilder::default()
            .buffered_lines_limit(WAITING)
            .lossy(true)
            .thread_name("log")
            .finish(files);
        let dropped = writer.error_counter();
        let filter = settings
            .log_level
            .parse::<Targets>()
            .with_context(|| format!("`{}` is no log level", settings.log_level))?;
        let file = layer()
            .with_ansi(false)
            .with_span_events(FmtSpan::NONE)
            .with_writer(writer);
        let shown =
            (screen == Screen::Shown).then(|| layer().with_ansi(false).with_writer(io::stderr));
        tracing_subscriber::registry()
            .with(filter)
            .with(file)
            .with(shown)
            .try_init()
            .context("the log was opened twice")?;
        log_panics();
        Ok(Self {
            dropped,
            _worker: worker,
        })
    }
}

impl Drop for Logging {
    fn drop(&mut self) {
        let lost = self.dropped.dropped_lines();
        if lost > 0 {
            tracing::warn!(lost, "the disk was slower than the log: lines were dropped");
        }
    }
}

/// Returns the file that is being logged to today; it may not exist.
pub fn current_log(paths: &Paths) -> PathBuf {
    file_of(&paths.log_dir(), &today())
}

/// Returns the log files, the newest last.
pub(super) fn log_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| is_log(path))
        .collect();
    files.sort(); // The date in the name is its order.
    Ok(files)
}

fn is_log(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.and_then(|name| name.strip_prefix(BEFORE)?.strip_suffix(AFTER))
        .is_some_and(|date| {
            date.len() == 10 && date.bytes().all(|b| b.is_ascii_digit() || b == b'-')
        })
}

fn file_of(folder: &Path, date: &str) -> PathBuf {
    folder.join(format!("{BEFORE}{date}{AFTER}"))
}

/// Returns the date in UTC, as the lines of the log have it.
fn today() -> String {
    Timestamp::now().to_string().chars().take(10).collect()
}

/// The files, one a day. Our own, because the file must be 0600 and the library's is not.
#[derive(Debug)]
struct Files {
    folder: PathBuf,
    keep: usize,
    date: String,
    file: File,
}

impl Files {
    fn open(folder: &Path, keep: u16) -> io::Result<Self> {
        make_private(folder)?;
        let date = today();
        let file = open(&file_of(folder, &date))?;
        let files = Self {
            folder: folder.to_owned(),
            keep: usize::from(keep).max(1),
            date,
            file,
        };
        files.remove_old();
        Ok(files)
    }

    fn turn_to(&mut self, date: String) -> io::Result<()> {
        if date == self.date {
            return Ok(());
        }
        self.file = open(&file_of(&self.folder, &date))?;
        self.date = date;
        self.remove_old();
        Ok(())
    }

    fn remove_old(&self) {
        let files = log_files(&self.folder).unwrap_or_default();
        let too_many = files.len().saturating_sub(self.keep);
        for old in files.iter().take(too_many) {
            // One that cannot be removed today is tried again tomorrow.
            let _ = fs::remove_file(old);
        }
    }
}

impl Write for Files {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Where tomorrow's file cannot be opened, today's goes on.
        let _ = self.turn_to(today());
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
}

fn log_panics() {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |about| {
        let thread = std::thread::current();
        let place = about
            .location()
            .map_or_else(String::new, ToString::to_string);
        let said = about.payload_as_str().unwrap_or("(no words)");
        tracing::error!(
            thread = thread.name().unwrap_or("unnamed"),
            place,
            "panic: {said}\n{}",
            std::backtrace::Backtrace::capture()
        );
        before(about);
    }));
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn there_is_one_private_file_a_day_and_the_oldest_go() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("log");
        make_private(&folder).unwrap();
        fs::write(folder.join("notes.txt"), "").unwrap();
        for day in 1..=5 {
            fs::write(file_of(&folder, &format!("2020-01-0{day}")), "").unwrap();
        }
        let mut files = Files::open(&folder, 3).unwrap();
        files.write_all(b"one\n").unwrap();
        files.turn_to("2999-12-31".into()).unwrap();
        files.file.write_all(b"two\n").unwrap();
        let names: Vec<String> = log_files(&folder)
            .unwrap()
            .iter()
            .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
            .collect();
        let now = format!("daemon.{}.log", today());
        assert_eq!(
            names,
            ["daemon.2020-01-05.log", &now, "daemon.2999-12-31.log"]
        );
        let mode = fs::metadata(folder.join(&now))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(folder.join("notes.txt").exists());
    }
}
