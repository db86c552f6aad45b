//! News for everyone who listens.
//!
//! Owns: a ring of the newest events. Publishing never waits; who is too slow is told how much it
//! missed and refetches. An event is encoded once, however many clients it goes to.

use std::sync::{Arc, OnceLock};

use smartopol_protocol::{Envelope, Event, News, SessionId};
use tokio::sync::broadcast;

use crate::Clock;

/// How many events the ring holds.
const RING: usize = 4096;

/// An event and its frame, encoded when the first client needs it.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) event: Event,
    frame: OnceLock<Option<smartopol_ipc::Bytes>>,
}

impl Item {
    pub(crate) fn new(event: Event) -> Self {
        Self {
            event,
            frame: OnceLock::new(),
        }
    }

    /// Returns the frame to send; `None` where it cannot be encoded, which is logged.
    pub(crate) fn frame(&self) -> Option<smartopol_ipc::Bytes> {
        self.frame
            .get_or_init(|| {
                smartopol_ipc::encode(&Envelope::Event(self.event.clone()))
                    .inspect_err(|err| tracing::error!("an event cannot be encoded: {err}"))
                    .ok()
            })
            .clone()
    }
}

/// Where news is published and listened to.
#[derive(Clone, Debug)]
pub(crate) struct Bus {
    ring: broadcast::Sender<Arc<Item>>,
    clock: Clock,
}

impl Bus {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            ring: broadcast::Sender::new(RING),
            clock,
        }
    }

    /// Tells facts that are stored. Costs nothing while nobody listens.
    pub(crate) fn publish(&self, facts: &[Event]) {
        if self.ring.receiver_count() > 0 {
            for event in facts {
                self.send(event.clone());
            }
        }
    }

    fn send(&self, event: Event) {
        // Nobody listening is no failure.
        let _ = self.ring.send(Arc::new(Item::new(event)));
    }

    /// Tells passing news.
    pub(crate) fn tell(&self, session_id: Option<SessionId>, news: News) {
        self.send(Event {
            seq: None,
            at: self.clock.now(),
            session_id,
            news,
        });
    }

    /// Starts to listen: everything published from now on.
    pub(crate) fn listen(&self) -> broadcast::Receiver<Arc<Item>> {
        self.ring.subscribe()
    }
}
