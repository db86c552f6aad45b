//! The doctor's look at the database: through the daemon where that runs, else at the file.

use smartopol_config::Paths;
use smartopol_protocol::daemon::{self, BackupShown, FiguresShown, Rows, Size};
use smartopol_protocol::{Code, Fault, Timestamp};

use super::finding::Finding;
use crate::lifecycle::{Lock, ask, block_on, bytes, holder};
use crate::upkeep::{free_space, shelf};

/// How little free space is worth a word, beyond the size of the database itself.
const LITTLE: u64 = 256 << 20;

const DAY: u64 = 24 * 3_600_000;

pub(super) fn look(paths: &Paths) -> Vec<Finding> {
    let backups = shelf::shown(&paths.backups(), Timestamp::now());
    let (database, size) = if holder(&paths.lock()).is_some() {
        through_the_daemon(paths, &backups)
    } else if paths.database().exists() {
        alone(paths, &backups)
    } else {
        (
            Finding::good("database", "there is none yet"),
            Size::default(),
        )
    };
    vec![database, space(paths, &size), shelf_of(&backups)]
}

fn through_the_daemon(paths: &Paths, backups: &[BackupShown]) -> (Finding, Size) {
    let asked = block_on(async {
        let problems = ask(paths, daemon::Check {}).await?.problems;
        Ok((problems, ask(paths, daemon::Figures {}).await?))
    });
    match asked {
        Ok((problems, FiguresShown { size, rows, .. })) => {
            (told(paths, &size, &rows, &problems, backups), size)
        }
        Err(err) if denied(&err) => (
            Finding::note("database", "only an admin is told of it by the daemon"),
            Size::default(),
        ),
        Err(err) => {
            let bad = Finding::bad("database", format!("the daemon cannot tell: {err:#}"))
                .remedy("smartopol daemon stop")
                .remedy("smartopol doctor   (which then looks at the file itself)");
            (bad, Size::default())
        }
    }
}

fn denied(err: &anyhow::Error) -> bool {
    err.downcast_ref::<Fault>()
        .is_some_and(|fault| fault.code == Code::Denied)
}

/// Looks at the file, with the daemon's lock so that none starts meanwhile.
fn alone(paths: &Paths, backups: &[BackupShown]) -> (Finding, Size) {
    let lock = match Lock::acquire(&paths.lock()) {
        Ok(lock) => lock,
        Err(err) => {
            return (
                Finding::bad("database", format!("{err:#}")),
                Size::default(),
            );
        }
    };
    let found = smartopol_store::examine(&paths.database());
    drop(lock);
    match found {
        Ok(found) => (
            told(paths, &found.size, &found.rows, &found.problems, backups),
            found.size,
        ),
        Err(smartopol_store::Error::Corrupt(cause)) => {
            let said = format!("{} is damaged: {cause}", paths.database().display());
            (
                mended(Finding::bad("database", said), backups),
                Size::default(),
            )
        }
        Err(err) => (Finding::bad("database", err.to_string()), Size::default()),
    }
}

fn told(
    paths: &Paths,
    size: &Size,
    rows: &Rows,
    problems: &[String],
    backups: &[BackupShown],
) -> Finding {
    if !problems.is_empty() {
        let said = format!(
            "{} is damaged:\n{}",
            paths.database().display(),
            problems.join("\n")
        );
        return mended(Finding::bad("database", said), backups);
    }
    let since = |at: Option<Timestamp>| match at {
        Some(at) => format!(
            " since {}",
            at.to_string().chars().take(10).collect::<String>()
        ),
        None => String::new(),
    };
    let part = |size: u64, what: &str| match size {
        0 => String::new(),
        size => format!(", {} {what}", bytes(size)),
    };
    Finding::good(
        "database",
        format!(
            "{} is sound: {}{}{}\n{} sessions, {} turns, {} messages, {} calls, {} approvals, \
             {} traces{}, {} facts{}",
            paths.database().display(),
            bytes(size.bytes),
            part(size.free_bytes, "of it free"),
            part(size.wal_bytes, "of log beside it"),
            rows.sessions,
            rows.turns,
            rows.messages,
            rows.calls,
            rows.approvals,
            rows.traces,
            since(rows.oldest_trace_at),
            rows.facts,
            since(rows.oldest_fact_at),
        ),
    )
}

/// Says how a damaged database gets its place to the newest backup.
fn mended(bad: Finding, backups: &[BackupShown]) -> Finding {
    match backups.last() {
        Some(newest) => bad
            .remedy("smartopol daemon stop")
            .remedy(format!(
                "smartopol doctor --restore '{}'   (of {}; the damaged file is kept beside it)",
                newest.path, newest.at
            ))
            .remedy("smartopol daemon start"),
        None => bad.remedy(
            "there is no backup: keep the file, its -wal and its -shm as they are; \
             `sqlite3 FILE .recover` may get most of it back",
        ),
    }
}

fn space(paths: &Paths, size: &Size) -> Finding {
    let Some(free) = free_space(paths.data()) else {
        return Finding::good("space", "nothing was stored yet");
    };
    let said = format!(
        "{} free on the disk of {}",
        bytes(free),
        paths.data().display()
    );
    if free < size.bytes.saturating_add(LITTLE) {
        return Finding::bad("space", said)
            .remedy("free some space: without it nothing can be stored, and no backup be made");
    }
    Finding::good("space", said)
}

fn shelf_of(backups: &[BackupShown]) -> Finding {
    let Some(newest) = backups.last() else {
        return Finding::note("backup", "none yet: the daemon makes the first by itself")
            .remedy("now, by hand: smartopol daemon backup FILE");
    };
    let days = Timestamp::now().millis_since(newest.at) / DAY;
    let all: u64 = backups.iter().map(|one| one.bytes).sum();
    Finding::good(
        "backup",
        format!(
            "the newest of {} ({} together) is {days} days old: {}",
            backups.len(),
            bytes(all),
            newest.path
        ),
    )
}
