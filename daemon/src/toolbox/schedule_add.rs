//! `schedule_add`: makes a job.

use serde::Deserialize;
use serde_json::{Value, json};
use smartopol_protocol::job::{Action, Missed, Policy, Spec};
use smartopol_protocol::tool::{ToolOutput, ToolSpec};
use smartopol_protocol::user::User;
use smartopol_protocol::{Code, Fault};

use super::{Caller, arguments, failed, fault};
use crate::House;
use crate::scheduler::edit;
use crate::scheduler::schedule::{self, Zone};
use crate::users::zone;

const NAME: &str = "schedule_add";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    when: String,
    name: Option<String>,
    zone: Option<String>,
    prompt: Option<String>,
    message: Option<String>,
    tool: Option<String>,
    #[serde(default)]
    input: Value,
    #[serde(default)]
    own_session: bool,
    #[serde(default)]
    missed: Missed,
}

pub(super) fn spec() -> ToolSpec {
    ToolSpec {
        name: NAME.into(),
        description: "Makes a job: at its times it says a prompt to you, puts a message for the \
                      person into this session, or makes one tool call without you. It keeps the \
                      model, the approval mode and the tools that this session has now. Say \
                      exactly one of `prompt`, `message`, `tool`."
            .into(),
        input_schema: json!({
            "type": "object",
            "properties": {
                "when": {
                    "type": "string",
                    "description": "`tomorrow 9:00`, `every 30 minutes`, `every weekday 8:30`, or \
                                    cron with five fields such as `0 9 * * MON-FRI`."
                },
                "name": { "type": "string", "description": "A short name, unlike those of the person's other jobs." },
                "zone": {
                    "type": "string",
                    "description": "A time zone such as Europe/Berlin; without it, the person's."
                },
                "prompt": { "type": "string", "description": "What you are told then." },
                "message": { "type": "string", "description": "What the person is told then." },
                "tool": { "type": "string", "description": "The tool that is called then." },
                "input": { "type": "object", "description": "The arguments of the tool." },
                "own_session": {
                    "type": "boolean",
                    "description": "True to give each run a session of its own."
                },
                "missed": {
                    "enum": ["once", "all", "skip"],
                    "description": "Which missed times are made up for; `once` is the newest."
                }
            },
            "required": ["when"],
            "additionalProperties": false
        }),
    }
}

pub(super) fn title((house, user): (&House, &User), input: &Value) -> Result<String, ToolOutput> {
    let arguments: Arguments = arguments(NAME, input)?;
    let action = arguments.action().map_err(|why| failed(&why))?;
    let (name, zone) = arguments.zone(house, user).map_err(|why| failed(&why))?;
    let when =
        schedule::read(&arguments.when, house.clock.now(), &zone).map_err(|why| failed(&why))?;
    let when = schedule::described(&when, &name, &zone);
    let what = match &action {
        Action::Prompt { text } => format!("prompt: {text}"),
        Action::Call { tool, input } => format!("call {tool} {input}"),
        other => format!("message: {}", other.text()),
    };
    Ok(format!("schedule {when}: {what}"))
}

pub(super) async fn run(caller: &Caller, input: &Value) -> Result<(String, Value), Fault> {
    let arguments: Arguments = fault(NAME, input)?;
    let wrong = |why| Fault::new(Code::BadRequest, why);
    let action = arguments.action().map_err(wrong)?;
    let (zone, _) = arguments.zone(&caller.house, &caller.user).map_err(wrong)?;
    let spec = Spec {
        name: arguments.name,
        zone: Some(zone),
        session: (!arguments.own_session).then(|| caller.session.id.to_string()),
        workspace: Some(caller.session.workspace.clone()),
        model: caller.session.model.clone(),
        policy: Policy {
            missed: arguments.missed,
            ..Policy::default()
        },
        ..Spec::new(arguments.when, action)
    };
    let job = edit::add(&caller.house, spec, &caller.author()).await?;
    let details = json!({ "job_id": job.id, "name": job.name, "next_at": job.next_at });
    let text = format!("The job `{}` is made: it is due {}.", job.name, job.when);
    Ok((text, details))
}

impl Arguments {
    fn zone(&self, house: &House, user: &User) -> Result<Zone, String> {
        zone::meant(house, user, (self.zone.as_deref(), &self.when))
    }

    fn action(&self) -> Result<Action, String> {
        match (&self.prompt, &self.message, &self.tool) {
            (Some(text), None, None) => Ok(Action::Prompt { text: text.clone() }),
            (None, Some(text), None) => Ok(Action::Message { text: text.clone() }),
            (None, None, Some(tool)) => Ok(Action::Call {
                tool: tool.clone(),
                input: self.input.clone(),
            }),
            _ => Err("Say exactly one of `prompt`, `message` and `tool`.".into()),
        }
    }
}
