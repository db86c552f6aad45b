//! Choosing a session by writing a part of its name or folder.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;
use smartopol_protocol::SessionId;
use smartopol_protocol::session::Session;

use super::line::field;
use super::{keys, window};
use crate::app::App;
use crate::app::keymap::Place;
use crate::screen::sessions::row;
use crate::widget::composer::Composer;

/// Returns the sessions that a filter lets through.
pub(crate) fn matching<'a>(app: &'a App, filter: &str) -> impl Iterator<Item = &'a Session> {
    let filter = filter.to_lowercase();
    app.model.sessions().filter(move |session| {
        session.name.to_lowercase().contains(&filter)
            || session.workspace.to_lowercase().contains(&filter)
    })
}

pub(super) fn draw(
    app: &App,
    filter: &Composer,
    at: Option<SessionId>,
    area: Rect,
    buf: &mut Buffer,
) -> Option<Position> {
    let count = u16::try_from(app.model.sessions().len()).unwrap_or(u16::MAX);
    let tall = count
        .saturating_mul(2)
        .saturating_add(5)
        .min(area.height.saturating_sub(4))
        .clamp(6, 24);
    let foot = keys(&app.hints_of(&[Place::Picker]));
    let inside = window(area, (76, tall), "Sessions", &foot, app.theme, buf);
    if inside.height < 3 {
        return None;
    }
    let line = Rect {
        height: 1,
        ..inside
    };
    let cursor = field(filter, line, app, buf);
    if filter.is_empty() {
        buf.set_stringn(
            inside.x,
            inside.y,
            "type to find one",
            inside.width.into(),
            app.theme.quiet(),
        );
    }
    let list = Rect {
        y: inside.y + 2,
        height: inside.height - 2,
        ..inside
    };
    let sessions: Vec<&Session> = matching(app, filter.text()).collect();
    if sessions.is_empty() {
        let words = Line::styled("no session is called so", app.theme.quiet());
        buf.set_line(list.x, list.y, &words, list.width);
    }
    let selected = at
        .and_then(|id| sessions.iter().position(|own| own.id == id))
        .unwrap_or(0);
    let room = usize::from(list.height / 2).max(1);
    let from = (selected + 1).saturating_sub(room);
    let rows = sessions
        .iter()
        .enumerate()
        .skip(from)
        .flat_map(|(number, session)| {
            row(app, session, number == selected, true, list.width.into())
        });
    for (line, y) in rows.zip(list.y..list.bottom()) {
        buf.set_line(list.x, y, &line, list.width);
    }
    Some(cursor)
}
