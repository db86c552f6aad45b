//! All keys that hold now, those of the place at hand first, found by writing.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use smartopol_config::keymap::Preset;

use super::line::field;
use super::{keys, position, scrolled, window};
use crate::app::App;
use crate::app::keymap::Place;
use crate::widget::composer::Composer;
use crate::widget::text::{Indent, width, wrap};

/// How wide the names of keys are.
const NAMES: usize = 12;

const SHOWN: [Place; 10] = [
    Place::Everywhere,
    Place::Composer,
    Place::Card,
    Place::Conversation,
    Place::Traces,
    Place::Sessions,
    Place::Picker,
    Place::Palette,
    Place::CommandLine,
    Place::Page,
];

pub(super) fn draw(
    app: &App,
    scroll: &mut usize,
    filter: &Composer,
    from: &'static [Place],
    area: Rect,
    buf: &mut Buffer,
) -> Option<Position> {
    let two = area.width >= 116;
    let wide = if two { 114 } else { 72 };
    let room = usize::from(area.width.min(wide)).saturating_sub(4);
    let places = places(from);
    let all = lines(app, &places, "", room, two).len();
    let lines = lines(app, &places, filter.text(), room, two);
    // It keeps its size while one writes.
    let tall = u16::try_from(all + 4).unwrap_or(u16::MAX).min(area.height);
    let at = position(lines.len(), *scroll, tall.saturating_sub(4));
    let foot = format!("{}{at}", keys(&app.hints_of(&[Place::Help])));
    let title = match app.keymap.preset() {
        Preset::Default => "Keys".to_owned(),
        preset => format!("Keys of {}", preset.name()),
    };
    let inside = window(area, (wide, tall), &title, &foot, app.theme, buf);
    if inside.height < 3 {
        return None;
    }
    buf.set_string(inside.x, inside.y, "/", app.theme.selected());
    let line = Rect {
        x: inside.x + 2,
        width: inside.width.saturating_sub(2),
        height: 1,
        ..inside
    };
    let cursor = field(filter, line, app, buf);
    if filter.is_empty() {
        let words = "write to find a key or what it does";
        buf.set_stringn(line.x, line.y, words, line.width.into(), app.theme.quiet());
    }
    let list = Rect {
        y: inside.y + 2,
        height: inside.height - 2,
        ..inside
    };
    if lines.is_empty() {
        let words = Line::styled(
            "no key does that: try : and Tab for commands",
            app.theme.quiet(),
        );
        buf.set_line(list.x, list.y, &words, list.width);
    }
    scrolled(&lines, scroll, list, buf);
    Some(cursor)
}

/// Returns the places in the order of the help: where one is comes first.
fn places(from: &[Place]) -> Vec<Place> {
    if from == [Place::Replay] {
        return vec![Place::Replay, Place::Page];
    }
    let mut places: Vec<Place> = SHOWN.to_vec();
    places.sort_by_key(|place| {
        let here = from.iter().position(|own| own == place);
        here.unwrap_or(usize::MAX)
    });
    places
}

/// Returns the lines of the help that have these words in them.
fn lines(app: &App, places: &[Place], words: &str, room: usize, two: bool) -> Vec<Line<'static>> {
    let column = if two {
        room.saturating_sub(3) / 2
    } else {
        room
    };
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for place in places {
        let group = group(app, *place, words, column);
        if group.is_empty() {
            continue;
        }
        // Each goes to the shorter column, so that they are about as long as each other.
        let to = if two && right.len() < left.len() {
            &mut right
        } else {
            &mut left
        };
        if !to.is_empty() {
            to.push(Line::raw(""));
        }
        to.extend(group);
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

fn group(app: &App, place: Place, wanted: &str, room: usize) -> Vec<Line<'static>> {
    let theme = app.theme;
    let wanted = wanted.trim().to_lowercase();
    let has = |text: &str| text.to_lowercase().contains(&wanted);
    let keys = app.help_of(place);
    let keys: Vec<_> = keys
        .into_iter()
        .filter(|(names, words)| has(names) || has(words) || has(place.title()))
        .collect();
    if keys.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![Line::from(vec![Span::styled(
        place.title(),
        theme.strong(),
    )])];
    for (names, words) in keys {
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
