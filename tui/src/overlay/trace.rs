//! One trace, whole: what was called, what came back, who decided.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use serde_json::Value;
use smartopol_protocol::TraceId;
use smartopol_protocol::trace::{DecidedBy, Trace};

use super::{keys, page_in, position, scrolled, window};
use crate::app::App;
use crate::app::keymap::Place;
use crate::sanitize;
use crate::screen::traces::outcome;
use crate::widget::text::{Indent, chop, wrap};

pub(super) fn draw(
    app: &App,
    id: TraceId,
    scroll: &mut usize,
    area: Rect,
    buf: &mut Buffer,
) -> Option<Position> {
    let (wide, tall) = page_in(area);
    let Some(trace) = app.trace_of(id) else {
        window(
            area,
            (wide, tall),
            "Trace",
            "it is no longer kept here",
            app.theme,
            buf,
        );
        return None;
    };
    let lines = lines(app, trace, usize::from(wide.saturating_sub(4)));
    let at = position(lines.len(), *scroll, tall.saturating_sub(2));
    let foot = format!(
        "{} · [ ] older, newer{at}",
        keys(&app.hints_of(&[Place::Page]))
    );
    let title = format!("Trace of {}", sanitize::line(&trace.tool_name));
    let inside = window(area, (wide, tall), &title, &foot, app.theme, buf);
    scrolled(&lines, scroll, inside, buf);
    None
}

/// Returns the trace as lines.
pub(crate) fn lines(app: &App, trace: &Trace, room: usize) -> Vec<Line<'static>> {
    let theme = app.theme;
    let meta = &trace.metadata;
    let (sign, word, style) = outcome(trace, theme);
    let mut lines = vec![Line::raw("")];
    let head = [
        Span::styled(format!("{sign} "), style),
        Span::styled(sanitize::line(&meta.title).into_owned(), theme.strong()),
    ];
    lines.extend(wrap(&head, room, &Indent::default()));
    lines.push(Line::raw(""));
    let mut fact = |name: &str, value: String| {
        if !value.is_empty() {
            let value = Span::raw(sanitize::line(&value).into_owned());
            let name = Span::styled(format!("{name:<10}"), theme.quiet());
            let indent = Indent {
                first: vec![name],
                rest: vec![Span::raw(" ".repeat(10))],
            };
            lines.extend(wrap(&[value], room, &indent));
        }
    };
    let took = trace.duration_ms.map_or(String::new(), |ms| {
        format!(" after {}", crate::widget::time::millis(ms))
    });
    fact("outcome", format!("{word}{took}"));
    fact(
        "decided",
        format!("{}: {}", decider(meta.decided_by), meta.reason),
    );
    let surface = if meta.surface.is_empty() {
        String::new()
    } else {
        format!(" in {}", meta.surface)
    };
    let really = meta.by.as_deref().map(|by| format!(", who is {by}"));
    let really = really.unwrap_or_default();
    fact("by", format!("{}{really}{surface}", meta.actor));
    if let Some(run) = &meta.run {
        // The list may not be known yet, or the job may be gone.
        let job = app.model.jobs.get(run.job_id);
        let name = job.map_or_else(|| run.job_id.to_string(), |job| job.name.clone());
        fact("job", format!("{name}, due {}", run.due_at));
    }
    fact("folder", meta.cwd.clone());
    fact("at", trace.timestamp.to_string());
    if meta.redacted > 0 {
        fact(
            "hidden",
            format!("{} secret values were redacted", meta.redacted),
        );
    }
    fact("trace", trace.id.to_string());
    for (name, value) in [("params", &trace.params), ("result", &trace.result)] {
        lines.push(Line::raw(""));
        lines.push(Line::styled(name, theme.strong()));
        lines.extend(json(value, room, app));
    }
    lines.push(Line::raw(""));
    lines.push(Line::styled("metadata", theme.strong()));
    lines.extend(json(
        &serde_json::to_value(meta).unwrap_or_default(),
        room,
        app,
    ));
    lines
}

pub(super) fn json(value: &Value, room: usize, app: &App) -> Vec<Line<'static>> {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    let bar = Indent::both(vec![Span::styled("│ ", app.theme.quiet())]);
    chop(&sanitize::exact(&text), app.theme.text(), room, &bar)
}

const fn decider(by: DecidedBy) -> &'static str {
    match by {
        DecidedBy::Floor => "the floor",
        DecidedBy::Role => "what the person may do",
        DecidedBy::Rule => "a rule",
        DecidedBy::Mode => "the mode",
        DecidedBy::Person => "a person",
        DecidedBy::Expiry => "nobody, in time",
        DecidedBy::Interrupt => "an interrupt",
        DecidedBy::Check => "the call itself was wrong",
        DecidedBy::LoopGuard => "the guard against loops",
        DecidedBy::Pin => "a file that changed",
        DecidedBy::Settings => "the settings",
    }
}
