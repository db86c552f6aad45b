//! What is said in a played house: messages, the pieces of an answer on its way, and the turns.

use smartopol_protocol::attention::{Item, Kind, Priority};
use smartopol_protocol::message::{Level, Message, Part, Role};
use smartopol_protocol::model::Usage;
use smartopol_protocol::session::{Partial, SessionState};
use smartopol_protocol::tool::OutputStatus;
use smartopol_protocol::turn::{Carried, Outcome, Turn, TurnState};
use smartopol_protocol::*;

use super::House;

impl House {
    pub(super) fn put(
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

    /// Tells the model what a call gave back.
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
