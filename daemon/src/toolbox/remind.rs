//! `remind`: tells the person something later.

use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::{Value, json};
use smartopol_protocol::attention::Priority;
use smartopol_protocol::job::{Action, Schedule, Spec};
use smartopol_protocol::tool::{ToolOutput, ToolSpec};
use smartopol_protocol::user::User;
use smartopol_protocol::{Code, Fault, Timestamp};

use super::{Caller, arguments, failed, fault};
use crate::House;
use crate::scheduler::edit;
use crate::scheduler::schedule::{self, Zone};
use crate::users::zone;

const NAME: &str = "remind";

/// How many words a time has at most.
const WORDS: usize = 12;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    text: String,
    when: Option<String>,
    #[serde(default)]
    priority: Priority,
}

pub(super) fn spec() -> ToolSpec {
    ToolSpec {
        name: NAME.into(),
        description: "Reminds the person of something at a time, once or again and again. They \
                      see it in their inbox until they acknowledge it."
            .into(),
        input_schema: json!({
            "type": "object",
            "properties": {
                "text": { "type": "string", "description": "Of what, one line." },
                "when": {
                    "type": "string",
                    "description": "When, in the person's time zone: `in 10 minutes`, \
                                    `tomorrow 9:00`, `every monday 8am`. Without it, `text` \
                                    begins with the time."
                },
                "priority": { "enum": ["low", "normal", "high", "urgent"] }
            },
            "required": ["text"],
            "additionalProperties": false
        }),
    }
}

pub(super) fn title((house, user): (&House, &User), input: &Value) -> Result<String, ToolOutput> {
    let arguments: Arguments = arguments(NAME, input)?;
    let read = read(house, user, &arguments).map_err(|why| failed(&why))?;
    let when = schedule::described(&read.schedule, &read.zone.0, &read.zone.1);
    Ok(format!("remind {when}: {}", read.text))
}

pub(super) async fn run(caller: &Caller, input: &Value) -> Result<(String, Value), Fault> {
    let arguments: Arguments = fault(NAME, input)?;
    let wrong = |why: String| Fault::new(Code::BadRequest, why);
    let read = read(&caller.house, &caller.user, &arguments).map_err(wrong)?;
    let action = Action::Remind {
        text: read.text,
        priority: arguments.priority,
    };
    let spec = Spec {
        zone: Some(read.zone.0),
        session: Some(caller.session.id.to_string()),
        ..Spec::new(read.when, action)
    };
    let job = edit::add(&caller.house, spec, &caller.author()).await?;
    let details = json!({ "job_id": job.id, "name": job.name, "next_at": job.next_at });
    Ok((
        format!("The person will be reminded {}.", job.when),
        details,
    ))
}

/// What the arguments of a call mean.
struct Read {
    when: String,
    schedule: Schedule,
    zone: Zone,
    text: String,
}

fn read(house: &House, user: &User, arguments: &Arguments) -> Result<Read, String> {
    let now = house.clock.now();
    let (when, schedule, text) = split(arguments, now, &zone::of(house, user).1)?;
    let zone = zone::meant(house, user, (None, &when))?;
    Ok(Read {
        when,
        schedule,
        zone,
        text,
    })
}

/// Returns the time in words, what it means, and what is to be said then. Where the text holds
/// both, the time is its longest beginning that is understood.
fn split(
    arguments: &Arguments,
    now: Timestamp,
    zone: &TimeZone,
) -> Result<(String, Schedule, String), String> {
    let text = arguments.text.trim();
    let nothing = || "`text` does not say what to remind of".to_owned();
    if let Some(when) = &arguments.when {
        let schedule = schedule::read(when, now, zone)?;
        return match text {
            "" => Err(nothing()),
            text => Ok((when.clone(), schedule, text.to_owned())),
        };
    }
    let ends = text
        .char_indices()
        .filter(|(_, c)| c.is_whitespace())
        .map(|(at, _)| at)
        .chain([text.len()])
        .take(WORDS);
    let understood = ends.filter_map(|end| {
        let (when, rest) = text.split_at_checked(end)?;
        let when = when.trim_end_matches([':', ',', ';']);
        let schedule = schedule::read(when, now, zone).ok()?;
        Some((when.to_owned(), schedule, rest))
    });
    let Some((when, schedule, rest)) = understood.last() else {
        return schedule::read(text, now, zone).and(Err(nothing()));
    };
    let rest = rest.trim_start_matches([':', ',', ';']).trim();
    let rest = ["to ", "that ", "of ", "about "]
        .iter()
        .find_map(|word| rest.strip_prefix(word))
        .unwrap_or(rest);
    match rest {
        "" => Err(nothing()),
        rest => Ok((when, schedule, rest.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_the_longest_beginning_that_is_one() {
        let now = "2026-11-25T14:00:00Z".parse().unwrap();
        let read = |text: &str| {
            let arguments = Arguments {
                text: text.into(),
                when: None,
                priority: Priority::Normal,
            };
            split(&arguments, now, &TimeZone::UTC).map(|(when, _, text)| (when, text))
        };
        for (text, when, what) in [
            (
                "tomorrow 9:00 call the dentist",
                "tomorrow 9:00",
                "call the dentist",
            ),
            ("in 10 minutes: tea", "in 10 minutes", "tea"),
            ("in an hour to stretch", "in an hour", "stretch"),
            ("in 1 hour 2 eggs", "in 1 hour", "2 eggs"),
            (
                "every monday 8am water the plants",
                "every monday 8am",
                "water the plants",
            ),
            ("9:00 am standup", "9:00 am", "standup"),
        ] {
            assert_eq!(read(text), Ok((when.into(), what.into())), "{text}");
        }
        assert!(
            read("tomorrow 9:00")
                .unwrap_err()
                .contains("what to remind of")
        );
        assert!(
            read("call the dentist")
                .unwrap_err()
                .contains("not understood")
        );
    }
}
