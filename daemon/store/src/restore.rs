//! A database that nobody uses: looked at, and put back from a backup.
//!
//! Owns: that the broken one is never destroyed. It keeps its content under another name, with
//! its write-ahead log, before anything takes its place.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use smartopol_protocol::daemon::{Rows, Size};

use crate::{Error, Reader, Result, connection, migrate};

/// What was found of a database that nobody uses.
#[derive(Clone, Debug)]
pub struct Examined {
    /// How large it is.
    pub size: Size,
    /// How much there is in it.
    pub rows: Rows,
    /// What is wrong with it; empty where nothing is.
    pub problems: Vec<String>,
}

/// Looks at a database without changing it. No daemon may have it: hold the daemon's lock.
///
/// # Errors
/// Where it cannot be read at all, such as [`Error::Corrupt`].
pub fn examine(path: &Path) -> Result<Examined> {
    let conn = connection::reader(path)?;
    migrate::known(&conn, path)?;
    let problems = quick_check(&conn)?;
    let reader = Reader::new(&conn);
    Ok(Examined {
        size: reader.size()?,
        rows: reader.rows()?,
        problems,
    })
}

/// Returns what SQLite finds wrong with a file in a quick look.
pub(crate) fn quick_check(conn: &Connection) -> Result<Vec<String>> {
    let mut query = conn.prepare("PRAGMA quick_check(20)")?;
    let lines = query.query_map((), |row| row.get::<_, String>(0))?;
    let mut problems = lines.collect::<rusqlite::Result<Vec<_>>>()?;
    problems.retain(|line| line != "ok");
    Ok(problems)
}

/// Puts a copy of `backup` in the place of the database, which keeps its content beside it under
/// a name that ends in `broken-` and `mark`; returns that name, where there was one. No daemon may
/// have the database: hold the daemon's lock.
///
/// # Errors
/// Where the backup is not sound, which changes nothing; where a file cannot be written.
pub fn restore(backup: &Path, path: &Path, mark: &str) -> Result<Option<PathBuf>> {
    sound(backup)?;
    let part = connection::part_name(path);
    let copied = copy(backup, &part);
    if copied.is_err() {
        fs::remove_file(&part).ok();
    }
    copied?;
    let aside = connection::beside(path, &format!(".broken-{mark}"));
    let had = path.exists();
    if had {
        keep(path, &aside)?;
    }
    let log = connection::wal(path);
    if log.exists() {
        keep(&log, &connection::wal(&aside))?;
    }
    // Only now, when all of it has a second name. A log beside another database would be taken
    // for its own, so it goes before the new one comes.
    for old in [&log, &connection::shm(path)] {
        if let Err(err) = fs::remove_file(old)
            && err.kind() != io::ErrorKind::NotFound
        {
            return Err(Error::file("remove", old, err));
        }
    }
    fs::rename(&part, path).map_err(|err| Error::file("put the backup at", path, err))?;
    connection::sync_folder(path);
    Ok(had.then_some(aside))
}

/// Refuses a file that should not take the place of anything.
fn sound(backup: &Path) -> Result<()> {
    if let Err(err) = fs::File::open(backup) {
        return Err(Error::file("read", backup, err));
    }
    let damaged = |problem: &dyn std::fmt::Display| {
        Err(Error::Invalid(format!(
            "{} is no sound backup ({problem}): take an older one",
            backup.display()
        )))
    };
    match examine(backup) {
        Ok(found) => match found.problems.first() {
            Some(problem) => damaged(problem),
            None => Ok(()),
        },
        Err(Error::Corrupt(cause)) => damaged(&cause),
        Err(err) => Err(err),
    }
}

fn copy(backup: &Path, part: &Path) -> Result<()> {
    drop(connection::new_file(part)?);
    let failed = |err| Error::file("write", part, err);
    // Into the file that was made for its owner alone.
    let mut from = fs::File::open(backup).map_err(|err| Error::file("read", backup, err))?;
    let mut to = fs::OpenOptions::new()
        .write(true)
        .truncate(true)
        .open(part)
        .map_err(failed)?;
    io::copy(&mut from, &mut to).map_err(failed)?;
    to.sync_all().map_err(failed)
}

/// Gives a file a second name; where the file system has no links, a copy.
fn keep(file: &Path, name: &Path) -> Result<()> {
    let linked = fs::hard_link(file, name);
    let kept = match linked {
        Err(err) if err.kind() != io::ErrorKind::AlreadyExists => fs::copy(file, name).map(drop),
        other => other,
    };
    kept.map_err(|err| Error::file("keep the old database as", name, err))
}
