//! The long run of the crash harness; `scripts/crash` starts it.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs,
    reason = "a program of the workshop, not of the house"
)]

use std::process::ExitCode;

use anyhow::Context;
use smartopol_testkit::crash::{Plan, crowd, run};

fn main() -> ExitCode {
    match carry_out() {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("crash: {err:#}");
            ExitCode::FAILURE
        }
    }
}

fn carry_out() -> anyhow::Result<()> {
    let (plan, sessions) = plan()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    if sessions > 0 {
        println!("{}", runtime.block_on(crowd(plan.program, sessions))?);
        return Ok(());
    }
    println!("seed {}, {} kills", plan.seed, plan.kills);
    let report = runtime.block_on(run(&plan, |how| println!("{how}")))?;
    println!("{report}");
    Ok(())
}

/// Returns what to do, and how many sessions a crowd has; 0 for no crowd.
fn plan() -> anyhow::Result<(Plan, usize)> {
    let mut plan = Plan {
        program: env!("CARGO_BIN_EXE_smartopol").into(),
        kills: 200,
        seed: std::process::id().into(),
    };
    let mut sessions = 0;
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    while let Some(word) = words.next() {
        let value = words.next().unwrap_or_default();
        let of = match word.as_str() {
            "--kills" => &mut plan.kills,
            "--seed" => &mut plan.seed,
            "--crowd" => &mut sessions,
            "--program" => {
                plan.program = value.into();
                continue;
            }
            other => {
                anyhow::bail!("no option `{other}`: --kills N, --seed N, --program FILE, --crowd N")
            }
        };
        *of = value
            .parse()
            .with_context(|| format!("{word} needs a number, not `{value}`"))?;
    }
    Ok((plan, usize::try_from(sessions)?))
}
