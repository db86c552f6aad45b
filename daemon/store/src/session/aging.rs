//! Sessions that are old, and why some of them stay.

use rusqlite::params;
use smartopol_protocol::Timestamp;
use smartopol_protocol::session::{Old, Stays};

use crate::column::{Key, Millis, Word, id, time};
use crate::{Reader, Result};

/// Since when a session must rest to be old.
#[derive(Clone, Copy, Debug, Default)]
pub struct OldSince {
    /// Nothing happened in it since; `None` where that makes none old.
    pub used: Option<Timestamp>,
    /// It was archived before; `None` where that makes none old.
    pub archived: Option<Timestamp>,
}

/// Why a session stays, the first that is so; NULL where nothing keeps it. Only what a person
/// pinned keeps it: an agent pins in nearly every long one.
const STAYS: &str = "CASE
    WHEN s.state ->> 'state' <> 'idle' OR s.waiting > 0 OR EXISTS (
        SELECT 1 FROM messages WHERE session_id = s.id AND position IS NULL) THEN 'busy'
    WHEN EXISTS (SELECT 1 FROM jobs WHERE session_id = s.id AND removed_at IS NULL
        AND state ->> 'state' <> 'done') THEN 'job'
    WHEN EXISTS (SELECT 1 FROM pins WHERE session_id = s.id AND removed_at IS NULL
        AND by = 'person') THEN 'pinned'
    WHEN EXISTS (SELECT 1 FROM terminals WHERE session_id = s.id
        AND body ->> '$.state.state' = 'running') THEN 'terminal'
    END";

impl Reader<'_> {
    /// Returns the sessions that are old, the least recently used first, each with why it stays.
    pub fn old_sessions(&self, since: OldSince) -> Result<Vec<Old>> {
        if since.used.is_none() && since.archived.is_none() {
            return Ok(Vec::new());
        }
        let mut query = self.prepare(&format!(
            "SELECT s.id, s.name, s.updated_at, s.messages, coalesce(s.updated_at < ?1, 0), {STAYS}
             FROM sessions s WHERE s.updated_at < ?1 OR s.archived_at < ?2
             ORDER BY s.updated_at, s.id"
        ))?;
        let mut sized = self.prepare(
            "SELECT (SELECT coalesce(sum(octet_length(parts)), 0) FROM messages
                     WHERE session_id = ?1)
                  + (SELECT coalesce(sum(octet_length(input) + octet_length(inspection)
                         + octet_length(state)), 0) FROM calls WHERE session_id = ?1)",
        )?;
        let mut rows = query.query(params![since.used.map(Millis), since.archived.map(Millis)])?;
        let mut old = Vec::new();
        while let Some(row) = rows.next()? {
            let session_id = id(row, 0)?;
            old.push(Old {
                session_id,
                session: row.get(1)?,
                archived: !row.get::<_, bool>(4)?,
                messages: row.get(3)?,
                bytes: sized.query_row([Key(session_id)], |row| row.get(0))?,
                updated_at: time(row, 2)?,
                stays: row.get::<_, Option<Word<Stays>>>(5)?.map(|stays| stays.0),
            });
        }
        Ok(old)
    }
}
