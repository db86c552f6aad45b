//! Peers that nobody knows.
//!
//! Owns: what a stranger is told, that an admin is asked once, and that one who was turned away is
//! not asked about again.

use smartopol_config::section::users::Unknown;
use smartopol_protocol::approval::Actor;
use smartopol_protocol::attention::Resolution;
use smartopol_protocol::user::{Admit, Admitted, PeerId, Role, User};
use smartopol_protocol::{Code, Fault};

use super::made;
use crate::House;

/// The channel of jobs, whose peers are nobody's to be.
const JOBS: &str = "job";

/// Does with a stranger what the settings say; `Ok` where they are a user now.
///
/// # Errors
/// `denied`, politely.
pub(crate) async fn knock(house: &House, actor: &Actor) -> Result<(), Fault> {
    let polite = |told: String, hint: &str| Err(Fault::new(Code::Denied, told).hint(hint));
    let Ok(peer) = actor.peer.parse::<PeerId>() else {
        return polite(
            "who you are is not known".into(),
            "ask the owner of the daemon",
        );
    };
    let (unknown, role) = house.config.users.stranger(peer.channel());
    let refused = {
        let peer = peer.clone();
        house.store.read(move |r| r.is_refused(&peer)).await?
    };
    match unknown {
        Unknown::Create if peer.channel() != JOBS && !refused => {
            admit(house, &peer, role, None, &Actor::default()).await?;
            Ok(())
        }
        Unknown::Queue if peer.channel() != JOBS && !refused => {
            let (asked, at) = (peer.clone(), house.clock.now());
            let title = format!("{peer} wants to be let in");
            let detail = format!(
                "let them in: smartopol users admit {peer}; turn them away: smartopol users admit \
                 --deny {peer}"
            );
            house
                .store
                .write(move |w| w.attend_stranger(&asked, title, detail, at))
                .await?;
            polite(
                format!("{peer} is not known here yet: an admin was asked to let you in"),
                "wait for the answer, or get a code where you are known and say it here: /link CODE",
            )
        }
        _ => polite(
            format!("{peer} is not known here"),
            "get a code where you are known and say it here: /link CODE",
        ),
    }
}

/// Answers a stranger who waits.
///
/// # Errors
/// `conflict` where the peer is a user's.
pub(crate) async fn answer(house: &House, actor: &Actor, admit_: Admit) -> Result<Admitted, Fault> {
    let Admit {
        peer,
        allow,
        role,
        name,
    } = admit_;
    if let Some(user) = house.users.of(peer.as_str()) {
        return Err(Fault::new(
            Code::Conflict,
            format!("{peer} is {} already", user.name),
        ));
    }
    if peer.channel() == JOBS {
        return Err(Fault::new(Code::BadRequest, "`peer` is a job's")
            .hint("name a person's, such as telegram:4711"));
    }
    if allow {
        let role = role.unwrap_or(house.config.users.stranger(peer.channel()).1);
        let user = admit(house, &peer, role, name, actor).await?;
        return Ok(Admitted { user: Some(user) });
    }
    let (by, at) = (actor.peer.clone(), house.clock.now());
    house
        .store
        .write(move |w| {
            w.refuse_peer(&peer)?;
            w.settle_stranger(&peer, Resolution::Dismissed, &by, at)
        })
        .await?;
    Ok(Admitted { user: None })
}

async fn admit(
    house: &House,
    peer: &PeerId,
    role: Role,
    name: Option<String>,
    actor: &Actor,
) -> Result<User, Fault> {
    let (peer, by, at) = (peer.clone(), actor.clone(), house.clock.now());
    Ok(house
        .store
        .write(move |w| {
            let name = match name {
                Some(name) => name.trim().to_owned(),
                None => w.free_user_name(&peer.as_str().replace(':', "-"))?,
            };
            let user = User {
                name,
                role,
                ..made(peer.clone(), at)
            };
            w.settle_stranger(&peer, Resolution::Answered, &by.peer, at)?;
            w.add_user(&user, &by)?;
            Ok(user)
        })
        .await?)
}
