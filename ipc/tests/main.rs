//! What the crate promises to clients and to the daemon, tried from outside.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod bad_input;
mod door;
mod python;
mod readme;
mod talk;
