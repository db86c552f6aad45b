//! What waits for a person, in the database.
//!
//! Owns: that each cause has one item that waits, that each item is resolved once, and the order.
//! An item is written in the transaction of what it comes of, so no crash stands between them.

use rusqlite::{OptionalExtension, Row, params};
use smartopol_protocol::approval::{Approval, ApprovalState};
use smartopol_protocol::attention::{
    Item, ItemState, Kind, List, Listed, Place, Priority, Resolution, Seen,
};
use smartopol_protocol::question::{Question, QuestionState};
use smartopol_protocol::turn::{Outcome, Turn, TurnState};
use smartopol_protocol::{
    ApprovalId, AttentionId, JobId, News, QuestionId, SessionId, Timestamp, TurnId, UserId,
};

use crate::column::{Json, Key, Millis, json, maybe_id};
use crate::reader::bounded;
use crate::whose::OWNER_OF_ITEM;
use crate::{Error, Reader, Result, Whose, Writer};

/// How many items a list has where nothing is said, and at most.
const LIST: (u32, u32) = (200, 1_000);

/// What an item is about, as its subject.
pub(crate) fn of_approval(id: ApprovalId) -> String {
    id.to_string()
}

pub(crate) fn of_question(id: QuestionId) -> String {
    id.to_string()
}

pub(crate) fn of_turns(id: SessionId) -> String {
    format!("turn of {id}")
}

pub(crate) fn of_job(kind: Kind, id: JobId) -> String {
    format!("{kind:?} {id}")
}

pub(crate) fn of_reminder(id: JobId) -> String {
    format!("reminder {id}")
}

/// Reads an item, and behind it whose it is.
fn read(row: &Row<'_>) -> rusqlite::Result<Item> {
    let item: Item = json(row, 0)?;
    Ok(Item {
        user_id: maybe_id(row, 1)?.or(item.user_id),
        ..item
    })
}

/// Returns the query for the items that meet a condition.
fn items_where(condition: &str) -> String {
    format!("SELECT item, {OWNER_OF_ITEM} FROM attention WHERE {condition}")
}

