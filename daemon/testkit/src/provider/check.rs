//! What the real services refuse, refused here too.

use std::collections::BTreeMap;

use serde_json::Value;

/// Who is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wire {
    Anthropic,
    Openai,
    Ollama,
}

/// Why a request is refused: a status and words.
pub(super) type Refused = (u16, String);

type Headers = BTreeMap<String, String>;

/// Checks a request; returns its newest text: the user's, or that of the tools' outputs.
pub(super) fn check(wire: Wire, headers: &Headers, body: &Value) -> Result<String, Refused> {
    if body["model"].as_str().is_none_or(str::is_empty) {
        return Err(bad("model: Field required"));
    }
    if body["stream"] == Value::Bool(false) || (wire != Wire::Ollama && body["stream"] != true) {
        return Err(bad("this server only streams"));
    }
    let messages = body["messages"]
        .as_array()
        .filter(|messages| !messages.is_empty());
    let messages = messages.ok_or_else(|| bad("messages: at least one message is required"))?;
    tools(wire, body)?;
    match wire {
        Wire::Anthropic => anthropic(headers, body, messages),
        Wire::Openai => {
            if !headers.contains_key("authorization") {
                return Err((401, "You didn't provide an API key.".into()));
            }
            openai(messages)
        }
        Wire::Ollama => ollama(messages),
    }
}

/// Refuses a request of more tokens than a window has, in the words of each service: Ollama's say
/// only how many there are too many.
pub(super) fn fits(wire: Wire, body: &Value, window: u64) -> Result<(), Refused> {
    let parts = ["messages", "system", "tools"].map(|part| &body[part]);
    let long = |part: &&Value| {
        if part.is_null() {
            0
        } else {
            part.to_string().len()
        }
    };
    let tokens = parts.iter().map(long).sum::<usize>() as u64 / 4;
    if tokens <= window {
        return Ok(());
    }
    Err(bad(match wire {
        Wire::Anthropic => format!("prompt is too long: {tokens} tokens > {window} maximum"),
        Wire::Openai => format!(
            "This model's maximum context length is {window} tokens. However, your messages \
             resulted in {tokens} tokens. Please reduce the length of the messages."
        ),
        Wire::Ollama => {
            let over = tokens - window;
            format!("prompt too long; exceeded max context length by {over} tokens")
        }
    }))
}

fn bad(words: impl Into<String>) -> Refused {
    (400, words.into())
}

fn tools(wire: Wire, body: &Value) -> Result<(), Refused> {
    let mut names = Vec::new();
    for tool in list(&body["tools"]) {
        let (name, schema) = match wire {
            Wire::Anthropic => (&tool["name"], &tool["input_schema"]),
            _ => (&tool["function"]["name"], &tool["function"]["parameters"]),
        };
        let name = name.as_str().unwrap_or_default();
        if !is_name(name) || schema["type"] != "object" {
            return Err(bad(format!(
                "tools: {name:?} has no good name or no schema of an object"
            )));
        }
        if names.contains(&name) {
            return Err(bad("tools: Tool names must be unique."));
        }
        names.push(name);
    }
    Ok(())
}

fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

