//! How each session is looked at, and which one is.
//!
//! Owns what a person wrote, folded, picked and scrolled to in a session. What is said there belongs
//! to the model.

use std::collections::HashMap;

use smartopol_protocol::message::Send;
use smartopol_protocol::{CallId, MessageId, SessionId};

use super::{App, Call, Focus, Jump, Searching, Seek};
use crate::widget::composer::{Composer, Kept};
use crate::widget::transcript::Scroll;

/// Something foldable in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fold {
    Call(CallId),
    /// A part of a change, by its number.
    Hunk(CallId, usize),
    Thought(MessageId, usize),
}

/// Something in a conversation that can be picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Piece {
    /// The message at this position.
    Message(u64),
    /// A block of code in it, counted from 0.
    Code(u64, usize),
    /// A tool call.
    Call(CallId),
}

/// How one session is looked at.
#[derive(Debug, Default)]
pub(crate) struct View {
    pub(crate) composer: Composer,
    pub(crate) scroll: Scroll,
    /// What a person opened or folded, against what it would be by itself.
    pub(crate) folds: HashMap<Fold, bool>,
    /// What all foldable things are, where a person said so.
    pub(crate) all: Option<bool>,
    pub(crate) selected: Option<Fold>,
    /// What was sent and not yet heard back.
    pub(crate) outbox: Vec<Send>,
    /// True while messages that join the window are on their way.
    pub(crate) fetching: bool,
    /// Where a person wants to be, while the messages there are on their way.
    pub(crate) jump: Option<Jump>,
    /// What the next layout brings into sight.
    pub(crate) seek: Option<Seek>,
    pub(crate) search: Option<Searching>,
    /// The waiting message that is being changed in the composer.
    pub(crate) editing: Option<MessageId>,
    /// The draft from before that.
    pub(crate) aside: Kept,
    /// What is picked; with it, the keys act on pieces.
    pub(crate) picked: Option<Piece>,
}

impl App {
    pub(crate) fn view(&self) -> Option<&View> {
        self.current.and_then(|id| self.views.get(&id))
    }

    pub(crate) fn view_mut(&mut self) -> Option<&mut View> {
        self.current.map(|id| self.views.entry(id).or_default())
    }

    /// Shows a session.
    pub(crate) fn open(&mut self, id: SessionId) {
        if self.current != Some(id) {
            self.current = Some(id);
            if self.focus == Focus::Card {
                self.focus = Focus::Composer;
            }
        }
        self.session_at = Some(id);
        if !self.views.contains_key(&id) {
            let mut view = View::default();
            // What was written here before the console ended, or in another one.
            if let Some(kept) = self.kept.get(&id) {
                view.composer.restore(kept.clone());
            }
            self.views.insert(id, view);
        }
        self.fetch(id);
    }

    /// Shows the session used last, where there is one.
    pub(super) fn open_newest(&mut self) {
        let newest = self.sessions_listed().next().map(|session| session.id);
        if let Some(id) = newest {
            self.open(id);
        }
    }

    /// Asks for all that a session shows.
    pub(super) fn fetch(&mut self, id: SessionId) {
        // Watching first: what is said from then on is heard, and `session/show` has what was before.
        self.ask(Call::Watch(id));
        self.ask(Call::Show(id));
        self.ask(Call::Approvals(id));
    }
}
