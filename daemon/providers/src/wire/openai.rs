//! OpenAI Chat Completions, as OpenAI and the many services that follow it speak it.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use smartopol_protocol::message::Part;
use smartopol_protocol::model::{ModelEvent, ModelRequest, ReasoningEffort, StopReason, Usage};

use super::calls::{self, Call};
use super::{Flaw, Reader};
use crate::Target;
use crate::catalogue::{self, Thinking};
use crate::transcript::{Turn, turns, wire_name};

pub(super) fn body(target: &Target, request: &ModelRequest) -> Value {
    let mut body = json!({
        "model": target.model,
        "messages": messages(request),
        "stream": true,
        "stream_options": { "include_usage": true },
    });
    let Some(fields) = body.as_object_mut() else {
        return body;
    };
    if !request.tools.is_empty() {
        fields.insert("tools".into(), tools(request));
    }
    if let Some(most) = request
        .max_output_tokens
        .or(target.provider.max_output_tokens)
    {
        let host = target
            .provider
            .endpoint
            .as_ref()
            .and_then(|url| url.host_str());
        // OpenAI's reasoning models refuse the old name; most other services know only that.
        let name = match host {
            Some("api.openai.com") => "max_completion_tokens",
            _ => "max_tokens",
        };
        fields.insert(name.into(), most.into());
    }
    set_effort(fields, target, request.reasoning);
    body
}

/// Returns the tools as OpenAI and Ollama want them.
pub(super) fn tools(request: &ModelRequest) -> Value {
    let tools = request.tools.iter().map(|tool| {
        json!({
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.input_schema,
            },
        })
    });
    tools.collect()
}

/// Returns the system prompt as one text.
pub(super) fn system(request: &ModelRequest) -> Option<String> {
    let texts = request.system.iter().map(|block| block.text.as_str());
    let texts: Vec<&str> = texts.filter(|text| !text.trim().is_empty()).collect();
    (!texts.is_empty()).then(|| texts.join("\n\n"))
}

