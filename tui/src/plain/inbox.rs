//! `inbox`: what waits for a person, seen to one by one.
//!
//! An item is named by its id, of which the end is enough: the place in the list is no name, because
//! something that matters more may have come since the list was read.

mod bulk;
mod memories;
mod naming;

use std::io::Read;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use smartopol_config::Paths;
use smartopol_ipc::Client;
use smartopol_protocol::attention::{Item, ItemState, Kind, List, Listed, Priority, Resolve, Seen};
use smartopol_protocol::memory::Verdict;
use smartopol_protocol::question::{self, Answer, How, QuestionState};
use smartopol_protocol::{Code, Fault, QuestionId, UserId, user};

use self::bulk::Sort;
use self::naming::{Named, short};
use super::confirm::confirmed;
use super::link::client;
use super::out::{Out, Tone, glance};
use super::table::{self, Cell, cell, toned};
use super::time;

/// For how long an item is put off where nothing is said, in seconds.
const LATER: u64 = 600;

/// What waits for a person.
#[derive(Debug, Args)]
pub struct Inbox {
    /// Also what is snoozed or was seen to
    #[arg(long)]
    all: bool,
    /// Also what waits for others alone, which an admin may see
    #[arg(long, global = true)]
    everyone: bool,
    /// At most so many
    #[arg(short = 'n', long, default_value_t = 50, value_name = "N", value_parser = time::many)]
    limit: u32,
    /// Print one JSON object a line
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Which items are meant: some by their names, or all of a sort.
#[derive(Debug, Args)]
pub(super) struct Meant {
    /// Their ids, or the ends of them, as the list shows them
    #[arg(
        value_name = "ID",
        required_unless_present = "all_of",
        conflicts_with = "all_of"
    )]
    which: Vec<String>,
    /// All that wait of this sort: reminder, turn-failed, job-failed, job-missed, …
    #[arg(long, value_name = "KIND", value_parser = bulk::sort)]
    all_of: Option<Sort>,
    /// Do not ask before all of a sort are meant
    #[arg(long, short = 'y', requires = "all_of")]
    yes: bool,
}

/// What is done with an item.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Say that you have seen to them
    #[command(
        after_help = "Examples:\n  smartopol inbox ack 3f9a1c\n  smartopol inbox ack --all-of reminder"
    )]
    Ack(Meant),
    /// Be told again later
    #[command(
        after_help = "Examples:\n  smartopol inbox snooze 3f9a1c 30m\n  smartopol inbox snooze \
                      3f9a1c 77b2e0 --for 2h"
    )]
    Snooze {
        /// Their ids, or the ends of them; a time behind them says for how long: 10m, 2h, 1d
        #[arg(value_name = "ID", required = true)]
        which: Vec<String>,
        /// For how long: 10m, 2h, 1d; 10m where nothing is said
        #[arg(long = "for", value_name = "TIME", value_parser = time::seconds)]
        wait: Option<u64>,
    },
    /// See one whole: a question with all that can be answered
    #[command(after_help = "Example:\n  smartopol inbox show 3f9a1c")]
    Show {
        /// Its id, or the end of it
        #[arg(value_name = "ID")]
        which: String,
    },
    /// Answer a question of the agent, in your own words or with one of its choices; or say what
    /// becomes of what waits to be remembered
    #[command(
        after_help = "Examples:\n  smartopol inbox answer 3f9a1c --choice 2\n  smartopol inbox \
                      answer 3f9a1c take the small one\n  smartopol inbox answer 77b2e0 --keep\n  \
                      smartopol inbox answer 77b2e0 --keep lives in Bonn"
    )]
    Answer {
        /// Its id or the question's, or the end of its id
        #[arg(value_name = "ID")]
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
    /// Put them away without seeing to them; a question ends without an answer
    #[command(
        after_help = "Examples:\n  smartopol inbox dismiss 3f9a1c 77b2e0\n  smartopol inbox dismiss \
                      --all-of job-missed"
    )]
    Dismiss(Meant),
}

