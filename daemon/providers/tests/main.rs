//! Providers through their public face, against a scripted server on loopback.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod asking;
mod failing;
mod finding;
mod house;
mod offline;
mod transcripts;
