//! Tool calls of a played house: what each would do, who was asked about it, what came of it, and
//! its trace.

use serde_json::{Value, json};
use smartopol_protocol::approval::*;
use smartopol_protocol::attention::{Item, Kind, Priority, Resolution};
use smartopol_protocol::message::{Part, Role};
use smartopol_protocol::session::SessionState;
use smartopol_protocol::tool::*;
use smartopol_protocol::trace::{ActionType, DecidedBy, Metadata, Trace};
use smartopol_protocol::*;

use super::House;

impl House {
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

    pub(super) fn change_call(
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
