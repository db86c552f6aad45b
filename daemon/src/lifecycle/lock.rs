//! One daemon at a time: a lock of the operating system on a file that says who holds it.
//!
//! The lock ends with the process however that ends, so a file left behind stops nobody.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use smartopol_protocol::{Code, Fault};

/// Whoever looks at the lock holds it for a blink; only a lock held longer is a daemon's.
const TRIES: u32 = 10;
const BETWEEN: Duration = Duration::from_millis(15);

/// The right to be the daemon; dropping it gives it back.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock at `path` and writes this process' id into it.
    ///
    /// # Errors
    /// Where a daemon runs already, which is named, or the file cannot be made.
    pub fn acquire(path: &Path) -> anyhow::Result<Self> {
        if let Some(folder) = path.parent() {
            make_private(folder)
                .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .with_context(|| format!("the lock file {} cannot be opened", path.display()))?;
        for _ in 0..TRIES {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {
                    file.set_len(0)?;
                    writeln!(file, "{}", std::process::id())?;
                    return Ok(Self { _file: file });
                }
                Err(Errno::WOULDBLOCK) => {}
                Err(err) => {
                    return Err(io::Error::from(err))
                        .with_context(|| format!("{} cannot be locked", path.display()));
                }
            }
            pause(BETWEEN);
        }
        let who = pid_in(path).map_or_else(String::new, |pid| format!(" (pid {pid})"));
        let fault = Fault::new(Code::Conflict, format!("a daemon runs already{who}"))
            .hint("`smartopol daemon status` shows it, `smartopol daemon stop` ends it");
        Err(fault.into())
    }
}

/// Returns the process that holds the lock at `path`; `None` where nobody does. It is 0 where the
/// holder has not yet said who it is.
pub fn holder(path: &Path) -> Option<u32> {
    let file = File::open(path).ok()?;
    match flock(&file, FlockOperation::NonBlockingLockShared) {
        Err(Errno::WOULDBLOCK) => Some(pid_in(path).unwrap_or(0)),
        _ => None,
    }
}

/// Makes a folder that nobody else can look into.
pub(crate) fn make_private(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn pid_in(path: &Path) -> Option<u32> {
    let text = fs::read_to_string(path).ok()?;
    text.trim().parse().ok().filter(|pid| *pid > 0)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the system tells nobody when such a lock becomes free; the wait is bounded"
)]
fn pause(time: Duration) {
    std::thread::sleep(time);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_who_the_first_is_and_the_lock_ends_with_its_holder() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("data/daemon.lock");
        assert_eq!(holder(&path), None);
        let lock = Lock::acquire(&path).unwrap();
        let pid = std::process::id();
        assert_eq!(holder(&path), Some(pid));
        let err = Lock::acquire(&path).unwrap_err().to_string();
        assert_eq!(err, format!("a daemon runs already (pid {pid})"));
        drop(lock);
        assert_eq!(holder(&path), None);
        Lock::acquire(&path).unwrap();
    }

    #[test]
    fn a_file_left_behind_stops_nobody() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("daemon.lock");
        fs::write(&path, "1\n").unwrap();
        assert_eq!(holder(&path), None);
        let _lock = Lock::acquire(&path).unwrap();
        assert_eq!(holder(&path), Some(std::process::id()));
    }
}
