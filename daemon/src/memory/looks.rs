//! Which looks at what is remembered of others were told already.
//!
//! Owns: that somebody who looks for words letter by letter is one fact, not one for each letter. A
//! look is told anew where it goes beyond those that were, and after a while. This is held while the
//! daemon runs: after a restart a look may be told once more, never once less.

use smartopol_protocol::memory::Look;
use smartopol_protocol::{Fault, Timestamp};
use smartopol_store::Store;
use tokio::sync::Mutex;

/// How long a look that was told speaks for those that follow it.
const SPAN_MS: i64 = 10 * 60 * 1000;

/// The looks that were told a short while ago.
#[derive(Debug, Default)]
pub(crate) struct Looks(Mutex<Vec<(Timestamp, Look)>>);

impl Looks {
    /// Tells of a look, unless one that reaches as far was told a short while ago.
    ///
    /// # Errors
    /// Where it cannot be written down: then nothing may be shown.
    pub(crate) async fn tell(&self, store: &Store, look: Look, at: Timestamp) -> Result<(), Fault> {
        // Held while it is written: nobody is shown anything on the word of a fact that is not yet.
        let mut told = self.0.lock().await;
        // A clock that was set back does not let them speak for longer.
        told.retain(|(then, _)| (*then..then.plus_millis(SPAN_MS)).contains(&at));
        if told.iter().any(|(_, other)| reaches(other, &look)) {
            return Ok(());
        }
        let fact = look.clone();
        store.write(move |w| w.look_at_memories(fact, at)).await?;
        told.push((at, look));
        Ok(())
    }
}

/// Returns true where one look shows all that the other does: everybody's memories hold those of a
/// user, and those of a user each of them.
fn reaches(told: &Look, look: &Look) -> bool {
    let user = told.user_id.is_none() || told.user_id == look.user_id;
    let memory = told.memory_id.is_none() || told.memory_id == look.memory_id;
    told.peer == look.peer && user && memory
}
