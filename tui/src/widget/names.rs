//! The list of names above the composer: files, commands.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget};
use unicode_segmentation::UnicodeSegmentation;

use super::frame::{Edge, boxed};
use super::text::{clip_spans, width};
use crate::app::App;
use crate::app::keymap::Place;
use crate::sanitize;

/// The most names that are seen at once.
const LINES: u16 = 8;

/// How wide the list grows.
const WIDE: u16 = 76;

pub(crate) fn draw(app: &App, buf: &mut Buffer) {
    let Some(list) = app.names_shown() else {
        return;
    };
    let composer = app.plan.composer;
    let above = composer.y.saturating_sub(app.plan.header.bottom());
    let count = u16::try_from(list.names.len()).unwrap_or(LINES).max(1);
    let tall = (count.min(LINES) + 2).min(above);
    if tall < 3 || composer.width < 12 {
        return;
    }
    let frame = Rect {
        x: composer.x + 1,
        y: composer.y - tall,
        width: WIDE.min(composer.width.saturating_sub(2)),
        height: tall,
    };
    Clear.render(frame, buf);
    let theme = app.theme;
    let title = if list.files { "Files" } else { "Commands" };
    let hints = app.hints_of(&[Place::Completing]);
    let hints: Vec<String> = hints
        .iter()
        .map(|(key, words)| format!("{key} {words}"))
        .collect();
    let number = match (list.names.len(), list.more) {
        (0, _) => String::new(),
        (count, true) => format!("{} of {count}, and more than are listed", list.chosen + 1),
        (count, false) => format!("{} of {count}", list.chosen + 1),
    };
    let top = Edge {
        left: vec![Span::styled(title, theme.selected().patch(theme.strong()))],
        right: vec![Span::styled(number, theme.quiet())],
    };
    let foot = Edge::left(vec![Span::styled(hints.join(" · "), theme.quiet())]);
    let inside = boxed(frame, top, foot, theme.selected(), buf);
    if list.coming && list.names.is_empty() {
        let words = "looking at the files";
        buf.set_stringn(
            inside.x,
            inside.y,
            words,
            inside.width.into(),
            theme.quiet(),
        );
        return;
    }
    let from = (list.chosen + 1).saturating_sub(inside.height.into());
    let column = list
        .names
        .iter()
        .map(|name| width(&name.shown))
        .max()
        .unwrap_or(0)
        .min(28);
    let shown = list.names.iter().enumerate().skip(from);
    for ((number, name), y) in shown.zip(inside.y..inside.bottom()) {
        let chosen = number == list.chosen;
        let style = if chosen {
            theme.selected()
        } else {
            theme.text()
        };
        let mut spans = vec![Span::styled(
            if chosen { "▸ " } else { "  " },
            theme.selected(),
        )];
        let sign = if list.files { "" } else { "/" };
        spans.push(Span::styled(sign, style));
        let hit = style
            .patch(theme.strong())
            .add_modifier(Modifier::UNDERLINED);
        let clean = sanitize::line(&name.shown).into_owned();
        for (at, grapheme) in clean.graphemes(true).enumerate() {
            let own = if name.matched.contains(&at) {
                hit
            } else {
                style
            };
            match spans.last_mut() {
                Some(span) if span.style == own && at > 0 => {
                    span.content.to_mut().push_str(grapheme);
                }
                _ => spans.push(Span::styled(grapheme.to_owned(), own)),
            }
        }
        if !name.words.is_empty() {
            let gap = (column + 3).saturating_sub(width(&clean));
            let words = sanitize::line(&name.words).into_owned();
            spans.push(Span::styled(format!("{:gap$}{words}", ""), theme.quiet()));
        }
        let line = Line::from(clip_spans(spans, inside.width.into()));
        buf.set_line(inside.x, y, &line, inside.width);
    }
}
