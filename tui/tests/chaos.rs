//! Anything may happen at any size: no panic, and nothing runs over the edge.

use crossterm::event::{MouseButton, MouseEventKind};
use proptest::prelude::*;
use smartopol_protocol::Timestamp;
use smartopol_protocol::approval::{BackTest, Candidate, LabShown, Pattern, Reason, Scope};
use smartopol_protocol::attention::{Item, Kind, Priority};
use smartopol_protocol::job::{Action as Does, RunState};
use smartopol_protocol::message::Level;
use smartopol_protocol::terminal::{Party, Piece};
use smartopol_protocol::tool::OutputStatus;
use smartopol_protocol::turn::{Outcome, Shown, Step as Took, StepOf, Turn};

use crate::house::{self, House};
use crate::{attached, tell};

const KEYS: [&str; 78] = [
    "<tab>",
    "<btab>",
    "<esc>",
    "<enter>",
    "<up>",
    "<down>",
    "<pgup>",
    "<pgdn>",
    "<home>",
    "<end>",
    "<left>",
    "<right>",
    "<bs>",
    "<c-a>",
    "<c-b>",
    "<c-g>",
    "<c-n>",
    "<c-o>",
    "<c-r>",
    "<c-s>",
    "<c-t>",
    "<c-u>",
    "<c-w>",
    "<c-x>",
    "<c-y>",
    "<c-j>",
    "<c-k>",
    "<a-enter>",
    "<f1>",
    "?",
    "y",
    "n",
    "N",
    "s",
    "f",
    "t",
    "g",
    "G",
    "[",
    " ",
    ":",
    "<c-p>",
    "<c-z>",
    "<a-x>",
    "<a-:>",
    "<f2>",
    "<c-c>",
    "set console.keymap=vim",
    "theme light",
    "keymap emacs",
    "<c-a>w",
    "<c-a>]",
    "<c-a>] ",
    "<c-a>yx<enter>",
    "<down>e(|",
    "<c-t>t",
    "<c-t>/tool=exec ",
    "/outcome=den",
    "<c-t>b",
    "x",
    "X",
    "d",
    "<a-j>",
    "<a-j>a",
    "<a-j>e<tab>x<enter>",
    "<a-j>s",
    "w",
    "<a-i>",
    "<a-i><enter>",
    "r",
    "<a-t>",
    "<a-t><enter>",
    "<c-]>",
    "<c-]>q",
    "<pgup>",
    "G",
    "/a<enter>",
    "t",
];

#[derive(Clone, Debug)]
enum Step {
    Keys(usize),
    Mouse(u8, u16, u16),
    Paste(String),
    Size(u16, u16),
    Wait(u64),
    Say(String),
    Think(String),
    Answer(String),
    Ask(String),
    /// The lab and the waterfall are answered.
    Tell(String),
    Change(String),
    Decide(bool),
    Finish(String, bool),
    Notice(String),
    /// A job is told with its ledger, and something waits because of it.
    Job(String, i64),
    /// A program in a terminal writes.
    Write(String, u16, u16),
    End,
    Lose,
    Back,
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,40}",
        "[a-z \n`*#>|\\-\\[\\]()0-9.]{0,80}",
        "[漢字👩\u{200d}💻e\u{301}\u{202e}\t\u{1b}ש\u{fe0f}]{0,30}",
        "(ab|界| ){60,90}",
    ]
}

/// What programs write, sequences included.
fn bytes() -> impl Strategy<Value = String> {
    prop_oneof![
        words(),
        "(\u{1b}\\[[0-9;?]{0,8}[A-Za-z]|[a-z界\u{301}\u{200d}\u{202e}\n\r\t]){0,60}",
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..KEYS.len()).prop_map(Step::Keys),
        2 => (0u8..5, 0u16..310, 0u16..110).prop_map(|(kind, x, y)| Step::Mouse(kind, x, y)),
        1 => words().prop_map(Step::Paste),
        2 => (1u16..300, 1u16..100).prop_map(|(width, height)| Step::Size(width, height)),
        1 => (20u16..130, 6u16..40).prop_map(|(width, height)| Step::Size(width, height)),
        1 => (0u64..3_000).prop_map(Step::Wait),
        2 => words().prop_map(Step::Say),
        1 => words().prop_map(Step::Think),
        2 => words().prop_map(Step::Answer),
        2 => words().prop_map(Step::Ask),
        1 => words().prop_map(Step::Change),
        3 => words().prop_map(Step::Tell),
        1 => any::<bool>().prop_map(Step::Decide),
        1 => (words(), any::<bool>()).prop_map(|(text, good)| Step::Finish(text, good)),
        1 => words().prop_map(Step::Notice),
        2 => (words(), -100_000_000i64..100_000_000).prop_map(|(text, due)| Step::Job(text, due)),
        3 => (bytes(), 2u16..300, 1u16..120).prop_map(|(text, x, y)| Step::Write(text, x, y)),
        1 => Just(Step::End),
        1 => Just(Step::Lose),
        1 => Just(Step::Back),
    ]
}

fn lab(text: &str) -> LabShown {
    let pattern = Pattern {
        tool: Some(text.into()),
        path: Some(text.into()),
        ..Pattern::default()
    };
    let candidate = Candidate {
        text: text.into(),
        pattern: pattern.clone(),
        back_test: BackTest::default(),
    };
    LabShown {
        why: vec![Reason {
            text: text.into(),
            rule: Some(pattern),
            missed_at: None,
        }],
        candidates: vec![candidate; text.len() % 7],
    }
}

