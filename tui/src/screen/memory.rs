//! What is remembered and what the agent wrote: a list, searched as one types, and beside it all
//! that is known of one entry.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use smartopol_protocol::knowledge::Topic;
use smartopol_protocol::memory::{Memory, State, Whose};

use super::{halves, memory_page};
use crate::app::keymap::{Action, Place};
use crate::app::memories::{Entry, Shelf};
use crate::app::mouse::Spot;
use crate::app::{App, Going};
use crate::overlay::field;
use crate::sanitize;
use crate::source::said_by;
use crate::theme::Theme;
use crate::widget::text::{clip, spread, width};
use crate::widget::time;

/// From this width on, an entry is told beside the list.
pub(super) const BESIDE: u16 = 96;

/// Draws the screen, and returns where the cursor is while words are written.
pub(super) fn draw(
    app: &App,
    area: Rect,
    scroll: &mut usize,
    buf: &mut Buffer,
) -> Option<Position> {
    if area.height == 0 || area.width < 4 {
        return None;
    }
    let air = u16::from(area.height >= 16);
    let row = |y: u16| Rect {
        y: area.y + y,
        height: u16::from(area.y + y < area.bottom()),
        ..area
    };
    shelves(app, row(air), buf);
    let cursor = words(app, row(air + 1), buf);
    let top = (area.y + 2 * air + 2).min(area.bottom());
    let body = Rect {
        y: top,
        height: area.bottom() - top,
        ..area
    };
    if !app.plan.has_both {
        match app.memory.selected.filter(|_| app.memory.open) {
            Some(entry) => memory_page::draw(app, entry, body, scroll, buf),
            None => list(app, body, buf),
        }
        return cursor;
    }
    let [left, right] = halves(app, body, buf);
    list(app, left, buf);
    if let Some(entry) = app.memory.selected {
        memory_page::draw(app, entry, right, scroll, buf);
    }
    cursor
}

/// Draws what can be listed, with how much there is of each.
fn shelves(app: &App, area: Rect, buf: &mut Buffer) {
    let (current, pending, told) = app.memory.counts.unwrap_or_default();
    let count = |name: &str, count: u64| match app.memory.counts {
        Some(_) => format!("{name} {count}"),
        None => name.to_owned(),
    };
    let names = Shelf::ALL.map(|shelf| match shelf {
        Shelf::Current => count("believed", current),
        Shelf::Pending => count("waiting", pending),
        Shelf::All => "all".to_owned(),
        Shelf::Topics => "topics".to_owned(),
    });
    let mut spans = vec![Span::raw(" ")];
    for (shelf, name) in Shelf::ALL.into_iter().zip(names) {
        let own = shelf == app.memory.shelf;
        let style = match (own, shelf, pending) {
            (true, ..) => app.theme.selected(),
            (false, Shelf::Pending, 1..) => app.theme.strong(),
            _ => app.theme.quiet(),
        };
        let used: usize = spans.iter().map(|span| width(&span.content)).sum();
        let text = format!("{}{name}  ", if own { "▸ " } else { "  " });
        let place = Rect {
            x: area.x + u16::try_from(used).unwrap_or(0),
            width: u16::try_from(width(&text)).unwrap_or(0),
            ..area
        };
        app.spot(place.intersection(area), Spot::Shelf(shelf));
        spans.push(Span::styled(text, style));
    }
    let right = match app.memory.shelf {
        Shelf::Current => format!("{told} told in every session "),
        Shelf::Topics => format!("{} told in every session ", app.memory.hot.len()),
        _ => String::new(),
    };
    let used: usize = spans.iter().map(|span| width(&span.content)).sum();
    let room = usize::from(area.width);
    // On a small screen the shelves need the room.
    let right = match used + width(&right) <= room {
        true => vec![Span::styled(right, app.theme.quiet())],
        false => Vec::new(),
    };
    let line = spread(spans, right, room);
    if area.height > 0 {
        buf.set_line(area.x, area.y, &line, area.width);
    }
}

