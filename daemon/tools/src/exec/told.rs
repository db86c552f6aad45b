//! What a command would do, as far as it can be told: its effects, what it depends on, what a
//! deletion would take away.
//!
//! The grammar tells what a line means; here files are looked at.

use std::path::{Path, PathBuf};

use smartopol_protocol::tool::{Effect, Pin, Place, Removal};

use super::{Plan, What, removal};
use crate::shell_grammar::{
    Dialect, Ground, Last, Meaning, meaning, meaning_of_variables, meaning_of_words, plain_command,
};
use crate::{pin, place};

/// What is told of a command.
pub(super) struct Told {
    pub(super) effects: Vec<Effect>,
    pub(super) pins: Vec<Pin>,
    pub(super) removal: Option<Removal>,
}

/// Returns what a command would do.
pub(super) fn told(plan: &Plan, workspace: &Path) -> Told {
    let workspace = place::resolve(workspace);
    let ground = Ground {
        home: std::env::var("HOME")
            .ok()
            .filter(|home| home.starts_with('/')),
        place: &|path, last| located(path, last, &workspace),
    };
    let mut effects = meaning_of_variables(&plan.env, &ground).effects;
    let Meaning {
        effects: told,
        runs,
        removes,
    } = means(plan, &ground);
    effects.extend(told);
    if plan.place == Place::Outside {
        effects.push(Effect::Read {
            path: plan.cwd.to_string_lossy().into_owned(),
            place: plan.place,
        });
    }
    let mut pins: Vec<Pin> = Vec::new();
    for path in runs {
        match pin::pin(&path) {
            Some(pin) if pins.contains(&pin) => {}
            Some(pin) => pins.push(pin),
            None => effects.push(Effect::Unclear {
                why: format!(
                    "the content of {} cannot be kept in mind: it is no file that can be read, or too large",
                    path.display()
                ),
            }),
        }
    }
    Told {
        effects,
        pins,
        removal: removal::removal(&removes),
    }
}

fn means(plan: &Plan, ground: &Ground<'_>) -> Meaning {
    let unclear = |why: String| Meaning {
        effects: vec![Effect::Unclear { why }],
        ..Meaning::default()
    };
    let command = match &plan.what {
        What::Argv(words) => return meaning_of_words(words, &plan.cwd, ground),
        What::Command(command) => command,
    };
    let shell = plan.shell.as_str();
    match shell {
        "bash" => meaning(command, Dialect::Bash, &plan.cwd, ground),
        "ash" | "dash" | "sh" => meaning(command, Dialect::Posix, &plan.cwd, ground),
        "ksh" | "mksh" | "zsh" if plain_command(command).is_some() => {
            meaning(command, Dialect::Posix, &plan.cwd, ground)
        }
        "ksh" | "mksh" | "zsh" => unclear(format!(
            "it is more than one plain command, and the language of `{shell}` is not read here"
        )),
        _ => unclear(format!(
            "the language of the shell `{shell}` is not read here"
        )),
    }
}

/// Returns where an absolute path leads, and whether that lies in the workspace.
fn located(path: &Path, last: Last, workspace: &Path) -> (PathBuf, Place) {
    let folder = path.as_os_str().as_encoded_bytes().ends_with(b"/");
    let path = match (last, path.parent(), path.file_name()) {
        (Last::Kept, Some(parent), Some(name)) if !folder => place::resolve(parent).join(name),
        _ => place::resolve(path),
    };
    let place = if path.starts_with(workspace) {
        Place::Workspace
    } else {
        Place::Outside
    };
    (path, place)
}
