//! Changing the file.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use smartopol_config::{Config, edit};

use crate::house;

#[test]
fn an_edit_keeps_comments_order_and_the_rest() {
    let (_home, paths) = house("# mine\n[agent] # thinks\nmax_steps = 3 # few\n# end\n");
    let file = paths.config_file();
    edit::set(&file, &[("agent.max_steps", "30")]).unwrap();
    edit::set(&file, &[("agent.model", "openai/gpt-x")]).unwrap();
    edit::set(&file, &[("approvals.mode", "auto-edit")]).unwrap();
    edit::set(
        &file,
        &[("providers.openai.base_url", "\"http://localhost:1/v1\"")],
    )
    .unwrap();
    edit::set(&file, &[("tools.env", "[\"PATH\"]")]).unwrap();
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        "# mine\n[agent] # thinks\nmax_steps = 30 # few\nmodel = \"openai/gpt-x\"\n\n\
         [approvals]\nmode = \"auto-edit\"\n\n[providers.openai]\n\
         base_url = \"http://localhost:1/v1\"\n\n[tools]\nenv = [\"PATH\"]\n# end\n"
    );
}

#[test]
fn a_wrong_edit_changes_nothing_and_is_told() {
    let (home, paths) = house("[agent]\nmax_steps = 3\n");
    let file = paths.config_file();
    for (key, value, told) in [
        (
            "agent.max_steps",
            "0",
            "`agent.max_steps` must be a whole number from 1 to 1,000, not `0`",
        ),
        (
            "agent.max_steps",
            "many",
            "the value for `agent.max_steps` is not TOML",
        ),
        ("agent.max_stepz", "1", "there is no key `agent.max_stepz`"),
        ("agent", "1", "`agent` is a table"),
        ("", "1", "is not a key"),
        ("a..b", "1", "is not a key"),
        (
            "agent.max_steps.x",
            "1",
            "`agent.max_steps` has no keys in it",
        ),
        (
            "providers.Mine.model",
            "x",
            "must be a name of lower case letters",
        ),
        ("approvals.mode", "yolo", "must be one of"),
        ("providers.mine.model", "x", "has no `kind`"),
    ] {
        let err = edit::set(&file, &[(key, value)]).unwrap_err().to_string();
        assert!(err.contains(told), "{key}: {err}");
    }
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        "[agent]\nmax_steps = 3\n"
    );
    assert_eq!(
        fs::read_dir(home.path()).unwrap().count(),
        1,
        "nothing left behind"
    );
}

#[test]
fn keys_that_only_go_together_are_set_together_or_not_at_all() {
    let (_home, paths) = house("");
    let file = paths.config_file();
    let kind = ("providers.mine.kind", "openai");
    edit::set(&file, &[kind]).unwrap_err();
    edit::set(&file, &[kind, ("providers.mine.base_url", "nowhere")]).unwrap_err();
    assert_eq!(fs::read_to_string(&file).unwrap(), "");
    edit::set(
        &file,
        &[kind, ("providers.mine.base_url", "http://localhost:1/v1")],
    )
    .unwrap();
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        "[providers.mine]\nkind = \"openai\"\nbase_url = \"http://localhost:1/v1\"\n"
    );
}

#[test]
fn a_new_file_is_private_and_an_old_one_keeps_its_mode_and_its_link() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("conf/smartopol.toml");
    edit::set(&file, &[("providers.openai.api_key", "sk-1")]).unwrap();
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let link = home.path().join("smartopol.toml");
    std::os::unix::fs::symlink(&file, &link).unwrap();
    edit::set(&link, &[("agent.max_steps", "5")]).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o640
    );
    let config = Config::parse(&fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(config.agent.max_steps, 5);
    assert_eq!(
        config.providers["openai"]
            .api_key
            .as_ref()
            .unwrap()
            .expose(),
        "sk-1"
    );
}

#[test]
fn a_broken_file_is_not_edited() {
    let (_home, paths) = house("[agent\n");
    let err = edit::set(&paths.config_file(), &[("agent.max_steps", "5")])
        .unwrap_err()
        .to_string();
    assert!(err.starts_with("smartopol.toml:1:"), "{err}");
    assert_eq!(fs::read_to_string(paths.config_file()).unwrap(), "[agent\n");
}

#[test]
fn a_setting_of_the_console_is_tried_without_a_file() {
    let console = smartopol_config::section::console::Console {
        history: 7,
        ..Default::default()
    };
    let mut console = console.with("console.theme", "light").unwrap();
    let keys = "[\"ctrl-s\"]";
    console = console.with("console.keys.composer.send", keys).unwrap();
    let name = console.theme.name();
    let own = &console.keys["composer"]["send"];
    assert_eq!(
        (name, console.history, own[0].as_str()),
        ("light", 7, "ctrl-s")
    );
    for (key, value, told) in [
        ("console.theme", "lihgt", "did you mean `light`?"),
        ("console.thme", "light", "did you mean `theme`?"),
        (
            "console.keys.composer.send",
            "[\"ctrl-j\"]",
            "is both `send` and `new_line`",
        ),
    ] {
        let why = console.with(key, value).unwrap_err().to_string();
        assert!(why.contains(told), "{why}");
    }
}
