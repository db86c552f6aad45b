//! Writing: what the first letter means, what completes it, what waits and can be changed.

use smartopol_protocol::client::{Client, Listed};
use smartopol_protocol::turn::Outcome;
use smartopol_protocol::{News, SessionId};
use smartopol_tui::headless::Headless;

use crate::house::{self, House};
use crate::{attached, tell};

const SIZES: [(u16, u16); 3] = [(120, 36), (80, 24), (60, 18)];

fn quiet(width: u16, height: u16) -> (House, Headless, SessionId) {
    let mut house = House::new();
    let id = house.session("app", "/home/ann/app");
    let turn = house.user(id, "What is here?");
    house.agent(id, turn, vec![house::text("A small program with tests.")]);
    house.end(id, turn, Outcome::Done);
    let console = attached(&mut house, id, width, height);
    (house, console, id)
}

fn busy(width: u16, height: u16) -> (House, Headless, SessionId) {
    let mut house = House::new();
    let id = house.session("app", "/home/ann/app");
    let turn = house.user(id, "Split the parser.");
    house.delta(id, turn, "I begin with the lexer.");
    let console = attached(&mut house, id, width, height);
    (house, console, id)
}

fn asked(console: &mut Headless, begins: &str) -> Vec<String> {
    let calls = console.asked();
    calls
        .into_iter()
        .filter(|call| call.starts_with(begins))
        .collect()
}

#[test]
fn files_are_completed_behind_an_at() {
    for (width, height) in SIZES {
        let (_, mut console, id) = quiet(width, height);
        console.keys("look at @");
        assert_eq!(asked(&mut console, "Files").len(), 1);
        assert!(console.screen().contains("looking at the files"));
        let files = [
            "Cargo.toml",
            "README.md",
            "src/",
            "src/date.rs",
            "src/main.rs",
            "tests/date.rs",
        ];
        console.files(id, &files);
        console.keys("date");
        insta::assert_snapshot!(format!("files_{width}x{height}"), console.screen());
        console.keys("<down><tab>");
        assert_eq!(console.draft(), "look at @tests/date.rs ");
        assert_eq!(
            asked(&mut console, "Files"),
            Vec::<String>::new(),
            "known for a while"
        );
        console.keys("and @src<enter>");
        assert_eq!(console.draft(), "look at @tests/date.rs and @src/");
        console.keys("<esc>");
        assert!(
            !console.screen().contains("Files"),
            "Esc closes the list alone"
        );
        assert_eq!(console.draft(), "look at @tests/date.rs and @src/");
    }
}

#[test]
fn commands_are_completed_behind_a_slash_and_carried_out() {
    for (width, height) in SIZES {
        let (_, mut console, _) = quiet(width, height);
        console.keys("/");
        insta::assert_snapshot!(format!("commands_{width}x{height}"), console.screen());
        console.keys("ren<tab>garden<enter>");
        let calls = asked(&mut console, "Configure");
        assert!(calls[0].contains("garden"), "{calls:?}");
        assert_eq!(console.draft(), "");
    }
}

#[test]
fn an_unknown_command_stays_written_and_the_nearest_is_named() {
    let (_, mut console, _) = quiet(120, 36);
    console.keys("/renmae x<enter>");
    let screen = console.screen();
    assert!(screen.contains("did you mean /rename?"), "{screen}");
    assert_eq!(console.draft(), "/renmae x");
    assert_eq!(asked(&mut console, "Say"), Vec::<String>::new());
}

#[test]
fn a_doubled_first_letter_is_said_to_the_agent() {
    for (written, said) in [
        ("//etc is what?", "/etc is what?"),
        ("!!", "!"),
        ("##x", "#x"),
    ] {
        let (_, mut console, _) = quiet(120, 36);
        console.keys(&format!("{written}<enter>"));
        let calls = asked(&mut console, "Say");
        assert!(calls[0].contains(&format!("{said:?}")), "{calls:?}");
    }
}

#[test]
fn a_command_of_the_person_is_seen_as_one_before_and_after() {
    for (width, height) in SIZES {
        let (mut house, mut console, id) = quiet(width, height);
        console.keys("!git status -s");
        let screen = console.screen();
        assert!(screen.contains("your command"), "{screen}");
        console.keys("<enter>");
        let calls = asked(&mut console, "Run");
        assert!(calls[0].contains("\"git status -s\""), "{calls:?}");
        assert_eq!(console.draft(), "");
        house.person_runs(
            id,
            "git status -s",
            " M src/date.rs\n?? notes.md\n[exit code 0]",
        );
        tell(&mut console, &mut house);
        console.keys("!cargo te");
        insta::assert_snapshot!(format!("person_command_{width}x{height}"), console.screen());
    }
}

