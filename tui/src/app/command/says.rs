//! What the commands do.

use std::path::PathBuf;

use smartopol_config::keymap::Keymap;
use smartopol_config::nearest;
use smartopol_config::section::console::Look;
use smartopol_protocol::job::Job;
use smartopol_protocol::session::{Configure, Create};

use super::MODES;
use crate::app::query::Query;
use crate::app::{App, Call, Cmd, Focus, meaning};
use crate::overlay::Overlay;
use crate::sanitize;

impl App {
    pub(super) fn say_help(&mut self, words: &str) -> Result<(), String> {
        self.overlays.push(Overlay::help(self.places(), words));
        Ok(())
    }

    pub(super) fn say_session(&mut self, name: &str) -> Result<(), String> {
        let wanted = name.to_lowercase();
        let is = |own: &str| own.to_lowercase() == wanted;
        let begins = |own: &str| own.to_lowercase().starts_with(&wanted);
        let sessions = || self.model.sessions();
        let found = sessions()
            .find(|own| is(&own.name) || own.id.to_string() == wanted)
            .or_else(|| sessions().find(|own| begins(&own.name)));
        if let Some(id) = found.map(|own| own.id) {
            self.open(id);
            self.focus = Focus::Composer;
            return Ok(());
        }
        let names = sessions().map(|own| own.name.as_str());
        let near = nearest(name, names).map(|near| sanitize::line(near).into_owned());
        let hint = near.map_or_else(
            || ":sessions lists them".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        Err(format!(
            "no session is called `{}`; {hint}",
            sanitize::line(name)
        ))
    }

    pub(super) fn say_jobs(&mut self, name: &str) -> Result<(), String> {
        if name.is_empty() {
            self.go_to_jobs(None);
            return Ok(());
        }
        let named = |job: &&Job| job.name == name;
        let found = self.model.jobs.iter().find(named).map(|job| job.id);
        match found {
            Some(id) => self.go_to_jobs(Some(id)),
            None => {
                let shown = sanitize::line(name).into_owned();
                let jobs = self.model.jobs.iter();
                let near = nearest(name, jobs.map(|job| job.name.as_str()));
                let near = near.map(|near| sanitize::line(near).into_owned());
                return Err(match near {
                    Some(near) => format!("no job is called `{shown}`; did you mean `{near}`?"),
                    None => format!("no job is called `{shown}`; :jobs lists them"),
                });
            }
        }
        Ok(())
    }

    pub(super) fn say_new(&mut self, words: &str) -> Result<(), String> {
        let (name, folder) = named(words);
        let workspace = self.absolute(if folder.is_empty() { "." } else { folder });
        self.change(Call::Create(Create {
            workspace,
            name: Some(name.to_owned()).filter(|name| !name.is_empty()),
            mode: None,
            model: None,
        }));
        Ok(())
    }

    fn configure(&mut self, change: impl FnOnce(&mut Configure)) -> Result<(), String> {
        let id = self.current.ok_or("there is no session here")?;
        let mut configure = Configure {
            id,
            name: None,
            mode: None,
            model: None,
        };
        change(&mut configure);
        self.note_configure(&configure);
        self.change(Call::Configure(configure));
        Ok(())
    }

    pub(super) fn say_undo(&mut self, count: &str) -> Result<(), String> {
        let wrong = || format!("`{}` is no number of things to undo", sanitize::line(count));
        let count: usize = match count {
            "" => 1,
            count => count.parse().map_err(|_| wrong())?,
        };
        // What is not there is not undone.
        (0..count.min(self.undo_log().len().max(1))).for_each(|_| self.undo_last());
        Ok(())
    }

    pub(super) fn say_fork(&mut self, at: &str) -> Result<(), String> {
        let wrong = || format!("`{}` is no number of a message", sanitize::line(at));
        let at = match at {
            "" => None,
            at => Some(at.parse().map_err(|_| wrong())?),
        };
        self.fork(at);
        Ok(())
    }

    /// Writes the session at hand into a file, by its own name where none is said.
    pub(crate) fn say_export(&mut self, file: &str) -> Result<(), String> {
        let session = self.session().ok_or("there is no session here")?;
        let id = session.id;
        let named = match file {
            "" => {
                let fits = |c: char| c.is_alphanumeric() || "-_. ".contains(c);
                let name = session.name.replace(|c| !fits(c), "_");
                format!("{}.md", name.trim_start_matches('.'))
            }
            file => file.to_owned(),
        };
        let path = PathBuf::from(self.absolute(&named));
        self.ask(Call::Export { id, path });
        Ok(())
    }

    pub(super) fn say_rename(&mut self, name: &str) -> Result<(), String> {
        self.configure(|change| change.name = Some(name.to_owned()))
    }

    pub(super) fn say_model(&mut self, name: &str) -> Result<(), String> {
        self.configure(|change| change.model = Some(name.to_owned()))
    }

    pub(super) fn say_mode(&mut self, name: &str) -> Result<(), String> {
        let wanted = name.to_lowercase().replace('_', "-");
        let mode = MODES.iter().find(|mode| mode.name() == wanted);
        let Some(mode) = mode.copied() else {
            return Err(none_of("mode", name, MODES.iter().map(|mode| mode.name())));
        };
        self.configure(|change| change.mode = Some(mode))?;
        self.say(format!("{}: {}", mode.name(), meaning(mode)));
        Ok(())
    }

    pub(super) fn say_traces(&mut self, words: &str) -> Result<(), String> {
        let query = Query::parse(words)?;
        if let Some(key) = query
            .session()
            .filter(|key| self.session_called(key).is_none())
        {
            return Err(format!("no session is called `{}`", sanitize::line(key)));
        }
        self.look_for(query);
        self.traces_whole = true;
        self.focus = Focus::Traces;
        Ok(())
    }

    pub(super) fn say_save(&mut self, rest: &str) -> Result<(), String> {
        if self.wanted.observe {
            return Err("this console only looks: start it without --observe".into());
        }
        let (key, value) = pair(rest)?;
        // What needs a new start is kept for that.
        let later = key == "console.linear" || (key, value) == ("console.theme", "auto");
        if key.starts_with("console.") && !later {
            self.set(key, value)?;
        }
        self.cmds.push(Cmd::Save {
            key: key.to_owned(),
            value: value.to_owned(),
        });
        Ok(())
    }

    /// Changes a setting of the console until a person leaves.
    pub(crate) fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        if !key.starts_with("console.") {
            let key = sanitize::line(key);
            return Err(format!(
                "`{key}` is the daemon's: `:save {key}=…` and `smartopol daemon restart` change it"
            ));
        }
        if key == "console.linear" {
            return Err("that needs a new start: smartopol tui --linear".into());
        }
        let console = self.console.with(key, value).map_err(|problems| {
            let told = problems.iter().next().map(|problem| {
                let hint = Some(&problem.hint).filter(|hint| !hint.is_empty());
                hint.map_or_else(
                    || problem.message.clone(),
                    |hint| format!("{}: {hint}", problem.message),
                )
            });
            sanitize::line(&told.unwrap_or_default()).into_owned()
        })?;
        if console.theme == Look::Auto && self.console.theme != Look::Auto {
            let hint = ":save console.theme=auto, and start it again";
            return Err(format!(
                "the terminal's ground is asked for when the console starts: {hint}"
            ));
        }
        self.keymap = Keymap::new(console.keymap, &console.keys);
        self.traces_beside = console.traces;
        self.wanted.history = console.history.into();
        if console.theme != self.console.theme {
            self.theme = self.theme.with(console.theme);
        }
        self.console = console;
        self.say(format!(
            "{} = {} until you leave",
            sanitize::line(key),
            sanitize::line(value)
        ));
        Ok(())
    }

