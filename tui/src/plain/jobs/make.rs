//! What a job is made of, from the command line or a file.

use std::path::PathBuf;

use clap::Args;
use smartopol_protocol::approval::Mode;
use smartopol_protocol::attention::Priority;
use smartopol_protocol::job::{Action, Missed, Overlap, Policy, Spec};

use super::file;
use crate::plain::link;

/// What a job is made of.
#[derive(Debug, Args)]
pub struct Make {
    /// A job file, TOML or JSON, instead of all that follows
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["when", "prompt", "call", "message", "remind"],
        required_unless_present = "when"
    )]
    file: Option<PathBuf>,
    /// When: `tomorrow 9:00`, `in 10 minutes`, `every monday 8am`, or cron such as `0 9 * * MON-FRI`
    #[arg(long, value_name = "TIME", requires = "what")]
    when: Option<String>,
    #[command(flatten)]
    what: What,
    /// The arguments of the call, a JSON object
    #[arg(long, value_name = "JSON", requires = "call")]
    input: Option<String>,
    /// How much the reminder matters: low, normal, high, urgent [default: normal]
    #[arg(long, value_name = "HOW", requires = "remind", value_parser = priority)]
    priority: Option<Priority>,
    /// Its name [default: the first words of what it does]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The time zone, such as Europe/Berlin [default: as the settings say]
    #[arg(long = "tz", value_name = "ZONE")]
    zone: Option<String>,
    /// The session it speaks to [default: each run has one of its own, in this folder]
    #[arg(short, long, value_name = "KEY")]
    session: Option<String>,
    /// The model it asks [default: the one of now]
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,
    /// How much it may do without asking [default: as its session, or the settings, have it now]
    #[arg(long, value_name = "MODE", value_parser = mode)]
    mode: Option<Mode>,
    /// The tools it may use, with commas between [default: all]
    #[arg(long, value_name = "TOOLS", value_delimiter = ',')]
    tools: Option<Vec<String>>,
    /// How many tokens one run may use; 0 sets no limit [default: as the settings say]
    #[arg(long, value_name = "TOKENS")]
    budget: Option<u64>,
    /// Its runs may make, change and remove jobs
    #[arg(long)]
    may_schedule: bool,
    /// Which times are made up for that passed while nothing could run: once (the newest), all, skip
    #[arg(long, value_name = "HOW", default_value = "once", value_parser = missed)]
    missed: Missed,
    /// How many missed times `--missed all` makes up for
    #[arg(long, value_name = "N", default_value_t = 10)]
    missed_cap: u32,
    /// What is done where the run before is not over: skip, queue, allow
    #[arg(long, value_name = "HOW", default_value = "skip", value_parser = overlap)]
    overlap: Overlap,
    /// How often a failed run is tried again
    #[arg(long, value_name = "N", default_value_t = 0)]
    retries: u32,
    /// After how many seconds, doubled with each further try
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    retry_after: u32,
    /// After how many failed runs in a row it is paused; 0 never
    #[arg(long, value_name = "N", default_value_t = 3)]
    pause_after: u32,
    /// Only show when it would be due
    #[arg(long, conflicts_with = "yes")]
    pub(super) check: bool,
    /// Keep it without asking
    #[arg(long)]
    pub(super) yes: bool,
    /// Print the job as one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

/// What it does.
#[derive(Debug, Args)]
#[group(id = "what", multiple = false)]
struct What {
    /// Say this to the agent
    #[arg(long, value_name = "TEXT")]
    prompt: Option<String>,
    /// Put this into the session, for the person
    #[arg(long, value_name = "TEXT", requires = "session")]
    message: Option<String>,
    /// Remind the person of this
    #[arg(long, value_name = "TEXT")]
    remind: Option<String>,
    /// Make one call of this tool, without a model
    #[arg(long, value_name = "TOOL")]
    call: Option<String>,
}

impl Make {
    /// Returns what is to be made.
    pub(super) fn spec(&self) -> anyhow::Result<Spec> {
        if let Some(path) = &self.file {
            return file::read(path);
        }
        let action = self.action()?;
        let own_folder = self.session.is_none() && action.is_turn();
        Ok(Spec {
            name: self.name.clone(),
            zone: self.zone.clone(),
            session: self.session.clone(),
            workspace: own_folder.then(link::folder).transpose()?,
            model: self.model.clone(),
            mode: self.mode,
            tools: self.tools.clone(),
            budget_tokens: self.budget,
            may_schedule: self.may_schedule,
            policy: Policy {
                missed: self.missed,
                missed_cap: self.missed_cap,
                overlap: self.overlap,
                retries: self.retries,
                retry_after_seconds: self.retry_after,
                pause_after: self.pause_after,
            },
            ..Spec::new(self.when.clone().unwrap_or_default(), action)
        })
    }

    fn action(&self) -> anyhow::Result<Action> {
        let what = &self.what;
        if let Some(text) = &what.prompt {
            return Ok(Action::Prompt { text: text.clone() });
        }
        if let Some(text) = &what.message {
            return Ok(Action::Message { text: text.clone() });
        }
        if let Some(text) = &what.remind {
            return Ok(Action::Remind {
                text: text.clone(),
                priority: self.priority.unwrap_or_default(),
            });
        }
        let input = serde_json::from_str(self.input.as_deref().unwrap_or("{}"))
            .map_err(|err| anyhow::anyhow!("`--input` is not JSON: {err}"))?;
        Ok(Action::Call {
            tool: what.call.clone().unwrap_or_default(),
            input,
        })
    }
}

/// Reads a name as the wire has it.
fn named<T: serde::de::DeserializeOwned>(text: &str, names: &str) -> Result<T, String> {
    serde_json::from_value(serde_json::Value::String(text.to_owned()))
        .map_err(|_| format!("there are {names}"))
}

fn mode(text: &str) -> Result<Mode, String> {
    named(text, "read-only, ask, auto-edit, auto")
}

fn missed(text: &str) -> Result<Missed, String> {
    named(text, "once, all, skip")
}

fn overlap(text: &str) -> Result<Overlap, String> {
    named(text, "skip, queue, allow")
}

fn priority(text: &str) -> Result<Priority, String> {
    named(text, "low, normal, high, urgent")
}
