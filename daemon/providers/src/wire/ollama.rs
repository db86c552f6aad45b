//! Ollama's own chat format: one JSON object a line.

use serde::Deserialize;
use serde_json::{Value, json};
use smartopol_protocol::message::Part;
use smartopol_protocol::model::{ModelEvent, ModelRequest, ReasoningEffort, StopReason, Usage};

use super::calls::{self, Call};
use super::{Flaw, Reader, openai};
use crate::Target;
use crate::transcript::{Turn, turns, wire_name};

/// Sizes of context to ask for: few, because Ollama loads the model anew for each other one.
const CONTEXTS: [usize; 5] = [8_192, 16_384, 32_768, 65_536, 131_072];

pub(super) fn body(target: &Target, request: &ModelRequest) -> Value {
    let messages = messages(request);
    let output = request
        .max_output_tokens
        .or(target.provider.max_output_tokens);
    let mut body = json!({ "model": target.model, "stream": true });
    let Some(fields) = body.as_object_mut() else {
        return body;
    };
    let mut size = messages
        .iter()
        .map(|message| message.to_string().len())
        .sum::<usize>();
    fields.insert("messages".into(), Value::Array(messages));
    if !request.tools.is_empty() {
        let tools = openai::tools(request);
        size += tools.to_string().len();
        fields.insert("tools".into(), tools);
    }
    // Left to itself, Ollama cuts what does not fit its small default, and says nothing.
    let needed = size / 3 + output.map_or(4_096, |output| usize::try_from(output).unwrap_or(4_096));
    let context = CONTEXTS
        .into_iter()
        .find(|context| *context >= needed)
        .unwrap_or(131_072);
    let window = target.context_tokens.and_then(|own| own.try_into().ok());
    let context = window.map_or(context, |window| context.min(window));
    let mut options = json!({ "num_ctx": context });
    if let (Some(options), Some(output)) = (options.as_object_mut(), output) {
        options.insert("num_predict".into(), output.into());
    }
    fields.insert("options".into(), options);
    let levels = target.model.contains("gpt-oss");
    let think = match request.reasoning {
        ReasoningEffort::Default => return body,
        ReasoningEffort::Off => Value::Bool(false),
        ReasoningEffort::Low if levels => "low".into(),
        ReasoningEffort::Medium if levels => "medium".into(),
        ReasoningEffort::High if levels => "high".into(),
        _ => Value::Bool(true),
    };
    fields.insert("think".into(), think);
    body
}

fn messages(request: &ModelRequest) -> Vec<Value> {
    let mut messages = Vec::new();
    let system = openai::system(request);
    messages.extend(system.map(|text| json!({ "role": "system", "content": text })));
    for turn in turns(&request.messages) {
        match turn {
            Turn::User { outputs, texts } => {
                messages.extend(outputs.iter().map(|output| {
                    json!({
                        "role": "tool",
                        "tool_name": wire_name(output.name),
                        "tool_call_id": output.call_id.to_string(),
                        "content": output.text,
                    })
                }));
                if !texts.is_empty() {
                    messages.push(json!({ "role": "user", "content": texts.join("\n\n") }));
                }
            }
            Turn::Agent(parts) => messages.push(agent(&parts)),
        }
    }
    messages
}

fn agent(parts: &[&Part]) -> Value {
    let calls: Vec<Value> = parts
        .iter()
        .filter_map(|part| match part {
            Part::ToolCall { id, name, input } => Some(json!({
                "id": id.to_string(),
                "function": { "name": wire_name(name), "arguments": calls::object(input) },
            })),
            _ => None,
        })
        .collect();
    let thoughts: Vec<&str> = parts
        .iter()
        .filter_map(|part| match part {
            // A signature belongs to another service, and so does its reasoning.
            Part::Reasoning {
                text,
                signature: None,
            } => Some(text.as_str()),
            _ => None,
        })
        .collect();
    let mut message = json!({ "role": "assistant", "content": openai::texts(parts) });
    if let Some(message) = message.as_object_mut() {
        if !calls.is_empty() {
            message.insert("tool_calls".into(), Value::Array(calls));
        }
        if !thoughts.is_empty() {
            message.insert("thinking".into(), Value::String(thoughts.join("\n")));
        }
    }
    message
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Line {
    message: Option<Said>,
    done: bool,
    done_reason: Option<String>,
    prompt_eval_count: Option<u64>,
    eval_count: Option<u64>,
    error: Option<Box<Value>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Said {
    content: Option<String>,
    thinking: Option<String>,
    tool_calls: Option<Vec<CallSaid>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CallSaid {
    function: Function,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Function {
    name: String,
    arguments: Value,
}

/// An answer while it is read.
#[derive(Debug, Default)]
pub(super) struct Answer {
    calls: usize,
    is_thinking: bool,
    done: bool,
}

impl Reader for Answer {
    fn read(&mut self, text: &str, out: &mut Vec<ModelEvent>) -> Result<(), Flaw> {
        let line: Line = serde_json::from_str(text)?;
        if let Some(error) = line.error.filter(|error| !error.is_null()) {
            return Err(Flaw::Said(error));
        }
        let said = line.message.unwrap_or_default();
        if let Some(text) = said.thinking.filter(|text| !text.is_empty()) {
            self.is_thinking = true;
            out.push(ModelEvent::Reasoning { text });
        }
        if let Some(text) = said.content.filter(|text| !text.is_empty()) {
            self.stop_thinking(out);
            out.push(ModelEvent::Text { text });
        }
        for said in said.tool_calls.unwrap_or_default() {
            self.stop_thinking(out);
            let mut call = Call::begin(self.calls, &said.function.name, out)?;
            self.calls += 1;
            match said.function.arguments {
                Value::String(text) => call.push(&text, out),
                Value::Null => {}
                arguments => call.push(&arguments.to_string(), out),
            }
            out.push(call.end());
        }
        if line.done {
            self.stop_thinking(out);
            let usage = Usage {
                input: line.prompt_eval_count.unwrap_or(0),
                output: line.eval_count.unwrap_or(0),
                ..Usage::default()
            };
            let stop = match line.done_reason.as_deref() {
                Some("length") => StopReason::MaxTokens,
                _ if self.calls > 0 => StopReason::ToolUse,
                _ => StopReason::End,
            };
            out.extend([ModelEvent::Usage { usage }, ModelEvent::Done { stop }]);
            self.done = true;
        }
        Ok(())
    }

    fn is_done(&self) -> bool {
        self.done
    }

    fn end(&mut self, _: &mut Vec<ModelEvent>) -> bool {
        self.done
    }
}

impl Answer {
    fn stop_thinking(&mut self, out: &mut Vec<ModelEvent>) {
        if std::mem::take(&mut self.is_thinking) {
            out.push(ModelEvent::ReasoningEnd { signature: None });
        }
    }
}
