//! What the model is told beside the conversation: who it is, where it is, whom it talks with, when.

use std::sync::Arc;

use jiff::tz::TimeZone;
use smartopol_agent::context::{self, Material, block};
use smartopol_agent::prompt::{self, part};
use smartopol_protocol::Timestamp;
use smartopol_protocol::compaction::{Compaction, Pin};
use smartopol_protocol::message::Message;
use smartopol_protocol::model::ReasoningEffort;
use smartopol_protocol::prompt::{PromptPart, Tier};
use smartopol_protocol::session::Session;
use smartopol_protocol::terminal::Party;
use smartopol_protocol::tool::ToolSpec;
use smartopol_protocol::user::{Role, User};

use crate::memory;
use crate::persona::Whose;
use crate::users::person;
use crate::{House, budgets};

/// How long a person may be silent until the model is told the time again, in milliseconds.
const SILENCE: u64 = 10 * 60 * 1000;

/// Returns the parts of the prompt, in the order in which a model reads them. `direct` is true where
/// the person themselves talks, and no job for them.
pub(crate) async fn parts(
    house: &House,
    session: &Session,
    (user, peer): (&User, &str),
    direct: bool,
) -> Vec<PromptPart> {
    let id = session.id.to_string();
    let whose = Whose {
        user: &user.name,
        introduces: direct && user.role == Role::Admin,
        channel: channel(peer),
        session: &id,
    };
    let mut parts = vec![prompt::instructions()];
    parts.extend(
        house
            .persona
            .told(whose)
            .into_iter()
            .map(|told| PromptPart {
                cut: told.cut,
                ..part(
                    told.name,
                    told.tier,
                    &told.path.display().to_string(),
                    told.text.to_string(),
                )
            }),
    );
    let about = format!(
        "Operating system: {}\nWorkspace (tools start there): {}\nYour own files (SOUL.md and the \
         others) lie in {}; change them only where the person wants it.",
        std::env::consts::OS,
        session.workspace,
        house.persona.folder().display()
    );
    parts.push(part("environment", Tier::Person, "built in", about));
    let own = house.config.agent.instructions.trim();
    if !own.is_empty() {
        let text = format!("Instructions of the person who runs you:\n{own}");
        parts.push(part("agent.instructions", Tier::Person, "config", text));
    }
    let whom = house.users.acting("", session.user_id);
    let text = person::told(house, &whom);
    if !text.is_empty() {
        parts.push(part("person", Tier::Person, "users", text));
    }
    parts.extend(memory::told(house, user).await);
    parts.sort_by_key(|part| part.tier);
    parts
}

/// Returns what the offered tools come to.
pub(crate) fn tools(specs: &[ToolSpec]) -> PromptPart {
    let bytes: usize = specs
        .iter()
        .map(|spec| spec.name.len() + spec.description.len() + spec.input_schema.to_string().len())
        .sum();
    PromptPart {
        bytes: bytes as u64,
        tokens: prompt::tokens(bytes),
        ..part("tools", Tier::Fixed, "built in", String::new())
    }
}

/// Returns what the messages of a transcript come to, the notes before them, and what is told of
/// those that are folded. That stands with the messages, behind both lasting tiers, and is another
/// one after each compaction.
pub(crate) fn said(
    house: &House,
    user: &User,
    messages: Vec<Message>,
    (counts, pins): (Option<Compaction>, Vec<Pin>),
) -> Vec<PromptPart> {
    let messages: Vec<Arc<Message>> = messages.into_iter().map(Arc::new).collect();
    let zone = zone(house, user);
    let since = counts.as_ref().map(|own| own.created_at);
    let folded = counts.as_ref().map(block::folded);
    let made = context::request(Material {
        model: "",
        system: Vec::new(),
        transcript: &messages,
        folded: folded.as_ref(),
        tools: &[],
        budget: house.config.agent.context_tokens.into(),
        reasoning: ReasoningEffort::Default,
        note: &|before, message| note(before, message, (&zone, &pins, since)),
    });
    let of = |name: &str, tier: Tier, source: &str, tokens: u64| PromptPart {
        bytes: tokens * 4,
        tokens,
        ..part(name, tier, source, String::new())
    };
    let block = counts.map(|own| {
        let source = format!("{}: {} messages", own.id, own.messages);
        part("folded", Tier::Transcript, &source, block::text(&own))
    });
    let carried = made.request.messages.len() - usize::from(block.is_some());
    let carried = format!("{carried} messages");
    let tokens = block.as_ref().map_or(0, |block| block.tokens);
    let notes = of(
        "times and channels",
        Tier::Volatile,
        "each message",
        made.notes,
    );
    let tokens = made.transcript.saturating_sub(tokens);
    let messages = of("messages", Tier::Transcript, &carried, tokens);
    [Some(notes), block, Some(messages)]
        .into_iter()
        .flatten()
        .collect()
}

