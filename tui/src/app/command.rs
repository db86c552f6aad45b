//! The command line: what can be said, what completes it, what it does.
//!
//! Owns the table of commands. An action is a command too, under its name in the keymap.

use std::path::PathBuf;

use smartopol_config::keymap::{Keymap, Preset};
use smartopol_config::nearest;
use smartopol_config::section::console::Look;
use smartopol_protocol::approval::Mode;
use smartopol_protocol::job::Job;
use smartopol_protocol::session::{Configure, Create};
use smartopol_protocol::trace::ActionType;

use super::palette::is_named;
use super::query::Query;
use super::{App, Call, Cmd, Focus, meaning};
use crate::overlay::Overlay;
use crate::sanitize;

/// A command.
struct Command {
    name: &'static str,
    aliases: &'static [&'static str],
    /// What follows it, as the list of commands shows it.
    wants: &'static str,
    words: &'static str,
    changes: bool,
    run: fn(&mut App, &str) -> Result<(), String>,
    /// What may follow it.
    offers: fn(&App) -> Vec<(String, String)>,
}

const fn command(
    name: &'static str,
    aliases: &'static [&'static str],
    wants: &'static str,
    words: &'static str,
    run: fn(&mut App, &str) -> Result<(), String>,
) -> Command {
    Command {
        name,
        aliases,
        wants,
        words,
        changes: false,
        run,
        offers: |_| Vec::new(),
    }
}

impl Command {
    const fn offers(mut self, offers: fn(&App) -> Vec<(String, String)>) -> Self {
        self.offers = offers;
        self
    }

    const fn changes(mut self) -> Self {
        self.changes = true;
        self
    }

    fn is(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }
}

