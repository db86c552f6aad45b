//! Tools for terminals: the agent's own, and those that a person gave to it.
//!
//! Owns: which terminals the agent may reach, and what each tool is told of. What is typed is
//! judged in `typed`.

mod start;
mod typed;
mod watch;

use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};
use smartopol_protocol::terminal::{Party, Terminal, TerminalState};
use smartopol_protocol::tool::{Effect, Inspection, ToolOutput, ToolSpec};
use smartopol_protocol::{Code, Fault, SessionId, TerminalId};
use smartopol_tools::terminals;
use tokio::runtime::Handle;

use super::{Caller, arguments, fault};
use crate::{House, terminals as house_terminals};

/// The names of these tools, sorted.
pub(super) const NAMES: [&str; 9] = [
    "exec_background",
    "exec_kill",
    "exec_status",
    "terminal_close",
    "terminal_list",
    "terminal_open",
    "terminal_read",
    "terminal_wait",
    "terminal_write",
];

/// A call that names a terminal and nothing else.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    id: TerminalId,
}

/// Returns what models are told of them.
pub(super) fn specs() -> Vec<ToolSpec> {
    let id = json!({ "type": "string", "description": "The terminal, such as trm_…" });
    let named = json!({
        "type": "object",
        "properties": { "id": id },
        "required": ["id"],
        "additionalProperties": false
    });
    let spec = |name: &str, description: &str, input_schema: &Value| ToolSpec {
        name: name.into(),
        description: description.into(),
        input_schema: input_schema.clone(),
    };
    let mut specs = vec![
        spec(
            "exec_kill",
            "Ends a command that exec_background started, and all that came from it.",
            &named,
        ),
        spec(
            "terminal_close",
            "Ends the program of a terminal where it still runs, and removes the terminal.",
            &named,
        ),
        spec(
            "terminal_list",
            "Lists the terminals of this session and those that a person gave to you: what runs, \
             what waits for input, what has ended.",
            &json!({ "type": "object", "properties": {}, "additionalProperties": false }),
        ),
    ];
    specs.extend(start::specs());
    specs.push(typed::spec(&id));
    specs.extend(watch::specs(&id));
    specs
}

/// Returns what a call would do.
pub(super) fn inspect(
    house: &House,
    session_id: Option<SessionId>,
    name: &str,
    input: &Value,
    workspace: &Path,
) -> Result<Inspection, ToolOutput> {
    match name {
        "terminal_open" | "exec_background" => start::inspect(house, name, input, workspace),
        "terminal_write" => typed::inspect(house, session_id, input, workspace),
        "terminal_list" => Ok(plain("list terminals", workspace, Vec::new())),
        "terminal_read" | "terminal_wait" | "exec_status" => {
            let id = input.get("id").and_then(Value::as_str).unwrap_or_default();
            Ok(plain(&format!("{name} {id}"), workspace, Vec::new()))
        }
        _ => {
            let Named { id } = arguments(known_name(name), input)?;
            let terminal = stored(house, session_id, id)?;
            // What the agent opened it may end, where nobody took it over; the rest is asked about.
            let whose = match (terminal.owner, terminal.typist) {
                _ if !terminal.runs() => None,
                (Party::Agent, Party::Agent) => None,
                (Party::Agent, Party::Person) => Some("a person has taken over"),
                (Party::Person, _) => Some("a person opened"),
            };
            let process = |whose| Effect::Process {
                what: format!("the program in {id}, which {whose}"),
            };
            let effects = whose.map(process).into_iter().collect();
            Ok(plain(&format!("{name} {id}"), workspace, effects))
        }
    }
}

/// Returns the name as one of these tools has it.
fn known_name(name: &str) -> &'static str {
    NAMES
        .iter()
        .find(|own| **own == name)
        .copied()
        .unwrap_or("terminal")
}

fn plain(title: &str, workspace: &Path, effects: Vec<Effect>) -> Inspection {
    Inspection {
        title: title.into(),
        cwd: workspace.to_string_lossy().into_owned(),
        effects,
        ..Inspection::default()
    }
}

