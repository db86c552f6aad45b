//! The frame: a kind, a length, a payload.
//!
//! Owns how a frame is written. How one is read is the decoder's.

use bytes::{BufMut, Bytes};
use serde::Serialize;
use smartopol_protocol::envelope::MAX_FRAME;
use smartopol_protocol::terminal::Piece;
use smartopol_protocol::{Envelope, Fault, TerminalId};

use crate::Error;

/// The kind of a frame that carries one JSON message.
pub const MESSAGE: u8 = 1;

/// The kind of a frame that carries bytes of a terminal, from the daemon to a client.
pub const TERMINAL: u8 = 2;

/// How many bytes stand before the payload: the kind, and the length as a big-endian `u32`.
pub const HEADER: usize = 5;

/// Writes a message as a whole frame. Copies of the result share its bytes, so what goes to many
/// clients is written once.
///
/// # Errors
/// Where the message is too large for a frame.
pub fn encode(message: &Envelope) -> Result<Bytes, Error> {
    frame(message)
}

/// Writes what stands before so many bytes of a terminal; the bytes follow as they are, so what
/// goes to many clients is kept once.
///
/// # Errors
/// Where the bytes are too many for a frame.
pub fn terminal_head(
    id: TerminalId,
    piece: Piece,
    offset: u64,
    bytes: usize,
) -> Result<Bytes, Error> {
    let length = bytes.saturating_add(Piece::HEAD);
    let known = u32::try_from(length).ok().filter(|_| length <= MAX_FRAME);
    let known = known.ok_or(Error::TooLarge { bytes: length })?;
    let mut head = Vec::with_capacity(HEADER + Piece::HEAD);
    head.put_u8(TERMINAL);
    head.put_u32(known);
    head.put_slice(&piece.head(id, offset));
    Ok(head.into())
}

/// Writes anything that has the JSON of an envelope.
pub(crate) fn frame(message: &impl Serialize) -> Result<Bytes, Error> {
    let mut bytes = Vec::with_capacity(512);
    bytes.put_u8(MESSAGE);
    bytes.put_u32(0);
    serde_json::to_writer(&mut bytes, message).map_err(Error::Unwritable)?;
    let length = bytes.len().saturating_sub(HEADER);
    let known = u32::try_from(length).ok().filter(|_| length <= MAX_FRAME);
    let Some(known) = known else {
        return Err(Error::TooLarge { bytes: length });
    };
    if let Some(place) = bytes.get_mut(1..HEADER) {
        place.copy_from_slice(&known.to_be_bytes());
    }
    Ok(bytes.into())
}

/// Returns a message that says no, as a frame. A fault has nothing that could fail to be written
/// but a text without measure, which is cut.
pub(crate) fn refusal(id: u64, fault: &Fault) -> Bytes {
    #[derive(Serialize)]
    #[serde(tag = "type", rename = "reply")]
    struct Refusal<'a> {
        id: u64,
        fault: &'a Fault,
    }
    frame(&Refusal { id, fault }).unwrap_or_else(|_| {
        let cut = Fault::new(fault.code, "the reason is too long to be told");
        frame(&Refusal { id, fault: &cut }).unwrap_or_default()
    })
}
