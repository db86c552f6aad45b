//! Sessions: conversations with their memory of themselves.

mod export;
mod retention;
mod search;

use serde::{Deserialize, Serialize};

use crate::approval::Mode;
use crate::message::Message;
use crate::model::Usage;
use crate::tool::ToolCall;
use crate::turn::{Outcome, Turn};
use crate::{SessionId, Timestamp, TurnId, UserId};

pub use export::{EXPORT_VERSION, Export, Exported};
pub use retention::{Old, Retained, Retention, Stays};
pub use search::{Found, Hit, Search};

/// The agent's name in the keys of sessions. There is one.
pub const AGENT: &str = "main";

/// One session, as lists show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Its name in the house.
    pub id: SessionId,
    /// Its name for people; unique among those of its user. Made from the workspace's folder name.
    pub name: String,
    /// Whose it is; `None` only where it was made before there were users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// The folder it was started in, absolute.
    pub workspace: String,
    /// How much it may do without asking; `None` follows the config.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// `provider/model` or a model of the chosen provider; `None` follows the config.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Where it stands.
    pub state: SessionState,
    /// Approvals and questions that wait for a person.
    pub waiting: u32,
    /// Messages in its transcript and in its queue.
    pub messages: u64,
    /// The beginning of the newest message, one line of at most 120 characters.
    pub last_line: String,
    /// What all its turns used.
    pub usage: Usage,
    /// When it was made.
    pub created_at: Timestamp,
    /// When something last happened in it.
    pub updated_at: Timestamp,
    /// When it was put away; `None` where it is in the lists. A person's message brings it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived_at: Option<Timestamp>,
}

impl Session {
    /// Returns its key, `user:{id}:agent:{id}:{name}`: what it is called in the whole house, as
    /// its name is unique only among those of its user.
    pub fn key(&self) -> String {
        match self.user_id {
            Some(user) => format!("user:{user}:agent:{AGENT}:{}", self.name),
            None => format!("user:nobody:agent:{AGENT}:{}", self.name),
        }
    }
}

/// Where a session stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum SessionState {
    /// No turn runs.
    Idle {
        /// How the newest turn ended; `None` before the first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last: Option<Outcome>,
    },
    /// A turn runs.
    Running,
    /// A turn waits for a person.
    Waiting,
}

/// `session/create`: makes a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Create {
    /// The folder to work in: absolute, existing.
    pub workspace: String,
    /// Its name; without one it is made from the folder's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its approval mode; without one the config's holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// Its model; without one the config's holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

impl Create {
    /// Returns the wish for a session in this folder, with everything else as it comes.
    pub fn in_folder(workspace: impl Into<String>) -> Self {
        Self {
            workspace: workspace.into(),
            name: None,
            mode: None,
            model: None,
        }
    }

    /// Returns it with a name.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }
}

/// `session/list`: sessions, the most recently used first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct List {
    /// Which of them.
    pub which: Which,
}

/// Which sessions a list has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// Those that were not put away.
    #[default]
    Current,
    /// Those that were.
    Archived,
    /// Both.
    All,
}

/// `session/archive`: puts a session away, or back. Put away it is in no list and is never meant
/// where none is named; it is found and shown as before, and a person's message brings it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Archive {
    /// The session.
    pub id: SessionId,
    /// True to put it away.
    pub archived: bool,
}

/// The reply to `session/list`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Listed {
    /// The most recently used first.
    pub sessions: Vec<Session>,
}

/// `session/find`: the session that a person means.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Find {
    /// A name, an id, the unique beginning of an id, or a key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Without a key: the most recently used session of this folder, but for those that were made
    /// for a run of a job or put away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace: Option<String>,
}

/// `session/show`: one session with a window of its transcript.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Show {
    /// The session.
    pub id: SessionId,
    /// The newest messages before this position. Without any position, the newest of all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
    /// Instead of `before`: the oldest messages after this position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// Instead of both: the messages around this position, as many before it as after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub around: Option<u64>,
    /// At most so many messages; 0 means 200, and 1,000 is the most.
    #[serde(default)]
    pub limit: u32,
}

