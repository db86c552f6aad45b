//! Wrong settings: all mistakes at once, each with its place and a way out.

use std::ffi::OsString;
use std::fs;

use insta::assert_snapshot;
use proptest::prelude::*;
use smartopol_config::{Config, Paths};

use crate::{load, mistakes};

#[test]
fn all_mistakes_of_file_and_environment_are_told_at_once() {
    let text = r#"
[agent]
max_step = 5
max_repeats = 1
reasoning = "hi"
instructions = 3
[aproovals]
mode = "yolo"
[tools]
grace_seconds = 3
timeout_seconds = "2m"
env = ["PA TH", 3]
[console]
linear = "no"
history = -1
[daemon]
log_level = "loud"
log_files = 0
[providers.Open AI]
"#
    .replace("[providers.Open AI]", "[providers.\"Open AI\"]");
    let env = [
        ("SMARTOPOL_AGENT__MAX_STEPZ", "3"),
        ("SMARTOPOL_AGENT__MAX_STEPS", "many"),
        ("SMARTOPOL_AGENT_MODEL", "x"),
        ("SMARTOPOL_AGENT__MODEL__X", "x"),
        ("SMARTOPOL_PROVIDERS__OPENAI", "x"),
        ("SMARTOPOL_TOOLS__ENV", "PATH"),
    ];
    assert_snapshot!(mistakes(&text, &env));
}

#[test]
fn a_wrong_provider_is_told_with_what_it_lacks_and_no_secret_is_shown() {
    let text = r#"
[providers.antropic]
model = "x"
[providers.mine]
kind = "openai"
[providers.openai]
base_url = "https://user:hush@host/v1"
api_key = "env:MY KEY"
model = ""
max_output_tokens = 0
retries = 101
idle_timeout_seconds = 0
headers = { "X Y" = "a", Z = "hush\nhush" }
[providers.ollama]
base_url = "localhost:11434"
api_key = 77
headers = 5
"#;
    let told = mistakes(text, &[]);
    assert!(!told.contains("hush"));
    assert_snapshot!(told);
}

#[test]
fn a_wrong_rule_is_told() {
    let text = r#"
[approvals]
expire_after_seconds = 4
[[approvals.rules]]
decision = "alow"
[[approvals.rules]]
tool = "exec"
[[approvals.rules]]
decision = "deny"
tool = "exce"
path = "src/**"
[[approvals.rules]]
decision = "deny"
command = [[], ""]
path = "/a/{b"
comand = ["x"]
"#;
    assert_snapshot!(mistakes(text, &[]));
}

#[test]
fn what_does_not_go_together_is_told() {
    let text = r#"
[tools]
timeout_seconds = 100
max_timeout_seconds = 10
[[approvals.rules]]
decision = "allow"
tool = "read_file"
command = ["git"]
"#;
    assert_snapshot!(mistakes(text, &[]));
}

#[test]
fn bad_toml_is_told_with_line_and_column_and_the_other_lines_are_checked_too() {
    assert_snapshot!(mistakes(
        "[agent]\nmodel = gpt\nmax_steps = 0\n[tools]\nshell = \n",
        &[]
    ));
    assert_snapshot!(mistakes("[agent\nmodel = \"x\"\nmax_steps = 0\n", &[]), @"smartopol.toml:1:7: this is not TOML: unclosed table, expected `]`");
    assert_snapshot!(mistakes("[agent]\nmax_steps = 1\nmax_steps = 2\n", &[]), @"smartopol.toml:3:1: this is not TOML: duplicate key");
}

#[test]
fn a_file_that_is_no_text_is_told() {
    let home = tempfile::tempdir().unwrap();
    let paths = Paths::under(home.path());
    fs::write(paths.config_file(), b"[agent]\nmodel = \"\xff\"\n").unwrap();
    let told = Config::load(&paths, []).unwrap_err().to_string();
    assert_eq!(
        told,
        "smartopol.toml:2:1: this line is not UTF-8 (save the file as UTF-8)"
    );
    fs::remove_file(paths.config_file()).unwrap();
    fs::create_dir(paths.config_file()).unwrap();
    let told = Config::load(&paths, []).unwrap_err().to_string();
    assert!(told.ends_with("cannot be read: is a directory"), "{told}");
}

