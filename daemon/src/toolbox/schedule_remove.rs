//! `schedule_remove`: removes a job.

use serde::Deserialize;
use serde_json::{Value, json};
use smartopol_protocol::Fault;
use smartopol_protocol::tool::{ToolOutput, ToolSpec};

use super::{Caller, arguments, fault};
use crate::scheduler::edit;

const NAME: &str = "schedule_remove";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    name: String,
}

pub(super) fn spec() -> ToolSpec {
    ToolSpec {
        name: NAME.into(),
        description: "Removes a job or a reminder by its name.".into(),
        input_schema: json!({
            "type": "object",
            "properties": {
                "name": { "type": "string", "description": "As `schedule_list` says it." }
            },
            "required": ["name"],
            "additionalProperties": false
        }),
    }
}

pub(super) fn title(input: &Value) -> Result<String, ToolOutput> {
    let arguments: Arguments = arguments(NAME, input)?;
    Ok(format!("remove the job {}", arguments.name))
}

pub(super) async fn run(caller: &Caller, input: &Value) -> Result<(String, Value), Fault> {
    let arguments: Arguments = fault(NAME, input)?;
    let job = edit::remove(&caller.house, &caller.user, &arguments.name).await?;
    Ok((format!("The job `{}` is removed.", job.name), Value::Null))
}
