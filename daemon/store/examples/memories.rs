//! Memories of many users in a database, for measuring:
//! `cargo run --release -p smartopol-store --example memories -- DB MEMORIES USERS [USER]`.
//!
//! The database is made where there is none; no daemon may have it open. Each user has as many
//! memories as any other; `USER` is the id of one of them. Every memory holds the word `the`; other
//! words are as frequent as words of a language are. Prints how long searches of random users
//! take, beside what other ways to the same rows take in the same run, and how large the database is.

#![expect(
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "it prints figures, of tables that it made itself"
)]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;

use rusqlite::Connection;
use smartopol_protocol::memory::{By, Category, Memory, Search, Source, State};
use smartopol_protocol::{MemoryId, Timestamp, UserId};
use smartopol_store::{Options, Store};

/// How many memories are written in one go.
const BATCH: usize = 500;

/// How many words there are.
const WORDS: usize = 20_000;

/// How many searches are measured of each kind.
const SEARCHES: usize = 2_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let usage = "usage: memories DB MEMORIES USERS [USER]";
    let (Some(path), Some(memories), Some(users)) = (args.next(), args.next(), args.next()) else {
        return Err(usage.into());
    };
    let (memories, users): (usize, usize) = (memories.parse()?, users.parse()?);
    let mut owners: Vec<UserId> = (0..users).map(|_| UserId::new()).collect();
    if let (Some(user), Some(first)) = (args.next(), owners.first_mut()) {
        *first = user.parse()?;
    }
    let at = PathBuf::from(path);
    let store = Store::open(Options {
        path: at.clone(),
        on_commit: Box::new(|_| {}),
    })?;
    let mut dice = Dice(7);
    let words: Vec<String> = (0..WORDS).map(|_| dice.word()).collect();
    let begun = Instant::now();
    let now = Timestamp::now();
    let mut written = 0;
    while written < memories {
        let upto = memories.min(written + BATCH);
        let batch: Vec<Memory> = (written..upto)
            .map(|number| memory(owners[number % users], dice.text(&words), now))
            .collect();
        store
            .write(move |w| {
                batch
                    .into_iter()
                    .try_for_each(|memory| w.add_memory(memory).map(drop))
            })
            .await?;
        written = upto;
    }
    println!(
        "· wrote {memories} memories of {users} users in {:.1} s",
        begun.elapsed().as_secs_f64()
    );
    for (kind, word) in [
        ("a word in every memory", 0),
        ("a frequent word", 20),
        ("a rare word", WORDS - 100),
        ("three words", 3),
    ] {
        let mut took = Vec::with_capacity(SEARCHES);
        for _ in 0..SEARCHES {
            let user = owners[dice.below(users)];
            let text = match kind {
                "a word in every memory" => "the".to_owned(),
                "three words" => dice
                    .text(&words[..2_000])
                    .split(' ')
                    .take(4)
                    .collect::<Vec<_>>()
                    .join(" "),
                _ => words[word + dice.below(20)].clone(),
            };
            let search = Search {
                text,
                ..Search::default()
            };
            let begun = Instant::now();
            store
                .read(move |r| r.search_memories(user, &search, now))
                .await?;
            took.push(begun.elapsed().as_secs_f64() * 1_000.0);
        }
        told(kind, took);
    }
    store.close().await?;
    references(&at, memories, users)?;
    // With the daemon's log emptied, as it is at rest.
    let db = past_the_store(&at)?;
    let _: i64 = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |row| row.get(0))?;
    let bytes = std::fs::metadata(&at)?.len() as f64;
    println!(
        "· the database has {:.1} MB, {:.0} bytes for each",
        bytes / 1e6,
        bytes / memories as f64
    );
    Ok(())
}

/// Prints how long other ways to the same rows take: what is above is to be held against these, since
/// a busy machine is slow at all of them.
fn references(at: &Path, memories: usize, users: usize) -> Result<(), Box<dyn Error>> {
    let db = past_the_store(at)?;
    db.execute_batch(
        "CREATE VIRTUAL TABLE temp.plain USING fts5 (text, content = '');
         INSERT INTO temp.plain (rowid, text) SELECT number, text FROM memories;",
    )?;
    let mut dice = Dice(11);
    for (kind, count, most, sql) in [
        (
            "a read by primary key",
            SEARCHES,
            memories,
            "SELECT text FROM memories WHERE number = ?1",
        ),
        (
            "all texts of one user, each looked at",
            SEARCHES,
            users,
            "SELECT text FROM memories WHERE owner = ?1 AND text LIKE '%the%' LIMIT 20",
        ),
        (
            "unicode61 and a join, a word in every memory",
            40,
            users,
            "SELECT m.text FROM temp.plain p JOIN memories m ON m.number = p.rowid
             WHERE plain MATCH 'the' AND m.owner = ?1 ORDER BY rank LIMIT 20",
        ),
    ] {
        let mut query = db.prepare(sql)?;
        let mut took = Vec::with_capacity(count);
        for _ in 0..count {
            let key = i64::try_from(1 + dice.below(most))?;
            let begun = Instant::now();
            let texts = query.query_map([key], |row| row.get::<_, String>(0))?;
            let _: Vec<String> = texts.collect::<Result<_, _>>()?;
            took.push(begun.elapsed().as_secs_f64() * 1_000.0);
        }
        told(&format!("for comparison, {kind}"), took);
    }
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "what the store does is held against what is done past it, and it is closed by then"
)]
fn past_the_store(at: &Path) -> rusqlite::Result<Connection> {
    Connection::open(at)
}

fn told(kind: &str, mut took: Vec<f64>) {
    took.sort_by(f64::total_cmp);
    let at = |part: usize| took[(took.len() - 1) * part / 100];
    println!("· {kind}: p50 {:.3} ms, p99 {:.3} ms", at(50), at(99));
}

fn memory(user_id: UserId, text: String, now: Timestamp) -> Memory {
    Memory {
        id: MemoryId::new(),
        user_id,
        text,
        category: Category::Fact,
        confidence: 100,
        state: State::Active,
        source: Source {
            by: By::Agent,
            peer: "local:somebody".into(),
            session_id: None,
            message_id: None,
            turn_id: None,
            call_id: None,
            messages: None,
        },
        taint: Vec::new(),
        supersedes: None,
        valid_from: None,
        valid_until: None,
        created_at: now,
        believed_at: Some(now),
        approved_by: String::new(),
    }
}

/// The same numbers in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap_or(0)
    }

    fn word(&mut self) -> String {
        const PARTS: [&str; 16] = [
            "ka", "ro", "mi", "tes", "lan", "vor", "shi", "pel", "dun", "gra", "ost", "eli", "bre",
            "nam", "qui", "zor",
        ];
        let parts = 2 + self.below(3);
        (0..parts).map(|_| PARTS[self.below(16)]).collect()
    }

    /// A sentence of 9 to 21 words, the first ones of the list most often.
    fn text(&mut self, words: &[String]) -> String {
        let count = 8 + self.below(13);
        let mut text = String::from("the");
        for _ in 0..count {
            // The square of a fraction, twice: a few words are most of what is said.
            let part = self.below(1_000) * self.below(1_000) / 1_000 * self.below(1_000) / 1_000;
            text.push(' ');
            text.push_str(&words[part * words.len() / 1_000]);
        }
        text
    }
}
