//! What a rule says, as the events of each wire format.

use serde_json::{Value, json};

use super::check::Wire;
use super::rule::{Rule, Say};

/// One event as bytes.
pub(super) struct Frame {
    pub(super) bytes: Vec<u8>,
    /// True where it carries a piece of what is said.
    pub(super) is_delta: bool,
}

/// Returns all events of an answer; `first_call` numbers its calls.
pub(super) fn frames(wire: Wire, rule: &Rule, body: &Value, first_call: u64) -> Vec<Frame> {
    let input = (body.to_string().len() / 4) as u64 * rule.counts / 1_000;
    let answer = Answer {
        rule,
        model: &body["model"],
        input,
        first_call,
        frames: Vec::new(),
    };
    match wire {
        Wire::Anthropic => answer.anthropic(),
        Wire::Openai => answer.openai(&body["stream_options"]["include_usage"] == true),
        Wire::Ollama => answer.ollama(),
    }
}

/// Returns a malformed event.
pub(super) fn garbage(wire: Wire) -> Vec<u8> {
    match wire {
        Wire::Ollama => b"{\"message\": {\"content\": \"\xff\xfe\n".to_vec(),
        _ => b"data: {\"type\": \"content_bl\xff\xfe\n\n".to_vec(),
    }
}

/// Returns an event that tells of an error.
pub(super) fn error(wire: Wire, error: &Value) -> Vec<u8> {
    match wire {
        Wire::Anthropic => sse(Some("error"), &json!({ "type": "error", "error": error })),
        Wire::Openai => sse(None, &json!({ "error": error })),
        Wire::Ollama => line(&json!({ "error": error })),
    }
}

fn sse(event: Option<&str>, data: &Value) -> Vec<u8> {
    let name = event
        .map(|event| format!("event: {event}\n"))
        .unwrap_or_default();
    format!("{name}data: {data}\n\n").into_bytes()
}

fn line(data: &Value) -> Vec<u8> {
    format!("{data}\n").into_bytes()
}

struct Answer<'a> {
    rule: &'a Rule,
    model: &'a Value,
    input: u64,
    first_call: u64,
    frames: Vec<Frame>,
}

