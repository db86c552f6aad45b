//! What a person sees, at three sizes.

use smartopol_protocol::approval::Scope;
use smartopol_protocol::message::Level;
use smartopol_protocol::tool::OutputStatus;
use smartopol_protocol::turn::Outcome;
use smartopol_tui::headless::Headless;

use crate::house::{self, House};
use crate::{attached, settle, tell};

const SIZES: [(u16, u16); 3] = [(120, 36), (80, 24), (60, 18)];

macro_rules! at_three_sizes {
    ($name:literal, $make:expr) => {
        for (width, height) in SIZES {
            let screen: String = $make(width, height);
            insta::assert_snapshot!(format!("{}_{width}x{height}", $name), screen);
        }
    };
}

#[test]
fn first_screen() {
    at_three_sizes!("first_screen", |width, height| {
        let mut house = House::new();
        let id = house.session("app", "/home/ann/app");
        house.take();
        let mut console = Headless::new(width, height, house.at());
        settle(&mut console, &house, id, true);
        console.screen()
    });
}

#[test]
fn a_streaming_answer() {
    at_three_sizes!("streaming", |width, height| {
        let mut house = House::new();
        let id = house::morning(&mut house);
        let mut console = attached(&mut house, id, width, height);
        let turn = house.user(id, "What is a week?");
        house.think(id, turn, "The person asks about weeks, not about code.");
        house.wait(1_200);
        house.delta(
            id,
            turn,
            "A week is **seven days**.\n\nIn this program:\n\n1. it begins on",
        );
        tell(&mut console, &mut house);
        console.wait(1_300);
        console.keys("and a month?");
        console.screen()
    });
}

#[test]
fn call_cards() {
    at_three_sizes!("cards", |width, height| {
        let mut house = House::new();
        let id = house.session("app", "/home/ann/app");
        let turn = house.user(id, "Look around and tidy up");
        let mut parts = vec![house::text("I look, and remove what is old.")];
        let mut calls = Vec::new();
        for words in [
            "ls -la",
            "du -sh target",
            "rm -rf target/old",
            "cat missing.txt",
        ] {
            let (call, part) = house.part("exec", serde_json::json!({"command": words}));
            parts.push(part);
            calls.push((call, words));
        }
        house.agent(id, turn, parts);
        for (call, words) in &calls {
            house.call(id, turn, *call, "exec", house::command(words));
        }
        house.run(calls[0].0);
        house.wait(14);
        house.finish(
            calls[0].0,
            OutputStatus::Ok,
            "Cargo.toml\nsrc",
            serde_json::Value::Null,
        );
        let asked = house.ask(calls[2].0, None, "it removes files");
        house.decide(
            asked,
            false,
            Scope::Once,
            "keep it for now",
            "smartopol-tui",
        );
        house.finish(
            calls[2].0,
            OutputStatus::Denied,
            "a person denied this: keep it for now",
            serde_json::Value::Null,
        );
        house.run(calls[3].0);
        house.wait(3);
        house.finish(
            calls[3].0,
            OutputStatus::Error,
            "cat: missing.txt: No such file or directory",
            serde_json::json!({"exit_code": 1}),
        );
        house.run(calls[1].0);
        house.take();
        let mut console = Headless::new(width, height, house.at());
        settle(&mut console, &house, id, false);
        console.wait(3_000);
        console.screen()
    });
}

#[test]
fn an_opened_card_shows_the_change() {
    let mut house = House::new();
    let id = house::morning(&mut house);
    let mut console = attached(&mut house, id, 100, 44);
    for _ in 0..2 {
        console.keys("<tab>");
    }
    console.keys("<esc><tab>");
    console.screen();
    console.keys("<enter>");
    insta::assert_snapshot!(console.screen());
}

#[test]
fn an_approval_that_waits() {
    at_three_sizes!("approval", |width, height| {
        let mut house = House::new();
        let id = house.session("app", "/home/ann/app");
        let mut console = attached(&mut house, id, width, height);
        house::asks(&mut house, id, "cargo test --all");
        house::asks(&mut house, id, "cargo build");
        tell(&mut console, &mut house);
        console.keys("wait a");
        console.wait(2_000);
        console.screen()
    });
}

#[test]
fn an_approval_with_focus() {
    at_three_sizes!("approval_focused", |width, height| {
        let mut house = House::new();
        let id = house.session("app", "/home/ann/app");
        let mut console = attached(&mut house, id, width, height);
        house::asks(
            &mut house,
            id,
            "cargo fmt && git commit -am \"weeks\" \\\n  && git push",
        );
        tell(&mut console, &mut house);
        console.keys("<tab>");
        console.wait(2_000);
        console.screen()
    });
}

#[test]
fn an_approval_within_its_quiet_time() {
    let mut house = House::new();
    let id = house.session("app", "/home/ann/app");
    let mut console = attached(&mut house, id, 80, 24);
    house::asks(&mut house, id, "cargo test --all");
    tell(&mut console, &mut house);
    console.keys("<tab>");
    console.wait(200);
    insta::assert_snapshot!(console.screen());
}

