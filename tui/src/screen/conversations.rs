//! The conversation, the card that asks, and the place to write.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use smartopol_protocol::Timestamp;

use super::draft_lines;
use crate::app::gate::Surface;
use crate::app::keymap::{Action, Place};
use crate::app::{App, Focus, Kind, Piece};
use crate::model::CardId;
use crate::model::Transcript;
use crate::widget::approval::{self, Card, Keys};
use crate::widget::frame::{Edge, boxed};
use crate::widget::text::{clip, clip_spans, width};
use crate::widget::transcript::Scroll;
use crate::widget::{hits, names, question, time};

/// What an empty composer says, where there is room for it.
const OFFERS: [&str; 3] = [
    "write to the agent · @ file · / command · ! shell · # remember",
    "write to the agent · @ / ! #",
    "write to the agent",
];

/// Draws the middle of the screen; returns where the cursor belongs.
pub(super) fn draw(app: &App, scroll: &mut usize, buf: &mut Buffer) -> Option<Position> {
    transcript(app, buf);
    found(app, buf);
    if let Some(Scroll::At { .. }) = app.view().map(|view| view.scroll) {
        place(app, buf);
    }
    let answer = card(app, scroll, buf);
    if let Some(replay) = &app.replay {
        super::replay::draw(app, replay, buf);
        return None;
    }
    let cursor = composer(app, buf);
    names::draw(app, buf);
    answer.or(cursor)
}

fn transcript(app: &App, buf: &mut Buffer) {
    let area = app.plan.conversation;
    let selected = app
        .selected_fold()
        .filter(|_| app.focus == Focus::Conversation);
    if app.transcript().is_none() && area.height > 0 {
        let words = if app.current.is_some() {
            "opening the conversation"
        } else {
            ""
        };
        buf.set_stringn(
            area.x + 2,
            area.y,
            words,
            area.width.into(),
            app.theme.quiet(),
        );
    }
    let picked = app.view().and_then(|view| view.picked);
    let picked = picked.filter(|_| app.focus == Focus::Conversation);
    let selected = selected.filter(|_| picked.is_none());
    for (row, y) in app.pages.rows().iter().zip(area.y..area.bottom()) {
        buf.set_line(area.x, y, &row.line, area.width);
        if picked.is_some_and(|picked| covers(picked, row.piece)) {
            let line = Rect {
                y,
                height: 1,
                ..area
            };
            let bar = area.x.saturating_sub(1);
            buf.set_string(bar, y, "▌", app.theme.selected());
            if row.fold.is_some() {
                buf.set_style(line, app.theme.selected());
            }
        }
        if row.fold.is_some() && row.fold == selected {
            let line = Rect {
                y,
                height: 1,
                ..area
            };
            buf.set_style(line, app.theme.selected());
            buf.set_string(area.x, y, "│", app.theme.selected());
        }
    }
}

/// Returns true where a row is of the piece that is picked.
fn covers(picked: Piece, own: Option<Piece>) -> bool {
    match (picked, own) {
        (Piece::Message(at), Some(Piece::Code(own, _))) => at == own,
        (picked, own) => own == Some(picked),
    }
}

/// Makes what was searched for stand out, and most where the hit is that is shown.
fn found(app: &App, buf: &mut Buffer) {
    let Some(search) = app.view().and_then(|view| view.search.as_ref()) else {
        return;
    };
    let area = app.plan.conversation;
    for (row, y) in app.pages.rows().iter().zip(area.y..area.bottom()) {
        let mut style = Style::new().add_modifier(Modifier::REVERSED);
        if row.piece.is_some_and(|piece| app.is_of_hit(piece)) {
            style = app.theme.selected().patch(style);
        }
        let line = Rect {
            y,
            height: 1,
            ..area
        };
        hits::mark(&search.needle, line, style, buf);
    }
}

/// Draws where the screen stands in the whole session, in the cell beside the text.
fn place(app: &App, buf: &mut Buffer) {
    let area = app.plan.conversation;
    let (Some((top, _)), Some(bottom)) = (app.pages.top(), app.pages.bottom()) else {
        return;
    };
    let last = app.transcript().map_or(0, Transcript::last).max(1);
    let height = u64::from(area.height);
    let at = |position: u64| u16::try_from(position * height / last).unwrap_or(0);
    let from = at(top.saturating_sub(1)).min(area.height.saturating_sub(1));
    let to = at(bottom).clamp(from + 1, area.height.max(from + 1));
    for y in from..to {
        buf.set_string(area.right(), area.y + y, "▐", app.theme.quiet());
    }
}

/// Returns the card of what waits longest in this session.
pub(super) fn asks(app: &App, room: usize, open: bool, keys: Keys) -> Option<Card<'_>> {
    match (app.card(), app.question()) {
        (Some(asked), _) => Some(approval::card(app, asked, room, open, keys)),
        (_, Some(asked)) => Some(question::card(app, asked, room, open, keys)),
        _ => None,
    }
}

