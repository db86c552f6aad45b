//! What is taken out of a record, what stays, and what a record looks like.
#![allow(missing_docs, reason = "tests say what they promise in their names")]

mod properties;
mod record;
mod redaction;
