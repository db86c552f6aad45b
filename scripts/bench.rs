//! The figures of the house, measured on the real program, each with its target.
//!
//! A line gives what was measured, the target, and their ratio: 1.00 or less is met. Lines that
//! start with `·` are references of the same run: what this machine takes for the least there is.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs,
    reason = "a benchmark ends by panicking and prints its figures"
)]

#[path = "bench_terminals.rs"]
mod terminals;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use smartopol_ipc::{Access, Address, Client, Events};
use smartopol_protocol::event::Subscribe;
use smartopol_protocol::session::{Create, Session};
use smartopol_protocol::{News, daemon, message};
use smartopol_testkit::provider::{Rule, ScriptedProvider};
use smartopol_testkit::{Home, Terminal};

const PROGRAM: &str = env!("CARGO_BIN_EXE_smartopol");

fn main() {
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with("--"))
        .collect();
    let wanted =
        |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word.as_str()));
    println!(
        "{:<58} {:>12} {:>12} {:>6}",
        "", "measured", "target", "ratio"
    );
    if wanted("start") {
        start();
    }
    if wanted("console") {
        console();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    if wanted("long") {
        long();
    }
    if wanted("streaming") {
        runtime.block_on(streaming());
    }
    if wanted("idle") {
        runtime.block_on(idle());
    }
    if wanted("size") {
        let bytes = std::fs::metadata(PROGRAM).unwrap().len();
        line("size: program, stripped", bytes as f64 / 1e6, 20.0, "MB");
    }
    if wanted("turns") {
        runtime.block_on(turns());
    }
    if wanted("clients") {
        runtime.block_on(clients());
    }
    terminals::terminals(wanted);
}

fn line(name: &str, measured: f64, target: f64, unit: &str) {
    let ratio = measured / target;
    println!(
        "{name:<58} {:>12} {:>12} {ratio:>6.2}",
        amount(measured, unit),
        format!("≤ {}", amount(target, unit))
    );
}

fn at_least(name: &str, measured: f64, target: f64, unit: &str) {
    let ratio = target / measured;
    println!(
        "{name:<58} {:>12} {:>12} {ratio:>6.2}",
        amount(measured, unit),
        format!("≥ {}", amount(target, unit))
    );
}

fn reference(name: &str, measured: f64, unit: &str) {
    println!("· {name:<56} {:>12}", amount(measured, unit));
}

/// Tells how fast a core is: figures of machines that differ in it are no figures of the program.
fn sort_a_million() -> f64 {
    let next = |last: &u64| Some(last.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
    let mut numbers: Vec<u64> = std::iter::successors(Some(1), next)
        .take(1_000_000)
        .collect();
    let begun = Instant::now();
    numbers.sort_unstable();
    std::hint::black_box(&numbers);
    ms(begun)
}

fn amount(value: f64, unit: &str) -> String {
    if value >= 100.0 {
        format!("{value:.0} {unit}")
    } else {
        format!("{value:.2} {unit}")
    }
}

fn percentile(samples: &mut [f64], part: f64) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[((samples.len() - 1) as f64 * part) as usize]
}

fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

fn run_to_end(command: &mut Command) -> f64 {
    let begun = Instant::now();
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .unwrap();
    ms(begun)
}

/// Exec to the first answer on the socket.
fn start() {
    let mut nothing: Vec<f64> = (0..30)
        .map(|_| run_to_end(&mut Command::new("true")))
        .collect();
    reference("exec of `true`", percentile(&mut nothing, 0.5), "ms");
    let mut sorting: Vec<f64> = (0..5).map(|_| sort_a_million()).collect();
    let core = percentile(&mut sorting, 0.5);
    reference("one core sorts a million numbers", core, "ms");
    let home = Home::new(PROGRAM).unwrap();
    let mut version: Vec<f64> = (0..30)
        .map(|_| run_to_end(&mut home.command(["--version"])))
        .collect();
    line(
        "start: smartopol --version, p50",
        percentile(&mut version, 0.5),
        3.0,
        "ms",
    );
    let mut empty: Vec<f64> = (0..12)
        .map(|_| first_answer(&Home::new(PROGRAM).unwrap()))
        .collect();
    line(
        "start: daemon, exec to first answer, empty home, p50",
        percentile(&mut empty, 0.5),
        15.0,
        "ms",
    );
    first_answer(&home);
    let mut warm: Vec<f64> = (0..25).map(|_| first_answer(&home)).collect();
    line(
        "start: daemon, exec to first answer, existing db, p50",
        percentile(&mut warm, 0.5),
        5.0,
        "ms",
    );
}

