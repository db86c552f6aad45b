//! Changing the database: the inside of one write.
//!
//! Owns: the facts that this write tells, and which sessions it touched. The changes themselves
//! stand in the files of their nouns.

use std::ops::Deref;

use rusqlite::Connection;
use smartopol_protocol::{Event, News, SessionId, Timestamp};

use crate::{Error, Reader, Result, journal};

/// A change of the database; all of it is stored, or nothing. It can look before it writes.
pub struct Writer<'c> {
    reader: Reader<'c>,
    facts: &'c mut Vec<Event>,
    touched: Vec<SessionId>,
    now: Timestamp,
}

impl<'c> Writer<'c> {
    pub(crate) fn new(conn: &'c Connection, facts: &'c mut Vec<Event>, now: Timestamp) -> Self {
        Self {
            reader: Reader::new(conn),
            facts,
            touched: Vec::new(),
            now,
        }
    }

    /// Returns the moment at which this write began; facts without a time of their own carry it.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Journals a fact about a session.
    pub(crate) fn tell(&mut self, at: Timestamp, session_id: SessionId, news: News) -> Result<()> {
        self.tell_about(at, Some(session_id), news)
    }

    /// Journals a fact that may be about no session.
    pub(crate) fn tell_about(
        &mut self,
        at: Timestamp,
        session_id: Option<SessionId>,
        news: News,
    ) -> Result<()> {
        let event = journal::append(self.reader.conn, at, session_id, news)?;
        self.facts.push(event);
        Ok(())
    }

    /// Remembers that a session's row changed; it is told once, when the write ends.
    pub(crate) fn touch(&mut self, session_id: SessionId) {
        if !self.touched.contains(&session_id) {
            self.touched.push(session_id);
        }
    }

    /// Tells of the touched sessions.
    pub(crate) fn finish(&mut self) -> Result<()> {
        for id in std::mem::take(&mut self.touched) {
            match self.session(id) {
                Ok(session) => {
                    let at = session.updated_at;
                    self.tell(at, id, News::SessionChanged(Box::new(session)))?;
                }
                Err(Error::NotFound { .. }) => {} // Deleted later in the same write.
                Err(err) => return Err(err),
            }
        }
        Ok(())
    }
}

impl<'c> Deref for Writer<'c> {
    type Target = Reader<'c>;

    fn deref(&self) -> &Reader<'c> {
        &self.reader
    }
}