/// Runs a call.
pub(super) async fn run(
    caller: &Caller,
    name: &str,
    input: &Value,
) -> Result<(String, Value), Fault> {
    match name {
        "terminal_open" | "exec_background" => start::run(caller, name, input).await,
        "terminal_write" => typed::run(caller, input).await,
        "terminal_read" => watch::read(caller, input).await,
        "terminal_wait" => watch::wait(caller, input).await,
        "exec_status" => watch::status(caller, input).await,
        "terminal_list" => list(caller).await,
        _ => end(caller, name, input).await,
    }
}

/// Returns what is stored of a terminal that the agent of a session may reach, or of one that is
/// not there yet; waits for the store.
fn stored(
    house: &House,
    session_id: Option<SessionId>,
    id: TerminalId,
) -> Result<Terminal, ToolOutput> {
    let failed = |fault: &Fault| super::failed(&super::told(fault));
    let Ok(runtime) = Handle::try_current() else {
        return Err(super::failed("The terminal could not be looked at."));
    };
    match runtime.block_on(house.store.read(move |r| r.terminal(id))) {
        Ok(terminal) if is_reached(&terminal, session_id) => Ok(terminal),
        Ok(_) | Err(smartopol_store::Error::NotFound { .. }) => Err(failed(&missing(id))),
        Err(err) => Err(failed(&err.into())),
    }
}

fn missing(id: TerminalId) -> Fault {
    Fault::new(Code::NotFound, format!("there is no terminal {id}"))
        .hint("terminal_list shows those you can use")
}

/// Returns a terminal that the agent of this session may reach.
async fn reach(caller: &Caller, id: TerminalId) -> Result<(Terminal, terminals::Terminal), Fault> {
    let (terminal, there) = house_terminals::get(&caller.house, id).await?;
    match is_reached(&terminal, Some(caller.session.id)) {
        true => Ok((terminal, there)),
        // Not told apart from one that is not there: it is nobody's business here.
        false => Err(missing(id)),
    }
}

fn is_reached(terminal: &Terminal, session_id: Option<SessionId>) -> bool {
    match terminal.session_id {
        Some(own) => session_id == Some(own),
        None => terminal.typist == Party::Agent,
    }
}

async fn list(caller: &Caller) -> Result<(String, Value), Fault> {
    let known = caller.house.store.read(|r| r.terminals()).await?;
    let mut lines = Vec::new();
    for terminal in known {
        if is_reached(&terminal, Some(caller.session.id)) {
            let shown = house_terminals::shown(&caller.house, terminal).await?;
            let types = match shown.terminal.typist {
                Party::Agent => "you type",
                Party::Person => "a person types",
            };
            lines.push(format!(
                "{} {}: {}; {types}",
                shown.terminal.id,
                shown.terminal.title,
                stands(&shown.terminal.state, shown.waits)
            ));
        }
    }
    let count = lines.len();
    let text = match count {
        0 => "There are no terminals. terminal_open opens one.".into(),
        _ => lines.join("\n"),
    };
    Ok((text, json!({ "terminals": count })))
}

/// Returns where a program stands, for the model.
fn stands(state: &TerminalState, waits: bool) -> String {
    match state {
        TerminalState::Running {
            trouble: Some(why), ..
        } => format!("running, but {why}"),
        TerminalState::Running { closed: true, .. } => {
            "running, but it has let go of the terminal".into()
        }
        TerminalState::Running { .. } if waits => "running, waits for input".into(),
        TerminalState::Running { .. } => "running".into(),
        TerminalState::Ended { end } => match house_terminals::sentence(end) {
            told if told.starts_with("ended") => told,
            told => format!("ended: {told}"),
        },
    }
}

async fn end(caller: &Caller, name: &str, input: &Value) -> Result<(String, Value), Fault> {
    let Named { id } = fault(known_name(name), input)?;
    reach(caller, id).await?;
    if name == "terminal_close" {
        house_terminals::close(&caller.house, id).await?;
        return Ok((format!("{id} is closed."), json!({ "terminal_id": id })));
    }
    let terminal = house_terminals::kill(&caller.house, id).await?;
    let text = format!("{id}: {}", stands(&terminal.state, false));
    Ok((text, json!({ "terminal_id": id })))
}
