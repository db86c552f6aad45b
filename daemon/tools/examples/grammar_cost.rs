//! What it costs to tell what a command line does, for each line of the corpus and for long ones.
//!
//! Run with `cargo run --release -p smartopol-tools --example grammar_cost [ROUNDS]`.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement for a person"
)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use smartopol_protocol::tool::Place;
use smartopol_tools::shell_grammar::{Dialect, Ground, Last, meaning};

fn main() {
    let rounds = std::env::args()
        .nth(1)
        .and_then(|word| word.parse().ok())
        .unwrap_or(20);
    let mut times: Vec<(Duration, String)> = corpus()
        .into_iter()
        .map(|line| (fastest(&line, rounds), line))
        .collect();
    times.sort();
    let at = |percent: usize| times.get((times.len() - 1) * percent / 100).unwrap().0;
    println!(
        "{} lines of the corpus: p50 {:.1?}, p90 {:.1?}, p99 {:.1?}",
        times.len(),
        at(50),
        at(90),
        at(99)
    );
    let (slowest, line) = times.last().unwrap();
    println!("slowest {slowest:.1?}: {}", line.replace('\n', "⏎"));
    for (name, line) in [
        ("1,000 commands", "git status; ".repeat(1_000)),
        (
            "10,000 words",
            format!(
                "rm {}",
                (0..10_000).map(|n| format!("a{n} ")).collect::<String>()
            ),
        ),
        (
            "100,000 letters in one word",
            format!("echo {}", "x".repeat(100_000)),
        ),
        (
            "40 subshells in each other",
            format!("{}ls{}", "( ".repeat(40), " )".repeat(40)),
        ),
        ("200,000 letters without sense", "$(\"`{[(<".repeat(25_000)),
    ] {
        println!("{name}: {:.1?}", fastest(&line, 1));
    }
}

/// The lines of the corpus that are written as they are.
fn corpus() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut lines = Vec::new();
    for name in ["ordinary.txt", "effects.txt", "bypasses.txt", "powers.txt"] {
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        lines.extend(
            text.lines()
                .filter_map(|line| line.strip_prefix("$ "))
                .map(String::from),
        );
    }
    lines
}

fn fastest(line: &str, rounds: usize) -> Duration {
    let place = |path: &Path, _: Last| -> (PathBuf, Place) { (path.into(), Place::Workspace) };
    let ground = Ground {
        home: Some("/home/ana".into()),
        place: &place,
    };
    (0..rounds)
        .map(|_| {
            let began = Instant::now();
            std::hint::black_box(meaning(line, Dialect::Posix, Path::new("/code"), &ground));
            began.elapsed()
        })
        .min()
        .unwrap()
}
