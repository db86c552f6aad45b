//! What happened: facts, each with its number, and passing news without one.
//!
//! A *fact* is a row of the journal: it was stored before it is told, its `seq` grows by the
//! order of the commits, and a client that says `since` gets the ones it missed. *Passing* news
//! (streamed text, output of a running tool) is told once; a snapshot carries what it added up to.
//! Facts carry the whole new state of the thing they are about, so applying one twice is harmless.

use serde::{Deserialize, Serialize};

use crate::approval::{Approval, Rule};
use crate::attention::Item;
use crate::client::Client;
use crate::compaction::{Compaction, Pin};
use crate::job::Job;
use crate::message::Message;
use crate::question::Question;
use crate::session::{Partial, Session};
use crate::terminal::{Size, Terminal};
use crate::tool::ToolCall;
use crate::trace::{Mark, Trace};
use crate::turn::Turn;
use crate::user;
use crate::{
    CallId, JobId, MessageId, RuleId, SessionId, TerminalId, Timestamp, TraceId, TurnId, UserId,
};
use crate::{knowledge, memory};

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its number in the journal; `None` for passing news.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// When it happened.
    pub at: Timestamp,
    /// The session it is about; `None` where it is about none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// What happened.
    #[serde(flatten)]
    pub news: News,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", content = "data", rename_all = "snake_case")]
pub enum News {
    // facts
    /// A session was made, or something in its row changed.
    SessionChanged(Box<Session>),
    /// A session was removed.
    SessionDeleted(SessionId),
    /// A message was stored or changed, or got its place in the transcript.
    MessageChanged(Box<Message>),
    /// A message that waited for its turn was taken back.
    MessageWithdrawn(MessageId),
    /// A turn began, went on or ended.
    TurnChanged(Box<Turn>),
    /// A tool call was asked for, decided, begun or answered.
    CallChanged(Box<ToolCall>),
    /// A person is asked, or an approval ended.
    ApprovalChanged(Box<Approval>),
    /// The agent asks a person something, or a question of it ended.
    QuestionChanged(Box<Question>),
    /// A rule was learned.
    RuleAdded(Box<Rule>),
    /// A rule was revoked, or ended with its session.
    RuleRevoked(RuleId),
    /// A trace was begun or completed.
    TraceChanged(Box<Trace>),
    /// A person marked a trace, or took the mark away.
    TraceMarked(Mark),
    /// A job was made or changed, or its ledger has a new or changed row, which is its `last`;
    /// rows of missed times may come many at once.
    JobChanged(Box<Job>),
    /// A job was removed.
    JobRemoved(JobId),
    /// Something waits for a person, or does so no longer.
    AttentionChanged(Box<Item>),
    /// A terminal was opened, ended, changed hands, or something else in its row changed.
    TerminalChanged(Box<Terminal>),
    /// A terminal and all that was kept of it are gone.
    TerminalClosed(TerminalId),
    /// A user was made or changed.
    UserChanged(Box<user::Changed>),
    /// A user was removed, or merged into another.
    UserRemoved(user::Removed),
    /// Somebody said a code that joins no peer to a user.
    LinkRefused(user::Refused),
    /// A memory was written, approved, superseded or forgotten.
    MemoryChanged(memory::Change),
    /// Somebody looked at what is remembered of others.
    MemoryLooked(memory::Look),
    /// A topic of the knowledge was written, used or removed.
    TopicChanged(knowledge::Change),
    /// Older messages of a session were folded, or a person took that back.
    CompactionChanged(Box<Compaction>),
    /// Something was pinned in a session, or taken off.
    PinChanged(Box<Pin>),

