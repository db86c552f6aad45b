//! A copy of the database, made while it is in use.

use std::fs;
use std::path::Path;

use rusqlite::backup::Backup;

use crate::{Error, Reader, Result, connection};

impl Reader<'_> {
    /// Writes a copy of this moment to `path`, which must not exist; returns its size.
    pub(crate) fn backup_to(&self, path: &Path) -> Result<u64> {
        if path.symlink_metadata().is_ok() {
            return Err(Error::Exists { path: path.into() });
        }
        // Under another name until it is whole: who finds the file finds a backup.
        let part = connection::part_name(path);
        let copied = self
            .copy_into(&part)
            .and_then(|()| connection::keep(&part, path));
        if copied.is_err() {
            fs::remove_file(&part).ok();
        }
        copied
    }

    fn copy_into(&self, part: &Path) -> Result<()> {
        let mut copy = connection::new_file(part)?;
        // All in one step: a look is of one moment, and the writer never waits for it.
        Backup::new(self.conn, &mut copy)?.step(-1)?;
        // One file, that can also be opened where nothing can be written.
        copy.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))?;
        copy.close().map_err(|(_, err)| err)?;
        Ok(())
    }
}
