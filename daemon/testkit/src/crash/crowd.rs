//! Many sessions whose tools run long, all at once; then the daemon dies under them.
//!
//! Owns what is looked at: that every command runs, that others are answered meanwhile, that an
//! interrupt reaches each, and that nothing is left or lost after SIGKILL. Nothing is timed for a
//! verdict; what was measured is in the report.

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use smartopol_ipc::Client;
use smartopol_protocol::session::{self, Session, SessionState};
use smartopol_protocol::turn::Outcome;
use smartopol_protocol::{daemon, message};

use super::processes;
use crate::Home;

/// How long the whole crowd may take for one step: they are many, and machines are slow.
const PATIENCE: Duration = Duration::from_secs(240);

/// What was measured.
#[derive(Clone, Debug, Default)]
pub struct Crowd {
    /// Sessions whose command ran at the same time.
    pub sessions: usize,
    /// How long it took until all ran.
    pub all_run: Duration,
    /// Resident memory of the daemon before, and while they ran.
    pub memory: (u64, u64),
    /// Open files of the daemon while they ran.
    pub files: usize,
    /// The slowest of a hundred answers to `daemon/status` while they ran.
    pub slowest: Duration,
    /// A whole turn of another session while they ran.
    pub turn: Duration,
    /// How long it took until half of them was interrupted.
    pub interrupted: Duration,
    /// How long it took after SIGKILL until no command was left.
    pub gone: Duration,
    /// How long the next daemon took until every session was at rest.
    pub at_rest: Duration,
}

impl fmt::Display for Crowd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mib = |bytes: u64| bytes / (1 << 20);
        write!(
            f,
            "{} sessions with a command each, all running after {:.1} s: memory {} → {} MiB, \
             {} files open; status at most {} ms, a turn of another session {} ms; half of them \
             interrupted in {:.1} s; no command left {} ms after SIGKILL; all at rest {:.1} s \
             after the next start; nothing lost",
            self.sessions,
            self.all_run.as_secs_f64(),
            mib(self.memory.0),
            mib(self.memory.1),
            self.files,
            self.slowest.as_millis(),
            self.turn.as_millis(),
            self.interrupted.as_secs_f64(),
            self.gone.as_millis(),
            self.at_rest.as_secs_f64(),
        )
    }
}

/// Lets so many sessions run a long command at once.
///
/// # Errors
/// What did not hold.
pub async fn crowd(program: PathBuf, sessions: usize) -> anyhow::Result<Crowd> {
    let mut home = Home::new(program)?;
    home.config("[approvals]\nmode = \"auto\"\n[tools]\ntimeout_seconds = 3600\n")?;
    home.start().await?;
    let pid = home.pid().context("no daemon was started")?;
    let (client, _events) = home.client().await?;
    let mut crowd = Crowd {
        sessions,
        memory: (processes::resident(pid), 0),
        ..Crowd::default()
    };
    let begun = Instant::now();
    let mut all = Vec::new();
    for _ in 0..sessions {
        let session = home.session(&client).await?;
        say(&client, &session, "run: sleep 3000").await?;
        all.push(session);
    }
    let workspace = home.workspace();
    until("every command runs", || async {
        // The shell and what it started; a shell that becomes its command is one.
        Ok(processes::working_in(&workspace).len() >= sessions)
    })
    .await?;
    crowd.all_run = begun.elapsed();
    for _ in 0..100 {
        let asked = Instant::now();
        client.call(daemon::Status {}).await?;
        crowd.slowest = crowd.slowest.max(asked.elapsed());
    }
    let asked = Instant::now();
    let other = home.session(&client).await?;
    say(&client, &other, "say: still here").await?;
    settled(&client, &[&other], &Outcome::Done).await?;
    crowd.turn = asked.elapsed();
    crowd.memory.1 = processes::resident(pid);
    crowd.files = processes::open_files(pid);

    let half: Vec<&Session> = all.iter().step_by(2).collect();
    let asked = Instant::now();
    for session in &half {
        let session_id = session.id;
        client.call(session::Interrupt { session_id }).await?;
    }
    settled(&client, &half, &Outcome::Interrupted).await?;
    crowd.interrupted = asked.elapsed();

    let died = Instant::now();
    home.kill()?;
    until("the commands are gone", || async {
        Ok(processes::working_in(&workspace).is_empty())
    })
    .await?;
    crowd.gone = died.elapsed();
    let started = Instant::now();
    home.start().await?;
    let (client, _events) = home.client().await?;
    let cut: Vec<&Session> = all.iter().skip(1).step_by(2).collect();
    settled(&client, &cut, &Outcome::CutOff).await?;
    crowd.at_rest = started.elapsed();
    let problems = client.call(daemon::Check {}).await?.problems;
    ensure!(problems.is_empty(), "{problems:?}");
    for session in &all {
        let shown = client.call(session::Show::newest(session.id, 0)).await?;
        ensure!(
            shown.calls.len() == 1 && shown.messages.iter().any(|m| m.text() == "run: sleep 3000"),
            "session {} is not whole: {shown:?}",
            session.name
        );
    }
    Ok(crowd)
}

async fn say(client: &Client, session: &Session, text: &str) -> anyhow::Result<()> {
    let send = message::Send {
        session_id: session.id,
        text: text.into(),
        id: None,
        steer: false,
    };
    client.call(send).await?;
    Ok(())
}

/// Waits until the turns of these sessions ended so.
async fn settled(client: &Client, these: &[&Session], how: &Outcome) -> anyhow::Result<()> {
    let wanted = SessionState::Idle {
        last: Some(how.clone()),
    };
    until("the sessions come to rest", || async {
        let listed = client.call(session::List::default()).await?.sessions;
        let mut left = these.iter().filter(|one| {
            let now = listed.iter().find(|now| now.id == one.id);
            now.is_none_or(|now| now.state != wanted)
        });
        Ok(left.next().is_none())
    })
    .await
}

async fn until<F>(what: &str, mut is_so: impl FnMut() -> F) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<bool>>,
{
    let limit = Instant::now() + PATIENCE;
    while !is_so().await? {
        if Instant::now() > limit {
            bail!("never happened: {what}");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}
