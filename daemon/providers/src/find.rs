//! Finding providers: settings, then keys in the environment, then a local Ollama, then none.
//!
//! `plan` reads settings and environment and dials nowhere; `finish` may ask Ollama, once, for
//! its models. Owns the order; what a provider is stands in `provider`.

use std::sync::OnceLock;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::HeaderName;
use serde::Deserialize;
use smartopol_config::section::providers::{Kind as Wire, Provider as Section};
use smartopol_config::{Config, Secret};
use tokio::net::TcpStream;

use crate::Providers;
use crate::catalogue;
use crate::error::Error;
use crate::provider::Provider;

/// How long a local Ollama may take to name its models.
const OLLAMA_LIMIT: Duration = Duration::from_millis(150);

/// What is known before Ollama was asked.
pub(crate) struct Plan {
    /// In the order of preference, the offline provider last.
    list: Vec<Provider>,
    secrets: Vec<Secret>,
    /// The provider that `agent.model` names, and its model where it names one.
    wanted: Option<(String, Option<String>)>,
    /// Ollama where no setting speaks of it, and it is the last hope or asked for.
    guess: Option<Provider>,
}

pub(crate) fn plan(config: &Config, env: &dyn Fn(&str) -> Option<String>) -> Result<Plan, Error> {
    let env = |name: &str| env(name).filter(|value| !value.trim().is_empty());
    let mut list = Vec::new();
    for (name, section) in &config.providers {
        list.push(configured(name, section, &env)?);
    }
    list.sort_by_key(|provider| (provider.lacks_key(), rank(&provider.name)));
    let by_setting = list.iter().any(|provider| provider.wire != Wire::Offline);
    for (name, wire) in [("anthropic", Wire::Anthropic), ("openai", Wire::Openai)] {
        if !config.providers.contains_key(name) {
            list.extend(by_key(name, wire, &env)?);
        }
    }
    let wanted = config.agent.model.trim();
    let (wanted_name, wanted_model) = match wanted.split_once('/') {
        Some((name, model)) => (
            name,
            Some(model.to_owned()).filter(|model| !model.is_empty()),
        ),
        None => (wanted, None),
    };
    let nothing_yet = !by_setting && !list.iter().any(|found| found.wire != Wire::Offline);
    let guess = if config.providers.contains_key("ollama") {
        None
    } else if wanted_name == "ollama" || (wanted.is_empty() && nothing_yet) {
        Some(configured("ollama", &Section::default(), &env)?)
    } else {
        None
    };
    if !config.providers.contains_key("offline") {
        list.push(Provider::offline());
    }
    let known = |name: &str| {
        list.iter()
            .chain(&guess)
            .any(|provider| provider.name == name)
    };
    if !wanted.is_empty() && !known(wanted_name) {
        return Err(unknown(wanted, wanted_name, &list));
    }
    let secrets = secrets(&list, &env);
    let chosen = (!wanted.is_empty()).then(|| (wanted_name.to_owned(), wanted_model));
    let plan = Plan {
        list,
        secrets,
        wanted: chosen,
        guess,
    };
    plan.check_key()?;
    Ok(plan)
}

impl Plan {
    /// Refuses a chosen provider that surely cannot answer.
    fn check_key(&self) -> Result<(), Error> {
        let chosen = match &self.wanted {
            Some((name, _)) => self.list.iter().find(|provider| provider.name == *name),
            None => self.list.first(),
        };
        match chosen {
            Some(provider) if provider.lacks_key() => Err(Error::Setting {
                key: format!("providers.{}.api_key", provider.name),
                value: String::new(),
                problem: "is not set, and the service needs a key".into(),
                remedy: provider.key_remedy(),
            }),
            _ => Ok(()),
        }
    }
}

