//! `write_file`: makes a file, or replaces one whole.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use smartopol_protocol::tool::{Inspection, ToolOutput, ToolSpec};

use super::change::{Before, Change};
use super::{Target, blocking};
use crate::args::Args;
use crate::registry::{Running, Tool};
use crate::{House, Run};

const NAME: &str = "write_file";
const FIELDS: &[&str] = &["path", "content"];

/// Makes a file, or replaces one whole.
pub(crate) struct WriteFile;

impl Tool for WriteFile {
    fn name(&self) -> &'static str {
        NAME
    }

    fn spec(&self, _: &House) -> ToolSpec {
        ToolSpec {
            name: NAME.into(),
            description: "Writes a file: makes it, with the folders it needs, or replaces all of \
                          it. To change a part of a file use edit_file."
                .into(),
            input_schema: json!({
                "type": "object",
                "properties": {
                    "path": {"type": "string", "description": "The file; relative to the workspace."},
                    "content": {"type": "string", "description": "All that the file shall hold."},
                },
                "required": ["path", "content"],
                "additionalProperties": false,
            }),
        }
    }

    fn inspect(
        &self,
        _: &House,
        input: &Value,
        workspace: &Path,
    ) -> Result<Inspection, ToolOutput> {
        Ok(plan(input, workspace)?.inspection("write", workspace))
    }

    fn run(&self, _: Arc<House>, input: Value, run: Run) -> Running {
        Box::pin(blocking(run.cancel, move |stop| {
            let change = plan(&input, &run.workspace)?;
            let done = match change.before {
                Before::Nothing => "Made",
                Before::Text(_) | Before::Other(_) => "Replaced",
            };
            change.make(done, stop)
        }))
    }
}

fn plan(input: &Value, workspace: &Path) -> Result<Change, ToolOutput> {
    let args = Args::of(NAME, input, FIELDS)?;
    let target = Target::needed(&args, workspace)?;
    let after = args.text("content")?.to_string();
    Ok(Change {
        before: Before::of(&target)?,
        target,
        after,
    })
}
