//! Memory: adding, listing, searching, changing, forgetting, approving; each user's own. Who may see
//! all sees that of others too, which is a fact.

use smartopol_protocol::approval::Actor;
use smartopol_protocol::memory::{
    Add, Added, Decide, Edit, Forget, Forgotten, Found, List, Listed, Look, Memory, Search, Show,
    Shown, Verdict, Whose,
};
use smartopol_protocol::user::{Capability, Grant, Role};
use smartopol_protocol::{Code, Fault, MemoryId, UserId};
use smartopol_store::{Error, Reader};

use crate::House;
use crate::memory::{self, Writing};
use crate::users::rights;

pub(crate) async fn add(house: &House, actor: &Actor, add: Add) -> Result<Added, Fault> {
    memory::add(house, writing(house, actor)?, add).await
}

pub(crate) async fn list(house: &House, actor: &Actor, list: List) -> Result<Listed, Fault> {
    let seen = seen(house, actor, &list.of).await?;
    if seen.users.len() > 1 && list.skip > 0 {
        let told = format!(
            "`skip` is {}, and everybody's memories are meant",
            list.skip
        );
        return Err(Fault::new(Code::BadRequest, told).hint("page those of one user: `of`"));
    }
    seen.tell(house, actor).await?;
    memory::list(house, seen.users, list).await
}

pub(crate) async fn search(house: &House, actor: &Actor, search: Search) -> Result<Found, Fault> {
    let seen = seen(house, actor, &search.of).await?;
    seen.tell(house, actor).await?;
    let now = house.clock.now();
    let hits = house.store.read(move |r| {
        let mut hits = Vec::new();
        for user in &seen.users {
            hits.extend(r.search_memories(*user, &search, now)?);
        }
        if seen.users.len() > 1 {
            hits.sort_by(|a, b| b.score.total_cmp(&a.score));
            hits.truncate(smartopol_store::most_hits(search.limit));
        }
        Ok(hits)
    });
    Ok(Found { hits: hits.await? })
}

pub(crate) async fn show(house: &House, actor: &Actor, show: Show) -> Result<Shown, Fault> {
    let mut seen = seen(house, actor, &show.of).await?;
    let users = seen.users.clone();
    let shown = house.store.read(move |r| {
        let memory = find(r, &users, &show.key)?;
        let history = r.memory_history(&memory)?;
        Ok(Shown { memory, history })
    });
    let shown = shown.await?;
    if let Some(look) = &mut seen.look {
        look.user_id = Some(shown.memory.user_id);
        look.memory_id = Some(shown.memory.id);
    }
    seen.tell(house, actor).await?;
    Ok(shown)
}

/// Returns the one memory of these users that a key means.
fn find(r: &Reader<'_>, users: &[UserId], key: &str) -> Result<Memory, Error> {
    let mut found = Err(Error::NotFound {
        what: "memory",
        id: key.to_owned(),
    });
    for user in users {
        match r.find_memory(*user, key) {
            Err(Error::NotFound { .. }) => {}
            Ok(memory) => match found {
                Err(_) => found = Ok(memory),
                Ok(other) => {
                    return Err(Error::Ambiguous {
                        what: "memory",
                        key: key.to_owned(),
                        candidates: vec![other.id.to_string(), memory.id.to_string()],
                    });
                }
            },
            Err(err) => return Err(err),
        }
    }
    found
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
    if decide.text.is_some() && decide.verdict == Verdict::Reject {
        let told = "`text` says what is believed instead, and this is rejected";
        return Err(Fault::new(Code::BadRequest, told).hint("approve it in those words"));
    }
    let words = decide
        .text
        .as_deref()
        .map(|text| memory::Words::new(house, actor, text));
    let words = words.transpose()?;
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
            let decided = w.decide_memory(id, decide.verdict, &by, at)?;
            match words {
                Some(words) => Ok(w.add_memory(words.instead_of(&decided))?.memory),
                None => Ok(decided),
            }
        })
        .await?)
}

/// Whose memories somebody sees.
struct Seen {
    users: Vec<UserId>,
    /// What is written down of it; `None` for their own.
    look: Option<Look>,
}

impl Seen {
    async fn tell(&self, house: &House, actor: &Actor) -> Result<(), Fault> {
        let Some(look) = self.look.clone() else {
            return Ok(());
        };
        let who = actor.by.clone();
        let look = Look {
            peer: who.unwrap_or(look.peer),
            ..look
        };
        let at = house.clock.now();
        house.looks.tell(&house.store, look, at).await
    }
}

/// Returns whose memories are meant, where they may be seen.
async fn seen(house: &House, actor: &Actor, of: &Whose) -> Result<Seen, Fault> {
    let own = house.users.acting(&actor.peer, None);
    memory::known(&own)?;
    let all = || rights::demand(&house.config.users.roles, &own, Capability::SeeAllMemory);
    let look = |user_id| Look {
        peer: actor.peer.clone(),
        user_id,
        memory_id: None,
    };
    let key = match of {
        Whose::Own => None,
        Whose::User(key) => Some(key.clone()),
        Whose::Everybody => {
            all()?;
            let users = house.store.read(|r| r.users()).await?;
            return Ok(Seen {
                users: users.iter().map(|user| user.id).collect(),
                look: Some(look(None)),
            });
        }
    };
    let Some(key) = key.filter(|key| *key != own.name && *key != own.id.to_string()) else {
        return Ok(Seen {
            users: vec![own.id],
            look: None,
        });
    };
    all()?;
    let user = house.store.read(move |r| r.find_user(&key)).await?;
    Ok(Seen {
        users: vec![user.id],
        look: (user.id != own.id).then(|| look(Some(user.id))),
    })
}

fn writing(house: &House, actor: &Actor) -> Result<Writing, Fault> {
    let user = house.users.acting(&actor.peer, None);
    memory::known(&user)?;
    Ok(Writing::of_person(&user, &actor.peer))
}
