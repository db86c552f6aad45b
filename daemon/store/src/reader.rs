//! Looking into the database: everything seen in one closure is of one moment.
//!
//! Owns: what spans several nouns. What is about one stands in that noun's file.

use std::collections::HashMap;
use std::path::Path;

use rusqlite::{CachedStatement, Connection};
use smartopol_protocol::event::Snapshot;
use smartopol_protocol::message::Message;
use smartopol_protocol::{MessageId, SessionId, session, trace};

use crate::{Result, connection};

/// How many messages a window has where nothing is said, and at most.
const WINDOW: (u32, u32) = (200, 1_000);

/// How many bytes of JSON a window has at most, so that it fits a frame with what comes with it.
const SHOWN_BYTES: usize = 4 * 1024 * 1024;

/// How many traces a snapshot has.
const TRACES: u32 = 200;

/// A look into the database.
#[derive(Clone, Copy)]
pub struct Reader<'c> {
    pub(crate) conn: &'c Connection,
}

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Sessions.
    pub sessions: u64,
    /// Sessions with a turn that is not over.
    pub active_sessions: u64,
    /// Approvals that wait for a person.
    pub pending_approvals: u64,
}

impl<'c> Reader<'c> {
    pub(crate) const fn new(conn: &'c Connection) -> Self {
        Self { conn }
    }

    pub(crate) fn prepare(&self, sql: &str) -> Result<CachedStatement<'c>> {
        Ok(self.conn.prepare_cached(sql)?)
    }

    /// Returns the whole present, without transcripts.
    pub fn snapshot(&self) -> Result<Snapshot> {
        let newest = trace::List {
            limit: TRACES,
            ..trace::List::default()
        };
        Ok(Snapshot {
            seq: self.seq()?,
            sessions: self.sessions()?,
            approvals: self.pending_approvals()?,
            traces: self.traces(&newest)?.traces,
        })
    }

    /// Returns one session with a window of its transcript: at most `limit` messages (0 means
    /// 200) before position `before`. With the newest window come the messages that wait.
    pub fn show(&self, id: SessionId, before: Option<u64>, limit: u32) -> Result<session::Shown> {
        let session = self.session(id)?;
        let (mut messages, mut more) = self.transcript(id, before, bounded(limit, WINDOW))?;
        let fit = self.fitting(&messages)?;
        more |= fit < messages.len();
        messages.drain(..messages.len() - fit);
        if before.is_none() {
            messages.extend(self.queued(id)?);
        }
        Ok(session::Shown {
            as_of: self.seq()?,
            session,
            turns: self.turns_of(&messages)?,
            calls: self.calls_of(&messages)?,
            messages,
            more,
            partial: None,
        })
    }

    /// Returns how many of the newest of these messages fit one frame with their calls, at least
    /// one: the window gets shorter where single outputs are long.
    fn fitting(&self, messages: &[Message]) -> Result<usize> {
        let mut sizes: HashMap<MessageId, usize> = HashMap::new();
        for call in self.calls_of(messages)? {
            let size = serde_json::to_string(&call).map_or(0, |json| json.len());
            if let Some(message) = messages.iter().find(|m| m.calls().any(|id| id == call.id)) {
                *sizes.entry(message.id).or_default() += size;
            }
        }
        let mut room = SHOWN_BYTES;
        let fit = messages.iter().rev().take_while(|message| {
            let own = serde_json::to_string(message).map_or(0, |json| json.len());
            let size = own + sizes.get(&message.id).copied().unwrap_or(0);
            let fits = size <= room;
            room = room.saturating_sub(size);
            fits
        });
        Ok(fit.count().max(1).min(messages.len()))
    }

    /// Returns how much there is.
    pub fn counts(&self) -> Result<Counts> {
        let mut query = self.prepare(
            "SELECT (SELECT count(*) FROM sessions),
                    (SELECT count(*) FROM turns WHERE finished = 0),
                    (SELECT count(*) FROM approvals WHERE pending = 1)",
        )?;
        Ok(query.query_row((), |row| {
            Ok(Counts {
                sessions: row.get(0)?,
                active_sessions: row.get(1)?,
                pending_approvals: row.get(2)?,
            })
        })?)
    }

    /// Returns the size of the database with its write-ahead log, in bytes.
    pub fn size_bytes(&self) -> u64 {
        let size = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
        self.conn.path().map_or(0, |path| {
            let path = Path::new(path);
            size(path).saturating_add(size(&connection::wal(path)))
        })
    }
}

/// Returns a limit as asked, the usual one for 0, and never more than the most.
pub(crate) fn bounded(limit: u32, (usual, most): (u32, u32)) -> u32 {
    if limit == 0 { usual } else { limit.min(most) }
}
