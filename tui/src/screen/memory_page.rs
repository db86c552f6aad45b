//! All that is known of one memory or topic: where it comes from, and what was believed before.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use smartopol_protocol::knowledge::{self, Topic};
use smartopol_protocol::memory::{self, Memory, Source, State, Taint, Whose};

use super::job_page::moment;
use super::memory::state;
use crate::app::App;
use crate::app::memories::Entry;
use crate::sanitize;
use crate::source::said_by;
use crate::widget::text::{Indent, spread, wrap};

/// How wide the names of what is told are.
const NAMES: usize = 12;

/// Draws the page; `scroll` is brought back to what there is.
pub(super) fn draw(app: &App, entry: Entry, area: Rect, scroll: &mut usize, buf: &mut Buffer) {
    let inside = Rect {
        x: area.x + 1,
        width: area.width.saturating_sub(2),
        ..area
    };
    let room = usize::from(inside.width);
    let lines = match entry {
        Entry::Memory(id) => {
            let shown = app.memory.memory.as_ref();
            match shown.filter(|shown| shown.memory.id == id) {
                Some(shown) => of_memory(app, shown, room),
                None => vec![Line::styled("asking the daemon…", app.theme.quiet())],
            }
        }
        Entry::Topic(id) => {
            let shown = app.memory.topic.as_ref();
            match shown.filter(|shown| shown.topic.id == id) {
                Some(shown) => of_topic(app, shown, room),
                None => vec![Line::styled("asking the daemon…", app.theme.quiet())],
            }
        }
    };
    let tall = usize::from(inside.height);
    *scroll = (*scroll).min(lines.len().saturating_sub(tall));
    let more = lines.len().saturating_sub(*scroll + tall);
    for (line, y) in lines.iter().skip(*scroll).zip(inside.y..inside.bottom()) {
        buf.set_line(inside.x, y, line, inside.width);
    }
    if more > 0 && inside.height > 1 {
        let words = format!(" {more} more lines ↓ ");
        let wide = u16::try_from(words.chars().count()).unwrap_or(0);
        let x = inside.right().saturating_sub(wide).max(inside.x);
        let y = inside.bottom() - 1;
        buf.set_stringn(x, y, words, inside.width.into(), app.theme.quiet());
    }
}

fn of_memory(app: &App, shown: &memory::Shown, room: usize) -> Vec<Line<'static>> {
    let own = &shown.memory;
    let (sign, word, style) = state(app, own, app.theme);
    let word = match word {
        "" => "counts",
        word => word,
    };
    let text = match own.text.as_str() {
        "" => "(its words are gone)",
        text => text,
    };
    let text = Span::styled(sanitize::line(text).into_owned(), app.theme.strong());
    let mut lines = wrap(&[text], room.max(8), &Indent::spaces(0));
    lines.push(Line::raw(""));
    lines.push(spread(
        vec![Span::styled(format!("{sign} {word}"), style)],
        vec![Span::styled(own.id.to_string(), app.theme.quiet())],
        room,
    ));
    let mut tell = Told {
        app,
        room,
        lines: &mut lines,
    };
    if let (true, Some(name)) = (app.memory.of != Whose::Own, app.memory.name_of(own.user_id)) {
        tell.put("whose", name);
    }
    tell.put("kind", own.category.name());
    tell.put("sure", &format!("{} %", own.confidence));
    if let Some(from) = own.valid_from {
        tell.put("from", &moment(app, from));
    }
    if let Some(until) = own.valid_until {
        tell.put("until", &moment(app, until));
    }
    tell.source(&own.source);
    tell.put("written", &moment(app, own.created_at));
    if !own.approved_by.is_empty() {
        tell.put("approved by", &own.approved_by);
    }
    tell.taint(&own.taint);
    if shown.history.len() > 1 {
        lines.push(Line::raw(""));
        lines.push(Line::styled("What was believed when", app.theme.quiet()));
        for one in &shown.history {
            lines.extend(belief(app, one, one.id == own.id, room));
        }
    }
    lines
}

