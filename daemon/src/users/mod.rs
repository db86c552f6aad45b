//! Who a peer is to us.
//!
//! Owns: every user, in memory, as the newest fact has them, so that resolving a peer reads no
//! database; and whose each session is. What a user may do is `rights`, who is let in `strangers`,
//! how two peers become one user `linking`.

pub(crate) mod filter;
pub(crate) mod folder;
pub(crate) mod linking;
pub(crate) mod person;
pub(crate) mod rights;
pub(crate) mod strangers;
pub(crate) mod zone;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use smartopol_protocol::approval::Actor;
use smartopol_protocol::event::UserName;
use smartopol_protocol::session::Session;
use smartopol_protocol::user::{PeerId, Profile, Removed, Role, User};
use smartopol_protocol::{Event, News, SessionId, Timestamp, UserId};
use smartopol_store::Store;

/// Every user; copies share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Users(Arc<RwLock<Known>>);

#[derive(Debug, Default)]
struct Known {
    users: HashMap<UserId, Arc<User>>,
    peers: HashMap<PeerId, UserId>,
    /// Those who were merged into others since the start, for who still knows them by their old
    /// names.
    merged: HashMap<UserId, UserId>,
    /// Sessions that are not the owner's, so that in a house of one person there are none.
    sessions: HashMap<SessionId, UserId>,
}

impl Known {
    fn get(&self, mut id: UserId) -> Option<&Arc<User>> {
        while let Some(into) = self.merged.get(&id) {
            id = *into;
        }
        self.users.get(&id)
    }
}

impl Users {
    /// Reads the users, and makes the operating system's user who owns the daemon an admin, with
    /// whatever was there before there were users.
    ///
    /// # Errors
    /// Where the store fails.
    pub(crate) async fn furnish(
        &self,
        store: &Store,
        peer: &PeerId,
        at: Timestamp,
    ) -> Result<(), smartopol_store::Error> {
        let users = store.read(|r| r.users()).await?;
        let owner = users.iter().find(|user| user.owner).map(|user| user.id);
        for user in users {
            self.put(user);
        }
        if let Some(owner) = owner {
            let others = store.read(move |r| r.sessions_of_others(owner)).await?;
            self.write().sessions.extend(others);
        }
        if self.of(peer.as_str()).is_some() {
            return Ok(());
        }
        // A daemon that was moved to another account has an owner already: the peer is theirs too.
        let before = self.known().users.values().find(|user| user.owner).cloned();
        let (peer, by) = (peer.clone(), Actor::default());
        store
            .write(move |w| match before {
                Some(owner) => w.link_peer(owner.id, &peer, &by, at).map(drop),
                None => {
                    let owner = User {
                        name: w.free_user_name("owner")?,
                        role: Role::Admin,
                        owner: true,
                        ..made(peer.clone(), at)
                    };
                    w.add_user(&owner, &by)?;
                    w.adopt(owner.id)
                }
            })
            .await
    }

    /// Takes note of what was stored. Called by the store's writer, so it never waits for long.
    pub(crate) fn heard(&self, facts: &[Event]) {
        for event in facts {
            match &event.news {
                News::UserChanged(changed) => self.put(changed.user.clone()),
                News::UserRemoved(removed) => self.forget(removed),
                News::SessionChanged(session) => self.belongs(session),
                News::SessionDeleted(id) => drop(self.write().sessions.remove(id)),
                _ => {}
            }
        }
    }

    /// Returns who a peer is; `None` for a stranger.
    pub(crate) fn of(&self, peer: &str) -> Option<Arc<User>> {
        let peer: PeerId = peer.parse().ok()?;
        let known = self.known();
        known
            .peers
            .get(&peer)
            .and_then(|id| known.users.get(id))
            .cloned()
    }

    /// Returns a user, or whom they were merged into.
    pub(crate) fn get(&self, id: UserId) -> Option<Arc<User>> {
        self.known().get(id).cloned()
    }

    /// Returns who acts in a turn: whose peer said its message, or where nobody said one, whose
    /// session it is. One who is no user any more, or is kept out, is a stranger.
    pub(crate) fn acting(&self, peer: &str, session_of: Option<UserId>) -> Arc<User> {
        self.whoever(peer, session_of)
            .filter(|user| !user.disabled)
            .unwrap_or_else(|| Arc::new(stranger()))
    }

