//! Who is found, in which order, and which settings cannot work.

use smartopol_config::section::providers::{Kind as Wire, Provider};
use smartopol_config::{Config, Secret};
use smartopol_providers::{Error, Providers};
use smartopol_testkit::provider::ScriptedProvider;

use crate::house::env;

/// An Ollama that is surely not there.
const NO_OLLAMA: (&str, &str) = ("OLLAMA_HOST", "127.0.0.1:1");

async fn find(config: &Config, pairs: &[(&str, &str)]) -> Result<Providers, Error> {
    let mut pairs = pairs.to_vec();
    if !pairs.iter().any(|(name, _)| *name == "OLLAMA_HOST") {
        pairs.push(NO_OLLAMA);
    }
    Providers::find(config, &env(&pairs)).await
}

async fn names(config: &Config, pairs: &[(&str, &str)]) -> Vec<String> {
    let providers = find(config, pairs).await.unwrap();
    providers
        .list()
        .into_iter()
        .map(|provider| provider.name)
        .collect()
}

fn with(name: &str, provider: Provider) -> Config {
    let mut config = Config::default();
    config.providers.insert(name.into(), provider);
    config
}

fn wanting(model: &str) -> Config {
    let mut config = Config::default();
    config.agent.model = model.into();
    config
}

#[tokio::test]
async fn without_anything_the_offline_provider_answers() {
    let providers = find(&Config::default(), &[]).await.unwrap();
    let list = providers.list();
    assert_eq!(list.len(), 1);
    assert_eq!(
        (list[0].name.as_str(), list[0].found_by.as_str()),
        ("offline", "built in")
    );
    assert!(list[0].chosen && list[0].base_url.is_empty());
    assert_eq!(providers.resolve(None).unwrap().model, "built-in");
}

#[tokio::test]
async fn keys_in_the_environment_come_before_ollama_and_nothing_dials_out() {
    let server = ScriptedProvider::start().await;
    let ollama = server.base_url();
    let keys = [
        ("OPENAI_API_KEY", "k2"),
        ("ANTHROPIC_API_KEY", "k1"),
        ("OLLAMA_HOST", &ollama),
    ];
    assert_eq!(
        names(&Config::default(), &keys).await,
        ["anthropic", "openai", "offline"]
    );
    assert_eq!(
        names(&Config::default(), &keys[..1]).await,
        ["openai", "offline"]
    );
    assert_eq!(server.connections(), 0);
    let blank = [("OPENAI_API_KEY", " "), ("OLLAMA_HOST", &ollama)];
    assert_eq!(
        names(&Config::default(), &blank).await,
        ["ollama", "offline"]
    );
    server.set_models(&[]);
    assert_eq!(names(&Config::default(), &blank).await, ["offline"]);
}

#[tokio::test]
async fn base_urls_in_the_environment_are_honoured() {
    let pairs = [
        ("ANTHROPIC_API_KEY", "k1"),
        ("ANTHROPIC_BASE_URL", "http://127.0.0.1:9/"),
        ("OPENAI_API_KEY", "k2"),
        ("OPENAI_BASE_URL", "http://127.0.0.1:9/v1?key=hidden"),
    ];
    let list = find(&Config::default(), &pairs).await.unwrap().list();
    assert_eq!(list[0].base_url, "http://127.0.0.1:9");
    assert_eq!(list[0].found_by, "ANTHROPIC_API_KEY is set");
    assert_eq!(list[1].base_url, "http://127.0.0.1:9/v1");
}

#[tokio::test]
async fn what_is_configured_comes_first_and_the_named_one_before_all() {
    let custom = Provider {
        kind: Some(Wire::Openai),
        base_url: Some("http://127.0.0.1:9/v1".into()),
        model: Some("some/model".into()),
        ..Provider::default()
    };
    let mut config = with("router", custom);
    let keys = [("ANTHROPIC_API_KEY", "k1")];
    assert_eq!(
        names(&config, &keys).await,
        ["router", "anthropic", "offline"]
    );
    config.agent.model = "anthropic/claude-opus-4-5".into();
    let providers = find(&config, &keys).await.unwrap();
    assert_eq!(providers.list()[0].name, "anthropic");
    assert_eq!(providers.resolve(None).unwrap().model, "claude-opus-4-5");
    config.agent.model = "router".into();
    let providers = find(&config, &keys).await.unwrap();
    assert_eq!(providers.resolve(None).unwrap().model, "some/model");
    config.agent.model = "offline".into();
    assert_eq!(names(&config, &keys).await[0], "offline");
}

