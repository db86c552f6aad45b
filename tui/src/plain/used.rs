//! `sessions turns`: what each turn of a session carried, used and cost.

use smartopol_ipc::Client;
use smartopol_protocol::session::Show;
use smartopol_protocol::turn::{Turn, TurnState};

use super::link::find;
use super::out::{Out, Tone};
use super::sessions::{PAGE, ended};
use super::table::{self, cell, toned};
use super::time::local;
use crate::widget::time::{count, dollars, millis};

/// Prints the newest turns of a session, the oldest of them first.
pub(super) async fn run(
    client: &Client,
    key: Option<&str>,
    (most, json): (usize, bool),
    out: &mut Out,
) -> anyhow::Result<()> {
    let id = find(client, key).await?.id;
    let turns = newest(client, id, most).await?;
    if json {
        return Ok(turns.iter().try_for_each(|turn| out.json(turn))?);
    }
    let rows: Vec<_> = turns.iter().map(row).collect();
    let heads = [
        "began", "took", "model", "for all", "yours", "times", "said", "cached", "new", "out",
        "cost", "end",
    ];
    table::print(out, &heads, &rows, "no turns yet")?;
    Ok(())
}

/// Reads pages of the transcript until so many turns are known.
async fn newest(
    client: &Client,
    id: smartopol_protocol::SessionId,
    most: usize,
) -> anyhow::Result<Vec<Turn>> {
    let mut turns: Vec<Turn> = Vec::new();
    let mut show = Show::newest(id, PAGE);
    loop {
        let shown = client.call(show).await?;
        let known = |own: &Turn, turns: &[Turn]| turns.iter().any(|turn| turn.id == own.id);
        for turn in shown.turns {
            if !known(&turn, &turns) {
                turns.push(turn);
            }
        }
        let first = shown.messages.iter().find_map(|own| own.position);
        match first {
            Some(first) if shown.more && turns.len() < most => {
                show = Show::before(id, first, PAGE);
            }
            _ => break,
        }
    }
    turns.sort_by_key(|turn| (turn.started_at, turn.id));
    let over = turns.len().saturating_sub(most);
    turns.drain(..over);
    Ok(turns)
}

fn row(turn: &Turn) -> Vec<table::Cell> {
    let (carried, usage) = (turn.carried, turn.usage);
    let took = turn.finished_at.map(|at| at.millis_since(turn.started_at));
    let (end, tone) = match &turn.state {
        TurnState::Running => ("runs".to_owned(), Tone::Good),
        TurnState::Waiting => ("waits".to_owned(), Tone::Waits),
        TurnState::Finished { outcome } => ended(outcome),
    };
    let cost = match usage.cost_micros {
        Some(micros) => dollars(micros),
        None => "-".to_owned(),
    };
    vec![
        toned(local(turn.started_at), Tone::Quiet),
        cell(took.map_or_else(|| "-".to_owned(), millis)),
        cell(format!("{}/{}", turn.provider, turn.model)),
        cell(count(carried.fixed)),
        cell(count(carried.person)),
        cell(count(carried.volatile)),
        cell(count(carried.transcript)),
        cell(count(usage.cache_read)),
        cell(count(usage.input.saturating_sub(usage.cache_read))),
        cell(count(usage.output)),
        cell(cost),
        toned(end, tone),
    ]
}
