//! `terminal_write`: the agent types.
//!
//! Owns judging what is typed: into a shell as the command line that it becomes, into anything
//! else as something that only that program understands. What was looked at is held against the
//! terminal right before it is typed.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};
use smartopol_ipc::Bytes;
use smartopol_protocol::terminal::Party;
use smartopol_protocol::tool::{Body, Effect, Inspection, ToolOutput, ToolSpec};
use smartopol_protocol::{Code, Fault, SessionId, TerminalId};
use smartopol_tools::shell_grammar;

use super::super::{Caller, arguments, fault};
use super::{plain, reach, stored};
use crate::House;
use crate::terminals::{INTERRUPT, Looked};

const NAME: &str = "terminal_write";

/// Keys that have names: the name, what it sends.
const KEYS: &[(&str, &str)] = &[
    ("enter", "\r"),
    ("tab", "\t"),
    ("escape", "\x1b"),
    ("backspace", "\x7f"),
    ("up", "\x1b[A"),
    ("down", "\x1b[B"),
    ("right", "\x1b[C"),
    ("left", "\x1b[D"),
    ("home", "\x1b[H"),
    ("end", "\x1b[F"),
    ("page-up", "\x1b[5~"),
    ("page-down", "\x1b[6~"),
    ("ctrl-c", "\x03"),
    ("ctrl-d", "\x04"),
    ("ctrl-l", "\x0c"),
    ("ctrl-u", "\x15"),
    ("ctrl-z", "\x1a"),
];

/// Commands of the shell, and programs, that take lines from it or change how the terminal hands
/// them over.
const READERS: [&str; 9] = [
    "exec",
    "mapfile",
    "read",
    "readarray",
    "reset",
    "select",
    "stty",
    "trap",
    "tset",
];

/// Why a line is not known.
const UNKNOWN: &str =
    "what stands in the line of the shell cannot be told, and stays so until ctrl-c";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    id: TerminalId,
    text: Option<String>,
    key: Option<String>,
    #[serde(default = "yes")]
    enter: bool,
}

const fn yes() -> bool {
    true
}

pub(super) fn spec(id: &Value) -> ToolSpec {
    let keys: Vec<&str> = KEYS.iter().map(|(name, _)| *name).collect();
    ToolSpec {
        name: NAME.into(),
        description: "Types into a terminal: `text`, with Enter at its end unless `enter` is \
                      false, or one `key`. What is typed into a shell is judged as the command \
                      that it is: type a whole line at once, wait with terminal_wait until it is done \
                      before the next, which asks a person else, and press ctrl-c where the line is \
                      not known."
            .into(),
        input_schema: json!({
            "type": "object",
            "properties": {
                "id": id,
                "text": { "type": "string" },
                "key": { "enum": keys, "description": "Instead of `text`." },
                "enter": { "type": "boolean", "description": "True by default." }
            },
            "required": ["id"],
            "additionalProperties": false
        }),
    }
}

impl Arguments {
    /// Returns what is sent to the terminal.
    fn sent(&self) -> Result<String, String> {
        match (&self.text, &self.key) {
            (Some(text), None) => Ok(match self.enter {
                true => format!("{text}\r"),
                false => text.clone(),
            }),
            (None, Some(key)) => KEYS
                .iter()
                .find(|(name, _)| name == key)
                .map(|(_, sent)| (*sent).to_owned())
                .ok_or_else(|| format!("`key` is no key that is known: {key}")),
            _ => Err("send either `text` or `key`".into()),
        }
    }
}

pub(super) fn inspect(
    house: &House,
    session_id: Option<SessionId>,
    input: &Value,
    workspace: &Path,
) -> Result<Inspection, ToolOutput> {
    let read: Arguments = arguments(NAME, input)?;
    let sent = read.sent().map_err(|why| super::super::failed(&why))?;
    // Nobody is asked about what cannot be typed.
    let terminal = stored(house, session_id, read.id)?;
    if !terminal.runs() {
        return Err(super::super::failed(
            "The program has ended. Open another terminal.",
        ));
    }
    if terminal.typist == Party::Person {
        return Err(super::super::failed(
            "a person has taken this terminal over, so the agent cannot type in it. Wait until they \
             give it back, or open another one.",
        ));
    }
    let looked = house.terminals.look_at(read.id);
    let inspection = judged(house, &looked, &read, &sent, workspace);
    house.terminals.remember(mark(read.id, &sent), looked);
    Ok(inspection)
}

