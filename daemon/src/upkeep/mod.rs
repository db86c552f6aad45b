//! What the daemon does for its own health when nobody needs it: backups, and removing what is
//! older than the settings keep.
//!
//! Owns: when. One look an hour while it is up, at a time when no turn runs where there is one;
//! each look does a bounded amount of work in small steps, and none where nothing changed.

mod indexing;
pub(crate) mod retention;
pub(crate) mod shelf;

use std::sync::{Mutex, PoisonError};

use smartopol_protocol::Timestamp;
use tokio::sync::Notify;

use crate::House;
use shelf::Copy;

pub(crate) use indexing::run as index;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

/// How long after the start the first look comes: not while people wait for the first answer.
const FIRST: i64 = 2 * MINUTE;

/// How often a look is put off by a minute because turns run; then it is done all the same.
const PATIENCE: u32 = 60;

/// What went wrong with the last look, in words for a person.
#[derive(Debug, Default)]
pub(crate) struct Upkeep {
    troubles: Mutex<Vec<String>>,
    /// Messages are to be put into their index.
    unindexed: Notify,
}

impl Upkeep {
    /// Returns what a person should know.
    pub(crate) fn troubles(&self) -> Vec<String> {
        self.troubles
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Says that there may be messages to be put into their index.
    pub(crate) fn index_soon(&self) {
        self.unindexed.notify_one();
    }

    fn set(&self, troubles: Vec<String>) {
        *self.troubles.lock().unwrap_or_else(PoisonError::into_inner) = troubles;
    }
}

/// Looks after the house until the daemon stops.
pub(crate) async fn run(house: House) {
    let stop = house.supervisor.stopping().clone();
    let mut since = house.clock.now();
    let mut next = since.plus_millis(FIRST);
    let mut put_off = 0;
    let mut seen = None;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            // After a wrong time far ahead was set right, the next look would be as far ahead.
            () = house.clock.between(since, next) => {}
        }
        let now = house.clock.now();
        since = now;
        if put_off < PATIENCE && is_busy(&house).await {
            put_off += 1;
            next = now.plus_millis(MINUTE);
            continue;
        }
        put_off = 0;
        next = now.plus_millis(HOUR);
        tokio::select! {
            () = stop.cancelled() => return,
            () = look(&house, now, &mut seen) => {}
        }
    }
}

async fn is_busy(house: &House) -> bool {
    house.store.read(|r| r.is_busy()).await.unwrap_or(false)
}

/// One look. What fails is told and tried again at the next.
async fn look(house: &House, now: Timestamp, seen: &mut Option<u64>) {
    let mut troubles = Vec::new();
    let mut trouble = |what: &str, err: anyhow::Error| {
        tracing::warn!("{what}: {err:#}");
        troubles.push(format!("{what}: {err:#}"));
    };
    if let Err(err) = backup(house, now).await {
        trouble("no backup could be made", err);
    }
    let removed = match retention::prune(house, now).await {
        Ok(removed) => removed,
        Err(err) => {
            trouble("what is old could not be removed", err.into());
            0
        }
    };
    retention::outputs(house, now).await;
    match house.store.read(|r| r.seq()).await {
        // Nothing was written, so nothing can have become free and the log is empty.
        Ok(seq) if removed == 0 && *seen == Some(seq) => {}
        Ok(seq) => match retention::shrink(house).await {
            Ok(()) => *seen = Some(seq),
            Err(err) => trouble("free space could not be given back", err.into()),
        },
        Err(err) => trouble("the database cannot be read", err.into()),
    }
    house.upkeep.set(troubles);
}

/// Makes a backup where one is due, and removes those that are one too many once it stands.
async fn backup(house: &House, now: Timestamp) -> anyhow::Result<()> {
    let settings = &house.config.backup;
    if settings.every_hours == 0 {
        return Ok(());
    }
    let folder = house.facts.backups.clone();
    let after = i64::from(settings.every_hours) * HOUR;
    let seq = house.store.read(|r| r.seq()).await?;
    let copies = shelf::copies(&folder, now);
    if !shelf::is_due(copies.last().map(|(copy, _)| *copy), now, seq, after) {
        return Ok(());
    }
    let size = house.store.read(|r| r.size()).await?;
    let needed = size.bytes.saturating_add(size.wal_bytes);
    crate::lifecycle::make_private(&folder)?;
    if let Some(free) = free_space(&folder).filter(|free| *free < needed.saturating_mul(2)) {
        anyhow::bail!(
            "{} has {free} bytes free, and a backup needs {needed}: free some space, or set `backup.every_hours = 0`",
            folder.display()
        );
    }
    let path = folder.join(Copy { at: now, seq }.name());
    let bytes = house.store.backup(path.clone()).await?;
    // A copy of a damaged database pushes no good one off the shelf.
    if let Err(err) = house.store.examine(path.clone()).await {
        std::fs::remove_file(&path)?;
        return Err(anyhow::Error::from(err)
            .context("the copy is not sound, and so is the database: see `smartopol doctor`"));
    }
    tracing::info!(path = %path.display(), bytes, "a backup was made");
    let copies = shelf::copies(&folder, now);
    for (_, old) in shelf::surplus(&copies, settings.keep.into()) {
        std::fs::remove_file(old)?;
    }
    Ok(())
}

/// Returns how many bytes the disk of this folder has free for this account; `None` where it does
/// not tell.
pub(crate) fn free_space(folder: &std::path::Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}