fn anthropic(headers: &Headers, body: &Value, messages: &[Value]) -> Result<String, Refused> {
    if !headers.contains_key("x-api-key") && !headers.contains_key("authorization") {
        return Err((401, "x-api-key header is required".into()));
    }
    if !headers.contains_key("anthropic-version") {
        return Err(bad("anthropic-version: header is required"));
    }
    let max_tokens = body["max_tokens"]
        .as_u64()
        .filter(|max_tokens| *max_tokens > 0);
    let max_tokens = max_tokens.ok_or_else(|| bad("max_tokens: Field required"))?;
    if body["thinking"]["type"] == "enabled" {
        let budget = body["thinking"]["budget_tokens"].as_u64().unwrap_or(0);
        if budget < 1_024 || budget >= max_tokens {
            return Err(bad(
                "thinking.budget_tokens: at least 1024 and less than max_tokens",
            ));
        }
    }
    let marks = body
        .to_string()
        .matches("\"cache_control\":{\"type\":\"ephemeral\"}")
        .count();
    if marks > 4 {
        return Err(bad(format!(
            "at most 4 blocks may have cache_control, found {marks}"
        )));
    }
    for block in list(&body["system"]) {
        not_blank(&block["text"], "system")?;
    }
    let mut open: Vec<String> = Vec::new();
    let mut newest = String::new();
    for (place, message) in messages.iter().enumerate() {
        let expected = if place % 2 == 0 { "user" } else { "assistant" };
        if message["role"] != expected {
            return Err(bad(format!(
                "messages.{place}: expected the role {expected}"
            )));
        }
        let blocks = list(&message["content"]);
        if blocks.is_empty() {
            return Err(bad(format!("messages.{place}: content must be non-empty")));
        }
        let mut asked = std::mem::take(&mut open);
        let mut texts = Vec::new();
        let mut has_said = false;
        for block in blocks {
            match (block["type"].as_str().unwrap_or_default(), expected) {
                ("text", _) => {
                    not_blank(&block["text"], &format!("messages.{place}"))?;
                    has_said = true;
                    texts.push(block["text"].as_str().unwrap_or_default().to_owned());
                }
                ("tool_use", "assistant") => {
                    let name = block["name"].as_str().unwrap_or_default();
                    if !is_name(name) || !block["input"].is_object() {
                        return Err(bad(format!("messages.{place}: malformed tool_use block")));
                    }
                    open.push(block["id"].as_str().unwrap_or_default().to_owned());
                }
                ("tool_result", "user") => {
                    if has_said {
                        return Err(bad(format!(
                            "messages.{place}: tool_result must come first"
                        )));
                    }
                    answer(&mut asked, &block["tool_use_id"], place)?;
                    not_blank(&block["content"], &format!("messages.{place}: tool_result"))?;
                    texts.push(block["content"].as_str().unwrap_or_default().to_owned());
                }
                ("thinking", "assistant") if block["signature"].is_string() => {}
                ("redacted_thinking", "assistant") if block["data"].is_string() => {}
                (kind, _) => {
                    return Err(bad(format!(
                        "messages.{place}: no block of type {kind:?} here"
                    )));
                }
            }
        }
        all_answered(&asked, place)?;
        newest = texts.join("\n");
    }
    all_answered(&open, messages.len())?;
    ends_with_user(messages, "user")?;
    Ok(newest)
}

fn openai(messages: &[Value]) -> Result<String, Refused> {
    let mut open: Vec<String> = Vec::new();
    let mut outputs: Vec<String> = Vec::new();
    let mut newest = String::new();
    let mut is_first = true;
    for (place, message) in messages.iter().enumerate() {
        let role = message["role"].as_str().unwrap_or_default();
        if role == "tool" {
            answer(&mut open, &message["tool_call_id"], place)?;
            outputs.push(message["content"].as_str().unwrap_or_default().to_owned());
            newest = outputs.join("\n");
            continue;
        }
        all_answered(&open, place)?;
        outputs.clear();
        let text = message["content"].as_str().unwrap_or_default();
        match role {
            "system" if is_first => not_blank(&message["content"], "system")?,
            "user" => {
                not_blank(&message["content"], &format!("messages[{place}]"))?;
                newest = text.to_owned();
                is_first = false;
            }
            "assistant" if !is_first => {
                let calls = list(&message["tool_calls"]);
                if calls.is_empty() && text.trim().is_empty() {
                    return Err(bad(format!(
                        "messages[{place}]: content or tool_calls needed"
                    )));
                }
                for call in calls {
                    let arguments = call["function"]["arguments"].as_str().unwrap_or_default();
                    let name = call["function"]["name"].as_str().unwrap_or_default();
                    let read: Result<Value, _> = serde_json::from_str(arguments);
                    if read.is_err() || !is_name(name) || call["type"] != "function" {
                        return Err(bad(format!("messages[{place}]: malformed tool call")));
                    }
                    open.push(call["id"].as_str().unwrap_or_default().to_owned());
                }
            }
            other => return Err(bad(format!("messages[{place}]: no role {other:?} here"))),
        }
    }
    all_answered(&open, messages.len())?;
    ends_with_user(messages, "tool")?;
    Ok(newest)
}

