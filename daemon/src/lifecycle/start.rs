//! Starts the daemon in the background, once, and says truly whether it runs.
//!
//! The new process gets one pipe for its outputs: on it comes the word that the socket answers,
//! or why there will be no daemon, in the daemon's own words.

use std::io::PipeReader;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::Context;
use smartopol_config::{Config, Paths};
use smartopol_protocol::{Code, Fault};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::unix::pipe;
use tokio::time::{Instant, sleep, timeout_at};

use super::ask::{block_on, connect, explained};
use super::lock::holder;
use super::logging::current_log;
use super::report::Report;

/// How long a start may take.
const READY_WITHIN: Duration = Duration::from_secs(15);

/// How much of a dying daemon's last words is told.
const LAST_WORDS: usize = 4 * 1024;

/// A daemon that answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Started {
    /// Its process id.
    pub pid: u32,
    /// True where it ran before.
    pub already: bool,
}

/// Makes sure that a daemon runs and answers.
///
/// # Errors
/// Why it does not start: the mistakes of the config, what the daemon said, or that it took too
/// long.
pub fn start(paths: &Paths) -> anyhow::Result<Started> {
    block_on(async {
        let until = Instant::now() + READY_WITHIN;
        if let Some(running) = find(paths, until).await? {
            return Ok(running);
        }
        // The daemon would say the same, but here it costs no process.
        Config::load(paths, std::env::vars_os())?;
        let (child, pipe) = spawn(paths)?;
        let pid = child.id();
        match listen(pipe, until).await {
            Heard::Ready => {
                reap(child);
                Ok(Started {
                    pid,
                    already: false,
                })
            }
            Heard::Failed(fault) => {
                reap(child);
                // Two may start at once: the one who lost the race finds the other's daemon.
                match fault.code {
                    Code::Conflict => find(paths, until).await?.ok_or_else(|| fault.into()),
                    _ => Err(fault.into()),
                }
            }
            Heard::Ended(words) => {
                reap(child);
                Err(ended(paths, &words))
            }
            Heard::Nothing => {
                reap(child);
                Err(late(paths, pid))
            }
        }
    })
}

/// Returns the daemon that runs, waiting for one that is just starting.
async fn find(paths: &Paths, until: Instant) -> anyhow::Result<Option<Started>> {
    let mut wait = Duration::from_millis(2);
    loop {
        let err = match connect(paths).await {
            Ok(_) => {
                let pid = holder(&paths.lock()).unwrap_or(0);
                return Ok(Some(Started { pid, already: true }));
            }
            Err(err) => err,
        };
        let gone = matches!(
            err,
            smartopol_ipc::Error::NotRunning { .. } | smartopol_ipc::Error::Closed
        );
        if !gone {
            return Err(err.into());
        }
        if holder(&paths.lock()).is_none() {
            return Ok(None);
        }
        if Instant::now() + wait > until {
            return Err(explained(paths, err));
        }
        sleep(wait).await;
        wait = (wait * 2).min(Duration::from_millis(100));
    }
}

fn spawn(paths: &Paths) -> anyhow::Result<(Child, PipeReader)> {
    let program = std::env::current_exe().context("the program cannot find itself")?;
    let (reader, writer) = std::io::pipe()?;
    let mut command = Command::new(&program);
    command
        .args(["daemon", "run", "--detached"])
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer);
    if let Some(home) = paths.home() {
        command.env("SMARTOPOL_HOME", home);
    }
    let child = command
        .spawn()
        .with_context(|| format!("{} cannot be started", program.display()))?;
    Ok((child, reader))
}

/// Takes note of the daemon's end, so that a console that started it keeps no dead process.
fn reap(mut child: Child) {
    let name = std::thread::Builder::new().name("daemon-reaper".into());
    // Where there can be no thread, the dead process waits for the end of this one.
    let _ = name.stack_size(32 * 1024).spawn(move || child.wait());
}

/// What came through the pipe.
enum Heard {
    Ready,
    Failed(Fault),
    Ended(String),
    Nothing,
}

async fn listen(pipe: PipeReader, until: Instant) -> Heard {
    let Ok(pipe) = pipe::Receiver::from_owned_fd(OwnedFd::from(pipe)) else {
        return Heard::Ended(String::new());
    };
    let mut lines = BufReader::new(pipe).lines();
    let mut words = String::new();
    loop {
        match timeout_at(until, lines.next_line()).await {
            Err(_) => return Heard::Nothing,
            Ok(Ok(None) | Err(_)) => return Heard::Ended(words),
            Ok(Ok(Some(line))) => match Report::parse(&line) {
                Some(Report::Ready) => return Heard::Ready,
                Some(Report::Failed(fault)) => return Heard::Failed(fault),
                None if words.len() < LAST_WORDS => {
                    words.push_str(&line);
                    words.push('\n');
                }
                None => {}
            },
        }
    }
}

fn ended(paths: &Paths, words: &str) -> anyhow::Error {
    let log = current_log(paths);
    let said = match words.trim() {
        "" => String::new(),
        words => format!("; its last words: {words}"),
    };
    Fault::new(
        Code::Unavailable,
        format!("the daemon ended while it started{said}"),
    )
    .hint(format!("its log may say more: {}", log.display()))
    .into()
}

fn late(paths: &Paths, pid: u32) -> anyhow::Error {
    let log = current_log(paths);
    Fault::new(
        Code::Unavailable,
        format!(
            "the daemon (pid {pid}) did not answer within {} seconds",
            READY_WITHIN.as_secs()
        ),
    )
    .hint(format!(
        "its log says what it is doing: {}; `smartopol daemon stop` ends it",
        log.display()
    ))
    .into()
}
