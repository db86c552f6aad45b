//! Messages that say certain words, in all sessions of one user: the newest first.
//!
//! Owns: the index of what was said, which holds every message that has its place in a session
//! that is somebody's; and what of it is still to be made. What lies in a session alone is found by
//! [`crate::search`], which needs no index.

use rusqlite::{OptionalExtension, params};
use smartopol_protocol::message::{Message, Part};
use smartopol_protocol::session::{Found, Hit, Search};
use smartopol_protocol::{SessionId, UserId};

use crate::column::{Key, id, json, maybe_id, time, word};
use crate::memory::asked;
use crate::reader::bounded;
use crate::search::line_of;
use crate::terms::{Query, Shelf, TEXT, distinct, terms};
use crate::{Reader, Result, Writer};

const INDEX: &str = "message_terms";

/// How many hits a reply has where nothing is said, and at most.
const HITS: (u32, u32) = (20, 200);

/// By how many of its first words something is found that no person reads whole: what went into a
/// tool, what came out of it, what a model thought.
const ASIDE: usize = 2_000;

/// How many messages one bite puts into the index at most.
const BITE: u32 = 200;

/// How many bytes of them.
const BITE_BYTES: usize = 1024 * 1024;

impl Reader<'_> {
    /// Returns the messages of a user that hold all of these words, the newest first.
    ///
    /// # Errors
    /// [`crate::Error::Invalid`] for a text that is too long.
    pub fn search_sessions(&self, user: UserId, search: &Search) -> Result<Found> {
        let behind = self.unindexed(user)?;
        let query = match search.typing {
            true => asked(&search.text, true)?,
            // Refuses what is too long, as for the other.
            false => asked(&search.text, false)?.and_then(|_| Query::same(&search.text)),
        };
        let (Some(owner), Some(query)) = (self.owner(user)?, query) else {
            return Ok(Found {
                behind,
                ..Found::default()
            });
        };
        let limit = bounded(search.limit, HITS);
        let before = search.before.and_then(|before| i64::try_from(before).ok());
        // Whose a session is now counts: what got another user waits for its place in the index.
        let mut prepared = self.prepare(
            "SELECT m.number, m.session_id, s.name, s.archived_at IS NOT NULL, m.position, m.id,
                    m.role, m.created_at, m.parts
             FROM message_terms CROSS JOIN messages m ON m.number = message_terms.rowid
                 CROSS JOIN sessions s ON s.id = m.session_id
             WHERE message_terms MATCH ?1 AND message_terms.rowid < ?2 AND s.user_id = ?3
                 AND m.position IS NOT NULL
             ORDER BY message_terms.rowid DESC LIMIT ?4",
        )?;
        let mut rows = prepared.query(params![
            query.fts(&[owner], &[Shelf::Current]),
            before.unwrap_or(i64::MAX),
            Key(user),
            i64::from(limit) + 1,
        ])?;
        let mut found = Found {
            behind,
            ..Found::default()
        };
        let mut last = None;
        while let Some(row) = rows.next()? {
            if found.hits.len() as u64 == u64::from(limit) {
                found.next = last;
                break;
            }
            last = Some(row.get(0)?);
            let parts: Vec<Part> = json(row, 8)?;
            found.hits.push(Hit {
                session_id: id(row, 1)?,
                session: row.get(2)?,
                archived: row.get(3)?,
                position: row.get(4)?,
                message_id: id(row, 5)?,
                role: word(row, 6)?,
                created_at: time(row, 7)?,
                line: line(&query, &parts),
            });
        }
        Ok(found)
    }

    /// Returns how many messages of a user are not in the index yet, at most.
    fn unindexed(&self, user: UserId) -> Result<u64> {
        Ok(self
            .prepare(
                "SELECT coalesce(sum(u.before - 1), 0) FROM unindexed u
                 JOIN sessions s ON s.id = u.session_id WHERE s.user_id = ?1",
            )?
            .query_row([Key(user)], |row| row.get(0))?)
    }
}

