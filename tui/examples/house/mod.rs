//! A house that is only played: facts as a daemon would tell them, without a daemon.
//!
//! Owns sessions, messages, calls, approvals and traces in memory; every change is an event.
//! Used by the fake daemon, by the measurements and by the tests.

#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing
)]

pub mod jobs;
pub mod questions;
pub mod terminals;

use serde_json::{Value, json};
use smartopol_protocol::approval::*;
use smartopol_protocol::attention::{self, Item, ItemState, Kind, Priority, Resolution};
use smartopol_protocol::daemon::{JobsShown, Size, StatusShown, TerminalsShown};
use smartopol_protocol::event::Snapshot;
use smartopol_protocol::message::{Level, Message, Part, Role};
use smartopol_protocol::model::{ProviderInfo, Usage};
use smartopol_protocol::question::{Question, QuestionState};
use smartopol_protocol::session::{Partial, Session, SessionState, Shown};
use smartopol_protocol::tool::*;
use smartopol_protocol::trace::{ActionType, DecidedBy, Metadata, Trace};
use smartopol_protocol::turn::{Carried, Outcome, Turn, TurnState};
use smartopol_protocol::*;

/// When the house was made: 2026-11-21T09:00:00Z.
pub const BEGAN: Timestamp = Timestamp::from_millis(1_795_251_600_000);

#[derive(Default)]
pub struct House {
    pub now: i64,
    ids: u8,
    many: u32,
    seq: u64,
    pub sessions: Vec<Session>,
    pub messages: Vec<Message>,
    pub turns: Vec<Turn>,
    pub calls: Vec<ToolCall>,
    pub approvals: Vec<Approval>,
    pub questions: Vec<Question>,
    pub traces: Vec<Trace>,
    pub marked: Vec<TraceId>,
    /// What waits for a person, what was resolved included.
    pub attention: Vec<Item>,
    pub jobs: Vec<job::Job>,
    pub terminals: Vec<terminal::Shown>,
    danger: Option<Danger>,
    pub partial: Option<(SessionId, Partial)>,
    /// What happened since it was last asked.
    pub events: Vec<Event>,
}

impl House {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn at(&self) -> Timestamp {
        BEGAN.plus_millis(self.now)
    }

    pub fn wait(&mut self, ms: i64) {
        self.now += ms;
    }

