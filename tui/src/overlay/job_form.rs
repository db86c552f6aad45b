//! The form in which a job is made.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::line::field;
use super::{keys, window};
use crate::app::App;
use crate::app::job_form::{Deed, JobForm, Row, Shown};
use crate::app::keymap::Place;
use crate::sanitize;
use crate::widget::text::{Indent, clip, wrap};
use crate::widget::time;

/// How wide the names of the lines are.
const NAMES: u16 = 7;

pub(super) fn draw(app: &App, form: &JobForm, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let theme = app.theme;
    let title = match &form.of {
        Some(job) => format!("Change {}", clip(&sanitize::line(&job.name), 40)),
        None => "New job".to_owned(),
    };
    let mut hints = app.hints_of(&[Place::JobForm]);
    if let (Some((_, words)), Shown::Times(_)) = (hints.first_mut(), &form.shown) {
        *words = "keep it";
    } else if let Some((_, words)) = hints.first_mut() {
        *words = "when is that?";
    }
    let inside = window(area, (76, 14), &title, &keys(&hints), theme, buf);
    let mut cursor = None;
    let mut y = inside.y + u16::from(inside.height >= 10);
    for row in [Row::Does, Row::When, Row::What] {
        if y >= inside.bottom() {
            break;
        }
        let here = form.row == row;
        let name = match row {
            Row::Does => "does",
            Row::When => "when",
            Row::What => "what",
        };
        let style = if here {
            theme.selected()
        } else {
            theme.quiet()
        };
        buf.set_stringn(inside.x, y, name, inside.width.into(), style);
        let line = Rect {
            x: inside.x + NAMES.min(inside.width),
            y,
            width: inside.width.saturating_sub(NAMES),
            height: 1,
        };
        match row {
            Row::Does => {
                let words = form.deed.words();
                let words = match (here, form.deed) {
                    (true, Deed::Call) | (false, _) => words.to_owned(),
                    (true, _) => format!("◂ {words} ▸"),
                };
                let room = line.width.into();
                buf.set_stringn(line.x, y, words, room, theme.text());
            }
            Row::When | Row::What => {
                let text = if row == Row::When {
                    &form.when
                } else {
                    &form.what
                };
                let at = field(text, line, app, buf);
                if here {
                    cursor = Some(at);
                }
            }
        }
        y += 1;
    }
    let below = Rect {
        y: (y + u16::from(inside.height >= 8)).min(inside.bottom()),
        ..inside
    };
    let lines = told(app, form, usize::from(inside.width));
    for (line, y) in lines.iter().zip(below.y..inside.bottom()) {
        buf.set_line(inside.x, y, line, inside.width);
    }
    cursor
}

/// Says when it would be due, and where it would speak.
fn told(app: &App, form: &JobForm, room: usize) -> Vec<Line<'static>> {
    let theme = app.theme;
    let quiet = |words: &str| Line::styled(clip(words, room), theme.quiet());
    let mut lines = match &form.shown {
        Shown::Not => vec![
            quiet("like: tomorrow 9:00 · in 10 minutes · every monday 8am"),
            quiet("      0 9 * * MON-FRI · @daily · 2026-12-24 18:00"),
        ],
        Shown::Asked => vec![quiet("asking the daemon…")],
        Shown::Keeping => vec![quiet("keeping it…")],
        Shown::Wrong(why) => {
            let spans = [Span::styled(
                format!("✗ {}", sanitize::line(why)),
                theme.bad(),
            )];
            wrap(&spans, room, &Indent::spaces(2))
        }
        Shown::Times(times) if times.is_empty() => {
            vec![Line::styled("it would never be due", theme.bad())]
        }
        Shown::Times(times) => times
            .iter()
            .enumerate()
            .map(|(number, due)| {
                let left = time::until(due.at.millis_since(app.now.wall));
                let name = if number == 0 { "due" } else { "then" };
                let style = if number == 0 {
                    theme.strong()
                } else {
                    theme.text()
                };
                let local = sanitize::line(&due.local).into_owned();
                Line::from(vec![
                    Span::styled(format!("{name:<7}"), theme.quiet()),
                    Span::styled(local, style),
                    Span::styled(format!("  {left}"), theme.quiet()),
                ])
            })
            .collect(),
    };
    let session = match &form.of {
        Some(job) => job.session_id,
        None => app.current,
    };
    if let Some(session) = session.and_then(|id| app.model.session(id)) {
        let name = sanitize::line(&session.name);
        lines.push(quiet(&format!("in     session {name}")));
    }
    lines
}
