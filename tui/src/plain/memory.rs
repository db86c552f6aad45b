//! `memory`: what the agent is to remember, added and listed.

use std::process::ExitCode;

use clap::Subcommand;
use serde::Serialize;
use smartopol_config::Paths;
use smartopol_protocol::memory::{Add, List};

use super::link::client;
use super::out::Out;

/// What the agent is to remember.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Remember something, in every session from the next turn on
    #[command(after_help = "Example:\n  smartopol memory add the tests need a running database")]
    Add {
        /// What to remember
        #[arg(required = true, value_name = "TEXT")]
        text: Vec<String>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// List what is remembered
    #[command(after_help = "Example:\n  smartopol memory list --json | jq -r .line")]
    List {
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
}

#[derive(Serialize)]
struct Line<'a> {
    line: &'a str,
}

pub(super) async fn run(
    command: Command,
    paths: &Paths,
    out: &mut Out,
) -> anyhow::Result<ExitCode> {
    let client = client(paths).await?;
    match command {
        Command::Add { text, json } => {
            let text = text.join(" ");
            let added = client.call(Add { text }).await?;
            match json {
                true => out.json(&added)?,
                false => out.line(format!("remembered in {}: {}", added.path, added.line))?,
            }
        }
        Command::List { json } => {
            let listed = client.call(List {}).await?;
            if json {
                let lines = listed.lines.iter();
                lines
                    .map(|line| Line { line })
                    .try_for_each(|line| out.json(&line))?;
                return Ok(ExitCode::SUCCESS);
            }
            if listed.lines.is_empty() {
                out.line("nothing is remembered yet: `smartopol memory add TEXT`")?;
            }
            listed.lines.iter().try_for_each(|line| out.line(line))?;
            if listed.cut > 0 {
                out.line(format!(
                    "the last {} bytes of {} are not told to models: shorten it",
                    listed.cut, listed.path
                ))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
