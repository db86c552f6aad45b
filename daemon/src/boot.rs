//! The daemon from its first to its last breath, in reading order.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Context;
use smartopol_config::{Config, Paths, Secret};
use smartopol_ipc::{Address, Listener};
use smartopol_protocol::user::PeerId;
use smartopol_protocol::{Code, Fault, News};
use smartopol_providers::Providers;
use smartopol_store::{Options, Store};
use smartopol_tools::terminals::Terminals;
use smartopol_tools::{Guard, Tools};
use smartopol_traces::Redactor;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::approvals::desk::Desk;
use crate::approvals::floor::Floor;
use crate::approvals::rules;
use crate::bus::Bus;
use crate::house::{Facts, Phases, Rooms};
use crate::listing::Listing;
use crate::memory::file::MemoryFile;
use crate::memory::looks::Looks;
use crate::memory::seeds;
use crate::persona::Persona;
use crate::router::Router;
use crate::scheduler::Scheduler;
use crate::server::Clients;
use crate::session::Cmd;
use crate::supervisor::Supervisor;
use crate::upkeep::Upkeep;
use crate::users::Users;
use crate::users::linking::Linking;
use crate::{Clock, House, files, server, terminals, toolbox, upkeep};

/// How long tasks may take to end after they were told to.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What a daemon is made of.
pub struct Boot {
    /// Where everything lies. The lock is held by the caller.
    pub paths: Paths,
    /// The settings, checked.
    pub config: Config,
    /// What time it is.
    pub clock: Clock,
    /// Called once, when the socket answers.
    pub ready: Box<dyn FnOnce() + Send>,
}

/// Runs the daemon until it is told to stop.
///
/// # Errors
/// What kept it from starting, with what to do about it.
pub fn run(boot: Boot) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("smartopol")
        .enable_all()
        .build()
        .context("the system gives no threads")?;
    let result = runtime.block_on(live(boot));
    // A file system that hangs holds up its thread, not the end of the daemon.
    runtime.shutdown_timeout(Duration::from_secs(1));
    result
}

async fn live(boot: Boot) -> anyhow::Result<()> {
    let Boot {
        paths,
        config,
        clock,
        ready,
    } = boot;
    let phases = Phases::begin();
    let started_at = clock.now();
    let files = files::allow_many();
    // What the environment says of providers is read before any other thread runs.
    let providers = Providers::find(&config, &|name| std::env::var(name).ok());
    let tools = Tools::new(&config.tools, guard(files)?, paths.spill());
    rules::check(&config.approvals, &tools, &home())?;
    let held = Terminals::new(
        &config.terminals,
        own_process("holder", files)?,
        paths.terminals(),
        paths.terminal_sockets(),
    );

    let bus = Bus::new(clock.clone());
    let scheduler = Scheduler::default();
    let users = Users::default();
    let store = open(&paths, &bus, (&scheduler, &users), &clock)?;
    let own: PeerId = smartopol_ipc::own_peer().to_string().parse()?;
    users
        .furnish(&store, &own, started_at)
        .await
        .map_err(|err| explained(&paths, &clock, err))?;
    phases.end("store");

    let folder = paths.workspace();
    let persona = Persona::open(folder.clone())
        .with_context(|| format!("{} cannot be written", folder.display()))?;
    let address = Address::new(paths.socket());
    let listener = Arc::new(Listener::bind(address).await?);
    phases.end("socket");

    let house: House = Arc::new(Rooms {
        specs: toolbox::specs(tools.specs()),
        tools,
        listing: Listing::default(),
        memory: MemoryFile::new(&paths.workspace()),
        looks: Looks::default(),
        persona,
        redactor: redactor(&config),
        floor: Floor::new(home(), own_files(&paths)).with_persona(&folder),
        store,
        users,
        linking: Linking::default(),
        bus,
        desk: Desk::default(),
        router: Router::default(),
        terminals: terminals::Desk::new(held),
        supervisor: Supervisor::default(),
        clients: Clients::default(),
        upkeep: Upkeep::default(),
        scheduler,
        clock,
        facts: Facts {
            started_at,
            socket: shown(&paths.socket()),
            database: shown(&paths.database()),
            log: shown(&crate::lifecycle::current_log(&paths)),
            config: Some(paths.config_file())
                .filter(|file| file.exists())
                .map_or_else(String::new, |file| shown(&file)),
            data: paths.data().to_path_buf(),
            backups: paths.backups(),
            outputs: paths.spill(),
            phases,
        },
        leave: Notify::new(),
        found: OnceLock::new(),
        furnished: CancellationToken::new(),
        config,
    });
    house
        .supervisor
        .spawn("server", server::serve(house.clone(), listener.clone()));
    // Only now, because a local Ollama may be asked whether it is there: the socket answers.
    let found = match providers.await {
        Ok(found) => Arc::new(found),
        Err(err) => {
            shut_down(&house, Duration::ZERO).await;
            return Err(err.into());
        }
    };
    let _ = house.found.set(found);
    house.furnished.cancel();
    house.facts.phases.end("providers");

    resume(&house)
        .await
        .map_err(|err| explained(&paths, &house.clock, err))?;
    house.facts.phases.end("sessions");
    let folder = match house.config.memory.seeds.as_str() {
        "" => paths.workspace().join("knowledge"),
        folder => PathBuf::from(folder),
    };
    house
        .supervisor
        .spawn("seeds", seeds::sow(house.clone(), folder));
    ready();
    tracing::info!(pid = std::process::id(), "the daemon is up");

    told_to_leave(&house).await?;
    house.bus.tell(None, News::Stopping);
    tracing::info!("the daemon is shutting down");
    shut_down(
        &house,
        Duration::from_secs(house.config.daemon.grace_seconds.into()),
    )
    .await;
    drop(listener);
    tracing::info!("the daemon is down");
    Ok(())
}

