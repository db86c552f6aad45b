//! Sessions in the database.
//!
//! Owns: their rows and names. What a row says of turns, approvals and messages is kept by
//! [`Writer::count_messages`], [`Writer::count_waiting`] and [`Writer::stand`].

use rusqlite::{OptionalExtension, Row, params};
use smartopol_protocol::approval::Mode;
use smartopol_protocol::model::Usage;
use smartopol_protocol::session::{Session, SessionState};
use smartopol_protocol::{News, SessionId, Timestamp, UserId};

use crate::column::{Json, Key, Millis, Word, id, json, maybe_id, range, time};
use crate::{Error, Reader, Result, Writer, journal};

const COLUMNS: &str = "id, name, workspace, mode, model, state, waiting, messages, last_line, \
                       usage, created_at, updated_at, user_id";

/// True for a session that was not made for a run of a job: its first words are not a job's, and
/// no run is under way in it whose job has no session.
const NO_RUN: &str = "coalesce((SELECT peer FROM messages WHERE session_id = sessions.id
         AND position IS NOT NULL ORDER BY position LIMIT 1), '') NOT GLOB 'job:*'
     AND NOT EXISTS (SELECT 1 FROM ledger JOIN jobs ON jobs.id = ledger.job_id
         WHERE ledger.state = 'running' AND ledger.session_id = sessions.id
             AND jobs.session_id IS NULL)";

/// The longest name, in characters.
const NAME_MAX: usize = 64;

/// How many sessions are looked at for where somebody spoke last.
const TALKS: u32 = 100;

