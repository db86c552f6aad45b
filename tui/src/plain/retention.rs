//! `sessions retention`: which sessions would be removed now because they are old, and which old
//! ones stay.

use serde::Serialize;
use smartopol_ipc::Client;
use smartopol_protocol::Timestamp;
use smartopol_protocol::session::{Old, Retained, Retention, Stays};

use super::out::{Out, Tone};
use super::table::{self, cell, toned};
use super::time;
use crate::widget::time::bytes;

/// What the daemon says, with what it comes to.
#[derive(Serialize)]
struct Told<'a> {
    sessions: usize,
    messages: u64,
    bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    oldest_at: Option<Timestamp>,
    #[serde(flatten)]
    retained: &'a Retained,
}

impl<'a> Told<'a> {
    fn new(retained: &'a Retained) -> Self {
        let goes = || retained.old.iter().filter(|own| own.stays.is_none());
        Self {
            sessions: goes().count(),
            messages: goes().map(|own| own.messages).sum(),
            bytes: goes().map(|own| own.bytes).sum(),
            oldest_at: goes().map(|own| own.updated_at).min(),
            retained,
        }
    }
}

pub(super) async fn run(client: &Client, json: bool, out: &mut Out) -> anyhow::Result<()> {
    let retained = client.call(Retention {}).await?;
    let told = Told::new(&retained);
    if json {
        return Ok(out.json(&told)?);
    }
    let kept = |days: u32| match days {
        0 => "for ever".to_owned(),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    };
    out.line(format!(
        "sessions are kept {} after their last use, and archived ones {}",
        kept(retained.sessions_days),
        kept(retained.archived_days)
    ))?;
    if retained.sessions_days == 0 && retained.archived_days == 0 {
        let how = "`smartopol config set retention.sessions_days 365` would remove old ones";
        return Ok(out.line(how)?);
    }
    if retained.old.is_empty() {
        return Ok(out.line("none is old enough to be removed")?);
    }
    let rows: Vec<_> = retained.old.iter().map(row).collect();
    let heads = ["session", "used", "messages", "size", "what becomes of it"];
    table::print(out, &heads, &rows, "")?;
    out.line(match (told.sessions, told.oldest_at) {
        (0, _) | (_, None) => "none would be removed now".to_owned(),
        (1, Some(at)) => format!(
            "1 session with {} messages ({}) would be removed now; it was last used {}",
            told.messages,
            bytes(told.bytes),
            time::age(at)
        ),
        (count, Some(at)) => format!(
            "{count} sessions with {} messages ({}) would be removed now; the oldest was last used {}",
            told.messages,
            bytes(told.bytes),
            time::age(at)
        ),
    })?;
    Ok(())
}

fn row(old: &Old) -> Vec<table::Cell> {
    let (becomes, tone) = match old.stays {
        None if old.archived => ("goes: archived", Tone::Bad),
        None => ("goes", Tone::Bad),
        Some(Stays::Busy) => ("stays: it runs or waits", Tone::Plain),
        Some(Stays::Job) => ("stays: a job speaks in it", Tone::Plain),
        Some(Stays::Pinned) => ("stays: a person pinned something in it", Tone::Plain),
        Some(Stays::Terminal) => ("stays: a program runs in a terminal", Tone::Plain),
        Some(Stays::Watched) => ("stays: somebody looks at it", Tone::Plain),
    };
    vec![
        cell(&old.session),
        cell(time::age(old.updated_at)),
        cell(old.messages.to_string()),
        cell(bytes(old.bytes)),
        toned(becomes, tone),
    ]
}
