//! Compactions in the database: what was folded for the model, and which of them counts.
//!
//! Owns: that one ends where a transcript may be parted, and reaches further than the one that
//! counts. What the messages say stays as it is.

use rusqlite::{OptionalExtension, params};
use smartopol_protocol::compaction::Compaction;
use smartopol_protocol::message::{Message, Role};
use smartopol_protocol::{CompactionId, News, SessionId, Timestamp};

use crate::column::{Json, Key, Millis, json};
use crate::message::{COLUMNS as MESSAGE, read as read_message};
use crate::{Error, Reader, Result, Writer};

impl Reader<'_> {
    /// Returns all compactions of a session, oldest first.
    pub fn compactions(&self, id: SessionId) -> Result<Vec<Compaction>> {
        let mut query =
            self.prepare("SELECT body FROM compactions WHERE session_id = ?1 ORDER BY number")?;
        let compactions = query.query_map([Key(id)], |row| json(row, 0))?;
        Ok(compactions.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns the compaction that counts in a session.
    pub fn compaction(&self, id: SessionId) -> Result<Option<Compaction>> {
        Ok(self
            .prepare(
                "SELECT body FROM compactions WHERE session_id = ?1 AND expanded_at IS NULL
                 ORDER BY number DESC LIMIT 1",
            )?
            .query_row([Key(id)], |row| json(row, 0))
            .optional()?)
    }

    /// Returns when the newest compaction of a session was taken back; `None` where it counts.
    pub fn expanded_at(&self, id: SessionId) -> Result<Option<Timestamp>> {
        let newest: Option<Compaction> = self
            .prepare(
                "SELECT body FROM compactions WHERE session_id = ?1 ORDER BY number DESC LIMIT 1",
            )?
            .query_row([Key(id)], |row| json(row, 0))
            .optional()?;
        Ok(newest.and_then(|newest| newest.expanded_at))
    }

    /// Returns true where the next request of a session folds first, whatever its length.
    pub fn folds(&self, id: SessionId) -> Result<bool> {
        self.prepare("SELECT folds FROM sessions WHERE id = ?1")?
            .query_row([Key(id)], |row| row.get(0))
            .optional()?
            .ok_or_else(|| Error::not_found("session", id))
    }

    /// Returns the first words of a person in a session.
    pub fn first_said(&self, id: SessionId) -> Result<Option<Message>> {
        let mut query = self.prepare(&format!(
            "SELECT {MESSAGE} FROM messages
             WHERE session_id = ?1 AND position IS NOT NULL AND role = 'user'
             ORDER BY position LIMIT 8"
        ))?;
        let mut said = query.query_map([Key(id)], read_message)?;
        let words = |message: &rusqlite::Result<Message>| {
            message.as_ref().map_or(true, |own| !own.is_command())
        };
        Ok(said.find(words).transpose()?)
    }
}

impl Writer<'_> {
    /// Says whether the next request of a session folds first.
    pub fn set_folds(&mut self, id: SessionId, folds: bool) -> Result<()> {
        self.session_exists(id)?;
        self.prepare("UPDATE sessions SET folds = ?2 WHERE id = ?1")?
            .execute(params![Key(id), folds])?;
        Ok(())
    }

    /// Stores a compaction, which counts from now on.
    ///
    /// # Errors
    /// [`Error::Order`] where it ends at no message, between calls and their outputs, or before
    /// the one that counts.
    pub fn add_compaction(&mut self, compaction: &Compaction) -> Result<()> {
        let id = compaction.session_id;
        self.session_exists(id)?;
        let until = compaction.until;
        let (page, _) = self.transcript(id, Some(until.saturating_add(1)), 1)?;
        let last = page.last().filter(|own| own.position == Some(until));
        let parts = |last: &Message| last.role == Role::Agent && last.calls().next().is_some();
        if last.is_none_or(parts) {
            return Err(Error::Order(format!(
                "a compaction cannot end at position {until}: there is no message, or its tool \
                 calls would be parted from their outputs"
            )));
        }
        if let Some(counts) = self.compaction(id)?
            && counts.until >= until
        {
            return Err(Error::Order(format!(
                "a compaction that ends at position {until} reaches no further than {}",
                counts.id
            )));
        }
        self.write_compaction(compaction)?;
        self.set_folds(id, false)?;
        let news = News::CompactionChanged(Box::new(compaction.clone()));
        self.tell(compaction.created_at, id, news)
    }

    /// Takes the newest compaction that counts back, and returns it.
    ///
    /// # Errors
    /// [`Error::Conflict`] where none counts.
    pub fn expand_compaction(&mut self, id: SessionId, at: Timestamp) -> Result<Compaction> {
        let session = self.session(id)?;
        let Some(mut compaction) = self.compaction(id)? else {
            return Err(Error::Conflict(format!(
                "nothing is folded in session `{}`",
                session.name
            )));
        };
        compaction.expanded_at = Some(at);
        self.prepare("UPDATE compactions SET expanded_at = ?2, body = ?3 WHERE id = ?1")?
            .execute(params![Key(compaction.id), Millis(at), Json(&compaction)])?;
        self.set_folds(id, false)?;
        let news = News::CompactionChanged(Box::new(compaction.clone()));
        self.tell(at, id, news)?;
        Ok(compaction)
    }

    /// Gives a fork what was folded within it.
    pub(crate) fn copy_compactions(
        &mut self,
        from: SessionId,
        into: SessionId,
        taken: u64,
    ) -> Result<()> {
        for mut compaction in self.compactions(from)? {
            if compaction.until <= taken {
                compaction.id = CompactionId::new();
                compaction.session_id = into;
                self.write_compaction(&compaction)?;
            }
        }
        Ok(())
    }

    fn write_compaction(&mut self, compaction: &Compaction) -> Result<()> {
        self.prepare(
            "INSERT INTO compactions (id, session_id, until, expanded_at, body)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            Key(compaction.id),
            Key(compaction.session_id),
            compaction.until,
            compaction.expanded_at.map(Millis),
            Json(compaction),
        ])?;
        Ok(())
    }
}
