//! A daemon that is killed again and again while people use it, and what must hold each time.
//!
//! Owns the order: people set out, the daemon dies at a moment that the dice say, its files are
//! looked at, it starts again, everything it had promised is looked at. The dice have a seed, so
//! a run can be had again as far as the system's own timing lets it.

mod crowd;
mod dice;
mod jobs;
mod ledger;
mod looks;
mod mirror;
mod people;
pub mod processes;

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use smartopol_ipc::{Address, Client};
use smartopol_protocol::SessionId;
use smartopol_protocol::session::SessionState;
use tokio::sync::watch;
use tokio::task::JoinSet;

pub use crowd::{Crowd, crowd};
pub use dice::Dice;
use ledger::{Known, Ledger};
use looks::Whole;
use people::{Broke, Stage, lock};

use crate::Home;
use crate::home::LIMIT;
use crate::provider::ScriptedProvider;

/// How many talk at the same time.
const TALKERS: u64 = 6;

/// Lets somebody go on until they stop, and says who it was.
async fn named(name: String, person: impl Future<Output = Result<(), Broke>>) -> String {
    // They stop because the connection broke.
    let _ = person.await;
    name
}

/// What is to be done.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The program.
    pub program: PathBuf,
    /// How often the daemon is killed.
    pub kills: u64,
    /// What the dice begin with.
    pub seed: u64,
}

/// What was done.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// Kills while people used the daemon.
    pub kills: u64,
    /// Kills while it started.
    pub at_start: u64,
    /// Sessions made.
    pub sessions: usize,
    /// Messages that were acknowledged.
    pub messages: usize,
    /// Messages that were not, because the daemon died first.
    pub open: usize,
    /// Turns, calls and traces that were told.
    pub told: (usize, usize, usize),
    /// Jobs that were acknowledged.
    pub jobs: usize,
    /// Approvals asked, answered first, answered too late.
    pub approvals: (usize, usize, u64),
    /// Facts that the one who only looked was told.
    pub facts: u64,
    /// The size of the database at the end.
    pub bytes: u64,
    /// How long it all took.
    pub took: Duration,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (turns, calls, traces) = self.told;
        let (asked, answered, late) = self.approvals;
        write!(
            f,
            "seed {}: {} kills in use and {} while starting; {} sessions, {} messages acknowledged \
             and {} cut off, {turns} turns, {calls} calls, {traces} traces, {} jobs, {asked} approvals \
             ({answered} answered, {late} too late), {} facts; database {} KiB; {:.0} s; nothing lost",
            self.seed,
            self.kills,
            self.at_start,
            self.sessions,
            self.messages,
            self.open,
            self.jobs,
            self.facts,
            self.bytes / 1024,
            self.took.as_secs_f64(),
        )
    }
}

/// A run of the harness.
struct Run {
    home: Home,
    stage: Arc<Stage>,
    dice: Dice,
    report: Report,
}

/// Kills a daemon as often as the plan says; `say` is told how it goes.
///
/// # Errors
/// What did not hold, with the seed and the number of the kill.
pub async fn run(plan: &Plan, say: impl Fn(&str)) -> anyhow::Result<Report> {
    let begun = Instant::now();
    let provider = ScriptedProvider::start().await;
    let mut home = Home::new(&plan.program)?;
    home.env("ANTHROPIC_API_KEY", "sk-ant-test-0123456789");
    home.env("ANTHROPIC_BASE_URL", &provider.base_url());
    for folder in ["made", "written", "quiet"] {
        std::fs::create_dir(home.workspace().join(folder))?;
    }
    let stage = Arc::new(Stage {
        address: Address::new(home.socket()),
        provider,
        workspace: home.workspace().display().to_string(),
        ledger: Mutex::default(),
        mirror: Mutex::default(),
        facts: watch::Sender::new(0),
        pool: Mutex::default(),
        tokens: Mutex::default(),
    });
    let mut run = Run {
        home,
        stage,
        dice: Dice::new(plan.seed),
        report: Report {
            seed: plan.seed,
            ..Report::default()
        },
    };
    for kill in 1..=plan.kills {
        let done = run.round(kill).await;
        done.with_context(|| format!("seed {}, kill {kill} of {}", plan.seed, plan.kills))?;
        if kill.is_multiple_of(20) {
            say(&format!(
                "{kill} kills, {} facts",
                lock(&run.stage.mirror).facts
            ));
        }
    }
    let end = run.end().await;
    end.with_context(|| format!("seed {}, after the last kill", plan.seed))?;
    run.sum_up();
    run.report.took = begun.elapsed();
    Ok(run.report)
}

