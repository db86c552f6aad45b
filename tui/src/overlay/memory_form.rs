//! The form in which a memory is changed.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::line::field;
use super::{keys, window};
use crate::app::App;
use crate::app::keymap::Place;
use crate::app::memory_form::{MemoryForm, Row};
use crate::sanitize;
use crate::widget::text::{Indent, clip, wrap};

/// How wide the names of the lines are.
const NAMES: u16 = 7;

pub(super) fn draw(app: &App, form: &MemoryForm, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let theme = app.theme;
    let hints = keys(&app.hints_of(&[Place::MemoryForm]));
    let inside = window(area, (76, 13), "Believe from now on", &hints, theme, buf);
    let mut cursor = None;
    let mut y = inside.y + u16::from(inside.height >= 10);
    for row in Row::ALL {
        if y >= inside.bottom() {
            break;
        }
        let here = form.row == row;
        let style = match here {
            true => theme.selected(),
            false => theme.quiet(),
        };
        buf.set_stringn(inside.x, y, row.name(), inside.width.into(), style);
        let line = Rect {
            x: inside.x + NAMES.min(inside.width),
            y,
            width: inside.width.saturating_sub(NAMES),
            height: 1,
        };
        match form.composer(row) {
            Some(text) => {
                let at = field(text, line, app, buf);
                if here {
                    cursor = Some(at);
                }
            }
            None => {
                let words = form.category.name();
                let words = match here {
                    true => format!("◂ {words} ▸"),
                    false => words.to_owned(),
                };
                buf.set_stringn(line.x, y, words, line.width.into(), theme.text());
            }
        }
        y += 1;
    }
    let below = (y + u16::from(inside.height >= 8)).min(inside.bottom());
    let room = usize::from(inside.width);
    for (line, y) in told(app, form, room).iter().zip(below..inside.bottom()) {
        buf.set_line(inside.x, y, line, inside.width);
    }
    cursor
}

/// Says what is wrong, or how the line is written and what becomes of what was believed.
fn told(app: &App, form: &MemoryForm, room: usize) -> Vec<Line<'static>> {
    let theme = app.theme;
    if !form.wrong.is_empty() {
        let words = format!("✗ {}", sanitize::line(&form.wrong));
        return wrap(
            &[Span::styled(words, theme.bad())],
            room,
            &Indent::spaces(2),
        );
    }
    let how = match form.row {
        Row::Text => "one line of at most 2 KiB",
        Row::Kind => "← → instruction, preference, fact, context",
        Row::Sure => "1 to 100 percent",
        Row::From => "like: tomorrow 9:00 · 2026-12-01 00:00 · empty: ever since",
        Row::Until => "like: in 30 days · 2026-12-24 18:00 · empty: for good",
    };
    let kept = "What was believed before is kept, with when it was.";
    let asked = match form.asked {
        true => "asking the daemon…",
        false => kept,
    };
    let quiet = |words: &str| Line::styled(clip(words, room), theme.quiet());
    vec![quiet(how), Line::raw(""), quiet(asked)]
}