fn messages(request: &ModelRequest) -> Vec<Value> {
    let mut messages = Vec::new();
    messages.extend(system(request).map(|text| json!({ "role": "system", "content": text })));
    for turn in turns(&request.messages) {
        match turn {
            Turn::User { outputs, texts } => {
                messages.extend(outputs.iter().map(|output| {
                    json!({
                        "role": "tool",
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
    let texts = texts(parts);
    let calls: Vec<Value> = parts
        .iter()
        .filter_map(|part| match part {
            Part::ToolCall { id, name, input } => Some(json!({
                "id": id.to_string(),
                "type": "function",
                "function": {
                    "name": wire_name(name),
                    "arguments": calls::object(input).to_string(),
                },
            })),
            _ => None,
        })
        .collect();
    let content = if texts.is_empty() {
        Value::Null
    } else {
        Value::String(texts)
    };
    let mut message = json!({ "role": "assistant", "content": content });
    if let (Some(message), false) = (message.as_object_mut(), calls.is_empty()) {
        message.insert("tool_calls".into(), Value::Array(calls));
    }
    message
}

/// Returns the agent's texts as one.
pub(super) fn texts(parts: &[&Part]) -> String {
    let texts = parts.iter().filter_map(|part| match part {
        Part::Text { text } => Some(text.as_str()),
        _ => None,
    });
    texts.collect::<Vec<_>>().join("\n\n")
}

fn set_effort(fields: &mut Map<String, Value>, target: &Target, effort: ReasoningEffort) {
    let known = catalogue::find(target.provider.wire, &target.model);
    let effort = match effort {
        ReasoningEffort::Default => return,
        ReasoningEffort::Off if known.is_some_and(|entry| entry.thinking == Thinking::Effort) => {
            "none"
        }
        ReasoningEffort::Off => return,
        ReasoningEffort::Low => "low",
        ReasoningEffort::Medium => "medium",
        ReasoningEffort::High => "high",
    };
    fields.insert("reasoning_effort".into(), effort.into());
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Chunk {
    choices: Option<Vec<Choice>>,
    usage: Option<Counts>,
    error: Option<Box<Value>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Choice {
    index: Option<u64>,
    delta: Option<Delta>,
    finish_reason: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Delta {
    content: Option<Content>,
    reasoning_content: Option<String>,
    reasoning: Option<Content>,
    refusal: Option<String>,
    tool_calls: Option<Vec<CallDelta>>,
}

/// A text, or, with some services, pieces of one.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Other(Value),
}

impl Content {
    fn text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Other(Value::Array(pieces)) => {
                let texts = pieces
                    .iter()
                    .filter_map(|piece| piece.get("text")?.as_str());
                texts.collect()
            }
            Self::Other(_) => String::new(),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CallDelta {
    index: Option<u64>,
    id: Option<String>,
    function: Option<Function>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Function {
    name: Option<String>,
    arguments: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Counts {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    prompt_tokens_details: Option<Details>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Details {
    cached_tokens: Option<u64>,
}

#[derive(Debug)]
struct Open {
    index: Option<u64>,
    id: String,
    call: Call,
}

/// An answer while it is read.
#[derive(Debug, Default)]
pub(super) struct Answer {
    open: Vec<Open>,
    is_thinking: bool,
    usage: Option<Usage>,
    finish: Option<String>,
    refused: bool,
    done: bool,
}

impl Reader for Answer {
    fn read(&mut self, text: &str, out: &mut Vec<ModelEvent>) -> Result<(), Flaw> {
        if text.trim() == "[DONE]" {
            self.complete(out);
            return Ok(());
        }
        let chunk: Chunk = serde_json::from_str(text)?;
        if let Some(error) = chunk.error.filter(|error| !error.is_null()) {
            return Err(Flaw::Said(error));
        }
        if let Some(counts) = chunk.usage {
            self.usage = Some(Usage {
                input: counts.prompt_tokens.unwrap_or(0),
                cache_read: counts
                    .prompt_tokens_details
                    .and_then(|details| details.cached_tokens)
                    .unwrap_or(0),
                cache_write: 0,
                output: counts.completion_tokens.unwrap_or(0),
                cost_micros: None,
            });
        }
        // Only one answer was asked for; a service that gives more is not believed.
        let choices = chunk.choices.unwrap_or_default();
        for choice in choices
            .into_iter()
            .filter(|choice| choice.index.unwrap_or(0) == 0)
        {
            self.take(choice.delta.unwrap_or_default(), out)?;
            self.finish = choice.finish_reason.or(self.finish.take());
        }
        Ok(())
    }

    fn is_done(&self) -> bool {
        self.done
    }

    fn end(&mut self, out: &mut Vec<ModelEvent>) -> bool {
        // Not every service says `[DONE]`, but all say why they finished.
        if self.finish.is_some() && !self.done {
            self.complete(out);
        }
        self.done
    }
}

impl Answer {
    fn take(&mut self, delta: Delta, out: &mut Vec<ModelEvent>) -> Result<(), Flaw> {
        let thought = delta
            .reasoning_content
            .or(delta.reasoning.map(Content::text));
        if let Some(text) = thought.filter(|text| !text.is_empty()) {
            self.is_thinking = true;
            out.push(ModelEvent::Reasoning { text });
        }
        self.refused |= delta.refusal.as_ref().is_some_and(|text| !text.is_empty());
        let said = delta.content.map(Content::text);
        for text in [said, delta.refusal]
            .into_iter()
            .flatten()
            .filter(|text| !text.is_empty())
        {
            self.stop_thinking(out);
            out.push(ModelEvent::Text { text });
        }
        for call in delta.tool_calls.unwrap_or_default() {
            self.stop_thinking(out);
            self.grow(call, out)?;
        }
        Ok(())
    }

    /// Adds to a call. Services differ: some leave the index out, some give all calls the same
    /// one, some repeat id and name with every piece.
    fn grow(&mut self, delta: CallDelta, out: &mut Vec<ModelEvent>) -> Result<(), Flaw> {
        let id = delta.id.unwrap_or_default();
        let function = delta.function.unwrap_or_default();
        let place = match delta.index {
            Some(index) => self.open.iter().rposition(|open| open.index == Some(index)),
            None if id.is_empty() => self.open.len().checked_sub(1),
            None => self.open.iter().rposition(|open| open.id == id),
        };
        let same = |open: &Open| id.is_empty() || open.id.is_empty() || open.id == id;
        let place = place.filter(|place| self.open.get(*place).is_some_and(same));
        let place = match place {
            Some(place) => place,
            None => {
                let name = function.name.as_deref().unwrap_or_default();
                let call = Call::begin(self.open.len(), name, out)?;
                self.open.push(Open {
                    index: delta.index,
                    id,
                    call,
                });
                self.open.len() - 1
            }
        };
        let Some(open) = self.open.get_mut(place) else {
            return Ok(());
        };
        match function.arguments {
            Some(Value::String(piece)) => open.call.push(&piece, out),
            // Some services give the object itself.
            Some(whole @ Value::Object(_)) => open.call.push(&whole.to_string(), out),
            _ => {}
        }
        Ok(())
    }

    fn stop_thinking(&mut self, out: &mut Vec<ModelEvent>) {
        if std::mem::take(&mut self.is_thinking) {
            out.push(ModelEvent::ReasoningEnd { signature: None });
        }
    }

    fn complete(&mut self, out: &mut Vec<ModelEvent>) {
        self.stop_thinking(out);
        let calls = !self.open.is_empty();
        out.extend(self.open.drain(..).map(|open| open.call.end()));
        out.extend(self.usage.map(|usage| ModelEvent::Usage { usage }));
        let stop = match self.finish.as_deref() {
            _ if self.refused => StopReason::Refusal,
            Some("content_filter") => StopReason::Refusal,
            Some("length") => StopReason::MaxTokens,
            _ if calls => StopReason::ToolUse,
            _ => StopReason::End,
        };
        out.push(ModelEvent::Done { stop });
        self.done = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads chunks of `choices[0]`, then `[DONE]`, and leaves out progress.
    fn read(choices: &[Value]) -> Vec<ModelEvent> {
        let mut answer = Answer::default();
        let mut out = Vec::new();
        for choice in choices {
            answer
                .read(&json!({ "choices": [choice] }).to_string(), &mut out)
                .unwrap();
        }
        answer.read("[DONE]", &mut out).unwrap();
        assert!(answer.is_done());
        out.retain(|event| !matches!(event, ModelEvent::CallProgress { .. }));
        out
    }

    fn calls(deltas: &[Value]) -> Vec<(u32, String, Value)> {
        let choices: Vec<Value> = deltas
            .iter()
            .map(|call| json!({ "delta": { "tool_calls": [call] } }))
            .collect();
        let calls = read(&choices).into_iter().filter_map(|event| match event {
            ModelEvent::Call { index, name, input } => Some((index, name, input)),
            _ => None,
        });
        calls.collect()
    }

    #[test]
    fn calls_are_told_apart_in_every_way_that_services_write_them() {
        let expected = [
            (0, "a".to_owned(), json!({ "x": 1 })),
            (1, "b".to_owned(), json!({ "y": 2 })),
        ];
        let whole = |index: Value, id: &str, name: &str, arguments: Value| {
            json!({ "index": index, "id": id,
                    "function": { "name": name, "arguments": arguments } })
        };
        let piece = |index: Value, id: &str, arguments: &str| json!({ "index": index, "id": id, "function": { "arguments": arguments } });
        let null = Value::Null;
        let zero = json!(0);
        // Interleaved pieces by index; the first piece alone has an id.
        let interleaved = [
            whole(json!(0), "i1", "a", json!("{\"x\"")),
            whole(json!(1), "i2", "b", json!("{\"y\"")),
            piece(json!(0), "", ":1}"),
            piece(json!(1), "", ":2}"),
        ];
        // One index for all, told apart by their ids, with objects for arguments.
        let same_index = [
            whole(zero.clone(), "i1", "a", json!({ "x": 1 })),
            whole(zero.clone(), "i2", "b", json!({ "y": 2 })),
        ];
        // No index at all; the id only where a call begins.
        let no_index = [
            whole(null.clone(), "i1", "a", json!("{\"x\":")),
            piece(null.clone(), "", "1}"),
            whole(null.clone(), "i2", "b", json!("{\"y\":")),
            piece(null.clone(), "", "2}"),
        ];
        // Id and name again with every piece.
        let repeated = [
            whole(json!(0), "i1", "a", json!("{\"x\":")),
            whole(json!(0), "i1", "a", json!("1}")),
            whole(json!(1), "i2", "b", json!("{\"y\":2}")),
        ];
        for deltas in [&interleaved[..], &same_index, &no_index, &repeated] {
            assert_eq!(calls(deltas), expected);
        }
    }

    #[test]
    fn pieces_of_text_other_names_of_reasoning_and_refusals_are_understood() {
        assert_eq!(
            read(&[
                json!({ "delta": { "reasoning": "hm" } }),
                json!({ "delta": { "content": [{ "type": "text", "text": "a" }] } }),
                json!({ "delta": { "content": null, "refusal": "no" } }),
                json!({ "index": 1, "delta": { "content": "another answer" } }),
                json!({ "finish_reason": "stop" }),
            ]),
            [
                ModelEvent::Reasoning { text: "hm".into() },
                ModelEvent::ReasoningEnd { signature: None },
                ModelEvent::Text { text: "a".into() },
                ModelEvent::Text { text: "no".into() },
                ModelEvent::Done {
                    stop: StopReason::Refusal
                },
            ]
        );
    }

    #[test]
    fn a_stream_without_done_is_whole_where_it_said_why_it_finished() {
        let mut out = Vec::new();
        let mut answer = Answer::default();
        let usage = json!({ "prompt_tokens": 9, "completion_tokens": 2,
                            "prompt_tokens_details": { "cached_tokens": 4 } });
        answer
            .read(
                &json!({ "choices": [{ "delta": { "content": "a" } }] }).to_string(),
                &mut out,
            )
            .unwrap();
        assert!(!answer.end(&mut out));
        answer
            .read(
                &json!({ "choices": [{ "finish_reason": "stop" }] }).to_string(),
                &mut out,
            )
            .unwrap();
        answer
            .read(
                &json!({ "choices": [], "usage": usage }).to_string(),
                &mut out,
            )
            .unwrap();
        assert!(answer.end(&mut out));
        let usage = Usage {
            input: 9,
            cache_read: 4,
            output: 2,
            ..Usage::default()
        };
        assert_eq!(
            out,
            [
                ModelEvent::Text { text: "a".into() },
                ModelEvent::Usage { usage },
                ModelEvent::Done {
                    stop: StopReason::End
                },
            ]
        );
    }
}
