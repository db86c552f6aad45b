//! The rule that an answer for longer keeps.
//!
//! Owns: which edited rules are accepted. One is kept only where it is about the very call that
//! was asked about, and does not open what no rule may open.

use smartopol_protocol::approval::{Approval, Decide, Pattern, Rule, Scope, Verdict};
use smartopol_protocol::session::Session;
use smartopol_protocol::tool::Body;
use smartopol_protocol::{Code, Fault, RuleId, Timestamp};

use super::coverage::Call;
use super::policy::Policy;
use super::{lab, pattern};
use crate::House;

/// The longest that a rule with an end may hold: ten years, in seconds.
const LONGEST: u64 = 10 * 365 * 24 * 60 * 60;

/// Refuses what only makes sense in an answer for longer.
pub(super) fn only_once(answer: &Decide) -> Result<(), Fault> {
    let field = match (&answer.rule, answer.expire_after_seconds) {
        (Some(_), _) => "rule",
        (None, Some(_)) => "expire_after_seconds",
        (None, None) => return Ok(()),
    };
    Err(bad(format!(
        "`{field}` is for an answer that is kept, and this one is for once"
    ))
    .hint("choose the scope `session`, `workspace` or `always`"))
}

/// Returns the rule to keep.
pub(super) async fn rule(
    house: &House,
    answer: &Decide,
    approval: &Approval,
    session: &Session,
    at: Timestamp,
) -> Result<Rule, Fault> {
    let Some(offered) = &approval.rule else {
        let id = approval.id;
        return Err(bad("such a call can only be allowed once".into())
            .hint(format!("allow it once: smartopol approvals allow {id}")));
    };
    let expires_at = match answer.expire_after_seconds {
        None => None,
        Some(seconds @ 1..=LONGEST) => {
            let millis = i64::try_from(seconds.saturating_mul(1000)).unwrap_or(i64::MAX);
            Some(at.plus_millis(millis))
        }
        Some(seconds) => {
            return Err(bad(format!(
                "`expire_after_seconds` is {seconds}, and must be 1 to {LONGEST}"
            ))
            .hint("leave it out for a rule that holds until it is revoked"));
        }
    };
    let rule = Rule {
        id: Some(RuleId::new()),
        session_id: (answer.scope == Scope::Session).then_some(approval.session_id),
        workspace: (answer.scope == Scope::Workspace).then(|| session.workspace.clone()),
        expires_at,
        match_: example(approval),
        created_at: Some(at),
        ..Rule::new(Verdict::Allow, offered.clone())
    };
    // What is allowed to one whom others answer for beyond their session is for their role alone.
    let role = approval.terms.asker.and_then(|id| house.users.get(id));
    let role = role
        .filter(|user| rule.session_id.is_none() && house.rights(user).are_bounded())
        .map(|user| user.role.name().to_owned());
    let bound = |mut rule: Rule| {
        rule.pattern.role = rule.pattern.role.or(role);
        rule
    };
    match &answer.rule {
        None => Ok(bound(rule)),
        Some(own) if own == offered => Ok(bound(rule)),
        Some(own) => {
            let pattern = Pattern {
                tool: Some(own.tool.clone().unwrap_or_else(|| approval.tool.clone())),
                ..own.clone()
            };
            let rule = bound(Rule { pattern, ..rule });
            accept(house, &rule, approval, session).await?;
            Ok(rule)
        }
    }
}

/// Refuses an edited rule that is not about this call, or about too much.
async fn accept(
    house: &House,
    rule: &Rule,
    approval: &Approval,
    session: &Session,
) -> Result<(), Fault> {
    pattern::sound(&rule.pattern)
        .and_then(|()| pattern::narrow(&rule.pattern))
        .map_err(|told| bad(told).hint("edit the rule, or allow the call once"))?;
    let turn_id = approval.turn_id;
    let asker = house.store.read(move |r| lab::asker(r, turn_id)).await?;
    let user = house.users.acting(&asker, session.user_id);
    let mut rules = house.rules().await?;
    rules.push(rule.clone());
    let judged = Policy {
        mode: session.mode.unwrap_or(house.config.approvals.mode),
        workspace: Some(&session.workspace),
        session_id: Some(session.id),
        rules: &rules,
        floor: &house.floor,
        rights: house.rights(&user),
    }
    .judge(Call {
        tool: &approval.tool,
        inspection: &approval.inspection,
        role: user.role.name(),
    });
    if judged.verdict == Verdict::Allow {
        return Ok(());
    }
    Err(bad(format!(
        "with the rule about {} this very call would still not be allowed: {}",
        rule.pattern,
        judged.reason()
    ))
    .hint("edit the rule so that it is about this call, or allow it once"))
}

/// Returns the command line that a rule was learned from, where it is one.
fn example(approval: &Approval) -> Vec<String> {
    match &approval.inspection.body {
        Body::Command { text, .. } => vec![text.clone()],
        Body::Diff { .. } | Body::None => Vec::new(),
    }
}

fn bad(told: String) -> Fault {
    Fault::new(Code::BadRequest, told)
}
