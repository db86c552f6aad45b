//! The command line: what is said in it, and what completes it.
//!
//! Owns how a line is read. The table of commands is `table`, what each does `says`. An action is a
//! command too, under its name in the keymap.

mod says;
mod table;

use smartopol_config::nearest;
use smartopol_config::section::console::Look;
use smartopol_protocol::approval::Mode;

use super::App;
use super::palette::is_named;
use crate::sanitize;
use table::COMMANDS;

pub(super) const MODES: [Mode; 4] = [Mode::ReadOnly, Mode::Ask, Mode::AutoEdit, Mode::Auto];

/// What can be chosen while it runs.
pub(super) const LOOKS: [Look; 3] = [Look::Terminal, Look::Light, Look::Dark];

/// A way to go on with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Completion {
    /// The whole line it makes.
    pub(crate) line: String,
    /// What of it is shown.
    pub(crate) shown: String,
    pub(crate) words: String,
}

impl App {
    /// Carries a line out.
    ///
    /// # Errors
    /// Says what is wrong with it, and what was probably meant.
    pub(crate) fn command(&mut self, line: &str) -> Result<(), String> {
        let line = line.trim().trim_start_matches(':').trim_start();
        let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        if name.is_empty() {
            return Ok(());
        }
        if let Some(command) = COMMANDS.iter().find(|own| own.is(name)) {
            if command.changes && self.wanted.observe {
                return Err("this console only looks: start it without --observe".into());
            }
            if rest.is_empty() && command.wants.starts_with(|c: char| c.is_ascii_uppercase()) {
                return Err(format!(":{} needs a {}", command.name, command.wants));
            }
            if !rest.is_empty() && command.wants.is_empty() {
                return Err(format!(":{} takes nothing after it", command.name));
            }
            return (command.run)(self, rest);
        }
        let action = name.replace('-', "_");
        let here = self.places();
        let mut lines: Vec<_> = self.keymap.bound().iter().collect();
        lines.sort_by_key(|own| {
            here.iter()
                .position(|place| *place == own.line.place)
                .is_none()
        });
        let found = lines
            .iter()
            .find(|own| own.line.name == action && is_named(own.line));
        if let Some((place, action)) = found.map(|own| (own.line.place, own.line.action)) {
            self.do_in(place, action);
            return Ok(());
        }
        let known = COMMANDS
            .iter()
            .flat_map(|own| own.aliases.iter().copied().chain([own.name]));
        let named = lines
            .iter()
            .filter(|own| is_named(own.line))
            .map(|own| own.line.name);
        let shown = sanitize::line(name).into_owned();
        Err(match nearest(name, known.chain(named)) {
            Some(near) => format!("there is no command :{shown}; did you mean :{near}?"),
            None => format!("there is no command :{shown}; :help lists the keys, Tab the commands"),
        })
    }

    /// Returns what may complete a line, best first.
    pub(crate) fn completions(&self, line: &str) -> Vec<Completion> {
        let line = line.trim_start().trim_start_matches(':');
        let Some((name, rest)) = line.split_once(' ') else {
            return self.names(line);
        };
        let Some(command) = COMMANDS.iter().find(|own| own.is(name)) else {
            return Vec::new();
        };
        let whole = rest.to_lowercase();
        // `:traces` takes several words: the last one is completed.
        let many = command.name == "traces";
        let (before, last) = match whole.rsplit_once(' ').filter(|_| many) {
            Some((before, last)) => (format!("{before} "), last.to_owned()),
            None => (String::new(), whole),
        };
        let mut found: Vec<(bool, Completion)> = (command.offers)(self)
            .into_iter()
            .filter(|(word, _)| word.to_lowercase().contains(&last))
            .map(|(word, words)| {
                let begins = word.to_lowercase().starts_with(&last);
                let line = format!("{name} {before}{word}");
                let shown = word;
                (!begins, Completion { line, shown, words })
            })
            .collect();
        found.sort_by_key(|(later, _)| *later);
        found
            .into_iter()
            .map(|(_, completion)| completion)
            .collect()
    }

    fn names(&self, begun: &str) -> Vec<Completion> {
        let begun = begun.replace('-', "_");
        let commands = COMMANDS
            .iter()
            .filter(|own| !(own.changes && self.wanted.observe))
            .filter(|own| own.name.starts_with(&begun) || own.aliases.contains(&begun.as_str()))
            .map(|own| Completion {
                line: format!(
                    "{}{}",
                    own.name,
                    if own.wants.is_empty() { "" } else { " " }
                ),
                shown: format!("{} {}", own.name, own.wants).trim_end().to_owned(),
                words: own.words.to_owned(),
            });
        let mut all: Vec<Completion> = commands.collect();
        for bound in self.keymap.bound() {
            let name = bound.line.name;
            let refused = bound.line.changes && self.wanted.observe;
            let known = all.iter().any(|own| own.line.trim_end() == name);
            if is_named(bound.line) && name.starts_with(&begun) && !known && !refused {
                all.push(Completion {
                    line: name.to_owned(),
                    shown: name.to_owned(),
                    words: bound.line.words.to_owned(),
                });
            }
        }
        all
    }
}
