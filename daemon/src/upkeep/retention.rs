//! Removing what is older than the settings keep, in bites that nobody feels.

use std::time::{Duration, SystemTime};

use smartopol_protocol::Timestamp;
use smartopol_protocol::session::{Old, Stays};
use smartopol_store::{Error, OldSince, Result};

use crate::House;
use crate::session::Cmd;

const DAY: i64 = 24 * 3_600_000;

/// How many bites one look takes at most of each kind; the next look goes on.
const BITES: u32 = 40;

/// How many sessions one look removes at most.
const SESSIONS: usize = 100;

/// How long the writer is left to others between two steps.
const PAUSE: Duration = Duration::from_millis(20);

/// How long a session may take to go.
const GOES_WITHIN: Duration = Duration::from_secs(10);

/// Returns the moment before which everything goes; `None` where it is kept for ever.
fn before(now: Timestamp, days: u32) -> Option<Timestamp> {
    (days > 0).then(|| now.plus_millis(-(i64::from(days) * DAY)))
}

/// Removes a bounded number of old facts, traces and sessions; returns how many went.
pub(super) async fn prune(house: &House, now: Timestamp) -> Result<u64> {
    let keep = &house.config.retention;
    let mut removed = 0;
    if let Some(before) = before(now, keep.journal_days) {
        for _ in 0..BITES {
            let gone = house.store.write(move |w| w.prune_facts(before)).await?;
            removed += gone;
            if gone == 0 {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
    if let Some(before) = before(now, keep.ledger_days) {
        for _ in 0..BITES {
            let gone = house
                .store
                .write(move |w| Ok(w.prune_ledger(before)? + w.prune_attention(before)?))
                .await?;
            removed += gone;
            if gone == 0 {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
    removed += sessions(house, now).await?;
    if let Some(before) = before(now, keep.traces_days) {
        for _ in 0..BITES {
            let gone = house.store.write(move |w| w.prune_traces(before)).await?;
            removed += gone;
            if gone == 0 {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
    Ok(removed)
}

/// Returns the sessions that are old now, the least recently used first, each with why it stays.
pub(crate) async fn old(house: &House, now: Timestamp) -> Result<Vec<Old>> {
    let keep = &house.config.retention;
    let since = OldSince {
        used: before(now, keep.sessions_days),
        archived: before(now, keep.archived_days),
    };
    let mut old = house.store.read(move |r| r.old_sessions(since)).await?;
    // Nothing goes from under somebody's eyes.
    let clients = house.clients.list();
    for session in &mut old {
        let watched = || {
            let mut watches = clients.iter().map(|client| client.watches);
            watches.any(|own| own == Some(session.session_id))
        };
        if session.stays.is_none() && watched() {
            session.stays = Some(Stays::Watched);
        }
    }
    Ok(old)
}

/// Removes old sessions, each by its own actor and as a person would: its traces stay, and that it
/// is gone is a fact.
async fn sessions(house: &House, now: Timestamp) -> Result<u64> {
    let mut removed = 0;
    let old = old(house, now).await?;
    for session in old.iter().filter(|own| own.stays.is_none()).take(SESSIONS) {
        let id = session.session_id;
        match house.router.ask(house, id, GOES_WITHIN, Cmd::Delete).await {
            Ok(()) => {
                crate::terminals::end_with(house, id).await;
                removed += 1;
                tracing::info!(session = session.session, "an old session was removed");
            }
            Err(fault) => {
                tracing::warn!(session = session.session, "an old session stays: {fault}");
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(removed)
}

/// Removes kept outputs of tools that are older than the settings say.
pub(super) async fn outputs(house: &House, now: Timestamp) {
    let Some(before) = before(now, house.config.retention.outputs_days) else {
        return;
    };
    let Ok(since_epoch) = u64::try_from(before.as_millis()) else {
        return;
    };
    let before = SystemTime::UNIX_EPOCH + Duration::from_millis(since_epoch);
    let folder = house.facts.outputs.clone();
    let removed = tokio::task::spawn_blocking(move || remove_files(&folder, before)).await;
    if let Ok(removed @ 1..) = removed {
        tracing::info!(removed, "old outputs of tools were removed");
    }
}

fn remove_files(folder: &std::path::Path, before: SystemTime) -> usize {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let old = files.filter(|file| {
        let made = file.metadata().and_then(|about| about.modified());
        made.is_ok_and(|made| made < before)
    });
    old.filter(|file| std::fs::remove_file(file.path()).is_ok())
        .count()
}

/// Gives free pages back to the disk and empties the write-ahead log.
pub(super) async fn shrink(house: &House) -> Result<()> {
    if house.store.rebuild().await? {
        tracing::info!("the database was rewritten so that free space can be given back");
    }
    loop {
        let before = house.store.read(|r| r.size()).await?.free_bytes;
        if before == 0 {
            break;
        }
        house.store.reclaim().await?;
        if house.store.read(|r| r.size()).await?.free_bytes >= before {
            break; // Others fill it as fast as it is emptied.
        }
        tokio::time::sleep(PAUSE).await;
    }
    match house.store.checkpoint().await {
        // One who reads holds the log for now; the next look comes.
        Err(Error::Locked(_)) => Ok(()),
        done => done,
    }
}
