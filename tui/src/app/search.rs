//! Searching a session: the daemon finds, the console goes from hit to hit.
//!
//! Owns the hits that are known. They come from the newest to the oldest, in several answers where
//! the session is long; the first that lies above what is seen is shown as soon as it is known.

use smartopol_protocol::SessionId;
use smartopol_protocol::message::{Found, Part, fold};

use super::{App, Call, Piece};
use crate::model::Transcript;
use crate::overlay::{Asked, Overlay, Purpose};

/// The most hits that are kept.
const HITS: usize = 10_000;

/// A search in one session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Searching {
    /// What a person wrote.
    pub(crate) text: String,
    /// The same as it is compared.
    pub(crate) needle: String,
    /// The positions of the messages that hold it, newest first.
    hits: Vec<u64>,
    /// True once the daemon has looked at everything.
    whole: bool,
    /// The hit that is shown.
    at: Option<u64>,
    /// What was seen when it began: hits below come last.
    from: u64,
}

impl Searching {
    /// Says how many hits there are, and which is shown.
    pub(crate) fn count(&self) -> String {
        let all = self.hits.len();
        let more = if self.whole { "" } else { "…" };
        let number = self
            .at
            .and_then(|at| self.hits.iter().position(|own| *own == at));
        match (number, all) {
            (None, 0) if self.whole => "not found".to_owned(),
            (None, 0) => "searching…".to_owned(),
            (None, _) => format!("{all}{more} hits"),
            (Some(number), _) => format!("hit {} of {all}{more}", number + 1),
        }
    }

    /// Takes an answer; returns where the next one begins.
    fn take(&mut self, found: Found) -> Option<u64> {
        self.hits.extend(found.hits.iter().map(|hit| hit.position));
        let room = self.hits.len() < HITS;
        self.hits.truncate(HITS);
        self.whole = found.next.is_none();
        found.next.filter(|_| room)
    }

    /// Returns the hit to show first, once it is known.
    fn first(&self) -> Option<u64> {
        let above = self.hits.iter().find(|hit| **hit <= self.from);
        above.or(self.hits.first().filter(|_| self.whole)).copied()
    }

    /// Returns the hit above or below the one that is shown, around the end where there is none.
    fn step(&self, up: bool) -> Option<u64> {
        let all = self.hits.len();
        let at = self
            .at
            .and_then(|at| self.hits.iter().position(|own| *own == at));
        let next = match (at, up) {
            (None, _) => 0,
            (Some(at), true) => (at + 1) % all.max(1),
            (Some(at), false) => at.checked_sub(1).unwrap_or(all.saturating_sub(1)),
        };
        self.hits.get(next).copied()
    }
}

impl App {
    /// Asks what to search for.
    pub(super) fn ask_for_search(&mut self) {
        let last = self.view().and_then(|view| view.search.as_ref());
        let text = last.map_or(String::new(), |own| own.text.clone());
        self.overlays
            .push(Overlay::Line(Asked::new(Purpose::Search, text)));
    }

    /// Begins a search; nothing ends the one before.
    pub(super) fn search(&mut self, text: &str) {
        let Some(id) = self.current else { return };
        let last = self.transcript().map_or(0, Transcript::last);
        let from = self.pages.bottom().unwrap_or(last);
        let Some(view) = self.view_mut() else { return };
        if text.trim().is_empty() {
            view.search = None;
            return;
        }
        view.search = Some(Searching {
            text: text.to_owned(),
            needle: fold(text),
            hits: Vec::new(),
            whole: false,
            at: None,
            from,
        });
        self.focus = super::Focus::Conversation;
        self.ask(Call::Search {
            id,
            text: text.to_owned(),
            before: None,
        });
    }

    /// Takes what the daemon found so far.
    pub(super) fn found_text(&mut self, id: SessionId, text: &str, found: Found) {
        let own = self
            .views
            .get_mut(&id)
            .and_then(|view| view.search.as_mut());
        let Some(search) = own.filter(|own| own.text == text) else {
            return;
        };
        let next = search.take(found);
        let shows = search.at.is_none().then(|| search.first()).flatten();
        let nowhere = search.whole && search.hits.is_empty();
        if let Some(before) = next {
            let text = text.to_owned();
            self.ask(Call::Search {
                id,
                text,
                before: Some(before),
            });
        }
        if self.current != Some(id) {
            return;
        }
        if nowhere {
            let text = crate::sanitize::line(text).into_owned();
            self.say(format!("\"{text}\" is nowhere in this session"));
        }
        if let Some(position) = shows {
            self.show_hit(position);
        }
    }

    pub(super) fn step_hit(&mut self, up: bool) {
        let Some(search) = self.view().and_then(|view| view.search.as_ref()) else {
            return self.ask_for_search();
        };
        if let Some(position) = search.step(up) {
            self.show_hit(position);
        }
    }

    /// Returns true where a piece is of the message with the hit that is shown.
    pub(crate) fn is_of_hit(&self, piece: Piece) -> bool {
        let search = self.view().and_then(|view| view.search.as_ref());
        let Some(hit) = search.and_then(|search| search.at) else {
            return false;
        };
        let id = match piece {
            Piece::Message(position) | Piece::Code(position, _) => return position == hit,
            Piece::Call(id) => id,
        };
        let transcript = self.transcript();
        let entry = transcript.and_then(|own| own.entries().get(own.index_of(hit)?));
        entry.is_some_and(|entry| {
            entry.message.parts.iter().any(|part| match part {
                Part::ToolCall { id: own, .. } | Part::ToolOutput { call_id: own, .. } => {
                    *own == id
                }
                _ => false,
            })
        })
    }

    fn show_hit(&mut self, position: u64) {
        let Some(search) = self.view_mut().and_then(|view| view.search.as_mut()) else {
            return;
        };
        search.at = Some(position);
        let needle = search.needle.clone();
        self.go_to(position, &needle);
    }
}
