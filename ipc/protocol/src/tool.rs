//! What the agent can do, asks to do, and gets back.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{ApprovalId, CallId, QuestionId, SessionId, Timestamp, TraceId, TurnId};

/// A tool, as it is offered to a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolSpec {
    /// Its name: lower case letters, digits and `_`, at most 64.
    pub name: String,
    /// What it does and when to use it, for the model.
    pub description: String,
    /// JSON Schema of its arguments, an object.
    pub input_schema: Value,
}

/// One tool call: what was asked, what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolCall {
    /// Its name.
    pub id: CallId,
    /// The session it belongs to.
    pub session_id: SessionId,
    /// The turn it belongs to; `None` for a person's command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<TurnId>,
    /// The tool's name as the model wrote it.
    pub name: String,
    /// The arguments; a string where the model sent broken JSON.
    pub input: Value,
    /// What it would do, for people.
    pub inspection: Inspection,
    /// Where it stands.
    pub state: CallState,
    /// When the agent asked for it.
    pub asked_at: Timestamp,
    /// When it began to run; `None` before, and where it never ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it was answered; `None` before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// Its trace, once it was decided whether it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<TraceId>,
}

/// Where a tool call stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum CallState {
    /// Asked for; not yet decided.
    Asked,
    /// A person is asked.
    Waiting {
        /// The question.
        approval_id: ApprovalId,
    },
    /// It put a question to a person, who has not answered yet.
    Unanswered {
        /// The question.
        question_id: QuestionId,
    },
    /// It runs.
    Running,
    /// It is answered.
    Finished {
        /// The answer.
        output: ToolOutput,
    },
}

/// What a call gave back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ToolOutput {
    /// How it ended.
    pub status: OutputStatus,
    /// What the model is told; bounded, and it says itself what was cut.
    pub text: String,
    /// Facts for people and traces, such as `exit_code`, `signal`, `bytes`, `spill_path`.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub details: Value,
}

/// How a tool call ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputStatus {
    /// It did what was asked.
    #[default]
    Ok,
    /// It failed, and the text says how.
    Error,
    /// A person, a rule, the mode or the floor refused it; or a person dismissed its question.
    Denied,
    /// Nobody answered the approval, or its question, in time.
    Expired,
    /// It was stopped, or never got to run, because the turn was interrupted.
    Interrupted,
}

/// What a call would do, found without doing it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Inspection {
    /// One line for lists: `ls -la`, `write src/main.rs (+12 −3)`.
    pub title: String,
    /// The folder it happens in, absolute.
    pub cwd: String,
    /// What it touches.
    pub effects: Vec<Effect>,
    /// The content it depends on: where one of these changes before it runs, it is denied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pins: Vec<Pin>,
    /// What a recursive deletion would take away, as far as it was counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removal: Option<Removal>,
    /// What a person must see before answering, exactly.
    pub body: Body,
}

/// The content of a file that a call depends on: a script that it runs, a file that it changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// The file, absolute, links resolved.
    pub path: String,
    /// The SHA-256 of its content in lower case hexadecimal; `None` where there was no file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// What a recursive deletion would take away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    /// Files and folders, as far as they were counted.
    pub entries: u64,
    /// Bytes of the files among them.
    pub bytes: u64,
    /// The first paths, absolute, at most eight.
    pub first: Vec<String>,
    /// True where counting stopped before the end: there is more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

/// What a person must see before answering.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Body {
    /// The title says it all.
    #[default]
    None,
    /// A command, exactly as it would run.
    Command {
        /// The shell text, or the words of an argv quoted for a shell.
        text: String,
        /// The time limit in seconds.
        timeout_seconds: u64,
    },
    /// A change of a file as a unified diff.
    Diff {
        /// The file, absolute.
        path: String,
        /// The unified diff; a new file is all plus lines.
        diff: String,
        /// Lines added.
        added: u64,
        /// Lines removed.
        removed: u64,
    },
}

/// One thing that a call does or touches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    /// Runs a program: one simple command, without the wrappers around it.
    Run {
        /// Its words, quotes resolved; never empty.
        words: Vec<String>,
        /// The wrappers around it, outermost first, each as its own words up to the command it
        /// runs: `sudo nice make` is `make`, via `sudo` and `nice`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        via: Vec<Vec<String>>,
    },
    /// Does something that cannot be told before it runs: a variable as the command, `eval`,
    /// an unknown option of a wrapper, words that do not parse.
    Unclear {
        /// What cannot be told, and why, one sentence without a dot.
        why: String,
    },
    /// Reads a file or folder.
    Read {
        /// Absolute, links resolved as far as they exist.
        path: String,
        /// Where it lies.
        place: Place,
    },
    /// Makes or changes a file.
    Write {
        /// Absolute, links resolved as far as they exist.
        path: String,
        /// Where it lies.
        place: Place,
    },
    /// Removes a file or folder, or moves it away.
    Delete {
        /// Absolute, links resolved as far as they exist; the last step is not followed.
        path: String,
        /// Where it lies.
        place: Place,
        /// True where everything below it goes too.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        recursive: bool,
    },
    /// Talks to another machine.
    Network {
        /// The host, in lower case; `None` where it cannot be told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        host: Option<String>,
    },
    /// Ends or signals other processes, or stops the machine.
    Process {
        /// Which, as it was written.
        what: String,
    },
    /// Runs with other rights than the daemon's user has, or gives such rights away.
    Privilege {
        /// How, such as `sudo` or `chmod u+s`.
        how: String,
    },
}

/// Where a path lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// In the folder that the session was started in.
    Workspace,
    /// Anywhere else.
    Outside,
}
