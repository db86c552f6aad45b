//! What waits for a person: counted, ranked, reached by one key, answered where it stands.

use smartopol_protocol::attention::{Kind, Priority, Resolution};
use smartopol_protocol::turn::Outcome;
use smartopol_protocol::{AttentionId, Code, Fault, News};
use smartopol_tui::headless::Headless;

use crate::house::{self, House};
use crate::{attached, tell};

const SIZES: [(u16, u16); 4] = [(200, 60), (120, 36), (80, 24), (60, 18)];

/// A console of a morning in which four things wait, three of them no approvals.
fn busy(width: u16, height: u16) -> (House, Headless) {
    let mut house = House::new();
    let id = house::morning(&mut house);
    let jobs = house::jobs::four(&mut house);
    house::jobs::waiting(&mut house, jobs, id);
    let console = attached(&mut house, id, width, height);
    (house, console)
}

fn asked(console: &mut Headless, name: &str) -> Vec<String> {
    let all = console.asked().into_iter();
    all.filter(|call| call.starts_with(name)).collect()
}

fn id_of(house: &House, kind: Kind) -> Option<AttentionId> {
    let mut items = house.attention.iter();
    items.find(|item| item.kind == kind).map(|item| item.id)
}

#[test]
fn the_list_is_ranked_and_says_how_each_is_answered() {
    for (width, height) in SIZES {
        let (_, mut console) = busy(width, height);
        console.keys("<a-i>");
        insta::assert_snapshot!(format!("inbox_{width}x{height}"), console.screen());
    }
}

#[test]
fn the_status_line_counts_and_one_key_leads_to_the_next() {
    let (_, mut console) = busy(120, 36);
    assert_eq!(console.waiting(), 4);
    assert!(
        console.screen().contains("4 waiting for you ctrl-g"),
        "{}",
        console.screen()
    );
    console.keys("<c-g>");
    let screen = console.screen();
    assert!(
        screen.contains("Waiting for you") && screen.contains("a done"),
        "{screen}"
    );
    console.keys("<c-g>");
    assert!(
        console.screen().contains("Enter to its card"),
        "{}",
        console.screen()
    );
    console.keys("<esc>");
    assert!(!console.screen().contains("Waiting for you"));
}

#[test]
fn an_approval_is_answered_on_its_card_and_only_after_it_was_seen() {
    let (mut house, mut console) = busy(120, 36);
    console.keys("<a-i><down><enter>");
    assert!(
        console.screen().contains("kubectl rollout restart"),
        "{}",
        console.screen()
    );
    console.keys("y");
    assert_eq!(asked(&mut console, "Decide"), Vec::<String>::new());
    console.wait(1_000);
    console.screen();
    console.keys("y");
    assert_eq!(asked(&mut console, "Decide").len(), 1);
    let approval = house
        .approvals
        .iter()
        .find(|own| own.inspection.title.contains("kubectl"));
    let approval = approval.unwrap().id;
    house.decide(
        approval,
        true,
        smartopol_protocol::approval::Scope::Once,
        "",
        "x",
    );
    tell(&mut console, &mut house);
    assert_eq!(console.waiting(), 3);
}

#[test]
fn a_reminder_is_acknowledged_put_off_or_put_away() {
    for (keys, words) in [
        ("a", "Acknowledge"),
        ("<enter>", "Acknowledge"),
        ("s", "Snooze { seconds: 600 }"),
        ("S", "Snooze { seconds: 3600 }"),
        ("d", "Dismiss"),
    ] {
        let (_, mut console) = busy(120, 36);
        console.keys("<a-i>");
        console.keys(keys);
        let calls = asked(&mut console, "Resolve");
        assert!(
            calls.len() == 1 && calls[0].contains(words),
            "{keys}: {calls:?}"
        );
        let screen = console.screen();
        let list = screen.rsplit_once("\n").unwrap().0;
        let lines = list
            .lines()
            .filter(|line| line.contains("call the dentist"));
        assert_eq!(lines.count(), 1, "only in the word in passing: {screen}");
    }
}

