//! What the guard tells the daemon: one line a word.

use std::io::Write;
use std::os::unix::net::UnixStream;

use rustix::process::WaitStatus;

/// One thing that the guard tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// The command runs; its process group has this number too.
    Started {
        /// The process.
        pid: i32,
    },
    /// The command could not be started.
    Failed {
        /// The operating system's number for why.
        errno: i32,
    },
    /// The command ended by itself.
    Exited {
        /// Its exit code.
        code: i32,
        /// True where it left no process behind.
        alone: bool,
    },
    /// A signal ended the command.
    Signaled {
        /// The signal.
        signal: i32,
        /// True where it left no process behind.
        alone: bool,
    },
}

impl Word {
    /// Returns the word for how the command ended.
    pub(crate) fn of(status: WaitStatus, alone: bool) -> Self {
        match status.terminating_signal() {
            Some(signal) => Self::Signaled { signal, alone },
            None => Self::Exited {
                code: status.exit_status().unwrap_or(0),
                alone,
            },
        }
    }

    /// Sends it; where the daemon is gone, nobody needs it.
    pub(crate) fn send(self, mut daemon: &UnixStream) {
        let _ = daemon.write_all(self.line().as_bytes());
    }

    fn line(self) -> String {
        match self {
            Self::Started { pid } => format!("started {pid} 0\n"),
            Self::Failed { errno } => format!("failed {errno} 0\n"),
            Self::Exited { code, alone } => format!("exited {code} {}\n", u8::from(alone)),
            Self::Signaled { signal, alone } => format!("signaled {signal} {}\n", u8::from(alone)),
        }
    }

    /// Reads one line.
    pub(crate) fn read(line: &str) -> Option<Self> {
        let mut parts = line.split_whitespace();
        let kind = parts.next()?;
        let number: i32 = parts.next()?.parse().ok()?;
        let alone = parts.next()? == "1";
        match kind {
            "started" => Some(Self::Started { pid: number }),
            "failed" => Some(Self::Failed { errno: number }),
            "exited" => Some(Self::Exited {
                code: number,
                alone,
            }),
            "signaled" => Some(Self::Signaled {
                signal: number,
                alone,
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_read_as_it_was_written() {
        for word in [
            Word::Started { pid: 7 },
            Word::Failed { errno: 2 },
            Word::Exited {
                code: 3,
                alone: true,
            },
            Word::Signaled {
                signal: 9,
                alone: false,
            },
        ] {
            assert_eq!(Word::read(&word.line()), Some(word));
        }
        assert_eq!(Word::read("exited x 1"), None);
    }
}
