//! How jobs, times and the ledger are shown.

use std::io;

use serde::Serialize;
use smartopol_protocol::approval::Mode;
use smartopol_protocol::job::{Action, Due, Job, JobState, Run, RunState, Shown};

use crate::plain::out::{Out, Tone, glance};
use crate::plain::table::{self, Cell, cell, toned};
use crate::plain::time;

/// How much of a text is shown in a list, in characters.
const GLANCE: usize = 60;

/// Returns a line of the list.
pub(super) fn row(job: &Job) -> Vec<Cell> {
    let (next, left) = match (&job.state, job.next_at) {
        (JobState::Paused { .. }, _) => (toned("paused", Tone::Waits), cell("")),
        (_, Some(at)) => (cell(time::named(at)), cell(time::until(at))),
        (_, None) => (toned("done", Tone::Quiet), cell("")),
    };
    let last = match &job.last {
        Some(run) => toned(run.state.name(), tone(run.state)),
        None => toned("never", Tone::Quiet),
    };
    vec![
        cell(&job.name),
        next,
        left,
        last,
        cell(&job.when),
        cell(glance(&does(&job.action), GLANCE)),
    ]
}

fn does(action: &Action) -> String {
    match action {
        Action::Prompt { text } => format!("prompt: {text}"),
        Action::Message { text } => format!("message: {text}"),
        Action::Remind { text, priority } => format!("remind ({}): {text}", priority.name()),
        Action::Call { tool, input } => format!("call: {tool} {input}"),
    }
}

const fn tone(state: RunState) -> Tone {
    match state {
        RunState::Ran | RunState::Late => Tone::Good,
        RunState::Failed | RunState::Blocked => Tone::Bad,
        RunState::Missed | RunState::Skipped => Tone::Quiet,
        RunState::Waiting | RunState::Running => Tone::Waits,
    }
}

/// Shows what is about to be kept: what it does, when, and with what rights.
pub(super) fn made(out: &mut Out, job: &Job, next: &[Due]) -> io::Result<()> {
    out.line(format!("name   {}", job.name))?;
    out.line(format!("does   {}", does(&job.action)))?;
    out.line(format!("when   {}", job.when))?;
    for (place, due) in next.iter().enumerate() {
        let head = if place == 0 { "next" } else { "" };
        out.line(format!("{head:<6} {}", due.local))?;
    }
    if !job.action.is_turn() {
        return Ok(());
    }
    let session = match job.session_id {
        Some(id) => id.to_string(),
        None => format!("each run has one of its own, in {}", job.workspace),
    };
    out.line(format!("in     {session}"))?;
    let frozen = &job.frozen;
    let mode = match frozen.mode {
        Mode::Auto => "auto: it asks nobody but for what is dangerous or unclear".to_owned(),
        mode => format!("{}: what it may not do waits for an answer", mode.name()),
    };
    out.line(format!("mode   {mode}"))?;
    if !frozen.model.is_empty() {
        out.line(format!("model  {}", frozen.model))?;
        let budget = match frozen.budget_tokens {
            0 => "no limit of tokens".to_owned(),
            tokens => format!("{tokens} tokens a run"),
        };
        out.line(format!("budget {budget}"))?;
    }
    out.line(format!("tools  {}", frozen.tools.join(", ")))
}

/// Shows what of a job becomes another: each line that does, as it was and as it is then.
pub(super) fn changes(out: &mut Out, old: &Job, new: &Job) -> io::Result<()> {
    let (before, after) = (all(old), all(new));
    let changed: Vec<_> = before
        .iter()
        .zip(&after)
        .filter(|(before, after)| before != after)
        .collect();
    for ((name, before), (_, after)) in &changed {
        out.line(format!("{name:<12} {} → {}", said(before), said(after)))?;
    }
    if changed.is_empty() {
        out.line("nothing: it is like that already")?;
    }
    if let JobState::Paused { .. } = new.state {
        let name = &new.name;
        out.line(format!(
            "it stays paused: `smartopol jobs resume {name}` ends that"
        ))?;
    }
    Ok(())
}

fn said(value: &str) -> &str {
    match value {
        "" => "none",
        value => value,
    }
}

