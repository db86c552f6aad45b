//! What waits for a person, as the daemon ranks it.

use smartopol_protocol::attention::{Item, ItemState, Kind};
use smartopol_protocol::{AttentionId, Timestamp};

/// What waits for a person.
#[derive(Debug, Default)]
pub(crate) struct Attention {
    /// Open ones alone, what matters most first.
    items: Vec<Item>,
}

/// What an item that was told is to those known before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// A person should hear of it now.
    Calls,
    /// It changes nothing that a person must hear of.
    Quietly,
}

impl Attention {
    pub(crate) fn replace(&mut self, items: Vec<Item>) {
        self.items = items;
        self.items.retain(|item| item.state == ItemState::Open);
        self.sort();
    }

    /// Takes an item as a fact or a reply tells it.
    pub(crate) fn put(&mut self, item: Item) -> Heard {
        let known = self.items.iter().position(|own| own.id == item.id);
        if item.state != ItemState::Open {
            if let Some(at) = known {
                self.items.remove(at);
            }
            return Heard::Quietly;
        }
        let heard = match known.and_then(|at| self.items.get_mut(at)) {
            Some(own) => {
                let again = item.told > own.told;
                *own = item;
                if again { Heard::Calls } else { Heard::Quietly }
            }
            None => {
                self.items.push(item);
                Heard::Calls
            }
        };
        self.sort();
        heard
    }

    fn sort(&mut self) {
        // As the store ranks them; ids begin with the time.
        let last = Timestamp::from_millis(i64::MAX);
        self.items.sort_by(|a, b| {
            let rank = |item: &Item| (item.deadline.unwrap_or(last), item.id);
            b.priority.cmp(&a.priority).then(rank(a).cmp(&rank(b)))
        });
    }

    /// Returns what waits, what matters most first.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &Item> + DoubleEndedIterator {
        self.items.iter()
    }

    pub(crate) fn get(&self, id: AttentionId) -> Option<&Item> {
        self.items.iter().find(|item| item.id == id)
    }
}

/// Returns true for what is resolved by an answer alone.
pub(crate) const fn asks(kind: Kind) -> bool {
    matches!(kind, Kind::Approval | Kind::Question)
}

/// Returns what sort of thing an item is, in a word or two.
pub(crate) const fn sort_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Approval => "approval",
        Kind::Question => "question",
        Kind::ApprovalExpired | Kind::QuestionExpired => "expired",
        Kind::TurnFailed => "turn failed",
        Kind::JobFailed => "job failed",
        Kind::JobMissed => "job missed",
        Kind::JobPaused => "job paused",
        Kind::Reminder => "reminder",
        Kind::TerminalEnded => "terminal",
        Kind::Stranger => "stranger",
        Kind::BudgetUsed => "budget",
        Kind::Memory => "memory",
    }
}