    pub(crate) fn bytes(&mut self) -> [u8; 16] {
        self.many += 1;
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&self.many.to_be_bytes());
        bytes[15] = self.ids;
        bytes
    }

    pub fn take(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    pub fn fact(&mut self, session_id: SessionId, news: News) {
        self.seq += 1;
        let event = Event {
            seq: Some(self.seq),
            at: self.at(),
            session_id: Some(session_id),
            news,
        };
        self.events.push(event);
    }

    /// Something happened that is of no session.
    pub fn happened(&mut self, news: News) {
        self.seq += 1;
        let event = Event {
            seq: Some(self.seq),
            at: self.at(),
            session_id: None,
            news,
        };
        self.events.push(event);
    }

    fn passing(&mut self, session_id: SessionId, news: News) {
        let event = Event {
            seq: None,
            at: self.at(),
            session_id: Some(session_id),
            news,
        };
        self.events.push(event);
    }

    pub fn session(&mut self, name: &str, workspace: &str) -> SessionId {
        let id = SessionId::from_bytes(self.bytes());
        let session = Session {
            user_id: None,
            id,
            name: name.into(),
            workspace: workspace.into(),
            mode: None,
            model: None,
            state: SessionState::Idle { last: None },
            waiting: 0,
            messages: 0,
            last_line: String::new(),
            usage: Usage::default(),
            created_at: self.at(),
            archived_at: None,
            updated_at: self.at(),
        };
        self.sessions.push(session.clone());
        self.fact(id, News::SessionChanged(Box::new(session)));
        id
    }

    pub fn change(&mut self, id: SessionId, change: impl FnOnce(&mut Session)) {
        let at = self.at();
        let session = self.sessions.iter_mut().find(|own| own.id == id).unwrap();
        session.updated_at = at;
        change(session);
        let session = session.clone();
        self.fact(id, News::SessionChanged(Box::new(session)));
    }

    fn put(
        &mut self,
        id: SessionId,
        turn_id: Option<TurnId>,
        role: Role,
        parts: Vec<Part>,
        waits: bool,
    ) -> MessageId {
        let mut newest = self.messages.iter().rev();
        let newest = newest.find(|own| own.session_id == id && own.position.is_some());
        let position = newest.and_then(|own| own.position).unwrap_or(0) + 1;
        let message = Message {
            id: MessageId::from_bytes(self.bytes()),
            session_id: id,
            turn_id,
            position: (!waits).then_some(position),
            steer: false,
            role,
            parts,
            peer: (role == Role::User).then(|| "cli:1000".into()),
            by: None,
            interrupted: false,
            created_at: self.at(),
        };
        let message_id = message.id;
        let line: String = message
            .text()
            .lines()
            .next()
            .unwrap_or_default()
            .chars()
            .take(120)
            .collect();
        self.messages.push(message.clone());
        self.fact(id, News::MessageChanged(Box::new(message)));
        self.change(id, |session| {
            session.messages += 1;
            if !line.is_empty() {
                session.last_line = line;
            }
        });
        message_id
    }

    /// A person says something, and a turn begins.
    pub fn user(&mut self, id: SessionId, text: &str) -> TurnId {
        let turn_id = TurnId::from_bytes(self.bytes());
        let message_id = self.put(
            id,
            Some(turn_id),
            Role::User,
            vec![Part::Text { text: text.into() }],
            false,
        );
        let turn = Turn {
            id: turn_id,
            session_id: id,
            message_id: Some(message_id),
            state: TurnState::Running,
            steps: 1,
            usage: Usage::default(),
            carried: Carried::default(),
            provider: "anthropic".into(),
            model: "claude-sonnet-5".into(),
            started_at: self.at(),
            finished_at: None,
        };
        self.turns.push(turn.clone());
        self.fact(id, News::TurnChanged(Box::new(turn)));
        self.change(id, |session| session.state = SessionState::Running);
        turn_id
    }

    /// A person says something while a turn runs.
    pub fn queue(&mut self, id: SessionId, text: &str) -> MessageId {
        self.put(
            id,
            None,
            Role::User,
            vec![Part::Text { text: text.into() }],
            true,
        )
    }

    /// Tells the model what a call gave back.
    /// A message that waits to join the running turn.
    pub fn steer(&mut self, id: SessionId, text: &str) -> MessageId {
        let steers = self.queue(id, text);
        let message = self
            .messages
            .iter_mut()
            .find(|own| own.id == steers)
            .unwrap();
        message.steer = true;
        let message = Box::new(message.clone());
        self.fact(id, News::MessageChanged(message));
        steers
    }

    /// A command that a person ran, with what it gave back.
    pub fn person_runs(&mut self, id: SessionId, line: &str, output: &str) -> CallId {
        let call_id = CallId::from_bytes(self.bytes());
        let at = self.at();
        let call = ToolCall {
            id: call_id,
            session_id: id,
            turn_id: None,
            name: "exec".into(),
            input: json!({"command": line}),
            inspection: command(line),
            state: CallState::Finished {
                output: ToolOutput {
                    status: OutputStatus::Ok,
                    text: output.into(),
                    details: json!({"exit_code": 0}),
                },
            },
            asked_at: at,
            started_at: Some(at),
            finished_at: Some(at.plus_millis(14)),
            trace_id: None,
        };
        self.calls.push(call.clone());
        self.fact(id, News::CallChanged(Box::new(call)));
        let parts = vec![
            Part::ToolCall {
                id: call_id,
                name: "exec".into(),
                input: json!({"command": line}),
            },
            Part::ToolOutput {
                call_id,
                status: OutputStatus::Ok,
                text: output.into(),
            },
        ];
        self.put(id, None, Role::User, parts, false);
        call_id
    }

    pub fn answer(&mut self, id: SessionId, turn: TurnId, call_id: CallId, text: &str) {
        let part = Part::ToolOutput {
            call_id,
            status: OutputStatus::Ok,
            text: text.into(),
        };
        self.put(id, Some(turn), Role::Tool, vec![part], false);
    }

    pub fn agent(&mut self, id: SessionId, turn: TurnId, parts: Vec<Part>) -> MessageId {
        self.partial = None;
        self.put(id, Some(turn), Role::Agent, parts, false)
    }

    pub fn notice(&mut self, id: SessionId, level: Level, text: &str) {
        self.put(
            id,
            None,
            Role::System,
            vec![Part::Notice {
                level,
                text: text.into(),
            }],
            false,
        );
    }

    /// The agent says a piece.
    pub fn delta(&mut self, id: SessionId, turn_id: TurnId, text: &str) {
        let partial = self.partial(id, turn_id);
        let offset = partial.text.len() as u64;
        partial.text.push_str(text);
        let step = partial.step;
        self.passing(
            id,
            News::TextDelta {
                turn_id,
                step,
                offset,
                text: text.into(),
            },
        );
    }

    pub fn think(&mut self, id: SessionId, turn_id: TurnId, text: &str) {
        let partial = self.partial(id, turn_id);
        let offset = partial.reasoning.len() as u64;
        partial.reasoning.push_str(text);
        let step = partial.step;
        self.passing(
            id,
            News::ReasoningDelta {
                turn_id,
                step,
                offset,
                text: text.into(),
            },
        );
    }

    fn partial(&mut self, id: SessionId, turn_id: TurnId) -> &mut Partial {
        let fresh = Partial {
            turn_id,
            step: 1,
            reasoning: String::new(),
            text: String::new(),
            call: None,
        };
        let (_, partial) = self.partial.get_or_insert((id, fresh));
        partial
    }

    pub fn part(&mut self, name: &str, input: Value) -> (CallId, Part) {
        let id = CallId::from_bytes(self.bytes());
        (
            id,
            Part::ToolCall {
                id,
                name: name.into(),
                input,
            },
        )
    }

    /// Facts of a call that an agent's message makes.
    pub fn call(
        &mut self,
        session_id: SessionId,
        turn_id: TurnId,
        id: CallId,
        name: &str,
        inspection: Inspection,
    ) {
        let call = ToolCall {
            id,
            session_id,
            turn_id: Some(turn_id),
            name: name.into(),
            input: json!({"command": inspection.title}),
            inspection,
            state: CallState::Asked,
            asked_at: self.at(),
            started_at: None,
            finished_at: None,
            trace_id: None,
        };
        self.calls.push(call.clone());
        self.fact(session_id, News::CallChanged(Box::new(call)));
    }

    fn change_call(
        &mut self,
        id: CallId,
        change: impl FnOnce(&mut ToolCall, Timestamp),
    ) -> ToolCall {
        let at = self.at();
        let call = self
            .calls
            .iter_mut()
            .rev()
            .find(|own| own.id == id)
            .unwrap();
        change(call, at);
        let call = call.clone();
        self.fact(call.session_id, News::CallChanged(Box::new(call.clone())));
        call
    }

    /// A person is asked about a call.
    pub fn ask(&mut self, id: CallId, rule: Option<Pattern>, reason: &str) -> ApprovalId {
        let call = self.calls.iter().find(|own| own.id == id).unwrap().clone();
        let approval = Approval {
            id: ApprovalId::from_bytes(self.bytes()),
            session_id: call.session_id,
            turn_id: call.turn_id.unwrap(),
            call_id: id,
            tool: call.name.clone(),
            inspection: call.inspection.clone(),
            reason: reason.into(),
            rule: rule.filter(|_| self.danger.is_none()),
            danger: self.danger.take(),
            terms: Default::default(),
            votes: Vec::new(),
            asked_at: self.at(),
            expires_at: self.at().plus_millis(600_000),
            state: ApprovalState::Pending,
        };
        let approval_id = approval.id;
        self.approvals.push(approval.clone());
        self.fact(
            call.session_id,
            News::ApprovalChanged(Box::new(approval.clone())),
        );
        let title = format!("{}: {}", approval.tool, approval.inspection.title);
        let item = self.item(Kind::Approval, Priority::High, &title);
        self.waits(Item {
            session_id: Some(approval.session_id),
            turn_id: Some(approval.turn_id),
            approval_id: Some(approval.id),
            deadline: Some(approval.expires_at),
            detail: approval.reason,
            ..item
        });
        self.change_call(id, |call, _| {
            call.state = CallState::Waiting { approval_id }
        });
        self.change(call.session_id, |session| {
            session.state = SessionState::Waiting;
            session.waiting += 1;
        });
        approval_id
    }

    /// The next question is about something dangerous.
    pub fn endanger(&mut self, word: &str, why: &str) {
        self.danger = Some(Danger {
            word: word.into(),
            why: why.into(),
        });
    }

    /// A person answers.
    pub fn decide(
        &mut self,
        id: ApprovalId,
        allow: bool,
        scope: Scope,
        note: &str,
        client: &str,
    ) -> Approval {
        let at = self.at();
        let approval = self.approvals.iter_mut().find(|own| own.id == id).unwrap();
        let actor = Actor {
            peer: "cli:1000".into(),
            client: client.into(),
            by: None,
        };
        let decision = Decision {
            actor,
            scope,
            at,
            note: note.into(),
        };
        approval.state = if allow {
            ApprovalState::Allowed { decision }
        } else {
            ApprovalState::Denied { decision }
        };
        let approval = approval.clone();
        self.fact(
            approval.session_id,
            News::ApprovalChanged(Box::new(approval.clone())),
        );
        self.resolve(|item| item.approval_id == Some(id), Resolution::Answered);
        self.change(approval.session_id, |session| {
            session.waiting -= 1;
            if session.waiting == 0 {
                session.state = SessionState::Running;
            }
        });
        approval
    }

    pub fn run(&mut self, id: CallId) {
        let call = self.change_call(id, |call, at| {
            call.state = CallState::Running;
            call.started_at = Some(at);
        });
        self.trace(&call, ActionType::Allow, None);
    }

    pub fn output(&mut self, id: CallId, text: &str) {
        let session = self
            .calls
            .iter()
            .find(|own| own.id == id)
            .unwrap()
            .session_id;
        self.passing(
            session,
            News::OutputDelta {
                call_id: id,
                text: text.into(),
            },
        );
    }

    pub fn finish(&mut self, id: CallId, status: OutputStatus, text: &str, details: Value) {
        let call = self.change_call(id, |call, at| {
            let output = ToolOutput {
                status,
                text: text.into(),
                details,
            };
            call.state = CallState::Finished { output };
            call.finished_at = Some(at);
        });
        let action = match status {
            OutputStatus::Ok => ActionType::Allow,
            OutputStatus::Error | OutputStatus::Interrupted => ActionType::Error,
            OutputStatus::Denied | OutputStatus::Expired => ActionType::Deny,
        };
        self.trace(&call, action, Some(text));
    }

    fn trace(&mut self, call: &ToolCall, action_type: ActionType, result: Option<&str>) {
        let known = self
            .traces
            .iter()
            .position(|own| own.metadata.call_id == call.id);
        let fresh = TraceId::from_bytes(self.bytes());
        let id = known.map_or(fresh, |at| self.traces[at].id);
        let asked = self.approvals.iter().find(|own| own.call_id == call.id);
        let at = self.at();
        let trace = Trace {
            id,
            agent_id: AgentId::from_bytes([7; 16]),
            timestamp: known.map_or(at, |known| self.traces[known].timestamp),
            tool_name: call.name.clone(),
            action_type,
            params: call.input.clone(),
            result: result.map_or(Value::Null, |text| json!({"text": text})),
            duration_ms: call
                .started_at
                .zip(call.finished_at)
                .map(|(from, to)| to.millis_since(from)),
            metadata: Metadata {
                session_id: call.session_id,
                turn_id: call.turn_id,
                run: None,
                call_id: call.id,
                title: call.inspection.title.clone(),
                complete: result.is_some(),
                decided_by: if asked.is_some() {
                    DecidedBy::Person
                } else {
                    DecidedBy::Mode
                },
                reason: if asked.is_some() {
                    "a person answered".into()
                } else {
                    "reading in the workspace is free".into()
                },
                approval_id: asked.map(|own| own.id),
                actor: "cli:1000".into(),
                by: None,
                surface: "smartopol-tui".into(),
                cwd: call.inspection.cwd.clone(),
                redacted: 0,
                details: Value::Null,
            },
        };
        match known {
            Some(known) => self.traces[known] = trace.clone(),
            None => self.traces.push(trace.clone()),
        }
        self.fact(call.session_id, News::TraceChanged(Box::new(trace)));
    }

    pub fn end(&mut self, id: SessionId, turn_id: TurnId, outcome: Outcome) {
        let at = self.at();
        let turn = self
            .turns
            .iter_mut()
            .rev()
            .find(|own| own.id == turn_id)
            .unwrap();
        turn.state = TurnState::Finished {
            outcome: outcome.clone(),
        };
        turn.finished_at = Some(at);
        let turn = turn.clone();
        self.partial = None;
        self.fact(id, News::TurnChanged(Box::new(turn)));
        if let Outcome::Failed { message, .. } = &outcome {
            let name = self.sessions.iter().find(|own| own.id == id).unwrap();
            let title = format!("the turn in {} failed", name.name);
            let item = self.item(Kind::TurnFailed, Priority::Normal, &title);
            self.waits(Item {
                session_id: Some(id),
                turn_id: Some(turn_id),
                detail: message.clone(),
                ..item
            });
        }
        self.change(id, |session| {
            session.state = SessionState::Idle {
                last: Some(outcome),
            };
            session.usage += Usage {
                input: 8_420,
                cache_read: 6_100,
                cache_write: 0,
                output: 512,
                cost_micros: Some(14_200),
            };
        });
    }

    pub fn snapshot(&self) -> Snapshot {
        let pending = |own: &&Approval| own.state == ApprovalState::Pending;
        Snapshot {
            seq: self.seq,
            sessions: self.sessions.clone(),
            approvals: self.approvals.iter().filter(pending).cloned().collect(),
            questions: self
                .questions
                .iter()
                .filter(|own| own.state == QuestionState::Pending)
                .cloned()
                .collect(),
            traces: self.traces.iter().rev().take(200).rev().cloned().collect(),
            marked: self.marked.clone(),
            attention: self.open(),
            terminals: self
                .terminals
                .iter()
                .map(|own| own.terminal.clone())
                .collect(),
            user_id: None,
            names: Vec::new(),
        }
    }

    pub fn shown(&self, id: SessionId, before: Option<u64>, limit: usize) -> Shown {
        let limit = u32::try_from(limit).unwrap();
        self.window(&session::Show {
            before,
            ..session::Show::newest(id, limit)
        })
    }

    /// Searches as the daemon would.
    pub fn search(&self, search: &message::Search) -> message::Found {
        let needle = message::fold(&search.text);
        let before = search.before.unwrap_or(u64::MAX);
        let placed = self.messages.iter().rev().filter(|own| {
            own.session_id == search.session_id && own.position.is_some_and(|at| at < before)
        });
        let mut hits: Vec<message::Hit> = placed
            .filter(|own| {
                let parts = serde_json::to_string(&own.parts).unwrap();
                message::fold(&parts).contains(&needle)
            })
            .take(11)
            .map(|own| message::Hit {
                position: own.position.unwrap(),
                message_id: own.id,
                role: own.role,
                line: own.text(),
                created_at: own.created_at,
            })
            .collect();
        let next = (hits.len() > 10).then(|| hits[9].position);
        hits.truncate(10);
        message::Found { hits, next }
    }

    /// Returns a window as the daemon would.
    pub fn window(&self, show: &session::Show) -> Shown {
        let id = show.id;
        let own = |message: &&Message| message.session_id == id;
        let (mut placed, queue): (Vec<&Message>, Vec<&Message>) = self
            .messages
            .iter()
            .filter(own)
            .partition(|message| message.position.is_some());
        placed.sort_by_key(|message| message.position);
        let last = placed.last().and_then(|own| own.position).unwrap_or(0);
        let limit = match show.limit {
            0 => 200,
            limit => limit as usize,
        };
        let until = |bound: u64| placed.partition_point(|own| own.position < Some(bound));
        let (from, to) = match (show.before, show.after, show.around) {
            (_, Some(after), _) => {
                let from = until(after + 1);
                (from, from + limit)
            }
            (_, _, Some(around)) => {
                let at = until(around);
                (at.saturating_sub(limit / 2), at + limit / 2)
            }
            (before, ..) => {
                let to = until(before.unwrap_or(u64::MAX));
                (to.saturating_sub(limit), to)
            }
        };
        let mut messages: Vec<Message> = placed[from.min(placed.len())..to.min(placed.len())]
            .iter()
            .map(|own| (*own).clone())
            .collect();
        if show.before.or(show.after).or(show.around).is_none() {
            messages.extend(queue.into_iter().cloned());
        }
        let more = from > 0 && !messages.is_empty();
        let calls: Vec<CallId> = messages.iter().flat_map(Message::calls).collect();
        let turns: Vec<TurnId> = messages.iter().filter_map(|own| own.turn_id).collect();
        Shown {
            as_of: self.seq,
            session: self
                .sessions
                .iter()
                .find(|own| own.id == id)
                .unwrap()
                .clone(),
            messages,
            turns: self
                .turns
                .iter()
                .filter(|own| turns.contains(&own.id))
                .cloned()
                .collect(),
            calls: self
                .calls
                .iter()
                .filter(|own| calls.contains(&own.id))
                .cloned()
                .collect(),
            more,
            last,
            partial: self
                .partial
                .clone()
                .filter(|(own, _)| *own == id)
                .map(|(_, partial)| partial),
        }
    }
}

