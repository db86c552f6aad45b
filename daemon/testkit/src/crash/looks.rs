//! What must hold after every crash, looked at from outside: by a client that was never there
//! before, and at the files that the dead daemon left.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use smartopol_ipc::{Client, Error};
use smartopol_protocol::approval::{self, ApprovalState, Decide};
use smartopol_protocol::event::{Subscribe, Subscribed};
use smartopol_protocol::message::{Message, Role};
use smartopol_protocol::question::{self, Answer, How, Question};
use smartopol_protocol::session::{self, SessionState, Show, Shown};
use smartopol_protocol::tool::{CallState, OutputStatus, ToolCall};
use smartopol_protocol::trace::{self, Trace};
use smartopol_protocol::turn::{Outcome, Turn, TurnState};
use smartopol_protocol::{CallId, Code, MessageId, SessionId, daemon, message};
use smartopol_store::{Options, Store};

use super::ledger::{Known, Ledger};
use super::mirror::Mirror;
use super::people::pending;
use super::processes;
use crate::home::LIMIT;

/// For how long nothing may be written before all counts as settled.
const QUIET: Duration = Duration::from_millis(100);

/// One session, whole.
pub(super) struct Whole {
    session: session::Session,
    messages: Vec<Message>,
    turns: Vec<Turn>,
    calls: Vec<ToolCall>,
    traces: Vec<Trace>,
}

/// Looks at the files as the dead daemon left them, on a copy: a restart must not have to mend.
///
/// # Errors
/// What is wrong with them.
pub(super) async fn files(database: &Path, aside: &Path) -> anyhow::Result<()> {
    let wal = |path: &Path| std::path::PathBuf::from(format!("{}-wal", path.display()));
    if !database.exists() {
        return Ok(()); // It died before there was one.
    }
    for old in [
        aside.to_path_buf(),
        wal(aside),
        format!("{}-shm", aside.display()).into(),
    ] {
        std::fs::remove_file(old).ok();
    }
    std::fs::copy(database, aside)?;
    if wal(database).exists() {
        std::fs::copy(wal(database), wal(aside))?;
    }
    let store = Store::open(Options {
        path: aside.into(),
        on_commit: Box::new(|_| ()),
    })?;
    let mut problems = store.check().await?;
    // What was cut off is closed by the session's next actor; nothing else may be open.
    problems.retain(|problem| !problem.is_empty());
    store.close().await?;
    ensure!(problems.is_empty(), "the files left behind: {problems:?}");
    Ok(())
}

/// Only the daemon has the database, and no command outlived the last one.
///
/// # Errors
/// Who else.
pub(super) fn processes(
    database: &Path,
    workspace: &Path,
    daemon: Option<u32>,
) -> anyhow::Result<()> {
    let strangers: Vec<u32> = processes::holding(database)
        .into_iter()
        .filter(|pid| Some(*pid) != daemon && *pid != std::process::id())
        .collect();
    ensure!(
        strangers.is_empty(),
        "processes {strangers:?} hold the database"
    );
    if daemon.is_none() {
        let left = processes::working_in(workspace);
        ensure!(left.is_empty(), "commands outlived the daemon: {left:?}");
    }
    Ok(())
}

