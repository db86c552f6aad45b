//! The list of tools: one file each, one line here.

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::Value;
use smartopol_protocol::tool::{Inspection, ToolOutput, ToolSpec};

use crate::{House, Run, answer, exec, files};

/// All tools, sorted by name.
pub(crate) const ALL: &[&dyn Tool] = &[
    &files::edit_file::EditFile,
    &exec::Exec,
    &files::list_files::ListFiles,
    &files::read_file::ReadFile,
    &files::search_files::SearchFiles,
    &files::write_file::WriteFile,
];

/// An answer in the making.
pub(crate) type Running = Pin<Box<dyn Future<Output = ToolOutput> + Send>>;

/// One tool.
pub(crate) trait Tool: Sync {
    /// Returns its name.
    fn name(&self) -> &'static str;
    /// Returns what models are told of it.
    fn spec(&self, house: &House) -> ToolSpec;
    /// Returns what a call would do, without doing it.
    fn inspect(
        &self,
        house: &House,
        input: &Value,
        workspace: &Path,
    ) -> Result<Inspection, ToolOutput>;
    /// Runs a call.
    fn run(&self, house: Arc<House>, input: Value, run: Run) -> Running;
}

/// Returns the tool with this name, or an answer that names the nearest ones.
pub(crate) fn find(name: &str) -> Result<&'static dyn Tool, ToolOutput> {
    if let Some(tool) = ALL.iter().find(|tool| tool.name() == name) {
        return Ok(*tool);
    }
    let names: Vec<&str> = ALL.iter().map(|tool| tool.name()).collect();
    let near = answer::nearest(name, &names);
    let shown: String = name.chars().take(64).collect();
    let hint = if near.is_empty() {
        String::new()
    } else {
        format!(" Did you mean {}?", answer::listed(&near))
    };
    Err(answer::failed(format!(
        "There is no tool `{shown}`.{hint} The tools are {}.",
        answer::listed(&names)
    )))
}
