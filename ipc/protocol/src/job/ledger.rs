//! The ledger of jobs: what came of each due time, and how it is asked for.
//!
//! A *run* is one row of the ledger: one due time of a job, with its end and the reason. A row
//! stands before its run begins, and every due time has exactly one.

use serde::{Deserialize, Serialize};

use crate::{JobId, MessageId, SessionId, Timestamp, TurnId};

/// One due time of a job: a row of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The job.
    pub job_id: JobId,
    /// When it was due.
    pub due_at: Timestamp,
    /// What became of it.
    pub state: RunState,
    /// Why, one sentence; empty where it ran as it should.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// True where a person ran it out of turn.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_hand: bool,
    /// How often it was tried.
    pub attempts: u32,
    /// When this row was first written.
    pub written_at: Timestamp,
    /// When it may begin; `None` where it never will again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim_at: Option<Timestamp>,
    /// When the newest try began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// The session that it spoke to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// What it said there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<MessageId>,
    /// The turn that came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<TurnId>,
}

impl Run {
    /// Returns what it is known by.
    pub const fn key(&self) -> RunKey {
        RunKey {
            job_id: self.job_id,
            due_at: self.due_at,
        }
    }
}

/// What a run is known by: its job and its due time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RunKey {
    /// The job.
    pub job_id: JobId,
    /// When it was due.
    pub due_at: Timestamp,
}

/// What became of a due time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// It is to begin.
    Waiting,
    /// It was claimed and is not over.
    Running,
    /// It ran in time.
    Ran,
    /// It ran, but not in time.
    Late,
    /// Nothing could run when it was due, and the job does not make up for it.
    Missed,
    /// It was left out by a rule: a pause, an overlap, a person.
    Skipped,
    /// What it needs no longer is as it was frozen.
    Blocked,
    /// It ran and failed.
    Failed,
}

impl RunState {
    /// Returns its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Ran => "ran",
            Self::Late => "late",
            Self::Missed => "missed",
            Self::Skipped => "skipped",
            Self::Blocked => "blocked",
            Self::Failed => "failed",
        }
    }

    /// Returns true where nothing more comes of it.
    pub const fn is_over(self) -> bool {
        !matches!(self, Self::Waiting | Self::Running)
    }
}

/// `job/history`: rows of a job's ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// Its name, its id, or the unique beginning of its id; removed jobs by their id.
    pub key: String,
    /// Only those due before this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Timestamp>,
    /// At most so many of the newest; 0 means 100, and 1,000 is the most.
    #[serde(default)]
    pub limit: u32,
}

/// The reply to `job/history`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryShown {
    /// The time zone of the job's schedule.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub zone: String,
    /// Oldest first.
    pub runs: Vec<Run>,
    /// True where older ones exist.
    pub more: bool,
}

/// `job/why`: why a job did or did not run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Why {
    /// Its name, its id, or the unique beginning of its id; removed jobs by their id.
    pub key: String,
    /// When, in words or as a moment; without it, the newest due time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

/// The reply to `job/why`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// One sentence.
    pub sentence: String,
    /// The row it is about; `None` where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Run>,
}
