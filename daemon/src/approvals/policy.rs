//! Whether a tool call may run, as pure code.
//!
//! Owns the order of the authorities: floor, then rules (the strictest that matches), then mode.
//! The last resort is to ask.

use std::path::Path;

use globset::GlobBuilder;
use smartopol_protocol::SessionId;
use smartopol_protocol::approval::{Mode, Pattern, Rule, Verdict};
use smartopol_protocol::tool::{Effect, Inspection, Place};
use smartopol_protocol::trace::DecidedBy;

use super::{floor, suggestion};

/// What calls are judged by.
#[derive(Clone, Debug)]
pub(crate) struct Policy<'a> {
    /// The session's mode.
    pub(crate) mode: Mode,
    /// The session's folder; `None` for a question about none.
    pub(crate) workspace: Option<&'a str>,
    /// The session; `None` for a question about none.
    pub(crate) session_id: Option<SessionId>,
    /// Rules of the config and learned ones, in any order.
    pub(crate) rules: &'a [Rule],
    /// What nothing may destroy.
    pub(crate) floor: &'a floor::Floor,
}

/// A verdict with its grounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Judgement {
    /// What to do.
    pub(crate) verdict: Verdict,
    /// What decided.
    pub(crate) by: DecidedBy,
    /// Why, one sentence.
    pub(crate) reason: String,
    /// The rule that an answer for longer would keep; `None` where none may be kept.
    pub(crate) pattern: Option<Pattern>,
}

impl Policy<'_> {
    /// Judges one call.
    pub(crate) fn judge(&self, tool: &str, inspection: &Inspection) -> Judgement {
        if let Some(reason) = self.floor.refuses(inspection) {
            return Judgement {
                verdict: Verdict::Deny,
                by: DecidedBy::Floor,
                reason,
                pattern: None,
            };
        }
        let compound = inspection
            .effects
            .iter()
            .any(|effect| matches!(effect, Effect::Unclear { .. }));
        let strictest = self
            .rules
            .iter()
            .filter(|rule| {
                rule.workspace
                    .as_deref()
                    .is_none_or(|own| Some(own) == self.workspace)
            })
            .filter(|rule| rule.session_id.is_none() || rule.session_id == self.session_id)
            .filter(|rule| matches(&rule.pattern, tool, inspection))
            .max_by_key(|rule| rule.decision);
        let by_mode = self.by_mode(tool, inspection);
        let read_only = self.mode == Mode::ReadOnly && by_mode.verdict == Verdict::Deny;
        match strictest {
            // A rule cannot open what is closed to every call of the mode.
            _ if read_only => by_mode,
            // A rule speaks of words; what has no certain words is not what it meant.
            Some(rule) if rule.decision == Verdict::Allow && compound => Judgement {
                reason: "it is more than one plain command, so no rule can allow it".into(),
                ..by_mode
            },
            Some(rule) if rule.decision == Verdict::Allow && strays(&rule.pattern, inspection) => {
                by_mode
            }
            Some(rule) => Judgement {
                verdict: rule.decision,
                by: DecidedBy::Rule,
                reason: format!("a rule about {} says {}", rule.pattern, name(rule.decision)),
                pattern: by_mode.pattern,
            },
            None => by_mode,
        }
    }

    fn by_mode(&self, tool: &str, inspection: &Inspection) -> Judgement {
        let mode = self.mode.name();
        let mut judgement = Judgement {
            verdict: Verdict::Allow,
            by: DecidedBy::Mode,
            reason: format!("the mode `{mode}` allows it"),
            pattern: suggestion::pattern(tool, inspection),
        };
        for effect in &inspection.effects {
            let (verdict, reason) = self.effect(effect);
            if verdict > judgement.verdict {
                judgement.verdict = verdict;
                judgement.reason = reason;
            }
        }
        judgement
    }

    fn effect(&self, effect: &Effect) -> (Verdict, String) {
        let mode = self.mode.name();
        match (effect, self.mode) {
            (
                Effect::Run { .. }
                | Effect::Unclear { .. }
                | Effect::Write { .. }
                | Effect::Delete { .. }
                | Effect::Network { .. }
                | Effect::Process { .. }
                | Effect::Privilege { .. },
                Mode::ReadOnly,
            ) => (
                Verdict::Deny,
                "the mode `read-only` allows neither commands nor changes".into(),
            ),
            (Effect::Unclear { why }, _) => (Verdict::Ask, why.clone()),
            (Effect::Network { .. } | Effect::Process { .. } | Effect::Privilege { .. }, _) => (
                Verdict::Ask,
                "it reaches beyond the files of the workspace".into(),
            ),
            (Effect::Run { words, .. }, Mode::Auto) => match suggestion::doubt(words) {
                Some(doubt) => (Verdict::Ask, doubt),
                None => (Verdict::Allow, String::new()),
            },
            (Effect::Run { .. }, _) => (
                Verdict::Ask,
                format!("the mode `{mode}` asks before commands"),
            ),
            (
                Effect::Read {
                    path,
                    place: Place::Outside,
                },
                _,
            ) => (
                Verdict::Ask,
                format!("it reads {path}, which is outside the workspace"),
            ),
            (
                Effect::Write {
                    path,
                    place: Place::Outside,
                }
                | Effect::Delete {
                    path,
                    place: Place::Outside,
                    ..
                },
                _,
            ) => (
                Verdict::Ask,
                format!("it writes {path}, which is outside the workspace"),
            ),
            (Effect::Write { .. } | Effect::Delete { .. }, Mode::Ask) => (
                Verdict::Ask,
                format!("the mode `{mode}` asks before changes"),
            ),
            (Effect::Read { .. }, _)
            | (Effect::Write { .. } | Effect::Delete { .. }, Mode::AutoEdit | Mode::Auto) => {
                (Verdict::Allow, String::new())
            }
        }
    }
}

