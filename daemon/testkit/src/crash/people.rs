//! Those who use the daemon while it is killed: some talk, some answer, one only looks.
//!
//! Each has a connection of its own and goes on until that breaks. What they were told goes into
//! the ledger at once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::json;
use smartopol_ipc::{Access, Address, Client, Error, Events};
use smartopol_protocol::approval::{self, ApprovalState, Decide, Mode, Scope};
use smartopol_protocol::event::{Subscribe, Subscribed};
use smartopol_protocol::question::{Answer, How, QuestionState};
use smartopol_protocol::session::{self, Configure, Create, Delete, Show};
use smartopol_protocol::{
    ApprovalId, Code, MessageId, Method, News, QuestionId, SessionId, message,
};
use tokio::sync::watch;

use super::dice::Dice;
use super::ledger::{Known, Ledger, Said};
use super::mirror::Mirror;
use crate::provider::{Rule, ScriptedProvider};

/// How many sessions are talked in at the same time.
const SESSIONS: usize = 16;

/// How many messages a session gets before another takes its place.
const MESSAGES: u64 = 30;

/// What everyone shares.
pub(super) struct Stage {
    /// Where the daemon is.
    pub(super) address: Address,
    /// The model server.
    pub(super) provider: ScriptedProvider,
    /// The folder the sessions work in.
    pub(super) workspace: String,
    /// What the people were told.
    pub(super) ledger: Mutex<Ledger>,
    /// What the one who only looks was told.
    pub(super) mirror: Mutex<Mirror>,
    /// How many facts the looker was told.
    pub(super) facts: watch::Sender<u64>,
    /// The sessions that are talked in, with how much was said.
    pub(super) pool: Mutex<Vec<(SessionId, u64)>>,
    /// How many things were said.
    pub(super) tokens: Mutex<u64>,
}

/// Returns what is behind a lock, also where another panicked.
pub(super) fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Why somebody stops: the connection broke.
pub(super) struct Broke;

impl Stage {
    /// Asks the daemon something; a refusal is an answer.
    pub(super) async fn ask<M: Method>(
        &self,
        client: &Client,
        params: M,
    ) -> Result<Option<M::Reply>, Broke> {
        match client.call(params).await {
            Ok(reply) => Ok(Some(reply)),
            Err(Error::Fault(fault)) => {
                if fault.code == Code::Internal {
                    lock(&self.ledger).breach(format!("{} failed inside: {fault}", M::NAME));
                }
                Ok(None)
            }
            Err(_) => Err(Broke),
        }
    }

    pub(super) async fn attach(&self, name: &str) -> Result<(Client, Events), Broke> {
        Client::connect(&self.address, name, Access::Full)
            .await
            .map_err(|_| Broke)
    }
}

/// Talks, interrupts, continues, takes back, makes and removes sessions.
pub(super) async fn talk(stage: Arc<Stage>, mut dice: Dice) -> Result<(), Broke> {
    let (client, _events) = stage.attach("talker").await?;
    send_again(&stage, &client).await?;
    loop {
        let pool: Vec<_> = lock(&stage.pool).iter().map(|(id, _)| *id).collect();
        let Some(id) = dice.pick(&pool).filter(|_| pool.len() >= SESSIONS) else {
            create(&stage, &client, &mut dice).await?;
            continue;
        };
        match dice.below(100) {
            0..60 => say(&stage, &client, id, &mut dice).await?,
            60..68 => drop(
                stage
                    .ask(&client, session::Interrupt { session_id: id })
                    .await?,
            ),
            68..78 => drop(
                stage
                    .ask(&client, session::Continue { session_id: id })
                    .await?,
            ),
            78..86 => withdraw(&stage, &client, id).await?,
            86..88 => delete(&stage, &client, id).await?,
            88..94 => {
                let configure = Configure {
                    id,
                    name: None,
                    mode: dice.pick(&[Mode::Ask, Mode::AutoEdit, Mode::Auto]),
                    model: None,
                };
                stage.ask(&client, configure).await?;
            }
            _ => {
                let (before, limit) = (None, 50);
                stage
                    .ask(
                        &client,
                        Show {
                            before,
                            ..Show::newest(id, limit)
                        },
                    )
                    .await?;
            }
        }
        // People pause; without it one of them would keep the daemon busy alone.
        tokio::time::sleep(Duration::from_millis(dice.below(12))).await;
    }
}

async fn create(stage: &Stage, client: &Client, dice: &mut Dice) -> Result<(), Broke> {
    let create = Create {
        workspace: stage.workspace.clone(),
        name: None,
        mode: dice.pick(&[Mode::Ask, Mode::AutoEdit, Mode::Auto]),
        model: None,
    };
    if let Some(session) = stage.ask(client, create).await? {
        lock(&stage.ledger).sessions.insert(session.id, Known::No);
        lock(&stage.pool).push((session.id, 0));
    }
    Ok(())
}

