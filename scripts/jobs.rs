//! The scheduler's figures with 10,000 jobs, measured on the real program: what it costs while
//! nothing is due, and how long after its due time a run begins. `scripts/bench jobs` starts it.
//!
//! Lines are as those of `bench.rs`: what was measured, the target, their ratio; `·` for what has
//! no target.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    missing_docs,
    reason = "a benchmark ends by panicking and prints its figures"
)]

use std::time::{Duration, Instant};

use smartopol_protocol::Timestamp;
use smartopol_protocol::attention::Priority;
use smartopol_protocol::job::{Action, Add, History, Job, Schedule, Spec};
use smartopol_testkit::Home;

/// How many jobs there are, and how many of them are due while it is measured.
const JOBS: usize = 10_000;
const DUE: usize = 600;

/// How far apart those are, in milliseconds.
const APART: i64 = 37;

/// How many make them.
const CLIENTS: usize = 64;

/// For how long the idle daemon is looked at.
const IDLE: Duration = Duration::from_secs(20);

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(measure());
}

async fn measure() {
    let mut home = Home::new(env!("CARGO_BIN_EXE_smartopol")).unwrap();
    home.start().await.unwrap();
    let (client, _events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    let far = Timestamp::now().plus_millis(30 * 24 * 3_600_000);
    let remind = |text: String| Action::Remind {
        text,
        priority: Priority::Low,
    };
    let spec = |number: usize, at: Timestamp| Spec {
        name: Some(format!("job {number}")),
        when: None,
        schedule: Some(Schedule::At { at }),
        ..Spec::new("", remind(format!("number {number}")))
    };
    let begun = Instant::now();
    let specs: Vec<Spec> = (DUE..JOBS)
        .map(|number| spec(number, far.plus_millis(i64::try_from(number).unwrap())))
        .collect();
    add_all(&home, specs).await;
    let made = format!("jobs: {} made by {CLIENTS} clients", JOBS - DUE);
    reference(&made, begun.elapsed().as_secs_f64(), "s");
    let from = Timestamp::now().plus_millis(20_000 + i64::try_from(IDLE.as_millis()).unwrap());
    let due: Vec<Spec> = (0..DUE)
        .map(|number| {
            let at = from.plus_millis(i64::try_from(number).unwrap() * APART);
            let mut spec = spec(number, at);
            if number % 6 == 0 {
                spec.session = Some(session.name.clone());
                spec.action = Action::Message {
                    text: format!("number {number}"),
                };
            }
            spec
        })
        .collect();
    let jobs = add_all(&home, due).await;
    drop(client);

    // What was made is on the disk before the daemon is looked at.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let pid = home.pid().unwrap();
    let (cpu, switches) = (cpu_ms(pid), switches(pid));
    tokio::time::sleep(IDLE).await;
    let seconds = IDLE.as_secs_f64();
    line(
        &format!("jobs: CPU of an idle daemon with {JOBS}"),
        (cpu_ms(pid) - cpu) / seconds / 10.0,
        0.1,
        "%",
    );
    reference(
        "jobs: context switches of it a second",
        (self::switches(pid) - switches) / seconds,
        "",
    );
    reference("jobs: memory of it (PSS)", pss_mb(pid), "MB");

    let end = from.plus_millis(i64::try_from(DUE).unwrap() * APART + 2_000);
    let left = end.millis_since(Timestamp::now());
    tokio::time::sleep(Duration::from_millis(left)).await;
    let (client, _events) = home.client().await.unwrap();
    let mut errors = Vec::new();
    for job in &jobs {
        let history = History {
            key: job.id.to_string(),
            before: None,
            limit: 10,
        };
        let runs = client.call(history).await.unwrap().runs;
        assert_eq!(runs.len(), 1, "{}: {runs:?}", job.name);
        let begun = runs[0].started_at.unwrap();
        errors.push(begun.millis_since(runs[0].due_at));
    }
    errors.sort_unstable();
    let at = |part: usize| errors[(errors.len() - 1) * part / 100] as f64;
    let name = |part: &str| format!("jobs: due-time error of {DUE} runs {APART} ms apart, {part}");
    reference(&name("p50"), at(50), "ms");
    line(&name("p99"), at(99), 50.0, "ms");
    reference(&name("most"), at(100), "ms");
    drop(client);
    home.stop().unwrap();
}

fn line(name: &str, measured: f64, target: f64, unit: &str) {
    let ratio = measured / target;
    let target = format!("≤ {}", amount(target, unit));
    println!(
        "{name:<58} {:>12} {target:>12} {ratio:>6.2}",
        amount(measured, unit)
    );
}

fn reference(name: &str, measured: f64, unit: &str) {
    println!("· {name:<56} {:>12}", amount(measured, unit));
}

fn amount(value: f64, unit: &str) -> String {
    format!("{value:.2} {unit}").trim().to_owned()
}

/// Makes jobs through many connections, so that they share commits.
async fn add_all(home: &Home, specs: Vec<Spec>) -> Vec<Job> {
    let part = specs.len().div_ceil(CLIENTS);
    let parts = specs.chunks(part).map(|part| async move {
        let (client, _events) = home.client().await.unwrap();
        let mut jobs = Vec::new();
        for spec in part.iter().cloned() {
            let add = Add { spec, check: false };
            jobs.push(client.call(add).await.unwrap().job);
        }
        jobs
    });
    futures_util::future::join_all(parts).await.concat()
}

/// CPU time of a process so far; ticks of a hundredth.
fn cpu_ms(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat
        .rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .collect();
    let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
    ticks * 10.0
}

/// Context switches of all its threads so far.
fn switches(pid: u32) -> f64 {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    tasks
        .flatten()
        .filter_map(|task| std::fs::read_to_string(task.path().join("status")).ok())
        .flat_map(|status| {
            status
                .lines()
                .filter(|line| line.contains("ctxt_switches"))
                .filter_map(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok())
                .collect::<Vec<_>>()
        })
        .sum()
}

fn pss_mb(pid: u32) -> f64 {
    let smaps = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap();
    let line = smaps.lines().find(|line| line.starts_with("Pss:")).unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<f64>()
        .unwrap()
        / 1024.0
}
