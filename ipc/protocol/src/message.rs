//! What is said in a session.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::tool::OutputStatus;
use crate::{CallId, MessageId, SessionId, Timestamp, TurnId};

/// Who says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A person, or something that speaks for one (a job, an API).
    User,
    /// The agent.
    Agent,
    /// The tools: outputs of all calls of the agent's message right before it.
    Tool,
    /// The daemon, to the person: a notice. Never sent to a model.
    System,
}

/// One thing said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Its name.
    pub id: MessageId,
    /// The session it belongs to.
    pub session_id: SessionId,
    /// The turn it belongs to; `None` for a user's message that still waits for its turn, and for
    /// a person's command, which belongs to none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<TurnId>,
    /// Its place in the session's transcript, from 1; `None` while it waits for its turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
    /// True where it waits to join the running turn at its next step, not for a turn of its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub steer: bool,
    /// Who says it.
    pub role: Role,
    /// Its pieces, in order; never empty.
    pub parts: Vec<Part>,
    /// Which peer said it, such as `cli:1000`; `None` for agent, tool and system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// Who really said it, where the daemon's owner acts as that peer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// True where the agent was stopped while it said this.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interrupted: bool,
    /// When it was said.
    pub created_at: Timestamp,
}

impl Message {
    /// Returns its text parts, joined by line breaks.
    pub fn text(&self) -> String {
        let texts: Vec<&str> = self
            .parts
            .iter()
            .filter_map(|part| match part {
                Part::Text { text } | Part::Notice { text, .. } => Some(text.as_str()),
                _ => None,
            })
            .collect();
        texts.join("\n")
    }

    /// Returns true where it is a command that the person ran.
    pub fn is_command(&self) -> bool {
        self.role == Role::User
            && self
                .parts
                .iter()
                .any(|part| matches!(part, Part::ToolCall { .. }))
    }

    /// Returns the calls it makes, in order.
    pub fn calls(&self) -> impl Iterator<Item = CallId> + '_ {
        self.parts.iter().filter_map(|part| match part {
            Part::ToolCall { id, .. } => Some(*id),
            _ => None,
        })
    }
}

/// A piece of a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Part {
    /// Markdown.
    Text {
        /// The text.
        text: String,
    },
    /// What the model thought before it spoke.
    Reasoning {
        /// The text; may be empty where the provider hides it.
        text: String,
        /// What the provider wants back unchanged with the next request, such as a signature.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signature: Option<String>,
    },
    /// The agent asks for a tool; in a user's message, the command that the person ran.
    ToolCall {
        /// The call's name.
        id: CallId,
        /// The tool's name as the model wrote it.
        name: String,
        /// The arguments; a string where the model sent broken JSON.
        input: Value,
    },
    /// What a call gave back: in messages of role [`Role::Tool`], and behind a person's command.
    ToolOutput {
        /// The call it answers.
        call_id: CallId,
        /// How the call ended.
        status: OutputStatus,
        /// What the model is told.
        text: String,
    },
    /// Something the daemon tells the person. Only in messages of role [`Role::System`].
    Notice {
        /// How much it matters.
        level: Level,
        /// Markdown.
        text: String,
    },
}

/// How much a notice matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Good to know.
    Info,
    /// Something was cut, lost or left.
    Warning,
    /// Something failed.
    Error,
}

/// `message/send`: says something in a session.
///
/// When a turn runs, the message waits for its turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Send {
    /// The session.
    pub session_id: SessionId,
    /// What to say: 1 byte to 256 KiB.
    pub text: String,
    /// The client's own name for this message: a second send with the same name changes nothing
    /// and returns what the first returned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<MessageId>,
    /// True to join a running turn at its next step: after the outputs of its tools, before the
    /// model is asked again. Where the turn ends first, the message gets the next one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub steer: bool,
}

/// The reply to `message/send`: the message is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// The message's name.
    pub message_id: MessageId,
    /// The turn that it began; `None` where it waits behind a running one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<TurnId>,
}

/// `message/withdraw`: takes back a message that still waits for its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withdraw {
    /// The message.
    pub id: MessageId,
}

/// `message/search`: where a text stands in a session's transcript.
///
/// Upper and lower case are the same. Looked into is all that is said: text, reasoning, notices,
/// the words of tool calls and what came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// The session.
    pub session_id: SessionId,
    /// What to look for: 1 to 1,000 bytes.
    pub text: String,
    /// Only before this position, newest first. Without any position, from the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
    /// Instead of `before`: only after this position, oldest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// At most so many hits; 0 means 100, and 1,000 is the most.
    #[serde(default)]
    pub limit: u32,
}

/// The reply to `message/search`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The messages that hold the text, in the direction of the search.
    pub hits: Vec<Hit>,
    /// Where the search stopped before it had seen all; ask again with it as `before` (or
    /// `after`) for the rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

/// A message that holds what was searched for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hit {
    /// Its place in the transcript.
    pub position: u64,
    /// Its name.
    pub message_id: MessageId,
    /// Who says it.
    pub role: Role,
    /// What stands around the first place, one line of at most 120 characters.
    pub line: String,
    /// When it was said.
    pub created_at: Timestamp,
}

/// Returns a text as searches compare it.
pub fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// `message/edit`: changes a message that still waits for its turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// The message.
    pub id: MessageId,
    /// What it says instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Whether it joins the running turn instead of waiting for one of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steer: Option<bool>,
}
