//! What is said of verdicts without giving one: why a call is asked about, which rules would cover
//! it, what a rule would have done.

use serde::{Deserialize, Serialize};

use super::{Danger, Mode, Pattern, Verdict};
use crate::tool::{Effect, Removal};
use crate::trace::DecidedBy;
use crate::{ApprovalId, SessionId};

/// `approval/lab`: why a call is asked about, and which rules would cover it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lab {
    /// The approval.
    pub id: ApprovalId,
}

/// The reply to `approval/lab`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabShown {
    /// Why it is asked: the effects that ask, then the rules that came near.
    pub why: Vec<Reason>,
    /// Rules that would cover it, from narrow to broad; empty where it may only be answered once.
    pub candidates: Vec<Candidate>,
}

/// One reason for a verdict.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// One sentence without a dot.
    pub text: String,
    /// The rule it speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Pattern>,
    /// At which word of its command that rule missed, counted from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed_at: Option<u32>,
}

/// A rule that an answer could keep.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Which calls it would be about.
    pub pattern: Pattern,
    /// The same in words.
    pub text: String,
    /// What it would have done.
    pub back_test: BackTest,
}

/// What a rule would have done, had it stood in the last days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackTest {
    /// How many days were looked at.
    pub days: u32,
    /// How many calls they hold, as far as was looked.
    pub calls: u64,
    /// How many of them the rule alone would have allowed.
    pub allowed: u64,
    /// How many of those a person denied.
    pub denied_by_person: u64,
}

/// `approval/check`: explains the verdict on a command line without running anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Check {
    /// The command line.
    pub command: String,
    /// The folder it would run in, absolute. Without a session it is the workspace too;
    /// empty with a session for the session's folder.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cwd: String,
    /// The mode; without one that of the session, or of the config.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// The session whose folder, mode and rules hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// The role of the one who asks; without one it is you, with your own rights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
}

/// The reply to `approval/check`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// What would be done.
    pub verdict: Verdict,
    /// What decided.
    pub by: DecidedBy,
    /// Why, one sentence each, the one that decided first.
    pub reasons: Vec<String>,
    /// Every simple command as its words, without the wrappers around it.
    pub commands: Vec<Vec<String>>,
    /// All that it would do.
    pub effects: Vec<Effect>,
    /// What makes it dangerous.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub danger: Option<Danger>,
    /// What a recursive deletion would take away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removal: Option<Removal>,
    /// The rule that an answer for longer would keep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Pattern>,
}

/// `rule/test`: what a rule would have done, and which examples it is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TestRule {
    /// The rule.
    pub pattern: Pattern,
    /// Command lines to hold it against.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<String>,
    /// The folder that the examples would run in, absolute; empty for the home folder.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cwd: String,
}

/// The reply to `rule/test`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestedRule {
    /// What it would have done.
    pub back_test: BackTest,
    /// The examples, as they were given.
    pub examples: Vec<Example>,
}

/// A command line held against a rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// The command line.
    pub command: String,
    /// True where an allowing rule would let all of it run.
    pub covered: bool,
    /// True where a denying or asking rule would catch something in it.
    pub caught: bool,
}