/// Returns what a model is told before a message of the person: when it was said and over which
/// channel, where that is news since the one before, and what the person pinned in between. What
/// was pinned until `since` is told by a compaction.
pub(crate) fn note(
    before: Option<&Message>,
    message: &Message,
    (zone, pins, since): (&TimeZone, &[Pin], Option<Timestamp>),
) -> Option<String> {
    let told = time_note(before, message, zone);
    let since = before.map(|before| before.created_at).max(since);
    let is_new = |at: Timestamp| Some(at) > since && at <= message.created_at;
    let own = pins.iter().filter(|pin| pin.by == Party::Person);
    let pins = own.flat_map(|pin| {
        let what = pin.kind.name();
        let put = is_new(pin.created_at).then(|| {
            format!(
                "[The person pinned this {what}, it holds in this session: {}]",
                pin.text
            )
        });
        let taken = pin.removed_at.filter(|at| is_new(*at));
        let taken = taken.map(|_| format!("[The person took this {what} off again: {}]", pin.text));
        put.into_iter().chain(taken)
    });
    let lines: Vec<String> = told.into_iter().chain(pins).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn time_note(before: Option<&Message>, message: &Message, zone: &TimeZone) -> Option<String> {
    let channel_of = |message: &Message| {
        let peer = message.peer.as_deref().unwrap_or_default();
        channel(peer).to_owned()
    };
    let own = channel_of(message);
    let at = message.created_at;
    let moment = jiff::Timestamp::from_millisecond(at.as_millis()).ok()?;
    let local = moment.to_zoned(zone.clone());
    if let Some(before) = before {
        let then = jiff::Timestamp::from_millisecond(before.created_at.as_millis()).ok()?;
        let same_day = then.to_zoned(zone.clone()).date() == local.date();
        if same_day && at.millis_since(before.created_at) < SILENCE && channel_of(before) == own {
            return None;
        }
    }
    let time = local.strftime("%A %Y-%m-%d %H:%M %Z");
    Some(match own.as_str() {
        "" => format!("[{time}]"),
        own => format!("[{time}, over {own}]"),
    })
}

/// Returns the time zone that a user lives in.
pub(crate) fn zone(house: &House, user: &User) -> TimeZone {
    budgets::zone(house, user)
}

/// Returns the channel of a peer.
fn channel(peer: &str) -> &str {
    peer.split_once(':').map_or("", |(channel, _)| channel)
}

#[cfg(test)]
mod tests {
    use smartopol_protocol::message::{Part, Role};
    use smartopol_protocol::{MessageId, SessionId, Timestamp};

    use super::*;

    fn said(at: &str, peer: &str) -> Message {
        Message {
            id: MessageId::new(),
            session_id: SessionId::new(),
            turn_id: None,
            position: None,
            steer: false,
            role: Role::User,
            parts: vec![Part::Text { text: "hi".into() }],
            peer: Some(peer.into()),
            by: None,
            interrupted: false,
            created_at: at.parse::<Timestamp>().unwrap(),
        }
    }

    #[test]
    fn the_time_is_told_at_first_after_a_silence_on_another_day_and_over_another_channel() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let first = said("2026-11-29T22:55:00Z", "cli:1000");
        let told = note(None, &first, (&berlin, &[], None));
        assert_eq!(
            told.as_deref(),
            Some("[Sunday 2026-11-29 23:55 CET, over cli]")
        );
        let soon = said("2026-11-29T22:57:00Z", "cli:1000");
        assert_eq!(note(Some(&first), &soon, (&berlin, &[], None)), None);
        let midnight = said("2026-11-29T23:01:00Z", "cli:1000");
        assert!(note(Some(&soon), &midnight, (&berlin, &[], None)).is_some());
        let elsewhere = said("2026-11-29T22:57:00Z", "telegram:7");
        assert!(
            note(Some(&first), &elsewhere, (&berlin, &[], None))
                .unwrap()
                .ends_with("over telegram]")
        );
        let later = said("2026-11-29T23:20:00Z", "cli:1000");
        assert!(note(Some(&midnight), &later, (&berlin, &[], None)).is_some());
    }
}
