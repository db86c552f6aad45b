//! The palette: a line to write in, and what it finds.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;

use super::line::field;
use super::{keys, window};
use crate::app::App;
use crate::app::keymap::Place;
use crate::app::mouse::Spot;
use crate::app::palette::Item;
use crate::widget::composer::Composer;
use crate::widget::text::{clip_spans, spread, width};

/// How many lines of it show something that was found.
const LINES: u16 = 16;

/// From this width on, each line says what sort of thing it is.
const WIDE: usize = 56;

pub(super) fn draw(
    app: &App,
    letters: &Composer,
    at: &mut usize,
    area: Rect,
    buf: &mut Buffer,
) -> Option<Position> {
    let theme = app.theme;
    let (items, all) = app.offers(letters.text());
    let wide = (area.width * 3 / 5).clamp(76, 100);
    let tall = (LINES + 4).min(area.height.saturating_sub(2)).max(6);
    let foot = keys(&app.hints_of(&[Place::Palette]));
    // It keeps its size and its place while one writes.
    let inside = window(area, (wide, tall), "Find", &foot, theme, buf);
    if inside.height < 3 {
        return None;
    }
    let line = Rect {
        x: inside.x + 2,
        width: inside.width.saturating_sub(2),
        height: 1,
        ..inside
    };
    buf.set_string(inside.x, inside.y, ">", theme.selected());
    let count = if letters.is_empty() {
        format!("{all}")
    } else {
        format!("{} of {all}", items.len())
    };
    let count_wide = u16::try_from(count.len()).unwrap_or(0);
    let cursor = field(
        letters,
        Rect {
            width: line.width.saturating_sub(count_wide + 2),
            ..line
        },
        app,
        buf,
    );
    if letters.is_empty() {
        let words = "an action, a session, a trace, a setting";
        let room = usize::from(line.width.saturating_sub(count_wide + 2));
        buf.set_stringn(line.x, line.y, words, room, theme.quiet());
    }
    let right = line.right().saturating_sub(count_wide);
    buf.set_string(right, line.y, &count, theme.quiet());
    let list = Rect {
        y: inside.y + 2,
        height: inside.height - 2,
        ..inside
    };
    if items.is_empty() {
        let words = Line::styled("nothing is called so", theme.quiet());
        buf.set_line(list.x, list.y, &words, list.width);
    }
    *at = (*at).min(items.len().saturating_sub(1));
    let from = (*at + 1).saturating_sub(list.height.into());
    let shown = items.iter().enumerate().skip(from);
    for ((number, item), y) in shown.zip(list.y..list.bottom()) {
        let line = row(app, item, number == *at, list.width.into());
        buf.set_line(list.x, y, &line, list.width);
        let row = Rect {
            y,
            height: 1,
            ..list
        };
        app.spot(row, Spot::Offer(number));
    }
    Some(cursor)
}

fn row(app: &App, item: &Item, selected: bool, room: usize) -> Line<'static> {
    let theme = app.theme;
    let edge = if selected { "▸ " } else { "  " };
    let mut left = vec![Span::styled(edge, theme.selected())];
    if room >= WIDE {
        left.push(Span::styled(
            format!("{:<9}", item.target.kind()),
            theme.quiet(),
        ));
    }
    let text = if selected {
        theme.selected().patch(theme.strong())
    } else {
        theme.text()
    };
    let hit = text
        .patch(theme.strong())
        .add_modifier(ratatui::style::Modifier::UNDERLINED);
    for (at, grapheme) in item.text.graphemes(true).enumerate() {
        let style = if item.matched.contains(&at) {
            hit
        } else {
            text
        };
        match left.last_mut() {
            Some(span) if span.style == style && at > 0 => span.content.to_mut().push_str(grapheme),
            _ => left.push(Span::styled(grapheme.to_owned(), style)),
        }
    }
    let key = Span::styled(item.key.clone(), theme.quiet());
    let right = if item.key.is_empty() {
        Vec::new()
    } else {
        vec![key]
    };
    let used: usize = left
        .iter()
        .chain(&right)
        .map(|span| width(&span.content))
        .sum();
    if !item.detail.is_empty() {
        let detail = vec![Span::styled(format!("  {}", item.detail), theme.quiet())];
        left.extend(clip_spans(detail, room.saturating_sub(used + 2)));
    }
    spread(left, right, room)
}
