//! One truth about settings: sections with their defaults, the file and the environment over them.
//!
//! Owns: where things lie ([`Paths`]), what may be set (`section`), reading it with every mistake
//! at once ([`Config::load`]), changing the file without losing its comments ([`edit`]), the map of
//! keys ([`keymap`]).
//! Does not decide anything: who gets a [`Config`] may rely on every value being in its range.

mod agree;
mod check;
pub mod edit;
pub mod keymap;
mod layer;
pub mod paths;
pub mod problem;
pub mod secret;
pub mod section;
mod shape;

pub use layer::{Entry, Loaded, Origin};
pub use paths::Paths;
pub use problem::{Problem, Problems};
pub use secret::Secret;
pub use section::Config;
pub use smartopol_protocol::suggest::nearest;

/// Every key with its default and what it means, as a config file.
pub const DEFAULTS: &str = include_str!("../default.toml");
