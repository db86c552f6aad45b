//! Users: listing, making, changing, removing them; joining and parting peers.

use smartopol_protocol::approval::Actor;
use smartopol_protocol::session::{Interrupt, SessionState};
use smartopol_protocol::user::{
    Add, Admit, Admitted, Capability, Code as LinkCode, Grant, Limits, Listed, Profile, Redeem,
    Refused, Remove, Role, Set, Show, Shown, Unlink, User,
};
use smartopol_protocol::{Code, Fault, UserId};

use super::turn;
use crate::users::linking::No;
use crate::users::{made, rights, strangers};
use crate::{House, budgets};

/// The longest language and tone, in characters.
const WORDS: usize = 200;

pub(crate) async fn list(house: &House, user: &User) -> Result<Listed, Fault> {
    let mut users = house.store.read(|r| r.users()).await?;
    if !manages(house, user) {
        users.retain(|own| own.id == user.id);
    }
    let budgets = budgets::of_each(house, &users, sees_costs(house, user)).await?;
    Ok(Listed { users, budgets })
}

pub(crate) async fn show(house: &House, asks: &User, show: Show) -> Result<Shown, Fault> {
    let user = match &show.key {
        None => asks.clone(),
        Some(key) => find(house, asks, key).await?,
    };
    if let Some(id) = show.session_id
        && !house.users.may_see(asks, id)
    {
        return Err(Fault::new(
            Code::NotFound,
            format!("there is no session `{id}`"),
        ));
    }
    let roles = &house.config.users.roles;
    let costs = sees_costs(house, asks);
    let days = budgets::days(house, &user, costs).await?;
    let budgets = budgets::shown(house, &user, show.session_id, costs).await?;
    Ok(Shown {
        grants: rights::grants(roles, &user),
        filter: rights::filter(&user),
        time_zone: budgets::zone_name(house, &user),
        budgets,
        days,
        without_costs: !costs,
        user,
    })
}

pub(crate) async fn add(
    house: &House,
    (actor, asks): (&Actor, &User),
    add: Add,
) -> Result<User, Fault> {
    not_above(asks, add.role)?;
    let (first, rest) = match add.peers.split_first() {
        Some((first, rest)) => (first.clone(), rest.to_vec()),
        None => return Err(bad("`peers` is empty", "name one, such as telegram:4711")),
    };
    let (by, at) = (actor.clone(), house.clock.now());
    Ok(house
        .store
        .write(move |w| {
            let mut user = made(first, at);
            user.peers.extend(rest);
            user.peers.sort();
            user.peers.dedup();
            user.name = add.name.trim().to_owned();
            user.role = add.role;
            w.add_user(&user, &by)?;
            Ok(user)
        })
        .await?)
}

pub(crate) async fn set(
    house: &House,
    (actor, asks): (&Actor, &User),
    set: Set,
) -> Result<User, Fault> {
    let user = find(house, asks, &set.key).await?;
    let whole = set.name.is_some()
        || set.role.is_some()
        || set.disabled.is_some()
        || !set.grants.is_empty()
        || !set.limits.is_empty()
        || set.profile.filter.is_some();
    // The day of a budget begins at their midnight: one who moved it would have a fresh one.
    let moves = set.profile.time_zone.is_some() && budgets::is_limited(house, &user);
    // It stands in what the model is told, beside how it is to speak with a child.
    let sways = set.profile.tone.is_some() && asks.role == Role::Child;
    if whole || moves || sways {
        rights::demand(&house.config.users.roles, asks, Capability::ManageUsers)?;
        manageable(asks, &user)?;
        set.role.map_or(Ok(()), |role| not_above(asks, role))?;
    }
    if user.owner && set.role.is_some_and(|role| role != Role::Admin) {
        return Err(Fault::new(
            Code::Conflict,
            format!("{} owns the daemon and stays an admin", user.name),
        ));
    }
    if set.disabled == Some(true) && (user.owner || user.id == asks.id) {
        let told = match user.owner {
            true => format!("{} owns the daemon and cannot be disabled", user.name),
            false => "you cannot disable yourself".to_owned(),
        };
        return Err(Fault::new(Code::Conflict, told));
    }
    for (capability, grant) in &set.grants {
        let own = rights::grant(&house.config.users.roles, asks, *capability);
        if grant.is_some_and(|grant| grant > own) {
            return Err(Fault::new(
                Code::Denied,
                format!("you have `{capability}` as {own}, and cannot give more"),
            ));
        }
    }
    check(&set.profile)?;
    let (by, at) = (actor.clone(), house.clock.now());
    let changed = house
        .store
        .write(move |w| w.change_user(user.id, &by, at, |user| change(user, set)))
        .await?;
    if changed.disabled && !user.disabled {
        stop_turns(house, changed.id).await?;
    }
    Ok(changed)
}

