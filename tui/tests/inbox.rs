//! What waits for a person: counted, ranked, reached by one key, answered where it stands.

use smartopol_protocol::attention::{Item, Kind, Priority, Resolution};
use smartopol_protocol::event::UserName;
use smartopol_protocol::turn::Outcome;
use smartopol_protocol::{AttentionId, Code, Fault, News, UserId};
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
    for (keys, words, wait) in [
        ("a", "Acknowledge", 10_000),
        ("s", "Snooze { seconds: 600 }", 0),
        ("S", "Snooze { seconds: 3600 }", 0),
        ("d", "Dismiss", 10_000),
    ] {
        let (_, mut console) = busy(120, 36);
        console.keys("<a-i>");
        console.keys(keys);
        let mut calls = asked(&mut console, "Resolve");
        if wait > 0 {
            assert_eq!(calls, Vec::<String>::new(), "there is time to think again");
            let screen = console.screen();
            assert!(
                screen.contains("u takes it back: `call the dentist`"),
                "{screen}"
            );
            assert!(!screen.contains("● reminder"), "{screen}");
            assert_eq!(console.waiting(), 3);
            console.wait(wait);
            calls = asked(&mut console, "Resolve");
        }
        assert!(
            calls.len() == 1 && calls[0].contains(words),
            "{keys}: {calls:?}"
        );
        let screen = console.screen();
        assert!(!screen.contains("● reminder"), "{screen}");
    }
}

#[test]
fn what_was_seen_to_by_mistake_is_taken_back() {
    for key in ["a", "d"] {
        let (_, mut console) = busy(80, 24);
        console.keys("<a-i>");
        console.keys(key);
        let screen = console.screen();
        assert!(screen.contains("u takes it back"), "{screen}");
        console.keys("u");
        let screen = console.screen();
        assert!(screen.contains("● reminder"), "{screen}");
        assert!(screen.contains("`call the dentist` stays"), "{screen}");
        console.wait(30_000);
        assert_eq!(asked(&mut console, "Resolve"), Vec::<String>::new());
        assert_eq!(console.waiting(), 4);
    }
}

#[test]
fn a_long_reminder_is_read_in_the_list_or_whole_and_no_key_to_read_it_resolves_it() {
    let claim = "Call the insurance company about the claim number 4711-22-8080, ask for Ms \
                 Lindqvist on extension 314, and say that the roof was repaired on the 3rd by the \
                 carpenter whose invoice is in the blue folder";
    for (width, height) in [(80, 24), (60, 18)] {
        let (mut house, mut console) = busy(width, height);
        console.keys("<a-i>");
        let all = "all work and no play ".repeat(120) + "the end";
        for text in [claim, &all] {
            let reminder = house.item(Kind::Reminder, Priority::Urgent, text);
            house.waits(reminder);
        }
        tell(&mut console, &mut house);
        console.keys("<down>");
        let words = |screen: &str| {
            let told: String = screen
                .lines()
                .map(|line| line.trim_matches([' ', '│']))
                .fold(String::new(), |told, line| told + line + " ");
            told
        };
        let screen = console.screen();
        let told = words(&screen);
        for said in ["Lindqvist", "extension 314", "blue folder"] {
            assert!(told.contains(said), "{said}: {screen}");
        }
        assert!(screen.contains("Enter open"), "{screen}");
        assert!(!screen.contains("Enter answer"), "{screen}");
        // What is longer still is told whole, and scrolled.
        console.keys("<down>");
        let screen = console.screen();
        assert!(
            !screen.contains("the end") && screen.contains('…'),
            "{screen}"
        );
        console.keys("<enter>");
        let screen = console.screen();
        assert!(screen.contains("lines 1–"), "{screen}");
        console.keys("<end>");
        let screen = console.screen();
        assert!(screen.contains("the end"), "{screen}");
        console.keys("<home>");
        assert!(!console.screen().contains("the end"));
        console.keys("<esc>");
        let screen = console.screen();
        assert!(screen.contains("Waiting for you"), "{screen}");
        console.wait(30_000);
        assert_eq!(asked(&mut console, "Resolve"), Vec::<String>::new());
        assert_eq!(console.waiting(), 6);
    }
}