impl Answer<'_> {
    fn push(&mut self, is_delta: bool, bytes: Vec<u8>) {
        self.frames.push(Frame { bytes, is_delta });
    }

    fn pieces(&self, text: &str) -> Vec<String> {
        let chars: Vec<char> = text.chars().collect();
        chars
            .chunks(self.rule.chunk)
            .map(|chunk| chunk.iter().collect())
            .collect()
    }

    fn output(&self) -> u64 {
        self.rule.says.len() as u64 * 10
    }

    fn calls(&self) -> bool {
        self.rule
            .says
            .iter()
            .any(|say| matches!(say, Say::Call { .. }))
    }

    fn anthropic(mut self) -> Vec<Frame> {
        let usage = json!({
            "input_tokens": self.input,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": 1,
        });
        let message = json!({
            "id": "msg_scripted", "type": "message", "role": "assistant", "model": self.model,
            "content": [], "stop_reason": null, "stop_sequence": null, "usage": usage,
        });
        self.event(
            false,
            json!({ "type": "message_start", "message": message }),
        );
        self.event(false, json!({ "type": "ping" }));
        for (index, say) in self.rule.says.iter().enumerate() {
            let (block, kind, field, text) = match say {
                Say::Text(text) => (
                    json!({ "type": "text", "text": "" }),
                    "text_delta",
                    "text",
                    text,
                ),
                Say::Reasoning(text) => (
                    json!({ "type": "thinking", "thinking": "", "signature": "" }),
                    "thinking_delta",
                    "thinking",
                    text,
                ),
                Say::Redacted(data) => (
                    json!({ "type": "redacted_thinking", "data": data }),
                    "",
                    "",
                    data,
                ),
                Say::Call { name, arguments } => {
                    let id = format!("toolu_{}", self.first_call + index as u64);
                    let block = json!({ "type": "tool_use", "id": id, "name": name, "input": {} });
                    (block, "input_json_delta", "partial_json", arguments)
                }
            };
            let start =
                json!({ "type": "content_block_start", "index": index, "content_block": block });
            self.event(false, start);
            if !kind.is_empty() {
                for piece in self.pieces(text) {
                    self.delta(index, true, json!({ "type": kind, field: piece }));
                }
            }
            if matches!(say, Say::Reasoning(_)) {
                let signature = json!({ "type": "signature_delta", "signature": "c2lnbmVk" });
                self.delta(index, false, signature);
            }
            self.event(
                false,
                json!({ "type": "content_block_stop", "index": index }),
            );
        }
        let usual = if self.calls() { "tool_use" } else { "end_turn" };
        let stop = self.rule.stop.unwrap_or(usual);
        let output = self.output();
        let delta = json!({ "stop_reason": stop, "stop_sequence": null });
        let usage = json!({ "output_tokens": output });
        self.event(
            false,
            json!({ "type": "message_delta", "delta": delta, "usage": usage }),
        );
        self.event(false, json!({ "type": "message_stop" }));
        self.frames
    }

    fn event(&mut self, is_delta: bool, data: Value) {
        let name = data["type"].as_str().map(str::to_owned);
        self.push(is_delta, sse(name.as_deref(), &data));
    }

    fn delta(&mut self, index: usize, is_delta: bool, delta: Value) {
        let event = json!({ "type": "content_block_delta", "index": index, "delta": delta });
        self.event(is_delta, event);
    }

    fn openai(mut self, with_usage: bool) -> Vec<Frame> {
        self.chunk(false, json!({ "role": "assistant", "content": "" }), None);
        let mut calls = 0_u64;
        for say in &self.rule.says {
            match say {
                Say::Text(text) => {
                    for piece in self.pieces(text) {
                        self.chunk(true, json!({ "content": piece }), None);
                    }
                }
                Say::Reasoning(text) => {
                    for piece in self.pieces(text) {
                        self.chunk(true, json!({ "reasoning_content": piece }), None);
                    }
                }
                Say::Redacted(_) => {}
                Say::Call { name, arguments } => {
                    let id = format!("call_{}", self.first_call + calls);
                    let function = json!({ "name": name, "arguments": "" });
                    let call = json!({
                        "index": calls, "id": id, "type": "function", "function": function,
                    });
                    self.chunk(false, json!({ "tool_calls": [call] }), None);
                    for piece in self.pieces(arguments) {
                        let call = json!({ "index": calls, "function": { "arguments": piece } });
                        self.chunk(true, json!({ "tool_calls": [call] }), None);
                    }
                    calls += 1;
                }
            }
        }
        let usual = if self.calls() { "tool_calls" } else { "stop" };
        self.chunk(false, json!({}), Some(self.rule.stop.unwrap_or(usual)));
        if with_usage {
            let (input, output) = (self.input, self.output());
            let usage = json!({
                "prompt_tokens": input, "completion_tokens": output,
                "total_tokens": input + output,
                "prompt_tokens_details": { "cached_tokens": 0 },
            });
            let chunk = json!({ "object": "chat.completion.chunk", "choices": [], "usage": usage });
            self.push(false, sse(None, &chunk));
        }
        self.push(false, b"data: [DONE]\n\n".to_vec());
        self.frames
    }

    fn chunk(&mut self, is_delta: bool, delta: Value, finish: Option<&str>) {
        let choice = json!({ "index": 0, "delta": delta, "finish_reason": finish });
        let chunk = json!({
            "id": "chatcmpl-scripted", "object": "chat.completion.chunk", "model": self.model,
            "choices": [choice],
        });
        self.push(is_delta, sse(None, &chunk));
    }

    fn ollama(mut self) -> Vec<Frame> {
        for say in &self.rule.says {
            match say {
                Say::Text(text) => {
                    for piece in self.pieces(text) {
                        self.said(json!({ "role": "assistant", "content": piece }));
                    }
                }
                Say::Reasoning(text) => {
                    for piece in self.pieces(text) {
                        self.said(json!({ "role": "assistant", "content": "", "thinking": piece }));
                    }
                }
                Say::Redacted(_) => {}
                Say::Call { name, arguments } => {
                    let arguments: Value =
                        serde_json::from_str(arguments).unwrap_or_else(|_| json!(arguments));
                    let call = json!({ "function": { "name": name, "arguments": arguments } });
                    self.said(json!({ "role": "assistant", "content": "", "tool_calls": [call] }));
                }
            }
        }
        let (input, output) = (self.input, self.output());
        let end = json!({
            "model": self.model, "done": true, "done_reason": self.rule.stop.unwrap_or("stop"),
            "message": { "role": "assistant", "content": "" },
            "prompt_eval_count": input, "eval_count": output,
        });
        self.push(false, line(&end));
        self.frames
    }

    fn said(&mut self, message: Value) {
        let data = json!({ "model": self.model, "done": false, "message": message });
        self.push(true, line(&data));
    }
}
