//! Simulated days of a daemon; `scripts/soak` starts it.
//!
//! The daemon is this program again, as a process of its own, so that its memory and its files are
//! its own too. Its clock stands still and moves by what it reads on standard input.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs,
    reason = "a program of the workshop, not of the house"
)]

use std::fmt;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use smartopol_config::{Config, Paths};
use smartopol_daemon::boot::{self, Boot};
use smartopol_daemon::lifecycle::Lock;
use smartopol_daemon::{Clock, Hands};
use smartopol_ipc::{Access, Address, Client, Events};
use smartopol_protocol::approval::Mode;
use smartopol_protocol::daemon::{Check, Figures, Status, Stop};
use smartopol_protocol::event::Subscribe;
use smartopol_protocol::session::{Create, Session, SessionState, Show};
use smartopol_protocol::{Timestamp, message};
use smartopol_testkit::crash::processes;

const HOUR: i64 = 3_600_000;

/// In how many steps an hour passes.
const STEPS: i64 = 6;

/// How long one step of the real world may take.
const LIMIT: Duration = Duration::from_secs(60);

/// Everything is kept for at most a third of the shortest run, so that a run sees all of it go.
const SETTINGS: &str = "\
[agent]
model = \"offline/offline\"
[approvals]
mode = \"auto\"
expire_after_seconds = 600
[backup]
keep = 3
[retention]
journal_days = 2
traces_days = 5
sessions_days = 5
outputs_days = 2
";

/// The fewest days in which growth can be told from the beginning.
const LEAST: u32 = 18;

fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(1);
    match words.next() {
        // The guard of a command is this program too, as it is the real one.
        Some(word) if word == "guard" => return smartopol_tools::guard::run(words),
        Some(word) if word == "house" => {
            return told(house(&PathBuf::from(words.next().unwrap_or_default())));
        }
        _ => {}
    }
    told(soak())
}

fn told(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("soak: {err:#}");
            ExitCode::FAILURE
        }
    }
}

/// Is the daemon.
fn house(home: &Path) -> anyhow::Result<()> {
    let paths = Paths::under(home);
    let config = Config::load(&paths, std::iter::empty())?.config;
    let _lock = Lock::acquire(&paths.lock())?;
    let (clock, hands) = Clock::by_hand(Timestamp::now());
    std::thread::spawn(move || follow(&hands));
    boot::run(Boot {
        paths,
        config,
        clock,
        ready: Box::new(|| ()),
    })
}

fn follow(hands: &Hands) {
    for line in std::io::stdin().lock().lines() {
        let Some(millis) = line.ok().and_then(|line| line.trim().parse().ok()) else {
            return;
        };
        hands.turn_by(millis);
    }
}

/// What is looked at.
#[derive(Clone, Copy, Debug, Default)]
struct Figure {
    day: u32,
    memory: u64,
    files: usize,
    database: u64,
    backups: usize,
    outputs: usize,
    sessions: u64,
    traces: u64,
    facts: u64,
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "day {:>3}: memory {:.1} MiB, {} files open, database {} KiB, {} backups, {} long \
             outputs, {} sessions, {} traces, {} facts",
            self.day,
            self.memory as f64 / f64::from(1 << 20),
            self.files,
            self.database / 1024,
            self.backups,
            self.outputs,
            self.sessions,
            self.traces,
            self.facts
        )
    }
}

impl Figure {
    /// Says what grew between two moments at which nothing should.
    fn grew(&self, later: &Self) -> Vec<String> {
        let mut grew = Vec::new();
        let mut bound = |what: &str, before: u64, after: u64, slack: u64| {
            let most = before + before / 10 + slack;
            if after > most {
                grew.push(format!("{what} grew from {before} to {after}, over {most}"));
            }
        };
        bound("memory", self.memory, later.memory, 2 << 20);
        bound("open files", self.files as u64, later.files as u64, 2);
        bound("the database", self.database, later.database, 256 << 10);
        bound("traces", self.traces, later.traces, 10);
        bound("facts", self.facts, later.facts, 100);
        bound("sessions", self.sessions, later.sessions, 4);
        bound("outputs", self.outputs as u64, later.outputs as u64, 2);
        bound("backups", self.backups as u64, later.backups as u64, 0);
        grew
    }
}

