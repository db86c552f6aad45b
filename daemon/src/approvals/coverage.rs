//! What a rule is about.
//!
//! Owns: holding patterns against calls. An allowing rule covers single effects, and only what it
//! names exactly; an asking or denying rule catches a whole call, and errs on catching.

use std::path::{Component, Path, PathBuf};

use globset::GlobBuilder;
use smartopol_protocol::approval::{OneOf, Pattern};
use smartopol_protocol::tool::{Body, Effect, Inspection, Place};

use super::{danger, delicate, programs, stretches};

/// A call that is judged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    /// The tool.
    pub(crate) tool: &'a str,
    /// What the call would do.
    pub(crate) inspection: &'a Inspection,
    /// The role of the person whose message began the turn.
    pub(crate) role: &'a str,
}

/// Options that name where a program writes or what it loads, whatever its leading words are.
const OUTLETS: &[&str] = &["--output", "--config", "--exec", "-toolexec", "-vettool"];

/// Tools that run command lines as `exec` does: a rule about `exec` is about them too, so that a
/// command is not judged by where it is typed.
const LIKE_EXEC: &[&str] = &["exec_background", "terminal_open", "terminal_write"];

/// Returns true where a rule about one tool is about a call of another.
fn means(own: &str, tool: &str) -> bool {
    own == tool || (own == "exec" && LIKE_EXEC.contains(&tool))
}

/// Returns true where tool, folder and role of a pattern are those of a call.
pub(super) fn fits(pattern: &Pattern, call: Call<'_>) -> bool {
    pattern
        .tool
        .as_deref()
        .is_none_or(|own| means(own, call.tool))
        && pattern.role.as_deref().is_none_or(|own| own == call.role)
        && pattern
            .cwd
            .as_deref()
            .is_none_or(|own| matches_glob(own, &call.inspection.cwd))
}

/// Returns true where an asking or denying rule is about a call: one command, one path is enough.
pub(super) fn catches(pattern: &Pattern, call: Call<'_>) -> bool {
    let effects = &call.inspection.effects;
    fits(pattern, call)
        && (pattern.command.is_empty()
            || effects.iter().any(|effect| match effect {
                Effect::Run { words, via } => starts(via)
                    .any(|(start, _)| resembles(&pattern.command, &chain(words, via, start))),
                // What was not understood may hold it all the same.
                Effect::Unclear { .. } => written(&pattern.command, call.inspection),
                _ => false,
            }))
        && pattern.path.as_deref().is_none_or(|glob| {
            effects
                .iter()
                .filter_map(path)
                .any(|path| matches_glob(glob, path))
        })
}

/// Returns true where the text of a command line holds words that are meant.
fn written(pattern: &[OneOf], inspection: &Inspection) -> bool {
    let Body::Command { text, .. } = &inspection.body else {
        return false;
    };
    stretches::of(text)
        .any(|words| stretches::starts(&words).any(|words| resembles(pattern, words)))
}

/// Returns true where an allowing rule alone covers every command of a call.
pub(super) fn covers_commands(pattern: &Pattern, call: Call<'_>) -> bool {
    let effects = &call.inspection.effects;
    let covered = covered(&[pattern], call);
    let mut commands = effects
        .iter()
        .zip(covered)
        .filter(|(effect, _)| matches!(effect, Effect::Run { .. } | Effect::Unclear { .. }))
        .peekable();
    commands.peek().is_some() && commands.all(|(_, rule)| rule.is_some())
}

