//! The terminals that one client looks at.
//!
//! Owns: what of them goes out next, so that no terminal holds up replies and facts, and none the
//! other.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use smartopol_ipc::server::Replies;
use smartopol_protocol::TerminalId;
use smartopol_tools::terminals::Viewer;
use tokio_util::sync::DropGuard;

/// How many bytes of one terminal go out before replies and facts have their turn again.
const TURN: usize = 256 * 1024;

/// The largest piece in one frame.
const FRAME: usize = 1 << 20;

/// A look at a terminal.
#[derive(Debug)]
pub(crate) struct Look {
    pub(crate) id: TerminalId,
    pub(crate) viewer: Arc<Viewer>,
    /// Ends what follows the rights of who looks.
    pub(crate) _follows: DropGuard,
}

/// What a client looks at.
#[derive(Debug, Default)]
pub(crate) struct Looking(Mutex<Vec<Look>>);

impl Looking {
    fn all(&self) -> MutexGuard<'_, Vec<Look>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at a terminal from now on, in place of an older look at it.
    pub(crate) fn at(&self, look: Look) {
        self.away(look.id);
        self.all().push(look);
    }

    /// Looks at it no more; false where it did not.
    pub(crate) fn away(&self, id: TerminalId) -> bool {
        let mut all = self.all();
        let before = all.len();
        all.retain(|look| {
            if look.id == id {
                look.viewer.leave();
            }
            look.id != id
        });
        all.len() < before
    }

    /// Returns true where it looks at this terminal.
    pub(crate) fn is_at(&self, id: TerminalId) -> bool {
        let sees = |look: &Look| look.id == id && !look.viewer.has_left();
        self.all().iter().any(sees)
    }

    /// Queues what is next; false where that is nothing. Whoever was told to leave sees no more, not
    /// even what waits.
    pub(crate) fn queue(&self, replies: &mut Replies) -> bool {
        let mut any = false;
        let mut all = self.all();
        all.retain(|look| !look.viewer.has_left());
        for Look { id, viewer, .. } in all.iter() {
            let mut bytes = 0;
            while bytes < TURN
                && !viewer.has_left()
                && let Some(waiting) = viewer.take()
            {
                any = true;
                bytes += waiting.bytes.len();
                let mut rest = waiting.bytes;
                let mut offset = waiting.offset;
                loop {
                    let piece = rest.split_to(rest.len().min(FRAME));
                    match smartopol_ipc::terminal_head(*id, waiting.piece, offset, piece.len()) {
                        Ok(head) => {
                            replies.queue(head);
                            replies.queue(piece.clone());
                        }
                        Err(err) => tracing::error!("a piece cannot be sent: {err}"),
                    }
                    // Only what the program wrote is numbered byte by byte.
                    if waiting.piece == smartopol_protocol::terminal::Piece::Output {
                        offset += piece.len() as u64;
                    }
                    if rest.is_empty() {
                        break;
                    }
                }
            }
        }
        any
    }
}

impl Drop for Looking {
    fn drop(&mut self) {
        for look in self.all().iter() {
            look.viewer.leave();
        }
    }
}
