//! Asks a model once and prints every event, one JSON object a line.
//!
//! `cargo run -p smartopol-providers --example ask -- [--model NAME] [--tools] [--answer] TEXT…`
//!
//! Providers are found as the daemon finds them without a config: keys and base URLs in the
//! environment, a local Ollama, else the offline provider. `--tools` offers `exec` and
//! `read_file`; `--answer` sends made-up outputs back for the calls that came, and prints that
//! answer too. `RETRIES` and `IDLE_SECONDS` in the environment change those two settings.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "printing is all this does"
)]

use std::process::ExitCode;
use std::sync::Arc;

use serde_json::json;
use smartopol_config::Config;
use smartopol_config::section::providers::Provider;
use smartopol_protocol::message::{Message, Part, Role};
use smartopol_protocol::model::{ModelEvent, ModelRequest, SystemBlock};
use smartopol_protocol::tool::{OutputStatus, ToolSpec};
use smartopol_protocol::{CallId, MessageId, SessionId, Timestamp};
use smartopol_providers::{ModelError, Progress, Providers, Target};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut model = None;
    let (mut tools, mut answers) = (false, false);
    let mut words = Vec::new();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--model" => model = args.next(),
            "--tools" => tools = true,
            "--answer" => answers = true,
            _ => words.push(arg),
        }
    }
    let env = |name: &str| std::env::var(name).ok();
    let providers = match Providers::find(&config(), &env).await {
        Ok(providers) => providers,
        Err(err) => {
            eprintln!("{err}");
            return ExitCode::from(2);
        }
    };
    let target = match providers.resolve(model.as_deref()) {
        Ok(target) => target,
        Err(err) => {
            eprintln!("{err}");
            return ExitCode::from(2);
        }
    };
    eprintln!("asking {} of {}", target.model, target.provider_name);
    let mut request = ModelRequest {
        system: vec![SystemBlock {
            text: "Answer in one sentence.".into(),
            cache: true,
        }],
        messages: vec![Arc::new(message(
            Role::User,
            vec![Part::Text {
                text: words.join(" "),
            }],
        ))],
        tools: if tools {
            vec![tool("exec", "command"), tool("read_file", "path")]
        } else {
            vec![]
        },
        ..ModelRequest::default()
    };
    loop {
        let parts = match ask(&providers, &target, request.clone()).await {
            Ok(parts) => parts,
            Err(err) => {
                eprintln!("{:?}: {err}\n{}", err.kind, err.hint);
                return ExitCode::FAILURE;
            }
        };
        let outputs: Vec<Part> = parts
            .iter()
            .filter_map(|part| match part {
                Part::ToolCall { id, name, .. } => Some(Part::ToolOutput {
                    call_id: *id,
                    status: OutputStatus::Ok,
                    text: format!("output of {name}"),
                }),
                _ => None,
            })
            .collect();
        if !answers || outputs.is_empty() {
            return ExitCode::SUCCESS;
        }
        request.messages.push(Arc::new(message(Role::Agent, parts)));
        request
            .messages
            .push(Arc::new(message(Role::Tool, outputs)));
    }
}

/// Returns settings that only change what the environment asks for.
fn config() -> Config {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let mut config = Config::default();
    let keyed = [
        ("ANTHROPIC_API_KEY", "anthropic"),
        ("OPENAI_API_KEY", "openai"),
    ];
    let known = keyed.into_iter().chain([("OLLAMA_HOST", "ollama")]);
    for (_, name) in known.filter(|(variable, _)| std::env::var(variable).is_ok()) {
        let provider = Provider {
            retries: number("RETRIES"),
            idle_timeout_seconds: number("IDLE_SECONDS"),
            ..Provider::default()
        };
        config.providers.insert(name.into(), provider);
    }
    config
}

/// Asks, prints, and returns what the agent said as parts of a message.
async fn ask(
    providers: &Providers,
    target: &Target,
    request: ModelRequest,
) -> Result<Vec<Part>, ModelError> {
    let (out, mut inbox) = mpsc::channel(64);
    let asking = providers.ask(target, request, out, CancellationToken::new());
    let listening = async {
        let (mut parts, mut text, mut thought) = (Vec::new(), String::new(), String::new());
        while let Some(progress) = inbox.recv().await {
            match progress {
                Progress::Retrying { reason, after } => {
                    println!(
                        "{}",
                        json!({ "retrying": reason, "after_ms": after.as_millis() })
                    );
                }
                Progress::Event(event) => {
                    println!("{}", json!(event));
                    match event {
                        ModelEvent::Text { text: more } => text.push_str(&more),
                        ModelEvent::Reasoning { text: more } => thought.push_str(&more),
                        ModelEvent::ReasoningEnd { signature } => {
                            let text = std::mem::take(&mut thought);
                            parts.push(Part::Reasoning { text, signature });
                        }
                        ModelEvent::Call { name, input, .. } => {
                            if !text.is_empty() {
                                parts.push(Part::Text {
                                    text: std::mem::take(&mut text),
                                });
                            }
                            parts.push(Part::ToolCall {
                                id: CallId::new(),
                                name,
                                input,
                            });
                        }
                        _ => {}
                    }
                }
            }
        }
        parts
    };
    let (asked, parts) = tokio::join!(asking, listening);
    asked.map(|()| parts)
}

fn message(role: Role, parts: Vec<Part>) -> Message {
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
        created_at: Timestamp::now(),
    }
}

fn tool(name: &str, argument: &str) -> ToolSpec {
    ToolSpec {
        name: name.into(),
        description: format!("Does {name}."),
        input_schema: json!({
            "type": "object",
            "properties": { argument: { "type": "string" } },
            "required": [argument],
        }),
    }
}
