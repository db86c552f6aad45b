//! The recording as far as it is at hand, and the place in it.
//!
//! Owns: a window of messages without a hole, the cursor, and which piece is wanted next. Asks
//! nobody: whoever holds it fetches what [`Reel::wants`] says.

use std::collections::{HashSet, VecDeque};

use smartopol_protocol::message::{Message, Role};
use smartopol_protocol::model::Usage;
use smartopol_protocol::session::{Exported, Session, SessionState, Shown};
use smartopol_protocol::turn::Turn;

use super::step::{self, Known, Place, Step};

/// How many messages a piece has.
pub(crate) const PIECE: u32 = 200;

/// The most messages that are at hand.
const KEPT: usize = 800;

/// So many messages before the end of what is at hand the next piece is wanted.
const AHEAD: u64 = 40;

/// A place in a recording: a message, and how many of its steps have happened, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct At {
    pub(crate) position: u64,
    pub(crate) step: usize,
}

/// What came of a wish to be elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moved {
    /// The place is the next step.
    On,
    /// The place is another one: what is shown is made anew.
    Elsewhere,
    /// The messages there are on their way.
    Waits,
    /// There is nothing further that way.
    AtEnd,
}

/// The recording as far as it is at hand.
#[derive(Debug)]
pub(crate) struct Reel {
    session: Session,
    messages: VecDeque<Message>,
    known: Known,
    /// The steps of the message at hand.
    steps: Vec<Step>,
    at: At,
    /// The positions of the oldest and the newest message of the recording.
    ends: (u64, u64),
    /// The place that is waited for.
    goal: Option<At>,
    /// The piece on its way: the position after which it begins.
    asked: Option<u64>,
}

impl Reel {
    /// Returns a recording with its first piece, at its beginning; `last` is the position of its
    /// newest message. `None` where nothing was said.
    pub(crate) fn new(piece: Exported, last: u64) -> Option<Self> {
        let session = Session {
            state: SessionState::Idle { last: None },
            waiting: 0,
            // What was used until then is told by no recording.
            usage: Usage::default(),
            ..piece.session.clone()
        };
        let first = piece.messages.iter().find_map(|own| own.position)?;
        let mut reel = Self {
            session,
            messages: VecDeque::new(),
            known: Known::default(),
            steps: Vec::new(),
            at: At {
                position: first,
                step: 1,
            },
            ends: (first, last.max(first)),
            goal: None,
            asked: None,
        };
        reel.replace(piece);
        reel.arrive(reel.at);
        Some(reel)
    }

    pub(crate) const fn session(&self) -> &Session {
        &self.session
    }

    pub(crate) const fn at(&self) -> At {
        self.at
    }

    /// Returns the positions of the oldest and the newest message.
    pub(crate) const fn ends(&self) -> (u64, u64) {
        self.ends
    }

    /// Returns how many steps the message at hand has.
    pub(crate) fn count(&self) -> usize {
        self.steps.len()
    }

    /// Returns the step that happened last.
    pub(crate) fn step(&self) -> Option<&Step> {
        self.steps.get(self.at.step.checked_sub(1)?)
    }

    /// Returns the message that it is of.
    pub(crate) fn message(&self) -> Option<&Message> {
        self.message_at(self.at.position)
    }

    /// Returns how many messages are at hand.
    pub(crate) fn kept(&self) -> usize {
        self.messages.len()
    }

    pub(crate) const fn known(&self) -> &Known {
        &self.known
    }

    /// Returns the step that comes next, where its message is at hand.
    pub(crate) fn next(&self) -> Option<Step> {
        if let Some(step) = self.steps.get(self.at.step) {
            return Some(step.clone());
        }
        self.steps_of(self.at.position + 1)?.into_iter().next()
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.at.position >= self.ends.1 && self.at.step >= self.steps.len()
    }

    /// True while a place is waited for.
    pub(crate) const fn waits(&self) -> bool {
        self.goal.is_some()
    }

    /// Goes one step on.
    pub(crate) fn forward(&mut self) -> Moved {
        if self.is_at_end() {
            return Moved::AtEnd;
        }
        if self.at.step < self.steps.len() {
            self.at.step += 1;
            return Moved::On;
        }
        let next = At {
            position: self.at.position + 1,
            step: 1,
        };
        match self.go(next) {
            Moved::Elsewhere => Moved::On,
            other => other,
        }
    }

