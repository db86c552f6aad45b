//! What may run: the policy that judges a tool call, and the desk that asks a person.

mod candidates;
pub(crate) mod coverage;
mod danger;
mod delicate;
pub(crate) mod desk;
pub(crate) mod floor;
pub(crate) mod lab;
mod learned;
pub(crate) mod pattern;
pub(crate) mod policy;
mod programs;
pub(crate) mod questions;
pub(crate) mod rules;
mod stretches;
pub(crate) mod terms;
#[cfg(test)]
pub(crate) mod trial;
