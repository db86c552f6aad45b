//! Sessions in the console: searched in all of them, put away, written out, forked where one reads.

use smartopol_protocol::event::UserName;
use smartopol_protocol::message::Role;
use smartopol_protocol::session::{Found, Hit};
use smartopol_protocol::turn::Outcome;
use smartopol_protocol::{MessageId, SessionId, UserId};
use smartopol_tui::headless::Headless;

use crate::attached;
use crate::house::{self, House};

/// A house with two sessions; the console shows the second.
fn two() -> (House, SessionId, SessionId) {
    let mut house = House::new();
    let garden = house.session("garden", "/home/ann/garden");
    for number in 0..150 {
        let turn = house.user(garden, &format!("question {number}"));
        let answer = format!("answer {number} of the roses");
        house.agent(garden, turn, vec![house::text(&answer)]);
        house.end(garden, turn, Outcome::Done);
    }
    let app = house.session("app", "/home/ann/app");
    let turn = house.user(app, "what is new?");
    house.agent(app, turn, vec![house::text("nothing")]);
    house.end(app, turn, Outcome::Done);
    (house, garden, app)
}

fn hit(house: &House, id: SessionId, name: &str, position: u64, line: &str) -> Hit {
    Hit {
        session_id: id,
        session: name.into(),
        archived: false,
        position,
        message_id: MessageId::from_bytes([9; 16]),
        role: if position.is_multiple_of(2) {
            Role::Agent
        } else {
            Role::User
        },
        line: line.into(),
        created_at: house.at().plus_millis(-3_600_000),
    }
}

fn found(house: &House, garden: SessionId, app: SessionId) -> Found {
    let archived = Hit {
        archived: true,
        ..hit(
            house,
            app,
            "old plans",
            4,
            "…of the roses behind the house, and water for them in \u{202e}June",
        )
    };
    Found {
        hits: vec![
            hit(house, garden, "garden", 20, "answer 9 of the roses"),
            hit(
                house,
                garden,
                "garden",
                7,
                "the roses need water, don't they?",
            ),
            archived,
        ],
        next: Some(4),
        behind: 1_200,
    }
}

fn searches(console: &mut Headless) -> Vec<String> {
    let mut asked = console.asked();
    asked.retain(|call| call.starts_with("SearchEverywhere"));
    asked
}

#[test]
fn what_was_said_is_found_while_it_is_written_and_opened_where_it_stands() {
    let (mut house, garden, app) = two();
    let mut console = attached(&mut house, app, 120, 36);
    console.keys("<a-/>");
    console.screen();
    assert_eq!(searches(&mut console), [""; 0]);
    console.keys("ro");
    assert_eq!(
        searches(&mut console),
        ["SearchEverywhere(\"r\")", "SearchEverywhere(\"ro\")"]
    );
    // What is about other words is no answer.
    console.found_everywhere("r", found(&house, garden, app));
    assert!(!console.screen().contains("answer 9"));
    console.keys("<enter>");
    assert_eq!(console.current(), Some(app), "nothing was found yet");
    console.keys("ses");
    console.found_everywhere("roses", found(&house, garden, app));
    insta::assert_snapshot!(console.screen());
    console.asked();
    console.keys("<down><up><enter>");
    assert_eq!(console.current(), Some(garden));
    console.show(house.shown(garden, None, 200));
    console.serve(|show| house.window(show), |search| house.search(search));
    let screen = console.screen();
    assert!(screen.contains("answer 9 of the roses"), "{screen}");
    assert!(
        screen.contains("of 300"),
        "it stands in the middle:\n{screen}"
    );
}

#[test]
fn the_window_of_what_was_said_fits_every_screen() {
    for (width, height) in [(200, 60), (80, 24), (60, 18), (20, 6)] {
        let (mut house, garden, app) = two();
        let mut console = attached(&mut house, app, width, height);
        console.keys("<a-/>roses");
        console.found_everywhere("roses", found(&house, garden, app));
        if width >= 60 {
            insta::assert_snapshot!(format!("said_{width}x{height}"), console.screen());
        }
        console.keys("<pgdn><pgdn><up>");
        console.screen();
        console.found_everywhere("roses", Found::default());
        console.screen();
    }
}

