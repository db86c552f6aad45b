//! What the daemon and a holder say to each other: a kind, a length, a payload.
//!
//! Owns how it is written and read. Does no I/O.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use smartopol_protocol::terminal::{End, Party, Size};

/// How many bytes stand before a payload.
const HEAD: usize = 5;

/// The longest payload: more is the word of a stranger.
const MOST: usize = 1 << 20;

/// How many bytes of output one message carries at most.
pub(crate) const PIECE: usize = 128 * 1024;

/// What the daemon says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Say {
    /// The first word: the terminal's secret, and the number of the byte to begin with.
    Hello { secret: String, from: u64 },
    /// Type this.
    Input(Bytes),
    /// Type this, the answer to what the program asked before the byte of this number; only where
    /// no answer to that or to later output was given.
    Answer { offset: u64, bytes: Bytes },
    /// Change the size.
    Resize(Size),
    /// Send a signal to the program in the foreground.
    Signal(i32),
    /// What came before this byte is not needed any more.
    Kept(u64),
    /// End the program and all that came from it.
    Kill,
    /// Type this, and tell it back among what others typed.
    Keys(Bytes),
    /// This party types from now on; answered with [`Hear::Handed`] of the same number, or of a
    /// later one.
    Typist { number: u32, typist: Party },
    /// Let the client of this number in that says this ticket, and let it type or not. Without a
    /// ticket only the latter is new.
    Admit {
        client: u64,
        types: bool,
        ticket: String,
    },
    /// Let the client of this number in no more, and send it out.
    Dismiss(u64),
    /// What is shown is in the file of the present: begin with that.
    Begin,
}

/// What a holder says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Hear {
    /// What the program wrote, from the byte of this number on.
    Output { offset: u64, bytes: Bytes },
    /// Whether the program let go of the terminal.
    Closed(bool),
    /// The spool cannot be written, and the system says why; 0 where it can again.
    Trouble(i32),
    /// So many bytes of input were taken by the terminal since the holder began.
    Typed(u64),
    /// The program ended; this is the number of bytes it wrote.
    Ended { offset: u64, end: End },
    /// This was typed: by one who was let in, or as [`Say::Keys`].
    Keyed(Bytes),
    /// What the program asked before this byte was answered, or is worth no answer any more; the
    /// first word.
    Answered(u64),
    /// All that was typed before the [`Say::Typist`] of this number was told.
    Handed(u32),
}

impl Hear {
    /// Writes an [`Hear::Keyed`] of borrowed bytes behind what is in `out`.
    pub(crate) fn keyed(bytes: &[u8], out: &mut Vec<u8>) {
        framed(6, out, |out| out.put_slice(bytes));
    }

    /// Writes an [`Hear::Output`] of borrowed bytes behind what is in `out`.
    pub(crate) fn output(offset: u64, bytes: &[u8], out: &mut Vec<u8>) {
        framed(1, out, |out| {
            out.put_u64(offset);
            out.put_slice(bytes);
        });
    }
}

/// A message that cannot be understood.
#[derive(Debug)]
pub(crate) struct Garbled;

/// Something that travels.
pub(crate) trait Word: Sized {
    /// Writes it behind what is in `out`.
    fn write(&self, out: &mut Vec<u8>);
    /// Reads the payload of this kind.
    fn read(kind: u8, payload: Bytes) -> Option<Self>;
}

/// Takes the next message out of `bytes`; `None` where more must be read first.
pub(crate) fn next<T: Word>(bytes: &mut BytesMut) -> Result<Option<T>, Garbled> {
    let Some((head, _)) = bytes.split_first_chunk::<HEAD>() else {
        return Ok(None);
    };
    let [kind, length @ ..] = *head;
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > MOST {
        return Err(Garbled);
    }
    if bytes.len() < HEAD + length {
        bytes.reserve(HEAD + length - bytes.len());
        return Ok(None);
    }
    bytes.advance(HEAD);
    let payload = bytes.split_to(length).freeze();
    T::read(kind, payload).map(Some).ok_or(Garbled)
}

/// Writes a message with its head.
fn framed(kind: u8, out: &mut Vec<u8>, payload: impl FnOnce(&mut Vec<u8>)) {
    out.put_u8(kind);
    let place = out.len();
    out.put_u32(0);
    let begin = out.len();
    payload(out);
    let length = u32::try_from(out.len() - begin).unwrap_or(u32::MAX);
    if let Some(head) = out.get_mut(place..begin) {
        head.copy_from_slice(&length.to_be_bytes());
    }
}

const fn party(party: Party) -> u8 {
    match party {
        Party::Agent => 0,
        Party::Person => 1,
    }
}

fn known_party(payload: &Bytes) -> Option<Party> {
    match payload[..] {
        [0] => Some(Party::Agent),
        [1] => Some(Party::Person),
        _ => None,
    }
}

fn number(payload: &mut Bytes) -> Option<u64> {
    (payload.len() >= 8).then(|| payload.get_u64())
}

