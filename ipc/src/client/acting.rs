//! Acting as another peer.
//!
//! Owns: whom this process acts as. It is said once, when the program starts, because whoever plays
//! somebody plays them through every door.

use std::sync::OnceLock;

use smartopol_protocol::user::PeerId;

static PEER: OnceLock<PeerId> = OnceLock::new();

/// Makes every connection of this process act as a peer. Only the first call counts.
pub fn act_as(peer: PeerId) {
    let _ = PEER.set(peer);
}

/// Returns the peer that this process acts as; `None` where it acts as itself.
pub(super) fn peer() -> Option<PeerId> {
    PEER.get().cloned()
}
