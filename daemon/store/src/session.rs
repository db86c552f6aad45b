//! Sessions in the database.
//!
//! Owns: their rows. What a row says of turns, approvals and messages is kept by
//! [`Writer::count_messages`], [`Writer::count_waiting`] and [`Writer::stand`].

mod aging;
mod naming;

use rusqlite::{OptionalExtension, Row, params};
use smartopol_protocol::approval::Mode;
use smartopol_protocol::model::Usage;
use smartopol_protocol::session::{Create, Session, SessionState};
use smartopol_protocol::{News, SessionId, Timestamp, UserId};

use self::naming::{NAME_MAX, folder_name};
use crate::column::{Json, Key, Millis, Word, id, json, maybe_id, time};
use crate::{Error, Reader, Result, Writer, journal};

pub use aging::OldSince;

const COLUMNS: &str = "id, name, workspace, mode, model, state, waiting, messages, last_line, \
                       usage, created_at, updated_at, user_id, archived_at";

/// True for a session that was not made for a run of a job: its first words are not a job's, and
/// no run is under way in it whose job has no session.
const NO_RUN: &str = "coalesce((SELECT peer FROM messages WHERE session_id = sessions.id
         AND position IS NOT NULL ORDER BY position LIMIT 1), '') NOT GLOB 'job:*'
     AND NOT EXISTS (SELECT 1 FROM ledger JOIN jobs ON jobs.id = ledger.job_id
         WHERE ledger.state = 'running' AND ledger.session_id = sessions.id
             AND jobs.session_id IS NULL)";

/// How many sessions are looked at for where somebody spoke last.
const TALKS: u32 = 100;

fn read(row: &Row<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        id: id(row, 0)?,
        name: row.get(1)?,
        workspace: row.get(2)?,
        mode: row.get::<_, Option<Word<Mode>>>(3)?.map(|mode| mode.0),
        model: row.get(4)?,
        state: json(row, 5)?,
        waiting: row.get(6)?,
        messages: row.get(7)?,
        last_line: row.get(8)?,
        usage: json(row, 9)?,
        created_at: time(row, 10)?,
        updated_at: time(row, 11)?,
        user_id: maybe_id(row, 12)?,
        archived_at: row.get::<_, Option<Millis>>(13)?.map(|at| at.0),
    })
}

