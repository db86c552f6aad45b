//! How long a frame takes, and how much a streamed piece writes.
//!
//! `cargo run --release -p smartopol-tui --example frames`. The session has 100,000 messages, of which
//! the console keeps a window that slides.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod house;

use std::time::Instant;

use house::House;
use smartopol_protocol::terminal::{Party, Piece};
use smartopol_protocol::tool::OutputStatus;
use smartopol_protocol::turn::Outcome;
use smartopol_tui::headless::Headless;

const MESSAGES: usize = 100_000;

/// How long a frame may take at 200x60, in milliseconds.
const FRAME_WITHIN: f64 = 3.0;

fn main() {
    let mut house = House::new();
    let id = house.session("app", "/home/ann/app");
    while house.messages.len() < MESSAGES {
        let number = house.messages.len() / 3;
        let turn = house.user(id, &format!("question {number}: what is in this folder?"));
        let (call, part) = house.part("exec", serde_json::json!({"command": "ls -la"}));
        house.agent(id, turn, vec![house::text("I look."), part]);
        house.call(id, turn, call, "exec", house::command("ls -la"));
        house.run(call);
        house.finish(
            call,
            OutputStatus::Ok,
            "Cargo.toml\nsrc",
            serde_json::Value::Null,
        );
        let text = "It holds **two** things:\n\n- `Cargo.toml`\n- `src`\n\n```\nfn main() {}\n```";
        house.agent(id, turn, vec![house::text(text)]);
        house.end(id, turn, Outcome::Done);
        house.take();
    }
    let mut console = Headless::new(200, 60, house.at());
    console.connect(house.snapshot());
    console.status(house::status());
    console.providers(house::providers(false));
    let began = Instant::now();
    console.open(house.shown(id, None, 200));
    println!("messages in the session       {:>9}", house.messages.len());
    told(
        "taking the window over",
        began.elapsed().as_secs_f64() * 1e3,
    );
    let bytes = timed("first frame at 200x60", 1, || console.frame().unwrap());
    println!("bytes of the first frame      {bytes:>9}");
    timed("the same frame again", 200, || console.frame().unwrap());
    timed("a page up", 100, || {
        console.keys("<pgup>");
        console.frame().unwrap()
    });
    console.keys("<tab>");
    serve(&mut console, &house);
    let mut took = (0.0, 0.0_f64);
    for _ in 0..2_000 {
        console.keys("<pgup>");
        let began = Instant::now();
        console.frame().unwrap();
        let ms = began.elapsed().as_secs_f64() * 1e3;
        took = (took.0 + ms, took.1.max(ms));
        serve(&mut console, &house);
    }
    told("a page up, of 2,000", took.0 / 2e3);
    told("the slowest of them", took.1);
    console.keys("g");
    serve(&mut console, &house);
    timed("the first of all, again", 200, || console.frame().unwrap());
    console.keys("/question 7<enter>");
    let began = Instant::now();
    serve(&mut console, &house);
    told("a search, all of it", began.elapsed().as_secs_f64() * 1e3);
    timed("a frame with hits", 200, || console.frame().unwrap());
    console.keys("<esc>Gi");
    serve(&mut console, &house);
    let bytes = timed("a letter typed", 100, || {
        console.keys("x");
        console.frame().unwrap()
    });
    println!("bytes of a letter             {bytes:>9}");

    let turn = house.user(id, "tell me everything");
    tell(&mut house, &mut console);
    console.frame().unwrap();
    let piece = "and so on, word after word, ";
    let (mut all, mut frames) = (0, 0);
    let began = Instant::now();
    for number in 0..2_000 {
        house.delta(id, turn, if number % 40 == 39 { ".\n\n" } else { piece });
        tell(&mut house, &mut console);
        all += console.frame().unwrap();
        frames += 1;
    }
    let took = began.elapsed().as_secs_f64();
    told("a streamed piece, drawn", took * 1e3 / f64::from(frames));
    println!("bytes of a streamed piece     {:>9}", all / frames as usize);
    // News is drawn together, at most every 32 ms.
    let share = took / f64::from(frames) * (1_000.0 / 32.0) * 100.0;
    println!("of a core while streaming     {share:>9.2} %");
    terminal(&mut house, &mut console);
}

/// A terminal over the whole screen, in which every cell has another colour each time.
fn terminal(house: &mut House, console: &mut Headless) {
    let shell = house.terminal("bash", Party::Person, None);
    tell(house, console);
    console.keys("<c-u><a-t>");
    console.terminals(house.terminals.clone());
    console.keys("<enter>");
    console.frame().unwrap();
    console.bytes(shell, Piece::Keyframe, 0, b"\x1b[8;56;200t\x1bc");
    let mut next = 0;
    let mut screenful = |console: &mut Headless, turn: usize| {
        let mut bytes = b"\x1b[H".to_vec();
        for cell in 0..200 * 56 {
            let colour = (cell * 7 + turn * 31) % 256;
            let letter = char::from(b'a' + u8::try_from((cell + turn) % 26).unwrap());
            bytes.extend(format!("\x1b[38;5;{colour}m{letter}").bytes());
        }
        console.bytes(shell, Piece::Output, next, &bytes);
        next += bytes.len() as u64;
        bytes.len()
    };
    let (mut fed, mut drawn, mut slowest) = (0.0, 0.0, 0.0_f64);
    for turn in 0..100 {
        let began = Instant::now();
        screenful(console, turn);
        fed += began.elapsed().as_secs_f64() * 10.0;
        let began = Instant::now();
        console.frame().unwrap();
        let ms = began.elapsed().as_secs_f64() * 1e3;
        drawn += ms / 100.0;
        slowest = slowest.max(ms);
    }
    told("a screenful of colours, fed", fed);
    aimed("the same, drawn", drawn);
    told("the slowest of them", slowest);
    let began = Instant::now();
    for _ in 0..200 {
        console.frame().unwrap();
    }
    aimed(
        "a terminal at rest, drawn",
        began.elapsed().as_secs_f64() * 1e3 / 200.0,
    );
    let letter = |console: &mut Headless, number: u64| {
        console.bytes(shell, Piece::Output, next + number, b"x");
        console.frame().unwrap();
    };
    let began = Instant::now();
    for number in 0..200 {
        letter(console, number);
    }
    aimed(
        "a letter in it, drawn",
        began.elapsed().as_secs_f64() * 1e3 / 200.0,
    );
}

/// Answers all that was asked about messages, and draws.
fn serve(console: &mut Headless, house: &House) {
    console.frame().unwrap();
    while console.serve(|show| house.window(show), |search| house.search(search)) > 0 {
        console.frame().unwrap();
    }
}

fn tell(house: &mut House, console: &mut Headless) {
    for event in house.take() {
        console.event(event);
    }
}

fn timed(what: &str, times: u32, mut run: impl FnMut() -> usize) -> usize {
    let began = Instant::now();
    let mut last = 0;
    for _ in 0..times {
        last = run();
    }
    told(what, began.elapsed().as_secs_f64() * 1e3 / f64::from(times));
    last
}

/// Tells what a frame took that is to take 3 ms at most.
fn aimed(what: &str, ms: f64) {
    println!(
        "{what:<28}  {ms:>9.3} ms  ≤ 3 ms  {:>5.2}",
        ms / FRAME_WITHIN
    );
}

fn told(what: &str, ms: f64) {
    println!("{what:<28}  {ms:>9.3} ms");
}
