//! A long conversation: read, searched, picked from, copied.

use smartopol_protocol::SessionId;
use smartopol_protocol::tool::OutputStatus;
use smartopol_protocol::turn::Outcome;
use smartopol_tui::headless::Headless;

use crate::house::{self, House};
use crate::{attached, tell};

/// A session of so many questions, each with its answer.
fn long(questions: usize) -> (House, SessionId) {
    let mut house = House::new();
    let id = house.session("app", "/home/ann/app");
    for number in 0..questions {
        let turn = house.user(id, &format!("question {number}"));
        house.agent(id, turn, vec![house::text(&format!("answer {number}"))]);
        house.end(id, turn, Outcome::Done);
    }
    house.take();
    (house, id)
}

fn opened(house: &House, id: SessionId, width: u16, height: u16) -> Headless {
    let mut console = Headless::new(width, height, house.at());
    console.connect(house.snapshot());
    console.status(house::status());
    console.open(house.shown(id, None, 200));
    console.screen();
    console.asked();
    console
}

/// Answers all that was asked about messages, and draws.
fn serve(console: &mut Headless, house: &House) -> String {
    console.screen();
    while console.serve(|show| house.window(show), |search| house.search(search)) > 0 {
        console.screen();
    }
    console.screen()
}

#[test]
fn scrolling_up_asks_for_older_messages_once_and_keeps_the_place() {
    let (house, id) = long(300);
    let mut console = opened(&house, id, 100, 30);
    for _ in 0..16 {
        console.keys("<pgup>");
        console.screen();
    }
    let pages: Vec<String> = console
        .asked()
        .into_iter()
        .filter(|call| call.starts_with("Page"))
        .collect();
    assert_eq!(pages.len(), 1, "{pages:?}");
    assert!(
        pages[0].contains("Older") && pages[0].contains("at: 401"),
        "{pages:?}"
    );
}

#[test]
fn the_place_stays_while_pages_come_and_go() {
    let (house, id) = long(3_000);
    let mut console = opened(&house, id, 100, 30);
    console.keys("<tab>");
    for _ in 0..60 {
        console.keys("<pgup>");
        let before = console.screen();
        let after = serve(&mut console, &house);
        let place = |screen: &str| screen.lines().nth(4).unwrap_or_default().to_owned();
        assert_eq!(place(&before), place(&after));
    }
    console.keys("<pgdn>");
    let screen = serve(&mut console, &house);
    assert!(screen.contains("of 6,000"), "{screen}");
}

#[test]
fn the_first_and_the_last_message_are_one_key_away_however_long_it_is() {
    let (house, id) = long(3_000);
    let mut console = opened(&house, id, 100, 30);
    console.keys("<tab>g");
    let screen = serve(&mut console, &house);
    assert!(
        screen.contains("question 0") && screen.contains("message 1 of 6,000"),
        "{screen}"
    );
    console.keys("G");
    let screen = serve(&mut console, &house);
    assert!(
        screen.contains("answer 2999") && !screen.contains("End follows"),
        "{screen}"
    );
}

#[test]
fn what_comes_while_one_reads_far_above_is_counted_and_moves_nothing() {
    let (mut house, id) = long(3_000);
    let mut console = opened(&house, id, 100, 30);
    console.keys("<tab>g");
    serve(&mut console, &house);
    let turn = house.user(id, "one more");
    house.agent(id, turn, vec![house::text("one more answer")]);
    tell(&mut console, &mut house);
    let screen = serve(&mut console, &house);
    assert!(screen.contains("question 0"), "{screen}");
    assert!(screen.contains("message 1 of 6,002 · 2 new ↓"), "{screen}");
    console.keys("G");
    assert!(serve(&mut console, &house).contains("one more answer"));
}

#[test]
fn a_resize_keeps_the_line_at_the_top() {
    let (house, id) = long(300);
    let mut console = opened(&house, id, 100, 30);
    console.keys("<tab><pgup><pgup><pgup>");
    let top = |screen: &str| {
        let lines = screen.lines().skip(3);
        let mut said = lines.filter(|line| line.contains("question") || line.contains("answer"));
        said.next().map(|line| line.trim().to_owned())
    };
    let before = top(&console.screen());
    console.resize(64, 18);
    console.screen();
    console.resize(100, 30);
    assert_eq!(top(&console.screen()), before);
}