#[test]
fn what_to_remember_goes_to_the_daemon_and_a_heading_to_the_agent() {
    let (_, mut console, _) = quiet(120, 36);
    console.keys("# tabs, not spaces<enter>");
    assert_eq!(
        asked(&mut console, "Remember"),
        ["Remember(\"tabs, not spaces\")"]
    );
    console.paste("# Title\n\ntext");
    console.keys("<enter>");
    assert_eq!(asked(&mut console, "Say").len(), 1);
}

#[test]
fn a_large_paste_is_a_chip_and_is_sent_whole() {
    for (width, height) in SIZES {
        let (_, mut console, _) = quiet(width, height);
        console.keys("why does this fail? ");
        console.paste(&"error[E0308]: mismatched\u{1b}[31m types\n".repeat(120));
        insta::assert_snapshot!(format!("chip_{width}x{height}"), console.screen());
        console.keys("<enter>");
        let calls = asked(&mut console, "Say");
        assert_eq!(calls[0].matches("mismatched[31m types").count(), 120);
        assert!(!calls[0].contains("\\u{1b}"));
    }
}

#[test]
fn what_waits_is_changed_in_the_composer_and_the_draft_comes_back() {
    for (width, height) in SIZES {
        let (mut house, mut console, id) = busy(width, height);
        house.queue(id, "Then run the tests.");
        house.queue(id, "And comit it.");
        tell(&mut console, &mut house);
        insta::assert_snapshot!(format!("queue_{width}x{height}"), console.screen());
        console.keys("<up>");
        assert_eq!(console.draft(), "And comit it.");
        insta::assert_snapshot!(format!("queue_edit_{width}x{height}"), console.screen());
        console.keys("<up>");
        assert_eq!(console.draft(), "Then run the tests.");
        console.keys("<down><bs>!<enter>");
        let calls = asked(&mut console, "Edit");
        assert!(calls[0].contains("And comit it!"), "{calls:?}");
        assert_eq!(console.draft(), "");
    }
}

#[test]
fn escape_leaves_a_waiting_message_as_it_was_and_does_not_interrupt() {
    let (mut house, mut console, id) = busy(120, 36);
    house.queue(id, "later");
    tell(&mut console, &mut house);
    console.keys("<up> more<esc>");
    assert_eq!(console.draft(), "");
    let calls = console.asked();
    assert!(
        !calls
            .iter()
            .any(|call| call.starts_with("Interrupt") || call.starts_with("Edit"))
    );
}

#[test]
fn what_is_changed_when_its_turn_begins_becomes_the_draft() {
    let (mut house, mut console, id) = busy(120, 36);
    let waiting = house.queue(id, "later");
    tell(&mut console, &mut house);
    console.keys("<up> and more");
    house.fact(id, News::MessageWithdrawn(waiting));
    tell(&mut console, &mut house);
    assert_eq!(console.draft(), "later and more");
    console.keys("<enter>");
    assert_eq!(asked(&mut console, "Say").len(), 1, "sent as a new one");
}

#[test]
fn enter_waits_and_another_key_steers() {
    for (width, height) in SIZES {
        let (mut house, mut console, id) = busy(width, height);
        console.keys("one<enter>two<a-s>");
        let calls = asked(&mut console, "Say");
        assert!(calls[0].contains("steer: false"), "{calls:?}");
        assert!(calls[1].contains("steer: true"), "{calls:?}");
        house.steer(id, "Use the other file.");
        tell(&mut console, &mut house);
        console.keys("three");
        insta::assert_snapshot!(format!("steer_{width}x{height}"), console.screen());
    }
}

#[test]
fn drafts_are_kept_a_moment_after_the_last_letter() {
    let (_, mut console, id) = quiet(120, 36);
    console.keys("half a thought");
    assert_eq!(console.kept(), []);
    console.wait(300);
    assert_eq!(console.kept(), [(id, "half a thought".to_owned())]);
    console.wait(60_000);
    assert_eq!(console.kept().len(), 1, "at rest nothing is written");
    console.keys("<enter>");
    console.wait(300);
    assert_eq!(console.kept().last(), Some(&(id, String::new())));
}

