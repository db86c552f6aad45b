//! How two processes of smartopol talk: frames over a local socket, a handshake, a client.
//!
//! Owns: the frame and its limits, who may connect, both ends of a connection.
//! Does not own the words (`smartopol-protocol`), nor what a request does (the daemon).
//! Sockets are Unix sockets: there is no other door, and `README.md` beside this folder describes
//! this one for programs in other languages.

pub mod client;
pub mod listener;
pub mod server;

mod address;
mod decoder;
mod depth;
mod error;
mod frame;
mod stream;

pub use address::Address;
pub use bytes::Bytes;
pub use client::acting::act_as;
pub use client::{Access, Client, Events, TerminalBytes, Told};
pub use error::Error;
pub use frame::{HEADER, MESSAGE, TERMINAL, encode, terminal_head};
pub use listener::{Incoming, Listener, Peer, own_peer};
pub use stream::{Stream, pair};
