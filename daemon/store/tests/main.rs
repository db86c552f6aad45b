//! What the store promises to the rest of the house, through its public face.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    unreachable_pub,
    reason = "a test fails by panicking, ends its own tasks, and its modules have no face"
)]

mod approval;
mod attention;
mod backup;
mod compaction;
mod crash;
mod failure;
mod faults;
mod finding;
mod fork;
mod group;
mod house;
mod job;
mod journal;
mod knowledge;
mod memory;
mod order;
mod restore;
mod session;
mod steer;
mod torn;
mod trace;
mod transcript;
mod upkeep;
mod user;
