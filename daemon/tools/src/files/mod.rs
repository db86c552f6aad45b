//! The tools for files: each in its own file here.
//!
//! Owns: how they run (on a blocking thread, stopped with the turn), how files are opened.

mod change;
pub(crate) mod edit_file;
pub(crate) mod list_files;
pub(crate) mod names;
mod open;
mod patch;
pub(crate) mod read_file;
pub(crate) mod search_files;
mod walk;
pub(crate) mod write_file;

use std::path::{Path, PathBuf};
use std::time::Duration;

use smartopol_protocol::tool::{Effect, Inspection, Place, ToolOutput};
use tokio_util::sync::CancellationToken;

use crate::args::Args;
use crate::{House, answer, exec, place};

/// How long an interrupted call may take to come to an orderly end.
const STOP: Duration = Duration::from_millis(800);

/// A path that a call names.
struct Target {
    path: PathBuf,
    place: Place,
    shown: String,
}

impl Target {
    /// Returns the target of the field `path`; `None` where it is left out.
    fn given(args: &Args<'_>, workspace: &Path) -> Result<Option<Self>, ToolOutput> {
        let Some(path) = args.optional_text("path")? else {
            return Ok(None);
        };
        if path.is_empty() || path.contains('\0') {
            return Err(args.refuse(
                "path",
                "it is empty or holds a NUL. Send the path of a file.",
            ));
        }
        Ok(Some(Self::of(path, workspace)))
    }

    /// Returns the target of the field `path`, which must be there.
    fn needed(args: &Args<'_>, workspace: &Path) -> Result<Self, ToolOutput> {
        args.text("path")?;
        let target = Self::given(args, workspace)?;
        target.ok_or_else(|| args.refuse("path", "it is missing. Send the path of a file."))
    }

    fn of(path: &str, workspace: &Path) -> Self {
        let (path, place) = place::place(path, workspace);
        let shown = match place {
            Place::Workspace => place::shown(&path, workspace),
            Place::Outside => path.to_string_lossy().into_owned(),
        };
        Self { path, place, shown }
    }

    /// Returns what a call does that only reads here. Outputs of commands that were run in this
    /// workspace count as a part of it.
    fn read(&self, house: &House, workspace: &Path, title: String) -> Inspection {
        let own_output = self.path.starts_with(exec::spill_folder(house, workspace));
        let place = if own_output {
            Place::Workspace
        } else {
            self.place
        };
        Inspection {
            title,
            cwd: cwd(workspace),
            effects: vec![Effect::Read {
                path: self.path.to_string_lossy().into_owned(),
                place,
            }],
            ..Inspection::default()
        }
    }
}

fn cwd(workspace: &Path) -> String {
    place::resolve(workspace).to_string_lossy().into_owned()
}

/// Runs `work` on a thread that may block; answers soon after a stop even where it hangs.
async fn blocking(
    cancel: CancellationToken,
    work: impl FnOnce(&CancellationToken) -> Result<ToolOutput, ToolOutput> + Send + 'static,
) -> ToolOutput {
    let token = cancel.clone();
    let work = tokio::task::spawn_blocking(move || work(&token).unwrap_or_else(|output| output));
    let late = async {
        cancel.cancelled().await;
        tokio::time::sleep(STOP).await;
    };
    tokio::select! {
        output = work => output.unwrap_or_else(|err| {
            answer::failed(format!("The tool itself failed, which is a fault of smartopol: {err}"))
        }),
        () = late => answer::interrupted(
            "It was stopped while the disk did not answer; nobody knows whether it was done.",
        ),
    }
}

/// Returns the answer to a stopped call.
fn stopped() -> ToolOutput {
    answer::interrupted("It was stopped, because the turn was interrupted.")
}

/// Returns the answer to an error of the operating system.
fn io_failed(verb: &str, shown: &str, err: &std::io::Error) -> ToolOutput {
    let hint = match err.kind() {
        std::io::ErrorKind::NotFound => ". See with list_files what there is",
        std::io::ErrorKind::PermissionDenied => ". The daemon's user has no right to it",
        _ => "",
    };
    answer::failed(format!("`{shown}` could not be {verb}: {err}{hint}."))
}

/// Returns how many of a thing there are, in words.
fn count(number: u64, thing: &str) -> String {
    let ending = match (number, thing.strip_suffix("ch")) {
        (1, _) => "",
        (_, Some(_)) => "es",
        (_, None) => "s",
    };
    format!("{number} {thing}{ending}")
}