/// Draws the card; returns where one writes in it.
fn card(app: &App, scroll: &mut usize, buf: &mut Buffer) -> Option<Position> {
    let area = app.plan.card;
    let front = app.front().filter(|_| area.height > 0)?;
    let theme = app.theme;
    let focused = app.focus == Focus::Card;
    let open = focused && app.gate.is_open((front, Surface::Card), app.now.ms);
    let style = if focused {
        theme.selected()
    } else {
        theme.text()
    };
    let all = app.current.map_or(1, |id| app.model.asked_in(id).count());
    let (what, until) = match front {
        CardId::Approval(_) => ("Approval", app.card().map(|own| own.expires_at)),
        CardId::Question(_) => ("Question", app.question().and_then(|own| own.expires_at)),
        CardId::Memories(..) => ("Memory", None),
    };
    let count = if all > 1 {
        format!("{what} 1 of {all} waiting")
    } else {
        what.to_owned()
    };
    let left = until.map(|until| Span::styled(left(until, app.now.wall), theme.quiet()));
    let top = Edge {
        left: vec![Span::styled(count, style.patch(theme.strong()))],
        right: left.into_iter().collect(),
    };
    let foot = match (focused, open) {
        _ if app.replay.is_some() => vec![Span::styled("a replay answers nothing", theme.quiet())],
        _ if app.wanted.observe => vec![Span::styled("this console only looks", theme.quiet())],
        (false, _) => vec![
            Span::styled("Tab", theme.selected()),
            Span::styled(" to answer · typing never does", theme.quiet()),
        ],
        (true, false) => vec![Span::styled("one moment…", theme.quiet())],
        (true, true) if app.asked.word.is_some() => {
            vec![Span::styled(
                "only the whole word allows it",
                theme.selected(),
            )]
        }
        (true, true) if app.asked.answer.is_some() => vec![
            Span::styled("Enter", theme.selected()),
            Span::styled(" answers · Esc goes back", theme.quiet()),
        ],
        (true, true) => vec![
            Span::styled("press a key to answer", theme.selected()),
            Span::styled(" · Esc goes back to writing", theme.quiet()),
        ],
    };
    let inside = boxed(area, top, Edge::left(foot), style, buf);
    let room = usize::from(inside.width);
    let lines = asks(app, room, open, app.plan.card_keys)?.fit(inside.height.into(), scroll);
    for (line, y) in lines.iter().zip(inside.y..inside.bottom()) {
        buf.set_line(inside.x, y, line, inside.width);
    }
    // The answer that is written stands on the last lines.
    app.asked.answer.as_ref().filter(|_| focused)?;
    let (written, (line, cell)) = question::field(app, room);
    let up = written.len().checked_sub(line)?;
    let down = lines.len().checked_sub(up)?;
    Some(Position {
        x: (inside.x + u16::try_from(cell + width(question::PROMPT)).unwrap_or(0))
            .min(inside.right().saturating_sub(1)),
        y: inside.y + u16::try_from(down).unwrap_or(0),
    })
}

fn left(until: Timestamp, now: Timestamp) -> String {
    match until.millis_since(now) / 1_000 {
        0 => "no time left".to_owned(),
        left => format!("{} left", time::seconds(left)),
    }
}

fn composer(app: &App, buf: &mut Buffer) -> Option<Position> {
    let area = app.plan.composer;
    if area.height == 0 {
        return None;
    }
    let theme = app.theme;
    let focused = app.focus == Focus::Composer;
    edge(app, Rect { height: 1, ..area }, focused, buf);
    let lines_area = Rect {
        x: area.x + 1,
        y: area.y + 1,
        width: area.width.saturating_sub(1),
        height: area.height - 1,
    };
    if lines_area.height == 0 {
        return None;
    }
    let prompt = if focused {
        theme.selected()
    } else {
        theme.quiet()
    };
    let kind = app
        .view()
        .map_or(Kind::Words, |view| Kind::of(view.composer.text()));
    let prompt = match kind {
        Kind::Words => prompt,
        _ => prompt.patch(theme.strong()),
    };
    buf.set_string(lines_area.x, lines_area.y, kind.sign(), prompt);
    let text = Rect {
        x: lines_area.x + 2,
        width: lines_area.width.saturating_sub(2),
        ..lines_area
    };
    let view = app.view()?;
    if view.composer.is_empty() {
        let words = match (app.wanted.observe, app.is_busy()) {
            (true, _) => "this console only looks",
            (false, _) if app.is_held() => "Enter lets go on what waits",
            (false, true) => "write the next message; it waits for its turn",
            (false, false) => OFFERS
                .into_iter()
                .find(|words| width(words) < usize::from(text.width))
                .unwrap_or_default(),
        };
        let words = clip(words, text.width.saturating_sub(1).into());
        buf.set_string(text.x, text.y, words, theme.quiet());
    }
    let room = app.plan.composer_room();
    let (lines, (line, cell)) = draft_lines(&view.composer, room, text.height.into());
    for (words, y) in lines.iter().zip(text.y..text.bottom()) {
        buf.set_stringn(text.x, y, words, text.width.into(), theme.text());
    }
    focused.then(|| Position {
        x: (text.x + u16::try_from(cell).unwrap_or(0)).min(area.right().saturating_sub(1)),
        y: text.y + u16::try_from(line).unwrap_or(0),
    })
}

