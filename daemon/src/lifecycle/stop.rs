//! Stops the daemon: asks it over the socket, and by a signal where it does not answer.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use smartopol_config::{Config, Paths};
use smartopol_ipc::Error;
use smartopol_protocol::{Code, Fault, daemon};
use tokio::time::{Instant, sleep};

use super::ask::{block_on, connect};
use super::lock::holder;

/// How much longer than its grace a daemon may take to end.
const MARGIN: Duration = Duration::from_secs(5);

/// How long a daemon has to take in that it shall stop.
const ASK_FOR: Duration = Duration::from_secs(2);

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// It ran, and has ended.
    Now {
        /// Its process id.
        pid: u32,
    },
    /// None ran.
    Before,
}

/// Stops the daemon, and all terminals where that is said, and waits for its end.
///
/// # Errors
/// Where it does not end in time.
pub fn stop(paths: &Paths, stop: daemon::Stop) -> anyhow::Result<Stopped> {
    let grace = Config::load(paths, std::env::vars_os())
        .map_or_else(|_| Config::default(), |loaded| loaded.config)
        .daemon
        .grace_seconds;
    let limit = Duration::from_secs(grace.into()) + MARGIN;
    block_on(async {
        let lock = paths.lock();
        let Some(pid) = holder(&lock) else {
            return Ok(Stopped::Before);
        };
        let until = Instant::now() + limit;
        if !asked(paths, stop).await? {
            signal(pid)?;
        }
        let mut wait = Duration::from_millis(1);
        while holder(&lock).is_some() {
            if Instant::now() + wait > until {
                return Err(stays(pid, limit));
            }
            sleep(wait).await;
            wait = (wait * 2).min(Duration::from_millis(50));
        }
        Ok(Stopped::Now { pid })
    })
}

/// Returns true where the daemon has said that it will stop.
///
/// # Errors
/// Where it says that who asks may not stop it.
async fn asked(paths: &Paths, stop: daemon::Stop) -> Result<bool, Error> {
    let ask = async {
        let client = connect(paths).await?;
        client.call(stop).await
    };
    let limit = match stop.terminals {
        // Their programs are asked to end first.
        true => ASK_FOR * 5,
        false => ASK_FOR,
    };
    match tokio::time::timeout(limit, ask).await {
        Ok(Ok(())) => Ok(true),
        Ok(Err(err)) if err.fault().is_some_and(|fault| fault.code == Code::Denied) => Err(err),
        Ok(Err(_)) | Err(_) => Ok(false),
    }
}

fn signal(pid: u32) -> anyhow::Result<()> {
    let cannot = |why: &str| {
        Fault::new(
            Code::Unavailable,
            format!("the daemon (pid {pid}) does not answer, and {why}"),
        )
        .hint("`ps` shows whether it still runs")
    };
    let id = i32::try_from(pid)
        .ok()
        .and_then(Pid::from_raw)
        .ok_or_else(|| cannot("has not said which process it is"))?;
    match kill_process(id, Signal::TERM) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
        Err(err) => Err(cannot(&format!("cannot be signalled: {err}")).into()),
    }
}

fn stays(pid: u32, limit: Duration) -> anyhow::Error {
    Fault::new(
        Code::Unavailable,
        format!(
            "the daemon (pid {pid}) was told to stop and still runs after {} seconds",
            limit.as_secs()
        ),
    )
    .hint(format!(
        "`smartopol daemon logs` tells what it waits for; `kill -9 {pid}` ends it at once, and \
         nothing that was acknowledged is lost"
    ))
    .into()
}