impl Reader<'_> {
    /// Returns all sessions, the most recently used first.
    pub fn sessions(&self) -> Result<Vec<Session>> {
        let mut query = self.prepare(&format!(
            "SELECT {COLUMNS} FROM sessions ORDER BY updated_at DESC, id DESC"
        ))?;
        let sessions = query.query_map((), read)?;
        Ok(sessions.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns the session with this id.
    pub fn session(&self, id: SessionId) -> Result<Session> {
        self.prepare(&format!("SELECT {COLUMNS} FROM sessions WHERE id = ?1"))?
            .query_row([Key(id)], read)
            .optional()?
            .ok_or_else(|| Error::not_found("session", id))
    }

    /// Refuses ids of sessions that are not there.
    pub(crate) fn session_exists(&self, id: SessionId) -> Result<()> {
        let exists: bool = self
            .prepare("SELECT EXISTS (SELECT 1 FROM sessions WHERE id = ?1)")?
            .query_row([Key(id)], |row| row.get(0))?;
        if exists {
            Ok(())
        } else {
            Err(Error::not_found("session", id))
        }
    }

    /// Returns the session of a user in which somebody spoke last whose peer does not begin with
    /// `but`, among those that changed last; `None` where nobody did.
    pub fn talked_in(&self, user_id: UserId, but: &str) -> Result<Option<SessionId>> {
        let mut sessions = self.prepare(
            "SELECT id, updated_at FROM sessions WHERE user_id = ?1
             ORDER BY updated_at DESC, id DESC LIMIT ?2",
        )?;
        let mut spoken = self.prepare(
            "SELECT created_at FROM messages
             WHERE session_id = ?1 AND position IS NOT NULL AND role = 'user'
                 AND substr(coalesce(peer, ''), 1, length(?2)) <> ?2
             ORDER BY position DESC LIMIT 1",
        )?;
        let mut newest: Option<(Timestamp, SessionId)> = None;
        let mut rows = sessions.query(params![Key(user_id), TALKS])?;
        while let Some(row) = rows.next()? {
            let (session, changed): (SessionId, Timestamp) = (id(row, 0)?, time(row, 1)?);
            if newest.is_some_and(|(at, _)| at > changed) {
                break;
            }
            let at: Option<Timestamp> = spoken
                .query_row(params![Key(session), but], |row| time(row, 0))
                .optional()?;
            newest = newest.max(at.map(|at| (at, session)));
        }
        Ok(newest.map(|(_, session)| session))
    }

    /// Returns the most recently used session of a user in `workspace`, or in any folder, but none
    /// that was made for a run of a job or put away.
    pub fn newest_session(&self, workspace: Option<&str>, user: UserId) -> Result<Session> {
        self.prepare(&format!(
            "SELECT {COLUMNS} FROM sessions
             WHERE user_id = ?1 AND (?2 IS NULL OR workspace = ?2) AND archived_at IS NULL
                 AND {NO_RUN}
             ORDER BY updated_at DESC, id DESC LIMIT 1"
        ))?
        .query_row(params![Key(user), workspace], read)
        .optional()?
        .ok_or_else(|| Error::not_found("session", workspace.unwrap_or("the newest")))
    }
}

impl Writer<'_> {
    /// Makes a session of a user, or of nobody. Without a name it gets that of the workspace's
    /// folder, with a number behind it where they have one of that name.
    pub fn create_session(
        &mut self,
        id: SessionId,
        user_id: Option<UserId>,
        create: &Create,
        at: Timestamp,
    ) -> Result<Session> {
        let name = match &create.name {
            Some(name) => self.own_name(name, user_id, None)?,
            None => self.free_name(&folder_name(&create.workspace), user_id)?,
        };
        if self.session_exists(id).is_ok() {
            return Err(Error::Conflict(format!("session {id} exists already")));
        }
        let session = Session {
            id,
            name,
            workspace: create.workspace.clone(),
            mode: create.mode,
            model: create.model.clone(),
            state: SessionState::Idle { last: None },
            waiting: 0,
            messages: 0,
            last_line: String::new(),
            usage: Usage::default(),
            created_at: at,
            updated_at: at,
            user_id,
            archived_at: None,
        };
        self.prepare(&format!(
            "INSERT INTO sessions ({COLUMNS})
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, 0, '', ?7, ?8, ?8, ?9, NULL)"
        ))?
        .execute(params![
            Key(id),
            session.name,
            session.workspace,
            session.mode.map(Word),
            session.model,
            Json(&session.state),
            Json(&session.usage),
            Millis(at),
            user_id.map(Key),
        ])?;
        self.touch(id);
        Ok(session)
    }

    /// Gives a session with all that was said in it to a user. Where they have one of its name, a
    /// number is put behind that.
    pub(crate) fn give_session(&mut self, id: SessionId, user_id: UserId) -> Result<()> {
        let session = self.session(id)?;
        if session.user_id == Some(user_id) {
            return Ok(());
        }
        let name = match self.named(&session.name, Some(user_id))? {
            None => session.name,
            Some(_) => {
                // Room is left for the number.
                let short: String = session.name.chars().take(NAME_MAX - 8).collect();
                self.free_name(&short, Some(user_id))?
            }
        };
        self.prepare("UPDATE sessions SET user_id = ?2, name = ?3 WHERE id = ?1")?
            .execute(params![Key(id), Key(user_id), name])?;
        self.owe_index(id)?;
        self.touch(id);
        Ok(())
    }

    /// Puts a session away, or back.
    ///
    /// # Errors
    /// [`Error::Conflict`] where it is to be put away and a turn of it is not over.
    pub fn archive_session(
        &mut self,
        id: SessionId,
        archived: bool,
        at: Timestamp,
    ) -> Result<Session> {
        let mut session = self.session(id)?;
        if archived == session.archived_at.is_some() {
            return Ok(session);
        }
        if archived && !matches!(session.state, SessionState::Idle { .. }) {
            return Err(Error::Conflict(format!(
                "session `{}` is not at rest: interrupt its turn first",
                session.name
            )));
        }
        session.archived_at = archived.then_some(at);
        self.prepare("UPDATE sessions SET archived_at = ?2 WHERE id = ?1")?
            .execute(params![Key(id), session.archived_at.map(Millis)])?;
        self.touch(id);
        Ok(session)
    }

    /// Brings a session back in which a person speaks.
    pub(crate) fn bring_back(&mut self, id: SessionId) -> Result<()> {
        self.prepare(
            "UPDATE sessions SET archived_at = NULL WHERE id = ?1 AND archived_at IS NOT NULL",
        )?
        .execute([Key(id)])?;
        Ok(())
    }

    /// Changes what is given, leaves the rest.
    pub fn configure_session(
        &mut self,
        id: SessionId,
        name: Option<&str>,
        mode: Option<Mode>,
        model: Option<Option<&str>>,
        at: Timestamp,
    ) -> Result<Session> {
        let old = self.session(id)?;
        let mut new = old.clone();
        if let Some(name) = name {
            new.name = self.own_name(name, old.user_id, Some(id))?;
        }
        new.mode = mode.or(new.mode);
        if let Some(model) = model {
            new.model = model.map(Into::into);
        }
        if new == old {
            return Ok(old);
        }
        new.updated_at = old.updated_at.max(at);
        self.prepare(
            "UPDATE sessions SET name = ?2, mode = ?3, model = ?4, updated_at = ?5 WHERE id = ?1",
        )?
        .execute(params![
            Key(id),
            new.name,
            new.mode.map(Word),
            new.model,
            Millis(new.updated_at),
        ])?;
        self.touch(id);
        Ok(new)
    }

    /// Removes a session with its messages, turns, calls, approvals and learned rules, and what
    /// the journal kept of them. Its traces stay.
    ///
    /// # Errors
    /// [`Error::Conflict`] while a turn of it is not over: interrupt it first.
    pub fn delete_session(&mut self, id: SessionId, at: Timestamp) -> Result<()> {
        let session = self.session(id)?;
        if let Some(turn) = self.unfinished_turn(id)? {
            return Err(Error::Conflict(format!(
                "turn {} of session `{}` still runs: interrupt it first",
                turn.id, session.name
            )));
        }
        let rules = self.rules_of(id)?;
        self.runs_of_session_gone(id, at)?;
        self.unindex_session(id)?;
        self.prepare("DELETE FROM sessions WHERE id = ?1")?
            .execute([Key(id)])?;
        journal::forget(self.conn, id)?;
        self.forget_attention(id, at)?;
        for rule in rules {
            self.tell(at, id, News::RuleRevoked(rule))?;
        }
        self.tell(at, id, News::SessionDeleted(id))
    }

    /// Keeps the session's row right after `more` messages came (or went, below zero).
    pub(crate) fn count_messages(&mut self, id: SessionId, more: i64, at: Timestamp) -> Result<()> {
        self.prepare(
            "UPDATE sessions SET
                 messages = messages + ?2,
                 updated_at = max(updated_at, ?3),
                 last_line = coalesce(
                     (SELECT line FROM messages
                      WHERE session_id = ?1 AND position IS NULL AND line <> ''
                      ORDER BY number DESC LIMIT 1),
                     (SELECT line FROM messages
                      WHERE session_id = ?1 AND position IS NOT NULL AND line <> ''
                      ORDER BY position DESC LIMIT 1),
                     '')
             WHERE id = ?1",
        )?
        .execute(params![Key(id), more, Millis(at)])?;
        self.touch(id);
        Ok(())
    }

    /// Keeps the session's row right after a person was asked (1) or that ended (-1).
    pub(crate) fn count_waiting(&mut self, id: SessionId, more: i64, at: Timestamp) -> Result<()> {
        self.prepare(
            "UPDATE sessions SET waiting = waiting + ?2, updated_at = max(updated_at, ?3)
             WHERE id = ?1",
        )?
        .execute(params![Key(id), more, Millis(at)])?;
        self.touch(id);
        Ok(())
    }

    /// Keeps the session's row right after a turn changed.
    pub(crate) fn stand(
        &mut self,
        id: SessionId,
        state: &SessionState,
        usage: Usage,
        at: Timestamp,
    ) -> Result<()> {
        self.prepare(
            "UPDATE sessions SET state = ?2, usage = ?3, updated_at = max(updated_at, ?4)
             WHERE id = ?1",
        )?
        .execute(params![Key(id), Json(state), Json(usage), Millis(at)])?;
        self.touch(id);
        Ok(())
    }
}
