//! For tests: a command line is read by the real grammar and judged by the real policy.

use crate::users::rights::Rights;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::json;
use smartopol_config::section::tools;
use smartopol_protocol::approval::{Mode, OneOf, Pattern, Rule, Verdict};
use smartopol_protocol::tool::Inspection;
use smartopol_tools::{Guard, Tools};

use super::coverage::Call;
use super::floor::Floor;
use super::policy::{Judgement, Policy};

/// Returns the tools, as the settings have them by default.
pub(crate) fn tools() -> Tools {
    let guard = Guard {
        program: PathBuf::from("/bin/true"),
        args: Vec::new(),
    };
    Tools::new(&tools::Tools::default(), guard, PathBuf::from("/nowhere"))
}

/// Returns a folder to work in that stays empty.
pub(crate) fn workspace() -> &'static Path {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    FOLDER.get_or_init(|| tempfile::tempdir().unwrap()).path()
}

/// Returns what a command line would do in the workspace.
pub(crate) fn inspect(line: &str) -> Inspection {
    let input = json!({ "command": line });
    tools().inspect("exec", &input, workspace()).unwrap()
}

/// Judges a command line.
pub(crate) fn judge(mode: Mode, rules: &[Rule], line: &str) -> Judgement {
    let home = std::env::var("HOME").unwrap_or_default();
    let floor = Floor::new(home, vec!["/var/lib/smartopol-own".into()]);
    let inspection = inspect(line);
    Policy {
        mode,
        workspace: workspace().to_str(),
        session_id: None,
        rules,
        floor: &floor,
        rights: Rights::default(),
    }
    .judge(Call {
        tool: "exec",
        inspection: &inspection,
        role: "admin",
    })
}

/// Returns a rule about leading words.
pub(crate) fn rule(decision: Verdict, words: &str) -> Rule {
    let command = words
        .split_whitespace()
        .map(|word| OneOf::Word(word.into()))
        .collect();
    Rule::new(
        decision,
        Pattern {
            tool: Some("exec".into()),
            command,
            ..Pattern::default()
        },
    )
}