const COMMANDS: &[Command] = &[
    command(
        "quit",
        &["q", "exit", "wq"],
        "",
        "leave; the daemon goes on",
        |app, _| {
            app.leave();
            Ok(())
        },
    ),
    command(
        "help",
        &["h", "keys"],
        "[WORDS]",
        "the keys, those about these words",
        App::say_help,
    ),
    command(
        "session",
        &["s", "switch"],
        "NAME",
        "go to a session",
        App::say_session,
    )
    .offers(sessions),
    command("sessions", &["ls"], "", "choose a session", |app, _| {
        app.overlays.push(Overlay::picker(app.current));
        Ok(())
    }),
    command(
        "new",
        &["n"],
        "[FOLDER]",
        "a new session, in this folder without one",
        App::say_new,
    )
    .changes(),
    command(
        "rename",
        &[],
        "NAME",
        "call this session so",
        App::say_rename,
    )
    .changes(),
    command(
        "fork",
        &[],
        "[MESSAGE]",
        "go another way from here, in a new session",
        App::say_fork,
    )
    .changes(),
    command(
        "search",
        &[],
        "[WORDS]",
        "what was said in all your sessions",
        |app, words| {
            app.search_everywhere(words);
            Ok(())
        },
    ),
    command(
        "export",
        &[],
        "[FILE]",
        "write this session into a file: .md to read, .json to keep",
        App::say_export,
    ),
    command(
        "archive",
        &[],
        "",
        "put this session away, or back",
        |app, _| {
            app.turn_archived(app.current);
            Ok(())
        },
    )
    .changes(),
    command(
        "compact",
        &[],
        "",
        "fold older messages into a summary for the model",
        App::say_compact,
    )
    .changes(),
    command(
        "expand",
        &[],
        "",
        "tell the model the folded messages again",
        App::say_expand,
    )
    .changes(),
    command(
        "pin",
        &[],
        "[KIND:] TEXT",
        "what no summary may change: a rule, goal, decision, todo",
        App::say_pin,
    )
    .changes(),
    command(
        "undo",
        &["u"],
        "[COUNT]",
        "undo what you did last in the console",
        App::say_undo,
    )
    .offers(|app| {
        let log = app.undo_log().into_iter().enumerate();
        log.map(|(number, words)| ((number + 1).to_string(), words))
            .collect()
    }),
    command(
        "budget",
        &["usage"],
        "",
        "what was used of models, and what may still be",
        App::say_budget,
    ),
    command(
        "mode",
        &["m"],
        "MODE",
        "how much may happen without asking",
        App::say_mode,
    )
    .offers(modes)
    .changes(),
    command(
        "model",
        &[],
        "NAME",
        "who thinks in this session",
        App::say_model,
    )
    .changes(),
    command(
        "traces",
        &["t"],
        "[tool=… outcome=… session=here]",
        "the traces, these alone",
        App::say_traces,
    )
    .offers(filters),
    command(
        "jobs",
        &["j", "job"],
        "[NAME]",
        "jobs and reminders, this one",
        App::say_jobs,
    )
    .offers(|app| {
        let jobs = app.model.jobs.iter();
        jobs.map(|job| (job.name.clone(), job.when.clone()))
            .collect()
    }),
    command(
        "terminals",
        &["terminal", "term"],
        "",
        "the terminals",
        |app, _| {
            app.go_to_terminals(None);
            Ok(())
        },
    ),
    command(
        "open",
        &["o"],
        "[COMMAND]",
        "a new terminal in this folder, the shell without a command",
        |app, rest| {
            let words: Vec<String> = rest.split_whitespace().map(str::to_owned).collect();
            app.open_terminal(&words);
            Ok(())
        },
    )
    .changes(),
    command(
        "users",
        &["user", "people"],
        "",
        "who there is, what they may do and use",
        |app, _| {
            app.go_to_people();
            Ok(())
        },
    ),
    command("inbox", &["i"], "", "what waits for you", |app, _| {
        app.traces_whole = false;
        app.focus = Focus::Inbox;
        Ok(())
    }),
    command(
        "theme",
        &[],
        "NAME",
        "what it looks like, until you leave",
        |app, name| app.set("console.theme", name),
    )
    .offers(|_| {
        LOOKS
            .iter()
            .map(|look| (look.name().to_owned(), String::new()))
            .collect()
    }),
    command(
        "keymap",
        &[],
        "NAME",
        "whose keys it has, until you leave",
        |app, name| app.set("console.keymap", name),
    )
    .offers(|_| {
        Preset::ALL
            .iter()
            .map(|own| (own.name().to_owned(), String::new()))
            .collect()
    }),
    command(
        "set",
        &[],
        "KEY=VALUE",
        "change a setting of the console, until you leave",
        |app, rest| {
            let (key, value) = pair(rest)?;
            app.set(key, value)
        },
    )
    .offers(|app| settings(app, "console.")),
    command(
        "save",
        &[],
        "KEY=VALUE",
        "change a setting for good, in the config file",
        App::say_save,
    )
    .offers(|app| settings(app, "")),
];

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

    fn say_help(&mut self, words: &str) -> Result<(), String> {
        self.overlays.push(Overlay::help(self.places(), words));
        Ok(())
    }

    fn say_session(&mut self, name: &str) -> Result<(), String> {
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

    fn say_jobs(&mut self, name: &str) -> Result<(), String> {
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

    fn say_new(&mut self, folder: &str) -> Result<(), String> {
        let folder = if folder.is_empty() { "." } else { folder };
        let workspace = self.absolute(folder);
        self.change(Call::Create(Create {
            workspace,
            name: None,
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

    fn say_undo(&mut self, count: &str) -> Result<(), String> {
        let wrong = || format!("`{}` is no number of things to undo", sanitize::line(count));
        let count: usize = match count {
            "" => 1,
            count => count.parse().map_err(|_| wrong())?,
        };
        // What is not there is not undone.
        (0..count.min(self.undo_log().len().max(1))).for_each(|_| self.undo_last());
        Ok(())
    }

    fn say_fork(&mut self, at: &str) -> Result<(), String> {
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

    fn say_rename(&mut self, name: &str) -> Result<(), String> {
        self.configure(|change| change.name = Some(name.to_owned()))
    }

    fn say_model(&mut self, name: &str) -> Result<(), String> {
        self.configure(|change| change.model = Some(name.to_owned()))
    }

    fn say_mode(&mut self, name: &str) -> Result<(), String> {
        let wanted = name.to_lowercase().replace('_', "-");
        let mode = MODES.iter().find(|mode| mode.name() == wanted);
        let Some(mode) = mode.copied() else {
            return Err(none_of("mode", name, MODES.iter().map(|mode| mode.name())));
        };
        self.configure(|change| change.mode = Some(mode))?;
        self.say(format!("{}: {}", mode.name(), meaning(mode)));
        Ok(())
    }

    fn say_traces(&mut self, words: &str) -> Result<(), String> {
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

    fn say_save(&mut self, rest: &str) -> Result<(), String> {
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

pub(super) const MODES: [Mode; 4] = [Mode::ReadOnly, Mode::Ask, Mode::AutoEdit, Mode::Auto];

/// What can be chosen while it runs.
pub(super) const LOOKS: [Look; 3] = [Look::Terminal, Look::Light, Look::Dark];

const OUTCOMES: [ActionType; 3] = [ActionType::Allow, ActionType::Deny, ActionType::Error];

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
fn pair(text: &str) -> Result<(&str, &str), String> {
    let pair = text.split_once('=').or_else(|| text.split_once(' '));
    let (key, value) = pair.ok_or("a setting is KEY=VALUE, such as console.theme=light")?;
    Ok((key.trim(), value.trim()))
}

fn sessions(app: &App) -> Vec<(String, String)> {
    let said = |session: &smartopol_protocol::session::Session| {
        let name = sanitize::line(&session.name).into_owned();
        (name, app.tilde(&session.workspace))
    };
    app.model.sessions().map(said).collect()
}

fn modes(_: &App) -> Vec<(String, String)> {
    let said = |mode: &Mode| (mode.name().to_owned(), meaning(*mode).to_owned());
    MODES.iter().map(said).collect()
}

fn filters(app: &App) -> Vec<(String, String)> {
    let mut tools: Vec<&str> = app
        .model
        .traces
        .iter()
        .map(|own| own.tool_name.as_str())
        .collect();
    tools.sort_unstable();
    tools.dedup();
    let tools = tools
        .into_iter()
        .map(|tool| format!("tool={}", sanitize::line(tool)));
    let outcomes = OUTCOMES.iter().map(|own| format!("outcome={}", own.name()));
    let all = tools
        .chain(outcomes)
        .chain(["session=here", "since=1h", "marked"].map(str::to_owned));
    all.map(|word| (word, String::new())).collect()
}

fn settings(app: &App, begin: &str) -> Vec<(String, String)> {
    let choices: [(&str, &[&str]); 5] = [
        ("console.theme", &["terminal", "light", "dark"]),
        ("console.keymap", &["default", "vim", "emacs"]),
        ("console.notify", &["auto", "bell", "off"]),
        ("console.mouse", &["true", "false"]),
        ("console.traces", &["true", "false"]),
    ];
    let own = app
        .wanted
        .settings
        .iter()
        .filter(|own| own.key.starts_with(begin));
    own.flat_map(|entry| {
        let key = entry.key.as_str();
        let value = app
            .session_value(key)
            .unwrap_or_else(|| entry.value.clone());
        let now = format!("now {}", sanitize::line(&value));
        match choices.iter().find(|(name, _)| *name == key) {
            Some((_, values)) => values
                .iter()
                .map(|value| (format!("{key}={value}"), now.clone()))
                .collect(),
            None => vec![(format!("{key}="), now)],
        }
    })
    .collect()
}
