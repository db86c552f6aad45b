//! Who serves models: finding them, asking them, what an answer costs.
//!
//! Owns: wire formats, the catalogue of models and prices, retry, the built-in offline provider.
//! Does not know sessions, turns or tools: a request comes in, a stream of events goes out.

mod ask;
mod body;
mod catalogue;
mod error;
mod find;
mod frames;
mod offline;
mod provider;
mod refusal;
mod retry;
mod section;
mod transcript;
mod wire;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use smartopol_config::{Config, Secret};
use smartopol_protocol::message::{Message, Part, Role};
use smartopol_protocol::model::{ModelEvent, ModelRequest, ProviderInfo, TestedProvider};
use smartopol_protocol::{MessageId, SessionId, Timestamp};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub use catalogue::Price;
pub use error::{Error, Kind, ModelError, Overrun};
pub use provider::Provider;

/// What a request tells while it runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// The model says something.
    Event(ModelEvent),
    /// The request failed before anything was shown, and is tried again.
    Retrying {
        /// What happened, one sentence.
        reason: String,
        /// How long until the next try.
        after: Duration,
    },
}

/// One model of one provider, ready to be asked.
#[derive(Clone, Debug)]
pub struct Target {
    /// Who serves it.
    pub provider: Arc<Provider>,
    /// The provider's name.
    pub provider_name: String,
    /// The model, as its provider names it; empty where the provider is asked for one first.
    pub model: String,
    /// What it costs, where that is known.
    pub price: Option<Price>,
    /// How many tokens a request and its answer may have together, where that is known.
    pub context_tokens: Option<u32>,
    /// The most tokens one answer may have, where that is known.
    pub max_output_tokens: Option<u32>,
}

impl Target {
    /// Returns how many tokens a request may have so that it fits with its answer, and with some
    /// room for what was counted wrongly; `None` where nobody knows the model's window.
    pub fn room(&self) -> Option<u64> {
        let window = u64::from(self.context_tokens?);
        let answer = self.max_output_tokens.unwrap_or(wire::USUAL_OUTPUT);
        let answer = u64::from(answer.min(wire::USUAL_OUTPUT)).min(window / 4);
        Some((window * 4 / 5).saturating_sub(answer))
    }

    /// Takes note that the model's window is no larger.
    fn narrow(&mut self, window: u32) {
        let known = self.context_tokens.unwrap_or(u32::MAX);
        self.context_tokens = Some(known.min(window));
    }

    /// Returns true where asking it uses tokens: the offline provider has none.
    pub fn counts_tokens(&self) -> bool {
        self.provider.wire != smartopol_config::section::providers::Kind::Offline
    }

    /// Returns the body of a request as its service is sent it.
    pub fn body(&self, request: &ModelRequest) -> serde_json::Value {
        wire::body(self, request)
    }
}

/// All providers found, the chosen one first. Once built, only what is learned of windows changes.
#[derive(Debug)]
pub struct Providers {
    list: Vec<Arc<Provider>>,
    secrets: Vec<Secret>,
    /// What the settings say of prices, by `provider/model` or the model alone.
    prices: BTreeMap<String, Price>,
    /// How large windows are at the most, by `provider/model`, as refusals taught it.
    learned: Mutex<BTreeMap<String, u32>>,
}