    /// Returns who would act in a turn and is kept out.
    pub(crate) fn kept_out(&self, peer: &str, session_of: Option<UserId>) -> Option<Arc<User>> {
        self.whoever(peer, session_of).filter(|user| user.disabled)
    }

    fn whoever(&self, peer: &str, session_of: Option<UserId>) -> Option<Arc<User>> {
        match (peer, session_of) {
            ("", Some(id)) => self.get(id),
            ("", None) => self.known().users.values().find(|user| user.owner).cloned(),
            (peer, _) => self.of(peer),
        }
    }

    /// Returns what all users are called, by name.
    pub(crate) fn names(&self) -> Vec<UserName> {
        let name = |user: &Arc<User>| UserName {
            id: user.id,
            name: user.name.clone(),
        };
        let mut names: Vec<_> = self.known().users.values().map(name).collect();
        names.sort_by(|a, b| a.name.cmp(&b.name));
        names
    }

    /// Returns who owns the daemon; a stranger before the first start is done.
    pub(crate) fn owner(&self) -> Arc<User> {
        self.acting("", None)
    }

    /// Returns true where a session is a user's, or they are an admin.
    pub(crate) fn may_see(&self, user: &User, session: SessionId) -> bool {
        user.role == Role::Admin || self.known().sessions.get(&session) == Some(&user.id)
    }

    /// Returns true where a session is a user's own, whatever else they may see.
    pub(crate) fn is_own(&self, user: &User, session: SessionId) -> bool {
        let known = self.known();
        match known.sessions.get(&session) {
            Some(id) => *id == user.id,
            None => user.owner,
        }
    }

    /// Returns true where a peer is a user's, or they are an admin.
    pub(crate) fn may_see_peer(&self, user: &User, peer: &str) -> bool {
        user.role == Role::Admin || self.of(peer).is_some_and(|own| own.id == user.id)
    }

    fn belongs(&self, session: &Session) {
        let known = self.known();
        let owners = session
            .user_id
            .is_none_or(|id| known.users.get(&id).is_some_and(|user| user.owner));
        let before = known.sessions.get(&session.id).copied();
        drop(known);
        match session.user_id.filter(|_| !owners) {
            Some(id) if before != Some(id) => drop(self.write().sessions.insert(session.id, id)),
            None if before.is_some() => drop(self.write().sessions.remove(&session.id)),
            _ => {}
        }
    }

    fn write(&self) -> RwLockWriteGuard<'_, Known> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, user: User) {
        let mut known = self.write();
        known.peers.retain(|_, id| *id != user.id);
        for peer in &user.peers {
            known.peers.insert(peer.clone(), user.id);
        }
        known.users.insert(user.id, Arc::new(user));
    }

    fn forget(&self, removed: &Removed) {
        let mut known = self.write();
        known.peers.retain(|_, own| *own != removed.id);
        known.users.remove(&removed.id);
        if let Some(into) = removed.into {
            known.merged.insert(removed.id, into);
        }
    }
}

/// Returns a new user with this peer and nothing else.
pub(crate) fn made(peer: PeerId, at: Timestamp) -> User {
    User {
        id: UserId::new(),
        name: String::new(),
        role: Role::User,
        peers: vec![peer],
        owner: false,
        disabled: false,
        grants: Default::default(),
        limits: Default::default(),
        profile: Profile::default(),
        created_at: at,
    }
}

/// Returns a user of no peer, to ask what a role may do.
pub(crate) fn nobody() -> User {
    User {
        id: UserId::new(),
        ..stranger()
    }
}

/// Returns somebody who is no user: with the least role, and nothing that is theirs.
fn stranger() -> User {
    User {
        id: STRANGER,
        name: "stranger".into(),
        role: Role::Child,
        peers: Vec::new(),
        owner: false,
        disabled: false,
        grants: Default::default(),
        limits: Default::default(),
        profile: Profile::default(),
        created_at: Timestamp::from_millis(0),
    }
}

/// The id of one who is no user.
pub(crate) const STRANGER: UserId = UserId::from_bytes([0; 16]);
