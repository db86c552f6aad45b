//! Tool calls of the past, for what rules would have done.

use rusqlite::Row;
use smartopol_protocol::Timestamp;
use smartopol_protocol::tool::Inspection;

use crate::column::{json, time};
use crate::{Reader, Result};

/// A tool call of an agent, which was judged once.
#[derive(Clone, Debug, PartialEq)]
pub struct PastCall {
    /// The tool.
    pub tool: String,
    /// What it would have done.
    pub inspection: Inspection,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// True where a person denied it.
    pub denied_by_person: bool,
}

fn read(row: &Row<'_>) -> rusqlite::Result<PastCall> {
    Ok(PastCall {
        tool: row.get(0)?,
        asked_at: time(row, 1)?,
        denied_by_person: row.get(2)?,
        inspection: json(row, 3)?,
    })
}

impl Reader<'_> {
    /// Shows the tool calls since a moment, the newest first and at most `limit`; without those
    /// that a person is still asked about, which are no past yet.
    pub fn past_calls(
        &self,
        since: Timestamp,
        limit: u32,
        mut look: impl FnMut(&PastCall),
    ) -> Result<()> {
        // Calls arrive in the order of their times, so the first old one ends the search: a
        // condition on the time would walk over all that are older.
        let mut query = self.prepare(
            "SELECT name, asked_at,
                    EXISTS (SELECT 1 FROM approvals WHERE approvals.turn_id = calls.turn_id
                            AND approvals.call_id = calls.id
                            AND approvals.state ->> 'state' = 'denied'),
                    inspection
             FROM calls WHERE turn_id IS NOT NULL AND state ->> 'state' <> 'waiting' ORDER BY number DESC LIMIT ?1",
        )?;
        for call in query.query_map([limit], read)? {
            let call = call?;
            if call.asked_at < since {
                break;
            }
            look(&call);
        }
        Ok(())
    }
}
