//! That memories wait for a person, in the list of what waits.
//!
//! Owns: one item for all of a user's, however many there are, since a person bears one better than
//! twenty; it is resolved when the last of them is decided. It holds no words of theirs: those can
//! be forgotten, and an item is a fact.

use smartopol_protocol::attention::{Item, ItemState, Kind, Priority, Resolution};
use smartopol_protocol::memory::{By, Memory, State};
use smartopol_protocol::{Timestamp, UserId};

use crate::attention::plain;
use crate::{Result, Writer};

/// How many memories an item names.
const NAMED: u32 = 20;

/// How a memory stopped waiting.
pub(super) struct Settled<'a> {
    pub(super) how: Resolution,
    pub(super) by: &'a str,
    pub(super) at: Timestamp,
}

/// Returns the subject of a user's item.
pub(crate) fn of_memories(user: UserId) -> String {
    format!("memories of {user}")
}

impl Writer<'_> {
    /// One more waits: a person is told, but for one who put the others off.
    pub(super) fn wait_for_person(&mut self, memory: &Memory) -> Result<()> {
        let subject = of_memories(memory.user_id);
        let Some(item) = self.waiting_item(memory.user_id, memory.created_at)? else {
            return Ok(());
        };
        let waiting = self.attended(&subject)?;
        match waiting.map(|own| own.state) {
            Some(ItemState::Snoozed { .. }) => self.reword_attention(&subject, item).map(drop),
            _ => self.attend(&subject, item),
        }
    }

    /// Fewer wait: the item says so, or is resolved with the last of them.
    pub(super) fn wait_no_longer(&mut self, user: UserId, settled: &Settled<'_>) -> Result<()> {
        let subject = of_memories(user);
        match self.waiting_item(user, settled.at)? {
            Some(item) => self.reword_attention(&subject, item).map(drop),
            None => self.settle_attention(&subject, settled.how, settled.by, settled.at),
        }
    }

    /// Returns what is said of all that waits of a user; `None` where nothing does.
    fn waiting_item(&self, user: UserId, at: Timestamp) -> Result<Option<Item>> {
        let Some(owner) = self.owner(user)? else {
            return Ok(None);
        };
        let count: u64 = self
            .prepare("SELECT count(*) FROM memories WHERE owner = ?1 AND state = 'pending'")?
            .query_row([owner], |row| row.get(0))?;
        let first = self.memories_where(
            "WHERE m.owner = ?1 AND m.state = 'pending' ORDER BY m.number LIMIT ?2",
            (owner, NAMED),
        )?;
        let title = match count {
            0 => return Ok(None),
            1 => "something to remember waits for your word".to_owned(),
            count => format!("{count} things to remember wait for your word"),
        };
        let item = plain(Kind::Memory, Priority::Low, title, reasons(&first), at);
        Ok(Some(Item {
            memory_ids: first.iter().map(|memory| memory.id).collect(),
            user_id: Some(user),
            ..item
        }))
    }
}

/// Says why they wait.
fn reasons(memories: &[Memory]) -> String {
    let mut reasons: Vec<&str> = Vec::new();
    for memory in memories {
        let taint = memory.taint.iter().map(|taint| taint.kind.words());
        let folded =
            (memory.source.by == By::Extraction).then_some("found when messages were folded");
        for why in taint.chain(folded) {
            if !reasons.contains(&why) {
                reasons.push(why);
            }
        }
    }
    reasons.join(", ")
}

/// Returns true for a memory that waits.
pub(super) const fn waits(memory: &Memory) -> bool {
    matches!(memory.state, State::Pending)
}
