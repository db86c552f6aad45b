//! As much HTTP/1.1 as a client of models speaks: requests with a length, answers in chunks.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::answer;
use super::check::{self, Wire, check};
use super::rule::{Act, Refusal, Rule};
use super::{Received, Shared};

/// The most bytes of a request.
const REQUEST_LIMIT: usize = 64 << 20;

type Connection = BufReader<TcpStream>;

/// Accepts and serves, all in one task: when it is dropped, every connection closes.
pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = FuturesUnordered::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                let _fast = stream.set_nodelay(true);
                shared.change(|script| script.connections += 1);
                connections.push(connection(BufReader::new(stream), &shared));
            },
            Some(_ended) = connections.next(), if !connections.is_empty() => {}
        }
    }
}

/// Serves one request after the other; an error is a client that left.
async fn connection(mut stream: Connection, shared: &Shared) -> io::Result<()> {
    while let Some(request) = read(&mut stream).await? {
        if !answer_to(request, &mut stream, shared).await? {
            break;
        }
    }
    Ok(())
}

struct Request {
    method: String,
    path: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

async fn read(stream: &mut Connection) -> io::Result<Option<Request>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(err) if err.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(err) => return Err(err),
        }
        if head.len() > 64 << 10 {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut lines = head.lines();
    let mut first = lines.next().unwrap_or_default().split(' ');
    let method = first.next().unwrap_or_default().to_owned();
    let path = first.next().unwrap_or_default();
    let path = path.split('?').next().unwrap_or_default().to_owned();
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers
        .get("content-length")
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    if length > REQUEST_LIMIT {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(Some(Request {
        method,
        path,
        headers,
        body,
    }))
}

/// Answers one request; returns whether the connection may serve another.
async fn answer_to(request: Request, stream: &mut Connection, shared: &Shared) -> io::Result<bool> {
    let Request {
        method,
        path,
        headers,
        body,
    } = request;
    let wire = match (method.as_str(), path.as_str()) {
        ("POST", path) if path.ends_with("/messages") => Wire::Anthropic,
        ("POST", path) if path.ends_with("/chat/completions") => Wire::Openai,
        ("POST", path) if path.ends_with("/api/chat") => Wire::Ollama,
        ("GET", path) if path.ends_with("/api/tags") => {
            let models: Vec<Value> = shared
                .script()
                .models
                .iter()
                .map(|name| json!({ "name": name }))
                .collect();
            let tags = json!({ "models": models }).to_string();
            return plain(stream, 200, &tags, &[]).await;
        }
        _ => {
            let body = json!({ "error": { "type": "not_found_error", "message": path } });
            return plain(stream, 404, &body.to_string(), &[]).await;
        }
    };
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let model = body["model"].as_str().unwrap_or_default();
    let of_model = |own: &&(String, u64)| model.contains(&own.0);
    let window = shared.script().windows.iter().find(of_model).cloned();
    let fits = |newest| match window {
        Some((_, window)) => check::fits(wire, &body, window).map(|()| newest),
        None => Ok(newest),
    };
    let checked = check(wire, &headers, &body).and_then(fits);
    let refused = checked.as_ref().err().map(|(_, words)| words.clone());
    let received = Received {
        path,
        headers,
        body: body.clone(),
        refused,
        client_gone: false,
    };
    let (place, rule) = shared.change(|script| {
        script.log.push(received);
        let model = body["model"].as_str().unwrap_or_default();
        let newest = checked.as_ref().map(String::as_str);
        let rule = newest.map(|newest| Rule::choose(&mut script.rules, model, newest));
        (script.log.len() - 1, rule.ok())
    });
    let done = match (rule, checked) {
        (Some(rule), _) => play(wire, &rule, &body, stream, shared).await,
        (None, Err((status, words))) => {
            let code = words
                .contains("context length")
                .then_some("context_length_exceeded");
            let error = json!({
                "type": "invalid_request_error", "code": code, "message": words,
            });
            let body = match wire {
                Wire::Anthropic => json!({ "type": "error", "error": error }),
                _ => json!({ "error": error }),
            };
            plain(stream, status, &body.to_string(), &[]).await
        }
        (None, Ok(_)) => Ok(false),
    };
    if done.is_err() {
        shared.change(|script| {
            if let Some(received) = script.log.get_mut(place) {
                received.client_gone = true;
            }
        });
    }
    done
}

async fn plain(
    stream: &mut Connection,
    status: u16,
    body: &str,
    headers: &[(String, String)],
) -> io::Result<bool> {
    let mut head = format!(
        "HTTP/1.1 {status} Scripted\r\ncontent-length: {}\r\n",
        body.len()
    );
    if !headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("content-type"))
    {
        head += "content-type: application/json\r\n";
    }
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    stream
        .write_all(format!("{head}\r\n{body}").as_bytes())
        .await?;
    stream.flush().await?;
    Ok(true)
}

/// Plays a rule; an error is a client that left.
async fn play(
    wire: Wire,
    rule: &Rule,
    body: &Value,
    stream: &mut Connection,
    shared: &Shared,
) -> io::Result<bool> {
    if rule.is_hanging {
        return until_gone(stream, std::future::pending())
            .await
            .map(|()| false);
    }
    if let Some(Refusal {
        status,
        body,
        headers,
    }) = &rule.refusal
    {
        return plain(stream, *status, body, headers).await;
    }
    let first_call = shared.change(|script| {
        script.calls += rule.says.len() as u64;
        script.calls - rule.says.len() as u64
    });
    let kind = if wire == Wire::Ollama {
        "application/x-ndjson"
    } else {
        "text/event-stream"
    };
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ntransfer-encoding: chunked\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    stream.flush().await?;
    let mut acts = rule.at.clone();
    let mut deltas = 0;
    for frame in answer::frames(wire, rule, body, first_call) {
        while let Some(place) = acts.iter().position(|(after, _)| *after <= deltas) {
            match acts.remove(place).1 {
                Act::Cut => return Ok(false),
                Act::End => return end(stream).await,
                Act::Garbage => chunk(stream, &answer::garbage(wire)).await?,
                Act::Error(error) => chunk(stream, &answer::error(wire, &error)).await?,
                Act::Hold(gate) => until_gone(stream, gate.pass()).await?,
            }
        }
        if let (Some(delay), true) = (rule.delay, frame.is_delta) {
            until_gone(stream, tokio::time::sleep(delay)).await?;
        }
        chunk(stream, &frame.bytes).await?;
        deltas += usize::from(frame.is_delta);
    }
    end(stream).await
}

async fn chunk(stream: &mut Connection, bytes: &[u8]) -> io::Result<()> {
    let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
    chunk.extend_from_slice(bytes);
    chunk.extend_from_slice(b"\r\n");
    stream.write_all(&chunk).await?;
    stream.flush().await
}

async fn end(stream: &mut Connection) -> io::Result<bool> {
    stream.write_all(b"0\r\n\r\n").await?;
    stream.flush().await?;
    Ok(true)
}

/// Waits, unless the client leaves before.
async fn until_gone(stream: &mut Connection, wait: impl Future<Output = ()>) -> io::Result<()> {
    tokio::select! {
        () = wait => Ok(()),
        // A client says nothing more before its answer: whatever comes here is its leaving.
        _gone = stream.read_u8() => Err(io::ErrorKind::ConnectionAborted.into()),
    }
}
