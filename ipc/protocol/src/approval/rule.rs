//! Answers kept for later: which calls they are about, and for how long they hold.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Actor;
use super::text::Quoted;
use crate::{RuleId, SessionId, Timestamp};

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
    /// The leading words of a command; at each place one word or alternatives. To be allowed,
    /// every command of the call must match a rule; to be asked about or denied, one is enough.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<OneOf>,
    /// A glob over absolute paths: to be allowed, every path the call touches must match; to be
    /// asked about or denied, one is enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// A glob over the absolute folder that the call happens in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// The role of the person whose message began the turn: `admin`, `user` or `child`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
}

/// In words, for people: ``exec `git status …` ``, `write_file in /home/ana/code/**`.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.tool {
            Some(tool) => write!(f, "{}", Quoted(tool))?,
            None => f.write_str("every tool")?,
        }
        if !self.command.is_empty() {
            f.write_str(" `")?;
            for word in &self.command {
                match word {
                    OneOf::Word(word) => write!(f, "{} ", Quoted(word))?,
                    OneOf::Any(words) => {
                        for (at, word) in words.iter().enumerate() {
                            let before = if at == 0 { '(' } else { '|' };
                            write!(f, "{before}{}", Quoted(word))?;
                        }
                        f.write_str(") ")?;
                    }
                }
            }
            f.write_str("…`")?;
        }
        if let Some(path) = &self.path {
            write!(f, " in {}", Quoted(path))?;
        }
        if let Some(cwd) = &self.cwd {
            write!(f, " run in {}", Quoted(cwd))?;
        }
        if let Some(role) = &self.role {
            write!(f, " asked by a person of the role {}", Quoted(role))?;
        }
        Ok(())
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
    /// The folder whose sessions it is for, absolute; `None` for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<String>,
    /// When it ends by itself; `None` where it holds until revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Command lines that it must be about.
    #[serde(default, rename = "match", skip_serializing_if = "Vec::is_empty")]
    pub match_: Vec<String>,
    /// Command lines that it must not be about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_match: Vec<String>,
    /// Who made it; `None` for a rule of the config file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    /// When it was made; `None` for a rule of the config file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
}

impl Rule {
    /// Returns a rule for every session that holds until it is revoked, made by nobody yet.
    pub const fn new(decision: Verdict, pattern: Pattern) -> Self {
        Self {
            id: None,
            decision,
            pattern,
            session_id: None,
            workspace: None,
            expires_at: None,
            match_: Vec::new(),
            not_match: Vec::new(),
            actor: None,
            created_at: None,
        }
    }
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
