//! Sessions: making, finding, showing, changing, removing.

use std::path::Path;

use smartopol_protocol::approval::Actor;
use smartopol_protocol::session::{
    Archive, Configure, Create, Delete, Export, Exported, Files, FilesListed, Find, Fork, Forked,
    Found, List, Listed, Partial, Retained, Search, Session, SessionState, Show, Shown, Which,
};
use smartopol_protocol::user::{Role, User};
use smartopol_protocol::{Code, Fault, SessionId};

use super::SOON;
use crate::House;
use crate::record;
use crate::session::Cmd;
use crate::upkeep::retention;
use crate::users::folder;

/// The longest name, in characters.
const MAX_NAME: usize = 64;

pub(crate) async fn create(
    house: &House,
    actor: &Actor,
    mut create: Create,
) -> Result<Session, Fault> {
    let path = Path::new(&create.workspace);
    if !path.is_absolute() || !path.is_dir() {
        let told = format!(
            "`workspace` is no folder with an absolute path: {}",
            create.workspace
        );
        return Err(Fault::new(Code::BadRequest, told).hint("name a folder that exists"));
    }
    // One spelling of a folder, so that it is found again.
    create.workspace = path
        .canonicalize()
        .map_err(|err| {
            Fault::new(
                Code::BadRequest,
                format!("`workspace` cannot be read: {err}"),
            )
        })?
        .to_string_lossy()
        .into_owned();
    folder::check(house, &actor.peer, Path::new(&create.workspace))?;
    check_name(create.name.as_deref())?;
    check_model(house, create.model.as_deref()).await?;
    let at = house.clock.now();
    let owner = house.users.acting(&actor.peer, None).id;
    house
        .store
        .write(move |w| w.create_session(SessionId::new(), Some(owner), &create, at))
        .await
        .map_err(Fault::from)
}

pub(crate) async fn list(house: &House, user: &User, list: List) -> Result<Listed, Fault> {
    let mut sessions = house.store.read(|r| r.sessions()).await?;
    sessions.retain(|session| {
        let wanted = match list.which {
            Which::Current => session.archived_at.is_none(),
            Which::Archived => session.archived_at.is_some(),
            Which::All => true,
        };
        wanted && house.users.may_see(user, session.id)
    });
    Ok(Listed { sessions })
}

/// Without a key the latest that is the user's own is meant, for an admin too. What is somebody
/// else's is not there.
pub(crate) async fn find(house: &House, user: &User, mut find: Find) -> Result<Session, Fault> {
    if let Some(workspace) = &find.workspace
        && let Ok(path) = Path::new(workspace).canonicalize()
    {
        find.workspace = Some(path.to_string_lossy().into_owned());
    }
    let (own, sees_all) = (user.id, user.role == Role::Admin);
    house
        .store
        .read(move |r| match &find.key {
            Some(key) if sees_all => r.find_session(key, own),
            Some(key) => r.find_own_session(key, own),
            None => r.newest_session(find.workspace.as_deref(), own),
        })
        .await
        .map_err(Fault::from)
}

pub(crate) async fn search(house: &House, user: &User, search: Search) -> Result<Found, Fault> {
    let own = user.id;
    house
        .store
        .read(move |r| r.search_sessions(own, &search))
        .await
        .map_err(Fault::from)
}

/// What is somebody else's is not told.
pub(crate) async fn retention(house: &House, user: &User) -> Result<Retained, Fault> {
    let mut old = retention::old(house, house.clock.now()).await?;
    old.retain(|own| house.users.may_see(user, own.session_id));
    let keep = &house.config.retention;
    Ok(Retained {
        sessions_days: keep.sessions_days,
        archived_days: keep.archived_days,
        old,
    })
}

pub(crate) async fn archive(house: &House, archive: Archive) -> Result<Session, Fault> {
    let at = house.clock.now();
    house
        .store
        .write(move |w| w.archive_session(archive.id, archive.archived, at))
        .await
        .map_err(Fault::from)
}

pub(crate) async fn show(house: &House, show: Show) -> Result<Shown, Fault> {
    let read = move |r: &smartopol_store::Reader<'_>| r.show(&show);
    let mut shown = house.store.read(read).await?;
    if matches!(shown.session.state, SessionState::Running) {
        shown.partial = partial(house, show.id).await?;
    }
    Ok(shown)
}

pub(crate) async fn partial(house: &House, id: SessionId) -> Result<Option<Partial>, Fault> {
    // The store knows whether there is such a session and whether it can be speaking at all.
    let session = house.store.read(move |r| r.session(id)).await?;
    if !matches!(session.state, SessionState::Running) {
        return Ok(None);
    }
    house.router.ask(house, id, SOON, Cmd::Partial).await
}

pub(crate) async fn configure(house: &House, change: Configure) -> Result<Session, Fault> {
    check_name(change.name.as_deref())?;
    check_model(
        house,
        change.model.as_deref().filter(|model| !model.is_empty()),
    )
    .await?;
    let id = change.id;
    let say = |reply| Cmd::Configure(Box::new(change), reply);
    house.router.ask(house, id, SOON, say).await
}

pub(crate) async fn fork(house: &House, fork: Fork) -> Result<Forked, Fault> {
    check_name(fork.name.as_deref())?;
    let at = house.clock.now();
    let made = house
        .store
        .write(move |w| w.fork_session(fork.id, fork.at, fork.name.as_deref(), at))
        .await?;
    house.upkeep.index_soon();
    Ok(Forked {
        session: made.session,
        at: made.at,
        note: made.note,
    })
}

/// Secrets are taken out here, where they are known.
pub(crate) async fn export(house: &House, export: Export) -> Result<Exported, Fault> {
    let now = house.clock.now();
    let written = house.store.read(move |r| r.export(&export, now)).await?;
    Ok(record::exported(house, written))
}

pub(crate) async fn files(house: &House, files: Files) -> Result<FilesListed, Fault> {
    let session = house.store.read(move |r| r.session(files.id)).await?;
    Ok(house
        .listing
        .of(&house.tools, session.workspace.into())
        .await)
}

pub(crate) async fn delete(house: &House, delete: Delete) -> Result<(), Fault> {
    house
        .router
        .ask(house, delete.id, SOON, Cmd::Delete)
        .await?;
    crate::terminals::end_with(house, delete.id).await;
    Ok(())
}

fn check_name(name: Option<&str>) -> Result<(), Fault> {
    let Some(name) = name else { return Ok(()) };
    let length = name.chars().count();
    if name.trim().is_empty() || length > MAX_NAME || name.chars().any(char::is_control) {
        return Err(Fault::new(Code::BadRequest, "`name` is not a name")
            .hint(format!("a name has 1 to {MAX_NAME} printable characters")));
    }
    Ok(())
}

async fn check_model(house: &House, model: Option<&str>) -> Result<(), Fault> {
    let Some(model) = model else { return Ok(()) };
    house
        .providers()?
        .resolve(Some(model))
        .map(drop)
        .map_err(|err| {
            Fault::new(Code::BadRequest, err.to_string())
                .hint("see them with: smartopol providers list")
        })
}
