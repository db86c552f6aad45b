//! A line of text that is asked for, and a question to be sure.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use super::{Asked, Purpose, keys, window};
use crate::app::keymap::Place;
use crate::app::{App, Going};
use crate::sanitize;
use crate::widget::text::{clip, clip_start};

pub(super) fn draw(app: &App, asked: &Asked, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let range;
    let (title, words) = match asked.purpose {
        Purpose::Rename(_) => ("Rename", "The session's new name:"),
        Purpose::SearchTerminal => ("Search", "Find in this terminal, in any case:"),
        Purpose::Search => ("Search", "Find in this session, in any case:"),
        Purpose::GoTo { first, last } => {
            range = format!("The message of this number, from {first} to {last}:");
            ("Go to", range.as_str())
        }
        Purpose::NewSession => ("New session", "The folder to work in:"),
        Purpose::AddMemory => (
            "Remember",
            "What every session is told from the next turn on:",
        ),
        Purpose::KeepMemory(_) => (
            "Keep",
            "What counts instead; what was proposed stays in its history:",
        ),
        Purpose::User(_, field) => (field.title(), field.asks()),
        Purpose::DenyNote(_) => ("Deny", "What should the agent know? It reads this:"),
    };
    let inside = window(
        area,
        (64, 6),
        title,
        &keys(&app.hints_of(&[Place::Line])),
        app.theme,
        buf,
    );
    if inside.height < 2 {
        return None;
    }
    buf.set_stringn(
        inside.x,
        inside.y + 1,
        words,
        inside.width.into(),
        app.theme.quiet(),
    );
    let y = (inside.y + 2).min(inside.bottom() - 1);
    Some(field(
        &asked.line,
        Rect {
            y,
            height: 1,
            ..inside
        },
        app,
        buf,
    ))
}

/// Draws a field of one line, and returns where its cursor is.
pub(crate) fn field(
    line: &crate::widget::composer::Composer,
    area: Rect,
    app: &App,
    buf: &mut Buffer,
) -> Position {
    let text = sanitize::line(line.text());
    let (_, cell) = line.layout(usize::from(u16::MAX)).cursor;
    let room = usize::from(area.width);
    let at_end = cell >= crate::widget::text::width(&text);
    // The end is what one edits most: a long line shows that.
    let (shown, cell) = if at_end {
        let shown = clip_start(&text, room.saturating_sub(1));
        let cell = crate::widget::text::width(&shown);
        (shown, cell)
    } else {
        (clip(&text, room), cell.min(room.saturating_sub(1)))
    };
    buf.set_stringn(area.x, area.y, shown, room, app.theme.text());
    Position {
        x: area.x + u16::try_from(cell).unwrap_or(0),
        y: area.y,
    }
}

pub(super) fn question(app: &App, remove: Going, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let name = app.name_of_going(remove);
    let (title, question, after) = match remove {
        Going::Session(_) => (
            "Remove a session",
            format!("Remove {name} with all its messages?"),
            "It goes in 10 seconds, until then it can be undone. Its traces stay.",
        ),
        Going::Memory(_) => (
            "Forget a memory",
            format!("Forget {name}, and all that was believed in its place before?"),
            "It goes in 10 seconds, until then it can be undone. Sessions keep what was said.",
        ),
        Going::Topic(_) => (
            "Forget a topic",
            format!("Forget the topic {name} with its links?"),
            "It goes in 10 seconds, until then it can be undone.",
        ),
        Going::Job(_) | Going::Terminal(_) | Going::Item(..) => (
            "Remove a job",
            format!("Remove {name}? It will not run again."),
            "It goes in 10 seconds, until then it can be undone. Its ledger stays.",
        ),
    };
    let (title, question, after) = match remove {
        Going::Terminal(id) => {
            let row = app.model.terminals.get(id);
            let runs = row.is_some_and(|row| row.terminal.runs());
            let question = if runs {
                format!("End {name} and remove it?")
            } else {
                format!("Remove {name}?")
            };
            let after =
                "It goes in 10 seconds, until then it can be undone. What it wrote goes too.";
            ("Remove a terminal", question, after)
        }
        _ => (title, question, after),
    };
    let inside = window(
        area,
        (76, 6),
        title,
        &keys(&app.hints_of(&[Place::Question])),
        app.theme,
        buf,
    );
    let lines = [
        Line::raw(""),
        Line::styled(question, app.theme.strong()),
        Line::styled(after, app.theme.quiet()),
    ];
    super::scrolled(&lines, &mut 0, inside, buf);
    None
}
