//! Puts a backup in the place of the database, with the daemon's lock in hand.

use std::io::{self, Write};
use std::path::Path;

use smartopol_config::Paths;
use smartopol_protocol::Timestamp;

use crate::lifecycle::Lock;

pub(super) fn restore(backup: &Path, paths: &Paths) -> anyhow::Result<()> {
    let _lock = Lock::acquire(&paths.lock())?;
    let now: String = Timestamp::now().to_string().chars().take(19).collect();
    let mark = now.replace(':', "-");
    let database = paths.database();
    let aside = smartopol_store::restore(backup, &database, &mark)?;
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{} is what {} was",
        database.display(),
        backup.display()
    )?;
    if let Some(aside) = aside {
        writeln!(out, "what it was before is kept: {}", aside.display())?;
    }
    writeln!(out, "start the daemon: smartopol daemon start")?;
    Ok(())
}