#[test]
fn what_was_not_taken_comes_back() {
    let (_, mut console) = busy(120, 36);
    console.keys("<a-i>a");
    let fault = Fault::new(Code::Conflict, "the item was resolved already");
    console.refuse("Resolve", Some(fault));
    let screen = console.screen();
    assert!(screen.contains("● reminder"), "{screen}");
    assert!(
        screen.contains("✗ the item was resolved already"),
        "{screen}"
    );
}

#[test]
fn a_question_is_not_acknowledged_but_answered() {
    let (_, mut console) = busy(120, 36);
    console.keys("<a-i><down>ads");
    assert_eq!(asked(&mut console, "Resolve"), Vec::<String>::new());
    assert!(
        console.screen().contains("enter goes there"),
        "{}",
        console.screen()
    );
}

#[test]
fn a_missed_job_is_run_or_skipped_and_a_paused_one_goes_on() {
    let (house, mut console) = busy(120, 36);
    console.keys("<a-i>");
    console.jobs(house.jobs.clone());
    console.keys("<end>r");
    let all = console.asked();
    assert!(all.iter().any(|call| call.starts_with("RunJob")), "{all:?}");
    assert!(
        all.iter().any(|call| call.contains("Acknowledge")),
        "{all:?}"
    );
    let (_, mut console) = busy(120, 36);
    console.keys("<a-i><end>d");
    assert_eq!(asked(&mut console, "Resolve").len(), 1);
    console.keys("<end>p");
    assert_eq!(asked(&mut console, "ResumeJob").len(), 1);
    console.keys("<enter>");
    assert!(console.screen().contains("Jobs"), "{}", console.screen());
    console.keys("<esc>");
    assert!(
        console.screen().contains("Waiting for you"),
        "back to where it was"
    );
}

#[test]
fn a_failed_turn_is_continued_from_the_list() {
    let (mut house, mut console) = busy(120, 36);
    let id = house
        .sessions
        .iter()
        .find(|own| own.name == "notes")
        .unwrap()
        .id;
    let turn = house.user(id, "go");
    let message = "the model answered 529".to_owned();
    let hint = String::new();
    house.end(id, turn, Outcome::Failed { message, hint });
    tell(&mut console, &mut house);
    assert_eq!(console.waiting(), 5);
    let item = id_of(&house, Kind::TurnFailed).unwrap();
    console.keys("<a-i><down><down>");
    console.keys("c");
    let calls = asked(&mut console, "Continue");
    if calls.is_empty() {
        console.keys("<down>c");
        assert_eq!(asked(&mut console, "Continue").len(), 1, "{item}");
    }
}

#[test]
fn only_who_looks_elsewhere_is_called_and_not_with_what_waits() {
    let (mut house, mut console) = busy(120, 36);
    let before = console.bells();
    let reminder = house.item(Kind::Reminder, Priority::High, "the password is hunter2");
    house.waits(reminder);
    tell(&mut console, &mut house);
    assert_eq!(console.bells(), before);
    console.window_focus(false);
    let reminder = house.item(Kind::Reminder, Priority::High, "again");
    let id = house.waits(reminder);
    tell(&mut console, &mut house);
    assert_eq!(console.bells(), before + 1);
    // Told again, because nobody acknowledged it.
    let item = house
        .attention
        .iter_mut()
        .find(|item| item.id == id)
        .unwrap();
    item.told += 1;
    let item = item.clone();
    house.happened(News::AttentionChanged(Box::new(item)));
    tell(&mut console, &mut house);
    assert_eq!(console.bells(), before + 2);
    house.resolve(|item| item.id == id, Resolution::Acknowledged);
    tell(&mut console, &mut house);
    assert_eq!(console.bells(), before + 2);
}