    /// Goes one step back.
    pub(crate) fn back(&mut self) -> Moved {
        if self.at.step > 1 {
            self.at.step -= 1;
            return Moved::Elsewhere;
        }
        if self.at.position <= self.ends.0 {
            return Moved::AtEnd;
        }
        self.go(At {
            position: self.at.position - 1,
            step: usize::MAX,
        })
    }

    /// Goes to a place; what lies beyond the ends means the ends.
    pub(crate) fn go(&mut self, to: At) -> Moved {
        let (first, last) = self.ends;
        let to = At {
            position: to.position.clamp(first, last),
            ..to
        };
        if self.has(to.position) {
            self.goal = None;
            self.arrive(to);
            return Moved::Elsewhere;
        }
        self.goal = Some(to);
        Moved::Waits
    }

    fn arrive(&mut self, to: At) {
        if to.position != self.at.position || self.steps.is_empty() {
            self.steps = self.steps_of(to.position).unwrap_or_default();
        }
        self.at = At {
            position: to.position,
            step: to.step.clamp(1, self.steps.len().max(1)),
        };
    }

    /// True where the steps of a message can be told: it is here, and so is the one after it.
    fn has(&self, position: u64) -> bool {
        let here = |at: u64| self.message_at(at).is_some();
        here(position) && (position >= self.ends.1 || here(position + 1))
    }

    /// Returns which piece is wanted: the position after which it begins. Asked once.
    pub(crate) fn wants(&mut self) -> Option<u64> {
        if self.asked.is_some() {
            return None;
        }
        let (oldest, newest) = self.span()?;
        let piece = u64::from(PIECE);
        let (first, last) = self.ends;
        let after = match self.goal {
            // A quarter of it lies before the place, so that one can go back at once.
            Some(goal) if goal.position > newest && goal.position > newest + piece => {
                goal.position.saturating_sub(piece / 4)
            }
            Some(goal) if goal.position + piece < oldest => goal.position.saturating_sub(piece / 4),
            Some(goal) if goal.position < oldest => oldest.saturating_sub(piece + 1),
            Some(_) => newest,
            None if newest < last && self.at.position + AHEAD >= newest => newest,
            None if oldest > first && self.at.position <= oldest + AHEAD => {
                oldest.saturating_sub(piece + 1)
            }
            None => return None,
        };
        self.asked = Some(after);
        Some(after)
    }

    /// The piece on its way does not come.
    pub(crate) fn failed(&mut self) {
        (self.asked, self.goal) = (None, None);
    }

    /// Takes the piece that was asked for. Returns true where the place that was waited for is
    /// reached.
    pub(crate) fn take(&mut self, after: u64, mut piece: Exported) -> bool {
        if self.asked.take_if(|asked| *asked == after).is_none() {
            return false;
        }
        piece.messages.retain(|own| own.position.is_some());
        let newest = piece.messages.last().and_then(|own| own.position);
        let (Some((oldest, last)), Some(newest)) = (self.span(), newest) else {
            // It is shorter than was said: what is at hand is all.
            self.goal = None;
            return false;
        };
        let begins = piece.messages.first().and_then(|own| own.position);
        if begins == Some(last + 1) {
            self.know(&mut piece);
            self.messages.extend(piece.messages);
            let over = self.messages.len().saturating_sub(KEPT);
            self.messages.drain(..over);
        } else if newest + 1 >= oldest && begins < Some(oldest) {
            self.know(&mut piece);
            let older = piece.messages.into_iter();
            let older = older.filter(|own| own.position < Some(oldest));
            for message in older.rev() {
                self.messages.push_front(message);
            }
            self.messages.truncate(KEPT);
        } else {
            self.replace(piece);
        }
        self.forget();
        let Some(goal) = self.goal else {
            return false;
        };
        if !self.has(goal.position) {
            return false;
        }
        self.goal = None;
        self.steps.clear();
        self.arrive(goal);
        true
    }

    fn replace(&mut self, mut piece: Exported) {
        self.known = Known::default();
        self.know(&mut piece);
        self.messages = piece.messages.into();
        self.messages.retain(|own| own.position.is_some());
    }

