//! What requests do: one file per noun, one function per verb.

pub(super) mod approval;
pub(super) mod attention;
pub(super) mod client;
pub(super) mod command;
pub(super) mod compaction;
pub(super) mod daemon;
pub(super) mod job;
pub(super) mod knowledge;
pub(super) mod memory;
pub(super) mod message;
pub(super) mod prompt;
pub(super) mod provider;
pub(super) mod question;
pub(super) mod rule;
pub(super) mod session;
pub(super) mod terminal;
pub(super) mod trace;
pub(super) mod turn;
pub(super) mod user;

use std::time::Duration;

/// How long a session may take to answer what it only has to look up or write.
const SOON: Duration = Duration::from_secs(10);

/// How long an interrupt may take: a person waits for it.
const AT_ONCE: Duration = Duration::from_millis(950);
