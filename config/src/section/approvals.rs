//! `[approvals]`: what may run without asking.

use serde::{Deserialize, Serialize};
use smartopol_protocol::approval::{Mode, OneOf, Pattern, Verdict};

/// What may run without asking.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Approvals {
    /// How much sessions may do without asking that have no mode of their own.
    pub mode: Mode,
    /// How long an approval waits before it ends as expired: 5 to 604,800.
    pub expire_after_seconds: u32,
    /// Rules; the strictest that matches wins.
    pub rules: Vec<ConfigRule>,
}

impl Default for Approvals {
    fn default() -> Self {
        Self {
            mode: Mode::Ask,
            expire_after_seconds: 600,
            rules: Vec::new(),
        }
    }
}

/// A rule of the config file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigRule {
    /// What it says.
    pub decision: Verdict,
    /// The tool it is about; all without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// The leading words of the command it is about; a list at a place is alternatives.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<OneOf>,
    /// A glob over absolute paths that everything the call touches must match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

impl ConfigRule {
    /// Returns which calls it is about.
    pub fn pattern(&self) -> Pattern {
        Pattern {
            tool: self.tool.clone(),
            command: self.command.clone(),
            path: self.path.clone(),
        }
    }
}
