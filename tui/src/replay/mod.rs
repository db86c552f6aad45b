//! `sessions replay`: a recorded session, played step by step, without a key and without any effect.
//!
//! Owns: where a recording comes from, its steps, and how fast it goes. What it looks like is the
//! console itself, which is told the same news again; nothing is sent but questions for more of the
//! recording, over a connection that may only look.

mod lines;
mod pieces;
pub(crate) mod reel;
pub(crate) mod source;
pub(crate) mod step;

use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use smartopol_config::{Config, Paths};

use reel::{PIECE, Reel};
use source::Source;
use step::Step;

/// How fast a recording can go, in quarters of its own speed.
const SPEEDS: [u32; 7] = [1, 2, 4, 8, 16, 32, 64];

/// The shortest and the longest that a step waits for at its own speed, in milliseconds.
const WAITS: (u64, u64) = (400, 3_000);

/// How long a byte of text takes to be read, in milliseconds.
const READS: u64 = 12;

/// How to replay.
#[derive(Debug, Args)]
pub struct Replay {
    /// A name, an id, the beginning of an id, or FILE.json of an export [default: the latest of this folder]
    #[arg(value_name = "SESSION")]
    pub what: Option<String>,
    /// Begin at the message of this number
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub from: u64,
    /// How fast: 0.25, 0.5, 1, 2, 4, 8 or 16 times as it was; long pauses are cut short. On a screen it begins to play at once; lines without a terminal do not wait without it
    #[arg(long, value_name = "TIMES", value_parser = speed)]
    pub speed: Option<Pace>,
    /// Print line after line instead of drawing a screen, for screen readers and dumb terminals
    #[arg(long)]
    pub linear: bool,
}

/// How fast a recording goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace(u32);

impl Default for Pace {
    fn default() -> Self {
        Self(4)
    }
}

fn speed(text: &str) -> Result<Pace, String> {
    let wanted = text.trim().trim_end_matches(['x', '×']);
    let all = SPEEDS.map(Pace);
    let found = all.into_iter().find(|pace| pace.words() == wanted);
    found.ok_or_else(|| {
        let all = all.map(Pace::words).join(", ");
        format!("say one of {all}")
    })
}

impl Pace {
    /// Returns how many times as fast it is, in words.
    pub(crate) fn words(self) -> String {
        match self.0 {
            1 => "0.25".to_owned(),
            2 => "0.5".to_owned(),
            quarters => (quarters / 4).to_string(),
        }
    }

    pub(crate) fn faster(self) -> Self {
        let next = SPEEDS.into_iter().find(|own| *own > self.0);
        Self(next.unwrap_or(self.0))
    }

    pub(crate) fn slower(self) -> Self {
        let next = SPEEDS.into_iter().rev().find(|own| *own < self.0);
        Self(next.unwrap_or(self.0))
    }

    /// Returns how long the next step waits after this one, in milliseconds.
    pub(crate) fn wait(self, step: &Step, next: &Step) -> u64 {
        let gap = next.at.millis_since(step.at);
        let reading = (step.length as u64).saturating_mul(READS);
        let wait = gap.max(reading).clamp(WAITS.0, WAITS.1);
        wait * 4 / u64::from(self.0)
    }
}

/// Where a replay begins, and how fast it goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    pub(crate) from: u64,
    /// `None`: as fast as it is read, or by hand.
    pub(crate) pace: Option<Pace>,
}

/// Replays a session until a person leaves.
pub(crate) fn run(replay: Replay, paths: &Paths) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let opened = async {
        let (source, last) = Source::open(replay.what.as_deref(), paths).await?;
        let piece = source.piece(0, PIECE).await?;
        anyhow::Ok((source, piece, last))
    };
    let (source, piece, last) = runtime.block_on(opened)?;
    let name = piece.session.name.clone();
    let Some(reel) = Reel::new(piece, last) else {
        bail!("nothing was said in {name} yet, so there is nothing to replay");
    };
    let start = Start {
        from: replay.from.max(1),
        pace: replay.speed,
    };
    if start.from > reel.ends().1 {
        let last = reel.ends().1;
        bail!(
            "{name} has no message {}: its last one is {last}",
            start.from
        );
    }
    let loaded = Config::load(paths, std::env::vars_os())?;
    if replay.linear || loaded.config.console.linear || !crate::can_draw() {
        // A person who reads along gets time to; a pipe does not need it.
        let reads = std::io::IsTerminal::is_terminal(&std::io::stdout());
        let pace = start.pace.or(reads.then(Pace::default));
        let told = runtime.block_on(lines::run(&source, reel, Start { pace, ..start }));
        return match told {
            Err(err) if is_gone(&err) => Ok(ExitCode::SUCCESS),
            told => told.map(|()| ExitCode::SUCCESS),
        };
    }
    let shown = crate::app::replay::Replaying::new(reel, start);
    crate::replay_on_screen(shown, source, &runtime, paths, &loaded)?;
    Ok(ExitCode::SUCCESS)
}

/// Returns true where whoever read the lines left.
fn is_gone(err: &anyhow::Error) -> bool {
    err.downcast_ref::<std::io::Error>()
        .is_some_and(|err| err.kind() == std::io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests;
