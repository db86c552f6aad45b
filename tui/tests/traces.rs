//! The traces: what is looked for, what is marked, what was lost, where the time of a turn went.

use smartopol_protocol::model::Usage;
use smartopol_protocol::trace::{Listed, Mark};
use smartopol_protocol::turn::{Carried, Shown, Step, StepOf, Turn};
use smartopol_protocol::{Event, News};
use smartopol_tui::headless::Headless;

use crate::house::{self, House};
use crate::{attached, tell};

const SIZES: [(u16, u16); 4] = [(200, 60), (120, 36), (80, 24), (60, 18)];

/// A morning's traces over the whole screen.
fn feed(width: u16, height: u16) -> (House, Headless) {
    let mut house = House::new();
    let id = house::morning(&mut house);
    let mut console = attached(&mut house, id, width, height);
    console.keys("<c-t>");
    console.screen();
    console.asked();
    (house, console)
}

fn asked(console: &mut Headless, name: &str) -> Vec<String> {
    let all = console.asked().into_iter();
    all.filter(|call| call.starts_with(name)).collect()
}

fn passing(house: &House, news: News) -> Event {
    Event {
        seq: None,
        at: house.at(),
        session_id: None,
        news,
    }
}

#[test]
fn a_query_holds_while_it_is_written_and_its_mistakes_are_said() {
    let (_, mut console) = feed(100, 24);
    console.keys("/tool=exec");
    let screen = console.screen();
    assert!(
        screen.contains("cargo test date") && !screen.contains("read_file"),
        "{screen}"
    );
    assert!(screen.contains("tool=exec▏"), "{screen}");
    assert_eq!(asked(&mut console, "Traces"), Vec::<String>::new());
    console.keys(" outcome=maybe");
    let screen = console.screen();
    assert!(
        screen.contains("✗ outcome=maybe: it is allow, deny or error"),
        "{screen}"
    );
    assert!(
        !screen.contains("read_file"),
        "the last good query holds: {screen}"
    );
    console.keys("<enter>");
    assert!(
        console.screen().contains("✗ outcome=maybe"),
        "it is not taken"
    );
    console.keys("<c-u>FAILED monday<enter>");
    let screen = console.screen();
    assert!(screen.contains("[FAILED] [monday]"), "{screen}");
    assert!(
        screen.contains("cargo test date") && !screen.contains("read_file"),
        "{screen}"
    );
    let further = asked(&mut console, "Traces");
    assert!(
        further.len() == 1 && further[0].contains("text: \"FAILED monday\""),
        "{further:?}"
    );
}

#[test]
fn escape_takes_the_query_back() {
    let (_, mut console) = feed(100, 24);
    console.keys("f");
    let before = console.screen();
    assert!(before.contains("[outcome=deny]"), "{before}");
    console.keys("/<c-u>nothing at all");
    assert!(
        console
            .screen()
            .contains("Nothing here is what you look for")
    );
    console.keys("<esc>");
    assert!(console.screen().contains("[outcome=deny]"));
    console.keys("q");
    assert!(console.left(), "letters are keys again");
}

#[test]
fn chips_are_taken_away_one_by_one_or_all() {
    let (_, mut console) = feed(100, 24);
    console.keys("<up><up>Ts");
    assert!(
        console.screen().contains("[tool=exec] [session=app]"),
        "{}",
        console.screen()
    );
    console.keys("x");
    let screen = console.screen();
    assert!(
        screen.contains("[tool=exec]") && !screen.contains("[session=app]"),
        "{screen}"
    );
    console.keys("ffX");
    let screen = console.screen();
    assert!(
        !screen.contains("[tool") && screen.contains("read_file"),
        "{screen}"
    );
}

#[test]
fn what_lies_before_the_window_is_asked_for_and_shown() {
    let (house, mut console) = feed(100, 24);
    console.keys("/old words<enter>");
    let mut old = house.traces[0].clone();
    old.id = smartopol_protocol::TraceId::from_bytes([9; 16]);
    old.timestamp = old.timestamp.plus_millis(-86_400_000);
    old.metadata.title = "old words of yesterday".into();
    let next = Some(old.id);
    console.traces(Listed {
        traces: vec![old],
        more: true,
        next,
        marked: Vec::new(),
    });
    let screen = console.screen();
    assert!(screen.contains("old words of yesterday"), "{screen}");
    assert!(screen.contains("looks further back"), "{screen}");
    console.asked();
    console.keys("<home><up>");
    let further = asked(&mut console, "Traces");
    assert!(
        further.len() == 1 && further[0].contains("before: Some"),
        "{further:?}"
    );
    // A late answer to another query is none to this one.
    console.keys("X");
    assert!(!console.screen().contains("old words of yesterday"));
}

#[test]
fn a_mark_is_asked_for_shown_and_filtered_by() {
    let (house, mut console) = feed(100, 24);
    console.keys("<up>b");
    let marks = asked(&mut console, "Mark");
    assert_eq!(marks.len(), 1, "{marks:?}");
    assert!(!console.screen().contains('◆'), "it is a fact first");
    let id = house.traces[house.traces.len() - 1].id;
    console.event(passing(
        &house,
        News::TraceMarked(Mark { id, marked: true }),
    ));
    assert!(console.screen().contains('◆'));
    console.keys("B");
    let screen = console.screen();
    assert!(
        screen.contains("[marked]") && !screen.contains("read_file"),
        "{screen}"
    );
}