/// Waits until no turn runs: what was cut off is closed, what waits for a person waits.
///
/// # Errors
/// Which session is stuck.
pub(super) async fn settled(client: &Client) -> anyhow::Result<Vec<session::Session>> {
    let until = tokio::time::Instant::now() + LIMIT;
    let mut known = None;
    loop {
        let sessions = client.call(session::List::default()).await?.sessions;
        let Some(busy) = sessions
            .iter()
            .find(|one| one.state == SessionState::Running)
        else {
            // Between two turns of a session lies a moment in which none runs; on a slow disk it
            // is long.
            let facts = client.call(daemon::Figures {}).await?.rows.facts;
            if known.replace(facts) == Some(facts) {
                return Ok(sessions);
            }
            tokio::time::sleep(QUIET).await;
            continue;
        };
        if tokio::time::Instant::now() > until {
            bail!("session {} is stuck: {busy:?}", busy.name);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Reads all there is of a session.
///
/// # Errors
/// Where the daemon does not answer.
pub(super) async fn whole(client: &Client, id: SessionId) -> anyhow::Result<Whole> {
    let mut before = None;
    let mut pages: Vec<Shown> = Vec::new();
    loop {
        let shown = client
            .call(Show {
                before,
                ..Show::newest(id, 0)
            })
            .await?;
        before = shown.messages.iter().find_map(|message| message.position);
        let more = shown.more;
        pages.push(shown);
        if !more || before.is_none() {
            break;
        }
    }
    let mut list = trace::List {
        limit: 1_000,
        ..trace::List::default()
    };
    list.filter.session_id = Some(id);
    let traces = client.call(list).await?.traces;
    let session = pages.first().context("no page")?.session.clone();
    let (mut messages, mut turns, mut calls) = (Vec::new(), Vec::new(), Vec::new());
    for page in pages.into_iter().rev() {
        messages.extend(page.messages);
        turns.extend(page.turns);
        calls.extend(page.calls);
    }
    Ok(Whole {
        session,
        messages,
        turns,
        calls,
        traces,
    })
}

/// Every message that was acknowledged is there, once.
///
/// # Errors
/// Which is not.
pub(super) fn messages(whole: &Whole, ledger: &Ledger) -> anyhow::Result<()> {
    let mut seen: BTreeMap<MessageId, u32> = BTreeMap::new();
    for message in &whole.messages {
        *seen.entry(message.id).or_default() += 1;
    }
    let twice = seen.iter().find(|(_, count)| **count > 1);
    ensure!(twice.is_none(), "message {twice:?} is there more than once");
    let id = whole.session.id;
    for (message, said) in ledger.said.iter().filter(|(_, said)| said.session_id == id) {
        let there = seen.contains_key(message);
        ensure!(
            there || said.acknowledged != Known::Yes || said.withdrawn() != Known::No,
            "message {message} (`{}`) was acknowledged and is lost",
            said.text
        );
        ensure!(
            !there || said.withdrawn() != Known::Yes,
            "message {message} (`{}`) was taken back and is there",
            said.text
        );
    }
    for message in whole
        .messages
        .iter()
        .filter(|message| message.role == Role::User)
    {
        let text = message.text();
        let same = whole.messages.iter().filter(|m| m.text() == text).count();
        ensure!(
            same == 1 || text == "Continue.",
            "`{text}` was said once and is there {same} times"
        );
    }
    Ok(())
}

/// Every decided call has one trace, complete where nothing runs; a waiting one has none, and one
/// that asks has one that is open.
///
/// # Errors
/// Which has not.
pub(super) fn calls(whole: &Whole) -> anyhow::Result<()> {
    let mut of: BTreeMap<CallId, Vec<&Trace>> = BTreeMap::new();
    for trace in &whole.traces {
        of.entry(trace.metadata.call_id).or_default().push(trace);
    }
    let ids: BTreeSet<CallId> = whole.calls.iter().map(|call| call.id).collect();
    ensure!(ids.len() == whole.calls.len(), "a call is there twice");
    for call in &whole.calls {
        let traces = of.get(&call.id).map_or(&[][..], Vec::as_slice);
        match &call.state {
            CallState::Waiting { .. } => {
                ensure!(traces.is_empty(), "{} waits and has a trace", call.id)
            }
            CallState::Unanswered { .. } => {
                let [trace] = traces else {
                    bail!("{} asks and has {} traces", call.id, traces.len());
                };
                let over = trace.metadata.complete;
                ensure!(!over, "{} asks and its trace is complete", call.id);
            }
            CallState::Finished { .. } => {
                let [trace] = traces else {
                    bail!("{} has {} traces", call.id, traces.len());
                };
                ensure!(trace.metadata.complete, "the trace of {} is open", call.id);
            }
            other => bail!("{} of a settled session is {other:?}", call.id),
        }
    }
    let stray = of.keys().find(|id| !ids.contains(id));
    ensure!(
        stray.is_none(),
        "call {stray:?} has a trace and is not there"
    );
    let open = whole
        .turns
        .iter()
        .find(|turn| turn.state == TurnState::Running);
    ensure!(open.is_none(), "a turn of a settled session runs: {open:?}");
    Ok(())
}

/// A command ran as often as its calls say: at least once for each that ended well, at most once
/// for each that was begun.
///
/// # Errors
/// Which did not.
pub(super) fn commands(whole: &Whole, workspace: &Path) -> anyhow::Result<()> {
    let mut ran: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for call in &whole.calls {
        let command = call.input.get("command").and_then(|text| text.as_str());
        let Some(file) = command.and_then(|text| text.strip_prefix("echo ran >> ")) else {
            continue;
        };
        let CallState::Finished { output } = &call.state else {
            continue;
        };
        let (least, most) = ran.entry(file).or_default();
        *least += usize::from(output.status == OutputStatus::Ok);
        *most += usize::from(call.started_at.is_some());
    }
    for (file, (least, most)) in ran {
        let text = std::fs::read_to_string(workspace.join(file)).unwrap_or_default();
        let times = text.lines().count();
        ensure!(
            (least..=most).contains(&times),
            "{file} was written {times} times, and its calls say {least} to {most}"
        );
    }
    Ok(())
}

/// One who applied every fact over all restarts knows what one who just came is shown.
///
/// # Errors
/// In what they differ.
pub(super) fn same(mirror: &Mirror, whole: &Whole) -> anyhow::Result<()> {
    let id = whole.session.id;
    ensure!(
        mirror.sessions.get(&id) == Some(&whole.session),
        "the session is told as {:?} and shown as {:?}",
        mirror.sessions.get(&id),
        whole.session
    );
    let told = mirror
        .messages
        .values()
        .filter(|m| m.session_id == id)
        .count();
    ensure!(
        told == whole.messages.len(),
        "{told} messages were told, {} are shown",
        whole.messages.len()
    );
    for shown in &whole.messages {
        let told = mirror.messages.get(&shown.id);
        ensure!(
            told == Some(shown),
            "a message is told as {told:?} and shown as {shown:?}"
        );
    }
    for shown in &whole.turns {
        let told = mirror.turns.get(&shown.id);
        ensure!(
            told == Some(shown),
            "a turn is told as {told:?} and shown as {shown:?}"
        );
    }
    for shown in &whole.calls {
        let told = mirror.calls.get(&shown.id);
        ensure!(
            told == Some(shown),
            "a call is told as {told:?} and shown as {shown:?}"
        );
    }
    for shown in &whole.traces {
        let told = mirror.traces.get(&shown.id);
        ensure!(
            told == Some(shown),
            "a trace is told as {told:?} and shown as {shown:?}"
        );
    }
    Ok(())
}

/// The answers that won stand as they were told, also those to calls that are over.
///
/// # Errors
/// Which does not.
pub(super) async fn answers(client: &Client, ledger: &Ledger, all: bool) -> anyhow::Result<()> {
    let newest = if all { usize::MAX } else { 40 };
    for (id, told) in ledger.answers.iter().rev().take(newest) {
        match client.call(approval::Show { id: *id }).await {
            Ok(stored) => ensure!(
                &stored == told,
                "{id} was won as {told:?}, and is {stored:?}"
            ),
            Err(Error::Fault(fault)) if fault.code == Code::NotFound => {
                let gone = ledger.sessions.get(&told.session_id);
                ensure!(gone != Some(&Known::No), "{id} was answered and is gone");
            }
            Err(err) => return Err(err.into()),
        }
    }
    Ok(())
}

async fn unanswered(client: &Client, id: SessionId) -> anyhow::Result<Vec<Question>> {
    let list = question::List {
        session_id: Some(id),
        ..question::List::default()
    };
    Ok(client.call(list).await?.questions)
}

/// The pending approvals and questions are those of the calls that wait, and no others.
///
/// # Errors
/// Which is not.
pub(super) async fn questions(client: &Client, whole: &Whole) -> anyhow::Result<()> {
    let asked: BTreeSet<_> = pending(client, whole.session.id)
        .await?
        .into_iter()
        .map(|approval| approval.id)
        .collect();
    let waited: BTreeSet<_> = whole
        .calls
        .iter()
        .filter_map(|call| match call.state {
            CallState::Waiting { approval_id } => Some(approval_id),
            _ => None,
        })
        .collect();
    ensure!(
        asked == waited,
        "asked are {asked:?}, and calls wait for {waited:?}"
    );
    let asked: BTreeSet<_> = unanswered(client, whole.session.id)
        .await?
        .into_iter()
        .map(|question| question.id)
        .collect();
    let waited: BTreeSet<_> = whole
        .calls
        .iter()
        .filter_map(|call| match call.state {
            CallState::Unanswered { question_id } => Some(question_id),
            _ => None,
        })
        .collect();
    ensure!(
        asked == waited,
        "the agent asks {asked:?}, and calls wait for {waited:?}"
    );
    Ok(())
}

/// The session can be used: what it asks is answered, and what it is told gets an answer.
///
/// # Errors
/// Where it does not get there.
pub(super) async fn usable(client: &Client, id: SessionId) -> anyhow::Result<()> {
    let until = tokio::time::Instant::now() + LIMIT;
    let send = message::Send {
        session_id: id,
        text: format!("still there {}", MessageId::new()),
        id: None,
        steer: false,
    };
    let said = client.call(send).await?.message_id;
    loop {
        for approval in pending(client, id).await? {
            client.call(Decide::deny(approval.id)).await?;
        }
        for question in unanswered(client, id).await? {
            let (id, how) = (question.id, How::Dismiss);
            client.call(Answer { id, how }).await?;
        }
        let (before, limit) = (None, 10);
        let shown = client
            .call(Show {
                before,
                ..Show::newest(id, limit)
            })
            .await?;
        let done = TurnState::Finished {
            outcome: Outcome::Done,
        };
        let mut turns = shown.turns.iter();
        if turns.any(|turn| turn.message_id == Some(said) && turn.state == done) {
            return Ok(());
        }
        if tokio::time::Instant::now() > until {
            bail!("session {} is of no use: {shown:#?}", shown.session.name);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The daemon finds nothing wrong with its database.
///
/// # Errors
/// What it finds.
pub(super) async fn sound(client: &Client) -> anyhow::Result<()> {
    let problems = client.call(daemon::Check::default()).await?.problems;
    ensure!(problems.is_empty(), "daemon check: {problems:?}");
    Ok(())
}

/// Returns the number of the newest fact, and the pending approvals in a fresh client's snapshot.
///
/// # Errors
/// Where the daemon does not answer.
pub(super) async fn snapshot(
    client: &Client,
) -> anyhow::Result<smartopol_protocol::event::Snapshot> {
    match client.call(Subscribe::default()).await? {
        Subscribed::Snapshot(snapshot) => {
            let ended = |one: &approval::Approval| one.state != ApprovalState::Pending;
            ensure!(
                !snapshot.approvals.iter().any(ended),
                "an ended approval is shown as pending"
            );
            Ok(*snapshot)
        }
        Subscribed::Replay { .. } => bail!("a client that knows nothing got a replay"),
    }
}
