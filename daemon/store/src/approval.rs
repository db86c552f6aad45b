//! Approvals in the database.
//!
//! Owns: that each ends once, and that the first answer wins.

use rusqlite::{OptionalExtension, Row, params};
use smartopol_protocol::approval::{Approval, ApprovalState, List, Vote};
use smartopol_protocol::{ApprovalId, News, Timestamp, TurnId};

use crate::column::{Json, Key, Millis, id, json, time};
use crate::reader::{bounded, pending_or_all};
use crate::{Error, Reader, Result, Whose, Writer};

const COLUMNS: &str = "id, session_id, turn_id, call_id, tool, inspection, reason, rule, \
                       asked_at, expires_at, state, danger, terms, votes";

/// How many approvals a list has where nothing is said, and at most.
const LIST: (u32, u32) = (100, 1_000);

/// What came of a vote.
#[derive(Clone, Debug, PartialEq)]
pub enum Voted {
    /// More are needed.
    Waits(Approval),
    /// It is over, by this vote or before it.
    Ended(Ended),
}

/// What came of ending an approval, or a question.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended<T = Approval> {
    /// It ended by this.
    Now(T),
    /// It had ended before; nothing changed.
    Already(T),
}

fn read(row: &Row<'_>) -> rusqlite::Result<Approval> {
    Ok(Approval {
        id: id(row, 0)?,
        session_id: id(row, 1)?,
        turn_id: id(row, 2)?,
        call_id: id(row, 3)?,
        tool: row.get(4)?,
        inspection: json(row, 5)?,
        reason: row.get(6)?,
        rule: row.get::<_, Option<Json<_>>>(7)?.map(|rule| rule.0),
        asked_at: time(row, 8)?,
        expires_at: time(row, 9)?,
        state: json(row, 10)?,
        danger: row.get::<_, Option<Json<_>>>(11)?.map(|danger| danger.0),
        terms: row
            .get::<_, Option<Json<_>>>(12)?
            .map(|terms| terms.0)
            .unwrap_or_default(),
        votes: row
            .get::<_, Option<Json<_>>>(13)?
            .map(|votes| votes.0)
            .unwrap_or_default(),
    })
}

