//! What waits for a person: listing it, seeing to it.

use smartopol_protocol::Code;
use smartopol_protocol::Fault;
use smartopol_protocol::approval::Actor;
use smartopol_protocol::attention::{Item, Kind, List, Listed, Resolve, Seen};
use smartopol_protocol::question::{Answer, How};
use smartopol_protocol::user::{Role, User};
use smartopol_store::{Reader, Whose};

use crate::House;
use crate::approvals::questions;
use crate::server::view;
use crate::users::rights;

pub(crate) async fn list(house: &House, user: &User, list: List) -> Result<Listed, Fault> {
    let admin = user.role == Role::Admin;
    let whose = match list.everyone {
        true if admin => Whose::ALL,
        true => {
            let told = format!("{} may not see what waits for others", rights::whom(user));
            return Err(Fault::new(Code::Denied, told).hint("an admin can"));
        }
        false => view::whose_items(house, user),
    };
    let read = move |r: &Reader<'_>| {
        let mut listed = r.attention_of(&list, whose)?;
        if admin {
            let all = r.attention_open(Whose::ALL)?;
            listed.others = all.saturating_sub(listed.open);
        }
        Ok(listed)
    };
    Ok(house.store.read(read).await?)
}

pub(crate) async fn resolve(
    house: &House,
    (actor, user): (&Actor, &User),
    resolve: Resolve,
) -> Result<Item, Fault> {
    if let Seen::Snooze { seconds } = resolve.how
        && !(1..=31_536_000).contains(&seconds)
    {
        let told = match seconds {
            0 => "a snooze of no time is none",
            _ => "that is too long for a snooze",
        };
        let fault = Fault::new(Code::BadRequest, told);
        return Err(fault.hint("a second is the shortest, 365 days are the longest"));
    }
    let id = resolve.id;
    let item = house.store.read(move |r| r.attention_item(id)).await?;
    view::may_see_to(house, user, &item)?;
    if let (Some(asked), Kind::Question, Seen::Dismiss) = (item.question_id, item.kind, resolve.how)
    {
        // Who does not want to see to a question ends it: the agent must not wait for nobody.
        let dismiss = Answer {
            id: asked,
            how: How::Dismiss,
        };
        questions::answer(house, dismiss, actor.clone()).await?;
        return Ok(house.store.read(move |r| r.attention_item(id)).await?);
    }
    let (at, by) = (house.clock.now(), actor.peer.clone());
    Ok(house
        .store
        .write(move |w| w.see_attention(resolve.id, resolve.how, &by, at))
        .await?)
}