/// Starts a daemon, waits for its first answer, ends it. Looks without sleeping.
fn first_answer(home: &Home) -> f64 {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;
    let frame = |json: &str| {
        let mut frame = vec![1];
        frame.extend(u32::try_from(json.len()).unwrap().to_be_bytes());
        frame.extend(json.as_bytes());
        frame
    };
    let mut said = frame(r#"{"type":"hello","min_version":1,"max_version":1,"client":"bench"}"#);
    said.extend(frame(
        r#"{"type":"request","id":1,"method":"session/list"}"#,
    ));
    let begun = Instant::now();
    let mut child = home
        .command(["daemon", "run"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stream = loop {
        match UnixStream::connect(home.socket()) {
            Ok(stream) => break stream,
            Err(_) => std::thread::yield_now(),
        }
    };
    stream.write_all(&said).unwrap();
    for _ in 0..2 {
        let mut header = [0; 5];
        stream.read_exact(&mut header).unwrap();
        let length = u32::from_be_bytes([header[1], header[2], header[3], header[4]]);
        stream.read_exact(&mut vec![0; length as usize]).unwrap();
    }
    let took = ms(begun);
    Command::new("kill")
        .arg(child.id().to_string())
        .status()
        .unwrap();
    child.wait().unwrap();
    took
}

/// Exec to the first full frame, with a daemon that runs.
fn console() {
    let home = Home::new(PROGRAM).unwrap();
    home.ok(["daemon", "start"]).unwrap();
    let mut frames: Vec<f64> = (0..10)
        .map(|_| {
            let begun = Instant::now();
            let terminal = Terminal::start(&home.command(["tui"]), 30, 120).unwrap();
            terminal.wait_for("offline").unwrap();
            ms(begun)
        })
        .collect();
    line(
        "console: exec to first full frame, p50",
        percentile(&mut frames, 0.5),
        25.0,
        "ms",
    );
}

/// A console at 200×60 over a session of 100,000 messages.
#[expect(
    clippy::disallowed_methods,
    reason = "a hand takes its time, and nothing tells of its end"
)]
fn long() {
    let Some(seed) = std::env::var_os("SMARTOPOL_SEED") else {
        return println!("· long: left out, because SMARTOPOL_SEED names no program that makes it");
    };
    let home = Home::new(PROGRAM).unwrap();
    let made = Command::new(seed)
        .arg(home.path().join("smartopol.db"))
        .args(["100000", "long"])
        .arg(home.workspace())
        .stdout(Stdio::null())
        .status();
    assert!(made.unwrap().success());
    home.ok(["daemon", "start"]).unwrap();
    let mut frames: Vec<f64> = (0..10)
        .map(|_| {
            let begun = Instant::now();
            let terminal = Terminal::start(&home.command(["tui"]), 60, 200).unwrap();
            terminal.wait_for("connected").unwrap();
            ms(begun)
        })
        .collect();
    line(
        "long: 100,000 messages, exec to first full frame, p50",
        percentile(&mut frames, 0.5),
        25.0,
        "ms",
    );
    let mut terminal = Terminal::start(&home.command(["tui"]), 60, 200).unwrap();
    terminal.wait_for("connected").unwrap();
    let mut pages = Vec::new();
    for _ in 0..200 {
        // A hand is slower than sixty frames a second, which are the most.
        std::thread::sleep(Duration::from_millis(25));
        let before = terminal.raw().len();
        let begun = Instant::now();
        terminal.keys("\u{1b}[5~").unwrap();
        terminal.wait_raw("\u{1b}[?2026l", before).unwrap();
        pages.push(ms(begun));
    }
    line(
        "long: a page up, key to frame, p50",
        percentile(&mut pages, 0.5),
        5.0,
        "ms",
    );
    line(
        "long: the same, p99",
        percentile(&mut pages, 0.99),
        16.0,
        "ms",
    );
}

/// What a console costs at 200×60 while a model says 200 pieces a second, and when it is silent.
async fn streaming() {
    let provider = ScriptedProvider::start().await;
    let words = "word after word, ".repeat(600);
    provider.rule(
        Rule::any()
            .text(words)
            .chunk(5)
            .delay(Duration::from_millis(5)),
    );
    let mut home = Home::new(PROGRAM).unwrap();
    home.env("ANTHROPIC_API_KEY", "sk-ant-bench-0123456789");
    home.env("ANTHROPIC_BASE_URL", &provider.base_url());
    home.start().await.unwrap();
    let mut terminal = Terminal::start(&home.command(["tui"]), 60, 200).unwrap();
    terminal.wait_for("connected").unwrap();
    let pid = terminal.pid().unwrap();
    let seconds = 5.0;
    // Behind the first frame, the start ends: the files of the folder, who is attached.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = usage(pid);
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
    let switches = (usage(pid).0 - before.0) / seconds;
    line(
        "console: idle, context switches per second",
        switches,
        0.2,
        "",
    );
    let daemon = home.pid().unwrap();
    let before = usage(daemon);
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
    let switches = (usage(daemon).0 - before.0) / seconds;
    line(
        "console: idle, context switches of its daemon per second",
        switches,
        2.0,
        "",
    );
    terminal.keys("go\r").unwrap();
    terminal.wait_for("word after").unwrap();
    let (before, written) = (usage(pid), terminal.raw().len());
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
    let cpu = (usage(pid).1 - before.1) / seconds;
    line(
        "streaming: console, 200 pieces a second, of a core",
        cpu,
        5.0,
        "%",
    );
    let raw = terminal.raw();
    let (frames, bytes) = frames(raw.get(written..).unwrap());
    // A tenth of painting the whole screen anew: what does not change is not written.
    let whole = 200.0 * 60.0;
    line(
        "streaming: bytes written a frame, against a tenth of the screen",
        bytes / frames,
        whole / 10.0,
        "B",
    );
    line("streaming: frames a second", frames / seconds, 60.0, "");
}

/// Returns how many frames a terminal was sent, and the bytes of all of them.
fn frames(raw: &[u8]) -> (f64, f64) {
    let begin = b"\x1b[?2026h";
    let count = raw.windows(begin.len()).filter(|own| own == begin).count();
    (count as f64, raw.len() as f64)
}

/// What a daemon costs that has nothing to do.
async fn idle() {
    let mut home = Home::new(PROGRAM).unwrap();
    home.start().await.unwrap();
    let pid = home.pid().unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let before = usage(pid);
    let seconds = 10.0;
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
    let after = usage(pid);
    line(
        "idle: daemon, proportional memory (PSS)",
        field(pid, "smaps_rollup", "Pss:") / 1024.0,
        8.0,
        "MB",
    );
    line(
        "idle: daemon, context switches per second",
        (after.0 - before.0) / seconds,
        2.0,
        "",
    );
    line(
        "idle: daemon, processor, per cent of a core",
        (after.1 - before.1) / seconds,
        0.05,
        "%",
    );
}

/// Returns context switches of all threads and processor time in hundredths of a second.
fn usage(pid: u32) -> (f64, f64) {
    let mut switches = 0.0;
    for task in std::fs::read_dir(format!("/proc/{pid}/task")).unwrap() {
        let status = std::fs::read_to_string(task.unwrap().path().join("status")).unwrap();
        for row in status.lines().filter(|row| row.contains("ctxt_switches")) {
            switches += row
                .split_whitespace()
                .last()
                .unwrap()
                .parse::<f64>()
                .unwrap();
        }
    }
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    (
        switches,
        fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap(),
    )
}

fn field(pid: u32, file: &str, name: &str) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap();
    let row = text.lines().find(|row| row.starts_with(name)).unwrap();
    row.split_whitespace().nth(1).unwrap().parse().unwrap()
}