pub(crate) async fn finish(plan: Plan) -> Providers {
    let Plan {
        mut list,
        secrets,
        wanted,
        guess,
    } = plan;
    let asked_for = wanted.as_ref().is_some_and(|(name, _)| name == "ollama");
    if let Some(mut ollama) = guess {
        ask_ollama(&mut ollama).await;
        if asked_for || !ollama.default_model.is_empty() {
            list.insert(0, ollama);
        }
    } else if let Some(ollama) = list.first_mut()
        && ollama.wire == Wire::Ollama
        && ollama.default_model.is_empty()
    {
        ask_ollama(ollama).await;
    }
    if let Some((name, model)) = wanted
        && let Some(place) = list.iter().position(|provider| provider.name == name)
    {
        let mut chosen = list.remove(place);
        if let Some(model) = model {
            if !chosen.models.contains(&model) {
                chosen.models.insert(0, model.clone());
            }
            chosen.default_model = model;
        }
        list.insert(0, chosen);
    }
    Providers::new(list, secrets)
}

/// Asks Ollama for its models, within its limit; no answer changes nothing.
async fn ask_ollama(ollama: &mut Provider) {
    if let Ok(Some(models)) =
        tokio::time::timeout(OLLAMA_LIMIT, ollama_models(ollama, Knock::First)).await
        && let Some(first) = default_of(&models)
    {
        if ollama.default_model.is_empty() {
            ollama.default_model = first;
        }
        ollama.models = models;
    }
}

/// Whether to try the port before a client is built, which takes longer than most starts may.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Knock {
    First,
    No,
}

/// Returns the models that an Ollama has, the newest first.
pub(crate) async fn ollama_models(ollama: &Provider, knock: Knock) -> Option<Vec<String>> {
    #[derive(Deserialize)]
    struct Tags {
        models: Vec<Tag>,
    }
    #[derive(Deserialize)]
    struct Tag {
        name: String,
    }
    let mut url = ollama.endpoint.clone()?;
    if knock == Knock::First {
        let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
        drop(
            TcpStream::connect((host, url.port_or_known_default()?))
                .await
                .ok()?,
        );
    }
    let path = url.path().trim_end_matches("chat").to_owned() + "tags";
    url.set_path(&path);
    let request = ollama
        .client()
        .ok()?
        .get(url)
        .headers(ollama.header_map().ok()?);
    let mut response = request.send().await.ok()?.error_for_status().ok()?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        body.extend_from_slice(&chunk);
        if body.len() > 1 << 20 {
            return None;
        }
    }
    let tags: Tags = serde_json::from_slice(&body).ok()?;
    Some(
        tags.models
            .into_iter()
            .map(|tag| tag.name)
            .take(1_000)
            .collect(),
    )
}

/// Returns the model to use where none is named: the newest that can talk.
pub(crate) fn default_of(models: &[String]) -> Option<String> {
    models.iter().find(|name| !name.contains("embed")).cloned()
}

/// Known services first, in the order in which keys are looked for.
fn rank(name: &str) -> u8 {
    match name {
        "anthropic" => 0,
        "openai" => 1,
        "offline" => 3,
        _ => 2,
    }
}

