//! Memories in the database.
//!
//! Owns: that a belief is superseded and never overwritten, that what waits counts for nothing, and
//! that what is forgotten leaves no words. Asking for them is in `reading`, looking for words in
//! `finding`, how they stand in their rows in `row`.

mod finding;
mod reading;
mod row;
mod waiting;

pub(crate) use finding::asked;
pub use finding::most_hits;
pub use reading::most_listed;

use rusqlite::params;
use smartopol_protocol::attention::Resolution;
use smartopol_protocol::memory::{Added, Change, Look, Memory, State, Verdict};
use smartopol_protocol::{MemoryId, News, Timestamp, UserId};

use crate::column::{Json, Key, Millis};
use crate::terms::{Shelf, fingerprint, indexed};
use crate::{Error, Result, Writer};
use row::rest;
use waiting::{Settled, waits};

const INDEX: &str = "memory_terms";

/// How many memories of a user count or wait at most.
const MOST: u64 = 10_000;

impl Writer<'_> {
    /// Stores a new memory, and takes the place of the one that it supersedes where it counts at
    /// once. One that says the same as another and supersedes nothing is known already.
    ///
    /// # Errors
    /// [`Error::Conflict`] where what it supersedes does not count, and where there are too many.
    pub fn add_memory(&mut self, mut memory: Memory) -> Result<Added> {
        let owner = self.owner_of(memory.user_id)?;
        if memory.supersedes.is_none()
            && let Some(known) = self.same_memory(owner, &memory.text)?
        {
            return Ok(Added {
                memory: known,
                known: true,
            });
        }
        let kept: u64 = self
            .prepare(
                "SELECT count(*) FROM memories WHERE owner = ?1 AND state IN ('active', 'pending')",
            )?
            .query_row([owner], |row| row.get(0))?;
        if kept >= MOST {
            return Err(Error::Conflict(format!(
                "{MOST} memories are kept already: forget some first"
            )));
        }
        if let Some(id) = memory.supersedes {
            let old = self.memory(id)?;
            if old.user_id != memory.user_id {
                return Err(Error::not_found("memory", id));
            }
            // What is not to be trusted does not become so by being said again.
            for taint in old.taint {
                if !memory.taint.contains(&taint) {
                    memory.taint.push(taint);
                }
            }
            if let Some(why) = no_longer(&old.state) {
                return Err(Error::Conflict(format!("the memory {id} {why}")));
            }
        }
        let rest = rest(&memory);
        self.prepare(
            "INSERT INTO memories (id, owner, state, category, confidence, supersedes, valid_from,
                 valid_until, created_at, text, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            Key(memory.id),
            owner,
            memory.state.name(),
            memory.category as u8,
            memory.confidence,
            memory.supersedes.map(Key),
            memory.valid_from.map(Millis),
            memory.valid_until.map(Millis),
            Millis(memory.created_at),
            memory.text,
            Json(&rest),
        ])?;
        let number = self.conn.last_insert_rowid();
        let terms = indexed(owner, shelf(&memory.state), &[&memory.text]);
        self.index(INDEX, number, &terms)?;
        if memory.state == State::Active {
            self.supersede(&memory, memory.created_at)?;
        }
        self.memory_changed(&memory)?;
        if waits(&memory) {
            self.wait_for_person(&memory)?;
        }
        Ok(Added {
            memory,
            known: false,
        })
    }

    /// Lets a memory that waits count, or not.
    ///
    /// # Errors
    /// [`Error::Conflict`] where it does not wait, or what it would supersede no longer counts.
    pub fn decide_memory(
        &mut self,
        id: MemoryId,
        verdict: Verdict,
        by: &str,
        at: Timestamp,
    ) -> Result<Memory> {
        let mut memory = self.memory(id)?;
        if memory.state != State::Pending {
            return Err(Error::Conflict(format!(
                "the memory {id} does not wait: it is {}",
                memory.state.name()
            )));
        }
        let words = memory.text.clone();
        match verdict {
            Verdict::Approve => {
                if let Some(old) = memory.supersedes {
                    let old = self.memory(old)?;
                    if let Some(why) = no_longer(&old.state) {
                        return Err(Error::Conflict(format!(
                            "the memory {}, whose place it would take, {why}: reject this one",
                            old.id
                        )));
                    }
                }
                memory.state = State::Active;
                memory.believed_at = Some(at);
                memory.approved_by = by.to_owned();
                self.supersede(&memory, at)?;
            }
            Verdict::Reject => {
                memory.state = State::Rejected { by: by.into(), at };
                memory.text = String::new();
            }
        }
        let rejected = (verdict == Verdict::Reject).then_some(words);
        self.put_memory(&memory)?;
        if let Some(words) = rejected {
            self.remember_rejected(memory.id, &words)?;
        }
        let settled = Settled {
            how: Resolution::Answered,
            by,
            at,
        };
        self.wait_no_longer(memory.user_id, &settled)?;
        Ok(memory)
    }

    /// Takes away the words of a memory and of all that it superseded, and what waits to take its
    /// place; returns which.
    ///
    /// # Errors
    /// [`Error::Conflict`] where its words are gone already.
    pub fn forget_memory(
        &mut self,
        id: MemoryId,
        by: &str,
        at: Timestamp,
    ) -> Result<Vec<MemoryId>> {
        let memory = self.memory(id)?;
        if matches!(
            memory.state,
            State::Forgotten { .. } | State::Rejected { .. }
        ) {
            return Err(Error::Conflict(format!(
                "the memory {id} {} already",
                no_longer(&memory.state).unwrap_or("was forgotten")
            )));
        }
        let mut gone = self.predecessors(&memory)?;
        gone.extend(
            self.memories_where("WHERE m.supersedes = ?1 AND m.state = 'pending'", [Key(id)])?,
        );
        let user = memory.user_id;
        gone.insert(0, memory);
        gone.retain(|memory| {
            !matches!(
                memory.state,
                State::Forgotten { .. } | State::Rejected { .. }
            )
        });
        for memory in &mut gone {
            memory.text = String::new();
            memory.state = State::Forgotten {
                by: by.to_owned(),
                at,
            };
            self.put_memory(memory)?;
        }
        let settled = Settled {
            how: Resolution::Gone,
            by,
            at,
        };
        self.wait_no_longer(user, &settled)?;
        Ok(gone.into_iter().map(|memory| memory.id).collect())
    }

    /// Writes down that somebody looked at what is remembered of others.
    pub fn look_at_memories(&mut self, look: Look, at: Timestamp) -> Result<()> {
        self.tell_about(at, None, News::MemoryLooked(look))
    }

    /// Gives all memories and topics of a user to another: two peers turned out to be one person.
    pub fn merge_owner(&mut self, from: UserId, to: UserId) -> Result<()> {
        let users = (from, to);
        let Some(from) = self.owner(from)? else {
            return Ok(());
        };
        let to = self.owner_of(to)?;
        if from == to {
            return Ok(());
        }
        let memories = self.memories_where("WHERE m.owner = ?1 ORDER BY m.number", [from])?;
        self.prepare("UPDATE memories SET owner = ?2 WHERE owner = ?1")?
            .execute([from, to])?;
        let mut waiting = None;
        for memory in memories {
            let moved = self.memory(memory.id)?;
            self.put_memory(&moved)?;
            waiting = waiting.or(waits(&moved).then_some(moved));
        }
        let settled = Settled {
            how: Resolution::Gone,
            by: "",
            at: self.now(),
        };
        self.wait_no_longer(users.0, &settled)?;
        if let Some(memory) = waiting {
            self.wait_for_person(&memory)?;
        }
        self.merge_topics(from, to)
    }

    /// Removes all memories and topics of a user, and what was counted for them.
    pub(crate) fn forget_owner(&mut self, user: UserId) -> Result<()> {
        let Some(owner) = self.owner(user)? else {
            return Ok(());
        };
        let numbers: Vec<i64> = self
            .prepare("SELECT number FROM memories WHERE owner = ?1")?
            .query_map([owner], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        for number in numbers {
            self.unindex(INDEX, number)?;
        }
        self.prepare("DELETE FROM memories WHERE owner = ?1")?
            .execute([owner])?;
        let settled = Settled {
            how: Resolution::Gone,
            by: "",
            at: self.now(),
        };
        self.wait_no_longer(user, &settled)?;
        self.forget_topics(owner)
    }

    /// Keeps of words that a person did not want only by what they are known again.
    fn remember_rejected(&mut self, id: MemoryId, words: &str) -> Result<()> {
        let (number, owner): (i64, i64) = self
            .prepare("SELECT number, owner FROM memories WHERE id = ?1")?
            .query_row([Key(id)], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let print = fingerprint(words);
        self.index(INDEX, number, &indexed(owner, Shelf::Past, &[&print]))
    }

    fn supersede(&mut self, memory: &Memory, at: Timestamp) -> Result<()> {
        let Some(id) = memory.supersedes else {
            return Ok(());
        };
        let mut old = self.memory(id)?;
        old.state = State::Superseded { by: memory.id, at };
        self.put_memory(&old)
    }

    fn put_memory(&mut self, memory: &Memory) -> Result<()> {
        let (number, owner): (i64, i64) = self
            .prepare(
                "UPDATE memories SET state = ?2, text = ?3, body = ?4 WHERE id = ?1
                 RETURNING number, owner",
            )?
            .query_row(
                params![
                    Key(memory.id),
                    memory.state.name(),
                    memory.text,
                    Json(rest(memory))
                ],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
        match memory.text.is_empty() {
            true => self.unindex(INDEX, number)?,
            false => {
                let terms = indexed(owner, shelf(&memory.state), &[&memory.text]);
                self.index(INDEX, number, &terms)?;
            }
        }
        self.memory_changed(memory)
    }

    fn memory_changed(&mut self, memory: &Memory) -> Result<()> {
        let at = self.now();
        let change = Change {
            id: memory.id,
            user_id: memory.user_id,
            state: memory.state.clone(),
        };
        self.tell_about(at, None, News::MemoryChanged(change))
    }
}

/// Returns why nothing can take the place of a memory; `None` where something can.
const fn no_longer(state: &State) -> Option<&'static str> {
    match state {
        State::Active => None,
        State::Pending => Some("waits for approval itself"),
        State::Superseded { .. } => Some("was superseded"),
        State::Forgotten { .. } => Some("was forgotten"),
        State::Rejected { .. } => Some("was rejected"),
    }
}

const fn shelf(state: &State) -> Shelf {
    match state {
        State::Active => Shelf::Current,
        _ => Shelf::Past,
    }
}
