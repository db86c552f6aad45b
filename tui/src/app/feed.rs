//! How the traces are looked at: what is looked for, what is selected, what was found further back.
//!
//! The window of the model holds the newest; what a query means beyond it is asked from the daemon
//! and kept here until the query changes.

use std::collections::HashMap;

use crossterm::event::KeyEvent;
use smartopol_protocol::trace::{ActionType, Filter, Listed, Mark, Trace};
use smartopol_protocol::{News, SessionId, TraceId, TurnId};

use super::keymap::{Action, Place, Pressed};
use super::line::type_in;
use super::query::{Query, Term};
use super::{App, Call, Focus};
use crate::overlay::{Overlay, Waterfall};
use crate::widget::composer::Composer;

/// How many traces beyond the window are kept.
const FOUND: usize = 4_000;

/// How the trace feed is looked at.
#[derive(Debug, Default)]
pub(crate) struct Feed {
    /// The selected trace; `None` follows the newest.
    pub(crate) selected: Option<TraceId>,
    /// What is looked for.
    pub(crate) query: Query,
    /// The query while it is written.
    pub(crate) writing: Option<Writing>,
    /// What the query means before the oldest trace of the window, oldest first.
    found: Vec<Trace>,
    further: Further,
    /// Which query this is, so that a late answer to another is none to this one.
    number: u64,
    /// Whether the words of the query stand in a trace, as far as it was looked.
    words: HashMap<TraceId, bool>,
    /// The newest trace when following ended.
    seen: Option<TraceId>,
}

/// What is known of older traces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Further {
    /// Nobody asked.
    #[default]
    Unknown,
    /// The daemon is asked.
    Asked,
    /// There may be more before this one.
    Before(TraceId),
    /// There are no older ones.
    End,
    /// As many as are kept were found.
    Full,
}

/// A query that is being written.
#[derive(Debug, Default)]
pub(crate) struct Writing {
    pub(crate) line: Composer,
    /// What was looked for before.
    before: Query,
    /// What is wrong with what is written; the last good query holds meanwhile.
    pub(crate) problem: Option<String>,
}

impl Feed {
    pub(crate) const fn further(&self) -> Further {
        self.further
    }

    fn set(&mut self, query: Query) {
        if self.query == query {
            return;
        }
        *self = Self {
            query,
            number: self.number + 1,
            writing: self.writing.take(),
            ..Self::default()
        };
    }
}

impl App {
    /// Returns the session that a query names; `None` where none is called so.
    pub(super) fn session_called(&self, key: &str) -> Option<SessionId> {
        if key == "here" {
            return self.current;
        }
        let mut sessions = self.model.sessions();
        let found = sessions.find(|own| own.name == key || own.id.to_string().starts_with(key));
        found.map(|session| session.id)
    }

    /// Returns the traces that the query means, oldest first.
    pub(crate) fn traces_shown(&self) -> impl DoubleEndedIterator<Item = &Trace> {
        let query = &self.feed.query;
        let session = query.session().map(|key| self.session_called(key));
        let since = query.since(self.now.wall);
        let worded = !query.text().is_empty();
        let oldest = self.model.traces.iter().next();
        let oldest = oldest.map(|trace| (trace.timestamp, trace.id));
        let found = self.feed.found.iter();
        let before = found
            .filter(move |trace| oldest.is_none_or(|oldest| (trace.timestamp, trace.id) < oldest));
        before.chain(self.model.traces.iter()).filter(move |trace| {
            query.tool().is_none_or(|tool| trace.tool_name == tool)
                && query
                    .outcome()
                    .is_none_or(|outcome| trace.action_type == outcome)
                && session.is_none_or(|id| Some(trace.metadata.session_id) == id)
                && since.is_none_or(|since| trace.timestamp >= since)
                && (!query.marked() || self.model.is_marked(trace.id))
                && (!worded || self.feed.words.get(&trace.id).copied().unwrap_or(false))
        })
    }

    /// Returns a trace of the window or of what was found.
    pub(crate) fn trace_of(&self, id: TraceId) -> Option<&Trace> {
        let found = || self.feed.found.iter().find(|trace| trace.id == id);
        self.model.traces.get(id).or_else(found)
    }

    /// Looks through what came, and takes note of what was seen.
    pub(super) fn settle_feed(&mut self) {
        if self.focus != Focus::Traces {
            self.feed.writing = None;
        }
        let text = self.feed.query.text();
        if !text.is_empty() {
            let filter = Filter {
                user_id: None,
                text,
                ..Filter::default()
            };
            for trace in self.model.traces.iter() {
                let words = &mut self.feed.words;
                words
                    .entry(trace.id)
                    .or_insert_with(|| filter.matches_text(trace));
            }
        }
        if self.feed.selected.is_none() {
            let newest = self.traces_shown().next_back().map(|trace| trace.id);
            self.feed.seen = newest;
        }
    }

