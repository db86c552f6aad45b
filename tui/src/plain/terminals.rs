//! `terminals`: programs that people and the agent share; they outlive the daemon.

mod attach;
mod look;
mod stay;
mod way;

use std::io::Read as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Subcommand;
use smartopol_config::Paths;
use smartopol_ipc::Client;
use smartopol_protocol::terminal::{
    Close, End, Give, Kill, List, Look, Open, Party, Read, Shown, Size, Take, Terminal,
    TerminalState, Until, Wait, WaitOver, Write,
};
use smartopol_protocol::{Code, Fault, TerminalId};

use super::link::{self, client};
use super::out::{Out, Tone, glance};
use super::table::{self, cell, toned};
use super::time;

/// How much is typed at once.
const INPUT: usize = 32 * 1024;

/// How much of an id is the least that means it where it is not written as one.
const BEGINNING: usize = 4;

/// How many of those that a key may mean are told.
const CANDIDATES: usize = 8;

/// How much of a state is listed, in characters: why something failed is as long as it is.
const STATE: usize = 24;

/// Terminals.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List all terminals: what runs, what waits for input, what has ended
    #[command(after_help = "Example:\n  smartopol terminals list --json | jq -r .terminal.id")]
    List {
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Start a program in a new terminal, or a shell, and print its id
    #[command(
        after_help = "Examples:\n  smartopol terminals new --attach\n  smartopol terminals new --title server -- make serve"
    )]
    New {
        /// The program and its arguments [default: the shell of the settings]
        #[arg(
            value_name = "COMMAND",
            trailing_var_arg = true,
            allow_hyphen_values = true
        )]
        command: Vec<String>,
        /// Its name for people [default: the command]
        #[arg(short, long, value_name = "TEXT")]
        title: Option<String>,
        /// The folder to start in [default: this one]
        #[arg(long, value_name = "DIR")]
        cwd: Option<PathBuf>,
        /// How large, such as 80x24 [default: the size of the settings]
        #[arg(long, value_name = "COLUMNSxROWS", value_parser = size)]
        size: Option<Size>,
        /// The session that it belongs to, and ends with
        #[arg(short, long, value_name = "KEY")]
        session: Option<String>,
        /// Attach to it at once
        #[arg(short, long, conflicts_with = "json")]
        attach: bool,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// See a terminal full screen and type into it; ctrl-] d leaves, the program goes on
    #[command(
        after_help = "Keys: ctrl-] and then d detaches, t takes the typing from the agent, g gives it back,\nr redraws, ctrl-] types itself. A restart of the daemon does not interrupt you.\n\nExample:\n  smartopol terminals attach server"
    )]
    Attach {
        /// Its title, its id, or the beginning of its id
        #[arg(value_name = "KEY")]
        key: String,
    },
    /// Type a line into a terminal
    #[command(
        after_help = "Examples:\n  smartopol terminals write server make test\n  printf 'q' | smartopol terminals write server -n -\n  smartopol terminals write server -- --version"
    )]
    Write {
        /// Its title, its id, or the beginning of its id
        #[arg(value_name = "KEY")]
        key: String,
        /// What to type; - for standard input
        #[arg(required = true, value_name = "TEXT")]
        text: Vec<String>,
        /// Without Enter at the end
        #[arg(short = 'n', long)]
        no_enter: bool,
    },
    /// Print what a terminal wrote as plain text, or what it shows right now
    #[command(
        after_help = "Examples:\n  smartopol terminals read server --screen\n  smartopol terminals read server --follow | grep ERROR"
    )]
    Read {
        /// Its title, its id, or the beginning of its id
        #[arg(value_name = "KEY")]
        key: String,
        /// What it shows right now, line by line
        #[arg(long, conflicts_with_all = ["since", "follow"])]
        screen: bool,
        /// From the byte of this number on [default: the newest 64 KiB]
        #[arg(long, value_name = "N")]
        since: Option<u64>,
        /// Go on with what comes, until the program ends
        #[arg(short, long, conflicts_with = "json")]
        follow: bool,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// End the program of a terminal and all that came from it
    #[command(after_help = "Example:\n  smartopol terminals kill server --remove")]
    Kill {
        /// Its title, its id, or the beginning of its id
        #[arg(value_name = "KEY")]
        key: String,
        /// Remove what it wrote too
        #[arg(long)]
        remove: bool,
        /// Print one JSON object: the terminal, as it ended
        #[arg(long)]
        json: bool,
    },
    /// Take the typing from the agent
    #[command(after_help = "Example:\n  smartopol terminals take server")]
    Take {
        /// Its title, its id, or the beginning of its id
        #[arg(value_name = "KEY")]
        key: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Give the typing to the agent
    #[command(after_help = "Example:\n  smartopol terminals give server")]
    Give {
        /// Its title, its id, or the beginning of its id
        #[arg(value_name = "KEY")]
        key: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}

impl Command {
    /// Returns true where the daemon is to be started first if it does not run.
    pub(super) const fn starts_daemon(&self) -> bool {
        matches!(self, Self::New { .. })
    }
}

fn size(text: &str) -> Result<Size, String> {
    let parts = text.split_once(['x', 'X', '×']);
    parts
        .and_then(|(columns, rows)| {
            Some(Size {
                columns: columns.trim().parse().ok()?,
                rows: rows.trim().parse().ok()?,
            })
        })
        .ok_or_else(|| "say columns and rows, such as 80x24".into())
}

pub(super) async fn run(
    command: Command,
    paths: &Paths,
    out: &mut Out,
) -> anyhow::Result<ExitCode> {
    let client = client(paths).await?;
    match command {
        Command::List { json } => list(&client, json, out).await?,
        Command::New {
            command,
            title,
            cwd,
            size,
            session,
            attach: attached,
            json,
        } => {
            let open = Open {
                command,
                cwd: Some(folder(cwd)?),
                env: std::collections::BTreeMap::new(),
                size,
                title,
                session_id: match session {
                    Some(key) => Some(link::find(&client, Some(&key)).await?.id),
                    None => None,
                },
            };
            let terminal = client.call(open).await?;
            if let TerminalState::Ended {
                end: End::NotStarted { reason },
            } = &terminal.state
            {
                let fault = Fault::new(Code::BadRequest, reason.clone());
                return Err(fault.hint("give a program that exists").into());
            }
            if attached {
                return attach::attach(paths, terminal.id).await;
            }
            match json {
                true => out.json(&terminal)?,
                false => out.line(terminal.id)?,
            }
        }
        Command::Attach { key } => {
            let id = find(&client, &key).await?.terminal.id;
            return attach::attach(paths, id).await;
        }
        Command::Write {
            key,
            text,
            no_enter,
        } => {
            let id = find(&client, &key).await?.terminal.id;
            let mut bytes = match text.as_slice() {
                [dash] if dash == "-" => {
                    let mut bytes = Vec::new();
                    std::io::stdin()
                        .read_to_end(&mut bytes)
                        .context("standard input cannot be read")?;
                    bytes
                }
                words => words.join(" ").into_bytes(),
            };
            if !no_enter {
                bytes.push(b'\r');
            }
            for piece in bytes.chunks(INPUT) {
                let write = Write {
                    id,
                    text: String::new(),
                    bytes: piece.to_vec(),
                };
                client.call(write).await?;
            }
        }
        Command::Read {
            key,
            screen,
            since,
            follow,
            json,
        } => {
            let id = find(&client, &key).await?.terminal.id;
            if screen {
                let screen = client.call(Look { id, scrollback: 0 }).await?;
                if json {
                    out.json(&screen)?;
                } else {
                    let end = screen.lines.iter().rposition(|line| !line.is_empty());
                    let lines = screen.lines.iter().take(end.map_or(0, |last| last + 1));
                    lines.into_iter().try_for_each(|line| out.line(line))?;
                }
                return Ok(ExitCode::SUCCESS);
            }
            let mut read = Read {
                id,
                since,
                limit: 0,
            };
            loop {
                let piece = client.call(read).await?;
                if json {
                    out.json(&piece)?;
                    break;
                }
                out.raw(&piece.text)?;
                out.flush()?;
                read.since = Some(piece.until);
                if piece.more {
                    continue;
                }
                if !follow || !more(&client, read).await? {
                    break;
                }
            }
        }
        Command::Kill { key, remove, json } => {
            let id = find(&client, &key).await?.terminal.id;
            let terminal = client.call(Kill { id }).await?;
            if remove {
                client.call(Close { id }).await?;
            }
            match json {
                true => out.json(&terminal)?,
                false if remove => out.line(format!("{id} is gone"))?,
                false => out.line(format!("{id}: {}", state(&terminal, false).0))?,
            }
        }
        Command::Take { key, json } => {
            let id = find(&client, &key).await?.terminal.id;
            let terminal = client.call(Take { id }).await?;
            match json {
                true => out.json(&terminal)?,
                false => out.line("you type in it now; the agent does not")?,
            }
        }
        Command::Give { key, json } => {
            let id = find(&client, &key).await?.terminal.id;
            let terminal = client.call(Give { id }).await?;
            match json {
                true => out.json(&terminal)?,
                false => out.line("the agent types in it now")?,
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Waits until there is more to read; false where there never will be.
async fn more(client: &Client, read: Read) -> anyhow::Result<bool> {
    loop {
        let wait = Wait {
            id: read.id,
            until: Until::Matches {
                pattern: r"[\s\S]".into(),
                since: read.since,
            },
            limit_ms: 20_000,
        };
        match client.call(wait).await?.why {
            WaitOver::Met => return Ok(true),
            WaitOver::Ended => return Ok(false),
            WaitOver::Late => {}
        }
    }
}

/// Returns the folder that a terminal starts in, as text.
fn folder(cwd: Option<PathBuf>) -> anyhow::Result<String> {
    let Some(cwd) = cwd else {
        return Ok(link::folder()?);
    };
    let path =
        std::path::absolute(&cwd).with_context(|| format!("{} is no path", cwd.display()))?;
    let text = path.to_str().context("the path must be UTF-8")?;
    Ok(text.to_owned())
}

/// Returns the terminal that a person means.
async fn find(client: &Client, key: &str) -> anyhow::Result<Shown> {
    let listed = client.call(List {}).await?.terminals;
    let begins = |digits: &str| -> Vec<&Shown> {
        let is = |shown: &&Shown| {
            let id = shown.terminal.id.to_string();
            let own = id.strip_prefix(TerminalId::PREFIX);
            own.is_some_and(|own| own.starts_with(digits))
        };
        listed.iter().filter(is).collect()
    };
    let digits = key.strip_prefix(TerminalId::PREFIX);
    // What is written as an id is one before it is a title: the agent chooses those of its own.
    let mut found = digits.map_or_else(Vec::new, &begins);
    if found.is_empty() {
        let named = |shown: &&Shown| shown.terminal.title == key;
        found = listed.iter().filter(named).collect();
        // Of several with one title, the one that runs is meant.
        if found.iter().any(|shown| shown.terminal.runs()) {
            found.retain(|shown| shown.terminal.runs());
        }
    }
    if found.is_empty() && digits.is_none() && key.len() >= BEGINNING {
        found = begins(key);
    }
    let fault = match found.as_slice() {
        [one] => return Ok((*one).clone()),
        [] => Fault::new(Code::NotFound, format!("there is no terminal `{key}`"))
            .hint("`smartopol terminals list` shows them all"),
        several => {
            let ids = several.iter().take(CANDIDATES).map(|shown| {
                let Terminal { id, title, .. } = &shown.terminal;
                format!("{id} ({title})")
            });
            let ids: Vec<String> = ids.collect();
            let more = match several.len().saturating_sub(CANDIDATES) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            Fault::new(Code::Conflict, format!("`{key}` may be several terminals"))
                .hint(format!("give a whole id: {}{more}", ids.join(", ")))
        }
    };
    Err(fault.into())
}

async fn list(client: &Client, json: bool, out: &mut Out) -> anyhow::Result<()> {
    let listed = client.call(List {}).await?.terminals;
    if json {
        listed.iter().try_for_each(|shown| out.json(shown))?;
        return Ok(());
    }
    let rows: Vec<_> = listed
        .iter()
        .map(|shown| {
            let terminal = &shown.terminal;
            let (mut state, tone) = state(terminal, shown.waits);
            // A script reads all of it.
            if out.width().is_some() {
                state = glance(&state, STATE);
            }
            let types = match terminal.typist {
                Party::Agent => "agent",
                Party::Person => "you",
            };
            let Size { columns, rows } = terminal.size;
            vec![
                cell(short(terminal)),
                toned(state, tone),
                cell(time::age(terminal.since)),
                cell(types),
                cell(format!("{columns}x{rows}")),
                cell(shown.attached.len().to_string()),
                cell(&terminal.title),
            ]
        })
        .collect();
    let heads = ["id", "state", "since", "types", "size", "here", "title"];
    let empty = "no terminals: `smartopol terminals new` opens one";
    Ok(table::print(out, &heads, &rows, empty)?)
}

/// Returns so much of an id as tells it apart for people.
fn short(terminal: &Terminal) -> String {
    terminal.id.to_string().chars().take(20).collect()
}

/// Returns where a terminal stands, for people.
fn state(terminal: &Terminal, waits: bool) -> (String, Tone) {
    match &terminal.state {
        TerminalState::Running {
            trouble: Some(trouble),
            ..
        } => (trouble.clone(), Tone::Bad),
        TerminalState::Running { closed: true, .. } => {
            ("runs, let go of its terminal".into(), Tone::Quiet)
        }
        TerminalState::Running { .. } if waits => ("waits for input".into(), Tone::Waits),
        TerminalState::Running { .. } => ("runs".into(), Tone::Good),
        TerminalState::Ended { end } => ended(end),
    }
}

/// Returns how a program ended, for people.
fn ended(end: &End) -> (String, Tone) {
    match end {
        End::Exited { code: 0 } => ("exited 0".into(), Tone::Quiet),
        End::Exited { code } => (format!("exited {code}"), Tone::Bad),
        End::Signaled { signal } => (format!("ended by {signal}"), Tone::Bad),
        End::NotStarted { reason } => (format!("not started: {reason}"), Tone::Bad),
        End::Abandoned => ("ended: no daemon came for too long".into(), Tone::Bad),
        End::Lost { reason } => (format!("lost: {reason}"), Tone::Bad),
    }
}
