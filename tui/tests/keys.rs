//! What keys do, and what they never do.

use smartopol_config::keymap::{Chosen, Keymap, Preset};
use smartopol_protocol::approval::Scope;
use smartopol_protocol::turn::Outcome;
use smartopol_protocol::{ApprovalId, Code, Fault, SessionId};
use smartopol_tui::headless::Headless;

use crate::house::{self, House};
use crate::{attached, tell};

struct Asked {
    house: House,
    console: Headless,
    id: SessionId,
    approval: ApprovalId,
}

/// A console that shows a card which has just appeared.
fn asked() -> Asked {
    let mut house = House::new();
    let id = house.session("app", "/home/ann/app");
    let mut console = attached(&mut house, id, 120, 36);
    let (_, _, approval) = house::asks(&mut house, id, "cargo test --all");
    tell(&mut console, &mut house);
    console.asked();
    Asked {
        house,
        console,
        id,
        approval,
    }
}

fn decisions(console: &mut Headless) -> Vec<String> {
    console
        .asked()
        .into_iter()
        .filter(|call| call.starts_with("Decide"))
        .collect()
}

#[test]
fn no_key_answers_a_card_without_focus_and_typing_goes_to_the_draft() {
    let Asked { mut console, .. } = asked();
    console.wait(5_000);
    console.screen();
    console.keys("yesan N y");
    assert_eq!(decisions(&mut console), Vec::<String>::new());
    assert_eq!(console.draft(), "yesan N y");
}

#[test]
fn an_empty_composer_answers_nothing_either() {
    let Asked { mut console, .. } = asked();
    console.wait(5_000);
    console.screen();
    for key in ["y", "n", "s", "a", "N", "1"] {
        console.keys(key);
        console.keys("<bs>");
    }
    assert_eq!(decisions(&mut console), Vec::<String>::new());
}

#[test]
fn a_card_is_deaf_until_it_was_seen_for_350_ms_and_each_key_begins_them_anew() {
    let Asked {
        mut console,
        approval,
        ..
    } = asked();
    console.keys("<tab>y");
    console.wait(300);
    console.keys("y");
    console.wait(349);
    console.keys("y");
    assert_eq!(decisions(&mut console), Vec::<String>::new());
    assert!(console.screen().contains("one moment"));
    console.wait(350);
    assert!(console.screen().contains("press a key to answer"));
    console.keys("y");
    let once = format!(
        "Decide(Decide {{ id: {approval}, allow: true, scope: Once, note: \"\", word: \"\", rule: None, expire_after_seconds: None }})"
    );
    assert_eq!(decisions(&mut console), [once]);
}

#[test]
fn a_held_key_answers_one_of_two_and_never_writes_into_the_draft() {
    let Asked {
        mut house,
        mut console,
        id,
        ..
    } = asked();
    let (_, _, second) = house::asks(&mut house, id, "cargo build");
    tell(&mut console, &mut house);
    console.wait(1_000);
    console.screen();
    console.keys("<c-a>");
    console.wait(400);
    console.keys("y");
    assert_eq!(decisions(&mut console).len(), 1);
    console.screen();
    // The first repeat comes after half a second, the others every 30 ms.
    console.wait(500);
    for _ in 0..40 {
        console.keys("y");
        console.screen();
        console.wait(30);
    }
    assert_eq!(decisions(&mut console), Vec::<String>::new());
    assert_eq!(console.draft(), "");
    // The second card does not inherit the focus: reached by its own key, it is answered.
    console.wait(1_000);
    console.screen();
    console.keys("<c-a>");
    console.wait(400);
    console.keys("y");
    let decided = decisions(&mut console);
    assert!(
        decided.len() == 1 && decided[0].contains(&second.to_string()),
        "{decided:?}"
    );
}

#[test]
fn each_answer_says_what_it_covers() {
    for (key, words) in [
        ("y", "allow: true, scope: Once"),
        ("s", "allow: true, scope: Session"),
        ("a", "allow: true, scope: Always"),
        ("n", "allow: false, scope: Once"),
    ] {
        let Asked { mut console, .. } = asked();
        console.keys("<tab>");
        console.wait(400);
        console.keys(key);
        let decided = decisions(&mut console);
        assert!(
            decided.len() == 1 && decided[0].contains(words),
            "{key}: {decided:?}"
        );
    }
}

#[test]
fn a_denial_can_say_why() {
    let Asked { mut console, .. } = asked();
    console.keys("<tab>");
    console.wait(400);
    console.keys("N");
    assert!(console.screen().contains("What should the agent know?"));
    console.keys("use cargo nextest<enter>");
    let decided = decisions(&mut console);
    assert!(
        decided[0].contains("allow: false, scope: Once, note: \"use cargo nextest\""),
        "{decided:?}"
    );
}

