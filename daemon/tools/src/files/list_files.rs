//! `list_files`: tells what is in a folder.

use std::path::Path;
use std::sync::Arc;

use ignore::DirEntry;
use serde_json::{Value, json};
use smartopol_protocol::tool::{Inspection, ToolOutput, ToolSpec};
use tokio_util::sync::CancellationToken;

use super::walk::{self, Hidden};
use super::{Target, blocking, count, io_failed, stopped};
use crate::args::Args;
use crate::registry::{Running, Tool};
use crate::{House, Run, answer};

const NAME: &str = "list_files";
const FIELDS: &[&str] = &["path", "depth", "hidden"];

/// How deep a list goes where nothing is said.
const DEPTH: u64 = 2;

/// The deepest a list goes.
const MAX_DEPTH: u64 = 64;

/// The most entries of a list.
const ENTRIES: u64 = 1_000;

/// The most bytes of a list.
const LIST_BYTES: usize = 64 * 1024;

/// Tells what is in a folder.
pub(crate) struct ListFiles;

impl Tool for ListFiles {
    fn name(&self) -> &'static str {
        NAME
    }

    fn spec(&self, _: &House) -> ToolSpec {
        ToolSpec {
            name: NAME.into(),
            description: format!(
                "Lists a folder: paths relative to it, sorted, folders with `/` at the end, files \
                 with their size. What ignore files such as .gitignore name is left out. At most \
                 {ENTRIES} entries."
            ),
            input_schema: json!({
                "type": "object",
                "properties": {
                    "path": {"type": "string", "description": "The folder; the workspace by default."},
                    "depth": {"type": "integer", "minimum": 1, "maximum": MAX_DEPTH,
                        "description": format!("How many levels of folders; {DEPTH} by default.")},
                    "hidden": {"type": "boolean", "description": "Also what begins with a dot."},
                },
                "additionalProperties": false,
            }),
        }
    }

    fn inspect(
        &self,
        house: &House,
        input: &Value,
        workspace: &Path,
    ) -> Result<Inspection, ToolOutput> {
        let plan = Plan::of(input, workspace)?;
        let title = format!("list {}", plan.target.shown);
        Ok(plan.target.read(house, workspace, title))
    }

    fn run(&self, _: Arc<House>, input: Value, run: Run) -> Running {
        Box::pin(blocking(run.cancel, move |stop| {
            Plan::of(&input, &run.workspace)?.run(stop)
        }))
    }
}

struct Plan {
    target: Target,
    depth: u64,
    hidden: Hidden,
}

impl Plan {
    fn of(input: &Value, workspace: &Path) -> Result<Self, ToolOutput> {
        let args = Args::of(NAME, input, FIELDS)?;
        let target = Target::given(&args, workspace)?;
        let hidden = if args.flag("hidden")? {
            Hidden::Seen
        } else {
            Hidden::Skipped
        };
        Ok(Self {
            target: target.unwrap_or_else(|| Target::of(".", workspace)),
            depth: args.number("depth", 1..=MAX_DEPTH)?.unwrap_or(DEPTH),
            hidden,
        })
    }

    fn run(self, stop: &CancellationToken) -> Result<ToolOutput, ToolOutput> {
        let Target { path, shown, .. } = &self.target;
        let metadata = std::fs::metadata(path).map_err(|err| io_failed("listed", shown, &err))?;
        if !metadata.is_dir() {
            return Err(answer::failed(format!(
                "`{shown}` is no folder but a file of {}. Use read_file to read it.",
                answer::size(metadata.len())
            )));
        }
        // The walk would leave out in silence what it may not read.
        std::fs::read_dir(path).map_err(|err| io_failed("listed", shown, &err))?;
        let depth = usize::try_from(self.depth).unwrap_or(usize::MAX);
        let mut list = List::default();
        for entry in walk::begin(path, self.hidden, Some(depth)) {
            if stop.is_cancelled() {
                return Err(stopped());
            }
            match entry {
                Ok(entry) if entry.depth() == 0 => {}
                Ok(_) if list.is_full() => {
                    list.cut = true;
                    break;
                }
                Ok(entry) => list.add(&entry, path),
                Err(_) => list.unreadable += 1,
            }
        }
        Ok(list.told())
    }
}

#[derive(Default)]
struct List {
    text: String,
    entries: u64,
    unreadable: u64,
    cut: bool,
}

impl List {
    fn is_full(&self) -> bool {
        self.entries >= ENTRIES || self.text.len() >= LIST_BYTES
    }

    fn add(&mut self, entry: &DirEntry, folder: &Path) {
        let path = entry.path().strip_prefix(folder).unwrap_or(entry.path());
        self.entries += 1;
        self.text.push_str(&path.to_string_lossy());
        let kind = entry.file_type();
        if kind.is_some_and(|kind| kind.is_dir()) {
            self.text.push('/');
        } else if kind.is_some_and(|kind| kind.is_symlink()) {
            let target = std::fs::read_link(entry.path()).unwrap_or_default();
            self.text
                .push_str(&format!(" -> {}", target.to_string_lossy()));
        } else if let Ok(metadata) = entry.metadata() {
            self.text
                .push_str(&format!("  {}", answer::size(metadata.len())));
        }
        self.text.push('\n');
    }

    fn told(mut self) -> ToolOutput {
        let mut notes = Vec::new();
        if self.entries == 0 {
            notes.push("nothing in it, or nothing that is not hidden or ignored".to_string());
        }
        if self.cut {
            notes.push(format!(
                "cut after {} entries: list a folder in it, or with a smaller `depth`",
                self.entries
            ));
        }
        if self.unreadable > 0 {
            notes.push(format!(
                "{} could not be read",
                count(self.unreadable, "folder")
            ));
        }
        if !notes.is_empty() {
            self.text.push_str(&format!("[{}]", notes.join("; ")));
        }
        answer::done(
            self.text,
            json!({ "entries": self.entries, "cut": self.cut }),
        )
    }
}
