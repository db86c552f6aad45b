//! One session's transcript: a window of its messages, and what belongs to them.
//!
//! Owns the order of messages, what is being said, what runs. The window has no hole and a bounded
//! length: pages join it at either end, and what is farthest from the reader gives way. Each message
//! has a revision that grows when it or something it shows changes, so that whoever lays it out can
//! keep the result.

use std::collections::{HashMap, HashSet};

use smartopol_protocol::approval::{Approval, ApprovalState};
use smartopol_protocol::message::{Message, Role};
use smartopol_protocol::session::{Partial, Shown};
use smartopol_protocol::tool::{CallState, ToolCall};
use smartopol_protocol::turn::{Turn, TurnState};
use smartopol_protocol::{ApprovalId, CallId, MessageId, News, Timestamp, TurnId};

/// The most messages kept, and how many are left when there were more.
pub(crate) const KEPT: (usize, usize) = (2_000, 1_800);

/// The most bytes kept of what a running call said.
const OUTPUT: usize = 64 * 1024;

/// A message with the revision of its looks.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) message: Message,
    pub(crate) revision: u64,
}

/// A request that is tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Retry {
    pub(crate) reason: String,
    pub(crate) at: Timestamp,
}

/// One session's transcript.
#[derive(Debug)]
pub(crate) struct Transcript {
    as_of: u64,
    entries: Vec<Entry>,
    queue: Vec<Message>,
    turns: HashMap<TurnId, Turn>,
    calls: HashMap<CallId, ToolCall>,
    approvals: HashMap<ApprovalId, Approval>,
    outputs: HashMap<CallId, String>,
    partial: Option<Partial>,
    retry: Option<Retry>,
    /// True while the model is asked for a summary of older messages.
    folds: bool,
    /// True where older messages exist than the window has.
    older: bool,
    /// The position of the session's newest message, which the window may not have.
    last: u64,
    /// Where a person reads; `None` follows the newest.
    reading: Option<u64>,
    /// When the reasoning at hand began and last went on.
    thinking: Option<(Timestamp, Timestamp)>,
    /// How long the reasoning of a message took, where it was heard.
    thought: HashMap<MessageId, u64>,
    /// True where facts were missed: what is here may be of yesterday.
    stale: bool,
    revision: u64,
}

impl Transcript {
    pub(crate) fn new(shown: Shown) -> Self {
        let mut transcript = Self {
            as_of: 0,
            entries: Vec::new(),
            queue: Vec::new(),
            turns: HashMap::new(),
            calls: HashMap::new(),
            approvals: HashMap::new(),
            outputs: HashMap::new(),
            partial: None,
            retry: None,
            folds: false,
            older: shown.more,
            last: 0,
            reading: None,
            thinking: None,
            thought: HashMap::new(),
            stale: false,
            revision: 0,
        };
        transcript.refresh(shown);
        transcript
    }

