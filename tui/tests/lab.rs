//! The policy lab and the dangerous card: what they show, and what no single key does.

use smartopol_protocol::ApprovalId;
use smartopol_protocol::approval::{BackTest, Candidate, LabShown, OneOf, Pattern, Reason};
use smartopol_protocol::tool::{Effect, Place, Removal};
use smartopol_tui::headless::Headless;

use crate::house::{self, House};
use crate::{attached, tell};

const SIZES: [(u16, u16); 4] = [(200, 60), (120, 36), (80, 24), (60, 18)];

fn reach(console: &mut Headless) {
    console.keys("<tab>");
    console.screen();
    console.wait(400);
    console.screen();
}

fn decisions(console: &mut Headless) -> Vec<String> {
    let asked = console.asked().into_iter();
    asked.filter(|call| call.starts_with("Decide")).collect()
}

/// A console whose card asks about a deletion that needs a word.
fn dangerous(width: u16, height: u16) -> (House, Headless, ApprovalId) {
    let mut house = House::new();
    let id = house.session("app", "/home/ann/app");
    let mut console = attached(&mut house, id, width, height);
    let turn = house.user(id, "Make room on the disk");
    let (call, part) = house.part("exec", serde_json::json!({}));
    house.agent(id, turn, vec![part]);
    let mut inspection = house::command("rm -rf /home/ann/archive/2019");
    inspection.effects.push(Effect::Delete {
        path: "/home/ann/archive/2019".into(),
        place: Place::Outside,
        recursive: true,
    });
    inspection.removal = Some(Removal {
        entries: 12_480,
        bytes: 48_600_000,
        first: ["a.txt", "b.txt", "photos"]
            .map(|name| format!("/home/ann/archive/2019/{name}"))
            .into(),
        more: false,
    });
    house.call(id, turn, call, "exec", inspection);
    house.endanger("delete", "it deletes ~/archive/2019 and all below it");
    let approval = house.ask(call, None, "it deletes outside the workspace");
    tell(&mut console, &mut house);
    (house, console, approval)
}

#[test]
fn a_dangerous_call_says_what_would_be_gone() {
    for (width, height) in SIZES {
        let (_, mut console, _) = dangerous(width, height);
        reach(&mut console);
        insta::assert_snapshot!(format!("danger_{width}x{height}"), console.screen());
    }
}

#[test]
fn a_key_alone_never_allows_what_is_dangerous() {
    let (_, mut console, approval) = dangerous(100, 40);
    reach(&mut console);
    console.keys("ysa");
    assert_eq!(decisions(&mut console), Vec::<String>::new());
    let screen = console.screen();
    assert!(
        screen.contains("type delete and Enter to allow: sa_"),
        "{screen}"
    );
    console.wait(400);
    console.keys("<enter>");
    assert!(console.screen().contains("the word is delete"));
    console.keys("delete");
    assert_eq!(decisions(&mut console), Vec::<String>::new());
    console.keys("<enter>");
    let decided = decisions(&mut console);
    assert_eq!(decided.len(), 1, "{decided:?}");
    assert!(decided[0].contains(&approval.to_string()), "{decided:?}");
    assert!(decided[0].contains("word: \"delete\""), "{decided:?}");
}

#[test]
fn escape_leaves_the_word_without_an_answer_and_n_denies() {
    let (_, mut console, _) = dangerous(100, 40);
    reach(&mut console);
    console.keys("y");
    console.keys("del<esc>");
    assert!(!console.screen().contains("Enter to allow"));
    console.paste("delete");
    console.keys("<bs><bs><bs><bs><bs><bs>");
    assert_eq!(decisions(&mut console), Vec::<String>::new());
    console.keys("<tab>");
    console.screen();
    console.wait(400);
    console.keys("n");
    let decided = decisions(&mut console);
    assert!(
        decided.len() == 1 && decided[0].contains("allow: false"),
        "{decided:?}"
    );
}

fn words(words: &[&str]) -> Pattern {
    Pattern {
        tool: Some("exec".into()),
        command: words
            .iter()
            .map(|word| OneOf::Word((*word).into()))
            .collect(),
        ..Pattern::default()
    }
}