impl Providers {
    /// Finds providers in the settings, the environment and, where neither names one, a local
    /// Ollama; the offline provider is always there.
    ///
    /// At most one request goes out, to Ollama, and it may take 150 ms. Settings and environment
    /// are read before this returns; only that request is awaited.
    pub fn find(
        config: &Config,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> impl Future<Output = Result<Self, Error>> + Send + use<> {
        install_tls();
        let plan = find::plan(config, env);
        let prices = config
            .prices
            .iter()
            .map(|(model, price)| (model.clone(), Price::set(price)))
            .collect();
        async move {
            let found = find::finish(plan?).await;
            Ok(Self { prices, ..found })
        }
    }

    pub(crate) fn new(list: Vec<Provider>, secrets: Vec<Secret>) -> Self {
        Self {
            list: list.into_iter().map(Arc::new).collect(),
            secrets,
            prices: BTreeMap::new(),
            learned: Mutex::default(),
        }
    }

    /// Returns what clients are shown of each provider, the chosen one first.
    pub fn list(&self) -> Vec<ProviderInfo> {
        self.list
            .iter()
            .enumerate()
            .map(|(place, provider)| ProviderInfo {
                name: provider.name.clone(),
                found_by: provider.found_by.clone(),
                base_url: provider.shown_url.clone(),
                default_model: provider.default_model.clone(),
                models: provider.models.clone(),
                chosen: place == 0,
            })
            .collect()
    }

    /// Returns who to ask: `provider/model`, `provider`, a model of the chosen provider, or,
    /// without a name, the chosen provider's default.
    ///
    /// A slash may be part of a model's name: what stands before the first one is a provider only
    /// where one of that name exists.
    pub fn resolve(&self, model: Option<&str>) -> Result<Target, Error> {
        let mut target = self.meant(model)?;
        let whole = format!("{}/{}", target.provider_name, target.model);
        let set = self.prices.get(&whole);
        if let Some(price) = set.or_else(|| self.prices.get(&target.model)) {
            target.price = Some(*price);
        }
        if let Some(window) = self.learned().get(&whole) {
            target.narrow(*window);
        }
        Ok(target)
    }

    /// Takes note that a model's window is no larger, until the daemon ends: whoever asks it next
    /// knows.
    pub fn learn(&self, target: &mut Target, window: u32) {
        target.narrow(window);
        let whole = format!("{}/{}", target.provider_name, target.model);
        let mut learned = self.learned();
        let known = learned.entry(whole).or_insert(window);
        *known = window.min(*known);
    }

    fn learned(&self) -> MutexGuard<'_, BTreeMap<String, u32>> {
        self.learned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn meant(&self, model: Option<&str>) -> Result<Target, Error> {
        let chosen = self.list.first().ok_or(Error::NoProvider)?;
        let Some(wanted) = model.map(str::trim).filter(|wanted| !wanted.is_empty()) else {
            return Ok(chosen.target(&chosen.default_model));
        };
        if let Some(provider) = self.named(wanted) {
            return Ok(provider.target(&provider.default_model));
        }
        if let Some((name, model)) = wanted.split_once('/')
            && let Some(provider) = self.named(name)
        {
            let model = if model.is_empty() {
                &provider.default_model
            } else {
                model
            };
            return provider.checked(model);
        }
        if let Some(remedy) = find::remedy(wanted) {
            return Err(Error::UnknownProvider {
                wanted: wanted.to_owned(),
                remedy,
            });
        }
        chosen.checked(wanted)
    }

    fn named(&self, name: &str) -> Option<&Arc<Provider>> {
        self.list.iter().find(|provider| provider.name == name)
    }

    /// Asks a model; what it says goes to `out` as it comes.
    ///
    /// Ends at once, with the connection closed, when `cancel` is cancelled or the receiver of
    /// `out` is dropped. A failure that may pass is tried again as long as nothing was shown.
    pub async fn ask(
        &self,
        target: &Target,
        request: ModelRequest,
        out: mpsc::Sender<Progress>,
        cancel: CancellationToken,
    ) -> Result<(), ModelError> {
        tokio::select! {
            biased;
            () = cancel.cancelled() => Err(ModelError::cancelled()),
            () = out.closed() => Err(ModelError::cancelled()),
            answer = ask::run(target, &request, &self.secrets, &out) => answer,
        }
    }

    /// Returns every secret known here, for redaction.
    pub fn secrets(&self) -> Vec<Secret> {
        self.secrets.clone()
    }

    /// Asks a provider for one word and says how it went.
    pub async fn test(&self, target: &Target) -> Result<TestedProvider, ModelError> {
        let (out, mut inbox) = mpsc::channel(64);
        let started = Instant::now();
        let asking = self.ask(target, one_word(), out, CancellationToken::new());
        let listening = async {
            let (mut said, mut first) = (String::new(), None);
            while let Some(progress) = inbox.recv().await {
                if let Progress::Event(ModelEvent::Text { text } | ModelEvent::Reasoning { text }) =
                    progress
                {
                    first.get_or_insert_with(|| started.elapsed());
                    said.extend(
                        text.chars()
                            .take(200_usize.saturating_sub(said.chars().count())),
                    );
                }
            }
            (said, first)
        };
        let (asked, (said, first)) = tokio::join!(asking, listening);
        asked?;
        let total = started.elapsed();
        Ok(TestedProvider {
            model: target.model.clone(),
            said,
            first_ms: millis(first.unwrap_or(total)),
            total_ms: millis(total),
        })
    }
}

/// Installs the TLS provider of this process; more than once does no harm.
pub fn install_tls() {
    // The error says that one is already installed, which is all that is wanted.
    let _already = rustls::crypto::ring::default_provider().install_default();
}

fn one_word() -> ModelRequest {
    ModelRequest {
        messages: vec![Arc::new(Message {
            id: MessageId::new(),
            session_id: SessionId::new(),
            turn_id: None,
            position: None,
            steer: false,
            role: Role::User,
            parts: vec![Part::Text {
                text: "Say hello in one word.".into(),
            }],
            peer: None,
            by: None,
            interrupted: false,
            created_at: Timestamp::now(),
        })],
        max_output_tokens: Some(256),
        ..ModelRequest::default()
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
