//! A gate in the middle of an answer, opened by the test.

use std::sync::Arc;

use tokio::sync::watch;

use super::LIMIT;

/// Holds answers until it is opened; see [`Rule::hold_after`](super::Rule::hold_after).
#[derive(Clone, Debug)]
pub struct Gate {
    state: Arc<watch::Sender<State>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    is_open: bool,
    reached: u64,
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}

impl Gate {
    /// Returns a closed one.
    pub fn new() -> Self {
        Self {
            state: Arc::new(watch::Sender::new(State::default())),
        }
    }

    /// Lets everything through, now and later.
    pub fn open(&self) {
        self.state.send_modify(|state| state.is_open = true);
    }

    /// Waits until an answer is held here.
    ///
    /// # Panics
    /// After a minute.
    #[expect(clippy::panic, reason = "a test that waits in vain fails")]
    pub async fn reached(&self) {
        let mut state = self.state.subscribe();
        let waiting = state.wait_for(|state| state.reached > 0);
        if tokio::time::timeout(LIMIT, waiting).await.is_err() {
            panic!("no answer reached the gate");
        }
    }

    /// Holds an answer.
    pub(super) async fn pass(&self) {
        self.state.send_modify(|state| state.reached += 1);
        // The sender is held by this gate, so waiting cannot fail.
        let mut state = self.state.subscribe();
        let _open = state.wait_for(|state| state.is_open).await;
    }
}
