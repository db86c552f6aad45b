//! The tools through their public face: commands under the real guard, files in a folder of its own.
#![allow(missing_docs, reason = "tests say what they promise in their names")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod exec;
mod files;
mod inspect;
mod shell_corpus;
mod shell_grammar;
mod shell_laws;
mod shell_tree;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use smartopol_config::section::tools as section;
use smartopol_protocol::CallId;
use smartopol_protocol::tool::{Inspection, ToolOutput};
use smartopol_tools::{Guard, Run, Tools};
use tokio_util::sync::CancellationToken;

/// How long a test waits for what must come.
const LIMIT: Duration = Duration::from_secs(20);

/// A workspace, a folder outside of it, and the tools.
struct Bench {
    _folder: tempfile::TempDir,
    workspace: PathBuf,
    outside: PathBuf,
    tools: Tools,
}

impl Bench {
    fn new() -> Self {
        Self::with(section::Tools::default())
    }

    fn with(settings: section::Tools) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let [workspace, outside] = ["workspace", "outside"].map(|name| root.join(name));
        std::fs::create_dir(&workspace).unwrap();
        std::fs::create_dir(&outside).unwrap();
        let guard = Guard {
            program: env!("CARGO_BIN_EXE_smartopol-guard").into(),
            args: Vec::new(),
        };
        Self {
            tools: Tools::new(&settings, guard, root.join("spill")),
            _folder: folder,
            workspace,
            outside,
        }
    }

    fn write(&self, path: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.workspace.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.workspace.join(path)).unwrap()
    }

    fn call(&self) -> Run {
        Run {
            workspace: self.workspace.clone(),
            call_id: CallId::new(),
            cancel: CancellationToken::new(),
            progress: None,
        }
    }

    async fn run(&self, name: &str, input: Value) -> ToolOutput {
        self.run_with(name, input, self.call()).await
    }

    async fn run_with(&self, name: &str, input: Value, run: Run) -> ToolOutput {
        let call = self.tools.run(name, &input, run);
        tokio::time::timeout(LIMIT, call)
            .await
            .expect("a call is answered in time")
    }

    fn inspect(&self, name: &str, input: Value) -> Inspection {
        let found = self.tools.inspect(name, &input, &self.workspace);
        found.unwrap_or_else(|output| panic!("{}", output.text))
    }

    fn refused(&self, name: &str, input: Value) -> String {
        match self.tools.inspect(name, &input, &self.workspace) {
            Ok(inspection) => panic!("not refused: {inspection:?}"),
            Err(output) => output.text,
        }
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
