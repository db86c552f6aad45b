//! Jobs that are due while the daemon is killed: who makes them, and what must hold of each.
//!
//! Each is due once and leaves a line in a file of its own each time it runs, so that what the
//! ledger says can be held against what was done.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{bail, ensure};
use serde_json::json;
use smartopol_ipc::Client;
use smartopol_protocol::approval::Mode;
use smartopol_protocol::attention::{self, Item, ItemState, Priority};
use smartopol_protocol::job::{Action, Add, History, Job, List, RunState, Schedule, Spec};
use smartopol_protocol::{AttentionId, JobId, Timestamp};

use super::dice::Dice;
use super::people::{Broke, Stage, lock};
use crate::home::LIMIT;

/// How far ahead jobs are due, in milliseconds: often beyond the daemon's death.
const AHEAD: u64 = 700;

/// What its maker knows of a job.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) due_at: Timestamp,
    /// The file that a run writes; `None` for a reminder.
    pub(super) file: Option<String>,
}

/// Makes some jobs, commands and reminders.
pub(super) async fn plan(stage: Arc<Stage>, mut dice: Dice) -> Result<(), Broke> {
    let (client, _events) = stage.attach("planner").await?;
    for _ in 0..3 {
        let token = {
            let mut tokens = lock(&stage.tokens);
            *tokens += 1;
            format!("j{tokens}.")
        };
        let ahead = i64::try_from(dice.below(AHEAD)).unwrap_or(0);
        let due_at = Timestamp::now().plus_millis(ahead + 20);
        let file = dice.percent(60).then(|| format!("made/{token}"));
        let action = match &file {
            Some(file) => Action::Call {
                tool: "exec".into(),
                input: json!({ "command": format!("echo ran >> {file}") }),
            },
            None => Action::Remind {
                text: format!("remember {token}"),
                priority: Priority::Low,
            },
        };
        let spec = Spec {
            name: Some(format!("job {token}")),
            when: None,
            schedule: Some(Schedule::At { at: due_at }),
            mode: Some(Mode::Auto),
            workspace: Some(stage.workspace.clone()),
            ..Spec::new("", action)
        };
        if let Some(added) = stage.ask(&client, Add { spec, check: false }).await? {
            let made = Made { due_at, file };
            lock(&stage.ledger).jobs.insert(added.job.id, made);
        }
        tokio::time::sleep(Duration::from_millis(dice.below(120))).await;
    }
    // As long as the others: it leaves when the daemon dies.
    loop {
        stage.ask(&client, attention::List::default()).await?;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Waits until nothing is due any more and no run goes on.
///
/// # Errors
/// Which job is stuck.
pub(super) async fn settled(client: &Client) -> anyhow::Result<()> {
    let until = tokio::time::Instant::now() + LIMIT;
    loop {
        let busy = all(client).await?.into_iter().find(|job| {
            let runs = job.last.as_ref().is_some_and(|run| !run.state.is_over());
            job.next_at.is_some() || runs
        });
        let Some(busy) = busy else { return Ok(()) };
        if tokio::time::Instant::now() > until {
            bail!("the job {} is stuck: {busy:?}", busy.name);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn all(client: &Client) -> anyhow::Result<Vec<Job>> {
    let mut jobs: Vec<Job> = Vec::new();
    loop {
        let list = List {
            after: jobs.last().map(|job| job.id),
            limit: 1_000,
        };
        let page = client.call(list).await?;
        jobs.extend(page.jobs);
        if !page.more {
            return Ok(jobs);
        }
    }
}

/// Every due time has one row, no run was done twice, and reminders were told once.
///
/// # Errors
/// What does not hold.
pub(super) async fn look(
    client: &Client,
    made: &BTreeMap<JobId, Made>,
    workspace: &Path,
) -> anyhow::Result<()> {
    let items = client
        .call(attention::List {
            all: true,
            limit: 1_000,
            ..attention::List::default()
        })
        .await?
        .items;
    for (id, made) in made {
        let history = History {
            key: id.to_string(),
            before: None,
            limit: 10,
        };
        let runs = client.call(history).await?.runs;
        let [run] = runs.as_slice() else {
            bail!("job {id} was due once and its ledger has {runs:?}");
        };
        ensure!(
            run.due_at == made.due_at,
            "job {id} was due at {} and its row is {run:?}",
            made.due_at
        );
        let Some(file) = &made.file else {
            let told = items.iter().filter(|item| item.job_id == Some(*id)).count();
            // The list is bounded: where it is full, older ones may be beyond its end.
            ensure!(
                told == 1 || told == 0 && items.len() == 1_000,
                "the reminder {id} was told {told} times: {run:?}"
            );
            continue;
        };
        let text = std::fs::read_to_string(workspace.join(file)).unwrap_or_default();
        let times = text.lines().count();
        let held = match run.state {
            RunState::Ran | RunState::Late => times == 1,
            RunState::Failed => times <= 1,
            _ => false,
        };
        ensure!(
            held,
            "job {id} wrote {file} {times} times, and its row is {run:?}"
        );
    }
    Ok(())
}

/// What waits is what one who only heard the facts knows of.
///
/// # Errors
/// In what they differ.
pub(super) fn same(told: &BTreeMap<AttentionId, Item>, shown: &[Item]) -> anyhow::Result<()> {
    let open = |item: &&Item| item.state == ItemState::Open;
    let waits = told.values().filter(open).count();
    for item in shown {
        ensure!(
            told.get(&item.id) == Some(item),
            "an item is told as {:?} and shown as {item:?}",
            told.get(&item.id)
        );
    }
    ensure!(
        shown.len() == waits.min(200),
        "{waits} items were told as waiting, and {} are shown",
        shown.len()
    );
    Ok(())
}
