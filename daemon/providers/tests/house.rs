//! What every test here needs: providers that know the scripted server, and short requests.

use std::collections::BTreeMap;

use smartopol_config::Config;
use smartopol_config::section::providers::Provider;
use smartopol_protocol::message::{Message, Part, Role};
use smartopol_protocol::model::{ModelEvent, ModelRequest};
use smartopol_protocol::tool::{OutputStatus, ToolSpec};
use smartopol_protocol::{CallId, MessageId, SessionId, Timestamp};
use smartopol_providers::{ModelError, Progress, Providers};
use smartopol_testkit::provider::ScriptedProvider;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub(crate) const KEY: &str = "sk-test-0123456789";
pub(crate) const WIRES: [&str; 3] = ["anthropic", "openai", "ollama"];

/// Returns an environment with these variables.
pub(crate) fn env(pairs: &[(&str, &str)]) -> impl Fn(&str) -> Option<String> + use<> {
    let pairs: BTreeMap<String, String> = pairs
        .iter()
        .map(|(name, value)| ((*name).into(), (*value).into()))
        .collect();
    move |name| pairs.get(name).cloned()
}

/// Returns settings for the scripted server, under the names of all three services.
pub(crate) fn config(server: &ScriptedProvider) -> Config {
    let mut config = Config::default();
    for name in WIRES {
        let provider = Provider {
            base_url: Some(server.base_url()),
            api_key: Some(smartopol_config::Secret::new(KEY)),
            model: Some(format!("{name}-model")),
            retries: Some(0),
            ..Provider::default()
        };
        config.providers.insert(name.into(), provider);
    }
    config
}

pub(crate) async fn providers(server: &ScriptedProvider) -> Providers {
    Providers::find(&config(server), &env(&[])).await.unwrap()
}

pub(crate) fn message(role: Role, parts: Vec<Part>) -> Message {
    Message {
        id: MessageId::new(),
        session_id: SessionId::new(),
        turn_id: None,
        position: None,
        steer: false,
        role,
        parts,
        peer: None,
        by: None,
        interrupted: false,
        created_at: Timestamp::from_millis(0),
    }
}

pub(crate) fn text(text: &str) -> Part {
    Part::Text { text: text.into() }
}

pub(crate) fn user(said: &str) -> Message {
    message(Role::User, vec![text(said)])
}

pub(crate) fn agent(parts: Vec<Part>) -> Message {
    message(Role::Agent, parts)
}

pub(crate) fn output(call_id: CallId, status: OutputStatus, text: &str) -> Part {
    Part::ToolOutput {
        call_id,
        status,
        text: text.into(),
    }
}

pub(crate) fn tool(name: &str) -> ToolSpec {
    ToolSpec {
        name: name.into(),
        description: format!("Does {name}."),
        input_schema: serde_json::json!({ "type": "object", "properties": {} }),
    }
}

pub(crate) fn request(messages: Vec<Message>) -> ModelRequest {
    let tools = ["exec", "read_file"].map(tool).to_vec();
    ModelRequest {
        messages: messages.into_iter().map(std::sync::Arc::new).collect(),
        tools,
        ..ModelRequest::default()
    }
}

/// Asks and returns all that was told, and how it ended.
pub(crate) async fn ask(
    providers: &Providers,
    model: &str,
    request: ModelRequest,
) -> (Vec<Progress>, Result<(), ModelError>) {
    let target = providers.resolve(Some(model)).unwrap();
    let (out, mut inbox) = mpsc::channel(16);
    let asking = providers.ask(&target, request, out, CancellationToken::new());
    let listening = async {
        let mut told = Vec::new();
        while let Some(progress) = inbox.recv().await {
            told.push(progress);
        }
        told
    };
    let (ended, told) = tokio::join!(asking, listening);
    (told, ended)
}

/// Returns the events of an answer that went well.
pub(crate) async fn events(
    providers: &Providers,
    model: &str,
    request: ModelRequest,
) -> Vec<ModelEvent> {
    let (told, ended) = ask(providers, model, request).await;
    ended.unwrap();
    told.into_iter()
        .map(|progress| match progress {
            Progress::Event(event) => event,
            retrying @ Progress::Retrying { .. } => panic!("{retrying:?}"),
        })
        .collect()
}

/// Joins neighbouring pieces, and leaves out progress and counts.
pub(crate) fn joined(events: Vec<ModelEvent>) -> Vec<ModelEvent> {
    let mut joined: Vec<ModelEvent> = Vec::new();
    for event in events {
        match (joined.last_mut(), event) {
            (_, ModelEvent::CallProgress { .. } | ModelEvent::Usage { .. }) => {}
            (Some(ModelEvent::Text { text }), ModelEvent::Text { text: more })
            | (Some(ModelEvent::Reasoning { text }), ModelEvent::Reasoning { text: more }) => {
                text.push_str(&more);
            }
            (_, event) => joined.push(event),
        }
    }
    joined
}