async fn session(client: &Client, home: &Home) -> Session {
    let workspace = home.workspace().display().to_string();
    client
        .call(Create {
            workspace,
            name: None,
            mode: None,
            model: None,
        })
        .await
        .unwrap()
}

async fn attach(home: &Home, watched: Option<&Session>) -> (Client, Events) {
    let address = Address::new(home.socket());
    let (client, events) = Client::connect(&address, "bench", Access::Full)
        .await
        .unwrap();
    let watch = watched.map(|session| session.id);
    client
        .call(Subscribe {
            since: None,
            watch,
            only: watch,
        })
        .await
        .unwrap();
    (client, events)
}

/// Says something; returns milliseconds to the first piece of the answer and to the end.
async fn turn(client: &Client, events: &mut Events, session: &Session) -> (f64, f64) {
    let begun = Instant::now();
    let send = message::Send {
        session_id: session.id,
        text: "say: hello".into(),
        id: None,
        steer: false,
    };
    let sent = client.call(send).await.unwrap();
    let mut first = None;
    loop {
        match events.recv().await.unwrap().news {
            News::TextDelta { turn_id, .. } if Some(turn_id) == sent.turn_id => {
                first.get_or_insert_with(|| ms(begun));
            }
            News::TurnChanged(turn)
                if Some(turn.id) == sent.turn_id && turn.finished_at.is_some() =>
            {
                return (first.unwrap(), ms(begun));
            }
            _ => {}
        }
    }
}

