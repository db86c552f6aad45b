//! What a user may do.
//!
//! Owns: how a capability is theirs (their own word, their role's, the settings'), and which
//! capabilities a tool call takes. Both are tables.

use std::collections::BTreeMap;

use smartopol_config::section::users::Roles;
use smartopol_protocol::tool::{Effect, Inspection};
use smartopol_protocol::user::{Capability, Filter, Grant, Role, User};
use smartopol_protocol::{Code, Fault};

use super::STRANGER;

/// Which capability each tool takes, whatever it does besides. A tool that is not in here takes
/// that of running commands.
pub(crate) const TOOLS: &[(&str, Option<Capability>)] = &[
    ("ask", None),
    ("edit_file", Some(Capability::WriteFiles)),
    ("exec", Some(Capability::ExecuteCommands)),
    ("exec_background", Some(Capability::ExecuteCommands)),
    ("exec_kill", Some(Capability::ExecuteCommands)),
    ("exec_status", None),
    ("knowledge_link", None),
    ("knowledge_read", None),
    ("knowledge_search", None),
    ("knowledge_write", None),
    ("list_files", None),
    ("memory_add", None),
    ("memory_forget", None),
    ("memory_search", None),
    ("pin", None),
    ("read_file", None),
    ("remind", None),
    ("schedule_add", None),
    ("schedule_list", None),
    ("schedule_remove", None),
    ("search_files", None),
    ("terminal_close", Some(Capability::ExecuteCommands)),
    ("terminal_list", None),
    ("terminal_open", Some(Capability::ExecuteCommands)),
    ("terminal_read", None),
    ("terminal_wait", None),
    ("terminal_write", Some(Capability::ExecuteCommands)),
    ("write_file", Some(Capability::WriteFiles)),
];

/// Returns the capability that a tool takes, whatever a call of it does.
pub(crate) fn of_tool(tool: &str) -> Option<Capability> {
    let known = TOOLS.iter().find(|(name, _)| *name == tool);
    known.map_or(Some(Capability::ExecuteCommands), |(_, own)| *own)
}

/// Returns the capability that an effect takes.
pub(crate) const fn of_effect(effect: &Effect) -> Option<Capability> {
    match effect {
        Effect::Run { .. } | Effect::Process { .. } | Effect::Privilege { .. } => {
            Some(Capability::ExecuteCommands)
        }
        Effect::Write { .. } | Effect::Delete { .. } => Some(Capability::WriteFiles),
        Effect::Network { .. } => Some(Capability::Network),
        // What cannot be told is the tool's own business: the mode asks about it anyway.
        Effect::Read { .. } | Effect::Unclear { .. } => None,
    }
}

/// How a user has every capability. By itself all are free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rights([Grant; Capability::ALL.len()]);

impl Default for Rights {
    fn default() -> Self {
        Self([Grant::Allow; Capability::ALL.len()])
    }
}

impl Rights {
    /// Returns the rights of a user.
    pub(crate) fn of(roles: &Roles, user: &User) -> Self {
        let mut rights = Self::default();
        for (own, capability) in rights.0.iter_mut().zip(Capability::ALL) {
            *own = grant(roles, user, *capability);
        }
        rights
    }

    /// Returns how a capability is given.
    pub(crate) fn grant(&self, capability: Capability) -> Grant {
        let known = Capability::ALL.iter().zip(self.0);
        known
            .filter(|(own, _)| **own == capability)
            .map(|(_, grant)| grant)
            .next()
            .unwrap_or(Grant::Deny)
    }

    /// Returns true where some use of something is asked about: then only rules count that were
    /// made for this role or this session.
    pub(crate) fn are_bounded(&self) -> bool {
        self.0
            .iter()
            .any(|grant| matches!(grant, Grant::Ask | Grant::AskAdmin))
    }

    /// Returns the capabilities that a call takes, the strictest given first.
    pub(crate) fn needed(&self, tool: &str, inspection: &Inspection) -> Vec<(Capability, Grant)> {
        let effects = inspection.effects.iter().filter_map(of_effect);
        let mut needed: Vec<_> = effects
            .chain(of_tool(tool))
            .map(|own| (own, self.grant(own)))
            .collect();
        needed.sort_by_key(|(own, grant)| (*grant, *own));
        needed.dedup();
        needed
    }

    /// Returns how the strictest of what a call takes is given.
    pub(crate) fn strictest(&self, tool: &str, inspection: &Inspection) -> Grant {
        let needed = self.needed(tool, inspection);
        needed.first().map_or(Grant::Allow, |(_, grant)| *grant)
    }
}

/// Returns how a user has a capability.
pub(crate) fn grant(roles: &Roles, user: &User, capability: Capability) -> Grant {
    if user.id == STRANGER {
        return Grant::Deny;
    }
    // The owner could change the settings anyway, and must never lock themselves out.
    if user.owner {
        return Grant::Allow;
    }
    let own = user.grants.get(&capability).copied();
    let given = own.unwrap_or_else(|| roles.grant(user.role, capability));
    match (user.role, capability) {
        // Others answer for a child, whatever the settings say.
        (Role::Child, Capability::ApproveRequests | Capability::ManageUsers) => Grant::Deny,
        _ => given,
    }
}

/// Returns how a user has all capabilities.
pub(crate) fn grants(roles: &Roles, user: &User) -> BTreeMap<Capability, Grant> {
    let of = |own: &Capability| (*own, grant(roles, user, *own));
    Capability::ALL.iter().map(of).collect()
}