/// Returns, for each effect of a call, the first of the allowing patterns that covers it.
pub(super) fn covered<'a>(patterns: &[&'a Pattern], call: Call<'_>) -> Vec<Option<&'a Pattern>> {
    let effects = &call.inspection.effects;
    let fitting: Vec<&Pattern> = patterns
        .iter()
        .copied()
        .filter(|pattern| fits(pattern, call))
        .collect();
    let runs: Vec<(&Vec<String>, Covered<'a>)> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Run { words, via } => fitting
                .iter()
                .find_map(|pattern| run(pattern, words, via, effects))
                .map(|covered| (words, covered)),
            _ => None,
        })
        .collect();
    let everything = fitting
        .iter()
        .copied()
        .find(|pattern| pattern.command.is_empty() && pattern.path.is_none());
    effects
        .iter()
        .map(|effect| match effect {
            Effect::Unclear { .. }
            | Effect::Delete {
                place: Place::Outside,
                recursive: true,
                ..
            } => None,
            Effect::Run { words, via } => fitting
                .iter()
                .find_map(|pattern| run(pattern, words, via, effects))
                .map(|covered| covered.pattern),
            Effect::Read { path, place }
            | Effect::Write { path, place }
            | Effect::Delete { path, place, .. } => fitting
                .iter()
                .copied()
                .find(|pattern| {
                    let by_command = || runs.iter().any(|(_, own)| own.pattern == *pattern);
                    pattern
                        .path
                        .as_deref()
                        .is_some_and(|glob| matches_glob(glob, path))
                        && (pattern.command.is_empty() || by_command())
                })
                .or(everything)
                .or_else(|| {
                    // What only looks at a file is not what changes it: that is a redirection, which
                    // no rule about words is about.
                    let looks = matches!(effect, Effect::Read { .. });
                    let named = runs.iter().find(|(words, _)| {
                        names(words, &call.inspection.cwd, path)
                            && (looks || !programs::names_to_look(words))
                    });
                    // What a command names is its own business only in the workspace, and not where
                    // the folder that it runs in goes too.
                    let cwd = Path::new(&call.inspection.cwd);
                    let gone = matches!(effect, Effect::Delete { .. }) && cwd.starts_with(path);
                    let own = *place == Place::Workspace && delicate::of(effect).is_none();
                    // `git commit` changes the folder as a whole, which no word names.
                    let whole = matches!(effect, Effect::Write { .. }) && cwd == Path::new(path);
                    let acts = || {
                        let mut acting = runs.iter();
                        acting.find(|(words, _)| whole && !programs::only_looks(words))
                    };
                    let covered = named.or_else(acts).filter(|_| own && !gone);
                    covered.map(|(_, covered)| covered.pattern)
                }),
            Effect::Network { .. } | Effect::Process { .. } => runs
                .iter()
                .find(|(words, _)| !programs::only_looks(words))
                .map(|(_, covered)| covered.pattern)
                .or(everything),
            Effect::Privilege { how } => runs
                .iter()
                .find(|(_, covered)| covered.says(how))
                .map(|(_, covered)| covered.pattern),
        })
        .collect()
}

/// A command that a rule covers, and by which of its words.
struct Covered<'a> {
    pattern: &'a Pattern,
    said: Vec<String>,
}

impl Covered<'_> {
    /// Returns true where the rule itself names what gives other rights.
    fn says(&self, how: &str) -> bool {
        let means = how.split_whitespace().next().unwrap_or(how);
        self.said
            .iter()
            .any(|word| programs::name(word) == programs::name(means))
    }
}

/// Holds an allowing pattern against one command.
fn run<'a>(
    pattern: &'a Pattern,
    words: &[String],
    via: &[Vec<String>],
    effects: &[Effect],
) -> Option<Covered<'a>> {
    let dangerous = danger::of_run(words, via).map(|(_, at)| at);
    if let Some(glob) = &pattern.path {
        let mut paths = effects.iter().filter_map(path).peekable();
        if paths.peek().is_none() || !paths.all(|path| matches_glob(glob, path)) {
            return None;
        }
    }
    let wanted = pattern.command.len();
    if wanted == 0 {
        let whole = pattern.path.is_none() && dangerous.is_none();
        return whole.then(|| Covered {
            pattern,
            said: Vec::new(),
        });
    }
    starts(via).find_map(|(start, before)| {
        let words_from = chain(words, via, start);
        let inner = words_from.len() - words.len();
        let plain = before.iter().all(|layer| programs::passes(layer, words))
            && via
                .iter()
                .skip(before.len())
                .all(|layer| wanted > inner || programs::passes(layer, words));
        let leads = words_from.len() >= wanted
            && wanted > inner
            && pattern
                .command
                .iter()
                .zip(&words_from)
                .all(|(own, word)| own.matches(word));
        let meant = dangerous.is_none_or(|at| at >= start && at < start + wanted);
        let stays = !words_from
            .iter()
            .skip(wanted)
            .any(|word| OUTLETS.iter().any(|outlet| word.starts_with(outlet)));
        (plain && leads && meant && stays).then(|| Covered {
            pattern,
            said: words_from.iter().take(wanted).cloned().collect(),
        })
    })
}

