//! All keys, from the live table.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::{keys, position, scrolled, window};
use crate::app::App;
use crate::app::keymap::Place;
use crate::widget::text::{Indent, width, wrap};

/// How wide the names of keys are.
const NAMES: usize = 12;

const SHOWN: [Place; 6] = [
    Place::Composer,
    Place::Everywhere,
    Place::Card,
    Place::Conversation,
    Place::Traces,
    Place::Sessions,
];

pub(super) fn draw(
    app: &App,
    scroll: &mut usize,
    area: Rect,
    buf: &mut Buffer,
) -> Option<Position> {
    let two = area.width >= 116;
    let wide = if two { 114 } else { 72 };
    let room = usize::from(area.width.min(wide)).saturating_sub(4);
    let lines = lines(app, room, two);
    let tall = u16::try_from(lines.len() + 2)
        .unwrap_or(u16::MAX)
        .min(area.height);
    let at = position(lines.len(), *scroll, tall.saturating_sub(2));
    let foot = format!("{}{at}", keys(&app.hints_of(&[Place::Page])));
    let inside = window(area, (wide, tall), "Keys", &foot, app.theme, buf);
    scrolled(&lines, scroll, inside, buf);
    None
}

/// Returns how many lines the help has.
fn lines(app: &App, room: usize, two: bool) -> Vec<Line<'static>> {
    let column = if two {
        room.saturating_sub(3) / 2
    } else {
        room
    };
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for place in SHOWN {
        // Each goes to the shorter column, so that they are about as long as each other.
        let to = if two && right.len() < left.len() {
            &mut right
        } else {
            &mut left
        };
        if !to.is_empty() {
            to.push(Line::raw(""));
        }
        to.extend(group(app, place, column));
    }
    if !two {
        return left;
    }
    let tall = left.len().max(right.len());
    let (mut left, mut right) = (left.into_iter(), right.into_iter());
    (0..tall)
        .map(|_| {
            let mut line = left.next().unwrap_or_default();
            let used: usize = line.spans.iter().map(|span| width(&span.content)).sum();
            line.spans
                .push(Span::raw(" ".repeat((column + 3).saturating_sub(used))));
            line.spans.extend(right.next().unwrap_or_default().spans);
            line
        })
        .collect()
}

fn group(app: &App, place: Place, room: usize) -> Vec<Line<'static>> {
    let theme = app.theme;
    let mut lines = vec![Line::from(vec![Span::styled(
        place.title(),
        theme.strong(),
    )])];
    for (names, words) in app.help_of(place) {
        let gap = NAMES.saturating_sub(width(&names)).max(1);
        let before = width(&names) + gap + 2;
        let indent = Indent {
            first: vec![
                Span::raw("  "),
                Span::styled(names, theme.selected()),
                Span::raw(" ".repeat(gap)),
            ],
            rest: vec![Span::raw(" ".repeat(before))],
        };
        lines.extend(wrap(&[Span::raw(words)], room, &indent));
    }
    lines
}
