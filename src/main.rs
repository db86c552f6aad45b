//! The front door: understands what was typed, hands it on, and decides the exit code.

mod cli;

use std::env;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use smartopol_config::{Config, Paths};
use smartopol_daemon::{doctor, lifecycle};
use smartopol_tui::plain;

use crate::cli::{Cli, Command, Console};

fn main() -> ExitCode {
    // The guard of a command and the holder of a terminal are started for every one: nothing comes
    // before them.
    let mut words = env::args_os().skip(1);
    match words.next() {
        Some(word) if word == "guard" => return smartopol_tools::guard::run(words),
        Some(word) if word == "holder" => return smartopol_tools::terminals::holder::run(words),
        _ => {}
    }
    let Cli { acts_as, command } = Cli::parse();
    if let Some(peer) = acts_as {
        // Nobody asks there who does it: as another peer it would still be done as the owner.
        if command.as_ref().is_some_and(Command::asks_nobody) {
            cli::acts_in_vain(&peer).exit();
        }
        smartopol_tui::act_as(peer);
    }
    let Some(command) = command else {
        return exit(welcome());
    };
    exit(carry_out(command))
}

fn carry_out(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Completions { shell } => cli::completions(shell)?,
        Command::Man { dir } => cli::manual(dir)?,
        Command::Daemon(command) => return lifecycle::run(command, &Paths::from_env()?),
        Command::Doctor(args) => return doctor::run(&args, &Paths::from_env()?),
        Command::Plain(command) => {
            let paths = Paths::from_env()?;
            if command.starts_daemon() {
                lifecycle::start(&paths)?;
            }
            // Mistakes of the file itself are told first, all at once; then what it names is looked for.
            if command.checks_settings()
                && let Ok(loaded) = Config::load(&paths, env::vars_os())
            {
                lifecycle::check_rules(&loaded.config, &paths)?;
                lifecycle::check_providers(&loaded.config)?;
            }
            if let Some(model) = command.chooses_model() {
                let mut config = Config::load(&paths, env::vars_os())?.config;
                model.clone_into(&mut config.agent.model);
                lifecycle::check_providers(&config)?;
            }
            return plain::run(*command, &paths);
        }
        Command::Tui(console) => return open(console),
    }
    Ok(ExitCode::SUCCESS)
}

fn open(console: Console) -> anyhow::Result<ExitCode> {
    let paths = Paths::from_env()?;
    let loaded = Config::load(&paths, env::vars_os())?;
    lifecycle::start(&paths)?;
    let args = smartopol_tui::Args {
        session: console.session,
        linear: console.linear,
        observe: console.observe,
    };
    smartopol_tui::run(args, &paths, &loaded)
}

fn welcome() -> anyhow::Result<ExitCode> {
    io::stdout().write_all(cli::WELCOME.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn exit(result: anyhow::Result<ExitCode>) -> ExitCode {
    result.unwrap_or_else(|err| plain::report(&err))
}