async fn delete(stage: &Stage, client: &Client, id: SessionId) -> Result<(), Broke> {
    lock(&stage.pool).retain(|(other, _)| *other != id);
    lock(&stage.ledger).sessions.insert(id, Known::Maybe);
    let done = stage.ask(client, Delete { id }).await?;
    let known = if done.is_some() {
        Known::Yes
    } else {
        Known::Maybe
    };
    lock(&stage.ledger).sessions.insert(id, known);
    Ok(())
}

async fn say(
    stage: &Stage,
    client: &Client,
    session_id: SessionId,
    dice: &mut Dice,
) -> Result<(), Broke> {
    let text = script(stage, dice);
    let id = MessageId::new();
    let said = Said {
        session_id,
        text: text.clone(),
        acknowledged: Known::Maybe,
        taken_back: false,
        taking_back: 0,
        sent_again: false,
    };
    lock(&stage.ledger).said.insert(id, said);
    {
        let mut pool = lock(&stage.pool);
        pool.iter_mut()
            .filter(|(other, _)| *other == session_id)
            .for_each(|(_, said)| *said += 1);
        pool.retain(|(_, said)| *said < MESSAGES);
    }
    deliver(stage, client, id, session_id, text).await
}

async fn deliver(
    stage: &Stage,
    client: &Client,
    id: MessageId,
    session_id: SessionId,
    text: String,
) -> Result<(), Broke> {
    let send = message::Send {
        session_id,
        text,
        id: Some(id),
        steer: false,
    };
    let sent = stage.ask(client, send).await?;
    if let Some(said) = lock(&stage.ledger).said.get_mut(&id) {
        // A refusal says that nothing was stored; one that came twice was stored by the first.
        said.acknowledged = match sent {
            Some(_) => Known::Yes,
            None => said.acknowledged,
        };
    }
    Ok(())
}

/// What was not acknowledged before the crash is sent again under the same name.
async fn send_again(stage: &Stage, client: &Client) -> Result<(), Broke> {
    let open: Vec<_> = {
        let ledger = lock(&stage.ledger);
        let alive = |id| ledger.sessions.get(id) == Some(&Known::No);
        let open = ledger.said.iter().filter(|(_, said)| {
            said.acknowledged == Known::Maybe
                && said.withdrawn() == Known::No
                && alive(&said.session_id)
        });
        open.map(|(id, said)| (*id, said.session_id, said.text.clone()))
            .collect()
    };
    for (id, session_id, text) in open {
        if let Some(said) = lock(&stage.ledger).said.get_mut(&id) {
            said.sent_again = true;
        }
        deliver(stage, client, id, session_id, text).await?;
    }
    Ok(())
}

async fn withdraw(stage: &Stage, client: &Client, id: SessionId) -> Result<(), Broke> {
    let (before, limit) = (None, 5);
    let Some(shown) = stage
        .ask(
            client,
            Show {
                before,
                ..Show::newest(id, limit)
            },
        )
        .await?
    else {
        return Ok(());
    };
    let Some(last) = shown.messages.last().filter(|last| last.position.is_none()) else {
        return Ok(());
    };
    let note = |note: fn(&mut Said)| lock(&stage.ledger).said.get_mut(&last.id).map(note);
    note(|said| said.taking_back += 1);
    match stage.ask(client, message::Withdraw { id: last.id }).await? {
        Some(()) => note(|said| said.taken_back = true),
        None => note(|said| said.taking_back -= 1),
    };
    Ok(())
}

/// Makes up something to say, and tells the model what to answer. Commands leave a line in
/// `made/TOKEN` each time they run.
fn script(stage: &Stage, dice: &mut Dice) -> String {
    let token = {
        let mut tokens = lock(&stage.tokens);
        *tokens += 1;
        format!("t{tokens}.")
    };
    let mark = json!({ "command": format!("echo ran >> made/{token}") });
    let list = json!({ "path": "quiet" });
    let question = json!({ "question": "Which?", "choices": ["small", "large"] });
    let file = json!({ "path": format!("written/{token}"), "content": "once\n" });
    let verbs = ["talk", "look", "mark", "file", "all", "wait", "ask"];
    let verb = dice.pick(&verbs).unwrap_or("talk");
    let text = format!("{verb} {token}");
    let rule = Rule::on(text.clone());
    stage.provider.rule(match verb {
        "look" => rule.text("Looking.").call("list_files", list),
        "mark" => rule.reasoning("It wants a mark.").call("exec", mark),
        "file" => rule.call("write_file", file),
        "all" => {
            let rule = rule.text("All of it.").call("list_files", list);
            rule.call("exec", mark).call("write_file", file)
        }
        "ask" => rule.call("list_files", list).call("ask", question),
        "wait" => rule.call("exec", json!({ "command": "sleep 0.2" })),
        _ => rule
            .text("word ".repeat(60))
            .delay(Duration::from_millis(1)),
    });
    text
}

