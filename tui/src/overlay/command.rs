//! The command line, at the foot of the screen, with what completes it above.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::line::field;
use super::{Typed, keys, window_at};
use crate::app::App;
use crate::app::keymap::Place;
use crate::sanitize;
use crate::widget::text::{Indent, spread, width, wrap};

/// How many completions are shown.
const SHOWN: usize = 8;

pub(super) fn draw(app: &App, typed: &Typed, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let theme = app.theme;
    let begun = typed.begun.as_deref().unwrap_or(typed.line.text());
    let completions = app.completions(begun);
    let shown = completions
        .len()
        .min(SHOWN)
        .min(usize::from(area.height.saturating_sub(5)));
    let room = usize::from(area.width.saturating_sub(4));
    let wrong: Vec<Line<'static>> = match &typed.wrong {
        Some(why) => {
            let words = Span::styled(
                sanitize::line(&format!("✗ {why}")).into_owned(),
                theme.bad(),
            );
            wrap(&[words], room, &Indent::default())
        }
        None => Vec::new(),
    };
    let tall = u16::try_from(shown + wrong.len() + 3)
        .unwrap_or(3)
        .min(area.height);
    let frame = Rect {
        y: area.bottom() - tall,
        height: tall,
        ..area
    };
    let foot = keys(&app.hints_of(&[Place::CommandLine]));
    let inside = window_at(frame, "Command", &foot, theme, buf);
    if inside.height == 0 {
        return None;
    }
    let chosen = typed.at.filter(|_| typed.begun.is_some());
    let from = chosen.map_or(0, |at| (at + 1).saturating_sub(shown));
    let wide = completions
        .iter()
        .map(|own| width(&own.shown))
        .max()
        .unwrap_or(0)
        .min(room / 2);
    let mut lines: Vec<Line<'static>> = Vec::new();
    for (number, own) in completions.iter().enumerate().skip(from).take(shown) {
        let here = chosen == Some(number);
        let style = if here {
            theme.selected().patch(theme.strong())
        } else {
            theme.text()
        };
        let gap = (wide + 2).saturating_sub(width(&own.shown)).max(2);
        let left = vec![
            Span::styled(if here { "▸ " } else { "  " }, theme.selected()),
            Span::styled(own.shown.clone(), style),
            Span::styled(format!("{}{}", " ".repeat(gap), own.words), theme.quiet()),
        ];
        let hidden = completions.len().saturating_sub(from + shown);
        let last = number + 1 == from + shown && hidden > 0;
        let more = Span::styled(format!("{hidden} more"), theme.quiet());
        lines.push(spread(
            left,
            if last { vec![more] } else { Vec::new() },
            room,
        ));
    }
    lines.extend(wrong);
    let bottom = inside.bottom() - 1;
    for (line, y) in lines.iter().zip(inside.y..bottom) {
        buf.set_line(inside.x, y, line, inside.width);
    }
    buf.set_string(inside.x, bottom, ":", theme.selected());
    let line = Rect {
        x: inside.x + 1,
        y: bottom,
        width: inside.width.saturating_sub(1),
        height: 1,
    };
    Some(field(&typed.line, line, app, buf))
}