/// Stops what is done for a user right now.
async fn stop_turns(house: &House, user: UserId) -> Result<(), Fault> {
    let sessions = house.store.read(|r| r.sessions()).await?;
    let busy = sessions.into_iter().filter(|session| {
        session.user_id == Some(user) && !matches!(session.state, SessionState::Idle { .. })
    });
    for session in busy {
        let session_id = session.id;
        // One that ended meanwhile has nothing to stop.
        if let Err(fault) = turn::interrupt(house, Interrupt { session_id }).await {
            tracing::warn!("{session_id} was not stopped: {}", fault.message);
        }
    }
    Ok(())
}

fn change(user: &mut User, set: Set) {
    if let Some(name) = set.name {
        name.trim().clone_into(&mut user.name);
    }
    user.role = set.role.unwrap_or(user.role);
    user.disabled = set.disabled.unwrap_or(user.disabled);
    for (capability, grant) in set.grants {
        match grant {
            Some(grant) => user.grants.insert(capability, grant),
            None => user.grants.remove(&capability),
        };
    }
    let limit = |own: &mut Option<u64>, new: Option<u64>| {
        if let Some(new) = new {
            *own = (new > 0).then_some(new);
        }
    };
    let Limits {
        daily_tokens,
        monthly_tokens,
        daily_cost_micros,
        monthly_cost_micros,
    } = set.limits;
    limit(&mut user.limits.daily_tokens, daily_tokens);
    limit(&mut user.limits.monthly_tokens, monthly_tokens);
    limit(&mut user.limits.daily_cost_micros, daily_cost_micros);
    limit(&mut user.limits.monthly_cost_micros, monthly_cost_micros);
    let text = |own: &mut Option<String>, new: Option<String>| {
        if let Some(new) = new {
            *own = Some(new.trim().to_owned()).filter(|new| !new.is_empty());
        }
    };
    text(&mut user.profile.language, set.profile.language);
    text(&mut user.profile.tone, set.profile.tone);
    text(&mut user.profile.time_zone, set.profile.time_zone);
    user.profile.filter = set.profile.filter.or(user.profile.filter);
}

pub(crate) async fn remove(
    house: &House,
    (actor, asks): (&Actor, &User),
    remove: Remove,
) -> Result<(), Fault> {
    let user = find(house, asks, &remove.key).await?;
    manageable(asks, &user)?;
    let heir = house.users.owner().id;
    let (by, at) = (actor.clone(), house.clock.now());
    house
        .store
        .write(move |w| w.remove_user(user.id, heir, &by, at))
        .await?;
    // Their sessions are somebody else's now, and found as theirs.
    house.upkeep.index_soon();
    Ok(())
}

/// Gives a code for who asks.
pub(crate) async fn link(house: &House, (actor, asks): (&Actor, &User)) -> Result<LinkCode, Fault> {
    let at = house.clock.now();
    let (code, expires_at) = house.linking.code(asks.id, at).map_err(|err| {
        let told = format!("no random numbers can be read: {err}");
        Fault::new(Code::Unavailable, told).hint("try again in a moment")
    })?;
    let (id, by) = (asks.id, actor.clone());
    house
        .store
        .write(move |w| w.tell_code_given(id, &by, at))
        .await?;
    Ok(LinkCode { code, expires_at })
}

/// Joins the peer that says a code to the user who was given it.
pub(crate) async fn redeem(house: &House, actor: &Actor, redeem: Redeem) -> Result<User, Fault> {
    let at = house.clock.now();
    let id = match house.linking.take(&redeem.code, &actor.peer, at) {
        Ok(id) => id,
        Err(no) => {
            // Who guesses is not listened to soon, so they cannot fill the journal either.
            if let No::Code(why) = no {
                let refused = Refused {
                    by: actor.clone(),
                    why,
                };
                house
                    .store
                    .write(move |w| w.tell_link_refused(refused, at))
                    .await?;
            }
            return Err(no.fault());
        }
    };
    let peer = actor
        .peer
        .parse()
        .map_err(|_| bad("who you are is not known", "say the code on a channel"))?;
    let into = house
        .users
        .get(id)
        .filter(|into| !into.disabled)
        .ok_or_else(|| Fault::new(Code::NotFound, "whoever got this code is no user any more"))?;
    // Whoever says a code consents to become somebody else; never to become less than they are.
    if let Some(says) = house.users.of(&actor.peer)
        && (says.owner || says.role > into.role)
        && says.id != into.id
    {
        return Err(Fault::new(
            Code::Denied,
            format!(
                "{} would become {}: nobody is joined to one who may do less",
                rights::whom(&says),
                rights::whom(&into)
            ),
        )
        .hint("get the code here instead, and say it on the other peer: smartopol users link"));
    }
    let by = actor.clone();
    let joined = house
        .store
        .write(move |w| w.link_peer(id, &peer, &by, at))
        .await?;
    house.upkeep.index_soon();
    Ok(joined)
}

