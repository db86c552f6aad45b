//! What time it is, and waiting until it is some time.
//!
//! Owns the one way to ask. The system's clock may be set, forward and back, so nobody sleeps long
//! at a stretch on its word; a clock in somebody's hand moves when they say.

use std::time::Duration;

use smartopol_protocol::Timestamp;
use tokio::sync::watch;

/// How long one sleeps at a stretch on the word of a clock that may be set meanwhile, or of a
/// machine that may sleep itself: an eighth of what is left, so that a long wait costs few
/// wake-ups, but no less and no more than this.
const STRETCH: u64 = 60_000;
const LONGEST: u64 = 15 * 60_000;

/// What time it is.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    /// Where the hands stand; `None` for the system's clock.
    hands: Option<watch::Receiver<Timestamp>>,
}

/// The hands of a clock that does not go by itself.
#[derive(Debug)]
pub struct Hands(watch::Sender<Timestamp>);

impl Clock {
    /// Returns the system's clock.
    pub fn system() -> Self {
        Self::default()
    }

    /// Returns a clock that stands at `at`, and its hands. A whole house lives by it: simulated
    /// days take as long as what is done in them.
    pub fn by_hand(at: Timestamp) -> (Self, Hands) {
        let (hands, seen) = watch::channel(at);
        let clock = Self { hands: Some(seen) };
        (clock, Hands(hands))
    }

    /// Returns the present.
    pub fn now(&self) -> Timestamp {
        match &self.hands {
            None => Timestamp::now(),
            Some(hands) => *hands.borrow(),
        }
    }

    /// Waits until it is `at` or later, also where the clock is set meanwhile.
    pub async fn until(&self, at: Timestamp) {
        self.between(Timestamp::from_millis(i64::MIN), at).await;
    }

    /// Waits until it is `at` or later, or the clock was set back to before `from`.
    pub async fn between(&self, from: Timestamp, at: Timestamp) {
        let over = |now: Timestamp| now >= at || now < from;
        match &self.hands {
            Some(hands) => {
                // Whoever held the hands is gone: it never gets later.
                if hands.clone().wait_for(|now| over(*now)).await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
            None => loop {
                let now = Timestamp::now();
                if over(now) {
                    return;
                }
                let left = at.millis_since(now);
                let stretch = left.min((left / 8).clamp(STRETCH, LONGEST));
                tokio::time::sleep(Duration::from_millis(stretch)).await;
            },
        }
    }
}

impl Hands {
    /// Moves the hands, forward or back.
    pub fn turn_by(&self, millis: i64) {
        self.0.send_modify(|at| *at = at.plus_millis(millis));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_clock_in_the_hand_moves_when_it_is_moved_and_not_before() {
        let (clock, hands) = Clock::by_hand(Timestamp::from_millis(1_000));
        let due = clock.now().plus_millis(500);
        let wait = clock.until(due);
        tokio::pin!(wait);
        let early = tokio::time::timeout(Duration::from_millis(1), &mut wait);
        assert!(early.await.is_err());
        hands.turn_by(-900);
        hands.turn_by(1_400);
        wait.await;
        assert_eq!(clock.now(), due);
        clock.until(Timestamp::from_millis(0)).await;
    }

    #[tokio::test]
    async fn one_who_waits_hears_that_the_clock_was_set_back() {
        let (clock, hands) = Clock::by_hand(Timestamp::from_millis(1_000));
        let wait = clock.between(clock.now(), clock.now().plus_millis(500));
        tokio::pin!(wait);
        hands.turn_by(100);
        let early = tokio::time::timeout(Duration::from_millis(1), &mut wait);
        assert!(early.await.is_err());
        hands.turn_by(-101);
        wait.await;
    }

    #[tokio::test]
    async fn a_time_that_is_past_is_not_waited_for() {
        let clock = Clock::system();
        clock.until(clock.now().plus_millis(-1)).await;
        clock.until(clock.now().plus_millis(2)).await;
    }
}
