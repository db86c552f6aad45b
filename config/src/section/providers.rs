//! `[providers.NAME]`: who serves models.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::secret::Secret;
use crate::shape::{Holds, Shape, some_text};

/// Providers by name. The names `anthropic`, `openai`, `ollama` and `offline` are known; another
/// name needs a `kind` and a `base_url`.
pub type Providers = BTreeMap<String, Provider>;

/// One provider.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Provider {
    /// Which wire format it speaks; without one it follows the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// Where its requests go, such as `https://api.example.com/v1`; without one the service's own,
    /// or `ANTHROPIC_BASE_URL`, `OPENAI_BASE_URL`, `OLLAMA_HOST`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// The key, or `env:NAME` for the one in the environment variable NAME; without one the
    /// providers `anthropic` and `openai` take `ANTHROPIC_API_KEY` and `OPENAI_API_KEY`. A
    /// provider of another name never does: the key is not meant for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key: Option<Secret>,
    /// Headers sent with every request.
    pub headers: BTreeMap<String, Secret>,
    /// The model used where none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The most tokens of one answer: 1 or more; without one what the catalogue says of the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<u32>,
    /// How many tokens a request and its answer may have together, by the name of the model: 1,024
    /// or more; without one what the catalogue says of the model.
    pub windows: BTreeMap<String, u32>,
    /// How long to wait for the next byte of an answer, in seconds: 1 to 86,400; 120 without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_timeout_seconds: Option<u32>,
    /// How often a request is tried again that failed before anything was shown: 0 to 100; 4
    /// without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
}

/// A wire format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Anthropic Messages.
    Anthropic,
    /// OpenAI Chat Completions, which most services speak.
    Openai,
    /// Ollama's own.
    Ollama,
    /// Built in, without a model.
    Offline,
}

/// The names that need no `kind` and no `base_url`.
pub(crate) const KNOWN: [&str; 4] = ["anthropic", "openai", "ollama", "offline"];

pub(crate) const SHAPE: Shape = Shape::Named(
    name,
    &Shape::Table(&[
        (
            "kind",
            Shape::Value(Holds::Choice(&["anthropic", "openai", "ollama", "offline"])),
        ),
        ("base_url", Shape::Value(Holds::Text(url))),
        ("api_key", Shape::Value(Holds::Secret(key))),
        (
            "headers",
            Shape::Named(header_name, &Shape::Value(Holds::Secret(header))),
        ),
        ("model", Shape::Value(Holds::Text(some_text))),
        (
            "max_output_tokens",
            Shape::Value(Holds::Whole(1, u32::MAX as i64)),
        ),
        (
            "windows",
            Shape::Named(
                some_text,
                &Shape::Value(Holds::Whole(1_024, u32::MAX as i64)),
            ),
        ),
        (
            "idle_timeout_seconds",
            Shape::Value(Holds::Whole(1, 86_400)),
        ),
        ("retries", Shape::Value(Holds::Whole(0, 100))),
    ]),
);

fn name(text: &str) -> Result<(), String> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if !text.is_empty() && text.len() <= 64 && text.chars().all(good) {
        return Ok(());
    }
    Err("must be a name of lower case letters, digits, `-` and `_`".into())
}

fn header_name(text: &str) -> Result<(), String> {
    let good = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if !text.is_empty() && text.chars().all(good) {
        return Ok(());
    }
    Err("must be the name of a header, such as `X-Title`".into())
}

fn url(text: &str) -> Result<(), String> {
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err("must be an address such as `https://api.example.com/v1`".into());
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if !matches!(scheme, "http" | "https") {
        return Err("must begin with `https://` or `http://`".into());
    }
    if host.contains('@') {
        return Err("must not carry a name or a password: a key belongs in `api_key`".into());
    }
    if host.is_empty() || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("must be an address such as `https://api.example.com/v1`".into());
    }
    Ok(())
}

fn key(text: &str) -> Result<(), String> {
    if let Some(name) = text.strip_prefix("env:") {
        let mut chars = name.chars();
        let good = chars
            .next()
            .is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && chars.all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !good {
            return Err(
                "must name an environment variable after `env:`, such as `env:MY_KEY`".into(),
            );
        }
    }
    some_text(text)?;
    header(text)
}

fn header(text: &str) -> Result<(), String> {
    if text.chars().all(|c| c.is_ascii() && !c.is_ascii_control()) {
        return Ok(());
    }
    // Where the text came from is named by the caller; the text itself may be a secret.
    Err("must be one line of ASCII characters, because it travels in a header".into())
}
