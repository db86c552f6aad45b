//! Opening the database: the one place where a connection is made.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::Error;

/// How long a statement waits for a lock of another program. Short: nobody else should have one.
const BUSY_AFTER: Duration = Duration::from_millis(250);

/// How many parsed statements a connection keeps; more than there are in this crate.
const STATEMENTS: usize = 128;

/// Returns the connection that may write; makes the folder and the file where they are missing.
pub(crate) fn writer(path: &Path) -> Result<Connection, Error> {
    private_file(path)?;
    let conn = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // `synchronous = FULL`: what was acknowledged is on the disk, also after a power cut.
    // `journal_size_limit`: a burst does not leave a large write-ahead log behind.
    conn.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "foreign_keys", true)?;
    conn.pragma_update_and_check(None, "journal_size_limit", 8 << 20, |_| Ok(()))?;
    Ok(conn)
}

/// Returns a connection that can only read.
pub(crate) fn reader(path: &Path) -> Result<Connection, Error> {
    let conn = open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    conn.pragma_update(None, "query_only", true)?;
    Ok(conn)
}

/// Returns a connection to an empty file that takes a copy.
pub(crate) fn copy(path: &Path) -> Result<Connection, Error> {
    open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one door through which the database is opened"
)]
fn open(path: &Path, access: OpenFlags) -> Result<Connection, Error> {
    let conn = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    conn.busy_timeout(BUSY_AFTER)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(conn)
}

/// Makes `path`, readable for its owner alone, and the folders above it.
fn private_file(path: &Path) -> Result<(), Error> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder
            .create(folder)
            .map_err(|err| Error::file("make the folder", folder, err))?;
    }
    match create_private(path) {
        Ok(()) => Ok(()),
        Err(err) if err.kind() == std::io::ErrorKind::AlreadyExists => tighten(path),
        Err(err) => Err(Error::file("make", path, err)),
    }
}

/// Makes a file that did not exist, readable for its owner alone.
pub(crate) fn create_private(path: &Path) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

#[cfg(unix)]
fn tighten(path: &Path) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;
    let told = |err| Error::file("look at", path, err);
    let mode = fs::metadata(path).map_err(told)?.permissions().mode();
    if mode & 0o077 != 0 {
        fs::set_permissions(path, fs::Permissions::from_mode(mode & 0o700))
            .map_err(|err| Error::file("protect", path, err))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn tighten(_path: &Path) -> Result<(), Error> {
    Ok(())
}

/// Returns the write-ahead log's file.
pub(crate) fn wal(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}
