//! Where a person is told of a reminder that they do not acknowledge.
//!
//! Owns: the order of the places, and that the notice in a place is said once. Every telling is in
//! the list of what waits, which each console shows and notifies of; beyond that the places are the
//! reminder's own session and the one where people talked last. A further kind of place is one
//! more candidate in [`next`] and one more arm in [`tell`].

use smartopol_protocol::attention::{Item, Kind, Place};
use smartopol_protocol::message::{Level, Message, Part, Role};
use smartopol_protocol::{MessageId, SessionId, Timestamp};
use smartopol_store::{Reader, Result};

use super::{begin, charge};
use crate::House;
use crate::users::Users;

/// How many items are looked at in one go.
const GO: u32 = 10_000;

/// Returns where a person is told of an item next: in the first place where they were not, or else
/// where they are now.
fn next(users: &Users, r: &Reader<'_>, item: &Item) -> Result<Place> {
    // Of one who is no user any more, no session is known.
    let job = item.job_id.and_then(|id| r.job(id).ok());
    let talks = match job.as_ref().and_then(|job| users.of(&job.frozen.user)) {
        Some(user) => r.talked_in(user.id, charge::PEER)?,
        None => None,
    };
    // Nor is its own session one of theirs where they may not look any more.
    let owner = job.map(|job| users.acting(&job.frozen.user, None));
    let theirs = |id: SessionId| owner.as_ref().is_none_or(|own| users.may_see(own, id));
    let own = item
        .session_id
        .filter(|id| theirs(*id) && r.session(*id).is_ok());
    Ok(match session(item, own, talks) {
        Some(session_id) => Place::Session {
            session_id,
            message_id: MessageId::new(),
        },
        None => Place::Inbox, // Nobody has talked yet.
    })
}

fn session(item: &Item, own: Option<SessionId>, talks: Option<SessionId>) -> Option<SessionId> {
    if item.kind != Kind::Reminder {
        return None;
    }
    let told = |id: &SessionId| {
        let here =
            |place: &Place| matches!(place, Place::Session { session_id, .. } if session_id == id);
        item.places.iter().any(here)
    };
    let new = [own, talks].into_iter().flatten().find(|id| !told(id));
    new.or(talks).or(own)
}

/// Tells people again of what is snoozed no longer, and of reminders that nobody acknowledged.
pub(super) async fn tell_again(house: &House, now: Timestamp) -> Result<()> {
    loop {
        let due = house.store.read(move |r| r.attention_due(now, GO)).await?;
        if due.is_empty() {
            return Ok(());
        }
        let users = house.users.clone();
        let told: Vec<Item> = house
            .store
            .write(move |w| {
                let mut told = Vec::new();
                for item in due {
                    told.extend(w.tell_attention(item.id, |r, item| next(&users, r, item))?);
                }
                Ok(told)
            })
            .await?;
        told.iter().for_each(|item| tell(house, item, now));
    }
}

/// Says the notices that a daemon that is gone had still to say.
pub(super) async fn take_up(house: &House) -> Result<()> {
    let unsaid = house.store.read(|r| r.attention_unsaid()).await?;
    let now = house.clock.now();
    unsaid.iter().for_each(|item| tell(house, item, now));
    Ok(())
}

/// Says in a place what is only said there.
fn tell(house: &House, item: &Item, now: Timestamp) {
    match item.places.last() {
        None | Some(Place::Inbox) => {}
        Some(Place::Session {
            session_id,
            message_id,
        }) => begin::say(house, notice(item, *session_id, *message_id, now), None),
    }
}

fn notice(item: &Item, session_id: SessionId, message_id: MessageId, now: Timestamp) -> Message {
    let detail = match item.detail.as_str() {
        "" => String::new(),
        detail => format!("{detail}; "),
    };
    let text = format!(
        "Reminder: {} ({detail}told {} times, see to it: `smartopol inbox`)",
        item.title, item.told
    );
    Message {
        id: message_id,
        session_id,
        turn_id: None,
        position: None,
        steer: false,
        role: Role::System,
        parts: vec![Part::Notice {
            level: Level::Warning,
            text,
        }],
        peer: None,
        by: None,
        interrupted: false,
        created_at: now,
    }
}

#[cfg(test)]
mod tests {
    use smartopol_protocol::AttentionId;
    use smartopol_protocol::attention::{ItemState, Priority};

    use super::*;

    const OWN: SessionId = SessionId::from_bytes([1; 16]);
    const TALKS: SessionId = SessionId::from_bytes([2; 16]);

    fn item(kind: Kind, told_in: &[SessionId]) -> Item {
        let session = |id: &SessionId| Place::Session {
            session_id: *id,
            message_id: MessageId::from_bytes([3; 16]),
        };
        let mut places = vec![Place::Inbox];
        places.extend(told_in.iter().map(session));
        Item {
            id: AttentionId::from_bytes([4; 16]),
            kind,
            priority: Priority::Urgent,
            title: "tea".into(),
            detail: String::new(),
            session_id: Some(OWN),
            turn_id: None,
            approval_id: None,
            question_id: None,
            terminal_id: None,
            job_id: None,
            memory_ids: Vec::new(),
            user_id: None,
            peer: None,
            at: Timestamp::from_millis(0),
            due_at: None,
            deadline: None,
            told: 1,
            places,
            state: ItemState::Open,
        }
    }

    #[test]
    fn each_place_comes_once_and_then_where_the_person_is_now() {
        let next =
            |told_in: &[SessionId], own, talks| session(&item(Kind::Reminder, told_in), own, talks);
        assert_eq!(next(&[], Some(OWN), Some(TALKS)), Some(OWN));
        assert_eq!(next(&[OWN], Some(OWN), Some(TALKS)), Some(TALKS));
        assert_eq!(next(&[OWN, TALKS], Some(OWN), Some(TALKS)), Some(TALKS));
        // Its own session is gone, or it has none.
        assert_eq!(next(&[], None, Some(TALKS)), Some(TALKS));
        assert_eq!(next(&[], None, None), None);
    }

    #[test]
    fn only_reminders_are_told_where_people_talk() {
        let failed = item(Kind::JobFailed, &[]);
        assert_eq!(session(&failed, Some(OWN), Some(TALKS)), None);
    }
}
