//! Who a user is to us and what they may do: roles, capabilities, and how each is had.

use std::fmt;

use serde::{Deserialize, Serialize};

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

#[cfg(test)]
mod tests {
    use super::*;

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
