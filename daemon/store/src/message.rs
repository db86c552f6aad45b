//! Messages in the database: the transcript by position, the queue by arrival.
//!
//! Owns: that a message's place fits what stands before it (see [`crate::order`]), and that a
//! message sent twice is stored once.

mod finding;

use rusqlite::{OptionalExtension, Row, params};
use smartopol_protocol::message::{Message, Part, Role};
use smartopol_protocol::turn::Turn;
use smartopol_protocol::{MessageId, News, SessionId, Timestamp, TurnId};

use crate::column::{Json, Key, Millis, Word, id, json, maybe_id, time, word};
use crate::order::{Tail, form};
use crate::{Error, Reader, Result, Writer};

pub(crate) const COLUMNS: &str = "id, session_id, turn_id, position, role, parts, peer, interrupted, created_at, steer, acted_by";

/// The longest line that lists show of a message, in characters.
const LINE_MAX: usize = 120;

pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Message> {
    Ok(Message {
        id: id(row, 0)?,
        session_id: id(row, 1)?,
        turn_id: maybe_id(row, 2)?,
        position: row.get(3)?,
        role: word(row, 4)?,
        parts: json(row, 5)?,
        peer: row.get(6)?,
        by: row.get(10)?,
        interrupted: row.get(7)?,
        created_at: time(row, 8)?,
        steer: row.get(9)?,
    })
}

