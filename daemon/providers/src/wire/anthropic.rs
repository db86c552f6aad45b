//! Anthropic Messages.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use smartopol_protocol::message::Part;
use smartopol_protocol::model::{ModelEvent, ModelRequest, ReasoningEffort, StopReason, Usage};
use smartopol_protocol::tool::OutputStatus;

use super::calls::{self, Call};
use super::{Flaw, Reader, USUAL_OUTPUT};
use crate::Target;
use crate::catalogue::{self, Thinking};
use crate::transcript::{Turn, turns, wire_name};

/// What stands before the data of a block of hidden reasoning; no signature has a colon.
const REDACTED: &str = "redacted:";
/// The most places of a request after which the cache may keep it.
const BREAKPOINTS: usize = 4;
/// The same for a model that is not in the catalogue.
const UNKNOWN_OUTPUT: u32 = 8_192;

pub(super) fn body(target: &Target, request: &ModelRequest) -> Value {
    let turns = turns(&request.messages);
    let max_tokens = max_tokens(target, request);
    let mut body = json!({
        "model": target.model,
        "max_tokens": max_tokens,
        "stream": true,
        "messages": messages(&turns),
    });
    let system: Vec<Value> = request
        .system
        .iter()
        .filter(|block| !block.text.trim().is_empty())
        .map(|block| json!({ "type": "text", "text": block.text }))
        .collect();
    let marked: Vec<usize> = request
        .system
        .iter()
        .filter(|block| !block.text.trim().is_empty())
        .enumerate()
        .filter_map(|(place, block)| block.cache.then_some(place))
        .collect();
    let Some(fields) = body.as_object_mut() else {
        return body;
    };
    if !system.is_empty() {
        fields.insert("system".into(), Value::Array(system));
    }
    if !request.tools.is_empty() {
        let tools = request.tools.iter().map(|tool| {
            json!({
                "name": tool.name,
                "description": tool.description,
                "input_schema": tool.input_schema,
            })
        });
        fields.insert("tools".into(), tools.collect());
    }
    set_breakpoints(fields, &marked);
    set_thinking(fields, target, request.reasoning, &turns, max_tokens);
    body
}

fn max_tokens(target: &Target, request: &ModelRequest) -> u32 {
    let known = catalogue::find(target.provider.wire, &target.model);
    let limit = known.map_or(u32::MAX, |entry| entry.max_output_tokens);
    // A service refuses a request whose answer would not fit into the window behind it.
    let room = target.context_tokens.map_or(u32::MAX, |window| window / 4);
    request
        .max_output_tokens
        .or(target.provider.max_output_tokens)
        .unwrap_or_else(|| {
            let usual = if known.is_some() {
                USUAL_OUTPUT
            } else {
                UNKNOWN_OUTPUT
            };
            usual.min(room)
        })
        .clamp(1, limit)
}

