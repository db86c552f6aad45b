//! Whether a tool call may run, as pure code.
//!
//! Owns the order of the authorities: floor, then what the person may do, then rules (the strictest
//! that matches), then mode.
//! A call is judged effect by effect, and the strictest verdict holds; the last resort is to ask.

use std::path::Path;

use smartopol_protocol::SessionId;
use smartopol_protocol::approval::{Danger, Mode, Pattern, Rule, Verdict};
use smartopol_protocol::tool::{Effect, Place};
use smartopol_protocol::trace::DecidedBy;
use smartopol_protocol::user::{Capability, Grant};

use super::coverage::{self, Call};
use super::{candidates, danger, delicate, floor, programs};
use crate::users::rights::{self, Rights};

/// How many reasons a judgement has at most.
const REASONS: usize = 8;

/// What calls are judged by.
#[derive(Clone, Copy, Debug)]
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
    /// What the person may do whose message began the turn.
    pub(crate) rights: Rights,
}

/// A verdict with its grounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Judgement {
    /// What to do.
    pub(crate) verdict: Verdict,
    /// What decided.
    pub(crate) by: DecidedBy,
    /// Why, one sentence each, never empty: the one that decided first.
    pub(crate) reasons: Vec<String>,
    /// What makes it dangerous, where it asks.
    pub(crate) danger: Option<Danger>,
}

impl Judgement {
    /// Returns the reason that decided.
    pub(crate) fn reason(&self) -> String {
        self.reasons.first().cloned().unwrap_or_default()
    }
}

/// What one effect, or one rule, says.
struct Said {
    verdict: Verdict,
    by: DecidedBy,
    reason: String,
}

impl<'a> Policy<'a> {
    /// Judges one call.
    pub(crate) fn judge(&self, call: Call<'_>) -> Judgement {
        if let Some(reason) = self.floor.refuses(call.inspection) {
            return Judgement {
                verdict: Verdict::Deny,
                by: DecidedBy::Floor,
                reasons: vec![reason],
                danger: None,
            };
        }
        let needed = self.rights.needed(call.tool, call.inspection);
        if let Some((capability, Grant::Deny)) = needed.first() {
            return Judgement {
                verdict: Verdict::Deny,
                by: DecidedBy::Role,
                reasons: vec![format!("it takes `{capability}`, which is denied")],
                danger: None,
            };
        }
        let effects = &call.inspection.effects;
        let covered = coverage::covered(&self.allowing(), call);
        let mut said: Vec<Said> = self.warnings(call);
        said.extend(
            effects
                .iter()
                .zip(&covered)
                .map(|(effect, rule)| self.effect(effect, *rule)),
        );
        if let Some(danger) = danger::of_text(call.inspection) {
            said.push(Said {
                verdict: Verdict::Ask,
                by: DecidedBy::Mode,
                reason: danger.why,
            });
        }
        let runs = |effect: &Effect| matches!(effect, Effect::Run { .. } | Effect::Unclear { .. });
        if call.tool == "exec" && !effects.iter().any(runs) {
            let (verdict, reason) = self.bare();
            said.push(Said {
                verdict,
                by: DecidedBy::Mode,
                reason,
            });
        }
        // What the tool itself takes, where nothing that it does was told.
        if let Some(own) = rights::of_tool(call.tool)
            && !effects
                .iter()
                .any(|effect| rights::of_effect(effect) == Some(own))
            && let Some(reason) = self.asks_for(own)
        {
            said.push(Said {
                verdict: Verdict::Ask,
                by: DecidedBy::Role,
                reason,
            });
        }
        self.sum(said, call)
    }

    /// Says so where each use of a capability waits for an answer.
    fn asks_for(&self, capability: Capability) -> Option<String> {
        let who = match self.rights.grant(capability) {
            Grant::Ask => "somebody who may approve requests",
            Grant::AskAdmin => "an admin",
            Grant::Deny | Grant::Allow => return None,
        };
        Some(format!("it takes `{capability}`, which waits for {who}"))
    }

