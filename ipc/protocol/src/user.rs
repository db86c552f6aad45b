//! Users: who a person is to us, on whichever channel they speak.
//!
//! Owns users, what was done to them, and the methods `user/…`. How a channel names a person is
//! `peer`, what a user may do `rights`, what they may use `budget`.

mod budget;
mod peer;
mod rights;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::approval::Actor;
use crate::{SessionId, Timestamp, UserId};

pub use budget::{Budget, Day, Limits, Spent};
pub use peer::{BadPeer, PeerId};
pub use rights::{Capability, Grant, Role};

/// What is kept of what a child is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Filter {
    /// Nothing: for adults.
    Off,
    /// What is not for children is neither asked of the model nor let through.
    Child,
}

impl Filter {
    /// Returns its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Child => "child",
        }
    }
}

/// How the agent speaks with a user. What is left out follows the settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Profile {
    /// The language, in words or as a code: `German`, `de`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The tone, in words: `short and dry`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tone: Option<String>,
    /// The time zone, an IANA name: `Europe/Berlin`. Days of budgets begin in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// The filter. Without one, children have `child` and others `off`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<Filter>,
}

impl Profile {
    /// Returns true where nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Their name in the house.
    pub id: UserId,
    /// Their name for people; unique.
    pub name: String,
    /// Who they are to us.
    pub role: Role,
    /// How they are known on channels, sorted. One peer belongs to one user.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub peers: Vec<PeerId>,
    /// True for the operating system's user who owns the daemon: an admin who cannot be removed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub owner: bool,
    /// True for one who is kept out for now: nothing is done for them, and nothing of theirs is
    /// lost.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
    /// What they have otherwise than their role.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub grants: BTreeMap<Capability, Grant>,
    /// What they may use otherwise than their role.
    #[serde(default, skip_serializing_if = "Limits::is_empty")]
    pub limits: Limits,
    /// How the agent speaks with them.
    #[serde(default)]
    pub profile: Profile,
    /// When they became a user.
    pub created_at: Timestamp,
}

/// A user who was made or changed, by whom, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// The user as they are now.
    pub user: User,
    /// What was done.
    #[serde(flatten)]
    pub deed: Deed,
    /// Who did it; with an empty peer the daemon itself.
    pub by: Actor,
}

/// What was done to a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "deed", rename_all = "snake_case")]
pub enum Deed {
    /// They were made.
    Made,
    /// Their name, role, grants, limits or profile changed, or they are kept out or not.
    Set,
    /// A code was given that joins another peer to them.
    CodeGiven,
    /// A peer was joined to them.
    Linked {
        /// The peer.
        peer: PeerId,
        /// The user that it belonged to, who is merged into them with sessions and all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        merged: Option<UserId>,
    },
    /// A peer was parted from them.
    Unlinked {
        /// The peer.
        peer: PeerId,
    },
}

/// A user who is no more, and by whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// The user.
    pub id: UserId,
    /// The user whom they were merged into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub into: Option<UserId>,
    /// Who did it.
    pub by: Actor,
}

/// Somebody said a code that joins no peer to a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Who said it.
    pub by: Actor,
    /// Why it was refused.
    pub why: Why,
}

/// Why a code was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It was never given.
    Wrong,
    /// It was good once, and its time is over.
    Expired,
    /// It was used, or another was given after it.
    Used,
}

/// `user/list`: all users. Who may not manage users gets themselves alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct List {}

/// The reply to `user/list`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// The one who came first at the beginning.
    pub users: Vec<User>,
    /// The budget of each, in the same order.
    pub budgets: Vec<Budget>,
}

/// `user/show`: one user, what they may do and what they used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Show {
    /// A name, a peer, an id or the unique beginning of one; without it who asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// With the budgets of this session too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
}

/// The reply to `user/show`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The user.
    pub user: User,
    /// What they may do in all, their role's and their own.
    pub grants: BTreeMap<Capability, Grant>,
    /// What is kept of what they are told.
    pub filter: Filter,
    /// The time zone that counts.
    pub time_zone: String,
    /// Their budget and those of all and of the session, as far as who asks may see costs.
    pub budgets: Vec<Budget>,
    /// What they used on each of the last 30 days, in their time zone; today comes last.
    pub days: Vec<Day>,
    /// True where money is left out, because who asks may not see costs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub without_costs: bool,
}

/// `user/add`: makes a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Add {
    /// Their name; unique.
    pub name: String,
    /// Their role.
    #[serde(default)]
    pub role: Role,
    /// Their peers: at least one.
    pub peers: Vec<PeerId>,
}

/// `user/set`: changes what is given of a user and leaves the rest. Everybody may change how they
/// are spoken with, but for the filter; all else needs the right to manage users.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Set {
    /// A name, a peer, an id or the unique beginning of one.
    pub key: String,
    /// Their name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Their role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// True to keep them out, false to let them in again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
    /// What they may do; `null` as their role.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub grants: BTreeMap<Capability, Option<Grant>>,
    /// What they may use; 0 as their role.
    #[serde(skip_serializing_if = "Limits::is_empty")]
    pub limits: Limits,
    /// How they are spoken with; an empty text as the settings say.
    #[serde(skip_serializing_if = "Profile::is_empty")]
    pub profile: Profile,
}

/// `user/remove`: removes a user. Their peers are strangers again, their sessions the owner's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remove {
    /// A name, a peer, an id or the unique beginning of one.
    pub key: String,
}

/// `user/link`: gives a code that joins another peer to who asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Link {}

/// The reply to `user/link`. The code works once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// What is to be said on the other peer, behind `/link`.
    pub code: String,
    /// Until when.
    pub expires_at: Timestamp,
}

/// `user/redeem`: says a code. Who says it becomes one user with who was given it, who keeps name
/// and role. Refused where that would lower the role of who says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redeem {
    /// The code; case, spaces and `-` do not matter.
    pub code: String,
}

/// `user/unlink`: parts a peer from its user; it is a stranger again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unlink {
    /// The peer: one of their own, or of whom they may manage.
    pub peer: PeerId,
}

/// `user/admit`: answers a stranger who waits: lets them in as a user, or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Admit {
    /// The peer.
    pub peer: PeerId,
    /// True to let them in.
    pub allow: bool,
    /// Their role; without one as the settings say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Their name; without one it is made of the peer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// The reply to `user/admit`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Admitted {
    /// The new user; `None` where they were not let in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<User>,
}
