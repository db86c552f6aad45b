//! Questions of the agent: a card in place, answered by a number or in one's own words, and only
//! after it was seen; the same from the list of what waits.

use smartopol_protocol::SessionId;
use smartopol_tui::headless::Headless;

use crate::house::questions::{answered, asks, choices};
use crate::house::{self, House};
use crate::{attached, settle, tell};

const SIZES: [(u16, u16); 3] = [(120, 36), (80, 24), (60, 18)];

const PAY: &str =
    "Which payment provider should the shop use?\n\nBoth work with the cart as it is.";

const CHOICES: [(&str, &str); 3] = [
    ("Stripe", "best documentation, an account is needed today"),
    ("Mollie", "cheaper for iDEAL and SEPA"),
    ("Both, behind one interface", "about a day more work"),
];

fn house() -> (House, SessionId) {
    let mut house = House::new();
    let id = house::morning(&mut house);
    (house, id)
}

fn answers(console: &mut Headless) -> Vec<String> {
    let all = console.asked().into_iter();
    all.filter(|call| call.starts_with("Answer")).collect()
}

/// Looks at the card for as long as it takes to be answered.
fn look(console: &mut Headless) {
    console.screen();
    console.wait(400);
    console.screen();
}

#[test]
fn a_question_stands_on_a_card_with_its_choices() {
    for (width, height) in SIZES {
        let (mut house, id) = house();
        asks(&mut house, id, PAY, choices(&CHOICES), true);
        let mut console = attached(&mut house, id, width, height);
        console.keys("<tab>");
        look(&mut console);
        insta::assert_snapshot!(format!("question_{width}x{height}"), console.screen());
        console.keys("<enter>Klarna");
        insta::assert_snapshot!(format!("question_words_{width}x{height}"), console.screen());
    }
}

#[test]
fn a_question_never_takes_the_focus_and_is_deaf_until_it_was_seen() {
    let (mut house, id) = house();
    let mut console = attached(&mut house, id, 120, 36);
    console.keys("my dra");
    asks(&mut house, id, PAY, choices(&CHOICES), true);
    tell(&mut console, &mut house);
    console.keys("ft 1");
    assert!(
        console.screen().contains("my draft 1"),
        "{}",
        console.screen()
    );
    console.keys("<tab>2");
    // The key that came too early begins the quiet time anew.
    console.wait(300);
    console.keys("2");
    assert_eq!(answers(&mut console), Vec::<String>::new());
    console.wait(400);
    console.screen();
    console.keys("2");
    let given = answers(&mut console);
    assert_eq!(given.len(), 1);
    assert!(given[0].contains("Choose { number: 2 }"), "{given:?}");
    assert!(
        console.screen().contains("my draft 1"),
        "{}",
        console.screen()
    );
}

#[test]
fn an_answer_in_ones_own_words_is_sent_by_enter_alone() {
    let (mut house, id) = house();
    asks(&mut house, id, "Under which domain?", Vec::new(), true);
    let mut console = attached(&mut house, id, 120, 36);
    console.keys("<tab>");
    look(&mut console);
    console.keys("shop.example");
    console.paste(".org\nplease");
    assert!(
        console.screen().contains("shop.example.org"),
        "{}",
        console.screen()
    );
    assert_eq!(answers(&mut console), Vec::<String>::new());
    // Nothing of it is lost on the way to the composer and back.
    console.keys("<esc>aside<tab>");
    look(&mut console);
    console.keys("<enter>");
    let given = answers(&mut console);
    assert_eq!(given.len(), 1);
    assert!(given[0].contains("shop.example.org\\nplease"), "{given:?}");
    assert!(console.screen().contains("aside"), "{}", console.screen());
}

#[test]
fn a_question_with_choices_alone_takes_no_words_and_no_choice_that_is_not_there() {
    let (mut house, id) = house();
    asks(&mut house, id, PAY, choices(&CHOICES), false);
    let mut console = attached(&mut house, id, 120, 36);
    console.keys("<tab>");
    look(&mut console);
    console.keys("<enter>");
    assert!(
        console.screen().contains("by one of its choices alone"),
        "{}",
        console.screen()
    );
    console.keys("7");
    assert!(
        console.screen().contains("there is no choice 7"),
        "{}",
        console.screen()
    );
    assert_eq!(answers(&mut console), Vec::<String>::new());
    console.keys("d");
    let given = answers(&mut console);
    assert!(
        given.len() == 1 && given[0].contains("Dismiss"),
        "{given:?}"
    );
}

#[test]
fn who_was_first_elsewhere_is_told_and_what_was_written_is_a_draft() {
    let (mut house, id) = house();
    let asked = asks(&mut house, id, PAY, choices(&CHOICES), true);
    let mut console = attached(&mut house, id, 120, 36);
    console.keys("<tab>");
    look(&mut console);
    console.keys("<enter>Klarna");
    answered(&mut house, asked, "Adyen");
    tell(&mut console, &mut house);
    let screen = console.screen();
    assert!(!screen.contains("Question ─"), "{screen}");
    assert!(screen.contains("> Klarna"), "{screen}");
    assert_eq!(answers(&mut console), Vec::<String>::new());
}

#[test]
fn the_answer_to_one_question_is_never_an_answer_to_the_next() {
    let (mut house, id) = house();
    asks(&mut house, id, PAY, choices(&CHOICES), true);
    house.wait(10);
    asks(
        &mut house,
        id,
        "Which colour?",
        choices(&CHOICES[..2]),
        true,
    );
    let mut console = attached(&mut house, id, 120, 36);
    assert!(
        console.screen().contains("Question 1 of 2 waiting"),
        "{}",
        console.screen()
    );
    console.keys("<tab>");
    look(&mut console);
    console.keys("1");
    assert!(
        console.screen().contains("Which colour?"),
        "{}",
        console.screen()
    );
    console.wait(1_000);
    console.screen();
    console.keys("1");
    assert_eq!(
        answers(&mut console).len(),
        1,
        "the next card has not the focus"
    );
}

#[test]
fn a_question_is_answered_in_the_list_of_what_waits_after_it_was_seen() {
    for (width, height) in SIZES {
        let (mut house, id) = house();
        let other = house.session("shop", "/home/ada/code/shop");
        asks(&mut house, other, PAY, choices(&CHOICES), true);
        let mut console = attached(&mut house, id, width, height);
        console.keys("<a-i>");
        let item = console.screen();
        if !item.contains("3  Both") {
            console.keys("<down>");
        }
        console.keys("3");
        assert_eq!(answers(&mut console), Vec::<String>::new());
        look(&mut console);
        insta::assert_snapshot!(format!("inbox_question_{width}x{height}"), console.screen());
        console.keys("3");
        let given = answers(&mut console);
        assert!(
            given.len() == 1 && given[0].contains("number: 3"),
            "{given:?}"
        );
        assert!(
            !console.screen().contains("3  Both"),
            "{}",
            console.screen()
        );
    }
}

#[test]
fn a_console_that_only_looks_answers_nothing() {
    let (mut house, id) = house();
    asks(&mut house, id, PAY, choices(&CHOICES), true);
    let mut console = Headless::observing(120, 36, house.at());
    settle(&mut console, &house, id, false);
    console.keys("<tab>");
    look(&mut console);
    console.keys("1d<enter>x");
    assert_eq!(answers(&mut console), Vec::<String>::new());
}
