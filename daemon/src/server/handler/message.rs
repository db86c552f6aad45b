//! Messages: saying something, finding it, taking it back.

use smartopol_protocol::approval::Actor;
use smartopol_protocol::message::{
    Edit, Found, Level, Message, Part, Role, Search, Send, Sent, Withdraw,
};
use smartopol_protocol::{Code, Fault, MessageId};

use super::{SOON, user};
use crate::House;
use crate::session::Cmd;

/// The longest message, in bytes.
const MAX_MESSAGE: usize = 256 * 1024;

pub(crate) async fn send(house: &House, actor: &Actor, send: Send) -> Result<Sent, Fault> {
    if user::is_link(&send.text) {
        return link(house, actor, &send).await;
    }
    let text = checked(house, &send.text)?;
    let message = Message {
        id: send.id.unwrap_or_else(MessageId::new),
        session_id: send.session_id,
        turn_id: None,
        position: None,
        steer: send.steer,
        role: Role::User,
        parts: vec![Part::Text { text }],
        peer: Some(actor.peer.clone()),
        by: actor.by.clone(),
        interrupted: false,
        created_at: house.clock.now(),
    };
    let say = |reply| Cmd::Say(Box::new(message), reply);
    house.router.ask(house, send.session_id, SOON, say).await
}

/// Joins two peers instead of saying something; what came of it is told in the session.
async fn link(house: &House, actor: &Actor, send: &Send) -> Result<Sent, Fault> {
    let who = house.users.acting(&actor.peer, None);
    let text = user::say_link(house, (actor, &who), &send.text).await?;
    let id = MessageId::new();
    // Whoever says a code may be somebody else now.
    let who = house.users.acting(&actor.peer, None);
    if house.users.may_see(&who, send.session_id) {
        let notice = Message {
            id,
            session_id: send.session_id,
            turn_id: None,
            position: None,
            steer: false,
            role: Role::System,
            parts: vec![Part::Notice {
                level: Level::Info,
                text,
            }],
            peer: None,
            by: None,
            interrupted: false,
            created_at: house.clock.now(),
        };
        let tell = |reply| Cmd::Notice(Box::new(notice), reply);
        house.router.ask(house, send.session_id, SOON, tell).await?;
    }
    Ok(Sent {
        message_id: id,
        turn_id: None,
    })
}

pub(crate) async fn search(house: &House, search: Search) -> Result<Found, Fault> {
    house
        .store
        .read(move |r| r.search(&search))
        .await
        .map_err(Fault::from)
}

pub(crate) async fn edit(house: &House, mut edit: Edit) -> Result<Message, Fault> {
    if let Some(text) = &edit.text {
        edit.text = Some(checked(house, text)?);
    }
    let id = edit.id;
    let message = house.store.read(move |r| r.message(id)).await?;
    let change = |reply| Cmd::Edit(Box::new(edit), reply);
    house
        .router
        .ask(house, message.session_id, SOON, change)
        .await
}

pub(crate) async fn withdraw(house: &House, withdraw: Withdraw) -> Result<(), Fault> {
    let id = withdraw.id;
    let message = house.store.read(move |r| r.message(id)).await?;
    let take_back = |reply| Cmd::Withdraw(id, reply);
    house
        .router
        .ask(house, message.session_id, SOON, take_back)
        .await
}

/// Returns what a person says as it is stored.
fn checked(house: &House, text: &str) -> Result<String, Fault> {
    if text.trim().is_empty() {
        return Err(Fault::new(Code::BadRequest, "`text` is empty").hint("say something in it"));
    }
    if text.len() > MAX_MESSAGE {
        let told = format!(
            "`text` has {} bytes, and {MAX_MESSAGE} are the most",
            text.len()
        );
        return Err(Fault::new(Code::TooLarge, told)
            .hint("put it into a file of the workspace and let the agent read it"));
    }
    Ok(house.redactor.known(text).0.into_owned())
}
