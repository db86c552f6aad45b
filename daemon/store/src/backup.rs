//! A copy of the database, made while it is in use.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::backup::Backup;

use crate::{Error, Reader, Result, connection};

impl Reader<'_> {
    /// Writes a copy of this moment to `path`, which must not exist; returns its size.
    pub(crate) fn backup_to(&self, path: &Path) -> Result<u64> {
        let taken = || Error::Exists { path: path.into() };
        if path.symlink_metadata().is_ok() {
            return Err(taken());
        }
        // Under another name until it is whole: who finds the file finds a backup.
        let part = part_name(path);
        connection::create_private(&part).map_err(|err| Error::file("make", &part, err))?;
        let copied = self.copy_into(&part).and_then(|size| {
            // A link fails where the target came into being meanwhile; a rename would replace it.
            match fs::hard_link(&part, path) {
                Ok(()) => Ok(size),
                Err(err) if err.kind() == std::io::ErrorKind::AlreadyExists => Err(taken()),
                Err(_) => fs::rename(&part, path)
                    .map(|()| size)
                    .map_err(|err| Error::file("make", path, err)),
            }
        });
        fs::remove_file(&part).ok(); // Gone already after a rename.
        if copied.is_ok() {
            sync_folder(path);
        }
        copied
    }

    fn copy_into(&self, part: &Path) -> Result<u64> {
        let mut copy = connection::copy(part)?;
        // All in one step: a look is of one moment, and the writer never waits for it.
        Backup::new(self.conn, &mut copy)?.step(-1)?;
        // One file, that can also be opened where nothing can be written.
        copy.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))?;
        copy.close().map_err(|(_, err)| err)?;
        let file = fs::File::open(part).map_err(|err| Error::file("open", part, err))?;
        file.sync_all()
            .and_then(|()| file.metadata())
            .map(|file| file.len())
            .map_err(|err| Error::file("write", part, err))
    }
}

fn part_name(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.part", std::process::id()));
    path.with_file_name(name)
}

/// Makes the new name last through a power cut; where the system cannot, the file itself does.
fn sync_folder(path: &Path) {
    if let Some(folder) = path.parent()
        && let Ok(folder) = fs::File::open(folder)
    {
        folder.sync_all().ok();
    }
}
