//! The rules of the config file, and whether their examples hold.
//!
//! An example is read by the grammar of commands as a call would be, so it can only be checked
//! where both rules and tools are at hand: when the daemon starts, and by `config check`.

use std::path::Path;

use serde_json::json;
use smartopol_config::section::approvals::{Approvals, ConfigRule};
use smartopol_protocol::approval::{Pattern, Rule, Verdict};
use smartopol_protocol::tool::Inspection;
use smartopol_protocol::{Code, Fault};
use smartopol_tools::Tools;

use super::coverage::{self, Call};

/// Returns the rules of the config file.
pub(crate) fn written(approvals: &Approvals) -> Vec<Rule> {
    approvals
        .rules
        .iter()
        .map(|rule| Rule {
            expires_at: rule.expires_at(),
            match_: rule.match_.clone(),
            not_match: rule.not_match.clone(),
            ..Rule::new(rule.decision, rule.pattern())
        })
        .collect()
}

/// Returns true where a rule with this decision is about a call: an allowing one must cover every
/// command of it, of an asking or denying one a single command is enough.
fn is_about(decision: Verdict, pattern: &Pattern, call: Call<'_>) -> bool {
    match decision {
        Verdict::Allow => coverage::covers_commands(pattern, call),
        Verdict::Ask | Verdict::Deny => coverage::catches(pattern, call),
    }
}

/// Returns every example that a rule does not hold for, one sentence each.
///
/// `look` tells what a command line would do in a folder.
fn broken_examples(
    approvals: &Approvals,
    folder: &str,
    look: impl Fn(&str, &str) -> Result<Inspection, String>,
) -> Vec<String> {
    let rules = approvals.rules.iter().enumerate();
    rules
        .flat_map(|(number, rule)| examples(number, rule, folder, &look))
        .collect()
}

fn examples(
    number: usize,
    rule: &ConfigRule,
    folder: &str,
    look: &impl Fn(&str, &str) -> Result<Inspection, String>,
) -> Vec<String> {
    let pattern = rule.pattern();
    let wanted = rule.match_.iter().map(|line| ("match", line, true));
    let unwanted = rule.not_match.iter().map(|line| ("not_match", line, false));
    // An example speaks of the words; where it would run, and who would ask, are taken as said.
    let here = Pattern {
        cwd: None,
        ..pattern.clone()
    };
    let role = rule.role.as_deref().unwrap_or("admin");
    wanted
        .chain(unwanted)
        .filter_map(|(key, line, about)| {
            let place = format!("`approvals.rules.{number}.{key}`");
            let inspection = match look(line, folder) {
                Ok(inspection) => inspection,
                Err(why) => return Some(format!("{place} has `{line}` in it: {why}")),
            };
            let call = Call {
                tool: rule.tool.as_deref().unwrap_or("exec"),
                inspection: &inspection,
                role,
            };
            (is_about(rule.decision, &here, call) != about).then(|| {
                let (is, should) = match about {
                    true => ("is not", "must be"),
                    false => ("is", "must not be"),
                };
                format!(
                    "{place} has `{line}` in it, which {should} what the rule about {pattern} is about, and it {is}"
                )
            })
        })
        .collect()
}

/// Looks whether every example in the config holds.
///
/// # Errors
/// Every example that does not, with what to do about it.
pub(crate) fn check(approvals: &Approvals, tools: &Tools, home: &Path) -> anyhow::Result<()> {
    let none = |rule: &ConfigRule| rule.match_.is_empty() && rule.not_match.is_empty();
    if approvals.rules.iter().all(none) {
        return Ok(());
    }
    let broken = broken_examples(approvals, &home.to_string_lossy(), |line, folder| {
        tools
            .inspect("exec", &json!({ "command": line }), Path::new(folder))
            .map_err(|output| output.text)
    });
    if broken.is_empty() {
        return Ok(());
    }
    let hint = "correct the rule or the example: smartopol config path";
    Err(Fault::new(Code::BadRequest, broken.join("\n"))
        .hint(hint)
        .into())
}