pub(super) async fn run(inbox: Inbox, paths: &Paths, out: &mut Out) -> anyhow::Result<ExitCode> {
    let client = client(paths).await?;
    let Some(command) = inbox.command else {
        let list = List {
            all: inbox.all,
            everyone: inbox.everyone,
            limit: inbox.limit,
        };
        let listed = client.call(list).await?;
        match inbox.json {
            true => listed.items.iter().try_for_each(|item| out.json(item))?,
            false => print(&client, &listed, inbox.everyone, out).await?,
        }
        return Ok(ExitCode::SUCCESS);
    };
    let json = inbox.json;
    let named = Named::read(&client, inbox.everyone).await?;
    match command {
        Command::Show { which } => {
            let item = named.one(&client, &which).await?;
            match item.kind {
                Kind::Memory => memories::show(&client, &item, json, out).await,
                _ => show(&client, &item, json, out).await,
            }
        }
        Command::Answer {
            which,
            text,
            keep,
            forget,
            ..
        } if keep || forget => {
            let verdict = match forget {
                true => Verdict::Reject,
                false => Verdict::Approve,
            };
            let text = said(&text)?;
            let words = (!text.trim().is_empty()).then_some(text);
            let item = named.one(&client, &which).await?;
            memories::answer(&client, &item, (verdict, words), json, out).await
        }
        Command::Answer {
            which,
            text,
            choice,
            ..
        } => {
            let id = match which.parse() {
                Ok(id) => id,
                Err(_) => question_of(&named.one(&client, &which).await?)?,
            };
            let how = match choice {
                Some(number) => How::Choose { number },
                None => How::Write { text: said(&text)? },
            };
            answer(&client, Answer { id, how }, json, out).await
        }
        Command::Dismiss(mut meant) => {
            // A question may be named by its own id.
            let ids: Vec<QuestionId> = meant.which.iter().flat_map(|id| id.parse()).collect();
            meant.which.retain(|id| id.parse::<QuestionId>().is_err());
            for id in &ids {
                let (id, how) = (*id, How::Dismiss);
                answer(&client, Answer { id, how }, json, out).await?;
            }
            if !ids.is_empty() && meant.which.is_empty() {
                return Ok(ExitCode::SUCCESS);
            }
            let items = which_of(&client, &named, meant, "put away").await?;
            see_to(&client, &items, (Seen::Dismiss, "put away"), json, out).await
        }
        Command::Ack(meant) => {
            let items = which_of(&client, &named, meant, "marked as seen to").await?;
            see_to(&client, &items, (Seen::Acknowledge, "seen to"), json, out).await
        }
        Command::Snooze { mut which, wait } => {
            let behind = match wait {
                None => named.time_behind(&mut which),
                Some(_) => None,
            };
            let seconds = wait.or(behind).unwrap_or(LATER);
            let items = named.all(&client, &which).await?;
            let how = (Seen::Snooze { seconds }, "comes again later");
            see_to(&client, &items, how, json, out).await
        }
    }
}

/// Returns the items that are meant; none where a person thought better of it.
async fn which_of(
    client: &Client,
    named: &Named,
    meant: Meant,
    done: &str,
) -> anyhow::Result<Vec<Item>> {
    let Some(sort) = meant.all_of else {
        return named.all(client, &meant.which).await;
    };
    let items = named.of(&sort);
    let told = format!("{} would be {done}: {}", items.len(), sort.words);
    if !items.is_empty() && !meant.yes {
        let question = format!("{} of {}: all {done}?", items.len(), sort.words);
        if !confirmed(&question, &told)? {
            return Ok(Vec::new());
        }
    }
    Ok(items)
}