    /// Returns the rules that an answer for longer could keep, from narrow to broad: each would let
    /// this very call run.
    pub(crate) fn candidates(&self, call: Call<'_>) -> Vec<Pattern> {
        let judged = self.judge(call);
        if judged.verdict != Verdict::Ask || judged.danger.is_some() {
            return Vec::new();
        }
        let covered = coverage::covered(&self.allowing(), call);
        let asks: Vec<&Effect> = call
            .inspection
            .effects
            .iter()
            .zip(&covered)
            .filter(|(effect, rule)| self.effect(effect, **rule).verdict != Verdict::Allow)
            .map(|(effect, _)| effect)
            .collect();
        candidates::of(call, &asks)
            .into_iter()
            .filter(|pattern| self.with(pattern, call) == Verdict::Allow)
            .collect()
    }

    /// Returns the rule that is offered first.
    pub(crate) fn offer(&self, call: Call<'_>) -> Option<Pattern> {
        let offered = candidates::offered(call);
        let candidates = self.candidates(call);
        let wanted = candidates
            .iter()
            .find(|pattern| Some(&pattern.command) == offered.as_ref() && pattern.cwd.is_none());
        wanted.or(candidates.last()).cloned()
    }

    /// Returns the verdict where one more rule allowed something.
    pub(crate) fn with(&self, pattern: &Pattern, call: Call<'_>) -> Verdict {
        let mut rules = self.rules.to_vec();
        rules.push(Rule {
            session_id: self.session_id,
            ..Rule::new(Verdict::Allow, pattern.clone())
        });
        let more = Policy {
            rules: &rules,
            ..*self
        };
        more.judge(call).verdict
    }

