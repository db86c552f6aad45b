//! Questions to a person about tool calls, their answers, and answers kept for later.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::tool::Inspection;
use crate::{ApprovalId, CallId, RuleId, SessionId, Timestamp, TurnId};

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
    /// Everything is free but what a rule or the floor stops, and what lies outside the workspace.
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
    /// When it was asked.
    pub asked_at: Timestamp,
    /// When it ends as expired if nobody answers.
    pub expires_at: Timestamp,
    /// Where it stands.
    pub state: ApprovalState,
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
    /// Calls like it, in every session, until revoked.
    Always,
}

/// What to do with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Run it.
    Allow,
    /// Ask a person.
    Ask,
    /// Refuse it.
    Deny,
}

/// Which calls a rule is about. What is left out matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pattern {
    /// The tool's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// The leading words of a single plain command; at each place one word or alternatives.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<OneOf>,
    /// A glob over absolute paths: every path the call touches must match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// In words, for people: ``exec `git status …` ``, `write_file in /home/ana/code/**`.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tool.as_deref().unwrap_or("every tool"))?;
        if !self.command.is_empty() {
            f.write_str(" `")?;
            for word in &self.command {
                match word {
                    OneOf::Word(word) => write!(f, "{word} ")?,
                    OneOf::Any(words) => write!(f, "({}) ", words.join("|"))?,
                }
            }
            f.write_str("…`")?;
        }
        match &self.path {
            Some(path) => write!(f, " in {path}"),
            None => Ok(()),
        }
    }
}

/// A word, or alternatives for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OneOf {
    /// Just this word.
    Word(String),
    /// Any of these words.
    Any(Vec<String>),
}

impl OneOf {
    /// Returns true where `word` is the word or one of the alternatives.
    pub fn matches(&self, word: &str) -> bool {
        match self {
            Self::Word(own) => own == word,
            Self::Any(words) => words.iter().any(|own| own == word),
        }
    }
}

/// An answer kept for later.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// Its name; `None` for a rule of the config file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<RuleId>,
    /// What it says.
    pub decision: Verdict,
    /// Which calls it is about.
    pub pattern: Pattern,
    /// The session it is for; `None` for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// Who made it; `None` for a rule of the config file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    /// When it was made; `None` for a rule of the config file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
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
}

/// `rule/list`: all rules in force, those of the config first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ListRules {}

/// The reply to `rule/list`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ListedRules {
    /// The rules.
    pub rules: Vec<Rule>,
}

/// `rule/revoke`: ends a learned rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevokeRule {
    /// The rule.
    pub id: RuleId,
}
