//! What waits to be sent to one client, and what gives way when it is slow.
//!
//! A reply is never lost. A fact displaces passing news. When even the facts are too many, the
//! client is told how many it missed, and gets no more until it subscribes again.

use std::collections::VecDeque;

use smartopol_ipc::Bytes;

/// How many frames wait for one client.
pub(crate) const OUTBOX: usize = 256;

/// How many bytes of frames wait for one client, so that a few large ones are no way around it.
pub(crate) const OUTBOX_BYTES: usize = 4 << 20;

/// Frames on their way to one client.
#[derive(Debug)]
pub(crate) struct Outbox {
    room: usize,
    waiting: VecDeque<Waiting>,
    /// The bytes of all that waits, and those of news alone.
    bytes: usize,
    news: usize,
    missed: u64,
    dropped: u64,
}

#[derive(Debug)]
struct Waiting {
    frame: Bytes,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Reply,
    Fact,
    Passing,
}

/// What is sent next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// This frame.
    Frame(Bytes),
    /// Word of so many lost facts.
    Missed(u64),
    /// Word of so many dropped pieces of passing news.
    Dropped(u64),
}

impl Outbox {
    /// An outbox for so many frames.
    pub(crate) fn new(room: usize) -> Self {
        Self {
            room,
            waiting: VecDeque::new(),
            bytes: 0,
            news: 0,
            missed: 0,
            dropped: 0,
        }
    }

    /// Returns true where another frame fits.
    pub(crate) fn has_room(&self) -> bool {
        self.waiting.len() < self.room && self.bytes < OUTBOX_BYTES
    }

    /// Returns true where more news fits. A large reply is no reason to lose any.
    fn has_room_for_news(&self) -> bool {
        self.waiting.len() < self.room && self.news < OUTBOX_BYTES
    }

    /// Adds a frame that must arrive: a reply, or an event of a replay.
    pub(crate) fn must(&mut self, frame: Bytes) {
        self.push(frame, Kind::Reply);
    }

    /// Adds passing news, or drops it where there is no room.
    pub(crate) fn passing(&mut self, frame: Bytes) {
        if self.has_room_for_news() {
            self.push(frame, Kind::Passing);
        } else {
            self.dropped += 1;
        }
    }

    /// Adds a fact; where there is no room it displaces the oldest passing news.
    ///
    /// Returns false where even that is not possible: the fact is lost and counted.
    pub(crate) fn fact(&mut self, frame: Bytes) -> bool {
        while !self.has_room_for_news() {
            let passing = |waiting: &Waiting| waiting.kind == Kind::Passing;
            let Some(place) = self.waiting.iter().position(passing) else {
                self.missed += 1;
                return false;
            };
            self.take(place);
            self.dropped += 1;
        }
        self.push(frame, Kind::Fact);
        true
    }

    fn push(&mut self, frame: Bytes, kind: Kind) {
        self.bytes += frame.len();
        if kind != Kind::Reply {
            self.news += frame.len();
        }
        self.waiting.push_back(Waiting { frame, kind });
    }

    fn take(&mut self, place: usize) -> Option<Bytes> {
        let Waiting { frame, kind } = self.waiting.remove(place)?;
        self.bytes -= frame.len();
        if kind != Kind::Reply {
            self.news -= frame.len();
        }
        Some(frame)
    }

    /// Counts facts that cannot be told, of which the number is not known.
    pub(crate) fn miss(&mut self) {
        self.missed += 1;
    }

    /// Counts passing news that was lost before it came here.
    pub(crate) fn drop_passing(&mut self, pieces: u64) {
        self.dropped += pieces;
    }

    /// Takes what is sent next. Word of a loss comes after what was kept.
    pub(crate) fn pop(&mut self) -> Option<Next> {
        if let Some(frame) = self.take(0) {
            return Some(Next::Frame(frame));
        }
        if self.missed > 0 {
            return Some(Next::Missed(std::mem::take(&mut self.missed)));
        }
        (self.dropped > 0).then(|| Next::Dropped(std::mem::take(&mut self.dropped)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(name: &'static str) -> Bytes {
        Bytes::from_static(name.as_bytes())
    }

    fn drain(outbox: &mut Outbox) -> Vec<Next> {
        std::iter::from_fn(|| outbox.pop()).collect()
    }

    #[test]
    fn a_fact_displaces_a_delta_and_the_client_hears_of_it() {
        let mut outbox = Outbox::new(2);
        outbox.passing(frame("delta"));
        assert!(outbox.fact(frame("one")));
        assert!(outbox.fact(frame("two")));
        assert_eq!(
            drain(&mut outbox),
            [
                Next::Frame(frame("one")),
                Next::Frame(frame("two")),
                Next::Dropped(1)
            ]
        );
    }

    #[test]
    fn a_reply_is_never_lost_and_lost_facts_are_counted() {
        let mut outbox = Outbox::new(1);
        assert!(outbox.fact(frame("one")));
        assert!(!outbox.fact(frame("two")));
        outbox.must(frame("reply"));
        outbox.passing(frame("delta"));
        assert_eq!(
            drain(&mut outbox),
            [
                Next::Frame(frame("one")),
                Next::Frame(frame("reply")),
                Next::Missed(1),
                Next::Dropped(1),
            ]
        );
    }

    #[test]
    fn a_few_large_facts_fill_it_and_a_large_reply_costs_none() {
        let large = Bytes::from(vec![0; OUTBOX_BYTES]);
        let mut outbox = Outbox::new(OUTBOX);
        outbox.must(large.clone());
        assert!(!outbox.has_room());
        outbox.passing(large.clone());
        assert!(outbox.fact(large.clone()), "it displaces what passes");
        assert!(!outbox.fact(frame("one more")));
        assert_eq!(
            drain(&mut outbox),
            [
                Next::Frame(large.clone()),
                Next::Frame(large),
                Next::Missed(1),
                Next::Dropped(1),
            ]
        );
        assert!(outbox.has_room() && outbox.fact(frame("again")));
    }
}