#[test]
fn what_can_only_be_answered_once_is_not_kept() {
    let mut house = House::new();
    let id = house.session("app", "/home/ann/app");
    let mut console = attached(&mut house, id, 120, 36);
    house::asks(&mut house, id, "ls | wc -l");
    tell(&mut console, &mut house);
    console.asked();
    console.keys("<tab>");
    console.wait(400);
    console.keys("s");
    assert_eq!(decisions(&mut console), Vec::<String>::new());
    assert!(console.screen().contains("can only be answered once"));
}

#[test]
fn who_answered_elsewhere_is_shown_and_the_card_goes() {
    let Asked {
        mut house,
        mut console,
        approval,
        ..
    } = asked();
    console.keys("<tab>");
    house.decide(approval, true, Scope::Once, "", "smartopol-cli");
    tell(&mut console, &mut house);
    let screen = console.screen();
    assert!(
        screen.contains("allowed once by cli:1000 in the command line"),
        "{screen}"
    );
    assert!(!screen.contains("press a key"), "{screen}");
    console.keys("yes");
    assert_eq!(
        console.draft(),
        "yes",
        "the focus went back to the composer"
    );
}

#[test]
fn the_card_is_not_taken_by_a_new_one_while_another_has_focus() {
    let Asked {
        mut house,
        mut console,
        id,
        approval,
    } = asked();
    console.keys("<tab>");
    console.wait(2_000);
    console.screen();
    let (_, _, second) = house::asks(&mut house, id, "rm -rf target");
    house.decide(approval, false, Scope::Once, "", "smartopol-cli");
    tell(&mut console, &mut house);
    console.keys("y");
    assert_eq!(
        decisions(&mut console),
        Vec::<String>::new(),
        "{second} was not seen yet"
    );
}

#[test]
fn the_draft_lives_through_reconnects_other_sessions_and_refusals() {
    let mut house = House::new();
    let other = house.session("notes", "/home/ann/notes");
    let id = house.session("app", "/home/ann/app");
    let mut console = attached(&mut house, id, 120, 36);
    console.keys("half a th");
    console.lose("the daemon closed the connection", 250);
    console.keys("ought");
    console.keys("<enter>");
    assert_eq!(
        console.draft(),
        "half a thought",
        "what cannot be sent stays"
    );
    console.connect(house.snapshot());
    console.show(house.shown(id, None, 200));
    assert_eq!(console.draft(), "half a thought");
    console.open(house.shown(other, None, 200));
    assert_eq!(console.draft(), "");
    console.open(house.shown(id, None, 200));
    assert_eq!(console.draft(), "half a thought");
    console.keys("<enter>");
    assert_eq!(console.draft(), "");
    console.refuse("Say", Some(Fault::new(Code::Busy, "the queue is full")));
    assert_eq!(console.draft(), "half a thought");
    assert!(console.screen().contains("the queue is full"));
}

#[test]
fn what_was_on_its_way_when_the_link_broke_goes_again_under_the_same_name() {
    let mut house = House::new();
    let id = house.session("app", "/home/ann/app");
    let mut console = attached(&mut house, id, 120, 36);
    console.keys("hello<enter>");
    let first = console.asked();
    let said = |calls: &[String]| calls.iter().find(|call| call.starts_with("Say")).cloned();
    assert!(console.screen().contains("on its way"));
    // The broken connection answers nothing; the next one is asked the same.
    console.lose("the daemon closed the connection", 250);
    console.connect(house.snapshot());
    let again = console.asked();
    assert!(said(&first).is_some());
    assert_eq!(said(&first), said(&again));
}

#[test]
fn escape_interrupts_and_leaving_takes_two() {
    let mut house = House::new();
    let id = house.session("app", "/home/ann/app");
    let mut console = attached(&mut house, id, 120, 36);
    console.keys("<esc><esc>");
    assert_eq!(
        console.asked(),
        Vec::<String>::new(),
        "nothing runs, nothing happens"
    );
    let turn = house.user(id, "count to ten");
    tell(&mut console, &mut house);
    console.asked();
    console.keys("<esc>");
    assert_eq!(console.asked(), [format!("Interrupt({id})")]);
    console.keys("<c-c>");
    assert_eq!(console.asked(), [format!("Interrupt({id})")]);
    assert!(!console.left());
    house.end(id, turn, Outcome::Interrupted);
    tell(&mut console, &mut house);
    assert!(console.screen().contains("interrupted"));
    console.keys("<c-r>");
    assert_eq!(console.asked(), [format!("Continue({id})")]);
    console.wait(3_000);
    console.keys("<c-c>");
    assert!(!console.left());
    console.keys("<c-c>");
    assert!(console.left());
}

