//! Searching 100,000 memories of 1,000 users, measured on the real program: what one user waits
//! for, beside a request that looks nothing up. `scripts/bench memory` starts it. Before it, the
//! example that wrote them tells what the store alone takes, what other ways to the same rows take,
//! and how large the database is.
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

use std::process::Command;
use std::time::Instant;

use smartopol_protocol::daemon::Status;
use smartopol_protocol::memory::{List, Search};
use smartopol_testkit::Home;

/// How many memories there are, and of how many users.
const MEMORIES: usize = 100_000;
const USERS: usize = 1_000;

/// How many searches are measured of each kind.
const SEARCHES: usize = 2_000;

/// How long the slowest of a hundred searches may take, in milliseconds.
const TARGET: f64 = 5.0;

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
    let user = home.session(&client).await.unwrap().user_id.unwrap();
    let database = client.call(Status {}).await.unwrap().database;
    drop(client);
    home.stop().unwrap();

    // The other users' rows come past the daemon: nobody may write for them.
    let writer = std::env::var("SMARTOPOL_MEMORIES").unwrap();
    let numbers = [MEMORIES.to_string(), USERS.to_string(), user.to_string()];
    let wrote = Command::new(writer).arg(&database).args(numbers).status();
    assert!(wrote.unwrap().success());

    home.start().await.unwrap();
    let (client, _events) = home.client().await.unwrap();
    let list = List {
        limit: 1_000,
        ..List::default()
    };
    let own = client.call(list).await.unwrap().memories;
    assert_eq!(own.len(), MEMORIES / USERS);
    let word = |number: usize| -> String {
        let text = &own[number % own.len()].text;
        text.split(' ').next_back().unwrap().to_owned()
    };
    let mut asked = Vec::with_capacity(SEARCHES);
    for _ in 0..SEARCHES {
        let begun = Instant::now();
        client.call(Status {}).await.unwrap();
        asked.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    asked.sort_by(f64::total_cmp);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!(
        "· for comparison, the daemon's status: p50 {:.2} ms, p99 {:.2} ms (load {})",
        asked[asked.len() / 2],
        asked[asked.len() * 99 / 100],
        load.split(' ').next().unwrap_or("unknown")
    );
    for (kind, typing) in [
        ("memory: a word in every memory", false),
        ("memory: a word of one's own", false),
        ("memory: two words", false),
        ("memory: a word that nobody says", false),
        ("memory: as one types", true),
    ] {
        let mut took = Vec::with_capacity(SEARCHES);
        for number in 0..SEARCHES {
            let text = match kind {
                "memory: a word in every memory" => "the".to_owned(),
                "memory: a word of one's own" => word(number),
                "memory: two words" => format!("{} {}", word(number), word(number + 1)),
                "memory: a word that nobody says" => format!("unheard{number}"),
                _ => word(number).chars().take(1 + number % 3).collect(),
            };
            let search = Search {
                text,
                typing,
                ..Search::default()
            };
            let begun = Instant::now();
            client.call(search).await.unwrap();
            took.push(begun.elapsed().as_secs_f64() * 1_000.0);
        }
        took.sort_by(f64::total_cmp);
        let at = |part: usize| took[(took.len() - 1) * part / 100];
        println!(
            "{:<58} {:>12} {:>12} {:>6.2}",
            format!("{kind}, p99 (p50 {:.2} ms)", at(50)),
            format!("{:.2} ms", at(99)),
            format!("≤ {TARGET:.2} ms"),
            at(99) / TARGET
        );
    }
    drop(client);
    home.stop().unwrap();
}
