//! What sessions are called, and which one a person means.
//!
//! Owns: that a name is free among those of a user, and how a key, a name or the beginning of an id
//! leads to a session.

use rusqlite::{OptionalExtension, params};
use smartopol_protocol::session::{AGENT, Session};
use smartopol_protocol::{SessionId, UserId};

use super::{COLUMNS, read};
use crate::column::{Key, id, range};
use crate::{Error, Reader, Result, Writer};

/// The longest name, in characters.
pub(super) const NAME_MAX: usize = 64;

/// How many of the things that a key could mean are named.
const CANDIDATES: u32 = 5;

impl Reader<'_> {
    /// Returns the session that a person means among all of the house: by its key, by name, by id,
    /// by the unique beginning of an id. A name means one of `own` first. One that was made for a
    /// run of a job is meant only where it is named: it may do what its job may.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Ambiguous`] where a name is that of several others, or the
    /// beginning of several ids.
    pub fn find_session(&self, key: &str, own: UserId) -> Result<Session> {
        self.session_by_key(key.trim(), own, None)
    }

    /// Returns the session that a user means among their own.
    ///
    /// # Errors
    /// As [`Reader::find_session`]; what is somebody else's is not there.
    pub fn find_own_session(&self, key: &str, own: UserId) -> Result<Session> {
        self.session_by_key(key.trim(), own, Some(own))
    }

    /// Returns true where a user has a session of this name.
    pub fn has_session_named(&self, name: &str, user: UserId) -> Result<bool> {
        Ok(self.named(name, Some(user))?.is_some())
    }

    pub(super) fn named(&self, name: &str, user: Option<UserId>) -> Result<Option<Session>> {
        Ok(self
            .prepare(&format!(
                "SELECT {COLUMNS} FROM sessions
                 WHERE name = ?1 AND coalesce(user_id, x'') = coalesce(?2, x'')"
            ))?
            .query_row(params![name, user.map(Key)], read)
            .optional()?)
    }

    /// Looks among the sessions of `among`, or all.
    fn session_by_key(&self, key: &str, own: UserId, among: Option<UserId>) -> Result<Session> {
        if let Some((user, name)) = parted(key) {
            let found = match self.user_called(user)? {
                Some(user) if among.is_none_or(|among| among == user) => {
                    self.named(name, Some(user))?
                }
                _ => None,
            };
            return found.ok_or_else(|| Error::not_found("session", key));
        }
        // A whole id is one, whatever somebody else called their session.
        let is_id = key.parse::<SessionId>().is_ok();
        if let Some(session) = self.named(key, Some(own))?.filter(|_| !is_id) {
            return Ok(session);
        }
        if among.is_none() && !is_id {
            let named = self.candidates("name = ?1", [key])?;
            if !named.is_empty() {
                return one_of(named, key, Session::key);
            }
        }
        let digits = key.strip_prefix(SessionId::PREFIX).unwrap_or(key);
        let Some((low, high)) = range(digits) else {
            return Err(Error::not_found("session", key));
        };
        let among = among.map(Key);
        let found = self.candidates(
            "id BETWEEN ?1 AND ?2 AND (?3 IS NULL OR user_id = ?3)",
            params![low, high, among],
        )?;
        one_of(found, key, |session| {
            format!("{} ({})", session.name, session.id)
        })
    }

    fn candidates(&self, which: &str, params: impl rusqlite::Params) -> Result<Vec<Session>> {
        let mut query = self.prepare(&format!(
            "SELECT {COLUMNS} FROM sessions WHERE {which} ORDER BY id LIMIT {CANDIDATES}"
        ))?;
        let found = query.query_map(params, read)?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns the user that a key names by id, or by name.
    fn user_called(&self, user: &str) -> Result<Option<UserId>> {
        if let Ok(id) = user.parse() {
            return Ok(Some(id));
        }
        Ok(self
            .prepare("SELECT id FROM users WHERE name = ?1")?
            .query_row([user], |row| id(row, 0))
            .optional()?)
    }

    /// Returns the first of `base`, `base-2`, `base-3`, … that no session of a user has.
    pub(crate) fn free_name(&self, base: &str, user: Option<UserId>) -> Result<String> {
        // `.` is the character after `-`, so this is the range of all that begin with `base-`.
        let mut query = self.prepare(
            "SELECT name FROM sessions WHERE (name = ?1 OR name >= ?1 || '-' AND name < ?1 || '.')
                 AND coalesce(user_id, x'') = coalesce(?2, x'')",
        )?;
        let taken: std::collections::HashSet<String> = query
            .query_map(params![base, user.map(Key)], |row| row.get(0))?
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
    /// Returns a free name for a fork of the session with this one.
    pub(crate) fn fork_name(&self, of: &str, user: Option<UserId>) -> Result<String> {
        // Room is left for the number behind it.
        let short: String = of.chars().take(NAME_MAX - 13).collect();
        self.free_name(&format!("{short}-fork"), user)
    }

    /// Returns `name` as it is stored, where it is good and free for session `own` of a user.
    pub(super) fn own_name(
        &self,
        name: &str,
        user: Option<UserId>,
        own: Option<SessionId>,
    ) -> Result<String> {
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
        if parted(name).is_some() {
            return invalid("may not look like a key, `user:…:agent:…:…`");
        }
        match self.named(name, user)? {
            Some(holder) if own != Some(holder.id) => Err(Error::NameTaken { name: name.into() }),
            _ => Ok(name.into()),
        }
    }
}

/// Returns the user and the name that a key is made of; `None` where it is no key of this agent.
fn parted(key: &str) -> Option<(&str, &str)> {
    let (user, rest) = key.strip_prefix("user:")?.split_once(":agent:")?;
    let (agent, name) = rest.split_once(':')?;
    (agent == AGENT).then_some((user, name))
}

/// Returns the only one of what a key could mean.
fn one_of(
    mut found: Vec<Session>,
    key: &str,
    named: impl Fn(&Session) -> String,
) -> Result<Session> {
    match (found.len(), found.pop()) {
        (1, Some(session)) => Ok(session),
        (_, None) => Err(Error::not_found("session", key)),
        (_, Some(last)) => Err(Error::Ambiguous {
            what: "session",
            key: key.into(),
            candidates: found.iter().chain([&last]).map(named).collect(),
        }),
    }
}

/// Returns the name that a session of this folder gets.
pub(super) fn folder_name(workspace: &str) -> String {
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