impl House {
    /// Returns something that may wait for a person, about nothing yet.
    pub fn item(&mut self, kind: Kind, priority: Priority, title: &str) -> Item {
        Item {
            id: AttentionId::from_bytes(self.bytes()),
            kind,
            priority,
            title: title.into(),
            detail: String::new(),
            session_id: None,
            turn_id: None,
            approval_id: None,
            question_id: None,
            memory_ids: Vec::new(),
            user_id: None,
            terminal_id: None,
            job_id: None,
            peer: None,
            at: self.at(),
            due_at: None,
            deadline: None,
            told: 1,
            places: vec![attention::Place::Inbox],
            state: ItemState::Open,
        }
    }

    /// Something waits for a person.
    pub fn waits(&mut self, item: Item) -> AttentionId {
        let id = item.id;
        self.attention.push(item.clone());
        self.happened(News::AttentionChanged(Box::new(item)));
        id
    }

    /// Something waits no longer.
    pub fn resolve(&mut self, of: impl Fn(&Item) -> bool, how: Resolution) {
        let at = self.at();
        let by = "cli:1000".to_owned();
        let state = ItemState::Resolved { how, by, at };
        let Some(item) = self.attention.iter_mut().find(|item| of(item)) else {
            return;
        };
        item.state = state;
        let item = item.clone();
        self.happened(News::AttentionChanged(Box::new(item)));
    }