#[test]
fn turns_are_one_key_apart() {
    let (house, id) = long(300);
    let mut console = opened(&house, id, 100, 30);
    console.keys("<tab><pgup><pgup>");
    let place = |console: &mut Headless| {
        let screen = console.screen();
        let line = screen.lines().find(|line| line.contains("question"));
        line.unwrap_or_default().trim().to_owned()
    };
    let here = place(&mut console);
    console.keys("{{{");
    let above = place(&mut console);
    assert_ne!(here, above);
    console.keys("}}}");
    assert_eq!(place(&mut console), here);
}

#[test]
fn a_search_goes_to_the_nearest_hit_above_and_on() {
    let (house, id) = long(3_000);
    let mut console = opened(&house, id, 100, 30);
    console.keys("<tab>/");
    assert!(console.screen().contains("Find in this session"));
    console.keys("ANSWER 7<enter>");
    let screen = serve(&mut console, &house);
    // 7, 70 to 79, 700 to 799: 111 in all.
    assert!(screen.contains("answer 799"), "{screen}");
    assert!(screen.contains("/ANSWER 7 · hit 1 of 111"), "{screen}");
    console.keys("nn");
    let screen = serve(&mut console, &house);
    assert!(
        screen.contains("answer 797") && screen.contains("hit 3 of 111"),
        "{screen}"
    );
    console.keys("NNN");
    let screen = serve(&mut console, &house);
    assert!(
        screen.contains("answer 7\n") || screen.contains("answer 7 "),
        "{screen}"
    );
    assert!(
        screen.contains("hit 111 of 111"),
        "around the end: {screen}"
    );
    console.keys("<esc>");
    assert!(!console.screen().contains("hit 111"), "Esc ends the search");
}

#[test]
fn a_search_opens_what_hides_the_hit_and_one_for_nothing_says_so() {
    let mut house = House::new();
    let id = house.session("app", "/home/ann/app");
    let turn = house.user(id, "look");
    let (call, part) = house.part("exec", serde_json::json!({"command": "ls"}));
    house.agent(id, turn, vec![part]);
    house.call(id, turn, call, "exec", house::command("ls"));
    house.run(call);
    house.finish(
        call,
        OutputStatus::Ok,
        "a-needle-in-hay",
        serde_json::Value::Null,
    );
    house.answer(id, turn, call, "a-needle-in-hay");
    house.agent(id, turn, vec![house::text("done")]);
    house.end(id, turn, Outcome::Done);
    let mut console = attached(&mut house, id, 100, 30);
    assert!(
        !console.screen().contains("a-needle-in-hay"),
        "the card is folded"
    );
    console.keys("<tab>/needle<enter>");
    let screen = serve(&mut console, &house);
    assert!(
        screen.contains("a-needle-in-hay") && screen.contains("hit 1 of 1"),
        "{screen}"
    );
    console.keys("/");
    for _ in 0.."needle".len() {
        console.keys("<bs>");
    }
    console.keys("camel<enter>");
    let screen = serve(&mut console, &house);
    assert!(
        screen.contains("\"camel\" is nowhere in this session"),
        "{screen}"
    );
}

/// A session with a message of words and code, and a call with its output.
fn rich(width: u16, height: u16) -> Headless {
    let mut house = House::new();
    let id = house.session("app", "/home/ann/app");
    let turn = house.user(id, "How do I count lines?");
    let (call, part) = house.part("exec", serde_json::json!({"command": "wc -l src/main.rs"}));
    house.agent(
        id,
        turn,
        vec![house::text("I count those of this program."), part],
    );
    house.call(id, turn, call, "exec", house::command("wc -l src/main.rs"));
    house.run(call);
    house.finish(
        call,
        OutputStatus::Ok,
        "70 src/main.rs",
        serde_json::Value::Null,
    );
    let text = "There are **70**. In Rust:\n\n```rust\n// Counts the lines of a text.\n\
        fn count(text: &str) -> usize {\n    text.lines().count() // \"70\"\n}\n```\n\n\
        | way | lines |\n|---|---:|\n| `wc -l` | 70 |\n| `count` | 70 |\n\n\
        See <https://doc.rust-lang.org/std/> or [the book](https://doc.rust-lang.org/book/).\n\n\
        ```sh\nwc -l src/main.rs\n```";
    house.agent(id, turn, vec![house::text(text)]);
    house.end(id, turn, Outcome::Done);
    attached(&mut house, id, width, height)
}

