//! What can be typed: the commands of the house, gathered from the rooms that carry them out.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use smartopol_daemon::{doctor, lifecycle};
use smartopol_tui::{PeerId, plain};

/// What is printed where nothing was typed: the way in, then the rest.
pub(crate) const WELCOME: &str = "\
smartopol: a console for AI agents. See what they do, approve it, stop it, lose nothing.

  smartopol tui               open the console; it starts the daemon and needs no settings
  smartopol send TEXT         say something from a script; the reply streams to standard output
  smartopol approvals list    what waits for your answer
  smartopol traces tail       every tool call as it happens
  smartopol daemon status     how the daemon is

`smartopol help` lists all commands, `smartopol help COMMAND` explains one.
";

/// The command line.
#[derive(Debug, Parser)]
#[command(
    name = "smartopol",
    version,
    about = "A self-hosted console for AI agents: see what they do, approve it, stop it, lose nothing.",
    before_help = "`smartopol tui` opens the console; it starts the daemon and needs no settings.",
    after_help = "\
Exit codes: 0 done, 1 failed, 2 bad usage, 3 the daemon is not running, 4 denied.
SMARTOPOL_HOME=DIR puts everything under DIR.",
    disable_help_subcommand = false
)]
pub(crate) struct Cli {
    /// Act as another peer, such as telegram:4711: for the daemon's owner, who is named with it
    #[arg(long = "as", global = true, value_name = "PEER")]
    pub(crate) acts_as: Option<PeerId>,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Open the console; starts the daemon where it does not run
    #[command(after_help = "Example:\n  smartopol tui --session notes")]
    Tui(Console),
    /// The daemon: start, stop, status, logs, backup
    #[command(subcommand)]
    Daemon(lifecycle::Command),
    /// Look what is wrong and say what to do; puts a backup in the place of a damaged database
    #[command(
        after_help = "Examples:\n  smartopol doctor\n  smartopol doctor --restore ~/smartopol-monday.db"
    )]
    Doctor(doctor::Args),
    #[command(flatten)]
    Plain(Box<plain::Command>),
    /// Print the completions of a shell
    #[command(
        after_help = "Example:\n  smartopol completions bash > ~/.local/share/bash-completion/completions/smartopol"
    )]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page, or write the pages of all commands into a folder
    #[command(after_help = "Example:\n  smartopol man | man -l -")]
    Man {
        /// Write one page for each command into this folder
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
}

impl Command {
    /// Returns true where no daemon is asked, which alone knows what a peer may do.
    pub(crate) const fn asks_nobody(&self) -> bool {
        match self {
            Self::Completions { .. } | Self::Man { .. } => true,
            Self::Plain(command) => command.is_of_settings(),
            _ => false,
        }
    }
}

/// Returns the mistake of acting as a peer where that changes nothing.
pub(crate) fn acts_in_vain(peer: &PeerId) -> clap::Error {
    Cli::command().error(
        clap::error::ErrorKind::ArgumentConflict,
        format!("this command asks no daemon, so it cannot be done as {peer}: leave `--as` away"),
    )
}

/// How to open the console.
#[derive(Debug, Args)]
pub(crate) struct Console {
    /// Open this session: a name, an id, or the beginning of an id
    #[arg(short, long, value_name = "KEY")]
    pub(crate) session: Option<String>,
    /// Print line after line instead of drawing a screen, for screen readers and dumb terminals
    #[arg(long)]
    pub(crate) linear: bool,
    /// Look on without touching anything
    #[arg(long)]
    pub(crate) observe: bool,
}

/// Prints the completions of `shell`.
pub(crate) fn completions(shell: Shell) -> io::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "smartopol", &mut script);
    io::stdout().write_all(&script)
}

/// Prints the manual page, or writes all pages into `dir`.
pub(crate) fn manual(dir: Option<PathBuf>) -> io::Result<()> {
    let command = Cli::command();
    let Some(dir) = dir else {
        return clap_mangen::Man::new(command).render(&mut io::stdout());
    };
    std::fs::create_dir_all(&dir)?;
    clap_mangen::generate_to(command, dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_help_with_an_example() {
        fn check(command: &clap::Command, path: &str) {
            let path = format!("{path} {}", command.get_name());
            assert!(
                command.get_about().is_some(),
                "{path} says nothing of itself"
            );
            if command.get_subcommands().next().is_none() {
                let after = command.get_after_help().map(ToString::to_string);
                assert!(
                    after.is_some_and(
                        |text| text.contains("smartopol") || text.contains("SMARTOPOL")
                    ),
                    "{path} has no example"
                );
            }
            for argument in command.get_arguments() {
                let told = argument.get_help().is_some() || argument.is_hide_set();
                assert!(told, "{path}: {} has no help", argument.get_id());
            }
            command
                .get_subcommands()
                .filter(|inner| inner.get_name() != "help")
                .for_each(|inner| check(inner, &path));
        }
        let command = Cli::command();
        command.clone().debug_assert();
        command
            .get_subcommands()
            .for_each(|inner| check(inner, "smartopol"));
    }

    #[test]
    fn the_first_lines_say_how_to_open_the_console() {
        assert!(
            WELCOME
                .lines()
                .take(3)
                .any(|line| line.contains("smartopol tui"))
        );
    }
}
