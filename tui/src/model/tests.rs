//! A client that never left knows what one that came back knows.

use proptest::prelude::*;
use smartopol_protocol::approval::Scope;
use smartopol_protocol::event::Subscribed;
use smartopol_protocol::message::Level;
use smartopol_protocol::tool::OutputStatus;
use smartopol_protocol::turn::Outcome;
use smartopol_protocol::{Event, SessionId};

use super::{Lost, Model, Page};
use crate::house::{self, House};

fn attached(house: &House, id: SessionId) -> Model {
    let mut model = Model::default();
    model.subscribed(Subscribed::Snapshot(Box::new(house.snapshot())));
    model.shown(house.shown(id, None, 200));
    let own = |approval: &&smartopol_protocol::approval::Approval| approval.session_id == id;
    model.approvals(id, house.approvals.iter().filter(own).cloned().collect());
    model
}

fn same(one: &Model, other: &Model, id: SessionId) {
    assert_eq!(
        one.sessions().collect::<Vec<_>>(),
        other.sessions().collect::<Vec<_>>()
    );
    assert_eq!(one.pending(), other.pending());
    assert!(one.traces.iter().eq(other.traces.iter()));
    let facts = |model: &Model| model.transcript(id).map(super::Transcript::facts);
    assert_eq!(format!("{:#?}", facts(one)), format!("{:#?}", facts(other)));
}

/// Everything that can happen in a turn, in order.
fn story(house: &mut House, id: SessionId) -> Vec<Event> {
    house.take();
    let mut story = Vec::new();
    let turn = house.user(id, "Build it");
    house.think(id, turn, "How is it built? ");
    house.think(id, turn, "With cargo.");
    house.delta(id, turn, "I build ");
    house.delta(id, turn, "it.");
    let (call, part) = house.part("exec", serde_json::json!({}));
    house.agent(
        id,
        turn,
        vec![
            house::thought("How is it built? With cargo."),
            house::text("I build it."),
            part,
        ],
    );
    house.call(id, turn, call, "exec", house::command("cargo build"));
    let asked = house.ask(call, house::rule(&["cargo"]), "the mode is ask");
    house.queue(id, "and test it");
    house.decide(asked, true, Scope::Once, "", "smartopol-cli");
    house.run(call);
    house.output(call, "Compiling\n");
    house.wait(900);
    house.finish(
        call,
        OutputStatus::Ok,
        "Compiling\nFinished",
        serde_json::Value::Null,
    );
    house.delta(id, turn, "It is built");
    house.notice(id, Level::Info, "the disk is nearly full");
    house.delta(id, turn, ".");
    story.extend(house.take());
    house.agent(id, turn, vec![house::text("It is built.")]);
    house.end(id, turn, Outcome::Done);
    story.extend(house.take());
    story
}

proptest! {
    #[test]
    fn who_reattaches_at_any_moment_knows_what_one_who_never_left_knows(at in 0usize..60, back in 0usize..8) {
        let mut house = House::new();
        let id = house.session("app", "/home/ann/app");
        let mut stayed = attached(&house, id);
        let events = story(&mut house, id);
        for event in &events {
            prop_assert_eq!(stayed.apply(event.clone()), Lost::Nothing);
        }
        let at = at.min(events.len());

        // One who was there until `at`, and gets the facts it missed and some it knows already.
        let mut early = House::new();
        let same_id = early.session("app", "/home/ann/app");
        prop_assert_eq!(same_id, id);
        let mut came_back = attached(&early, id);
        for event in &events[..at] {
            came_back.apply(event.clone());
        }
        for event in events[at.saturating_sub(back)..].iter().filter(|event| event.seq.is_some()) {
            came_back.apply(event.clone());
        }
        same(&stayed, &came_back, id);

        // One who came at the end, and is told old events again.
        let mut late = attached(&house, id);
        for event in events[at..].iter().filter(|event| event.seq.is_some()) {
            late.apply(event.clone());
        }
        same(&stayed, &late, id);
    }
}

/// A house with a long session, made once.
fn long() -> &'static (House, SessionId) {
    static LONG: std::sync::OnceLock<(House, SessionId)> = std::sync::OnceLock::new();
    LONG.get_or_init(|| {
        let mut house = House::new();
        let id = house.session("app", "/home/ann/app");
        for number in 0..2_500 {
            let turn = house.user(id, &format!("question {number}"));
            house.agent(id, turn, vec![house::text("answer")]);
        }
        (house, id)
    })
}

