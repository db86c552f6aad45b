//! The bytes of an answer, with a clock and limits on them.
//!
//! Owns: how long to wait for the next byte, how large an answer and one event of it may be.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use futures_util::{Stream, StreamExt as _, stream};

/// The most bytes of one event.
const EVENT_LIMIT: usize = 8 << 20;
/// The most bytes of one answer.
const ANSWER_LIMIT: usize = 32 << 20;

/// Why no more bytes come.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Stopped {
    #[error("nothing came for {} s", .0.as_secs())]
    Idle(Duration),
    #[error("{0}")]
    TooLarge(&'static str),
    #[error("the connection broke")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A piece of the body, or the line breaks that end a last event which nobody ended.
pub(crate) enum Piece<D> {
    Data(D),
    Tail,
}

impl<D: AsRef<[u8]>> AsRef<[u8]> for Piece<D> {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Data(data) => data.as_ref(),
            Self::Tail => b"\n\n",
        }
    }
}

/// What is counted while bytes pass.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    total: AtomicUsize,
    since_event: AtomicUsize,
    ended: AtomicBool,
}

impl Meter {
    /// An event is complete: the next one may be as large again.
    pub(crate) fn event(&self) {
        self.since_event.store(0, Relaxed);
    }

    /// Returns true once the peer sent its last byte.
    pub(crate) fn ended(&self) -> bool {
        self.ended.load(Relaxed)
    }

    fn count(&self, bytes: usize) -> Result<(), Stopped> {
        let total = self.total.fetch_add(bytes, Relaxed).saturating_add(bytes);
        let event = self
            .since_event
            .fetch_add(bytes, Relaxed)
            .saturating_add(bytes);
        if total > ANSWER_LIMIT {
            return Err(Stopped::TooLarge("the answer is larger than 32 MiB"));
        }
        // A packet may hold the end of one event and the beginning of the next.
        if event > EVENT_LIMIT.saturating_add(bytes) {
            return Err(Stopped::TooLarge(
                "one event of the answer is larger than 8 MiB",
            ));
        }
        Ok(())
    }
}

/// A body whose bytes are timed and counted.
pub(crate) type Metered<D> = Pin<Box<dyn Stream<Item = Result<Piece<D>, Stopped>> + Send>>;

/// Puts the clock and the limits on a body.
pub(crate) fn metered<S, D, E>(body: S, idle: Duration) -> (Metered<D>, Arc<Meter>)
where
    S: Stream<Item = Result<D, E>> + Send + 'static,
    D: AsRef<[u8]> + Send + 'static,
    E: std::error::Error + Send + Sync + 'static,
{
    let meter = Arc::new(Meter::default());
    let state = (Box::pin(body), Arc::clone(&meter));
    let pieces = stream::unfold(state, move |(mut body, meter)| async move {
        if meter.ended() {
            return None;
        }
        let piece = match tokio::time::timeout(idle, body.next()).await {
            Err(_) => Err(Stopped::Idle(idle)),
            Ok(None) => {
                meter.ended.store(true, Relaxed);
                Ok(Piece::Tail)
            }
            Ok(Some(Err(err))) => Err(Stopped::Broken(Box::new(err))),
            Ok(Some(Ok(data))) => meter.count(data.as_ref().len()).map(|()| Piece::Data(data)),
        };
        Some((piece, (body, meter)))
    });
    (Box::pin(pieces), meter)
}
