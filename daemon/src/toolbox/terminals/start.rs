//! `terminal_open` and `exec_background`: programs that go on while the agent does other things.
//!
//! Owns their arguments. A command is judged as `exec` judges it.

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use smartopol_protocol::terminal::{End, Open, Party, Size, TerminalState};
use smartopol_protocol::tool::{Body, Inspection, ToolOutput, ToolSpec};
use smartopol_protocol::{Code, Fault, TerminalId};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};

use super::super::{Caller, arguments, failed, fault, told};
use super::known_name;
use crate::terminals::Looked;
use crate::{House, terminals};

/// How long a shell may take for its first prompt, and how often one looks.
const PROMPT: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(20);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    command: Option<String>,
    argv: Option<Vec<String>>,
    cwd: Option<String>,
    #[serde(default)]
    env: std::collections::BTreeMap<String, String>,
    title: Option<String>,
    columns: Option<i64>,
    rows: Option<i64>,
}

impl Arguments {
    /// Returns the size that is asked for; what is not said is as the settings say.
    fn size(&self, house: &House) -> Result<Size, Fault> {
        let usual = terminals::usual_size(house);
        terminals::size_of(
            self.columns.unwrap_or_else(|| usual.columns.into()),
            self.rows.unwrap_or_else(|| usual.rows.into()),
        )
    }
}

pub(super) fn specs() -> [ToolSpec; 2] {
    let properties = json!({
        "command": { "type": "string", "description": "The command line, for the shell." },
        "argv": { "type": "array", "items": { "type": "string" }, "minItems": 1,
            "description": "The program and its arguments, instead of `command`." },
        "cwd": { "type": "string",
            "description": "The folder to run in; relative to the workspace, which is the default." },
        "env": { "type": "object", "additionalProperties": { "type": "string" },
            "description": "Environment variables to set." },
        "title": { "type": "string", "description": "A short name that people see." },
        "columns": { "type": "integer", "minimum": 2, "maximum": 1000,
            "description": "How many columns the terminal has; the settings say it otherwise." },
        "rows": { "type": "integer", "minimum": 1, "maximum": 500,
            "description": "How many rows it has." }
    });
    let schema = json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false
    });
    [
        ToolSpec {
            name: "terminal_open".into(),
            description: "Opens a terminal that goes on after this call, and returns its id. \
                          Without `command` and `argv` it is a shell to type into with \
                          terminal_write. People can see it, type into it and take it over."
                .into(),
            input_schema: schema.clone(),
        },
        ToolSpec {
            name: "exec_background".into(),
            description: "Starts a command that goes on after this call, such as a server or a \
                          long build, and returns its id at once. exec_status tells how it is and \
                          what it wrote, terminal_wait waits for it, exec_kill ends it."
                .into(),
            input_schema: schema,
        },
    ]
}

/// Returns the arguments that `exec` would have for the same command.
fn as_exec(input: &Value) -> Value {
    let fields = input.as_object().cloned().unwrap_or_default();
    let kept =
        |(name, _): &(String, Value)| matches!(name.as_str(), "command" | "argv" | "cwd" | "env");
    Value::Object(fields.into_iter().filter(kept).collect::<Map<_, _>>())
}

pub(super) fn inspect(
    house: &House,
    name: &str,
    input: &Value,
    workspace: &Path,
) -> Result<Inspection, ToolOutput> {
    let read: Arguments = arguments(known_name(name), input)?;
    read.size(house).map_err(|fault| failed(&told(&fault)))?;
    let shell = (read.command.is_none() && read.argv.is_none() && name == "terminal_open")
        .then(|| terminals::shell(house));
    let mut call = as_exec(input);
    if let (Some(shell), Some(fields)) = (&shell, call.as_object_mut()) {
        fields.insert("argv".into(), json!([shell]));
    }
    let mut inspection = house.tools.inspect("exec", &call, workspace)?;
    if shell.is_some() {
        inspection.title = format!("open a terminal with {}", inspection.title);
    }
    if let Body::Command {
        timeout_seconds, ..
    } = &mut inspection.body
    {
        *timeout_seconds = 0; // It has none.
    }
    Ok(inspection)
}

pub(super) async fn run(
    caller: &Caller,
    name: &str,
    input: &Value,
) -> Result<(String, Value), Fault> {
    let read: Arguments = fault(known_name(name), input)?;
    let house = &caller.house;
    let workspace = Path::new(&caller.session.workspace);
    let size = read.size(house)?;
    let (cwd, _) = smartopol_tools::place(read.cwd.as_deref().unwrap_or("."), workspace);
    let command = match (&read.command, read.argv) {
        (Some(command), None) => {
            let shell = house.config.tools.shell.clone();
            vec![shell, "-c".into(), command.clone()]
        }
        (None, Some(argv)) => argv,
        (None, None) => Vec::new(),
        (Some(_), Some(_)) => {
            let told = "`command` and `argv` are two ways to say the same";
            return Err(Fault::new(Code::BadRequest, told).hint("send only one of them"));
        }
    };
    let open = Open {
        command,
        cwd: Some(cwd.to_string_lossy().into_owned()),
        env: read.env,
        size: Some(size),
        title: read.title.or(read.command),
        session_id: Some(caller.session.id),
    };
    let shell = open.command.is_empty();
    let terminal = terminals::open(house, open, Party::Agent).await?;
    let id = terminal.id;
    if terminal.runs() {
        prompted(house, id, shell).await;
    }
    match terminal.state {
        TerminalState::Running { pid, .. } => Ok((
            format!("{id} runs (process {pid})."),
            json!({ "terminal_id": id, "pid": pid }),
        )),
        TerminalState::Ended {
            end: End::NotStarted { reason },
        } => Err(Fault::new(Code::BadRequest, reason)),
        TerminalState::Ended { end } => Ok((
            format!("{id} has ended already: {}.", terminals::sentence(&end)),
            json!({ "terminal_id": id }),
        )),
    }
}

/// Waits until a shell that has just been started waits for its first line, which asks a person where
/// it comes before that. Surely a `shell` is one that was asked for as such, whatever it starts first.
async fn prompted(house: &House, id: TerminalId, shell: bool) {
    let late = Instant::now() + PROMPT;
    while Instant::now() < late {
        let own = house.clone();
        let looked = spawn_blocking(move || own.terminals.look_at(id)).await;
        let done =
            |looked: Looked| looked.waits || !(shell || looked.shell || looked.program.is_empty());
        if looked.is_ok_and(done) {
            return;
        }
        sleep(LOOK).await;
    }
}
