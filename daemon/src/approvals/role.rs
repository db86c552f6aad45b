//! Who a person is to us.

/// The roles that a person can have.
pub(crate) const ALL: [&str; 3] = ["admin", "user", "child"];

/// Returns the role of a peer. Whoever comes through the socket is the daemon's own user, who may
/// do everything anyway; a turn that nobody's message began is the daemon's own.
pub(crate) fn of(peer: &str) -> &'static str {
    if peer.is_empty() || peer.starts_with("cli:") {
        "admin"
    } else {
        "user"
    }
}