impl Reader<'_> {
    /// Returns the item with this id.
    pub fn attention_item(&self, id: AttentionId) -> Result<Item> {
        self.prepare(&items_where("id = ?1"))?
            .query_row([Key(id)], read)
            .optional()?
            .ok_or_else(|| Error::not_found("item", id))
    }

    /// Returns what waits, what matters most first; where all is asked for, then the rest, the
    /// newest first.
    pub fn attention(&self, list: &List) -> Result<Listed> {
        self.attention_of(list, Whose::ALL)
    }

    /// Returns the same of what is somebody's to see.
    pub fn attention_of(&self, list: &List, whose: Whose) -> Result<Listed> {
        let limit = bounded(list.limit, LIST);
        let own = whose.of_item("?1");
        let user = || whose.user.map(Key);
        let mut query = self.prepare(&items_where(&format!(
            "resolved = 0 AND snoozed = 0 AND {own}
             ORDER BY priority DESC, coalesce(deadline, 9223372036854775807), number LIMIT ?2"
        )))?;
        let mut items: Vec<Item> = query
            .query_map(params![user(), limit], read)?
            .collect::<rusqlite::Result<_>>()?;
        let open = self.attention_open(whose)?;
        let left = limit.saturating_sub(u32::try_from(items.len()).unwrap_or(u32::MAX));
        if list.all && left > 0 {
            let mut rest = self.prepare(&items_where(&format!(
                "(resolved = 1 OR snoozed = 1) AND {own} ORDER BY number DESC LIMIT ?2"
            )))?;
            for item in rest.query_map(params![user(), left], read)? {
                items.push(item?);
            }
        }
        Ok(Listed {
            items,
            open,
            others: 0,
        })
    }

    /// Returns how much waits of what is somebody's to see.
    pub fn attention_open(&self, whose: Whose) -> Result<u64> {
        let own = whose.of_item("?1");
        Ok(self
            .prepare(&format!(
                "SELECT count(*) FROM attention WHERE resolved = 0 AND snoozed = 0 AND {own}"
            ))?
            .query_row([whose.user.map(Key)], |row| row.get(0))?)
    }

    /// Returns the items of which a person is to be told again by now, at most `limit`.
    pub fn attention_due(&self, now: Timestamp, limit: u32) -> Result<Vec<Item>> {
        let mut query = self.prepare(&items_where("wake_at <= ?1 ORDER BY wake_at LIMIT ?2"))?;
        let items = query.query_map(params![Millis(now), limit], read)?;
        Ok(items.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns the reminders that wait and whose newest notice is not in its session: whoever was to
    /// say it, ended first.
    pub fn attention_unsaid(&self) -> Result<Vec<Item>> {
        let mut query = self.prepare(&items_where(
            "resolved = 0 AND snoozed = 0 AND item ->> 'kind' = 'reminder'",
        ))?;
        let mut unsaid = Vec::new();
        for item in query.query_map((), read)? {
            let item = item?;
            let Some(Place::Session {
                session_id,
                message_id,
            }) = item.places.last()
            else {
                continue;
            };
            let said = self.has_message(*message_id)?;
            if !said && self.session(*session_id).is_ok() {
                unsaid.push(item);
            }
        }
        Ok(unsaid)
    }

    /// Returns when a person is next to be told again of something.
    pub fn next_attention(&self) -> Result<Option<Timestamp>> {
        let next: Option<Millis> = self
            .prepare("SELECT min(wake_at) FROM attention WHERE wake_at IS NOT NULL")?
            .query_row((), |row| row.get(0))?;
        Ok(next.map(|at| at.0))
    }
}

impl Writer<'_> {
    /// Returns true where something about this subject waits.
    pub(crate) fn is_attended(&self, subject: &str) -> Result<bool> {
        Ok(self
            .prepare("SELECT EXISTS (SELECT 1 FROM attention WHERE subject = ?1 AND resolved = 0)")?
            .query_row([subject], |row| row.get(0))?)
    }

    /// Lets something wait for a person. Where an item about the same subject waits already, that
    /// one says the new words.
    pub fn attend(&mut self, subject: &str, mut item: Item) -> Result<()> {
        if let Some(old) = self.attended(subject)? {
            item.id = old.id;
            item.told = old.told.saturating_add(1);
            return self.put_attention(item);
        }
        item.user_id = self.owner_of_item(&item)?;
        self.prepare(
            "INSERT INTO attention (id, subject, priority, resolved, snoozed, session_id, at,
                 deadline, wake_at, item)
             VALUES (?1, ?2, ?3, 0, 0, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            Key(item.id),
            subject,
            item.priority as u8,
            item.session_id.map(Key),
            Millis(item.at),
            item.deadline.map(Millis),
            wake_at(&item, item.at).map(Millis),
            Json(&item),
        ])?;
        self.attention_changed(item)
    }

    /// Gives new words to what waits about a subject, without calling the person again; returns
    /// true where something waits.
    pub(crate) fn reword_attention(&mut self, subject: &str, item: Item) -> Result<bool> {
        let Some(old) = self.attended(subject)? else {
            return Ok(false);
        };
        self.put_attention(Item {
            id: old.id,
            at: old.at,
            told: old.told,
            places: old.places,
            state: old.state,
            ..item
        })?;
        Ok(true)
    }

    /// Returns what waits about a subject.
    pub(crate) fn attended(&self, subject: &str) -> Result<Option<Item>> {
        Ok(self
            .prepare(&items_where("subject = ?1 AND resolved = 0"))?
            .query_row([subject], read)
            .optional()?)
    }

    /// A person has seen an item.
    ///
    /// # Errors
    /// [`Error::Conflict`] where it is resolved already, or is a question that wants an answer.
    pub fn see_attention(
        &mut self,
        id: AttentionId,
        how: Seen,
        by: &str,
        at: Timestamp,
    ) -> Result<Item> {
        let mut item = self.attention_item(id)?;
        if let ItemState::Resolved { how, by, at } = &item.state {
            let by = if by.is_empty() { "nobody" } else { by };
            return Err(Error::Conflict(format!(
                "the item was resolved already, at {at} by {by}: {how:?}"
            )));
        }
        let answer = match (item.kind, item.approval_id, item.question_id) {
            (Kind::Approval, Some(id), _) => Some(format!("smartopol approvals allow|deny {id}")),
            (Kind::Question, _, Some(id)) => Some(format!("smartopol inbox answer|dismiss {id}")),
            (Kind::Approval, ..) => Some("smartopol approvals".into()),
            (Kind::Question, ..) => Some("smartopol inbox".into()),
            _ => None,
        };
        if let Some(answer) = answer {
            return Err(Error::Conflict(format!(
                "a question is resolved by its answer: {answer}"
            )));
        }
        item.state = match how {
            Seen::Snooze { seconds } => {
                let millis = i64::try_from(seconds.clamp(1, 31_536_000)).unwrap_or(1) * 1000;
                ItemState::Snoozed {
                    until: at.plus_millis(millis),
                }
            }
            Seen::Acknowledge | Seen::Dismiss => ItemState::Resolved {
                how: match how {
                    Seen::Dismiss => Resolution::Dismissed,
                    _ => Resolution::Acknowledged,
                },
                by: by.to_owned(),
                at,
            },
        };
        self.put_attention(item.clone())?;
        Ok(item)
    }

    /// A person is told of an item again: in the first place where a snooze is over, else in the
    /// one that `next` says, because nobody acknowledged it. Returns it where it still waits.
    pub fn tell_attention(
        &mut self,
        id: AttentionId,
        next: impl FnOnce(&Reader<'_>, &Item) -> Result<Place>,
    ) -> Result<Option<Item>> {
        let mut item = self.attention_item(id)?;
        match &item.state {
            ItemState::Resolved { .. } => return Ok(None),
            ItemState::Snoozed { .. } => item.places = vec![Place::Inbox],
            ItemState::Open => {
                let place = next(self, &item)?;
                item.places.push(place);
            }
        }
        item.state = ItemState::Open;
        item.told = item.told.saturating_add(1);
        self.put_attention(item.clone())?;
        Ok(Some(item))
    }

    /// Resolves what waits about a subject, if anything does.
    pub(crate) fn settle_attention(
        &mut self,
        subject: &str,
        how: Resolution,
        by: &str,
        at: Timestamp,
    ) -> Result<()> {
        let Some(mut item) = self.attended(subject)? else {
            return Ok(());
        };
        item.state = ItemState::Resolved {
            how,
            by: by.to_owned(),
            at,
        };
        self.put_attention(item)
    }

    /// Resolves what waits of a job's reminders, also those of before a job had one item alone,
    /// each of whose subjects went on with its time.
    pub(crate) fn settle_reminders(&mut self, id: JobId, at: Timestamp) -> Result<()> {
        let subject = of_reminder(id);
        let subjects: Vec<String> = {
            let mut query = self.prepare(
                "SELECT subject FROM attention
                 WHERE resolved = 0 AND (subject = ?1 OR subject LIKE ?1 || ' %')",
            )?;
            let subjects = query.query_map([&subject], |row| row.get(0))?;
            subjects.collect::<rusqlite::Result<_>>()?
        };
        subjects
            .iter()
            .try_for_each(|own| self.settle_attention(own, Resolution::Gone, "", at))
    }

    /// Resolves the items that say that nobody answered in a turn: what came of it is told.
    pub(crate) fn settle_expired(&mut self, turn_id: TurnId, at: Timestamp) -> Result<()> {
        let approvals: Vec<String> = {
            let mut query = self.prepare(
                "SELECT subject FROM attention
                 WHERE resolved = 0 AND item ->> 'kind' = 'approval_expired'
                     AND item ->> 'turn_id' = ?1",
            )?;
            let subjects = query.query_map([turn_id.to_string()], |row| row.get(0))?;
            subjects.collect::<rusqlite::Result<_>>()?
        };
        approvals
            .iter()
            .try_for_each(|own| self.settle_attention(own, Resolution::Gone, "", at))
    }

    /// Resolves all that waits about a session that is being removed, and forgets what it said.
    pub(crate) fn forget_attention(&mut self, session_id: SessionId, at: Timestamp) -> Result<()> {
        let items: Vec<Item> = {
            let mut query = self.prepare(&items_where("session_id = ?1 AND resolved = 0"))?;
            let items = query.query_map([Key(session_id)], read)?;
            items.collect::<rusqlite::Result<_>>()?
        };
        for mut item in items {
            item.state = ItemState::Resolved {
                how: Resolution::Gone,
                by: String::new(),
                at,
            };
            item.title = "its session was removed".into();
            item.detail = String::new();
            item.session_id = None;
            self.put_attention(item)?;
        }
        Ok(())
    }

    /// Removes a bite of the items that were resolved before `before`; returns how many.
    pub fn prune_attention(&mut self, before: Timestamp) -> Result<u64> {
        let removed = self
            .prepare(
                "DELETE FROM attention WHERE number IN (
                     SELECT number FROM attention WHERE resolved = 1 AND at < ?1 LIMIT ?2)",
            )?
            .execute(params![Millis(before), crate::upkeep::BITE])?;
        Ok(removed as u64)
    }

    /// Returns whose an item is.
    fn owner_of_item(&self, item: &Item) -> Result<Option<UserId>> {
        let owner = self
            .prepare(&format!(
                "SELECT {OWNER_OF_ITEM} FROM (SELECT ?1 AS item, ?2 AS session_id) AS attention"
            ))?
            .query_row(params![Json(item), item.session_id.map(Key)], |row| {
                maybe_id(row, 0)
            })?;
        Ok(owner.or(item.user_id))
    }

    fn put_attention(&mut self, mut item: Item) -> Result<()> {
        item.user_id = self.owner_of_item(&item)?;
        let resolved = matches!(item.state, ItemState::Resolved { .. });
        let snoozed = matches!(item.state, ItemState::Snoozed { .. });
        let now = self.now();
        self.prepare(
            "UPDATE attention SET priority = ?2, resolved = ?3, snoozed = ?4, session_id = ?5,
                 deadline = ?6, wake_at = ?7, item = ?8
             WHERE id = ?1",
        )?
        .execute(params![
            Key(item.id),
            item.priority as u8,
            resolved,
            snoozed,
            item.session_id.map(Key),
            item.deadline.map(Millis),
            wake_at(&item, now).map(Millis),
            Json(&item),
        ])?;
        self.attention_changed(item)
    }

    fn attention_changed(&mut self, item: Item) -> Result<()> {
        let (at, session_id) = (self.now(), item.session_id);
        self.tell_about(at, session_id, News::AttentionChanged(Box::new(item)))
    }

    /// What an approval means for the list.
    pub(crate) fn attend_approval(&mut self, approval: &Approval, at: Timestamp) -> Result<()> {
        let subject = of_approval(approval.id);
        let item = |kind, priority, title: String, detail: String| Item {
            session_id: Some(approval.session_id),
            turn_id: Some(approval.turn_id),
            approval_id: Some(approval.id),
            ..plain(kind, priority, title, detail, at)
        };
        let title = match approval.inspection.title.as_str() {
            "" => approval.tool.clone(),
            title => title.to_owned(),
        };
        match &approval.state {
            ApprovalState::Pending => {
                let priority = match approval.danger {
                    Some(_) => Priority::Urgent,
                    None => Priority::High,
                };
                let mut asked = item(Kind::Approval, priority, title, approval.reason.clone());
                asked.deadline = Some(approval.expires_at);
                self.attend(&subject, asked)
            }
            ApprovalState::Allowed { decision } | ApprovalState::Denied { decision } => {
                self.settle_attention(&subject, Resolution::Answered, &decision.actor.peer, at)
            }
            ApprovalState::Cancelled { .. } => {
                self.settle_attention(&subject, Resolution::Gone, "", at)
            }
            ApprovalState::Expired { .. } => {
                self.settle_attention(&subject, Resolution::Gone, "", at)?;
                let detail = "nobody answered in time, so it was not run".to_owned();
                let expired = item(Kind::ApprovalExpired, Priority::Low, title, detail);
                self.attend(&format!("{subject} expired"), expired)
            }
        }
    }

    /// What a question of the agent means for the list.
    pub(crate) fn attend_question(&mut self, question: &Question, at: Timestamp) -> Result<()> {
        let subject = of_question(question.id);
        let item = |kind, priority, detail: String| Item {
            session_id: Some(question.session_id),
            turn_id: Some(question.turn_id),
            question_id: Some(question.id),
            ..plain(kind, priority, first_line(&question.text), detail, at)
        };
        match &question.state {
            QuestionState::Pending => {
                let mut asked = item(Kind::Question, Priority::High, answers(question));
                asked.deadline = question.expires_at;
                self.attend(&subject, asked)
            }
            QuestionState::Answered { given } => {
                self.settle_attention(&subject, Resolution::Answered, &given.actor.peer, at)
            }
            QuestionState::Dismissed { actor, .. } => {
                self.settle_attention(&subject, Resolution::Dismissed, &actor.peer, at)
            }
            QuestionState::Cancelled { .. } => {
                self.settle_attention(&subject, Resolution::Gone, "", at)
            }
            QuestionState::Expired { .. } => {
                self.settle_attention(&subject, Resolution::Gone, "", at)?;
                let detail = "nobody answered in time, so the agent went on without".to_owned();
                let expired = item(Kind::QuestionExpired, Priority::Low, detail);
                self.attend(&format!("{subject} expired"), expired)
            }
        }
    }

    /// Lets it wait that a budget is used up and a turn of a session goes no further. It stands in
    /// the place of what the end of that turn would say.
    pub fn attend_budget(
        &mut self,
        session_id: SessionId,
        title: String,
        detail: String,
        at: Timestamp,
    ) -> Result<()> {
        let item = Item {
            session_id: Some(session_id),
            ..plain(Kind::BudgetUsed, Priority::High, title, detail, at)
        };
        self.attend(&of_turns(session_id), item)
    }

    fn waits_for_budget(&self, subject: &str) -> Result<bool> {
        Ok(self
            .prepare(
                "SELECT EXISTS (SELECT 1 FROM attention WHERE subject = ?1 AND resolved = 0
                     AND item ->> 'kind' = 'budget_used')",
            )?
            .query_row([subject], |row| row.get(0))?)
    }

    /// What the state of a turn means for the list: one that failed waits until the next begins.
    pub(crate) fn attend_turn(&mut self, turn: &Turn, at: Timestamp) -> Result<()> {
        let subject = of_turns(turn.session_id);
        let (title, detail) = match &turn.state {
            TurnState::Finished { outcome } => match outcome {
                Outcome::Done | Outcome::Interrupted => return Ok(()),
                Outcome::CutOff => (
                    "a turn was cut off by the end of the daemon".to_owned(),
                    "continue it, or say something else".to_owned(),
                ),
                Outcome::Failed { .. } if self.waits_for_budget(&subject)? => return Ok(()),
                Outcome::Failed { message, hint } => (message.clone(), hint.clone()),
                Outcome::StepLimit { limit } => (
                    format!("a turn reached its limit of {limit} steps"),
                    "continue it, or say something else".to_owned(),
                ),
                Outcome::Loop { tool, times } => (
                    format!("a turn called `{tool}` {times} times with the same result"),
                    "continue it, or say something else".to_owned(),
                ),
            },
            _ => return Ok(()),
        };
        self.attend(
            &subject,
            Item {
                session_id: Some(turn.session_id),
                turn_id: Some(turn.id),
                ..plain(Kind::TurnFailed, Priority::Normal, title, detail, at)
            },
        )
    }
}

