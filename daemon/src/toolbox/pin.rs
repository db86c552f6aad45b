//! `pin`: what no summary of the conversation may change.

use serde::Deserialize;
use serde_json::{Value, json};
use smartopol_protocol::compaction::{Pin, PinKind};
use smartopol_protocol::terminal::Party;
use smartopol_protocol::tool::{ToolOutput, ToolSpec};
use smartopol_protocol::{Code, Fault, PinId};

use super::{Caller, arguments, failed, fault};

pub(super) const NAME: &str = "pin";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    kind: Option<PinKind>,
    text: Option<String>,
    remove: Option<PinId>,
}

/// What a call is about.
enum Wanted {
    Add(PinKind, String),
    Remove(PinId),
    List,
}

pub(super) fn spec() -> ToolSpec {
    ToolSpec {
        name: NAME.into(),
        description: "Keeps a short text word for word when older messages are folded into a \
                      summary: the goal, a rule, a decision, something to do. With `remove` it \
                      takes one off that you pinned, when it is done. Without arguments it lists \
                      them."
            .into(),
        input_schema: json!({
            "type": "object",
            "properties": {
                "kind": { "enum": ["goal", "rule", "decision", "todo"] },
                "text": { "type": "string", "description": "At most 1,024 bytes." },
                "remove": { "type": "string", "description": "The id of a pin, `pin_…`." }
            },
            "additionalProperties": false
        }),
    }
}

pub(super) fn title(input: &Value) -> Result<String, ToolOutput> {
    Ok(match wanted(arguments(NAME, input)?).map_err(failed)? {
        Wanted::Add(kind, text) => format!("pin the {}: {text}", kind.name()),
        Wanted::Remove(id) => format!("take off {id}"),
        Wanted::List => "list what is pinned".into(),
    })
}

pub(super) async fn run(caller: &Caller, input: &Value) -> Result<(String, Value), Fault> {
    let wrong = |why: &str| Fault::new(Code::BadRequest, why);
    let wanted = wanted(fault(NAME, input)?).map_err(wrong)?;
    let (id, at) = (caller.session.id, caller.house.clock.now());
    let done = caller.house.store.write(move |w| {
        let (told, pin) = match wanted {
            Wanted::Add(kind, text) => {
                let pin = w.add_pin(id, (kind, &text), Party::Agent, at)?;
                (format!("Pinned as {}.", pin.id), Some(pin))
            }
            Wanted::Remove(pin) => {
                let pin = w.remove_pin(id, pin, Party::Agent, at)?;
                (format!("{} is taken off.", pin.id), Some(pin))
            }
            Wanted::List => (String::new(), None),
        };
        Ok((told, pin, w.pins(id)?))
    });
    let (told, pin, pins) = done.await?;
    let mut text = told;
    text.push_str(match pins.len() {
        0 => " Nothing is pinned.",
        _ => " What is pinned:",
    });
    for pin in &pins {
        text.push_str(&line(pin));
    }
    Ok((text.trim_start().to_owned(), json!({ "pin": pin })))
}

fn wanted(arguments: Arguments) -> Result<Wanted, &'static str> {
    match (arguments.kind, arguments.text, arguments.remove) {
        (Some(kind), Some(text), None) => Ok(Wanted::Add(kind, text)),
        (None, None, Some(id)) => Ok(Wanted::Remove(id)),
        (None, None, None) => Ok(Wanted::List),
        _ => Err("send `kind` and `text` to pin something, or `remove` alone to take one off"),
    }
}

fn line(pin: &Pin) -> String {
    let by = match pin.by {
        Party::Agent => "",
        Party::Person => ", by the person",
    };
    format!("\n- {} ({}{by}): {}", pin.id, pin.kind.name(), pin.text)
}