/// Answers what is asked: allows, denies, or leaves it to somebody else.
pub(super) async fn answer(
    stage: Arc<Stage>,
    name: &'static str,
    mut dice: Dice,
) -> Result<(), Broke> {
    let (client, mut events) = stage.attach(name).await?;
    let subscribed = stage.ask(&client, Subscribe::default()).await?;
    if let Some(Subscribed::Snapshot(snapshot)) = subscribed {
        for approval in &snapshot.approvals {
            decide(&stage, &client, name, approval.id, &mut dice).await?;
        }
        for question in &snapshot.questions {
            say_what(&stage, &client, question.id, &mut dice).await?;
        }
    }
    while let Some(event) = events.recv().await {
        match &event.news {
            News::ApprovalChanged(asked) if asked.state == ApprovalState::Pending => {
                decide(&stage, &client, name, asked.id, &mut dice).await?;
            }
            News::QuestionChanged(asked) if asked.state == QuestionState::Pending => {
                say_what(&stage, &client, asked.id, &mut dice).await?;
            }
            News::Gap { .. } => drop(stage.ask(&client, Subscribe::default()).await?),
            _ => {}
        }
    }
    Err(Broke)
}

/// Answers a question of the agent, or leaves it to somebody else.
async fn say_what(
    stage: &Stage,
    client: &Client,
    id: QuestionId,
    dice: &mut Dice,
) -> Result<(), Broke> {
    let how = match dice.below(10) {
        0..4 => How::Choose { number: 2 },
        4..6 => How::Write {
            text: "neither".into(),
        },
        6..8 => How::Dismiss,
        _ => return Ok(()),
    };
    let Some(won) = stage
        .ask(
            client,
            Answer {
                id,
                how: how.clone(),
            },
        )
        .await?
    else {
        lock(&stage.ledger).late += 1;
        return Ok(());
    };
    let mine = match (&won.state, &how) {
        (QuestionState::Answered { given }, How::Choose { number }) => {
            given.number == Some(*number)
        }
        (QuestionState::Answered { given }, How::Write { text }) => given.text == *text,
        (QuestionState::Dismissed { .. }, How::Dismiss) => true,
        _ => false,
    };
    if !mine {
        let state = &won.state;
        lock(&stage.ledger).breach(format!("{id} was answered {how:?}, and told as {state:?}"));
    }
    Ok(())
}

async fn decide(
    stage: &Stage,
    client: &Client,
    name: &str,
    id: ApprovalId,
    dice: &mut Dice,
) -> Result<(), Broke> {
    let allow = match dice.below(10) {
        0..5 => true,
        5..8 => false,
        _ => return Ok(()),
    };
    let decide = match allow {
        true => Decide::allow(id, Scope::Once),
        false => Decide::deny(id),
    };
    let Some(won) = stage.ask(client, decide).await? else {
        lock(&stage.ledger).late += 1;
        return Ok(());
    };
    let mut ledger = lock(&stage.ledger);
    let (ApprovalState::Allowed { decision } | ApprovalState::Denied { decision }) = &won.state
    else {
        ledger.breach(format!("{id} was answered and is {:?}", won.state));
        return Ok(());
    };
    if decision.actor.client != name {
        let other = &decision.actor.client;
        ledger.breach(format!(
            "{id} was won by {name}, and told as won by {other}"
        ));
    }
    if matches!(won.state, ApprovalState::Allowed { .. }) != allow {
        ledger.breach(format!("{id} was answered {allow}, and told the other way"));
    }
    ledger.won(won);
    Ok(())
}

/// Listens from where it was, and keeps what it is told.
pub(super) async fn look(stage: Arc<Stage>) -> Result<(), Broke> {
    let (client, mut events) = stage.attach("looker").await?;
    follow(&stage, &client).await?;
    while let Some(event) = events.recv().await {
        if matches!(event.news, News::Gap { .. }) {
            follow(&stage, &client).await?; // Too slow: it goes on from what it has.
            continue;
        }
        let facts = {
            let mut mirror = lock(&stage.mirror);
            mirror.apply(&event);
            mirror.facts
        };
        stage.facts.send_replace(facts);
    }
    Err(Broke)
}

/// Subscribes with the last number seen; what was seen may not be unknown to the daemon.
async fn follow(stage: &Stage, client: &Client) -> Result<(), Broke> {
    let seen = lock(&stage.mirror).seq;
    let subscribe = Subscribe {
        since: Some(seen),
        ..Subscribe::default()
    };
    match stage.ask(client, subscribe).await? {
        Some(Subscribed::Replay { .. }) | None => Ok(()),
        Some(Subscribed::Snapshot(snapshot)) => {
            let seq = snapshot.seq;
            let told = format!(
                "a client that knew fact {seen} was not told what followed; fact {seq} is the newest"
            );
            lock(&stage.ledger).breach(told);
            Err(Broke)
        }
    }
}

/// Returns the pending approvals of a session.
pub(super) async fn pending(
    client: &Client,
    id: SessionId,
) -> anyhow::Result<Vec<approval::Approval>> {
    let list = approval::List {
        session_id: Some(id),
        ..approval::List::default()
    };
    Ok(client.call(list).await?.approvals)
}
