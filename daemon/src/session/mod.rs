//! One conversation: an actor that owns the turn and carries out what it asks for.
//!
//! Owns: the transcript in memory, the queue of messages, the running turn. The turn itself is
//! pure and lives in `smartopol_agent`; what is true is in the store, written before it is told.

mod actor;
mod answers;
mod asking;
mod authorize;
mod commands;
mod extracting;
mod folding;
mod hands;
mod listening;
mod live;
mod load;
mod overrun;
mod plan;
mod questions;
pub(crate) mod telling;
mod turning;
mod words;

use std::sync::Arc;
use std::time::Duration;

use smartopol_protocol::approval::{Actor, Approval};
use smartopol_protocol::command::{Run, Running, Stopped};
use smartopol_protocol::compaction::{self, Compaction, Pin, Planned};
use smartopol_protocol::message::{Edit, Message, Sent};
use smartopol_protocol::question::Question;
use smartopol_protocol::session::{Configure, Continued, Interrupted, Partial, Session};
use smartopol_protocol::tool::ToolOutput;
use smartopol_protocol::{CallId, Fault, MessageId, SessionId};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::Instant;

use crate::House;

pub(crate) use actor::run;
pub(crate) use live::LiveCall;
pub(crate) use load::TRANSCRIPT;

/// How many words wait for a session before it is busy.
pub(crate) const INBOX: usize = 32;

/// How long an actor without anything to do stays.
const RETIRE_AFTER: Duration = Duration::from_secs(120);

type Reply<T> = oneshot::Sender<Result<T, Fault>>;

/// A word for a session.
#[derive(Debug)]
pub(crate) enum Cmd {
    /// A user says something.
    Say(Box<Message>, Reply<Sent>),
    /// A message that waits is changed.
    Edit(Box<Edit>, Reply<Message>),
    /// A person runs a command.
    Run(Box<(Run, Actor)>, Reply<Running>),
    /// The commands that the person runs shall stop.
    StopCommands(Reply<Stopped>),
    /// A message that waits is taken back.
    Withdraw(MessageId, Reply<()>),
    /// The turn shall stop.
    Interrupt(Reply<Interrupted>),
    /// An ended turn shall go on.
    Continue(Reply<Continued>),
    /// Its name, mode or model changes.
    Configure(Box<Configure>, Reply<Session>),
    /// The next request folds older messages first.
    Compact(Reply<Planned>),
    /// The newest compaction counts no more.
    Expand(Reply<Compaction>),
    /// A person pins something.
    Pin(Box<compaction::Add>, Reply<Pin>),
    /// A person takes a pin off.
    Unpin(compaction::Remove, Reply<()>),
    /// It is removed.
    Delete(Reply<()>),
    /// What is being said right now?
    Partial(Reply<Option<Partial>>),
    /// The daemon tells the person something.
    Notice(Box<Message>, Reply<()>),
    /// One of its approvals ended.
    Decided(Box<Approval>),
    /// One of its questions ended.
    Answered(Box<Question>),
    /// Look whether something was left open or waits, as after a restart.
    Wake,
    /// Come to an end by then; a turn that waits is left waiting.
    Park {
        /// When a running turn is interrupted.
        deadline: Instant,
        /// Told at the end.
        done: oneshot::Sender<()>,
    },
}

impl Cmd {
    /// Returns true for what a person, or the end of the daemon, waits for.
    pub(crate) const fn is_urgent(&self) -> bool {
        matches!(
            self,
            Self::Interrupt(_) | Self::Delete(_) | Self::Park { .. }
        )
    }
}

/// A tool's output, on its way back to its session.
#[derive(Debug)]
struct Finished {
    call_id: CallId,
    output: ToolOutput,
    /// How long it ran; `None` where a file that it depends on had changed, so that it never did.
    took: Option<Duration>,
}

/// The store failed in the middle of something: the actor starts over from what is stored.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct Broken(#[from] smartopol_store::Error);

/// Everything an actor is given.
struct Doors {
    house: House,
    id: SessionId,
    inbox: mpsc::Receiver<Cmd>,
    /// Told when an urgent word is on its way.
    hurry: Arc<Notify>,
}
