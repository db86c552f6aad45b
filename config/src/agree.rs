//! Settings that are each right and do not go together.

use smartopol_protocol::suggest::nearest;

use crate::check::{Findings, Key};
use crate::keymap;
use crate::problem::Problem;
use crate::section::Config;
use crate::section::providers::{KNOWN, Kind};

/// Adds to `found` what does not go together in `config`; `file` is the config file's name.
pub(crate) fn check(config: &Config, file: &str, found: &mut Findings) {
    let mut problems = Vec::new();
    limits(config, found, &mut problems);
    providers(config, found, &mut problems);
    rules(config, found, &mut problems);
    keys(config, found, &mut problems);
    for (key, message, hint) in problems {
        let origin = found.origins.get(&key);
        let place = origin.map_or_else(|| file.to_owned(), |origin| origin.place(file));
        // After the mistakes of the lines: these need more than one line to see.
        let at = usize::MAX;
        found
            .problems
            .push((at, Problem::new(place, message).hint(hint)));
    }
}

type Found = (Key, String, String);

fn key(parts: &[&str]) -> Key {
    parts.iter().map(|part| (*part).to_owned()).collect()
}

fn limits(config: &Config, found: &Findings, problems: &mut Vec<Found>) {
    let (limit, most) = (
        config.tools.timeout_seconds,
        config.tools.max_timeout_seconds,
    );
    if limit <= most || found.is_bad(&["tools"]) {
        return;
    }
    let own = key(&["tools", "timeout_seconds"]);
    let place = if found.origins.contains_key(&own) {
        own
    } else {
        key(&["tools", "max_timeout_seconds"])
    };
    problems.push((
        place,
        format!(
            "`tools.timeout_seconds` is {limit}, more than `tools.max_timeout_seconds`, \
             which is {most}"
        ),
        "lower the first or raise the second".into(),
    ));
}

fn providers(config: &Config, found: &Findings, problems: &mut Vec<Found>) {
    for (name, provider) in &config.providers {
        if KNOWN.contains(&name.as_str()) || found.is_bad(&["providers", name]) {
            continue;
        }
        let place = key(&["providers", name]);
        let near = nearest(name, KNOWN.into_iter());
        if provider.kind.is_none() {
            let hint = match near {
                Some(near) => {
                    format!("did you mean `{near}`? Else say what it speaks: kind = \"openai\"")
                }
                None => "say what it speaks: kind = \"openai\" fits most services".into(),
            };
            problems.push((
                place,
                format!("the provider `{name}` is not one of the known and has no `kind`"),
                hint,
            ));
        } else if provider.base_url.is_none() && provider.kind != Some(Kind::Offline) {
            problems.push((
                place,
                format!("the provider `{name}` has no `base_url`"),
                "say where its requests go: base_url = \"https://…\"".into(),
            ));
        }
    }
}

fn rules(config: &Config, found: &Findings, problems: &mut Vec<Found>) {
    if found.is_bad(&["approvals", "rules"]) {
        return; // The places are told by number, and a rule that was left out shifts them.
    }
    for (n, rule) in config.approvals.rules.iter().enumerate() {
        let Some(tool) = rule.tool.as_ref().filter(|tool| *tool != "exec") else {
            continue;
        };
        if !rule.command.is_empty() {
            problems.push((
                key(&["approvals", "rules", &n.to_string(), "command"]),
                format!("this rule never matches: `{tool}` runs no commands"),
                "leave out `command`, or say tool = \"exec\"".into(),
            ));
        }
    }
}

fn keys(config: &Config, found: &Findings, problems: &mut Vec<Found>) {
    // A place that lost a key to a mistake would clash with what that key was to give way to.
    if !found.is_bad(&["console", "keymap"]) && !found.is_bad(&["console", "keys"]) {
        problems.extend(keymap::check(config.console.keymap, &config.console.keys));
    }
}
