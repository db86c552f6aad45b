//! `config`: the settings, seen and changed without a daemon.

use std::env;

use clap::Subcommand;
use serde::Serialize;
use smartopol_config::{Config, DEFAULTS, Entry, Origin, Paths, edit};
use smartopol_protocol::{Code, Fault};

use super::link::is_running;
use super::out::{Out, Tone};
use super::table::{self, toned};

/// The settings.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show every setting in force, and where it was set
    #[command(
        after_help = "Examples:\n  smartopol config show\n  smartopol config show --defaults > smartopol.toml"
    )]
    Show {
        /// Show the default config file instead: every key with what it means
        #[arg(long, conflicts_with = "json")]
        defaults: bool,
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Print one setting, or those of one section
    #[command(after_help = "Example:\n  smartopol config get agent.max_steps")]
    Get {
        /// The key, such as agent.max_steps
        #[arg(value_name = "KEY")]
        key: String,
    },
    /// Change keys of the config file, all or none; its comments stay
    #[command(
        after_help = "Examples:\n  smartopol config set approvals.mode auto-edit\n  smartopol config set tools.env '[\"PATH\", \"HOME\"]'\n  smartopol config set providers.work.kind openai providers.work.base_url https://llm.example.com/v1 providers.work.model large"
    )]
    Set {
        /// The key, such as agent.max_steps
        #[arg(value_name = "KEY")]
        key: String,
        /// Its new value: as it is where the key takes a text, else as TOML
        #[arg(value_name = "VALUE", allow_hyphen_values = true)]
        value: String,
        /// More keys with their values, where they only go together
        #[arg(value_name = "KEY VALUE", allow_hyphen_values = true)]
        more: Vec<String>,
    },
    /// Print where the config file is, or would be
    #[command(after_help = "Example:\n  $EDITOR \"$(smartopol config path)\"")]
    Path,
    /// Look for mistakes in the file and the environment, and tell all of them at once
    #[command(after_help = "Example:\n  smartopol config check && smartopol daemon restart")]
    Check,
}

pub(super) fn run(command: Command, paths: &Paths, out: &mut Out) -> anyhow::Result<()> {
    match command {
        Command::Show { defaults: true, .. } => out.raw(DEFAULTS)?,
        Command::Show { json, .. } => show(paths, json, out)?,
        Command::Get { key } => get(paths, &key, out)?,
        Command::Set { key, value, more } => {
            let file = paths.config_file();
            let changes = pairs(&key, &value, &more)?;
            edit::set(&file, &changes)?;
            for (key, _) in &changes {
                out.line(format!("{key} is set in {}", file.display()))?;
            }
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(say_restart(paths, out))?;
        }
        Command::Path => out.line(paths.config_file().display())?,
        Command::Check => {
            let loaded = Config::load(paths, env::vars_os())?;
            let file = match &loaded.file {
                Some(path) => path.display().to_string(),
                None => format!("no {}: all defaults", paths.config_file().display()),
            };
            let set = loaded
                .entries()
                .iter()
                .filter(|entry| entry.origin != Origin::Default)
                .count();
            out.line(format!("the settings are good ({file}; {set} not default)"))?;
        }
    }
    Ok(())
}

/// Returns keys with their values.
fn pairs<'a>(
    key: &'a str,
    value: &'a str,
    more: &'a [String],
) -> Result<Vec<(&'a str, &'a str)>, Fault> {
    let (rest, odd) = more.as_chunks::<2>();
    if let [key] = odd {
        return Err(Fault::new(
            Code::BadRequest,
            format!("the key `{}` has no value", key.escape_debug()),
        )
        .hint("give each key its value: config set KEY VALUE KEY VALUE"));
    }
    let rest = rest
        .iter()
        .map(|[key, value]| (key.as_str(), value.as_str()));
    Ok(std::iter::once((key, value)).chain(rest).collect())
}

/// Says that a running daemon goes on with what it read when it started.
pub(super) async fn say_restart(paths: &Paths, out: &mut Out) -> anyhow::Result<()> {
    if is_running(paths).await {
        out.line("the running daemon takes it up with `smartopol daemon restart`")?;
    }
    Ok(())
}

#[derive(Serialize)]
struct Shown<'a> {
    key: &'a str,
    value: &'a str,
    origin: String,
}

fn show(paths: &Paths, json: bool, out: &mut Out) -> anyhow::Result<()> {
    let loaded = Config::load(paths, env::vars_os())?;
    let entries = loaded.entries();
    if json {
        return Ok(entries.iter().try_for_each(|entry| {
            out.json(&Shown {
                key: &entry.key,
                value: &entry.value,
                origin: entry.origin.to_string(),
            })
        })?);
    }
    match &loaded.file {
        Some(path) => out.line(format!("# {}", path.display()))?,
        None => out.line(format!(
            "# no file at {}: all defaults",
            paths.config_file().display()
        ))?,
    }
    let rows: Vec<_> = entries.iter().map(row).collect();
    Ok(table::print(
        out,
        &["key", "set by", "value"],
        &rows,
        "nothing is set",
    )?)
}

fn row(entry: &Entry) -> Vec<table::Cell> {
    let tone = match entry.origin {
        Origin::Default => Tone::Quiet,
        _ => Tone::Plain,
    };
    vec![
        toned(&entry.key, tone),
        toned(entry.origin.to_string(), tone),
        toned(&entry.value, tone),
    ]
}

fn get(paths: &Paths, key: &str, out: &mut Out) -> anyhow::Result<()> {
    let entries = Config::load(paths, env::vars_os())?.entries();
    if let Some(entry) = entries.iter().find(|entry| entry.key == key) {
        return Ok(out.text(&entry.bare())?);
    }
    let section = format!("{key}.");
    let below: Vec<&Entry> = entries
        .iter()
        .filter(|entry| entry.key.starts_with(&section))
        .collect();
    if below.is_empty() {
        // A key that may be set and is not has no value; any other has no place.
        return match edit::known(key) {
            Ok(()) => Ok(()),
            Err(problem) => Err(Fault::new(Code::NotFound, problem.message)
                .hint(problem.hint)
                .into()),
        };
    }
    for entry in below {
        out.line(format!("{} = {}", entry.key, entry.value))?;
    }
    Ok(())
}
