//! The table of commands, and what may follow each.

use smartopol_config::keymap::Preset;
use smartopol_protocol::approval::Mode;
use smartopol_protocol::trace::ActionType;

use super::says::pair;
use super::{LOOKS, MODES};
use crate::app::{App, Focus, meaning};
use crate::overlay::Overlay;
use crate::sanitize;

const OUTCOMES: [ActionType; 3] = [ActionType::Allow, ActionType::Deny, ActionType::Error];

/// A command.
pub(super) struct Command {
    pub(super) name: &'static str,
    pub(super) aliases: &'static [&'static str],
    /// What follows it, as the list of commands shows it.
    pub(super) wants: &'static str,
    pub(super) words: &'static str,
    pub(super) changes: bool,
    pub(super) run: fn(&mut App, &str) -> Result<(), String>,
    /// What may follow it.
    pub(super) offers: fn(&App) -> Vec<(String, String)>,
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

    pub(super) fn is(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }
}

pub(super) const COMMANDS: &[Command] = &[
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
        "[NAME] [FOLDER]",
        "a new session, in this folder where none is said",
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