#[test]
fn what_was_lost_is_said_until_somebody_takes_note() {
    let (house, mut console) = feed(100, 24);
    console.event(passing(&house, News::Dropped { deltas: 340 }));
    console.event(passing(&house, News::Gap { missed: 12 }));
    let screen = console.screen();
    assert!(screen.contains("✗ lost 12 events, 340 pieces"), "{screen}");
    assert!(screen.contains("✗ 352 lost"), "{screen}");
    console.keys("d");
    assert!(!console.screen().contains("lost"));
}

#[test]
fn a_trace_is_copied_as_json() {
    let (_, mut console) = feed(100, 24);
    console.keys("c");
    console.screen();
    let copied = console.copied().concat();
    assert!(copied.contains("\"tool_name\": \"edit_file\""), "{copied}");
}

#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
fn turn(house: &House) -> Shown {
    let turn = Turn {
        carried: Carried {
            fixed: 4_180,
            person: 310,
            volatile: 12,
            transcript: 2_050,
        },
        usage: Usage {
            input: 26_400,
            cache_read: 24_600,
            output: 640,
            cost_micros: Some(21_300),
            ..Usage::default()
        },
        ..house.turns.last().unwrap().clone()
    };
    let at = |ms: i64| turn.started_at.plus_millis(ms);
    let step = |of, title: &str, tool: &str, from: i64, to: Option<i64>| Step {
        of,
        title: title.into(),
        tool: tool.into(),
        at: at(from),
        ended_at: to.map(at),
        call_id: None,
        trace_id: house
            .traces
            .last()
            .map(|trace| trace.id)
            .filter(|_| of == StepOf::Tool),
        status: (of == StepOf::Tool).then_some(smartopol_protocol::tool::OutputStatus::Ok),
    };
    let mut failed = step(
        StepOf::Tool,
        "cargo test date",
        "exec",
        10_403,
        Some(12_713),
    );
    failed.status = Some(smartopol_protocol::tool::OutputStatus::Error);
    Shown {
        as_of: 99,
        steps: vec![
            step(StepOf::Model, "", "", 0, Some(2_400)),
            step(
                StepOf::Tool,
                "read src/date.rs",
                "read_file",
                2_400,
                Some(2_403),
            ),
            step(
                StepOf::Person,
                "cargo test date",
                "exec",
                2_403,
                Some(10_403),
            ),
            failed,
            step(StepOf::Model, "", "", 12_713, Some(14_513)),
            step(
                StepOf::Person,
                "edit src/date.rs (+1 −1)",
                "edit_file",
                14_513,
                Some(18_513),
            ),
            step(
                StepOf::Tool,
                "edit src/date.rs (+1 −1)",
                "edit_file",
                18_513,
                Some(18_519),
            ),
            step(StepOf::Model, "", "", 18_519, Some(20_019)),
        ],
        turn,
    }
}

#[test]
fn the_time_of_a_turn_is_shown_as_bars() {
    for (width, height) in SIZES {
        let (house, mut console) = feed(width, height);
        console.keys("t");
        let calls = asked(&mut console, "Turn(");
        assert_eq!(calls.len(), 1, "{calls:?}");
        console.turn(turn(&house));
        console.keys("<down><down><down>");
        insta::assert_snapshot!(format!("waterfall_{width}x{height}"), console.screen());
        console.keys("<enter>");
        assert!(console.screen().contains("Trace of"));
    }
}

#[test]
fn a_turn_that_is_looked_at_is_asked_for_again_when_it_goes_on() {
    let (mut house, mut console) = feed(120, 36);
    console.keys("t");
    console.turn(turn(&house));
    console.asked();
    let (session, id) = {
        let turn = house.turns.last().unwrap();
        (turn.session_id, turn.id)
    };
    house.agent(session, id, vec![house::text("One more thing.")]);
    house.agent(session, id, vec![house::text("And another.")]);
    tell(&mut console, &mut house);
    assert_eq!(
        asked(&mut console, "Turn(").len(),
        1,
        "once, while it is asked for"
    );
    console.turn(turn(&house));
    assert_eq!(
        asked(&mut console, "Turn(").len(),
        1,
        "and once more for what came meanwhile"
    );
}

#[test]
fn a_feed_with_chips_rate_and_errors() {
    for (width, height) in SIZES {
        let (house, mut console) = feed(width, height);
        console.event(passing(&house, News::Dropped { deltas: 3 }));
        console.keys("/session=app since=1h<enter><up><up>");
        console.asked();
        insta::assert_snapshot!(format!("feed_{width}x{height}"), console.screen());
    }
}

#[test]
fn a_feed_at_rest_wakes_nobody() {
    let mut house = House::new();
    let id = house.session("app", "/home/ann/app");
    let turn = house.user(id, "look");
    let (call, part) = house.part("exec", serde_json::json!({}));
    house.agent(id, turn, vec![part]);
    house.call(id, turn, call, "exec", house::command("ls"));
    house.run(call);
    house.finish(
        call,
        smartopol_protocol::tool::OutputStatus::Ok,
        "",
        serde_json::Value::Null,
    );
    house.end(id, turn, smartopol_protocol::turn::Outcome::Done);
    let mut console = attached(&mut house, id, 120, 36);
    console.keys("<c-t>/tool=exec<enter>");
    console.screen();
    assert_eq!(console.wakes_after(), None);
}
