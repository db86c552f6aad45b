//! Questions to a person about tool calls, and their answers.
//!
//! Answers kept for later are in `rule`, what is said of a verdict without giving one in `lab`.

mod lab;
mod rule;
mod text;

use serde::{Deserialize, Serialize};

use crate::tool::Inspection;
use crate::{ApprovalId, CallId, SessionId, Timestamp, TurnId, UserId};

pub use lab::{
    BackTest, Candidate, Check, Checked, Example, Lab, LabShown, Reason, TestRule, TestedRule,
};
pub use rule::{ListRules, ListedRules, OneOf, Pattern, RevokeRule, Rule, Verdict};
pub use text::NoPattern;

/// How much a session may do without asking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Nothing that writes, and no command, at all.
    ReadOnly,
    /// Reading in the workspace is free; all else asks.
    #[default]
    Ask,
    /// As `ask`, and writing files in the workspace is free.
    AutoEdit,
    /// Everything is free but what a rule or the floor stops, what lies outside the workspace or
    /// reaches beyond it, and what cannot be told.
    Auto,
}

impl Mode {
    /// All modes, from the strictest.
    pub const ALL: [Self; 4] = [Self::ReadOnly, Self::Ask, Self::AutoEdit, Self::Auto];

    /// Returns its name on the wire and in the config.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReadOnly => "read-only",
            Self::Ask => "ask",
            Self::AutoEdit => "auto-edit",
            Self::Auto => "auto",
        }
    }
}

/// A question to a person about one tool call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Approval {
    /// Its name.
    pub id: ApprovalId,
    /// The session that asks.
    pub session_id: SessionId,
    /// The turn that waits.
    pub turn_id: TurnId,
    /// The call it is about.
    pub call_id: CallId,
    /// The tool.
    pub tool: String,
    /// What the call would do.
    pub inspection: Inspection,
    /// Why it is asked, one sentence: the rule, the mode, what could not be understood.
    pub reason: String,
    /// The rule that an answer for the session or for always would keep;
    /// `None` where such a call may only be answered once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Pattern>,
    /// Why such a call is dangerous, and the word that must be typed to allow it;
    /// `None` for an ordinary one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub danger: Option<Danger>,
    /// Who may answer, and how many of them must.
    #[serde(default)]
    pub terms: Terms,
    /// Answers that allow it, as long as more are needed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub votes: Vec<Vote>,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// When it ends as expired if nobody answers.
    pub expires_at: Timestamp,
    /// Where it stands.
    pub state: ApprovalState,
}

/// What makes a call dangerous: it is allowed only by one who types the word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Danger {
    /// The word, in lower case letters.
    pub word: String,
    /// What could be lost, a part of a sentence: `it deletes /var/log and all below it`.
    pub why: String,
}

/// Where an approval stands. Every approval leaves `Pending` exactly once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ApprovalState {
    /// It waits for an answer.
    Pending,
    /// A person allowed it.
    Allowed {
        /// The answer.
        decision: Decision,
    },
    /// A person denied it.
    Denied {
        /// The answer.
        decision: Decision,
    },
    /// Nobody answered in time.
    Expired {
        /// When it ended.
        at: Timestamp,
    },
    /// The turn ended before anybody answered.
    Cancelled {
        /// When it ended.
        at: Timestamp,
        /// Why, one sentence.
        reason: String,
    },
}

/// Who may answer a question, and how many of them must.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Terms {
    /// Who may answer.
    pub approvers: Approvers,
    /// How many different users must allow it; one who denies it denies it for all.
    pub quorum: u32,
    /// True where who asked may not be among them.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub not_asker: bool,
    /// Who asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asker: Option<UserId>,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            approvers: Approvers::default(),
            quorum: 1,
            not_asker: false,
            asker: None,
        }
    }
}

/// Who may answer a question.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Approvers {
    /// Everybody who may approve requests.
    #[default]
    Approvers,
    /// Admins alone.
    Admins,
}

/// One of several answers that a question needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Vote {
    /// Who allowed it.
    pub user_id: UserId,
    /// Their answer.
    pub decision: Decision,
}

/// Who decided, where, for how long.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// The person.
    pub actor: Actor,
    /// What the answer covers.
    pub scope: Scope,
    /// When it was given.
    pub at: Timestamp,
    /// What the person wants the agent to know; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// A person at a door of the daemon.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Actor {
    /// The peer, such as `cli:1000` for the operating system's user 1000.
    pub peer: String,
    /// The program they used, as it named itself, such as `smartopol-tui`.
    pub client: String,
    /// Who really acted, where the daemon's owner acts as another peer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// What an answer covers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// This call alone.
    #[default]
    Once,
    /// Calls like it, in this session.
    Session,
    /// Calls like it, in every session of this session's folder, until revoked.
    Workspace,
    /// Calls like it, in every session, until revoked.
    Always,
}

/// `approval/list`: approvals, newest last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct List {
    /// Also those that ended; without it only the pending ones.
    pub all: bool,
    /// Only those of this session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// At most so many of the newest; 0 means 100, and 1,000 is the most.
    pub limit: u32,
}

/// The reply to `approval/list`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Listed {
    /// Oldest first.
    pub approvals: Vec<Approval>,
}

/// `approval/show`: one approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Show {
    /// The approval.
    pub id: ApprovalId,
}

/// `approval/decide`: answers a pending approval. The first answer wins; a later one gets the
/// fault `conflict`, which says who was first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decide {
    /// The approval.
    pub id: ApprovalId,
    /// True to allow, false to deny.
    pub allow: bool,
    /// What the answer covers; a denial is always for once.
    #[serde(default)]
    pub scope: Scope,
    /// What the person wants the agent to know.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// The word of [`Approval::danger`], typed by the person; empty where there is no danger.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub word: String,
    /// The rule to keep in place of [`Approval::rule`]; it must be about this very call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Pattern>,
    /// After how many seconds the kept rule ends; absent where it holds until revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expire_after_seconds: Option<u64>,
}

impl Decide {
    /// Allows a call.
    pub const fn allow(id: ApprovalId, scope: Scope) -> Self {
        Self {
            id,
            allow: true,
            scope,
            note: String::new(),
            word: String::new(),
            rule: None,
            expire_after_seconds: None,
        }
    }

    /// Denies a call.
    pub fn deny(id: ApprovalId) -> Self {
        Self {
            allow: false,
            ..Self::allow(id, Scope::Once)
        }
    }
}