fn shown() -> LabShown {
    let candidate = |pattern: Pattern, allowed, denied_by_person| Candidate {
        text: pattern.to_string(),
        pattern,
        back_test: BackTest {
            days: 30,
            calls: 120,
            allowed,
            denied_by_person,
        },
    };
    LabShown {
        why: vec![
            Reason {
                text: "the mode is ask, and no rule allows this command".into(),
                ..Reason::default()
            },
            Reason {
                text: "a rule came near and missed at the word `test`".into(),
                rule: Some(words(&["cargo", "build"])),
                missed_at: Some(1),
            },
        ],
        candidates: vec![
            candidate(words(&["cargo", "test", "--all"]), 0, 0),
            candidate(words(&["cargo", "test"]), 41, 3),
            candidate(words(&["cargo"]), 97, 9),
        ],
    }
}

/// A console whose lab is open and answered, not yet looked at for long.
fn lab(width: u16, height: u16) -> (House, Headless, ApprovalId) {
    let mut house = House::new();
    let id = house.session("app", "/home/ann/app");
    let mut console = attached(&mut house, id, width, height);
    let (_, _, approval) = house::asks(&mut house, id, "cargo test --all");
    tell(&mut console, &mut house);
    reach(&mut console);
    console.keys("w");
    console.screen();
    console.lab(approval, shown());
    console.screen();
    console.asked();
    (house, console, approval)
}

#[test]
fn the_lab_says_why_and_what_each_rule_would_have_done() {
    for (width, height) in SIZES {
        let (_, mut console, _) = lab(width, height);
        console.wait(400);
        console.keys("<down>");
        insta::assert_snapshot!(format!("lab_{width}x{height}"), console.screen());
    }
}

#[test]
fn the_lab_is_deaf_until_it_was_seen_for_350_ms() {
    let (_, mut console, approval) = lab(120, 36);
    console.keys("<enter>");
    assert_eq!(decisions(&mut console), Vec::<String>::new());
    console.wait(349);
    console.keys("<enter>");
    assert_eq!(decisions(&mut console), Vec::<String>::new());
    console.wait(350);
    console.keys("<down><right>x<enter>");
    let decided = decisions(&mut console);
    assert_eq!(decided.len(), 1, "{decided:?}");
    for part in [
        approval.to_string().as_str(),
        "allow: true",
        "scope: Workspace",
        "Word(\"test\")",
        "expire_after_seconds: Some(3600)",
    ] {
        assert!(decided[0].contains(part), "{part}: {decided:?}");
    }
    assert!(!decided[0].contains("--all"), "{decided:?}");
}

#[test]
fn a_rule_is_written_checked_and_looked_up_before_it_is_kept() {
    let (_, mut console, approval) = lab(120, 36);
    console.wait(400);
    console.keys("<down>e<bs>");
    let screen = console.screen();
    assert!(
        screen.contains("✗ the command ends without its `"),
        "{screen}"
    );
    console.keys("<enter>");
    assert!(console.screen().contains("✗ the command ends"));
    console.keys("` run in /home/ann/app<enter>");
    assert_eq!(decisions(&mut console), Vec::<String>::new());
    let pattern = Pattern {
        cwd: Some("/home/ann/app".into()),
        ..words(&["cargo", "test"])
    };
    assert!(console.screen().contains("looking at the last days"));
    console.tested(
        approval,
        pattern,
        BackTest {
            days: 30,
            calls: 120,
            allowed: 1,
            denied_by_person: 0,
        },
    );
    let screen = console.screen();
    assert!(
        screen.contains("▸ exec `cargo test …` run in ~/app"),
        "{screen}"
    );
    assert!(
        screen.contains("this would have allowed 1 call"),
        "{screen}"
    );
    console.wait(1_000);
    console.screen();
    console.keys("<enter>");
    let decided = decisions(&mut console);
    assert!(
        decided.len() == 1 && decided[0].contains("run in") || decided[0].contains("cwd: Some"),
        "{decided:?}"
    );
}

#[test]
fn the_lab_closes_when_somebody_else_answers() {
    let (mut house, mut console, approval) = lab(120, 36);
    house.decide(
        approval,
        false,
        smartopol_protocol::approval::Scope::Once,
        "",
        "smartopol-cli",
    );
    tell(&mut console, &mut house);
    assert!(!console.screen().contains("Why this is asked"));
    console.wait(1_000);
    console.keys("<enter>");
    assert_eq!(decisions(&mut console), Vec::<String>::new());
}