    fn open(&self) -> Vec<Item> {
        let open = |item: &&Item| item.state == ItemState::Open;
        self.attention.iter().filter(open).cloned().collect()
    }
}

pub fn command(text: &str) -> Inspection {
    let plain = !text.contains(['|', '&', ';', '>', '\n', '$']);
    Inspection {
        title: text.lines().next().unwrap_or_default().into(),
        cwd: "/home/ann/app".into(),
        effects: vec![if plain {
            Effect::Run {
                words: text.split(' ').map(Into::into).collect(),
                via: Vec::new(),
            }
        } else {
            Effect::Unclear {
                why: "it is more than one plain command".into(),
            }
        }],
        pins: Vec::new(),
        removal: None,
        body: Body::Command {
            text: text.into(),
            timeout_seconds: 120,
        },
    }
}

pub fn reading(path: &str) -> Inspection {
    Inspection {
        title: format!("read {path}"),
        cwd: "/home/ann/app".into(),
        effects: vec![Effect::Read {
            path: format!("/home/ann/app/{path}"),
            place: Place::Workspace,
        }],
        pins: Vec::new(),
        removal: None,
        body: Body::None,
    }
}

pub fn editing(path: &str, diff: &str) -> Inspection {
    let added = diff
        .lines()
        .filter(|line| line.starts_with('+') && !line.starts_with("+++"))
        .count() as u64;
    let removed = diff
        .lines()
        .filter(|line| line.starts_with('-') && !line.starts_with("---"))
        .count() as u64;
    Inspection {
        title: format!("edit {path} (+{added} −{removed})"),
        cwd: "/home/ann/app".into(),
        effects: vec![Effect::Write {
            path: format!("/home/ann/app/{path}"),
            place: Place::Workspace,
        }],
        pins: Vec::new(),
        removal: None,
        body: Body::Diff {
            path: format!("/home/ann/app/{path}"),
            diff: diff.into(),
            added,
            removed,
        },
    }
}

