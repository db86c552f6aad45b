//! The same without a screen: every command that talks to the daemon or about the settings.
//!
//! Owns: the words of the command line, text and `--json` output, exit codes. What a command
//! prints is for people and aligned; with `--json` it is one object a line, as the daemon says it.

mod approvals;
mod config;
mod confirm;
pub(crate) mod export;
mod folding;
mod follow;
mod fork;
mod inbox;
mod jobs;
mod knowledge;
mod link;
mod memory;
mod models;
mod out;
mod prompt;
mod queue;
mod report;
mod retention;
mod search;
mod sessions;
mod table;
mod terminals;
mod time;
mod traces;
mod turns;
mod used;
mod users;

use std::process::ExitCode;

use clap::Subcommand;
use smartopol_config::Paths;

pub(crate) use link::folder;
pub use report::report;
pub(crate) use time::local;

/// Exit code of a turn in which a call was denied.
const DENIED: u8 = 4;

/// A command that prints and ends.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Say something to the agent; the reply streams to standard output
    Send(turns::Send),
    /// Stop the running turn of a session
    #[command(after_help = "Example:\n  smartopol interrupt --session notes")]
    Interrupt {
        /// Which session.
        #[command(flatten)]
        session: link::Which,
    },
    /// Go on with a turn that was interrupted, cut off, failed or reached a limit
    #[command(after_help = "Example:\n  smartopol continue --session notes")]
    Continue {
        /// Which session.
        #[command(flatten)]
        session: link::Which,
        /// Print each event as one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Conversations: list, show, search, turns, new, queue, rename, fork, export, replay, archive, delete
    #[command(subcommand)]
    Sessions(sessions::Command),
    /// Questions about tool calls: list, show, allow, deny, and the rules learned from answers
    #[command(subcommand)]
    Approvals(approvals::Command),
    /// The record of every tool call: list, tail, show, stats
    #[command(subcommand)]
    Traces(traces::Command),
    /// What runs by itself: list, add, show, why, next, history, run, pause, remove
    #[command(subcommand)]
    Jobs(jobs::Command),
    /// What waits for you: approvals, failures, missed jobs, reminders
    #[command(
        after_help = "Examples:\n  smartopol inbox\n  smartopol inbox ack 3f9a1c\n  smartopol inbox snooze 3f9a1c 1h\n  smartopol inbox --json | jq -r .title"
    )]
    Inbox(inbox::Inbox),
    /// Programs that you and the agent share, which outlive the daemon: list, new, attach, write, read, kill
    #[command(subcommand)]
    Terminals(terminals::Command),
    /// Who there is, what each may do and use: list, show, add, role, link, allow, deny, set, admit
    #[command(subcommand)]
    Users(users::Command),
    /// What the agent believes of you: list, search, add, show, edit, forget, pending, approve, reject
    #[command(subcommand)]
    Memory(memory::Command),
    /// Topics that the agent writes for itself: list, search, show, add, import, export, link, pin, forget
    #[command(subcommand)]
    Knowledge(knowledge::Command),
    /// What the model is told beside the conversation: show, skip
    #[command(subcommand)]
    Prompt(prompt::Command),
    /// Who serves models: list, test
    #[command(subcommand)]
    Providers(models::Providers),
    /// Models: list, set
    #[command(subcommand)]
    Models(models::Models),
    /// The settings: show, get, set, path, check; works without a daemon
    #[command(subcommand)]
    Config(config::Command),
}

impl Command {
    /// Returns true where the settings are to be checked.
    pub const fn checks_settings(&self) -> bool {
        matches!(self, Self::Config(config::Command::Check))
    }

    /// Returns true where only the settings are read or written, which belong to no peer.
    pub const fn is_of_settings(&self) -> bool {
        match self {
            Self::Config(_) => true,
            Self::Models(command) => matches!(command, models::Models::Set { session: None, .. }),
            _ => false,
        }
    }

    /// Returns the model that the settings are to name from now on.
    pub fn chooses_model(&self) -> Option<&str> {
        match self {
            Self::Models(models::Models::Set {
                model,
                session: None,
            }) => Some(model),
            _ => None,
        }
    }

    /// Returns true where the daemon is to be started first if it does not run.
    pub const fn starts_daemon(&self) -> bool {
        match self {
            Self::Send(_) => true,
            Self::Approvals(command) => command.starts_daemon(),
            Self::Terminals(command) => command.starts_daemon(),
            _ => false,
        }
    }
}

/// Finds the session that a person named before anything else is done with it.
///
/// # Errors
/// Where there is none, or the daemon does not answer.
pub(crate) async fn find(paths: &Paths, key: &str) -> anyhow::Result<()> {
    let client = link::client(paths).await?;
    link::find(&client, Some(key)).await?;
    Ok(())
}

/// Carries out a command and returns its exit code.
///
/// # Errors
/// What went wrong, to be told by [`report`].
pub fn run(command: Command, paths: &Paths) -> anyhow::Result<ExitCode> {
    let mut out = out::Out::new();
    if let Command::Config(command) = command {
        config::run(command, paths, &mut out)?;
        out.flush()?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Command::Sessions(sessions::Command::Replay(replay)) = command {
        return crate::replay::run(replay, paths);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let code = runtime.block_on(async {
        match command {
            Command::Send(send) => turns::send(send, paths, &mut out).await,
            Command::Interrupt { session } => turns::interrupt(&session, paths, &mut out).await,
            Command::Continue { session, json } => {
                turns::go_on(&session, json, paths, &mut out).await
            }
            Command::Sessions(command) => sessions::run(command, paths, &mut out).await,
            Command::Approvals(command) => approvals::run(command, paths, &mut out).await,
            Command::Traces(command) => traces::run(command, paths, &mut out).await,
            Command::Jobs(command) => jobs::run(command, paths, &mut out).await,
            Command::Inbox(inbox) => inbox::run(inbox, paths, &mut out).await,
            Command::Terminals(command) => terminals::run(command, paths, &mut out).await,
            Command::Users(command) => users::run(command, paths, &mut out).await,
            Command::Memory(command) => memory::run(command, paths, &mut out).await,
            Command::Knowledge(command) => knowledge::run(command, paths, &mut out).await,
            Command::Prompt(command) => prompt::run(command, paths, &mut out).await,
            Command::Providers(command) => models::providers(command, paths, &mut out).await,
            Command::Models(command) => models::models(command, paths, &mut out).await,
            Command::Config(_) => Ok(ExitCode::SUCCESS),
        }
    })?;
    out.flush()?;
    Ok(code)
}