    /// Returns the value of a console's key as it is in this session.
    pub(crate) fn session_value(&self, key: &str) -> Option<String> {
        Some(match key {
            "console.theme" => format!("\"{}\"", self.console.theme.name()),
            "console.keymap" => format!("\"{}\"", self.console.keymap.name()),
            "console.notify" => format!("\"{}\"", self.console.notify.name()),
            "console.mouse" => self.console.mouse.to_string(),
            "console.traces" => self.console.traces.to_string(),
            "console.history" => self.console.history.to_string(),
            _ => return None,
        })
    }
}

fn none_of(what: &str, text: &str, names: impl Iterator<Item = &'static str> + Clone) -> String {
    let shown = sanitize::line(text);
    match nearest(text, names.clone()) {
        Some(near) => format!("there is no {what} `{shown}`; did you mean `{near}`?"),
        None => {
            let names: Vec<&str> = names.collect();
            format!("there is no {what} `{shown}`: {}", names.join(", "))
        }
    }
}

/// Returns the key and the value of `KEY=VALUE`.
pub(super) fn pair(text: &str) -> Result<(&str, &str), String> {
    let pair = text.split_once('=').or_else(|| text.split_once(' '));
    let (key, value) = pair.ok_or("a setting is KEY=VALUE, such as console.theme=light")?;
    Ok((key.trim(), value.trim()))
}

/// Returns the name and the folder of a new session, either of which may be empty. A folder begins
/// with `/`, `.` or `~`, as no name does, and goes on to the end.
fn named(words: &str) -> (&str, &str) {
    let words = words.trim();
    let begins = |(at, c): &(usize, char)| {
        let first = words
            .get(..*at)
            .is_none_or(|before| before.is_empty() || before.ends_with(char::is_whitespace));
        first && matches!(c, '/' | '.' | '~')
    };
    let at = words.char_indices().find(begins).map(|(at, _)| at);
    let (name, folder) = words.split_at(at.unwrap_or(words.len()));
    (name.trim_end(), folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_session_has_a_name_a_folder_both_or_none() {
        for (words, name, folder) in [
            ("", "", ""),
            ("notes", "notes", ""),
            ("~/my notes", "", "~/my notes"),
            ("road map  ./docs", "road map", "./docs"),
            ("v1.2", "v1.2", ""),
            ("notes .", "notes", "."),
        ] {
            assert_eq!(named(words), (name, folder), "{words}");
        }
    }
}
