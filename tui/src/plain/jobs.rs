//! `jobs`: what runs by itself, its ledger, and why something did or did not run.

mod file;
mod make;
mod tell;

use std::process::ExitCode;

use clap::Subcommand;
use smartopol_config::Paths;
use smartopol_ipc::Client;
use smartopol_protocol::job::{
    Add, Edit, History, Job, JobState, List, Next, Pause, Remove, Resume, RunNow, Show, Why,
};

use super::confirm::confirmed;
use super::link::client;
use super::out::Out;
use super::{table, time};
use make::Make;

/// What runs by itself.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List jobs and reminders
    #[command(after_help = "Example:\n  smartopol jobs list --all")]
    List {
        /// Also those that have no more times
        #[arg(long)]
        all: bool,
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Make a job: show when it would be due, ask, then keep it
    #[command(
        after_help = "Examples:\n  smartopol jobs add --when 'every weekday 8:30' --prompt 'what is new in the issues?'\n  smartopol jobs add --when 'tomorrow 9:00' --remind 'call the dentist' --priority high\n  smartopol jobs add --when '0 3 * * *' --call exec --input '{\"command\":\"make backup\"}' --mode auto --yes\n  smartopol jobs add --file tidy.toml",
        mut_arg("file", |arg| arg.required_unless_present("when")),
        mut_arg("when", |arg| arg.requires("what")),
        mut_arg("message", |arg| arg.requires("session"))
    )]
    Add(Box<Make>),
    /// Change a job: show what would change, ask, then keep it; what is not named stays
    #[command(
        after_help = "Examples:\n  smartopol jobs edit tidy --when 'every monday 9:00'\n  smartopol jobs edit tidy --prompt 'tidy up' --mode read-only --yes"
    )]
    Edit {
        /// Its name, its id, or the beginning of its id
        #[arg(value_name = "JOB")]
        key: String,
        #[command(flatten)]
        make: Box<Make>,
    },
    /// Show a job: what it may do, its next times, the newest rows of its ledger
    #[command(after_help = "Example:\n  smartopol jobs show tidy")]
    Show {
        /// Its name, its id, or the beginning of its id
        #[arg(value_name = "JOB")]
        key: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Remove a job; its ledger stays for a while
    #[command(after_help = "Example:\n  smartopol jobs remove tidy")]
    Remove {
        /// Its name, its id, or the beginning of its id
        #[arg(value_name = "JOB")]
        key: String,
        /// Print the job as one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Let a job rest: its times are skipped until it is resumed
    #[command(after_help = "Example:\n  smartopol jobs pause tidy --reason 'on holiday'")]
    Pause {
        /// Its name, its id, or the beginning of its id
        #[arg(value_name = "JOB")]
        key: String,
        /// Why, for those who wonder
        #[arg(
            long,
            value_name = "TEXT",
            default_value = "",
            hide_default_value = true
        )]
        reason: String,
        /// Print the job as one JSON object
        #[arg(long)]
        json: bool,
    },
    /// End the rest of a job
    #[command(after_help = "Example:\n  smartopol jobs resume tidy")]
    Resume {
        /// Its name, its id, or the beginning of its id
        #[arg(value_name = "JOB")]
        key: String,
        /// Print the job as one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Run a job now; its schedule stays as it is
    #[command(after_help = "Example:\n  smartopol jobs run tidy")]
    Run {
        /// Its name, its id, or the beginning of its id
        #[arg(value_name = "JOB")]
        key: String,
        /// Print the row of the ledger as one JSON object
        #[arg(long)]
        json: bool,
    },
    /// The ledger of a job: a row for each due time, whatever became of it
    #[command(after_help = "Example:\n  smartopol jobs history tidy -n 50")]
    History {
        /// Its name, its id, or the beginning of its id; a removed job's whole id
        #[arg(value_name = "JOB")]
        key: String,
        /// At most so many of the newest rows
        #[arg(short = 'n', long, default_value_t = 20, value_name = "N", value_parser = time::many)]
        limit: u32,
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Say in one sentence why a job did or did not run
    #[command(
        after_help = "Examples:\n  smartopol jobs why tidy\n  smartopol jobs why tidy yesterday 9:00\n  smartopol jobs why tidy 2026-11-21T09:00:00Z"
    )]
    Why {
        /// Its name, its id, or the beginning of its id; a removed job's whole id
        #[arg(value_name = "JOB")]
        key: String,
        /// The time that is asked about [default: the newest due time]
        #[arg(value_name = "TIME")]
        at: Vec<String>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// When a job, or all jobs, are due next
    #[command(after_help = "Example:\n  smartopol jobs next tidy -n 5")]
    Next {
        /// Its name, its id, or the beginning of its id [default: all jobs]
        #[arg(value_name = "JOB")]
        key: Option<String>,
        /// How many times
        #[arg(short = 'n', long, default_value_t = 20, value_name = "N", value_parser = time::many)]
        count: u32,
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn run(
    command: Command,
    paths: &Paths,
    out: &mut Out,
) -> anyhow::Result<ExitCode> {
    let client = client(paths).await?;
    match command {
        Command::List { all, json } => list(&client, all, json, out).await?,
        Command::Add(make) => return add(&client, &make, out).await,
        Command::Edit { key, make } => return edit(&client, key, &make, out).await,
        Command::Show { key, json } => {
            let shown = client.call(Show { key }).await?;
            match json {
                true => out.json(&shown)?,
                false => tell::job(out, &shown)?,
            }
        }
        Command::Remove { key, json } => {
            let job = client.call(Show { key }).await?.job;
            let key = job.id.to_string();
            client.call(Remove { key }).await?;
            done(out, "removed", &job, json)?;
        }
        Command::Pause { key, reason, json } => {
            let job = client.call(Pause { key, reason }).await?;
            done(out, "paused", &job, json)?;
        }
        Command::Resume { key, json } => {
            let job = client.call(Resume { key }).await?;
            done(out, "resumed", &job, json)?;
        }
        Command::Run { key, json } => {
            let run = client.call(RunNow { key: key.clone() }).await?;
            match json {
                true => out.json(&run)?,
                false => out.line(format!(
                    "it runs: `smartopol jobs why {key}` says what comes of it"
                ))?,
            }
        }
        Command::History { key, limit, json } => {
            let history = History {
                key,
                before: None,
                limit,
            };
            let shown = client.call(history).await?;
            match json {
                true => shown.runs.iter().try_for_each(|run| out.json(run))?,
                false => tell::runs(out, &shown.runs, &shown.zone)?,
            }
        }
        Command::Why { key, at, json } => {
            let at = (!at.is_empty()).then(|| at.join(" "));
            let answer = client.call(Why { key, at }).await?;
            match json {
                true => out.json(&answer)?,
                false => out.line(&answer.sentence)?,
            }
        }
        Command::Next { key, count, json } => {
            let shown = client.call(Next { key, count }).await?;
            match json {
                true => shown.times.iter().try_for_each(|due| out.json(due))?,
                false => tell::times(out, &shown.times)?,
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(client: &Client, all: bool, json: bool, out: &mut Out) -> anyhow::Result<()> {
    let mut jobs: Vec<Job> = Vec::new();
    loop {
        let list = List {
            after: jobs.last().map(|job| job.id),
            limit: 500,
        };
        let page = client.call(list).await?;
        jobs.extend(page.jobs);
        if !page.more {
            break;
        }
    }
    jobs.retain(|job| all || job.state != JobState::Done);
    // What is due first comes first; what has no time any more, last.
    jobs.sort_by_key(|job| (job.next_at.is_none(), job.next_at));
    if json {
        return Ok(jobs.iter().try_for_each(|job| out.json(job))?);
    }
    let rows: Vec<_> = jobs.iter().map(tell::row).collect();
    let empty = "no jobs: `smartopol jobs add --help` shows how to make one";
    let heads = ["name", "next", "in", "last", "when", "does"];
    Ok(table::print(out, &heads, &rows, empty)?)
}

fn done(out: &mut Out, what: &str, job: &Job, json: bool) -> anyhow::Result<()> {
    match json {
        true => out.json(job)?,
        false => out.line(format!("{what}: {}", job.name))?,
    }
    Ok(())
}

async fn add(client: &Client, make: &Make, out: &mut Out) -> anyhow::Result<ExitCode> {
    let spec = make.spec()?;
    if !make.yes {
        let check = Add {
            spec: spec.clone(),
            check: true,
        };
        let would = client.call(check).await?;
        if make.check {
            match make.json {
                true => out.json(&would)?,
                false => tell::made(out, &would.job, &would.next)?,
            }
            return Ok(ExitCode::SUCCESS);
        }
        if !make.json {
            tell::made(out, &would.job, &would.next)?;
            out.flush()?;
        }
        if !agreed(&format!("Keep the job `{}`?", would.job.name), out)? {
            return Ok(ExitCode::FAILURE);
        }
    }
    let job = client.call(Add { spec, check: false }).await?.job;
    match (make.json, make.yes) {
        (true, _) => out.json(&job)?,
        (false, true) => out.line(format!("{}: {}", job.name, job.when))?,
        (false, false) => out.line(format!("kept: {}", job.name))?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn edit(
    client: &Client,
    key: String,
    make: &Make,
    out: &mut Out,
) -> anyhow::Result<ExitCode> {
    let old = client.call(Show { key }).await?.job;
    let mut edit = Edit {
        key: old.id.to_string(),
        spec: make.changed(&old)?,
        check: true,
    };
    if !make.yes {
        let would = client.call(edit.clone()).await?;
        match make.json {
            true if make.check => out.json(&would)?,
            true => {}
            false => tell::changes(out, &old, &would)?,
        }
        if make.check {
            return Ok(ExitCode::SUCCESS);
        }
        out.flush()?;
        if !agreed(&format!("Change the job `{}` so?", old.name), out)? {
            return Ok(ExitCode::FAILURE);
        }
    }
    edit.check = false;
    let job = client.call(edit).await?;
    match (make.json, make.yes) {
        (true, _) => out.json(&job)?,
        (false, true) => {
            out.line(format!("changed: {}", job.name))?;
            tell::changes(out, &old, &job)?;
        }
        (false, false) => out.line(format!("changed: {}", job.name))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks whether something that was shown is right.
fn agreed(question: &str, out: &mut Out) -> anyhow::Result<bool> {
    let agreed = confirmed(question, "nobody can be asked whether it is right")?;
    if !agreed {
        out.line("nothing was changed")?;
    }
    Ok(agreed)
}