fn messages(turns: &[Turn<'_>]) -> Vec<Value> {
    turns
        .iter()
        .map(|turn| match turn {
            Turn::User { outputs, texts } => {
                let results = outputs.iter().map(|output| {
                    json!({
                        "type": "tool_result",
                        "tool_use_id": output.call_id.to_string(),
                        "content": output.text,
                        "is_error": output.status != OutputStatus::Ok,
                    })
                });
                let texts = texts
                    .iter()
                    .map(|text| json!({ "type": "text", "text": text }));
                json!({ "role": "user", "content": results.chain(texts).collect::<Vec<_>>() })
            }
            Turn::Agent(parts) => {
                let blocks: Vec<Value> = parts.iter().filter_map(|part| block(part)).collect();
                json!({ "role": "assistant", "content": blocks })
            }
        })
        .collect()
}

/// Returns a part of the agent's as it came; reasoning without its signature would be refused.
fn block(part: &Part) -> Option<Value> {
    Some(match part {
        Part::Text { text } => json!({ "type": "text", "text": text }),
        Part::ToolCall { id, name, input } => json!({
            "type": "tool_use",
            "id": id.to_string(),
            "name": wire_name(name),
            "input": calls::object(input),
        }),
        Part::Reasoning {
            text,
            signature: Some(signature),
        } => match signature.strip_prefix(REDACTED) {
            Some(data) => json!({ "type": "redacted_thinking", "data": data }),
            None => json!({ "type": "thinking", "thinking": text, "signature": signature }),
        },
        _ => return None,
    })
}

/// Marks where the cache may keep the request: after the newest user messages, so that the next
/// request finds this one, and after the system blocks that say so.
fn set_breakpoints(fields: &mut Map<String, Value>, marked: &[usize]) {
    let mark = |block: &mut Value| {
        if let Some(block) = block.as_object_mut() {
            block.insert("cache_control".into(), json!({ "type": "ephemeral" }));
        }
    };
    // One place stays for the newest message; the first blocks are the most stable ones.
    let marked: Vec<usize> = marked.iter().copied().take(BREAKPOINTS - 1).collect();
    let left = BREAKPOINTS - marked.len();
    if let Some(system) = fields.get_mut("system").and_then(Value::as_array_mut) {
        marked
            .iter()
            .filter_map(|place| system.get_mut(*place).map(mark))
            .for_each(drop);
    }
    if let Some(messages) = fields.get_mut("messages").and_then(Value::as_array_mut) {
        messages
            .iter_mut()
            .rev()
            .filter(|message| message.get("role").and_then(Value::as_str) == Some("user"))
            .filter_map(|message| message.get_mut("content")?.as_array_mut()?.last_mut())
            .take(left.min(2))
            .for_each(mark);
    }
}

fn set_thinking(
    fields: &mut Map<String, Value>,
    target: &Target,
    effort: ReasoningEffort,
    turns: &[Turn<'_>],
    max_tokens: u32,
) {
    let style = match catalogue::find(target.provider.wire, &target.model) {
        Some(entry) => entry.thinking,
        None if target.model.starts_with("claude-") => Thinking::Adaptive,
        None => Thinking::Budget,
    };
    let (name, budget) = match effort {
        ReasoningEffort::Default => return,
        ReasoningEffort::Off => {
            if style == Thinking::Adaptive {
                fields.insert("thinking".into(), json!({ "type": "disabled" }));
            }
            return;
        }
        ReasoningEffort::Low => ("low", 2_048),
        ReasoningEffort::Medium => ("medium", 8_192),
        ReasoningEffort::High => ("high", 24_576),
    };
    match style {
        Thinking::Adaptive | Thinking::Always => {
            let thinking = json!({ "type": "adaptive", "display": "summarized" });
            fields.insert("thinking".into(), thinking);
            fields.insert("output_config".into(), json!({ "effort": name }));
        }
        Thinking::Budget => {
            // Room for the answer itself must stay, and a step in the middle of calls must begin
            // with the reasoning that led to them.
            let budget = budget.min(max_tokens / 2);
            if budget >= 1_024 && !is_amid_unsigned_calls(turns) {
                let thinking = json!({ "type": "enabled", "budget_tokens": budget });
                fields.insert("thinking".into(), thinking);
            }
        }
        Thinking::Effort | Thinking::None => {}
    }
}

fn is_amid_unsigned_calls(turns: &[Turn<'_>]) -> bool {
    match turns {
        [.., Turn::Agent(parts), Turn::User { outputs, .. }] if !outputs.is_empty() => !matches!(
            parts.first(),
            Some(Part::Reasoning {
                signature: Some(_),
                ..
            })
        ),
        _ => false,
    }
}

/// One event of the stream, whichever it is: kinds that are not known are passed over.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Frame {
    #[serde(rename = "type")]
    kind: String,
    index: u64,
    message: Option<Message>,
    content_block: Option<Block>,
    delta: Option<Delta>,
    usage: Option<Counts>,
    error: Option<Box<Value>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Message {
    usage: Option<Counts>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Block {
    #[serde(rename = "type")]
    kind: String,
    text: String,
    thinking: String,
    signature: String,
    data: String,
    name: String,
    input: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Delta {
    #[serde(rename = "type")]
    kind: String,
    text: String,
    thinking: String,
    signature: String,
    partial_json: String,
    stop_reason: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
struct Counts {
    input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    output_tokens: Option<u64>,
}

#[derive(Debug)]
enum Open {
    Reasoning { signature: String },
    Call { call: Call, input: Value },
    Other,
}

/// An answer while it is read.
#[derive(Debug, Default)]
pub(super) struct Answer {
    open: Vec<(u64, Open)>,
    calls: usize,
    counts: Counts,
    stop: Option<String>,
    done: bool,
}

impl Reader for Answer {
    fn read(&mut self, text: &str, out: &mut Vec<ModelEvent>) -> Result<(), Flaw> {
        let frame: Frame = serde_json::from_str(text)?;
        match frame.kind.as_str() {
            "message_start" => {
                self.count(frame.message.and_then(|message| message.usage));
                out.push(self.usage());
            }
            "content_block_start" => {
                let block = frame.content_block.unwrap_or_default();
                let open = self.begin(block, out)?;
                self.open.push((frame.index, open));
            }
            "content_block_delta" => self.grow(frame.index, frame.delta.unwrap_or_default(), out),
            "content_block_stop" => {
                if let Some(place) = self
                    .open
                    .iter()
                    .position(|(index, _)| *index == frame.index)
                {
                    close(self.open.remove(place).1, out);
                }
            }
            "message_delta" => {
                self.count(frame.usage);
                self.stop = frame
                    .delta
                    .and_then(|delta| delta.stop_reason)
                    .or(self.stop.take());
            }
            "message_stop" => {
                for (_, open) in self.open.drain(..) {
                    close(open, out);
                }
                out.extend([
                    self.usage(),
                    ModelEvent::Done {
                        stop: self.stop_reason(),
                    },
                ]);
                self.done = true;
            }
            "error" => return Err(Flaw::Said(frame.error.unwrap_or_default())),
            _ => {}
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
    fn begin(&mut self, block: Block, out: &mut Vec<ModelEvent>) -> Result<Open, Flaw> {
        Ok(match block.kind.as_str() {
            "text" => {
                say(block.text, out);
                Open::Other
            }
            "thinking" => {
                think(block.thinking, out);
                Open::Reasoning {
                    signature: block.signature,
                }
            }
            "redacted_thinking" => Open::Reasoning {
                signature: REDACTED.to_owned() + &block.data,
            },
            "tool_use" => {
                let call = Call::begin(self.calls, &block.name, out)?;
                self.calls += 1;
                Open::Call {
                    call,
                    input: block.input,
                }
            }
            _ => Open::Other,
        })
    }

    fn grow(&mut self, index: u64, delta: Delta, out: &mut Vec<ModelEvent>) {
        let open = self
            .open
            .iter_mut()
            .find(|(open, _)| *open == index)
            .map(|(_, open)| open);
        match (delta.kind.as_str(), open) {
            ("text_delta", _) => say(delta.text, out),
            ("thinking_delta", _) => think(delta.thinking, out),
            ("signature_delta", Some(Open::Reasoning { signature })) => {
                signature.push_str(&delta.signature);
            }
            ("input_json_delta", Some(Open::Call { call, .. })) => {
                call.push(&delta.partial_json, out);
            }
            _ => {}
        }
    }

    fn count(&mut self, more: Option<Counts>) {
        let Some(more) = more else {
            return;
        };
        let old = self.counts;
        self.counts = Counts {
            input_tokens: more.input_tokens.or(old.input_tokens),
            cache_read_input_tokens: more.cache_read_input_tokens.or(old.cache_read_input_tokens),
            cache_creation_input_tokens: more
                .cache_creation_input_tokens
                .or(old.cache_creation_input_tokens),
            output_tokens: more.output_tokens.or(old.output_tokens),
        };
    }

    fn usage(&self) -> ModelEvent {
        let cache_read = self.counts.cache_read_input_tokens.unwrap_or(0);
        let cache_write = self.counts.cache_creation_input_tokens.unwrap_or(0);
        let plain = self.counts.input_tokens.unwrap_or(0);
        let usage = Usage {
            input: plain.saturating_add(cache_read).saturating_add(cache_write),
            cache_read,
            cache_write,
            output: self.counts.output_tokens.unwrap_or(0),
            cost_micros: None,
        };
        ModelEvent::Usage { usage }
    }

    fn stop_reason(&self) -> StopReason {
        match self.stop.as_deref() {
            Some("tool_use") => StopReason::ToolUse,
            Some("max_tokens" | "model_context_window_exceeded") => StopReason::MaxTokens,
            Some("refusal") => StopReason::Refusal,
            None if self.calls > 0 => StopReason::ToolUse,
            _ => StopReason::End,
        }
    }
}

fn close(open: Open, out: &mut Vec<ModelEvent>) {
    match open {
        Open::Reasoning { signature } => {
            let signature = Some(signature).filter(|signature| !signature.is_empty());
            out.push(ModelEvent::ReasoningEnd { signature });
        }
        Open::Call { mut call, input } => {
            // Some services give the arguments whole, with the beginning of the block.
            let whole = input.as_object().is_some_and(|input| !input.is_empty());
            if call.is_bare() && whole {
                call.push(&input.to_string(), out);
            }
            out.push(call.end());
        }
        Open::Other => {}
    }
}

fn say(text: String, out: &mut Vec<ModelEvent>) {
    if !text.is_empty() {
        out.push(ModelEvent::Text { text });
    }
}

fn think(text: String, out: &mut Vec<ModelEvent>) {
    if !text.is_empty() {
        out.push(ModelEvent::Reasoning { text });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(frames: &[Value]) -> (Vec<ModelEvent>, Answer) {
        let (mut answer, mut out) = (Answer::default(), Vec::new());
        for frame in frames {
            answer.read(&frame.to_string(), &mut out).unwrap();
        }
        (out, answer)
    }

    #[test]
    fn input_counts_what_the_cache_read_and_wrote() {
        let usage = json!({ "input_tokens": 5, "cache_read_input_tokens": 100,
                            "cache_creation_input_tokens": 20, "output_tokens": 1 });
        let (out, answer) = read(&[
            json!({ "type": "message_start", "message": { "usage": usage } }),
            json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn" },
                    "usage": { "output_tokens": 30 } }),
            json!({ "type": "message_stop" }),
        ]);
        let counted = Usage {
            input: 125,
            cache_read: 100,
            cache_write: 20,
            ..Usage::default()
        };
        assert_eq!(
            out,
            [
                ModelEvent::Usage {
                    usage: Usage {
                        output: 1,
                        ..counted
                    }
                },
                ModelEvent::Usage {
                    usage: Usage {
                        output: 30,
                        ..counted
                    }
                },
                ModelEvent::Done {
                    stop: StopReason::End
                },
            ]
        );
        assert!(answer.is_done());
    }

    #[test]
    fn what_is_not_known_is_passed_over_and_whole_arguments_are_taken() {
        let search = json!({ "type": "server_tool_use", "id": "s", "name": "web_search" });
        let call = json!({ "type": "tool_use", "name": "exec", "input": { "command": "ls" } });
        let (out, mut answer) = read(&[
            json!({ "type": "content_block_start", "index": 0, "content_block": search }),
            json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "odd_delta" } }),
            json!({ "type": "content_block_stop", "index": 0 }),
            json!({ "type": "something_new", "with": ["more"] }),
            json!({ "type": "content_block_start", "index": 1, "content_block": call }),
            json!({ "type": "content_block_stop", "index": 1 }),
        ]);
        let call = json!({ "command": "ls" });
        assert_eq!(
            out,
            [
                ModelEvent::CallProgress {
                    index: 0,
                    name: "exec".into(),
                    bytes: 0
                },
                ModelEvent::Call {
                    index: 0,
                    name: "exec".into(),
                    input: call
                },
            ]
        );
        assert!(!answer.end(&mut Vec::new()), "no message_stop, no end");
    }
}
