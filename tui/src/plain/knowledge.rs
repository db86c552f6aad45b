//! `knowledge`: topics that the agent writes for itself, as a person reads and writes them.

mod files;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use smartopol_config::Paths;
use smartopol_ipc::Client;
use smartopol_protocol::knowledge::{
    Forget, Hot, How, Link, List, Owner, Pin, Search, Show, Shown, Topic, Write,
};

use super::confirm::confirmed;
use super::link::client;
use super::out::{Out, Tone, glance};
use super::table::{self, Cell, cell, toned};
use super::time;
use crate::source::said_by;

/// Topics that the agent writes for itself.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List topics by name
    #[command(
        after_help = "Examples:\n  smartopol knowledge list --tag server\n  smartopol knowledge list --hot"
    )]
    List {
        /// Only those with this tag
        #[arg(long, value_name = "TAG")]
        tag: Option<String>,
        /// Only those that every session is told of
        #[arg(long, conflicts_with = "tag")]
        hot: bool,
        /// At most so many
        #[arg(short = 'n', long, default_value_t = 200, value_name = "N")]
        limit: u32,
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Look for words in topics, the best first
    #[command(after_help = "Example:\n  smartopol knowledge search deploy server")]
    Search {
        /// The words; one of them is enough, and none is an operator
        #[arg(required = true, value_name = "WORDS")]
        words: Vec<String>,
        /// Only those with this tag
        #[arg(long, value_name = "TAG")]
        tag: Option<String>,
        /// At most so many
        #[arg(short = 'n', long, default_value_t = 20, value_name = "N")]
        limit: u32,
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Show one topic
    #[command(after_help = "Example:\n  smartopol knowledge show deploy")]
    Show {
        /// Its name, its id, or the unique beginning of its id
        #[arg(value_name = "TOPIC")]
        topic: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Write a topic, or write it anew
    #[command(
        after_help = "Examples:\n  smartopol knowledge add Deploy 'make deploy, from main only' --tags server\n  smartopol knowledge add Deploy - < deploy.md\n  smartopol knowledge add Deploy 'never on Fridays' --append"
    )]
    Add {
        /// Its name
        #[arg(value_name = "NAME")]
        name: String,
        /// What it says, Markdown; `-` reads standard input
        #[arg(required = true, value_name = "TEXT")]
        text: Vec<String>,
        /// Its tags, with commas between them
        #[arg(long, value_name = "TAGS", value_delimiter = ',')]
        tags: Option<Vec<String>>,
        /// Keep what it says, and add to its end
        #[arg(long)]
        append: bool,
        /// Let everybody read it, not only you
        #[arg(long)]
        house: bool,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Bring in a folder of Markdown, or one file: a topic for each
    #[command(after_help = "Example:\n  smartopol knowledge import notes/")]
    Import {
        /// The folder or file
        #[arg(value_name = "PATH")]
        path: PathBuf,
        /// Let everybody read them, not only you
        #[arg(long)]
        house: bool,
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Write all topics into a folder as Markdown, a file for each
    #[command(after_help = "Example:\n  smartopol knowledge export notes/")]
    Export {
        /// The folder; it is made where there is none
        #[arg(value_name = "FOLDER")]
        folder: PathBuf,
        /// Only those with this tag
        #[arg(long, value_name = "TAG")]
        tag: Option<String>,
        /// Overwrite files of the same names
        #[arg(long)]
        force: bool,
    },
    /// Let one topic point to another
    #[command(after_help = "Example:\n  smartopol knowledge link deploy server")]
    Link {
        /// The one that points
        #[arg(value_name = "FROM")]
        from: String,
        /// The one it points to
        #[arg(value_name = "TO")]
        to: String,
        /// Let it point there no longer
        #[arg(long)]
        remove: bool,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Keep a topic among those that every session is told of
    #[command(
        after_help = "Examples:\n  smartopol knowledge pin deploy\n  smartopol knowledge pin deploy --remove"
    )]
    Pin {
        /// Its name, its id, or the unique beginning of its id
        #[arg(value_name = "TOPIC")]
        topic: String,
        /// Keep it there no longer
        #[arg(long)]
        remove: bool,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Remove a topic with its links
    #[command(after_help = "Example:\n  smartopol knowledge forget deploy --yes")]
    Forget {
        /// Its name, its id, or the unique beginning of its id
        #[arg(value_name = "TOPIC")]
        topic: String,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
}

pub(super) async fn run(
    command: Command,
    paths: &Paths,
    out: &mut Out,
) -> anyhow::Result<ExitCode> {
    let client = client(paths).await?;
    match command {
        Command::List {
            tag,
            hot,
            limit,
            json,
        } => {
            let listed = match hot {
                true => return self::hot(&client, json, out).await,
                false => {
                    client
                        .call(List {
                            tag,
                            limit,
                            skip: 0,
                        })
                        .await?
                }
            };
            match json {
                true => listed.topics.iter().try_for_each(|own| out.json(own))?,
                false => {
                    let rows: Vec<_> = listed
                        .topics
                        .iter()
                        .map(|own| row(own, &own.line))
                        .collect();
                    let empty = "there are no topics: `smartopol knowledge import FOLDER`";
                    table::print(out, &HEADS, &rows, empty)?;
                    if listed.more {
                        out.line("there are more: `-n 1000`")?;
                    }
                }
            }
        }
        Command::Search {
            words,
            tag,
            limit,
            json,
        } => {
            let search = Search {
                text: words.join(" "),
                typing: false,
                tag,
                limit,
            };
            let hits = client.call(search).await?.hits;
            match json {
                true => hits.iter().try_for_each(|hit| out.json(hit))?,
                false => {
                    let row =
                        |hit: &smartopol_protocol::knowledge::Hit| row(&hit.topic, &hit.excerpt);
                    let rows: Vec<_> = hits.iter().map(row).collect();
                    table::print(out, &HEADS, &rows, "no topic says that")?;
                }
            }
        }
        Command::Show { topic, json } => {
            let shown = client.call(Show { key: topic }).await?;
            match json {
                true => out.json(&shown)?,
                false => show(&shown, out)?,
            }
        }
        Command::Add {
            name,
            text,
            tags,
            append,
            house,
            json,
        } => {
            let text = match text.join(" ").as_str() {
                "-" => std::io::read_to_string(std::io::stdin())?,
                text => text.to_owned(),
            };
            let write = Write {
                name,
                text,
                tags,
                links: None,
                how: if append { How::Append } else { How::Replace },
                owner: owner(house),
            };
            done(&client.call(write).await?, "written", json, out)?;
        }
        Command::Import { path, house, json } => {
            return files::import(&client, &path, owner(house), json, out).await;
        }
        Command::Export { folder, tag, force } => {
            return files::export(&client, &folder, tag, force, out).await;
        }
        Command::Link {
            from,
            to,
            remove,
            json,
        } => {
            let linked = !remove;
            let topic = client.call(Link { from, to, linked }).await?;
            let words = match topic.links.is_empty() {
                true => "points nowhere".to_owned(),
                false => format!("points to {}", topic.links.join(", ")),
            };
            match json {
                true => out.json(&topic)?,
                false => out.line(format!("{} {words}", topic.name))?,
            }
        }
        Command::Pin {
            topic,
            remove,
            json,
        } => {
            let pin = Pin {
                key: topic,
                pinned: !remove,
            };
            let words = if remove { "no longer pinned" } else { "pinned" };
            done(&client.call(pin).await?, words, json, out)?;
        }
        Command::Forget { topic, yes } => {
            let own = client.call(Show { key: topic }).await?.topic;
            let question = format!("forget the topic `{}` with its links?", own.name);
            if !yes && !confirmed(&question, "forgetting removes the topic for good")? {
                return Ok(ExitCode::SUCCESS);
            }
            let key = own.id.to_string();
            client.call(Forget { key }).await?;
            out.line(format!("forgotten: {}", own.name))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

const HEADS: [&str; 5] = ["name", "tags", "used", "written", "says"];

const fn owner(house: bool) -> Owner {
    match house {
        true => Owner::House,
        false => Owner::Own,
    }
}

async fn hot(client: &Client, json: bool, out: &mut Out) -> anyhow::Result<ExitCode> {
    let hot = client.call(Hot {}).await?.topics;
    if json {
        hot.iter().try_for_each(|own| out.json(own))?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<Vec<Cell>> = hot
        .iter()
        .map(|own| {
            let why = match own.topic.pinned {
                true => "pinned".to_owned(),
                false => format!("{:.2}", own.warmth),
            };
            vec![cell(why), cell(&own.told)]
        })
        .collect();
    let empty = "no topic is used yet, and none is pinned";
    table::print(out, &["warmth", "told in every session"], &rows, empty)?;
    Ok(ExitCode::SUCCESS)
}

fn row(own: &Topic, says: &str) -> Vec<Cell> {
    let says = match own.taint.is_empty() {
        true => says.to_owned(),
        false => format!("[untrusted] {says}"),
    };
    let name = match own.pinned {
        true => format!("{} (pinned)", own.name),
        false => own.name.clone(),
    };
    vec![
        cell(glance(&name, 40)),
        toned(glance(&own.tags.join(", "), 30), Tone::Quiet),
        cell(own.uses.to_string()),
        cell(time::age(own.updated_at)),
        cell(says),
    ]
}

fn done(own: &Topic, words: &str, json: bool, out: &mut Out) -> std::io::Result<()> {
    match json {
        true => out.json(own),
        false => out.line(format!("{words}: {} ({})", own.name, own.id)),
    }
}

fn show(shown: &Shown, out: &mut Out) -> std::io::Result<()> {
    let own = &shown.topic;
    out.line(format!("# {}", own.name))?;
    let mut about = vec![format!("id {}", own.id)];
    if !own.tags.is_empty() {
        about.push(format!("tags {}", own.tags.join(", ")));
    }
    if !own.links.is_empty() {
        about.push(format!("points to {}", own.links.join(", ")));
    }
    if !shown.linked_from.is_empty() {
        about.push(format!("pointed at by {}", shown.linked_from.join(", ")));
    }
    about.push(format!(
        "written {} by {}",
        own.updated_at,
        said_by(&own.source)
    ));
    about.push(format!("used {} times", own.uses));
    for line in about {
        let line = out.tone(Tone::Quiet, &crate::sanitize::line(&line));
        out.raw(&format!("{line}\n"))?;
    }
    for taint in &own.taint {
        out.line(format!("untrusted: {}: {}", taint.kind.words(), taint.what))?;
    }
    out.line("")?;
    out.text(&shown.text)
}
