//! Where the daemon's socket is.
//!
//! Owns the path and what must hold of the folder around it. Does not open the socket.

use std::fmt;
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::Error;

/// The longest path that fits into a `sockaddr_un` with its closing zero.
const LIMIT: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// The path of a socket.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address(PathBuf);

impl Address {
    /// Returns the address of the socket at `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Returns the path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Checks that the system can take the path at all.
    pub(crate) fn fits(&self) -> Result<(), Error> {
        let length = self.0.as_os_str().len();
        if length <= LIMIT {
            return Ok(());
        }
        Err(Error::PathTooLong {
            path: self.0.clone(),
            length,
            limit: LIMIT,
        })
    }

    /// Makes the folder where it is missing, and checks that nobody else can reach into it.
    pub(crate) fn secure_folder(&self) -> Result<(), Error> {
        let folder = match self.0.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let failed = |source| Error::Io {
            doing: format!(
                "cannot prepare the folder of the socket, {}",
                folder.display()
            ),
            source,
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(failed)?;
        let found = fs::metadata(folder).map_err(failed)?;
        let own = rustix::process::geteuid().as_raw();
        if found.uid() != own {
            return Err(Error::UnsafeFolder {
                path: folder.into(),
                why: format!("it belongs to user {} and not to user {own}", found.uid()),
            });
        }
        if found.mode() & 0o077 != 0 {
            return Err(Error::UnsafeFolder {
                path: folder.into(),
                why: format!("others can reach into it (mode {:o})", found.mode() & 0o777),
            });
        }
        Ok(())
    }

    /// Closes the socket's file to everybody else.
    pub(crate) fn close_to_others(&self) -> io::Result<()> {
        fs::set_permissions(&self.0, Permissions::from_mode(0o600))
    }

    /// Returns what is at the path now; `None` where nothing is.
    pub(crate) fn inode(&self) -> io::Result<Option<Inode>> {
        match fs::symlink_metadata(&self.0) {
            Ok(found) => Ok(Some(Inode {
                device: found.dev(),
                number: found.ino(),
                is_socket: std::os::unix::fs::FileTypeExt::is_socket(&found.file_type()),
            })),
            Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(err) => Err(err),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

/// Which file this is, whatever its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Inode {
    device: u64,
    number: u64,
    /// False where something else has taken the socket's place.
    pub(crate) is_socket: bool,
}
