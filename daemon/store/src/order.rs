//! Which message may follow which, so that every transcript is one a provider accepts.
//!
//! Pure: knows no database. System notices do not count, except that nothing may stand between
//! an agent's calls and their outputs.

use std::collections::BTreeSet;

use smartopol_protocol::message::{Message, Part, Role};
use smartopol_protocol::{CallId, TurnId};

use crate::Error;

/// How a transcript ends, system notices left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tail {
    /// Nothing was said yet.
    #[default]
    Empty,
    /// A person spoke last.
    User,
    /// The agent spoke last and asked for nothing.
    Agent,
    /// The agent asked for these calls, and they are not answered.
    Asked(Vec<CallId>),
    /// The tools answered last.
    Tool,
}

impl Tail {
    /// Returns the end of a transcript that ended with `self` once `message` is added.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the message is malformed, [`Error::Order`] where it may not stand
    /// here.
    pub(crate) fn then(self, message: &Message) -> Result<Self, Error> {
        form(message)?;
        if message.is_command() && message.parts.len() < 2 {
            return Err(Error::Order(
                "a person's command gets its place when it has its output".into(),
            ));
        }
        match (self, message.role) {
            (Self::Asked(asked), Role::Tool) => answers(&asked, message).map(|()| Self::Tool),
            (Self::Asked(_), role) => Err(Error::Order(format!(
                "{} may not stand between tool calls and their outputs",
                name(role)
            ))),
            (tail, Role::System) => Ok(tail),
            (_, Role::User) => Ok(Self::User),
            (Self::User | Self::Tool, Role::Agent) => Ok(Self::of_agent(message.calls())),
            (Self::Agent, Role::Agent) => Err(Error::Order(
                "the agent may not speak twice in a row".into(),
            )),
            (Self::Empty, Role::Agent) => {
                Err(Error::Order("a transcript begins with a person".into()))
            }
            (_, Role::Tool) => Err(Error::Order(
                "tool outputs must stand right behind the calls they answer".into(),
            )),
        }
    }

    /// Refuses to end a turn whose calls have no answer.
    pub(crate) fn settled(&self, turn: TurnId) -> Result<(), Error> {
        match self {
            Self::Asked(calls) => Err(Error::Order(format!(
                "turn {turn} cannot end: {} of its tool calls have no output yet",
                calls.len()
            ))),
            _ => Ok(()),
        }
    }

    /// Returns the end of a transcript where the agent spoke last and made these calls.
    pub(crate) fn of_agent(calls: impl Iterator<Item = CallId>) -> Self {
        let calls: Vec<CallId> = calls.collect();
        if calls.is_empty() {
            Self::Agent
        } else {
            Self::Asked(calls)
        }
    }
}

/// Checks what can be said of a message alone.
pub(crate) fn form(message: &Message) -> Result<(), Error> {
    let wrong = |what: &str| Err(Error::Invalid(format!("message {}: {what}", message.id)));
    if message.parts.is_empty() {
        return wrong("it says nothing");
    }
    if message.is_command() {
        return match message.parts.as_slice() {
            [Part::ToolCall { .. }] => Ok(()),
            [Part::ToolCall { id, .. }, Part::ToolOutput { call_id, .. }] if id == call_id => {
                Ok(())
            }
            _ => wrong("a person's command is one call, and then its own output"),
        };
    }
    let fits = |part: &Part| {
        matches!(
            (message.role, part),
            (Role::User | Role::Agent, Part::Text { .. })
                | (Role::Agent, Part::Reasoning { .. } | Part::ToolCall { .. })
                | (Role::Tool, Part::ToolOutput { .. })
                | (Role::System, Part::Notice { .. })
        )
    };
    if !message.parts.iter().all(fits) {
        return wrong("it has a part that its role may not say");
    }
    let calls: Vec<CallId> = message.calls().collect();
    if calls.iter().collect::<BTreeSet<_>>().len() < calls.len() {
        return wrong("it names a tool call twice");
    }
    Ok(())
}

/// Checks that a tool message answers exactly what was asked, each call once.
fn answers(asked: &[CallId], message: &Message) -> Result<(), Error> {
    let answered: Vec<CallId> = message
        .parts
        .iter()
        .filter_map(|part| match part {
            Part::ToolOutput { call_id, .. } => Some(*call_id),
            _ => None,
        })
        .collect();
    let set: BTreeSet<CallId> = answered.iter().copied().collect();
    if set.len() < answered.len() {
        return Err(Error::Order("a tool call is answered twice".into()));
    }
    if let Some(call) = set.iter().find(|call| !asked.contains(call)) {
        return Err(Error::Order(format!("nobody asked for tool call {call}")));
    }
    match asked.iter().find(|call| !set.contains(call)) {
        Some(call) => Err(Error::Order(format!("tool call {call} has no output"))),
        None => Ok(()),
    }
}