#[test]
fn a_session_that_is_put_away_is_in_no_list_and_found_by_its_name() {
    let (mut house, garden, app) = two();
    let mut console = attached(&mut house, app, 140, 36);
    assert!(console.screen().contains("garden"));
    console.keys("<c-s>gard<a-a>");
    let mut asked = console.asked();
    asked.retain(|call| call.starts_with("Archive"));
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert!(asked[0].contains("archived: true"), "{asked:?}");
    house.change(garden, |session| {
        session.archived_at = Some(session.updated_at)
    });
    crate::tell(&mut console, &mut house);
    let picked = console.screen();
    assert!(picked.contains("archived"), "{picked}");
    console.keys("<esc>");
    let listed = console.screen();
    assert!(!listed.contains("garden"), "{listed}");
    // It is there where it is opened, and `/archive` takes it back.
    console.keys("<c-s>gard<enter>");
    assert_eq!(console.current(), Some(garden));
    console.show(house.shown(garden, None, 200));
    assert!(console.screen().contains("garden"));
    console.asked();
    console.keys("/archive<enter>");
    let asked = console.asked();
    assert!(
        asked
            .iter()
            .any(|call| call.starts_with("Archive") && call.contains("archived: false")),
        "{asked:?}"
    );
}

#[test]
fn slash_commands_name_fork_and_write_out_the_session_at_hand() {
    let (mut house, _, app) = two();
    let mut console = attached(&mut house, app, 120, 36);
    console.keys("/rename notes<enter>");
    console.keys("/fork 1<enter>");
    console.keys("/new ~/other<enter>");
    console.keys("/export<enter>");
    console.keys("/export plans/notes.json<enter>");
    let asked = console.asked();
    let has = |begin: &str, part: &str| {
        asked
            .iter()
            .any(|call| call.starts_with(begin) && call.contains(part))
    };
    assert!(has("Configure", "name: Some(\"notes\")"), "{asked:?}");
    assert!(has("Fork", "at: Some(1)"), "{asked:?}");
    assert!(has("Create", "/other\""), "{asked:?}");
    assert!(has("Export", "/app.md\""), "{asked:?}");
    assert!(has("Export", "/plans/notes.json\""), "{asked:?}");
}

#[test]
fn a_fork_goes_on_from_the_message_that_is_picked() {
    let (mut house, _, app) = two();
    let mut console = attached(&mut house, app, 120, 36);
    console.keys("<tab>v");
    console.screen();
    console.keys("{");
    console.screen();
    console.asked();
    console.keys("F");
    let asked = console.asked();
    assert!(
        asked
            .iter()
            .any(|call| call.starts_with("Fork") && call.contains("at: Some(")),
        "{asked:?}"
    );
}

#[test]
fn it_is_said_whose_a_session_of_somebody_else_is() {
    let (mut house, _, app) = two();
    let (own, mia) = (UserId::from_bytes([1; 16]), UserId::from_bytes([2; 16]));
    house.sessions[0].user_id = Some(mia);
    house.sessions[1].user_id = Some(own);
    let mut console = attached(&mut house, app, 120, 36);
    let mut snapshot = house.snapshot();
    snapshot.user_id = Some(own);
    snapshot.names = [(own, "ann"), (mia, "mia")]
        .map(|(id, name)| UserName {
            id,
            name: name.into(),
        })
        .into();
    console.connect(snapshot);
    let screen = console.screen();
    assert!(screen.contains("mia · answer"), "{screen}");
    assert!(!screen.contains("ann ·"), "{screen}");
    assert!(!screen.contains("app of"), "{screen}");
    console.keys(":session garden<enter>");
    let screen = console.screen();
    assert!(screen.contains("garden of mia"), "{screen}");
}
