//! Memory: adding, listing, searching, changing, forgetting, approving; each user's own.

use smartopol_protocol::approval::Actor;
use smartopol_protocol::memory::{
    Add, Added, Decide, Edit, Forget, Forgotten, Found, List, Listed, Memory, Search, Show, Shown,
};
use smartopol_protocol::{Code, Fault, MemoryId};

use smartopol_protocol::user::{Capability, Grant, Role};
use smartopol_store::Error;

use crate::House;
use crate::memory::{self, Writing};
use crate::users::rights;

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

/// Others answer for a child: what waits to be believed of one is decided by an admin.
pub(crate) async fn decide(house: &House, actor: &Actor, decide: Decide) -> Result<Memory, Fault> {
    let asks = house.users.acting(&actor.peer, None);
    memory::known(&asks)?;
    if asks.role == Role::Child {
        let told = format!("{} may not decide this: an admin does", rights::whom(&asks));
        return Err(Fault::new(Code::Denied, told).hint(format!(
            "an admin can: smartopol memory approve {}",
            decide.key
        )));
    }
    let sees_all = rights::grant(&house.config.users.roles, &asks, Capability::SeeAllMemory);
    let others = match (asks.role, sees_all) {
        (Role::Admin, Grant::Allow) => decide.key.trim().parse::<MemoryId>().ok(),
        _ => None,
    };
    let (at, by, users) = (house.clock.now(), actor.peer.clone(), house.users.clone());
    Ok(house
        .store
        .write(move |w| {
            let own = w.find_memory(asks.id, &decide.key);
            let id = match (own, others) {
                (Ok(memory), _) => memory.id,
                (Err(Error::NotFound { .. }), Some(id)) => {
                    let memory = w.memory(id)?;
                    let owner = users.get(memory.user_id);
                    if owner.is_none_or(|owner| owner.role != Role::Child) {
                        return Err(Error::NotFound {
                            what: "memory",
                            id: decide.key,
                        });
                    }
                    id
                }
                (Err(err), _) => return Err(err),
            };
            w.decide_memory(id, decide.verdict, &by, at)
        })
        .await?)
}

fn writing(house: &House, actor: &Actor) -> Result<Writing, Fault> {
    let user = house.users.acting(&actor.peer, None);
    memory::known(&user)?;
    Ok(Writing::of_person(&user, &actor.peer))
}
