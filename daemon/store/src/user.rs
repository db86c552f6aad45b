//! Users in the database, and the peers by which channels know them.
//!
//! Owns: that a peer belongs to one user, and that what is done to a user is a fact with its doer.

use rusqlite::{OptionalExtension, Row, params};
use smartopol_protocol::approval::Actor;
use smartopol_protocol::attention::{Item, Kind, Priority, Resolution};
use smartopol_protocol::user::{Changed, Deed, PeerId, Refused, Removed, User};
use smartopol_protocol::{News, SessionId, Timestamp, TraceId, UserId};

use crate::attention::plain;
use crate::column::{Json, Key, Millis, id, json, maybe_id, range};
use crate::{Error, Reader, Result, Writer};

/// The longest name, in characters.
const NAME_MAX: usize = 64;

/// How many of the users that a key could mean are named.
const CANDIDATES: u32 = 5;

/// How many strangers who were turned away are remembered.
const REFUSED: usize = 1_000;

/// What an item of the attention list about a stranger is about.
fn of_peer(peer: &PeerId) -> String {
    format!("peer {peer}")
}

fn read(row: &Row<'_>) -> rusqlite::Result<User> {
    json(row, 0)
}

impl Reader<'_> {
    /// Returns all users, the one who came first at the beginning.
    pub fn users(&self) -> Result<Vec<User>> {
        let mut query = self.prepare("SELECT body FROM users ORDER BY created_at, id")?;
        let users = query.query_map((), read)?;
        Ok(users.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns one user.
    ///
    /// # Errors
    /// [`Error::NotFound`] without such a user.
    pub fn user(&self, id: UserId) -> Result<User> {
        self.prepare("SELECT body FROM users WHERE id = ?1")?
            .query_row([Key(id)], read)
            .optional()?
            .ok_or_else(|| Error::not_found("user", id))
    }

    /// Returns the user that a person means: by name, by a peer, by id or the unique beginning of
    /// one.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Ambiguous`].
    pub fn find_user(&self, key: &str) -> Result<User> {
        let key = key.trim();
        let exact = self
            .prepare(
                "SELECT body FROM users WHERE name = ?1
                 UNION ALL SELECT body FROM users JOIN peers ON user_id = id WHERE peer = ?1",
            )?
            .query_row([key], read)
            .optional()?;
        if let Some(user) = exact {
            return Ok(user);
        }
        let digits = key.strip_prefix(UserId::PREFIX).unwrap_or(key);
        let Some((low, high)) = range(digits) else {
            return Err(Error::not_found("user", key));
        };
        let mut query =
            self.prepare("SELECT body FROM users WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT ?3")?;
        let mut found: Vec<User> = query
            .query_map(params![low, high, CANDIDATES], read)?
            .collect::<rusqlite::Result<_>>()?;
        match (found.len(), found.pop()) {
            (1, Some(user)) => Ok(user),
            (_, None) => Err(Error::not_found("user", key)),
            (_, Some(last)) => Err(Error::Ambiguous {
                what: "user",
                key: key.into(),
                candidates: found
                    .iter()
                    .chain([&last])
                    .map(|user| format!("{} ({})", user.name, user.id))
                    .collect(),
            }),
        }
    }

    /// Returns who a peer is; `None` for a stranger.
    pub fn user_of_peer(&self, peer: &PeerId) -> Result<Option<UserId>> {
        Ok(self
            .prepare("SELECT user_id FROM peers WHERE peer = ?1")?
            .query_row([peer.as_str()], |row| id(row, 0))
            .optional()?)
    }

    /// Returns true for a stranger who was turned away.
    pub fn is_refused(&self, peer: &PeerId) -> Result<bool> {
        Ok(self.refused()?.contains(peer))
    }

    /// Returns the strangers who were turned away.
    fn refused(&self) -> Result<Vec<PeerId>> {
        let found: Option<Vec<u8>> = self
            .prepare("SELECT value FROM meta WHERE key = 'refused_peers'")?
            .query_row((), |row| row.get(0))
            .optional()?;
        let read = |bytes: Vec<u8>| serde_json::from_slice(&bytes).unwrap_or_default();
        Ok(found.map(read).unwrap_or_default())
    }

    /// Returns whose each session is that is not `owner`'s.
    pub fn sessions_of_others(&self, owner: UserId) -> Result<Vec<(SessionId, UserId)>> {
        let mut query = self.prepare(
            "SELECT id, user_id FROM sessions WHERE user_id IS NOT NULL AND user_id <> ?1",
        )?;
        let found = query.query_map([Key(owner)], |row| Ok((id(row, 0)?, id(row, 1)?)))?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns the sessions of a user, or of nobody, in the order in which they were made.
    fn sessions_of(&self, user: Option<UserId>) -> Result<Vec<SessionId>> {
        let mut query =
            self.prepare("SELECT id FROM sessions WHERE user_id IS ?1 ORDER BY created_at, id")?;
        let found = query.query_map([user.map(Key)], |row| id(row, 0))?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns whose a trace is; `None` where it is nobody's.
    pub fn user_of_trace(&self, trace: TraceId) -> Result<Option<UserId>> {
        Ok(self
            .prepare("SELECT user_id FROM traces WHERE id = ?1")?
            .query_row([Key(trace)], |row| maybe_id(row, 0))
            .optional()?
            .flatten())
    }

    /// Returns the first of `base`, `base-2`, `base-3`, … that no user has.
    pub fn free_user_name(&self, base: &str) -> Result<String> {
        let mut query = self.prepare("SELECT EXISTS (SELECT 1 FROM users WHERE name = ?1)")?;
        let mut name = base.to_owned();
        for number in 2_u64.. {
            if !query.query_row([&name], |row| row.get::<_, bool>(0))? {
                break;
            }
            name = format!("{base}-{number}");
        }
        Ok(name)
    }
}

impl Writer<'_> {
    /// Stores a new user with their peers.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a name that is none, [`Error::Conflict`] where the name or a peer is
    /// somebody's.
    pub fn add_user(&mut self, user: &User, by: &Actor) -> Result<()> {
        self.name_fits(user)?;
        self.prepare("INSERT INTO users (id, name, created_at, body) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![
                Key(user.id),
                user.name,
                Millis(user.created_at),
                Json(user)
            ])?;
        for peer in &user.peers {
            self.take_peer(peer, user.id)?;
        }
        self.tell_of_user(user.clone(), Deed::Made, by, user.created_at)
    }

    /// Changes a user but for their peers, and returns them as they are now.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Invalid`] and [`Error::Conflict`] for names.
    pub fn change_user(
        &mut self,
        id: UserId,
        by: &Actor,
        at: Timestamp,
        change: impl FnOnce(&mut User),
    ) -> Result<User> {
        let before = self.user(id)?;
        let mut user = before.clone();
        change(&mut user);
        user.peers.clone_from(&before.peers);
        if user != before {
            self.name_fits(&user)?;
            self.write_user(&user)?;
            self.tell_of_user(user.clone(), Deed::Set, by, at)?;
        }
        Ok(user)
    }

    /// Journals that a code was given which joins another peer to a user.
    pub fn tell_code_given(&mut self, id: UserId, by: &Actor, at: Timestamp) -> Result<()> {
        let user = self.user(id)?;
        self.tell_of_user(user, Deed::CodeGiven, by, at)
    }

    /// Journals that somebody said a code that joins no peer to a user.
    pub fn tell_link_refused(&mut self, refused: Refused, at: Timestamp) -> Result<()> {
        self.tell_about(at, None, News::LinkRefused(refused))
    }

    /// Joins a peer to a user. Where the peer was somebody's, that user is merged into this one
    /// with all their peers, sessions, traces and what they used.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Conflict`] where the peer is this user's already, or where the
    /// owner of the daemon would be merged into somebody.
    pub fn link_peer(
        &mut self,
        id: UserId,
        peer: &PeerId,
        by: &Actor,
        at: Timestamp,
    ) -> Result<User> {
        let mut user = self.user(id)?;
        let merged = match self.user_of_peer(peer)? {
            Some(before) if before == id => {
                return Err(Error::Conflict(format!("{peer} is {} already", user.name)));
            }
            Some(before) => Some(self.user(before)?),
            None => None,
        };
        if merged.as_ref().is_some_and(|merged| merged.owner) {
            return Err(Error::Conflict(
                "the owner of the daemon is merged into nobody: take the code as the owner, and \
                 say it here"
                    .into(),
            ));
        }
        if let Some(merged) = &merged {
            self.merge_user(merged, id)?;
            let removed = Removed {
                id: merged.id,
                into: Some(id),
                by: by.clone(),
            };
            self.tell_about(at, None, News::UserRemoved(removed))?;
        } else {
            self.take_peer(peer, id)?;
        }
        user.peers = self.peers_of(id)?;
        self.write_user(&user)?;
        let deed = Deed::Linked {
            peer: peer.clone(),
            merged: merged.map(|merged| merged.id),
        };
        self.tell_of_user(user.clone(), deed, by, at)?;
        Ok(user)
    }

    /// Parts a peer from its user, who keeps everything else; the peer is a stranger again.
    ///
    /// # Errors
    /// [`Error::NotFound`] where it is nobody's, [`Error::Conflict`] where it is the user's last.
    pub fn unlink_peer(&mut self, peer: &PeerId, by: &Actor, at: Timestamp) -> Result<User> {
        let id = self
            .user_of_peer(peer)?
            .ok_or_else(|| Error::not_found("peer", peer))?;
        let mut user = self.user(id)?;
        if user.peers.len() == 1 {
            return Err(Error::Conflict(format!(
                "{peer} is the only peer of {}: remove the user instead",
                user.name
            )));
        }
        self.prepare("DELETE FROM peers WHERE peer = ?1")?
            .execute([peer.as_str()])?;
        user.peers.retain(|own| own != peer);
        self.write_user(&user)?;
        let deed = Deed::Unlinked { peer: peer.clone() };
        self.tell_of_user(user.clone(), deed, by, at)?;
        Ok(user)
    }

    /// Removes a user; their peers are strangers again. Their sessions and traces become those of
    /// `heir`; their memories and topics are gone.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Conflict`] for the owner of the daemon.
    pub fn remove_user(
        &mut self,
        id: UserId,
        heir: UserId,
        by: &Actor,
        at: Timestamp,
    ) -> Result<()> {
        let user = self.user(id)?;
        if user.owner || id == heir {
            return Err(Error::Conflict(format!(
                "{} owns the daemon and cannot be removed",
                user.name
            )));
        }
        self.prepare("DELETE FROM peers WHERE user_id = ?1")?
            .execute([Key(id)])?;
        // What is known of a person is nobody else's.
        self.forget_owner(id)?;
        self.merge_user(&user, heir)?;
        let removed = Removed {
            id,
            into: None,
            by: by.clone(),
        };
        self.tell_about(at, None, News::UserRemoved(removed))
    }

    /// Lets a stranger wait for an admin.
    pub fn attend_stranger(
        &mut self,
        peer: &PeerId,
        title: String,
        detail: String,
        at: Timestamp,
    ) -> Result<()> {
        let subject = of_peer(peer);
        if self.is_attended(&subject)? {
            return Ok(());
        }
        let item = Item {
            peer: Some(peer.to_string()),
            ..plain(Kind::Stranger, Priority::High, title, detail, at)
        };
        self.attend(&subject, item)
    }

    /// A stranger waits no longer.
    pub fn settle_stranger(
        &mut self,
        peer: &PeerId,
        how: Resolution,
        by: &str,
        at: Timestamp,
    ) -> Result<()> {
        self.settle_attention(&of_peer(peer), how, by, at)
    }

    /// Remembers that a stranger was turned away; at most the 1,000 newest.
    pub fn refuse_peer(&mut self, peer: &PeerId) -> Result<()> {
        let mut refused = self.refused()?;
        refused.retain(|own| own != peer);
        refused.push(peer.clone());
        let surplus = refused.len().saturating_sub(REFUSED);
        refused.drain(..surplus);
        self.write_refused(&refused)
    }

    fn write_refused(&mut self, refused: &[PeerId]) -> Result<()> {
        let bytes = serde_json::to_vec(refused).unwrap_or_default();
        self.prepare("INSERT OR REPLACE INTO meta (key, value) VALUES ('refused_peers', ?1)")?
            .execute([bytes])?;
        Ok(())
    }

    /// Gives what was there before there were users to one.
    pub fn adopt(&mut self, user_id: UserId) -> Result<()> {
        for id in self.sessions_of(None)? {
            self.give_session(id, user_id)?;
        }
        self.prepare("UPDATE traces SET user_id = ?1 WHERE user_id IS NULL")?
            .execute([Key(user_id)])?;
        Ok(())
    }

    /// Makes one user's everything another's, and forgets the first.
    fn merge_user(&mut self, user: &User, into: UserId) -> Result<()> {
        self.part_job_names(user.id, into)?;
        let keys = params![Key(user.id), Key(into)];
        self.prepare("UPDATE peers SET user_id = ?2 WHERE user_id = ?1")?
            .execute(keys)?;
        self.prepare("UPDATE traces SET user_id = ?2 WHERE user_id = ?1")?
            .execute(keys)?;
        self.prepare(
            "INSERT INTO spend (at, user_id, session_id, job_id, model, calls, tokens, cost)
             SELECT at, ?2, session_id, job_id, model, calls, tokens, cost FROM spend
             WHERE user_id = ?1
             ON CONFLICT DO UPDATE SET calls = calls + excluded.calls,
                 tokens = tokens + excluded.tokens, cost = cost + excluded.cost",
        )?
        .execute(keys)?;
        self.prepare("DELETE FROM spend WHERE user_id = ?1")?
            .execute([Key(user.id)])?;
        for id in self.sessions_of(Some(user.id))? {
            self.give_session(id, into)?;
        }
        self.merge_owner(user.id, into)?;
        self.prepare("DELETE FROM users WHERE id = ?1")?
            .execute([Key(user.id)])?;
        Ok(())
    }

    fn take_peer(&mut self, peer: &PeerId, id: UserId) -> Result<()> {
        if let Some(other) = self.user_of_peer(peer)? {
            let other = self.user(other)?;
            return Err(Error::Conflict(format!(
                "{peer} is {} already: part it from them first, with `smartopol users unlink`",
                other.name
            )));
        }
        self.prepare("INSERT INTO peers (peer, user_id) VALUES (?1, ?2)")?
            .execute(params![peer.as_str(), Key(id)])?;
        let mut refused = self.refused()?;
        if refused.contains(peer) {
            refused.retain(|own| own != peer);
            self.write_refused(&refused)?;
        }
        // Whoever waited at the door is in.
        let at = self.now();
        self.settle_stranger(peer, Resolution::Gone, "", at)
    }

    fn peers_of(&self, id: UserId) -> Result<Vec<PeerId>> {
        let mut query = self.prepare("SELECT peer FROM peers WHERE user_id = ?1 ORDER BY peer")?;
        let peers = query.query_map([Key(id)], |row| row.get::<_, String>(0))?;
        let mut all = Vec::new();
        for peer in peers {
            all.extend(peer?.parse::<PeerId>());
        }
        Ok(all)
    }

    fn name_fits(&self, user: &User) -> Result<()> {
        let name = &user.name;
        let invalid = |why: &str| Err(Error::Invalid(format!("a user's name {why}")));
        if name.trim().is_empty() || name.trim() != name {
            return invalid("has 1 to 64 characters and no space at its ends");
        }
        if name.chars().count() > NAME_MAX || name.chars().any(char::is_control) {
            return invalid("has 64 printable characters at most");
        }
        if name.starts_with(UserId::PREFIX) || name.contains(':') {
            return invalid("may not begin with `usr_`, as ids do, nor have a `:`, as peers do");
        }
        let holder: Option<UserId> = self
            .prepare("SELECT id FROM users WHERE name = ?1")?
            .query_row([name], |row| id(row, 0))
            .optional()?;
        match holder {
            Some(holder) if holder != user.id => Err(Error::Conflict(format!(
                "there is already a user named `{name}`: choose another name"
            ))),
            _ => Ok(()),
        }
    }

    fn write_user(&mut self, user: &User) -> Result<()> {
        self.prepare("UPDATE users SET name = ?2, body = ?3 WHERE id = ?1")?
            .execute(params![Key(user.id), user.name, Json(user)])?;
        Ok(())
    }

    fn tell_of_user(&mut self, user: User, deed: Deed, by: &Actor, at: Timestamp) -> Result<()> {
        let changed = Changed {
            user,
            deed,
            by: by.clone(),
        };
        self.tell_about(at, None, News::UserChanged(Box::new(changed)))
    }
}