/// People, and the daemon they use.
struct Run {
    home: tempfile::TempDir,
    daemon: Child,
    hands: ChildStdin,
    client: Client,
    events: Events,
    /// The newest sessions; the last of them is asked before each command.
    sessions: Vec<Session>,
    /// Those that may have something to do: the one that was talked to, and the one that asks.
    active: [usize; 2],
    said: u64,
}

fn soak() -> anyhow::Result<()> {
    let days = days()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let begun = Instant::now();
        let mut run = Run::begin().await?;
        let looked = [days / 3, days * 2 / 3, days];
        let mut figures: Vec<Figure> = Vec::new();
        for day in 1..=days {
            run.day().await.with_context(|| format!("day {day}"))?;
            if looked.contains(&day) {
                let figure = run.look(day).await?;
                println!("{figure}");
                figures.push(figure);
            }
        }
        run.end().await?;
        if let [first, .., last] = figures.as_slice() {
            let grew = first.grew(last);
            ensure!(grew.is_empty(), "{}", grew.join("; "));
        }
        println!(
            "{days} days in {:.0} s: nothing grew, and the database is sound",
            begun.elapsed().as_secs_f64()
        );
        Ok(())
    })
}

fn days() -> anyhow::Result<u32> {
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    let days = match words.next().as_deref() {
        None => 30,
        Some("--days") => {
            let value = words.next().unwrap_or_default();
            let number = value.parse();
            number.with_context(|| format!("--days needs a number, not `{value}`"))?
        }
        Some(other) => bail!("no option `{other}`: --days N"),
    };
    ensure!(
        days >= LEAST,
        "--days {days} is too short to tell growth: {LEAST} or more"
    );
    Ok(days)
}

impl Run {
    async fn begin() -> anyhow::Result<Self> {
        let home = tempfile::Builder::new().prefix("sm").tempdir_in("/tmp")?;
        let paths = Paths::under(home.path());
        std::fs::write(paths.config_file(), SETTINGS)?;
        std::fs::create_dir(home.path().join("work"))?;
        let mut daemon = Command::new(std::env::current_exe()?)
            .arg("house")
            .arg(home.path())
            .env("HOME", home.path())
            .stdin(Stdio::piped())
            .spawn()?;
        let hands = daemon.stdin.take().context("the daemon has no hands")?;
        let (client, events) = connect(&paths).await?;
        client.call(Subscribe::default()).await?;
        Ok(Self {
            home,
            daemon,
            hands,
            client,
            events,
            sessions: Vec::new(),
            active: [0, 3],
            said: 0,
        })
    }

    /// One day: four new sessions, something said every hour, one question that nobody answers, a
    /// client that comes back.
    async fn day(&mut self) -> anyhow::Result<()> {
        self.sessions.clear();
        for number in 0..4 {
            let create = Create {
                workspace: self.home.path().join("work").display().to_string(),
                name: None,
                mode: (number == 3).then_some(Mode::Ask),
                model: None,
            };
            self.sessions.push(self.client.call(create).await?);
        }
        for hour in 0..24 {
            self.talk(hour).await?;
            self.pass_an_hour().await?;
        }
        let (client, events) = connect(&Paths::under(self.home.path())).await?;
        client.call(Subscribe::default()).await?;
        (self.client, self.events) = (client, events);
        let troubles = self.client.call(Status {}).await?.troubles;
        ensure!(troubles.is_empty(), "{troubles:?}");
        Ok(())
    }

