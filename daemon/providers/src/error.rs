//! What can go wrong: a setting that cannot work, a model that did not answer.

use std::error::Error as StdError;
use std::time::Duration;

use smartopol_config::Secret;

/// Why providers could not be found or named.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting cannot work.
    #[error("{key} = {value:?} {problem}: {remedy}")]
    Setting {
        /// The setting.
        key: String,
        /// Its value, never a secret.
        value: String,
        /// What is wrong with it.
        problem: String,
        /// What to do.
        remedy: String,
    },
    /// A well-known provider was not found.
    #[error("{wanted} was not found: {remedy}")]
    UnknownProvider {
        /// What was asked for.
        wanted: String,
        /// What to do.
        remedy: String,
    },
    /// No such model can be asked.
    #[error("{wanted:?} is no model of the offline provider: name one as provider/model")]
    UnknownModel {
        /// What was asked for.
        wanted: String,
    },
    /// The list is empty, which building it rules out.
    #[error("no provider was found: restart the daemon")]
    NoProvider,
}

/// What kind of failure a request ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The key is missing, wrong, or not allowed to do this.
    Auth,
    /// Too many requests, or the quota is used up.
    RateLimit,
    /// The service has no room now.
    Overloaded,
    /// The service refuses the request as it is.
    BadRequest,
    /// The request is larger than the model's context.
    TooLong,
    /// The service cannot be reached.
    Network,
    /// The answer stopped before its end.
    CutStream,
    /// The answer cannot be understood, or is larger than any answer should be.
    Malformed,
    /// Nothing came for too long.
    IdleTimeout,
    /// It was asked to stop.
    Cancelled,
    /// The service will not answer this for reasons of its policy.
    Refused,
    /// The service failed.
    Server,
}

/// Whether a failure may pass by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Retry {
    Never,
    Soon,
    After(Duration),
}

/// What a service said of a request that is too long, in tokens as it counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overrun {
    /// How many the model can take.
    pub window: Option<u32>,
    /// How many the request has.
    pub asked: Option<u64>,
}

/// Why a model did not answer.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct ModelError {
    /// What kind of failure it is.
    pub kind: Kind,
    /// What happened, one sentence; never with a secret in it.
    pub message: String,
    /// What to do, one sentence.
    pub hint: String,
    /// What is known of the lengths where the request is [`Kind::TooLong`].
    pub overrun: Overrun,
    #[source]
    source: Option<Box<dyn StdError + Send + Sync>>,
    pub(crate) retry: Retry,
}

impl ModelError {
    pub(crate) fn new(kind: Kind, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            hint: hint.into(),
            overrun: Overrun::default(),
            source: None,
            retry: Retry::Never,
        }
    }

    pub(crate) fn cancelled() -> Self {
        Self::new(
            Kind::Cancelled,
            "the request was stopped",
            "send a message to go on",
        )
    }

    pub(crate) fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    pub(crate) fn overrun(mut self, overrun: Overrun) -> Self {
        self.overrun = overrun;
        self
    }

    pub(crate) fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Takes every known secret out of the sentences.
    pub(crate) fn without(mut self, secrets: &[Secret]) -> Self {
        for secret in secrets {
            let plain = secret.expose();
            if plain.len() >= 4 && self.message.contains(plain) {
                self.message = self.message.replace(plain, "[secret]");
            }
        }
        self
    }
}
