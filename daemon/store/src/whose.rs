//! Whose rows a list has.
//!
//! Owns: the conditions on rows. A list is cut here and not after it was read, so that a page is
//! full and its end is where the next begins.

use smartopol_protocol::UserId;

/// Whose rows a list has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Whose {
    /// Theirs alone; `None` for everybody's.
    pub user: Option<UserId>,
    /// With the approvals of everybody, because they may answer them.
    pub approvals: bool,
    /// With strangers, because they may let them in.
    pub strangers: bool,
    /// With what waits of others for an admin: budgets, memories of a child, what is nobody's.
    pub shared: bool,
}

/// The user whose an item of the attention list is, of a row of `attention`.
///
/// It is looked up and not kept alone: peers are linked, and sessions get another user. What was
/// kept counts once its job and its session are gone.
pub(crate) const OWNER_OF_ITEM: &str = "(SELECT u.id FROM users u WHERE u.id = coalesce(
    iif(attention.item ->> 'kind' = 'memory', NULL,
        (SELECT p.user_id FROM jobs j JOIN peers p ON p.peer = j.spec ->> '$.frozen.user'
         WHERE j.id = unhex(substr(attention.item ->> 'job_id', 5)))),
    iif(attention.item ->> 'kind' = 'memory', NULL,
        (SELECT s.user_id FROM sessions s WHERE s.id = attention.session_id)),
    unhex(substr(attention.item ->> 'user_id', 5))))";

impl Whose {
    /// Everybody's rows.
    pub const ALL: Self = Self {
        user: None,
        approvals: true,
        strangers: true,
        shared: true,
    };

    /// Returns the condition on rows of a session of theirs, whose user is the parameter `place`.
    pub(crate) fn of_session(place: &str) -> String {
        format!(
            "({place} IS NULL OR session_id IN (SELECT id FROM sessions WHERE user_id = {place}))"
        )
    }

    /// Returns the condition on items of the attention list, whose user is the parameter `place`.
    pub(crate) fn of_item(self, place: &str) -> String {
        if self.user.is_none() {
            return format!("({place} IS NULL)");
        }
        let mut condition = format!("{OWNER_OF_ITEM} = {place}");
        for (also, kind) in [
            (self.approvals, "approval"),
            (self.strangers, "stranger"),
            (self.shared, "budget_used"),
        ] {
            if also {
                condition.push_str(&format!(" OR item ->> 'kind' = '{kind}'"));
            }
        }
        if self.shared {
            condition.push_str(&format!(
                " OR {OWNER_OF_ITEM} IS NULL OR (item ->> 'kind' = 'memory' AND
                     (SELECT body ->> '$.role' FROM users WHERE id = {OWNER_OF_ITEM}) = 'child')"
            ));
        }
        format!("({condition})")
    }

    /// Returns the condition on jobs that a peer of theirs made, whose user is the parameter
    /// `place`.
    pub(crate) fn of_job(place: &str) -> String {
        format!(
            "({place} IS NULL OR spec ->> '$.frozen.user' IN
                 (SELECT peer FROM peers WHERE user_id = {place}))"
        )
    }
}
