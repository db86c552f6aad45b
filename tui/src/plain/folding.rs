//! `sessions compact`, `expand`, `folded`, `pin`, `unpin`, `pins`: what the model is told of a long
//! session, and what no summary may change.

use clap::{Subcommand, ValueEnum};
use smartopol_ipc::Client;
use smartopol_protocol::PinId;
use smartopol_protocol::compaction::{
    Add, Compact, Compaction, Expand, List, ListPins, MadeBy, Pin, PinKind, Remove,
};
use smartopol_protocol::terminal::Party;

use super::link::find;
use super::out::{Out, Tone};
use super::table::{self, cell, toned};
use super::time;

/// What the model is told of a long session.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Let the next request fold older messages into a summary for the model
    #[command(after_help = "Example:\n  smartopol sessions compact notes")]
    Compact {
        /// The session
        #[arg(value_name = "KEY")]
        key: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Take the newest summary back: the model is told the messages again, as far as they fit
    #[command(after_help = "Example:\n  smartopol sessions expand notes")]
    Expand {
        /// The session
        #[arg(value_name = "KEY")]
        key: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// List what was folded, with the summaries
    #[command(after_help = "Example:\n  smartopol sessions folded notes --json | jq -r .summary")]
    Folded {
        /// The session
        #[arg(value_name = "KEY")]
        key: String,
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Pin what no summary may change
    #[command(
        after_help = "Example:\n  smartopol sessions pin notes never touch the archive \
                            --kind rule"
    )]
    Pin {
        /// The session
        #[arg(value_name = "KEY")]
        key: String,
        /// The text
        #[arg(value_name = "TEXT", required = true)]
        text: Vec<String>,
        /// What it is
        #[arg(long, default_value = "rule")]
        kind: Kind,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Take a pin off
    #[command(after_help = "Example:\n  smartopol sessions unpin notes pin_0198…")]
    Unpin {
        /// The session
        #[arg(value_name = "KEY")]
        key: String,
        /// The pin, as `sessions pins` shows it
        #[arg(value_name = "PIN")]
        pin: PinId,
    },
    /// List what is pinned
    #[command(after_help = "Example:\n  smartopol sessions pins notes")]
    Pins {
        /// The session
        #[arg(value_name = "KEY")]
        key: String,
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
}

/// What can be pinned.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Kind {
    /// What the session is for
    Goal,
    /// What holds for everything that is done
    Rule,
    /// What was decided
    Decision,
    /// What is still to be done
    Todo,
}

impl From<Kind> for PinKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Goal => Self::Goal,
            Kind::Rule => Self::Rule,
            Kind::Decision => Self::Decision,
            Kind::Todo => Self::Todo,
        }
    }
}

pub(super) async fn run(client: &Client, command: Command, out: &mut Out) -> anyhow::Result<()> {
    match command {
        Command::Compact { key, json } => {
            let session = find(client, Some(&key)).await?;
            let planned = client.call(Compact { id: session.id }).await?;
            if json {
                return Ok(out.json(&planned)?);
            }
            let when = match planned.running {
                true => "the running turn folds with its next request",
                false => "nothing runs, so the next turn folds first",
            };
            out.line(format!("`{}`: {when}", session.name))?;
        }
        Command::Expand { key, json } => {
            let session = find(client, Some(&key)).await?;
            let expanded = client.call(Expand { id: session.id }).await?;
            if json {
                return Ok(out.json(&expanded)?);
            }
            out.line(format!(
                "the model is told the {} folded messages of `{}` again, as far as they fit",
                expanded.messages, session.name
            ))?;
        }
        Command::Folded { key, json } => {
            let id = find(client, Some(&key)).await?.id;
            let folded = client.call(List { id }).await?.compactions;
            if json {
                return Ok(folded.iter().try_for_each(|own| out.json(own))?);
            }
            if folded.is_empty() {
                out.line("nothing was folded: the model is told every message")?;
            }
            for compaction in &folded {
                show(compaction, out)?;
            }
        }
        Command::Pin {
            key,
            text,
            kind,
            json,
        } => {
            let id = find(client, Some(&key)).await?.id;
            let (kind, text) = (kind.into(), text.join(" "));
            let pin = client.call(Add { id, kind, text }).await?;
            if json {
                return Ok(out.json(&pin)?);
            }
            out.line(format!("pinned as {}", pin.id))?;
        }
        Command::Unpin { key, pin } => {
            let id = find(client, Some(&key)).await?.id;
            client.call(Remove { id, pin_id: pin }).await?;
            out.line(format!("{pin} is taken off"))?;
        }
        Command::Pins { key, json } => {
            let id = find(client, Some(&key)).await?.id;
            let pins = client.call(ListPins { id }).await?.pins;
            if json {
                return Ok(pins.iter().try_for_each(|pin| out.json(pin))?);
            }
            let rows: Vec<_> = pins.iter().map(row).collect();
            let heads = ["pin", "kind", "by", "pinned", "text"];
            let empty = "nothing is pinned: `smartopol sessions pin KEY TEXT` pins a rule";
            table::print(out, &heads, &rows, empty)?;
        }
    }
    Ok(())
}

fn row(pin: &Pin) -> Vec<table::Cell> {
    let by = match pin.by {
        Party::Agent => "agent",
        Party::Person => "person",
    };
    vec![
        toned(pin.id.to_string(), Tone::Quiet),
        cell(pin.kind.name()),
        cell(by),
        cell(time::age(pin.created_at)),
        cell(&pin.text),
    ]
}

fn show(own: &Compaction, out: &mut Out) -> anyhow::Result<()> {
    let by = match &own.made_by {
        MadeBy::Model {
            provider, model, ..
        } => format!("by {provider}/{model}"),
        MadeBy::Cut { reason } => format!("cut, without a summary: {reason}"),
    };
    let counts = match own.expanded_at {
        None => String::new(),
        Some(at) => format!(", taken back {}", time::local(at)),
    };
    out.line(format!(
        "{}, {}{counts}: {} messages, up to position {}, about {} tokens are {}; {by}",
        own.id,
        time::local(own.created_at),
        own.messages,
        own.until,
        own.tokens_before,
        own.tokens_after
    ))?;
    for pin in &own.pinned {
        out.text(&format!("  {}: {}", pin.kind.name(), pin.text))?;
    }
    if !own.summary.is_empty() {
        out.text(&own.summary)?;
    }
    Ok(out.line("")?)
}
