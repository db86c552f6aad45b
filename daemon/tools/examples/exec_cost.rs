//! What a command under its guard costs, against a plain spawn of the same command.
//!
//! Run with `cargo run --release -p smartopol-tools --example exec_cost [ROUNDS]`.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement for a person"
)]

use std::path::PathBuf;
use std::process::{ExitCode, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use smartopol_protocol::CallId;
use smartopol_protocol::tool::OutputStatus;
use smartopol_tools::{Guard, Run, Tools};
use tokio_util::sync::CancellationToken;

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    let first = args.next();
    if first.as_ref().is_some_and(|word| word == "guard") {
        return smartopol_tools::guard::run(args);
    }
    let rounds = first
        .and_then(|word| word.to_str()?.parse().ok())
        .unwrap_or(500);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(measure(rounds));
    ExitCode::SUCCESS
}

async fn measure(rounds: usize) {
    let tools = Tools::new(
        &Default::default(),
        Guard {
            program: std::env::current_exe().unwrap(),
            args: vec!["guard".into()],
        },
        std::env::temp_dir(),
    );
    let mut plain = Vec::new();
    let mut guarded = Vec::new();
    for _ in 0..rounds {
        plain.push(plain_spawn().await);
        guarded.push(guarded_spawn(&tools).await);
    }
    let (plain, guarded) = (Spread::of(plain), Spread::of(guarded));
    println!("{rounds} × /bin/sh -c 'echo hi'   fastest       p50       p99");
    for (name, times) in [("plain spawn", &plain), ("under its guard", &guarded)] {
        let Spread { fastest, p50, p99 } = times;
        println!("{name:<24}  {fastest:>8.2?}  {p50:>8.2?}  {p99:>8.2?}");
    }
    let cost = |guarded: Duration, plain: Duration| guarded.saturating_sub(plain);
    let fastest = cost(guarded.fastest, plain.fastest);
    let p50 = cost(guarded.p50, plain.p50);
    println!("{:<24}  {fastest:>8.2?}  {p50:>8.2?}", "the guard costs");
}

async fn plain_spawn() -> Duration {
    let began = Instant::now();
    let output = tokio::process::Command::new("/bin/sh")
        .args(["-c", "echo hi"])
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    assert_eq!(output.stdout, b"hi\n");
    began.elapsed()
}

async fn guarded_spawn(tools: &Tools) -> Duration {
    let run = Run {
        workspace: PathBuf::from("/"),
        call_id: CallId::new(),
        cancel: CancellationToken::new(),
        progress: None,
    };
    let began = Instant::now();
    let output = tools.run("exec", &json!({"command": "echo hi"}), run).await;
    assert_eq!(output.status, OutputStatus::Ok, "{}", output.text);
    began.elapsed()
}

struct Spread {
    fastest: Duration,
    p50: Duration,
    p99: Duration,
}

impl Spread {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort();
        let at = |percent: usize| {
            times
                .get((times.len() - 1) * percent / 100)
                .copied()
                .unwrap_or_default()
        };
        Self {
            fastest: at(0),
            p50: at(50),
            p99: at(99),
        }
    }
}
