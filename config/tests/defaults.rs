//! Defaults, layers, and where a value came from.

use smartopol_config::{Config, DEFAULTS, Origin, Paths};

use crate::load;

#[test]
fn without_a_file_everything_is_the_default() {
    let home = tempfile::tempdir().unwrap();
    let loaded = Config::load(&Paths::under(home.path()), []).unwrap();
    assert_eq!(loaded.file, None);
    assert!(
        loaded
            .entries()
            .iter()
            .all(|entry| entry.origin == Origin::Default)
    );
    assert_eq!(loaded.config.agent.max_steps, 25);
}

#[test]
fn the_default_file_says_what_the_code_does() {
    let written = Config::parse(DEFAULTS).unwrap();
    assert_eq!(
        toml::Value::try_from(&written).unwrap(),
        toml::Value::try_from(Config::default()).unwrap()
    );
    let table: toml::Table = DEFAULTS.parse().unwrap();
    for entry in load("", &[]).unwrap().entries() {
        let mut keys = entry.key.split('.');
        let first = table.get(keys.next().unwrap());
        assert!(
            keys.try_fold(first.unwrap(), |table, key| table.get(key))
                .is_some(),
            "`{}` is not in default.toml",
            entry.key
        );
    }
}

#[test]
fn the_examples_of_the_default_file_are_right() {
    // Every commented line that is TOML becomes TOML.
    let assigns = |line: &str| {
        line.split_once(" = ")
            .is_some_and(|(key, _)| key.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
    };
    let mut lines = Vec::new();
    for line in DEFAULTS.lines() {
        match line.strip_prefix("# ") {
            Some(code) if code.starts_with('[') || assigns(code) => lines.push(code),
            _ if line == "rules = []" || line == "quorums = []" => {}
            _ => lines.push(line),
        }
    }
    let config = Config::parse(&lines.join("\n")).unwrap();
    let example = &config.providers["example"];
    assert_eq!(
        example.api_key.as_ref().unwrap().expose(),
        "env:EXAMPLE_API_KEY"
    );
    assert!(example.kind.is_some() && example.base_url.is_some() && example.model.is_some());
    assert!(example.retries.is_some() && example.idle_timeout_seconds.is_some());
    assert!(example.max_output_tokens.is_some() && example.headers.len() == 1);
    assert_eq!(example.windows["example:small"], 32_768);
    let rule = &config.approvals.rules[0];
    assert!(rule.tool.is_some() && rule.command.len() == 2 && rule.path.is_some());
}

#[test]
fn the_environment_goes_over_the_file_and_the_file_over_the_defaults() {
    let loaded = load(
        "[agent]\nmax_steps = 7\nmax_repeats = 4\n[providers.my-own]\nkind = \"openai\"\n",
        &[
            ("SMARTOPOL_AGENT__MAX_STEPS", "9"),
            ("SMARTOPOL_AGENT__MODEL", "42"),
            (
                "SMARTOPOL_PROVIDERS__MY_OWN__BASE_URL",
                "http://localhost:1",
            ),
            ("SMARTOPOL_PROVIDERS__OPENAI__API_KEY", "hush"),
            ("SMARTOPOL_PROVIDERS__OPENAI__HEADERS__X_TITLE", "t"),
            ("SMARTOPOL_TOOLS__ENV", "[\"PATH\"]"),
            ("SMARTOPOL_CONSOLE__LINEAR", "true"),
            (
                "SMARTOPOL_APPROVALS__RULES",
                "[{decision=\"deny\", tool=\"exec\"}]",
            ),
            ("SMARTOPOL_HOME", "/elsewhere"),
            ("SMARTOPOL_LOUD", "not ours"),
            ("PATH", "/bin"),
        ],
    )
    .unwrap();
    let config = &loaded.config;
    assert_eq!((config.agent.max_steps, config.agent.max_repeats), (9, 4));
    assert_eq!(config.agent.model, "42");
    assert_eq!(
        config.providers["my-own"].base_url.as_deref(),
        Some("http://localhost:1")
    );
    assert_eq!(config.providers["openai"].headers["x-title"].expose(), "t");
    assert_eq!(config.tools.env, ["PATH"]);
    assert!(config.console.linear);
    assert_eq!(config.approvals.rules.len(), 1);
    let shown: Vec<String> = loaded
        .entries()
        .into_iter()
        .filter(|entry| entry.origin != Origin::Default)
        .map(|entry| format!("{} = {} # {}", entry.key, entry.value, entry.origin))
        .collect();
    assert_eq!(
        shown,
        [
            "agent.model = \"42\" # SMARTOPOL_AGENT__MODEL",
            "agent.max_steps = 9 # SMARTOPOL_AGENT__MAX_STEPS",
            "agent.max_repeats = 4 # line 3",
            "providers.my-own.kind = \"openai\" # line 5",
            "providers.my-own.base_url = \"http://localhost:1\" # \
             SMARTOPOL_PROVIDERS__MY_OWN__BASE_URL",
            "providers.openai.api_key = \"[secret]\" # SMARTOPOL_PROVIDERS__OPENAI__API_KEY",
            "providers.openai.headers.x-title = \"[secret]\" # \
             SMARTOPOL_PROVIDERS__OPENAI__HEADERS__X_TITLE",
            "approvals.rules = [{ decision = \"deny\", tool = \"exec\" }] # \
             SMARTOPOL_APPROVALS__RULES",
            "tools.env = [\"PATH\"] # SMARTOPOL_TOOLS__ENV",
            "console.linear = true # SMARTOPOL_CONSOLE__LINEAR",
        ]
    );
}

#[test]
fn a_secret_is_shown_nowhere_but_the_name_of_its_variable_is() {
    let text = "[providers.openai]\napi_key = \"sk-hush\"\n[providers.anthropic]\napi_key = \"env:MY_KEY\"\n";
    let loaded = load(text, &[]).unwrap();
    let all = format!("{loaded:?} {:?}", loaded.entries());
    assert!(!all.contains("sk-hush"));
    assert!(all.contains("env:MY_KEY"));
}
