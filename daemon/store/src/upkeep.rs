//! Keeping the database small: what is old goes in small bites, what became free is given back.
//!
//! Owns: how much one step does, so that none is felt. When it is done, and what counts as old,
//! is the caller's. Nothing here breaks a promise: the facts that are kept have no holes, so one
//! who knows a number that is gone gets a snapshot.

use rusqlite::{Connection, OptionalExtension, params};
use smartopol_protocol::Timestamp;
use smartopol_protocol::daemon::{Rows, Size};

use crate::column::{Millis, time};
use crate::{Reader, Result, Writer, connection};

/// How many rows one bite removes.
pub(crate) const BITE: u32 = 500;

/// How many pages one step gives back to the disk.
const PAGES: u32 = 256;

impl Reader<'_> {
    /// Returns how large the files are, and how much of the database is free.
    pub fn size(&self) -> Result<Size> {
        let pragma = |name: &str| -> Result<u64> {
            Ok(self.conn.pragma_query_value(None, name, |row| row.get(0))?)
        };
        let page = pragma("page_size")?;
        let bytes = pragma("page_count")?.saturating_mul(page);
        Ok(Size {
            bytes,
            free_bytes: pragma("freelist_count")?.saturating_mul(page),
            wal_bytes: self.log_bytes(),
        })
    }

    /// Returns how much there is of everything that grows. Counts, so it takes longer than
    /// [`Reader::size`] where there is much.
    pub fn rows(&self) -> Result<Rows> {
        let mut query = self.prepare(
            "SELECT (SELECT count(*) FROM sessions), (SELECT count(*) FROM turns),
                    (SELECT count(*) FROM messages), (SELECT count(*) FROM calls),
                    (SELECT count(*) FROM approvals), (SELECT count(*) FROM traces),
                    (SELECT count(*) FROM journal),
                    (SELECT at FROM journal ORDER BY seq LIMIT 1),
                    (SELECT min(timestamp) FROM traces)",
        )?;
        Ok(query.query_row((), |row| {
            Ok(Rows {
                sessions: row.get(0)?,
                turns: row.get(1)?,
                messages: row.get(2)?,
                calls: row.get(3)?,
                approvals: row.get(4)?,
                traces: row.get(5)?,
                facts: row.get(6)?,
                oldest_fact_at: row.get::<_, Option<Millis>>(7)?.map(|at| at.0),
                oldest_trace_at: row.get::<_, Option<Millis>>(8)?.map(|at| at.0),
            })
        })?)
    }

    /// Returns since when traces are complete; `None` where none was ever removed.
    pub fn traces_since(&self) -> Result<Option<Timestamp>> {
        Ok(self
            .prepare("SELECT at FROM kept_since WHERE what = 'traces'")?
            .query_row((), |row| time(row, 0))
            .optional()?)
    }
}

impl Writer<'_> {
    /// Removes a bite of the oldest facts, of those from before `before`; returns how many.
    ///
    /// They go from the oldest on and without a hole, also where the clock was set back in
    /// between; the newest stays, because the next number follows it.
    pub fn prune_facts(&mut self, before: Timestamp) -> Result<u64> {
        let young: Option<u64> = self
            .prepare("SELECT seq FROM journal WHERE at >= ?1 ORDER BY seq LIMIT 1")?
            .query_row([Millis(before)], |row| row.get(0))
            .optional()?;
        let end = self.oldest_seq()?.saturating_add(BITE.into());
        let end = young.unwrap_or(u64::MAX).min(self.seq()?).min(end);
        let removed = self
            .prepare("DELETE FROM journal WHERE seq < ?1")?
            .execute([end])?;
        Ok(removed as u64)
    }

    /// Removes a bite of the oldest traces, of the complete ones from before `before` that nobody
    /// marked; returns how many.
    pub fn prune_traces(&mut self, before: Timestamp) -> Result<u64> {
        let removed = self
            .prepare(
                "DELETE FROM traces WHERE id IN (
                     SELECT id FROM traces WHERE timestamp < ?1 AND complete = 1
                         AND id NOT IN (SELECT trace_id FROM marks)
                     ORDER BY timestamp LIMIT ?2)",
            )?
            .execute(params![Millis(before), BITE])?;
        if removed > 0 {
            // It only grows: a limit that was raised brings back nothing.
            self.prepare(
                "INSERT INTO kept_since (what, at) VALUES ('traces', ?1)
                 ON CONFLICT (what) DO UPDATE SET at = max(at, ?1)",
            )?
            .execute([Millis(before)])?;
        }
        Ok(removed as u64)
    }
}

/// Gives free pages back to the disk, a bounded number of them; returns how many are left.
pub(crate) fn reclaim(conn: &Connection) -> Result<u64> {
    // One page goes with each step of the statement.
    let mut step = conn.prepare(&format!("PRAGMA incremental_vacuum({PAGES})"))?;
    let mut rows = step.query(())?;
    while rows.next()?.is_some() {}
    Ok(conn.pragma_query_value(None, "freelist_count", |row| row.get(0))?)
}

/// Rewrites a database that was made before free pages could be given back one by one; returns
/// true where it was one.
pub(crate) fn rebuild(conn: &Connection) -> Result<bool> {
    let kind: u32 = conn.pragma_query_value(None, "auto_vacuum", |row| row.get(0))?;
    if kind == connection::INCREMENTAL {
        return Ok(false);
    }
    conn.pragma_update(None, "auto_vacuum", connection::INCREMENTAL)?;
    conn.execute_batch("VACUUM")?;
    Ok(true)
}

/// Moves what is in the write-ahead log into the database and empties the log's file, as far as
/// nobody reads from it.
pub(crate) fn checkpoint(conn: &Connection) -> Result<()> {
    conn.execute_batch("PRAGMA optimize")?;
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()))?;
    Ok(())
}
