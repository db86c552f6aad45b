//! `memory`: what the agent is to remember, and what it believes.

use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};
use smartopol_config::Paths;
use smartopol_protocol::memory::{
    Add, Category, Decide, Edit, Forget, List, Listed, Memory, Search, Show, Shown, State, Verdict,
    Which,
};

use super::confirm::confirmed;
use super::link::client;
use super::out::{Out, Tone};
use super::table::{self, Cell, cell, toned};
use super::time;

/// What the agent is to remember.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List what is believed at the moment, what matters most first
    #[command(
        after_help = "Examples:\n  smartopol memory list --category preference\n  smartopol memory list --all --json | jq -r .text"
    )]
    List {
        /// Only of this kind
        #[arg(long, value_enum)]
        category: Option<Kind>,
        /// Also what waits, was superseded, forgotten or rejected, the newest first
        #[arg(long)]
        all: bool,
        /// At most so many
        #[arg(short = 'n', long, default_value_t = 200, value_name = "N")]
        limit: u32,
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Look for words in what is believed, the best first
    #[command(
        after_help = "Examples:\n  smartopol memory search green tea\n  smartopol memory search --all ulm"
    )]
    Search {
        /// The words; one of them is enough, and none is an operator
        #[arg(required = true, value_name = "WORDS")]
        words: Vec<String>,
        /// Only of this kind
        #[arg(long, value_enum)]
        category: Option<Kind>,
        /// Also in what no longer counts
        #[arg(long)]
        all: bool,
        /// At most so many
        #[arg(short = 'n', long, default_value_t = 20, value_name = "N")]
        limit: u32,
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Remember something, in every session from the next turn on
    #[command(
        after_help = "Examples:\n  smartopol memory add the tests need a running database\n  smartopol memory add --category context --until 'in 14 days' on holiday\n  smartopol memory add --supersedes mem_01a2 lives in Bonn"
    )]
    Add {
        /// What to remember
        #[arg(required = true, value_name = "TEXT")]
        text: Vec<String>,
        /// What kind of thing it is
        #[arg(long, value_enum, default_value_t = Kind::Fact)]
        category: Kind,
        /// How sure you are, in percent
        #[arg(long, default_value_t = 100, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=100))]
        confidence: u8,
        /// From when on it is so, such as `tomorrow 9:00`
        #[arg(long, value_name = "WHEN")]
        from: Option<String>,
        /// Until when, such as `in 30 days`
        #[arg(long, value_name = "WHEN")]
        until: Option<String>,
        /// The memory whose place it takes
        #[arg(long, value_name = "ID")]
        supersedes: Option<String>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Show one memory: where it comes from, and what was believed when
    #[command(after_help = "Example:\n  smartopol memory show mem_01a2b3")]
    Show {
        /// Its id, or the unique beginning of it
        #[arg(value_name = "ID")]
        id: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Believe something else from now on; what was believed is kept as superseded
    #[command(
        after_help = "Examples:\n  smartopol memory edit mem_01a2 lives in Bonn\n  smartopol memory edit mem_01a2 --until 'in 30 days'"
    )]
    Edit {
        /// Its id, or the unique beginning of it
        #[arg(value_name = "ID")]
        id: String,
        /// What is believed now; without it, the same
        #[arg(value_name = "TEXT")]
        text: Vec<String>,
        /// Another kind
        #[arg(long, value_enum)]
        category: Option<Kind>,
        /// How sure you are, in percent
        #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=100))]
        confidence: Option<u8>,
        /// Until when it is so; empty for good
        #[arg(long, value_name = "WHEN")]
        until: Option<String>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Take the words of a memory away, and those of all that it superseded
    #[command(after_help = "Example:\n  smartopol memory forget mem_01a2 --yes")]
    Forget {
        /// Its id, or the unique beginning of it
        #[arg(value_name = "ID")]
        id: String,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// List what waits for your approval, and why
    #[command(after_help = "Example:\n  smartopol memory pending")]
    Pending {
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Let what waits count; it stays marked as untrusted
    #[command(after_help = "Example:\n  smartopol memory approve mem_01a2")]
    Approve {
        /// Its id, or the unique beginning of it
        #[arg(value_name = "ID")]
        id: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Reject what waits; its words go
    #[command(after_help = "Example:\n  smartopol memory reject mem_01a2")]
    Reject {
        /// Its id, or the unique beginning of it
        #[arg(value_name = "ID")]
        id: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}

/// A kind of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// How the agent is to work.
    Instruction,
    /// What you like.
    Preference,
    /// What is so.
    Fact,
    /// What matters at the moment.
    Context,
}

impl From<Kind> for Category {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Instruction => Self::Instruction,
            Kind::Preference => Self::Preference,
            Kind::Fact => Self::Fact,
            Kind::Context => Self::Context,
        }
    }
}

pub(super) async fn run(
    command: Command,
    paths: &Paths,
    out: &mut Out,
) -> anyhow::Result<ExitCode> {
    let client = client(paths).await?;
    match command {
        Command::List {
            category,
            all,
            limit,
            json,
        } => {
            let list = List {
                which: if all { Which::All } else { Which::Current },
                category: category.map(Category::from),
                limit,
                skip: 0,
            };
            let listed = client.call(list).await?;
            match json {
                true => each(&listed.memories, out)?,
                false => told(&listed, all, out)?,
            }
        }
        Command::Search {
            words,
            category,
            all,
            limit,
            json,
        } => {
            let search = Search {
                text: words.join(" "),
                typing: false,
                which: if all { Which::All } else { Which::Current },
                category: category.map(Category::from),
                limit,
            };
            let hits = client.call(search).await?.hits;
            match json {
                true => hits.iter().try_for_each(|hit| out.json(hit))?,
                false => {
                    let memories: Vec<_> = hits.into_iter().map(|hit| hit.memory).collect();
                    rows(&memories, "nothing that is remembered says that", out)?;
                }
            }
        }
        Command::Add {
            text,
            category,
            confidence,
            from,
            until,
            supersedes,
            json,
        } => {
            let add = Add {
                text: text.join(" "),
                category: Some(category.into()),
                confidence: Some(confidence),
                from,
                until,
                supersedes,
            };
            let added = client.call(add).await?;
            let own = &added.memory;
            match (json, added.known) {
                (true, _) => out.json(&added)?,
                (_, true) => out.line(format!("remembered already as {}: {}", own.id, own.text))?,
                (_, false) => out.line(format!("remembered as {}: {}", own.id, own.text))?,
            }
        }
        Command::Show { id, json } => {
            let shown = client.call(Show { key: id }).await?;
            match json {
                true => out.json(&shown)?,
                false => show(&shown, out)?,
            }
        }
        Command::Edit {
            id,
            text,
            category,
            confidence,
            until,
            json,
        } => {
            let text = text.join(" ");
            let edit = Edit {
                key: id,
                text: (!text.is_empty()).then_some(text),
                category: category.map(Category::from),
                confidence,
                until,
            };
            done(&client.call(edit).await?, "believed as", json, out)?;
        }
        Command::Forget { id, yes, json } => {
            let shown = client.call(Show { key: id }).await?;
            let key = shown.memory.id.to_string();
            let question = format!("forget `{}`?", shown.memory.text);
            if !yes && !confirmed(&question, "forgetting takes the words away for good")? {
                return Ok(ExitCode::SUCCESS);
            }
            let forgotten = client.call(Forget { key }).await?;
            match (json, forgotten.ids.len()) {
                (true, _) => out.json(&forgotten)?,
                (_, 1) => out.line("forgotten; sessions keep what was said in them")?,
                (_, count) => out.line(format!(
                    "forgotten, with {} that stood in its place before; sessions keep what was \
                     said in them",
                    count - 1
                ))?,
            }
        }
        Command::Pending { json } => {
            let list = List {
                which: Which::Pending,
                ..List::default()
            };
            let listed = client.call(list).await?;
            match json {
                true => each(&listed.memories, out)?,
                false => waiting(&listed.memories, out)?,
            }
        }
        Command::Approve { id, json } => {
            let decide = Decide {
                key: id,
                verdict: Verdict::Approve,
            };
            done(&client.call(decide).await?, "approved", json, out)?;
        }
        Command::Reject { id, json } => {
            let decide = Decide {
                key: id,
                verdict: Verdict::Reject,
            };
            done(&client.call(decide).await?, "rejected", json, out)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn each(memories: &[Memory], out: &mut Out) -> std::io::Result<()> {
    memories.iter().try_for_each(|own| out.json(own))
}

fn done(own: &Memory, words: &str, json: bool, out: &mut Out) -> std::io::Result<()> {
    match (json, own.text.as_str()) {
        (true, _) => out.json(own),
        (_, "") => out.line(format!("{words} {}", own.id)),
        (_, text) => out.line(format!("{words} {}: {text}", own.id)),
    }
}

fn told(listed: &Listed, all: bool, out: &mut Out) -> std::io::Result<()> {
    rows(
        &listed.memories,
        "nothing is remembered yet: `smartopol memory add TEXT`",
        out,
    )?;
    if listed.more {
        out.line("there are more: `-n 1000`, or `smartopol memory search WORDS`")?;
    }
    let silent = listed.current.saturating_sub(listed.told);
    if silent > 0 && !all {
        out.line(format!(
            "{silent} of {} have no room in the prompt; the agent finds them by searching",
            listed.current
        ))?;
    }
    if listed.pending > 0 && !all {
        out.line(format!(
            "{} wait for your approval: `smartopol memory pending`",
            listed.pending
        ))?;
    }
    if listed.file.lines > 0 {
        out.line(format!(
            "every session is told the {} lines of {} too",
            listed.file.lines, listed.file.path
        ))?;
    }
    if listed.file.cut > 0 {
        out.line(format!(
            "the last {} bytes of {} are not told to models: shorten it",
            listed.file.cut, listed.file.path
        ))?;
    }
    Ok(())
}

fn rows(memories: &[Memory], empty: &str, out: &mut Out) -> std::io::Result<()> {
    let rows: Vec<Vec<Cell>> = memories.iter().map(row).collect();
    table::print(out, &["id", "kind", "sure", "since", "says"], &rows, empty)
}

fn row(own: &Memory) -> Vec<Cell> {
    let tone = match own.state {
        State::Pending => Tone::Waits,
        State::Active => Tone::Plain,
        _ => Tone::Quiet,
    };
    let mut says = match own.text.as_str() {
        "" => "(its words are gone)".to_owned(),
        text => text.to_owned(),
    };
    if own.state != State::Active {
        says = format!("[{}] {says}", own.state.name());
    }
    if !own.taint.is_empty() {
        says = format!("[untrusted] {says}");
    }
    vec![
        cell(own.id.to_string()),
        cell(own.category.name()),
        cell(format!("{} %", own.confidence)),
        cell(time::age(own.created_at)),
        toned(says, tone),
    ]
}

fn waiting(memories: &[Memory], out: &mut Out) -> std::io::Result<()> {
    if memories.is_empty() {
        return out.line("nothing waits for your approval");
    }
    for own in memories {
        out.line(format!("{}  {}", own.id, own.text))?;
        for taint in &own.taint {
            out.line(format!("    {}: {}", taint.kind.words(), taint.what))?;
        }
    }
    out.line("`smartopol memory approve ID` lets one count, `reject` takes its words away")
}

fn show(shown: &Shown, out: &mut Out) -> std::io::Result<()> {
    let own = &shown.memory;
    let text = match own.text.as_str() {
        "" => "(its words are gone)",
        text => text,
    };
    out.line(text)?;
    out.line(format!("id         {}", own.id))?;
    out.line(format!("kind       {}", own.category.name()))?;
    out.line(format!("sure       {} %", own.confidence))?;
    out.line(format!("state      {}", own.state.name()))?;
    if let Some(from) = own.valid_from {
        out.line(format!("from       {from}"))?;
    }
    if let Some(until) = own.valid_until {
        out.line(format!("until      {until}"))?;
    }
    let source = &own.source;
    out.line(format!(
        "written    {} by {}",
        own.created_at,
        super::knowledge::said_by(source)
    ))?;
    if let Some(id) = source.session_id {
        out.line(format!("session    {id}"))?;
    }
    if let Some(id) = source.message_id {
        out.line(format!("message    {id}"))?;
    }
    if let Some(span) = source.messages {
        out.line(format!("messages   {} to {}", span.from, span.until))?;
    }
    if let Some(id) = source.call_id {
        out.line(format!("call       {id}"))?;
    }
    if !own.approved_by.is_empty() {
        out.line(format!("approved   by {}", own.approved_by))?;
    }
    for taint in &own.taint {
        out.line(format!("untrusted  {}: {}", taint.kind.words(), taint.what))?;
    }
    if shown.history.len() < 2 {
        return Ok(());
    }
    out.line("what was believed when:")?;
    for one in &shown.history {
        let since = one.believed_at.map(|at| at.to_string());
        let since = since.unwrap_or_else(|| "never".to_owned());
        let when = match &one.state {
            State::Active => format!("since {since}"),
            State::Pending => "waits".to_owned(),
            State::Superseded { at, .. } => format!("{since} to {at}"),
            State::Forgotten { by, at } => format!("forgotten {at} by {by}"),
            State::Rejected { by, at } => format!("rejected {at} by {by}"),
        };
        let text = match one.text.as_str() {
            "" => "(its words are gone)",
            text => text,
        };
        out.line(format!(
            "  {when}: {text}  [{}]",
            super::knowledge::said_by(&one.source)
        ))?;
    }
    Ok(())
}
