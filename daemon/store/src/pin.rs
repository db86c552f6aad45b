//! Pins in the database: what no summary may change.
//!
//! Owns: how many a session may have and how long they are, and that an agent takes off only what
//! an agent pinned.

use rusqlite::{OptionalExtension, Row, params};
use smartopol_protocol::compaction::{MAX_PIN_BYTES, MAX_PINS, Pin, PinKind};
use smartopol_protocol::terminal::Party;
use smartopol_protocol::{News, PinId, SessionId, Timestamp};

use crate::column::{Key, Millis, Word, id, maybe_time, time, word};
use crate::{Error, Reader, Result, Writer};

const COLUMNS: &str = "id, session_id, kind, text, by, created_at, removed_at";

fn read(row: &Row<'_>) -> rusqlite::Result<Pin> {
    Ok(Pin {
        id: id(row, 0)?,
        session_id: id(row, 1)?,
        kind: word(row, 2)?,
        text: row.get(3)?,
        by: word(row, 4)?,
        created_at: time(row, 5)?,
        removed_at: maybe_time(row, 6)?,
    })
}

impl Reader<'_> {
    /// Returns the pins that hold in a session, oldest first.
    pub fn pins(&self, id: SessionId) -> Result<Vec<Pin>> {
        let mut pins = self.all_pins(id)?;
        pins.retain(|pin| pin.removed_at.is_none());
        Ok(pins)
    }

    /// Returns all pins of a session, also those taken off, oldest first.
    pub fn all_pins(&self, id: SessionId) -> Result<Vec<Pin>> {
        let mut query = self.prepare(&format!(
            "SELECT {COLUMNS} FROM pins WHERE session_id = ?1 ORDER BY number"
        ))?;
        let pins = query.query_map([Key(id)], read)?;
        Ok(pins.collect::<rusqlite::Result<_>>()?)
    }
}

impl Writer<'_> {
    /// Pins a text in a session. One that is pinned already is returned as it is.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a text that is empty or too long, or a kind that nobody can pin;
    /// [`Error::Conflict`] where there are too many.
    pub fn add_pin(
        &mut self,
        session_id: SessionId,
        (kind, text): (PinKind, &str),
        by: Party,
        at: Timestamp,
    ) -> Result<Pin> {
        self.session_exists(session_id)?;
        let text = text.trim();
        if !PinKind::PINNABLE.contains(&kind) {
            let kinds = PinKind::PINNABLE.map(PinKind::name).join(", ");
            return Err(Error::Invalid(format!(
                "`kind` is `{}`; what can be pinned is one of: {kinds}",
                kind.name()
            )));
        }
        if text.is_empty() || text.len() > MAX_PIN_BYTES {
            return Err(Error::Invalid(format!(
                "`text` of a pin has {} bytes; it needs 1 to {MAX_PIN_BYTES}",
                text.len()
            )));
        }
        let pins = self.pins(session_id)?;
        if let Some(same) = pins.iter().find(|pin| pin.kind == kind && pin.text == text) {
            return Ok(same.clone());
        }
        if pins.len() >= MAX_PINS {
            return Err(Error::Conflict(format!(
                "the session has {MAX_PINS} pins, which is the most: take one off first"
            )));
        }
        let pin = Pin {
            id: PinId::new(),
            session_id,
            kind,
            text: text.into(),
            by,
            created_at: at,
            removed_at: None,
        };
        self.write_pin(&pin)?;
        self.tell(at, session_id, News::PinChanged(Box::new(pin.clone())))?;
        Ok(pin)
    }

    /// Takes a pin off and returns it; one that is off already stays as it is.
    ///
    /// # Errors
    /// [`Error::NotFound`] where the session has no such pin; [`Error::Conflict`] where an agent
    /// would take off what a person pinned.
    pub fn remove_pin(
        &mut self,
        session_id: SessionId,
        pin_id: PinId,
        by: Party,
        at: Timestamp,
    ) -> Result<Pin> {
        let mut pin = self
            .prepare(&format!(
                "SELECT {COLUMNS} FROM pins WHERE id = ?1 AND session_id = ?2"
            ))?
            .query_row(params![Key(pin_id), Key(session_id)], read)
            .optional()?
            .ok_or_else(|| Error::not_found("pin", pin_id))?;
        if pin.removed_at.is_some() {
            return Ok(pin);
        }
        if (pin.by, by) == (Party::Person, Party::Agent) {
            return Err(Error::Conflict(
                "a person pinned it, and only a person takes it off".into(),
            ));
        }
        pin.removed_at = Some(at);
        self.prepare("UPDATE pins SET removed_at = ?2 WHERE id = ?1")?
            .execute(params![Key(pin_id), Millis(at)])?;
        self.tell(at, session_id, News::PinChanged(Box::new(pin.clone())))?;
        Ok(pin)
    }

    /// Gives a fork the pins of its first.
    pub(crate) fn copy_pins(&mut self, from: SessionId, into: SessionId) -> Result<()> {
        for mut pin in self.all_pins(from)? {
            pin.id = PinId::new();
            pin.session_id = into;
            self.write_pin(&pin)?;
        }
        Ok(())
    }

    fn write_pin(&mut self, pin: &Pin) -> Result<()> {
        self.prepare(&format!(
            "INSERT INTO pins ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
        ))?
        .execute(params![
            Key(pin.id),
            Key(pin.session_id),
            Word(pin.kind),
            pin.text,
            Word(pin.by),
            Millis(pin.created_at),
            pin.removed_at.map(Millis),
        ])?;
        Ok(())
    }
}
