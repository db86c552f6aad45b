//! `inbox`: what waits for a person, seen to one by one.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use smartopol_config::Paths;
use smartopol_protocol::AttentionId;
use smartopol_protocol::attention::{Item, ItemState, Kind, List, Priority, Resolve, Seen};
use smartopol_protocol::{Code, Fault};

use super::link::client;
use super::out::{Out, Tone};
use super::table::{self, Cell, cell, toned};
use super::time;

/// What waits for a person.
#[derive(Debug, Args)]
pub struct Inbox {
    /// Also what is snoozed or was seen to
    #[arg(long)]
    all: bool,
    /// At most so many
    #[arg(short = 'n', long, default_value_t = 50, value_name = "N")]
    limit: u32,
    /// Print one JSON object a line
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What is done with an item.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Say that you have seen to it
    #[command(after_help = "Example:\n  smartopol inbox ack 1")]
    Ack {
        /// Its number in the list, its id, or the end of its id
        #[arg(value_name = "N")]
        which: String,
    },
    /// Be told again later
    #[command(after_help = "Example:\n  smartopol inbox snooze 1 30m")]
    Snooze {
        /// Its number in the list, its id, or the end of its id
        #[arg(value_name = "N")]
        which: String,
        /// For how long: 10m, 2h, 1d
        #[arg(value_name = "TIME", default_value = "10m", value_parser = time::seconds)]
        wait: u64,
    },
    /// Put it away without seeing to it
    #[command(after_help = "Example:\n  smartopol inbox dismiss 1")]
    Dismiss {
        /// Its number in the list, its id, or the end of its id
        #[arg(value_name = "N")]
        which: String,
    },
}

pub(super) async fn run(inbox: Inbox, paths: &Paths, out: &mut Out) -> anyhow::Result<ExitCode> {
    let client = client(paths).await?;
    let list = List {
        all: inbox.all,
        limit: inbox.limit,
    };
    let listed = client.call(list).await?;
    let (which, how, done) = match inbox.command {
        None if inbox.json => {
            listed.items.iter().try_for_each(|item| out.json(item))?;
            return Ok(ExitCode::SUCCESS);
        }
        None => {
            let rows: Vec<_> = listed.items.iter().enumerate().map(row).collect();
            let heads = ["n", "matters", "what", "since", "says"];
            table::print(out, &heads, &rows, "nothing waits for you")?;
            let more = listed.open.saturating_sub(listed.items.len() as u64);
            if more > 0 {
                out.line(format!("{more} more wait: `smartopol inbox -n 1000`"))?;
            }
            return Ok(ExitCode::SUCCESS);
        }
        Some(Command::Ack { which }) => (which, Seen::Acknowledge, "seen to"),
        Some(Command::Dismiss { which }) => (which, Seen::Dismiss, "put away"),
        Some(Command::Snooze { which, wait }) => {
            (which, Seen::Snooze { seconds: wait }, "comes again later")
        }
    };
    let id = pick(&listed.items, &which)?;
    let item = client.call(Resolve { id, how }).await?;
    match inbox.json {
        true => out.json(&item)?,
        false => out.line(format!("{done}: {}", item.title))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn row((place, item): (usize, &Item)) -> Vec<Cell> {
    let tone = match (&item.state, item.priority) {
        (ItemState::Resolved { .. } | ItemState::Snoozed { .. }, _) => Tone::Quiet,
        (_, Priority::Urgent) => Tone::Bad,
        (_, Priority::High) => Tone::Waits,
        _ => Tone::Plain,
    };
    let what = match item.kind {
        Kind::Approval => "approval",
        Kind::ApprovalExpired => "expired",
        Kind::TurnFailed => "turn failed",
        Kind::JobFailed => "job failed",
        Kind::JobMissed => "job missed",
        Kind::JobPaused => "job paused",
        Kind::TerminalEnded => "terminal ended",
        Kind::Reminder => "reminder",
    };
    let state = match &item.state {
        ItemState::Open => String::new(),
        ItemState::Snoozed { until } => format!(" [snoozed for {}]", time::until(*until)),
        ItemState::Resolved { how, .. } => format!(" [{}]", format!("{how:?}").to_lowercase()),
    };
    let says = match item.detail.as_str() {
        "" => format!("{}{state}", item.title),
        detail => format!("{}{state}: {detail}", item.title),
    };
    vec![
        cell((place + 1).to_string()),
        toned(item.priority.name(), tone),
        cell(what),
        cell(time::age(item.at)),
        cell(says),
    ]
}

fn pick(items: &[Item], which: &str) -> Result<AttentionId, Fault> {
    if let Ok(id) = which.parse() {
        return Ok(id);
    }
    let place = which.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
    if let Some(item) = place.and_then(|place| items.get(place)) {
        return Ok(item.id);
    }
    // The beginning of an id is its time, so it is the end that tells items apart.
    let ends = |item: &&Item| which.len() >= 4 && item.id.to_string().ends_with(which);
    let mut found = items.iter().filter(ends);
    match (found.next(), found.next()) {
        (Some(item), None) => Ok(item.id),
        _ => {
            let told = format!("nothing of that name waits: `{which}`");
            Err(Fault::new(Code::NotFound, told).hint("see what waits: smartopol inbox"))
        }
    }
}