impl Run {
    /// One life of the daemon, and its death.
    async fn round(&mut self, number: u64) -> anyhow::Result<()> {
        self.home.begin()?;
        if self.dice.percent(15) {
            // Long enough for anything from the first instruction to the first answers.
            tokio::time::sleep(Duration::from_micros(self.dice.below(60_000))).await;
            self.report.at_start += 1;
            return self.die().await;
        }
        let (client, _events) = self.home.client().await?;
        self.look(&client, number).await?;
        drop(client);
        self.use_it(number).await?;
        self.report.kills += 1;
        Ok(())
    }

    /// People use the daemon until it dies.
    async fn use_it(&mut self, number: u64) -> anyhow::Result<()> {
        self.stage.provider.clear_rules();
        let mut people = JoinSet::new();
        let dice = |person| self.dice.of(number, person);
        for person in 0..TALKERS {
            let talker = people::talk(self.stage.clone(), dice(person));
            people.spawn(named(format!("talker {person}"), talker));
        }
        for (name, number) in [("ada", 100), ("bob", 101)] {
            let answerer = people::answer(self.stage.clone(), name, dice(number));
            people.spawn(named(name.into(), answerer));
        }
        people.spawn(named("looker".into(), people::look(self.stage.clone())));
        let planner = jobs::plan(self.stage.clone(), dice(102));
        people.spawn(named("planner".into(), planner));
        let mut there: BTreeSet<String> = (0..TALKERS).map(|n| format!("talker {n}")).collect();
        there.extend(["ada", "bob", "looker", "planner"].map(String::from));

        let after = Duration::from_micros(self.dice.below(700_000));
        if self.dice.percent(50) {
            tokio::time::sleep(after).await;
        } else {
            // Right after a fact, when its commit is hot.
            let mut facts = self.stage.facts.subscribe();
            let wanted = *facts.borrow() + 1 + self.dice.below(400);
            let seen = facts.wait_for(|facts| *facts >= wanted);
            let _ = tokio::time::timeout(after.max(Duration::from_millis(300)), seen).await;
        }
        self.die().await?;
        let gone = async {
            while let Some(left) = people.join_next().await {
                there.remove(&left?);
            }
            anyhow::Ok(())
        };
        let ended = tokio::time::timeout(LIMIT, gone).await;
        ensure!(
            ended.is_ok(),
            "these did not notice that the daemon is gone: {there:?}"
        );
        ended??;
        self.no_breach()
    }

