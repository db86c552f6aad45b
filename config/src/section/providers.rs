//! `[providers.NAME]`: who serves models.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::secret::Secret;

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
    /// The key, or `env:NAME` for the one in the environment variable NAME; without one
    /// `ANTHROPIC_API_KEY` or `OPENAI_API_KEY`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key: Option<Secret>,
    /// Headers sent with every request.
    pub headers: BTreeMap<String, Secret>,
    /// The model used where none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The most tokens of one answer; without one what the catalogue says of the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<u32>,
    /// How long to wait for the next byte of an answer, in seconds; 120 without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_timeout_seconds: Option<u32>,
    /// How often a request is tried again that failed before anything was shown; 4 without one.
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
