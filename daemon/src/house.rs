//! What every part of the daemon can reach.
//!
//! Owns nothing but the handles: each piece of state has its owner behind one of them.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use smartopol_config::Config;
use smartopol_protocol::approval::Rule;
use smartopol_protocol::daemon::Phase;
use smartopol_protocol::tool::ToolSpec;
use smartopol_protocol::user::User;
use smartopol_protocol::{Code, Fault, Timestamp};
use smartopol_providers::Providers;
use smartopol_store::Store;
use smartopol_tools::Tools;
use smartopol_traces::Redactor;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::approvals::desk::Desk;
use crate::approvals::floor::Floor;
use crate::approvals::rules;
use crate::bus::Bus;
use crate::clock::Clock;
use crate::listing::Listing;
use crate::memory::file::MemoryFile;
use crate::memory::looks::Looks;
use crate::persona::Persona;
use crate::router::Router;
use crate::scheduler::Scheduler;
use crate::server::Clients;
use crate::supervisor::Supervisor;
use crate::terminals;
use crate::upkeep::Upkeep;
use crate::users::Users;
use crate::users::linking::Linking;
use crate::users::rights::Rights;

/// What every part of the daemon can reach.
pub(crate) type House = Arc<Rooms>;

/// The handles.
pub(crate) struct Rooms {
    pub(crate) config: Config,
    pub(crate) store: Store,
    pub(crate) users: Users,
    pub(crate) linking: Linking,
    pub(crate) bus: Bus,
    pub(crate) tools: Tools,
    pub(crate) listing: Listing,
    pub(crate) memory: MemoryFile,
    pub(crate) looks: Looks,
    pub(crate) persona: Persona,
    /// The tools as models are offered them.
    pub(crate) specs: Vec<ToolSpec>,
    pub(crate) redactor: Redactor,
    pub(crate) floor: Floor,
    pub(crate) desk: Desk,
    pub(crate) router: Router,
    pub(crate) terminals: terminals::Desk,
    pub(crate) supervisor: Supervisor,
    pub(crate) upkeep: Upkeep,
    pub(crate) scheduler: Scheduler,
    pub(crate) clock: Clock,
    pub(crate) clients: Clients,
    pub(crate) facts: Facts,
    /// Told when the daemon shall stop.
    pub(crate) leave: Notify,
    pub(crate) found: OnceLock<Arc<Providers>>,
    /// Cancelled once they are found: no session begins before.
    pub(crate) furnished: CancellationToken,
}

/// What does not change while the daemon runs.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) started_at: Timestamp,
    pub(crate) socket: String,
    pub(crate) database: String,
    pub(crate) log: String,
    pub(crate) config: String,
    /// The folder of everything that lasts.
    pub(crate) data: PathBuf,
    /// The folder of the backups that the daemon makes by itself.
    pub(crate) backups: PathBuf,
    /// The folder of long outputs of tools.
    pub(crate) outputs: PathBuf,
    pub(crate) phases: Phases,
}

impl Rooms {
    /// Returns the providers.
    ///
    /// # Errors
    /// `unavailable` while the daemon is still starting.
    pub(crate) fn providers(&self) -> Result<Arc<Providers>, Fault> {
        self.found.get().cloned().ok_or_else(|| {
            Fault::new(
                Code::Unavailable,
                "the daemon is still looking for providers",
            )
            .hint("try again in a moment")
        })
    }

    /// Returns what a user may do.
    pub(crate) fn rights(&self, user: &User) -> Rights {
        Rights::of(&self.config.users.roles, user)
    }

    /// Returns the rules in force, those of the config first.
    pub(crate) async fn rules(&self) -> Result<Vec<Rule>, smartopol_store::Error> {
        let now = self.clock.now();
        let learned = self.store.read(move |r| r.rules(now)).await?;
        let written = rules::written(&self.config.approvals)
            .into_iter()
            .filter(|rule| rule.expires_at.is_none_or(|end| end > now));
        Ok(written.chain(learned).collect())
    }
}

/// What the daemon did to start, and how long each took.
#[derive(Debug)]
pub(crate) struct Phases {
    begun: Mutex<(Instant, Vec<Phase>)>,
}

impl Phases {
    /// Begins to measure the first phase.
    pub(crate) fn begin() -> Self {
        Self {
            begun: Mutex::new((Instant::now(), Vec::new())),
        }
    }

    /// Ends a phase and begins the next.
    pub(crate) fn end(&self, name: &str) {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, phases) = &mut *begun;
        phases.push(Phase {
            name: name.into(),
            ms: since.elapsed().as_secs_f64() * 1000.0,
        });
        *since = Instant::now();
    }

    /// Returns the phases so far, in order.
    pub(crate) fn list(&self) -> Vec<Phase> {
        self.begun
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .1
            .clone()
    }
}