    // passing
    /// More text of the message that the agent is saying.
    TextDelta {
        /// The turn.
        turn_id: TurnId,
        /// The step of the turn, from 1; each step says one message.
        step: u32,
        /// How many bytes of text the message had before this piece. A client that has more skips
        /// what it has; one that has less has missed something and asks `event/watch` again.
        offset: u64,
        /// The piece.
        text: String,
    },
    /// More reasoning of it.
    ReasoningDelta {
        /// The turn.
        turn_id: TurnId,
        /// The step of the turn, from 1.
        step: u32,
        /// How many bytes of reasoning the message had before this piece.
        offset: u64,
        /// The piece.
        text: String,
    },
    /// The model is writing a call.
    CallDelta {
        /// The turn.
        turn_id: TurnId,
        /// The step of the turn, from 1.
        step: u32,
        /// The tool's name.
        name: String,
        /// Bytes of its arguments so far.
        bytes: u64,
    },
    /// More output of a running call.
    OutputDelta {
        /// The call.
        call_id: CallId,
        /// The piece.
        text: String,
    },
    /// The request failed before anything was shown and is tried again.
    Retrying {
        /// The turn.
        turn_id: TurnId,
        /// Why, one sentence.
        reason: String,
        /// When, in milliseconds from now.
        after_ms: u64,
    },
    /// The model is asked to fold the older messages of the session; its answer is no message.
    Compacting {
        /// The turn.
        turn_id: TurnId,
    },
    /// This client was too slow: facts were lost on the way, and it must subscribe again with
    /// the last number it has seen.
    Gap {
        /// How many facts were lost.
        missed: u64,
    },
    /// This client was too slow: passing news was dropped. `session/show` has what it added up to.
    Dropped {
        /// How many pieces were dropped.
        deltas: u64,
    },
    /// A terminal has another size now, because one who is attached came, left or changed its own.
    TerminalSized {
        /// The terminal.
        id: TerminalId,
        /// Its size.
        size: Size,
        /// The client whose window is the smallest; `None` where nobody's size counts.
        client: Option<u64>,
    },
    /// A client came, or watches something else now.
    ClientChanged(Client),
    /// A client left; its number.
    ClientLeft(u64),
    /// The daemon is shutting down.
    Stopping,
}

/// `event/subscribe`: from now on this connection gets events.
///
/// A second call replaces the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Subscribe {
    /// The last number this client has seen: it gets what came after, or a snapshot where that is
    /// too much. Without it, a snapshot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<u64>,
    /// Passing news is wanted of this session alone; without it of none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watch: Option<SessionId>,
    /// Facts too are wanted of this session alone; without it of all. The numbers told then have
    /// gaps, which mean nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only: Option<SessionId>,
}

/// The reply to `event/subscribe`. Events follow it, none missing, none before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case")]
pub enum Subscribed {
    /// What was missed follows as events.
    Replay {
        /// The number of the newest fact.
        seq: u64,
        /// How many facts were missed; they follow as events, with `only` those of its session.
        missed: u64,
    },
    /// The whole present.
    Snapshot(Box<Snapshot>),
}

/// The present, without transcripts (`session/show` has those).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Every fact up to this number is in here.
    pub seq: u64,
    /// All sessions, the most recently used first.
    pub sessions: Vec<Session>,
    /// All pending approvals, oldest first.
    pub approvals: Vec<Approval>,
    /// All pending questions of the agent, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<Question>,
    /// The newest 200 traces, oldest first.
    pub traces: Vec<Trace>,
    /// Every marked trace.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marked: Vec<TraceId>,
    /// What waits for a person, what matters most first, at most 200. Jobs are not in here:
    /// `job/list` has them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attention: Vec<Item>,
    /// All terminals, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub terminals: Vec<Terminal>,
    /// The user who subscribes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// The names of all users, for one who sees the sessions of others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<UserName>,
}

/// What a user is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserName {
    /// The user.
    pub id: UserId,
    /// Their name for people.
    pub name: String,
}

/// `event/watch`: passing news is wanted of this session alone, instead of the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Watch {
    /// The session; without it none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
}

/// The reply to `event/watch`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watched {
    /// What is being said right now and not yet a message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partial: Option<Partial>,
}

impl News {
    /// Returns true for facts, which are stored and numbered.
    pub const fn is_fact(&self) -> bool {
        matches!(
            self,
            Self::SessionChanged(_)
                | Self::SessionDeleted(_)
                | Self::MessageChanged(_)
                | Self::MessageWithdrawn(_)
                | Self::TurnChanged(_)
                | Self::CallChanged(_)
                | Self::ApprovalChanged(_)
                | Self::QuestionChanged(_)
                | Self::RuleAdded(_)
                | Self::RuleRevoked(_)
                | Self::TraceChanged(_)
                | Self::TraceMarked(_)
                | Self::JobChanged(_)
                | Self::JobRemoved(_)
                | Self::AttentionChanged(_)
                | Self::TerminalChanged(_)
                | Self::TerminalClosed(_)
                | Self::UserChanged(_)
                | Self::UserRemoved(_)
                | Self::LinkRefused(_)
                | Self::MemoryChanged(_)
                | Self::MemoryLooked(_)
                | Self::TopicChanged(_)
                | Self::CompactionChanged(_)
                | Self::PinChanged(_)
        )
    }
}
