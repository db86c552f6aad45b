//! A house that is only played: facts as a daemon would tell them, without a daemon.
//!
//! Owns all that is kept of it in memory, its clock and its sessions; every change is an event.
//! Used by the fake daemon, by the measurements and by the tests.

#![allow(
    dead_code,
    unused_imports,
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing
)]

pub mod answers;
mod attention;
pub mod calls;
pub mod conversation;
pub mod jobs;
pub mod morning;
pub mod questions;
pub mod terminals;

pub use answers::{providers, status};
pub use calls::{command, editing, reading, rule};
pub use conversation::{text, thought};
pub use morning::{asks, morning};
use smartopol_protocol::approval::{Approval, Danger};
use smartopol_protocol::attention::Item;
use smartopol_protocol::message::Message;
use smartopol_protocol::model::Usage;
use smartopol_protocol::question::Question;
use smartopol_protocol::session::{Partial, Session, SessionState};
use smartopol_protocol::tool::ToolCall;
use smartopol_protocol::trace::Trace;
use smartopol_protocol::turn::Turn;
use smartopol_protocol::*;

/// When the house was made: 2026-11-21T09:00:00Z.
pub const BEGAN: Timestamp = Timestamp::from_millis(1_795_251_600_000);

#[derive(Default)]
pub struct House {
    pub now: i64,
    ids: u8,
    many: u32,
    seq: u64,
    pub sessions: Vec<Session>,
    pub messages: Vec<Message>,
    pub turns: Vec<Turn>,
    pub calls: Vec<ToolCall>,
    pub approvals: Vec<Approval>,
    pub questions: Vec<Question>,
    pub traces: Vec<Trace>,
    pub marked: Vec<TraceId>,
    /// What waits for a person, what was resolved included.
    pub attention: Vec<Item>,
    pub jobs: Vec<job::Job>,
    pub terminals: Vec<terminal::Shown>,
    danger: Option<Danger>,
    pub partial: Option<(SessionId, Partial)>,
    /// What happened since it was last asked.
    pub events: Vec<Event>,
}

impl House {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn at(&self) -> Timestamp {
        BEGAN.plus_millis(self.now)
    }

    pub fn wait(&mut self, ms: i64) {
        self.now += ms;
    }

    pub(crate) fn bytes(&mut self) -> [u8; 16] {
        self.many += 1;
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&self.many.to_be_bytes());
        bytes[15] = self.ids;
        bytes
    }

    pub fn take(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    pub fn fact(&mut self, session_id: SessionId, news: News) {
        self.seq += 1;
        let event = Event {
            seq: Some(self.seq),
            at: self.at(),
            session_id: Some(session_id),
            news,
        };
        self.events.push(event);
    }

    /// Something happened that is of no session.
    pub fn happened(&mut self, news: News) {
        self.seq += 1;
        let event = Event {
            seq: Some(self.seq),
            at: self.at(),
            session_id: None,
            news,
        };
        self.events.push(event);
    }

    fn passing(&mut self, session_id: SessionId, news: News) {
        let event = Event {
            seq: None,
            at: self.at(),
            session_id: Some(session_id),
            news,
        };
        self.events.push(event);
    }

    pub fn session(&mut self, name: &str, workspace: &str) -> SessionId {
        let id = SessionId::from_bytes(self.bytes());
        let session = Session {
            user_id: None,
            id,
            name: name.into(),
            workspace: workspace.into(),
            mode: None,
            model: None,
            state: SessionState::Idle { last: None },
            waiting: 0,
            messages: 0,
            last_line: String::new(),
            usage: Usage::default(),
            created_at: self.at(),
            archived_at: None,
            updated_at: self.at(),
        };
        self.sessions.push(session.clone());
        self.fact(id, News::SessionChanged(Box::new(session)));
        id
    }

    pub fn change(&mut self, id: SessionId, change: impl FnOnce(&mut Session)) {
        let at = self.at();
        let session = self.sessions.iter_mut().find(|own| own.id == id).unwrap();
        session.updated_at = at;
        change(session);
        let session = session.clone();
        self.fact(id, News::SessionChanged(Box::new(session)));
    }
}
