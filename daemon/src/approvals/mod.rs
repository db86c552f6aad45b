//! What may run: the policy that judges a tool call, and the desk that asks a person.

pub(crate) mod desk;
pub(crate) mod floor;
pub(crate) mod policy;
mod suggestion;
