//! For tests only: a scripted provider, a terminal, a daemon in a temporary home.
//!
//! Owns what tests of several crates share. Nothing that ships depends on it.

pub mod crash;
pub mod home;
mod picture;
pub mod provider;
pub mod signal;
pub mod terminal;
pub mod wait;

pub use home::Home;
pub use terminal::Terminal;
