//! What of models was used, in whose name.
//!
//! Owns: that every step of a turn is counted once, in the transaction that stores it.

use rusqlite::{OptionalExtension, params};
use smartopol_protocol::model::Usage;
use smartopol_protocol::turn::Turn;
use smartopol_protocol::user::Spent;
use smartopol_protocol::{JobId, SessionId, Timestamp, UserId};

use crate::column::{Key, Millis, time};
use crate::{Reader, Result, Writer};

/// How long a row is: days of all time zones begin with one.
const QUARTER_MS: i64 = 15 * 60 * 1000;

/// What a message of a job's begins its peer with.
const JOB: &str = "job:";

/// Whose use is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Everybody's.
    All,
    /// A user's.
    User(UserId),
    /// A session's.
    Session(SessionId),
    /// A job's.
    Job(JobId),
}

impl Reader<'_> {
    /// Returns what a user used since a moment, quarter of an hour by quarter of an hour, the
    /// oldest first; those without use are left out.
    pub fn spent_by_quarter(
        &self,
        user: UserId,
        since: Timestamp,
    ) -> Result<Vec<(Timestamp, Spent)>> {
        let mut query = self.prepare(
            "SELECT at, sum(calls), sum(tokens), sum(cost) FROM spend
             WHERE user_id = ?1 AND at >= ?2 GROUP BY at ORDER BY at",
        )?;
        let found = query.query_map(params![Key(user), Millis(quarter(since))], |row| {
            let spent = Spent {
                calls: row.get(1)?,
                tokens: row.get(2)?,
                cost_micros: row.get(3)?,
            };
            Ok((time(row, 0)?, spent))
        })?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns what was used since a moment, which is rounded down to a quarter of an hour.
    pub fn spent(&self, of: Of, since: Timestamp) -> Result<Spent> {
        let (which, key) = match of {
            Of::All => ("", None),
            Of::User(id) => (" AND user_id = ?2", Some(id.as_bytes().to_vec())),
            Of::Session(id) => (" AND session_id = ?2", Some(id.as_bytes().to_vec())),
            Of::Job(id) => (
                " AND job_id = ?2 AND job_id <> x''",
                Some(id.as_bytes().to_vec()),
            ),
        };
        let mut query = self.prepare(&format!(
            "SELECT coalesce(sum(calls), 0), coalesce(sum(tokens), 0), coalesce(sum(cost), 0)
             FROM spend WHERE at >= ?1{which}"
        ))?;
        let read = |row: &rusqlite::Row<'_>| {
            Ok(Spent {
                calls: row.get(0)?,
                tokens: row.get(1)?,
                cost_micros: row.get(2)?,
            })
        };
        let since = Millis(quarter(since));
        Ok(match key {
            None => query.query_row(params![since], read)?,
            Some(key) => query.query_row(params![since, key], read)?,
        })
    }
}

impl Writer<'_> {
    /// Counts what a turn used beyond what was stored of it.
    pub(crate) fn spend(&mut self, turn: &Turn, was: Usage, at: Timestamp) -> Result<()> {
        let tokens = tokens(turn.usage).saturating_sub(tokens(was));
        let money = |usage: Usage| usage.cost_micros.unwrap_or(0);
        let cost = money(turn.usage).saturating_sub(money(was));
        if tokens == 0 && cost == 0 {
            return Ok(());
        }
        let user: Option<Vec<u8>> = self
            .prepare("SELECT user_id FROM sessions WHERE id = ?1")?
            .query_row([Key(turn.session_id)], |row| row.get(0))
            .optional()?
            .flatten();
        let job = match turn.message_id {
            Some(id) => self.message(id).ok().and_then(|message| message.peer),
            None => None,
        };
        let job = job
            .as_deref()
            .and_then(|peer| peer.strip_prefix(JOB))
            .and_then(|id| id.parse::<JobId>().ok())
            .map(|id| id.as_bytes().to_vec());
        self.prepare(
            "INSERT INTO spend (at, user_id, session_id, job_id, model, calls, tokens, cost)
             VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, ?7)
             ON CONFLICT DO UPDATE SET calls = calls + 1, tokens = tokens + excluded.tokens,
                 cost = cost + excluded.cost",
        )?
        .execute(params![
            Millis(quarter(at)),
            user.unwrap_or_default(),
            Key(turn.session_id),
            job.unwrap_or_default(),
            format!("{}/{}", turn.provider, turn.model),
            tokens,
            cost,
        ])?;
        Ok(())
    }
}

/// Returns the tokens that count: what was read outside of the cache, and what was written.
fn tokens(usage: Usage) -> u64 {
    usage
        .input
        .saturating_sub(usage.cache_read)
        .saturating_add(usage.output)
}

fn quarter(at: Timestamp) -> Timestamp {
    let millis = at.as_millis();
    Timestamp::from_millis(millis - millis.rem_euclid(QUARTER_MS))
}