/// How many of the things that a key could mean are named.
const CANDIDATES: u32 = 5;

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

    /// Returns the session that a person means: by name, by id, by the unique beginning of an id;
    /// without a key the most recently used one of `workspace`, or of all. One that was made for a
    /// run of a job is meant only where it is named: it may do what its job may.
    pub fn find_session(&self, key: Option<&str>, workspace: Option<&str>) -> Result<Session> {
        match (key, workspace) {
            (Some(key), _) => self.session_by_key(key.trim()),
            (None, Some(workspace)) => self
                .prepare(&format!(
                    "SELECT {COLUMNS} FROM sessions WHERE workspace = ?1 AND {NO_RUN}
                     ORDER BY updated_at DESC, id DESC LIMIT 1"
                ))?
                .query_row([workspace], read)
                .optional()?
                .ok_or_else(|| Error::not_found("session", workspace)),
            (None, None) => self
                .prepare(&format!(
                    "SELECT {COLUMNS} FROM sessions WHERE {NO_RUN}
                     ORDER BY updated_at DESC, id DESC LIMIT 1"
                ))?
                .query_row((), read)
                .optional()?
                .ok_or_else(|| Error::not_found("session", "the newest")),
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
    /// that was made for a run of a job.
    pub fn newest_session(&self, workspace: Option<&str>, user: UserId) -> Result<Session> {
        self.prepare(&format!(
            "SELECT {COLUMNS} FROM sessions
             WHERE user_id = ?1 AND (?2 IS NULL OR workspace = ?2) AND {NO_RUN}
             ORDER BY updated_at DESC, id DESC LIMIT 1"
        ))?
        .query_row(params![Key(user), workspace], read)
        .optional()?
        .ok_or_else(|| Error::not_found("session", workspace.unwrap_or("the newest")))
    }

    fn session_by_key(&self, key: &str) -> Result<Session> {
        let named = self
            .prepare(&format!("SELECT {COLUMNS} FROM sessions WHERE name = ?1"))?
            .query_row([key], read)
            .optional()?;
        if let Some(session) = named {
            return Ok(session);
        }
        let digits = key.strip_prefix(SessionId::PREFIX).unwrap_or(key);
        let Some((low, high)) = range(digits) else {
            return Err(Error::not_found("session", key));
        };
        let mut query = self.prepare(&format!(
            "SELECT {COLUMNS} FROM sessions WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT ?3"
        ))?;
        let mut found: Vec<Session> = query
            .query_map(params![low, high, CANDIDATES], read)?
            .collect::<rusqlite::Result<_>>()?;
        match (found.len(), found.pop()) {
            (1, Some(session)) => Ok(session),
            (_, None) => Err(Error::not_found("session", key)),
            (_, Some(last)) => Err(Error::Ambiguous {
                what: "session",
                key: key.into(),
                candidates: found
                    .iter()
                    .chain([&last])
                    .map(|session| format!("{} ({})", session.name, session.id))
                    .collect(),
            }),
        }
    }

    /// Returns the first of `base`, `base-2`, `base-3`, … that no session has.
    fn free_name(&self, base: &str) -> Result<String> {
        // `.` is the character after `-`, so this is the range of all that begin with `base-`.
        let mut query = self.prepare(
            "SELECT name FROM sessions WHERE name = ?1
             UNION ALL SELECT name FROM sessions WHERE name >= ?1 || '-' AND name < ?1 || '.'",
        )?;
        let taken: std::collections::HashSet<String> = query
            .query_map([base], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        if !taken.contains(base) {
            return Ok(base.into());
        }
        let numbered = (2..).map(|number: u64| format!("{base}-{number}"));
        Ok(numbered
            .into_iter()
            .find(|name| !taken.contains(name))
            .unwrap_or_default())
    }
}

impl Writer<'_> {
    /// Makes a session. Without a name it gets that of the workspace's folder, with a number
    /// behind it where that is taken.
    pub fn create_session(
        &mut self,
        id: SessionId,
        wanted_name: Option<&str>,
        workspace: &str,
        mode: Option<Mode>,
        model: Option<&str>,
        at: Timestamp,
    ) -> Result<Session> {
        let name = match wanted_name {
            Some(name) => self.own_name(name, None)?,
            None => self.free_name(&folder_name(workspace))?,
        };
        if self.session_exists(id).is_ok() {
            return Err(Error::Conflict(format!("session {id} exists already")));
        }
        let session = Session {
            id,
            name,
            workspace: workspace.into(),
            mode,
            model: model.map(Into::into),
            state: SessionState::Idle { last: None },
            waiting: 0,
            messages: 0,
            last_line: String::new(),
            usage: Usage::default(),
            created_at: at,
            updated_at: at,
            user_id: None,
        };
        self.prepare(&format!(
            "INSERT INTO sessions ({COLUMNS})
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, 0, '', ?7, ?8, ?8, NULL)"
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
        ])?;
        self.touch(id);
        Ok(session)
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
            new.name = self.own_name(name, Some(id))?;
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
        self.prepare("DELETE FROM sessions WHERE id = ?1")?
            .execute([Key(id)])?;
        journal::forget(self.conn, id)?;
        self.forget_attention(id, at)?;
        for rule in rules {
            self.tell(at, id, News::RuleRevoked(rule))?;
        }
        self.tell(at, id, News::SessionDeleted(id))
    }

    /// Returns a free name for a fork of the session with this one.
    pub(crate) fn fork_name(&self, of: &str) -> Result<String> {
        // Room is left for the number behind it.
        let short: String = of.chars().take(NAME_MAX - 13).collect();
        self.free_name(&format!("{short}-fork"))
    }

    /// Returns `name` as it is stored, where it is good and free for session `own`.
    fn own_name(&self, name: &str, own: Option<SessionId>) -> Result<String> {
        let name = name.trim();
        let invalid = |why: &str| Err(Error::Invalid(format!("a session's name {why}")));
        if name.is_empty() {
            return invalid("may not be empty");
        }
        if name.chars().count() > NAME_MAX {
            return invalid("may have 64 characters at most");
        }
        if name.chars().any(char::is_control) {
            return invalid("may not contain control characters");
        }
        if name.starts_with(SessionId::PREFIX) {
            return invalid("may not begin with `ses_`, as ids do");
        }
        let holder: Option<SessionId> = self
            .prepare("SELECT id FROM sessions WHERE name = ?1")?
            .query_row([name], |row| id(row, 0))
            .optional()?;
        match holder {
            Some(holder) if own != Some(holder) => Err(Error::NameTaken { name: name.into() }),
            _ => Ok(name.into()),
        }
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

/// Returns the name that a session of this folder gets.
fn folder_name(workspace: &str) -> String {
    let folder = std::path::Path::new(workspace)
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    // Room is left for the number behind it.
    let name: String = folder
        .chars()
        .filter(|c| !c.is_control())
        .take(NAME_MAX - 8)
        .collect();
    match name.trim() {
        "" => "session".into(),
        name if name.starts_with(SessionId::PREFIX) => "session".into(),
        name => name.into(),
    }
}