    /// Returns how many traces came since the feed was paused.
    pub(crate) fn feed_news(&self) -> usize {
        self.traces_shown()
            .rev()
            .take_while(|trace| Some(trace.id) != self.feed.seen)
            .count()
    }

    /// Looks for something else, and asks for what lies beyond the window.
    pub(crate) fn look_for(&mut self, query: Query) {
        self.feed.set(query);
        if !self.feed.query.terms.is_empty() {
            self.look_further();
        }
    }

    /// Asks for what the query means further back.
    fn look_further(&mut self) {
        let oldest = self.model.traces.iter().next().map(|trace| trace.id);
        let before = match self.feed.further {
            Further::Unknown => oldest,
            Further::Before(id) => Some(id),
            Further::Asked | Further::End | Further::Full => return,
        };
        let query = &self.feed.query;
        let session_id = match query.session().map(|key| self.session_called(key)) {
            Some(None) => return,
            Some(found) => found,
            None => None,
        };
        let filter = Filter {
            user_id: None,
            tool: query.tool().map(str::to_owned),
            outcome: query.outcome(),
            session_id,
            since: query.since(self.now.wall),
            text: query.text(),
            marked: query.marked(),
        };
        self.feed.further = Further::Asked;
        self.ask(Call::Traces {
            number: self.feed.number,
            filter: Box::new(filter),
            before,
        });
    }

    /// Takes what the daemon found further back.
    pub(super) fn traces_found(&mut self, number: u64, listed: Listed) {
        let feed = &mut self.feed;
        if feed.number != number {
            return;
        }
        for trace in &listed.traces {
            feed.words.insert(trace.id, true);
        }
        feed.found.splice(0..0, listed.traces);
        feed.further = match listed.next {
            _ if feed.found.len() >= FOUND => Further::Full,
            Some(next) => Further::Before(next),
            None => Further::End,
        };
        for id in listed.marked {
            self.model.mark(Mark { id, marked: true });
        }
    }

    /// Takes note that older traces were not found.
    pub(super) fn traces_refused(&mut self, number: u64) {
        if self.feed.number == number {
            self.feed.further = Further::Unknown;
        }
    }

    /// Takes a key while a query is written.
    pub(super) fn on_query_key(&mut self, event: KeyEvent) {
        let action = match self.press(&[Place::Line], event) {
            Pressed::Action(action) => Some(action),
            Pressed::Taken => return,
            Pressed::Free => None,
        };
        let Some(mut writing) = self.feed.writing.take() else {
            return;
        };
        match action {
            Some(Action::Back) => return self.look_for(writing.before),
            Some(Action::Send) if writing.problem.is_none() => return self.look_further(),
            Some(Action::Send) => {}
            action => type_in(&mut writing.line, action, event),
        }
        self.written(writing);
    }

    /// Puts a pasted text into the query; false where none is written.
    pub(super) fn paste_in_query(&mut self, text: &str) -> bool {
        let Some(mut writing) = self.feed.writing.take() else {
            return false;
        };
        writing.line.insert(text.lines().next().unwrap_or_default());
        self.written(writing);
        true
    }

    /// Applies what is written as far as it can be read.
    fn written(&mut self, mut writing: Writing) {
        let read = Query::parse(writing.line.text());
        writing.problem = match &read {
            Err(problem) => Some(problem.clone()),
            Ok(query) => query
                .session()
                .filter(|key| self.session_called(key).is_none())
                .map(|key| format!("no session is called {key}")),
        };
        if let Ok(query) = read {
            self.feed.set(query);
        }
        self.feed.writing = Some(writing);
    }

    pub(super) fn look_at_traces(&mut self, action: Action) {
        let ids: Vec<_> = self.traces_shown().map(|trace| trace.id).collect();
        let at = self
            .feed
            .selected
            .and_then(|id| ids.iter().position(|own| *own == id));
        let page = usize::try_from(self.plan.page()).unwrap_or(1);
        let last = ids.len().saturating_sub(1);
        let from = at.unwrap_or(last);
        let here = ids.get(from).copied();
        let to = match action {
            Action::Up if at.is_none() => last,
            Action::Up => from.saturating_sub(1),
            Action::Down => from + 1,
            Action::PageUp => from.saturating_sub(page),
            Action::PageDown => from + page,
            Action::First => 0,
            Action::Last => return self.feed.selected = None,
            Action::Open => {
                if let Some(id) = here {
                    self.feed.selected = Some(id);
                    self.overlays.push(Overlay::trace(id));
                }
                return;
            }
            Action::Outcome | Action::OnlyTool | Action::OnlySession | Action::OnlyMarked => {
                return self.turn_filter(action, here);
            }
            Action::DropFilter => {
                let mut query = self.feed.query.clone();
                query.terms.pop();
                return self.look_for(query);
            }
            Action::ClearFilters => return self.look_for(Query::default()),
            Action::Query => {
                let mut writing = Writing {
                    before: self.feed.query.clone(),
                    ..Writing::default()
                };
                let text = self.feed.query.to_string();
                let gap = if text.is_empty() { "" } else { " " };
                writing.line.set(format!("{text}{gap}"));
                return self.feed.writing = Some(writing);
            }
            Action::Bookmark => return self.bookmark(here),
            Action::TurnTime => return self.open_waterfall(here),
            Action::Copy => return self.copy_trace(here),
            Action::Dismiss => return self.model.missed = Default::default(),
            Action::Back => {
                self.traces_whole = false;
                return self.focus = Focus::Composer;
            }
            _ => return,
        };
        if to == 0 && from == 0 {
            self.look_further();
        }
        // Past the newest is following again.
        self.feed.selected = if to > last {
            None
        } else {
            ids.get(to).copied()
        };
    }

