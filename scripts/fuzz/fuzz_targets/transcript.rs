//! Every transcript that the store would keep becomes a request that each service accepts, however
//! little of it fits.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use serde_json::json;
use smartopol_agent::context::{Material, request};
use smartopol_config::Config;
use smartopol_config::section::providers::Provider;
use smartopol_protocol::message::{Level, Message, Part, Role};
use smartopol_protocol::model::ReasoningEffort;
use smartopol_protocol::tool::OutputStatus;
use smartopol_protocol::{CallId, MessageId, SessionId, Timestamp};
use smartopol_providers::{Providers, Target};
use smartopol_testkit::provider::refusal;

const SERVICES: [&str; 3] = ["anthropic", "openai", "ollama"];

static TARGETS: LazyLock<Vec<Target>> = LazyLock::new(|| {
    let mut config = Config::default();
    for name in SERVICES {
        let provider = Provider {
            base_url: Some("http://127.0.0.1:9".into()),
            api_key: Some(smartopol_config::Secret::new("key")),
            model: Some(format!("{name}-model")),
            ..Provider::default()
        };
        config.providers.insert(name.into(), provider);
    }
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().build().unwrap();
    let found = runtime.block_on(Providers::find(&config, &|_| None)).unwrap();
    let of = |name| found.resolve(Some(name)).unwrap();
    SERVICES.map(of).into()
});

fuzz_target!(|bytes: &[u8]| {
    let mut dice = Unstructured::new(bytes);
    let Ok((budget, transcript)) = transcript(&mut dice) else {
        return;
    };
    let (request, left_out) = request(Material {
        model: "model",
        system: Vec::new(),
        transcript: &transcript,
        tools: &[],
        budget,
        reasoning: ReasoningEffort::default(),
    });
    assert!(left_out <= transcript.len());
    for (target, service) in TARGETS.iter().zip(SERVICES) {
        let body = target.body(&request);
        if let Some(why) = refusal(service, &body) {
            panic!("{service} refuses it: {why}\n{transcript:#?}\n{body:#}");
        }
    }
});

/// A transcript in the order that the store keeps, ready to be answered, and how much may be sent.
fn transcript(dice: &mut Unstructured<'_>) -> Result<(u64, Vec<Arc<Message>>)> {
    let budget = u64::from(dice.arbitrary::<u16>()?);
    let mut all = vec![said(dice)?];
    while !dice.is_empty() && all.len() < 60 {
        let agent_may = matches!(last(&all), Some(Role::User | Role::Tool));
        match dice.int_in_range(0..=4)? {
            0 => all.push(said(dice)?),
            1 => all.push(command(dice)?),
            2 => {
                let (level, text) = (Level::Info, text(dice)?);
                all.push(message(Role::System, vec![Part::Notice { level, text }]));
            }
            _ if agent_may => answer(dice, &mut all)?,
            _ => all.push(said(dice)?),
        }
    }
    // The agent is asked after a person or a tool.
    if last(&all) == Some(Role::Agent) {
        all.push(said(dice)?);
    }
    Ok((budget, all.into_iter().map(Arc::new).collect()))
}

/// Who spoke last; notices do not count.
fn last(all: &[Message]) -> Option<Role> {
    let mut roles = all.iter().rev().map(|message| message.role);
    roles.find(|role| *role != Role::System)
}

fn said(dice: &mut Unstructured<'_>) -> Result<Message> {
    let text = word(dice)?;
    Ok(message(Role::User, vec![Part::Text { text }]))
}

fn command(dice: &mut Unstructured<'_>) -> Result<Message> {
    let (id, input) = (CallId::new(), json!({ "command": text(dice)? }));
    let name = "exec".into();
    let call = Part::ToolCall { id, name, input };
    Ok(message(Role::User, vec![call, output(dice, id)?]))
}

/// An answer, with the outputs of all its calls.
fn answer(dice: &mut Unstructured<'_>, all: &mut Vec<Message>) -> Result<()> {
    let (mut parts, mut calls) = (Vec::new(), Vec::new());
    for _ in 0..dice.int_in_range(1..=4)? {
        parts.push(match dice.int_in_range(0..=3)? {
            0 => Part::Text { text: text(dice)? },
            1 => Part::Reasoning {
                text: text(dice)?,
                signature: dice.arbitrary::<bool>()?.then(|| "c2ln".into()),
            },
            _ => {
                let id = CallId::new();
                calls.push(id);
                let input = match dice.arbitrary::<bool>()? {
                    true => json!({ "path": text(dice)? }),
                    false => json!(text(dice)?),
                };
                Part::ToolCall {
                    id,
                    name: text(dice)?,
                    input,
                }
            }
        });
    }
    all.push(message(Role::Agent, parts));
    if !calls.is_empty() {
        let outputs = calls.into_iter().map(|id| output(dice, id));
        all.push(message(Role::Tool, outputs.collect::<Result<_>>()?));
    }
    Ok(())
}

fn output(dice: &mut Unstructured<'_>, call_id: CallId) -> Result<Part> {
    let all = [OutputStatus::Ok, OutputStatus::Error, OutputStatus::Denied];
    let status = *dice.choose(&all)?;
    let text = text(dice)?;
    Ok(Part::ToolOutput {
        call_id,
        status,
        text,
    })
}

/// Any text, also none.
fn text(dice: &mut Unstructured<'_>) -> Result<String> {
    let length = dice.int_in_range(0..=40)?;
    let bytes = dice.bytes(length.min(dice.len()))?;
    Ok(String::from_utf8_lossy(bytes).into_owned())
}

/// What a person says is never blank: the daemon refuses it.
fn word(dice: &mut Unstructured<'_>) -> Result<String> {
    Ok(format!("w{}", text(dice)?))
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
        created_at: Timestamp::from_millis(0),
    }
}