fn ollama(messages: &[Value]) -> Result<String, Refused> {
    let mut open = 0_usize;
    let mut outputs: Vec<String> = Vec::new();
    let mut newest = String::new();
    for (place, message) in messages.iter().enumerate() {
        let text = message["content"].as_str().unwrap_or_default().to_owned();
        match message["role"].as_str().unwrap_or_default() {
            "system" if place == 0 => {}
            "tool" if open > 0 && message["tool_name"].is_string() => {
                open -= 1;
                outputs.push(text);
                newest = outputs.join("\n");
                continue;
            }
            _ if open > 0 => return Err(bad(format!("messages[{place}]: a call has no output"))),
            "user" => {
                not_blank(&message["content"], &format!("messages[{place}]"))?;
                newest = text;
            }
            "assistant" => {
                let calls = list(&message["tool_calls"]);
                if calls
                    .iter()
                    .any(|call| !call["function"]["arguments"].is_object())
                {
                    return Err(bad(format!("messages[{place}]: arguments are no object")));
                }
                open = calls.len();
            }
            other => return Err(bad(format!("messages[{place}]: no role {other:?} here"))),
        }
        outputs.clear();
    }
    if open > 0 {
        return Err(bad("the last calls have no outputs"));
    }
    ends_with_user(messages, "tool")?;
    Ok(newest)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn not_blank(text: &Value, place: &str) -> Result<(), Refused> {
    match text.as_str() {
        Some(text) if !text.trim().is_empty() => Ok(()),
        _ => Err(bad(format!("{place}: text content must be non-empty"))),
    }
}

fn answer(asked: &mut Vec<String>, id: &Value, place: usize) -> Result<(), Refused> {
    let known = asked.iter().position(|asked| id == asked);
    match known {
        Some(known) => drop(asked.remove(known)),
        None => {
            return Err(bad(format!(
                "messages.{place}: {id} answers no call right before it"
            )));
        }
    }
    Ok(())
}

fn all_answered(asked: &[String], place: usize) -> Result<(), Refused> {
    if asked.is_empty() {
        return Ok(());
    }
    Err(bad(format!(
        "messages.{place}: calls without outputs right after them: {asked:?}"
    )))
}

fn ends_with_user(messages: &[Value], or: &str) -> Result<(), Refused> {
    match messages.last().map(|message| &message["role"]) {
        Some(role) if role == "user" || role == or => Ok(()),
        _ => Err(bad("messages: the last one must be the user's")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(wire: Wire, headers: &[&str], change: impl FnOnce(&mut Value)) -> Option<Refused> {
        let call = match wire {
            Wire::Anthropic => json!({ "role": "assistant", "content": [
                { "type": "tool_use", "id": "c", "name": "exec", "input": {} }] }),
            _ => json!({ "role": "assistant", "content": null, "tool_calls": [
                { "id": "c", "type": "function", "function": {
                    "name": "exec",
                    "arguments": if wire == Wire::Openai { json!("{}") } else { json!({}) } } }] }),
        };
        let output = match wire {
            Wire::Anthropic => json!({ "role": "user", "content": [
                { "type": "tool_result", "tool_use_id": "c", "content": "done" }] }),
            _ => json!({ "role": "tool", "tool_call_id": "c", "tool_name": "exec",
                         "content": "done" }),
        };
        let user = match wire {
            Wire::Anthropic => {
                json!({ "role": "user", "content": [{ "type": "text", "text": "go" }] })
            }
            _ => json!({ "role": "user", "content": "go" }),
        };
        let mut body = json!({ "model": "m", "stream": true, "max_tokens": 9,
                               "messages": [user, call, output] });
        change(&mut body);
        let headers = headers
            .iter()
            .map(|name| ((*name).to_owned(), "x".to_owned()))
            .collect();
        check(wire, &headers, &body).err()
    }

    #[test]
    fn what_services_refuse_is_refused_and_the_rest_is_not() {
        let wires = [
            (Wire::Anthropic, &["x-api-key", "anthropic-version"][..]),
            (Wire::Openai, &["authorization"]),
            (Wire::Ollama, &[]),
        ];
        for (wire, headers) in wires {
            assert_eq!(refused(wire, headers, |_| {}), None, "{wire:?}");
            let no_output = |body: &mut Value| drop(body["messages"].as_array_mut().unwrap().pop());
            let no_user =
                |body: &mut Value| drop(body["messages"].as_array_mut().unwrap().remove(0));
            let no_call =
                |body: &mut Value| drop(body["messages"].as_array_mut().unwrap().remove(1));
            let nothing = |body: &mut Value| body["messages"] = json!([]);
            let blank = |body: &mut Value| match wire {
                Wire::Anthropic => body["messages"][0]["content"][0]["text"] = json!(" "),
                _ => body["messages"][0]["content"] = json!(" "),
            };
            assert!(refused(wire, headers, no_output).is_some(), "{wire:?}");
            assert!(refused(wire, headers, no_call).is_some(), "{wire:?}");
            assert!(refused(wire, headers, nothing).is_some(), "{wire:?}");
            assert!(refused(wire, headers, blank).is_some(), "{wire:?}");
            if wire != Wire::Ollama {
                assert!(refused(wire, headers, no_user).is_some(), "{wire:?}");
                assert_eq!(
                    refused(wire, &headers[1..], |_| {}).map(|(status, _)| status),
                    Some(401)
                );
            }
        }
        let other_id = |body: &mut Value| {
            body["messages"][2]["content"][0]["tool_use_id"] = json!("other");
        };
        let headers = ["x-api-key", "anthropic-version"];
        assert!(refused(Wire::Anthropic, &headers, other_id).is_some());
        assert!(refused(Wire::Anthropic, &headers[..1], |_| {}).is_some());
        let unlimited = |body: &mut Value| body["max_tokens"] = Value::Null;
        assert!(refused(Wire::Anthropic, &headers, unlimited).is_some());
    }
}
