//! Tool calls in the database.

use rusqlite::{OptionalExtension, Row, params};
use smartopol_protocol::message::Message;
use smartopol_protocol::tool::{CallState, ToolCall};
use smartopol_protocol::{CallId, News, SessionId, TurnId};

use crate::column::{Json, Key, Millis, hex_list, id, json, maybe_id, maybe_time, time};
use crate::{Error, Reader, Result, Writer};

const COLUMNS: &str = "id, session_id, turn_id, name, input, inspection, state, asked_at, \
                       started_at, finished_at, trace_id";

fn read(row: &Row<'_>) -> rusqlite::Result<ToolCall> {
    Ok(ToolCall {
        id: id(row, 0)?,
        session_id: id(row, 1)?,
        turn_id: maybe_id(row, 2)?,
        name: row.get(3)?,
        input: json(row, 4)?,
        inspection: json(row, 5)?,
        state: json(row, 6)?,
        asked_at: time(row, 7)?,
        started_at: maybe_time(row, 8)?,
        finished_at: maybe_time(row, 9)?,
        trace_id: maybe_id(row, 10)?,
    })
}

impl Reader<'_> {
    /// Returns the tool call with this id.
    pub fn call(&self, id: CallId) -> Result<ToolCall> {
        self.call_if_any(id)?
            .ok_or_else(|| Error::not_found("tool call", id))
    }

    fn call_if_any(&self, id: CallId) -> Result<Option<ToolCall>> {
        Ok(self
            .prepare(&format!("SELECT {COLUMNS} FROM calls WHERE id = ?1"))?
            .query_row([Key(id)], read)
            .optional()?)
    }

    /// Returns the tool calls that these messages make, oldest first.
    pub fn calls_of(&self, messages: &[Message]) -> Result<Vec<ToolCall>> {
        let mut query = self.prepare(&format!(
            "SELECT {COLUMNS} FROM calls
             WHERE id IN (SELECT unhex(value) FROM json_each(?1)) ORDER BY number"
        ))?;
        let ids = hex_list(messages.iter().flat_map(Message::calls));
        let calls = query.query_map([ids], read)?;
        Ok(calls.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns the commands that a person runs in a session, oldest first.
    pub fn running_commands(&self, session_id: SessionId) -> Result<Vec<ToolCall>> {
        let mut query = self.prepare(&format!(
            "SELECT {COLUMNS} FROM calls
             WHERE session_id = ?1 AND turn_id IS NULL AND finished_at IS NULL ORDER BY number"
        ))?;
        let calls = query.query_map([Key(session_id)], read)?;
        Ok(calls.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns the tool calls of a turn, oldest first.
    pub fn calls_of_turn(&self, turn_id: TurnId) -> Result<Vec<ToolCall>> {
        let mut query = self.prepare(&format!(
            "SELECT {COLUMNS} FROM calls WHERE turn_id = ?1 ORDER BY number"
        ))?;
        let calls = query.query_map([Key(turn_id)], read)?;
        Ok(calls.collect::<rusqlite::Result<_>>()?)
    }

    /// Gives the tool calls of a session one by one, oldest first, while `take` wants more: all of
    /// them together may be large.
    pub fn each_call_of(
        &self,
        session_id: SessionId,
        mut take: impl FnMut(ToolCall) -> bool,
    ) -> Result<()> {
        let mut query = self.prepare(&format!(
            "SELECT {COLUMNS} FROM calls WHERE session_id = ?1 ORDER BY number"
        ))?;
        for call in query.query_map([Key(session_id)], read)? {
            if !take(call?) {
                break;
            }
        }
        Ok(())
    }
}

impl Writer<'_> {
    /// Stores a tool call, or where it stands now.
    ///
    /// # Errors
    /// [`Error::Conflict`] where it was answered already and would be open again.
    pub fn put_call(&mut self, call: &ToolCall) -> Result<()> {
        match call.turn_id {
            Some(turn) => self.turn_in(turn, call.session_id).map(drop)?,
            None => self.session_exists(call.session_id)?,
        }
        if let Some(old) = self.call_if_any(call.id)? {
            if old == *call {
                return Ok(());
            }
            if (old.session_id, old.turn_id) != (call.session_id, call.turn_id) {
                return Err(Error::Conflict(format!(
                    "tool call {} belongs to another turn",
                    call.id
                )));
            }
            if is_finished(&old) && !is_finished(call) {
                return Err(Error::Conflict(format!(
                    "tool call {} is answered",
                    call.id
                )));
            }
        }
        self.write_call(call)?;
        let at = call
            .finished_at
            .or(call.started_at)
            .unwrap_or(call.asked_at);
        self.tell(
            at,
            call.session_id,
            News::CallChanged(Box::new(call.clone())),
        )
    }

    /// Stores a call of a transcript that was copied; its trace stays that of the first.
    pub(crate) fn copy_call(&mut self, call: &ToolCall) -> Result<()> {
        self.write_call(call)?;
        self.prepare("UPDATE calls SET copied = 1 WHERE id = ?1")?
            .execute([Key(call.id)])?;
        Ok(())
    }

    fn write_call(&mut self, call: &ToolCall) -> Result<()> {
        self.prepare(&format!(
            "INSERT INTO calls ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
             ON CONFLICT (id) DO UPDATE SET name = ?4, input = ?5, inspection = ?6, state = ?7,
                 asked_at = ?8, started_at = ?9, finished_at = ?10, trace_id = ?11"
        ))?
        .execute(params![
            Key(call.id),
            Key(call.session_id),
            call.turn_id.map(Key),
            call.name,
            Json(&call.input),
            Json(&call.inspection),
            Json(&call.state),
            Millis(call.asked_at),
            call.started_at.map(Millis),
            call.finished_at.map(Millis),
            call.trace_id.map(Key),
        ])?;
        Ok(())
    }
}

const fn is_finished(call: &ToolCall) -> bool {
    matches!(call.state, CallState::Finished { .. })
}