#[tokio::test]
async fn a_name_is_resolved_by_provider_then_as_a_model_of_the_chosen_one() {
    let custom = Provider {
        kind: Some(Wire::Openai),
        base_url: Some("http://127.0.0.1:9/v1".into()),
        model: Some("some/model".into()),
        ..Provider::default()
    };
    let config = with("router", custom);
    let providers = find(&config, &[("ANTHROPIC_API_KEY", "k1")]).await.unwrap();
    for (wanted, provider, model) in [
        ("", "router", "some/model"),
        ("router", "router", "some/model"),
        ("router/", "router", "some/model"),
        ("anthropic", "anthropic", "claude-sonnet-5"),
        ("anthropic/claude-opus-4-5", "anthropic", "claude-opus-4-5"),
        ("qwen/qwen3-32b", "router", "qwen/qwen3-32b"),
        ("router/anthropic/claude", "router", "anthropic/claude"),
        ("plain", "router", "plain"),
        ("offline", "offline", "built-in"),
    ] {
        let target = providers.resolve(Some(wanted)).unwrap();
        assert_eq!(
            (target.provider_name.as_str(), target.model.as_str()),
            (provider, model)
        );
    }
    assert!(providers.resolve(Some("offline/gpt")).is_err());
    assert_eq!(
        providers.resolve(Some("openai")).unwrap_err().to_string(),
        "openai was not found: set OPENAI_API_KEY, or api_key in [providers.openai]"
    );
    let priced = providers.resolve(Some("anthropic")).unwrap();
    assert_eq!(
        (priced.context_tokens, priced.price.is_some()),
        (Some(1_000_000), true)
    );
}

#[tokio::test]
async fn settings_that_cannot_work_say_key_value_and_remedy() {
    let base_url = Some("http://127.0.0.1:9/v1".to_owned());
    let custom = |kind, base_url: &Option<String>| Provider {
        kind,
        base_url: base_url.clone(),
        model: Some("m".into()),
        ..Provider::default()
    };
    let keyed = Provider {
        api_key: Some(Secret::new("env:MY_KEY")),
        ..Provider::default()
    };
    let url = |url: &str| Provider {
        base_url: Some(url.into()),
        ..Provider::default()
    };
    for (config, sentence) in [
        (
            wanting("gemini/pro"),
            "agent.model = \"gemini/pro\" names a provider that was not found: \
             name one of offline, or add [providers.gemini]",
        ),
        (
            wanting("openai/gpt-5"),
            "agent.model = \"openai/gpt-5\" names a provider that was not found: \
             set OPENAI_API_KEY, or api_key in [providers.openai]",
        ),
        (
            with("mine", custom(None, &base_url)),
            "providers.mine.kind = \"\" is not set, and mine is no service that is known without \
             it: set it to \"anthropic\", \"openai\" or \"ollama\"",
        ),
        (
            with("mine", custom(Some(Wire::Openai), &None)),
            "providers.mine.base_url = \"\" is not set, and mine is no service that is known \
             without it: set it to where the service listens, such as \
             \"https://api.example.com/v1\"",
        ),
        (
            with("anthropic", keyed),
            "providers.anthropic.api_key = \"env:MY_KEY\" names a variable that is not set: \
             export MY_KEY where the daemon starts, or write the key itself",
        ),
        (
            with("anthropic", Provider::default()),
            "providers.anthropic.api_key = \"\" is not set, and the service needs a key: \
             set ANTHROPIC_API_KEY, or api_key in [providers.anthropic], and restart the daemon",
        ),
        (
            with("openai", url("api.example.com")),
            "providers.openai.base_url = \"api.example.com\" is no URL: \
             write it as \"https://api.example.com/v1\"",
        ),
        (
            with("openai", url("https://me:hush@api.example.com")),
            "providers.openai.base_url = \"api.example.com\" has a user name or password in it: \
             send it as a header, in [providers.NAME.headers]",
        ),
    ] {
        assert_eq!(find(&config, &[]).await.unwrap_err().to_string(), sentence);
    }
}

#[tokio::test]
async fn a_key_of_another_service_is_never_sent_to_a_custom_one() {
    let custom = Provider {
        kind: Some(Wire::Openai),
        base_url: Some("http://127.0.0.1:9/v1".into()),
        model: Some("m".into()),
        ..Provider::default()
    };
    let pairs = [("OPENAI_API_KEY", "sk-mine")];
    let providers = find(&with("mine", custom), &pairs).await.unwrap();
    let target = providers.resolve(Some("mine")).unwrap();
    assert!(format!("{:?}", target.provider).contains("key: None"));
}

#[tokio::test]
async fn a_stray_variable_of_a_service_that_is_not_used_does_no_harm() {
    let stray = [
        ("OPENAI_BASE_URL", "no url"),
        ("OLLAMA_HOST", "no host either"),
    ];
    assert_eq!(names(&Config::default(), &stray).await, ["offline"]);
    let offline = with("offline", Provider::default());
    assert_eq!(
        names(&offline, &[("OPENAI_API_KEY", "k")]).await,
        ["offline", "openai"]
    );
}

#[tokio::test]
async fn ollama_hosts_are_read_as_ollama_reads_them() {
    for (host, url) in [
        ("0.0.0.0:8080", "http://127.0.0.1:8080"),
        (":8080", "http://127.0.0.1:8080"),
        ("127.0.0.2", "http://127.0.0.2:11434"),
        ("http://127.0.0.1:1/v1/", "http://127.0.0.1:1/v1"),
    ] {
        let config = wanting("ollama/qwen3");
        let list = find(&config, &[("OLLAMA_HOST", host)])
            .await
            .unwrap()
            .list();
        assert_eq!(list[0].base_url, url);
        assert_eq!(list[0].default_model, "qwen3");
    }
}