    /// Turns one filter on, on to its next meaning, or off.
    fn turn_filter(&mut self, action: Action, here: Option<TraceId>) {
        let mut query = self.feed.query.clone();
        match action {
            Action::Outcome => {
                let next = match query.outcome() {
                    None => Some(ActionType::Deny),
                    Some(ActionType::Deny) => Some(ActionType::Error),
                    Some(_) => None,
                };
                match next {
                    Some(next) => query.put(Term::Outcome(next)),
                    None => drop(query.take(&Term::Outcome(ActionType::Deny))),
                }
            }
            Action::OnlyTool => {
                let tool = here.and_then(|id| self.trace_of(id));
                let tool = tool.map(|trace| trace.tool_name.clone());
                if !query.take(&Term::Tool(String::new()))
                    && let Some(tool) = tool
                {
                    query.put(Term::Tool(tool));
                }
            }
            Action::OnlySession => {
                let name = self.session().map(|session| session.name.clone());
                if !query.take(&Term::Session(String::new()))
                    && let Some(name) = name
                {
                    query.put(Term::Session(name));
                }
            }
            _ => {
                if !query.take(&Term::Marked) {
                    query.put(Term::Marked);
                }
            }
        }
        self.look_for(query);
    }

    fn bookmark(&mut self, here: Option<TraceId>) {
        let Some(id) = here else { return };
        let marked = !self.model.is_marked(id);
        if self.change(Call::Mark(Mark { id, marked })) {
            self.feed.selected = Some(id);
        }
    }

    pub(super) fn copy_trace(&mut self, here: Option<TraceId>) {
        let trace = here.and_then(|id| self.trace_of(id));
        let text = trace.and_then(|trace| serde_json::to_string_pretty(trace).ok());
        if let Some(text) = text {
            self.copy("the trace", text);
        }
    }

    /// Shows where the time of the turn of a trace went.
    pub(super) fn open_waterfall(&mut self, here: Option<TraceId>) {
        let Some(trace) = here.and_then(|id| self.trace_of(id)) else {
            return;
        };
        match trace.metadata.turn_id {
            Some(turn) => {
                self.ask(Call::Turn(turn));
                self.overlays.push(Overlay::Waterfall(Waterfall::new(turn)));
            }
            None => self.say("a person ran this: it belongs to no turn"),
        }
    }

    /// Asks for a turn again that is looked at and of which something was told.
    pub(super) fn heard_of_turn(&mut self, news: &News) {
        let turn: Option<TurnId> = match news {
            News::TurnChanged(turn) => Some(turn.id),
            News::CallChanged(call) => call.turn_id,
            News::ApprovalChanged(approval) => Some(approval.turn_id),
            News::MessageChanged(message) => message.turn_id,
            _ => None,
        };
        let fall = self.overlays.iter_mut().find_map(|overlay| match overlay {
            Overlay::Waterfall(fall) if Some(fall.turn) == turn => Some(fall),
            _ => None,
        });
        if let Some(fall) = fall {
            if fall.asked {
                fall.stale = true;
                return;
            }
            fall.asked = true;
            let turn = fall.turn;
            self.ask(Call::Turn(turn));
        }
    }

    /// Takes a turn that is looked at; `None` where it cannot be shown.
    pub(super) fn turn_shown(
        &mut self,
        id: TurnId,
        shown: Option<smartopol_protocol::turn::Shown>,
    ) {
        let fall = self.overlays.iter_mut().find_map(|overlay| match overlay {
            Overlay::Waterfall(fall) if fall.turn == id => Some(fall),
            _ => None,
        });
        let Some(fall) = fall else { return };
        fall.asked = false;
        if shown.is_some() {
            fall.shown = shown;
        }
        if std::mem::take(&mut fall.stale) {
            fall.asked = true;
            self.ask(Call::Turn(id));
        }
    }
}

impl Feed {
    /// Forgets whether the words stand in a trace that has changed.
    pub(super) fn changed(&mut self, id: TraceId) {
        self.words.remove(&id);
    }
}
