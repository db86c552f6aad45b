//! Who may answer a question, and how many of them must.
//!
//! Owns: what the settings and the asker's role make of a question, and whether somebody is one
//! who may answer it.

use smartopol_config::section::approvals::{EffectKind, Quorum};
use smartopol_protocol::approval::{Approvers, Terms};
use smartopol_protocol::tool::Effect;
use smartopol_protocol::user::{Capability, Grant, Role, User};
use smartopol_protocol::{Code, Fault};

use super::coverage::{self, Call};
use crate::House;
use crate::users::rights;

/// Returns the terms of a question that a user's message led to.
pub(crate) fn of(house: &House, call: Call<'_>, asker: &User) -> Terms {
    let strictest = house.rights(asker).strictest(call.tool, call.inspection);
    // Others answer for a child, whatever else is so.
    let approvers = match strictest == Grant::AskAdmin || asker.role == Role::Child {
        true => Approvers::Admins,
        false => Approvers::Approvers,
    };
    let terms = Terms {
        approvers,
        asker: Some(asker.id),
        ..Terms::default()
    };
    house
        .config
        .approvals
        .quorums
        .iter()
        .filter(|rule| is_about(rule, call))
        .fold(terms, stricter)
}

/// Returns the terms where one more rule of the settings holds: the strictest of each.
fn stricter(terms: Terms, rule: &Quorum) -> Terms {
    Terms {
        approvers: terms.approvers.max(rule.approvers),
        quorum: terms.quorum.max(rule.quorum),
        not_asker: terms.not_asker || rule.not_asker,
        ..terms
    }
}

fn is_about(rule: &Quorum, call: Call<'_>) -> bool {
    let does = |wanted| {
        call.inspection
            .effects
            .iter()
            .any(|own| kind(own) == wanted)
    };
    rule.effect.is_none_or(does) && coverage::catches(&rule.pattern(), call)
}

const fn kind(effect: &Effect) -> EffectKind {
    match effect {
        Effect::Run { .. } | Effect::Unclear { .. } => EffectKind::Run,
        Effect::Read { .. } => EffectKind::Read,
        Effect::Write { .. } => EffectKind::Write,
        Effect::Delete { .. } => EffectKind::Delete,
        Effect::Network { .. } => EffectKind::Network,
        Effect::Process { .. } => EffectKind::Process,
        Effect::Privilege { .. } => EffectKind::Privilege,
    }
}

/// Refuses one who may not answer a question. Who asked may always take it back by denying it.
///
/// # Errors
/// `denied`, with who may.
pub(crate) fn check(house: &House, terms: &Terms, user: &User, allow: bool) -> Result<(), Fault> {
    let asked = terms.asker == Some(user.id);
    if asked && !allow {
        return Ok(());
    }
    let answers = house.rights(user).grant(Capability::ApproveRequests) == Grant::Allow;
    let why = if user.role == Role::Child {
        "others answer for a child"
    } else if !answers {
        "it takes `approve_requests`"
    } else if terms.approvers == Approvers::Admins && user.role != Role::Admin {
        "only an admin may answer this"
    } else if terms.not_asker && asked {
        "who asked may not answer this"
    } else {
        return Ok(());
    };
    let told = format!("{} may not answer: {why}", rights::whom(user));
    Err(Fault::new(Code::Denied, told).hint(match terms.approvers {
        Approvers::Admins => "an admin answers it",
        Approvers::Approvers => "somebody answers it who may approve requests",
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use smartopol_protocol::tool::Inspection;

    use super::*;

    fn rule(fields: serde_json::Value) -> Quorum {
        serde_json::from_value(fields).unwrap()
    }

    #[test]
    fn of_several_rules_the_strictest_of_each_holds() {
        let rules = [
            rule(json!({"quorum": 2})),
            rule(json!({"quorum": 1, "approvers": "admins"})),
            rule(json!({"quorum": 1, "not_asker": true})),
        ];
        let terms = rules.iter().fold(Terms::default(), stricter);
        assert_eq!((terms.quorum, terms.approvers), (2, Approvers::Admins));
        assert!(terms.not_asker);
    }

    #[test]
    fn a_rule_is_about_what_a_call_does_and_with_which_tool() {
        let inspection = Inspection {
            effects: vec![Effect::Network { host: None }],
            ..Inspection::default()
        };
        let call = Call {
            tool: "exec",
            inspection: &inspection,
            role: "child",
        };
        for (fields, about) in [
            (json!({"quorum": 2}), true),
            (json!({"quorum": 2, "effect": "network"}), true),
            (json!({"quorum": 2, "effect": "delete"}), false),
            (json!({"quorum": 2, "tool": "exec"}), true),
            (json!({"quorum": 2, "tool": "write_file"}), false),
            (json!({"quorum": 2, "role": "user"}), false),
        ] {
            assert_eq!(is_about(&rule(fields.clone()), call), about, "{fields}");
        }
    }
}
