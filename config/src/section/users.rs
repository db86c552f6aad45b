//! `[users]`: who may come in, and what each role may do.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use smartopol_protocol::user::{Capability, Grant, Role};

use crate::shape::{Fields, Holds, Shape, any_text, some_text};

/// Who may come in, and what each role may do.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Users {
    /// What is done with a peer that nobody knows.
    pub unknown: Unknown,
    /// The role of one who is let in without another being named; never admin.
    pub unknown_role: Role,
    /// The language that the agent speaks with who has none of their own; empty for theirs.
    pub language: String,
    /// The tone that it speaks in with who has none of their own; empty for its own.
    pub tone: String,
    /// The time zone of who has none of their own; empty for the machine's.
    pub timezone: String,
    /// The folders in which those work who are no admins, and below which; empty for any but the
    /// daemon's own, the system's, and what is private to the account the daemon runs as.
    pub folders: Vec<String>,
    /// Lines with one of these words are left out of what a child is told, besides those with the
    /// words that are built in.
    pub blocked_words: Vec<String>,
    /// Channels where something else is done with strangers, by the channel's name.
    pub channels: BTreeMap<String, Channel>,
    /// What each role may do.
    pub roles: Roles,
}

impl Default for Users {
    fn default() -> Self {
        Self {
            unknown: Unknown::Queue,
            unknown_role: Role::User,
            language: String::new(),
            tone: String::new(),
            timezone: String::new(),
            folders: Vec::new(),
            blocked_words: Vec::new(),
            channels: BTreeMap::new(),
            roles: Roles::default(),
        }
    }
}

impl Users {
    /// Returns what is done with a stranger of a channel, and the role they get where they are
    /// let in.
    pub fn stranger(&self, channel: &str) -> (Unknown, Role) {
        let own = self.channels.get(channel);
        (
            own.and_then(|own| own.unknown).unwrap_or(self.unknown),
            own.and_then(|own| own.role).unwrap_or(self.unknown_role),
        )
    }
}

/// What is done with a peer that nobody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unknown {
    /// They are told politely that they are not let in.
    Refuse,
    /// They are told that an admin is asked, and an admin is.
    Queue,
    /// They become a user.
    Create,
}

/// What is done with strangers of one channel.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Channel {
    /// What is done with them; without one as everywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown: Option<Unknown>,
    /// Their role where they are let in; without one as everywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
}

/// What each role may do. What a role leaves out is as the defaults have it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Roles {
    /// Those who run the house.
    pub admin: BTreeMap<Capability, Grant>,
    /// Those with sessions and memory of their own.
    pub user: BTreeMap<Capability, Grant>,
    /// Those whom others answer for.
    pub child: BTreeMap<Capability, Grant>,
}

impl Default for Roles {
    fn default() -> Self {
        let all = |role| {
            let of = |own: &Capability| (*own, usual(role, *own));
            Capability::ALL.iter().map(of).collect()
        };
        Self {
            admin: all(Role::Admin),
            user: all(Role::User),
            child: all(Role::Child),
        }
    }
}

impl Roles {
    /// Returns how a role has a capability.
    pub fn grant(&self, role: Role, capability: Capability) -> Grant {
        let own = match role {
            Role::Admin => &self.admin,
            Role::User => &self.user,
            Role::Child => &self.child,
        };
        own.get(&capability)
            .copied()
            .unwrap_or_else(|| usual(role, capability))
    }
}

/// Returns how a role has a capability where the settings say nothing.
const fn usual(role: Role, capability: Capability) -> Grant {
    match (role, capability) {
        (Role::Admin, _) => Grant::Allow,
        (Role::User, Capability::WriteFiles | Capability::Network) => Grant::Allow,
        (Role::User, Capability::ExecuteCommands | Capability::InstallPlugins) => Grant::AskAdmin,
        (Role::User, Capability::SendToOthers) => Grant::Ask,
        (
            Role::Child,
            Capability::ExecuteCommands
            | Capability::WriteFiles
            | Capability::Network
            | Capability::SendToOthers,
        ) => Grant::AskAdmin,
        (Role::User | Role::Child, _) => Grant::Deny,
    }
}

const GRANTS: Fields = {
    const GRANT: Shape = Shape::Value(Holds::Choice(&["allow", "ask", "ask_admin", "deny"]));
    // As the capabilities are named; a test holds the two together.
    &[
        ("execute_commands", GRANT),
        ("write_files", GRANT),
        ("network", GRANT),
        ("install_plugins", GRANT),
        ("send_to_others", GRANT),
        ("see_all_memory", GRANT),
        ("manage_users", GRANT),
        ("approve_requests", GRANT),
        ("see_costs", GRANT),
    ]
};

const UNKNOWN: Shape = Shape::Value(Holds::Choice(&["refuse", "queue", "create"]));
// Nobody becomes an admin by coming in.
const UNKNOWN_ROLE: Shape = Shape::Value(Holds::Choice(&["user", "child"]));

pub(crate) const SHAPE: Shape = Shape::Table(&[
    ("unknown", UNKNOWN),
    ("unknown_role", UNKNOWN_ROLE),
    ("language", Shape::Value(Holds::Text(any_text))),
    ("tone", Shape::Value(Holds::Text(any_text))),
    ("timezone", Shape::Value(Holds::Text(super::jobs::timezone))),
    ("folders", Shape::Value(Holds::Texts(folder))),
    ("blocked_words", Shape::Value(Holds::Texts(some_text))),
    (
        "channels",
        Shape::Named(
            channel,
            &Shape::Table(&[("unknown", UNKNOWN), ("role", UNKNOWN_ROLE)]),
        ),
    ),
    (
        "roles",
        Shape::Table(&[
            ("admin", Shape::Table(GRANTS)),
            ("user", Shape::Table(GRANTS)),
            ("child", Shape::Table(GRANTS)),
        ]),
    ),
]);

fn channel(text: &str) -> Result<(), String> {
    match format!("{text}:x").parse::<smartopol_protocol::user::PeerId>() {
        Ok(_) => Ok(()),
        Err(_) => Err("must be the name of a channel, such as `telegram`".into()),
    }
}

fn folder(text: &str) -> Result<(), String> {
    match text.starts_with('/') {
        true => Ok(()),
        false => Err("must be an absolute path, such as `/srv/shared`".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_capability_can_be_set() {
        let names: Vec<&str> = GRANTS.iter().map(|(name, _)| *name).collect();
        let all: Vec<&str> = Capability::ALL.iter().map(|own| own.name()).collect();
        assert_eq!(names, all);
    }

    #[test]
    fn a_role_that_is_set_in_part_keeps_the_rest() {
        let roles: Roles = toml::from_str("[child]\nnetwork = \"deny\"").unwrap();
        assert_eq!(roles.grant(Role::Child, Capability::Network), Grant::Deny);
        let rest = roles.grant(Role::Child, Capability::WriteFiles);
        assert_eq!(rest, Grant::AskAdmin);
    }
}
