//! Turns in the database.
//!
//! Owns: that a session has one turn at a time, that a finished one stays as it is, and what the
//! session's row says of them.

use rusqlite::{OptionalExtension, Row, params};
use smartopol_protocol::attention::Resolution;
use smartopol_protocol::message::Message;
use smartopol_protocol::model::Usage;
use smartopol_protocol::session::SessionState;
use smartopol_protocol::turn::{Turn, TurnState};
use smartopol_protocol::{MessageId, News, SessionId, Timestamp, TurnId};

use crate::attention::of_turns;
use crate::column::{Json, Key, Millis, hex_list, id, json, maybe_id, maybe_time, time};
use crate::{Error, Reader, Result, Writer};

const COLUMNS: &str = "id, session_id, message_id, state, steps, usage, provider, model, \
                       started_at, finished_at, carried";

fn read(row: &Row<'_>) -> rusqlite::Result<Turn> {
    Ok(Turn {
        id: id(row, 0)?,
        session_id: id(row, 1)?,
        message_id: maybe_id(row, 2)?,
        state: json(row, 3)?,
        steps: row.get(4)?,
        usage: json(row, 5)?,
        carried: json(row, 10)?,
        provider: row.get(6)?,
        model: row.get(7)?,
        started_at: time(row, 8)?,
        finished_at: maybe_time(row, 9)?,
    })
}