/// Draws the line above the composer, which says where the conversation stands.
fn edge(app: &App, area: Rect, focused: bool, buf: &mut Buffer) {
    let theme = app.theme;
    let style = if focused {
        theme.selected()
    } else {
        theme.quiet()
    };
    buf.set_string(area.x, area.y, "─".repeat(area.width.into()), style);
    let mut free = area;
    if let Some(search) = app.view().and_then(|view| view.search.as_ref()) {
        let text = crate::sanitize::line(&search.text).into_owned();
        let words = format!(" /{} · {} ", clip(&text, 24), search.count());
        let wide = u16::try_from(width(&words)).unwrap_or(0);
        if wide + 2 <= free.width {
            let line = Line::styled(words, theme.selected());
            buf.set_line(area.x + 1, area.y, &line, wide);
            free.width -= wide + 1;
        }
    }
    if let Some((label, words)) = purpose(app) {
        let spans = vec![
            Span::styled(format!(" {label}"), style.patch(theme.strong())),
            Span::styled(format!(" · {words} "), style),
        ];
        let line = Line::from(clip_spans(spans, usize::from(free.width.saturating_sub(2))));
        let wide = u16::try_from(line.width()).unwrap_or(0);
        let at = area.x + 1 + (area.width - free.width);
        buf.set_line(at, area.y, &line, wide);
        free.width = free.width.saturating_sub(wide + 1);
    }
    let Some(Scroll::At { .. }) = app.view().map(|view| view.scroll) else {
        return;
    };
    let place = match (app.pages.top(), app.transcript()) {
        (Some((top, _)), Some(own)) => {
            format!("{} of {}", grouped(top), grouped(own.last()))
        }
        _ => "older messages".to_owned(),
    };
    let news = match app.pages.fresh() {
        0 => String::new(),
        new => format!(" · {} new ↓", grouped(new)),
    };
    // As much of it as there is room for, and of all what came the longest.
    let wishes = [
        format!(" message {place}{news} · End follows "),
        format!(" {place}{news} · End follows "),
        format!(" {place}{news} "),
        format!("{} ", news.trim_start_matches(" ·")),
    ];
    let fits = wishes.into_iter().find_map(|words| {
        let wide = u16::try_from(width(&words)).ok()?;
        (wide > 1 && wide + 2 <= free.width).then_some((words, wide))
    });
    if let Some((words, wide)) = fits {
        let line = Line::styled(words, theme.strong());
        buf.set_line(area.right() - wide - 2, area.y, &line, wide);
    }
}

/// Says what becomes of what is written, where it is not simply said to the agent.
fn purpose(app: &App) -> Option<(&'static str, String)> {
    let view = app.view()?;
    if view.editing.is_some() {
        let words = "Enter keeps it · empty takes it back · Esc leaves it as it was";
        return Some(("changing what waits", words.to_owned()));
    }
    match Kind::of(view.composer.text()) {
        Kind::Shell => {
            let folder = app.session().map(|own| app.tilde(&own.workspace));
            let folder = folder.unwrap_or_default();
            Some((
                "your command",
                format!("runs at once in {folder}, the agent reads it later"),
            ))
        }
        Kind::Memory => Some(("remember", "the agent is told in every session".to_owned())),
        Kind::Command => Some((
            "command",
            "for the console; // says it to the agent".to_owned(),
        )),
        Kind::Words if view.composer.has_chip() => {
            let key = app.key_of(&[Place::Composer], Action::ExpandPaste);
            let key = key.map_or(String::new(), |key| format!(" · {key} writes it out"));
            Some(("pasted", format!("sent whole{key}")))
        }
        Kind::Words if app.is_busy() && !view.composer.is_empty() && !app.wanted.observe => {
            let send = app.key_of(&[Place::Composer], Action::Send)?;
            let steer = app.key_of(&[Place::Composer], Action::Steer)?;
            Some((
                "while it works",
                format!("{send} waits for its turn · {steer} steers"),
            ))
        }
        Kind::Words => None,
    }
}

/// Returns a number as people read it: 41,203.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    #[test]
    fn long_numbers_are_grouped() {
        let shown = [0, 999, 1_000, 41_203, 1_000_000].map(super::grouped);
        assert_eq!(shown, ["0", "999", "1,000", "41,203", "1,000,000"]);
    }
}
