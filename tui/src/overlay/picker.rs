//! Choosing a session by writing a part of its name or folder.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
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

/// Returns the sessions that a few letters find: the used last first, with letters the best.
pub(crate) fn matching<'a>(app: &'a App, letters: &str) -> impl Iterator<Item = &'a Session> {
    // Those that were put away are found by name.
    let mut sessions: Vec<&Session> = match letters.trim().is_empty() {
        true => app.sessions_listed().collect(),
        false => app.model.sessions().collect(),
    };
    if !letters.trim().is_empty() {
        let mut matcher = Matcher::new(Config::DEFAULT.match_paths());
        let pattern = Pattern::parse(letters, CaseMatching::Smart, Normalization::Smart);
        let mut buffer = Vec::new();
        let mut score = |text: &str, weight: u32| {
            let found = pattern.score(Utf32Str::new(text, &mut buffer), &mut matcher);
            found.map_or(0, |score| score.saturating_mul(weight))
        };
        // A name says more than a folder, and a folder more than what was said last.
        let mut found: Vec<(u32, &Session)> = sessions
            .into_iter()
            .map(|own| {
                let best = score(&own.name, 4)
                    .max(score(&own.workspace, 2))
                    .max(score(&own.last_line, 1));
                (best, own)
            })
            .filter(|(best, _)| *best > 0)
            .collect();
        found.sort_by_key(|(best, _)| std::cmp::Reverse(*best));
        sessions = found.into_iter().map(|(_, own)| own).collect();
    }
    sessions.into_iter()
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
            "a name, a folder, words said last",
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
