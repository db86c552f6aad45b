//! `sessions queue`: what waits for its turn, changed or taken back.

use clap::Subcommand;
use smartopol_ipc::Client;
use smartopol_protocol::message::{Edit, Message, Withdraw};
use smartopol_protocol::session::Show;
use smartopol_protocol::{Code, Fault};

use super::link::find;
use super::out::{Out, Tone};
use super::table::{self, cell, toned};
use super::time;

/// What is done with a message that waits.
#[derive(Debug, Subcommand)]
pub enum Change {
    /// Change what it says
    #[command(after_help = "Example:\n  smartopol sessions queue notes edit 1 say it differently")]
    Edit {
        /// Its number in the list, or its id
        #[arg(value_name = "N")]
        which: String,
        /// What it says instead
        #[arg(required = true, value_name = "TEXT")]
        text: Vec<String>,
    },
    /// Let it join the running turn at its next step
    #[command(after_help = "Example:\n  smartopol sessions queue notes steer 1")]
    Steer {
        /// Its number in the list, or its id
        #[arg(value_name = "N")]
        which: String,
    },
    /// Take it back
    #[command(after_help = "Example:\n  smartopol sessions queue notes withdraw 1")]
    Withdraw {
        /// Its number in the list, or its id
        #[arg(value_name = "N")]
        which: String,
    },
}

pub(super) async fn run(
    client: &Client,
    key: &str,
    change: Option<Change>,
    json: bool,
    out: &mut Out,
) -> anyhow::Result<()> {
    let session = find(client, Some(key)).await?;
    let shown = client.call(Show::newest(session.id, 1)).await?;
    let waiting: Vec<Message> = shown
        .messages
        .into_iter()
        .filter(|message| message.position.is_none() && !message.is_command())
        .collect();
    match change {
        None => list(&waiting, json, out)?,
        Some(Change::Edit { which, text }) => {
            let edit = Edit {
                id: pick(&waiting, &which)?.id,
                text: Some(text.join(" ")),
                steer: None,
            };
            told(&client.call(edit).await?, "changed", json, out)?;
        }
        Some(Change::Steer { which }) => {
            let edit = Edit {
                id: pick(&waiting, &which)?.id,
                text: None,
                steer: Some(true),
            };
            let message = client.call(edit).await?;
            told(
                &message,
                "joins the running turn at its next step",
                json,
                out,
            )?;
        }
        Some(Change::Withdraw { which }) => {
            let message = pick(&waiting, &which)?;
            client.call(Withdraw { id: message.id }).await?;
            told(message, "taken back", json, out)?;
        }
    }
    Ok(())
}

fn list(waiting: &[Message], json: bool, out: &mut Out) -> anyhow::Result<()> {
    if json {
        return Ok(waiting.iter().try_for_each(|message| out.json(message))?);
    }
    let rows: Vec<_> = waiting
        .iter()
        .enumerate()
        .map(|(place, message)| {
            let how = if message.steer { "steers" } else { "waits" };
            vec![
                cell((place + 1).to_string()),
                toned(how, Tone::Waits),
                cell(time::age(message.created_at)),
                cell(message.text()),
            ]
        })
        .collect();
    Ok(table::print(
        out,
        &["n", "how", "said", "text"],
        &rows,
        "nothing waits for its turn",
    )?)
}

fn told(message: &Message, what: &str, json: bool, out: &mut Out) -> anyhow::Result<()> {
    match json {
        true => Ok(out.json(message)?),
        false => Ok(out.line(format!("{what}: {}", message.text()))?),
    }
}

fn pick<'a>(waiting: &'a [Message], which: &str) -> Result<&'a Message, Fault> {
    let place = which.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
    let by_place = place.and_then(|place| waiting.get(place));
    let by_id = || {
        waiting
            .iter()
            .find(|message| message.id.to_string() == which)
    };
    by_place.or_else(by_id).ok_or_else(|| {
        let told = format!("no message `{which}` waits there; {} do", waiting.len());
        Fault::new(Code::NotFound, told).hint("see them without `edit` or `withdraw`")
    })
}
