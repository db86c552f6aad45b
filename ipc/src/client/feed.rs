//! What a slow listener loses: nothing while reading can wait, and never in silence.
//!
//! Owns the queue between the connection and [`super::Events`].

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use smartopol_protocol::terminal::Piece;
use smartopol_protocol::{Event, News, TerminalId, Timestamp};
use tokio::sync::{Notify, mpsc};

use crate::Bytes;

/// How many events may wait before nothing more is read.
pub(crate) const SOFT: usize = 1024;

/// How many may wait while a call needs reading to go on.
pub(crate) const HARD: usize = 4 * SOFT;

/// The same in bytes of terminals.
const SOFT_BYTES: usize = 1 << 20;
const HARD_BYTES: usize = 4 * SOFT_BYTES;

/// What the daemon tells unasked.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// Something happened.
    Event(Box<Event>),
    /// What a terminal shows, of one that this client is attached to.
    Terminal(TerminalBytes),
}

/// Bytes of a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TerminalBytes {
    /// The terminal.
    pub id: TerminalId,
    /// What they are.
    pub piece: Piece,
    /// The number of the first byte, or of the one after what a keyframe shows.
    pub offset: u64,
    /// The bytes.
    pub bytes: Bytes,
}

impl TerminalBytes {
    /// Reads the payload of a frame; `None` where it is of a newer daemon.
    pub(crate) fn read(mut payload: Bytes) -> Option<Self> {
        let (id, piece, offset) = Piece::read(&payload)?;
        Some(Self {
            id,
            piece,
            offset,
            bytes: payload.split_off(Piece::HEAD),
        })
    }
}

/// Makes the queue.
pub(crate) fn channel() -> (Feed, Waiting) {
    let (sender, receiver) = mpsc::channel(HARD);
    let held = Arc::new(Held::default());
    (
        Feed {
            sender,
            held: Arc::clone(&held),
            facts: 0,
            deltas: 0,
        },
        Waiting { receiver, held },
    )
}

/// The bytes of terminals that wait.
#[derive(Debug, Default)]
struct Held {
    bytes: AtomicUsize,
    taken: Notify,
}

/// The end that is taken from.
#[derive(Debug)]
pub(crate) struct Waiting {
    receiver: mpsc::Receiver<Told>,
    held: Arc<Held>,
}

impl Waiting {
    /// Returns what comes next; may be cancelled at any time.
    pub(crate) async fn recv(&mut self) -> Option<Told> {
        let told = self.receiver.recv().await?;
        self.let_go(&told);
        Some(told)
    }

    /// Returns what comes next if there is anything right now.
    pub(crate) fn try_recv(&mut self) -> Option<Told> {
        let told = self.receiver.try_recv().ok()?;
        self.let_go(&told);
        Some(told)
    }

    fn let_go(&self, told: &Told) {
        if let Told::Terminal(piece) = told {
            self.held
                .bytes
                .fetch_sub(piece.bytes.len(), Ordering::AcqRel);
            self.held.taken.notify_one();
        }
    }
}

/// The end that is put into.
#[derive(Debug)]
pub(crate) struct Feed {
    sender: mpsc::Sender<Told>,
    held: Arc<Held>,
    /// Lost and not told yet.
    facts: u64,
    deltas: u64,
}

impl Feed {
    /// Puts an event in, or counts it as lost.
    pub(crate) fn push(&mut self, event: Event) {
        if self.sender.is_closed() {
            return;
        }
        if !self.tell_losses() {
            self.lose(&event);
        } else if let Err(mpsc::error::TrySendError::Full(Told::Event(event))) =
            self.sender.try_send(Told::Event(Box::new(event)))
        {
            self.lose(&event);
        }
    }

    /// Puts bytes of a terminal in, or counts them as lost: the next ones begin at a number that
    /// is too large, which is how it shows.
    pub(crate) fn bytes(&mut self, piece: TerminalBytes) {
        let length = piece.bytes.len();
        let held = self.held.bytes.load(Ordering::Acquire);
        if self.sender.is_closed() {
            return;
        }
        self.held.bytes.fetch_add(length, Ordering::AcqRel);
        let fits = self.tell_losses() && held.saturating_add(length) <= HARD_BYTES.max(length);
        if !fits || self.sender.try_send(Told::Terminal(piece)).is_err() {
            self.held.bytes.fetch_sub(length, Ordering::AcqRel);
            self.deltas += 1;
        }
    }

    /// Puts in what was lost; true where nothing is left to be told.
    pub(crate) fn tell_losses(&mut self) -> bool {
        if self.facts > 0
            && self
                .sender
                .try_send(told(News::Gap { missed: self.facts }))
                .is_ok()
        {
            self.facts = 0;
        }
        if self.deltas > 0
            && self
                .sender
                .try_send(told(News::Dropped {
                    deltas: self.deltas,
                }))
                .is_ok()
        {
            self.deltas = 0;
        }
        self.facts == 0 && self.deltas == 0
    }

