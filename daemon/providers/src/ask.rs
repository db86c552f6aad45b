//! One request, from asking to the last event: tries, waits, tells.
//!
//! Owns when to try again and what a failure is called. Formats stand in `wire`.

use std::time::Duration;

use futures_util::TryStreamExt as _;
use reqwest::Response;
use reqwest::header::CONTENT_TYPE;
use smartopol_config::Secret;
use smartopol_config::section::providers::Kind as Wire;
use smartopol_protocol::Timestamp;
use smartopol_protocol::model::{ModelEvent, ModelRequest};
use tokio::sync::mpsc;

use crate::body::Stopped;
use crate::error::{Kind, ModelError, Retry};
use crate::find::{Knock, default_of, ollama_models};
use crate::frames::{Broken, Frames};
use crate::provider::Provider;
use crate::wire::{Flaw, Reader};
use crate::{Progress, Target, offline, refusal, retry, wire};

/// The most bytes of an error's body.
const ERROR_LIMIT: usize = 64 << 10;

pub(crate) async fn run(
    target: &Target,
    request: &ModelRequest,
    secrets: &[Secret],
    out: &mpsc::Sender<Progress>,
) -> Result<(), ModelError> {
    let provider = &target.provider;
    if provider.wire == Wire::Offline {
        return offline::answer(request, &mut Outlet::new(target, out)).await;
    }
    if provider.lacks_key() {
        let message = format!("{} needs a key", provider.name);
        return Err(ModelError::new(Kind::Auth, message, provider.key_remedy()));
    }
    let named;
    let target = if target.model.is_empty() {
        named = Target {
            model: first_model(provider).await?,
            ..target.clone()
        };
        &named
    } else {
        target
    };
    let body = target.body(request).to_string();
    for tried in 0.. {
        let mut outlet = Outlet::new(target, out);
        let err = match once(target, body.clone(), &mut outlet).await {
            Ok(()) => return Ok(()),
            // A service may repeat what it was sent.
            Err(err) => err.without(secrets),
        };
        let after = match outlet.shown {
            true => None,
            false => retry::after(&err, tried, provider.retries, fastrand::f64()),
        };
        let Some(after) = after else {
            return Err(err);
        };
        tracing::info!(
            provider = provider.name,
            reason = err.message,
            ?after,
            "trying again"
        );
        outlet
            .send(Progress::Retrying {
                reason: err.message,
                after,
            })
            .await?;
        tokio::time::sleep(after).await;
    }
    Ok(())
}

/// Where events go, and whether any of them was something to see.
pub(crate) struct Outlet<'a> {
    target: &'a Target,
    out: &'a mpsc::Sender<Progress>,
    shown: bool,
}

impl<'a> Outlet<'a> {
    fn new(target: &'a Target, out: &'a mpsc::Sender<Progress>) -> Self {
        Self {
            target,
            out,
            shown: false,
        }
    }

    /// Passes an event on; a count of tokens gets its cost.
    pub(crate) async fn event(&mut self, mut event: ModelEvent) -> Result<(), ModelError> {
        match &mut event {
            ModelEvent::Usage { usage } => {
                usage.cost_micros = self.target.price.and_then(|price| price.cost_micros(usage));
            }
            _ => self.shown = true,
        }
        self.send(Progress::Event(event)).await
    }

    async fn send(&self, progress: Progress) -> Result<(), ModelError> {
        self.out
            .send(progress)
            .await
            .map_err(|_| ModelError::cancelled())
    }
}

async fn once(target: &Target, body: String, out: &mut Outlet<'_>) -> Result<(), ModelError> {
    let provider = &*target.provider;
    let response = send(provider, body).await?;
    let status = response.status();
    if !status.is_success() {
        let wait = retry::asked_for(response.headers(), Timestamp::now());
        let body = error_body(response).await;
        return Err(refusal::of_status(
            provider,
            &target.model,
            status.as_u16(),
            wait,
            &body,
        ));
    }
    let kind = response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    if kind.is_some_and(|kind| kind.starts_with("text/html")) {
        return Err(ModelError::new(
            Kind::Malformed,
            format!("{} answered with a web page", provider.name),
            format!("check base_url of [providers.{}]", provider.name),
        ));
    }
    // A URL may have a key in its query.
    let bytes = response.bytes_stream().map_err(reqwest::Error::without_url);
    let frames = match provider.wire {
        Wire::Ollama => Frames::lines(bytes, provider.idle_timeout),
        _ => Frames::sse(bytes, provider.idle_timeout),
    };
    listen(target, frames, out).await
}