const fn name(role: Role) -> &'static str {
    match role {
        Role::User => "a person's message",
        Role::Agent => "another message of the agent",
        Role::Tool => "a tool message",
        Role::System => "a notice",
    }
}

#[cfg(test)]
mod tests {
    use smartopol_protocol::message::Level;
    use smartopol_protocol::tool::OutputStatus;
    use smartopol_protocol::{MessageId, SessionId, Timestamp};

    use super::*;

    fn call(number: u8) -> CallId {
        CallId::from_bytes([number; 16])
    }

    /// `u` a person, `c11` a person with command 1 and its output, `a` the agent, `a12` the agent with calls 1 and 2, `t12` their outputs,
    /// `s` a notice.
    fn message(word: &str) -> Message {
        let (role, numbers) = word.split_at(1);
        let calls = numbers.bytes().map(|digit| call(digit - b'0'));
        let text = || Part::Text { text: "hi".into() };
        let (role, parts) = match role {
            "u" => (Role::User, vec![text()]),
            "c" => {
                let mut calls = calls;
                let id = calls.next().unwrap();
                let mut parts = vec![Part::ToolCall {
                    id,
                    name: "exec".into(),
                    input: serde_json::Value::Null,
                }];
                parts.extend(calls.map(|call_id| Part::ToolOutput {
                    call_id,
                    status: OutputStatus::Ok,
                    text: String::new(),
                }));
                (Role::User, parts)
            }
            "a" => {
                let asked = calls.map(|id| Part::ToolCall {
                    id,
                    name: "exec".into(),
                    input: serde_json::Value::Null,
                });
                (Role::Agent, [text()].into_iter().chain(asked).collect())
            }
            "t" => {
                let outputs = calls.map(|call_id| Part::ToolOutput {
                    call_id,
                    status: OutputStatus::Ok,
                    text: String::new(),
                });
                (Role::Tool, outputs.collect())
            }
            _ => {
                let level = Level::Info;
                let text = "cut".into();
                (Role::System, vec![Part::Notice { level, text }])
            }
        };
        Message {
            id: MessageId::new(),
            session_id: SessionId::new(),
            turn_id: None,
            position: None,
            steer: false,
            role,
            parts,
            peer: None,
            by: None,
            interrupted: false,
            created_at: Timestamp::default(),
        }
    }

    fn walk(words: &str) -> Result<Tail, Error> {
        words
            .split_whitespace()
            .try_fold(Tail::Empty, |tail, word| tail.then(&message(word)))
    }

    #[test]
    fn what_a_provider_accepts_may_be_stored() {
        for (words, tail) in [
            ("", Tail::Empty),
            ("s", Tail::Empty),
            ("s u a", Tail::Agent),
            ("u u s u a u", Tail::User),
            ("u a12", Tail::Asked(vec![call(1), call(2)])),
            ("u a12 t21 s a3 t3 a u", Tail::User),
            ("u a1 t1 u a", Tail::Agent),
            ("u s a1 t1 s s a", Tail::Agent),
            ("c11", Tail::User),
            ("u a c11 u a", Tail::Agent),
            ("u a1 t1 c22 u a", Tail::Agent),
        ] {
            assert_eq!(walk(words).unwrap(), tail, "{words}");
        }
    }

    #[test]
    fn what_a_provider_refuses_may_not() {
        for words in [
            "a",
            "t1",
            "s a",
            "u t1",
            "u a a",
            "u a s a",
            "u a1 a",
            "u a1 u",
            "u a1 s",
            "u a t1",
            "u a12 t1",
            "u a1 t12",
            "u a1 t2",
            "u a1 t11",
            "u a1 t1 t1",
            "u a1 t1 s t1",
            "c1",
            "u a1 c22",
        ] {
            assert!(matches!(walk(words), Err(Error::Order(_))), "{words}");
        }
        for words in ["u a11", "t", "u a1 t", "c12", "c111"] {
            assert!(matches!(walk(words), Err(Error::Invalid(_))), "{words}");
        }
    }

    #[test]
    fn a_part_of_another_role_is_refused() {
        let mut notice = message("s");
        notice.role = Role::User;
        assert!(matches!(Tail::Empty.then(&notice), Err(Error::Invalid(_))));
    }
}
