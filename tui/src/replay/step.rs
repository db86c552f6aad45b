//! A message taken apart into the steps in which it came about.
//!
//! Owns: what a step says in a few words, and the news that a daemon would have told with it. Each
//! step's news makes the console look as it looked then; nothing is asked and nothing is guessed.

use std::collections::HashMap;

use smartopol_protocol::approval::{Approval, ApprovalState};
use smartopol_protocol::message::{Message, Part, Role};
use smartopol_protocol::model::Usage;
use smartopol_protocol::session::{Session, SessionState};
use smartopol_protocol::tool::{CallState, OutputStatus, ToolCall};
use smartopol_protocol::turn::{Outcome, Turn, TurnState};
use smartopol_protocol::{CallId, News, Timestamp, TurnId};

use super::pieces;
use crate::app::ended;
use crate::sanitize;
use crate::widget::time;

/// What a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// A person says something.
    Person,
    /// A person runs a command.
    Command,
    /// The agent thinks.
    Thought,
    /// The agent says something, from this byte of this part of its message on.
    Said { part: usize, from: usize },
    /// The agent asks for a call.
    Call(CallId),
    /// A person is asked about it.
    Asked(CallId),
    /// It was decided.
    Decided(CallId),
    /// It gave its output.
    Output(CallId),
    /// The daemon tells something.
    Notice,
    /// The turn is over.
    Ended(TurnId),
}

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    pub(crate) what: What,
    /// When it happened.
    pub(crate) at: Timestamp,
    /// The same in a few words, without a dot.
    pub(crate) words: String,
    /// How many bytes of text it adds.
    pub(crate) length: usize,
    /// What the daemon told then.
    pub(crate) news: Vec<News>,
}

/// What belongs to the messages of a recording.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    pub(crate) turns: HashMap<TurnId, Turn>,
    pub(crate) calls: HashMap<CallId, ToolCall>,
    pub(crate) approvals: HashMap<CallId, Approval>,
}

/// Where a message stands in its turn.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Place {
    /// True where its turn begins with it.
    pub(crate) begins: bool,
    /// True where nothing of its turn comes after it.
    pub(crate) ends: bool,
}

/// Returns the steps of a message, never none.
pub(crate) fn steps(
    message: &Message,
    place: Place,
    known: &Known,
    session: &Session,
) -> Vec<Step> {
    let mut making = Making {
        message,
        known,
        session,
        steps: Vec::new(),
    };
    match message.role {
        Role::User if message.is_command() => making.command(),
        Role::User => making.whole(What::Person, format!("{} says", said_by(message))),
        Role::System => making.whole(What::Notice, "notice".into()),
        Role::Agent => making.agent(),
        Role::Tool => making.outputs(),
    }
    if making.steps.is_empty() {
        making.whole(What::Notice, "an empty message".into());
    }
    if place.begins {
        making.begin();
    }
    if place.ends {
        making.end();
    }
    making.steps
}

struct Making<'a> {
    message: &'a Message,
    known: &'a Known,
    session: &'a Session,
    steps: Vec<Step>,
}