    fn know(&mut self, piece: &mut Exported) {
        let known = &mut self.known;
        let turns = std::mem::take(&mut piece.turns);
        known
            .turns
            .extend(turns.into_iter().map(|own| (own.id, own)));
        let calls = std::mem::take(&mut piece.calls);
        known
            .calls
            .extend(calls.into_iter().map(|own| (own.id, own)));
        let approvals = std::mem::take(&mut piece.approvals);
        let of = approvals.into_iter().map(|own| (own.call_id, own));
        known.approvals.extend(of);
    }

    /// Drops what belongs to messages that are not here.
    fn forget(&mut self) {
        let calls: HashSet<_> = self.messages.iter().flat_map(Message::calls).collect();
        let turns: HashSet<_> = self.messages.iter().filter_map(|own| own.turn_id).collect();
        self.known.calls.retain(|id, _| calls.contains(id));
        self.known.approvals.retain(|id, _| calls.contains(id));
        self.known.turns.retain(|id, _| turns.contains(id));
    }

    /// Returns the positions of the oldest and the newest message at hand.
    fn span(&self) -> Option<(u64, u64)> {
        let first = self.messages.front().and_then(|own| own.position)?;
        let last = self.messages.back().and_then(|own| own.position)?;
        Some((first, last))
    }

    fn message_at(&self, position: u64) -> Option<&Message> {
        let (first, _) = self.span()?;
        let at = usize::try_from(position.checked_sub(first)?).ok()?;
        self.messages.get(at)
    }

    fn steps_of(&self, position: u64) -> Option<Vec<Step>> {
        let message = self.message_at(position)?;
        // Notices and commands of the person may stand within a turn, and belong to none or to it.
        let turn = message.turn_id;
        let before = self.messages.iter();
        let before = before.take_while(|own| own.position < Some(position));
        let begins = turn.is_some() && !before.into_iter().any(|own| own.turn_id == turn);
        let after = self.messages.iter().rev();
        let after = after.take_while(|own| own.position > Some(position));
        let ends = turn.is_some() && !after.into_iter().any(|own| own.turn_id == turn);
        let place = Place { begins, ends };
        Some(step::steps(message, place, &self.known, &self.session))
    }

    /// Returns the newest messages before the place at hand, as `session/show` would have given them
    /// then, and the steps that lead from there to it.
    pub(crate) fn scene(&self, most: usize) -> (Shown, Vec<Step>) {
        let answers = self.message().is_some_and(|own| own.role == Role::Tool);
        // What calls gave is not known before it came: the message that made them is played again.
        let made = (self.at.position.checked_sub(1)).filter(|_| answers);
        let made = made.and_then(|position| Some((position, self.steps_of(position)?)));
        let (position, mut steps) = made.unwrap_or((self.at.position, Vec::new()));
        steps.extend_from_slice(self.steps.get(..self.at.step).unwrap_or_default());
        let older: Vec<Message> = self
            .messages
            .iter()
            .filter(|own| own.position < Some(position))
            .cloned()
            .collect();
        let (_, messages) = older.split_at(older.len().saturating_sub(most));
        let oldest = messages.first().and_then(|own| own.position);
        let calls: HashSet<_> = messages.iter().flat_map(Message::calls).collect();
        let turns: HashSet<_> = messages.iter().filter_map(|own| own.turn_id).collect();
        let now = self.message().and_then(|own| own.turn_id);
        let known = &self.known;
        let newest = messages.iter().rev().find_map(|own| own.turn_id);
        let begun = now.filter(|id| turns.contains(id));
        let as_then = |turn: &Turn| match Some(turn.id) == begun {
            // The turn of the place at hand was not over.
            true => step::begun(turn),
            false => turn.clone(),
        };
        let state = match begun {
            Some(_) => SessionState::Running,
            None => SessionState::Idle { last: None },
        };
        let own = known.turns.values().filter(|own| turns.contains(&own.id));
        let made = known.calls.values().filter(|own| calls.contains(&own.id));
        let shown = Shown {
            as_of: 0,
            session: Session {
                state,
                ..step::standing(&self.session, now.or(newest), known)
            },
            last: position.saturating_sub(1),
            more: oldest.is_some_and(|oldest| oldest > self.ends.0),
            turns: own.map(as_then).collect(),
            calls: made.cloned().collect(),
            messages: messages.to_vec(),
            partial: None,
        };
        (shown, steps)
    }
}
