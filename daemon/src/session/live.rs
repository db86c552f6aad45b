//! A turn while it runs: the machine, its row, its calls.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::tz::TimeZone;
use smartopol_protocol::CallId;
use smartopol_protocol::approval::Approval;
use smartopol_protocol::job::RunKey;
use smartopol_protocol::model::Usage;
use smartopol_protocol::prompt::PromptPart;
use smartopol_protocol::question::Question;
use smartopol_protocol::session::Partial;
use smartopol_protocol::tool::ToolCall;
use smartopol_protocol::trace::Trace;
use smartopol_protocol::turn::{Turn, TurnState};
use smartopol_protocol::user::{Filter, User};
use smartopol_providers::Target;
use tokio_util::sync::CancellationToken;

use super::asking::Asking;
use super::folding::Folding;
use super::overrun::Refused;
use crate::scheduler::charge::Charge;

/// A turn while it runs.
pub(super) struct Live {
    /// The row, as it was last stored.
    pub(super) turn: Turn,
    /// What decides.
    pub(super) machine: smartopol_agent::Turn,
    /// Who is asked; `None` where no provider could be found.
    pub(super) target: Option<Target>,
    /// The peer whose message began the turn; empty where nobody's did.
    pub(super) asker: String,
    /// Who really said it, where the owner acts as that peer.
    pub(super) by: Option<String>,
    /// What it may do and use, where a job began it.
    pub(super) charge: Option<Charge>,
    /// What the model is told beside the conversation, as it was when the turn began.
    pub(super) prompt: Vec<PromptPart>,
    /// Where the person is, for the times that the model is told.
    pub(super) zone: TimeZone,
    /// What is kept of what is told in this session.
    pub(super) filter: Filter,
    /// The question on its way.
    pub(super) asking: Option<Asking>,
    /// The summary that the question on its way is for; `None` where it is for the next answer.
    pub(super) folding: Option<Folding>,
    /// The step before which was folded.
    pub(super) folded_at: Option<u32>,
    /// The newest request that was refused as too long.
    pub(super) refused: Option<Refused>,
    /// The calls of the newest answer.
    pub(super) calls: HashMap<CallId, LiveCall>,
    /// What is being said and not yet a message.
    pub(super) partial: Partial,
    /// Bytes of the answer so far.
    pub(super) heard: usize,
    /// What this step used so far; counted once the step ends.
    pub(super) step_usage: Usage,
}

/// A call of the newest answer.
pub(crate) struct LiveCall {
    /// The row, as it was last stored.
    pub(crate) call: ToolCall,
    /// Its trace, once it was decided.
    pub(crate) trace: Option<Trace>,
    /// Its question, where a person is or was asked.
    pub(crate) approval: Option<Approval>,
    /// What it asks a person, where it is such a call and was let ask.
    pub(crate) question: Option<Question>,
    /// The peer whose message began the turn; empty where nobody's did.
    pub(crate) asker: String,
    /// Who really said it, where the owner acts as that peer.
    pub(crate) by: Option<String>,
    /// Who that is; a stranger where they are no user any more.
    pub(crate) user: Arc<User>,
    /// The run of a job that the turn is; `None` where no job began it.
    pub(crate) run: Option<RunKey>,
    /// True where it was taken up from the store, which keeps no secret.
    pub(crate) reopened: bool,
    /// Stops it.
    pub(crate) cancel: CancellationToken,
}

impl Live {
    pub(super) fn new(
        turn: Turn,
        machine: smartopol_agent::Turn,
        target: Option<Target>,
        asker: String,
        (prompt, zone): (Vec<PromptPart>, TimeZone),
        (charge, filter): (Option<Charge>, Filter),
    ) -> Self {
        let partial = Partial {
            turn_id: turn.id,
            step: machine.steps(),
            reasoning: String::new(),
            text: String::new(),
            call: None,
        };
        Self {
            turn,
            machine,
            target,
            asker,
            by: None,
            charge,
            prompt,
            zone,
            filter,
            asking: None,
            folding: None,
            folded_at: None,
            refused: None,
            calls: HashMap::new(),
            partial,
            heard: 0,
            step_usage: Usage::default(),
        }
    }

    /// Begins to hear a new answer.
    pub(super) fn listen(&mut self, asking: Asking) {
        self.asking = Some(asking);
        self.partial = Partial {
            turn_id: self.turn.id,
            step: self.machine.steps(),
            reasoning: String::new(),
            text: String::new(),
            call: None,
        };
        self.heard = 0;
    }

    /// Returns the row as it has to be stored now; `None` where nothing about it changed.
    pub(super) fn row(&mut self) -> Option<Turn> {
        let mut now = self.turn.clone();
        // While an answer comes, its provider counts again and again, each time the whole.
        if self.asking.is_none() {
            now.usage += std::mem::take(&mut self.step_usage);
        }
        now.steps = self.machine.steps();
        if !matches!(now.state, TurnState::Finished { .. }) {
            now.state = if self.machine.is_waiting() {
                TurnState::Waiting
            } else {
                TurnState::Running
            };
        }
        (now != self.turn).then(|| {
            self.turn = now.clone();
            now
        })
    }
}

impl Drop for Live {
    /// Whatever the reason, no tool goes on without its turn.
    fn drop(&mut self) {
        for call in self.calls.values() {
            call.cancel.cancel();
        }
    }
}
