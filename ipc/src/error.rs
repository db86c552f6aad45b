//! Why two processes do not talk: what happened, then what to do.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use smartopol_protocol::Fault;
use smartopol_protocol::envelope::MAX_FRAME;

/// Why two processes do not talk.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nobody listens.
    #[error(
        "the daemon is not running (nothing answers at {}): start it with `smartopol daemon start`",
        .path.display()
    )]
    NotRunning {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Somebody listens already.
    #[error(
        "another process already listens at {}: `smartopol daemon status` shows it, \
         `smartopol daemon stop` ends it",
        .path.display()
    )]
    InUse {
        /// The socket.
        path: PathBuf,
    },
    /// Something that is not a socket lies where the socket should be.
    #[error("{} is in the way of the socket and is not one: move it away", .path.display())]
    InTheWay {
        /// The thing.
        path: PathBuf,
    },
    /// No socket can have a path this long.
    #[error(
        "the path of the socket has {length} bytes, and the system takes {limit} ({}): set \
         SMARTOPOL_HOME, or XDG_RUNTIME_DIR for the runtime folder, to a shorter path",
        .path.display()
    )]
    PathTooLong {
        /// The socket.
        path: PathBuf,
        /// The path's length in bytes.
        length: usize,
        /// The most that this system takes.
        limit: usize,
    },
    /// Others could get at the socket.
    #[error(
        "the folder of the socket, {path}, is not safe: {why}; give it to yourself alone with \
         `chmod 700 {path}`, or set SMARTOPOL_HOME to another folder",
        path = .path.display()
    )]
    UnsafeFolder {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The other side is a program of another account.
    #[error(
        "the other side is run by user {uid} and this side by user {own}: run both as the same user"
    )]
    Stranger {
        /// Who it is.
        uid: u32,
        /// Who we are.
        own: u32,
    },
    /// The two speak no common version.
    #[error("{}", told(.0))]
    Version(Fault),
    /// The other side did not let us in, or we did not let it in.
    #[error("{}", told(.0))]
    Refused(Fault),
    /// The request could not be done.
    #[error("{}", told(.0))]
    Fault(Fault),
    /// The connection ended.
    #[error("the connection ended: look at `smartopol daemon status`, then connect again")]
    Closed,
    /// No answer came in time.
    #[error(
        "`{what}` had no answer within {after:?}: `smartopol daemon status` tells whether the \
         daemon is well"
    )]
    TimedOut {
        /// The method, or `hello`.
        what: &'static str,
        /// The time it was given.
        after: Duration,
    },
    /// What was to be sent is more than a frame takes.
    #[error("a message of {bytes} bytes is too large, {MAX_FRAME} is the most: send less at once")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// The answer is not what this version expects.
    #[error(
        "the answer to `{what}` was not understood: client and daemon may be of different \
         versions, `smartopol daemon restart` makes them the same"
    )]
    Unreadable {
        /// The method, or `hello`.
        what: &'static str,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A value has no JSON form.
    #[error("a message could not be written as JSON: this is a mistake in smartopol, report it")]
    Unwritable(#[source] serde_json::Error),
    /// The system failed.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done, beginning with `cannot`.
        doing: String,
        /// What the system said.
        source: io::Error,
    },
}

impl Error {
    /// Returns what the other side said, where it is the one that refused.
    pub const fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Version(fault) | Self::Refused(fault) | Self::Fault(fault) => Some(fault),
            _ => None,
        }
    }
}

fn told(fault: &Fault) -> String {
    if fault.hint.is_empty() {
        fault.message.clone()
    } else {
        format!("{}: {}", fault.message, fault.hint)
    }
}