fn configured(
    name: &str,
    section: &Section,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Provider, Error> {
    let known = match name {
        "anthropic" => Some(Wire::Anthropic),
        "openai" => Some(Wire::Openai),
        "ollama" => Some(Wire::Ollama),
        "offline" => Some(Wire::Offline),
        _ => None,
    };
    let key = |field: &str| format!("providers.{name}.{field}");
    let missing = |field: &str, remedy: &str| Error::Setting {
        key: key(field),
        value: String::new(),
        problem: format!("is not set, and {name} is no service that is known without it"),
        remedy: remedy.into(),
    };
    let wire = section
        .kind
        .or(known)
        .ok_or_else(|| missing("kind", "set it to \"anthropic\", \"openai\" or \"ollama\""))?;
    if wire == Wire::Offline {
        return Ok(Provider {
            name: name.into(),
            ..Provider::offline()
        });
    }
    let (variable, own) = match wire {
        Wire::Anthropic => ("ANTHROPIC_BASE_URL", "https://api.anthropic.com".to_owned()),
        Wire::Openai => ("OPENAI_BASE_URL", "https://api.openai.com/v1".to_owned()),
        _ => ("OLLAMA_HOST", "http://127.0.0.1:11434".to_owned()),
    };
    let (setting, base) = match (&section.base_url, known == Some(wire)) {
        (Some(base), _) => (key("base_url"), base.clone()),
        (None, true) => match env(variable) {
            Some(base) => (variable.to_owned(), base),
            None => (key("base_url"), own),
        },
        (None, false) => {
            return Err(missing(
                "base_url",
                "set it to where the service listens, such as \"https://api.example.com/v1\"",
            ));
        }
    };
    let base = if wire == Wire::Ollama {
        ollama_base(&base)
    } else {
        base
    };
    let (endpoint, shown_url) = endpoint(wire, &setting, &base)?;
    let api_key = match section.api_key.as_ref().map(Secret::expose) {
        Some(text) => Some(key_of(&key("api_key"), text, env)?),
        None if known == Some(wire) => match wire {
            Wire::Anthropic => env("ANTHROPIC_API_KEY").map(Secret::new),
            Wire::Openai => env("OPENAI_API_KEY").map(Secret::new),
            _ => None,
        },
        None => None,
    };
    let mut headers = Vec::new();
    for (header, value) in &section.headers {
        let parsed = header.parse::<HeaderName>().map_err(|_| Error::Setting {
            key: key("headers"),
            value: header.clone(),
            problem: "is no name of a header".into(),
            remedy: "use letters, digits and -".into(),
        })?;
        headers.push((
            parsed,
            key_of(&format!("{}.{header}", key("headers")), value.expose(), env)?,
        ));
    }
    let mut models: Vec<String> = match wire {
        Wire::Anthropic | Wire::Openai if known == Some(wire) => {
            catalogue::models(wire).map(str::to_owned).collect()
        }
        _ => Vec::new(),
    };
    let default_model = match (&section.model, models.first()) {
        (Some(model), _) => model.clone(),
        (None, Some(first)) => first.clone(),
        (None, None) if wire == Wire::Ollama => String::new(),
        (None, None) => {
            return Err(missing(
                "model",
                "set it to the model to use where none is named",
            ));
        }
    };
    if !default_model.is_empty() && !models.contains(&default_model) {
        models.insert(0, default_model.clone());
    }
    Ok(Provider {
        name: name.into(),
        wire,
        found_by: format!("[providers.{name}]"),
        endpoint: Some(endpoint),
        shown_url,
        key: api_key,
        headers,
        default_model,
        models,
        max_output_tokens: section.max_output_tokens,
        idle_timeout: Duration::from_secs(
            section.idle_timeout_seconds.unwrap_or(120).max(1).into(),
        ),
        retries: section.retries.unwrap_or(4),
        client: OnceLock::new(),
    })
}

/// Returns a service whose key is in the environment.
fn by_key(
    name: &str,
    wire: Wire,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<Provider>, Error> {
    let mut found = configured(
        name,
        &Section {
            kind: Some(wire),
            ..Section::default()
        },
        env,
    )?;
    let Some(variable) = found.key_variable().filter(|_| found.key.is_some()) else {
        return Ok(None);
    };
    found.found_by = format!("{variable} is set");
    Ok(Some(found))
}

/// Returns the secret itself, or what the variable holds that `env:NAME` names.
fn key_of(
    setting: &str,
    text: &str,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Secret, Error> {
    let Some(variable) = text.strip_prefix("env:") else {
        return Ok(Secret::new(text));
    };
    env(variable)
        .map(Secret::new)
        .ok_or_else(|| Error::Setting {
            key: setting.into(),
            value: text.into(),
            problem: "names a variable that is not set".into(),
            remedy: format!("export {variable} where the daemon starts, or write the key itself"),
        })
}

/// Returns where requests go, and how that may be shown.
fn endpoint(wire: Wire, setting: &str, base: &str) -> Result<(Url, String), Error> {
    let wrong = |value: &str, problem: &str| Error::Setting {
        key: setting.into(),
        value: value.into(),
        problem: problem.into(),
        remedy: "write it as \"https://api.example.com/v1\"".into(),
    };
    let mut url = Url::parse(base.trim()).map_err(|_| wrong(base, "is no URL"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(wrong(base, "is no http or https URL"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        // The value holds a password, so it is not repeated.
        return Err(Error::Setting {
            key: setting.into(),
            value: url.host_str().unwrap_or_default().into(),
            problem: "has a user name or password in it".into(),
            remedy: "send it as a header, in [providers.NAME.headers]".into(),
        });
    }
    url.set_fragment(None);
    let path = url.path().trim_end_matches('/').to_owned();
    let mut shown = url.clone();
    shown.set_query(None);
    shown.set_path(&path);
    let full = match wire {
        Wire::Anthropic if path.ends_with("/v1") => format!("{path}/messages"),
        Wire::Anthropic => format!("{path}/v1/messages"),
        Wire::Openai if path.is_empty() => "/v1/chat/completions".to_owned(),
        Wire::Openai => format!("{path}/chat/completions"),
        _ => format!(
            "{}/api/chat",
            path.trim_end_matches("/v1").trim_end_matches("/api")
        ),
    };
    url.set_path(&full);
    Ok((url, shown.as_str().trim_end_matches('/').to_owned()))
}

/// Reads `OLLAMA_HOST` as Ollama does: a host, a port, both, or a URL.
fn ollama_base(text: &str) -> String {
    let text = text.trim();
    let (bare, full) = match text.split_once("://") {
        Some(_) => (false, text.to_owned()),
        None if text.starts_with(':') => (true, format!("http://127.0.0.1{text}")),
        None => (true, format!("http://{text}")),
    };
    let Ok(mut url) = Url::parse(&full) else {
        return full;
    };
    if bare && url.port().is_none() && !text.ends_with(":80") {
        let _fits = url.set_port(Some(11_434));
    }
    // An address to listen on is not one to call.
    match url.host_str() {
        Some("0.0.0.0") => drop(url.set_host(Some("127.0.0.1"))),
        Some("[::]") => drop(url.set_host(Some("[::1]"))),
        _ => {}
    }
    url.into()
}

fn unknown(wanted: &str, name: &str, list: &[Provider]) -> Error {
    let names: Vec<&str> = list.iter().map(|provider| provider.name.as_str()).collect();
    let remedy = match name {
        "anthropic" => "set ANTHROPIC_API_KEY, or api_key in [providers.anthropic]".into(),
        "openai" => "set OPENAI_API_KEY, or api_key in [providers.openai]".into(),
        _ => format!(
            "name one of {}, or add [providers.{name}]",
            names.join(", ")
        ),
    };
    Error::Setting {
        key: "agent.model".into(),
        value: wanted.into(),
        problem: "names a provider that was not found".into(),
        remedy,
    }
}

/// Returns all secrets, those in the environment included, so that none is shown by accident.
fn secrets(list: &[Provider], env: &dyn Fn(&str) -> Option<String>) -> Vec<Secret> {
    let variables = ["ANTHROPIC_API_KEY", "OPENAI_API_KEY"];
    let mut plain: Vec<String> = variables.into_iter().filter_map(env).collect();
    for provider in list {
        plain.extend(provider.key.iter().map(|key| key.expose().to_owned()));
        plain.extend(
            provider
                .headers
                .iter()
                .map(|(_, value)| value.expose().to_owned()),
        );
    }
    plain.sort();
    plain.dedup();
    plain.retain(|text| !text.is_empty());
    plain.into_iter().map(Secret::new).collect()
}