/// Draws the line with the words that are looked for.
fn words(app: &App, area: Rect, buf: &mut Buffer) -> Option<Position> {
    if area.height == 0 {
        return None;
    }
    let kind = app
        .memory
        .category
        .map(|own| format!("only {} ", own.name()));
    let kind = kind.unwrap_or_default() + &whose(app);
    let kind = match app.memory.shelf {
        Shelf::Topics => String::new(),
        Shelf::Pending if kind.is_empty() => answers(app),
        _ => kind,
    };
    let right = u16::try_from(width(&kind)).unwrap_or(0).min(area.width);
    buf.set_stringn(
        area.right() - right,
        area.y,
        &kind,
        usize::from(right),
        app.theme.strong(),
    );
    let place = Rect {
        x: area.x + 3,
        width: area.width.saturating_sub(4 + right),
        ..area
    };
    if app.memory.writing || !app.memory.words.is_empty() {
        buf.set_string(area.x + 1, area.y, "/", app.theme.quiet());
    }
    if app.memory.writing {
        return Some(field(&app.memory.words, place, app, buf));
    }
    if !app.memory.words.is_empty() {
        field(&app.memory.words, place, app, buf);
        return None;
    }
    let key = app.key_of(&[Place::Memory], Action::Query);
    let hint = key.map_or(String::new(), |key| format!("{key} looks for words"));
    let room = usize::from(place.width);
    buf.set_stringn(area.x + 1, place.y, hint, room, app.theme.quiet());
    None
}

/// Says how what waits is answered: the line of keys may have no room for it.
fn answers(app: &App) -> String {
    let told =
        [(Action::Approve, "approves"), (Action::Reject, "rejects")].map(|(action, words)| {
            let key = app.key_of(&[Place::Memory], action);
            key.map_or(String::new(), |key| format!("{key} {words} "))
        });
    match app.memory.memories.is_empty() {
        true => String::new(),
        false => told.join("· "),
    }
}

/// Says whose memories are listed, where they are not one's own.
fn whose(app: &App) -> String {
    match &app.memory.of {
        Whose::Own => String::new(),
        Whose::Everybody => "of everybody ".to_owned(),
        Whose::User(key) => {
            let name = key.parse().ok().and_then(|id| app.memory.name_of(id));
            format!("of {} ", sanitize::line(name.unwrap_or(key)))
        }
    }
}

fn list(app: &App, area: Rect, buf: &mut Buffer) {
    let room = usize::from(area.width);
    let entries = app.memory.entries();
    if entries.is_empty() {
        return nothing(app, area, buf);
    }
    let selected = app.memory.selected;
    let at = entries.iter().position(|own| Some(*own) == selected);
    let at = at.unwrap_or(0);
    let tall: u16 = if area.height >= 14 { 3 } else { 2 };
    let fit = usize::from(area.height / tall).max(1);
    let from = (at + 1).saturating_sub(fit);
    let mut y = area.y;
    for (number, entry) in entries.iter().enumerate().skip(from) {
        if y >= area.bottom() {
            break;
        }
        let lines = match entry {
            Entry::Memory(id) => {
                let own = app.memory.memories.iter().find(|own| own.id == *id);
                own.map(|own| memory(app, own, number == at, room))
            }
            Entry::Topic(id) => {
                let own = app.memory.topics.iter().find(|own| own.id == *id);
                own.map(|own| topic(app, own, number == at, room))
            }
        };
        for (line, y) in lines.iter().flatten().zip(y..area.bottom()) {
            buf.set_line(area.x, y, line, area.width);
        }
        let place = Rect {
            y,
            height: tall.min(area.bottom() - y),
            ..area
        };
        app.spot(place, Spot::Entry(*entry));
        y += tall;
    }
}

/// Says why nothing is listed.
fn nothing(app: &App, area: Rect, buf: &mut Buffer) {
    let key = |action| app.key_of(&[Place::Memory], action).unwrap_or_default();
    let lines = match (
        app.memory.known,
        app.memory.words.is_empty(),
        app.memory.shelf,
    ) {
        (false, ..) => vec!["asking the daemon…".to_owned()],
        (true, false, _) => vec!["Nothing here says that.".to_owned()],
        (true, true, Shelf::Pending) => vec![
            "Nothing waits for your approval.".to_owned(),
            "What the agent wants to remember after it read untrusted text waits here.".to_owned(),
        ],
        (true, true, Shelf::Topics) => vec![
            "The agent has written nothing for itself yet.".to_owned(),
            "`smartopol knowledge import FOLDER` brings Markdown in.".to_owned(),
        ],
        (true, true, _) => vec![
            "Nothing is remembered yet.".to_owned(),
            format!(
                "{} remembers something; so does a # before a message.",
                key(Action::AddMemory)
            ),
        ],
    };
    let room = usize::from(area.width).saturating_sub(2);
    for (line, y) in lines.iter().zip(area.y..area.bottom()) {
        buf.set_stringn(area.x + 1, y, clip(line, room), room, app.theme.quiet());
    }
}

