//! Memories that say certain words: the best first, and only those of one user.

use rusqlite::params;
use smartopol_protocol::memory::{Hit, Memory, Search, Which};
use smartopol_protocol::{Timestamp, UserId};

use super::INDEX;
use crate::column::Millis;
use crate::rank::{Among, scores};
use crate::reader::bounded;
use crate::terms::{Query, Shelf, fingerprint, folded};
use crate::{Error, Reader, Result};

/// How many hits a search has where nothing is said, and at most.
const HITS: (u32, u32) = (20, 200);

/// Returns how many hits a search with this limit has at most.
pub fn most_hits(limit: u32) -> usize {
    usize::try_from(bounded(limit, HITS)).unwrap_or(usize::MAX)
}

/// Among how many rows the best are chosen; where more hold a word, FTS5 chooses these.
const CANDIDATES: u32 = 400;

/// The longest text that is looked for, in bytes.
const TEXT_MAX: usize = 1_000;

impl Reader<'_> {
    /// Returns the memories of a user that say these words, the best first.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a text that is too long.
    pub fn search_memories(
        &self,
        user: UserId,
        search: &Search,
        now: Timestamp,
    ) -> Result<Vec<Hit>> {
        let query = asked(&search.text, search.typing)?;
        let (Some(owner), Some(query)) = (self.owner(user)?, query) else {
            return Ok(Vec::new());
        };
        let shelves: &[Shelf] = match search.which {
            Which::Current => &[Shelf::Current],
            Which::Pending => &[Shelf::Past],
            Which::All => &[Shelf::Current, Shelf::Past],
        };
        let with: Vec<u64> = query
            .asked()
            .iter()
            .map(|asked| self.rows_with(INDEX, asked, &[owner], shelves))
            .collect::<Result<_>>()?;
        let most: u64 = with.iter().sum();
        if most == 0 {
            return Ok(Vec::new());
        }
        // Where all of them are looked at anyway, nobody has to choose among them first.
        let order = match most > u64::from(CANDIDATES) {
            true => "ORDER BY memory_terms.rank",
            false => "",
        };
        let rows = self.memory_candidates((owner, &query, shelves), search, now, order)?;
        let among = Among {
            rows: self
                .prepare("SELECT count(*) FROM memories WHERE owner = ?1")?
                .query_row([owner], |row| row.get(0))?,
            with,
        };
        let texts: Vec<_> = rows
            .iter()
            .map(|(_, text)| vec![(1.0, text.as_str())])
            .collect();
        let mut scored: Vec<(i64, f64)> = rows
            .iter()
            .map(|(number, _)| *number)
            .zip(scores(&query, &among, &texts))
            .collect();
        // Of two that fit alike the newer one.
        scored.sort_by(|a, b| b.1.total_cmp(&a.1).then(b.0.cmp(&a.0)));
        scored.truncate(most_hits(search.limit));
        let mut hits = Vec::with_capacity(scored.len());
        for (number, score) in scored {
            let mut found = self.memories_where("WHERE m.number = ?1", [number])?;
            hits.extend(found.pop().map(|memory| Hit { memory, score }));
        }
        Ok(hits)
    }

    fn memory_candidates(
        &self,
        (owner, query, shelves): (i64, &Query, &[Shelf]),
        search: &Search,
        now: Timestamp,
        order: &'static str,
    ) -> Result<Vec<(i64, String)>> {
        let filter = match search.which {
            Which::Current => {
                "AND m.state = 'active' AND (m.valid_from IS NULL OR m.valid_from <= ?4)
                 AND (m.valid_until IS NULL OR m.valid_until > ?4)"
            }
            Which::Pending => "AND m.state = 'pending' AND ?4 IS NOT NULL",
            Which::All => "AND ?4 IS NOT NULL",
        };
        let mut prepared = self.prepare(&format!(
            "SELECT m.number, m.text FROM memory_terms CROSS JOIN memories m
                 ON m.number = memory_terms.rowid
             WHERE memory_terms MATCH ?1 AND m.owner = ?2 AND (?3 IS NULL OR m.category = ?3)
                 {filter}
             {order} LIMIT {CANDIDATES}"
        ))?;
        let rows = prepared.query_map(
            params![
                query.fts(&[owner], shelves),
                owner,
                search.category.map(|category| category as u8),
                Millis(now),
            ],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns true where nobody has to be asked about a text: a memory of the user says the same and
    /// counts or waits, or they rejected it.
    pub fn is_remembered(&self, user: UserId, text: &str) -> Result<bool> {
        let Some(owner) = self.owner(user)? else {
            return Ok(false);
        };
        if self.same_memory(owner, text)?.is_some() {
            return Ok(true);
        }
        let print = Query::same(&fingerprint(text));
        Ok(match print.as_ref().and_then(|own| own.asked().first()) {
            Some(asked) => self.rows_with(INDEX, asked, &[owner], &[Shelf::Past])? > 0,
            None => false,
        })
    }

    /// Returns the memory of a user that says the same and counts or waits, if there is one.
    pub(super) fn same_memory(&self, owner: i64, text: &str) -> Result<Option<Memory>> {
        let Some(query) = Query::same(text) else {
            return Ok(None);
        };
        let own = folded(text);
        let found = self.memories_where(
            "WHERE m.number IN (SELECT rowid FROM memory_terms WHERE memory_terms MATCH ?1
                 ORDER BY rank LIMIT 50) AND m.state IN ('active', 'pending')",
            [query.fts(&[owner], &[Shelf::Current, Shelf::Past])],
        )?;
        Ok(found.into_iter().find(|memory| folded(&memory.text) == own))
    }
}

/// Reads what is looked for; `None` where there are no words.
pub(crate) fn asked(text: &str, typing: bool) -> Result<Option<Query>> {
    if text.len() > TEXT_MAX {
        return Err(Error::Invalid(format!(
            "`text` has {} bytes: up to {TEXT_MAX} can be searched for",
            text.len()
        )));
    }
    Ok(match typing {
        true => Query::typing(text),
        false => Query::any(text),
    })
}
