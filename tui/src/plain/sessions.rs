//! `sessions`: conversations, made, listed, read, searched, renamed, archived, deleted; the rest
//! has files of its own.

mod show;

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use serde::Serialize;
use smartopol_config::Paths;
use smartopol_ipc::Client;
use smartopol_protocol::approval::Mode;
use smartopol_protocol::client;
use smartopol_protocol::session::{
    Archive, Configure, Create, Delete, List, Session, SessionState, Which,
};
use smartopol_protocol::turn::Outcome;
use smartopol_protocol::{UserId, suggest, user};

use super::confirm::confirmed;
use super::link::{self, find};
use super::out::{Out, Tone};
use super::table::{self, cell, toned};
use super::{export, folding, fork, queue, retention, search, time, used};
use crate::replay::Replay;

/// The most messages that the daemon gives at once.
pub(super) const PAGE: u32 = 1000;

/// Conversations.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List sessions, the most recently used first; without those that were archived
    #[command(
        after_help = "Examples:\n  smartopol sessions list --json | jq -r .name\n  \
                            smartopol sessions list --archived"
    )]
    List {
        /// Only those that were archived
        #[arg(long)]
        archived: bool,
        /// Those that were archived too
        #[arg(long, conflicts_with = "archived")]
        all: bool,
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Show a session with its newest messages
    #[command(after_help = "Example:\n  smartopol sessions show notes -n 5")]
    Show {
        /// A name, an id, or the beginning of an id [default: the latest of this folder]
        #[arg(value_name = "KEY")]
        key: Option<String>,
        /// How many of the newest messages to show
        #[arg(short = 'n', long, default_value_t = 20, value_name = "N")]
        messages: u32,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Find what was said in all your sessions, or a text in one: the newest message first
    ///
    /// In all sessions, those messages are found that hold all of the words, in any order, without
    /// regard to case and accents. In one session, a text is found as it stands, in any case.
    #[command(
        after_help = "Examples:\n  smartopol sessions search deploy staging\n  \
                            smartopol sessions search --session notes 'cargo test' -n 5"
    )]
    Search {
        /// What to look for
        #[arg(value_name = "TEXT", required = true)]
        text: Vec<String>,
        /// Only in this session
        #[arg(short, long, value_name = "KEY")]
        session: Option<String>,
        /// How many messages to name at most
        #[arg(short = 'n', long, default_value_t = 20, value_name = "N")]
        messages: u32,
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Make a session; nothing is said in it yet
    #[command(after_help = "Examples:\n  smartopol sessions new notes\n  \
                            smartopol sessions new --in ~/project --mode read-only")]
    New {
        /// Its name [default: made from the folder's]
        #[arg(value_name = "NAME")]
        name: Option<String>,
        /// The folder to work in [default: this one]
        #[arg(long = "in", value_name = "FOLDER")]
        folder: Option<PathBuf>,
        /// How much may happen in it without asking [default: as configured]
        #[arg(long, value_name = "MODE", value_parser = mode)]
        mode: Option<Mode>,
        /// Who thinks in it [default: as configured]
        #[arg(long, value_name = "MODEL")]
        model: Option<String>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// What each turn carried, tier by tier, and what it used and cost
    #[command(
        after_help = "Examples:\n  smartopol sessions turns notes -n 5\n  smartopol sessions turns notes --json | jq .carried\n\nfor all: what is the same for everybody; yours: what is for you and this session; times: what\nchanges each time; said: the conversation; cached and new are the input as it was counted."
    )]
    Turns {
        /// A name, an id, or the beginning of an id [default: the latest of this folder]
        #[arg(value_name = "KEY")]
        key: Option<String>,
        /// How many of the newest turns to show
        #[arg(short = 'n', long, default_value_t = 20, value_name = "N")]
        turns: usize,
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Give a session another name
    #[command(after_help = "Example:\n  smartopol sessions rename notes journal")]
    Rename {
        /// The session
        #[arg(value_name = "KEY")]
        key: String,
        /// Its new name
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// See the messages that wait for their turn, change them or take them back
    #[command(
        args_conflicts_with_subcommands = false,
        after_help = "Examples:\n  smartopol sessions queue notes\n  \
                      smartopol sessions queue notes edit 1 say it differently\n  \
                      smartopol sessions queue notes withdraw 1"
    )]
    Queue {
        /// The session
        #[arg(value_name = "KEY")]
        key: String,
        /// Print one JSON object a line
        #[arg(long, global = true)]
        json: bool,
        /// What to do; without it they are listed
        #[command(subcommand)]
        change: Option<queue::Change>,
    },
    /// Make a session with the beginning of another one's transcript
    #[command(after_help = "Example:\n  smartopol sessions fork notes --at 12 --name other-way")]
    Fork {
        /// The session
        #[arg(value_name = "KEY")]
        key: String,
        /// The position of the last message to take [default: the newest]
        #[arg(long, value_name = "N")]
        at: Option<u64>,
        /// The name of the new session
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    #[command(flatten)]
    Fold(folding::Command),
    /// Write a whole session out: Markdown to read, or JSON to keep; secrets are left out
    #[command(
        after_help = "Examples:\n  smartopol sessions export notes -o notes.md\n  \
                            smartopol sessions export notes --format json | jq .messages"
    )]
    Export(export::Wanted),
    /// Put a session away: out of the lists, until somebody speaks in it again
    #[command(after_help = "Example:\n  smartopol sessions archive notes")]
    Archive {
        /// The session
        #[arg(value_name = "KEY")]
        key: String,
    },
    /// Take a session that was archived back into the lists
    #[command(after_help = "Example:\n  smartopol sessions unarchive notes")]
    Unarchive {
        /// The session
        #[arg(value_name = "KEY")]
        key: String,
    },
    /// Play a recorded session step by step; needs no key and changes nothing
    #[command(
        after_help = "Examples:\n  smartopol sessions replay notes\n  smartopol sessions replay notes --from 12 --speed 4\n  smartopol sessions export notes -o notes.json && smartopol sessions replay notes.json\n  smartopol sessions replay notes.json --linear | less\n\nWhat has a / in it or ends in .json is a file, and needs no daemon.\nKeys: space plays and pauses, → and ← go step by step, + and - change the speed, g and G go to\nthe ends, a number to a message, t shows the call, q leaves, ? lists all."
    )]
    Replay(Replay),
    /// Show which sessions would be removed now because they are old; removes nothing
    #[command(after_help = "Example:\n  smartopol sessions retention --json | jq .sessions")]
    Retention {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Remove a session with its messages and learned rules; its traces stay
    #[command(after_help = "Example:\n  smartopol sessions delete notes --yes")]
    Delete {
        /// The session
        #[arg(value_name = "KEY")]
        key: String,
        /// Do not ask whether this is meant
        #[arg(short, long)]
        yes: bool,
    },
}

