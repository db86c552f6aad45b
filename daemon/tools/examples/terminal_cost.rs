//! What a terminal costs: bytes a second from a program through its holder, the emulated screen
//! and the queue to one who looks, and from a key to its echo.
//!
//! `cargo run --release -p smartopol-tools --example terminal_cost [MEBIBYTES]`
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement"
)]

use std::ffi::OsString;
use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use smartopol_config::section::terminals::Terminals as Settings;
use smartopol_protocol::TerminalId;
use smartopol_protocol::terminal::{self, Party, Size, View};
use smartopol_tools::Guard;
use smartopol_tools::terminals::{Known, Note, Start, Terminal, Terminals, Typed, Viewer, holder};
use tokio::sync::{Notify, mpsc};

const SIZE: Size = Size {
    columns: 120,
    rows: 40,
};

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1).peekable();
    if args.peek().is_some_and(|word| word == "holder") {
        return holder::run(args.skip(1));
    }
    let mebibytes = args.next().and_then(|word| word.to_str()?.parse().ok());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(measure(mebibytes.unwrap_or(100)));
    ExitCode::SUCCESS
}

struct Bench {
    terminals: Terminals,
    _folder: tempfile::TempDir,
    folder: std::path::PathBuf,
}

/// A program that runs, and what tells of its end.
struct Run {
    terminal: Terminal,
    notes: mpsc::Receiver<(TerminalId, Note)>,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_path_buf();
        let holder = Guard {
            program: std::env::current_exe().unwrap(),
            args: vec![OsString::from("holder")],
        };
        Self {
            terminals: Terminals::new(&Settings::default(), holder, path.join("t"), path.join("r")),
            _folder: folder,
            folder: path,
        }
    }

    async fn run(&self, line: &str) -> Run {
        let id = TerminalId::new();
        let start = Start {
            id,
            words: ["/bin/sh", "-c", line].map(String::from).to_vec(),
            cwd: "/".into(),
            env: Terminals::environment(&["PATH".into()], []),
            size: SIZE,
        };
        self.terminals.start(start).await.unwrap().unwrap();
        let (sender, notes) = mpsc::channel(64);
        let known = Known {
            id,
            size: SIZE,
            typist: Party::Person,
            ended: false,
        };
        let (terminal, actor) = self.terminals.take_up(known, sender, Typed::new(|_, _| ()));
        tokio::spawn(actor.run());
        Run { terminal, notes }
    }
}

async fn look(terminal: &Terminal, view: View) -> (Arc<Viewer>, Arc<Notify>) {
    let filled = Arc::new(Notify::new());
    let told = terminal::Viewer {
        client: 1,
        name: "bench".into(),
        size: None,
    };
    let viewer = Viewer::new(told, view, Arc::clone(&filled));
    let viewer = terminal.attach(viewer).await.unwrap().viewer;
    (viewer, filled)
}

async fn measure(mebibytes: usize) {
    let bench = Bench::new();
    let wanted = mebibytes << 20;
    for (name, text) in [
        ("yes", "y\n".repeat(4096)),
        ("coloured", coloured()),
        (
            "UTF-8",
            "日本語のテキスト и кириллица — ελληνικά 🙂 naïve café\n".repeat(100),
        ),
    ] {
        let path = bench.folder.join(name);
        std::fs::write(&path, text.repeat(wanted / text.len() + 1)).unwrap();
        for view in [View::Output { since: None }, View::Picture] {
            let line = format!("read x; cat {}", path.display());
            let mut run = bench.run(&line).await;
            let (viewer, filled) = look(&run.terminal, view).await;
            let begun = Instant::now();
            run.terminal
                .write(Party::Person, "\r".into())
                .await
                .unwrap();
            let (mut bytes, mut pieces) = (0, 0_u64);
            loop {
                while let Some(piece) = viewer.take() {
                    bytes += piece.bytes.len();
                    pieces += 1;
                }
                tokio::select! {
                    () = filled.notified() => {}
                    note = run.notes.recv() => if matches!(note, Some((_, Note::Ended(_))) | None) {
                        break;
                    }
                }
            }
            let seconds = begun.elapsed().as_secs_f64();
            println!(
                "{name:9} {view:?}: {:6.1} MiB/s ({seconds:.2} s, {pieces} pieces, {:.1} MiB told)",
                mebibytes as f64 / seconds,
                bytes as f64 / f64::from(1 << 20)
            );
        }
    }
    echo(&bench).await;
}

fn coloured() -> String {
    let mut text = String::new();
    for n in 0..200 {
        let _ = writeln!(
            text,
            "\x1b[1;3{}m{n:04}\x1b[0m \x1b[48;5;{}mbackground\x1b[0m \x1b[38;2;{n};{};9mtrue colour\x1b[0m plain text here",
            n % 8,
            n % 256,
            255 - n
        );
    }
    text
}

/// From a key to the picture that shows it.
async fn echo(bench: &Bench) {
    let run = bench.run("stty -echo raw; cat").await;
    let (viewer, filled) = look(&run.terminal, View::Picture).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    while viewer.take().is_some() {}
    let mut times = Vec::new();
    for _ in 0..500 {
        let begun = Instant::now();
        run.terminal.write(Party::Person, "x".into()).await.unwrap();
        while viewer.take().is_none() {
            filled.notified().await;
        }
        times.push(begun.elapsed());
        while viewer.take().is_some() {}
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
    times.sort();
    let at = |percent: usize| {
        times
            .get(times.len() * percent / 100)
            .copied()
            .unwrap_or_default()
    };
    println!("key to picture: p50 {:?}, p99 {:?}", at(50), at(99));
    run.terminal.kill().await;
}
