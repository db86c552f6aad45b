//! The house itself: sessions, approvals, the router, the server, the daemon's life.
//!
//! Owns what happens between the organs. The organs (agent, providers, tools, store, traces) do
//! not know each other; what two of them need is carried from one to the other here.

mod approvals;
pub mod boot;
mod budgets;
mod bus;
mod clock;
pub mod doctor;
mod files;
mod house;
pub mod lifecycle;
mod listing;
mod memory;
mod persona;
mod record;
mod router;
mod scheduler;
mod server;
mod session;
mod steps;
mod supervisor;
mod terminals;
mod toolbox;
mod upkeep;
mod users;

pub use clock::{Clock, Hands};
pub(crate) use house::House;
