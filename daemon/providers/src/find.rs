//! Finding providers: settings, then keys in the environment, then a local Ollama, then none.
//!
//! `plan` reads settings and environment and dials nowhere; `finish` may ask Ollama, once, for
//! its models. Owns the order; what a provider is stands in `provider`.

use std::time::Duration;

use reqwest::Url;
use serde::Deserialize;
use smartopol_config::section::providers::{Kind as Wire, Provider as Section};
use smartopol_config::{Config, Secret};
use tokio::net::TcpStream;

use crate::Providers;
use crate::error::Error;
use crate::provider::Provider;
use crate::section::configured;

/// How long a local Ollama may take to name its models.
const OLLAMA_LIMIT: Duration = Duration::from_millis(150);

/// Services that are known by their keys, in the order of preference.
const KEYS: [(&str, &str); 2] = [
    ("anthropic", "ANTHROPIC_API_KEY"),
    ("openai", "OPENAI_API_KEY"),
];

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
    let env = |name: &str| {
        let value = env(name)?.trim().to_owned();
        (!value.is_empty()).then_some(value)
    };
    let mut list = Vec::new();
    for (name, section) in &config.providers {
        list.push(configured(name, section, &env)?);
    }
    list.sort_by_key(|provider| (provider.lacks_key(), rank(&provider.name)));
    for (name, variable) in KEYS {
        if !config.providers.contains_key(name) {
            list.extend(by_key(name, variable, &env)?);
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
    let guess = match config.providers.contains_key("ollama") {
        true => None,
        false if wanted_name == "ollama" => Some(configured("ollama", &Section::default(), &env)?),
        // Its variable belongs to another program: where it makes no sense there is no Ollama.
        false if wanted.is_empty() && list.is_empty() => {
            configured("ollama", &Section::default(), &env).ok()
        }
        false => None,
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
        ollama.found_by = match ollama.models.is_empty() {
            true => "agent.model names it".into(),
            false => "a running Ollama answers".into(),
        };
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

/// Returns a service whose key is in the environment.
fn by_key(
    name: &str,
    variable: &str,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<Provider>, Error> {
    if env(variable).is_none() {
        return Ok(None);
    }
    let found_by = format!("{variable} is set");
    Ok(Some(Provider {
        found_by,
        ..configured(name, &Section::default(), env)?
    }))
}

fn unknown(wanted: &str, name: &str, list: &[Provider]) -> Error {
    let remedy = remedy(name).unwrap_or_else(|| {
        let names: Vec<&str> = list.iter().map(|provider| provider.name.as_str()).collect();
        format!(
            "name one of {}, or add [providers.{name}]",
            names.join(", ")
        )
    });
    Error::Setting {
        key: "agent.model".into(),
        value: wanted.into(),
        problem: "names a provider that was not found".into(),
        remedy,
    }
}

/// Returns how to get a well-known provider that was not found.
pub(crate) fn remedy(name: &str) -> Option<String> {
    if name == "ollama" {
        return Some("start it with `ollama serve`, then restart the daemon".into());
    }
    let (_, variable) = KEYS.into_iter().find(|(known, _)| *known == name)?;
    Some(format!("set {variable}, or api_key in [providers.{name}]"))
}

/// Returns all secrets, those in the environment included, so that none is shown by accident.
fn secrets(list: &[Provider], env: &dyn Fn(&str) -> Option<String>) -> Vec<Secret> {
    let mut plain: Vec<String> = KEYS
        .iter()
        .filter_map(|(_, variable)| env(variable))
        .collect();
    for provider in list {
        plain.extend(provider.key.iter().map(|key| key.expose().to_owned()));
        let headers = provider.headers.iter();
        plain.extend(headers.map(|(_, value)| value.expose().to_owned()));
        let query = provider.endpoint.iter().flat_map(Url::query_pairs);
        plain.extend(
            query
                .map(|(_, value)| value.into_owned())
                .filter(|text| text.len() >= 8),
        );
    }
    plain.sort();
    plain.dedup();
    plain.retain(|text| !text.is_empty());
    plain.into_iter().map(Secret::new).collect()
}
