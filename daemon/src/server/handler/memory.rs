//! Memory: adding, listing, searching, changing, forgetting, approving; each user's own.

use smartopol_protocol::Fault;
use smartopol_protocol::approval::Actor;
use smartopol_protocol::memory::{
    Add, Added, Decide, Edit, Forget, Forgotten, Found, List, Listed, Memory, Search, Show, Shown,
};

use crate::House;
use crate::memory::{self, Writing};

pub(crate) async fn add(house: &House, actor: &Actor, add: Add) -> Result<Added, Fault> {
    memory::add(house, writing(house, actor)?, add).await
}

pub(crate) async fn list(house: &House, actor: &Actor, list: List) -> Result<Listed, Fault> {
    memory::list(house, writing(house, actor)?.user, list).await
}

pub(crate) async fn search(house: &House, actor: &Actor, search: Search) -> Result<Found, Fault> {
    let user = writing(house, actor)?.user;
    let now = house.clock.now();
    let hits = house
        .store
        .read(move |r| r.search_memories(user, &search, now))
        .await?;
    Ok(Found { hits })
}

pub(crate) async fn show(house: &House, actor: &Actor, show: Show) -> Result<Shown, Fault> {
    let user = writing(house, actor)?.user;
    Ok(house
        .store
        .read(move |r| {
            let memory = r.find_memory(user, &show.key)?;
            let history = r.memory_history(&memory)?;
            Ok(Shown { memory, history })
        })
        .await?)
}

pub(crate) async fn edit(house: &House, actor: &Actor, edit: Edit) -> Result<Memory, Fault> {
    memory::edit(house, writing(house, actor)?, edit).await
}

pub(crate) async fn forget(
    house: &House,
    actor: &Actor,
    forget: Forget,
) -> Result<Forgotten, Fault> {
    let user = writing(house, actor)?.user;
    let (at, by) = (house.clock.now(), actor.peer.clone());
    let ids = house
        .store
        .write(move |w| {
            let id = w.find_memory(user, &forget.key)?.id;
            w.forget_memory(id, &by, at)
        })
        .await?;
    Ok(Forgotten { ids })
}

pub(crate) async fn decide(house: &House, actor: &Actor, decide: Decide) -> Result<Memory, Fault> {
    let user = writing(house, actor)?.user;
    let (at, by) = (house.clock.now(), actor.peer.clone());
    Ok(house
        .store
        .write(move |w| {
            let id = w.find_memory(user, &decide.key)?.id;
            w.decide_memory(id, decide.verdict, &by, at)
        })
        .await?)
}

fn writing(house: &House, actor: &Actor) -> Result<Writing, Fault> {
    let user = house.users.acting(&actor.peer, None);
    memory::known(&user)?;
    Ok(Writing::of_person(&user, &actor.peer))
}
