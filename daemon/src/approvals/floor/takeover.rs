//! Turning the floor off: the daemon told to stop, to allow, or to be milder, by what it watches.

use super::Floor;
use crate::approvals::programs;

/// The program's own name.
const SELF: &str = "smartopol";

impl Floor {
    /// Judges words that name the daemon's own files, in a text or a command that does not only
    /// look: what writes them can weaken or end what is decided here.
    pub(super) fn takes_over(&self, text: &str, cwd: &str) -> Option<String> {
        for stretch in text.split(['\n', ';', '|', '&']) {
            let mut words = stretch
                .split(|c: char| {
                    c.is_whitespace() || matches!(c, '"' | '\'' | '(' | ')' | ',' | '=')
                })
                .filter(|word| !word.is_empty());
            let looks = words
                .clone()
                .next()
                .is_some_and(|word| programs::only_looks(&[word.to_owned()]) || word == "cp");
            if looks && !stretch.contains('>') {
                continue;
            }
            let own = words.find(|word| {
                let word = word.trim_start_matches(['<', '>']);
                word.contains('/') && self.is_own(&self.path(word, cwd))
            });
            if let Some(own) = own {
                return Some(format!("{own} is one of the daemon's own files"));
            }
        }
        None
    }
}

/// Judges one command that may speak to the daemon, or end it.
pub(super) fn command(words: &[&str]) -> Option<String> {
    let mut words = words.iter().copied().skip_while(|word| word.contains('='));
    let program = programs::name(words.next()?);
    let all: Vec<&str> = words.collect();
    let plain: Vec<&str> = all
        .iter()
        .copied()
        .filter(|word| !word.starts_with('-'))
        .collect();
    let first = plain.first().copied().unwrap_or_default();
    let second = plain.get(1).copied().unwrap_or_default();
    let third = plain.get(2).copied().unwrap_or_default();
    let names_self = all
        .iter()
        .any(|word| programs::name(word).starts_with(SELF));
    let what = match program {
        SELF => match (first, second) {
            ("approvals", "list" | "show" | "check" | "lab" | "") => return None,
            ("approvals", "rules") if matches!(third, "" | "list" | "test") => return None,
            ("approvals", _) => "answers for a person",
            ("inbox", _) if plain.iter().skip(1).any(|word| sees_to(word)) => {
                "answers for a person"
            }
            ("daemon", "stop" | "restart" | "uninstall") => "ends the daemon",
            ("config" | "models", "set") => "changes what the daemon is bound to",
            ("guard", _) => "starts a guard of its own",
            _ => return None,
        },
        "pkill" | "killall" | "skill" if names_self => "ends the daemon",
        "systemctl" | "service" | "launchctl"
            if names_self && all.iter().any(|word| is_end(word)) =>
        {
            "ends the daemon"
        }
        "kill" if all.iter().skip(1).any(|word| *word == "-1") => "ends every process",
        "kill" => return all.iter().find_map(|word| signals(word)),
        _ => return None,
    };
    Some(format!(
        "`{program}` {what}, which the agent itself may not"
    ))
}

/// Judges whom a signal is for: the daemon, or everyone.
pub(super) fn signals(whom: &str) -> Option<String> {
    let own = std::process::id().to_string();
    let mut words = whom.split_whitespace();
    let hit = words.any(|word| word == own || word.strip_prefix('-') == Some(own.as_str()));
    hit.then(|| "it ends the daemon, which the agent itself may not".to_owned())
}

fn sees_to(word: &str) -> bool {
    matches!(word, "answer" | "ack" | "dismiss" | "snooze")
}

fn is_end(word: &str) -> bool {
    matches!(
        word,
        "stop" | "restart" | "kill" | "disable" | "mask" | "bootout" | "unload" | "remove"
    )
}
