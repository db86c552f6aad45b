//! Memory: what is believed about a user, from whom, and since when.
//!
//! A belief is never overwritten: one that is changed is superseded by another, and the old one
//! says until when it counted. What came of untrusted text says so for ever.

use serde::{Deserialize, Serialize};

use crate::{CallId, MemoryId, MessageId, SessionId, Timestamp, TurnId, UserId};

/// One belief about a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// Its name.
    pub id: MemoryId,
    /// Whom it is about, and whose it is.
    pub user_id: UserId,
    /// What is believed, one line of at most 2 KiB; empty once it was forgotten.
    pub text: String,
    /// What kind of belief it is.
    pub category: Category,
    /// How sure one is of it, in percent.
    pub confidence: u8,
    /// Whether it counts.
    pub state: State,
    /// Where it comes from.
    pub source: Source,
    /// What untrusted text it may come from, and what supersedes it too; empty where none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taint: Vec<Taint>,
    /// The belief whose place it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<MemoryId>,
    /// From when on it is so; without it, ever since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Timestamp>,
    /// Until when it is so; without it, for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// When it was written.
    pub created_at: Timestamp,
    /// Since when it counts: when it was written, or approved. `None` where it never did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub believed_at: Option<Timestamp>,
    /// The peer that approved it; empty where nobody had to.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub approved_by: String,
}

impl Memory {
    /// Returns true where it counts at this moment.
    pub fn holds(&self, at: Timestamp) -> bool {
        self.state == State::Active
            && self.valid_from.is_none_or(|from| from <= at)
            && self.valid_until.is_none_or(|until| until > at)
    }
}

/// What kind of belief it is; those that matter most first.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// How the agent is to work.
    Instruction,
    /// What the user likes.
    Preference,
    /// What is so.
    #[default]
    Fact,
    /// What matters at the moment.
    Context,
}

impl Category {
    /// All, those that matter most first.
    pub const ALL: [Self; 4] = [
        Self::Instruction,
        Self::Preference,
        Self::Fact,
        Self::Context,
    ];

    /// Returns its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Instruction => "instruction",
            Self::Preference => "preference",
            Self::Fact => "fact",
            Self::Context => "context",
        }
    }
}

/// Whether a belief counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// It waits for a person's approval, and counts for nothing until then.
    Pending,
    /// It counts, while it is valid.
    Active,
    /// Another took its place.
    Superseded {
        /// Which.
        by: MemoryId,
        /// When.
        at: Timestamp,
    },
    /// Its words are gone.
    Forgotten {
        /// The peer that wanted it so.
        by: String,
        /// When.
        at: Timestamp,
    },
    /// A person did not want it; its words are gone.
    Rejected {
        /// The peer.
        by: String,
        /// When.
        at: Timestamp,
    },
}

impl State {
    /// Returns its name on the wire.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Superseded { .. } => "superseded",
            Self::Forgotten { .. } => "forgotten",
            Self::Rejected { .. } => "rejected",
        }
    }
}

/// Where a belief, or a topic, comes from. The daemon says so, not the model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Who wrote it.
    pub by: By,
    /// The peer whose words it comes of; empty where nobody's.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub peer: String,
    /// The session in which it was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// The message that began the turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<MessageId>,
    /// The turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<TurnId>,
    /// The tool call that wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_id: Option<CallId>,
    /// The messages of the session out of which it was taken, where they were folded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messages: Option<Span>,
}

/// Messages of a session that stand side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Span {
    /// The position of the first.
    pub from: u64,
    /// The position of the last.
    pub until: u64,
}

/// Who wrote something down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// A person, with a command or in the console.
    Person,
    /// The agent, with a tool.
    Agent,
    /// A file of the seeds.
    Seed,
    /// The agent, asked what is worth remembering of messages that were folded.
    Extraction,
}

/// Untrusted text that was read before something was written, in the same turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taint {
    /// What kind of text.
    pub kind: Untrusted,
    /// Which, in a few words: the title of a tool call, a peer.
    pub what: String,
    /// The call that read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_id: Option<CallId>,
}

/// A kind of untrusted text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Untrusted {
    /// It came over the network.
    Network,
    /// A file or folder outside the workspace.
    Outside,
    /// What was read cannot be told.
    Unclear,
    /// Another user said it.
    OtherUser,
    /// A topic or a memory that is untrusted itself.
    Written,
}

impl Untrusted {
    /// Returns what it is, in a few words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Network => "read over the network",
            Self::Outside => "read outside the workspace",
            Self::Unclear => "what it read cannot be told",
            Self::OtherUser => "said by another user",
            Self::Written => "came of an untrusted topic",
        }
    }
}