/// Takes up what the last daemon left: approvals and questions that wait, turns that were cut off, messages
/// that wait for their turn.
async fn resume(house: &House) -> Result<(), smartopol_store::Error> {
    let (pending, questions, sessions) = house
        .store
        .read(|r| {
            let unfinished = r.unfinished_turns()?;
            let mut sessions: Vec<_> = unfinished.iter().map(|turn| turn.session_id).collect();
            sessions.extend(r.sessions_with_queue()?);
            sessions.sort_unstable();
            sessions.dedup();
            Ok((r.pending_approvals()?, r.pending_questions()?, sessions))
        })
        .await?;
    for approval in &pending {
        house.desk.watch(approval);
    }
    for question in &questions {
        house.desk.watch_question(question);
    }
    for id in sessions {
        if let Err(fault) = house.router.tell(house, id, Cmd::Wake) {
            tracing::warn!(session = %id, "a session could not be taken up: {fault}");
        }
    }
    house
        .supervisor
        .spawn("approvals", Desk::expire(house.clone()));
    house
        .supervisor
        .spawn("scheduler", Scheduler::run(house.clone()));
    terminals::resume(house).await?;
    house.supervisor.spawn("upkeep", upkeep::run(house.clone()));
    house
        .supervisor
        .spawn("indexing", upkeep::index(house.clone()));
    Ok(())
}

/// Opens the database; where it is damaged, says what there is to put in its place.
fn open(
    paths: &Paths,
    bus: &Bus,
    (scheduler, users): (&Scheduler, &Users),
    clock: &Clock,
) -> anyhow::Result<Store> {
    let (told, hands) = (bus.clone(), clock.clone());
    let (scheduler, users) = (scheduler.clone(), users.clone());
    let options = Options {
        path: paths.database(),
        on_commit: Box::new(move |facts| {
            users.heard(facts);
            told.publish(facts);
            scheduler.heard(facts);
        }),
    };
    Store::open_with_clock(options, move || hands.now()).map_err(|err| explained(paths, clock, err))
}

/// Says what to do about a damaged database, as far as it is one.
fn explained(paths: &Paths, clock: &Clock, err: smartopol_store::Error) -> anyhow::Error {
    let smartopol_store::Error::Corrupt(cause) = &err else {
        return err.into();
    };
    tracing::error!("{} is damaged: {cause}", paths.database().display());
    let hint = match upkeep::shelf::shown(&paths.backups(), clock.now()).pop() {
        Some(newest) => format!(
            "see `smartopol doctor`; the newest backup is of {}: `smartopol doctor --restore {}` \
             puts it in its place and keeps the damaged file beside it",
            newest.at, newest.path
        ),
        None => "see `smartopol doctor`; there is no backup to put in its place".into(),
    };
    let told = format!(
        "the database {} is damaged; nothing was overwritten",
        paths.database().display()
    );
    Fault::new(Code::Internal, told).hint(hint).into()
}