async fn send(provider: &Provider, body: String) -> Result<Response, ModelError> {
    let Some(endpoint) = provider.endpoint.clone() else {
        return Err(ModelError::new(
            Kind::Network,
            "no address to ask at",
            "set base_url",
        ));
    };
    let request = provider
        .client()?
        .post(endpoint)
        .headers(provider.header_map()?)
        .header(CONTENT_TYPE, "application/json")
        .body(body)
        .send();
    match tokio::time::timeout(provider.idle_timeout, request).await {
        Err(_) => Err(idle(provider, provider.idle_timeout)),
        Ok(Ok(response)) => Ok(response),
        Ok(Err(err)) => {
            let what = if err.is_timeout() || err.is_connect() {
                "cannot be reached"
            } else {
                "closed the connection before it answered"
            };
            let err = err.without_url();
            Err(ModelError::new(
                Kind::Network,
                format!("{} {what} at {}", provider.name, provider.shown_url),
                "check the network, the proxy variables and base_url",
            )
            .because(err)
            .retry(Retry::Soon))
        }
    }
}

async fn error_body(mut response: Response) -> String {
    let mut body = Vec::new();
    let reading = async {
        while let Ok(Some(chunk)) = response.chunk().await {
            let room = ERROR_LIMIT.saturating_sub(body.len());
            body.extend(chunk.iter().take(room));
            if chunk.len() >= room {
                break;
            }
        }
    };
    // What came until then is enough to say what happened.
    let _late = tokio::time::timeout(Duration::from_secs(10), reading).await;
    String::from_utf8_lossy(&body).into_owned()
}

async fn listen<D: AsRef<[u8]> + Send + 'static>(
    target: &Target,
    mut frames: Frames<D>,
    out: &mut Outlet<'_>,
) -> Result<(), ModelError> {
    let provider = &*target.provider;
    let mut reader = wire::reader(provider.wire);
    let mut events = Vec::new();
    loop {
        let text = match frames.next().await {
            Ok(Some(text)) => text,
            Ok(None) => return finish(&mut *reader, out, cut(provider)).await,
            Err(Broken::Stopped(Stopped::Broken(cause))) => {
                return finish(&mut *reader, out, cut(provider).because(cause)).await;
            }
            Err(Broken::Stopped(Stopped::Idle(limit))) => {
                return finish(&mut *reader, out, idle(provider, limit)).await;
            }
            Err(err) => return Err(malformed(provider, &err.to_string()).because(err)),
        };
        let read = reader.read(&text, &mut events);
        for event in events.drain(..) {
            out.event(event).await?;
        }
        match read {
            Ok(()) => {}
            Err(Flaw::Said(error)) => {
                return Err(refusal::of_event(provider, &target.model, &error));
            }
            // Half an event at the very end was cut, not garbled.
            Err(Flaw::Json(err)) if frames.ended() => {
                return finish(&mut *reader, out, cut(provider).because(err)).await;
            }
            Err(Flaw::Json(err)) => {
                return Err(malformed(provider, "an event is not what it should be").because(err));
            }
            Err(Flaw::TooMany(limit)) => {
                let what = format!("the model asked for more than {limit} tools at once");
                return Err(malformed(provider, &what));
            }
        }
        if reader.is_done() {
            // The last bytes let the connection serve the next request; they come with these.
            let _rest = tokio::time::timeout(Duration::from_millis(5), frames.next()).await;
            return Ok(());
        }
    }
}

/// No more comes: the answer is whole nevertheless, or `err` is what happened.
async fn finish(
    reader: &mut dyn Reader,
    out: &mut Outlet<'_>,
    err: ModelError,
) -> Result<(), ModelError> {
    let mut events = Vec::new();
    if !reader.end(&mut events) {
        return Err(err);
    }
    for event in events {
        out.event(event).await?;
    }
    Ok(())
}

fn cut(provider: &Provider) -> ModelError {
    ModelError::new(
        Kind::CutStream,
        format!("the answer of {} was cut before its end", provider.name),
        "continue the turn to ask again",
    )
    .retry(Retry::Soon)
}

async fn first_model(provider: &Provider) -> Result<String, ModelError> {
    let limit = Duration::from_secs(10);
    let models = tokio::time::timeout(limit, ollama_models(provider, Knock::No)).await;
    let none = |message: String| {
        ModelError::new(
            Kind::Network,
            message,
            "start it with `ollama serve`, get a model with `ollama pull`, or name one as ollama/MODEL",
        )
    };
    match models {
        Ok(Some(models)) => default_of(&models).ok_or_else(|| {
            none(format!(
                "{} at {} has no model",
                provider.name, provider.shown_url
            ))
        }),
        _ => Err(none(format!(
            "{} cannot be reached at {}",
            provider.name, provider.shown_url
        ))),
    }
}

fn idle(provider: &Provider, limit: Duration) -> ModelError {
    ModelError::new(
        Kind::IdleTimeout,
        format!("{} sent nothing for {} s", provider.name, limit.as_secs()),
        format!(
            "continue the turn, or raise idle_timeout_seconds in [providers.{}]",
            provider.name
        ),
    )
}

fn malformed(provider: &Provider, what: &str) -> ModelError {
    ModelError::new(
        Kind::Malformed,
        format!(
            "the answer of {} cannot be understood: {what}",
            provider.name
        ),
        "continue the turn; if it stays, check base_url and kind of the provider",
    )
}