/// Returns one belief of a history: since when, until when, and why no longer.
fn belief(app: &App, own: &Memory, here: bool, room: usize) -> Vec<Line<'static>> {
    let theme = app.theme;
    let (sign, _, style) = state(app, own, theme);
    let since = own.believed_at.map(|at| moment(app, at));
    let end = match &own.state {
        State::Active => since.map_or_else(String::new, |since| format!("since {since}")),
        State::Pending => format!("waits since {}", moment(app, own.created_at)),
        State::Superseded { at, .. } => {
            let since = since.unwrap_or_else(|| "never".to_owned());
            format!("{since} to {}", moment(app, *at))
        }
        State::Forgotten { by, at } => format!("forgotten {} by {by}", moment(app, *at)),
        State::Rejected { by, at } => format!("rejected {} by {by}", moment(app, *at)),
    };
    let text = match own.text.as_str() {
        "" => "(its words are gone)",
        text => text,
    };
    let style_of_text = if here { theme.strong() } else { theme.text() };
    let indent = Indent {
        first: vec![Span::styled(format!("{sign} "), style)],
        rest: vec![Span::raw("  ")],
    };
    let text = Span::styled(sanitize::line(text).into_owned(), style_of_text);
    let mut lines = wrap(&[text], room.max(8), &indent);
    let about = format!("{end} · {}", said_by(&own.source));
    let about = Span::styled(sanitize::line(&about).into_owned(), theme.quiet());
    lines.extend(wrap(&[about], room.max(8), &Indent::spaces(2)));
    lines
}

fn of_topic(app: &App, shown: &knowledge::Shown, room: usize) -> Vec<Line<'static>> {
    let own: &Topic = &shown.topic;
    let name = Span::styled(sanitize::line(&own.name).into_owned(), app.theme.strong());
    let mut lines = vec![spread(
        vec![name],
        vec![Span::styled(own.id.to_string(), app.theme.quiet())],
        room,
    )];
    lines.push(Line::raw(""));
    let mut tell = Told {
        app,
        room,
        lines: &mut lines,
    };
    if !own.tags.is_empty() {
        tell.put("tags", &own.tags.join(", "));
    }
    if !own.links.is_empty() {
        tell.put("points to", &own.links.join(", "));
    }
    if !shown.linked_from.is_empty() {
        tell.put("pointed at", &shown.linked_from.join(", "));
    }
    tell.put(
        "whose",
        match own.user_id {
            Some(_) => "yours",
            None => "the house's: everybody reads it",
        },
    );
    tell.source(&own.source);
    let written = moment(app, own.updated_at);
    tell.put(
        "written",
        &match own.revision {
            1 => written,
            times => format!("{written}, {times} times so far"),
        },
    );
    tell.put(
        "used",
        &match own.used_at {
            None => "never".to_owned(),
            Some(at) => format!("{} times, last {}", own.uses, moment(app, at)),
        },
    );
    if let Some(hot) = app.memory.hot(own.id) {
        tell.put("told", &hot.told);
    }
    tell.taint(&own.taint);
    lines.push(Line::raw(""));
    for line in shown.text.lines() {
        let spans = [Span::raw(sanitize::line(line).into_owned())];
        match line.trim().is_empty() {
            true => lines.push(Line::raw("")),
            false => lines.extend(wrap(&spans, room.max(8), &Indent::spaces(0))),
        }
    }
    lines
}

/// Lines with a name each.
struct Told<'a> {
    app: &'a App,
    room: usize,
    lines: &'a mut Vec<Line<'static>>,
}

impl Told<'_> {
    fn put(&mut self, name: &str, words: &str) {
        let indent = Indent {
            first: vec![Span::styled(
                format!("{name:<NAMES$}"),
                self.app.theme.quiet(),
            )],
            rest: vec![Span::raw(" ".repeat(NAMES))],
        };
        let words = [Span::raw(sanitize::line(words).into_owned())];
        self.lines
            .extend(wrap(&words, self.room.max(NAMES + 8), &indent));
    }

    fn source(&mut self, source: &Source) {
        let session = source.session_id.and_then(|id| self.app.model.session(id));
        let mut from = said_by(source);
        if let Some(session) = session {
            from.push_str(&format!(", in the session {}", session.name));
        }
        if let Some(span) = source.messages {
            from.push_str(&format!(", messages {} to {}", span.from, span.until));
        }
        self.put("from", &from);
    }

    fn taint(&mut self, taint: &[Taint]) {
        for one in taint {
            let indent = Indent {
                first: vec![Span::styled(
                    format!("{:<NAMES$}", "untrusted"),
                    self.app.theme.bad(),
                )],
                rest: vec![Span::raw(" ".repeat(NAMES))],
            };
            let words = format!("{}: {}", one.kind.words(), one.what);
            let words = [Span::raw(sanitize::line(&words).into_owned())];
            self.lines
                .extend(wrap(&words, self.room.max(NAMES + 8), &indent));
        }
    }
}
