//! Jobs and reminders: every due time has one row, whatever clocks, restarts and kills do.

mod agent;
mod changing;
mod due;
mod failing;
mod overlap;
mod reminders;
mod rights;
mod whose;
mod words;
mod zones;

use std::collections::BTreeSet;

use smartopol_ipc::Client;
use smartopol_protocol::approval::Mode;
use smartopol_protocol::attention::{self, ItemState, Kind, Place, Priority, Resolution, Seen};
use smartopol_protocol::job::{
    Action, Add, Edit, History, Job, JobState, List, Missed, Next, Overlap, Pause, Policy, Remove,
    Resume, Run, RunNow, RunState, Schedule, Show, Spec, Why,
};
use smartopol_protocol::message::Role;
use smartopol_protocol::session::{self, Session};
use smartopol_protocol::turn::Outcome;
use smartopol_protocol::{Code, Timestamp, daemon, trace};
use smartopol_testkit::provider::{Rule, ScriptedProvider};

use super::clock::{House, sound};
use super::models::home_in;
use super::{asked, decide, eventually, home, listen, outcome, say};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

fn prompt(text: &str) -> Action {
    Action::Prompt { text: text.into() }
}

fn run(command: &str) -> Action {
    Action::Call {
        tool: "exec".into(),
        input: serde_json::json!({ "command": command }),
    }
}

fn read(path: &str) -> Action {
    Action::Call {
        tool: "read_file".into(),
        input: serde_json::json!({ "path": path }),
    }
}

fn remind(text: &str, priority: Priority) -> Action {
    Action::Remind {
        text: text.into(),
        priority,
    }
}

fn within(session: &Session, when: &str, action: Action) -> Spec {
    Spec {
        session: Some(session.name.clone()),
        ..Spec::new(when, action)
    }
}

async fn add(client: &Client, spec: Spec) -> Job {
    let add = Add { spec, check: false };
    client.call(add).await.unwrap().job
}

async fn job(client: &Client, key: &str) -> Job {
    client.call(Show { key: key.into() }).await.unwrap().job
}

async fn ledger(client: &Client, job: &Job) -> Vec<Run> {
    let history = History {
        key: job.id.to_string(),
        before: None,
        limit: 1_000,
    };
    client.call(history).await.unwrap().runs
}

/// Waits until a job has so many rows, all of them over.
async fn rows(client: &Client, job: &Job, count: usize) -> Vec<Run> {
    eventually("the rows are there and over", || async {
        let rows = ledger(client, job).await;
        let over = rows.iter().all(|run| run.state.is_over());
        assert!(rows.len() <= count, "{rows:?}");
        (rows.len() == count && over).then_some(rows)
    })
    .await
}

fn states(rows: &[Run]) -> Vec<RunState> {
    rows.iter().map(|run| run.state).collect()
}

async fn why(client: &Client, key: &str, at: Option<Timestamp>) -> String {
    let why = Why {
        key: key.into(),
        at: at.map(|at| at.to_string()),
    };
    client.call(why).await.unwrap().sentence
}

async fn inbox(client: &Client) -> Vec<attention::Item> {
    let list = attention::List::default();
    client.call(list).await.unwrap().items
}

async fn said(client: &Client, session: &Session) -> Vec<String> {
    let show = session::Show::newest(session.id, 1_000);
    let shown = client.call(show).await.unwrap();
    let users = shown.messages.iter().filter(|said| said.role == Role::User);
    users.map(|said| said.text()).collect()
}

/// Returns the notices that stand in a session.
async fn notices(client: &Client, session: &Session) -> Vec<String> {
    let show = session::Show::newest(session.id, 1_000);
    let shown = client.call(show).await.unwrap();
    let notices = shown
        .messages
        .iter()
        .filter(|said| said.role == Role::System);
    notices.map(|said| said.text()).collect()
}