#[test]
fn the_mode_goes_round() {
    let mut house = House::new();
    let id = house.session("app", "/home/ann/app");
    let mut console = attached(&mut house, id, 120, 36);
    console.keys("<btab>");
    let asked = console.asked();
    assert!(asked[0].contains("mode: Some(AutoEdit)"), "{asked:?}");
    house.change(id, |session| {
        session.mode = Some(smartopol_protocol::approval::Mode::Auto)
    });
    tell(&mut console, &mut house);
    console.keys("<c-o>");
    let asked = console.asked();
    assert!(asked[0].contains("mode: Some(ReadOnly)"), "{asked:?}");
}

#[test]
fn a_console_that_only_looks_asks_for_no_change() {
    let mut house = House::new();
    let id = house.session("app", "/home/ann/app");
    house::asks(&mut house, id, "ls");
    house.take();
    let mut console = Headless::observing(120, 36, house.at());
    crate::settle(&mut console, &house, id, false);
    console.wait(1_000);
    console.screen();
    console.keys("hello<enter><esc><c-o><c-r><tab>");
    console.wait(1_000);
    console.screen();
    console.keys("y");
    assert_eq!(console.asked(), Vec::<String>::new());
    assert!(console.screen().contains("only looks"));
}

#[test]
fn a_paste_is_written_and_never_answers() {
    let Asked { mut console, .. } = asked();
    console.keys("<tab>");
    console.wait(1_000);
    console.screen();
    console.paste("y\nn\u{1b}[31m\r\n");
    assert_eq!(decisions(&mut console), Vec::<String>::new());
    assert_eq!(console.draft(), "y\nn[31m\n");
}

#[test]
fn a_waiting_message_is_taken_back_into_the_composer() {
    let mut house = House::new();
    let id = house.session("app", "/home/ann/app");
    let mut console = attached(&mut house, id, 120, 36);
    house.user(id, "first");
    let waiting = house.queue(id, "second");
    tell(&mut console, &mut house);
    assert!(console.screen().contains("waits for its turn"));
    console.asked();
    console.keys("<c-b>");
    let asked = console.asked();
    assert!(
        asked[0].starts_with("Withdraw") && asked[0].contains(&waiting.to_string()),
        "{asked:?}"
    );
}

#[test]
fn the_first_start_in_a_folder_makes_a_session() {
    let house = House::new();
    let mut console = Headless::new(120, 36, house.at());
    console.connect(house.snapshot());
    console.no_session();
    let asked = console.asked();
    assert!(asked.iter().any(|call| call.contains("workspace: \"/home/ann/app\"") && call.starts_with("Create")), "{asked:?}");
}

#[test]
fn it_rings_only_for_somebody_who_looks_elsewhere() {
    let mut house = House::new();
    let id = house.session("app", "/home/ann/app");
    let mut console = attached(&mut house, id, 120, 36);
    house::asks(&mut house, id, "ls");
    tell(&mut console, &mut house);
    assert_eq!(console.bells(), 0);
    console.window_focus(false);
    house::asks(&mut house, id, "ls -la");
    tell(&mut console, &mut house);
    assert_eq!(console.bells(), 1);
}

#[test]
fn a_console_at_rest_is_never_woken() {
    let mut house = House::new();
    let id = house.session("app", "/home/ann/app");
    let mut console = attached(&mut house, id, 120, 36);
    assert_eq!(console.wakes_after(), None);
    let turn = house.user(id, "hello");
    tell(&mut console, &mut house);
    assert!(console.wakes_after().is_some_and(|ms| ms <= 1_000));
    house.end(id, turn, Outcome::Done);
    tell(&mut console, &mut house);
    assert_eq!(console.wakes_after(), None);
}

#[test]
fn a_frame_without_news_writes_nothing_and_a_letter_writes_little() {
    let mut house = House::new();
    let id = house::morning(&mut house);
    let mut console = attached(&mut house, id, 120, 36);
    assert!(console.frame().unwrap() > 1_000);
    assert_eq!(console.frame().unwrap(), 0);
    console.keys("h");
    console.frame().unwrap();
    console.keys("e");
    assert!(console.frame().unwrap() < 120);
}

