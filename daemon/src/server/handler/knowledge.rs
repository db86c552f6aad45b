//! Knowledge: topics listed, searched, written, linked, pinned and removed. Looking counts
//! nothing: only the agent's tools make a topic warm.

use std::sync::Arc;

use smartopol_protocol::Fault;
use smartopol_protocol::approval::Actor;
use smartopol_protocol::knowledge::{
    Forget, Found, HotShown, Link, List, Listed, Owner, Pin, Search, Show, Shown, Topic, Write,
};
use smartopol_protocol::user::User;

use crate::House;
use crate::memory::{self, Writing, knowledge};

pub(crate) async fn list(house: &House, actor: &Actor, list: List) -> Result<Listed, Fault> {
    let user = user(house, actor)?.id;
    Ok(house.store.read(move |r| r.topics(user, &list)).await?)
}

pub(crate) async fn search(house: &House, actor: &Actor, search: Search) -> Result<Found, Fault> {
    let user = user(house, actor)?.id;
    Ok(house
        .store
        .read(move |r| r.search_topics(user, &search))
        .await?)
}

pub(crate) async fn show(house: &House, actor: &Actor, show: Show) -> Result<Shown, Fault> {
    let user = user(house, actor)?.id;
    Ok(house
        .store
        .read(move |r| r.show_topic(user, &show.key))
        .await?)
}

pub(crate) async fn write(house: &House, actor: &Actor, write: Write) -> Result<Topic, Fault> {
    let user = user(house, actor)?;
    if write.owner == Owner::House {
        knowledge::may_change(&user, None)?;
    }
    knowledge::write(house, Writing::of_person(&user, &actor.peer), write).await
}

pub(crate) async fn link(house: &House, actor: &Actor, link: Link) -> Result<Topic, Fault> {
    let user = user(house, actor)?;
    changeable(house, &user, &link.from).await?;
    let id = user.id;
    Ok(house
        .store
        .write(move |w| w.link_topics(id, &link.from, &link.to, link.linked))
        .await?)
}

pub(crate) async fn pin(house: &House, actor: &Actor, pin: Pin) -> Result<Topic, Fault> {
    let user = user(house, actor)?.id;
    Ok(house
        .store
        .write(move |w| w.pin_topic(user, &pin.key, pin.pinned))
        .await?)
}

pub(crate) async fn forget(house: &House, actor: &Actor, forget: Forget) -> Result<(), Fault> {
    let user = user(house, actor)?;
    let topic = changeable(house, &user, &forget.key).await?;
    let id = user.id;
    Ok(house
        .store
        .write(move |w| w.forget_topic(id, topic.id))
        .await?)
}

pub(crate) async fn hot(house: &House, actor: &Actor) -> Result<HotShown, Fault> {
    let (user, now) = (user(house, actor)?.id, house.clock.now());
    let topics = house.store.read(move |r| r.hot_topics(user, now)).await?;
    Ok(HotShown { topics })
}

/// Returns a topic that a user may change.
async fn changeable(house: &House, user: &User, key: &str) -> Result<Topic, Fault> {
    let (id, key) = (user.id, key.to_owned());
    let topic = house.store.read(move |r| r.find_topic(id, &key)).await?;
    knowledge::may_change(user, topic.user_id)?;
    Ok(topic)
}

fn user(house: &House, actor: &Actor) -> Result<Arc<User>, Fault> {
    let user = house.users.acting(&actor.peer, None);
    memory::known(&user)?;
    Ok(user)
}
