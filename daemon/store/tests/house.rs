//! A store in a folder of its own, and the things that tests put into it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use serde_json::json;
use smartopol_protocol::approval::{Actor, Approval, ApprovalState, Danger, Decision, Scope};
use smartopol_protocol::attention::{self, Seen};
use smartopol_protocol::job::{Job, RunState};
use smartopol_protocol::message::{Level, Message, Part, Role};
use smartopol_protocol::model::Usage;
use smartopol_protocol::session::{Create, Session};
use smartopol_protocol::tool::{CallState, Inspection, OutputStatus, ToolCall, ToolOutput};
use smartopol_protocol::trace::{ActionType, DecidedBy, Metadata, Trace};
use smartopol_protocol::turn::{Carried, Outcome, Turn, TurnState};
use smartopol_protocol::{
    ApprovalId, CallId, Event, MessageId, SessionId, Timestamp, TraceId, TurnId,
};
use smartopol_store::{Options, Store};

use crate::job;

/// A store with its folder and what it told.
pub struct House {
    pub store: Store,
    pub told: Arc<Mutex<Vec<Event>>>,
    pub commits: Arc<Mutex<u64>>,
    pub folder: tempfile::TempDir,
}

impl House {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let told = Arc::new(Mutex::new(Vec::new()));
        let commits = Arc::new(Mutex::new(0));
        let store = open(&folder.path().join("data/smartopol.db"), &told, &commits);
        Self {
            store,
            told,
            commits,
            folder,
        }
    }

    /// A house around a store that was opened in another way.
    pub fn around(store: Store) -> Self {
        Self {
            store,
            told: Arc::default(),
            commits: Arc::default(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Has something of everything happen, one commit after the other.
    pub async fn script(&self, rounds: u32) {
        let session = self.session().await;
        let (works, reminds) = (job::prompt(), job::remind());
        let works = job::added(&self.store, &job::job("works", works)).await;
        let reminds = job::added(&self.store, &job::job("reminds", reminds)).await;
        for round in 0..rounds {
            self.runs((&works, &reminds), session.id, round).await;
            let turn = self.turn(session.id).await;
            let call = self.call(&turn).await;
            let asked = approval(&call);
            let id = asked.id;
            self.store
                .write(move |w| w.ask_approval(&asked))
                .await
                .unwrap();
            let state = ApprovalState::Allowed {
                decision: decision("console"),
            };
            self.store
                .write(move |w| w.end_approval(id, state))
                .await
                .unwrap();
            let begun = trace(&call, &self.store);
            let done = complete(&begun, 5);
            self.store
                .write(move |w| w.begin_trace(&begun))
                .await
                .unwrap();
            let call = answered(&call, &done);
            self.store
                .write(move |w| {
                    w.complete_trace(&done)?;
                    w.put_call(&call)?;
                    w.add_message(answers(&turn, &[call.id]))?;
                    w.put_turn(&finished(&turn, Outcome::Done))
                })
                .await
                .unwrap();
            let waits = user(session.id, &format!("waits {round}"));
            let waiting = waits.id;
            self.store
                .write(move |w| w.queue_message(waits))
                .await
                .unwrap();
            self.store
                .write(move |w| w.withdraw_message(waiting, at(9)))
                .await
                .unwrap();
        }
    }

    /// A due time of a job that speaks and of one that reminds, up to the end of its turn.
    async fn runs(&self, (works, reminds): (&Job, &Job), session_id: SessionId, round: u32) {
        let due_at = at(60 * (i64::from(round) + 1));
        job::due(&self.store, works, due_at, RunState::Waiting).await;
        job::due(&self.store, reminds, due_at, RunState::Waiting).await;
        let (works, reminds) = ((works.id, due_at), (reminds.id, due_at));
        let said = user(session_id, &format!("tidy {round}"));
        let id = said.id;
        self.store
            .write(move |w| w.claim_run(works, Some(session_id), Some(id), "", due_at))
            .await
            .unwrap();
        let begun = self
            .store
            .write(move |w| {
                w.queue_message(said)?;
                w.begin_turn(turn(session_id), Some(id))
            })
            .await
            .unwrap()
            .0;
        self.store
            .write(move |w| w.put_turn(&finished(&begun, Outcome::Interrupted)))
            .await
            .unwrap();
        self.store
            .write(move |w| w.remind(reminds, ("", "then"), due_at))
            .await
            .unwrap();
        self.changed(round).await;
    }

    /// A reminder that is told again and seen to, and a job that is changed, paused and removed.
    async fn changed(&self, round: u32) {
        let list = attention::List::default();
        let item = self.store.read(move |r| r.attention(&list)).await.unwrap();
        let id = item.items.first().unwrap().id;
        self.store
            .write(move |w| w.tell_attention(id, |_, _| Ok(attention::Place::Inbox)))
            .await
            .unwrap();
        self.store
            .write(move |w| w.see_attention(id, Seen::Acknowledge, "cli:1000", at(9)))
            .await
            .unwrap();
        let mut job = job::job(&format!("short {round}"), job::prompt());
        let first = job.next_at.unwrap();
        job::added(&self.store, &job).await;
        job.next_at = Some(first.plus_millis(60_000));
        job.updated_at = first;
        let changed = job.clone();
        self.store
            .write(move |w| {
                w.leave_out(changed.id, "the job was changed before it began", first)?;
                w.put_job(&changed)
            })
            .await
            .unwrap();
        self.store
            .write(move |w| w.remove_job(job.id, first.plus_millis(60_000)))
            .await
            .unwrap();
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("data/smartopol.db")
    }

    /// Closes the store and opens it again.
    pub async fn reopen(&mut self) {
        self.store.clone().close().await.unwrap();
        self.store = open(&self.path(), &self.told, &self.commits);
    }

    pub fn told(&self) -> Vec<Event> {
        self.told.lock().unwrap().clone()
    }

    pub fn forget_told(&self) {
        self.told.lock().unwrap().clear();
    }

    pub async fn session(&self) -> Session {
        self.store
            .write(|w| {
                w.create_session(
                    SessionId::new(),
                    None,
                    &Create::in_folder("/home/ada/build"),
                    at(1),
                )
            })
            .await
            .unwrap()
    }

    /// Begins a turn with a message of a person.
    pub async fn turn(&self, session: SessionId) -> Turn {
        let message = user(session, "clean up the build directory");
        self.store
            .write(move |w| {
                let id = w.queue_message(message)?.id;
                w.begin_turn(turn(session), Some(id))
            })
            .await
            .unwrap()
            .0
    }

    /// Has a turn ask for a tool call, without a decision.
    pub async fn call(&self, turn: &Turn) -> ToolCall {
        let call = call(turn);
        let message = asks(turn, &[call.id]);
        let stored = call.clone();
        self.store
            .write(move |w| {
                w.add_message(message)?;
                w.put_call(&call)
            })
            .await
            .unwrap();
        stored
    }

    pub async fn sound(&self) {
        assert_eq!(self.store.check().await.unwrap(), Vec::<String>::new());
    }
}

pub fn open(
    path: &std::path::Path,
    told: &Arc<Mutex<Vec<Event>>>,
    commits: &Arc<Mutex<u64>>,
) -> Store {
    let (told, commits) = (told.clone(), commits.clone());
    let options = Options {
        path: path.into(),
        on_commit: Box::new(move |facts| {
            told.lock().unwrap().extend_from_slice(facts);
            *commits.lock().unwrap() += 1;
        }),
    };
    Store::open_with_clock(options, || at(3)).unwrap()
}

pub fn at(second: i64) -> Timestamp {
    Timestamp::from_millis(1_790_000_000_000 + second * 1_000)
}

pub fn user(session_id: SessionId, text: &str) -> Message {
    Message {
        id: MessageId::new(),
        session_id,
        turn_id: None,
        position: None,
        steer: false,
        role: Role::User,
        parts: vec![Part::Text { text: text.into() }],
        peer: Some("cli:1000".into()),
        by: None,
        interrupted: false,
        created_at: at(2),
    }
}

/// The call of a person's command.
pub fn ran(message: &Message) -> ToolCall {
    ToolCall {
        id: message.calls().next().unwrap(),
        turn_id: None,
        ..call(&turn(message.session_id))
    }
}

/// A command that a person runs.
pub fn command(session_id: SessionId) -> Message {
    let part = Part::ToolCall {
        id: CallId::new(),
        name: "exec".into(),
        input: json!({"command": "git status"}),
    };
    Message {
        parts: vec![part],
        ..user(session_id, "")
    }
}

pub fn says(turn: &Turn, role: Role, parts: Vec<Part>) -> Message {
    Message {
        turn_id: Some(turn.id),
        role,
        parts,
        peer: None,
        created_at: at(3),
        ..user(turn.session_id, "")
    }
}

pub fn agent(turn: &Turn, text: &str) -> Message {
    says(turn, Role::Agent, vec![Part::Text { text: text.into() }])
}

pub fn asks(turn: &Turn, calls: &[CallId]) -> Message {
    let part = |id: &CallId| Part::ToolCall {
        id: *id,
        name: "exec".into(),
        input: json!({"command": "ls"}),
    };
    says(turn, Role::Agent, calls.iter().map(part).collect())
}

pub fn answers(turn: &Turn, calls: &[CallId]) -> Message {
    let part = |id: &CallId| Part::ToolOutput {
        call_id: *id,
        status: OutputStatus::Ok,
        text: "a  b".into(),
    };
    says(turn, Role::Tool, calls.iter().map(part).collect())
}

pub fn notice(turn: &Turn, text: &str) -> Message {
    let part = Part::Notice {
        level: Level::Info,
        text: text.into(),
    };
    says(turn, Role::System, vec![part])
}

pub fn turn(session_id: SessionId) -> Turn {
    Turn {
        id: TurnId::new(),
        session_id,
        message_id: None,
        state: TurnState::Running,
        steps: 0,
        usage: Usage::default(),
        carried: Carried::default(),
        provider: "offline".into(),
        model: "none".into(),
        started_at: at(2),
        finished_at: None,
    }
}

pub fn finished(turn: &Turn, outcome: Outcome) -> Turn {
    Turn {
        state: TurnState::Finished { outcome },
        finished_at: Some(at(9)),
        ..turn.clone()
    }
}

pub fn call(turn: &Turn) -> ToolCall {
    ToolCall {
        id: CallId::new(),
        session_id: turn.session_id,
        turn_id: Some(turn.id),
        name: "exec".into(),
        input: json!({"command": "ls"}),
        inspection: Inspection {
            title: "ls".into(),
            cwd: "/home/ada/build".into(),
            ..Inspection::default()
        },
        state: CallState::Asked,
        asked_at: at(3),
        started_at: None,
        finished_at: None,
        trace_id: None,
    }
}

pub fn answered(call: &ToolCall, trace: &Trace) -> ToolCall {
    ToolCall {
        state: CallState::Finished {
            output: ToolOutput {
                text: "a  b".into(),
                ..ToolOutput::default()
            },
        },
        started_at: Some(at(4)),
        finished_at: Some(at(5)),
        trace_id: Some(trace.id),
        ..call.clone()
    }
}

pub fn approval(call: &ToolCall) -> Approval {
    Approval {
        id: ApprovalId::new(),
        session_id: call.session_id,
        turn_id: call.turn_id.unwrap(),
        call_id: call.id,
        tool: call.name.clone(),
        inspection: call.inspection.clone(),
        reason: "mode `ask` asks for every command".into(),
        rule: None,
        danger: Some(Danger {
            word: "delete".into(),
            why: "it deletes /var/log and all below it".into(),
        }),
        terms: Default::default(),
        votes: Vec::new(),
        asked_at: at(4),
        expires_at: at(604),
        state: ApprovalState::Pending,
    }
}

pub fn decision(client: &str) -> Decision {
    Decision {
        actor: Actor {
            peer: "cli:1000".into(),
            client: client.into(),
            by: None,
        },
        scope: Scope::Once,
        at: at(5),
        note: String::new(),
    }
}

pub fn trace(call: &ToolCall, store: &Store) -> Trace {
    Trace {
        id: TraceId::new(),
        agent_id: store.agent_id(),
        timestamp: at(4),
        tool_name: call.name.clone(),
        action_type: ActionType::Allow,
        params: call.input.clone(),
        result: serde_json::Value::Null,
        duration_ms: None,
        metadata: Metadata {
            session_id: call.session_id,
            turn_id: call.turn_id,
            run: None,
            call_id: call.id,
            title: "ls".into(),
            complete: false,
            decided_by: DecidedBy::Mode,
            reason: "reading is free".into(),
            approval_id: None,
            actor: String::new(),
            by: None,
            surface: String::new(),
            cwd: "/home/ada/build".into(),
            redacted: 0,
            details: serde_json::Value::Null,
        },
    }
}

pub fn complete(trace: &Trace, duration_ms: u64) -> Trace {
    let mut trace = trace.clone();
    trace.metadata.complete = true;
    trace.duration_ms = Some(duration_ms);
    trace.result = json!({"text": "a  b"});
    trace
}

/// Opens the file past the store, as an intruder would.
#[expect(
    clippy::disallowed_methods,
    reason = "some tests break what the store keeps whole"
)]
pub fn raw(path: &std::path::Path) -> rusqlite::Connection {
    rusqlite::Connection::open(path).unwrap()
}