/// A console whose keys are another's.
fn with_keys(preset: Preset, chosen: &[(&str, &str, &[&str])]) -> (House, Headless, SessionId) {
    let mut keys = Chosen::new();
    for (place, action, own) in chosen {
        let own = own.iter().map(ToString::to_string).collect();
        let place = keys.entry((*place).to_owned()).or_default();
        place.insert((*action).to_owned(), own);
    }
    let mut house = House::new();
    let id = house.session("app", "/home/ann/app");
    let mut console = attached(&mut house, id, 120, 36);
    console.keymap(Keymap::new(preset, &keys));
    (house, console, id)
}

#[test]
fn a_pair_of_keys_waits_for_the_second_and_says_so() {
    let (_, mut console, _) = with_keys(Preset::Emacs, &[]);
    console.keys("hello<c-x>");
    let screen = console.screen();
    assert!(screen.contains("ctrl-x … then   ctrl-s send"), "{screen}");
    console.keys("<c-s>");
    assert!(console.asked().iter().any(|call| call.starts_with("Say")));
    console.keys("<c-x>q");
    assert_eq!(
        console.draft(),
        "",
        "the second key of no pair is not written"
    );
    assert!(console.screen().contains("ctrl-x q does nothing here"));
    console.keys("q");
    assert_eq!(console.draft(), "q");
    console.keys("<c-x><c-c>");
    assert!(console.left());
}

#[test]
fn vim_leaves_the_writing_and_letters_move() {
    let (_, mut console, _) = with_keys(Preset::Vim, &[]);
    console.keys("half<esc>");
    assert!(console.screen().contains("i write"));
    console.keys("ggGjk");
    assert_eq!(console.draft(), "half");
    console.keys("i more");
    assert_eq!(console.draft(), "half more");
}

#[test]
fn keys_of_ones_own_hold_and_are_what_the_screen_tells() {
    let own: &[(&str, &str, &[&str])] = &[
        ("composer", "send", &["alt-enter"]),
        ("composer", "new_line", &["enter"]),
        ("everywhere", "leave", &[]),
        ("everywhere", "pick_session", &["f3"]),
    ];
    let (_, mut console, _) = with_keys(Preset::Default, own);
    let screen = console.screen();
    assert!(
        screen.contains("alt-Enter send") && screen.contains("F3 sessions"),
        "{screen}"
    );
    assert!(
        !screen.contains("ctrl-d"),
        "what is unbound is not told: {screen}"
    );
    console.keys("one<enter>two<a-enter>");
    let asked = console.asked();
    assert!(asked[0].contains("text: \"one\\ntwo\""), "{asked:?}");
    console.keys("<c-d>");
    assert!(!console.left());
}

#[test]
fn the_card_names_the_keys_that_a_person_chose_and_they_answer_it() {
    let chosen = [
        ("card", "allow_once", &["alt-y"][..]),
        ("card", "deny_note", &[]),
    ];
    let (mut house, mut console, id) = with_keys(Preset::Default, &chosen);
    house::asks(&mut house, id, "cargo test --all");
    tell(&mut console, &mut house);
    console.asked();
    let screen = console.screen();
    assert!(screen.contains("alt-y  allow once"), "{screen}");
    assert!(screen.contains("n      deny"), "{screen}");
    assert!(!screen.contains("say why"), "it has no key: {screen}");
    console.wait(5_000);
    console.keys("<tab>");
    console.screen();
    console.wait(5_000);
    console.keys("y");
    assert_eq!(decisions(&mut console), Vec::<String>::new());
    console.keys("<a-y>");
    assert_eq!(decisions(&mut console).len(), 1);
}

#[test]
fn what_is_written_before_there_is_a_session_stands_in_it() {
    let mut house = House::new();
    let id = house.session("app", "/home/ann/app");
    let mut console = Headless::new(120, 36, house.at());
    console.keys("half a ");
    console.connect(house.snapshot());
    console.screen();
    console.paste("long ");
    console.keys("thoo<bs>ught");
    assert!(console.asked().iter().all(|call| !call.starts_with("Say")));
    console.open(house.shown(id, None, 200));
    assert_eq!(console.draft(), "half a long thought");
    assert!(console.screen().contains("half a long thought"));
}

#[test]
fn where_keys_led_before_the_first_session_came_they_stay() {
    let mut house = House::new();
    let id = house.session("app", "/home/ann/app");
    house.take();
    let mut console = Headless::new(120, 36, house.at());
    console.keys("he");
    console.connect(house.snapshot());
    console.keys("llo<a-u>");
    let screen = console.screen();
    assert!(screen.contains("0 users"), "{screen}");
    console.paste(" you");
    console.keys("<a-u>y");
    console.open(house.shown(id, None, 200));
    let screen = console.screen();
    assert!(
        screen.contains("0 users") && !screen.contains("hello"),
        "{screen}"
    );
    console.keys("<a-u>");
    assert_eq!(console.draft(), "hello you");
}
