//! A session written out: what `session/export` gives piece by piece, and a file of it holds whole.

use std::collections::HashSet;
use std::hash::Hash;

use serde::{Deserialize, Serialize};

use super::Session;
use crate::approval::Approval;
use crate::compaction::{Compaction, Pin};
use crate::message::Message;
use crate::tool::ToolCall;
use crate::turn::Turn;
use crate::{SessionId, Timestamp};

/// The version of [`Exported`] that this program writes. What is only added raises no version.
pub const EXPORT_VERSION: u32 = 1;

/// `session/export`: a piece of a session as it is written out, without secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Export {
    /// The session.
    pub id: SessionId,
    /// The position after which the piece begins: 0 for the first, then what `next` says.
    #[serde(default)]
    pub after: u64,
    /// At most so many messages; 0 means 200, and 1,000 is the most.
    #[serde(default)]
    pub limit: u32,
}

/// A session written out: the reply to `session/export`, and with all pieces joined the whole of a
/// JSON file.
///
/// Secrets are taken out as they are of traces, so a text may say `[REDACTED]` where the session
/// itself says more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exported {
    /// The version of this form: [`EXPORT_VERSION`].
    pub version: u32,
    /// When it was written.
    pub exported_at: Timestamp,
    /// The session's key.
    pub key: String,
    /// The session.
    pub session: Session,
    /// The transcript, oldest first and without a hole, as `session/show` gives it; messages that
    /// wait for their turn last.
    pub messages: Vec<Message>,
    /// The turns that these messages belong to.
    pub turns: Vec<Turn>,
    /// The tool calls that these messages make, each with its output.
    pub calls: Vec<ToolCall>,
    /// The approvals that these calls waited for, with who answered.
    #[serde(default)]
    pub approvals: Vec<Approval>,
    /// What was folded for the model, oldest first; in the first piece.
    #[serde(default)]
    pub compactions: Vec<Compaction>,
    /// What is pinned, oldest first; in the first piece.
    #[serde(default)]
    pub pins: Vec<Pin>,
    /// How many secrets were taken out.
    #[serde(default)]
    pub redacted: u64,
    /// Where the next piece begins: ask again with it as `after`. Absent in the last piece, and in
    /// a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

impl Exported {
    /// Takes the piece that follows. Two pieces may share a turn and its approvals: the later
    /// piece's are newer.
    pub fn join(&mut self, piece: Self) {
        self.messages.extend(piece.messages);
        replace(&mut self.turns, piece.turns, |turn| turn.id);
        replace(&mut self.calls, piece.calls, |call| call.id);
        replace(&mut self.approvals, piece.approvals, |own| own.id);
        self.session = piece.session;
        self.exported_at = piece.exported_at;
        self.redacted += piece.redacted;
        self.next = piece.next;
    }
}

fn replace<T, I: Eq + Hash>(all: &mut Vec<T>, newer: Vec<T>, id: impl Fn(&T) -> I) {
    let again: HashSet<I> = newer.iter().map(&id).collect();
    all.retain(|own| !again.contains(&id(own)));
    all.extend(newer);
}