impl Show {
    /// Returns the question for the newest window of a session.
    pub const fn newest(id: SessionId, limit: u32) -> Self {
        Self {
            id,
            before: None,
            after: None,
            around: None,
            limit,
        }
    }

    /// Returns the question for the window right before a position.
    pub const fn before(id: SessionId, position: u64, limit: u32) -> Self {
        Self {
            before: Some(position),
            ..Self::newest(id, limit)
        }
    }

    /// Returns the question for the window right after a position.
    pub const fn after(id: SessionId, position: u64, limit: u32) -> Self {
        Self {
            after: Some(position),
            ..Self::newest(id, limit)
        }
    }

    /// Returns the question for the window around a position.
    pub const fn around(id: SessionId, position: u64, limit: u32) -> Self {
        Self {
            around: Some(position),
            ..Self::newest(id, limit)
        }
    }
}

/// The reply to `session/show`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// Every event up to this number is in here; a client skips those about this session.
    pub as_of: u64,
    /// The session.
    pub session: Session,
    /// The window, oldest first, no position missing. With the newest window come the messages
    /// that wait for their turn, last.
    pub messages: Vec<Message>,
    /// The turns that these messages belong to.
    pub turns: Vec<Turn>,
    /// The tool calls that these messages make.
    pub calls: Vec<ToolCall>,
    /// True where older messages exist.
    pub more: bool,
    /// The position of the newest message of the session, which may lie after the window; 0 where
    /// there is none.
    #[serde(default)]
    pub last: u64,
    /// What is being said right now and not yet a message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partial: Option<Partial>,
}

/// What the agent has said of a message that is not finished.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partial {
    /// The turn.
    pub turn_id: TurnId,
    /// The step of the turn, from 1; each step says one message.
    pub step: u32,
    /// The reasoning so far.
    pub reasoning: String,
    /// The text so far.
    pub text: String,
    /// The tool that the model is writing a call of, and how many bytes of arguments it has
    /// written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<(String, u64)>,
}

/// `session/configure`: changes what is given, leaves the rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configure {
    /// The session.
    pub id: SessionId,
    /// A new name; unique among those of its user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A new approval mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// A new model; the empty text goes back to the config's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// `session/fork`: makes a session with the transcript of another one up to a place in it.
///
/// The new one has the same workspace, mode and model; rules that were learned for the old one
/// alone are not taken along, nor what it used, nor messages that wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fork {
    /// The session.
    pub id: SessionId,
    /// The position of the last message to take; without it the newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<u64>,
    /// The new one's name; without one it is made from the old one's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// The reply to `session/fork`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forked {
    /// The new session.
    pub session: Session,
    /// The position of the last message taken; 0 where none was.
    pub at: u64,
    /// Why that is not the place that was asked for, one sentence; empty where it is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// `session/files`: the files of a session's workspace, as tools list them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// The session.
    pub id: SessionId,
}

/// The reply to `session/files`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilesListed {
    /// Paths relative to the workspace; folders end in `/`. What `.gitignore` names is left out.
    pub files: Vec<String>,
    /// True where there are more than the 20,000 that are told.
    pub more: bool,
}

/// `session/delete`: removes a session with its messages, turns, calls and learned rules.
/// Its traces stay. A running turn is interrupted first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delete {
    /// The session.
    pub id: SessionId,
}

/// `turn/interrupt`: stops the turn of a session; answers within a second, also where none runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interrupt {
    /// The session.
    pub session_id: SessionId,
}

/// The reply to `turn/interrupt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interrupted {
    /// The turn that was stopped; `None` where none ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<TurnId>,
}

/// `turn/continue`: goes on where an interrupted, cut off, failed or limited turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Continue {
    /// The session.
    pub session_id: SessionId,
}

/// The reply to `turn/continue`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Continued {
    /// The new turn.
    pub turn_id: TurnId,
}
