//! A recorded session, played again: what is seen at each step, what keys do, what is never done.

use smartopol_protocol::message::{Message, Part, Role};
use smartopol_protocol::session::{EXPORT_VERSION, Exported};
use smartopol_protocol::tool::{CallState, ToolCall};
use smartopol_protocol::turn::Outcome;
use smartopol_protocol::{CallId, MessageId, SessionId, Timestamp};
use smartopol_tui::headless::Headless;

use crate::house::{self, House};

/// Long after all that is told here.
const LATER: Timestamp = house::BEGAN.plus_millis(86_400_000);

/// A session as it is written out.
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
fn export(house: &House, id: SessionId) -> Exported {
    let session = house.sessions.iter().find(|own| own.id == id).unwrap();
    let of = |own: &SessionId| *own == id;
    let mut messages = house.messages.clone();
    messages.retain(|own| of(&own.session_id) && own.position.is_some());
    messages.sort_by_key(|own| own.position);
    let messages = answered(messages, &house.calls);
    let mut turns = house.turns.clone();
    turns.retain(|own| of(&own.session_id));
    let mut calls = house.calls.clone();
    calls.retain(|own| of(&own.session_id));
    let mut approvals = house.approvals.clone();
    approvals.retain(|own| of(&own.session_id));
    Exported {
        version: EXPORT_VERSION,
        exported_at: LATER,
        key: session.key(),
        session: session.clone(),
        messages,
        turns,
        calls,
        approvals,
        compactions: Vec::new(),
        pins: Vec::new(),
        redacted: 0,
        next: None,
    }
}

/// Puts the outputs of calls behind the messages that make them, as the daemon does; the house only
/// tells them.
fn answered(messages: Vec<Message>, calls: &[ToolCall]) -> Vec<Message> {
    let mut whole: Vec<Message> = Vec::new();
    for message in messages {
        let asked: Vec<CallId> = message.calls().collect();
        let parts = calls.iter().filter(|call| asked.contains(&call.id));
        let parts = parts.filter_map(|call| match &call.state {
            CallState::Finished { output } => Some(Part::ToolOutput {
                call_id: call.id,
                status: output.status,
                text: output.text.clone(),
            }),
            _ => None,
        });
        let parts: Vec<Part> = parts.collect();
        let outputs = Message {
            id: MessageId::from_bytes([1 + (whole.len() % 200) as u8; 16]),
            role: Role::Tool,
            parts,
            ..message.clone()
        };
        let is_agents = message.role == Role::Agent;
        whole.push(message);
        if is_agents && !outputs.parts.is_empty() {
            whole.push(outputs);
        }
    }
    for (message, position) in whole.iter_mut().zip(1..) {
        message.position = Some(position);
    }
    whole
}

fn morning() -> Exported {
    let mut house = House::new();
    let id = house::morning(&mut house);
    export(&house, id)
}

/// So many questions with their answers.
fn long(questions: usize) -> Exported {
    let mut house = House::new();
    let id = house.session("long", "/home/ann/app");
    for number in 1..=questions {
        house.wait(1_000);
        let turn = house.user(id, &format!("question {number}"));
        house.wait(1_000);
        let words = format!("answer {number}");
        house.agent(id, turn, vec![house::text(&words)]);
        house.end(id, turn, Outcome::Done);
    }
    export(&house, id)
}

#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
fn replaying(size: (u16, u16), whole: &Exported, from: u64) -> Headless {
    Headless::replaying(size, LATER, whole, (from, false)).unwrap()
}

/// Returns what is seen, once all that was asked of the recording is here.
fn seen(console: &mut Headless, whole: &Exported) -> String {
    console.screen();
    while console.feed(whole) > 0 {
        console.screen();
    }
    console.screen()
}

#[test]
fn looks_like_this() {
    let whole = morning();
    for size in [(120, 36), (80, 24), (60, 18), (200, 60)] {
        let (width, height) = size;
        let mut console = replaying(size, &whole, 1);
        let mut steps = 0;
        // The card that was asked about the edit of a file.
        while !console.screen().contains("Approval") || !console.screen().contains("edit_file") {
            console.keys("l");
            steps += 1;
            assert!(steps < 40, "{}", console.screen());
        }
        insta::assert_snapshot!(format!("asked_{width}x{height}"), console.screen());
        console.keys("l");
        insta::assert_snapshot!(format!("decided_{width}x{height}"), console.screen());
        console.keys("t");
        insta::assert_snapshot!(format!("call_{width}x{height}"), console.screen());
        console.keys("<esc>?");
        insta::assert_snapshot!(format!("keys_{width}x{height}"), console.screen());
        console.keys("<esc>5");
        insta::assert_snapshot!(format!("go_to_{width}x{height}"), console.screen());
        console.keys("<esc>G");
        insta::assert_snapshot!(format!("end_{width}x{height}"), console.screen());
    }
}

