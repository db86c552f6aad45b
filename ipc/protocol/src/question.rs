//! Questions of the agent to a person, and their answers.
//!
//! A question is a call of the tool `ask` that waits. It has no effect, so nothing needs to be
//! allowed; it ends exactly once, and the call's output says how.

use serde::{Deserialize, Serialize};

use crate::approval::Actor;
use crate::{CallId, QuestionId, SessionId, Timestamp, TurnId};

/// The fewest and the most choices of a question that has any.
pub const CHOICES: (usize, usize) = (2, 8);

/// A question of the agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Its name.
    pub id: QuestionId,
    /// The session that asks.
    pub session_id: SessionId,
    /// The turn that waits.
    pub turn_id: TurnId,
    /// The call that asks.
    pub call_id: CallId,
    /// What is asked; may have several lines.
    pub text: String,
    /// What can be chosen: none, or 2 to 8.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Choice>,
    /// True where a person may answer in their own words; always so without choices.
    pub free_text: bool,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// When it ends as expired if nobody answers; `None` where it waits as long as it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Where it stands.
    pub state: QuestionState,
}

/// One thing that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// A few words, one line.
    pub label: String,
    /// What it would mean, one line; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub explanation: String,
}

/// Where a question stands. Every question leaves `Pending` exactly once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum QuestionState {
    /// It waits for an answer.
    Pending,
    /// A person answered.
    Answered {
        /// What they said.
        given: Given,
    },
    /// A person does not want to answer.
    Dismissed {
        /// Who.
        actor: Actor,
        /// When.
        at: Timestamp,
    },
    /// Nobody answered in time.
    Expired {
        /// When it ended.
        at: Timestamp,
    },
    /// The turn ended before anybody answered.
    Cancelled {
        /// When it ended.
        at: Timestamp,
        /// Why, one sentence.
        reason: String,
    },
}

/// What a person said: who, where, when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// The person.
    pub actor: Actor,
    /// When.
    pub at: Timestamp,
    /// Which choice, from 1; `None` where they used their own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
    /// The label of the choice, or their own words.
    pub text: String,
}

/// `question/list`: questions, newest last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct List {
    /// Also those that ended; without it only the pending ones.
    pub all: bool,
    /// Only those of this session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// At most so many of the newest; 0 means 100, and 1,000 is the most.
    pub limit: u32,
}

/// The reply to `question/list`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Oldest first.
    pub questions: Vec<Question>,
}

/// `question/show`: one question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Show {
    /// The question.
    pub id: QuestionId,
}

/// `question/answer`: ends a pending question. The first answer wins; a later one gets the fault
/// `conflict`, which says who was first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The question.
    pub id: QuestionId,
    /// What is answered.
    pub how: How,
}

/// What a person does with a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum How {
    /// They take one of the choices.
    Choose {
        /// Which, from 1.
        number: u32,
    },
    /// They answer in their own words, where the question lets them.
    Write {
        /// The words: 1 to 16,384 bytes.
        text: String,
    },
    /// They do not want to answer.
    Dismiss,
}
