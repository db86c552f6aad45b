//! `edit_file`: changes a part of a file, by an exact text or by a patch.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use smartopol_protocol::tool::{Inspection, ToolOutput, ToolSpec};

use super::change::{Before, Change, EDIT_BYTES};
use super::{Target, blocking, count, patch};
use crate::args::Args;
use crate::registry::{Running, Tool};
use crate::{House, Run, answer};

const NAME: &str = "edit_file";
const FIELDS: &[&str] = &["path", "old", "new", "replace_all", "patch"];

/// How many places of a text are named.
const PLACES: usize = 10;

/// Changes a part of a file.
pub(crate) struct EditFile;

impl Tool for EditFile {
    fn name(&self) -> &'static str {
        NAME
    }

    fn spec(&self, _: &House) -> ToolSpec {
        ToolSpec {
            name: NAME.into(),
            description: "Changes a file, either by replacing the text `old`, which must occur \
                          exactly once (or `replace_all` must be true), by `new`; or by a unified \
                          diff in `patch`, of which all hunks must fit or nothing is changed."
                .into(),
            input_schema: json!({
                "type": "object",
                "properties": {
                    "path": {"type": "string", "description": "The file; relative to the workspace."},
                    "old": {"type": "string",
                        "description": "The text to replace, exactly as it is in the file, with enough lines around it to be unique."},
                    "new": {"type": "string", "description": "What to put in its place."},
                    "replace_all": {"type": "boolean", "description": "Replace every occurrence."},
                    "patch": {"type": "string", "description": "A unified diff of this one file, instead of `old` and `new`."},
                },
                "required": ["path"],
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
        Ok(plan(input, workspace)?.inspection("edit", workspace))
    }

    fn run(&self, _: Arc<House>, input: Value, run: Run) -> Running {
        Box::pin(blocking(run.cancel, move |stop| {
            plan(&input, &run.workspace)?.make("Changed", stop)
        }))
    }
}

fn plan(input: &Value, workspace: &Path) -> Result<Change, ToolOutput> {
    let args = Args::of(NAME, input, FIELDS)?;
    let target = Target::needed(&args, workspace)?;
    let old = args.optional_text("old")?;
    let new = args.optional_text("new")?;
    let patch = args.optional_text("patch")?;
    let all = args.flag("replace_all")?;
    let before = Before::of(&target)?;
    let text = text(&before, &target)?;
    let after = match (old, new, patch) {
        (Some(old), Some(new), None) => replaced(text, old, new, all, &target.shown)?,
        (None, None, Some(patch)) => patch::apply(text, patch, &target.shown)?,
        _ => {
            return Err(answer::failed(
                "`edit_file` needs either `old` and `new`, or `patch`. Send one of the two.",
            ));
        }
    };
    if after == text {
        return Err(answer::failed(format!(
            "This edit would not change `{}`: the new text is the old one.",
            target.shown
        )));
    }
    Ok(Change {
        target,
        before,
        after,
    })
}

fn text<'a>(before: &'a Before, target: &Target) -> Result<&'a str, ToolOutput> {
    let shown = &target.shown;
    match before {
        Before::Text(text) => Ok(text),
        Before::Nothing => Err(answer::failed(format!(
            "There is no file `{shown}`. Use write_file to make it."
        ))),
        Before::Other(bytes) => Err(answer::failed(format!(
            "`{shown}` ({}) is no UTF-8 text, or larger than {}, so it cannot be edited.",
            answer::size(*bytes),
            answer::size(EDIT_BYTES)
        ))),
    }
}

fn replaced(
    text: &str,
    old: &str,
    new: &str,
    all: bool,
    shown: &str,
) -> Result<String, ToolOutput> {
    if old.is_empty() {
        return Err(answer::failed(
            "`edit_file` cannot use `old`: it is empty. Send the text to replace, or use write_file.",
        ));
    }
    let mut old = old.to_string();
    let mut new = new.to_string();
    if !text.contains(&old) && patch::has_crlf(text) && !old.contains('\r') {
        old = old.replace('\n', "\r\n");
        new = new.replace("\r\n", "\n").replace('\n', "\r\n");
    }
    let found = text.matches(&old).count() as u64;
    match found {
        0 => Err(not_found(text, &old, shown)),
        1 => Ok(text.replacen(&old, &new, 1)),
        _ if all => Ok(text.replace(&old, &new)),
        _ => {
            let lines: Vec<String> = text
                .match_indices(&old)
                .take(PLACES)
                .map(|(at, _)| line_of(text, at).to_string())
                .collect();
            let more = if found > PLACES as u64 { ", …" } else { "" };
            Err(answer::failed(format!(
                "`old` occurs {found} times in `{shown}`, at lines {}{more}. \
                 Add lines around it until it is unique, or set `replace_all`.",
                lines.join(", ")
            )))
        }
    }
}

fn not_found(text: &str, old: &str, shown: &str) -> ToolOutput {
    let wanted = old.lines().map(str::trim).find(|line| !line.is_empty());
    let near: Vec<String> = text
        .lines()
        .enumerate()
        .filter(|(_, line)| Some(line.trim()) == wanted)
        .take(PLACES)
        .map(|(index, _)| (index + 1).to_string())
        .collect();
    let hint = if near.is_empty() {
        format!(
            "The file has {}.",
            count(text.lines().count() as u64, "line")
        )
    } else {
        let lines = near.join(", ");
        format!("Its first line is like line {lines}, but white space or a later line differs.")
    };
    answer::failed(format!(
        "`old` does not occur in `{shown}`. {hint} Read the file again and copy the text exactly."
    ))
}

fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}
