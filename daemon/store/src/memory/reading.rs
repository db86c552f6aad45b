//! Memories as they are asked for: one by its key, its history, a user's.

use rusqlite::params;
use smartopol_protocol::memory::{List, Memory, State, Which};
use smartopol_protocol::{MemoryId, Timestamp, UserId};

use crate::column::{Key, Millis, range};
use crate::reader::bounded;
use crate::{Error, Reader, Result};

/// How many memories a list has where nothing is said, and at most.
const LIST: (u32, u32) = (200, 1_000);

/// Returns how many memories a list with this limit has at most.
pub fn most_listed(limit: u32) -> usize {
    usize::try_from(bounded(limit, LIST)).unwrap_or(usize::MAX)
}

/// How many of the things that a key could mean are named.
const NAMED: u32 = 5;

impl Reader<'_> {
    /// Returns one memory of a user by its id or the unique beginning of one.
    ///
    /// # Errors
    /// [`Error::NotFound`] also for a memory of another user; [`Error::Ambiguous`].
    pub fn find_memory(&self, user: UserId, key: &str) -> Result<Memory> {
        let key = key.trim();
        let digits = key.strip_prefix(MemoryId::PREFIX).unwrap_or(key);
        let owner = self.owner(user)?;
        let (Some((low, high)), Some(owner)) = (range(digits), owner) else {
            return Err(Error::not_found("memory", key));
        };
        let mut found = self.memories_where(
            "WHERE m.id BETWEEN ?1 AND ?2 AND m.owner = ?3 ORDER BY m.id LIMIT ?4",
            params![low, high, owner, NAMED],
        )?;
        match found.len() {
            0 => Err(Error::not_found("memory", key)),
            1 => found.pop().ok_or_else(|| Error::not_found("memory", key)),
            _ => Err(Error::Ambiguous {
                what: "memory",
                key: key.into(),
                candidates: found
                    .into_iter()
                    .map(|memory| format!("{} ({})", memory.id, memory.text))
                    .collect(),
            }),
        }
    }

    /// Returns what was believed in the place of a memory, the oldest first, itself among them.
    pub fn memory_history(&self, memory: &Memory) -> Result<Vec<Memory>> {
        let mut history = self.predecessors(memory)?;
        history.reverse();
        history.push(memory.clone());
        let mut newest = memory.clone();
        while let State::Superseded { by, .. } = newest.state {
            newest = self.memory(by)?;
            history.push(newest.clone());
        }
        let waiting = self.memories_where(
            "WHERE m.supersedes = ?1 AND m.state IN ('pending', 'rejected') ORDER BY m.number",
            [Key(newest.id)],
        )?;
        history.extend(waiting.into_iter().filter(|other| other.id != memory.id));
        Ok(history)
    }

    /// Returns what was believed before a memory, the newest first.
    pub(super) fn predecessors(&self, memory: &Memory) -> Result<Vec<Memory>> {
        let mut found = Vec::new();
        let mut next = memory.supersedes;
        while let Some(id) = next {
            let older = self.memory(id)?;
            next = older.supersedes;
            found.push(older);
        }
        Ok(found)
    }

    /// Returns memories of a user, and whether there are more.
    pub fn memories(
        &self,
        user: UserId,
        list: &List,
        now: Timestamp,
    ) -> Result<(Vec<Memory>, bool)> {
        let Some(owner) = self.owner(user)? else {
            return Ok((Vec::new(), false));
        };
        let limit = bounded(list.limit, LIST);
        let category = list.category.map(|category| category as u8);
        let filter = match list.which {
            Which::Current => {
                "m.state = 'active' AND (m.valid_from IS NULL OR m.valid_from <= ?3)
                 AND (m.valid_until IS NULL OR m.valid_until > ?3)
                 AND (?2 IS NULL OR m.category = ?2)
                 ORDER BY m.category, m.confidence DESC, m.number"
            }
            Which::Pending => {
                "m.state = 'pending' AND (?2 IS NULL OR m.category = ?2)
                 AND ?3 IS NOT NULL ORDER BY m.number"
            }
            Which::All => {
                "(?2 IS NULL OR m.category = ?2) AND ?3 IS NOT NULL ORDER BY m.number DESC"
            }
        };
        let mut memories = self.memories_where(
            &format!("WHERE m.owner = ?1 AND {filter} LIMIT ?4 OFFSET ?5"),
            params![
                owner,
                category,
                Millis(now),
                i64::from(limit) + 1,
                list.skip
            ],
        )?;
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = memories.len() > wanted;
        memories.truncate(wanted);
        Ok((memories, more))
    }

    /// Returns how many memories of a user count at the moment, and how many wait.
    pub fn count_memories(&self, user: UserId, now: Timestamp) -> Result<(u64, u64)> {
        let Some(owner) = self.owner(user)? else {
            return Ok((0, 0));
        };
        let mut query = self.prepare(
            "SELECT (SELECT count(*) FROM memories WHERE owner = ?1 AND state = 'active'
                         AND (valid_from IS NULL OR valid_from <= ?2)
                         AND (valid_until IS NULL OR valid_until > ?2)),
                    (SELECT count(*) FROM memories WHERE owner = ?1 AND state = 'pending')",
        )?;
        Ok(query.query_row(params![owner, Millis(now)], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?)
    }
}