impl Reader<'_> {
    /// Returns the approval with this id.
    pub fn approval(&self, id: ApprovalId) -> Result<Approval> {
        self.prepare(&format!("SELECT {COLUMNS} FROM approvals WHERE id = ?1"))?
            .query_row([Key(id)], read)
            .optional()?
            .ok_or_else(|| Error::not_found("approval", id))
    }

    /// Returns the newest of the approvals that `list` means, oldest first.
    pub fn approvals(&self, list: &List) -> Result<Vec<Approval>> {
        self.approvals_of(list, Whose::ALL)
    }

    /// Returns the same of what is somebody's to see.
    pub fn approvals_of(&self, list: &List, whose: Whose) -> Result<Vec<Approval>> {
        let which = pending_or_all(list.all, list.session_id);
        let own = Whose::of_session("?3");
        let mut query = self.prepare(&format!(
            "SELECT {COLUMNS} FROM approvals WHERE {which} AND {own}
             ORDER BY number DESC LIMIT ?2"
        ))?;
        let user = whose.user.filter(|_| !whose.approvals).map(Key);
        let limit = bounded(list.limit, LIST);
        let mut approvals: Vec<Approval> = query
            .query_map(params![list.session_id.map(Key), limit, user], read)?
            .collect::<rusqlite::Result<_>>()?;
        approvals.reverse();
        Ok(approvals)
    }

    /// Returns the approvals of a turn, oldest first.
    pub fn approvals_of_turn(&self, turn_id: TurnId) -> Result<Vec<Approval>> {
        let mut query = self.prepare(&format!(
            "SELECT {COLUMNS} FROM approvals WHERE turn_id = ?1 ORDER BY number"
        ))?;
        let approvals = query.query_map([Key(turn_id)], read)?;
        Ok(approvals.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns all approvals that wait for a person, oldest first.
    pub fn pending_approvals(&self) -> Result<Vec<Approval>> {
        let mut query = self.prepare(&format!(
            "SELECT {COLUMNS} FROM approvals WHERE pending = 1 ORDER BY number"
        ))?;
        let approvals = query.query_map((), read)?;
        Ok(approvals.collect::<rusqlite::Result<_>>()?)
    }
}

impl Writer<'_> {
    /// Stores a question to a person.
    ///
    /// # Errors
    /// [`Error::Conflict`] where a person is asked about this call already.
    pub fn ask_approval(&mut self, approval: &Approval) -> Result<()> {
        if approval.state != ApprovalState::Pending {
            return Err(Error::Invalid(format!(
                "approval {} is not a question",
                approval.id
            )));
        }
        self.turn_in(approval.turn_id, approval.session_id)?;
        let asked: bool = self
            .prepare(
                "SELECT EXISTS (SELECT 1 FROM approvals WHERE id = ?1)
                     OR EXISTS (SELECT 1 FROM approvals WHERE call_id = ?2 AND pending = 1)",
            )?
            .query_row(params![Key(approval.id), Key(approval.call_id)], |row| {
                row.get(0)
            })?;
        if asked {
            return Err(Error::Conflict(format!(
                "a person is asked about tool call {} already",
                approval.call_id
            )));
        }
        self.prepare(&format!(
            "INSERT INTO approvals ({COLUMNS}, pending)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, 1)"
        ))?
        .execute(params![
            Key(approval.id),
            Key(approval.session_id),
            Key(approval.turn_id),
            Key(approval.call_id),
            approval.tool,
            Json(&approval.inspection),
            approval.reason,
            approval.rule.as_ref().map(Json),
            Millis(approval.asked_at),
            Millis(approval.expires_at),
            Json(&approval.state),
            approval.danger.as_ref().map(Json),
            Json(&approval.terms),
            Json(&approval.votes),
        ])?;
        self.count_waiting(approval.session_id, 1, approval.asked_at)?;
        self.approval_changed(approval.clone(), approval.asked_at)
    }

    /// Ends an approval, where nobody ended it before.
    pub fn end_approval(&mut self, id: ApprovalId, state: ApprovalState) -> Result<Ended> {
        let mut approval = self.approval(id)?;
        let at = match &state {
            ApprovalState::Pending => {
                return Err(Error::Invalid(format!(
                    "approval {id} cannot end as pending"
                )));
            }
            ApprovalState::Allowed { decision } | ApprovalState::Denied { decision } => decision.at,
            ApprovalState::Expired { at } | ApprovalState::Cancelled { at, .. } => *at,
        };
        if approval.state != ApprovalState::Pending {
            return Ok(Ended::Already(approval));
        }
        approval.state = state;
        self.prepare("UPDATE approvals SET state = ?2, pending = 0 WHERE id = ?1")?
            .execute(params![Key(id), Json(&approval.state)])?;
        self.count_waiting(approval.session_id, -1, at)?;
        self.approval_changed(approval.clone(), at)?;
        Ok(Ended::Now(approval))
    }

    /// Counts the answer of one who allows it; the last that is needed ends it.
    ///
    /// # Errors
    /// [`Error::Conflict`] where this user has voted already.
    pub fn vote_approval(&mut self, id: ApprovalId, vote: Vote) -> Result<Voted> {
        let mut approval = self.approval(id)?;
        if approval.state != ApprovalState::Pending {
            return Ok(Voted::Ended(Ended::Already(approval)));
        }
        if approval.votes.iter().any(|own| own.user_id == vote.user_id) {
            return Err(Error::Conflict(format!(
                "{} has allowed it already, and {} of {} answers are there: somebody else must \
                 allow it too",
                vote.decision.actor.peer,
                approval.votes.len(),
                approval.terms.quorum
            )));
        }
        let needed = usize::try_from(approval.terms.quorum).unwrap_or(usize::MAX);
        let decision = vote.decision.clone();
        approval.votes.push(vote);
        self.prepare("UPDATE approvals SET votes = ?2 WHERE id = ?1")?
            .execute(params![Key(id), Json(&approval.votes)])?;
        if approval.votes.len() >= needed {
            let ended = self.end_approval(id, ApprovalState::Allowed { decision })?;
            return Ok(Voted::Ended(ended));
        }
        let session_id = approval.session_id;
        let news = News::ApprovalChanged(Box::new(approval.clone()));
        self.tell(decision.at, session_id, news)?;
        Ok(Voted::Waits(approval))
    }

    fn approval_changed(&mut self, approval: Approval, at: Timestamp) -> Result<()> {
        self.attend_approval(&approval, at)?;
        let session_id = approval.session_id;
        self.tell(at, session_id, News::ApprovalChanged(Box::new(approval)))
    }
}