#[test]
fn what_lies_outside_the_workspace_is_marked() {
    use smartopol_protocol::tool::{Effect, Place};
    let mut house = House::new();
    let id = house.session("app", "/home/ann/app");
    let mut console = attached(&mut house, id, 80, 24);
    let turn = house.user(id, "Write the hosts file");
    let (call, part) = house.part("write_file", serde_json::json!({}));
    house.agent(id, turn, vec![part]);
    let mut inspection = house::editing(
        "hosts",
        "--- a/hosts\n+++ b/hosts\n@@ -1 +1,2 @@\n 127.0.0.1 localhost\n+127.0.0.1 \u{202e}evil\u{1b}[8m\n",
    );
    inspection.effects = vec![Effect::Write {
        path: "/etc/hosts".into(),
        place: Place::Outside,
    }];
    house.call(id, turn, call, "write_file", inspection);
    house.ask(call, None, "it lies outside the workspace");
    tell(&mut console, &mut house);
    insta::assert_snapshot!(console.screen());
}

#[test]
fn an_opened_trace() {
    at_three_sizes!("trace", |width, height| {
        let mut house = House::new();
        let id = house::morning(&mut house);
        let mut console = attached(&mut house, id, width, height);
        console.keys("<c-t><up><up><enter>");
        console.screen()
    });
}

#[test]
fn help() {
    at_three_sizes!("help", |width, height| {
        let mut house = House::new();
        let id = house.session("app", "/home/ann/app");
        let mut console = attached(&mut house, id, width, height);
        console.keys("?");
        console.screen()
    });
}

#[test]
fn choosing_a_session() {
    let mut house = House::new();
    let id = house::morning(&mut house);
    let mut console = attached(&mut house, id, 80, 24);
    console.keys("<c-s>inf");
    insta::assert_snapshot!(console.screen());
}

#[test]
fn a_paused_feed() {
    at_three_sizes!("paused_feed", |width, height| {
        let mut house = House::new();
        let id = house::morning(&mut house);
        let mut console = attached(&mut house, id, width, height);
        console.keys("<tab><tab><up><up>");
        let (turn, call, asked) = house::asks(&mut house, id, "cargo build");
        house.decide(asked, true, Scope::Once, "", "smartopol-tui");
        house.run(call);
        house.wait(40);
        house.finish(call, OutputStatus::Ok, "Finished", serde_json::Value::Null);
        house.end(id, turn, Outcome::Done);
        tell(&mut console, &mut house);
        console.screen()
    });
}

#[test]
fn a_feed_with_a_filter() {
    let mut house = House::new();
    let id = house::morning(&mut house);
    let mut console = attached(&mut house, id, 80, 24);
    console.keys("<c-t>ff");
    insta::assert_snapshot!(console.screen());
}

#[test]
fn disconnected() {
    at_three_sizes!("disconnected", |width, height| {
        let mut house = House::new();
        let id = house::morning(&mut house);
        let mut console = attached(&mut house, id, width, height);
        console.keys("not lost");
        console.lose("the daemon closed the connection", 3_000);
        console.wait(20_000);
        console.lose("the daemon is not running", 3_000);
        console.wait(12_000);
        console.lose("the daemon is not running", 3_000);
        console.screen()
    });
}

#[test]
fn notices_and_a_turn_that_failed() {
    let mut house = House::new();
    let id = house.session("app", "/home/ann/app");
    let turn = house.user(id, "Go on");
    house.agent(
        id,
        turn,
        vec![house::thought(""), house::text("I was about to")],
    );
    house.notice(id, Level::Warning, "the answer was cut at 4,096 tokens");
    house.agent(id, turn, vec![house::text("And then")]);
    let hint = "check ANTHROPIC_API_KEY, then continue".to_owned();
    house.end(
        id,
        turn,
        Outcome::Failed {
            message: "anthropic refused the key".into(),
            hint,
        },
    );
    house.take();
    let mut console = Headless::new(80, 24, house.at());
    settle(&mut console, &house, id, false);
    insta::assert_snapshot!(console.screen());
}

#[test]
fn too_small_a_window_says_so() {
    let mut house = House::new();
    let id = house.session("app", "/home/ann/app");
    let mut console = attached(&mut house, id, 30, 6);
    insta::assert_snapshot!(console.screen());
}

#[test]
fn the_palette() {
    at_three_sizes!("palette", |width, height| {
        let mut house = House::new();
        let id = house::morning(&mut house);
        let mut console = attached(&mut house, id, width, height);
        console.keys("<c-p>");
        console.screen()
    });
}

#[test]
fn the_palette_finds_by_a_few_letters() {
    at_three_sizes!("palette_found", |width, height| {
        let mut house = House::new();
        let id = house::morning(&mut house);
        let mut console = attached(&mut house, id, width, height);
        console.keys("<c-p>trac<down>");
        console.screen()
    });
}

#[test]
fn the_command_line() {
    at_three_sizes!("command_line", |width, height| {
        let mut house = House::new();
        let id = house::morning(&mut house);
        let mut console = attached(&mut house, id, width, height);
        console.keys(":mode <tab><tab>");
        console.screen()
    });
}

#[test]
fn a_command_that_does_not_exist() {
    at_three_sizes!("command_wrong", |width, height| {
        let mut house = House::new();
        let id = house::morning(&mut house);
        let mut console = attached(&mut house, id, width, height);
        console.keys(":them dark<enter>");
        console.screen()
    });
}

#[test]
fn help_about_a_word() {
    at_three_sizes!("help_filter", |width, height| {
        let mut house = House::new();
        let id = house.session("app", "/home/ann/app");
        let mut console = attached(&mut house, id, width, height);
        console.keys("<f1>trace");
        console.screen()
    });
}

#[test]
fn help_begins_where_one_is_and_tells_the_keys_of_the_preset() {
    let mut house = House::new();
    let id = house::morning(&mut house);
    let mut console = attached(&mut house, id, 80, 24);
    console.keys(":keymap vim<enter><c-t>?");
    insta::assert_snapshot!(console.screen());
}
