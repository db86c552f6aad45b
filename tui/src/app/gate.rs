//! Which keys may answer an approval or a question.
//!
//! Owns the quiet time: nothing typed before a card was seen can answer it, and a key that is
//! held down answers once.

use crossterm::event::KeyCode;

use crate::model::CardId;

/// How long a card must have been seen, and how long no key may have come, in milliseconds.
pub(crate) const QUIET: u64 = 350;

/// How long after an answer the same key is taken for one that is still held down.
const HELD: u64 = 700;

/// Where it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Surface {
    /// Its card.
    Card,
    /// The policy lab over it.
    Lab,
    /// Its line in the list of what waits.
    Inbox,
}

/// A card where it is seen.
pub(crate) type Seen = (CardId, Surface);

/// Guards the card.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    card: Option<Seen>,
    opens_at: u64,
    /// The key that answered, and when it was last heard.
    held: Option<(KeyCode, u64)>,
}

impl Gate {
    /// Takes note of the card that a person sees now.
    pub(crate) fn seen(&mut self, card: Option<Seen>, now: u64) {
        if self.card != card {
            self.card = card;
            self.opens_at = now + QUIET;
        }
    }

    /// Returns true where the card may be answered.
    pub(crate) fn is_open(&self, card: Seen, now: u64) -> bool {
        self.card == Some(card) && now >= self.opens_at
    }

    /// Returns when the card that is seen may be answered, where that is still to come.
    pub(crate) fn opens_at(&self, now: u64) -> Option<u64> {
        (self.card.is_some() && now < self.opens_at).then_some(self.opens_at)
    }

    /// Takes a key meant for a card: true where it counts, false where it is absorbed.
    pub(crate) fn takes(&mut self, card: Seen, now: u64) -> bool {
        let open = self.is_open(card, now);
        if !open {
            self.opens_at = now + QUIET;
        }
        open
    }

    /// Takes note of the key that answered.
    pub(crate) fn answered(&mut self, key: KeyCode, now: u64) {
        self.held = Some((key, now));
    }

    /// Returns true where a key is the answering one, still held down.
    pub(crate) fn is_held(&mut self, key: KeyCode, now: u64) -> bool {
        match self.held {
            Some((held, at)) if held == key && now < at + HELD => {
                self.held = Some((key, now));
                if self.card.is_some() {
                    self.opens_at = self.opens_at.max(now + QUIET);
                }
                true
            }
            Some((held, _)) if held != key => {
                self.held = None;
                false
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use smartopol_protocol::ApprovalId;

    use super::*;

    #[test]
    fn a_card_is_deaf_for_350_ms_and_each_key_begins_them_anew() {
        let id = CardId::Approval(ApprovalId::from_bytes([1; 16]));
        let card = (id, Surface::Card);
        let other = (card.0, Surface::Lab);
        let mut gate = Gate::default();
        assert!(!gate.takes(card, 0), "it was never seen");
        gate.seen(Some(card), 1_000);
        assert!(!gate.takes(card, 1_349));
        gate.seen(Some(card), 1_400);
        assert!(!gate.takes(card, 1_600));
        assert!(gate.takes(card, 1_950));
        gate.seen(Some(other), 2_000);
        assert!(!gate.takes(other, 2_349));
        assert!(gate.takes(other, 2_699));
    }

    #[test]
    fn a_held_key_is_heard_once() {
        let mut gate = Gate::default();
        gate.answered(KeyCode::Char('y'), 0);
        // The first repeat of a held key comes late, the others soon.
        for now in [500, 530, 560, 590] {
            assert!(gate.is_held(KeyCode::Char('y'), now));
        }
        assert!(!gate.is_held(KeyCode::Char('y'), 1_400));
        gate.answered(KeyCode::Char('y'), 2_000);
        assert!(
            !gate.is_held(KeyCode::Char('n'), 2_010),
            "another key is another wish"
        );
        assert!(!gate.is_held(KeyCode::Char('y'), 2_020));
    }
}
