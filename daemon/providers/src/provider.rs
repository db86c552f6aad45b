//! One provider: where it is, how it is spoken to, what it is known to serve.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Url};
use smartopol_config::Secret;
use smartopol_config::section::providers::Kind as Wire;

use crate::catalogue::{self, Price};
use crate::error::{Error, Kind, ModelError};
use crate::{Target, offline};

/// One provider, as it was found.
pub struct Provider {
    pub(crate) name: String,
    pub(crate) wire: Wire,
    pub(crate) found_by: String,
    /// Where requests go; `None` for the offline provider.
    pub(crate) endpoint: Option<Url>,
    /// The base URL as people may see it: without a query, which can hold a key.
    pub(crate) shown_url: String,
    pub(crate) key: Option<Secret>,
    pub(crate) headers: Vec<(HeaderName, Secret)>,
    pub(crate) default_model: String,
    pub(crate) models: Vec<String>,
    pub(crate) max_output_tokens: Option<u32>,
    /// What the settings say of windows, by model.
    pub(crate) windows: BTreeMap<String, u32>,
    pub(crate) idle_timeout: Duration,
    pub(crate) retries: u32,
    pub(crate) client: OnceLock<Client>,
}

impl fmt::Debug for Provider {
    /// Shows neither the client nor the query of the URL, which can hold a key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider")
            .field("name", &self.name)
            .field("wire", &self.wire)
            .field("base_url", &self.shown_url)
            .field("key", &self.key)
            .field("default_model", &self.default_model)
            .finish_non_exhaustive()
    }
}

impl Provider {
    /// The built-in one.
    pub(crate) fn offline() -> Self {
        Self {
            name: "offline".into(),
            wire: Wire::Offline,
            found_by: "built in".into(),
            endpoint: None,
            shown_url: String::new(),
            key: None,
            headers: Vec::new(),
            default_model: offline::MODEL.into(),
            models: vec![offline::MODEL.into()],
            max_output_tokens: None,
            windows: BTreeMap::new(),
            idle_timeout: Duration::from_secs(120),
            retries: 0,
            client: OnceLock::new(),
        }
    }

    /// Returns the environment variable that its key is looked for in.
    pub(crate) fn key_variable(&self) -> Option<&'static str> {
        match (self.name.as_str(), self.wire) {
            ("anthropic", Wire::Anthropic) => Some("ANTHROPIC_API_KEY"),
            ("openai", Wire::Openai) => Some("OPENAI_API_KEY"),
            _ => None,
        }
    }

    /// Returns true where the service will surely refuse for want of a key.
    pub(crate) fn lacks_key(&self) -> bool {
        let official = self
            .endpoint
            .as_ref()
            .and_then(Url::host_str)
            .is_some_and(|host| matches!(host, "api.anthropic.com" | "api.openai.com"));
        official && self.key.is_none() && self.headers.is_empty()
    }

    /// Returns what to do about a key, one sentence.
    pub(crate) fn key_remedy(&self) -> String {
        let place = format!("api_key in [providers.{}]", self.name);
        match self.key_variable() {
            Some(variable) => format!("set {variable}, or {place}, and restart the daemon"),
            None => format!("set {place} and restart the daemon"),
        }
    }

    /// Returns one of its models as something to ask.
    pub(crate) fn target(self: &Arc<Self>, model: &str) -> Target {
        let known = catalogue::find(self.wire, model);
        Target {
            provider: Arc::clone(self),
            provider_name: self.name.clone(),
            model: model.to_owned(),
            price: match self.wire {
                Wire::Offline => Some(Price::FREE),
                _ => known.and_then(|entry| entry.price),
            },
            context_tokens: self
                .windows
                .get(model)
                .copied()
                .or_else(|| known.map(|entry| entry.context_tokens)),
            max_output_tokens: self
                .max_output_tokens
                .or_else(|| known.map(|entry| entry.max_output_tokens)),
        }
    }

    /// The same, refusing what cannot be: the offline provider has one model.
    pub(crate) fn checked(self: &Arc<Self>, model: &str) -> Result<Target, Error> {
        if self.wire == Wire::Offline && model != offline::MODEL {
            return Err(Error::UnknownModel {
                wanted: model.to_owned(),
            });
        }
        Ok(self.target(model))
    }

    /// Returns the client, built at its first use: it costs milliseconds that a start must not.
    pub(crate) fn client(&self) -> Result<&Client, ModelError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let mut builder = Client::builder()
            .user_agent(concat!("smartopol/", env!("CARGO_PKG_VERSION")))
            .tcp_nodelay(true)
            .connect_timeout(Duration::from_secs(10))
            // A redirect could carry the key to another host.
            .redirect(reqwest::redirect::Policy::none());
        if self.is_local() {
            builder = builder.no_proxy();
        }
        if self
            .endpoint
            .as_ref()
            .is_some_and(|url| url.scheme() == "http")
        {
            // Without TLS there is no one to trust: loading the system's certificates takes longer
            // than all else here.
            builder = builder.tls_certs_only([]);
        }
        let client = builder.build().map_err(|err| {
            ModelError::new(
                Kind::Network,
                "the HTTP client could not be built",
                "check the system's certificates and the proxy variables",
            )
            .because(err)
        })?;
        Ok(self.client.get_or_init(|| client))
    }

    fn is_local(&self) -> bool {
        let host = self
            .endpoint
            .as_ref()
            .and_then(Url::host_str)
            .unwrap_or_default();
        host == "localhost"
            || host
                .trim_matches(['[', ']'])
                .parse::<std::net::IpAddr>()
                .is_ok_and(|ip| ip.is_loopback())
    }

    /// Returns the headers of every request; configured ones win.
    pub(crate) fn header_map(&self) -> Result<HeaderMap, ModelError> {
        let mut headers = HeaderMap::new();
        if self.wire == Wire::Anthropic {
            headers.insert("anthropic-version", HeaderValue::from_static("2023-06-01"));
        }
        if let Some(key) = &self.key {
            match self.wire {
                Wire::Anthropic => {
                    headers.insert("x-api-key", self.secret_value("api_key", key.expose())?);
                }
                _ => {
                    let bearer = format!("Bearer {}", key.expose());
                    headers.insert(AUTHORIZATION, self.secret_value("api_key", &bearer)?);
                }
            }
        }
        for (name, value) in &self.headers {
            let value = self.secret_value(name.as_str(), value.expose())?;
            headers.insert(name.clone(), value);
        }
        Ok(headers)
    }

    fn secret_value(&self, setting: &str, text: &str) -> Result<HeaderValue, ModelError> {
        let mut value = HeaderValue::from_str(text).map_err(|err| {
            ModelError::new(
                Kind::Auth,
                format!(
                    "{setting} of {} has characters that no header may have",
                    self.name
                ),
                self.key_remedy(),
            )
            .because(err)
        })?;
        value.set_sensitive(true);
        Ok(value)
    }
}
