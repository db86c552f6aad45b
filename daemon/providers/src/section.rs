//! From one section of the settings, and the environment, to a provider.
//!
//! Owns what a section may leave out and which values cannot work.

use std::sync::OnceLock;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::HeaderName;
use smartopol_config::Secret;
use smartopol_config::section::providers::{Kind as Wire, Provider as Section};

use crate::catalogue;
use crate::error::Error;
use crate::provider::Provider;

/// Returns the provider that a section speaks of.
pub(crate) fn configured(
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
        windows: section.windows.clone(),
        idle_timeout: Duration::from_secs(
            section.idle_timeout_seconds.unwrap_or(120).max(1).into(),
        ),
        retries: section.retries.unwrap_or(4),
        client: OnceLock::new(),
    })
}

/// Returns the secret itself, or what the variable holds that `env:NAME` names.
fn key_of(
    setting: &str,
    text: &str,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Secret, Error> {
    let Some(variable) = text.strip_prefix("env:") else {
        return Ok(Secret::new(text.trim()));
    };
    env(variable.trim())
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
