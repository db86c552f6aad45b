//! The daemon as a whole: how it is, stopping it, backups.

use std::path::PathBuf;

use smartopol_protocol::daemon::{
    BackedUp, Backup, Checked, FiguresShown, JobsShown, StatusShown, Stop, TerminalsShown,
};
use smartopol_protocol::session::{Session, SessionState};
use smartopol_protocol::terminal::Terminal;
use smartopol_protocol::user::{Role, User};
use smartopol_protocol::{Code, Fault};
use smartopol_store::Whose;

use crate::House;
use crate::scheduler::make;
use crate::server::view;
use crate::upkeep::{free_space, shelf};

/// Says how the daemon is. Who is no admin is told how much there is of theirs.
pub(crate) async fn status(house: &House, user: &User) -> Result<StatusShown, Fault> {
    let whose = view::whose(house, user);
    let counts = house.store.read(|r| r.counts()).await?;
    let size = house.store.read(|r| r.size()).await?;
    let (jobs, terminals) = (jobs(house, whose).await?, terminals(house).await?);
    // The providers are still being looked for right after the start: status does not wait.
    let chosen = house.providers().ok().and_then(|providers| {
        providers
            .list()
            .into_iter()
            .find(|provider| provider.chosen)
    });
    let (provider, model) = chosen
        .map(|provider| (provider.name, provider.default_model))
        .unwrap_or_default();
    let facts = &house.facts;
    let mut shown = StatusShown {
        pid: std::process::id(),
        version: env!("CARGO_PKG_VERSION").into(),
        started_at: facts.started_at,
        uptime_ms: house.clock.now().millis_since(facts.started_at),
        socket: facts.socket.clone(),
        database: facts.database.clone(),
        log: facts.log.clone(),
        config: facts.config.clone(),
        agent_id: house.store.agent_id(),
        phases: facts.phases.list(),
        sessions: counts.sessions,
        active_sessions: counts.active_sessions,
        pending_approvals: counts.pending_approvals,
        pending_questions: counts.pending_questions,
        jobs,
        terminals,
        clients: house.clients.count(),
        database_bytes: size.bytes.saturating_add(size.wal_bytes),
        size,
        last_backup: shelf::shown(&facts.backups, house.clock.now()).pop(),
        troubles: house.upkeep.troubles(),
        rss_bytes: rss(),
        provider,
        model,
        mode: house.config.approvals.mode,
    };
    if user.role != Role::Admin {
        let mut own = house
            .store
            .read(move |r| r.snapshot_of(whose, whose))
            .await?;
        view::cut(house, user, &mut own);
        let works = |own: &&Session| !matches!(own.state, SessionState::Idle { .. });
        shown.sessions = own.sessions.len() as u64;
        shown.active_sessions = own.sessions.iter().filter(works).count() as u64;
        shown.pending_approvals = own.approvals.len() as u64;
        shown.pending_questions = own.questions.len() as u64;
        shown.terminals = counted(&own.terminals);
    }
    Ok(shown)
}

async fn jobs(house: &House, whose: Whose) -> Result<JobsShown, Fault> {
    let ((active, paused, running), next) = house
        .store
        .read(move |r| Ok((r.job_counts(whose)?, r.next_job(whose)?)))
        .await?;
    let now = house.clock.now();
    Ok(JobsShown {
        active,
        paused,
        running,
        next: next.and_then(|job| make::next(&job, now, 1).pop()),
    })
}

async fn terminals(house: &House) -> Result<TerminalsShown, Fault> {
    Ok(counted(&house.store.read(|r| r.terminals()).await?))
}

fn counted(all: &[Terminal]) -> TerminalsShown {
    let running = all.iter().filter(|own| own.runs()).count();
    TerminalsShown {
        running: running as u64,
        ended: (all.len() - running) as u64,
    }
}

/// Does what is to be done before the end; the connection lets it come once the reply is sent.
pub(crate) async fn stop(house: &House, stop: Stop) -> Result<(), Fault> {
    if stop.terminals {
        crate::terminals::end_all(house).await;
    }
    Ok(())
}

pub(crate) async fn backup(house: &House, backup: Backup) -> Result<BackedUp, Fault> {
    let path = PathBuf::from(&backup.path);
    if !path.is_absolute() {
        return Err(Fault::new(
            Code::BadRequest,
            format!("`path` is not absolute: {}", backup.path),
        )
        .hint("name the file with its whole path"));
    }
    let bytes = house.store.backup(path).await?;
    Ok(BackedUp { bytes })
}

pub(crate) async fn check(house: &House) -> Result<Checked, Fault> {
    Ok(Checked {
        problems: house.store.check().await?,
    })
}

pub(crate) async fn figures(house: &House) -> Result<FiguresShown, Fault> {
    let (size, rows) = house.store.read(|r| Ok((r.size()?, r.rows()?))).await?;
    let facts = &house.facts;
    Ok(FiguresShown {
        size,
        rows,
        reads: house.store.reads(),
        writes: house.store.writes(),
        backups: shelf::shown(&facts.backups, house.clock.now()),
        disk_free_bytes: free_space(&facts.data),
    })
}

/// Returns the resident memory of this process in bytes; 0 where the system does not tell.
fn rss() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|statm| statm.split(' ').nth(1)?.parse::<u64>().ok());
    pages.map_or(0, |pages| pages * rustix::param::page_size() as u64)
}
