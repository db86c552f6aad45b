//! What a job is made of, from the command line or a file, and what of one is to be another.
//!
//! Owns: that what is not named stays as it was, and that what does nothing is refused.

use std::path::{Path, PathBuf};

use clap::Args;
use smartopol_protocol::approval::Mode;
use smartopol_protocol::attention::Priority;
use smartopol_protocol::job::{Action, Job, Missed, Overlap, Policy, Spec};
use smartopol_protocol::{Code, Fault};

use super::file;
use crate::plain::link;

/// What a job is made of.
#[derive(Debug, Args)]
pub struct Make {
    /// A job file, TOML or JSON, instead of all that follows
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = [
            "when", "what", "input", "priority", "name", "zone", "session", "model", "mode",
            "tools", "budget", "may_schedule", "missed", "missed_cap", "overlap", "retries",
            "retry_after", "pause_after",
        ]
    )]
    file: Option<PathBuf>,
    /// When: `tomorrow 9:00`, `in 10 minutes`, `every monday 8am`, or cron such as `0 9 * * MON-FRI`
    #[arg(long, value_name = "TIME")]
    when: Option<String>,
    #[command(flatten)]
    what: What,
    /// The arguments of the call, a JSON object
    #[arg(long, value_name = "JSON")]
    input: Option<String>,
    /// How much the reminder matters: low, normal, high, urgent [default: normal]
    #[arg(long, value_name = "HOW", value_parser = priority)]
    priority: Option<Priority>,
    /// Its name [default: the first words of what it does]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The time zone, such as Europe/Berlin [default: the one that you have, see `users show`]
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
    /// Its runs may make, change and remove jobs; `=false` takes that away
    #[arg(
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        hide_possible_values = true
    )]
    may_schedule: Option<bool>,
    /// Which times are made up for that passed while nothing could run: once (the newest), all, skip
    /// [default: once]
    #[arg(long, value_name = "HOW", value_parser = missed)]
    missed: Option<Missed>,
    /// How many missed times `--missed all` makes up for [default: 10]
    #[arg(long, value_name = "N")]
    missed_cap: Option<u32>,
    /// What is done where the run before is not over: skip, queue, allow [default: skip]
    #[arg(long, value_name = "HOW", value_parser = overlap)]
    overlap: Option<Overlap>,
    /// How often a failed run is tried again [default: 0]
    #[arg(long, value_name = "N")]
    retries: Option<u32>,
    /// After how many seconds, doubled with each further try [default: 60]
    #[arg(long, value_name = "SECONDS")]
    retry_after: Option<u32>,
    /// After how many failed runs in a row it is paused; 0 never [default: 3]
    #[arg(long, value_name = "N")]
    pause_after: Option<u32>,
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
    #[arg(long, value_name = "TEXT")]
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
    ///
    /// # Errors
    /// What is wrong with what was said, or does nothing for such a job.
    pub(super) fn spec(&self) -> anyhow::Result<Spec> {
        if let Some(path) = &self.file {
            return from_file(path);
        }
        let action = self.action(None)?;
        self.fits(&action)?;
        let when = self.when.clone().unwrap_or_default();
        self.laid_over(Spec::new(when, action))
    }

    /// Returns what a job is to be from now on: all that is not named stays as it is.
    ///
    /// # Errors
    /// As [`Make::spec`].
    pub(super) fn changed(&self, old: &Job) -> anyhow::Result<Spec> {
        if let Some(path) = &self.file {
            let spec = from_file(path)?;
            let name = spec.name.or_else(|| Some(old.name.clone()));
            return Ok(Spec { name, ..spec });
        }
        let action = self.action(Some(&old.action))?;
        self.fits(&action)?;
        let mut spec = Spec {
            action,
            ..Spec::of(old)
        };
        if let Some(when) = &self.when {
            spec.due(when.clone());
        }
        // What it may do says nothing about what does nothing.
        if !matches!(spec.action, Action::Prompt { .. }) {
            (spec.model, spec.tools, spec.budget_tokens) = (None, None, None);
        }
        if !spec.action.is_turn() {
            (spec.mode, spec.may_schedule) = (None, false);
        }
        self.laid_over(spec)
    }

    /// Returns a spec with what was named in place of what it had.
    fn laid_over(&self, mut spec: Spec) -> anyhow::Result<Spec> {
        fn lay<T: Clone>(named: &Option<T>, place: &mut Option<T>) {
            if named.is_some() {
                place.clone_from(named);
            }
        }
        lay(&self.name, &mut spec.name);
        lay(&self.zone, &mut spec.zone);
        lay(&self.session, &mut spec.session);
        lay(&self.model, &mut spec.model);
        lay(&self.mode, &mut spec.mode);
        lay(&self.tools, &mut spec.tools);
        lay(&self.budget, &mut spec.budget_tokens);
        spec.may_schedule = self.may_schedule.unwrap_or(spec.may_schedule);
        let old = spec.policy;
        spec.policy = Policy {
            missed: self.missed.unwrap_or(old.missed),
            missed_cap: self.missed_cap.unwrap_or(old.missed_cap),
            overlap: self.overlap.unwrap_or(old.overlap),
            retries: self.retries.unwrap_or(old.retries),
            retry_after_seconds: self.retry_after.unwrap_or(old.retry_after_seconds),
            pause_after: self.pause_after.unwrap_or(old.pause_after),
        };
        if spec.session.is_none() && spec.action.is_turn() && spec.workspace.is_none() {
            spec.workspace = Some(link::folder()?);
        }
        Ok(spec)
    }

    /// Returns what it does: what was named, or what the old one did.
    fn action(&self, old: Option<&Action>) -> anyhow::Result<Action> {
        let what = &self.what;
        if let Some(text) = &what.prompt {
            return Ok(Action::Prompt { text: text.clone() });
        }
        if let Some(text) = &what.message {
            return Ok(Action::Message { text: text.clone() });
        }
        let input = self.input.as_deref().map(serde_json::from_str).transpose();
        let input = input.map_err(|err| anyhow::anyhow!("`--input` is not JSON: {err}"))?;
        Ok(match (&what.remind, &what.call, old) {
            (Some(text), _, Some(Action::Remind { priority, .. })) => Action::Remind {
                text: text.clone(),
                priority: self.priority.unwrap_or(*priority),
            },
            (Some(text), ..) => Action::Remind {
                text: text.clone(),
                priority: self.priority.unwrap_or_default(),
            },
            (None, None, Some(Action::Remind { text, priority })) => Action::Remind {
                text: text.clone(),
                priority: self.priority.unwrap_or(*priority),
            },
            (None, call, Some(Action::Call { tool, input: old }))
                if call.as_ref().is_none_or(|call| call == tool) =>
            {
                Action::Call {
                    tool: tool.clone(),
                    input: input.unwrap_or_else(|| old.clone()),
                }
            }
            (None, None, Some(old)) => old.clone(),
            (None, call, _) => Action::Call {
                tool: call.clone().unwrap_or_default(),
                input: input.unwrap_or_else(|| serde_json::json!({})),
            },
        })
    }

    /// Refuses what was named and does nothing for what the job does.
    fn fits(&self, action: &Action) -> Result<(), Fault> {
        let prompts = matches!(action, Action::Prompt { .. });
        let calls = matches!(action, Action::Call { .. });
        let reminds = matches!(action, Action::Remind { .. });
        idle(
            action,
            &[
                ("--input", self.input.is_some(), calls),
                ("--priority", self.priority.is_some(), reminds),
                ("--model", self.model.is_some(), prompts),
                ("--tools", self.tools.is_some(), prompts),
                ("--budget", self.budget.is_some(), prompts),
                ("--mode", self.mode.is_some(), action.is_turn()),
                (
                    "--may-schedule",
                    self.may_schedule.is_some(),
                    action.is_turn(),
                ),
                // It is one row, which is there or not.
                ("--overlap", self.overlap.is_some(), !reminds),
                ("--retries", self.retries.is_some(), !reminds),
                ("--retry-after", self.retry_after.is_some(), !reminds),
            ],
        )
    }
}

fn from_file(path: &Path) -> anyhow::Result<Spec> {
    let spec = file::read(path)?;
    let action = &spec.action;
    let prompts = matches!(action, Action::Prompt { .. });
    let turn = action.is_turn();
    idle(
        action,
        &[
            ("model", spec.model.is_some(), prompts),
            ("tools", spec.tools.is_some(), prompts),
            ("budget_tokens", spec.budget_tokens.is_some(), prompts),
            ("mode", spec.mode.is_some(), turn),
            ("may_schedule", spec.may_schedule, turn),
        ],
    )?;
    Ok(spec)
}

/// Refuses what is there and does nothing. A row is what it is called, whether it is there, and
/// whether it does something.
fn idle(action: &Action, rows: &[(&str, bool, bool)]) -> Result<(), Fault> {
    let what = match action {
        Action::Prompt { .. } => "a prompt",
        Action::Call { .. } => "a tool call",
        Action::Message { .. } => "a message",
        Action::Remind { .. } => "a reminder",
    };
    match rows.iter().find(|(_, there, does)| *there && !does) {
        None => Ok(()),
        Some((name, ..)) => {
            let told = format!("`{name}` does nothing for {what}");
            Err(Fault::new(Code::BadRequest, told).hint("leave it out"))
        }
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
