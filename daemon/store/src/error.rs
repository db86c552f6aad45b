//! What can go wrong in the store, sorted by what the caller can do about it.
//!
//! Every error can be copied, because a commit that fails is answered to all who shared it.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::ErrorCode;
use smartopol_protocol::{Code, Fault};

/// What the store returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why the store did not do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing.
    #[error("there is no {what} `{id}`")]
    NotFound {
        /// The kind of thing, such as `session`.
        what: &'static str,
        /// What was asked for.
        id: String,
    },
    /// Another session has this name.
    #[error("there is already a session named `{name}`")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// More than one thing is meant.
    #[error("`{key}` could be any {what} of: {}", candidates.join(", "))]
    Ambiguous {
        /// The kind of thing.
        what: &'static str,
        /// What was asked for.
        key: String,
        /// What it could be; not all where there are many.
        candidates: Vec<String>,
    },
    /// What was given cannot be stored by anybody at any time.
    #[error("{0}")]
    Invalid(String),
    /// The thing is not in the right state for this.
    #[error("{0}")]
    Conflict(String),
    /// No provider would accept the transcript that this would make.
    #[error("{0}")]
    Order(String),
    /// The database was made by a newer program.
    #[error(
        "the database has version {found} and this program knows {known}: update the program, \
         or start it with another data folder"
    )]
    Newer {
        /// The database's version.
        found: i64,
        /// The newest version this program knows.
        known: i64,
    },
    /// The file is a database of another program.
    #[error("{} is a database of another program: move it away, or use another data folder", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The disk is full.
    #[error("the disk is full and nothing was stored: free some space, then try again")]
    Full,
    /// The database cannot be written.
    #[error(
        "the database cannot be written: check the owner and the permissions of the file and its \
         folder, and that the disk is not mounted read-only"
    )]
    ReadOnly,
    /// The database is damaged.
    #[error(
        "the database is damaged: `smartopol doctor` names the newest backup and puts it in its \
         place; until then nothing is overwritten"
    )]
    Corrupt(#[source] Arc<rusqlite::Error>),
    /// Another program holds the database.
    #[error("another program holds the database: close it, then try again")]
    Locked(#[source] Arc<rusqlite::Error>),
    /// The disk failed.
    #[error("the disk failed under the database: look at the system's log, then try again")]
    Disk(#[source] Arc<rusqlite::Error>),
    /// A file could not be made, opened or moved.
    #[error("cannot {what} {}: check that the folder exists and belongs to you", path.display())]
    File {
        /// What was tried.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        #[source]
        source: Arc<io::Error>,
    },
    /// The target of a backup is there already.
    #[error("{} exists already: name a file that does not", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A row holds what this program does not understand.
    #[error("a row of the database cannot be read: run the version that wrote it, or report this")]
    Unreadable(#[source] Arc<rusqlite::Error>),
    /// SQLite refused a statement.
    #[error("the database refused a statement: this is a mistake in the program, please report it")]
    Sql(#[source] Arc<rusqlite::Error>),
    /// The caller's own code panicked.
    #[error("a request to the store panicked and was undone: {0}")]
    Panicked(String),
    /// The store was closed.
    #[error("the store is closed: the daemon is shutting down")]
    Closed,
}

impl Error {
    pub(crate) fn not_found(what: &'static str, id: impl ToString) -> Self {
        Self::NotFound {
            what,
            id: id.to_string(),
        }
    }

    pub(crate) fn file(what: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::File {
            what,
            path: path.into(),
            source: Arc::new(source),
        }
    }

    /// Returns the error for what a panic carried.
    pub(crate) fn panicked(cause: &(dyn std::any::Any + Send)) -> Self {
        let said = cause
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| cause.downcast_ref::<String>().cloned());
        Self::Panicked(said.unwrap_or_else(|| "it did not say why".into()))
    }
}

impl From<rusqlite::Error> for Error {
    fn from(err: rusqlite::Error) -> Self {
        if let rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::Utf8Error(..) = err
        {
            return Self::Unreadable(Arc::new(err));
        }
        match err.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
                Self::ReadOnly
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Corrupt(Arc::new(err))
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Self::Locked(Arc::new(err))
            }
            Some(ErrorCode::SystemIoFailure) => Self::Disk(Arc::new(err)),
            _ => Self::Sql(Arc::new(err)),
        }
    }
}

impl From<Error> for Fault {
    fn from(err: Error) -> Self {
        let code = match &err {
            Error::NotFound { .. } => Code::NotFound,
            Error::NameTaken { .. }
            | Error::Conflict(_)
            | Error::Order(_)
            | Error::Exists { .. } => Code::Conflict,
            Error::Ambiguous { .. } | Error::Invalid(_) | Error::File { .. } => Code::BadRequest,
            Error::Full | Error::ReadOnly | Error::Locked(_) | Error::Disk(_) | Error::Closed => {
                Code::Unavailable
            }
            Error::Newer { .. }
            | Error::Foreign { .. }
            | Error::Corrupt(_)
            | Error::Unreadable(_)
            | Error::Sql(_)
            | Error::Panicked(_) => Code::Internal,
        };
        let hint = match &err {
            Error::NotFound {
                what: "session", ..
            } => "`smartopol sessions list` shows them",
            Error::NotFound {
                what: "approval", ..
            } => "`smartopol approvals list` shows them",
            Error::NotFound {
                what: "question", ..
            } => "`smartopol inbox` shows what waits",
            Error::NotFound { what: "job", .. } => "`smartopol jobs list` shows them",
            Error::NotFound { what: "item", .. } => "`smartopol inbox` shows them",
            Error::NotFound { what: "trace", .. } => "`smartopol traces list` shows them",
            Error::NotFound { what: "memory", .. } => "`smartopol memory list --all` shows them",
            Error::NotFound { what: "topic", .. } => "`smartopol knowledge list` shows them",
            Error::NotFound { what: "rule", .. } => "`smartopol approvals rules` shows them",
            Error::NotFound { what: "user", .. } | Error::NotFound { what: "peer", .. } => {
                "`smartopol users list` shows them"
            }
            Error::NameTaken { .. } => "choose another name",
            Error::Ambiguous { what: "job", .. } => "give its id, or more of it",
            Error::Ambiguous { .. } => {
                "give more of the id, the name, or the key that `sessions show` tells"
            }
            _ => "",
        };
        Self::new(code, err.to_string()).hint(hint)
    }
}
