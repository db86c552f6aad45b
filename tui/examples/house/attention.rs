//! What waits for a person in a played house, and no longer waits.

use smartopol_protocol::attention::{self, Item, ItemState, Kind, Priority, Resolution};
use smartopol_protocol::*;

use super::House;

impl House {
    /// Returns something that may wait for a person, about nothing yet.
    pub fn item(&mut self, kind: Kind, priority: Priority, title: &str) -> Item {
        Item {
            id: AttentionId::from_bytes(self.bytes()),
            kind,
            priority,
            title: title.into(),
            detail: String::new(),
            session_id: None,
            turn_id: None,
            approval_id: None,
            question_id: None,
            memory_ids: Vec::new(),
            user_id: None,
            terminal_id: None,
            job_id: None,
            peer: None,
            at: self.at(),
            due_at: None,
            deadline: None,
            told: 1,
            places: vec![attention::Place::Inbox],
            state: ItemState::Open,
        }
    }

    /// Something waits for a person.
    pub fn waits(&mut self, item: Item) -> AttentionId {
        let id = item.id;
        self.attention.push(item.clone());
        self.happened(News::AttentionChanged(Box::new(item)));
        id
    }

    /// Something waits no longer.
    pub fn resolve(&mut self, of: impl Fn(&Item) -> bool, how: Resolution) {
        let at = self.at();
        let by = "cli:1000".to_owned();
        let state = ItemState::Resolved { how, by, at };
        let Some(item) = self.attention.iter_mut().find(|item| of(item)) else {
            return;
        };
        item.state = state;
        let item = item.clone();
        self.happened(News::AttentionChanged(Box::new(item)));
    }

    pub(super) fn open(&self) -> Vec<Item> {
        let open = |item: &&Item| item.state == ItemState::Open;
        self.attention.iter().filter(open).cloned().collect()
    }
}
