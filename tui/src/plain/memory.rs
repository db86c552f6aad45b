//! `memory`: what the agent is to remember, and what it believes.

mod tell;

use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use smartopol_config::Paths;
use smartopol_ipc::Client;
use smartopol_protocol::memory::{
    Add, Category, Decide, Edit, Forget, List, Search, Show, Verdict, Which, Whose,
};
use smartopol_protocol::user;

use super::confirm::confirmed;
use super::link::client;
use super::out::Out;
use tell::{Names, done, each, rows, show, told};

pub(in crate::plain) use tell::waiting;

/// Whose memories are meant.
#[derive(Clone, Debug, Default, Args)]
pub struct Of {
    /// Of this user, where you may see that; it is written down that you looked
    #[arg(long, value_name = "NAME", conflicts_with = "everybody")]
    user: Option<String>,
    /// Of all users, likewise
    #[arg(long)]
    everybody: bool,
}

impl Of {
    fn whose(self) -> Whose {
        match (self.user, self.everybody) {
            (Some(name), _) => Whose::User(name),
            (None, true) => Whose::Everybody,
            (None, false) => Whose::Own,
        }
    }
}

/// Returns the names of users, where memories of others are told.
async fn names(client: &Client, of: &Whose) -> anyhow::Result<Names> {
    if *of == Whose::Own {
        return Ok(Names::new());
    }
    let users = client.call(user::List {}).await?.users.into_iter();
    Ok(users.map(|user| (user.id, user.name)).collect())
}

/// What the agent is to remember.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List what is believed at the moment, what matters most first
    #[command(
        after_help = "Examples:\n  smartopol memory list --category preference\n  smartopol memory list --user mia\n  smartopol memory list --all --json | jq -r .text"
    )]
    List {
        /// Only of this kind
        #[arg(long, value_enum)]
        category: Option<Kind>,
        /// Also what waits, was superseded, forgotten or rejected, the newest first
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        of: Of,
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
        #[command(flatten)]
        of: Of,
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
        #[command(flatten)]
        of: Of,
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
        /// From when on it is so; empty for ever since
        #[arg(long, value_name = "WHEN")]
        from: Option<String>,
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
        #[command(flatten)]
        of: Of,
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Let what waits count; it stays marked as untrusted
    #[command(
        after_help = "Examples:\n  smartopol memory approve mem_01a2\n  smartopol memory approve mem_01a2 lives in Bonn"
    )]
    Approve {
        /// Its id, or the unique beginning of it
        #[arg(value_name = "ID")]
        id: String,
        /// What counts in the place of its words; without it, as it stands
        #[arg(value_name = "TEXT")]
        text: Vec<String>,
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
            of,
            limit,
            json,
        } => {
            let list = List {
                which: if all { Which::All } else { Which::Current },
                category: category.map(Category::from),
                limit,
                skip: 0,
                of: of.whose(),
            };
            let names = names(&client, &list.of).await?;
            let listed = client.call(list).await?;
            match (json, names.is_empty()) {
                (true, _) => each(&listed.memories, out)?,
                (false, true) => told(&listed, all, out)?,
                (false, false) => rows(&listed.memories, &names, "nothing is remembered", out)?,
            }
        }
        Command::Search {
            words,
            category,
            all,
            of,
            limit,
            json,
        } => {
            let search = Search {
                text: words.join(" "),
                typing: false,
                which: if all { Which::All } else { Which::Current },
                category: category.map(Category::from),
                limit,
                of: of.whose(),
            };
            let names = names(&client, &search.of).await?;
            let hits = client.call(search).await?.hits;
            match json {
                true => hits.iter().try_for_each(|hit| out.json(hit))?,
                false => {
                    let memories: Vec<_> = hits.into_iter().map(|hit| hit.memory).collect();
                    rows(
                        &memories,
                        &names,
                        "nothing that is remembered says that",
                        out,
                    )?;
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
        Command::Show { id, of, json } => {
            let of = of.whose();
            let shown = client.call(Show { key: id, of }).await?;
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
            from,
            until,
            json,
        } => {
            let text = text.join(" ");
            let edit = Edit {
                key: id,
                text: (!text.is_empty()).then_some(text),
                category: category.map(Category::from),
                confidence,
                from,
                until,
            };
            done(&client.call(edit).await?, "believed as", json, out)?;
        }
        Command::Forget { id, yes, json } => {
            let of = Whose::Own;
            let shown = client.call(Show { key: id, of }).await?;
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
        Command::Pending { of, json } => {
            let list = List {
                which: Which::Pending,
                of: of.whose(),
                ..List::default()
            };
            let names = names(&client, &list.of).await?;
            let listed = client.call(list).await?;
            match json {
                true => each(&listed.memories, out)?,
                false => waiting(&listed.memories, &names, out)?,
            }
        }
        Command::Approve { id, text, json } => {
            let text = text.join(" ");
            let decide = Decide {
                key: id,
                verdict: Verdict::Approve,
                text: (!text.is_empty()).then_some(text),
            };
            done(&client.call(decide).await?, "approved", json, out)?;
        }
        Command::Reject { id, json } => {
            let decide = Decide {
                key: id,
                verdict: Verdict::Reject,
                text: None,
            };
            done(&client.call(decide).await?, "rejected", json, out)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