    pub(crate) const fn as_of(&self) -> u64 {
        self.as_of
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Returns the messages that wait for their turn, oldest first.
    pub(crate) fn queue(&self) -> &[Message] {
        &self.queue
    }

    pub(crate) fn call(&self, id: CallId) -> Option<&ToolCall> {
        self.calls.get(&id)
    }

    pub(crate) fn calls(&self) -> impl Iterator<Item = &ToolCall> {
        self.calls.values()
    }

    pub(crate) fn turn(&self, id: TurnId) -> Option<&Turn> {
        self.turns.get(&id)
    }

    pub(crate) fn approval(&self, id: ApprovalId) -> Option<&Approval> {
        self.approvals.get(&id)
    }

    /// Returns the approval that was asked about a call.
    pub(crate) fn approval_of(&self, call: CallId) -> Option<&Approval> {
        self.approvals
            .values()
            .find(|approval| approval.call_id == call)
    }

    /// Returns what a running call said so far, its end where it was much.
    pub(crate) fn output(&self, call: CallId) -> Option<&str> {
        self.outputs.get(&call).map(String::as_str)
    }

    pub(crate) const fn partial(&self) -> Option<&Partial> {
        self.partial.as_ref()
    }

    /// Returns true while older messages are folded.
    pub(crate) const fn folds(&self) -> bool {
        self.folds
    }

    pub(crate) const fn retry(&self) -> Option<&Retry> {
        self.retry.as_ref()
    }

    /// Returns true where older messages exist that are not here.
    pub(crate) const fn has_older(&self) -> bool {
        self.older
    }

    /// Returns true where newer messages exist that are not here.
    pub(crate) fn has_newer(&self) -> bool {
        self.last > self.last_position().unwrap_or(0)
    }

    /// Returns the position of the session's newest message.
    pub(crate) const fn last(&self) -> u64 {
        self.last
    }

    /// Returns the place of the newest message here.
    pub(crate) fn last_position(&self) -> Option<u64> {
        self.entries.last().and_then(|entry| entry.message.position)
    }

    /// Returns the number of the message at a position, where it is here.
    pub(crate) fn index_of(&self, position: u64) -> Option<usize> {
        let first = self.first_position()?;
        let at = usize::try_from(position.checked_sub(first)?).ok()?;
        (at < self.entries.len()).then_some(at)
    }

    /// Takes note of where a person reads: what is near it stays.
    pub(crate) const fn read_at(&mut self, position: Option<u64>) {
        self.reading = position;
    }

    /// Takes note that facts were missed.
    pub(crate) const fn missed(&mut self) {
        self.stale = true;
    }

    /// Returns the place of the oldest message here.
    pub(crate) fn first_position(&self) -> Option<u64> {
        self.entries
            .first()
            .and_then(|entry| entry.message.position)
    }

    /// Returns how long the reasoning of a message took, in milliseconds.
    pub(crate) fn thought_for(&self, id: MessageId) -> Option<u64> {
        self.thought.get(&id).copied()
    }

    /// Returns the newest turn.
    pub(crate) fn last_turn(&self) -> Option<&Turn> {
        self.turns
            .values()
            .max_by_key(|turn| (turn.started_at, turn.id))
    }

    /// Takes the newest window: what it says replaces what is here; older messages that join it
    /// stay, and where a person reads further up, so do they.
    pub(crate) fn refresh(&mut self, shown: Shown) {
        if shown.as_of < self.as_of {
            return;
        }
        self.as_of = shown.as_of;
        self.last = self.last.max(shown.last);
        let stale = std::mem::take(&mut self.stale);
        let mut heard: Vec<Message> = Vec::new();
        let mut placed = shown.messages.iter().filter_map(|message| message.position);
        let told = placed
            .next()
            .map(|first| (first, placed.next_back().unwrap_or(first)));
        let (joined, apart) = match (told, self.first_position().zip(self.last_position())) {
            (Some((from, to)), Some((first, last))) => {
                let joined = from <= last + 1 && to + 1 >= first;
                // One that is older than what is here was overtaken on its way.
                (joined, !joined && (self.reading.is_some() || to < first))
            }
            _ => (false, false),
        };
        if let (true, Some((from, to))) = (joined, told) {
            let replaced = Some(from)..=Some(to);
            self.entries
                .retain(|entry| !replaced.contains(&entry.message.position));
            // What was heard since stands behind it again.
            let newer = self
                .entries
                .partition_point(|own| own.message.position < Some(from));
            let newer = self.entries.split_off(newer);
            heard = newer.into_iter().map(|entry| entry.message).collect();
        } else if !apart {
            self.entries.clear();
        }
        if stale {
            // What ran when facts were missed may have ended since; only the daemon knows.
            self.calls.retain(|_, call| is_over(call));
        }
        if self.entries.is_empty() {
            self.older = shown.more;
        }
        self.queue.clear();
        self.take(shown.turns, shown.calls);
        for message in shown.messages.into_iter().chain(heard) {
            if !apart || message.position.is_none() {
                self.put_message(message);
            }
        }
        self.put_partial(shown.partial);
        self.trim();
        self.forget();
    }

    /// Takes the page of older messages before a position, where that is still the window's first.
    pub(crate) fn prepend(&mut self, shown: Shown, before: u64) {
        self.last = self.last.max(shown.last);
        if self.first_position() != Some(before) {
            return;
        }
        let mut page = shown.messages;
        page.retain(|message| message.position.is_some());
        let newest = page.last().and_then(|message| message.position);
        match newest {
            Some(newest) if newest + 1 == before => {}
            // All older ones are gone.
            None => return self.older = false,
            Some(_) => return,
        }
        self.older = shown.more;
        self.keep_known(shown.turns, shown.calls);
        let mut entries: Vec<Entry> = page.into_iter().map(|own| self.entry(own)).collect();
        entries.append(&mut self.entries);
        self.entries = entries;
        self.trim();
        self.forget();
    }

    /// Takes a page of newer messages, where it still joins the window.
    pub(crate) fn append(&mut self, shown: Shown) {
        self.last = self.last.max(shown.last);
        self.keep_known(shown.turns, shown.calls);
        for message in shown.messages {
            if message.position > self.last_position() {
                self.put_message(message);
            }
        }
        self.trim();
        self.forget();
    }

    /// Takes a window around a place in the place of the one that is here.
    pub(crate) fn replace(&mut self, shown: Shown, reading: u64) {
        if shown.messages.is_empty() {
            return;
        }
        self.last = self.last.max(shown.last);
        self.reading = Some(reading);
        self.keep_known(shown.turns, shown.calls);
        self.older = shown.more;
        let placed = shown.messages.into_iter();
        let placed = placed.filter(|message| message.position.is_some());
        self.entries = placed.map(|own| self.entry(own)).collect();
        self.trim();
        self.forget();
    }

    fn entry(&mut self, message: Message) -> Entry {
        self.revision += 1;
        Entry {
            message,
            revision: self.revision,
        }
    }

    /// Takes what came with a page; what is known already is at least as new.
    fn keep_known(&mut self, turns: Vec<Turn>, calls: Vec<ToolCall>) {
        for turn in turns {
            self.turns.entry(turn.id).or_insert(turn);
        }
        for call in calls {
            self.calls.entry(call.id).or_insert(call);
        }
    }

    fn take(&mut self, turns: Vec<Turn>, calls: Vec<ToolCall>) {
        for turn in turns {
            self.turns.insert(turn.id, turn);
        }
        for call in calls {
            self.put_call(call);
        }
    }

    /// Takes what is being said; what was heard meanwhile may be more, and then stays.
    pub(crate) fn put_partial(&mut self, partial: Option<Partial>) {
        self.partial = match (self.partial.take(), partial) {
            (Some(heard), Some(told)) if same_step(&heard, &told) => Some(Partial {
                reasoning: longer(told.reasoning, heard.reasoning),
                text: longer(told.text, heard.text),
                call: heard.call.or(told.call),
                ..told
            }),
            (_, told) => told,
        };
    }

    /// Takes one event about this session; returns false where passing news before it was missed.
    pub(crate) fn apply(&mut self, news: News, at: Timestamp) -> bool {
        match news {
            News::MessageChanged(message) => {
                self.heard(&message);
                self.put_message(*message);
                self.trim();
            }
            News::MessageWithdrawn(id) => self.queue.retain(|message| message.id != id),
            News::TurnChanged(turn) => self.put_turn(*turn),
            News::CallChanged(call) => self.put_call(*call),
            News::TextDelta {
                turn_id,
                step,
                offset,
                text,
            } => {
                return append(&mut self.speaking(turn_id, step).text, offset, &text);
            }
            News::ReasoningDelta {
                turn_id,
                step,
                offset,
                text,
            } => {
                let began = self.thinking.map_or(at, |(began, _)| began);
                self.thinking = Some((began, at));
                return append(&mut self.speaking(turn_id, step).reasoning, offset, &text);
            }
            News::CallDelta {
                turn_id,
                step,
                name,
                bytes,
            } => {
                self.speaking(turn_id, step).call = Some((name, bytes));
            }
            News::OutputDelta { call_id, text } => self.put_output(call_id, &text),
            News::Compacting { .. } => self.folds = true,
            News::CompactionChanged(_) => self.folds = false,
            News::Retrying {
                reason, after_ms, ..
            } => {
                let after = i64::try_from(after_ms).unwrap_or(i64::MAX);
                self.retry = Some(Retry {
                    reason,
                    at: at.plus_millis(after),
                });
            }
            _ => {}
        }
        true
    }

    fn speaking(&mut self, turn_id: TurnId, step: u32) -> &mut Partial {
        self.retry = None;
        self.folds = false;
        let other = |partial: &mut Partial| (partial.turn_id, partial.step) != (turn_id, step);
        self.partial.take_if(other);
        self.partial.get_or_insert_with(|| Partial {
            turn_id,
            step,
            reasoning: String::new(),
            text: String::new(),
            call: None,
        })
    }

    /// Ends what was being said once it is a message.
    fn heard(&mut self, message: &Message) {
        if message.role != Role::Agent {
            return;
        }
        if let Some((began, ended)) = self.thinking.take() {
            self.thought.insert(message.id, ended.millis_since(began));
        }
        self.partial = None;
        self.retry = None;
    }

    fn put_message(&mut self, message: Message) {
        self.queue.retain(|own| own.id != message.id);
        let Some(position) = message.position else {
            let at = self.queue.partition_point(|own| own.id < message.id);
            self.queue.insert(at, message);
            return;
        };
        self.last = self.last.max(position);
        let entry = self.entry(message);
        let (Some(first), Some(newest)) = (self.first_position(), self.last_position()) else {
            self.older = position > 1;
            self.entries.push(entry);
            return;
        };
        if position == newest + 1 {
            self.entries.push(entry);
        } else if let Some(own) = position
            .checked_sub(first)
            .and_then(|at| self.entries.get_mut(usize::try_from(at).ok()?))
        {
            *own = entry;
        }
        // What lies elsewhere comes with its page, so that the window never has a hole.
    }

    fn put_turn(&mut self, turn: Turn) {
        if matches!(turn.state, TurnState::Finished { .. }) {
            self.folds = false;
            let mine = self
                .partial
                .as_ref()
                .is_some_and(|partial| partial.turn_id == turn.id);
            if mine || self.partial.is_none() {
                self.partial = None;
                self.thinking = None;
                self.retry = None;
            }
        }
        self.turns.insert(turn.id, turn);
    }

    fn put_call(&mut self, call: ToolCall) {
        if is_over(&call) {
            self.outputs.remove(&call.id);
        }
        let id = call.id;
        self.calls.insert(id, call);
        self.touch(id);
    }

    fn put_output(&mut self, id: CallId, text: &str) {
        let running = self
            .calls
            .get(&id)
            .is_some_and(|call| call.state == CallState::Running);
        if !running {
            return;
        }
        let output = self.outputs.entry(id).or_default();
        output.push_str(text);
        if output.len() > OUTPUT {
            let from = output.len() - OUTPUT / 2;
            let cut = (from..output.len())
                .find(|at| output.is_char_boundary(*at))
                .unwrap_or(from);
            output.drain(..cut);
        }
        self.touch(id);
    }

    /// Takes an approval; one that ended stays ended.
    pub(crate) fn put_approval(&mut self, approval: Approval) {
        let ended = self
            .approvals
            .get(&approval.id)
            .is_some_and(|own| own.state != ApprovalState::Pending);
        if !ended {
            let call = approval.call_id;
            self.approvals.insert(approval.id, approval);
            self.touch(call);
        }
    }

    /// Gives the message that makes a call a new revision.
    fn touch(&mut self, call: CallId) {
        let entry = self.entries.iter_mut().rev().find(|entry| {
            entry.message.role == Role::Agent && entry.message.calls().any(|own| own == call)
        });
        if let Some(entry) = entry {
            self.revision += 1;
            entry.revision = self.revision;
        } else if self.has_newer() && self.calls.len() > KEPT.0 {
            // Its message is not here: it comes again with its page.
            self.forget();
        }
    }

    /// Drops messages at the end that is farther from the reader, where there are too many.
    fn trim(&mut self) {
        let over = self.entries.len().saturating_sub(KEPT.1);
        if self.entries.len() <= KEPT.0 {
            return;
        }
        let (first, last) = (self.first_position(), self.last_position());
        let (first, last) = (first.unwrap_or(0), last.unwrap_or(0));
        let reading = self.reading.unwrap_or(last).clamp(first, last);
        if reading - first >= last - reading {
            self.entries.drain(..over);
            self.older = true;
        } else {
            self.entries.truncate(KEPT.1);
        }
        self.forget();
    }

    /// Drops what belongs to messages that are not here, but for what still goes on.
    fn forget(&mut self) {
        let newest = self.last_turn().map(|turn| turn.id);
        let (mut calls, mut turns, mut own) = (HashSet::new(), HashSet::new(), HashSet::new());
        for entry in &self.entries {
            calls.extend(entry.message.calls());
            turns.extend(entry.message.turn_id);
            own.insert(entry.message.id);
        }
        self.calls
            .retain(|id, call| calls.contains(id) || !is_over(call));
        self.turns.retain(|id, turn| {
            let over = matches!(turn.state, TurnState::Finished { .. });
            turns.contains(id) || !over || newest == Some(*id)
        });
        self.thought.retain(|id, _| own.contains(id));
    }

    /// Returns the facts alone, for comparison.
    #[cfg(test)]
    pub(crate) fn facts(&self) -> impl PartialEq + std::fmt::Debug + use<> {
        let mut turns: Vec<Turn> = self.turns.values().cloned().collect();
        turns.sort_by_key(|turn| turn.id);
        let mut calls: Vec<ToolCall> = self.calls.values().cloned().collect();
        calls.sort_by_key(|call| call.id);
        let mut approvals: Vec<Approval> = self.approvals.values().cloned().collect();
        approvals.sort_by_key(|approval| approval.id);
        let messages: Vec<Message> = self.entries.iter().map(|own| own.message.clone()).collect();
        (
            messages,
            self.queue.clone(),
            turns,
            calls,
            approvals,
            self.partial.clone(),
        )
    }
}

fn is_over(call: &ToolCall) -> bool {
    matches!(call.state, CallState::Finished { .. })
}

fn same_step(one: &Partial, other: &Partial) -> bool {
    (one.turn_id, one.step) == (other.turn_id, other.step)
}

fn longer(one: String, other: String) -> String {
    if other.len() > one.len() { other } else { one }
}

/// Appends a piece at its place; what is here already is skipped. False where something between
/// is missing.
fn append(said: &mut String, offset: u64, piece: &str) -> bool {
    let Some(known) = (said.len() as u64).checked_sub(offset) else {
        return false;
    };
    let fresh = usize::try_from(known)
        .ok()
        .and_then(|known| piece.get(known..));
    said.push_str(fresh.unwrap_or_default());
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_is_heard_once_and_a_hole_is_noticed() {
        let mut said = "Hello".to_owned();
        assert!(append(&mut said, 3, "lo wor"));
        assert!(append(&mut said, 0, "Hel"));
        assert_eq!(said, "Hello wor");
        assert!(!append(&mut said, 12, "d"));
        assert_eq!(said, "Hello wor");
    }
}