async fn see_to(
    client: &Client,
    items: &[Item],
    (how, done): (Seen, &str),
    json: bool,
    out: &mut Out,
) -> anyhow::Result<ExitCode> {
    if items.is_empty() && !json {
        out.line("nothing was done")?;
    }
    for item in items {
        let item = client.call(Resolve { id: item.id, how }).await?;
        match json {
            true => out.json(&item)?,
            false => out.line(format!("{done}: {}", item.title))?,
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints the list, with whose each is where others' are among them.
async fn print(
    client: &Client,
    listed: &Listed,
    everyone: bool,
    out: &mut Out,
) -> anyhow::Result<()> {
    let items = &listed.items;
    let me = match items.iter().any(|item| item.user_id.is_some()) {
        true => Some(client.call(user::Show::default()).await?.user.id),
        false => None,
    };
    let others = |item: &Item| item.user_id.is_some() && item.user_id != me;
    let mut heads = vec!["id", "matters", "what", "since", "says"];
    let names: Option<Vec<(UserId, String)>> = match everyone || items.iter().any(others) {
        true => {
            heads.insert(1, "whose");
            let users = client.call(user::List {}).await?.users;
            Some(users.into_iter().map(|own| (own.id, own.name)).collect())
        }
        false => None,
    };
    let ids = short(items);
    let rows: Vec<_> = items
        .iter()
        .zip(&ids)
        .map(|(item, id)| row(item, id, names.as_ref(), me))
        .collect();
    table::print(out, &heads, &rows, "nothing waits for you")?;
    for (item, short) in items.iter().zip(&ids) {
        if let (Some(id), ItemState::Open) = (approval(item), &item.state) {
            out.line(format!("{short}: smartopol approvals allow|deny {id}"))?;
        }
    }
    let shown = items.iter().filter(|item| item.state == ItemState::Open);
    let more = listed.open.saturating_sub(shown.count() as u64);
    if more > 0 {
        out.line(format!("{more} more wait: `smartopol inbox -n 1000`"))?;
    }
    if listed.others > 0 {
        let count = listed.others;
        out.line(format!(
            "{count} more for others: `smartopol inbox --everyone`"
        ))?;
    }
    Ok(())
}

/// Returns the approval that an item asks for.
fn approval(item: &Item) -> Option<smartopol_protocol::ApprovalId> {
    item.approval_id.filter(|_| item.kind == Kind::Approval)
}

/// Returns what sort of thing an item is.
const fn sort_of(kind: Kind) -> &'static str {
    match kind {
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
    }
}

fn row(
    item: &Item,
    id: &str,
    names: Option<&Vec<(UserId, String)>>,
    me: Option<UserId>,
) -> Vec<Cell> {
    let tone = match (&item.state, item.priority) {
        (ItemState::Resolved { .. } | ItemState::Snoozed { .. }, _) => Tone::Quiet,
        (_, Priority::Urgent) => Tone::Bad,
        (_, Priority::High) => Tone::Waits,
        _ => Tone::Plain,
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
    let mut cells = vec![
        cell(id),
        toned(item.priority.name(), tone),
        cell(sort_of(item.kind)),
        cell(time::age(item.at)),
        cell(says),
    ];
    if let Some(names) = names {
        let named = names.iter().find(|(id, _)| Some(*id) == item.user_id);
        let whose = match named {
            _ if item.user_id.is_none() => "",
            _ if item.user_id == me => "you",
            Some((_, name)) => name,
            None => "somebody",
        };
        cells.insert(1, cell(whose));
    }
    cells
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
            if let (Some(id), ItemState::Open) = (approval(item), &item.state) {
                out.line(format!("allow it: smartopol approvals allow {id}"))?;
                out.line(format!("deny it: smartopol approvals deny {id}"))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn question_of(item: &Item) -> Result<QuestionId, Fault> {
    item.question_id.ok_or_else(|| {
        let told = format!("`{}` is no question of the agent", glance(&item.title, 80));
        let end = short(std::slice::from_ref(item)).pop().unwrap_or_default();
        let hint = match (item.kind, approval(item)) {
            (Kind::Approval, Some(id)) => {
                format!("an approval is answered with: smartopol approvals allow|deny {id}")
            }
            (Kind::Memory, _) => {
                format!("keep it or not: smartopol inbox answer {end} --keep|--forget")
            }
            _ => format!("say that you have seen to it: smartopol inbox ack {end}"),
        };
        Fault::new(Code::BadRequest, told).hint(hint)
    })
}
