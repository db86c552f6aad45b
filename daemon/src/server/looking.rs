//! The terminals that one client looks at.
//!
//! Owns: what of them goes out next, so that no terminal holds up replies and facts, and none the
//! other.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use smartopol_ipc::server::Replies;
use smartopol_protocol::TerminalId;
use smartopol_tools::terminals::Viewer;

/// How many bytes of one terminal go out before replies and facts have their turn again.
const TURN: usize = 256 * 1024;

/// The largest piece in one frame.
const FRAME: usize = 1 << 20;

/// What a client looks at.
#[derive(Debug, Default)]
pub(crate) struct Looking(Mutex<Vec<(TerminalId, Arc<Viewer>)>>);

impl Looking {
    fn all(&self) -> MutexGuard<'_, Vec<(TerminalId, Arc<Viewer>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at a terminal from now on, in place of an older look at it.
    pub(crate) fn at(&self, id: TerminalId, viewer: Arc<Viewer>) {
        self.away(id);
        self.all().push((id, viewer));
    }

    /// Looks at it no more; false where it did not.
    pub(crate) fn away(&self, id: TerminalId) -> bool {
        let mut all = self.all();
        let before = all.len();
        all.retain(|(own, viewer)| {
            if *own == id {
                viewer.leave();
            }
            *own != id
        });
        all.len() < before
    }

    /// Returns true where it looks at this terminal.
    pub(crate) fn is_at(&self, id: TerminalId) -> bool {
        self.all().iter().any(|(own, _)| *own == id)
    }

    /// Queues what is next; false where that is nothing.
    pub(crate) fn queue(&self, replies: &mut Replies) -> bool {
        let mut any = false;
        for (id, viewer) in self.all().iter() {
            let mut bytes = 0;
            while bytes < TURN
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
        for (_, viewer) in self.all().iter() {
            viewer.leave();
        }
    }
}
