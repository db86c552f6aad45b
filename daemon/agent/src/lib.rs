//! Thinks, touches nothing: events in, effects out.
//!
//! Owns: the turn as a state machine, the request a model gets, the guard against loops.
//! Does no I/O; the session actor of the daemon carries out what is returned here.

pub mod context;
pub mod loop_guard;
pub mod prompt;
pub mod turn;

pub use turn::{Effect, Event, Limits, Ruling, Stop, Turn};
