//! What may run: the policy that judges a tool call, and the desk that asks a person.

pub(crate) mod desk;
pub(crate) mod floor;
pub(crate) mod lab;
mod learned;
pub(crate) mod pattern;
pub(crate) mod policy;
mod suggestion;
