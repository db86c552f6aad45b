//! `prompt`: what the model is told beside the conversation, and the end of the first one.

use std::process::ExitCode;

use clap::Subcommand;
use smartopol_config::Paths;
use smartopol_protocol::prompt::{PromptPart, Show, Shown, Skip};

use super::link::{client, find};
use super::out::{Out, Tone};
use super::table::{self, cell, toned};

/// What the model is told beside the conversation.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the parts of a session's prompt, where each comes from and how long it is
    #[command(
        after_help = "Examples:\n  smartopol prompt show --session notes\n  smartopol prompt show --text SOUL.md"
    )]
    Show {
        /// A name, an id, or the beginning of an id [default: the latest of this folder]
        #[arg(long, value_name = "KEY")]
        session: Option<String>,
        /// Print what one part says, and nothing else
        #[arg(long, value_name = "PART", conflicts_with = "json")]
        text: Option<String>,
        /// Print one JSON object a part, with what it says
        #[arg(long)]
        json: bool,
    },
    /// End the first conversation, in which the agent asks who it is and who you are
    #[command(after_help = "Example:\n  smartopol prompt skip")]
    Skip,
}

pub(super) async fn run(
    command: Command,
    paths: &Paths,
    out: &mut Out,
) -> anyhow::Result<ExitCode> {
    let client = client(paths).await?;
    match command {
        Command::Show {
            session,
            text,
            json,
        } => {
            let session = find(&client, session.as_deref()).await?;
            let show = Show {
                session_id: session.id,
                text: json || text.is_some(),
            };
            let shown = client.call(show).await?;
            match text {
                Some(name) => one(&shown, &name, out)?,
                None if json => shown.parts.iter().try_for_each(|part| out.json(part))?,
                None => all(&shown, out)?,
            }
        }
        Command::Skip => {
            let skipped = client.call(Skip {}).await?.skipped;
            out.line(match skipped {
                true => {
                    "the first conversation is over; IDENTITY.md and USER.md are yours to fill in"
                }
                false => "there was no first conversation to skip",
            })?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints what one part says.
fn one(shown: &Shown, name: &str, out: &mut Out) -> anyhow::Result<()> {
    let is = |part: &&PromptPart| part.name.eq_ignore_ascii_case(name);
    let Some(part) = shown.parts.iter().find(is) else {
        let names: Vec<_> = shown.parts.iter().map(|part| part.name.as_str()).collect();
        anyhow::bail!(
            "the prompt has no part `{name}`: its parts are {}",
            names.join(", ")
        );
    };
    match part.text.trim_end() {
        "" => anyhow::bail!("`{}` has no text of its own", part.name),
        text => text.lines().try_for_each(|line| out.line(line))?,
    }
    Ok(())
}

fn all(shown: &Shown, out: &mut Out) -> anyhow::Result<()> {
    let rows: Vec<_> = shown
        .parts
        .iter()
        .map(|part| {
            let tokens = match part.cut {
                0 => cell(part.tokens.to_string()),
                cut => toned(format!("{} ({cut} bytes cut)", part.tokens), Tone::Bad),
            };
            vec![
                toned(part.tier.name(), Tone::Quiet),
                cell(&part.name),
                tokens,
                toned(&part.source, Tone::Quiet),
            ]
        })
        .collect();
    table::print(out, &["tier", "part", "tokens", "from"], &rows, "no parts")?;
    let total: u64 = shown.parts.iter().map(|part| part.tokens).sum();
    out.line(format!(
        "about {total} tokens; a request carries at most {} of the transcript",
        shown.context_tokens
    ))?;
    Ok(())
}
