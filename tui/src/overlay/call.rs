//! One call of a replay, whole: what was asked, who decided, what came back.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use smartopol_protocol::approval::ApprovalState;
use smartopol_protocol::tool::{CallState, OutputStatus};
use smartopol_protocol::{CallId, Timestamp};

use super::trace::json;
use super::{keys, page_in, position, scrolled, window};
use crate::app::keymap::Place;
use crate::app::{App, ended};
use crate::sanitize;
use crate::widget::text::{Indent, chop, wrap};
use crate::widget::time;

pub(super) fn draw(
    app: &App,
    id: CallId,
    scroll: &mut usize,
    area: Rect,
    buf: &mut Buffer,
) -> Option<Position> {
    let (wide, tall) = page_in(area);
    let lines = lines(app, id, usize::from(wide.saturating_sub(4)));
    let tall = tall.min(u16::try_from(lines.len() + 3).unwrap_or(u16::MAX));
    let at = position(lines.len(), *scroll, tall.saturating_sub(2));
    let foot = format!("{}{at}", keys(&app.hints_of(&[Place::Page])));
    let name = app.transcript().and_then(|own| own.call(id));
    let name = name.map_or("", |call| call.name.as_str());
    let title = format!("Call of {}", sanitize::line(name));
    let inside = window(area, (wide, tall), &title, &foot, app.theme, buf);
    scrolled(&lines, scroll, inside, buf);
    None
}

/// Returns the call as lines, as far as it had come at the step at hand.
fn lines(app: &App, id: CallId, room: usize) -> Vec<Line<'static>> {
    let theme = app.theme;
    let Some(transcript) = app.transcript() else {
        return Vec::new();
    };
    let Some(call) = transcript.call(id) else {
        return vec![Line::styled(
            "it is not part of what is shown",
            theme.quiet(),
        )];
    };
    let title = sanitize::line(&call.inspection.title).into_owned();
    let mut lines = vec![Line::raw("")];
    lines.extend(wrap(
        &[Span::styled(title, theme.strong())],
        room,
        &Indent::default(),
    ));
    lines.push(Line::raw(""));
    let mut fact = |name: &str, value: String, style| {
        if !value.is_empty() {
            let indent = Indent {
                first: vec![Span::styled(format!("{name:<10}"), theme.quiet())],
                rest: vec![Span::raw(" ".repeat(10))],
            };
            lines.extend(wrap(&[Span::styled(value, style)], room, &indent));
        }
    };
    let text = theme.text();
    let (word, style) = match &call.state {
        CallState::Asked => ("asked", text),
        CallState::Waiting { .. } => ("waits for a person", theme.strong()),
        CallState::Unanswered { .. } => ("waits for an answer", theme.strong()),
        CallState::Running => ("runs", theme.good()),
        CallState::Finished { output } => match output.status {
            OutputStatus::Ok => ("done", theme.good()),
            OutputStatus::Error => ("failed", theme.bad()),
            OutputStatus::Denied => ("denied", theme.bad()),
            OutputStatus::Expired => ("expired, nobody answered in time", theme.bad()),
            OutputStatus::Interrupted => ("interrupted", theme.bad()),
        },
    };
    let took = call.started_at.zip(call.finished_at);
    let took = took.map(|(from, to)| time::millis(to.millis_since(from)));
    let after = took.map_or(String::new(), |took| format!(" after {took}"));
    fact("outcome", format!("{word}{after}"), style);
    if let Some(approval) = transcript.approval_of(id) {
        fact("asked", sanitize::line(&approval.reason).into_owned(), text);
        let answer = match &approval.state {
            ApprovalState::Pending => "nobody answered yet".to_owned(),
            state => ended(state).unwrap_or_default(),
        };
        fact("answer", answer, text);
    }
    fact("folder", app.tilde(&call.inspection.cwd), text);
    let clock = |at: Timestamp| at.to_string();
    fact("at", clock(call.asked_at), text);
    fact("ran at", call.started_at.map_or(String::new(), clock), text);
    fact(
        "ended at",
        call.finished_at.map_or(String::new(), clock),
        text,
    );
    lines.push(Line::raw(""));
    lines.push(Line::styled("arguments", theme.strong()));
    lines.extend(json(&call.input, room, app));
    if let CallState::Finished { output } = &call.state {
        lines.push(Line::raw(""));
        lines.push(Line::styled("output", theme.strong()));
        let bar = Indent::both(vec![Span::styled("│ ", theme.quiet())]);
        let output = sanitize::output(&output.text);
        lines.extend(chop(&output, theme.text(), room, &bar));
    }
    lines
}
