//! What the agent is saying right now.
//!
//! Owns the layout of text that grows: what is complete is laid out once, and only the last
//! paragraph again with each piece.

use ratatui::text::Line;
use smartopol_protocol::TurnId;
use smartopol_protocol::session::Partial;

use super::below::doing;
use super::markdown::markdown;
use super::message::{indented, prose, thought};
use super::transcript::Row;
use crate::app::App;
use crate::sanitize;

/// What is being said, laid out as far as it will not change.
#[derive(Debug, Default)]
pub(super) struct Speech {
    step: Option<(TurnId, u32)>,
    room: usize,
    /// How many bytes of the text are in `lines`.
    stable: usize,
    lines: Vec<Line<'static>>,
}

impl Speech {
    /// Lays out what is being said; only its last paragraph is laid out again when it grows.
    pub(super) fn rows(&mut self, app: &App, partial: &Partial, room: usize) -> Vec<Row> {
        let mut rows = Vec::new();
        if !partial.reasoning.is_empty() {
            if partial.text.is_empty() && partial.call.is_none() {
                let words = partial.reasoning.split_whitespace().count();
                rows.push(doing(app, format!("thinking · {words} words")));
            } else {
                rows.extend(thought(app, &partial.reasoning, None, None, room));
            }
        }
        if !partial.text.trim().is_empty() {
            if !rows.is_empty() {
                rows.push(Row::blank());
            }
            self.take(app, partial, room);
            rows.extend(self.lines.iter().cloned().map(Row::plain));
            let rest = partial.text.get(self.stable..).unwrap_or_default();
            rows.extend(prose(app, rest, room));
        }
        if let Some((name, bytes)) = &partial.call {
            if !rows.is_empty() {
                rows.push(Row::blank());
            }
            let words = format!("writing a call of {} · {bytes} bytes", sanitize::line(name));
            rows.push(doing(app, words));
        }
        rows
    }

    /// Lays out the paragraphs that are complete.
    fn take(&mut self, app: &App, partial: &Partial, room: usize) {
        let step = Some((partial.turn_id, partial.step));
        if self.step != step || self.room != room || self.stable > partial.text.len() {
            *self = Self {
                step,
                room,
                ..Self::default()
            };
        }
        while let Some(paragraph) = complete(partial.text.get(self.stable..).unwrap_or_default()) {
            let text = sanitize::text(paragraph);
            self.lines.extend(
                markdown(&text, room.saturating_sub(2), app.theme)
                    .into_iter()
                    .map(indented),
            );
            self.lines.push(Line::raw(""));
            self.stable += paragraph.len();
        }
    }
}

/// Returns the beginning of a text that later text cannot change: up to a blank line, outside of
/// code, before a line that is not indented.
fn complete(text: &str) -> Option<&str> {
    let mut at = 0;
    let mut code = false;
    while let Some(end) = text.get(at..).and_then(|rest| rest.find('\n')) {
        let line = text.get(at..at + end).unwrap_or_default();
        code ^= line.trim_start().starts_with("```");
        let next = at + end + 1;
        let follows = text.get(next..).and_then(|rest| rest.chars().next());
        if line.trim().is_empty() && !code && at > 0 && follows.is_some_and(|c| !c.is_whitespace())
        {
            return text.get(..next);
        }
        at = next;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paragraph_is_complete_when_the_next_has_begun() {
        assert_eq!(complete("one\ntwo"), None);
        assert_eq!(complete("one\n\n"), None);
        assert_eq!(complete("one\n\ntwo\n\nthree"), Some("one\n\n"));
        assert_eq!(
            complete("```\na\n\nb\n```\n\nend"),
            Some("```\na\n\nb\n```\n\n")
        );
        assert_eq!(complete("- a\n\n  more of a"), None);
    }
}
