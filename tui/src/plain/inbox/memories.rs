//! What waits to be remembered, shown and answered from the list of what waits.
//!
//! Owns: that an answer is about what was listed, never about what came since.

use std::process::ExitCode;

use smartopol_ipc::Client;
use smartopol_protocol::attention::{Item, ItemState, Kind};
use smartopol_protocol::memory::{Decide, Memory, Show, State, Verdict, Whose};
use smartopol_protocol::{Code, Fault};

use crate::plain::memory::waiting;
use crate::plain::out::{Out, glance};

/// Shows all that an item is about.
pub(super) async fn show(
    client: &Client,
    item: &Item,
    json: bool,
    out: &mut Out,
) -> anyhow::Result<ExitCode> {
    let memories = of(client, item).await?;
    match json {
        true => memories.iter().try_for_each(|own| out.json(own))?,
        false => waiting(&memories, &Default::default(), out)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Keeps or rejects all that an item is about.
pub(super) async fn answer(
    client: &Client,
    item: &Item,
    (verdict, words): (Verdict, Option<String>),
    json: bool,
    out: &mut Out,
) -> anyhow::Result<ExitCode> {
    if item.kind != Kind::Memory {
        let told = format!("`{}` is nothing to remember", glance(&item.title, 80));
        let hint = "a question takes words or --choice: smartopol inbox answer ID";
        return Err(Fault::new(Code::BadRequest, told).hint(hint).into());
    }
    if matches!(item.state, ItemState::Resolved { .. }) {
        let told = format!("`{}` waits no longer", glance(&item.title, 80));
        let hint = "see what waits: smartopol inbox";
        return Err(Fault::new(Code::NotFound, told).hint(hint).into());
    }
    let memories = of(client, item).await?;
    let many = memories.len() > 1;
    if many && words.is_some() {
        let told = format!("these words cannot count for {} things", memories.len());
        let hint = "change one: smartopol memory approve ID TEXT";
        return Err(Fault::new(Code::BadRequest, told).hint(hint).into());
    }
    let tainted = memories.iter().find(|own| !own.taint.is_empty());
    if let (true, Verdict::Approve, Some(own)) = (many, verdict, tainted) {
        let told = "some of them came of untrusted text, and those are kept one by one";
        let hint = format!("read them, then: smartopol memory approve {}", own.id);
        return Err(Fault::new(Code::Conflict, told).hint(hint).into());
    }
    for own in memories {
        let decide = Decide {
            key: own.id.to_string(),
            verdict,
            text: words.clone(),
        };
        let decided = client.call(decide).await?;
        match (json, verdict) {
            (true, _) => out.json(&decided)?,
            (false, Verdict::Approve) => out.line(format!("kept: {}", decided.text))?,
            (false, Verdict::Reject) => out.line(format!("rejected: {}", own.text))?,
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns what of it waits still.
async fn of(client: &Client, item: &Item) -> anyhow::Result<Vec<Memory>> {
    let mut memories = Vec::with_capacity(item.memory_ids.len());
    for id in &item.memory_ids {
        let show = Show {
            key: id.to_string(),
            of: item
                .user_id
                .map_or(Whose::Own, |id| Whose::User(id.to_string())),
        };
        let shown = client.call(show).await?;
        if shown.memory.state == State::Pending {
            memories.push(shown.memory);
        }
    }
    Ok(memories)
}
