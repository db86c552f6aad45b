//! How long a frame takes, and how much a streamed piece writes.
//!
//! `cargo run --release -p smartopol-tui --example frames`. The window holds 10,000 messages, which
//! is all that a console ever keeps of a session, however long that is.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod house;

use std::time::Instant;

use house::House;
use smartopol_protocol::tool::OutputStatus;
use smartopol_protocol::turn::Outcome;
use smartopol_tui::headless::Headless;

const MESSAGES: usize = 10_000;

fn main() {
    let mut house = House::new();
    let id = house.session("app", "/home/ann/app");
    while house.messages.len() < MESSAGES {
        let number = house.messages.len();
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
    console.open(house.shown(id, None, MESSAGES));
    println!("messages in the window        {:>9}", house.messages.len());
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
    console.keys("<end>");
    console.frame().unwrap();
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

fn told(what: &str, ms: f64) {
    println!("{what:<28}  {ms:>9.3} ms");
}
