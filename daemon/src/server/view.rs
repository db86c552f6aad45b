//! What of everything a user sees.
//!
//! Owns: which events, items and rows are theirs. An admin sees all, which costs nothing; but what
//! waits for others alone is theirs to see to, and an admin has to ask for it.

use std::sync::Arc;

use smartopol_ipc::{Bytes, HEADER, MESSAGE};
use smartopol_protocol::approval::Approval;
use smartopol_protocol::attention::{Item, Kind};
use smartopol_protocol::event::Snapshot;
use smartopol_protocol::user::{Capability, Grant, Role, User};
use smartopol_protocol::{Code, Event, Fault, News, SessionId};
use smartopol_store::Whose;

use crate::House;
use crate::users::rights;

/// Returns whose rows of a list a user sees.
pub(crate) fn whose(house: &House, user: &User) -> Whose {
    match user.role {
        Role::Admin => Whose::ALL,
        _ => whose_items(house, user),
    }
}

/// Returns whose items of the attention list a user sees unless they ask for everyone's.
pub(crate) fn whose_items(house: &House, user: &User) -> Whose {
    let admin = user.role == Role::Admin;
    Whose {
        user: Some(user.id),
        approvals: admin || answers(house, user),
        strangers: admin || manages(house, user),
        shared: admin,
    }
}

/// Returns true where an event may be told to a user.
pub(crate) fn may_hear(house: &House, user: &User, event: &Event) -> bool {
    if let News::AttentionChanged(item) = &event.news {
        return may_see_item(house, user, item);
    }
    if user.role == Role::Admin {
        return true;
    }
    let session = |id: Option<SessionId>| id.is_some_and(|id| house.users.may_see(user, id));
    match &event.news {
        // What is gone is only a name, and who showed it must hear of it.
        News::SessionDeleted(_)
        | News::JobRemoved(_)
        | News::UserRemoved(_)
        | News::ClientLeft(_)
        | News::RuleRevoked(_)
        | News::TerminalClosed(_)
        | News::Gap { .. }
        | News::Dropped { .. }
        | News::Stopping => true,
        News::ApprovalChanged(approval) => may_see_approval(house, user, approval),
        News::AttentionChanged(_) => false,
        News::JobChanged(job) => house.users.may_see_peer(user, &job.frozen.user),
        News::TerminalChanged(terminal) => session(terminal.session_id),
        News::UserChanged(changed) => changed.user.id == user.id || manages(house, user),
        News::LinkRefused(_) => manages(house, user),
        News::ClientChanged(client) => house.users.may_see_peer(user, &client.peer),
        News::MemoryChanged(change) => change.user_id == user.id,
        // Who is looked at may know.
        News::MemoryLooked(look) => look.user_id.is_none_or(|id| id == user.id),
        News::TopicChanged(change) => change.user_id.is_none_or(|id| id == user.id),
        News::SessionChanged(changed) => changed.user_id == Some(user.id),
        News::QuestionChanged(_)
        | News::MessageChanged(_)
        | News::MessageWithdrawn(_)
        | News::TurnChanged(_)
        | News::CallChanged(_)
        | News::RuleAdded(_)
        | News::TraceChanged(_)
        | News::TraceMarked(_)
        | News::TextDelta { .. }
        | News::ReasoningDelta { .. }
        | News::CallDelta { .. }
        | News::OutputDelta { .. }
        | News::CompactionChanged(_)
        | News::PinChanged(_)
        | News::Compacting { .. }
        | News::Retrying { .. }
        | News::TerminalSized { .. } => session(event.session_id),
    }
}

/// Returns true where a user may see an approval: it is of their session, or they may answer it.
pub(crate) fn may_see_approval(house: &House, user: &User, approval: &Approval) -> bool {
    house.users.may_see(user, approval.session_id) || answers(house, user)
}

/// Returns true where an item of the attention list is in a user's own list: as the store cuts it.
pub(crate) fn may_see_item(house: &House, user: &User, item: &Item) -> bool {
    let admin = user.role == Role::Admin;
    match item.kind {
        Kind::Stranger => admin || manages(house, user),
        Kind::Approval if admin || answers(house, user) => true,
        Kind::BudgetUsed if admin => true,
        kind => match owner(house, item) {
            Some(own) if own.id == user.id => true,
            Some(own) => admin && kind == Kind::Memory && own.role == Role::Child,
            // What was told before it said whose it is, is its session's.
            None => item
                .session_id
                .map_or(admin, |id| house.users.may_see(user, id)),
        },
    }
}