    /// Returns true where something was lost and is not told yet.
    pub(crate) fn has_losses(&self) -> bool {
        !self.sender.is_closed() && (self.facts > 0 || self.deltas > 0)
    }

    /// Returns true where reading should wait if it can.
    pub(crate) fn is_full(&self) -> bool {
        !self.sender.is_closed()
            && (self.sender.capacity() <= HARD - SOFT || self.holds_many_bytes())
    }

    fn holds_many_bytes(&self) -> bool {
        self.held.bytes.load(Ordering::Acquire) >= SOFT_BYTES
    }

    /// Waits until it is no longer full. May be cancelled at any time.
    pub(crate) async fn room(&self) {
        // The permits go back at once: only their being there matters.
        drop(self.sender.reserve_many(HARD - SOFT + 1).await);
        while self.holds_many_bytes() && !self.sender.is_closed() {
            tokio::select! {
                () = self.held.taken.notified() => {}
                () = self.sender.closed() => {}
            }
        }
    }

    /// Waits until nobody listens any more.
    pub(crate) async fn closed(&self) {
        self.sender.closed().await;
    }

    fn lose(&mut self, event: &Event) {
        match &event.news {
            // What the daemon dropped before is added to what is dropped here.
            News::Gap { missed } => self.facts += missed,
            News::Dropped { deltas } => self.deltas += deltas,
            news if news.is_fact() => self.facts += 1,
            _ => self.deltas += 1,
        }
    }
}

fn told(news: News) -> Told {
    Told::Event(Box::new(Event {
        seq: None,
        at: Timestamp::now(),
        session_id: None,
        news,
    }))
}

#[cfg(test)]
mod tests {
    use smartopol_protocol::RuleId;

    use super::*;

    fn event(news: News) -> Event {
        match told(news) {
            Told::Event(event) => *event,
            Told::Terminal(_) => unreachable!(),
        }
    }

    fn fact() -> Event {
        Event {
            seq: Some(1),
            ..event(News::RuleRevoked(RuleId::from_bytes([7; 16])))
        }
    }

    fn news(waiting: &mut Waiting) -> Vec<News> {
        std::iter::from_fn(|| waiting.try_recv())
            .filter_map(|told| match told {
                Told::Event(event) => Some(event.news),
                Told::Terminal(_) => None,
            })
            .collect()
    }

    fn piece(bytes: usize) -> TerminalBytes {
        TerminalBytes {
            id: TerminalId::from_bytes([7; 16]),
            piece: Piece::Output,
            offset: 0,
            bytes: vec![0; bytes].into(),
        }
    }

    #[test]
    fn bytes_of_terminals_fill_it_by_their_length_and_never_beyond_measure() {
        let (mut feed, mut receiver) = channel();
        feed.bytes(piece(SOFT_BYTES - 1));
        assert!(!feed.is_full());
        feed.bytes(piece(1));
        assert!(feed.is_full());
        for _ in 0..3 {
            feed.bytes(piece(SOFT_BYTES));
        }
        assert!(!feed.has_losses());
        feed.bytes(piece(1));
        assert!(feed.has_losses());
        assert_eq!(
            receiver.try_recv(),
            Some(Told::Terminal(piece(SOFT_BYTES - 1)))
        );
        assert!(feed.tell_losses());
        assert_eq!(news(&mut receiver), [News::Dropped { deltas: 1 }]);
        assert!(!feed.is_full());
    }

    #[test]
    fn what_does_not_fit_is_lost_and_told_before_what_follows() {
        let (mut feed, mut receiver) = channel();
        for _ in 0..HARD {
            feed.push(fact());
        }
        feed.push(fact());
        feed.push(event(News::Dropped { deltas: 5 }));
        feed.push(event(News::Stopping));
        assert_eq!(news(&mut receiver).len(), HARD);
        feed.push(fact());
        assert_eq!(
            news(&mut receiver),
            [
                News::Gap { missed: 1 },
                News::Dropped { deltas: 6 },
                fact().news
            ]
        );
        assert!(feed.tell_losses());
    }

    #[test]
    fn it_is_full_at_the_soft_limit_and_takes_up_to_the_hard_one() {
        let (mut feed, mut receiver) = channel();
        for _ in 0..SOFT {
            assert!(!feed.is_full());
            feed.push(fact());
        }
        assert!(feed.is_full());
        feed.push(fact());
        assert_eq!(news(&mut receiver).len(), SOFT + 1);
    }

    #[test]
    fn nobody_listening_is_never_full() {
        let (mut feed, receiver) = channel();
        drop(receiver);
        feed.push(fact());
        assert!(!feed.is_full() && feed.tell_losses());
    }
}
