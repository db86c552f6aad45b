//! What happened in terminals and could not be stored yet.
//!
//! Owns what of it waits to be tried again: the newest of each kind, and of a program that ended no
//! word of how it ran. Pure.

use std::collections::HashMap;
use std::mem::{Discriminant, discriminant};
use std::time::Duration;

use smartopol_protocol::TerminalId;
use smartopol_tools::terminals::Note;
use tokio::time::Instant;

/// How often it is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// What waits.
#[derive(Debug, Default)]
pub(super) struct Late {
    notes: HashMap<(TerminalId, Discriminant<Note>), Note>,
    /// When they are tried again.
    due: Option<Instant>,
}

impl Late {
    /// Returns when it is to be tried again; `None` where nothing waits.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due.filter(|_| !self.notes.is_empty())
    }

    /// Takes all that waits, to be tried again.
    pub(super) fn take(&mut self) -> Vec<(TerminalId, Note)> {
        self.due = None;
        let notes = self.notes.drain();
        notes.map(|((id, _), note)| (id, note)).collect()
    }

    /// Drops what is not so any more after this.
    pub(super) fn outdate(&mut self, id: TerminalId, note: &Note) {
        let ended = matches!(note, Note::Ended(_));
        let same = discriminant(note);
        self.notes.retain(|(own, kind), waiting| {
            let beaten = ended && tells_how_it_runs(waiting);
            *own != id || (*kind != same && !beaten)
        });
    }

    /// Lets what was refused wait, in place of what is not so any more after it.
    pub(super) fn keep(&mut self, id: TerminalId, note: Note, now: Instant) {
        let ended = |waiting: &Note| matches!(waiting, Note::Ended(_));
        let mut waiting = self.notes.iter();
        let over = waiting.any(|((own, _), waiting)| *own == id && ended(waiting));
        if over && tells_how_it_runs(&note) {
            return;
        }
        if self.notes.is_empty() {
            self.due = None;
        }
        self.outdate(id, &note);
        self.notes.insert((id, discriminant(&note)), note);
        self.due.get_or_insert(now + AGAIN);
    }
}

/// Returns true for what means nothing of a program that has ended.
const fn tells_how_it_runs(note: &Note) -> bool {
    matches!(note, Note::Closed(_) | Note::Trouble(_))
}

#[cfg(test)]
mod tests {
    use smartopol_protocol::terminal::{End, Size};

    use super::*;

    const ONE: TerminalId = TerminalId::from_bytes([1; 16]);
    const OTHER: TerminalId = TerminalId::from_bytes([2; 16]);

    fn taken(late: &mut Late) -> Vec<String> {
        let notes = late.take().into_iter();
        let mut notes: Vec<String> = notes
            .map(|(id, note)| format!("{} {note:?}", id.as_bytes()[0]))
            .collect();
        notes.sort();
        notes
    }

    fn trouble(why: &str) -> Note {
        Note::Trouble(Some(why.into()))
    }

    #[test]
    fn the_newest_of_each_kind_waits_and_nothing_of_another_terminal_displaces_it() {
        let (mut late, now) = (Late::default(), Instant::now());
        assert_eq!(late.due(), None);
        late.keep(ONE, trouble("old"), now);
        late.keep(ONE, trouble("new"), now + AGAIN / 2);
        late.keep(ONE, Note::Closed(true), now);
        late.keep(OTHER, trouble("other"), now);
        assert_eq!(late.due(), Some(now + AGAIN), "what comes puts nothing off");
        late.outdate(OTHER, &Note::Closed(false));
        let wanted = [
            r#"1 Closed(true)"#,
            r#"1 Trouble(Some("new"))"#,
            r#"2 Trouble(Some("other"))"#,
        ];
        assert_eq!(taken(&mut late), wanted);
        assert_eq!(late.due(), None);
        late.keep(ONE, trouble("again"), now);
        late.outdate(ONE, &Note::Trouble(None));
        assert_eq!(late.due(), None, "it was stored that there is none");
        late.keep(ONE, trouble("later"), now + 5 * AGAIN);
        assert_eq!(late.due(), Some(now + 6 * AGAIN));
    }

    #[test]
    fn an_end_waits_and_beats_how_the_program_ran() {
        let (mut late, now) = (Late::default(), Instant::now());
        let size = Size {
            columns: 80,
            rows: 24,
        };
        late.keep(ONE, trouble("full"), now);
        late.keep(ONE, Note::Sized(size, None), now);
        late.keep(ONE, Note::Ended(End::Exited { code: 3 }), now);
        late.keep(ONE, Note::Closed(true), now);
        late.outdate(ONE, &Note::Trouble(None));
        let wanted = [
            "1 Ended(Exited { code: 3 })",
            "1 Sized(Size { columns: 80, rows: 24 }, None)",
        ];
        assert_eq!(taken(&mut late), wanted);
    }
}