/// Refuses to let somebody see to what another person alone must see.
///
/// # Errors
/// `denied`, with the name of whose it is.
pub(crate) fn may_see_to(house: &House, user: &User, item: &Item) -> Result<(), Fault> {
    let theirs = match item.kind {
        Kind::Reminder => "a reminder",
        Kind::Memory => "what waits to be remembered",
        _ => return Ok(()),
    };
    match owner(house, item) {
        Some(own) if !may_see_item(house, user, item) => {
            let told = format!("it is for {}: {theirs} is theirs to see to", own.name);
            Err(Fault::new(Code::Denied, told).hint("they find it in their own inbox"))
        }
        _ => Ok(()),
    }
}

/// Returns whose an item is; `None` where it is nobody's who is there.
fn owner(house: &House, item: &Item) -> Option<Arc<User>> {
    item.user_id.and_then(|id| house.users.get(id))
}

/// Returns a frame as a user may see it: without what models cost where they may not see that.
pub(crate) fn without_costs(house: &House, user: &User, frame: Bytes) -> Bytes {
    let roles = &house.config.users.roles;
    match rights::grant(roles, user, Capability::SeeCosts) {
        Grant::Allow => frame,
        _ => uncosted(&frame).unwrap_or(frame),
    }
}

/// Returns a frame without the cost of every usage in it; `None` where there is none.
///
/// A usage is always written with its cost behind its output, and in a text the quotes would not
/// stand alone, so nothing else is met. Within a text it is an export's.
fn uncosted(frame: &Bytes) -> Option<Bytes> {
    let text = std::str::from_utf8(frame.get(HEADER..)?).ok()?;
    let kept = cut_behind(text, r#""output":"#, r#","cost_micros":"#);
    let kept = cut_behind(&kept, r#"\"output\":"#, r#",\"cost_micros\":"#);
    (kept.len() < text.len()).then(|| {
        let length = u32::try_from(kept.len()).unwrap_or(u32::MAX);
        let mut cut = Vec::with_capacity(HEADER + kept.len());
        cut.push(MESSAGE);
        cut.extend(length.to_be_bytes());
        cut.extend(kept.into_bytes());
        cut.into()
    })
}

/// Returns a text without the numbers of this name that stand behind a number of that name.
fn cut_behind(text: &str, output: &str, cost: &str) -> String {
    let digit = |c: char| c.is_ascii_digit();
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(cost) {
        kept.push_str(before);
        let name = before.trim_end_matches(digit);
        if name.len() < before.len() && name.ends_with(output) {
            rest = after.trim_start_matches(digit);
        } else {
            kept.push_str(cost);
            rest = after;
        }
    }
    kept.push_str(rest);
    kept
}

/// Cuts the present to what is a user's.
pub(crate) fn cut(house: &House, user: &User, snapshot: &mut Snapshot) {
    snapshot.user_id = Some(user.id);
    if user.role == Role::Admin {
        snapshot.names = house.users.names();
        return;
    }
    let own = |id: SessionId| house.users.may_see(user, id);
    snapshot
        .sessions
        .retain(|session| session.user_id == Some(user.id));
    snapshot
        .approvals
        .retain(|approval| may_see_approval(house, user, approval));
    snapshot
        .questions
        .retain(|question| own(question.session_id));
    snapshot
        .traces
        .retain(|trace| own(trace.metadata.session_id));
    snapshot
        .marked
        .retain(|id| snapshot.traces.iter().any(|trace| trace.id == *id));
    snapshot
        .attention
        .retain(|item| may_see_item(house, user, item));
    snapshot
        .terminals
        .retain(|terminal| terminal.session_id.is_some_and(own));
}

fn manages(house: &House, user: &User) -> bool {
    rights::grant(&house.config.users.roles, user, Capability::ManageUsers) == Grant::Allow
}

fn answers(house: &House, user: &User) -> bool {
    let roles = &house.config.users.roles;
    rights::grant(roles, user, Capability::ApproveRequests) == Grant::Allow
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(text: &str) -> Bytes {
        let mut bytes = vec![MESSAGE];
        bytes.extend(u32::try_from(text.len()).unwrap().to_be_bytes());
        bytes.extend(text.as_bytes());
        bytes.into()
    }

    #[test]
    fn costs_of_usages_are_cut_and_nothing_else() {
        let cut = |text: &str| uncosted(&frame(text));
        let told = r#"{"usage":{"input":5,"output":12,"cost_micros":300},"x":[{"output":1,"cost_micros":2}]}"#;
        let wanted = r#"{"usage":{"input":5,"output":12},"x":[{"output":1}]}"#;
        assert_eq!(cut(told), Some(frame(wanted)));
        let export = r#"{"text":"{\"output\":12,\"cost_micros\":300}"}"#;
        assert_eq!(cut(export), Some(frame(r#"{"text":"{\"output\":12}"}"#)));
        for other in [
            r#"{"calls":1,"tokens":2,"cost_micros":0}"#,
            r#"{"output":"a","cost_micros":1}"#,
            "{}",
        ] {
            assert_eq!(cut(other), None, "{other}");
        }
    }
}