#[test]
fn control_characters_of_a_key_do_not_reach_the_terminal() {
    let told = mistakes(
        "\"\\u001b[2J\\u202e\" = 1\n",
        &[("SMARTOPOL_AGENT__\u{1b}", "1")],
    );
    assert!(!told.contains(['\u{1b}', '\u{202e}']), "{told}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = Config::parse(&text);
    }

    #[test]
    fn no_toml_panics_and_every_mistake_has_a_place(
        lines in prop::collection::vec(line(), 0..12),
    ) {
        if let Err(problems) = Config::parse(&lines.join("\n")) {
            for problem in &problems {
                prop_assert!(problem.place.starts_with("smartopol.toml"), "{}", problem);
                prop_assert!(!problem.message.is_empty());
            }
        }
    }

    #[test]
    fn no_variable_panics(name in "[A-Z_]{0,30}", section in section(), value in any::<String>()) {
        let name = format!("SMARTOPOL_{}__{name}", section.to_uppercase());
        let home = tempfile::tempdir().unwrap();
        let env = [(OsString::from(name), OsString::from(value))];
        let _ = Config::load(&Paths::under(home.path()), env);
    }
}

fn section() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "agent",
        "tools",
        "approvals",
        "providers",
        "console",
        "traces",
        "daemon",
        "x",
    ])
}

fn line() -> impl Strategy<Value = String> {
    let key = prop::sample::select(vec![
        "max_steps",
        "model",
        "env",
        "rules",
        "mode",
        "openai",
        "headers",
        "decision",
        "command",
        "timeout_seconds",
        "a.b",
        "\"\"",
        "log_level",
        "redact_keys",
    ]);
    let value = prop::sample::select(vec![
        "1",
        "-1",
        "0x10",
        "1e3",
        "nan",
        "\"\"",
        "\"ask\"",
        "[]",
        "[[]]",
        "[{}]",
        "{}",
        "true",
        "1979-05-27",
        "\"\"\"",
        "[\"a\", [\"b\"]]",
        "{ x = 1 }",
        "99999999999999999999",
        "'a\\b'",
        "[{ decision = \"deny\", tool = \"exec\" }]",
        "",
        "\"",
    ]);
    prop_oneof![
        section().prop_map(|name| format!("[{name}]")),
        section().prop_map(|name| format!("[[{name}.rules]]")),
        (section(), key.clone()).prop_map(|(a, b)| format!("[{a}.{b}]")),
        (key, value).prop_map(|(key, value)| format!("{key} = {value}")),
    ]
}

#[test]
fn a_good_file_is_good() {
    assert!(load("[agent]\nmax_steps = 1_000\ncontext_tokens = 0xFFFF\n", &[]).is_ok());
}

#[test]
fn keys_that_are_wrong_or_do_not_go_together_are_told_with_what_would_be_right() {
    let text = r#"
[console]
keymap = "vi"
[console.keys.compser]
send = ["enter"]
[console.keys.composer]
snd = ["enter"]
send = ["ctl-s", "ctrl-m", "a b c"]
[console.keys.traces]
open = "enter"
"#;
    assert_snapshot!(mistakes(text, &[]));
    let text = r#"
[console.keys.composer]
send = ["ctrl-j", "x"]
[console.keys.conversation]
first = ["g"]
up = ["ctrl-k"]
down = ["ctrl-k"]
[console.keys.traces]
first = ["g g"]
outcome = ["g"]
only_tool = []
"#;
    assert_snapshot!(mistakes(text, &[]));
    let freed = "[console.keys.composer]\nsend = [\"ctrl-j\"]\nnew_line = [\"enter\"]\n";
    assert!(Config::parse(freed).is_ok());
}