/// Returns where a command can be read from: at each wrapper, then at itself; as the number of
/// words before, and the wrappers before.
fn starts(via: &[Vec<String>]) -> impl Iterator<Item = (usize, &[Vec<String>])> {
    (0..=via.len()).map(|layers| {
        let before = via.get(..layers).unwrap_or_default();
        (before.iter().map(Vec::len).sum(), before)
    })
}

/// Returns all words of a command with its wrappers, without the first `start`.
fn chain(words: &[String], via: &[Vec<String>], start: usize) -> Vec<String> {
    via.iter()
        .flatten()
        .chain(words)
        .skip(start)
        .cloned()
        .collect()
}

/// Returns true where words are meant by a pattern that warns of them: the program may stand in
/// any folder, and options may stand between its words.
fn resembles(pattern: &[OneOf], words: &[String]) -> bool {
    let (Some((own, rest)), Some(program)) = (pattern.split_first(), words.first()) else {
        return false;
    };
    if !own.matches(program) && !own.matches(programs::name(program)) {
        return false;
    }
    let mut reached = vec![false; words.len() + 3];
    let set = |reached: &mut Vec<bool>, at: usize| {
        if let Some(place) = reached.get_mut(at) {
            *place = true;
        }
    };
    set(&mut reached, 1);
    for own in rest {
        let mut next = vec![false; words.len() + 3];
        for (at, word) in words.iter().enumerate().skip(1) {
            if reached.get(at) != Some(&true) {
                continue;
            }
            if own.matches(word) {
                set(&mut next, at + 1);
            }
            if word.starts_with('-') {
                set(&mut reached, at + 1);
                set(&mut reached, at + 2); // The option's value.
            }
        }
        reached = next;
    }
    reached.contains(&true)
}

/// Returns at which word an allowing pattern misses a command that it is near to: the same program
/// at least. `None` where it does not miss, or is about something else.
pub(super) fn missed_at(pattern: &Pattern, words: &[String]) -> Option<usize> {
    let (own, program) = (pattern.command.first()?, words.first()?);
    if !own.matches(program) {
        return None;
    }
    let pairs = pattern.command.iter().enumerate();
    pairs
        .skip(1)
        .find(|(at, own)| !words.get(*at).is_some_and(|word| own.matches(word)))
        .map(|(at, _)| at)
}

/// Returns true where a command names a path, or a folder around it, among its words.
fn names(words: &[String], cwd: &str, path: &str) -> bool {
    let path = Path::new(path);
    words.iter().skip(1).any(|word| {
        let value = word.rsplit('=').next().unwrap_or(word);
        if value.is_empty() || value.starts_with('-') {
            return false;
        }
        let plain = value.find(['*', '?', '[']).map_or(value, |glob| {
            value
                .get(..glob)
                .and_then(|start| start.rfind('/').and_then(|slash| start.get(..slash)))
                .unwrap_or(".")
        });
        path.starts_with(normal(&Path::new(cwd).join(plain)))
    })
}

/// Returns a path without `.` and `..`.
pub(super) fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for step in path.components() {
        match step {
            Component::ParentDir => {
                out.pop();
            }
            Component::CurDir => {}
            step => out.push(step),
        }
    }
    out
}

/// Returns true where a glob is about a path. One that cannot be read is about none: the config
/// and the desk refuse it.
fn matches_glob(glob: &str, path: &str) -> bool {
    GlobBuilder::new(glob)
        .literal_separator(true)
        .build()
        .is_ok_and(|glob| glob.compile_matcher().is_match(path))
}

/// Returns the path that an effect is about.
pub(super) fn path(effect: &Effect) -> Option<&str> {
    match effect {
        Effect::Read { path, .. } | Effect::Write { path, .. } | Effect::Delete { path, .. } => {
            Some(path)
        }
        _ => None,
    }
}
