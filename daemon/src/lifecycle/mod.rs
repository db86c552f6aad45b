//! The daemon's life: started once, found by all, stopped cleanly, its words kept.
//!
//! Owns: the lock, the start in the background and what is told about it, stop, status, the log
//! files, and the commands `smartopol daemon …`. What the daemon does in between is `boot`'s.

mod ask;
mod command;
mod lock;
mod logging;
mod logs;
mod report;
mod run;
mod start;
mod status;
mod stop;

pub use crate::boot::check_rules;
pub(crate) use ask::{ask, block_on};
pub use command::{Command, check_providers, run};
pub(crate) use lock::make_private;
pub use lock::{Lock, holder};
pub use logging::{Logging, current_log};
pub use start::{Started, start};
pub(crate) use status::bytes;
pub use stop::{Stopped, stop};