/// A step in the life of a window.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// A page is asked for; it comes with the first later `Come`.
    Ask(Page, u32),
    /// The newest window is asked for.
    AskNewest,
    /// An answer comes: the oldest one that is on its way, or the newest.
    Come { oldest: bool },
    /// The next message of the session is told, or lost on the way.
    Say { heard: bool },
    /// A person reads here, of a hundred; 100 follows the newest.
    Read(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0u32..900).prop_map(|limit| Step::Ask(Page::Older, limit)),
        3 => (0u32..900).prop_map(|limit| Step::Ask(Page::Newer, limit)),
        1 => (1u32..5_000).prop_map(|at| Step::Ask(Page::Around, at)),
        1 => Just(Step::AskNewest),
        6 => any::<bool>().prop_map(|oldest| Step::Come { oldest }),
        3 => any::<bool>().prop_map(|heard| Step::Say { heard }),
        2 => (0u64..=100).prop_map(Step::Read),
    ];
    proptest::collection::vec(step, 1..80)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_window_never_loses_doubles_or_reorders_a_message(steps in steps()) {
        use smartopol_protocol::session::{Show, Shown};
        let (house, id) = long();
        // The daemon's session grows to its whole length while the console looks at it.
        let mut told: u64 = 3_000;
        let as_of = |show: &Show, told: u64| -> Shown {
            let mut show = *show;
            if show.before.or(show.after).or(show.around).is_none() {
                show.before = Some(told + 1);
            }
            let mut shown = house.window(&show);
            shown.messages.retain(|own| own.position <= Some(told));
            shown.last = told;
            shown
        };
        let mut model = Model::default();
        model.subscribed(Subscribed::Snapshot(Box::new(house.snapshot())));
        model.shown(as_of(&Show::newest(*id, 200), told));
        let mut coming: std::collections::VecDeque<(Option<(Page, u64)>, Shown)> =
            std::collections::VecDeque::new();
        for step in steps {
            let own = model.transcript(*id).unwrap();
            let (first, last) = (own.first_position().unwrap(), own.last_position().unwrap());
            match step {
                Step::Ask(page, size) => {
                    let (show, at) = match page {
                        Page::Older => (Show::before(*id, first, size), first),
                        Page::Newer => (Show::after(*id, last, size), last),
                        Page::Around => (Show::around(*id, size.into(), 400), size.into()),
                    };
                    coming.push_back((Some((page, at)), as_of(&show, told)));
                }
                Step::AskNewest => {
                    coming.push_back((None, as_of(&Show::newest(*id, 200), told)));
                }
                Step::Come { oldest } => {
                    let answer = if oldest { coming.pop_front() } else { coming.pop_back() };
                    match answer {
                        Some((Some((page, at)), shown)) => model.page(shown, page, at),
                        Some((None, shown)) => model.shown(shown),
                        None => {}
                    }
                }
                Step::Say { heard } => {
                    told += 1;
                    let said = house.messages.iter().find(|own| own.position == Some(told));
                    if let (true, Some(message)) = (heard, said) {
                        model.apply(Event {
                            seq: Some(u64::MAX - 10_000 + told),
                            at: message.created_at,
                            session_id: Some(*id),
                            news: smartopol_protocol::News::MessageChanged(Box::new(message.clone())),
                        });
                    }
                }
                Step::Read(100) => model.read_at(*id, None),
                Step::Read(percent) => {
                    model.read_at(*id, Some(first + (last - first) * percent / 100));
                }
            }
            let own = model.transcript(*id).unwrap();
            let here: Vec<u64> = own.entries().iter().filter_map(|e| e.message.position).collect();
            let first = here.first().copied().unwrap();
            prop_assert!(here.iter().copied().eq(first..first + here.len() as u64), "{here:?}");
            prop_assert!(here.len() <= super::transcript::KEPT.0);
            for entry in own.entries().iter().step_by(97) {
                let at = entry.message.position.unwrap();
                let truth = &house.messages[usize::try_from(at).unwrap() - 1];
                prop_assert_eq!(&entry.message, truth);
            }
            prop_assert_eq!(own.has_older(), first > 1);
            prop_assert!(own.last() <= told);
        }
    }
}

#[test]
fn what_was_missed_of_a_stream_is_asked_for_again() {
    let mut house = House::new();
    let id = house.session("app", "/home/ann/app");
    let turn = house.user(id, "Say something");
    let mut model = attached(&house, id);
    house.delta(id, turn, "Once ");
    house.take();
    house.delta(id, turn, "upon a time");
    let heard = house.take().remove(0);
    assert_eq!(model.apply(heard.clone()), Lost::Passing);
    model.watched(id, house.partial.clone().map(|(_, partial)| partial));
    assert_eq!(model.apply(heard), Lost::Nothing);
    let text = model
        .transcript(id)
        .and_then(|own| own.partial())
        .map(|own| own.text.clone());
    assert_eq!(text.as_deref(), Some("Once upon a time"));
}

#[test]
fn older_pages_join_the_window_and_a_hole_is_not_papered_over() {
    let mut house = House::new();
    let id = house.session("app", "/home/ann/app");
    for number in 0..30 {
        let turn = house.user(id, &format!("question {number}"));
        house.agent(id, turn, vec![house::text("answer")]);
    }
    let mut model = Model::default();
    model.subscribed(Subscribed::Snapshot(Box::new(house.snapshot())));
    model.shown(house.shown(id, None, 10));
    let positions = |model: &Model| -> Vec<u64> {
        let entries = model.transcript(id).unwrap().entries();
        entries
            .iter()
            .filter_map(|entry| entry.message.position)
            .collect()
    };
    assert_eq!(positions(&model), (51..=60).collect::<Vec<_>>());
    assert!(model.transcript(id).unwrap().has_older());
    model.page(house.shown(id, Some(51), 20), Page::Older, 51);
    assert_eq!(positions(&model), (31..=60).collect::<Vec<_>>());
    // What is told after facts were missed leaves a hole, until the window closes it.
    house.take();
    for _ in 0..3 {
        let turn = house.user(id, "missed");
        house.agent(id, turn, vec![house::text("answer")]);
    }
    house.take();
    model.subscribed(Subscribed::Snapshot(Box::new(house.snapshot())));
    let turn = house.user(id, "heard");
    house.agent(id, turn, vec![house::text("answer")]);
    for event in house.take() {
        model.apply(event);
    }
    model.shown(house.shown(id, None, 10));
    assert_eq!(positions(&model), (31..=68).collect::<Vec<_>>());
    // Ten new ones came while nobody listened, of which the window shows four.
    for _ in 0..5 {
        let turn = house.user(id, "more");
        house.agent(id, turn, vec![house::text("answer")]);
    }
    model.shown(house.shown(id, None, 4));
    assert_eq!(positions(&model), (75..=78).collect::<Vec<_>>());
    assert!(model.transcript(id).unwrap().has_older());
}
