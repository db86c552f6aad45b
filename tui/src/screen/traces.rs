//! The trace feed: beside the conversation, or over the whole screen.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use smartopol_protocol::trace::{ActionType, Trace};

use super::trace_head;
use crate::app::mouse::Spot;
use crate::app::{App, Focus};
use crate::sanitize;
use crate::theme::Theme;
use crate::widget::text::{clip, spread, width};
use crate::widget::time;

/// From this width on, a trace is one line.
const WIDE: u16 = 60;

/// Below this width, the seconds of the time give way.
const NARROW: u16 = 32;

/// Returns the sign of a trace's outcome, its word, and the style of both.
pub(crate) fn outcome(trace: &Trace, theme: Theme) -> (&'static str, &'static str, Style) {
    match trace.action_type {
        ActionType::Allow if !trace.metadata.complete => ("●", "running", theme.text()),
        ActionType::Allow => ("✓", "allowed", theme.good()),
        ActionType::Deny => ("✗", "denied", theme.bad()),
        ActionType::Error => ("✗", "failed", theme.bad()),
    }
}

/// Draws the feed; returns where the cursor belongs while a query is written.
pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let theme = app.theme;
    let focused = app.focus == Focus::Traces;
    let room = usize::from(area.width);
    let air = u16::from(area.height >= 16);
    let below = Rect {
        y: area.y + air,
        height: area.height.saturating_sub(air),
        ..area
    };
    let (top, cursor) = trace_head::draw(app, below, buf);
    let list = Rect {
        y: top.min(area.bottom()),
        height: area.bottom().saturating_sub(top),
        ..area
    };
    let tall = if area.width >= WIDE { 1 } else { 2 };
    let fit = usize::from(list.height / tall).max(1);
    let shown: Vec<&Trace> = app.traces_shown().collect();
    if shown.is_empty() {
        let words = if app.model.traces.iter().len() == 0 {
            "Every tool call appears here."
        } else {
            "Nothing here is what you look for."
        };
        let words = clip(words, room.saturating_sub(2));
        buf.set_stringn(
            list.x + 1,
            list.y,
            words,
            room.saturating_sub(1),
            theme.quiet(),
        );
        return cursor;
    }
    let at = app
        .feed
        .selected
        .and_then(|id| shown.iter().position(|trace| trace.id == id));
    let last = shown.len() - 1;
    // A paused feed stands still: the selected trace stays in the middle of what is seen.
    let end = at.map_or(last + 1, |at| {
        (at + 1 + fit / 2).clamp(fit.min(last + 1), last + 1)
    });
    let from = end.saturating_sub(fit);
    let selected = if focused {
        Some(at.unwrap_or(last))
    } else {
        at
    };
    let mut y = list.y;
    for (number, trace) in shown.iter().enumerate().take(end).skip(from) {
        let here = selected == Some(number);
        let first = y;
        for line in row(app, trace, here, focused, area.width) {
            if y < list.bottom() {
                buf.set_line(list.x, y, &line, list.width);
                y += 1;
            }
        }
        let height = y - first;
        let area = Rect {
            y: first,
            height,
            ..list
        };
        app.spot(area, Spot::Trace(trace.id));
    }
    cursor
}

fn row(app: &App, trace: &Trace, here: bool, focused: bool, wide: u16) -> Vec<Line<'static>> {
    let theme = app.theme;
    let room = usize::from(wide);
    let (sign, word, style) = outcome(trace, theme);
    let selected = here && focused;
    let marked = app.model.is_marked(trace.id);
    let edge = match (marked, here) {
        (true, _) => "◆",
        (false, true) => "│",
        (false, false) => " ",
    };
    let edge = Span::styled(edge, theme.selected());
    let tool_style = if selected {
        theme.selected()
    } else {
        theme.text()
    };
    let tool = sanitize::line(&trace.tool_name).into_owned();
    let title = sanitize::line(&trace.metadata.title).into_owned();
    let format = if wide < NARROW { "%H:%M" } else { "%H:%M:%S" };
    let clock = app.clock(trace.timestamp).strftime(format).to_string();
    let took = match (trace.action_type, trace.duration_ms) {
        (ActionType::Allow, Some(ms)) => time::millis(ms),
        (ActionType::Allow, None) => word.to_owned(),
        (_, Some(ms)) => format!("{word} · {}", time::millis(ms)),
        (_, None) => word.to_owned(),
    };
    let took_style = if trace.action_type == ActionType::Allow {
        theme.quiet()
    } else {
        style
    };
    if wide < WIDE {
        let first = spread(
            vec![
                edge.clone(),
                Span::styled(format!("{sign} "), style),
                Span::styled(tool, tool_style),
            ],
            vec![Span::styled(format!("{took} "), took_style)],
            room,
        );
        let second = spread(
            vec![edge, Span::raw("  "), Span::styled(title, theme.quiet())],
            vec![Span::styled(format!("{clock} "), theme.quiet())],
            room,
        );
        return vec![first, second];
    }
    let gap = 14_usize.saturating_sub(width(&tool));
    let left = vec![
        edge,
        Span::styled(format!("{clock}  "), theme.quiet()),
        Span::styled(format!("{sign} "), style),
        Span::styled(clip(&tool, 14), tool_style),
        Span::raw(" ".repeat(gap + 1)),
        Span::styled(
            title,
            if selected {
                theme.selected()
            } else {
                theme.text()
            },
        ),
    ];
    vec![spread(
        left,
        vec![Span::styled(format!("{took} "), took_style)],
        room,
    )]
}
