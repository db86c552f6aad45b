//! `[tools]`: the hands.

use serde::{Deserialize, Serialize};

/// The hands.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tools {
    /// The shell that runs commands given as text; it is called with `-c`.
    pub shell: String,
    /// Which variables of the daemon's environment a command sees, besides those it is given.
    /// A `*` at the end matches any ending.
    pub env: Vec<String>,
    /// How long a command may run that names no limit, in seconds: 1 to 86,400.
    pub timeout_seconds: u32,
    /// The longest limit that a command may name, in seconds: 1 to 86,400.
    pub max_timeout_seconds: u32,
    /// How much of an output the model is told, in bytes: 1,024 to 1,048,576. The rest is kept on
    /// disk.
    pub output_bytes: u32,
    /// How much of an output is kept on disk, in bytes.
    pub spill_bytes: u64,
}

impl Default for Tools {
    fn default() -> Self {
        let env = [
            "PATH",
            "HOME",
            "USER",
            "LOGNAME",
            "SHELL",
            "LANG",
            "LC_*",
            "TZ",
            "TMPDIR",
            "TERM",
            "XDG_*",
            "SSH_AUTH_SOCK",
            "CARGO_HOME",
            "RUSTUP_HOME",
            "GOPATH",
            "JAVA_HOME",
            "VIRTUAL_ENV",
            "PYENV_ROOT",
            "NVM_DIR",
        ];
        Self {
            shell: "/bin/sh".into(),
            env: env.map(String::from).to_vec(),
            timeout_seconds: 120,
            max_timeout_seconds: 3600,
            output_bytes: 32 * 1024,
            spill_bytes: 64 * 1024 * 1024,
        }
    }
}