/// Refuses one who does not have a capability outright. A request that names another user's
/// memories asks this for `see_all_memory`.
///
/// # Errors
/// `denied`, with who can change that.
pub(crate) fn demand(roles: &Roles, user: &User, capability: Capability) -> Result<(), Fault> {
    if grant(roles, user, capability) == Grant::Allow {
        return Ok(());
    }
    Err(Fault::new(
        Code::Denied,
        format!("{} may not do this: it takes `{capability}`", whom(user)),
    )
    .hint(format!(
        "an admin can give it: smartopol users allow {} {capability}",
        user.name
    )))
}

/// Says who somebody is: `Mia (child)`.
pub(crate) fn whom(user: &User) -> String {
    format!("{} ({})", user.name, user.role)
}

/// Returns what is kept of what a user is told.
pub(crate) fn filter(user: &User) -> Filter {
    match (user.role, user.profile.filter) {
        (_, Some(own)) => own,
        (Role::Child, None) => Filter::Child,
        (_, None) => Filter::Off,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::users::made;

    fn user(role: Role) -> User {
        User {
            role,
            ..made(
                "telegram:5".parse().unwrap(),
                smartopol_protocol::Timestamp::from_millis(0),
            )
        }
    }

    fn inspection(effects: Vec<Effect>) -> Inspection {
        Inspection {
            effects,
            ..Inspection::default()
        }
    }

    #[test]
    fn each_role_has_each_tool_as_the_table_says() {
        // Tool, then how a call of it that does nothing besides stands: child, user, admin.
        const SAID: &[(&str, [Option<Grant>; 3])] = {
            const RUN: [Option<Grant>; 3] = [
                Some(Grant::AskAdmin),
                Some(Grant::AskAdmin),
                Some(Grant::Allow),
            ];
            const WRITE: [Option<Grant>; 3] = [
                Some(Grant::AskAdmin),
                Some(Grant::Allow),
                Some(Grant::Allow),
            ];
            const FREE: [Option<Grant>; 3] = [None; 3];
            &[
                ("ask", FREE),
                ("edit_file", WRITE),
                ("exec", RUN),
                ("exec_background", RUN),
                ("exec_kill", RUN),
                ("exec_status", FREE),
                ("knowledge_link", FREE),
                ("knowledge_read", FREE),
                ("knowledge_search", FREE),
                ("knowledge_write", FREE),
                ("list_files", FREE),
                ("memory_add", FREE),
                ("memory_forget", FREE),
                ("memory_search", FREE),
                ("pin", FREE),
                ("read_file", FREE),
                ("remind", FREE),
                ("schedule_add", FREE),
                ("schedule_list", FREE),
                ("schedule_remove", FREE),
                ("search_files", FREE),
                ("terminal_close", RUN),
                ("terminal_list", FREE),
                ("terminal_open", RUN),
                ("terminal_read", FREE),
                ("terminal_wait", FREE),
                ("terminal_write", RUN),
                ("write_file", WRITE),
                ("a tool of tomorrow", RUN),
            ]
        };
        let roles = Roles::default();
        for (tool, wanted) in SAID {
            for (role, wanted) in Role::ALL.into_iter().zip(wanted) {
                let rights = Rights::of(&roles, &user(role));
                let needed = rights.needed(tool, &Inspection::default());
                let found = needed.first().map(|(_, grant)| *grant);
                assert_eq!(found, *wanted, "{tool} as {role}");
            }
        }
        let known: Vec<&str> = TOOLS.iter().map(|(name, _)| *name).collect();
        // Those of the settings are held to all that there are.
        for tool in smartopol_config::section::approvals::TOOLS {
            assert!(known.contains(&tool), "{tool} has no line");
        }
        let said: Vec<&str> = SAID.iter().map(|(name, _)| *name).collect();
        assert_eq!(known, said[..said.len() - 1]);
    }

    #[test]
    fn what_a_call_does_takes_capabilities_whatever_its_tool() {
        let roles = Roles::default();
        let reads = inspection(vec![Effect::Network { host: None }]);
        let child = Rights::of(&roles, &user(Role::Child));
        let needed = child.needed("read_file", &reads);
        assert_eq!(needed, [(Capability::Network, Grant::AskAdmin)]);
        assert!(child.are_bounded());
        let mut strict = user(Role::User);
        strict.grants.insert(Capability::Network, Grant::Deny);
        let strict = Rights::of(&roles, &strict);
        assert_eq!(strict.strictest("read_file", &reads), Grant::Deny);
        assert_eq!(Rights::default().strictest("exec", &reads), Grant::Allow);
    }

    #[test]
    fn the_owner_has_all_a_stranger_has_nothing_and_a_child_never_answers() {
        let roles = Roles::default();
        let mut owner = user(Role::Admin);
        owner.owner = true;
        owner.grants.insert(Capability::ManageUsers, Grant::Deny);
        let mut child = user(Role::Child);
        child
            .grants
            .insert(Capability::ApproveRequests, Grant::Allow);
        for capability in Capability::ALL {
            assert_eq!(grant(&roles, &owner, *capability), Grant::Allow);
            assert_eq!(
                grant(&roles, &super::super::stranger(), *capability),
                Grant::Deny
            );
        }
        assert_eq!(
            grant(&roles, &child, Capability::ApproveRequests),
            Grant::Deny
        );
    }
}
