//! Where a conversation may be folded, and what then still stands before the rest of it.
//!
//! Owns the boundary. What stands in the place of the folded messages is in `block`.

use std::sync::Arc;

use smartopol_protocol::message::{Message, Role};

use super::{cost, estimate};

/// Older messages that a request carries as a block of text.
#[derive(Clone, Debug)]
pub struct Folded {
    /// The position of the last message folded.
    pub until: u64,
    /// What stands in their place.
    pub block: Arc<Message>,
}

/// How many tokens of messages shall be left, estimated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// What is aimed at.
    pub keep: u64,
    /// What is put up with where otherwise the newest question would have to be taken apart.
    pub most: u64,
}

impl Room {
    /// Everything that can be folded.
    pub const NONE: Self = Self {
        keep: 0,
        most: u64::MAX,
    };
}

/// Where to fold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Boundary {
    /// The position of the last message to fold.
    pub until: u64,
    /// How many messages that folds which were not folded before.
    pub messages: u64,
    /// How many messages stay.
    pub stay: u64,
}

/// Returns where to fold, given the transcript and what of it is folded already; `None` where
/// nothing can be.
///
/// A boundary is before a message of the person or the agent, never between calls and their
/// outputs. The steps of the newest question are taken apart only where they alone are too long:
/// then the question itself is carried on.
pub fn boundary(transcript: &[Arc<Message>], until: u64, room: Room) -> Option<Boundary> {
    let said = after(transcript, until);
    let newest = said.iter().rposition(|message| asks(message)).unwrap_or(0);
    // What a request has from each place on.
    let mut weights = vec![0; said.len() + 1];
    for (place, message) in said.iter().enumerate().rev() {
        let behind = weights.get(place + 1).copied().unwrap_or(0);
        if let Some(own) = weights.get_mut(place) {
            *own = behind + estimate(message);
        }
    }
    let turn = said.first().and_then(|first| first.turn_id);
    // To fold questions that are carried on anyway would fold nothing.
    let gains = said
        .iter()
        .position(|message| !asks(message) || message.turn_id != turn)?;
    let is_sound = |place: &usize| {
        *place > gains && said.get(*place).is_some_and(|own| own.role != Role::Tool)
    };
    let fits = |place: usize, room: u64| {
        let rest = weights.get(place).copied().unwrap_or(0);
        let last = said
            .get(place.wrapping_sub(1))
            .and_then(|last| last.position);
        let carried = || last.map_or(0, |until| cost(&carried(transcript, until)));
        rest <= room && rest + carried() <= room
    };
    let before = (1..=newest).filter(is_sound);
    let within = (newest + 1..said.len()).filter(is_sound);
    let whole = || is_sound(&newest) && fits(newest, room.most);
    let place = before
        .clone()
        .find(|place| fits(*place, room.keep))
        .or_else(|| whole().then_some(newest))
        .or_else(|| within.clone().find(|place| fits(*place, room.keep)))
        .or_else(|| within.clone().next_back())
        .or_else(|| before.clone().next_back())?;
    let until = said.get(place.checked_sub(1)?)?.position?;
    Some(Boundary {
        until,
        messages: place as u64,
        stay: (said.len() - place) as u64,
    })
}

/// Returns what was said after a position, without notices.
pub(super) fn after(transcript: &[Arc<Message>], until: u64) -> Vec<&Arc<Message>> {
    let own = |message: &&Arc<Message>| {
        message.role != Role::System && message.position.is_none_or(|position| position > until)
    };
    transcript.iter().filter(own).collect()
}

/// Returns the questions that are folded but whose steps are not, or not all: they are carried as
/// they are.
pub(super) fn carried(transcript: &[Arc<Message>], until: u64) -> Vec<&Arc<Message>> {
    let Some(first) = after(transcript, until).into_iter().next() else {
        return Vec::new();
    };
    let folded = transcript
        .iter()
        .filter(|message| message.position.is_some_and(|position| position <= until));
    let mut questions: Vec<&Arc<Message>> = folded.filter(|message| asks(message)).collect();
    let same = |own: &&Arc<Message>| own.turn_id.is_some() && own.turn_id == first.turn_id;
    if first.role == Role::User && !questions.iter().any(same) {
        return Vec::new();
    }
    // A turn that was continued has no question of its own, or one that nobody asked.
    let is_a_persons = |own: &&Arc<Message>| own.peer.is_some();
    let other = match questions.iter().any(|own| same(own) && is_a_persons(own)) {
        true => None,
        false => questions
            .iter()
            .rfind(|own| is_a_persons(own))
            .or(questions.last())
            .map(|own| own.turn_id),
    };
    questions.retain(|own| same(own) || Some(own.turn_id) == other);
    questions
}

/// Returns true for words of a person.
fn asks(message: &Message) -> bool {
    message.role == Role::User && !message.is_command()
}

/// Leaves out the oldest messages until the rest fits, in a way that a provider accepts: no call
/// is parted from its output, and where nothing stands before them (`leads` is false) the first
/// message kept is a user's.
///
/// What is left out grows in steps of a quarter of the budget: if the cut moved with every
/// message, no provider could ever reuse its cache.
pub(super) fn fit<'a>(
    said: &[&'a Arc<Message>],
    budget: u64,
    leads: bool,
) -> (Vec<&'a Arc<Message>>, usize) {
    let total: u64 = cost(said);
    if total <= budget {
        return (said.to_vec(), 0);
    }
    let quarter = (budget / 4).max(1);
    let drop_at_least = (total - budget).div_ceil(quarter).saturating_mul(quarter);
    let newest_user = said.iter().rposition(|message| message.role == Role::User);
    let mut dropped = 0;
    let mut cut = 0;
    for (place, message) in said.iter().enumerate().take(newest_user.unwrap_or(0) + 1) {
        cut = place;
        let begins = message.role == Role::User || leads && message.role == Role::Agent;
        if dropped >= drop_at_least && begins || Some(place) == newest_user {
            break;
        }
        if newest_user.is_some() {
            dropped += estimate(message);
        }
    }
    let (_, rest) = said.split_at(cut);
    if dropped >= drop_at_least {
        return (rest.to_vec(), cut);
    }
    // One turn alone is too long: its question stays, the oldest of its steps go.
    let (question, steps) = match rest.split_first() {
        Some((question, steps)) if newest_user.is_some() => (Some(*question), steps),
        _ => (None, rest),
    };
    let mut start = 0;
    for (place, message) in steps.iter().enumerate() {
        if message.role == Role::Agent {
            start = place;
            if dropped >= drop_at_least {
                break;
            }
        }
        dropped += estimate(message);
    }
    let (_, newest) = steps.split_at(start);
    let mut kept: Vec<&Arc<Message>> = question.into_iter().collect();
    kept.extend(newest);
    (kept, cut + start)
}
