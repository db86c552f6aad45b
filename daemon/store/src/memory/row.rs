//! How a memory stands in its row, and how rows become memories again.
//!
//! Owns: which of a memory is a column, because queries ask for it, and that the rest says nothing
//! a column says.

use rusqlite::Row;
use serde::{Deserialize, Serialize};
use smartopol_protocol::memory::{Category, Memory, Source, State, Taint};
use smartopol_protocol::{MemoryId, Timestamp};

use crate::column::{Key, id, json, maybe_id, maybe_time, time};
use crate::{Error, Reader, Result};

const COLUMNS: &str = "m.id, m.category, m.confidence, m.supersedes, m.valid_from, m.valid_until, \
                       m.created_at, m.text, m.body, m.owner, m.number, m.state";

/// All of a memory that no query asks for.
#[derive(Serialize, Deserialize)]
pub(super) struct Rest {
    /// Where the column of that name says less than there is to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<State>,
    source: Source,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    taint: Vec<Taint>,
    /// Where that is not when it was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    believed_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    approved_by: String,
}

impl Reader<'_> {
    /// Returns one memory, whosoever it is.
    ///
    /// # Errors
    /// [`Error::NotFound`] without such a memory.
    pub fn memory(&self, id: MemoryId) -> Result<Memory> {
        self.memories_where("WHERE m.id = ?1", [Key(id)])?
            .pop()
            .ok_or_else(|| Error::not_found("memory", id))
    }

    /// Reads memories, `m`, with the users, `o`, whose they are.
    pub(super) fn memories_where(
        &self,
        sql: &str,
        params: impl rusqlite::Params,
    ) -> Result<Vec<Memory>> {
        let mut query = self.prepare(&format!(
            "SELECT {COLUMNS}, o.user_id FROM memories m JOIN owners o ON o.number = m.owner {sql}"
        ))?;
        let rows = query.query_map(params, read)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

/// Returns what of a memory stands in no column of its own.
pub(super) fn rest(memory: &Memory) -> Rest {
    let plain = matches!(memory.state, State::Active | State::Pending);
    let at_once = memory.state == State::Active && memory.believed_at == Some(memory.created_at);
    Rest {
        state: (!plain).then(|| memory.state.clone()),
        source: memory.source.clone(),
        taint: memory.taint.clone(),
        believed_at: memory.believed_at.filter(|_| !at_once),
        approved_by: memory.approved_by.clone(),
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Memory> {
    let rest: Rest = json(row, 8)?;
    let category: usize = row.get(1)?;
    let name: String = row.get(11)?;
    let state = rest.state.unwrap_or(match name.as_str() {
        "pending" => State::Pending,
        _ => State::Active,
    });
    let created_at = time(row, 6)?;
    let at_once = (state == State::Active).then_some(created_at);
    Ok(Memory {
        id: id(row, 0)?,
        user_id: id(row, 12)?,
        text: row.get(7)?,
        category: Category::ALL.get(category).copied().unwrap_or_default(),
        confidence: row.get(2)?,
        state,
        source: rest.source,
        taint: rest.taint,
        supersedes: maybe_id(row, 3)?,
        valid_from: maybe_time(row, 4)?,
        valid_until: maybe_time(row, 5)?,
        created_at,
        believed_at: rest.believed_at.or(at_once),
        approved_by: rest.approved_by,
    })
}
