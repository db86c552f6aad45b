//! Users: who a person is to us, on whichever channel they speak.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::approval::Actor;
use crate::{SessionId, Timestamp, UserId};

/// A person as one channel knows them: `cli:1000`, `telegram:4711`, `discord:ada`, `api:phone`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(String);

/// Why a text names no peer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` names no peer: expected CHANNEL:ID such as `telegram:4711`, the channel of 1 to 32 \
     small letters, digits, `-` and `_`, the id of 1 to 128 printable characters without spaces"
)]
pub struct BadPeer(String);

impl PeerId {
    /// Returns its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the channel, such as `telegram`.
    pub fn channel(&self) -> &str {
        self.0.split_once(':').map_or("", |(channel, _)| channel)
    }
}

impl FromStr for PeerId {
    type Err = BadPeer;

    fn from_str(text: &str) -> Result<Self, BadPeer> {
        let channel_fits = |channel: &str| {
            (1..=32).contains(&channel.len())
                && channel
                    .bytes()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || b"-_".contains(&c))
        };
        let id_fits = |id: &str| {
            (1..=128).contains(&id.chars().count())
                && !id.chars().any(|c| c.is_control() || c.is_whitespace())
        };
        match text.split_once(':') {
            Some((channel, id)) if channel_fits(channel) && id_fits(id) => Ok(Self(text.into())),
            _ => Err(BadPeer(
                text.chars().filter(|c| !c.is_control()).take(80).collect(),
            )),
        }
    }
}

impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for PeerId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for PeerId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

/// Who a user is to us; each may do what those before it may, and more.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Somebody whom others answer for: nothing that touches the machine happens without an admin.
    Child,
    /// Somebody with sessions and memory of their own.
    #[default]
    User,
    /// Somebody who runs the house.
    Admin,
}

impl Role {
    /// All, from the lowest.
    pub const ALL: [Self; 3] = [Self::Child, Self::User, Self::Admin];

    /// Returns the role with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// Returns the names of all, from the lowest, for a person to choose from.
    pub fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }

    /// Returns its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Child => "child",
            Self::User => "user",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

macro_rules! capabilities {
    ($($(#[$doc:meta])* $variant:ident = $name:literal;)*) => {
        /// What a user may do or not, beyond talking in their own sessions.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(rename_all = "snake_case")]
        pub enum Capability {
            $($(#[$doc])* $variant,)*
        }

        impl Capability {
            /// All.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Returns its name on the wire.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

impl Capability {
    /// Returns what a person must know of it that its name does not say; empty where there is
    /// nothing.
    pub const fn note(self) -> &'static str {
        match self {
            // Nobody can bring a tool in yet, so there is nobody to refuse.
            Self::InstallPlugins => "of no effect yet: there are no plugins to install",
            // Others see no session that is not theirs.
            Self::SendToOthers => "counts for admins, who see the sessions of others",
            _ => "",
        }
    }
}

capabilities! {
    /// Run commands and programs, in terminals too.
    ExecuteCommands = "execute_commands";
    /// Change and delete files.
    WriteFiles = "write_files";
    /// Let tools reach the network.
    Network = "network";
    /// Bring tools into the house.
    InstallPlugins = "install_plugins";
    /// Say something to somebody else: in a session that is theirs, at once or by a job.
    SendToOthers = "send_to_others";
    /// See what is remembered of others.
    SeeAllMemory = "see_all_memory";
    /// Make, change and remove users.
    ManageUsers = "manage_users";
    /// Answer for tool calls, their own and those of others. Without it, others answer for them.
    ApproveRequests = "approve_requests";
    /// See what models cost.
    SeeCosts = "see_costs";
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How a user has a capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grant {
    /// Not at all.
    Deny,
    /// Each use waits for an admin, unless a rule allows it.
    AskAdmin,
    /// Each use waits for anybody who may approve requests, unless a rule allows it.
    Ask,
    /// As the mode and the rules say.
    Allow,
}

impl Grant {
    /// All, from the strictest.
    pub const ALL: [Self; 4] = [Self::Deny, Self::AskAdmin, Self::Ask, Self::Allow];

    /// Returns its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::AskAdmin => "ask_admin",
            Self::Ask => "ask",
            Self::Allow => "allow",
        }
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The most that may be used of models; what is left out has no limit here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Tokens from midnight to midnight: all that models read outside of their cache, and write.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daily_tokens: Option<u64>,
    /// Tokens from the first of the month to the next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monthly_tokens: Option<u64>,
    /// Millionths of a US dollar from midnight to midnight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daily_cost_micros: Option<u64>,
    /// Millionths of a US dollar from the first of the month to the next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monthly_cost_micros: Option<u64>,
}

impl Limits {
    /// Returns true where nothing is limited.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

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

/// What of models was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// How often a model was asked.
    pub calls: u64,
    /// Tokens: all that models read outside of their cache, and wrote.
    pub tokens: u64,
    /// Millionths of a US dollar; models without a known price are not in it.
    pub cost_micros: u64,
}

/// What was used on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// When it began.
    pub at: Timestamp,
    /// What was used until the next.
    #[serde(flatten)]
    pub spent: Spent,
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

/// What was used of a budget, and what there is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Whose it is: `all`, `user`, `session` or `job`.
    pub of: String,
    /// The most that may be used.
    #[serde(default, skip_serializing_if = "Limits::is_empty")]
    pub limits: Limits,
    /// What was used today.
    pub today: Spent,
    /// What was used this month.
    pub month: Spent,
    /// When the next day begins.
    pub day_resets_at: Timestamp,
    /// When the next month begins.
    pub month_resets_at: Timestamp,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_a_channel_and_an_id() {
        for good in [
            "cli:1000",
            "telegram:-100:7",
            "discord:Ada",
            "api:käse",
            "job:x",
        ] {
            assert_eq!(
                good.parse::<PeerId>().map(|peer| peer.to_string()),
                Ok(good.into())
            );
        }
        for bad in [
            "",
            "cli",
            "cli:",
            ":7",
            "CLI:7",
            "a b:7",
            "cli:a b",
            "cli:a\u{7}",
        ] {
            assert!(bad.parse::<PeerId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_names_are_those_of_the_wire() {
        for role in Role::ALL {
            assert_eq!(serde_json::to_value(role).ok(), Some(role.name().into()));
        }
        for capability in Capability::ALL {
            let wire = serde_json::to_value(capability).ok();
            assert_eq!(wire, Some(capability.name().into()));
        }
        for grant in Grant::ALL {
            assert_eq!(serde_json::to_value(grant).ok(), Some(grant.name().into()));
        }
    }

    #[test]
    fn roles_and_grants_are_ordered() {
        assert!(Role::Admin > Role::User && Role::User > Role::Child);
        assert!(Grant::Deny < Grant::AskAdmin && Grant::Ask < Grant::Allow);
    }
}