    /// Returns the rules that are for this session.
    pub(crate) fn in_force(&self) -> impl Iterator<Item = &'a Rule> {
        let (session_id, workspace) = (self.session_id, self.workspace);
        self.rules.iter().filter(move |rule| {
            let here = |own: &String| workspace.is_some_and(|folder| own.as_str() == folder);
            (rule.session_id.is_none() || rule.session_id == session_id)
                && rule.workspace.as_ref().is_none_or(here)
        })
    }

    fn allowing(&self) -> Vec<&'a Pattern> {
        // What was allowed to everybody everywhere was not meant for those whom others answer for.
        let bounded = self.rights.are_bounded();
        let meant = |rule: &&Rule| rule.session_id.is_some() || rule.pattern.role.is_some();
        self.in_force()
            .filter(|rule| rule.decision == Verdict::Allow)
            .filter(|rule| !bounded || meant(rule))
            .map(|rule| &rule.pattern)
            .collect()
    }

    /// Returns what asking and denying rules say of a call.
    fn warnings(&self, call: Call<'_>) -> Vec<Said> {
        self.in_force()
            .filter(|rule| rule.decision != Verdict::Allow)
            .filter(|rule| coverage::catches(&rule.pattern, call))
            .map(|rule| Said {
                verdict: rule.decision,
                by: DecidedBy::Rule,
                reason: format!("a rule about {} says {}", rule.pattern, name(rule.decision)),
            })
            .collect()
    }

    /// Sums up: the strictest holds.
    fn sum(&self, said: Vec<Said>, call: Call<'_>) -> Judgement {
        let verdict = said.iter().map(|said| said.verdict).max();
        let verdict = verdict.unwrap_or(Verdict::Allow);
        let mut reasons: Vec<String> = Vec::new();
        let mut by = DecidedBy::Mode;
        for said in said.iter().filter(|said| said.verdict == verdict) {
            // Where all is allowed, a rule that was needed is worth more than the mode.
            if reasons.is_empty() || (verdict == Verdict::Allow && by == DecidedBy::Mode) {
                by = said.by;
                reasons.insert(0, said.reason.clone());
            } else if !reasons.contains(&said.reason) && reasons.len() < REASONS {
                reasons.push(said.reason.clone());
            }
        }
        reasons.dedup();
        if reasons.is_empty() {
            reasons.push(self.allows());
        }
        let danger = danger::of_call(call.inspection).filter(|_| verdict == Verdict::Ask);
        Judgement {
            verdict,
            by,
            reasons,
            danger,
        }
    }

    /// Says what one effect means, given the rule that covers it.
    fn effect(&self, effect: &Effect, rule: Option<&Pattern>) -> Said {
        let (mut verdict, mut reason) = self.by_mode(effect);
        let mut by = DecidedBy::Mode;
        if verdict != Verdict::Deny
            && let Some(asks) = rights::of_effect(effect).and_then(|own| self.asks_for(own))
        {
            (verdict, reason, by) = (Verdict::Ask, asks, DecidedBy::Role);
        }
        // Who the agent is changes by a rule about that very file, and by no other.
        let broad = |rule: &&Pattern| rule.path.is_none() && self.floor.persona(effect).is_some();
        let rule = rule.filter(|rule| !broad(rule));
        match rule {
            // What the mode closes, no rule opens.
            Some(rule) if verdict == Verdict::Ask => Said {
                verdict: Verdict::Allow,
                by: DecidedBy::Rule,
                reason: format!("a rule about {rule} says allow"),
            },
            _ => Said {
                verdict,
                by,
                reason,
            },
        }
    }

    fn by_mode(&self, effect: &Effect) -> (Verdict, String) {
        let mode = self.mode.name();
        let looks = matches!(effect, Effect::Read { .. });
        if self.mode == Mode::ReadOnly && !looks {
            return closed();
        }
        let ask = |reason: String| (Verdict::Ask, reason);
        let delicate = delicate::of(effect).or_else(|| self.floor.persona(effect));
        if let Some(reason) = delicate.or_else(|| self.ends_workspace(effect)) {
            return ask(reason);
        }
        match effect {
            Effect::Unclear { why } => ask(why.clone()),
            Effect::Run { words, via } => match danger::of_run(words, via) {
                Some((danger, _)) => ask(danger.why),
                None if self.mode == Mode::Auto => match programs::doubt(words, via) {
                    Some(doubt) => ask(doubt),
                    None => (Verdict::Allow, self.allows()),
                },
                None => ask(format!("the mode `{mode}` asks before commands")),
            },
            Effect::Read {
                path,
                place: Place::Outside,
            } => ask(format!("it reads {path}, which is outside the workspace")),
            Effect::Write {
                path,
                place: Place::Outside,
            } => ask(format!("it writes {path}, which is outside the workspace")),
            Effect::Delete {
                path,
                place: Place::Outside,
                recursive: true,
            } => ask(format!(
                "it deletes {path} and all below it, which is outside the workspace: that always asks"
            )),
            Effect::Delete {
                path,
                place: Place::Outside,
                ..
            } => ask(format!("it deletes {path}, which is outside the workspace")),
            Effect::Network { host: Some(host) } => ask(format!("it talks to {host}")),
            Effect::Network { host: None } => ask("it talks to other machines".into()),
            Effect::Process { what } => ask(format!("it signals other processes: {what}")),
            Effect::Privilege { how } => ask(format!(
                "it runs with other rights, or gives them away: {how}"
            )),
            Effect::Write { .. } | Effect::Delete { .. } if self.mode == Mode::Ask => {
                ask(format!("the mode `{mode}` asks before changes"))
            }
            Effect::Read { .. } | Effect::Write { .. } | Effect::Delete { .. } => {
                (Verdict::Allow, self.allows())
            }
        }
    }

    /// Says so where everything that the session works on would be gone.
    fn ends_workspace(&self, effect: &Effect) -> Option<String> {
        match effect {
            Effect::Delete {
                path,
                recursive: true,
                place: Place::Workspace,
            } if Path::new(self.workspace?).starts_with(path) => {
                Some(format!("it deletes {path}, the whole workspace"))
            }
            _ => None,
        }
    }

    /// Judges a command line that runs nothing which could be told.
    fn bare(&self) -> (Verdict, String) {
        match self.mode {
            Mode::ReadOnly => closed(),
            Mode::Ask | Mode::AutoEdit => (
                Verdict::Ask,
                format!("the mode `{}` asks before commands", self.mode.name()),
            ),
            Mode::Auto => (Verdict::Allow, self.allows()),
        }
    }

    fn allows(&self) -> String {
        format!("the mode `{}` allows it", self.mode.name())
    }
}

fn closed() -> (Verdict, String) {
    (
        Verdict::Deny,
        "the mode `read-only` allows neither commands nor changes".into(),
    )
}

const fn name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allow => "allow",
        Verdict::Ask => "ask",
        Verdict::Deny => "deny",
    }
}

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;
