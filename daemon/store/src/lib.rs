//! The store: the only room with SQL.
//!
//! Owns: the database file, its one writer, its readers, the journal of facts, and what may stand
//! in a transcript. Does not decide anything else and tells nobody but through `on_commit`.
//!
//! Write, then publish: who hears of a fact can fetch it.

mod approval;
mod attention;
mod backup;
mod call;
mod check;
mod column;
mod compaction;
mod connection;
mod error;
mod fork;
mod group;
mod job;
mod journal;
mod knowledge;
mod ledger;
mod mark;
mod memory;
mod message;
mod migrate;
mod order;
mod owner;
mod past;
mod pin;
mod points;
mod pool;
mod question;
mod rank;
mod reader;
mod restore;
mod rule;
mod search;
mod session;
mod spend;
mod store;
mod terminal;
mod terms;
mod trace;
mod turn;
mod upkeep;
mod user;
mod warmth;
mod whose;
mod writer;

pub use approval::{Ended, Voted};
pub use error::{Error, Result};
pub use fork::Fork;
pub use journal::KEEP as JOURNAL_KEEP;
pub use knowledge::{Draft as TopicDraft, HOT as HOT_TOPICS, Use as TopicUse};
pub use ledger::{IN_TIME_MS, Lapse, RunEnd};
pub use memory::{most_hits, most_listed};
pub use past::PastCall;
pub use points::{AtPoint, Point};
pub use reader::{Counts, Reader};
pub use restore::{Examined, examine, restore};
pub use session::OldSince;
pub use spend::Of;
pub use store::{OnCommit, Options, Store};
pub use whose::Whose;
pub use writer::Writer;