    async fn talk(&mut self, hour: usize) -> anyhow::Result<()> {
        self.said += 1;
        self.active = [hour % 4, 3];
        let text = match hour {
            12 => "run: seq 1 20000".to_owned(), // Too long for the model: kept on disk.
            hour if hour % 4 == 0 => format!("run: seq 1 {}", 200 + hour),
            hour if hour % 4 == 1 => "list: .".into(),
            hour if hour % 4 == 2 => format!("write: note-{}.txt word {}", hour, self.said),
            _ => format!("run: echo nobody answers {}", self.said),
        };
        let session = self.sessions.get(hour % 4).context("no session")?.clone();
        for text in [text, format!("say: {}", "word ".repeat(300))] {
            let send = message::Send {
                session_id: session.id,
                text,
                id: None,
                steer: false,
            };
            self.client.call(send).await?;
        }
        self.at_rest().await
    }

    /// Waits until no turn runs; those that wait for a person wait.
    async fn at_rest(&mut self) -> anyhow::Result<()> {
        let limit = Instant::now() + LIMIT;
        loop {
            // What is told is heard, so that this client is a good one.
            while self.events.try_recv().is_some() {}
            let mut busy = false;
            for session in self.active.iter().filter_map(|at| self.sessions.get(*at)) {
                let shown = self.client.call(Show::newest(session.id, 2)).await?;
                let waits = shown.messages.iter().any(|one| one.position.is_none());
                busy |= match shown.session.state {
                    SessionState::Idle { .. } => waits,
                    SessionState::Running => true,
                    SessionState::Waiting => false,
                };
            }
            if !busy {
                return Ok(());
            }
            ensure!(Instant::now() < limit, "a turn does not end");
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    }

    /// Lets an hour pass step by step, and goes on until a look of the upkeep has emptied the log.
    async fn pass_an_hour(&mut self) -> anyhow::Result<()> {
        for step in 1..=STEPS * 3 {
            writeln!(self.hands, "{}", HOUR / STEPS)?;
            self.hands.flush()?;
            self.at_rest().await?;
            if step >= STEPS && self.is_tidy().await? {
                return Ok(());
            }
        }
        bail!("no look of the upkeep came");
    }

    /// Returns true once the log is empty and no page free; gives a look that runs a moment.
    async fn is_tidy(&self) -> anyhow::Result<bool> {
        let limit = Instant::now() + Duration::from_millis(300);
        loop {
            let size = self.client.call(Status {}).await?.size;
            if size.wal_bytes == 0 && size.free_bytes == 0 {
                return Ok(true);
            }
            if Instant::now() > limit {
                return Ok(false);
            }
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    }

    async fn look(&self, day: u32) -> anyhow::Result<Figure> {
        let problems = self.client.call(Check {}).await?.problems;
        ensure!(problems.is_empty(), "{problems:?}");
        let figures = self.client.call(Figures {}).await?;
        let outputs = std::fs::read_dir(Paths::under(self.home.path()).spill());
        Ok(Figure {
            day,
            memory: processes::resident(self.daemon.id()),
            files: processes::open_files(self.daemon.id()),
            database: figures.size.bytes + figures.size.wal_bytes,
            backups: figures.backups.len(),
            outputs: outputs.map_or(0, Iterator::count),
            sessions: figures.rows.sessions,
            traces: figures.rows.traces,
            facts: figures.rows.facts,
        })
    }

    async fn end(mut self) -> anyhow::Result<()> {
        self.client.call(Stop::default()).await?;
        let status = self.daemon.wait()?;
        ensure!(status.success(), "the daemon ended with {status}");
        Ok(())
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

async fn connect(paths: &Paths) -> anyhow::Result<(Client, Events)> {
    let limit = Instant::now() + LIMIT;
    loop {
        match Client::connect(&Address::new(paths.socket()), "soak", Access::Full).await {
            Ok(both) => return Ok(both),
            Err(err) if Instant::now() > limit => return Err(err.into()),
            Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}
