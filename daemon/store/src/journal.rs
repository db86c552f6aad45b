//! The journal: every fact is one row, written with what it is about.
//!
//! Owns: the numbers of facts, what is kept of them, what a client missed.

use rusqlite::{Connection, OptionalExtension, params};
use smartopol_protocol::{Event, News, SessionId, Timestamp};

use crate::column::{Json, Key, Millis, json, maybe_id, time};
use crate::{Reader, Result};

/// How many facts are kept: some days of heavy use, so that a console that slept over a weekend
/// gets what it missed, while the journal stays a fraction of the tables it repeats. Who missed
/// more gets a snapshot.
pub const KEEP: u64 = 50_000;

/// Facts over [`KEEP`] before any are removed, and how many numbers one commit removes at most:
/// rare enough to cost nothing on the average, small enough not to be felt.
const SLACK: u64 = 256;
const BITE: u64 = 512;

/// Writes one fact and returns it with its number.
pub(crate) fn append(
    conn: &Connection,
    at: Timestamp,
    session_id: Option<SessionId>,
    news: News,
) -> Result<Event> {
    conn.prepare_cached("INSERT INTO journal (at, session_id, news) VALUES (?1, ?2, ?3)")?
        .execute(params![Millis(at), session_id.map(Key), Json(&news)])?;
    Ok(Event {
        seq: u64::try_from(conn.last_insert_rowid()).ok(),
        at,
        session_id,
        news,
    })
}

/// Removes what a deleted session said from the journal. Its traces stay.
pub(crate) fn forget(conn: &Connection, session_id: SessionId) -> Result<()> {
    conn.prepare_cached(
        "DELETE FROM journal WHERE session_id = ?1 AND news ->> 'event' <> 'trace_changed'",
    )?
    .execute([Key(session_id)])?;
    Ok(())
}

/// Removes old facts where there are enough of them; returns the number of the oldest.
pub(crate) fn prune(conn: &Connection, oldest: u64, newest: u64) -> Result<u64> {
    if newest.saturating_sub(oldest) < KEEP + SLACK {
        return Ok(oldest);
    }
    let upto = (newest - KEEP).min(oldest.saturating_add(BITE));
    conn.prepare_cached("DELETE FROM journal WHERE seq <= ?1")?
        .execute([upto])?;
    Reader::new(conn).oldest_seq()
}

impl Reader<'_> {
    /// Returns the number of the newest fact; 0 before the first.
    pub fn seq(&self) -> Result<u64> {
        let seq: Option<u64> = self
            .prepare("SELECT max(seq) FROM journal")?
            .query_row((), |row| row.get(0))?;
        Ok(seq.unwrap_or(0))
    }

    /// Returns the number of the oldest fact that is kept: who has seen the one before it can be
    /// told all that followed.
    pub fn oldest_seq(&self) -> Result<u64> {
        let seq: Option<u64> = self
            .prepare("SELECT seq FROM journal ORDER BY seq LIMIT 1")?
            .query_row((), |row| row.get(0))
            .optional()?;
        Ok(seq.unwrap_or(1))
    }

    /// Returns the facts after number `seq`, at most `limit` of them, oldest first.
    pub fn events_since(&self, seq: u64, limit: u32) -> Result<Vec<Event>> {
        let mut query = self.prepare(
            "SELECT seq, at, session_id, news FROM journal WHERE seq > ?1 ORDER BY seq LIMIT ?2",
        )?;
        let events = query.query_map(params![seq, limit], |row| {
            Ok(Event {
                seq: Some(row.get(0)?),
                at: time(row, 1)?,
                session_id: maybe_id(row, 2)?,
                news: json(row, 3)?,
            })
        })?;
        Ok(events.collect::<rusqlite::Result<_>>()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_facts_go_in_small_bites_and_the_newest_stay() {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(include_str!("schema/0001.sql")).unwrap();
        let newest = KEEP + 2_000;
        conn.execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
             INSERT INTO journal (seq, at, news) SELECT i, 0, '{}' FROM n",
            [newest],
        )
        .unwrap();
        let mut oldest = Reader::new(&conn).oldest_seq().unwrap();
        let mut bites = 0;
        loop {
            let now = prune(&conn, oldest, newest).unwrap();
            assert!(now - oldest <= BITE + 1);
            if now == oldest {
                break;
            }
            (oldest, bites) = (now, bites + 1);
        }
        assert!(bites >= 3, "{bites}");
        let left: u64 = conn
            .query_row("SELECT count(*) FROM journal", (), |row| row.get(0))
            .unwrap();
        assert!((KEEP..KEEP + SLACK).contains(&left), "{left}");
        assert_eq!(newest - oldest + 1, left);
    }
}