fn waterfall(turn: Turn, now: Timestamp, text: &str) -> Shown {
    let step = Took {
        of: StepOf::Tool,
        title: text.into(),
        tool: text.into(),
        at: turn.started_at,
        ended_at: text.len().is_multiple_of(2).then_some(now),
        call_id: None,
        trace_id: None,
        status: None,
    };
    Shown {
        as_of: 1,
        turn,
        steps: vec![step; text.len() % 40],
    }
}

fn check(screen: &str, width: u16, height: u16) {
    use unicode_width::UnicodeWidthStr;
    assert!(screen.lines().count() <= usize::from(height));
    for line in screen.lines() {
        let line = line.replacen('▏', "", 1);
        let cells = line.width();
        assert!(
            cells <= usize::from(width),
            "{cells} cells of {width}: {line:?}"
        );
        assert!(
            !line.contains(|c: char| c.is_control() || c == '\u{202e}'),
            "{line:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn nothing_breaks_the_screen(steps in proptest::collection::vec(step(), 1..60)) {
        let mut house = House::new();
        let other = house.session("notes", "/home/ann/notes");
        let id = house.session("app 漢字", "/home/ann/app");
        house::asks(&mut house, other, "ls");
        let mut console = attached(&mut house, id, 80, 24);
        let mut turn = house.user(id, "begin");
        let mut size = (80, 24);
        let mut call = None;
        let mut asked = None;
        for step in steps {
            match step {
                Step::Keys(key) => console.keys(KEYS[key]),
                Step::Mouse(kind, x, y) => {
                    let kind = match kind {
                        0 => MouseEventKind::ScrollUp,
                        1 => MouseEventKind::ScrollDown,
                        2 => MouseEventKind::Down(MouseButton::Left),
                        3 => MouseEventKind::Drag(MouseButton::Left),
                        _ => MouseEventKind::Up(MouseButton::Left),
                    };
                    console.mouse(kind, x, y);
                }
                Step::Paste(text) => console.paste(&text),
                Step::Size(width, height) => {
                    size = (width, height);
                    console.resize(width, height);
                }
                Step::Wait(ms) => {
                    house.wait(i64::try_from(ms).unwrap());
                    console.wait(ms);
                }
                Step::Say(text) => turn = house.user(id, &text),
                Step::Think(text) => house.think(id, turn, &text),
                Step::Answer(text) => {
                    house.delta(id, turn, &text);
                    if text.len() % 2 == 0 {
                        house.agent(id, turn, vec![house::thought(&text), house::text(&text)]);
                    }
                }
                Step::Ask(text) => {
                    if text.len() % 3 == 0 {
                        house.endanger(&text, &text);
                    }
                    let made = house::asks(&mut house, id, &text);
                    turn = made.0;
                    call = Some(made.1);
                    asked = Some(made.2);
                }
                Step::Change(text) => {
                    let (own, part) = house.part("edit_file", serde_json::json!({"x": text}));
                    house.agent(id, turn, vec![part]);
                    house.call(id, turn, own, "edit_file", house::editing(&text, &text));
                    house.ask(own, None, &text);
                }
                Step::Tell(text) => {
                    let pending = house.approvals.iter().rev().find(|own| own.session_id == id);
                    if let Some(approval) = pending {
                        console.lab(approval.id, lab(&text));
                    }
                    let turns: Vec<_> = house.turns.clone();
                    for turn in turns {
                        let at = house.at();
                        console.turn(waterfall(turn, at, &text));
                    }
                }
                Step::Decide(allow) => {
                    if let Some(asked) = asked.take() {
                        house.decide(asked, allow, Scope::Once, "", "smartopol-tui");
                    }
                }
                Step::Finish(text, good) => {
                    if let Some(call) = call.take() {
                        house.run(call);
                        house.output(call, &text);
                        let status = if good { OutputStatus::Ok } else { OutputStatus::Error };
                        house.finish(call, status, &text, serde_json::Value::Null);
                    }
                }
                Step::Notice(text) => house.notice(id, Level::Warning, &text),
                Step::Job(text, due) => {
                    let does = Does::Remind {
                        text: text.clone(),
                        priority: Priority::Urgent,
                    };
                    let job = house.job(&text, &text, does, Some(due));
                    let item = house.item(Kind::JobMissed, Priority::High, &text);
                    let detail = text.clone();
                    house.waits(Item { job_id: Some(job), detail, ..item });
                    tell(&mut console, &mut house);
                    console.jobs(house.jobs.clone());
                    console.job(house.shown_job(job, house::jobs::ledger(job)));
                    let mut wrong = house::jobs::run(job, due % 9, RunState::Failed, due, &text);
                    wrong.finished_at = None;
                    console.ledger(job, vec![wrong]);
                    console.why(job, &text);
                }
                Step::Write(text, columns, rows) => {
                    let shell = match house.terminals.last() {
                        Some(shell) => shell.terminal.id,
                        None => house.terminal(&text, Party::Person, Some(id)),
                    };
                    tell(&mut console, &mut house);
                    let frame = format!("\u{1b}[8;{rows};{columns}t\u{1b}c{text}");
                    console.bytes(shell, Piece::Keyframe, 0, frame.as_bytes());
                    console.bytes(shell, Piece::Output, 0, text.as_bytes());
                    console.terminals(house.terminals.clone());
                    console.typed();
                }
                Step::End => house.end(id, turn, Outcome::StepLimit { limit: 25 }),
                Step::Lose => console.lose("gone", 100),
                Step::Back => {
                    house.take();
                    console.connect(house.snapshot());
                    console.show(house.shown(id, None, 200));
                }
            }
            tell(&mut console, &mut house);
            check(&console.screen(), size.0, size.1);
        }
    }
}
