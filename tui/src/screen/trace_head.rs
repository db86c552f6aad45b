//! What stands over the traces: how many there are a minute, what is looked for, what was lost.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::app::feed::Further;
use crate::app::{App, Focus};
use crate::overlay::field;
use crate::sanitize;
use crate::widget::sparkline::sparkline;
use crate::widget::text::{clip, spread, width};

/// From this width on, rate and errors are said in words too.
const WORDS: usize = 56;

/// Draws the head of the feed; returns the row below it, and where the cursor belongs.
pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) -> (u16, Option<Position>) {
    let focused = app.focus == Focus::Traces;
    let room = usize::from(area.width);
    let mut y = area.y;
    let mut put = |line: Line<'_>, y: &mut u16| {
        if *y < area.bottom() {
            buf.set_line(area.x, *y, &line, area.width);
            *y += 1;
        }
    };
    put(title(app, focused, room), &mut y);
    if let Some(line) = lost(app, room) {
        put(line, &mut y);
    }
    if let Some(writing) = &app.feed.writing {
        put(Line::styled(" /", app.theme.selected()), &mut y);
        let (words, style) = match &writing.problem {
            Some(problem) => (format!("✗ {}", sanitize::line(problem)), app.theme.bad()),
            None => (
                "tool= outcome= session= since= marked words".to_owned(),
                app.theme.quiet(),
            ),
        };
        let words = clip(&words, room.saturating_sub(2));
        put(Line::styled(format!(" {words}"), style), &mut y);
        let line = Rect {
            x: area.x + 3,
            y: y.saturating_sub(2).max(area.y),
            width: area.width.saturating_sub(4),
            height: 1,
        };
        let cursor = field(&writing.line, line, app, buf);
        return (y, Some(cursor));
    }
    let chips = chips(app, room);
    if chips.is_empty() {
        return (y + 1, None);
    }
    for line in chips {
        put(line, &mut y);
    }
    (y, None)
}

fn title(app: &App, focused: bool, room: usize) -> Line<'static> {
    let theme = app.theme;
    let style = if focused {
        theme.selected()
    } else {
        theme.quiet()
    };
    let mut left = vec![Span::styled(" Traces", style)];
    let wide = room >= WORDS;
    let minutes = if wide { 30 } else { 8 };
    let (rate, errors) = app.model.traces.minutes(app.now.wall, minutes);
    // What was before the first call says nothing.
    let quiet = rate.iter().take_while(|count| **count == 0).count();
    let rate = rate.get(quiet..).unwrap_or_default();
    let errors = errors.get(quiet..).unwrap_or_default();
    let (all, failed): (u32, u32) = (rate.iter().sum(), errors.iter().sum());
    if all > 0 {
        left.push(Span::raw("  "));
        left.push(sparkline(rate, theme.good()));
    }
    if all > 0 && wide {
        let words = format!(" {all} in {} min", rate.len());
        left.push(Span::styled(words, theme.quiet()));
    }
    if failed > 0 {
        left.push(Span::raw("  "));
        if wide {
            left.push(sparkline(errors, theme.bad()));
            left.push(Span::raw(" "));
        }
        left.push(Span::styled(format!("✗ {failed}"), theme.bad()));
    }
    let right = match (app.feed.selected, app.feed_news()) {
        (None, _) => Span::styled("following ", theme.quiet()),
        (Some(_), 0) => Span::styled("paused ", theme.quiet()),
        (Some(_), new) => Span::styled(format!("{new} new ↓ "), theme.strong()),
    };
    spread(left, vec![right], room)
}

/// Says what this console did not hear.
fn lost(app: &App, room: usize) -> Option<Line<'static>> {
    let words = app.model.missed.words()?;
    let key = app.key_of(
        &[crate::app::keymap::Place::Traces],
        crate::app::keymap::Action::Dismiss,
    );
    let hint = key.map_or(String::new(), |key| format!("{key} takes note "));
    let left = vec![Span::styled(format!(" ✗ {words}"), app.theme.bad())];
    Some(spread(
        left,
        vec![Span::styled(hint, app.theme.quiet())],
        room,
    ))
}

/// Returns what is looked for, each a chip, and how far back it was looked.
fn chips(app: &App, room: usize) -> Vec<Line<'static>> {
    let theme = app.theme;
    let terms = &app.feed.query.terms;
    if terms.is_empty() {
        return Vec::new();
    }
    let mut lines: Vec<Vec<Span<'static>>> = vec![Vec::new()];
    let mut used = 0;
    for term in terms {
        let chip = clip(
            &format!("[{}]", sanitize::line(&term.to_string())),
            room.saturating_sub(2),
        );
        let wide = width(&chip) + 1;
        if used + wide + 1 > room && used > 0 {
            lines.push(Vec::new());
            used = 0;
        }
        if let Some(line) = lines.last_mut() {
            line.push(Span::raw(" "));
            line.push(Span::styled(chip, theme.strong()));
            used += wide;
        }
    }
    let more = match app.feed.further() {
        Further::Asked => "looking further back… ",
        Further::Before(_) => "Home looks further back ",
        Further::Full => "the newest of many ",
        Further::Unknown | Further::End => "",
    };
    let last = lines.pop().unwrap_or_default();
    let mut lines: Vec<Line<'static>> = lines.into_iter().map(Line::from).collect();
    lines.push(spread(last, vec![Span::styled(more, theme.quiet())], room));
    lines
}
