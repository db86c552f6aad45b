//! `smartopol doctor`: what is wrong with this house, and what to do about it.
//!
//! Owns: the order of the looks, and how they are told. It looks and changes nothing, but where it
//! is told to put a backup in the place of a database that is damaged.

mod database;
mod finding;
mod house;
mod restore;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args as Arguments;
use smartopol_config::Paths;

use finding::{Finding, State};

/// What the doctor is asked.
#[derive(Debug, Arguments)]
pub struct Args {
    /// Print one JSON object
    #[arg(long, conflicts_with = "restore")]
    json: bool,
    /// Put this backup in the place of the database, which is kept beside it; the daemon must not
    /// run
    #[arg(long, value_name = "BACKUP")]
    restore: Option<PathBuf>,
}

/// Looks at the house, or restores its database.
///
/// # Errors
/// Where nothing can be printed, or the backup cannot be restored.
pub fn run(args: &Args, paths: &Paths) -> anyhow::Result<ExitCode> {
    if let Some(backup) = &args.restore {
        restore::restore(backup, paths)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut findings = house::look(paths);
    findings.extend(database::look(paths));
    let bad = findings.iter().any(|finding| finding.state == State::Bad);
    let mut out = io::stdout().lock();
    if args.json {
        let told = serde_json::json!({ "well": !bad, "findings": findings });
        writeln!(out, "{told}")?;
    } else {
        for finding in &findings {
            finding.write(&mut out)?;
        }
        let notes = findings.iter().filter(|f| f.state == State::Note).count();
        let end = match (bad, notes) {
            (true, _) => "something is wrong: see the lines with ✗",
            (false, 0) => "all is well",
            (false, _) => "nothing is wrong; the lines with ! are worth a look",
        };
        writeln!(out, "\n{end}")?;
    }
    Ok(if bad {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// Looks with a finding for what goes wrong with looking.
fn or_bad(what: &'static str, look: anyhow::Result<Finding>) -> Finding {
    look.unwrap_or_else(|err| Finding::bad(what, format!("{err:#}")))
}
