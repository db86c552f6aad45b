//! What the crate promises to clients and to the daemon, tried from outside.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bad_input;
mod door;
mod talk;
