//! The journal: every fact is one row, written with what it is about.
//!
//! Owns: the numbers of facts, what is kept of them, what a client missed.

use rusqlite::{Connection, OptionalExtension, params};
use smartopol_protocol::{Event, News, SessionId, Timestamp};

use crate::column::{Json, Key, Millis, json, maybe_id, time};
use crate::{Reader, Result};

/// How many facts are kept: some days of heavy use, so that a console that slept over a weekend
/// gets what it missed. Who missed more gets a snapshot.
pub const KEEP: u64 = 50_000;

/// How many bytes of them are kept: facts carry the whole of what they are about, and a call is
/// told several times, so large outputs would make the journal outgrow what it repeats.
const KEEP_BYTES: u64 = 64 << 20;

/// How much more may gather before any is removed, and how many numbers one commit removes at
/// most: rare enough to cost nothing on the average, small enough not to be felt.
const SLACK: u64 = 256;
const SLACK_BYTES: u64 = 1 << 20;
const BITE: u64 = 512;

/// Writes one fact and returns it with its number.
pub(crate) fn append(
    conn: &Connection,
    at: Timestamp,
    session_id: Option<SessionId>,
    news: News,
) -> Result<Event> {
    conn.prepare_cached(
        "INSERT INTO journal (at, session_id, news, written)
         VALUES (?1, ?2, ?3, octet_length(?3)
             + coalesce((SELECT written FROM journal ORDER BY seq DESC LIMIT 1), 0))",
    )?
    .execute(params![Millis(at), session_id.map(Key), Json(&news)])?;
    Ok(Event {
        seq: u64::try_from(conn.last_insert_rowid()).ok(),
        at,
        session_id,
        news,
    })
}

/// Makes the journal forget what was said in a deleted session. Its traces stay, and no number is
/// lost: in the place of each other fact stands that the session was deleted.
pub(crate) fn forget(conn: &Connection, session_id: SessionId) -> Result<()> {
    conn.prepare_cached(
        "UPDATE journal SET news = ?2
         WHERE session_id = ?1 AND news ->> 'event' <> 'trace_changed'",
    )?
    .execute(params![
        Key(session_id),
        Json(News::SessionDeleted(session_id))
    ])?;
    Ok(())
}

/// Removes old facts where there are enough of them; returns the number of the oldest.
pub(crate) fn prune(conn: &Connection, oldest: u64, newest: u64) -> Result<u64> {
    let mut written = conn.prepare_cached("SELECT written FROM journal WHERE seq = ?1")?;
    let mut written = |seq: u64| -> Result<u64> {
        Ok(written
            .query_row([seq], |row| row.get(0))
            .optional()?
            .unwrap_or(0))
    };
    let (first, last) = (written(oldest)?, written(newest)?);
    let rows = newest.saturating_sub(oldest);
    if rows < KEEP + SLACK && last.saturating_sub(first) < KEEP_BYTES + SLACK_BYTES {
        return Ok(oldest);
    }
    conn.prepare_cached(
        "DELETE FROM journal WHERE seq < ?1 AND seq < ?2 AND (seq <= ?3 OR written <= ?4)",
    )?
    .execute([
        oldest.saturating_add(BITE),
        newest,
        newest.saturating_sub(KEEP),
        last.saturating_sub(KEEP_BYTES),
    ])?;
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

    /// Returns a journal of so many facts, each of so many bytes.
    fn filled(facts: u64, bytes: u64) -> Connection {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(include_str!("schema/0001.sql")).unwrap();
        conn.execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
             INSERT INTO journal (seq, at, written, news) SELECT i, 0, i * ?2, '{}' FROM n",
            [facts, bytes],
        )
        .unwrap();
        conn
    }

    /// Prunes until nothing goes any more; returns how many bites that took and what is left.
    fn pruned(conn: &Connection, newest: u64) -> (u64, u64) {
        let mut oldest = Reader::new(conn).oldest_seq().unwrap();
        let mut bites = 0;
        loop {
            let now = prune(conn, oldest, newest).unwrap();
            assert!(now - oldest <= BITE);
            if now == oldest {
                break;
            }
            (oldest, bites) = (now, bites + 1);
        }
        let left: u64 = conn
            .query_row("SELECT count(*) FROM journal", (), |row| row.get(0))
            .unwrap();
        assert_eq!(newest - oldest + 1, left);
        (bites, left)
    }

    #[test]
    fn old_facts_go_in_small_bites_and_the_newest_stay() {
        let newest = KEEP + 2_000;
        let (bites, left) = pruned(&filled(newest, 10), newest);
        assert!(bites >= 3, "{bites}");
        assert!((KEEP..=KEEP + SLACK).contains(&left), "{left}");
    }

    #[test]
    fn large_facts_go_earlier() {
        let bytes = 32 << 10;
        let newest = KEEP_BYTES / bytes + 3_000;
        let (bites, left) = pruned(&filled(newest, bytes), newest);
        assert!(bites >= 5, "{bites}");
        let kept = left * bytes;
        assert!(
            (KEEP_BYTES..=KEEP_BYTES + SLACK_BYTES + bytes).contains(&kept),
            "{kept}"
        );
    }
}
