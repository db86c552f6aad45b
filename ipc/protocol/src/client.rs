//! Who is attached to the daemon.

use serde::{Deserialize, Serialize};

use crate::{SessionId, Timestamp};

/// A client that listens: it subscribed to events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// Its number, from 1; no two clients of one daemon have the same.
    pub id: u64,
    /// What it calls itself, such as `smartopol-tui`.
    pub name: String,
    /// Who uses it, such as `cli:1000`.
    pub peer: String,
    /// True where it may look and not touch.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub observes: bool,
    /// The session that it watches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watches: Option<SessionId>,
    /// Since when it is connected.
    pub since: Timestamp,
}

/// `client/list`: who is attached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct List {}

/// The reply to `client/list`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// All that listen, the one that came first at the beginning.
    pub clients: Vec<Client>,
    /// The number of the client that asked, whether it listens or not.
    pub own: u64,
}