fn memory(app: &App, own: &Memory, selected: bool, room: usize) -> [Line<'static>; 2] {
    let theme = app.theme;
    let (sign, word, style) = state(app, own, theme);
    let text = match own.text.as_str() {
        "" => "(its words are gone)".to_owned(),
        text => sanitize::line(text).into_owned(),
    };
    let right = match app.goes_in(Going::Memory(own.id)) {
        Some(seconds) => Span::styled(format!("goes in {seconds} s "), theme.bad()),
        None => Span::styled(format!("{word} "), style),
    };
    let mut about = Vec::new();
    if app.memory.of == Whose::Everybody
        && let Some(name) = app.memory.name_of(own.user_id)
    {
        about.push(sanitize::line(name).into_owned());
    }
    about.push(own.category.name().to_owned());
    if own.confidence < 100 {
        about.push(format!("{} % sure", own.confidence));
    }
    about.push(said_by(&own.source));
    about.push(ago(app, own.created_at));
    rows(
        theme,
        selected,
        (sign, style, text),
        right,
        (about.join(" · "), !own.taint.is_empty()),
        room,
    )
}

fn topic(app: &App, own: &Topic, selected: bool, room: usize) -> [Line<'static>; 2] {
    let theme = app.theme;
    let hot = app.memory.hot(own.id);
    let (sign, style) = match (own.pinned, hot) {
        (true, _) => ("★", theme.good()),
        (false, Some(_)) => ("●", theme.good()),
        (false, None) => ("·", theme.quiet()),
    };
    let right = match app.goes_in(Going::Topic(own.id)) {
        Some(seconds) => Span::styled(format!("goes in {seconds} s "), theme.bad()),
        None if own.pinned => Span::styled("pinned ", style),
        None => match hot {
            Some(hot) => Span::styled(format!("warmth {:.1} ", hot.warmth), style),
            None => Span::raw(""),
        },
    };
    let mut about = Vec::new();
    if !own.tags.is_empty() {
        about.push(format!("[{}]", own.tags.join(", ")));
    }
    if own.user_id.is_none() {
        about.push("the house's".to_owned());
    }
    about.push(match own.uses {
        0 => "never used".to_owned(),
        1 => "used once".to_owned(),
        uses => format!("used {uses} times"),
    });
    about.push(own.line.clone());
    let about = sanitize::line(&about.join(" · ")).into_owned();
    let name = sanitize::line(&own.name).into_owned();
    rows(
        theme,
        selected,
        (sign, style, name),
        right,
        (about, !own.taint.is_empty()),
        room,
    )
}

/// Returns the two lines of an entry: what it is, and what else is known of it.
fn rows(
    theme: Theme,
    selected: bool,
    (sign, style, text): (&'static str, Style, String),
    right: Span<'static>,
    (about, tainted): (String, bool),
    room: usize,
) -> [Line<'static>; 2] {
    let edge = Span::styled(if selected { "│" } else { " " }, theme.selected());
    let text_style = if selected {
        theme.selected()
    } else {
        theme.text()
    };
    let first = spread(
        vec![
            edge.clone(),
            Span::styled(format!("{sign} "), style),
            Span::styled(
                clip(&text, room.saturating_sub(width(&right.content) + 5)),
                text_style,
            ),
        ],
        vec![right],
        room,
    );
    let taint = if tainted { "untrusted · " } else { "" };
    let about = clip(&about, room.saturating_sub(4 + width(taint)));
    let second = Line::from(vec![
        edge,
        Span::raw("  "),
        Span::styled(taint, theme.bad()),
        Span::styled(about, theme.quiet()),
    ]);
    [first, second]
}

/// Returns a memory's sign, its state in a word, and the style of both.
pub(super) fn state(app: &App, own: &Memory, theme: Theme) -> (&'static str, &'static str, Style) {
    let now = app.now.wall;
    match &own.state {
        State::Active if own.valid_from.is_some_and(|from| from > now) => {
            ("○", "not yet", theme.quiet())
        }
        State::Active if !own.holds(now) => ("○", "no longer valid", theme.quiet()),
        State::Active => ("●", "", theme.good()),
        State::Pending => ("?", "waits for you", theme.strong()),
        State::Superseded { .. } => ("○", "superseded", theme.quiet()),
        State::Forgotten { .. } => ("·", "forgotten", theme.quiet()),
        State::Rejected { .. } => ("✗", "rejected", theme.quiet()),
    }
}

/// Says how long ago something was.
fn ago(app: &App, at: smartopol_protocol::Timestamp) -> String {
    match app.now.wall.millis_since(at) / 60_000 {
        0 => "now".to_owned(),
        minutes => format!("{} ago", time::seconds(minutes * 60)),
    }
}