/// Waits for a signal or a client that says stop.
async fn told_to_leave(house: &House) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("no signal can be heard")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("no signal can be heard")?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        () = house.leave.notified() => {}
    }
    Ok(())
}

/// Walks back: sessions first, then everything else, the database last.
async fn shut_down(house: &House, grace: Duration) {
    house.router.close(grace).await;
    terminals::keep_all(house).await;
    let left = house.supervisor.stop(LAST_WORDS).await;
    if left > 0 {
        tracing::warn!("{left} tasks did not end in time");
    }
    if let Err(err) = house.store.clone().close().await {
        tracing::error!("the database could not be closed cleanly: {err}");
    }
}

/// Commands run under this program, which ends them when the daemon dies and gives them the limit
/// of open files that the daemon was started with.
fn guard(files: Option<u64>) -> anyhow::Result<Guard> {
    own_process("guard", files)
}

/// Returns how this program is started as another process of the house.
fn own_process(word: &str, files: Option<u64>) -> anyhow::Result<Guard> {
    // The name by which Linux knows this very program, also after an update put another in its
    // place.
    let own = PathBuf::from("/proc/self/exe");
    let program = match own.exists() {
        true => own,
        false => std::env::current_exe().context("the program does not find itself")?,
    };
    Ok(Guard {
        program,
        args: std::iter::once(word.into())
            .chain(files.map(|files| format!("--files={files}").into()))
            .collect(),
    })
}

/// Knows the secrets of the settings and of the environment.
fn redactor(config: &Config) -> Redactor {
    let configured = config
        .providers
        .values()
        .flat_map(|provider| provider.api_key.iter().chain(provider.headers.values()));
    let meant = configured.filter_map(|secret| match secret.expose().strip_prefix("env:") {
        Some(name) => std::env::var(name).ok().map(Secret::new),
        None => Some(secret.clone()),
    });
    let known = meant.chain(smartopol_traces::env_secrets(std::env::vars_os()));
    Redactor::new(known, &config.traces.redact_keys)
}

/// Looks whether the examples of the rules in the settings hold, as the daemon does at start.
///
/// # Errors
/// Every example that does not hold, with what to do.
pub fn check_rules(config: &Config, paths: &Paths) -> anyhow::Result<()> {
    let tools = Tools::new(&config.tools, guard(None)?, paths.spill());
    rules::check(&config.approvals, &tools, &home())
}

fn home() -> PathBuf {
    std::env::var_os("HOME")
        .map(PathBuf::from)
        .unwrap_or_default()
}

/// What belongs to the daemon and to nobody else. The workspace, plugins and skills are not in it.
fn own_files(paths: &Paths) -> Vec<PathBuf> {
    vec![
        paths.database(),
        PathBuf::from(format!("{}-wal", paths.database().display())),
        PathBuf::from(format!("{}-shm", paths.database().display())),
        paths.socket(),
        paths.lock(),
        paths.log_dir(),
        paths.backups(),
        paths.drafts(),
        paths.terminals(),
        paths.terminal_sockets(),
        paths.config_file(),
    ]
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use smartopol_protocol::tool::{Effect, Inspection, Place};

    use super::*;

    #[test]
    fn the_floor_keeps_whole_what_the_daemon_cannot_do_without() {
        let paths = Paths::under("/h");
        let floor = Floor::new("/home/ana", own_files(&paths));
        let writes = |path: PathBuf| Inspection {
            effects: vec![Effect::Write {
                path: shown(&path),
                place: Place::Outside,
            }],
            ..Inspection::default()
        };
        for own in [
            paths.database(),
            PathBuf::from("/h/smartopol.db-wal"),
            paths.socket(),
            paths.lock(),
            paths.log_dir().join("today.log"),
            paths.backups().join("smartopol.db"),
            paths.drafts().join("x.json"),
            paths.terminals().join("trm_x/holder.json"),
            paths.config_file(),
        ] {
            assert!(floor.refuses(&writes(own.clone())).is_some(), "{own:?}");
        }
        let memory = paths.workspace().join("MEMORY.md");
        assert_eq!(floor.refuses(&writes(memory)), None);
    }
}