/// `memory/add`: remembers something about a user, from the next turn on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Add {
    /// What to remember: 1 byte to 2 KiB. Line breaks become spaces.
    pub text: String,
    /// What kind of belief it is; a fact where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Category>,
    /// How sure one is, 1 to 100; 100 where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<u8>,
    /// From when on it is so, in words: `tomorrow 9:00`, `2026-12-01 00:00`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Until when, likewise: `in 30 days`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// The belief whose place it takes: an id, or the unique beginning of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<String>,
}

/// The reply to `memory/add`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Added {
    /// What is remembered, without secrets.
    pub memory: Memory,
    /// True where it was remembered already, and nothing was written.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub known: bool,
}

/// `memory/list`: what is remembered, what matters most first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct List {
    /// Which.
    pub which: Which,
    /// Only of this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<Category>,
    /// At most so many; 0 means 200, and 1,000 are the most.
    pub limit: u32,
    /// So many fewer from the beginning.
    pub skip: u32,
    /// Whose.
    #[serde(skip_serializing_if = "Whose::is_own")]
    pub of: Whose,
}

/// Whose memories are meant. To see another's takes the capability `see_all_memory`, and is a
/// fact.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    /// Those of who asks.
    #[default]
    Own,
    /// Those of this user, by name or id.
    User(String),
    /// Those of all users.
    Everybody,
}

impl Whose {
    const fn is_own(&self) -> bool {
        matches!(self, Self::Own)
    }
}

/// Somebody looked at what is remembered of others. One look speaks for those of the same peer in
/// the ten minutes after it that show no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// The peer who looked.
    pub peer: String,
    /// Whose memories; `None` for everybody's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// The memory, where it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_id: Option<MemoryId>,
}

/// Which memories are meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// What counts at the moment.
    #[default]
    Current,
    /// What waits for approval, what has waited longest first.
    Pending,
    /// Everything, also what was superseded, forgotten or rejected, the newest first.
    All,
}

/// The reply to `memory/list`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// The memories.
    pub memories: Vec<Memory>,
    /// True where there are more.
    pub more: bool,
    /// How many count at the moment.
    pub current: u64,
    /// How many wait for approval.
    pub pending: u64,
    /// How many of the current ones models are told without asking.
    pub told: u64,
    /// What else every session is told: `MEMORY.md`, which a person writes by hand.
    pub file: File,
}

/// The file of the workspace that every session is told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Where it is.
    pub path: String,
    /// How many of its lines say something.
    pub lines: u64,
    /// How many bytes of its end models are not told, because it is too long.
    pub cut: u64,
}

/// `memory/search`: the memories that say these words, the best first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Search {
    /// The words; none of them is an operator. At most 1,000 bytes.
    pub text: String,
    /// True where the last word may be the beginning of one.
    pub typing: bool,
    /// Which: what waits is found only where all are meant.
    pub which: Which,
    /// Only of this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<Category>,
    /// At most so many; 0 means 20, and 200 are the most.
    pub limit: u32,
    /// Whose.
    #[serde(skip_serializing_if = "Whose::is_own")]
    pub of: Whose,
}

/// The reply to `memory/search`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// What was found, the best first.
    pub hits: Vec<Hit>,
}

/// One memory that was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// It.
    pub memory: Memory,
    /// How well it fits (BM25), more is better.
    pub score: f64,
}

/// `memory/show`: one memory, with what was believed before and after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Show {
    /// An id, or the unique beginning of one.
    pub key: String,
    /// Whose it is.
    #[serde(default, skip_serializing_if = "Whose::is_own")]
    pub of: Whose,
}

/// The reply to `memory/show`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// It.
    pub memory: Memory,
    /// All that was believed in its place, the oldest first, itself among them.
    pub history: Vec<Memory>,
}

/// `memory/edit`: believes something else from now on; the old belief is superseded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// An id, or the unique beginning of one.
    pub key: String,
    /// What is believed now; without it, the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Its kind; without it, the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Category>,
    /// How sure one is, 1 to 100; without it, as before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<u8>,
    /// From when on it is so, in words; without it, as before; empty for ever since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Until when it is so, in words; without it, as before; empty for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// `memory/forget`: takes the words of a memory away, and those of all that it superseded.
/// What was said in sessions stays there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forget {
    /// An id, or the unique beginning of one.
    pub key: String,
}

/// The reply to `memory/forget`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forgotten {
    /// Which; their words are gone.
    pub ids: Vec<MemoryId>,
}

/// `memory/decide`: a person approves or rejects what waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decide {
    /// An id, or the unique beginning of one.
    pub key: String,
    /// What they want.
    pub verdict: Verdict,
    /// What counts from now on in the place of its words, where it is approved in others: it is
    /// superseded at once, and both stand in the history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// What a person wants of a memory that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It counts from now on, and stays marked as untrusted.
    Approve,
    /// It never counts.
    Reject,
}

/// A memory changed. Its words are not told: they are one user's, and can be forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Which.
    pub id: MemoryId,
    /// Whose.
    pub user_id: UserId,
    /// How it stands now.
    pub state: State,
}