/// Returns what typing this would do.
fn judged(
    house: &House,
    looked: &Looked,
    read: &Arguments,
    sent: &str,
    workspace: &Path,
) -> Inspection {
    let title = match &read.key {
        Some(key) => format!("press {key} in {}", looked.title),
        None => format!("type into {}: {}", looked.title, sent.trim_end()),
    };
    let title: String = title.replace(['\r', '\n'], " ").chars().take(120).collect();
    let whole = looked.line.with(sent).unwrap_or_else(|| sent.to_owned());
    let with_body = |mut inspection: Inspection| {
        inspection.title.clone_from(&title);
        if read.text.is_some() {
            inspection.body = Body::Command {
                text: whole.trim_end_matches(['\r', '\n']).to_owned(),
                timeout_seconds: 0,
            };
        }
        inspection
    };
    let unclear = |why: String| with_body(plain(&title, workspace, vec![Effect::Unclear { why }]));
    // It ends a line or a program in the terminal itself and begins nothing.
    if sent == INTERRUPT || looked.shell && matches!(sent, "\x0c" | "\x15") {
        return with_body(plain(&title, workspace, Vec::new()));
    }
    if !looked.shell {
        let program = match looked.program.as_str() {
            "" => "a program that cannot be told".to_owned(),
            program => format!("`{program}`"),
        };
        return unclear(format!(
            "it is typed into {program}, which does with it what it likes"
        ));
    }
    let Some(line) = looked.line.with(sent) else {
        return unclear(UNKNOWN.into());
    };
    if line.trim().is_empty() {
        return with_body(plain(&title, workspace, Vec::new()));
    }
    let cwd = looked.cwd.as_deref().unwrap_or(workspace);
    match house
        .tools
        .inspect_line(&looked.program, line.trim(), cwd, workspace)
    {
        Ok(mut inspection) => {
            let doubts = doubts(looked, &line, &inspection.effects);
            let unclear = |why| Effect::Unclear { why };
            inspection.effects.extend(doubts.into_iter().map(unclear));
            with_body(inspection)
        }
        Err(output) => unclear(output.text),
    }
}

/// Returns why a line may not be what the shell reads, or not all of it.
fn doubts(looked: &Looked, line: &str, effects: &[Effect]) -> Vec<String> {
    let mut doubts = Vec::new();
    doubts.extend(shell_grammar::typed(line).map(|doubt| doubt.0));
    if !looked.waits {
        doubts.push("the shell does not wait for a line, so something else may read it".into());
    }
    if !looked.line.is_empty() {
        doubts.push("the line was begun before, and something else may have read that".into());
    }
    let reader = effects.iter().find_map(|effect| match effect {
        Effect::Run { words, .. } => words
            .first()
            .filter(|name| READERS.contains(&name.as_str())),
        _ => None,
    });
    doubts
        .extend(reader.map(|name| format!("`{name}` changes what becomes of what is typed next")));
    doubts
}

/// Returns a number for what is to be typed where.
fn mark(id: TerminalId, sent: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (id, sent).hash(&mut hasher);
    hasher.finish()
}

pub(super) async fn run(caller: &Caller, input: &Value) -> Result<(String, Value), Fault> {
    let read: Arguments = fault(NAME, input)?;
    let bad = |why: String| Fault::new(Code::BadRequest, why);
    let sent = read.sent().map_err(bad)?;
    let (terminal, there) = reach(caller, read.id).await?;
    let desk = &caller.house.terminals;
    let before = desk.recall(mark(read.id, &sent));
    let own = caller.house.clone();
    let id = read.id;
    let now = tokio::task::spawn_blocking(move || own.terminals.look_at(id)).await;
    let now = now.ok();
    let holds = match (&before, &now) {
        (Some(before), Some(now)) => before.holds(now),
        _ => false,
    };
    if !holds {
        let told = "not typed: what runs in the terminal, or what stands in its line, is not what \
                    it was when the call was looked at";
        return Err(Fault::new(Code::Conflict, told).hint("look at the terminal, then type again"));
    }
    there
        .write(Party::Agent, Bytes::from(sent.clone().into_bytes()))
        .await?;
    // What stands there for a program that read key by key does not stand in the shell's line.
    let elsewhere = now.is_some_and(|now| {
        let ends = sent.ends_with('\r') || sent == INTERRUPT && now.line.is_empty();
        !now.shell && !ends
    });
    if elsewhere {
        desk.unsure(id);
    }
    Ok((
        format!("Typed into {}.", terminal.id),
        json!({ "terminal_id": terminal.id, "bytes": sent.len() }),
    ))
}
