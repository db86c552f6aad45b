//! `memory_add`, `memory_search`, `memory_forget`: what is believed of the user who asks.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};
use smartopol_agent::prompt::belief;
use smartopol_protocol::Fault;
use smartopol_protocol::memory::{Add, Category, Memory, Search, State};
use smartopol_protocol::tool::{Effect, Inspection, ToolOutput, ToolSpec};

use super::{Caller, arguments, fault};
use crate::memory;

pub(super) const NAMES: [&str; 3] = ["memory_add", "memory_forget", "memory_search"];

/// How many hits a model is told.
const HITS: u32 = 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Remember {
    text: String,
    #[serde(default)]
    category: Option<Category>,
    #[serde(default)]
    confidence: Option<u8>,
    #[serde(default)]
    until: Option<String>,
    #[serde(default)]
    supersedes: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Look {
    query: String,
    #[serde(default)]
    category: Option<Category>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Gone {
    id: String,
}

pub(super) fn specs() -> Vec<ToolSpec> {
    let categories = json!({ "enum": ["instruction", "preference", "fact", "context"] });
    vec![
        ToolSpec {
            name: "memory_add".into(),
            description: "Remembers something about the person, for every later session: how you \
                          are to work, what they like, what is so, what matters at the moment. \
                          One thing, one line, without secrets. Search first; where it changes \
                          what you remember, name that in `supersedes`."
                .into(),
            input_schema: json!({
                "type": "object",
                "properties": {
                    "text": { "type": "string", "description": "One sentence." },
                    "category": categories,
                    "confidence": { "type": "integer", "description": "In percent; 100 where the person said it." },
                    "until": { "type": "string", "description": "Until when it is so: `in 30 days`." },
                    "supersedes": { "type": "string", "description": "The id of what it takes the place of." }
                },
                "required": ["text"],
                "additionalProperties": false
            }),
        },
        ToolSpec {
            name: "memory_search".into(),
            description: "Looks for what you remember of the person, the best first. Plain words, \
                          of which one is enough."
                .into(),
            input_schema: json!({
                "type": "object",
                "properties": {
                    "query": { "type": "string" },
                    "category": categories
                },
                "required": ["query"],
                "additionalProperties": false
            }),
        },
        ToolSpec {
            name: "memory_forget".into(),
            description: "Takes a memory away for good, with all that it superseded. Only where \
                          the person wants it forgotten; what changed is superseded instead."
                .into(),
            input_schema: json!({
                "type": "object",
                "properties": {
                    "id": { "type": "string", "description": "As `memory_search` says it." }
                },
                "required": ["id"],
                "additionalProperties": false
            }),
        },
    ]
}

pub(super) fn inspect(
    name: &str,
    input: &Value,
    workspace: &Path,
) -> Result<Inspection, ToolOutput> {
    let mut effects = Vec::new();
    let title = match name {
        "memory_add" => {
            let own: Remember = arguments(name, input)?;
            format!("remember: {}", own.text)
        }
        "memory_search" => {
            let own: Look = arguments(name, input)?;
            format!("look in the memory for {}", own.query)
        }
        _ => {
            let own: Gone = arguments(name, input)?;
            effects.push(Effect::Unclear {
                why: "what is forgotten does not come back".into(),
            });
            format!("forget the memory {}", own.id)
        }
    };
    Ok(Inspection {
        title,
        cwd: workspace.to_string_lossy().into_owned(),
        effects,
        ..Inspection::default()
    })
}

pub(super) async fn run(
    caller: &Caller,
    name: &str,
    input: &Value,
) -> Result<(String, Value), Fault> {
    match name {
        "memory_add" => add(caller, fault(name, input)?).await,
        "memory_search" => search(caller, fault(name, input)?).await,
        _ => forget(caller, fault(name, input)?).await,
    }
}

async fn add(caller: &Caller, own: Remember) -> Result<(String, Value), Fault> {
    let add = Add {
        text: own.text,
        category: own.category,
        confidence: own.confidence,
        from: None,
        until: own.until,
        supersedes: own.supersedes,
    };
    let added = memory::add(&caller.house, caller.writing().await?, add).await?;
    let memory = added.memory;
    let told = match (added.known, &memory.state) {
        (true, State::Pending) => {
            format!(
                "It waits for the person's approval already, as {}.",
                memory.id
            )
        }
        (true, _) => format!("It is remembered already, as {}.", memory.id),
        (false, State::Pending) => format!(
            "It waits for the person's approval, as {}, because this turn read untrusted text \
             ({}). Until then it counts for nothing; tell the person.",
            memory.id,
            memory.taint.first().map_or("", |taint| taint.what.as_str())
        ),
        (false, _) => format!("Remembered, as {}.", memory.id),
    };
    Ok((
        told,
        json!({ "memory_id": memory.id, "state": memory.state.name() }),
    ))
}

async fn search(caller: &Caller, own: Look) -> Result<(String, Value), Fault> {
    let user = memory::known(&caller.user)?;
    let now = caller.house.clock.now();
    let search = Search {
        text: own.query,
        category: own.category,
        limit: HITS,
        ..Search::default()
    };
    let hits = caller
        .house
        .store
        .read(move |r| r.search_memories(user, &search, now))
        .await?;
    if hits.is_empty() {
        return Ok(("Nothing that is remembered says that.".into(), Value::Null));
    }
    let lines: Vec<String> = hits.iter().map(|hit| line(&hit.memory)).collect();
    Ok((lines.join("\n"), json!({ "hits": hits.len() })))
}

fn line(memory: &Memory) -> String {
    format!("{} ({})", belief(memory), memory.id)
}

async fn forget(caller: &Caller, own: Gone) -> Result<(String, Value), Fault> {
    let user = memory::known(&caller.user)?;
    let (at, by) = (caller.house.clock.now(), caller.asker.clone());
    let ids = caller
        .house
        .store
        .write(move |w| {
            let id = w.find_memory(user, &own.id)?.id;
            w.forget_memory(id, &by, at)
        })
        .await?;
    Ok(("Forgotten.".into(), json!({ "memory_ids": ids })))
}