#[test]
fn going_back_shows_what_was_shown_going_on() {
    let whole = morning();
    let mut console = replaying((100, 40), &whole, 1);
    let mut screens = vec![seen(&mut console, &whole)];
    loop {
        console.keys("<right>");
        let now = seen(&mut console, &whole);
        if Some(&now) == screens.last() {
            break;
        }
        screens.push(now);
        assert!(screens.len() < 60, "it ends");
    }
    assert!(screens.len() > 12, "{}", screens.len());
    for (number, screen) in screens.iter().enumerate().rev().skip(1) {
        console.keys("<left>");
        assert_eq!(&seen(&mut console, &whole), screen, "step {number}");
    }
    console.keys("<left>");
    assert_eq!(
        &seen(&mut console, &whole),
        &screens[0],
        "there is nothing before it"
    );
    console.keys("G");
    assert_eq!(&seen(&mut console, &whole), screens.last().unwrap());
    console.keys("g");
    assert_eq!(&seen(&mut console, &whole), &screens[0]);
}

#[test]
fn it_plays_by_itself_as_fast_as_is_wanted_and_rests_at_the_end() {
    let whole = morning();
    let mut times = Vec::new();
    for faster in 0..3 {
        let mut console = Headless::replaying((100, 40), LATER, &whole, (1, true)).unwrap();
        console.keys(&"+".repeat(faster));
        let mut took = 0;
        while let Some(after) = console.wakes_after() {
            console.wait(after);
            took += after;
            seen(&mut console, &whole);
            assert!(took < 200_000, "it ends: {}", console.screen());
        }
        assert!(
            console.screen().contains("the turn ends: done"),
            "{}",
            console.screen()
        );
        times.push(took);
    }
    assert!(times[0] > times[1] && times[1] > times[2], "{times:?}");
    let mut console = Headless::replaying((100, 40), LATER, &whole, (1, true)).unwrap();
    let before = seen(&mut console, &whole);
    console.keys(" ");
    assert_eq!(console.wakes_after(), None, "it rests: {before}");
    console.keys(" ");
    assert!(console.wakes_after().is_some());
}

#[test]
fn nothing_can_be_answered_written_or_asked() {
    let whole = morning();
    let mut console = replaying((120, 36), &whole, 1);
    while !console.screen().contains("Approval") {
        console.keys("l");
    }
    console.asked();
    console.wait(5_000);
    let before = console.screen();
    // All that would answer, write, interrupt or open something elsewhere.
    for keys in [
        "y",
        "s",
        "a",
        "N",
        "w",
        "<tab>",
        "<enter>",
        "<c-a>",
        "<c-p>",
        ":",
        "<c-s>",
        "<c-n>",
        "<c-r>",
        "<c-t>",
        "<c-o>",
        "<f3>",
        "<f4>",
        "<f5>",
        "<f6>",
        "i",
        "c",
        "F",
        "u",
        "!",
        "#",
        "@",
        "hello<enter>",
    ] {
        console.keys(keys);
    }
    console.paste("rm -rf /");
    for y in 0..34 {
        console.click(60, y);
    }
    console.screen();
    assert_eq!(console.asked(), Vec::<String>::new());
    assert_eq!((console.draft(), console.left()), (String::new(), false));
    assert!(before.contains("a replay answers nothing"), "{before}");
    console.keys("q");
    assert!(console.left());
}

#[test]
fn a_long_recording_is_read_in_pieces_and_little_of_it_is_kept() {
    let whole = long(3_000);
    let mut console = replaying((100, 30), &whole, 1);
    seen(&mut console, &whole);
    console.keys("4321<enter>");
    let screen = seen(&mut console, &whole);
    assert!(
        screen.contains("question 2161") && screen.contains("message 4,321 of 6,000"),
        "{screen}"
    );
    assert!(!screen.contains("answer 2161"), "{screen}");
    for _ in 0..1_000 {
        console.keys("l");
        seen(&mut console, &whole);
    }
    let (kept, shown) = console.kept_of_recording();
    assert!(kept <= 800 && shown <= 2_000, "{kept} {shown}");
    console.keys("G");
    let screen = seen(&mut console, &whole);
    assert!(
        screen.contains("answer 3000") && screen.contains("turn ends"),
        "{screen}"
    );
    // What is older comes with a page, as in any session.
    for _ in 0..60 {
        console.keys("<pgup>");
        seen(&mut console, &whole);
    }
    assert!(
        console.screen().contains("question 2"),
        "{}",
        console.screen()
    );
    console.keys("g");
    let screen = seen(&mut console, &whole);
    assert!(
        screen.contains("question 1") && !screen.contains("answer 1"),
        "{screen}"
    );
    console.keys("7000<enter>");
    let screen = seen(&mut console, &whole);
    assert!(
        screen.contains("\"7000\" is no message: they go from 1 to 6000"),
        "{screen}"
    );
}

#[test]
fn one_begins_at_any_message() {
    let whole = long(300);
    let mut console = replaying((100, 30), &whole, 412);
    let screen = seen(&mut console, &whole);
    assert!(
        screen.contains("answer 206") && screen.contains("message 412 of 600"),
        "{screen}"
    );
    console.keys("h");
    let screen = seen(&mut console, &whole);
    assert!(
        screen.contains("question 206") && !screen.contains("answer 206"),
        "{screen}"
    );
}