impl Making<'_> {
    fn push(&mut self, what: What, at: Timestamp, words: String, news: Vec<News>) {
        self.steps.push(Step {
            what,
            at,
            words,
            length: 0,
            news,
        });
    }

    /// One step for the message as it is.
    fn whole(&mut self, what: What, words: String) {
        let (at, news) = (self.message.created_at, changed(self.message.clone()));
        self.push(what, at, words, vec![news]);
    }

    /// A command of the person with what it gave.
    fn command(&mut self) {
        let id = self.message.calls().next();
        let call = id.and_then(|id| self.known.calls.get(&id));
        let title = call.map_or_else(String::new, title);
        let ended = call.and_then(|call| call.finished_at);
        let mut news: Vec<News> = call.cloned().map(told).into_iter().collect();
        news.push(changed(self.message.clone()));
        let words = format!("{} ran {title}", said_by(self.message));
        let at = ended.unwrap_or(self.message.created_at);
        self.push(What::Command, at, words, news);
    }

    fn agent(&mut self) {
        for (number, part) in self.message.parts.iter().enumerate() {
            match part {
                Part::Reasoning { .. } => {
                    let so_far = self.so_far(number, None);
                    let at = self.message.created_at;
                    self.push(What::Thought, at, "the agent thinks".into(), vec![so_far]);
                }
                Part::Text { text } => self.text(number, text),
                Part::ToolCall { id, name, .. } => {
                    let so_far = self.so_far(number, None);
                    let call = self.known.calls.get(id);
                    let asked = call.map(|call| told(as_asked(call)));
                    let at = call.map_or(self.message.created_at, |call| call.asked_at);
                    let words = match call.map(title) {
                        Some(title) => format!("{} wants: {title}", sanitize::line(name)),
                        None => format!("{} is called", sanitize::line(name)),
                    };
                    let news = asked.into_iter().chain([so_far]).collect();
                    self.push(What::Call(*id), at, words, news);
                }
                Part::ToolOutput { .. } | Part::Notice { .. } => {}
            }
        }
        self.approvals();
    }

    /// The message up to a part, of which only so many bytes were said.
    fn so_far(&self, number: usize, bytes: Option<usize>) -> News {
        let mut message = self.message.clone();
        message.parts.truncate(number + 1);
        if let (Some(bytes), Some(Part::Text { text })) = (bytes, message.parts.last_mut()) {
            text.truncate(text.floor_char_boundary(bytes));
        }
        // That it was cut off is known with its last piece.
        let whole = bytes.is_none() && number + 1 == self.message.parts.len();
        message.interrupted &= whole;
        changed(message)
    }

    /// A text comes paragraph by paragraph.
    fn text(&mut self, number: usize, text: &str) {
        let mut from = 0;
        for end in pieces::ends(text) {
            let piece = text.get(from..end).unwrap_or_default();
            let bytes = (end < text.len()).then_some(end);
            let step = Step {
                what: What::Said { part: number, from },
                at: self.message.created_at,
                words: "the agent says".into(),
                length: piece.len(),
                news: vec![self.so_far(number, bytes)],
            };
            self.steps.push(step);
            from = end;
        }
    }

    /// Questions to a person and their answers, as they came.
    fn approvals(&mut self) {
        let mut steps = Vec::new();
        for id in self.message.calls() {
            let (Some(call), Some(approval)) =
                (self.known.calls.get(&id), self.known.approvals.get(&id))
            else {
                continue;
            };
            let mut asked = approval.clone();
            (asked.state, asked.votes) = (ApprovalState::Pending, Vec::new());
            let mut waits = as_asked(call);
            waits.state = CallState::Waiting {
                approval_id: approval.id,
            };
            steps.push(Step {
                what: What::Asked(id),
                at: approval.asked_at,
                words: format!("asked because {}", sanitize::line(&approval.reason)),
                length: 0,
                news: vec![
                    told(waits),
                    News::ApprovalChanged(Box::new(asked)),
                    self.stands(SessionState::Waiting, 1),
                ],
            });
            let Some((words, at)) = ended(&approval.state).zip(ended_at(&approval.state)) else {
                continue;
            };
            let mut runs = as_asked(call);
            let allowed = matches!(approval.state, ApprovalState::Allowed { .. });
            if allowed && call.started_at.is_some() {
                runs.state = CallState::Running;
                runs.started_at = call.started_at;
            }
            steps.push(Step {
                what: What::Decided(id),
                at,
                words,
                length: 0,
                news: vec![
                    News::ApprovalChanged(Box::new(approval.clone())),
                    told(runs),
                    self.stands(SessionState::Running, 0),
                ],
            });
        }
        steps.sort_by_key(|step| step.at);
        self.steps.extend(steps);
    }

    fn outputs(&mut self) {
        for part in &self.message.parts {
            let Part::ToolOutput {
                call_id, status, ..
            } = part
            else {
                continue;
            };
            let call = self.known.calls.get(call_id);
            let at = call.and_then(|call| call.finished_at);
            let at = at.unwrap_or(self.message.created_at);
            let name = call.map_or("a call", |call| call.name.as_str());
            let took = call.and_then(|call| Some(call.finished_at?.millis_since(call.started_at?)));
            let after = took.map_or(String::new(), |ms| format!(" after {}", time::millis(ms)));
            let words = format!("{} {}{after}", sanitize::line(name), outcome(*status));
            let news = call.cloned().map(told).into_iter().collect();
            self.push(What::Output(*call_id), at, words, news);
        }
        self.steps.sort_by_key(|step| step.at);
        if let Some(first) = self.steps.first_mut() {
            first.news.push(changed(self.message.clone()));
        }
    }

    /// The turn begins with the first step.
    fn begin(&mut self) {
        let id = self.message.turn_id;
        let Some(turn) = id.and_then(|id| self.known.turns.get(&id)) else {
            return;
        };
        let news = [
            News::TurnChanged(Box::new(begun(turn))),
            self.stands(SessionState::Running, 0),
        ];
        if let Some(first) = self.steps.first_mut() {
            first.news.splice(0..0, news);
        }
    }

    /// The turn ends after the last step.
    fn end(&mut self) {
        let id = self.message.turn_id;
        let Some(turn) = id.and_then(|id| self.known.turns.get(&id)) else {
            return;
        };
        let TurnState::Finished { outcome } = &turn.state else {
            return;
        };
        let words = format!("the turn ends: {}", how(outcome));
        let last = Some(outcome.clone());
        let news = vec![
            News::TurnChanged(Box::new(turn.clone())),
            self.stands(SessionState::Idle { last }, 0),
        ];
        let at = turn.finished_at.unwrap_or(self.message.created_at);
        self.push(What::Ended(turn.id), at, words, news);
    }

    /// The session as it stood then.
    fn stands(&self, state: SessionState, waiting: u32) -> News {
        let now = standing(self.session, self.message.turn_id, self.known);
        News::SessionChanged(Box::new(Session {
            state,
            waiting,
            ..now
        }))
    }
}

