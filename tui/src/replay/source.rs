//! Where a recording comes from: the daemon's store, or a file that `sessions export` wrote.
//!
//! Owns reading pieces of it. The daemon is asked as one who only looks, so that nothing can change.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use smartopol_config::Paths;
use smartopol_ipc::{Access, Address, Client, Error};
use smartopol_protocol::session::{EXPORT_VERSION, Export, Exported, Find, Show, Shown};
use smartopol_protocol::{Code, Fault, SessionId};

use super::reel::PIECE;
use crate::app::Reply;

/// What a replay calls itself to the daemon.
const NAME: &str = "smartopol-replay";

/// Where a recording comes from.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// The daemon's store.
    Daemon(Client, SessionId),
    /// A file, read whole: its messages are in order and have their places.
    File(Arc<Exported>),
}

/// Returns true for what is a file and no name of a session.
pub(super) fn is_file(what: &str) -> bool {
    what.contains('/') || what.ends_with(".json")
}

impl Source {
    /// Opens a recording; returns it with the position of its newest message.
    pub(super) async fn open(what: Option<&str>, paths: &Paths) -> anyhow::Result<(Self, u64)> {
        match what {
            Some(file) if is_file(file) => Self::file(Path::new(file)),
            key => Ok(Self::stored(key, paths).await?),
        }
    }

    async fn stored(key: Option<&str>, paths: &Paths) -> Result<(Self, u64), Error> {
        let address = Address::new(paths.socket());
        let (client, _) = Client::connect(&address, NAME, Access::Observe).await?;
        let workspace = match key {
            Some(_) => None,
            None => Some(crate::plain::folder()?),
        };
        let find = Find {
            key: key.map(str::to_owned),
            workspace,
        };
        let id = client.call(find).await?.id;
        let shown = client.call(Show::newest(id, 1)).await?;
        Ok((Self::Daemon(client, id), shown.last))
    }

    fn file(path: &Path) -> anyhow::Result<(Self, u64)> {
        let name = path.display();
        let text = std::fs::read(path).with_context(|| format!("{name} cannot be read"))?;
        let read = serde_json::from_slice::<Exported>(&text);
        let mut recording = match read {
            Ok(recording) => recording,
            // A later version may say more than this program can read: that is what is wrong then.
            Err(err) => match version(&text) {
                Some(version) if version > EXPORT_VERSION => bail!(later(&name, version)),
                _ => {
                    let why = "is no export of a session: write one with `smartopol sessions \
                               export KEY -o FILE.json`";
                    return Err(err).with_context(|| format!("{name} {why}"));
                }
            },
        };
        if recording.version > EXPORT_VERSION {
            bail!(later(&name, recording.version));
        }
        // What waited for its turn has no place in what happened.
        recording.messages.retain(|own| own.position.is_some());
        recording.messages.sort_by_key(|own| own.position);
        let places = recording.messages.iter().filter_map(|own| own.position);
        let first = places.clone().next().unwrap_or(1);
        if let Some((hole, _)) = (first..).zip(places).find(|(want, own)| want != own) {
            bail!("{name} lacks message {hole}: export the session again");
        }
        let last = recording.messages.last().and_then(|own| own.position);
        Ok((Self::File(Arc::new(recording)), last.unwrap_or(0)))
    }

    /// Returns a piece of the recording.
    pub(crate) async fn piece(&self, after: u64, limit: u32) -> Result<Exported, Error> {
        match self {
            Self::Daemon(client, id) => {
                let export = Export {
                    id: *id,
                    after,
                    limit,
                };
                client.call(export).await
            }
            Self::File(whole) => Ok(Self::cut(whole, after, limit)),
        }
    }

    /// Answers the questions of a console that replays; all others are refused.
    pub(crate) async fn answer(&self, call: &crate::app::Call) -> Result<Reply, Error> {
        use crate::app::Call;
        match call {
            Call::Piece(after) => {
                let piece = self.piece(*after, PIECE).await?;
                Ok(Reply::Piece(Box::new(piece)))
            }
            Call::Page {
                page: crate::model::Page::Older,
                at,
                ..
            } => {
                let after = at.saturating_sub(u64::from(PIECE) + 1);
                let piece = self.piece(after, PIECE).await?;
                Ok(Reply::Shown(Box::new(Self::page(piece, after, *at))))
            }
            _ => {
                let fault = Fault::new(Code::Denied, "this is a replay: nothing is asked");
                Err(Error::Fault(
                    fault.hint("open the session: smartopol tui --session KEY"),
                ))
            }
        }
    }
}

fn later(name: &impl std::fmt::Display, version: u32) -> String {
    format!(
        "{name} is an export of version {version}, this program reads {EXPORT_VERSION}: update it"
    )
}

fn version(text: &[u8]) -> Option<u32> {
    let value: serde_json::Value = serde_json::from_slice(text).ok()?;
    u32::try_from(value.get("version")?.as_u64()?).ok()
}

impl Source {
    /// Returns the messages of a piece before a position, as a page of the transcript.
    pub(crate) fn page(piece: Exported, after: u64, before: u64) -> Shown {
        let mut messages = piece.messages;
        messages.retain(|own| own.position.is_some_and(|at| at < before));
        Shown {
            as_of: 0,
            session: piece.session,
            last: before.saturating_sub(1),
            more: after > 0,
            turns: piece.turns,
            calls: piece.calls,
            messages,
            partial: None,
        }
    }

    /// Returns a piece of a whole recording, with what belongs to its messages.
    pub(crate) fn cut(whole: &Exported, after: u64, limit: u32) -> Exported {
        let from = whole
            .messages
            .partition_point(|own| own.position <= Some(after));
        let rest = whole.messages.get(from..).unwrap_or_default();
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let messages = rest
            .get(..limit.min(rest.len()))
            .unwrap_or_default()
            .to_vec();
        let calls: std::collections::HashSet<_> = messages
            .iter()
            .flat_map(smartopol_protocol::message::Message::calls)
            .collect();
        let turns: std::collections::HashSet<_> =
            messages.iter().filter_map(|own| own.turn_id).collect();
        let next = messages.last().filter(|_| rest.len() > messages.len());
        Exported {
            next: next.and_then(|own| own.position),
            turns: whole
                .turns
                .iter()
                .filter(|own| turns.contains(&own.id))
                .cloned()
                .collect(),
            calls: whole
                .calls
                .iter()
                .filter(|own| calls.contains(&own.id))
                .cloned()
                .collect(),
            approvals: whole
                .approvals
                .iter()
                .filter(|own| calls.contains(&own.call_id))
                .cloned()
                .collect(),
            messages,
            version: whole.version,
            exported_at: whole.exported_at,
            key: whole.key.clone(),
            session: whole.session.clone(),
            compactions: Vec::new(),
            pins: Vec::new(),
            redacted: 0,
        }
    }
}