/// Returns all that a person can change of a job, always in the same order.
fn all(job: &Job) -> [(&'static str, String); 16] {
    let (frozen, policy) = (&job.frozen, &job.policy);
    let turn = job.action.is_turn();
    let of_turn = |value: String| if turn { value } else { String::new() };
    let asks = matches!(job.action, Action::Prompt { .. });
    let place = match job.session_id {
        Some(id) => id.to_string(),
        None => of_turn(format!("sessions of its own, in {}", job.workspace)),
    };
    let budget = match frozen.budget_tokens {
        _ if !asks => String::new(),
        0 => "no limit".into(),
        tokens => format!("{tokens} tokens a run"),
    };
    let next = match (&job.state, job.next_at) {
        (JobState::Paused { .. }, _) | (_, None) => String::new(),
        (_, Some(at)) => time::local(at),
    };
    [
        ("name", job.name.clone()),
        ("does", does(&job.action)),
        ("when", job.when.clone()),
        ("next", next),
        ("in", place),
        ("model", frozen.model.clone()),
        ("mode", of_turn(frozen.mode.name().into())),
        ("tools", frozen.tools.join(", ")),
        ("budget", budget),
        (
            "makes jobs",
            of_turn(if frozen.may_schedule { "yes" } else { "no" }.into()),
        ),
        ("missed", word(&policy.missed)),
        ("missed cap", policy.missed_cap.to_string()),
        ("overlap", word(&policy.overlap)),
        ("retries", policy.retries.to_string()),
        ("retry after", format!("{} s", policy.retry_after_seconds)),
        ("pause after", policy.pause_after.to_string()),
    ]
}

/// Returns a word as the wire has it.
fn word(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

/// Shows all of a job.
pub(super) fn job(out: &mut Out, shown: &Shown) -> io::Result<()> {
    let job = &shown.job;
    out.line(format!("id     {}", job.id))?;
    made(out, job, &shown.next)?;
    match &job.state {
        JobState::Active => {}
        JobState::Paused { at, .. } => {
            let since = time::named_in(*at, &job.zone);
            out.line(format!("paused since {since}{}", job.state.pause()))?;
        }
        JobState::Done => out.line("done: it has no more times")?,
    }
    out.line("")?;
    runs(out, &shown.runs, &job.zone)
}

/// Shows rows of the ledger, in the time zone of their job.
pub(super) fn runs(out: &mut Out, runs: &[Run], zone: &str) -> io::Result<()> {
    let rows: Vec<_> = runs
        .iter()
        .map(|run| {
            let tries = match run.attempts {
                0 | 1 => String::new(),
                tries => format!("{tries} tries"),
            };
            let took = match (run.started_at, run.finished_at) {
                (Some(from), Some(to)) => {
                    let ms = to.millis_since(from);
                    format!("{}.{} s", ms / 1000, ms % 1000 / 100)
                }
                _ => String::new(),
            };
            vec![
                cell(time::named_in(run.due_at, zone)),
                toned(run.state.name(), tone(run.state)),
                cell(took),
                cell(tries),
                cell(&run.reason),
            ]
        })
        .collect();
    let heads = ["due", "state", "took", "tries", "why"];
    table::print(
        out,
        &heads,
        &rows,
        "its ledger is empty: it has not been due yet",
    )
}

/// Shows coming times, and which of them will be skipped.
pub(super) fn times(out: &mut Out, times: &[Due]) -> io::Result<()> {
    let rests = times.iter().any(|due| due.paused.is_some());
    let rows: Vec<_> = times
        .iter()
        .map(|due| {
            let mut row = vec![cell(&due.local), cell(time::until(due.at)), cell(&due.name)];
            if rests {
                row.push(match &due.paused {
                    Some(paused) => toned(format!("skipped: {paused}"), Tone::Waits),
                    None => cell(""),
                });
            }
            row
        })
        .collect();
    let heads = ["when", "in", "name", "but"];
    let heads = heads.get(..if rests { 4 } else { 3 }).unwrap_or(&heads);
    table::print(out, heads, &rows, "nothing is due")
}