impl Writer<'_> {
    /// Puts a message that has its place into the index.
    pub(super) fn index_message(&mut self, number: i64, message: &Message) -> Result<()> {
        let user: Option<UserId> = self
            .prepare("SELECT user_id FROM sessions WHERE id = ?1")?
            .query_row([Key(message.session_id)], |row| maybe_id(row, 0))?;
        match user {
            // Once it is somebody's, it is looked through.
            None => Ok(()),
            Some(user) => {
                let owner = self.owner_of(user)?;
                let terms = distinct(owner, Shelf::Current, &said(&message.parts));
                self.prepare("INSERT INTO message_terms (rowid, terms) VALUES (?1, ?2)")?
                    .execute(params![number, terms])?;
                Ok(())
            }
        }
    }

    /// Takes the messages of a session out of the index.
    pub(crate) fn unindex_session(&mut self, id: SessionId) -> Result<()> {
        self.prepare(
            "DELETE FROM message_terms
             WHERE rowid IN (SELECT number FROM messages WHERE session_id = ?1)",
        )?
        .execute([Key(id)])?;
        Ok(())
    }

    /// Lets the messages that a session has now be put into the index anew, by
    /// [`Writer::index_messages`].
    pub(crate) fn owe_index(&mut self, id: SessionId) -> Result<()> {
        let last = self.last_position(id)?;
        if last > 0 {
            self.prepare("INSERT OR REPLACE INTO unindexed (session_id, before) VALUES (?1, ?2)")?
                .execute(params![Key(id), last + 1])?;
        }
        Ok(())
    }

    /// Puts a bite of the messages into the index that are still to be, those of the session that
    /// was used last first; returns false where there are none left.
    pub fn index_messages(&mut self) -> Result<bool> {
        let next: Option<(SessionId, u64, Option<UserId>)> = self
            .prepare(
                "SELECT u.session_id, u.before, s.user_id FROM unindexed u
                 JOIN sessions s ON s.id = u.session_id
                 ORDER BY s.updated_at DESC, s.id DESC LIMIT 1",
            )?
            .query_row((), |row| Ok((id(row, 0)?, row.get(1)?, maybe_id(row, 2)?)))
            .optional()?;
        let Some((session, before, user)) = next else {
            return Ok(false);
        };
        let left = match user {
            None => None, // Owed again when it becomes somebody's.
            Some(user) => self.index_before(session, before, user)?,
        };
        match left {
            Some(before) => self
                .prepare("UPDATE unindexed SET before = ?2 WHERE session_id = ?1")?
                .execute(params![Key(session), before])?,
            None => self
                .prepare("DELETE FROM unindexed WHERE session_id = ?1")?
                .execute([Key(session)])?,
        };
        Ok(true)
    }

    /// Indexes a bite of the newest messages before a position, and returns before which position
    /// the next one begins; `None` where nothing is left.
    fn index_before(&mut self, id: SessionId, before: u64, user: UserId) -> Result<Option<u64>> {
        let owner = self.owner_of(user)?;
        let mut prepared = self.prepare(
            "SELECT number, position, parts FROM messages
             WHERE session_id = ?1 AND position < ?2 ORDER BY position DESC LIMIT ?3",
        )?;
        let mut rows = prepared.query(params![Key(id), before, BITE])?;
        let (mut read, mut last) = (0, 1);
        while let Some(row) = rows.next()? {
            let text = row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?;
            read += text.len();
            let parts: Vec<Part> = json(row, 2)?;
            let terms = distinct(owner, Shelf::Current, &said(&parts));
            self.index(INDEX, row.get(0)?, &terms)?;
            last = row.get(1)?;
            if read > BITE_BYTES {
                break;
            }
        }
        Ok((last > 1).then_some(last))
    }
}

/// Returns the texts of a message by which it is found, each with how many of its words count.
fn said(parts: &[Part]) -> Vec<(&str, usize)> {
    let mut texts = Vec::new();
    for part in parts {
        match part {
            Part::Text { text } | Part::Notice { text, .. } => texts.push((text.as_str(), TEXT)),
            Part::Reasoning { text, .. } | Part::ToolOutput { text, .. } => {
                texts.push((text.as_str(), ASIDE));
            }
            Part::ToolCall { name, input, .. } => {
                texts.push((name.as_str(), ASIDE));
                let mut values = vec![input];
                while let Some(value) = values.pop() {
                    match value {
                        serde_json::Value::String(text) => texts.push((text.as_str(), ASIDE)),
                        serde_json::Value::Array(items) => values.extend(items),
                        serde_json::Value::Object(fields) => values.extend(fields.values()),
                        _ => {}
                    }
                }
            }
        }
    }
    texts
}

/// Returns what stands around the words that are looked for, in the line that has most of them.
fn line(query: &Query, parts: &[Part]) -> String {
    let texts = said(parts);
    let lines = texts.iter().flat_map(|(text, _)| text.lines());
    let best = lines
        .map(|line| {
            let own = terms(line);
            let asked = query.asked().iter();
            let count = asked.filter(|one| own.iter().any(|term| one.matches(term)));
            (count.count(), line)
        })
        .reduce(|best, line| if line.0 > best.0 { line } else { best });
    let line = best.map(|(_, line)| line).unwrap_or_default();
    let is_asked = |word: &str| {
        let own = terms(word);
        let asked = query.asked().iter();
        asked
            .into_iter()
            .any(|one| own.iter().any(|term| one.matches(term)))
    };
    // Where the first of the words begins, in characters.
    let mut before = 0;
    for word in line.split_inclusive(char::is_whitespace) {
        if is_asked(word) {
            break;
        }
        before += word.chars().count();
    }
    line_of(line, before)
}
