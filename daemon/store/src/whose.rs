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
}

impl Whose {
    /// Everybody's rows.
    pub const ALL: Self = Self {
        user: None,
        approvals: true,
        strangers: true,
    };

    /// Returns the condition on rows of a session of theirs, whose user is the parameter `place`.
    pub(crate) fn of_session(place: &str) -> String {
        format!(
            "({place} IS NULL OR session_id IN (SELECT id FROM sessions WHERE user_id = {place}))"
        )
    }

    /// Returns the condition on items of the attention list, whose user is the parameter `place`.
    pub(crate) fn of_item(self, place: &str) -> String {
        // What waits to be remembered of somebody is theirs, wherever it was said.
        let mut condition = format!(
            "({place} IS NULL OR iif(item ->> 'kind' = 'memory',
                 item ->> 'user_id' = 'usr_' || lower(hex({place})), {}))",
            Self::of_session(place)
        );
        for (also, kind) in [(self.approvals, "approval"), (self.strangers, "stranger")] {
            if also && self.user.is_some() {
                condition = format!("({condition} OR item ->> 'kind' = '{kind}')");
            }
        }
        condition
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