/// Returns true where a pattern is about this call.
pub(crate) fn matches(pattern: &Pattern, tool: &str, inspection: &Inspection) -> bool {
    if pattern.tool.as_deref().is_some_and(|own| own != tool) {
        return false;
    }
    if !pattern.command.is_empty() {
        let leads = |effect: &Effect| match effect {
            Effect::Run { words, .. } => {
                words.len() >= pattern.command.len()
                    && pattern
                        .command
                        .iter()
                        .zip(words)
                        .all(|(own, word)| own.matches(word))
            }
            _ => false,
        };
        if !inspection.effects.iter().any(leads) {
            return false;
        }
    }
    let Some(glob) = &pattern.path else {
        return true;
    };
    // A pattern that cannot be read matches nothing; the config refuses such a rule when loaded.
    let Ok(glob) = GlobBuilder::new(glob).literal_separator(true).build() else {
        return false;
    };
    let glob = glob.compile_matcher();
    let mut paths = inspection.effects.iter().filter_map(path).peekable();
    paths.peek().is_some() && paths.all(|path| glob.is_match(path))
}

/// Returns true where a rule about leading words would let a call out of the workspace: by the
/// folder it runs in, or by an argument that names where to write or what to load.
fn strays(pattern: &Pattern, inspection: &Inspection) -> bool {
    const OUTLETS: &[&str] = &["--output", "--config", "--exec", "-toolexec", "-vettool"];
    let rest = pattern.command.len();
    rest > 0
        && pattern.path.is_none()
        && inspection.effects.iter().any(|effect| match effect {
            Effect::Read { place, .. } | Effect::Write { place, .. } => *place == Place::Outside,
            Effect::Delete { place, .. } => *place == Place::Outside,
            Effect::Run { words, .. } => words
                .iter()
                .skip(rest)
                .any(|word| OUTLETS.iter().any(|outlet| word.starts_with(outlet))),
            Effect::Unclear { .. }
            | Effect::Network { .. }
            | Effect::Process { .. }
            | Effect::Privilege { .. } => false,
        })
}

fn path(effect: &Effect) -> Option<&Path> {
    match effect {
        Effect::Read { path, .. } | Effect::Write { path, .. } | Effect::Delete { path, .. } => {
            Some(Path::new(path))
        }
        _ => None,
    }
}

const fn name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allow => "allow",
        Verdict::Ask => "ask",
        Verdict::Deny => "deny",
    }
}

#[cfg(test)]
mod tests;
