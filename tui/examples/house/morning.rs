//! Scenes of a played house: a morning's work, and a command that waits.

use serde_json::{Value, json};
use smartopol_protocol::approval::{Pattern, Scope};
use smartopol_protocol::tool::{Effect, OutputStatus};
use smartopol_protocol::turn::Outcome;
use smartopol_protocol::*;

use super::House;
use super::calls::{command, editing, reading, rule};
use super::conversation::{text, thought};

/// A morning's work: three sessions, one of them with a conversation of everything.
pub fn morning(house: &mut House) -> SessionId {
    house.session("notes", "/home/ann/notes");
    let infra = house.session("infra", "/home/ann/code/infra");
    house.wait(60_000);
    let turn = house.user(infra, "Roll the staging cluster to the new image");
    let (call, part) = house.part("exec", json!({}));
    house.agent(infra, turn, vec![part]);
    house.call(
        infra,
        turn,
        call,
        "exec",
        command("kubectl rollout restart deploy/api -n staging"),
    );
    house.ask(
        call,
        rule(&["kubectl", "rollout"]),
        "the mode is ask, and no rule allows this command",
    );
    house.wait(45_000);
    let app = house.session("app", "/home/ann/app");
    let turn = house.user(app, "Why does the date test fail? Fix it.");
    house.wait(2_400);
    let (read, read_part) = house.part("read_file", json!({"path": "src/date.rs"}));
    let (test, test_part) = house.part("exec", json!({"command": "cargo test date"}));
    house.agent(app, turn, vec![
        thought("The person wants the date test fixed. I should look at the code first and run the test to see how it fails before I change anything."),
        text("I look at the code and run the test."),
        read_part,
        test_part,
    ]);
    house.call(app, turn, read, "read_file", reading("src/date.rs"));
    house.call(app, turn, test, "exec", command("cargo test date"));
    house.run(read);
    house.wait(3);
    house.finish(
        read,
        OutputStatus::Ok,
        "pub fn week(day: u32) -> u32 {\n    day / 7\n}",
        Value::Null,
    );
    let asked = house.ask(
        test,
        rule(&["cargo", "test"]),
        "the mode is ask, and no rule allows this command",
    );
    house.wait(8_000);
    house.decide(asked, true, Scope::Session, "", "smartopol-tui");
    house.run(test);
    house.wait(2_310);
    house.finish(test, OutputStatus::Error, "running 1 test\ntest date::weeks_begin_on_monday ... FAILED\n\nassertion `left == right` failed\n  left: 1\n right: 2", json!({"exit_code": 101}));
    house.wait(1_800);
    let diff = "--- a/src/date.rs\n+++ b/src/date.rs\n@@ -1,3 +1,3 @@\n pub fn week(day: u32) -> u32 {\n-    day / 7\n+    day.div_ceil(7)\n }\n";
    let (edit, edit_part) = house.part("edit_file", json!({"path": "src/date.rs"}));
    house.agent(
        app,
        turn,
        vec![
            text("`week` rounds down, so day 8 falls into week 1. It must round up."),
            edit_part,
        ],
    );
    house.call(app, turn, edit, "edit_file", editing("src/date.rs", diff));
    let asked = house.ask(
        edit,
        Some(Pattern {
            tool: Some("edit_file".into()),
            path: Some("/home/ann/app/**".into()),
            ..Pattern::default()
        }),
        "the mode is ask, and writing asks",
    );
    house.wait(4_000);
    house.decide(asked, true, Scope::Once, "", "smartopol-tui");
    house.run(edit);
    house.wait(6);
    house.finish(
        edit,
        OutputStatus::Ok,
        "src/date.rs was changed",
        Value::Null,
    );
    house.wait(1_500);
    house.agent(app, turn, vec![text("The test passes now.\n\n- **Cause**: `day / 7` rounds down; weeks are counted from 1.\n- **Fix**: `day.div_ceil(7)` in `src/date.rs`, one line.\n\n| day | before | now |\n|---:|---:|---:|\n| 7 | 1 | 1 |\n| 8 | 1 | 2 |")]);
    house.end(app, turn, Outcome::Done);
    app
}

/// A command that waits for an answer in a session.
pub fn asks(house: &mut House, id: SessionId, words: &str) -> (TurnId, CallId, ApprovalId) {
    let turn = house.user(id, &format!("run: {words}"));
    house.wait(400);
    let (call, part) = house.part("exec", json!({"command": words}));
    house.agent(id, turn, vec![part]);
    let inspection = command(words);
    let keepable = matches!(inspection.effects.as_slice(), [Effect::Run { .. }]);
    house.call(id, turn, call, "exec", inspection);
    let first: Vec<&str> = words.split(' ').take(2).collect();
    let reason = if keepable {
        "the mode is ask, and no rule allows this command"
    } else {
        "it is more than one plain command"
    };
    let asked = house.ask(call, rule(&first).filter(|_| keepable), reason);
    (turn, call, asked)
}
