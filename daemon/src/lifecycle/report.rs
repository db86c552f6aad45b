//! What the daemon tells whoever started it in the background: that it is ready, or why not.
//!
//! Owns the words on the pipe that is the daemon's standard output until then. Once it has
//! spoken, its outputs lead nowhere: who started it has gone.

use std::fs::OpenOptions;
use std::io::{self, Write};

use serde::{Deserialize, Serialize};
use smartopol_protocol::{Code, Fault};

/// One line on the pipe.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Report {
    /// The socket answers.
    Ready,
    /// There will be no daemon.
    Failed(Fault),
}

impl Report {
    /// Reads a line; `None` where it is something else, such as the words of a panic.
    pub(super) fn parse(line: &str) -> Option<Self> {
        serde_json::from_str(line).ok()
    }

    /// Says it on the pipe, and lets go of the pipe.
    pub(super) fn send(&self) {
        // Nobody may be there any more to hear it; the daemon goes on.
        let _ = self.write();
        let _ = let_go();
    }

    fn write(&self) -> io::Result<()> {
        let mut line = serde_json::to_string(self)?;
        line.push('\n');
        let mut stdout = io::stdout().lock();
        stdout.write_all(line.as_bytes())?;
        stdout.flush()
    }
}

fn let_go() -> io::Result<()> {
    let nowhere = OpenOptions::new().write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdout(&nowhere)?;
    rustix::stdio::dup2_stderr(&nowhere)?;
    Ok(())
}

/// Returns what went wrong as a person is to be told it.
pub(super) fn told(err: &anyhow::Error) -> Fault {
    match err.downcast_ref::<Fault>() {
        Some(fault) => fault.clone(),
        None => Fault::new(Code::Internal, format!("{err:#}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read_as_it_was_written_and_other_words_are_not() {
        let failed = Report::Failed(Fault::new(Code::Conflict, "no\nway").hint("go"));
        let line = serde_json::to_string(&failed).unwrap();
        let Some(Report::Failed(fault)) = Report::parse(&line) else {
            panic!("not read: {line}")
        };
        assert_eq!(
            (fault.message.as_str(), fault.hint.as_str()),
            ("no\nway", "go")
        );
        assert!(Report::parse("thread 'main' panicked").is_none());
    }
}
