//! What is taken out of a record, what stays, and what a record looks like.
#![allow(missing_docs, reason = "tests say what they promise in their names")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod properties;
mod record;
mod redaction;