pub(super) async fn run(
    command: Command,
    paths: &Paths,
    out: &mut Out,
) -> anyhow::Result<ExitCode> {
    let client = link::client(paths).await?;
    match command {
        Command::List {
            archived,
            all,
            json,
        } => {
            let which = match (archived, all) {
                (true, _) => Which::Archived,
                (false, true) => Which::All,
                (false, false) => Which::Current,
            };
            list(&client, which, json, out).await?;
        }
        Command::Show {
            key,
            messages,
            json,
        } => show::show(&client, key.as_deref(), messages, json, out).await?,
        Command::Search {
            text,
            session,
            messages,
            json,
        } => {
            let text = text.join(" ");
            let Some(key) = session else {
                let found = search::everywhere(&client, &text, messages).await?;
                return search::print_everywhere(&found, &text, json, out);
            };
            let id = find(&client, Some(&key)).await?.id;
            let hits = search::all(&client, id, &text, messages).await?;
            return search::print(&hits, &text, json, out);
        }
        Command::Retention { json } => retention::run(&client, json, out).await?,
        Command::Archive { key } => {
            let archived = true;
            let id = find(&client, Some(&key)).await?.id;
            let session = client.call(Archive { id, archived }).await?;
            let name = session.name;
            let word = suggest::word(&name);
            out.line(format!(
                "`{name}` is put away; `smartopol sessions unarchive {word}` takes it back"
            ))?;
        }
        Command::Unarchive { key } => {
            let archived = false;
            let id = find(&client, Some(&key)).await?.id;
            let session = client.call(Archive { id, archived }).await?;
            out.line(format!("`{}` is in the lists again", session.name))?;
        }
        Command::New {
            name,
            folder,
            mode,
            model,
            json,
        } => {
            let workspace = match folder {
                None => link::folder()?,
                Some(folder) => std::path::absolute(&folder)?.to_string_lossy().into_owned(),
            };
            let create = Create {
                workspace,
                name,
                mode,
                model,
            };
            let made = client.call(create).await?;
            match json {
                true => out.json(&Keyed::new(&made))?,
                false => out.line(format!("`{}` is there, in {}", made.name, made.workspace))?,
            }
        }
        Command::Turns { key, turns, json } => {
            used::run(&client, key.as_deref(), (turns, json), out).await?;
        }
        Command::Rename { key, name } => {
            let session = find(&client, Some(&key)).await?;
            let renamed = client
                .call(Configure {
                    id: session.id,
                    name: Some(name),
                    mode: None,
                    model: None,
                })
                .await?;
            out.line(format!("`{}` is now `{}`", session.name, renamed.name))?;
        }
        Command::Queue { key, json, change } => {
            queue::run(&client, &key, change, json, out).await?;
        }
        Command::Fork {
            key,
            at,
            name,
            json,
        } => fork::run(&client, &key, (at, name), json, out).await?,
        Command::Fold(command) => folding::run(&client, command, out).await?,
        Command::Export(wanted) => export::run(&client, wanted, out).await?,
        // It is played before any daemon is asked: a file needs none.
        Command::Replay(_) => {}
        Command::Delete { key, yes } => return delete(&client, &key, yes, out).await,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(client: &Client, which: Which, json: bool, out: &mut Out) -> anyhow::Result<()> {
    let sessions = client.call(List { which }).await?.sessions;
    if json {
        let clients = client.call(client::List {}).await?.clients;
        return Ok(sessions.iter().try_for_each(|session| {
            let watches = clients.iter().filter(|own| own.watches == Some(session.id));
            out.json(&Attached {
                session: Keyed::new(session),
                attached: watches.count(),
            })
        })?);
    }
    let names = owners(client, &sessions).await?;
    let mut rows: Vec<_> = sessions
        .iter()
        .map(|session| {
            let (state, tone) = state(session);
            vec![
                cell(&session.name),
                toned(state, tone),
                cell(session.messages.to_string()),
                cell(time::age(session.updated_at)),
                toned(&session.workspace, Tone::Quiet),
                cell(&session.last_line),
            ]
        })
        .collect();
    let mut heads = vec!["name", "state", "messages", "used", "folder", "last"];
    if !names.is_empty() {
        heads.insert(1, "user");
        for (row, session) in rows.iter_mut().zip(&sessions) {
            let name = session.user_id.and_then(|id| names.get(&id));
            row.insert(1, cell(name.map_or("", String::as_str)));
        }
    }
    let empty = match which {
        Which::Archived => "no session is archived",
        _ => "there are no sessions yet: `smartopol send hello` begins one",
    };
    Ok(table::print(out, &heads, &rows, empty)?)
}

/// Returns what those are called whose sessions these are, where they are not all one user's: names
/// are each user's own.
async fn owners(client: &Client, sessions: &[Session]) -> anyhow::Result<HashMap<UserId, String>> {
    let first = sessions.first().map(|session| session.user_id);
    if sessions
        .iter()
        .all(|session| Some(session.user_id) == first)
    {
        return Ok(HashMap::new());
    }
    let users = client.call(user::List {}).await?.users.into_iter();
    Ok(users.map(|user| (user.id, user.name)).collect())
}

/// A session with its key.
#[derive(Serialize)]
struct Keyed<'a> {
    #[serde(flatten)]
    session: &'a Session,
    key: String,
}

impl<'a> Keyed<'a> {
    fn new(session: &'a Session) -> Self {
        let key = session.key();
        Self { session, key }
    }
}

/// A session with how many clients watch it.
#[derive(Serialize)]
struct Attached<'a> {
    #[serde(flatten)]
    session: Keyed<'a>,
    attached: usize,
}

