//! What waits to be remembered, answered in the list of what waits.
//!
//! Owns: that nothing is kept that was not read here. More than one thing is kept in one go only
//! where none of them came of untrusted text.

use smartopol_protocol::attention::{Item, Kind};
use smartopol_protocol::memory::{Decide, Memory, State, Verdict};
use smartopol_protocol::{AttentionId, MemoryId, UserId};

use super::gate::Surface;
use super::keymap::Action;
use super::{App, Call, LinkState};
use crate::model::CardId;
use crate::overlay::{Asked, Overlay, Purpose};
use crate::sanitize;

/// What an item is about, as the daemon said it.
#[derive(Debug)]
pub(crate) struct Waiting {
    item: AttentionId,
    ids: Vec<MemoryId>,
    /// `None` while the daemon is asked.
    memories: Option<Vec<Memory>>,
}

impl App {
    /// Asks what the selected item is about, where it is something to remember.
    pub(super) fn settle_waiting(&mut self) {
        let selected = self.inbox.selected;
        let item = selected.and_then(|id| self.model.attention.get(id));
        let Some(item) = item.filter(|item| item.kind == Kind::Memory) else {
            self.inbox.waiting = None;
            return;
        };
        let known = self.inbox.waiting.as_ref();
        let same = known.is_some_and(|own| own.item == item.id && own.ids == item.memory_ids);
        if same || self.link != LinkState::Connected {
            return;
        }
        let (ids, user) = (item.memory_ids.clone(), item.user_id);
        self.inbox.waiting = Some(Waiting {
            item: item.id,
            ids: ids.clone(),
            memories: None,
        });
        self.ask(Call::Waiting { ids, user });
    }

    pub(super) fn waiting_shown(&mut self, ids: &[MemoryId], mut memories: Vec<Memory>) {
        if let Some(own) = self.inbox.waiting.as_mut().filter(|own| own.ids == ids) {
            memories.retain(|memory| memory.state == State::Pending);
            own.memories = Some(memories);
        }
    }

    /// Returns what an item is about; `None` where that is not known yet.
    pub(crate) fn waiting_of(&self, item: &Item) -> Option<&[Memory]> {
        let own = self.inbox.waiting.as_ref();
        let own = own.filter(|own| own.item == item.id && own.ids == item.memory_ids);
        own?.memories.as_deref()
    }

    /// Returns true where an item is about more than one thing, and some came of untrusted text.
    pub(crate) fn is_kept_one_by_one(&self, item: &Item) -> bool {
        let tainted = |own: &Memory| !own.taint.is_empty();
        let waiting = self.waiting_of(item);
        waiting.is_some_and(|own| own.len() > 1 && own.iter().any(tainted))
    }

    /// Returns the card of the selected item, where it is one to answer here.
    pub(super) fn selected_card(&self) -> Option<CardId> {
        let item = self.inbox.selected;
        let item = item.and_then(|id| self.model.attention.get(id))?;
        match item.kind {
            Kind::Question => item.question_id.map(CardId::Question),
            Kind::Memory => self.waiting_of(item).map(|_| card_of(item)),
            _ => None,
        }
    }

    /// Keeps or rejects what the selected item is about, or asks for other words.
    pub(super) fn decide_in_inbox(&mut self, item: &Item, action: Action) {
        let Some(memories) = self.waiting_of(item) else {
            return self.say("one moment: the daemon is asked what it is");
        };
        let keys: Vec<String> = memories.iter().map(|own| own.id.to_string()).collect();
        let one = match memories {
            [one] => Some((one.id, sanitize::line(&one.text).into_owned())),
            _ => None,
        };
        if !self
            .gate
            .takes((card_of(item), Surface::Inbox), self.now.ms)
        {
            return self.say("one moment: it has only just appeared");
        }
        let verdict = match (action, one) {
            (Action::EditMemory, Some((id, text))) => {
                if self.connected_to_change() {
                    let asked = Asked::new(Purpose::KeepMemory(id), text);
                    self.overlays.push(Overlay::Line(asked));
                }
                return;
            }
            (Action::EditMemory, None) => {
                return self.say("enter goes there, to change them one by one");
            }
            (Action::Reject, _) => Verdict::Reject,
            (_, None) if self.is_kept_one_by_one(item) => {
                return self.say("some came of untrusted text: enter goes there, one by one");
            }
            _ => Verdict::Approve,
        };
        for key in keys {
            let text = None;
            self.change(Call::DecideMemory(Decide { key, verdict, text }));
        }
    }

    /// Goes to the shelf of what waits, of the user that an item is about.
    pub(super) fn go_to_waiting(&mut self, user: Option<UserId>) {
        self.go_to_memory();
        self.show_memories_of(user);
        self.show_shelf(super::memories::Shelf::Pending);
    }
}

const fn card_of(item: &Item) -> CardId {
    CardId::Memories(item.id, item.told)
}
