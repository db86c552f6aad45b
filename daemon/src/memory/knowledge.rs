//! Topics: who may write which, and what they are made of.

use smartopol_protocol::knowledge::{How, Owner, Topic, Write};
use smartopol_protocol::user::{Role, User};
use smartopol_protocol::{Code, Fault, UserId};
use smartopol_store::TopicDraft;

use super::Writing;
use crate::House;

/// Writes a topic of a user, or of the house.
///
/// # Errors
/// `bad_request` and `conflict` as the store says.
pub(crate) async fn write(house: &House, writing: Writing, write: Write) -> Result<Topic, Fault> {
    let at = house.clock.now();
    let user = writing.user;
    let draft = draft(house, writing, write);
    Ok(house
        .store
        .write(move |w| w.write_topic(user, draft, at))
        .await?)
}

/// Returns a topic as it is to be written: without what acts on a terminal, and without secrets.
pub(super) fn draft(house: &House, writing: Writing, write: Write) -> TopicDraft {
    let clean = |text: &str| -> String {
        let (text, _) = house.redactor.text(text);
        let kept = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
        text.chars().filter(kept).collect()
    };
    TopicDraft {
        name: clean(&write.name),
        text: clean(&write.text),
        tags: write
            .tags
            .map(|tags| tags.iter().map(|tag| clean(tag)).collect()),
        links: write.links,
        how: write.how,
        owner: match write.owner {
            Owner::Own => Some(writing.user),
            Owner::House => None,
        },
        source: writing.source,
        taint: writing.taint,
    }
}

/// Refuses to change what is the house's to one who does not run it.
///
/// # Errors
/// `denied`.
pub(crate) fn may_change(user: &User, owner: Option<UserId>) -> Result<(), Fault> {
    if owner.is_none() && user.role != Role::Admin {
        let told = "the topic is the house's, and only an admin changes those";
        return Err(Fault::new(Code::Denied, told).hint("write one of your own"));
    }
    Ok(())
}

/// Returns what a seed says.
pub(super) fn seed(name: String, text: String, tags: Vec<String>) -> Write {
    Write {
        name,
        text,
        tags: Some(tags),
        links: None,
        how: How::Replace,
        owner: Owner::House,
    }
}
