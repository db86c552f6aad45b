//! Searching all sessions: a line to write in, and the messages that hold its words.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use smartopol_protocol::message::Role;
use smartopol_protocol::session::Hit;

use super::line::field;
use super::{keys, window};
use crate::app::App;
use crate::app::keymap::Place;
use crate::app::mouse::Spot;
use crate::sanitize;
use crate::widget::composer::Composer;
use crate::widget::text::{clip_spans, spread, width};

/// How many messages have room, each with two lines.
const HITS: u16 = 9;

pub(super) fn draw(
    app: &App,
    line: &Composer,
    at: &mut usize,
    area: Rect,
    buf: &mut Buffer,
) -> Option<Position> {
    let theme = app.theme;
    let found = &app.everywhere.found;
    let wide = (area.width * 3 / 5).clamp(76, 110);
    let tall = (HITS * 2 + 4).min(area.height.saturating_sub(2)).max(6);
    // The palette's keys, of which one leads somewhere here instead of doing something.
    let hints = app.hints_of(&[Place::Palette]).into_iter();
    let hints = hints.map(|(key, words)| match words {
        "do it" => (key, "go there"),
        words => (key, words),
    });
    let foot = keys(&hints.collect::<Vec<_>>());
    let inside = window(area, (wide, tall), "What was said", &foot, theme, buf);
    if inside.height < 3 {
        return None;
    }
    let count = match (found.hits.len(), found.next) {
        _ if app.everywhere.waits() => "…".to_owned(),
        (count, Some(_)) => format!("{count}+"),
        (count, None) => count.to_string(),
    };
    let count_wide = u16::try_from(width(&count)).unwrap_or(0);
    let writing = Rect {
        x: inside.x + 2,
        width: inside.width.saturating_sub(count_wide + 4),
        height: 1,
        ..inside
    };
    buf.set_string(inside.x, inside.y, ">", theme.selected());
    let cursor = field(line, writing, app, buf);
    let right = inside.right().saturating_sub(count_wide);
    if line.is_empty() {
        let words = "words, in all your sessions";
        let room = usize::from(writing.width);
        buf.set_stringn(writing.x, writing.y, words, room, theme.quiet());
    } else {
        buf.set_string(right, inside.y, &count, theme.quiet());
    }
    let mut list = Rect {
        y: inside.y + 2,
        height: inside.height - 2,
        ..inside
    };
    if found.behind > 0 && list.height > 2 {
        list.height -= 1;
        let told = format!("{} older messages are still being made ready", found.behind);
        let told = Line::styled(told, theme.quiet());
        buf.set_line(list.x, list.bottom(), &told, list.width);
    }
    if found.hits.is_empty() && !line.is_empty() && !app.everywhere.waits() {
        let words = Line::styled("no message has all of these words", theme.quiet());
        buf.set_line(list.x, list.y, &words, list.width);
    }
    *at = (*at).min(found.hits.len().saturating_sub(1));
    let fit = usize::from(list.height / 2).max(1);
    let from = (*at + 1).saturating_sub(fit);
    let shown = found.hits.iter().enumerate().skip(from).take(fit);
    for ((number, hit), y) in shown.zip((list.y..list.bottom()).step_by(2)) {
        let rows = row(app, hit, number == *at, list.width.into());
        for (row, y) in rows.iter().zip(y..list.bottom()) {
            buf.set_line(list.x, y, row, list.width);
        }
        let area = Rect {
            y,
            height: 2.min(list.bottom() - y),
            ..list
        };
        app.spot(area, Spot::Hit(number));
    }
    Some(cursor)
}

/// Returns a hit as two lines: where and when, and what stands there.
fn row(app: &App, hit: &Hit, selected: bool, room: usize) -> [Line<'static>; 2] {
    let theme = app.theme;
    let edge = if selected { "▸ " } else { "  " };
    let name = match selected {
        true => theme.selected().patch(theme.strong()),
        false => theme.text().patch(theme.strong()),
    };
    let who = match hit.role {
        Role::User => "you",
        Role::Agent => "agent",
        Role::Tool => "tools",
        Role::System => "smartopol",
    };
    let archived = if hit.archived { ", archived" } else { "" };
    let at = app.moment(hit.created_at).strftime("%Y-%m-%d %H:%M");
    let left = vec![
        Span::styled(edge, theme.selected()),
        Span::styled(sanitize::line(&hit.session).into_owned(), name),
        Span::styled(
            format!("  {who}, message {}{archived}", hit.position),
            theme.quiet(),
        ),
    ];
    let right = vec![Span::styled(at.to_string(), theme.quiet())];
    let said = Span::styled(sanitize::sentence(&hit.line).into_owned(), theme.text());
    let said = clip_spans(vec![Span::raw("  "), said], room);
    [spread(left, right, room), Line::from(said)]
}
