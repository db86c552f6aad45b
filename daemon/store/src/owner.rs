//! Owners: the small number that stands for a user in memories, topics and their indexes.

use rusqlite::OptionalExtension;
use smartopol_protocol::UserId;

use crate::column::Key;
use crate::terms::{Asked, Shelf, fts_term};
use crate::{Reader, Result, Writer};

/// The owner of what everybody reads.
pub(crate) const HOUSE: i64 = 0;

impl Reader<'_> {
    /// Returns the number of a user; `None` where nothing is theirs yet.
    pub(crate) fn owner(&self, user: UserId) -> Result<Option<i64>> {
        Ok(self
            .prepare("SELECT number FROM owners WHERE user_id = ?1")?
            .query_row([Key(user)], |row| row.get(0))
            .optional()?)
    }

    /// Returns in how many rows of an index, `memory_terms` or `topic_terms`, a term stands.
    pub(crate) fn rows_with(
        &self,
        index: &'static str,
        asked: &Asked,
        owners: &[i64],
        shelves: &[Shelf],
    ) -> Result<u64> {
        Ok(self
            .prepare(&format!(
                "SELECT count(*) FROM {index} WHERE {index} MATCH ?1"
            ))?
            .query_row([fts_term(asked, owners, shelves)], |row| row.get(0))?)
    }
}

impl Writer<'_> {
    /// Returns the number of a user, who gets one where they had none.
    pub(crate) fn owner_of(&mut self, user: UserId) -> Result<i64> {
        if let Some(number) = self.owner(user)? {
            return Ok(number);
        }
        self.prepare("INSERT INTO owners (user_id) VALUES (?1)")?
            .execute([Key(user)])?;
        Ok(self.conn.last_insert_rowid())
    }

    /// Puts the terms of a row into an index in the place of those that it had.
    pub(crate) fn index(&mut self, index: &'static str, number: i64, terms: &str) -> Result<()> {
        self.unindex(index, number)?;
        self.prepare(&format!(
            "INSERT INTO {index} (rowid, terms) VALUES (?1, ?2)"
        ))?
        .execute((number, terms))?;
        Ok(())
    }

    /// Takes a row out of an index.
    pub(crate) fn unindex(&mut self, index: &'static str, number: i64) -> Result<()> {
        self.prepare(&format!("DELETE FROM {index} WHERE rowid = ?1"))?
            .execute([number])?;
        Ok(())
    }
}
