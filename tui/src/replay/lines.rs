//! A recording as lines: for pipes, screen readers and dumb terminals.
//!
//! Owns what a step is in lines, and how long to wait before the next.

use std::io::{self, Write};

use jiff::tz::TimeZone;
use smartopol_protocol::Timestamp;
use smartopol_protocol::message::Part;
use smartopol_protocol::tool::{Body, CallState};

use super::Start;
use super::reel::{At, Moved, Reel};
use super::source::Source;
use super::step::{Step, What, said_by};
use crate::sanitize;

/// How many lines of an output are said.
const OUTPUT: usize = 20;

/// Prints the steps of a recording, one after the other.
pub(super) async fn run(source: &Source, mut reel: Reel, start: Start) -> anyhow::Result<()> {
    let zone = TimeZone::system();
    say(&head(&reel, &zone))?;
    if start.from > 1 {
        goto(source, &mut reel, start.from).await?;
    }
    loop {
        say(&lines(&reel, &zone))?;
        let wait = start.pace.and_then(|pace| {
            let next = reel.next()?;
            Some(pace.wait(reel.step()?, &next))
        });
        match reel.forward() {
            Moved::On | Moved::Elsewhere => {}
            Moved::Waits => fetch(source, &mut reel).await?,
            Moved::AtEnd => break,
        }
        if let Some(wait) = wait {
            tokio::time::sleep(std::time::Duration::from_millis(wait)).await;
        }
        // The next piece, before it is needed, and never more than a few at a time.
        if !reel.waits() {
            fetch(source, &mut reel).await?;
        }
    }
    say(&["End of the replay. Nothing ran.".to_owned()])?;
    Ok(())
}

async fn goto(source: &Source, reel: &mut Reel, position: u64) -> anyhow::Result<()> {
    let at = At { position, step: 1 };
    if reel.go(at) == Moved::Waits {
        fetch(source, reel).await?;
    }
    Ok(())
}

/// Fetches what is wanted, until nothing is waited for.
async fn fetch(source: &Source, reel: &mut Reel) -> anyhow::Result<()> {
    while let Some(after) = reel.wants() {
        let piece = source.piece(after, super::reel::PIECE).await?;
        reel.take(after, piece);
        if !reel.waits() {
            break;
        }
    }
    Ok(())
}

fn say(lines: &[String]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for line in lines {
        writeln!(out, "{line}")?;
    }
    out.flush()
}

fn head(reel: &Reel, zone: &TimeZone) -> Vec<String> {
    let session = reel.session();
    let (first, last) = reel.ends();
    let name = sanitize::line(&session.name);
    let day = date(session.created_at, zone);
    let count = last + 1 - first;
    let many = if count == 1 { "message" } else { "messages" };
    vec![format!(
        "Replay of {name}, begun on {day}: {count} {many}. Nothing runs, nothing is asked."
    )]
}

/// Returns the step at hand in lines.
pub(super) fn lines(reel: &Reel, zone: &TimeZone) -> Vec<String> {
    let (Some(step), Some(message)) = (reel.step(), reel.message()) else {
        return Vec::new();
    };
    let mut told = Vec::new();
    let clock = clock(step.at, zone);
    let first = |words: &str| {
        let number = match reel.at().step {
            1 => reel.at().position.to_string(),
            _ => String::new(),
        };
        format!("{clock} {number:>4}  {words}")
    };
    match step.what {
        What::Person | What::Notice => {
            let who = match step.what {
                What::Person => said_by(message),
                _ => "Notice".to_owned(),
            };
            let mut text = message.text();
            text = sanitize::text(text.trim_end()).into_owned();
            let mut own = text.lines();
            told.push(first(&format!("{who}: {}", own.next().unwrap_or_default())));
            told.extend(own.map(indented));
        }
        What::Thought => {
            let thought = message.parts.iter().filter_map(|part| match part {
                Part::Reasoning { text, .. } => Some(text.split_whitespace().count()),
                _ => None,
            });
            let words: usize = thought.sum();
            told.push(first(&format!("Agent thought: {words} words")));
        }
        What::Said { part, from } => {
            let text = said(step, message.parts.get(part), from);
            let text = sanitize::text(text.trim()).into_owned();
            let mut own = text.lines();
            let begins = own.next().unwrap_or_default();
            match from {
                0 => told.push(first(&format!("Agent: {begins}"))),
                _ => told.extend([String::new(), indented(begins)]),
            }
            told.extend(own.map(indented));
        }
        What::Call(id) => {
            told.push(first(&format!("Tool {}", step.words)));
            let call = reel.known().calls.get(&id);
            let body = call.map(|call| &call.inspection.body);
            if let Some(Body::Diff { diff, .. }) = body {
                let diff = sanitize::exact(diff).into_owned();
                told.extend(diff.lines().map(indented));
            }
        }
        What::Asked(_) => told.push(first(&format!("Approval {}", step.words))),
        What::Decided(_) => told.push(first(&format!("Approval {}", step.words))),
        What::Command | What::Output(_) => {
            told.push(first(&format!("Tool {}", step.words)));
            let id = match step.what {
                What::Output(id) => Some(id),
                _ => message.calls().next(),
            };
            let call = id.and_then(|id| reel.known().calls.get(&id));
            if let Some(CallState::Finished { output }) = call.map(|call| &call.state) {
                told.extend(output_lines(&output.text));
            }
        }
        What::Ended(_) => told.push(first(&capital(&step.words))),
    }
    told
}

/// Returns what a step says of a text.
fn said<'a>(step: &Step, part: Option<&'a Part>, from: usize) -> &'a str {
    match part {
        Some(Part::Text { text }) => text.get(from..from + step.length).unwrap_or_default(),
        _ => "",
    }
}

fn output_lines(text: &str) -> Vec<String> {
    let text = sanitize::output(text);
    let all = text.trim_end().lines().count();
    let mut lines: Vec<String> = text.trim_end().lines().take(OUTPUT).map(indented).collect();
    if all > OUTPUT {
        lines.push(indented(&format!("{} more lines", all - OUTPUT)));
    }
    lines
}

fn indented(line: &str) -> String {
    match line.is_empty() {
        true => String::new(),
        false => format!("{:15}{line}", ""),
    }
}

fn capital(words: &str) -> String {
    let mut chars = words.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string());
    first.unwrap_or_default() + chars.as_str()
}

fn clock(at: Timestamp, zone: &TimeZone) -> String {
    jiff::Timestamp::from_millisecond(at.as_millis())
        .map(|at| zone.to_datetime(at).strftime("%H:%M:%S").to_string())
        .unwrap_or_default()
}

fn date(at: Timestamp, zone: &TimeZone) -> String {
    jiff::Timestamp::from_millisecond(at.as_millis())
        .map(|at| zone.to_datetime(at).strftime("%Y-%m-%d").to_string())
        .unwrap_or_default()
}
