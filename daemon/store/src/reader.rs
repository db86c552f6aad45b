//! Looking into the database: everything seen in one closure is of one moment.
//!
//! Owns: what spans several nouns. What is about one stands in that noun's file.

use std::collections::HashMap;
use std::path::Path;

use rusqlite::{CachedStatement, Connection};
use smartopol_protocol::event::Snapshot;
use smartopol_protocol::message::Message;
use smartopol_protocol::{CallId, SessionId, Timestamp, attention, session, trace};

use crate::{Error, Result, Whose, connection};

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
    /// Questions of the agent that wait for a person.
    pub pending_questions: u64,
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
        self.snapshot_of(Whose::ALL, Whose::ALL)
    }

    /// Returns the present, its traces and what waits (`items`) cut to what is somebody's to see.
    pub fn snapshot_of(&self, whose: Whose, items: Whose) -> Result<Snapshot> {
        let newest = trace::List {
            limit: TRACES,
            filter: trace::Filter {
                user_id: whose.user,
                ..trace::Filter::default()
            },
            ..trace::List::default()
        };
        Ok(Snapshot {
            seq: self.seq()?,
            sessions: self.sessions()?,
            approvals: self.pending_approvals()?,
            questions: self.pending_questions()?,
            traces: self.traces(&newest)?.traces,
            marked: self.marks()?,
            attention: self.attention_of(&attention::List::default(), items)?.items,
            terminals: self.terminals()?,
            // Who asks, and the names of the others, are known outside.
            user_id: None,
            names: Vec::new(),
        })
    }

    /// Returns one session with a window of its transcript: at most `limit` messages (0 means
    /// 200) before, after or around a position. With the newest window come the messages that
    /// wait.
    ///
    /// # Errors
    /// [`Error::Invalid`] where more than one position is given.
    pub fn show(&self, show: &session::Show) -> Result<session::Shown> {
        let session = self.session(show.id)?;
        let limit = bounded(show.limit, WINDOW);
        let last = self.last_position(show.id)?;
        let mut messages = match (show.before, show.after, show.around) {
            (before, None, None) => self.window_before(show.id, before, limit)?,
            (None, Some(after), None) => self.window_after(show.id, after, limit)?,
            (None, None, Some(around)) => self.window_around(show.id, around, limit)?,
            _ => {
                return Err(Error::Invalid(
                    "`before`, `after` and `around` are three windows: give one".into(),
                ));
            }
        };
        let first = messages.first().and_then(|message| message.position);
        let more = match first {
            Some(first) => self.has_before(show.id, first)?,
            None => false,
        };
        if show.before.or(show.after).or(show.around).is_none() {
            messages.extend(self.queued(show.id)?);
        }
        Ok(session::Shown {
            as_of: self.seq()?,
            session,
            turns: self.turns_of(&messages)?,
            calls: self.calls_of(&messages)?,
            messages,
            more,
            last,
            partial: None,
        })
    }

    /// Returns a piece of a session as it is written out, with the secrets that were stored in it.
    pub fn export(&self, export: &session::Export, now: Timestamp) -> Result<session::Exported> {
        let session = self.session(export.id)?;
        let limit = bounded(export.limit, WINDOW);
        let mut messages = self.window_after(export.id, export.after, limit)?;
        let last = messages.last().and_then(|message| message.position);
        let next = last.filter(|last| self.last_position(export.id).is_ok_and(|end| *last < end));
        let turns = self.turns_of(&messages)?;
        let calls = self.calls_of(&messages)?;
        let mut approvals = Vec::new();
        for turn in &turns {
            approvals.extend(self.approvals_of_turn(turn.id)?);
        }
        if next.is_none() {
            messages.extend(self.queued(export.id)?);
        }
        let is_first = export.after == 0;
        Ok(session::Exported {
            version: session::EXPORT_VERSION,
            exported_at: now,
            key: session.key(),
            compactions: match is_first {
                true => self.compactions(export.id)?,
                false => Vec::new(),
            },
            pins: match is_first {
                true => self.pins(export.id)?,
                false => Vec::new(),
            },
            session,
            messages,
            turns,
            calls,
            approvals,
            redacted: 0,
            next,
        })
    }

    fn window_before(
        &self,
        id: SessionId,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Message>> {
        let (mut messages, _) = self.transcript(id, before, limit)?;
        let sizes = self.sizes(&messages)?;
        let fit = fitting(sizes.iter().rev(), SHOWN_BYTES);
        messages.drain(..messages.len() - fit);
        Ok(messages)
    }

    fn window_after(&self, id: SessionId, after: u64, limit: u32) -> Result<Vec<Message>> {
        let mut messages = self.transcript_after(id, after, limit)?;
        let fit = fitting(self.sizes(&messages)?.iter(), SHOWN_BYTES);
        messages.truncate(fit);
        Ok(messages)
    }

    fn window_around(&self, id: SessionId, around: u64, limit: u32) -> Result<Vec<Message>> {
        let half = limit.div_ceil(2);
        let (mut messages, _) = self.transcript(id, Some(around), half)?;
        let sizes = self.sizes(&messages)?;
        let fit = fitting(sizes.iter().rev(), SHOWN_BYTES / 2);
        messages.drain(..messages.len() - fit);
        let later = self.transcript_after(id, around.saturating_sub(1), half)?;
        let fit = fitting(self.sizes(&later)?.iter(), SHOWN_BYTES / 2);
        messages.extend(later.into_iter().take(fit));
        Ok(messages)
    }

    /// Returns how many bytes each message takes in a reply, with its calls.
    fn sizes(&self, messages: &[Message]) -> Result<Vec<usize>> {
        let mut made_by: HashMap<CallId, usize> = HashMap::new();
        let mut sizes = Vec::with_capacity(messages.len());
        for (number, message) in messages.iter().enumerate() {
            sizes.push(serde_json::to_string(message).map_or(0, |json| json.len()));
            made_by.extend(message.calls().map(|call| (call, number)));
        }
        for call in self.calls_of(messages)? {
            let own = made_by.get(&call.id).and_then(|at| sizes.get_mut(*at));
            if let Some(size) = own {
                *size += serde_json::to_string(&call).map_or(0, |json| json.len());
            }
        }
        Ok(sizes)
    }

    /// Returns how much there is.
    pub fn counts(&self) -> Result<Counts> {
        let mut query = self.prepare(
            "SELECT (SELECT count(*) FROM sessions),
                    (SELECT count(*) FROM turns WHERE finished = 0),
                    (SELECT count(*) FROM approvals WHERE pending = 1),
                    (SELECT count(*) FROM questions WHERE pending = 1)",
        )?;
        Ok(query.query_row((), |row| {
            Ok(Counts {
                sessions: row.get(0)?,
                active_sessions: row.get(1)?,
                pending_approvals: row.get(2)?,
                pending_questions: row.get(3)?,
            })
        })?)
    }

    /// Returns the size of the database with its write-ahead log, in bytes.
    pub fn size_bytes(&self) -> u64 {
        self.file_bytes().saturating_add(self.log_bytes())
    }

    fn file_bytes(&self) -> u64 {
        self.conn.path().map_or(0, |path| bytes(Path::new(path)))
    }

    /// Returns the size of the write-ahead log, in bytes.
    pub(crate) fn log_bytes(&self) -> u64 {
        let log = self
            .conn
            .path()
            .map(|path| connection::wal(Path::new(path)));
        log.map_or(0, |log| bytes(&log))
    }
}

fn bytes(file: &Path) -> u64 {
    std::fs::metadata(file).map_or(0, |file| file.len())
}

/// Returns how many of these sizes, from the first, have room together; one always has. A window
/// gets shorter where single outputs are long.
fn fitting<'s>(sizes: impl Iterator<Item = &'s usize>, mut room: usize) -> usize {
    let mut fit = 0;
    for size in sizes {
        if *size > room && fit > 0 {
            break;
        }
        room = room.saturating_sub(*size);
        fit += 1;
    }
    fit
}

/// Returns a limit as asked, the usual one for 0, and never more than the most.
pub(crate) fn bounded(limit: u32, (usual, most): (u32, u32)) -> u32 {
    if limit == 0 { usual } else { limit.min(most) }
}

/// Returns the condition on rows that wait, or on all, of a session (`?1`) or, where it is NULL, of
/// every one.
pub(crate) const fn pending_or_all(all: bool, session: Option<SessionId>) -> &'static str {
    match (all, session) {
        (true, None) => "?1 IS NULL",
        (true, Some(_)) => "session_id = ?1",
        (false, None) => "?1 IS NULL AND pending = 1",
        (false, Some(_)) => "session_id = ?1 AND pending = 1",
    }
}
