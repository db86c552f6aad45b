//! `approvals`: questions about tool calls, their answers, and the rules learned from answers.

mod explain;
mod pattern;
mod rules;
mod show;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use smartopol_config::Paths;
use smartopol_ipc::Client;
use smartopol_protocol::approval::{Decide, Lab, List, Pattern, Scope, Show};
use smartopol_protocol::{ApprovalId, Code, Fault};

use super::link::{client, find};
use super::out::Out;
use super::time;
use explain::Asked;
use pattern::PatternArgs;
use rules::Rules;

/// Questions about tool calls.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the approvals that wait for a person
    #[command(after_help = "Example:\n  smartopol approvals list --all -n 20")]
    List {
        /// Also those that have ended
        #[arg(long)]
        all: bool,
        /// Only those of this session
        #[arg(short, long, value_name = "KEY")]
        session: Option<String>,
        /// At most so many of the newest
        #[arg(short = 'n', long, default_value_t = 100, value_name = "N")]
        limit: u32,
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Show exactly what a call would do
    #[command(after_help = "Example:\n  smartopol approvals show apr_0193")]
    Show {
        /// The approval's id, or its beginning
        #[arg(value_name = "ID")]
        id: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Allow a call
    #[command(
        after_help = "Examples:\n  smartopol approvals allow apr_0193\n  smartopol approvals allow apr_0193 --workspace --candidate 2 --expire-after 7d\n  smartopol approvals allow apr_0193 --always --command 'git (status|log)'\n  smartopol approvals allow apr_0193 --word delete"
    )]
    Allow {
        #[command(flatten)]
        answer: Answer,
        #[command(flatten)]
        scope: ScopeArgs,
        /// The word that a dangerous call needs; `show` tells it
        #[arg(
            long,
            value_name = "WORD",
            default_value = "",
            hide_default_value = true
        )]
        word: String,
        #[command(flatten)]
        keep: Keep,
    },
    /// Deny a call
    #[command(
        after_help = "Example:\n  smartopol approvals deny apr_0193 --note \"use git clean\""
    )]
    Deny {
        #[command(flatten)]
        answer: Answer,
    },
    /// Say why a call is asked about, and which rules would cover it, from narrow to broad
    #[command(after_help = "Example:\n  smartopol approvals lab apr_0193")]
    Lab {
        /// The approval's id, or its beginning
        #[arg(value_name = "ID")]
        id: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Explain the verdict on a command line without running anything
    #[command(
        after_help = "Examples:\n  smartopol approvals check 'git log | head'\n  smartopol approvals check --json --mode auto --cwd /srv 'rm -r cache'\n\nThe exit code is 0 whatever the verdict is."
    )]
    Check(Asked),
    /// The rules in force, those of the config first: list, test, revoke
    #[command(
        after_help = "Examples:\n  smartopol approvals rules\n  smartopol approvals rules test --command 'git (status|log)' 'git status -s'\n  smartopol approvals rules revoke rul_0193"
    )]
    Rules {
        #[command(subcommand)]
        command: Option<Rules>,
    },
}

impl Command {
    /// Returns true for what asks the daemon something that does not need it to run before.
    pub(super) const fn starts_daemon(&self) -> bool {
        matches!(self, Self::Check(_))
    }
}

/// An answer.
#[derive(Debug, Args)]
pub struct Answer {
    /// The approval's id, or its beginning
    #[arg(value_name = "ID")]
    id: String,
    /// Something to tell the agent with the answer
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    note: String,
    /// Print the answered approval as one JSON object
    #[arg(long)]
    json: bool,
}

/// How far an answer goes; this call alone where nothing is said.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub struct ScopeArgs {
    /// Calls like it in this session need no answer either
    #[arg(long)]
    session: bool,
    /// Calls like it need no answer in any session of this session's folder, until revoked
    #[arg(long)]
    workspace: bool,
    /// Calls like it need no answer in any session, until revoked
    #[arg(long)]
    always: bool,
    /// The same by its name
    #[arg(long, value_name = "SCOPE", value_parser = ["once", "session", "workspace", "always"])]
    scope: Option<String>,
}

impl ScopeArgs {
    fn scope(&self) -> Scope {
        match self.scope.as_deref() {
            _ if self.always => Scope::Always,
            _ if self.workspace => Scope::Workspace,
            _ if self.session => Scope::Session,
            Some("always") => Scope::Always,
            Some("workspace") => Scope::Workspace,
            Some("session") => Scope::Session,
            _ => Scope::Once,
        }
    }
}

/// The rule that an answer for longer keeps; the one that was offered where nothing is said.
#[derive(Debug, Args)]
pub struct Keep {
    /// Keep this one of the rules that `lab` lists, counted from 1
    #[arg(long, value_name = "N", conflicts_with_all = ["command", "path", "cwd", "role"])]
    candidate: Option<usize>,
    #[command(flatten)]
    pattern: PatternArgs,
    /// End the rule by itself after this time: 90s, 15m, 1h, 2d, 1w
    #[arg(long, value_name = "TIME", value_parser = time::seconds)]
    expire_after: Option<u64>,
}

