//! The record of each tool call, without secrets and bounded.
//!
//! Owns: what is a secret and how it is taken out ([`Redactor`]), how much a record keeps
//! ([`bounded()`]), how a record is made ([`record`]).
//! Stores nothing and sends nothing.

mod bounded;
mod environment;
mod known;
mod name;
pub mod record;
mod redactor;
mod shape;

pub use bounded::{bounded, bounded_params};
pub use environment::env_secrets;
pub use redactor::Redactor;

/// What stands where a secret was.
pub const REDACTED: &str = "[REDACTED]";
