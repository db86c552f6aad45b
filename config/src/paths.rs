//! Where everything lies.
//!
//! Owns the names of files and folders. Makes none of them: whoever needs a folder makes it, 0700.

use std::env;
use std::path::{Path, PathBuf};

use directories::ProjectDirs;

/// Why there is no place for the files.
#[derive(Debug, thiserror::Error)]
pub enum NoPlace {
    /// The system does not say where the home folder is.
    #[error("this account has no home folder: set SMARTOPOL_HOME to a folder of your choice")]
    NoHome,
    /// The name is relative, and the current folder is gone.
    #[error("the current folder cannot be read: set SMARTOPOL_HOME to an absolute path")]
    NoCurrentFolder(#[source] std::io::Error),
}

/// Where everything lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    config: PathBuf,
    data: PathBuf,
    runtime: PathBuf,
}

impl Paths {
    /// Returns the places of this account, or those under `SMARTOPOL_HOME` where that is set.
    ///
    /// # Errors
    /// Where there is no home folder.
    pub fn from_env() -> Result<Self, NoPlace> {
        if let Some(home) = env::var_os("SMARTOPOL_HOME").filter(|home| !home.is_empty()) {
            let home = std::path::absolute(home).map_err(NoPlace::NoCurrentFolder)?;
            return Ok(Self::under(home));
        }
        let dirs = ProjectDirs::from("", "", "smartopol").ok_or(NoPlace::NoHome)?;
        let data = dirs.data_local_dir().to_path_buf();
        Ok(Self {
            config: dirs.config_dir().to_path_buf(),
            runtime: dirs
                .runtime_dir()
                .map_or_else(|| data.join("run"), Path::to_path_buf),
            data,
        })
    }

    /// Returns the places of a house that is all in one folder.
    pub fn under(home: impl Into<PathBuf>) -> Self {
        let home = home.into();
        Self {
            runtime: home.join("run"),
            config: home.clone(),
            data: home,
        }
    }

    /// Returns the folder that everything is in, where it is all in one.
    pub fn home(&self) -> Option<&Path> {
        let whole = *self == Self::under(&self.data);
        whole.then_some(self.data.as_path())
    }

    /// Returns the config file; it may not exist.
    pub fn config_file(&self) -> PathBuf {
        self.config.join("smartopol.toml")
    }

    /// Returns the folder of the config file.
    pub fn config_dir(&self) -> &Path {
        &self.config
    }

    /// Returns the folder of everything that lasts.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Returns the database.
    pub fn database(&self) -> PathBuf {
        self.data.join("smartopol.db")
    }

    /// Returns the folder of the agent's own files.
    pub fn workspace(&self) -> PathBuf {
        self.data.join("workspace")
    }

    /// Returns the folder of tool outputs that were too long for the model.
    pub fn spill(&self) -> PathBuf {
        self.data.join("spill")
    }

    /// Returns the folder of what terminals wrote.
    pub fn terminals(&self) -> PathBuf {
        self.data.join("terminals")
    }

    /// Returns the folder of the sockets of terminals.
    pub fn terminal_sockets(&self) -> PathBuf {
        self.runtime.join("terminals")
    }

    /// Returns the folder of the backups that the daemon makes by itself.
    pub fn backups(&self) -> PathBuf {
        self.data.join("backup")
    }

    /// Returns the folder of what is written in a console and not yet sent.
    pub fn drafts(&self) -> PathBuf {
        self.data.join("drafts")
    }

    /// Returns the folder of the log files.
    pub fn log_dir(&self) -> PathBuf {
        self.data.join("log")
    }

    /// Returns the folder of what lives as long as the daemon; it must be 0700.
    pub fn runtime_dir(&self) -> &Path {
        &self.runtime
    }

    /// Returns the daemon's socket.
    pub fn socket(&self) -> PathBuf {
        self.runtime.join("daemon.sock")
    }

    /// Returns the file whose lock makes the daemon single.
    ///
    /// It lies with the database, which it guards: the runtime folder may differ between two
    /// logins of one account, and the database must not be opened twice.
    pub fn lock(&self) -> PathBuf {
        self.data.join("daemon.lock")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_house_in_one_folder_has_everything_in_it() {
        let paths = Paths::under("/h");
        for (path, expected) in [
            (paths.config_file(), "/h/smartopol.toml"),
            (paths.database(), "/h/smartopol.db"),
            (paths.workspace(), "/h/workspace"),
            (paths.spill(), "/h/spill"),
            (paths.terminals(), "/h/terminals"),
            (paths.terminal_sockets(), "/h/run/terminals"),
            (paths.backups(), "/h/backup"),
            (paths.log_dir(), "/h/log"),
            (paths.socket(), "/h/run/daemon.sock"),
            (paths.lock(), "/h/daemon.lock"),
        ] {
            assert_eq!(path, Path::new(expected));
        }
    }
}