pub(super) async fn run(
    command: Command,
    paths: &Paths,
    out: &mut Out,
) -> anyhow::Result<ExitCode> {
    let client = client(paths).await?;
    match command {
        Command::List {
            all,
            session,
            limit,
            json,
        } => {
            let session_id = match session {
                Some(key) => Some(find(&client, Some(&key)).await?.id),
                None => None,
            };
            let list = List {
                all,
                session_id,
                limit,
            };
            let approvals = client.call(list).await?.approvals;
            if json {
                approvals
                    .iter()
                    .try_for_each(|approval| out.json(approval))?;
            } else {
                show::print_list(&approvals, out)?;
            }
        }
        Command::Show { id, json } => {
            let id = resolve(&client, &id).await?;
            let approval = client.call(Show { id }).await?;
            if json {
                out.json(&approval)?;
            } else {
                show::print_one(&approval, out)?;
            }
        }
        Command::Allow {
            answer,
            scope,
            word,
            keep,
        } => {
            let id = resolve(&client, &answer.id).await?;
            let rule = chosen(&client, id, &keep).await?;
            let decide = Decide {
                word,
                rule,
                expire_after_seconds: keep.expire_after,
                ..Decide::allow(id, scope.scope())
            };
            answered(&client, decide, answer, out).await?;
        }
        Command::Deny { answer } => {
            let id = resolve(&client, &answer.id).await?;
            answered(&client, Decide::deny(id), answer, out).await?;
        }
        Command::Lab { id, json } => {
            let id = resolve(&client, &id).await?;
            let shown = client.call(Lab { id }).await?;
            if json {
                out.json(&shown)?;
            } else {
                explain::print_lab(&shown, out)?;
            }
        }
        Command::Check(asked) => explain::check(&client, asked, out).await?,
        Command::Rules { command } => {
            let command = command.unwrap_or(Rules::List { json: false });
            rules::run(&client, command, out).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns the rule that a person chose or wrote; `None` for the one that was offered.
async fn chosen(client: &Client, id: ApprovalId, keep: &Keep) -> anyhow::Result<Option<Pattern>> {
    let Some(number) = keep.candidate else {
        return Ok(keep.pattern.given());
    };
    let shown = client.call(Lab { id }).await?;
    let found = number
        .checked_sub(1)
        .and_then(|at| shown.candidates.into_iter().nth(at));
    match found {
        Some(candidate) => Ok(Some(candidate.pattern)),
        None => {
            let told = format!("there is no candidate {number}");
            let hint = format!("`smartopol approvals lab {id}` lists them");
            Err(Fault::new(Code::NotFound, told).hint(hint).into())
        }
    }
}

/// Answers an approval.
async fn answered(
    client: &Client,
    decide: Decide,
    answer: Answer,
    out: &mut Out,
) -> anyhow::Result<()> {
    let (allow, scope) = (decide.allow, decide.scope);
    let decided = client
        .call(Decide {
            note: answer.note,
            ..decide
        })
        .await?;
    if answer.json {
        return Ok(out.json(&decided)?);
    }
    let how = match scope {
        _ if !allow => "denied",
        Scope::Once => "allowed once",
        Scope::Session => "allowed for this session",
        Scope::Workspace => "allowed in this folder",
        Scope::Always => "allowed always",
    };
    Ok(out.line(format!(
        "{how}: {}: {}",
        decided.tool, decided.inspection.title
    ))?)
}

/// Returns the approval whose id begins with `text`.
async fn resolve(client: &Client, text: &str) -> anyhow::Result<ApprovalId> {
    if let Ok(id) = text.parse() {
        return Ok(id);
    }
    let list = List {
        all: true,
        session_id: None,
        limit: 1000,
    };
    let approvals = client.call(list).await?.approvals;
    let bare = text.strip_prefix(ApprovalId::PREFIX).unwrap_or(text);
    let mut found = approvals.iter().map(|approval| approval.id).filter(|id| {
        let id = id.to_string();
        !bare.is_empty()
            && id
                .strip_prefix(ApprovalId::PREFIX)
                .is_some_and(|id| id.starts_with(bare))
    });
    match (found.next(), found.next()) {
        (Some(id), None) => Ok(id),
        (Some(_), Some(_)) => {
            let fault = Fault::new(
                Code::BadRequest,
                format!("several approvals begin with `{text}`"),
            );
            Err(fault.hint("write more of the id").into())
        }
        _ => {
            let fault = Fault::new(Code::NotFound, format!("there is no approval `{text}`"));
            Err(fault
                .hint("`smartopol approvals list --all` shows them")
                .into())
        }
    }
}
