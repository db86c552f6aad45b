//! Signals to the processes of a test.
//!
//! Owns sending them, and waiting until one that is told to stand still does: a signal that was
//! sent has not arrived, and on a busy machine takes its time.

use std::process::Command;

use anyhow::{Context, ensure};

use crate::wait::until;

/// Sends a signal, by its name as `kill` takes it: `TERM`, `KILL`.
///
/// # Errors
/// Where there is no such process.
pub fn send(pid: u32, name: &str) -> anyhow::Result<()> {
    let words = [format!("-{name}"), pid.to_string()];
    let sent = Command::new("kill").args(words).status()?;
    ensure!(sent.success(), "SIG{name} cannot be sent to {pid}: {sent}");
    Ok(())
}

/// Stops a process with SIGSTOP and returns once all its threads stand still.
///
/// # Errors
/// Where there is no such process, or it goes on.
pub fn stop(pid: u32) -> anyhow::Result<()> {
    send(pid, "STOP")?;
    until("it stands still", || stands_still(pid).then_some(()))
        .with_context(|| format!("the process {pid} was told to stop"))
}

/// Lets a process go on that was stopped.
///
/// # Errors
/// Where there is no such process.
pub fn go_on(pid: u32) -> anyhow::Result<()> {
    send(pid, "CONT")
}

fn stands_still(pid: u32) -> bool {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{pid}/task")) else {
        return false;
    };
    threads.flatten().all(|thread| {
        let stat = std::fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        // A name may hold anything, brackets too.
        let state = stat.rsplit_once(") ").map(|(_, state)| state);
        state.is_none_or(|state| state.starts_with('T'))
    })
}