pub fn rule(words: &[&str]) -> Option<Pattern> {
    let command = words
        .iter()
        .map(|word| OneOf::Word((*word).into()))
        .collect();
    Some(Pattern {
        tool: Some("exec".into()),
        command,
        ..Pattern::default()
    })
}

pub fn text(text: &str) -> Part {
    Part::Text { text: text.into() }
}

pub fn thought(text: &str) -> Part {
    Part::Reasoning {
        text: text.into(),
        signature: None,
    }
}

pub fn status() -> StatusShown {
    StatusShown {
        pid: 4321,
        version: "0.1.0".into(),
        started_at: BEGAN,
        uptime_ms: 1_000,
        socket: "/run/user/1000/smartopol/daemon.sock".into(),
        database: "smartopol.db".into(),
        log: "smartopol.log".into(),
        config: String::new(),
        agent_id: AgentId::from_bytes([7; 16]),
        phases: Vec::new(),
        sessions: 4,
        active_sessions: 1,
        pending_approvals: 0,
        pending_questions: 0,
        jobs: JobsShown::default(),
        terminals: TerminalsShown::default(),
        clients: 1,
        database_bytes: 0,
        size: Size::default(),
        last_backup: None,
        troubles: Vec::new(),
        rss_bytes: 0,
        provider: "anthropic".into(),
        model: "claude-sonnet-5".into(),
        mode: Mode::Ask,
    }
}