/// Returns the first line of a text that says something.
fn first_line(text: &str) -> String {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    let more = if lines.next().is_some() { " …" } else { "" };
    format!("{first}{more}")
}

/// Says in one line what can be answered.
fn answers(question: &Question) -> String {
    let mut answers: Vec<String> = question
        .choices
        .iter()
        .zip(1_u32..)
        .map(|(choice, number)| format!("{number} {}", choice.label))
        .collect();
    if question.free_text && !answers.is_empty() {
        answers.push("or your own words".into());
    }
    answers.join(" · ")
}

/// Returns an item about nothing in particular.
pub(crate) fn plain(
    kind: Kind,
    priority: Priority,
    title: String,
    detail: String,
    at: Timestamp,
) -> Item {
    Item {
        id: AttentionId::new(),
        kind,
        priority,
        title,
        detail,
        session_id: None,
        turn_id: None,
        approval_id: None,
        question_id: None,
        terminal_id: None,
        job_id: None,
        memory_ids: Vec::new(),
        user_id: None,
        peer: None,
        at,
        due_at: None,
        deadline: None,
        told: 1,
        places: vec![Place::Inbox],
        state: ItemState::Open,
    }
}

/// Returns when a person is told of an item again, if they are.
fn wake_at(item: &Item, now: Timestamp) -> Option<Timestamp> {
    match &item.state {
        ItemState::Resolved { .. } => None,
        ItemState::Snoozed { until } => Some(*until),
        ItemState::Open if item.kind == Kind::Reminder => {
            let again = item.priority.again_after_seconds()?;
            (item.places.len() < item.priority.most_told())
                .then(|| now.plus_millis(i64::from(again) * 1000))
        }
        ItemState::Open => None,
    }
}
