//! The short way of what a program writes: from the thread that reads it to the daemon.
//!
//! Owns what is told on it. A daemon that knows all there is gets the next bytes without a detour
//! over the disk and another thread; one that does not read gets them from the spool, as before.

use std::io;
use std::os::unix::net::UnixStream;

use rustix::net::{SendFlags, send};

use crate::terminals::wire::Hear;

/// The way to a daemon that knows all that was written.
#[derive(Debug)]
pub(super) struct Straight {
    stream: UnixStream,
    /// It was told what comes before this byte.
    at: u64,
    /// The end of what it was told last, which its socket did not take.
    rest: Vec<u8>,
}

impl Straight {
    /// Begins with a daemon that was told what comes before the byte `at`.
    pub(super) fn begin(stream: &UnixStream, at: u64) -> io::Result<Self> {
        Ok(Self {
            stream: stream.try_clone()?,
            at,
            rest: Vec::new(),
        })
    }

    /// Tells the bytes from `begin` on, which are in the spool, after the words `before`, which are
    /// empty then. False where that is not to be, so that somebody else must.
    pub(super) fn tell(&mut self, before: &mut Vec<u8>, begin: u64, bytes: &[u8]) -> bool {
        if begin != self.at || !self.rest.is_empty() {
            return false;
        }
        let mut frame = Vec::with_capacity(before.len() + bytes.len() + 32);
        frame.extend_from_slice(before);
        Hear::output(begin, bytes, &mut frame);
        let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
        let Ok(sent @ 1..) = send(&self.stream, &frame, flags) else {
            return false;
        };
        before.clear();
        self.at += bytes.len() as u64;
        self.rest = frame.split_off(sent.min(frame.len()));
        self.rest.is_empty()
    }

    /// Returns true where all that was written before the byte `written` is told.
    pub(super) fn is_done(&self, written: u64) -> bool {
        written <= self.at && self.rest.is_empty()
    }

    /// Ends it; returns the byte before which all is told once `rest` is sent, and `rest`.
    pub(super) fn end(self) -> (u64, Vec<u8>) {
        (self.at, self.rest)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use bytes::BytesMut;

    use super::*;
    use crate::terminals::wire::next;

    #[test]
    fn what_the_socket_does_not_take_is_left_for_the_long_way() {
        let (daemon, holder) = UnixStream::pair().unwrap();
        let mut straight = Straight::begin(&holder, 7).unwrap();
        let mut none = Vec::new();
        assert!(!straight.tell(&mut none, 8, b"not the next"));
        assert!(straight.tell(&mut none, 7, b"the next") && straight.is_done(15));
        let large = vec![b'x'; 100_000];
        let mut written = 15;
        while straight.tell(&mut none, written, &large) {
            written += large.len() as u64;
        }
        let (at, rest) = straight.end();
        drop(holder);
        let mut told = Vec::new();
        (&daemon).read_to_end(&mut told).unwrap();
        told.extend(rest);
        let (mut bytes, mut end) = (BytesMut::from(&told[..]), 7);
        while let Some(Hear::Output { offset, bytes }) = next(&mut bytes).unwrap() {
            assert_eq!(offset, end);
            end += bytes.len() as u64;
        }
        assert!(bytes.is_empty() && end == at, "whole words up to {at}");
    }
}
