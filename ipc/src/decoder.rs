//! Finds frames in a stream of bytes, however it was cut on the way.
//!
//! Owns the limits on length and kind. Does no I/O and does not look into payloads.

use bytes::{Buf, Bytes, BytesMut};
use smartopol_protocol::envelope::MAX_FRAME;
use smartopol_protocol::{Code, Fault};

use crate::frame::{HEADER, MESSAGE, TERMINAL};

/// The longest payload that is read and thrown away to reach the next frame.
pub(crate) const MAX_SKIP: usize = 64 * 1024 * 1024;

/// Memory is asked for in steps of this, not for as much as a header promises.
const STEP: usize = 64 * 1024;

/// With less room than this, a read would not be worth its system call.
const ROOM: usize = 1024;

/// What was found in the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// The payload of a message.
    Message(Bytes),
    /// The payload of a frame with bytes of a terminal.
    Terminal(Bytes),
    /// A frame that is not for us; its payload is skipped.
    Skipped(Fault),
    /// A frame too large to be skipped: nothing after it can be read.
    Lost(Fault),
}

/// Finds frames.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    state: State,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Header,
    Payload(u8, usize),
    Skip(usize),
    Lost,
}

impl Decoder {
    /// Takes the next frame out of `bytes`; `None` where more must be read first.
    pub(crate) fn next(&mut self, bytes: &mut BytesMut) -> Option<Found> {
        loop {
            match self.state {
                State::Header => {
                    let (kind, length) = header(bytes)?;
                    if let Some(found) = self.begin(kind, length) {
                        return Some(found);
                    }
                }
                State::Payload(kind, length) => {
                    let Some(missing) = length.checked_sub(bytes.len()).filter(|n| *n > 0) else {
                        self.state = State::Header;
                        let payload = bytes.split_to(length).freeze();
                        return Some(match kind {
                            TERMINAL => Found::Terminal(payload),
                            _ => Found::Message(payload),
                        });
                    };
                    bytes.reserve(missing.min(STEP));
                    return None;
                }
                State::Skip(left) => {
                    let now = left.min(bytes.len());
                    bytes.advance(now);
                    if now < left {
                        self.state = State::Skip(left - now);
                        return None;
                    }
                    self.state = State::Header;
                }
                State::Lost => {
                    bytes.clear();
                    return None;
                }
            }
        }
    }

    /// Returns true where nothing more will be found.
    pub(crate) const fn is_lost(&self) -> bool {
        matches!(self.state, State::Lost)
    }

    fn begin(&mut self, kind: u8, length: usize) -> Option<Found> {
        if length > MAX_SKIP {
            self.state = State::Lost;
            let fault =
                too_large(length).hint("the connection is closed: connect again, send less");
            return Some(Found::Lost(fault));
        }
        if length > MAX_FRAME {
            self.state = State::Skip(length);
            return Some(Found::Skipped(too_large(length).hint("send less at once")));
        }
        if kind != MESSAGE && kind != TERMINAL {
            self.state = State::Skip(length);
            let fault = Fault::new(
                Code::BadRequest,
                format!("there is no frame of kind {kind}"),
            );
            return Some(Found::Skipped(fault.hint(
                "a frame is the byte 1, the length as four bytes, the most significant first, \
                 then that many bytes of JSON",
            )));
        }
        self.state = State::Payload(kind, length);
        None
    }
}

fn header(bytes: &mut BytesMut) -> Option<(u8, usize)> {
    if bytes.len() < HEADER {
        bytes.reserve(ROOM);
        return None;
    }
    let kind = bytes.get_u8();
    Some((kind, usize::try_from(bytes.get_u32()).unwrap_or(usize::MAX)))
}

fn too_large(length: usize) -> Fault {
    let told = format!("a frame of {length} bytes is too large, {MAX_FRAME} is the most");
    Fault::new(Code::TooLarge, told)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap();
        [&[kind][..], &length.to_be_bytes(), payload].concat()
    }

    fn decode(chunks: impl IntoIterator<Item = Vec<u8>>) -> Vec<Found> {
        let (mut decoder, mut bytes, mut found) = (Decoder::default(), BytesMut::new(), Vec::new());
        for chunk in chunks {
            bytes.extend_from_slice(&chunk);
            found.extend(std::iter::from_fn(|| decoder.next(&mut bytes)));
        }
        found
    }

    #[test]
    fn what_is_skipped_does_not_hide_what_follows() {
        let large = frame(MESSAGE, &vec![b' '; MAX_FRAME + 1]);
        let stream = [large, frame(3, b"x"), frame(MESSAGE, b"{}")].concat();
        let found = decode(stream.chunks(100_000).map(<[u8]>::to_vec));
        let [
            Found::Skipped(first),
            Found::Skipped(second),
            Found::Message(third),
        ] = &found[..]
        else {
            panic!("{found:?}")
        };
        assert_eq!(
            (first.code, second.code),
            (Code::TooLarge, Code::BadRequest)
        );
        assert_eq!(&third[..], b"{}");
    }

    #[test]
    fn what_cannot_be_skipped_ends_the_stream() {
        let mut stream = vec![MESSAGE, 0xff, 0xff, 0xff, 0xff];
        stream.extend(frame(MESSAGE, b"{}"));
        let found = decode([stream]);
        assert!(matches!(&found[..], [Found::Lost(fault)] if fault.code == Code::TooLarge));
    }

    #[test]
    fn a_promise_of_much_asks_for_little_memory() {
        let (mut decoder, mut bytes) = (Decoder::default(), BytesMut::new());
        bytes.extend_from_slice(&[MESSAGE, 0, 0x80, 0, 0]);
        assert_eq!(decoder.next(&mut bytes), None);
        assert!(bytes.capacity() <= 2 * STEP, "{}", bytes.capacity());
    }

    mod properties {
        use proptest::prelude::*;

        use super::*;

        proptest! {
            #[test]
            fn any_chunking_finds_the_same_frames(
                frames in prop::collection::vec((0_u8..4, prop::collection::vec(any::<u8>(), 0..200)), 0..8),
                cuts in prop::collection::vec(1_usize..50, 1..40),
            ) {
                let stream: Vec<u8> =
                    frames.iter().flat_map(|(kind, payload)| frame(*kind, payload)).collect();
                let whole = decode([stream.clone()]);
                let mut rest = &stream[..];
                let mut sizes = cuts.iter().cycle();
                let chunks = std::iter::from_fn(|| {
                    let size = rest.len().min(*sizes.next()?);
                    let (chunk, left) = rest.split_at(size);
                    rest = left;
                    (!chunk.is_empty()).then(|| chunk.to_vec())
                });
                prop_assert_eq!(&decode(chunks), &whole);
                prop_assert_eq!(whole.len(), frames.len());
                for (found, (kind, payload)) in whole.iter().zip(&frames) {
                    match found {
                        Found::Message(read) => prop_assert_eq!(&read[..], &payload[..]),
                        Found::Terminal(read) => {
                            prop_assert_eq!(*kind, TERMINAL);
                            prop_assert_eq!(&read[..], &payload[..]);
                        }
                        _ => prop_assert!(![MESSAGE, TERMINAL].contains(kind)),
                    }
                }
            }

            #[test]
            fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..4_000)) {
                decode(bytes.chunks(7).map(<[u8]>::to_vec));
            }
        }
    }
}
