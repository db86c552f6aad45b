//! The hands: commands, files, terminals.
//!
//! Owns: the tools, what each would do ([`Tools::inspect`]), doing it ([`Tools::run`]), and that
//! no process stays behind ([`guard`]).
//! Does not decide what may run: whoever calls [`Tools::run`] has been allowed to.

mod answer;
mod args;
mod exec;
mod files;
pub mod guard;
mod pin;
mod place;
mod registry;
pub mod shell_grammar;
pub mod terminals;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use smartopol_config::section::tools as section;
use smartopol_protocol::CallId;
use smartopol_protocol::tool::{Inspection, ToolOutput, ToolSpec};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub use place::place;

/// All tools, ready to use; cheap to clone.
#[derive(Clone, Debug)]
pub struct Tools {
    house: Arc<House>,
}

/// How to start the guard process: a program, and the arguments before the guarded command.
///
/// The program must call [`guard::run`] with what follows those arguments.
#[derive(Clone, Debug)]
pub struct Guard {
    /// The program, absolute.
    pub program: PathBuf,
    /// What comes before the command's own words.
    pub args: Vec<OsString>,
}

/// What one call is run with.
#[derive(Clone, Debug)]
pub struct Run {
    /// The folder that the session was started in.
    pub workspace: PathBuf,
    /// The call; names the file that a long output is kept in.
    pub call_id: CallId,
    /// Stops the call; it is answered within a second.
    pub cancel: CancellationToken,
    /// Takes pieces of live output; a piece is dropped when it is full.
    pub progress: Option<mpsc::Sender<String>>,
}

/// What every tool is given besides its arguments.
#[derive(Debug)]
pub(crate) struct House {
    pub(crate) settings: section::Tools,
    pub(crate) guard: Guard,
    pub(crate) spill: PathBuf,
}

impl Tools {
    /// Returns the tools; `spill` is the folder that keeps outputs too long to tell.
    pub fn new(settings: &section::Tools, guard: Guard, spill: PathBuf) -> Self {
        let house = House {
            settings: settings.clone(),
            guard,
            spill,
        };
        Self {
            house: Arc::new(house),
        }
    }

    /// Returns what models are told of the tools, sorted by name.
    pub fn specs(&self) -> Vec<ToolSpec> {
        registry::ALL
            .iter()
            .map(|tool| tool.spec(&self.house))
            .collect()
    }

    /// Returns the files in a folder as relative paths, at most `limit`, and whether there are
    /// more. Reads the disk, so it belongs on a thread that may block.
    pub fn names(&self, folder: &Path, limit: usize) -> (Vec<String>, bool) {
        files::names::names(folder, limit)
    }

    /// Returns what a call would do, without doing it; the error is the answer for the model.
    ///
    /// May read files, so it belongs on a thread that may block.
    ///
    /// # Errors
    /// An unknown tool, arguments that are wrong, an edit that does not fit its file.
    pub fn inspect(
        &self,
        name: &str,
        input: &Value,
        workspace: &Path,
    ) -> Result<Inspection, ToolOutput> {
        registry::find(name)?.inspect(&self.house, input, workspace)
    }

    /// Returns what a line would do that is typed into a shell of this name, in the folder that
    /// the shell is in.
    ///
    /// May read files, so it belongs on a thread that may block.
    ///
    /// # Errors
    /// A line that no shell takes.
    pub fn inspect_line(
        &self,
        shell: &str,
        line: &str,
        cwd: &Path,
        workspace: &Path,
    ) -> Result<Inspection, ToolOutput> {
        exec::inspect_line(shell, line, cwd, workspace)
    }

    /// Returns the first file whose content is not what the inspection saw; `None` where all that
    /// a call depends on is as it was.
    ///
    /// Reads files, so it belongs on a thread that may block, right before [`Tools::run`].
    pub fn changed(&self, inspection: &Inspection) -> Option<String> {
        pin::changed(inspection)
    }

    /// Runs a call. Every failure is an output; it never panics the caller.
    pub async fn run(&self, name: &str, input: &Value, run: Run) -> ToolOutput {
        if run.cancel.is_cancelled() {
            return answer::interrupted("it was stopped before it began");
        }
        match registry::find(name) {
            Ok(tool) => tool.run(Arc::clone(&self.house), input.clone(), run).await,
            Err(output) => output,
        }
    }
}