impl Reader<'_> {
    /// Returns who spoke in a turn, and when, oldest first.
    pub fn spoken_in(&self, turn_id: TurnId) -> Result<Vec<(Role, Timestamp)>> {
        let mut query = self.prepare(
            "SELECT role, created_at FROM messages WHERE turn_id = ?1 ORDER BY position",
        )?;
        let spoken = query.query_map([Key(turn_id)], |row| Ok((word(row, 0)?, time(row, 1)?)))?;
        Ok(spoken.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns the peers whose words are in a turn, each once.
    pub fn peers_in(&self, turn_id: TurnId) -> Result<Vec<String>> {
        let mut query = self.prepare(
            "SELECT DISTINCT peer FROM messages WHERE turn_id = ?1 AND peer IS NOT NULL",
        )?;
        let peers = query.query_map([Key(turn_id)], |row| row.get(0))?;
        Ok(peers.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns the peers who spoke in a session.
    pub fn peers_of(&self, session_id: SessionId) -> Result<Vec<String>> {
        let mut query = self.prepare(
            "SELECT DISTINCT peer FROM messages WHERE session_id = ?1 AND peer IS NOT NULL",
        )?;
        let peers = query.query_map([Key(session_id)], |row| row.get(0))?;
        Ok(peers.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns the message with this id.
    pub fn message(&self, id: MessageId) -> Result<Message> {
        self.message_if_any(id)?
            .ok_or_else(|| Error::not_found("message", id))
    }

    /// Returns true where there is a message with this id.
    pub(crate) fn has_message(&self, id: MessageId) -> Result<bool> {
        Ok(self
            .prepare("SELECT EXISTS (SELECT 1 FROM messages WHERE id = ?1)")?
            .query_row([Key(id)], |row| row.get(0))?)
    }

    fn message_if_any(&self, id: MessageId) -> Result<Option<Message>> {
        Ok(self
            .prepare(&format!("SELECT {COLUMNS} FROM messages WHERE id = ?1"))?
            .query_row([Key(id)], read)
            .optional()?)
    }

    /// Returns the newest `limit` messages before position `before`, oldest first, and whether
    /// there are older ones.
    pub fn transcript(
        &self,
        id: SessionId,
        before: Option<u64>,
        limit: u32,
    ) -> Result<(Vec<Message>, bool)> {
        let before = before.and_then(|before| i64::try_from(before).ok());
        let one_more = i64::from(limit) + 1;
        let mut query = self.prepare(&format!(
            "SELECT {COLUMNS} FROM messages WHERE session_id = ?1 AND position < ?2
             ORDER BY position DESC LIMIT ?3"
        ))?;
        let mut messages: Vec<Message> = query
            .query_map(params![Key(id), before.unwrap_or(i64::MAX), one_more], read)?
            .collect::<rusqlite::Result<_>>()?;
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = messages.len() > wanted;
        messages.truncate(wanted);
        messages.reverse();
        Ok((messages, more))
    }

    /// Returns the oldest `limit` messages after a position, oldest first.
    pub(crate) fn transcript_after(
        &self,
        id: SessionId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Message>> {
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let mut query = self.prepare(&format!(
            "SELECT {COLUMNS} FROM messages WHERE session_id = ?1 AND position > ?2
             ORDER BY position LIMIT ?3"
        ))?;
        let messages = query.query_map(params![Key(id), after, limit], read)?;
        Ok(messages.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns true where the transcript has a message before this position.
    pub(crate) fn has_before(&self, id: SessionId, position: u64) -> Result<bool> {
        let position = i64::try_from(position).unwrap_or(i64::MAX);
        Ok(self
            .prepare(
                "SELECT EXISTS (SELECT 1 FROM messages WHERE session_id = ?1 AND position < ?2)",
            )?
            .query_row(params![Key(id), position], |row| row.get(0))?)
    }

    /// Returns the messages that wait for their turn, in the order they came.
    pub fn queued(&self, id: SessionId) -> Result<Vec<Message>> {
        let mut query = self.prepare(&format!(
            "SELECT {COLUMNS} FROM messages WHERE session_id = ?1 AND position IS NULL
             ORDER BY number"
        ))?;
        let messages = query.query_map([Key(id)], read)?;
        Ok(messages.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns the sessions in which messages wait for their turn.
    pub fn sessions_with_queue(&self) -> Result<Vec<SessionId>> {
        let mut query =
            self.prepare("SELECT DISTINCT session_id FROM messages WHERE position IS NULL")?;
        let ids = query.query_map([], |row| Ok(row.get::<_, Key<SessionId>>(0)?.0))?;
        Ok(ids.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns how the transcript ends. Only the agent's words are looked into: a tool's can be
    /// long, and their kind says all.
    pub(crate) fn tail(&self, id: SessionId) -> Result<Tail> {
        let last = self
            .prepare(&format!(
                "SELECT {COLUMNS} FROM messages
                 WHERE session_id = ?1 AND position IS NOT NULL AND role <> 'system'
                 ORDER BY position DESC LIMIT 1"
            ))?
            .query_row([Key(id)], |row| match word(row, 4)? {
                Role::User => Ok(Tail::User),
                Role::Agent => Ok(Tail::of_agent(read(row)?.calls())),
                Role::Tool => Ok(Tail::Tool),
                Role::System => Ok(Tail::Empty),
            })
            .optional()?;
        Ok(last.unwrap_or_default())
    }

    fn next_position(&self, id: SessionId) -> Result<u64> {
        Ok(self.last_position(id)? + 1)
    }

    /// Returns the position of the newest message of the transcript; 0 where there is none.
    pub(crate) fn last_position(&self, id: SessionId) -> Result<u64> {
        let last: Option<u64> = self
            .prepare("SELECT max(position) FROM messages WHERE session_id = ?1")?
            .query_row([Key(id)], |row| row.get(0))?;
        Ok(last.unwrap_or(0))
    }
}

impl Writer<'_> {
    /// Stores a person's message that waits for its turn. A second one with the same id changes
    /// nothing and returns what is stored.
    pub fn queue_message(&mut self, message: Message) -> Result<Message> {
        if let Some(stored) = self.message_if_any(message.id)? {
            if stored.session_id != message.session_id {
                return Err(Error::Conflict(format!(
                    "message {} was sent in another session",
                    message.id
                )));
            }
            return Ok(stored);
        }
        if message.role != Role::User || message.position.is_some() || message.turn_id.is_some() {
            return Err(Error::Invalid(format!(
                "message {}: only a person's message without a turn can wait for one",
                message.id
            )));
        }
        form(&message)?; // Its place is checked when it gets one.
        self.bring_back(message.session_id)?;
        self.insert_message(&message)?;
        Ok(message)
    }

    /// Takes back a message that still waits for its turn.
    pub fn withdraw_message(&mut self, id: MessageId, at: Timestamp) -> Result<()> {
        let message = self.waiting(id, "taken back")?;
        self.prepare("DELETE FROM messages WHERE id = ?1")?
            .execute([Key(id)])?;
        self.count_messages(message.session_id, -1, at)?;
        self.run_withdrawn(id, at)?;
        self.tell(at, message.session_id, News::MessageWithdrawn(id))
    }

    /// Changes a message that still waits: what it says, whether it steers.
    pub fn edit_message(
        &mut self,
        id: MessageId,
        text: Option<String>,
        steer: Option<bool>,
        at: Timestamp,
    ) -> Result<Message> {
        let old = self.waiting(id, "changed")?;
        let mut message = old.clone();
        if let Some(text) = text {
            message.parts = vec![Part::Text { text }];
        }
        message.steer = steer.unwrap_or(message.steer);
        if message == old {
            return Ok(old);
        }
        self.rewrite(&message, at)?;
        Ok(message)
    }

    /// Adds the output to a person's command that waits for its place.
    pub fn finish_command(
        &mut self,
        id: MessageId,
        output: Part,
        at: Timestamp,
    ) -> Result<Message> {
        let mut message = self.message(id)?;
        message.parts.push(output);
        form(&message)?;
        self.rewrite(&message, at)?;
        Ok(message)
    }

    /// Gives a person's command its place at the end of the transcript; it belongs to no turn.
    pub fn place_command(&mut self, id: MessageId, at: Timestamp) -> Result<Message> {
        let session_id = self.message(id)?.session_id;
        let message = self.placeable(id, session_id)?;
        if !message.is_command() {
            return Err(Error::Invalid(format!(
                "message {id}: only a person's command gets a place without a turn"
            )));
        }
        self.place(message, None, at)
    }

    /// Lets a message that waits join a running turn, and returns it with its place.
    pub fn join_turn(&mut self, id: MessageId, turn: &Turn, at: Timestamp) -> Result<Message> {
        let message = self.placeable(id, turn.session_id)?;
        self.place(message, Some(turn.id), at)
    }

    /// Returns a message that can still be changed or taken back.
    fn waiting(&self, id: MessageId, done: &str) -> Result<Message> {
        let message = self.message(id)?;
        if message.position.is_some() {
            return Err(Error::Conflict(format!(
                "message {id} has begun its turn and can no longer be {done}"
            )));
        }
        if message.is_command() {
            return Err(Error::Conflict(format!(
                "message {id} is a command and cannot be {done}; it can only be stopped"
            )));
        }
        Ok(message)
    }

    /// Stores what a message says now that waits.
    fn rewrite(&mut self, message: &Message, at: Timestamp) -> Result<()> {
        self.prepare("UPDATE messages SET parts = ?2, line = ?3, steer = ?4 WHERE id = ?1")?
            .execute(params![
                Key(message.id),
                Json(&message.parts),
                line(message),
                message.steer,
            ])?;
        self.count_messages(message.session_id, 0, at)?;
        self.tell(
            at,
            message.session_id,
            News::MessageChanged(Box::new(message.clone())),
        )
    }

    /// Stores a message at the end of the transcript and returns it with its position.
    ///
    /// # Errors
    /// [`Error::Order`] where no provider would accept the transcript with it.
    pub fn add_message(&mut self, mut message: Message) -> Result<Message> {
        if self.message_if_any(message.id)?.is_some() {
            return Err(Error::Conflict(format!(
                "message {} is stored already",
                message.id
            )));
        }
        match message.turn_id {
            Some(turn) => self.turn_in(turn, message.session_id).map(drop)?,
            None if message.role == Role::System => {}
            None => {
                return Err(Error::Invalid(format!(
                    "message {}: it belongs to no turn",
                    message.id
                )));
            }
        }
        self.tail(message.session_id)?.then(&message)?;
        message.position = Some(self.next_position(message.session_id)?);
        self.insert_message(&message)?;
        if message.turn_id.is_none() {
            self.run_noticed(message.id, message.created_at)?;
        }
        Ok(message)
    }

    /// Returns a message that waits and may take its place now.
    pub(crate) fn placeable(&self, id: MessageId, session_id: SessionId) -> Result<Message> {
        let message = self.message(id)?;
        if message.session_id != session_id {
            return Err(Error::Conflict(format!(
                "message {id} was sent in another session"
            )));
        }
        if message.position.is_some() {
            return Err(Error::Conflict(format!(
                "message {id} has begun its turn already"
            )));
        }
        self.tail(session_id)?.then(&message)?;
        Ok(message)
    }

    /// Gives such a message its place at the end of the transcript.
    pub(crate) fn place(
        &mut self,
        mut message: Message,
        turn: Option<TurnId>,
        at: Timestamp,
    ) -> Result<Message> {
        let session_id = message.session_id;
        message.turn_id = turn;
        message.position = Some(self.next_position(session_id)?);
        message.steer = false;
        let number = self
            .prepare(
                "UPDATE messages SET turn_id = ?2, position = ?3, steer = 0 WHERE id = ?1
                 RETURNING number",
            )?
            .query_row(
                params![Key(message.id), turn.map(Key), message.position],
                |row| row.get(0),
            )?;
        self.index_message(number, &message)?;
        self.count_messages(session_id, 0, at)?;
        let news = News::MessageChanged(Box::new(message.clone()));
        self.tell(at, session_id, news)?;
        Ok(message)
    }

    /// Stores a message as it is, without telling of it, and returns its number. It is not in the
    /// index yet.
    pub(crate) fn write_message(&mut self, message: &Message) -> Result<i64> {
        self.prepare(&format!(
            "INSERT INTO messages ({COLUMNS}, line)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
        ))?
        .execute(params![
            Key(message.id),
            Key(message.session_id),
            message.turn_id.map(Key),
            message.position,
            Word(message.role),
            Json(&message.parts),
            message.peer,
            message.interrupted,
            Millis(message.created_at),
            message.steer,
            message.by,
            line(message),
        ])?;
        Ok(self.conn.last_insert_rowid())
    }

    fn insert_message(&mut self, message: &Message) -> Result<()> {
        self.session_exists(message.session_id)?;
        let number = self.write_message(message)?;
        if message.position.is_some() {
            self.index_message(number, message)?;
        }
        self.count_messages(message.session_id, 1, message.created_at)?;
        self.tell(
            message.created_at,
            message.session_id,
            News::MessageChanged(Box::new(message.clone())),
        )
    }
}

/// Returns the beginning of a message as one line for lists.
fn line(message: &Message) -> String {
    let text = match message.parts.first() {
        Some(Part::ToolCall { input, .. }) if message.is_command() => {
            let command = input.get("command").and_then(serde_json::Value::as_str);
            format!("! {}", command.unwrap_or_default())
        }
        _ => message.text(),
    };
    let mut line = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        if word.is_empty() {
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.len() > LINE_MAX * 4 {
            break;
        }
    }
    match line.char_indices().nth(LINE_MAX) {
        None => line,
        Some(_) => line.chars().take(LINE_MAX - 1).chain(['…']).collect(),
    }
}