#[test]
fn what_waits_for_others_is_seen_where_it_is_asked_for_and_left_to_them() {
    let (mut house, mut console) = busy(80, 24);
    console.keys("<a-i>w");
    assert_eq!(asked(&mut console, "Everyone").len(), 1);
    let mut own = house.attention.clone();
    let theirs = house.item(Kind::Reminder, Priority::Normal, "private: see the doctor");
    own.push(Item {
        user_id: Some(UserId::from_bytes([9; 16])),
        ..theirs
    });
    console.everyone(own);
    let screen = console.screen();
    assert!(
        screen.contains("Waiting for you and for others"),
        "{screen}"
    );
    assert_eq!(console.waiting(), 4, "it is not counted");
    console.keys("<end>");
    assert!(console.screen().contains("see the doctor"));
    for key in ["a", "d", "s", "S"] {
        console.keys(key);
        let screen = console.screen();
        assert!(screen.contains("who sees to it"), "{screen}");
    }
    console.wait(30_000);
    assert_eq!(asked(&mut console, "Resolve"), Vec::<String>::new());
    console.keys("w");
    assert!(!console.screen().contains("see the doctor"));
}

#[test]
fn the_foot_of_a_narrow_screen_says_how_to_leave_it_and_what_counts_what_waits() {
    let (_, mut console) = busy(80, 24);
    for key in ["<a-i>", "<a-j>"] {
        console.keys(key);
        let screen = console.screen();
        let foot = screen.lines().rev().find(|line| line.contains("Esc"));
        let foot = foot.unwrap_or_else(|| panic!("{key}: {screen}"));
        assert!(foot.contains("back") && foot.contains("? help"), "{screen}");
        assert!(screen.contains("waiting ctrl-g"), "{screen}");
        assert!(!screen.contains("more ctrl-g"), "{screen}");
    }
}

#[test]
fn what_was_not_taken_comes_back() {
    let (_, mut console) = busy(120, 36);
    console.keys("<a-i>a");
    console.wait(10_000);
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
    console.wait(10_000);
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
    console.wait(5_000);
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

#[test]
fn a_call_that_comes_too_early_comes_later_and_none_for_what_was_seen_to() {
    let (mut house, mut console) = busy(120, 36);
    console.window_focus(false);
    let before = console.bells();
    let id = house
        .sessions
        .iter()
        .find(|own| own.name == "notes")
        .unwrap()
        .id;
    for said in ["the first", "the second", "the third"] {
        let reminder = house.item(Kind::Reminder, Priority::Urgent, said);
        house.waits(reminder);
        tell(&mut console, &mut house);
    }
    assert_eq!(console.bells(), before + 1);
    console.wait(4_000);
    assert_eq!(console.bells(), before + 1);
    console.wait(1_000);
    assert_eq!(console.bells(), before + 2, "once for all that came");
    console.wait(60_000);
    assert_eq!(console.bells(), before + 2);
    // What was kept is gone by then.
    let missed = house.item(Kind::JobFailed, Priority::Low, "a job failed");
    house.waits(missed);
    let turn = house.user(id, "go");
    let message = "the model answered 529".to_owned();
    let hint = String::new();
    house.end(id, turn, Outcome::Failed { message, hint });
    tell(&mut console, &mut house);
    assert_eq!(console.bells(), before + 3);
    console.window_focus(true);
    console.wait(60_000);
    assert_eq!(console.bells(), before + 3, "the person looks");
}

#[test]
fn a_question_in_somebody_elses_session_is_not_counted_as_ours() {
    let mut house = House::new();
    let id = house.session("garden", "/home/mia/garden");
    let here = house.session("app", "/home/ann/app");
    let (own, mia) = (UserId::from_bytes([1; 16]), UserId::from_bytes([2; 16]));
    house.sessions[0].user_id = Some(mia);
    house.sessions[1].user_id = Some(own);
    let choices = house::questions::choices(&[("roses", ""), ("tulips", "")]);
    house::questions::asks(&mut house, id, "Which flowers?", choices, true);
    let mut console = attached(&mut house, here, 120, 36);
    let mut snapshot = house.snapshot();
    // The daemon leaves it out: it is mia's.
    snapshot.attention.clear();
    assert_eq!(snapshot.questions.len(), 1);
    console.connect(snapshot.clone());
    assert_eq!(console.waiting(), 1, "whose it is is not known");
    snapshot.user_id = Some(own);
    snapshot.names = [(own, "ann"), (mia, "mia")]
        .map(|(id, name)| UserName {
            id,
            name: name.into(),
        })
        .into();
    console.connect(snapshot);
    assert_eq!(console.waiting(), 0);
    console.keys("<c-g>");
    let screen = console.screen();
    assert!(screen.contains("nothing waits for you"), "{screen}");
}
