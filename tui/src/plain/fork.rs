//! `sessions fork`: a session with the beginning of another one's transcript.

use serde::Serialize;
use smartopol_ipc::Client;
use smartopol_protocol::session::{Fork, Forked};

use super::link::find;
use super::out::Out;

#[derive(Serialize)]
struct Told<'a> {
    of: &'a str,
    #[serde(flatten)]
    forked: &'a Forked,
}

pub(super) async fn run(
    client: &Client,
    key: &str,
    (at, name): (Option<u64>, Option<String>),
    json: bool,
    out: &mut Out,
) -> anyhow::Result<()> {
    let session = find(client, Some(key)).await?;
    let id = session.id;
    let forked = client.call(Fork { id, at, name }).await?;
    if json {
        let of = session.name.as_str();
        return Ok(out.json(&Told {
            of,
            forked: &forked,
        })?);
    }
    out.line(format!(
        "`{}` has the first {} messages of `{}`",
        forked.session.name, forked.at, session.name
    ))?;
    if !forked.note.is_empty() {
        out.line(&forked.note)?;
    }
    Ok(())
}
