//! What a slow listener loses: nothing while reading can wait, and never in silence.
//!
//! Owns the queue between the connection and [`super::Events`].

use smartopol_protocol::{Event, News, Timestamp};
use tokio::sync::mpsc;

/// How many events may wait before nothing more is read.
pub(crate) const SOFT: usize = 1024;

/// How many may wait while a call needs reading to go on.
pub(crate) const HARD: usize = 4 * SOFT;

/// Makes the queue.
pub(crate) fn channel() -> (Feed, mpsc::Receiver<Event>) {
    let (sender, receiver) = mpsc::channel(HARD);
    (
        Feed {
            sender,
            facts: 0,
            deltas: 0,
        },
        receiver,
    )
}

/// The end that events are put into.
#[derive(Debug)]
pub(crate) struct Feed {
    sender: mpsc::Sender<Event>,
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
        } else if let Err(mpsc::error::TrySendError::Full(event)) = self.sender.try_send(event) {
            self.lose(&event);
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
        !self.sender.is_closed() && self.sender.capacity() <= HARD - SOFT
    }

    /// Waits until it is no longer full. May be cancelled at any time.
    pub(crate) async fn room(&self) {
        // The permits go back at once: only their being there matters.
        drop(self.sender.reserve_many(HARD - SOFT + 1).await);
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

fn told(news: News) -> Event {
    Event {
        seq: None,
        at: Timestamp::now(),
        session_id: None,
        news,
    }
}

#[cfg(test)]
mod tests {
    use smartopol_protocol::RuleId;

    use super::*;

    fn fact() -> Event {
        Event {
            seq: Some(1),
            ..told(News::RuleRevoked(RuleId::from_bytes([7; 16])))
        }
    }

    fn news(receiver: &mut mpsc::Receiver<Event>) -> Vec<News> {
        std::iter::from_fn(|| receiver.try_recv().ok().map(|event| event.news)).collect()
    }

    #[test]
    fn what_does_not_fit_is_lost_and_told_before_what_follows() {
        let (mut feed, mut receiver) = channel();
        for _ in 0..HARD {
            feed.push(fact());
        }
        feed.push(fact());
        feed.push(told(News::Dropped { deltas: 5 }));
        feed.push(told(News::Stopping));
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
