//! What waits for a person: one list, everywhere the same.
//!
//! An item comes of a fact (an approval is asked, a turn fails, a reminder is due) and is written
//! with it. It is resolved exactly once: by a person, or because its cause went away.

use serde::{Deserialize, Serialize};

use crate::{
    ApprovalId, AttentionId, JobId, MemoryId, MessageId, QuestionId, SessionId, TerminalId,
    Timestamp, TurnId, UserId,
};

/// Something that waits for a person, or waited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Its name.
    pub id: AttentionId,
    /// What it is about.
    pub kind: Kind,
    /// How much it matters.
    pub priority: Priority,
    /// One line.
    pub title: String,
    /// What else a person should know; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// The session it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// The turn it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<TurnId>,
    /// The approval it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval_id: Option<ApprovalId>,
    /// The question it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question_id: Option<QuestionId>,
    /// The terminal it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal_id: Option<TerminalId>,
    /// The job it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_id: Option<JobId>,
    /// The memories it is about, those that have waited longest first; at most 20 of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub memory_ids: Vec<MemoryId>,
    /// Whose it is: of a job its owner, of a session whose session it is, of memories the one they
    /// are about. None where it is nobody's, such as a stranger at the door.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// The stranger it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// When it began to wait.
    pub at: Timestamp,
    /// When it was due, where that is not when it began to wait: it is late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// When it is too late to answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
    /// How often the person was told.
    pub told: u32,
    /// Where they were told since it began to wait, or since a snooze ended; the first place first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<Place>,
    /// Where it stands.
    pub state: ItemState,
}

/// Where a person is told of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "place", rename_all = "snake_case")]
pub enum Place {
    /// In the list of what waits: every console shows it, and notifies of it where that is on.
    Inbox,
    /// And in a session, by a notice.
    Session {
        /// The session.
        session_id: SessionId,
        /// The notice.
        message_id: MessageId,
    },
}

/// What an item is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A tool call waits for an answer: `approval/decide` resolves it.
    Approval,
    /// Nobody answered an approval in time.
    ApprovalExpired,
    /// The agent asks something: `question/answer` resolves it, or to dismiss it here.
    Question,
    /// Nobody answered a question of the agent in time.
    QuestionExpired,
    /// A turn failed, and nothing was said since.
    TurnFailed,
    /// A run of a job failed, or what it needs is not there.
    JobFailed,
    /// Due times of a job passed while nothing could run.
    JobMissed,
    /// A job was paused because it failed again and again.
    JobPaused,
    /// The program of a terminal ended with a failure, and nobody had asked it to end.
    TerminalEnded,
    /// The person wanted to be reminded.
    Reminder,
    /// A stranger wants to be let in: `user/admit` resolves it.
    Stranger,
    /// A budget is used up, and something was not done for it.
    BudgetUsed,
    /// Something to remember waits, one item for all of a user's: `memory/decide` resolves it.
    Memory,
}

/// How much something matters.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// It can wait; nobody is told twice.
    Low,
    /// It should be seen today; told twice.
    #[default]
    Normal,
    /// It should be seen within the hour; told three times.
    High,
    /// It should be seen now; told six times.
    Urgent,
}

impl Priority {
    /// All, from the lowest.
    pub const ALL: [Self; 4] = [Self::Low, Self::Normal, Self::High, Self::Urgent];

    /// Returns its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
            Self::Urgent => "urgent",
        }
    }

    /// Returns in how many places, one after the other, a person is told of a reminder that they do
    /// not acknowledge.
    pub const fn most_told(self) -> usize {
        match self {
            Self::Low => 1,
            Self::Normal => 2,
            Self::High => 3,
            Self::Urgent => 6,
        }
    }

    /// Returns after how many seconds a reminder that nobody acknowledged is told in the next
    /// place; `None` where it is told once.
    pub const fn again_after_seconds(self) -> Option<u32> {
        match self {
            Self::Low => None,
            Self::Normal => Some(3_600),
            Self::High => Some(900),
            Self::Urgent => Some(300),
        }
    }
}

/// Where an item stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ItemState {
    /// It waits.
    Open,
    /// It waits until then.
    Snoozed {
        /// Until when.
        until: Timestamp,
    },
    /// It waits no longer.
    Resolved {
        /// How.
        how: Resolution,
        /// The peer that did it; empty where its cause went away.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        by: String,
        /// When.
        at: Timestamp,
    },
}

/// How an item was resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// A person has seen to it.
    Acknowledged,
    /// A person does not want to see to it.
    Dismissed,
    /// What it asked was answered.
    Answered,
    /// Its cause went away.
    Gone,
}

/// `attention/list`: what waits for a person, what matters most first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct List {
    /// Also what is snoozed or resolved, after what waits, the newest first.
    pub all: bool,
    /// Also what is for others alone, marked by `user_id`: an admin's to ask for. An admin's own
    /// list has what is theirs and what they answer for others: approvals, strangers, budgets,
    /// what waits to be remembered of a child, and what is nobody's.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub everyone: bool,
    /// At most so many; 0 means 200, and 1,000 is the most.
    pub limit: u32,
}

/// The reply to `attention/list`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// What matters most first.
    pub items: Vec<Item>,
    /// How many of those that the list is of wait in all.
    pub open: u64,
    /// How many more wait for others alone; told to an admin.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub others: u64,
}

const fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// `attention/resolve`: a person has seen an item. The first answer wins; a later one gets the
/// fault `conflict`. A reminder, and what waits to be remembered of a grown-up, is seen to by the
/// one whose it is and by nobody else, who gets `denied`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resolve {
    /// The item.
    pub id: AttentionId,
    /// What is done with it.
    pub how: Seen,
}

/// What a person does with an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Seen {
    /// They have seen to it.
    Acknowledge,
    /// They do not want to see to it.
    Dismiss,
    /// They want to be told again later.
    Snooze {
        /// After how many seconds: 1 to 31,536,000.
        seconds: u64,
    },
}
