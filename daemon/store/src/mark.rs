//! Marks: traces that a person wants to find again.

use rusqlite::{OptionalExtension, params};
use smartopol_protocol::trace::{Mark, Trace};
use smartopol_protocol::{News, SessionId, Timestamp, TraceId};

use crate::column::{Key, Millis, id};
use crate::{Error, Reader, Result, Writer};

/// How many traces are marked at most: a list that a person can still look through.
const MOST: u64 = 1_000;

impl Reader<'_> {
    /// Returns every marked trace, the one marked last at the end.
    pub fn marks(&self) -> Result<Vec<TraceId>> {
        let mut query = self.prepare("SELECT trace_id FROM marks ORDER BY at, trace_id")?;
        let marks = query.query_map((), |row| id(row, 0))?;
        Ok(marks.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns which of these traces are marked.
    pub(crate) fn marks_among(&self, traces: &[Trace]) -> Result<Vec<TraceId>> {
        let mut query = self.prepare("SELECT EXISTS (SELECT 1 FROM marks WHERE trace_id = ?1)")?;
        let mut marked = Vec::new();
        for trace in traces {
            if query.query_row([Key(trace.id)], |row| row.get(0))? {
                marked.push(trace.id);
            }
        }
        Ok(marked)
    }
}

impl Writer<'_> {
    /// Marks a trace, or takes its mark away; tells it only where something changed.
    ///
    /// # Errors
    /// [`Error::NotFound`] without such a trace, [`Error::Conflict`] where too many are marked.
    pub fn mark_trace(&mut self, mark: Mark, at: Timestamp) -> Result<()> {
        let session_id: SessionId = self
            .prepare("SELECT session_id FROM traces WHERE id = ?1")?
            .query_row([Key(mark.id)], |row| id(row, 0))
            .optional()?
            .ok_or_else(|| Error::not_found("trace", mark.id))?;
        let changed = if mark.marked {
            let marked: u64 = self
                .prepare("SELECT count(*) FROM marks")?
                .query_row((), |row| row.get(0))?;
            if marked >= MOST {
                return Err(Error::Conflict(format!(
                    "{MOST} traces are marked already: take a mark away first"
                )));
            }
            self.prepare("INSERT OR IGNORE INTO marks (trace_id, at) VALUES (?1, ?2)")?
                .execute(params![Key(mark.id), Millis(at)])?
        } else {
            self.prepare("DELETE FROM marks WHERE trace_id = ?1")?
                .execute([Key(mark.id)])?
        };
        if changed > 0 {
            self.tell(at, session_id, News::TraceMarked(mark))?;
        }
        Ok(())
    }
}
