//! The commands `smartopol daemon …`.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Subcommand;
use smartopol_config::{Config, Paths};
use smartopol_protocol::{client, daemon};
use smartopol_providers::Providers;

use crate::boot::check_rules;

use super::ask::{ask, block_on};
use super::run::{Stage, be_the_daemon};
use super::start::start;
use super::stop::{Stopped, stop};
use super::{logs, status};

/// Starts, stops and looks at the daemon.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start the daemon in the background; does nothing where it runs
    #[command(after_help = "Example:\n  smartopol daemon start")]
    Start,
    /// Stop the daemon; running turns may finish first, for as long as daemon.grace_seconds says
    #[command(
        after_help = "Examples:\n  smartopol daemon stop\n  smartopol daemon stop --terminals"
    )]
    Stop {
        /// End all terminals too; they outlive the daemon otherwise
        #[arg(long)]
        terminals: bool,
    },
    /// Stop the daemon and start it again, as after an update or a change of the config
    #[command(
        after_help = "Example:\n  smartopol config set approvals.mode auto-edit && smartopol daemon restart"
    )]
    Restart,
    /// Show whether the daemon runs and how it is; exits with 3 where it does not run
    #[command(after_help = "Example:\n  smartopol daemon status --json | jq .uptime_ms")]
    Status {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Run the daemon in the foreground, for supervisors of services and for debugging
    #[command(after_help = "Example:\n  SMARTOPOL_DAEMON__LOG_LEVEL=debug smartopol daemon run")]
    Run {
        /// Started by `start`: no terminal, and the start is reported on standard output
        #[arg(long, hide = true)]
        detached: bool,
    },
    /// Show the end of the daemon's log
    #[command(after_help = "Example:\n  smartopol daemon logs -f -n 20")]
    Logs {
        /// Go on with what comes, until Ctrl-C
        #[arg(short, long)]
        follow: bool,
        /// How many lines to begin with
        #[arg(short = 'n', long, default_value_t = 50, value_name = "N")]
        lines: usize,
    },
    /// Write a copy of the database to a new file, while the daemon goes on
    #[command(after_help = "Example:\n  smartopol daemon backup ~/smartopol-monday.db")]
    Backup {
        /// The file to write; it must not exist
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Look whether the database is sound
    #[command(after_help = "Example:\n  smartopol daemon check")]
    Check,
}

/// Looks whether the providers that the settings name can be found, as the daemon does at start.
///
/// # Errors
/// The key, its value, and what to do.
pub fn check_providers(config: &Config) -> anyhow::Result<()> {
    let found = Providers::find(config, &|name| std::env::var(name).ok());
    block_on(async { Ok(found.await.map(drop)?) })
}

/// Carries out a command.
///
/// # Errors
/// What went wrong, for a person; a [`smartopol_protocol::Fault`] where there is a hint.
pub fn run(command: Command, paths: &Paths) -> anyhow::Result<ExitCode> {
    let mut out = io::stdout().lock();
    match command {
        Command::Start => begin(paths, &mut out)?,
        Command::Stop { terminals } => end(paths, daemon::Stop { terminals }, &mut out)?,
        Command::Restart => {
            // A daemon that runs is not given up for one that would not start.
            let config = Config::load(paths, std::env::vars_os())?.config;
            check_rules(&config, paths)?;
            check_providers(&config)?;
            end(paths, daemon::Stop::default(), &mut out)?;
            begin(paths, &mut out)?;
        }
        Command::Status { json } => {
            let shown = block_on(ask(paths, daemon::Status {}))?;
            if json {
                writeln!(out, "{}", serde_json::to_string(&shown)?)?;
            } else {
                let clients = block_on(ask(paths, client::List {}))?.clients;
                status::show(&shown, &clients, &mut out)?;
            }
        }
        Command::Run { detached } => {
            drop(out);
            let stage = if detached {
                Stage::Background
            } else {
                Stage::Foreground
            };
            be_the_daemon(paths, stage)?;
        }
        Command::Logs { follow, lines } => logs::show(paths, lines, follow, &mut out)?,
        Command::Backup { file } => {
            let path = std::path::absolute(&file)
                .with_context(|| format!("{} is no path", file.display()))?;
            let path = path.to_str().context("the path must be UTF-8")?.to_owned();
            let done = block_on(ask(paths, daemon::Backup { path: path.clone() }))?;
            writeln!(out, "{path}: {}", status::bytes(done.bytes))?;
        }
        Command::Check => return check(paths, &mut out),
    }
    Ok(ExitCode::SUCCESS)
}

fn begin(paths: &Paths, out: &mut impl Write) -> anyhow::Result<()> {
    let started = start(paths)?;
    let how = if started.already {
        "runs already"
    } else {
        "runs"
    };
    writeln!(out, "the daemon {how} (pid {})", started.pid)?;
    Ok(())
}

fn end(paths: &Paths, how: daemon::Stop, out: &mut impl Write) -> anyhow::Result<()> {
    match stop(paths, how)? {
        Stopped::Now { pid } => writeln!(out, "the daemon (pid {pid}) has stopped")?,
        Stopped::Before => writeln!(out, "the daemon was not running")?,
    }
    Ok(())
}

fn check(paths: &Paths, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let checked = block_on(ask(paths, daemon::Check {}))?;
    if checked.problems.is_empty() {
        writeln!(out, "the database is sound")?;
        return Ok(ExitCode::SUCCESS);
    }
    for problem in &checked.problems {
        writeln!(out, "{problem}")?;
    }
    Ok(ExitCode::FAILURE)
}
