//! The docked card of a question of the agent.
//!
//! Owns its words; how they fit is the card's of an approval.

use ratatui::text::{Line, Span};
use smartopol_protocol::question::Question;

use super::approval::{Card, Keys, flowed};
use super::text::{Indent, clip, width, wrap};
use crate::app::App;
use crate::app::keymap::{Action, Place};
use crate::app::question::CHOICES;
use crate::sanitize;
use crate::theme::Theme;

/// What stands before an answer in one's own words.
pub(crate) const PROMPT: &str = "› ";

/// How many lines of such an answer are seen.
const WRITTEN: usize = 5;

/// Lays the card of a question out.
pub(crate) fn card<'a>(
    app: &'a App,
    question: &Question,
    room: usize,
    open: bool,
    keys_as: Keys,
) -> Card<'a> {
    let theme = app.theme;
    let text = sanitize::text(&question.text);
    let body = text
        .trim_end()
        .lines()
        .flat_map(|line| {
            let words = [Span::styled(line.to_owned(), theme.strong())];
            wrap(&words, room, &Indent::default())
        })
        .collect();
    let keys = match &app.asked.answer {
        Some(_) => written(app, question, room, keys_as),
        None => answers(app, question, room, open, keys_as),
    };
    Card::of(app, room, body, keys)
}

/// Returns what can be answered, and the key of each.
fn answers(
    app: &App,
    question: &Question,
    room: usize,
    open: bool,
    keys_as: Keys,
) -> Vec<Line<'static>> {
    let theme = app.theme;
    let live = open && !app.wanted.observe;
    let key = if live {
        theme.selected()
    } else {
        theme.quiet()
    };
    let label = if live { theme.strong() } else { theme.text() };
    let words = if live { theme.text() } else { theme.quiet() };
    let mut offers = Vec::new();
    for (choice, action) in question.choices.iter().zip(CHOICES) {
        if let Some(key) = app.key_of(&[Place::Asked], action) {
            let label = sanitize::line(&choice.label).into_owned();
            offers.push((key, label, sanitize::line(&choice.explanation).into_owned()));
        }
    }
    let mut more = Vec::new();
    if !app.wanted.observe {
        let mut put = |action, said: &str| {
            if let Some(key) = app.key_of(&[Place::Asked], action) {
                more.push((key, said.to_owned()));
            }
        };
        if question.free_text {
            put(Action::OwnWords, "your own words");
        }
        put(Action::Dismiss, "no answer");
    }
    let last = flowed(more, room, 3, |name, said| {
        [
            Span::styled(name, key),
            Span::styled(format!(" {said}"), words),
        ]
    });
    let mut lines = match keys_as {
        Keys::List => listed(offers, room, (key, label, words)),
        Keys::Flow => offers
            .into_iter()
            .map(|(name, said, why)| one_line(&name, &said, &why, room, (key, label, words)))
            .collect(),
        Keys::Short => {
            let offers = offers
                .into_iter()
                .map(|(name, said, _)| (name, said))
                .collect();
            flowed(offers, room, 3, |name, said| {
                [
                    Span::styled(name, key),
                    Span::styled(format!(" {said}"), label),
                ]
            })
        }
    };
    if keys_as == Keys::List && !lines.is_empty() && !last.is_empty() {
        lines.push(Line::raw(""));
    }
    lines.extend(last);
    lines
}

type Styles = (
    ratatui::style::Style,
    ratatui::style::Style,
    ratatui::style::Style,
);

/// Each choice on its line, what it would mean below it.
fn listed(
    offers: Vec<(String, String, String)>,
    room: usize,
    (key, label, words): Styles,
) -> Vec<Line<'static>> {
    let widest = offers.iter().map(|(name, ..)| width(name)).max();
    let column = widest.unwrap_or(0) + 2;
    let mut lines = Vec::new();
    for (name, said, why) in offers {
        let indent = Indent {
            first: vec![Span::styled(format!("{name:column$}"), key)],
            rest: vec![Span::raw(" ".repeat(column))],
        };
        lines.extend(wrap(&[Span::styled(said, label)], room, &indent));
        if !why.is_empty() {
            let indent = Indent::spaces(column);
            lines.extend(wrap(&[Span::styled(why, words)], room, &indent));
        }
    }
    lines
}

fn one_line(
    name: &str,
    said: &str,
    why: &str,
    room: usize,
    (key, label, words): Styles,
) -> Line<'static> {
    let said = clip(said, room.saturating_sub(width(name) + 2));
    let left = room.saturating_sub(width(name) + 2 + width(&said) + 2);
    let mut spans = vec![
        Span::styled(format!("{name}  "), key),
        Span::styled(said, label),
    ];
    if left >= 12 && !why.is_empty() {
        spans.push(Span::styled(format!("  {}", clip(why, left)), words));
    }
    Line::from(spans)
}

/// Returns the lines in which an answer is written; the choices stay in sight above them.
fn written(app: &App, question: &Question, room: usize, keys_as: Keys) -> Vec<Line<'static>> {
    let theme = app.theme;
    let mut lines = match keys_as {
        Keys::Short => Vec::new(),
        _ => question
            .choices
            .iter()
            .map(|choice| quiet(theme, &choice.label, room))
            .collect(),
    };
    let (typed, _) = field(app, room);
    for (place, words) in typed.into_iter().enumerate() {
        let sign = if place == 0 { PROMPT } else { "  " };
        lines.push(Line::from(vec![
            Span::styled(sign, theme.selected()),
            Span::styled(words, theme.text()),
        ]));
    }
    lines
}

fn quiet(theme: Theme, label: &str, room: usize) -> Line<'static> {
    let words = clip(&sanitize::line(label), room.saturating_sub(2));
    Line::styled(format!("· {words}"), theme.quiet())
}

/// Returns the lines of the answer that is being written and where its cursor is in them, without
/// what stands before.
pub(crate) fn field(app: &App, room: usize) -> (Vec<String>, (usize, usize)) {
    let Some(typed) = &app.asked.answer else {
        return (Vec::new(), (0, 0));
    };
    let layout = typed.layout(room.saturating_sub(width(PROMPT)).max(2));
    let (line, cell) = layout.cursor;
    let from = (line + 1).saturating_sub(WRITTEN);
    let lines = layout.lines.into_iter().skip(from).take(WRITTEN);
    let lines = lines.map(|range| typed.shown(range)).collect();
    (lines, (line - from, cell))
}
