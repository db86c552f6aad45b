//! `inbox`: what waits for a person, seen to one by one.

mod memories;

use std::io::Read;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use smartopol_config::Paths;
use smartopol_ipc::Client;
use smartopol_protocol::attention::{Item, ItemState, Kind, List, Priority, Resolve, Seen};
use smartopol_protocol::memory::Verdict;
use smartopol_protocol::question::{self, Answer, How, QuestionState};
use smartopol_protocol::{AttentionId, Code, Fault, QuestionId};

use super::link::client;
use super::out::{Out, Tone, glance};
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
    /// See one whole: a question with all that can be answered
    #[command(after_help = "Example:\n  smartopol inbox show 1")]
    Show {
        /// Its number in the list, its id, or the end of its id
        #[arg(value_name = "N")]
        which: String,
    },
    /// Answer a question of the agent, in your own words or with one of its choices; or say what
    /// becomes of what waits to be remembered
    #[command(
        after_help = "Examples:\n  smartopol inbox answer 1 --choice 2\n  smartopol inbox answer 1 \
                      take the small one\n  smartopol inbox answer 2 --keep\n  smartopol inbox \
                      answer 2 --keep lives in Bonn"
    )]
    Answer {
        /// Its number in the list, its id or the question's, or the end of its id
        #[arg(value_name = "N")]
        which: String,
        /// Your own words, or - to read them from standard input
        #[arg(
            value_name = "TEXT",
            required_unless_present_any = ["choice", "keep", "forget"],
            conflicts_with_all = ["choice", "forget"]
        )]
        text: Vec<String>,
        /// The choice of this number
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=8))]
        choice: Option<u32>,
        /// Let what waits to be remembered count, in your own words where there are some
        #[arg(long, conflicts_with_all = ["choice", "forget"])]
        keep: bool,
        /// Reject what waits to be remembered: its words go
        #[arg(long, conflicts_with = "choice")]
        forget: bool,
    },
    /// Put it away without seeing to it; a question ends without an answer
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
        Some(Command::Show { which }) => {
            let item = pick(&listed.items, &which)?;
            if item.kind == Kind::Memory {
                return memories::show(&client, item, inbox.json, out).await;
            }
            return show(&client, item, inbox.json, out).await;
        }
        Some(Command::Answer {
            which,
            text,
            keep,
            forget,
            ..
        }) if keep || forget => {
            let verdict = match forget {
                true => Verdict::Reject,
                false => Verdict::Approve,
            };
            let text = said(&text)?;
            let words = (!text.trim().is_empty()).then_some(text);
            let item = pick(&listed.items, &which)?;
            return memories::answer(&client, item, (verdict, words), inbox.json, out).await;
        }
        Some(Command::Answer {
            which,
            text,
            choice,
            ..
        }) => {
            let id = match which.parse() {
                Ok(id) => id,
                Err(_) => question_of(pick(&listed.items, &which)?)?,
            };
            let how = match choice {
                Some(number) => How::Choose { number },
                None => How::Write { text: said(&text)? },
            };
            return answer(&client, Answer { id, how }, inbox.json, out).await;
        }
        Some(Command::Dismiss { which }) if which.parse::<QuestionId>().is_ok() => {
            let (id, how) = (which.parse()?, How::Dismiss);
            return answer(&client, Answer { id, how }, inbox.json, out).await;
        }
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
    // An item that is named whole need not be among those that were listed.
    let id = match which.parse() {
        Ok(id) => id,
        Err(_) => pick(&listed.items, &which)?.id,
    };
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
        Kind::Question => "question",
        Kind::ApprovalExpired | Kind::QuestionExpired => "expired",
        Kind::TurnFailed => "turn failed",
        Kind::JobFailed => "job failed",
        Kind::JobMissed => "job missed",
        Kind::JobPaused => "job paused",
        Kind::TerminalEnded => "terminal ended",
        Kind::Stranger => "stranger",
        Kind::Memory => "memory",
        Kind::BudgetUsed => "budget used up",
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

/// Returns what was said: the words, or what stands on the standard input for `-`.
fn said(words: &[String]) -> anyhow::Result<String> {
    if words != ["-"] {
        return Ok(words.join(" "));
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    Ok(text)
}

async fn answer(
    client: &Client,
    answer: Answer,
    json: bool,
    out: &mut Out,
) -> anyhow::Result<ExitCode> {
    let question = client.call(answer).await?;
    if json {
        out.json(&question)?;
        return Ok(ExitCode::SUCCESS);
    }
    let words = match &question.state {
        QuestionState::Answered { given } => format!("answered: {}", glance(&given.text, 200)),
        _ => format!("dismissed: {}", glance(&question.text, 200)),
    };
    out.line(words)?;
    Ok(ExitCode::SUCCESS)
}

async fn show(client: &Client, item: &Item, json: bool, out: &mut Out) -> anyhow::Result<ExitCode> {
    let question = match item.question_id {
        Some(id) => Some(client.call(question::Show { id }).await?),
        None => None,
    };
    match (&question, json) {
        (Some(question), true) => out.json(question)?,
        (None, true) => out.json(item)?,
        (Some(question), false) => {
            out.text(&question.text)?;
            for (choice, number) in question.choices.iter().zip(1..) {
                let why = match choice.explanation.as_str() {
                    "" => String::new(),
                    why => format!(": {why}"),
                };
                out.line(glance(&format!("{number} {}{why}", choice.label), 400))?;
            }
            if question.free_text && !question.choices.is_empty() {
                out.line("or your own words")?;
            }
        }
        (None, false) => {
            out.text(&item.title)?;
            if !item.detail.is_empty() {
                out.text(&item.detail)?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn question_of(item: &Item) -> Result<QuestionId, Fault> {
    item.question_id.ok_or_else(|| {
        let told = format!("`{}` is no question of the agent", glance(&item.title, 80));
        let hint = match item.kind {
            Kind::Approval => "an approval is answered with: smartopol approvals allow|deny",
            Kind::Memory => "keep it or not: smartopol inbox answer N --keep|--forget",
            _ => "say that you have seen to it: smartopol inbox ack",
        };
        Fault::new(Code::BadRequest, told).hint(hint)
    })
}

fn pick<'a>(items: &'a [Item], which: &str) -> Result<&'a Item, Fault> {
    let place = which.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
    if let Some(item) = place.and_then(|place| items.get(place)) {
        return Ok(item);
    }
    let id: Option<AttentionId> = which.parse().ok();
    if let Some(item) = items.iter().find(|item| Some(item.id) == id) {
        return Ok(item);
    }
    // The beginning of an id is its time, so it is the end that tells items apart.
    let ends = |item: &&Item| which.len() >= 4 && item.id.to_string().ends_with(which);
    let mut found = items.iter().filter(ends);
    match (found.next(), found.next()) {
        (Some(item), None) => Ok(item),
        _ => {
            let told = format!("nothing of that name waits: `{which}`");
            Err(Fault::new(Code::NotFound, told).hint("see what waits: smartopol inbox"))
        }
    }
}