    /// SIGKILL, and a look at what is left.
    async fn die(&mut self) -> anyhow::Result<()> {
        self.home.kill()?;
        let database = self.home.path().join("smartopol.db");
        let workspace = self.home.workspace();
        let until = tokio::time::Instant::now() + LIMIT;
        // The guards end the commands when they notice; that is not the same moment.
        while let Err(err) = looks::processes(&database, &workspace, None) {
            if tokio::time::Instant::now() > until {
                return Err(err);
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        looks::files(&database, &self.home.path().join("left.db")).await
    }

    /// Looks at everything that must hold after a restart.
    async fn look(&mut self, client: &Client, number: u64) -> anyhow::Result<()> {
        let database = self.home.path().join("smartopol.db");
        jobs::settled(client).await?;
        looks::processes(&database, &self.home.workspace(), self.home.pid())?;
        if number.is_multiple_of(5) {
            self.second()?;
        }
        let sessions = looks::settled(client).await?;
        let pool: Vec<SessionId> = lock(&self.stage.pool).iter().map(|(id, _)| *id).collect();
        for session in sessions.iter().filter(|one| pool.contains(&one.id)) {
            let is_idle = matches!(session.state, SessionState::Idle { .. });
            if self.dice.percent(if is_idle { 20 } else { 10 }) {
                looks::usable(client, session.id).await?;
            }
        }
        looks::settled(client).await?;
        self.compare(client, &pool, Depth::Newest).await
    }

    /// Compares what the people were told with what one who just came is shown.
    async fn compare(
        &self,
        client: &Client,
        ids: &[SessionId],
        depth: Depth,
    ) -> anyhow::Result<()> {
        looks::sound(client).await?;
        let snapshot = looks::snapshot(client).await?;
        self.caught_up(snapshot.seq).await?;
        let mirror = lock(&self.stage.mirror).clone();
        let made = lock(&self.stage.ledger).jobs.clone();
        jobs::look(client, &made, &self.home.workspace()).await?;
        jobs::same(&mirror.attention, &snapshot.attention)?;
        let shown: BTreeSet<SessionId> = snapshot.sessions.iter().map(|one| one.id).collect();
        let told: BTreeSet<SessionId> = mirror.sessions.keys().copied().collect();
        ensure!(shown == told, "sessions told: {told:?}, shown: {shown:?}");
        let mut wholes: Vec<Whole> = Vec::new();
        for id in ids {
            wholes.push(looks::whole(client, *id).await?);
        }
        for whole in &wholes {
            looks::questions(client, whole).await?;
            looks::calls(whole)?;
            looks::commands(whole, &self.home.workspace())?;
            looks::same(&mirror, whole)?;
            looks::messages(whole, &lock(&self.stage.ledger))?;
        }
        let known = {
            let ledger = lock(&self.stage.ledger);
            let lost = ledger.alive().into_iter().find(|id| !shown.contains(id));
            ensure!(lost.is_none(), "session {lost:?} was made and is lost");
            let back = ledger
                .sessions
                .iter()
                .find(|(id, gone)| **gone == Known::Yes && shown.contains(id));
            ensure!(back.is_none(), "session {back:?} was removed and is there");
            Ledger {
                sessions: ledger.sessions.clone(),
                answers: ledger.answers.clone(),
                ..Ledger::default()
            }
        };
        looks::answers(client, &known, depth == Depth::All).await?;
        self.no_breach()
    }

    /// Has the one who only looks take up what it missed, up to the newest fact.
    async fn caught_up(&self, seq: u64) -> anyhow::Result<()> {
        let mut looker = JoinSet::new();
        let mut facts = self.stage.facts.subscribe();
        looker.spawn(people::look(self.stage.clone()));
        let stage = &self.stage;
        let seen = facts.wait_for(|_| lock(&stage.mirror).seq >= seq);
        let seen = tokio::time::timeout(LIMIT, seen).await.is_ok();
        looker.abort_all();
        while looker.join_next().await.is_some() {}
        self.no_breach()?;
        let known = lock(&self.stage.mirror).seq;
        ensure!(
            seen && known == seq,
            "fact {seq} is the newest, told was {known}"
        );
        Ok(())
    }

    /// A second daemon says who the first is, and leaves everything to it.
    fn second(&self) -> anyhow::Result<()> {
        let pid = self.home.pid().context("no daemon runs")?.to_string();
        let second = self.home.run(["daemon", "run"])?;
        let said = String::from_utf8_lossy(&second.stderr).into_owned();
        ensure!(!second.status.success(), "a second daemon ran");
        ensure!(
            said.contains(&pid),
            "a second daemon does not name {pid}: {said}"
        );
        Ok(())
    }

    /// After the last kill: every session there ever was is whole and of use.
    async fn end(&mut self) -> anyhow::Result<()> {
        self.home.start().await?;
        let (client, _events) = self.home.client().await?;
        jobs::settled(&client).await?;
        let sessions = looks::settled(&client).await?;
        let ids: Vec<SessionId> = sessions.iter().map(|one| one.id).collect();
        for id in &ids {
            looks::usable(&client, *id).await?;
        }
        looks::settled(&client).await?;
        self.compare(&client, &ids, Depth::All).await?;
        let refused = self
            .stage
            .provider
            .requests()
            .into_iter()
            .find_map(|one| one.refused);
        if let Some(why) = refused {
            bail!("the model server refused a transcript: {why}");
        }
        drop(client);
        self.home.stop()?;
        let database = self.home.path().join("smartopol.db");
        self.report.bytes = std::fs::metadata(database)?.len();
        Ok(())
    }

    fn no_breach(&self) -> anyhow::Result<()> {
        let breaches = [
            std::mem::take(&mut lock(&self.stage.ledger).breaches),
            std::mem::take(&mut lock(&self.stage.mirror).breaches),
        ]
        .concat();
        ensure!(breaches.is_empty(), "{}", breaches.join("; "));
        Ok(())
    }

    fn sum_up(&mut self) {
        let (ledger, mirror) = (lock(&self.stage.ledger), lock(&self.stage.mirror));
        let known = |wanted| {
            ledger
                .said
                .values()
                .filter(|said| said.acknowledged == wanted)
                .count()
        };
        let report = &mut self.report;
        report.sessions = ledger.sessions.len();
        report.messages = known(Known::Yes);
        report.open = known(Known::Maybe);
        report.told = (mirror.turns.len(), mirror.calls.len(), mirror.traces.len());
        report.approvals = (mirror.approvals.len(), ledger.answers.len(), ledger.late);
        report.jobs = ledger.jobs.len();
        report.facts = mirror.facts;
    }
}

/// How much is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Depth {
    /// What was in use.
    Newest,
    /// Everything.
    All,
}