pub fn providers(offline: bool) -> Vec<ProviderInfo> {
    let one = |name: &str, by: &str, model: &str, chosen| ProviderInfo {
        name: name.into(),
        found_by: by.into(),
        base_url: String::new(),
        default_model: model.into(),
        models: vec![model.into()],
        chosen,
    };
    let built_in = one("offline", "built in", "offline", offline);
    if offline {
        vec![built_in]
    } else {
        vec![
            one(
                "anthropic",
                "ANTHROPIC_API_KEY is set",
                "claude-sonnet-5",
                true,
            ),
            built_in,
        ]
    }
}

/// A morning's work: three sessions, one of them with a conversation of everything.
pub fn morning(house: &mut House) -> SessionId {
    house.session("notes", "/home/ann/notes");
    let infra = house.session("infra", "/home/ann/code/infra");
    house.wait(60_000);
    let turn = house.user(infra, "Roll the staging cluster to the new image");
    let (call, part) = house.part("exec", json!({}));
    house.agent(infra, turn, vec![part]);
    house.call(
        infra,
        turn,
        call,
        "exec",
        command("kubectl rollout restart deploy/api -n staging"),
    );
    house.ask(
        call,
        rule(&["kubectl", "rollout"]),
        "the mode is ask, and no rule allows this command",
    );
    house.wait(45_000);
    let app = house.session("app", "/home/ann/app");
    let turn = house.user(app, "Why does the date test fail? Fix it.");
    house.wait(2_400);
    let (read, read_part) = house.part("read_file", json!({"path": "src/date.rs"}));
    let (test, test_part) = house.part("exec", json!({"command": "cargo test date"}));
    house.agent(app, turn, vec![
        thought("The person wants the date test fixed. I should look at the code first and run the test to see how it fails before I change anything."),
        text("I look at the code and run the test."),
        read_part,
        test_part,
    ]);
    house.call(app, turn, read, "read_file", reading("src/date.rs"));
    house.call(app, turn, test, "exec", command("cargo test date"));
    house.run(read);
    house.wait(3);
    house.finish(
        read,
        OutputStatus::Ok,
        "pub fn week(day: u32) -> u32 {\n    day / 7\n}",
        Value::Null,
    );
    let asked = house.ask(
        test,
        rule(&["cargo", "test"]),
        "the mode is ask, and no rule allows this command",
    );
    house.wait(8_000);
    house.decide(asked, true, Scope::Session, "", "smartopol-tui");
    house.run(test);
    house.wait(2_310);
    house.finish(test, OutputStatus::Error, "running 1 test\ntest date::weeks_begin_on_monday ... FAILED\n\nassertion `left == right` failed\n  left: 1\n right: 2", json!({"exit_code": 101}));
    house.wait(1_800);
    let diff = "--- a/src/date.rs\n+++ b/src/date.rs\n@@ -1,3 +1,3 @@\n pub fn week(day: u32) -> u32 {\n-    day / 7\n+    day.div_ceil(7)\n }\n";
    let (edit, edit_part) = house.part("edit_file", json!({"path": "src/date.rs"}));
    house.agent(
        app,
        turn,
        vec![
            text("`week` rounds down, so day 8 falls into week 1. It must round up."),
            edit_part,
        ],
    );
    house.call(app, turn, edit, "edit_file", editing("src/date.rs", diff));
    let asked = house.ask(
        edit,
        Some(Pattern {
            tool: Some("edit_file".into()),
            path: Some("/home/ann/app/**".into()),
            ..Pattern::default()
        }),
        "the mode is ask, and writing asks",
    );
    house.wait(4_000);
    house.decide(asked, true, Scope::Once, "", "smartopol-tui");
    house.run(edit);
    house.wait(6);
    house.finish(
        edit,
        OutputStatus::Ok,
        "src/date.rs was changed",
        Value::Null,
    );
    house.wait(1_500);
    house.agent(app, turn, vec![text("The test passes now.\n\n- **Cause**: `day / 7` rounds down; weeks are counted from 1.\n- **Fix**: `day.div_ceil(7)` in `src/date.rs`, one line.\n\n| day | before | now |\n|---:|---:|---:|\n| 7 | 1 | 1 |\n| 8 | 1 | 2 |")]);
    house.end(app, turn, Outcome::Done);
    app
}

/// A command that waits for an answer in a session.
pub fn asks(house: &mut House, id: SessionId, words: &str) -> (TurnId, CallId, ApprovalId) {
    let turn = house.user(id, &format!("run: {words}"));
    house.wait(400);
    let (call, part) = house.part("exec", json!({"command": words}));
    house.agent(id, turn, vec![part]);
    let inspection = command(words);
    let keepable = matches!(inspection.effects.as_slice(), [Effect::Run { .. }]);
    house.call(id, turn, call, "exec", inspection);
    let first: Vec<&str> = words.split(' ').take(2).collect();
    let reason = if keepable {
        "the mode is ask, and no rule allows this command"
    } else {
        "it is more than one plain command"
    };
    let asked = house.ask(call, rule(&first).filter(|_| keepable), reason);
    (turn, call, asked)
}
