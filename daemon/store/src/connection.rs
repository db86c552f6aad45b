//! Opening the database: the one place where a connection is made.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::Error;

/// How long a statement waits for a lock of another program. Short: nobody else should have one.
const BUSY_AFTER: Duration = Duration::from_millis(250);

/// After how many pages the write-ahead log is copied into the database, and how large its file
/// stays: larger makes bursts cheaper, smaller makes the copying shorter.
const WAL_PAGES: i64 = 4_000;
const WAL_BYTES: i64 = 20 << 20;

/// SQLite's number for giving free pages back in small steps; it must be chosen before the first
/// table is made.
pub(crate) const INCREMENTAL: u32 = 2;

/// How many parsed statements a connection keeps; more than there are in this crate.
const STATEMENTS: usize = 128;

/// Returns the connection that may write; makes the folder and the file where they are missing.
///
/// `first` shapes a new file. It works under another name until it is whole, so the many small
/// steps need not reach the disk one by one: what a crash leaves is never taken for a database.
pub(crate) fn writer(
    path: &Path,
    first: impl FnOnce(&mut Connection) -> Result<(), Error>,
) -> Result<Connection, Error> {
    if path.exists() {
        tighten(path)?;
    } else {
        private_folder(path)?;
        let part = part_name(path);
        let mut conn = new_file(&part)?;
        conn.pragma_update_and_check(None, "journal_mode", "OFF", |_| Ok(()))?;
        conn.pragma_update(None, "synchronous", "OFF")?;
        conn.pragma_update(None, "auto_vacuum", INCREMENTAL)?;
        first(&mut conn)?;
        trust(&conn)?;
        conn.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        conn.close().map_err(|(_, err)| err)?;
        // A log without its database is of no use, and would be taken for one of the new file.
        for orphan in [wal(path), shm(path)] {
            fs::remove_file(orphan).ok();
        }
        keep(&part, path)?;
    }
    let conn = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    if conn.is_readonly("main")? {
        return Err(Error::ReadOnly); // SQLite contents itself with reading.
    }
    // `synchronous = FULL`: what was acknowledged is on the disk, also after a power cut.
    // `journal_size_limit`: a burst does not leave a large write-ahead log behind.
    conn.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "foreign_keys", true)?;
    conn.pragma_update_and_check(None, "wal_autocheckpoint", WAL_PAGES, |_| Ok(()))?;
    conn.pragma_update_and_check(None, "journal_size_limit", WAL_BYTES, |_| Ok(()))?;
    Ok(conn)
}

/// Lets the last one who closes the database empty its log: it was read and is what it should be.
pub(crate) fn trust(conn: &Connection) -> Result<(), Error> {
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    Ok(())
}

/// Returns a connection that can only read.
pub(crate) fn reader(path: &Path) -> Result<Connection, Error> {
    let conn = open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    conn.pragma_update(None, "query_only", true)?;
    Ok(conn)
}

/// Returns a connection to a new, empty file, readable for its owner alone.
pub(crate) fn new_file(path: &Path) -> Result<Connection, Error> {
    let failed = |err| Error::file("make", path, err);
    match fs::remove_file(path) {
        Err(err) if err.kind() != io::ErrorKind::NotFound => return Err(failed(err)),
        _ => {} // A crash may have left one.
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(failed)?;
    open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
}

/// Gives a file that is whole its name, and returns its size.
///
/// # Errors
/// [`Error::Exists`] where the name is taken.
pub(crate) fn keep(part: &Path, path: &Path) -> Result<u64, Error> {
    let failed = |err| Error::file("write", path, err);
    let file = fs::File::open(part).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    // A link fails where the name was taken meanwhile; a rename would replace what is there.
    let linked = fs::hard_link(part, path);
    match linked {
        Err(err) if err.kind() == io::ErrorKind::AlreadyExists => {
            return Err(Error::Exists { path: path.into() });
        }
        Err(_) => fs::rename(part, path).map_err(failed)?, // Not every file system has links.
        Ok(()) => fs::remove_file(part).map_err(failed)?,
    }
    sync_folder(path);
    Ok(size)
}

/// Makes a file's new name last through a power cut; where a folder cannot be synced, the file
/// itself is on the disk all the same.
pub(crate) fn sync_folder(path: &Path) {
    if let Some(folder) = path.parent()
        && let Ok(folder) = fs::File::open(folder)
    {
        folder.sync_all().ok();
    }
}

/// Returns the name that a file has until it is whole.
pub(crate) fn part_name(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".part");
    path.with_file_name(name)
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one door through which the database is opened"
)]
fn open(path: &Path, access: OpenFlags) -> Result<Connection, Error> {
    let conn = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    conn.busy_timeout(BUSY_AFTER)?;
    // One that turns out to be damaged is closed again as it was found, its log with it.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    // Else SQLite parses a statement anew whenever a value is bound that a better plan might
    // depend on, which is nearly always; our plans are fixed by our indexes.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(conn)
}

/// Makes the folder of `path`, and those above it, for their owner alone.
fn private_folder(path: &Path) -> Result<(), Error> {
    let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    else {
        return Ok(());
    };
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(folder)
        .map_err(|err| Error::file("make the folder", folder, err))
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
    beside(path, "-wal")
}

/// Returns the file through which connections share the log's index.
pub(crate) fn shm(path: &Path) -> PathBuf {
    beside(path, "-shm")
}

/// Returns the name of a file beside another.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
