//! The sections of the config: one file each, each with its defaults.

pub mod agent;
pub mod approvals;
pub mod backup;
pub mod budgets;
pub mod console;
pub mod daemon;
pub mod jobs;
pub mod memory;
pub mod prices;
pub mod providers;
pub mod retention;
pub mod terminals;
pub mod tools;
pub mod traces;
pub mod users;

use serde::{Deserialize, Serialize};

use crate::shape::Shape;

/// All settings.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The daemon's own life.
    pub daemon: daemon::Daemon,
    /// How the agent thinks.
    pub agent: agent::Agent,
    /// Who serves models, by name.
    pub providers: providers::Providers,
    /// What tokens cost, where the catalogue does not know.
    pub prices: prices::Prices,
    /// What may run without asking.
    pub approvals: approvals::Approvals,
    /// Who may come in, and what each role may do.
    pub users: users::Users,
    /// The most that may be used of models.
    pub budgets: budgets::Budgets,
    /// What runs by itself.
    pub jobs: jobs::Jobs,
    /// What sessions are told of what is remembered.
    pub memory: memory::Memory,
    /// The hands.
    pub tools: tools::Tools,
    /// Programs that people and the agent share.
    pub terminals: terminals::Terminals,
    /// The records.
    pub traces: traces::Traces,
    /// The copies of the database that the daemon makes by itself.
    pub backup: backup::Backup,
    /// How long what was stored is kept.
    pub retention: retention::Retention,
    /// The terminal console.
    pub console: console::Console,
}

pub(crate) const SHAPE: Shape = Shape::Table(&[
    ("daemon", daemon::SHAPE),
    ("agent", agent::SHAPE),
    ("providers", providers::SHAPE),
    ("prices", prices::SHAPE),
    ("approvals", approvals::SHAPE),
    ("users", users::SHAPE),
    ("budgets", budgets::SHAPE),
    ("jobs", jobs::SHAPE),
    ("memory", memory::SHAPE),
    ("tools", tools::SHAPE),
    ("terminals", terminals::SHAPE),
    ("traces", traces::SHAPE),
    ("backup", backup::SHAPE),
    ("retention", retention::SHAPE),
    ("console", console::SHAPE),
]);
