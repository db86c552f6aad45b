//! `sessions search`: where a text stands in a session.

use std::process::ExitCode;

use smartopol_ipc::Client;
use smartopol_protocol::SessionId;
use smartopol_protocol::message::{Hit, Role, Search};

use super::out::{Out, Tone};
use super::table::{self, cell, toned};
use super::time;

/// Returns the newest messages that hold a text, however long the session is.
pub(super) async fn all(
    client: &Client,
    session_id: SessionId,
    text: &str,
    most: u32,
) -> anyhow::Result<Vec<Hit>> {
    let wanted = usize::try_from(most.max(1)).unwrap_or(usize::MAX);
    let mut hits: Vec<Hit> = Vec::new();
    let mut before = None;
    while hits.len() < wanted {
        let limit = u32::try_from(wanted - hits.len()).unwrap_or(u32::MAX);
        let found = client
            .call(Search {
                session_id,
                text: text.to_owned(),
                before,
                after: None,
                limit,
            })
            .await?;
        hits.extend(found.hits);
        before = found.next;
        if before.is_none() {
            break;
        }
    }
    Ok(hits)
}

/// Prints them; nothing found is exit code 1, as with `grep`.
pub(super) fn print(
    hits: &[Hit],
    text: &str,
    json: bool,
    out: &mut Out,
) -> anyhow::Result<ExitCode> {
    let code = if hits.is_empty() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    };
    if json {
        hits.iter().try_for_each(|hit| out.json(hit))?;
        return Ok(code);
    }
    let rows: Vec<_> = hits
        .iter()
        .map(|hit| {
            vec![
                cell(hit.position.to_string()),
                cell(who(hit.role)),
                toned(time::local(hit.created_at), Tone::Quiet),
                cell(&hit.line),
            ]
        })
        .collect();
    let empty = format!("`{text}` is nowhere in this session");
    table::print(out, &["message", "who", "when", "line"], &rows, &empty)?;
    Ok(code)
}

const fn who(role: Role) -> &'static str {
    match role {
        Role::User => "user",
        Role::Agent => "agent",
        Role::Tool => "tools",
        Role::System => "smartopol",
    }
}
