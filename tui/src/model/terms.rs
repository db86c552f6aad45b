//! Who must answer a question, in words.

use smartopol_protocol::approval::{Approval, Approvers, Terms};

/// Says who must answer and who has; `None` where one answer of anybody who may is enough.
pub(crate) fn needs(approval: &Approval) -> Option<String> {
    let terms = &approval.terms;
    let usual = Terms {
        asker: terms.asker,
        ..Terms::default()
    };
    if *terms == usual {
        return None;
    }
    let who = match (terms.approvers, terms.quorum) {
        (Approvers::Approvers, 1) => "somebody who may approve requests".to_owned(),
        (Approvers::Approvers, count) => format!("{count} who may approve requests"),
        (Approvers::Admins, 1) => "an admin".to_owned(),
        (Approvers::Admins, count) => format!("{count} admins"),
    };
    let but = match terms.not_asker {
        true => ", not who asked",
        false => "",
    };
    let have: Vec<&str> = approval
        .votes
        .iter()
        .map(|vote| vote.decision.actor.peer.as_str())
        .collect();
    let have = match have.is_empty() {
        true => String::new(),
        false => format!("; allowed by {}", have.join(", ")),
    };
    Some(format!("{who}{but}{have}"))
}