fn mode(name: &str) -> Result<Mode, String> {
    Mode::ALL
        .into_iter()
        .find(|mode| mode.name() == name)
        .ok_or_else(|| format!("the modes are {}", Mode::ALL.map(Mode::name).join(", ")))
}

fn state(session: &Session) -> (String, Tone) {
    match &session.state {
        _ if session.archived_at.is_some() => ("archived".into(), Tone::Quiet),
        SessionState::Running => ("running".into(), Tone::Good),
        SessionState::Waiting => (format!("waiting ({})", session.waiting), Tone::Waits),
        SessionState::Idle { last: None } => ("new".into(), Tone::Plain),
        SessionState::Idle { last: Some(last) } => ended(last),
    }
}

pub(super) fn ended(outcome: &Outcome) -> (String, Tone) {
    match outcome {
        Outcome::Done => ("done".into(), Tone::Plain),
        Outcome::Interrupted => ("stopped".into(), Tone::Waits),
        Outcome::CutOff => ("cut off".into(), Tone::Waits),
        Outcome::Failed { .. } => ("failed".into(), Tone::Bad),
        Outcome::StepLimit { .. } => ("step limit".into(), Tone::Waits),
        Outcome::Loop { .. } => ("loop".into(), Tone::Waits),
    }
}

async fn delete(client: &Client, key: &str, yes: bool, out: &mut Out) -> anyhow::Result<ExitCode> {
    let session = find(client, Some(key)).await?;
    let what = format!("`{}` with {} messages", session.name, session.messages);
    let question = format!("Remove {what} for ever?");
    if !yes && !confirmed(&question, &format!("{what} would be removed for ever"))? {
        out.line("nothing was removed")?;
        return Ok(ExitCode::FAILURE);
    }
    client.call(Delete { id: session.id }).await?;
    out.line(format!("{what} was removed"))?;
    Ok(ExitCode::SUCCESS)
}