impl Reader<'_> {
    /// Returns the turn with this id.
    pub fn turn(&self, id: TurnId) -> Result<Turn> {
        self.prepare(&format!("SELECT {COLUMNS} FROM turns WHERE id = ?1"))?
            .query_row([Key(id)], read)
            .optional()?
            .ok_or_else(|| Error::not_found("turn", id))
    }

    /// Returns the turns with these ids, oldest first; unknown ids are left out.
    pub fn turns(&self, ids: impl IntoIterator<Item = TurnId>) -> Result<Vec<Turn>> {
        let mut query = self.prepare(&format!(
            "SELECT {COLUMNS} FROM turns
             WHERE id IN (SELECT unhex(value) FROM json_each(?1)) ORDER BY number"
        ))?;
        let turns = query.query_map([hex_list(ids.into_iter())], read)?;
        Ok(turns.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns the turns that these messages belong to, oldest first.
    pub fn turns_of(&self, messages: &[Message]) -> Result<Vec<Turn>> {
        let mut ids: Vec<TurnId> = messages
            .iter()
            .filter_map(|message| message.turn_id)
            .collect();
        ids.dedup();
        self.turns(ids)
    }

    /// Returns all turns that are not over, oldest first.
    pub fn unfinished_turns(&self) -> Result<Vec<Turn>> {
        let mut query = self.prepare(&format!(
            "SELECT {COLUMNS} FROM turns INDEXED BY turns_unfinished WHERE finished = 0
             ORDER BY number"
        ))?;
        let turns = query.query_map((), read)?;
        Ok(turns.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns true while a model is asked or a tool runs, for anybody.
    pub fn is_busy(&self) -> Result<bool> {
        Ok(self
            .prepare(
                "SELECT EXISTS (SELECT 1 FROM turns INDEXED BY turns_unfinished
                     WHERE finished = 0 AND state ->> 'state' = 'running')",
            )?
            .query_row((), |row| row.get(0))?)
    }

    /// Returns the turn of a session that is not over.
    pub fn unfinished_turn(&self, session_id: SessionId) -> Result<Option<Turn>> {
        Ok(self
            .prepare(&format!(
                "SELECT {COLUMNS} FROM turns WHERE session_id = ?1 AND finished = 0"
            ))?
            .query_row([Key(session_id)], read)
            .optional()?)
    }

    /// Returns the newest turn of a session.
    pub fn last_turn(&self, session_id: SessionId) -> Result<Option<Turn>> {
        Ok(self
            .prepare(&format!(
                "SELECT {COLUMNS} FROM turns WHERE session_id = ?1 ORDER BY number DESC LIMIT 1"
            ))?
            .query_row([Key(session_id)], read)
            .optional()?)
    }

    /// Returns a turn that must belong to this session.
    pub(crate) fn turn_in(&self, id: TurnId, session_id: SessionId) -> Result<Turn> {
        let turn = self.turn(id)?;
        if turn.session_id == session_id {
            Ok(turn)
        } else {
            Err(Error::Conflict(format!(
                "turn {id} belongs to another session"
            )))
        }
    }
}

impl Writer<'_> {
    /// Begins a turn. A message that waited gets its place in the transcript, and is returned.
    ///
    /// # Errors
    /// [`Error::Conflict`] while another turn of the session is not over.
    pub fn begin_turn(
        &mut self,
        mut turn: Turn,
        message: Option<MessageId>,
    ) -> Result<(Turn, Option<Message>)> {
        let session = self.session(turn.session_id)?;
        if let Some(other) = self.unfinished_turn(session.id)? {
            return Err(Error::Conflict(format!(
                "turn {} of session `{}` still runs",
                other.id, session.name
            )));
        }
        if is_finished(&turn) {
            return Err(Error::Invalid(format!(
                "turn {} would be over before it began",
                turn.id
            )));
        }
        let message = message
            .map(|id| self.placeable(id, session.id))
            .transpose()?;
        turn.message_id = message.as_ref().map(|message| message.id);
        self.write_turn(&turn)?;
        let message = message
            .map(|message| self.place(message, Some(turn.id), turn.started_at))
            .transpose()?;
        self.run_begun(&turn)?;
        let failed = of_turns(turn.session_id);
        self.settle_attention(&failed, Resolution::Gone, "", turn.started_at)?;
        self.turn_changed(&turn, Usage::default(), turn.started_at)?;
        Ok((turn, message))
    }

    /// Stores a turn as it is, without telling of it.
    pub(crate) fn write_turn(&mut self, turn: &Turn) -> Result<()> {
        self.prepare(&format!(
            "INSERT INTO turns ({COLUMNS}, finished)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
        ))?
        .execute(params![
            Key(turn.id),
            Key(turn.session_id),
            turn.message_id.map(Key),
            Json(&turn.state),
            turn.steps,
            Json(&turn.usage),
            turn.provider,
            turn.model,
            Millis(turn.started_at),
            turn.finished_at.map(Millis),
            Json(&turn.carried),
            is_finished(turn),
        ])?;
        Ok(())
    }

    /// Stores where a turn stands now.
    ///
    /// # Errors
    /// [`Error::Conflict`] where it is over already and something else is said of it;
    /// [`Error::Order`] where it would end while a tool call of it has no output.
    pub fn put_turn(&mut self, turn: &Turn) -> Result<()> {
        let old = self.turn_in(turn.id, turn.session_id)?;
        if old == *turn {
            return Ok(());
        }
        if is_finished(&old) {
            return Err(Error::Conflict(format!("turn {} is over", turn.id)));
        }
        if is_finished(turn) {
            self.tail(turn.session_id)?.settled(turn.id)?;
        }
        self.prepare(
            "UPDATE turns SET state = ?2, steps = ?3, usage = ?4, provider = ?5, model = ?6,
                 finished_at = ?7, finished = ?8, carried = ?9
             WHERE id = ?1",
        )?
        .execute(params![
            Key(turn.id),
            Json(&turn.state),
            turn.steps,
            Json(&turn.usage),
            turn.provider,
            turn.model,
            turn.finished_at.map(Millis),
            is_finished(turn),
            Json(&turn.carried),
        ])?;
        let at = turn.finished_at.unwrap_or(self.now());
        // A failed run is told with its job.
        if !self.run_over(turn, at)? {
            self.attend_turn(turn, at)?;
        }
        self.spend(turn, old.usage, at)?;
        self.turn_changed(turn, old.usage, at)
    }

    fn turn_changed(&mut self, turn: &Turn, was: Usage, at: Timestamp) -> Result<()> {
        let usage = replace(self.session(turn.session_id)?.usage, was, turn.usage);
        self.stand(turn.session_id, &standing(&turn.state), usage, at)?;
        self.tell(
            at,
            turn.session_id,
            News::TurnChanged(Box::new(turn.clone())),
        )
    }
}

/// Returns where a session stands whose newest turn stands here.
pub(crate) fn standing(state: &TurnState) -> SessionState {
    match state {
        TurnState::Running => SessionState::Running,
        TurnState::Waiting => SessionState::Waiting,
        TurnState::Finished { outcome } => SessionState::Idle {
            last: Some(outcome.clone()),
        },
    }
}

const fn is_finished(turn: &Turn) -> bool {
    matches!(turn.state, TurnState::Finished { .. })
}

/// Returns `total` with one of its addends replaced.
fn replace(total: Usage, old: Usage, new: Usage) -> Usage {
    let counts = |total: u64, old: u64, new: u64| total.saturating_sub(old).saturating_add(new);
    Usage {
        input: counts(total.input, old.input, new.input),
        cache_read: counts(total.cache_read, old.cache_read, new.cache_read),
        cache_write: counts(total.cache_write, old.cache_write, new.cache_write),
        output: counts(total.output, old.output, new.output),
        cost_micros: match (total.cost_micros, old.cost_micros, new.cost_micros) {
            (total, None, None) => total,
            (total, old, new) => Some(counts(
                total.unwrap_or(0),
                old.unwrap_or(0),
                new.unwrap_or(0),
            )),
        },
    }
}