#[test]
fn a_removed_session_stays_a_while_and_undo_keeps_it() {
    let (mut house, mut console, id) = quiet(120, 36);
    house.session("old", "/home/ann/old");
    tell(&mut console, &mut house);
    console.keys("<c-s>old<c-x>y");
    let screen = console.screen();
    assert!(screen.contains("`old` goes in 10 s"), "{screen}");
    console.wait(9_000);
    assert_eq!(asked(&mut console, "Remove"), Vec::<String>::new());
    console.keys("/undo<enter>");
    console.wait(9_000);
    assert_eq!(asked(&mut console, "Remove"), Vec::<String>::new());
    console.keys("<c-s>old<c-x>y");
    console.wait(10_500);
    assert_eq!(asked(&mut console, "Remove").len(), 1);
    assert_eq!(console.current(), Some(id));
}

#[test]
fn undo_takes_back_a_rename_a_mode_and_a_cleared_draft_in_turn() {
    let (mut house, mut console, id) = quiet(120, 36);
    console.keys("/rename garden<enter>");
    house.change(id, |session| session.name = "garden".into());
    tell(&mut console, &mut house);
    console.keys("a long thought<c-u>");
    console.asked();
    console.keys("<c-7>");
    assert_eq!(console.draft(), "a long thought");
    console.keys("<c-u>");
    console.keys("<c-7><c-7>");
    let calls = asked(&mut console, "Configure");
    assert!(calls[0].contains("name: Some(\"app\")"), "{calls:?}");
}

#[test]
fn a_fork_is_asked_for_at_the_picked_message() {
    let (_, mut console, _) = quiet(120, 36);
    console.keys("<tab>v<up>");
    console.screen();
    console.keys("F");
    let calls = asked(&mut console, "Fork");
    assert!(calls[0].contains("at: Some(1)"), "{calls:?}");
}

#[test]
fn folding_and_pinning_are_said_as_commands() {
    let (_, mut console, _) = quiet(120, 36);
    console.keys("/compact<enter>");
    assert_eq!(asked(&mut console, "Compact").len(), 1);
    console.keys("/expand<enter>");
    assert_eq!(asked(&mut console, "Expand").len(), 1);
    console.keys("/pin todo: water them<enter>");
    let calls = asked(&mut console, "Pin");
    assert!(
        calls[0].contains("kind: Todo") && calls[0].contains("\"water them\""),
        "{calls:?}"
    );
    console.keys("/pin never: on a Sunday<enter>");
    let calls = asked(&mut console, "Pin");
    assert!(
        calls[0].contains("kind: Rule") && calls[0].contains("\"never: on a Sunday\""),
        "{calls:?}"
    );
}

#[test]
fn the_picker_shows_who_is_where_and_finds_by_a_few_letters() {
    for (width, height) in SIZES {
        let mut house = House::new();
        let other = house.session("gardening", "/home/ann/plants");
        house.queue(other, "water them");
        let id = house::morning(&mut house);
        let mut console = attached(&mut house, id, width, height);
        let client = |number, name: &str, watches| Client {
            id: number,
            name: name.into(),
            peer: "cli:1000".into(),
            observes: number == 3,
            watches: Some(watches),
            since: house.at(),
        };
        console.attached(Listed {
            clients: vec![
                client(1, "smartopol-tui", id),
                client(2, "smartopol-tui", other),
                client(3, "a-watcher", id),
            ],
            own: 1,
        });
        console.keys("<c-s>");
        insta::assert_snapshot!(format!("picker_{width}x{height}"), console.screen());
        console.keys("gdn");
        let screen = console.screen();
        assert!(screen.contains("gardening"), "{screen}");
        console.keys("<enter>");
        assert_eq!(console.current(), Some(other));
    }
}

#[test]
fn one_who_only_looks_changes_nothing_by_writing() {
    let mut house = House::new();
    let id = house.session("app", "/home/ann/app");
    house.take();
    let mut console = Headless::observing(120, 36, house.at());
    crate::settle(&mut console, &house, id, false);
    for written in [
        "hello<enter>",
        "!ls<enter>",
        "#x<enter>",
        "/fork<enter>",
        "/rename x<enter>",
        "/compact<enter>",
        "/expand<enter>",
        "/pin x<enter>",
    ] {
        console.keys(written);
        console.keys("<c-u>");
    }
    let changes = [
        "Say",
        "Run",
        "Remember",
        "Fork",
        "Configure",
        "Compact",
        "Expand",
        "Pin",
    ];
    let calls = console.asked();
    assert!(
        !calls
            .iter()
            .any(|call| changes.iter().any(|own| call.starts_with(own))),
        "{calls:?}"
    );
}
