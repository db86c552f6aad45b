//! What a call does, in plain words.
//!
//! Owns which effects a person must see before all else, and how each is said.

use smartopol_protocol::tool::{Effect, Inspection, Place, Removal};

use super::time;
use crate::app::App;
use crate::sanitize;

/// How many effects of one weight are named.
const NAMED: usize = 6;

/// Says what must not be overlooked: what lies outside the workspace, what cannot be undone, what
/// cannot be told.
pub(crate) fn grave(app: &App, inspection: &Inspection) -> Vec<String> {
    let said = inspection.effects.iter().filter_map(|effect| {
        Some(match effect {
            Effect::Read { path, place } if *place == Place::Outside => {
                format!("! reads outside the workspace: {}", app.tilde(path))
            }
            Effect::Write { path, place } if *place == Place::Outside => {
                format!("! writes outside the workspace: {}", app.tilde(path))
            }
            Effect::Delete {
                path,
                place,
                recursive,
            } => {
                let below = if *recursive { " with all below it" } else { "" };
                let where_ = match place {
                    Place::Workspace => "",
                    Place::Outside => ", outside the workspace",
                };
                format!("! removes {}{below}{where_}", app.tilde(path))
            }
            Effect::Process { what } => format!("! stops or signals {}", sanitize::line(what)),
            Effect::Privilege { how } => format!("! with other rights: {}", sanitize::line(how)),
            Effect::Unclear { why } => {
                format!("! cannot be told before it runs: {}", sanitize::line(why))
            }
            _ => return None,
        })
    });
    bounded(said.collect(), "! and {} more")
}

/// Says what a recursive deletion would take away.
pub(crate) fn removal(app: &App, removal: &Removal) -> Vec<String> {
    let least = if removal.more { "at least " } else { "" };
    let things = match removal.entries {
        1 => "1 file or folder".to_owned(),
        many => format!("{} files and folders", time::grouped(many)),
    };
    let mut lines = vec![format!(
        "would be gone: {least}{things}, {}",
        time::bytes(removal.bytes)
    )];
    lines.extend(
        removal
            .first
            .iter()
            .map(|path| format!("  {}", app.tilde(path))),
    );
    let named = u64::try_from(removal.first.len()).unwrap_or(u64::MAX);
    if removal.entries > named && named > 0 {
        let more = time::grouped(removal.entries - named);
        lines.push(format!("  and {least}{more} more"));
    }
    lines
}

/// Says what else a call does, each in a word or two.
pub(crate) fn other(inspection: &Inspection) -> Vec<String> {
    let runs = inspection
        .effects
        .iter()
        .filter(|effect| matches!(effect, Effect::Run { .. }));
    // One command without a wrapper is what the body shows already.
    let many = runs.count() > 1;
    let said = inspection.effects.iter().filter_map(|effect| {
        Some(match effect {
            Effect::Run { words, via } if many || !via.is_empty() => {
                let name = words.first().map_or("", String::as_str);
                let through: Vec<&str> = via
                    .iter()
                    .filter_map(|words| words.first().map(String::as_str))
                    .collect();
                let through = match through.is_empty() {
                    true => String::new(),
                    false => format!(" through {}", through.join(", ")),
                };
                format!("runs {}", sanitize::line(&format!("{name}{through}")))
            }
            Effect::Read { path, place } if *place == Place::Workspace => {
                format!("reads {}", name(path))
            }
            Effect::Write { path, place } if *place == Place::Workspace => {
                format!("writes {}", name(path))
            }
            Effect::Network { host } => match host {
                Some(host) => format!("talks to {}", sanitize::line(host)),
                None => "talks to the network".to_owned(),
            },
            _ => return None,
        })
    });
    let mut said = bounded(said.collect(), "{} more");
    match inspection.pins.len() {
        0 => {}
        1 => said.push("1 file pinned: a change before it runs is refused".to_owned()),
        many => said.push(format!(
            "{many} files pinned: a change before it runs is refused"
        )),
    }
    said
}

fn bounded(mut said: Vec<String>, words: &str) -> Vec<String> {
    said.dedup();
    if said.len() > NAMED + 1 {
        let more = said.len() - NAMED;
        said.truncate(NAMED);
        said.push(words.replace("{}", &more.to_string()));
    }
    said
}

fn name(path: &str) -> String {
    sanitize::line(path.rsplit('/').next().unwrap_or(path)).into_owned()
}
