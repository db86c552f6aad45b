//! Which rules an answer for longer could keep.
//!
//! Owns the ladder from narrow to broad. What runs whatever it is given, and what installs what
//! others wrote, is never on it: such a rule would allow everything.

use smartopol_protocol::approval::{OneOf, Pattern};
use smartopol_protocol::tool::{Effect, Place};

use super::coverage::{self, Call};
use super::programs;

/// Returns patterns about the effects of a call that ask, from narrow to broad. Whether one would
/// let the call run is for the policy to say.
pub(super) fn of(call: Call<'_>, asks: &[&Effect]) -> Vec<Pattern> {
    let mut commands: Vec<&Vec<String>> = Vec::new();
    for effect in asks {
        if let Effect::Run { words, .. } = effect
            && !commands.contains(&words)
        {
            commands.push(words);
        }
    }
    match commands.as_slice() {
        [] if call.tool == "exec" => Vec::new(),
        [] => files(call, asks),
        [words] if programs::can_be_learned(words) => command(call, words, asks),
        // One rule speaks of one command: several that nothing covers are answered one by one.
        _ => Vec::new(),
    }
}

/// Returns the words of the rule that is offered first for a call.
pub(super) fn offered(call: Call<'_>) -> Option<Vec<OneOf>> {
    call.inspection
        .effects
        .iter()
        .find_map(|effect| match effect {
            Effect::Run { words, .. } => {
                let kept = programs::leading(words).unwrap_or(words.len());
                Some(words.iter().take(kept).cloned().map(OneOf::Word).collect())
            }
            _ => None,
        })
}

/// The whole line and the words that say what it does, each here alone and in every folder.
fn command(call: Call<'_>, words: &[String], asks: &[&Effect]) -> Vec<Pattern> {
    let outside: Vec<&str> = asks
        .iter()
        .filter(|effect| place(effect) == Some(Place::Outside))
        .filter_map(|effect| coverage::path(effect))
        .collect();
    let path = match outside.as_slice() {
        [] => None,
        [path] => Some(escape(path)),
        _ => return Vec::new(),
    };
    let mut lengths = vec![words.len()];
    lengths.extend(subcommand(words));
    lengths.extend(programs::leading(words));
    lengths.dedup();
    let mut patterns = Vec::new();
    for length in lengths {
        let command: Vec<OneOf> = words
            .iter()
            .take(length)
            .cloned()
            .map(OneOf::Word)
            .collect();
        for cwd in [Some(escape(&call.inspection.cwd)), None] {
            let pattern = Pattern {
                tool: Some(call.tool.into()),
                command: command.clone(),
                path: path.clone(),
                cwd,
                role: None,
            };
            if !patterns.contains(&pattern) {
                patterns.push(pattern);
            }
        }
    }
    patterns
}

/// Returns how many words a program with its subcommand has, where it seems to have one.
fn subcommand(words: &[String]) -> Option<usize> {
    let second = words.get(1)?;
    let plain = second.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    (words.len() > 2 && plain && !second.starts_with('-')).then_some(2)
}

/// The file, its folder, the workspace.
fn files(call: Call<'_>, asks: &[&Effect]) -> Vec<Pattern> {
    let mut paths: Vec<&str> = asks
        .iter()
        .filter_map(|effect| coverage::path(effect))
        .collect();
    paths.dedup();
    let [path] = paths.as_slice() else {
        return Vec::new();
    };
    let inside = asks
        .iter()
        .all(|effect| place(effect) == Some(Place::Workspace));
    let mut globs = vec![escape(path)];
    let folder = path.rsplit_once('/').map(|(folder, _)| folder);
    // A folder near the root holds too much to be offered.
    if let Some(folder) = folder.filter(|folder| folder.matches('/').count() > 2 || inside) {
        globs.push(format!("{}/*", escape(folder)));
    }
    if inside {
        globs.push(format!("{}/**", escape(&call.inspection.cwd)));
    }
    globs
        .into_iter()
        .map(|glob| Pattern {
            tool: Some(call.tool.into()),
            path: Some(glob),
            ..Pattern::default()
        })
        .collect()
}

fn place(effect: &Effect) -> Option<Place> {
    match effect {
        Effect::Read { place, .. } | Effect::Write { place, .. } | Effect::Delete { place, .. } => {
            Some(*place)
        }
        _ => None,
    }
}

/// Returns a glob that matches just this path.
fn escape(path: &str) -> String {
    let mut glob = String::with_capacity(path.len());
    for c in path.chars() {
        if matches!(c, '*' | '?' | '[' | ']' | '{' | '}' | '\\' | '!') {
            glob.push('\\');
        }
        glob.push(c);
    }
    glob
}
