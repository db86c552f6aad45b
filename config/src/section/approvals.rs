//! `[approvals]`: what may run without asking.

use serde::{Deserialize, Serialize};
use smartopol_protocol::Timestamp;
use smartopol_protocol::approval::{Approvers, Mode, OneOf, Pattern, Verdict};

use crate::shape::{Holds, Shape, some_text};

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
    /// Questions that need more than one answer, or certain people's.
    pub quorums: Vec<Quorum>,
}

impl Default for Approvals {
    fn default() -> Self {
        Self {
            mode: Mode::Ask,
            expire_after_seconds: 600,
            rules: Vec::new(),
            quorums: Vec::new(),
        }
    }
}

/// Who must answer certain questions, and how many of them. Of several that a call falls under,
/// the most answers, the fewest people and the strictest word about the asker hold.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quorum {
    /// How many must allow it: 1 to 20. One who denies it denies it for all.
    pub quorum: u32,
    /// Who may answer.
    #[serde(default)]
    pub approvers: Approvers,
    /// True where who asked may not be among them.
    #[serde(default)]
    pub not_asker: bool,
    /// What a call must do to fall under it; whatever it does without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<EffectKind>,
    /// The tool it is about; all without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// The leading words of the command it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<OneOf>,
    /// A glob over absolute paths; a call that touches one falls under it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// A glob over the absolute folder that the call happens in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// The role of the person who asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
}

impl Quorum {
    /// Returns which calls it is about, but for the effect.
    pub fn pattern(&self) -> Pattern {
        Pattern {
            tool: self.tool.clone(),
            command: self.command.clone(),
            path: self.path.clone(),
            cwd: self.cwd.clone(),
            role: self.role.clone(),
        }
    }
}

/// A kind of effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EffectKind {
    /// It runs a program, or cannot be told.
    Run,
    /// It reads a file.
    Read,
    /// It writes a file.
    Write,
    /// It deletes a file.
    Delete,
    /// It talks to other machines.
    Network,
    /// It signals other processes.
    Process,
    /// It runs with other rights, or gives them away.
    Privilege,
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
    /// A glob over the absolute folder that the call happens in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// The role of the person who asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// When it ends: a day, or a moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// Command lines that it must be about; checked when loaded.
    #[serde(default, rename = "match", skip_serializing_if = "Vec::is_empty")]
    pub match_: Vec<String>,
    /// Command lines that it must not be about; checked when loaded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_match: Vec<String>,
}

impl ConfigRule {
    /// Returns which calls it is about.
    pub fn pattern(&self) -> Pattern {
        Pattern {
            tool: self.tool.clone(),
            command: self.command.clone(),
            path: self.path.clone(),
            cwd: self.cwd.clone(),
            role: self.role.clone(),
        }
    }

    /// Returns when it ends.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
            .as_deref()
            .and_then(|text| moment(text).ok())
    }
}

/// The tools that a rule can be about: all that there are, which the daemon's tests hold it to.
pub const TOOLS: [&str; 28] = [
    "ask",
    "exec",
    "read_file",
    "write_file",
    "edit_file",
    "list_files",
    "search_files",
    "pin",
    "remind",
    "schedule_add",
    "schedule_list",
    "schedule_remove",
    "exec_background",
    "exec_kill",
    "exec_status",
    "terminal_close",
    "terminal_list",
    "terminal_open",
    "terminal_read",
    "terminal_wait",
    "terminal_write",
    "knowledge_link",
    "knowledge_read",
    "knowledge_search",
    "knowledge_write",
    "memory_add",
    "memory_forget",
    "memory_search",
];

pub(crate) const SHAPE: Shape = Shape::Table(&[
    (
        "quorums",
        Shape::List(&[
            ("quorum", Shape::Value(Holds::Whole(1, 20))),
            (
                "approvers",
                Shape::Value(Holds::Choice(&["approvers", "admins"])),
            ),
            ("not_asker", Shape::Value(Holds::Flag)),
            (
                "effect",
                Shape::Value(Holds::Choice(&[
                    "run",
                    "read",
                    "write",
                    "delete",
                    "network",
                    "process",
                    "privilege",
                ])),
            ),
            ("tool", Shape::Value(Holds::Text(tool))),
            ("command", Shape::Value(Holds::Words)),
            ("path", Shape::Value(Holds::Text(glob))),
            ("cwd", Shape::Value(Holds::Text(glob))),
            (
                "role",
                Shape::Value(Holds::Choice(&["admin", "user", "child"])),
            ),
        ]),
    ),
    (
        "mode",
        Shape::Value(Holds::Choice(&["read-only", "ask", "auto-edit", "auto"])),
    ),
    (
        "expire_after_seconds",
        Shape::Value(Holds::Whole(5, 604_800)),
    ),
    (
        "rules",
        Shape::List(&[
            (
                "decision",
                Shape::Value(Holds::Choice(&["allow", "ask", "deny"])),
            ),
            ("tool", Shape::Value(Holds::Text(tool))),
            ("command", Shape::Value(Holds::Words)),
            ("path", Shape::Value(Holds::Text(glob))),
            ("cwd", Shape::Value(Holds::Text(glob))),
            (
                "role",
                Shape::Value(Holds::Choice(&["admin", "user", "child"])),
            ),
            (
                "expires_at",
                Shape::Value(Holds::Text(|text| moment(text).map(drop))),
            ),
            ("match", Shape::Value(Holds::Texts(some_text))),
            ("not_match", Shape::Value(Holds::Texts(some_text))),
        ]),
    ),
]);

/// A rule about a tool that does not exist would be silent, and a silent `deny` is a trap.
fn tool(text: &str) -> Result<(), String> {
    if TOOLS.contains(&text) {
        return Ok(());
    }
    Err(format!(
        "names no tool: the tools are {}",
        TOOLS.map(|tool| format!("`{tool}`")).join(", ")
    ))
}

/// Reads a moment; a day alone is its beginning in UTC.
fn moment(text: &str) -> Result<Timestamp, String> {
    let whole = match text.len() {
        10 => format!("{text}T00:00:00Z"),
        _ => text.to_owned(),
    };
    whole.parse().map_err(|_| {
        "must be a day or a moment, such as `2027-01-31` or `2027-01-31T18:00:00Z`".into()
    })
}

fn glob(text: &str) -> Result<(), String> {
    if !text.starts_with(['/', '*']) {
        return Err("must be a glob over absolute paths, such as `/home/me/notes/**`".into());
    }
    match globset::Glob::new(text) {
        Ok(_) => Ok(()),
        Err(err) => Err(format!("is not a glob: {}", err.kind())),
    }
}