#[test]
fn pieces_are_picked_and_copied_one_by_one() {
    let mut console = rich(120, 36);
    console.screen();
    console.keys("<tab>v");
    console.screen();
    console.keys("y");
    assert_eq!(
        console.copied(),
        ["wc -l src/main.rs\n"],
        "the lowest: a block of code"
    );
    assert!(console.screen().contains("the code: sent to the terminal"));
    console.keys("Y");
    assert!(
        console.copied()[0].starts_with("There are **70**."),
        "its message"
    );
    console.keys("k");
    console.screen();
    console.keys("y");
    assert!(
        console.copied()[0].starts_with("// Counts the lines"),
        "the block above"
    );
    console.keys("kk");
    console.screen();
    console.keys("yo");
    assert_eq!(
        console.copied(),
        ["wc -l src/main.rs", "70 src/main.rs"],
        "a call"
    );
    console.keys("p");
    assert_eq!(console.outside(), ["wc -l src/main.rs\n\n70 src/main.rs"]);
    console.back_from_outside("");
    console.keys("<esc>i hello");
    assert_eq!(
        console.draft(),
        " hello",
        "Esc goes back to reading, and i to writing"
    );
}

#[test]
fn the_newest_answer_is_copied_and_the_console_says_where_it_went() {
    let mut house = House::new();
    let id = house::morning(&mut house);
    let mut console = attached(&mut house, id, 120, 36);
    console.screen();
    console.keys("<tab>y");
    let copied = console.copied();
    assert_eq!(copied.len(), 1, "{copied:?}");
    assert!(
        console
            .screen()
            .contains("the answer: sent to the terminal")
    );
}

#[test]
fn the_draft_goes_to_the_editor_and_comes_back() {
    let mut house = House::new();
    let id = house::morning(&mut house);
    let mut console = attached(&mut house, id, 120, 36);
    console.keys("dear agent<a-e>");
    assert_eq!(console.outside(), ["dear agent"]);
    console.back_from_outside("dear agent,\n\nplease\n");
    assert_eq!(console.draft(), "dear agent,\n\nplease");
}

const SIZES: [(u16, u16); 3] = [(120, 36), (80, 24), (60, 18)];

#[test]
fn a_place_in_a_long_session() {
    for (width, height) in SIZES {
        let (house, id) = long(50_000 / 10);
        let mut console = opened(&house, id, width, height);
        console.keys("<tab>");
        for _ in 0..40 {
            console.keys("<pgup><pgup>");
            serve(&mut console, &house);
        }
        let screen = console.screen();
        insta::assert_snapshot!(format!("place_{width}x{height}"), screen);
    }
}

#[test]
fn a_search_and_its_hits() {
    for (width, height) in SIZES {
        let (house, id) = long(300);
        let mut console = opened(&house, id, width, height);
        console.keys("<tab>/answer 2<enter>");
        let screen = serve(&mut console, &house);
        insta::assert_snapshot!(format!("search_{width}x{height}"), screen);
    }
}

#[test]
fn something_picked_among_code_and_tables() {
    for (width, height) in SIZES {
        let mut console = rich(width, height);
        console.screen();
        console.keys("<tab>vk");
        insta::assert_snapshot!(format!("picked_{width}x{height}"), console.screen());
    }
}

#[test]
fn code_gets_its_colours_without_the_frame_waiting_for_them() {
    let mut console = rich(120, 36);
    let plain = console.colours();
    assert!(
        !plain.contains(&("fn".to_owned(), "Magenta".to_owned())),
        "{plain:?}"
    );
    console.paint();
    let painted = console.colours();
    for (word, colour) in [
        ("fn", "Magenta"),
        ("count", "LightBlue"),
        ("\"70\"", "DarkGray"),
    ] {
        let has = painted
            .iter()
            .any(|(own, of)| own.contains(word) && of == colour);
        assert!(has, "{word} {colour}: {painted:?}");
    }
}
