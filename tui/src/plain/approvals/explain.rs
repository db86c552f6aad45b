//! Why: `approvals check` about a command line, `approvals lab` about a question.

use clap::Args;
use smartopol_ipc::Client;
use smartopol_protocol::approval::{Check, Checked, LabShown, Mode, Verdict};

use super::super::link::{find, folder};
use super::super::out::Out;
use super::show;
use crate::app::lab;

/// A command line to explain.
#[derive(Debug, Args)]
pub struct Asked {
    /// The command line
    #[arg(value_name = "COMMAND")]
    command: String,
    /// The folder it would run in [default: the session's, else the current one]
    #[arg(long, value_name = "DIR")]
    cwd: Option<String>,
    /// The mode to judge in [default: the session's, else the config's]
    #[arg(long, value_name = "MODE", value_parser = mode)]
    mode: Option<Mode>,
    /// The session whose folder, mode and rules hold
    #[arg(short, long, value_name = "KEY")]
    session: Option<String>,
    /// The role of the one who asks [default: you, with your own rights]
    #[arg(long, value_name = "ROLE", value_parser = ["admin", "user", "child"])]
    role: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

fn mode(text: &str) -> Result<Mode, String> {
    let found = Mode::ALL.into_iter().find(|mode| mode.name() == text);
    found.ok_or_else(|| format!("the modes are {}", Mode::ALL.map(Mode::name).join(", ")))
}

pub(super) async fn check(client: &Client, asked: Asked, out: &mut Out) -> anyhow::Result<()> {
    let session_id = match &asked.session {
        Some(key) => Some(find(client, Some(key)).await?.id),
        None => None,
    };
    let cwd = match (&asked.cwd, session_id) {
        (Some(cwd), _) => std::path::absolute(cwd)?.to_string_lossy().into_owned(),
        (None, Some(_)) => String::new(),
        (None, None) => folder()?,
    };
    let checked = client
        .call(Check {
            command: asked.command,
            cwd,
            mode: asked.mode,
            session_id,
            role: asked.role,
        })
        .await?;
    if asked.json {
        return Ok(out.json(&checked)?);
    }
    print_checked(&checked, out)
}

/// Returns a verdict in a word.
pub(super) const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allow => "allow",
        Verdict::Ask => "ask",
        Verdict::Deny => "deny",
    }
}

fn print_checked(checked: &Checked, out: &mut Out) -> anyhow::Result<()> {
    out.line(format!("verdict  {}", verdict(checked.verdict)))?;
    for reason in &checked.reasons {
        out.line(format!("because  {reason}"))?;
    }
    for effect in &checked.effects {
        out.line(format!("touches  {}", show::effect_in_words(effect)))?;
    }
    if let Some(removal) = &checked.removal {
        show::removed(removal, out)?;
    }
    if let Some(danger) = &checked.danger {
        out.line(format!(
            "danger   {}; it needs the word `{}`",
            danger.why, danger.word
        ))?;
    }
    if let Some(rule) = &checked.rule {
        out.line(format!("offers   {rule}"))?;
    }
    Ok(())
}

pub(super) fn print_lab(shown: &LabShown, out: &mut Out) -> anyhow::Result<()> {
    for reason in &shown.why {
        out.line(format!("because  {}", reason.text))?;
    }
    if shown.candidates.is_empty() {
        out.line("rules    none: such a call can only be allowed once")?;
    }
    for (number, candidate) in shown.candidates.iter().enumerate() {
        out.line(format!("rule {:<3} {}", number + 1, candidate.text))?;
        out.line(format!("         {}", lab::sentence(&candidate.back_test)))?;
    }
    Ok(())
}