pub(crate) async fn unlink(
    house: &House,
    (actor, asks): (&Actor, &User),
    unlink: Unlink,
) -> Result<User, Fault> {
    let whose = house.users.of(unlink.peer.as_str());
    match &whose {
        Some(user) if user.id == asks.id => {}
        Some(user) => {
            rights::demand(&house.config.users.roles, asks, Capability::ManageUsers)?;
            manageable(asks, user)?;
        }
        None => {
            let told = format!("{} is nobody's", unlink.peer);
            return Err(Fault::new(Code::NotFound, told).hint("see: smartopol users list"));
        }
    }
    if whose.is_some_and(|user| user.owner) && unlink.peer.as_str() == owner_peer() {
        return Err(Fault::new(
            Code::Conflict,
            format!(
                "{} is how the owner comes in, and stays theirs",
                unlink.peer
            ),
        ));
    }
    let (by, at) = (actor.clone(), house.clock.now());
    Ok(house
        .store
        .write(move |w| w.unlink_peer(&unlink.peer, &by, at))
        .await?)
}

pub(crate) async fn admit(
    house: &House,
    (actor, asks): (&Actor, &User),
    admit: Admit,
) -> Result<Admitted, Fault> {
    admit.role.map_or(Ok(()), |role| not_above(asks, role))?;
    strangers::answer(house, actor, admit).await
}

/// Returns whom a person means; who may not manage users sees themselves alone.
async fn find(house: &House, asks: &User, key: &str) -> Result<User, Fault> {
    let wanted = key.to_owned();
    let found = house.store.read(move |r| r.find_user(&wanted)).await;
    match found {
        Ok(user) if user.id == asks.id || manages(house, asks) => Ok(user),
        Err(err) if manages(house, asks) => Err(err.into()),
        _ => Err(
            Fault::new(Code::NotFound, format!("there is no user `{key}`"))
                .hint("you see yourself: smartopol users show"),
        ),
    }
}

fn sees_costs(house: &House, user: &User) -> bool {
    rights::grant(&house.config.users.roles, user, Capability::SeeCosts) == Grant::Allow
}

fn manages(house: &House, user: &User) -> bool {
    rights::grant(&house.config.users.roles, user, Capability::ManageUsers) == Grant::Allow
}

/// Refuses one who would change themselves, or somebody of a higher role; an admin may change all.
fn manageable(asks: &User, user: &User) -> Result<(), Fault> {
    if asks.role == Role::Admin || (user.role <= asks.role && user.id != asks.id) {
        return Ok(());
    }
    Err(Fault::new(
        Code::Denied,
        format!(
            "{} may not change {}",
            rights::whom(asks),
            rights::whom(user)
        ),
    )
    .hint("ask an admin"))
}

fn not_above(asks: &User, role: Role) -> Result<(), Fault> {
    if role <= asks.role {
        return Ok(());
    }
    let told = format!("{} cannot make an {role}", rights::whom(asks));
    Err(Fault::new(Code::Denied, told).hint("ask an admin"))
}

fn check(profile: &Profile) -> Result<(), Fault> {
    for (field, text) in [("language", &profile.language), ("tone", &profile.tone)] {
        let text = text.as_deref().unwrap_or_default();
        if text.chars().count() > WORDS || text.chars().any(char::is_control) {
            let told = format!("`{field}` is longer than {WORDS} characters, or not one line");
            return Err(bad(&told, "say it shorter"));
        }
    }
    match profile.time_zone.as_deref() {
        Some(zone) if !zone.is_empty() && jiff::tz::TimeZone::get(zone).is_err() => Err(bad(
            &format!("`time_zone` is `{zone}`, which is no time zone"),
            "such as Europe/Berlin or UTC",
        )),
        _ => Ok(()),
    }
}

fn owner_peer() -> String {
    smartopol_ipc::own_peer().to_string()
}

fn bad(told: &str, hint: &str) -> Fault {
    Fault::new(Code::BadRequest, told).hint(hint)
}

/// Returns true for what links peers instead of being said: `/link`, alone or with a code.
pub(crate) fn is_link(text: &str) -> bool {
    text.trim() == "/link" || text.trim_start().starts_with("/link ")
}

/// Does what `/link` says, and returns what is told of it.
pub(crate) async fn say_link(
    house: &House,
    (actor, user): (&Actor, &User),
    text: &str,
) -> Result<String, Fault> {
    let code = text.trim().trim_start_matches("/link").trim();
    if !code.is_empty() {
        let code = code.to_owned();
        let user = redeem(house, actor, Redeem { code }).await?;
        return Ok(format!("{} is {} now", actor.peer, rights::whom(&user)));
    }
    if user.id == crate::users::STRANGER {
        let told = format!("{} is not known here", actor.peer);
        return Err(Fault::new(Code::Denied, told)
            .hint("get a code where you are known and say it here: /link CODE"));
    }
    let LinkCode { code, expires_at } = link(house, (actor, user)).await?;
    Ok(format!(
        "say this on your other channel until {expires_at}: /link {code}"
    ))
}
