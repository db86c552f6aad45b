//! `[tools]`: the hands.

use serde::{Deserialize, Serialize};

use crate::shape::{Holds, Shape, some_text};

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

pub(crate) const SHAPE: Shape = Shape::Table(&[
    ("shell", Shape::Value(Holds::Text(some_text))),
    ("env", Shape::Value(Holds::Texts(variable))),
    ("timeout_seconds", Shape::Value(Holds::Whole(1, 86_400))),
    ("max_timeout_seconds", Shape::Value(Holds::Whole(1, 86_400))),
    ("output_bytes", Shape::Value(Holds::Whole(1_024, 1_048_576))),
    ("spill_bytes", Shape::Value(Holds::Whole(0, i64::MAX))),
]);

fn variable(text: &str) -> Result<(), String> {
    let name = text.strip_suffix('*').unwrap_or(text);
    let good = text.len() > name.len() || !name.is_empty();
    if good && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Ok(());
    }
    Err("must be the name of an environment variable, with a `*` at its end alone".into())
}
