//! The list of sessions.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use smartopol_protocol::session::Session;

use crate::app::mouse::Spot;
use crate::app::{App, Focus, Going};
use crate::sanitize;
use crate::widget::status::state;
use crate::widget::text::spread;

pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = app.theme;
    let focused = app.focus == Focus::Sessions;
    let title = if focused {
        theme.selected()
    } else {
        theme.quiet()
    };
    let room = usize::from(area.width);
    let count = app.sessions_listed().count();
    let air = u16::from(area.height >= 16);
    let head = spread(
        vec![Span::styled(" Sessions", title)],
        vec![Span::styled(format!("{count} "), theme.quiet())],
        room,
    );
    buf.set_line(area.x, area.y + air, &head, area.width);
    let top = area.y + air + 2;
    let list = Rect {
        y: top.min(area.bottom()),
        height: area.bottom().saturating_sub(top),
        ..area
    };
    let selected = if focused {
        app.session_at.or(app.current)
    } else {
        app.current
    };
    let at = app
        .sessions_listed()
        .position(|session| Some(session.id) == selected)
        .unwrap_or(0);
    let fit = usize::from(list.height / 3).max(1);
    let from = (at + 1).saturating_sub(fit);
    let rows = app
        .sessions_listed()
        .enumerate()
        .skip(from)
        .flat_map(|(number, session)| {
            let mut rows = row(app, session, number == at, focused, room);
            rows.push(Line::raw(""));
            rows
        });
    for (line, y) in rows.zip(list.y..list.bottom()) {
        buf.set_line(list.x, y, &line, list.width);
    }
    for (session, y) in app
        .sessions_listed()
        .skip(from)
        .zip((list.y..list.bottom()).step_by(3))
    {
        let area = Rect {
            y,
            height: 2,
            ..list
        };
        app.spot(area, Spot::Session(session.id));
    }
}

/// Returns a session as two lines.
pub(crate) fn row(
    app: &App,
    session: &Session,
    selected: bool,
    focused: bool,
    room: usize,
) -> Vec<Line<'static>> {
    let theme = app.theme;
    let (sign, word, style) = state(session, theme);
    let name = sanitize::line(&session.name).into_owned();
    let here = app.current == Some(session.id);
    let name_style = match (selected && focused, here) {
        (true, _) => theme.selected(),
        (false, true) => theme.strong(),
        (false, false) => theme.text(),
    };
    let edge = if selected { "│" } else { " " };
    let edge_style = if focused {
        theme.selected()
    } else {
        theme.text()
    };
    let left = vec![
        Span::styled(edge, edge_style),
        Span::styled(format!("{sign} "), style),
        Span::styled(name, name_style),
    ];
    let others = app.model.clients.watching(session.id).count();
    let mut right = Vec::new();
    if others > 0 {
        right.push(Span::styled(format!("+{others} here "), theme.quiet()));
    }
    match app.goes_in(Going::Session(session.id)) {
        Some(seconds) => right.push(Span::styled(format!("goes in {seconds} s "), theme.bad())),
        None => right.push(Span::styled(format!("{word} "), style)),
    }
    let first = spread(left, right, room);
    let last = sanitize::sentence(&session.last_line).into_owned();
    let last = if last.is_empty() {
        app.tilde(&session.workspace)
    } else {
        last
    };
    let mut second = vec![Span::styled(edge, edge_style), Span::raw("  ")];
    if let Some(owner) = app.model.owner(session) {
        second.push(Span::styled(
            sanitize::line(owner).into_owned(),
            theme.text(),
        ));
        second.push(Span::styled(" · ", theme.quiet()));
    }
    second.push(Span::styled(last, theme.quiet()));
    vec![first, spread(second, Vec::new(), room.saturating_sub(1))]
}
