//! `sessions search`: where a text stands in a session, and what was said in all of them.

use std::process::ExitCode;

use smartopol_ipc::Client;
use smartopol_protocol::message::{Hit, Role, Search};
use smartopol_protocol::{SessionId, session};

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

/// Returns the newest messages of all own sessions that hold all of these words.
pub(super) async fn everywhere(
    client: &Client,
    text: &str,
    most: u32,
) -> anyhow::Result<session::Found> {
    let wanted = usize::try_from(most.max(1)).unwrap_or(usize::MAX);
    let mut all = session::Found::default();
    loop {
        let found = client
            .call(session::Search {
                text: text.to_owned(),
                typing: false,
                before: all.next,
                limit: u32::try_from(wanted - all.hits.len()).unwrap_or(u32::MAX),
            })
            .await?;
        all.hits.extend(found.hits);
        (all.next, all.behind) = (found.next, found.behind);
        if all.next.is_none() || all.hits.len() >= wanted {
            return Ok(all);
        }
    }
}

/// Prints them; nothing found is exit code 1.
pub(super) fn print_everywhere(
    found: &session::Found,
    text: &str,
    json: bool,
    out: &mut Out,
) -> anyhow::Result<ExitCode> {
    let code = match found.hits.is_empty() {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    };
    if json {
        found.hits.iter().try_for_each(|hit| out.json(hit))?;
        return Ok(code);
    }
    let rows: Vec<_> = found
        .hits
        .iter()
        .map(|hit| {
            let archived = if hit.archived { " (archived)" } else { "" };
            vec![
                cell(format!("{}{archived}", hit.session)),
                cell(hit.position.to_string()),
                cell(who(hit.role)),
                toned(time::local(hit.created_at), Tone::Quiet),
                cell(&hit.line),
            ]
        })
        .collect();
    let empty = format!("nothing in your sessions says `{text}`");
    let heads = ["session", "message", "who", "when", "line"];
    table::print(out, &heads, &rows, &empty)?;
    if found.next.is_some() {
        out.line("there are older ones: ask for more of them with -n")?;
    }
    if found.behind > 0 {
        let told = format!(
            "{} older messages are still being made ready to be found",
            found.behind
        );
        out.line(told)?;
    }
    Ok(code)
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
