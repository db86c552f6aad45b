//! `schedule_list`: which jobs there are.

use std::fmt::Write;

use serde_json::{Value, json};
use smartopol_protocol::Fault;
use smartopol_protocol::job::JobState;
use smartopol_protocol::tool::ToolSpec;

use super::Caller;

/// How many jobs are told.
const MOST: usize = 100;

pub(super) fn spec() -> ToolSpec {
    ToolSpec {
        name: "schedule_list".into(),
        description: "Lists the jobs and reminders that have times to come: names, times, what \
                      came of the last run."
            .into(),
        input_schema: json!({
            "type": "object",
            "properties": {},
            "additionalProperties": false
        }),
    }
}

pub(super) async fn run(caller: &Caller) -> Result<(String, Value), Fault> {
    let mut told = caller.house.store.read(|r| r.next_jobs(u32::MAX)).await?;
    told.retain(|job| caller.may_see(&job.frozen.user));
    let mut text = String::new();
    for job in told.iter().take(MOST) {
        let next = match (&job.state, job.next_at) {
            (JobState::Paused { .. }, _) => format!("paused{}", job.state.pause()),
            (_, Some(at)) => format!("next at {at}"),
            (_, None) => "no more times".into(),
        };
        let last = match &job.last {
            Some(run) => format!(", last {}", run.state.name()),
            None => String::new(),
        };
        let line = format!(
            "{}: {}, {next}{last}: {}",
            job.name,
            job.when,
            job.action.text()
        );
        // Writing to a string does not fail.
        let _ = writeln!(text, "{}", line.replace('\n', " "));
    }
    if told.len() > MOST {
        text.push_str("There are more, which are due later.\n");
    }
    if text.is_empty() {
        text.push_str("There are no jobs.\n");
    }
    Ok((text, Value::Null))
}
