//! Terminals in the database: who owns them and where they stand.

use rusqlite::{OptionalExtension, params};
use smartopol_protocol::attention::{Item, Kind, Priority, Resolution};
use smartopol_protocol::terminal::{End, Size, Terminal, TerminalState};
use smartopol_protocol::{News, TerminalId, Timestamp};

use crate::attention::plain;
use crate::column::{Json, Key, Millis, json};
use crate::{Error, Reader, Result, Writer};

impl Reader<'_> {
    /// Returns all terminals, oldest first.
    pub fn terminals(&self) -> Result<Vec<Terminal>> {
        let mut query = self.prepare("SELECT body FROM terminals ORDER BY opened_at, id")?;
        let terminals = query.query_map((), |row| json(row, 0))?;
        Ok(terminals.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns one terminal.
    ///
    /// # Errors
    /// [`Error::NotFound`] without such a terminal.
    pub fn terminal(&self, id: TerminalId) -> Result<Terminal> {
        self.prepare("SELECT body FROM terminals WHERE id = ?1")?
            .query_row([Key(id)], |row| json(row, 0))
            .optional()?
            .ok_or_else(|| Error::not_found("terminal", id))
    }
}

impl Writer<'_> {
    /// Stores a terminal that was opened.
    pub fn add_terminal(&mut self, terminal: &Terminal) -> Result<()> {
        if let Some(session_id) = terminal.session_id {
            self.session_exists(session_id)?;
        }
        self.prepare(
            "INSERT INTO terminals (id, session_id, opened_at, body) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            Key(terminal.id),
            terminal.session_id.map(Key),
            Millis(terminal.opened_at),
            Json(terminal),
        ])?;
        let news = News::TerminalChanged(Box::new(terminal.clone()));
        self.tell_about(terminal.opened_at, terminal.session_id, news)
    }

    /// Changes a terminal and returns it as it is now; tells it where something changed.
    ///
    /// # Errors
    /// [`Error::NotFound`] without such a terminal.
    pub fn change_terminal(
        &mut self,
        id: TerminalId,
        at: Timestamp,
        change: impl FnOnce(&mut Terminal),
    ) -> Result<Terminal> {
        let before = self.terminal(id)?;
        let mut terminal = before.clone();
        change(&mut terminal);
        if terminal != before {
            self.write_body(&terminal)?;
            let news = News::TerminalChanged(Box::new(terminal.clone()));
            self.tell_about(at, terminal.session_id, news)?;
        }
        Ok(terminal)
    }

    /// Stores how a program ended; returns its terminal where it ran until now.
    pub fn end_terminal(
        &mut self,
        id: TerminalId,
        end: End,
        at: Timestamp,
    ) -> Result<Option<Terminal>> {
        if !self.terminal(id)?.runs() {
            return Ok(None);
        }
        let change = |terminal: &mut Terminal| {
            terminal.state = TerminalState::Ended { end };
            terminal.since = at;
        };
        self.change_terminal(id, at, change).map(Some)
    }

    /// Lets a failure wait for a person: `why` is how it ended.
    pub fn attend_terminal(
        &mut self,
        terminal: &Terminal,
        why: String,
        at: Timestamp,
    ) -> Result<()> {
        let title = format!("terminal ended: {}", terminal.title);
        let item = Item {
            session_id: terminal.session_id,
            terminal_id: Some(terminal.id),
            ..plain(Kind::TerminalEnded, Priority::Low, title, why, at)
        };
        self.attend(&terminal.id.to_string(), item)
    }

    /// Takes note of a terminal's size, which is told as passing news alone.
    pub fn size_terminal(&mut self, id: TerminalId, size: Size) -> Result<()> {
        let mut terminal = self.terminal(id)?;
        terminal.size = size;
        self.write_body(&terminal)
    }

    /// Removes a terminal.
    ///
    /// # Errors
    /// [`Error::NotFound`] without such a terminal.
    pub fn remove_terminal(&mut self, id: TerminalId, at: Timestamp) -> Result<()> {
        let terminal = self.terminal(id)?;
        self.prepare("DELETE FROM terminals WHERE id = ?1")?
            .execute([Key(id)])?;
        self.settle_attention(&id.to_string(), Resolution::Gone, "", at)?;
        self.tell_about(at, terminal.session_id, News::TerminalClosed(id))
    }

    fn write_body(&mut self, terminal: &Terminal) -> Result<()> {
        self.prepare("UPDATE terminals SET body = ?2 WHERE id = ?1")?
            .execute(params![Key(terminal.id), Json(terminal)])?;
        Ok(())
    }
}