impl Word for Say {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Hello { secret, from } => framed(1, out, |out| {
                out.put_u64(*from);
                out.put_slice(secret.as_bytes());
            }),
            Self::Input(bytes) => framed(2, out, |out| out.put_slice(bytes)),
            Self::Answer { offset, bytes } => framed(3, out, |out| {
                out.put_u64(*offset);
                out.put_slice(bytes);
            }),
            Self::Resize(size) => framed(4, out, |out| {
                out.put_u16(size.columns);
                out.put_u16(size.rows);
            }),
            Self::Signal(signal) => framed(5, out, |out| out.put_i32(*signal)),
            Self::Kept(offset) => framed(6, out, |out| out.put_u64(*offset)),
            Self::Kill => framed(7, out, |_| {}),
            Self::Typist { number, typist } => framed(8, out, |out| {
                out.put_u32(*number);
                out.put_u8(party(*typist));
            }),
            Self::Admit {
                client,
                types,
                ticket,
            } => framed(9, out, |out| {
                out.put_u64(*client);
                out.put_u8(u8::from(*types));
                out.put_slice(ticket.as_bytes());
            }),
            Self::Dismiss(client) => framed(10, out, |out| out.put_u64(*client)),
            Self::Begin => framed(11, out, |_| {}),
            Self::Keys(bytes) => framed(12, out, |out| out.put_slice(bytes)),
        }
    }

    fn read(kind: u8, mut payload: Bytes) -> Option<Self> {
        Some(match kind {
            1 => Self::Hello {
                from: number(&mut payload)?,
                secret: String::from_utf8(payload.to_vec()).ok()?,
            },
            2 => Self::Input(payload),
            3 => Self::Answer {
                offset: number(&mut payload)?,
                bytes: payload,
            },
            4 if payload.len() == 4 => Self::Resize(Size {
                columns: payload.get_u16(),
                rows: payload.get_u16(),
            }),
            5 if payload.len() == 4 => Self::Signal(payload.get_i32()),
            6 => Self::Kept(number(&mut payload)?),
            7 => Self::Kill,
            8 if payload.len() == 5 => Self::Typist {
                number: payload.get_u32(),
                typist: known_party(&payload)?,
            },
            9 if payload.len() >= 9 => Self::Admit {
                client: payload.get_u64(),
                types: payload.get_u8() != 0,
                ticket: String::from_utf8(payload.to_vec()).ok()?,
            },
            10 => Self::Dismiss(number(&mut payload)?),
            11 => Self::Begin,
            12 => Self::Keys(payload),
            _ => return None,
        })
    }
}

impl Word for Hear {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Output { offset, bytes } => Self::output(*offset, bytes, out),
            Self::Closed(closed) => framed(2, out, |out| out.put_u8(u8::from(*closed))),
            Self::Trouble(errno) => framed(3, out, |out| out.put_i32(*errno)),
            Self::Typed(bytes) => framed(4, out, |out| out.put_u64(*bytes)),
            Self::Ended { offset, end } => framed(5, out, |out| {
                out.put_u64(*offset);
                out.put_slice(&serde_json::to_vec(end).unwrap_or_default());
            }),
            Self::Keyed(bytes) => Self::keyed(bytes, out),
            Self::Answered(offset) => framed(8, out, |out| out.put_u64(*offset)),
            Self::Handed(number) => framed(7, out, |out| out.put_u32(*number)),
        }
    }

    fn read(kind: u8, mut payload: Bytes) -> Option<Self> {
        Some(match kind {
            1 => Self::Output {
                offset: number(&mut payload)?,
                bytes: payload,
            },
            2 => Self::Closed(payload.first()? != &0),
            3 if payload.len() == 4 => Self::Trouble(payload.get_i32()),
            4 => Self::Typed(number(&mut payload)?),
            5 => Self::Ended {
                offset: number(&mut payload)?,
                end: serde_json::from_slice(&payload).ok()?,
            },
            6 => Self::Keyed(payload),
            7 if payload.len() == 4 => Self::Handed(payload.get_u32()),
            8 => Self::Answered(number(&mut payload)?),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn travels<T: Word + PartialEq + std::fmt::Debug>(words: &[T]) {
        let mut sent = Vec::new();
        for word in words {
            word.write(&mut sent);
        }
        let (mut bytes, mut read) = (BytesMut::new(), Vec::new());
        for chunk in sent.chunks(3) {
            bytes.extend_from_slice(chunk);
            while let Some(word) = next::<T>(&mut bytes).unwrap() {
                read.push(word);
            }
        }
        assert_eq!(read, words);
    }

    #[test]
    fn what_is_said_is_heard_however_it_is_cut() {
        let size = Size {
            columns: 80,
            rows: 24,
        };
        travels(&[
            Say::Hello {
                secret: "s3cret".into(),
                from: 7,
            },
            Say::Input(Bytes::from_static(b"ls\r")),
            Say::Answer {
                offset: 9,
                bytes: Bytes::from_static(b"\x1b[1;1R"),
            },
            Say::Resize(size),
            Say::Signal(-2),
            Say::Kept(1 << 40),
            Say::Kill,
            Say::Keys(Bytes::from_static(b"ls\r")),
            Say::Typist {
                number: 7,
                typist: Party::Agent,
            },
            Say::Admit {
                client: 3,
                types: true,
                ticket: "00ff".into(),
            },
            Say::Dismiss(3),
            Say::Begin,
        ]);
        travels(&[
            Hear::Output {
                offset: 3,
                bytes: Bytes::from_static(b"\xff\x00"),
            },
            Hear::Closed(true),
            Hear::Trouble(28),
            Hear::Typed(3),
            Hear::Ended {
                offset: 5,
                end: End::Exited { code: 3 },
            },
            Hear::Keyed(Bytes::from_static(b"ls\r")),
            Hear::Handed(7),
            Hear::Answered(1 << 40),
        ]);
    }

    #[test]
    fn a_stranger_is_not_understood() {
        for bytes in [
            &b"\x01\xff\xff\xff\xff"[..],
            b"\x09\0\0\0\0",
            b"\x06\0\0\0\x01x",
        ] {
            assert!(next::<Say>(&mut BytesMut::from(bytes)).is_err());
        }
    }
}