fn changed(message: Message) -> News {
    News::MessageChanged(Box::new(message))
}

fn told(call: ToolCall) -> News {
    News::CallChanged(Box::new(call))
}

/// Returns a session with the model that a turn asked.
pub(super) fn standing(session: &Session, turn: Option<TurnId>, known: &Known) -> Session {
    let turn = turn.and_then(|id| known.turns.get(&id));
    let turn = turn.filter(|turn| !turn.model.is_empty());
    let model = turn.map(|turn| format!("{}/{}", turn.provider, turn.model));
    Session {
        model: model.or_else(|| session.model.clone()),
        ..session.clone()
    }
}

/// Returns a turn as it was while it ran.
pub(super) fn begun(turn: &Turn) -> Turn {
    Turn {
        state: TurnState::Running,
        finished_at: None,
        usage: Usage::default(),
        ..turn.clone()
    }
}

/// Returns a call as it was when the agent asked for it.
fn as_asked(call: &ToolCall) -> ToolCall {
    ToolCall {
        state: CallState::Asked,
        started_at: None,
        finished_at: None,
        trace_id: None,
        ..call.clone()
    }
}

fn title(call: &ToolCall) -> String {
    let title = sanitize::line(&call.inspection.title).into_owned();
    match title.is_empty() {
        true => sanitize::line(&call.name).into_owned(),
        false => title,
    }
}

pub(super) fn said_by(message: &Message) -> String {
    match message.peer.as_deref() {
        Some(peer) => sanitize::line(peer).into_owned(),
        None => "nobody".to_owned(),
    }
}

pub(super) const fn outcome(status: OutputStatus) -> &'static str {
    match status {
        OutputStatus::Ok => "is done",
        OutputStatus::Error => "failed",
        OutputStatus::Denied => "was denied",
        OutputStatus::Expired => "expired",
        OutputStatus::Interrupted => "was interrupted",
    }
}

/// Says how a turn ended.
fn how(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Done => "done".to_owned(),
        Outcome::Interrupted => "interrupted".to_owned(),
        Outcome::CutOff => "cut off".to_owned(),
        Outcome::Failed { message, .. } => format!("failed: {}", sanitize::line(message)),
        Outcome::StepLimit { limit } => format!("stopped after {limit} steps"),
        Outcome::Loop { tool, times } => {
            let tool = sanitize::line(tool);
            format!("stopped, {tool} was called {times} times with the same result")
        }
    }
}

const fn ended_at(state: &ApprovalState) -> Option<Timestamp> {
    match state {
        ApprovalState::Pending => None,
        ApprovalState::Allowed { decision } | ApprovalState::Denied { decision } => {
            Some(decision.at)
        }
        ApprovalState::Expired { at } | ApprovalState::Cancelled { at, .. } => Some(*at),
    }
}
