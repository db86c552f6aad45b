//! What a turn may do that a job began.
//!
//! Owns: that such a turn has what was frozen with its job and never more than its owner has now.

use smartopol_protocol::approval::Mode;
use smartopol_protocol::job::{Action, Frozen, Job, Run, RunKey};
use smartopol_protocol::tool::ToolSpec;
use smartopol_protocol::user::Role;
use smartopol_protocol::{JobId, MessageId};
use smartopol_store::Reader;

use crate::House;

/// What the peer of a job's messages begins with.
pub(super) const PEER: &str = "job:";

/// What a turn of a job may do and use.
#[derive(Clone, Debug)]
pub(crate) struct Charge {
    pub(crate) action: Action,
    run: Option<RunKey>,
    frozen: Frozen,
    /// What the settings let any job do, and what its owner may do.
    most: Mode,
}

/// Returns the peer that a job's messages come from.
pub(crate) fn peer(id: JobId) -> String {
    format!("{PEER}{id}")
}

/// Returns true for the peer of a job.
pub(crate) fn is_job(peer: &str) -> bool {
    peer.starts_with(PEER)
}

/// Returns what the turn of this message from this peer may do; `None` where no job sent it.
///
/// # Errors
/// Where the store fails.
pub(crate) async fn of(
    house: &House,
    peer: Option<&str>,
    message_id: Option<MessageId>,
) -> Result<Option<Charge>, smartopol_store::Error> {
    let id = peer
        .and_then(|peer| peer.strip_prefix(PEER))
        .and_then(|id| id.parse::<JobId>().ok());
    let Some(id) = id else { return Ok(None) };
    let found = house
        .store
        .read(move |r| {
            let run = message_id.map(|id| r.run_of_message(id)).transpose()?;
            Ok((r.job(id)?, run.flatten()))
        })
        .await;
    match found {
        Ok((job, run)) => Ok(Some(Charge::new(house, job, run.as_ref()))),
        // So old that the settings have removed it: nothing is known of what it might do.
        Err(smartopol_store::Error::NotFound { .. }) => Ok(Some(Charge::nothing())),
        Err(err) => Err(err),
    }
}

/// Returns whose a peer is: for a job's the peer that owns the job, and nobody's where it is gone.
///
/// # Errors
/// Where the store fails.
pub(crate) fn owner_of(r: &Reader<'_>, peer: String) -> Result<String, smartopol_store::Error> {
    let Some(id) = peer.strip_prefix(PEER).and_then(|id| id.parse().ok()) else {
        return Ok(peer);
    };
    match r.job(id) {
        Ok(job) => Ok(job.frozen.user),
        Err(smartopol_store::Error::NotFound { .. }) => Ok(peer),
        Err(err) => Err(err),
    }
}

impl Charge {
    pub(crate) fn new(house: &House, job: Job, run: Option<&Run>) -> Self {
        Self {
            action: job.action,
            most: strictest([
                house.config.jobs.mode,
                ceiling(house.users.acting(&job.frozen.user, None).role),
            ]),
            run: run.map(Run::key),
            frozen: job.frozen,
        }
    }

    /// Returns a charge that lets nothing be done.
    fn nothing() -> Self {
        Self {
            action: Action::Prompt {
                text: String::new(),
            },
            run: None,
            most: Mode::ReadOnly,
            frozen: Frozen::default(),
        }
    }

    /// Returns the peer that owns the job: its role is that of the turn.
    pub(crate) fn owner(&self) -> &str {
        &self.frozen.user
    }

    /// Returns the run that the turn is.
    pub(crate) const fn run(&self) -> Option<RunKey> {
        self.run
    }

    /// Returns how much may be done without asking: the least of what was frozen, what the
    /// settings let any job do, and what the owner's role may.
    pub(crate) fn mode(&self) -> Mode {
        strictest([self.frozen.mode, self.most])
    }

    /// Returns the model; `None` where the job asks none.
    pub(crate) fn model(&self) -> Option<&str> {
        Some(self.frozen.model.as_str()).filter(|model| !model.is_empty())
    }

    /// Returns the tools that it may use, of those that there are.
    pub(crate) fn tools(&self, all: &[ToolSpec]) -> Vec<ToolSpec> {
        let mut own = all.to_vec();
        own.retain(|tool| self.may_use(&tool.name));
        own
    }

    /// Returns true where it may use a tool.
    pub(crate) fn may_use(&self, tool: &str) -> bool {
        self.frozen.tools.iter().any(|own| own == tool)
    }

    /// Returns true where it may make, change and remove jobs.
    pub(crate) const fn may_schedule(&self) -> bool {
        self.frozen.may_schedule
    }

    /// Returns the names of its tools.
    pub(crate) fn tool_names(&self) -> &[String] {
        &self.frozen.tools
    }

    /// Returns why the model may not be asked once more after so many tokens; `None` where it may.
    pub(crate) fn over_budget(&self, used: u64) -> Option<String> {
        let budget = self.frozen.budget_tokens;
        (budget > 0 && used >= budget).then(|| {
            format!("the job's budget of {budget} tokens for one run is used up ({used} were used)")
        })
    }
}

/// Returns the most that a role may do without asking.
pub(crate) const fn ceiling(role: Role) -> Mode {
    match role {
        Role::Admin => Mode::Auto,
        Role::User => Mode::Ask,
        Role::Child => Mode::ReadOnly,
    }
}

/// Returns the strictest of some modes.
pub(crate) fn strictest<const N: usize>(modes: [Mode; N]) -> Mode {
    Mode::ALL
        .into_iter()
        .find(|mode| modes.contains(mode))
        .unwrap_or_default()
}
