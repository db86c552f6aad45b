//! Is the daemon: takes the lock, reads the settings, opens the log, and lets `boot` do the work.

use std::io::{self, Write};

use smartopol_config::{Config, Paths};

use super::lock::Lock;
use super::logging::{Logging, Screen, current_log};
use super::report::{Report, told};
use crate::Clock;
use crate::boot::{self, Boot};

/// Whether somebody looks on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// A person or a supervisor of services runs it.
    Foreground,
    /// It was started by [`super::start`].
    Background,
}

/// Is the daemon until it is told to stop.
pub(super) fn be_the_daemon(paths: &Paths, stage: Stage) -> anyhow::Result<()> {
    let result = live(paths, stage);
    if let (Err(err), Stage::Background) = (&result, stage) {
        Report::Failed(told(err)).send();
    }
    result
}

fn live(paths: &Paths, stage: Stage) -> anyhow::Result<()> {
    if stage == Stage::Background {
        // A session of its own: no terminal can hang it up. It fails only for one that has it.
        let _ = rustix::process::setsid();
    }
    let _lock = Lock::acquire(&paths.lock())?;
    let loaded = Config::load(paths, std::env::vars_os())?;
    let screen = match stage {
        Stage::Foreground => Screen::Shown,
        Stage::Background => Screen::None,
    };
    let _logging = Logging::begin(paths, &loaded.config.daemon, screen)?;
    let log = current_log(paths);
    let ready: Box<dyn FnOnce() + Send> = match stage {
        Stage::Background => Box::new(|| Report::Ready.send()),
        Stage::Foreground => Box::new(move || {
            let _ = writeln!(
                io::stderr(),
                "the daemon runs (pid {}); Ctrl-C stops it; its log: {}",
                std::process::id(),
                log.display()
            );
        }),
    };
    let result = boot::run(Boot {
        paths: paths.clone(),
        config: loaded.config,
        clock: Clock::system(),
        ready,
    });
    if let Err(err) = &result {
        tracing::error!("the daemon ended: {err:#}");
    }
    result
}
