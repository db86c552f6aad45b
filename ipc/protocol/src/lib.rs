//! The words that every part of smartopol speaks: on the socket, in the database, on the screen.
//!
//! Owns: ids, facts, methods and their replies, the envelope they travel in.
//! Does no I/O, knows no other part of the house; a stranger can use it alone.

pub mod approval;
pub mod attention;
pub mod client;
pub mod command;
pub mod compaction;
pub mod daemon;
pub mod direct;
pub mod envelope;
pub mod event;
pub mod fault;
pub mod id;
pub mod job;
pub mod knowledge;
pub mod memory;
pub mod message;
pub mod method;
pub mod model;
pub mod prompt;
pub mod question;
pub mod session;
pub mod suggest;
pub mod terminal;
pub mod time;
pub mod tool;
pub mod trace;
pub mod turn;
pub mod user;

pub use envelope::{Envelope, Incoming};
pub use event::{Event, News};
pub use fault::{Code, Fault};
pub use id::{
    AgentId, ApprovalId, AttentionId, CallId, CompactionId, JobId, MemoryId, MessageId, PinId,
    QuestionId, RuleId, SessionId, TerminalId, TopicId, TraceId, TurnId, UserId,
};
pub use method::{Method, Request};
pub use time::Timestamp;
