//! The daemon as a whole: how it is, and what it is told.

use serde::{Deserialize, Serialize};

use crate::approval::Mode;
use crate::job::Due;
use crate::{AgentId, Timestamp};

/// `daemon/status`: how the daemon is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Status {}

/// The reply to `daemon/status`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StatusShown {
    /// Its process id.
    pub pid: u32,
    /// Its version, such as `0.1.0`.
    pub version: String,
    /// When it started.
    pub started_at: Timestamp,
    /// Milliseconds since then.
    pub uptime_ms: u64,
    /// Its socket.
    pub socket: String,
    /// Its database.
    pub database: String,
    /// Its log file.
    pub log: String,
    /// Its config file; empty where there is none.
    pub config: String,
    /// The agent's name to trace collectors.
    pub agent_id: AgentId,
    /// What it did to start, in order.
    pub phases: Vec<Phase>,
    /// Sessions in the database.
    pub sessions: u64,
    /// Sessions with a running or waiting turn.
    pub active_sessions: u64,
    /// Approvals that wait for a person.
    pub pending_approvals: u64,
    /// Questions of the agent that wait for a person.
    #[serde(default)]
    pub pending_questions: u64,
    /// What runs by itself.
    #[serde(default)]
    pub jobs: JobsShown,
    /// The terminals.
    #[serde(default)]
    pub terminals: TerminalsShown,
    /// Clients attached, this one included.
    pub clients: u64,
    /// Size of the database with its write-ahead log, in bytes.
    pub database_bytes: u64,
    /// Its files in more detail.
    #[serde(default)]
    pub size: Size,
    /// The newest backup that the daemon made by itself; `None` where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_backup: Option<BackupShown>,
    /// What went wrong with looking after the database and needs a person, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub troubles: Vec<String>,
    /// Resident memory of the daemon, in bytes; 0 where the system does not tell.
    pub rss_bytes: u64,
    /// The chosen provider.
    pub provider: String,
    /// Its model.
    pub model: String,
    /// The approval mode of sessions that have none of their own.
    pub mode: Mode,
}

/// How many jobs there are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobsShown {
    /// Those that have times to come.
    pub active: u64,
    /// Those that are paused.
    pub paused: u64,
    /// Runs that are under way.
    pub running: u64,
    /// What is due next; `None` where nothing is. What is paused is skipped, so it is not meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Due>,
}

/// How many terminals there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerminalsShown {
    /// Those whose program runs.
    pub running: u64,
    /// Those whose program ended, and that were not removed.
    pub ended: u64,
}

/// How large the database is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// The database, without its write-ahead log, in bytes.
    pub bytes: u64,
    /// Of those, what is free and will be used again or given back.
    pub free_bytes: u64,
    /// The write-ahead log.
    pub wal_bytes: u64,
}

/// A backup that the daemon made by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupShown {
    /// When it was made.
    pub at: Timestamp,
    /// Its size.
    pub bytes: u64,
    /// Its file.
    pub path: String,
}

/// `daemon/figures`: how much there is of everything that grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Figures {}

/// The reply to `daemon/figures`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FiguresShown {
    /// How large the database is.
    pub size: Size,
    /// How much there is in it.
    pub rows: Rows,
    /// How often the database was read since the daemon started.
    #[serde(default)]
    pub reads: u64,
    /// How often it was written.
    #[serde(default)]
    pub writes: u64,
    /// The backups that the daemon made by itself, oldest first.
    pub backups: Vec<BackupShown>,
    /// What is free on the disk that they lie on, in bytes; `None` where the system does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk_free_bytes: Option<u64>,
}

/// How much there is in the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rows {
    /// Sessions.
    pub sessions: u64,
    /// Turns.
    pub turns: u64,
    /// Messages.
    pub messages: u64,
    /// Tool calls.
    pub calls: u64,
    /// Approvals.
    pub approvals: u64,
    /// Traces.
    pub traces: u64,
    /// Facts that are kept for clients that come back.
    pub facts: u64,
    /// When the oldest of those happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_fact_at: Option<Timestamp>,
    /// When the oldest trace was begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_trace_at: Option<Timestamp>,
}

/// One phase of the start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Phase {
    /// Its name.
    pub name: String,
    /// How long it took, in milliseconds.
    pub ms: f64,
}

/// `daemon/stop`: shuts the daemon down; the reply comes before it begins to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Stop {
    /// True where all terminals end too; they outlive the daemon otherwise.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub terminals: bool,
}

/// `daemon/backup`: writes a copy of the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    /// The file to write: absolute, not existing.
    pub path: String,
}

/// The reply to `daemon/backup`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackedUp {
    /// The size of the copy in bytes.
    pub bytes: u64,
}

/// `daemon/check`: looks whether the database is sound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Check {}

/// The reply to `daemon/check`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// What is wrong; empty where all is well.
    pub problems: Vec<String>,
}
