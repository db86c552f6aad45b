//! From what services say when they refuse to one sentence and a remedy.

mod overrun;

use std::time::Duration;

use serde_json::Value;

use crate::error::{Kind, ModelError, Retry};
use crate::provider::Provider;

/// Returns the error of a status that is not success.
pub(crate) fn of_status(
    provider: &Provider,
    model: &str,
    status: u16,
    wait: Option<Duration>,
    body: &str,
) -> ModelError {
    let said = Said::read(body);
    said.error(provider, model, Some(status), wait)
}

/// Returns the error that came in the middle of a stream.
pub(crate) fn of_event(provider: &Provider, model: &str, error: &Value) -> ModelError {
    Said::of(error).error(provider, model, None, None)
}

/// What a service said: its own name for the failure, and its words.
#[derive(Debug, Default)]
struct Said {
    name: String,
    words: String,
}

impl Said {
    fn read(body: &str) -> Self {
        match serde_json::from_str::<Value>(body) {
            Ok(Value::Array(list)) => list.first().map(Self::whole).unwrap_or_default(),
            Ok(value) => Self::whole(&value),
            // A page of HTML says nothing in one sentence.
            Err(_) if body.trim_start().starts_with('<') => Self::default(),
            Err(_) => Self {
                name: String::new(),
                words: sentence(body),
            },
        }
    }

    fn whole(value: &Value) -> Self {
        Self::of(value.get("error").unwrap_or(value))
    }

    fn of(error: &Value) -> Self {
        if let Some(words) = error.as_str() {
            return Self {
                name: String::new(),
                words: sentence(words),
            };
        }
        let text = |key: &str| error.get(key).and_then(Value::as_str).unwrap_or_default();
        let words = [text("message"), text("detail")]
            .into_iter()
            .find(|text| !text.is_empty());
        Self {
            name: format!("{} {}", text("code"), text("type")),
            words: sentence(words.unwrap_or_default()),
        }
    }

    fn error(
        &self,
        provider: &Provider,
        model: &str,
        status: Option<u16>,
        wait: Option<Duration>,
    ) -> ModelError {
        let name = &provider.name;
        let says = if self.words.is_empty() {
            status
                .map(|status| format!(" (status {status})"))
                .unwrap_or_default()
        } else {
            format!(": {}", self.words)
        };
        let soon = wait.map_or(Retry::Soon, Retry::After);
        match self.kind(status) {
            // The words may repeat a part of the key.
            Kind::Auth if status == Some(403) => ModelError::new(
                Kind::Auth,
                match provider.key {
                    Some(_) => format!("the key for {name} may not use {model}"),
                    None => format!("{name} does not let us use {model}"),
                },
                format!("check what the key may do, or {}", provider.key_remedy()),
            ),
            Kind::Auth if provider.key.is_none() => ModelError::new(
                Kind::Auth,
                format!("{name} needs a key"),
                provider.key_remedy(),
            ),
            Kind::Auth => ModelError::new(
                Kind::Auth,
                format!("the key for {name} was refused"),
                provider.key_remedy(),
            ),
            Kind::RateLimit if self.quota(status) => ModelError::new(
                Kind::RateLimit,
                format!("the quota of the key for {name} is used up{says}"),
                "check the plan and the billing of the account, or use another provider",
            ),
            Kind::RateLimit => ModelError::new(
                Kind::RateLimit,
                format!(
                    "{name} takes no more requests for now{}{says}",
                    for_how_long(wait)
                ),
                "wait, or use another model or provider",
            )
            .retry(soon),
            Kind::Overloaded => ModelError::new(
                Kind::Overloaded,
                format!("{name} is overloaded{}{says}", for_how_long(wait)),
                "wait a little and continue, or use another model or provider",
            )
            .retry(soon),
            Kind::Server => ModelError::new(
                Kind::Server,
                format!("{name} failed{says}"),
                "continue in a moment; if it stays, look at the service's status page",
            )
            .retry(soon),
            Kind::TooLong => ModelError::new(
                Kind::TooLong,
                format!("the conversation is too long for {model}{says}"),
                "lower agent.context_tokens, start a new session, or use a model with more context",
            )
            .overrun(overrun::of(&self.words)),
            Kind::Refused => ModelError::new(
                Kind::Refused,
                format!("{name} will not answer this{says}"),
                "ask in another way, or use another model",
            ),
            _ if status == Some(404) => ModelError::new(
                Kind::BadRequest,
                format!("{name} does not know {model}, or its base_url is wrong{says}"),
                format!("check the model's name and base_url of [providers.{name}]"),
            ),
            _ if status.is_some_and(|status| (300..400).contains(&status)) => ModelError::new(
                Kind::BadRequest,
                format!("{name} sends requests on to another address"),
                format!("set base_url of [providers.{name}] to the address itself"),
            ),
            _ => ModelError::new(
                Kind::BadRequest,
                format!("{name} refused the request for {model}{says}"),
                format!("check agent.model and the settings in [providers.{name}]"),
            ),
        }
    }

    fn kind(&self, status: Option<u16>) -> Kind {
        let names = |some: &[&str]| some.iter().any(|one| self.name.contains(one));
        let words = self.words.to_ascii_lowercase();
        let says = |some: &[&str]| some.iter().any(|one| words.contains(one));
        let too_long = names(&overrun::NAMES) || says(&overrun::WORDS);
        match status {
            _ if names(&["content_filter", "content_policy"]) => Kind::Refused,
            Some(400 | 413 | 422) | None if too_long => Kind::TooLong,
            Some(413) => Kind::TooLong,
            Some(401 | 403) => Kind::Auth,
            Some(402 | 429) => Kind::RateLimit,
            Some(503 | 529) => Kind::Overloaded,
            Some(408 | 409 | 425 | 500..) => Kind::Server,
            Some(_) => Kind::BadRequest,
            None if names(&["overloaded"]) || says(&["overloaded"]) => Kind::Overloaded,
            None if names(&["rate_limit", "quota", "429"]) => Kind::RateLimit,
            None if names(&["authentication", "permission"]) => Kind::Auth,
            None if names(&["invalid_request"]) => Kind::BadRequest,
            None => Kind::Server,
        }
    }

    fn quota(&self, status: Option<u16>) -> bool {
        status == Some(402) || self.name.contains("insufficient_quota")
    }
}

fn for_how_long(wait: Option<Duration>) -> String {
    match wait.map(|wait| wait.as_secs()) {
        None | Some(0) => String::new(),
        Some(1) => " (for a second)".into(),
        Some(seconds @ 2..120) => format!(" (for {seconds} seconds)"),
        Some(seconds) => format!(" (for {} minutes)", seconds.div_ceil(60)),
    }
}

/// Makes one clean line of at most 300 characters.
fn sentence(text: &str) -> String {
    let mut line: String = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    if let Some((at, _)) = line.char_indices().nth(300) {
        line.truncate(at);
        line.push('…');
    }
    line.trim_end_matches('.').to_owned()
}