/// Turns with the offline provider, which takes no time of its own.
async fn turns() {
    let mut home = Home::new(PROGRAM).unwrap();
    home.start().await.unwrap();
    let mut durable: Vec<f64> = (0..60).map(|_| write_and_sync(&home)).collect();
    reference(
        "one write and fsync on this disk, p50",
        percentile(&mut durable, 0.5),
        "ms",
    );
    let (client, _events) = attach(&home, None).await;
    let one = session(&client, &home).await;
    let (its, mut its_events) = attach(&home, Some(&one)).await;
    let mut firsts = Vec::new();
    for _ in 0..300 {
        firsts.push(turn(&its, &mut its_events, &one).await.0);
    }
    line(
        "turns: message in to first delta, alone, p50",
        percentile(&mut firsts, 0.5),
        1.0,
        "ms",
    );

    let mut paced = many(&home, &client, Some(Duration::from_millis(100))).await;
    line(
        "turns: the same, 32 sessions at 320 turns a second, p99",
        percentile(&mut paced, 0.99),
        5.0,
        "ms",
    );
    let full = many(&home, &client, None).await;
    at_least(
        "turns: a second, 32 sessions, every message durable",
        full.len() as f64 / 5.0,
        3000.0,
        "/s",
    );
    let checked = client.call(daemon::Check::default()).await.unwrap();
    assert!(checked.problems.is_empty(), "{:?}", checked.problems);
}

/// Has 32 sessions say something again and again for five seconds, each on a connection of its
/// own: at once after each answer, or at a pace. Returns the times to the first delta.
async fn many(home: &Home, client: &Client, pace: Option<Duration>) -> Vec<f64> {
    let mut tasks = Vec::new();
    for number in 0..32_u32 {
        let session = session(client, home).await;
        let (client, mut events) = attach(home, Some(&session)).await;
        #[expect(clippy::disallowed_methods, reason = "a benchmark has no supervisor")]
        tasks.push(tokio::spawn(async move {
            if let Some(pace) = pace {
                tokio::time::sleep(pace * number / 32).await;
            }
            let (begun, mut firsts) = (Instant::now(), Vec::new());
            while begun.elapsed() < Duration::from_secs(5) {
                firsts.push(turn(&client, &mut events, &session).await.0);
                if let Some(pace) = pace {
                    tokio::time::sleep(pace).await;
                }
            }
            firsts
        }));
    }
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.unwrap());
    }
    all
}

fn write_and_sync(home: &Home) -> f64 {
    use std::io::Write;
    let mut file = std::fs::File::create(home.path().join("probe")).unwrap();
    let begun = Instant::now();
    file.write_all(&[0; 4096]).unwrap();
    file.sync_data().unwrap();
    ms(begun)
}

/// From the sender's word to fifty listeners.
async fn clients() {
    let mut home = Home::new(PROGRAM).unwrap();
    home.start().await.unwrap();
    let (client, _events) = attach(&home, None).await;
    let session = session(&client, &home).await;
    // Each is told every fact, as consoles are.
    let mut listeners = Vec::new();
    for _ in 0..50 {
        listeners.push(attach(&home, None).await);
    }
    let mut spread = Vec::new();
    for _ in 0..100 {
        let send = message::Send {
            session_id: session.id,
            text: "say: hello".into(),
            id: None,
            steer: false,
        };
        let sent = client.call(send).await.unwrap();
        // From when the first listener hears of the end of the turn to when each of them has.
        let mut first = None;
        for (_, events) in &mut listeners {
            loop {
                if let News::TurnChanged(turn) = events.recv().await.unwrap().news
                    && Some(turn.id) == sent.turn_id
                    && turn.finished_at.is_some()
                {
                    let at = first.get_or_insert_with(Instant::now);
                    spread.push(ms(*at));
                    break;
                }
            }
        }
    }
    line(
        "clients: a fact to 50 of them, after the first, p99",
        percentile(&mut spread, 0.99),
        5.0,
        "ms",
    );
}
