//! What a new session says before anybody has said anything.

use ratatui::text::{Line, Span};

use super::text::{Indent, wrap};
use super::transcript::Row;
use crate::app::App;
use crate::sanitize;

/// Returns the welcome, as much of it as has room.
pub(crate) fn welcome(app: &App, room: usize, height: usize) -> Vec<Row> {
    let theme = app.theme;
    let two = Indent::spaces(2);
    let mut lines = vec![Line::raw("")];
    let provider = app.providers.iter().find(|provider| provider.chosen);
    let offline = provider.is_none_or(|provider| provider.name == "offline");
    lines.extend(wrap(&[Span::styled("Welcome. An agent works for you here.", theme.strong())], room, &two));
    let words = "It asks before it acts, and every call it makes is recorded. Close this window \
                 whenever you like: the work goes on, and is here when you come back.";
    lines.extend(wrap(&[Span::raw(words)], room, &two));
    lines.push(Line::raw(""));
    match provider {
        Some(provider) if !offline => {
            let name = sanitize::line(&provider.name).into_owned();
            let model = sanitize::line(&provider.default_model).into_owned();
            let found = sanitize::line(&provider.found_by).into_owned();
            let spans = [
                Span::styled(name, theme.strong()),
                Span::raw(" answers with "),
                Span::styled(model, theme.strong()),
                Span::styled(format!(" ({found})"), theme.quiet()),
            ];
            lines.extend(wrap(&spans, room, &two));
        }
        _ => {
            let spans = [
                Span::styled("offline", theme.strong()),
                Span::raw(
                    " answers: it is built in, needs no model, and does what it is told word by \
                     word. For a real model set ANTHROPIC_API_KEY or OPENAI_API_KEY, or start \
                     Ollama; then run smartopol daemon restart.",
                ),
            ];
            lines.extend(wrap(&spans, room, &two));
        }
    }
    let things = if offline {
        [
            ("run: ls -la", "a command, once you allow it"),
            ("read: README.md", "a file of this folder"),
            ("help", "all that offline understands"),
        ]
    } else {
        [
            ("What is in this folder?", ""),
            ("Run the tests and explain what fails", ""),
            ("Find what is left to do and make a list", ""),
        ]
    };
    table(app, "Three things to try", &things, room, &mut lines);
    let keys = [
        ("Enter", "sends what you wrote"),
        ("Tab", "goes to what waits for you, and to the other panes"),
        ("F1", "shows all keys"),
        ("ctrl-d", "leaves; the daemon goes on"),
    ];
    table(app, "Four keys", &keys, room, &mut lines);
    lines.truncate(height);
    lines.into_iter().map(Row::plain).collect()
}

fn table(
    app: &App,
    title: &'static str,
    rows: &[(&'static str, &'static str)],
    room: usize,
    lines: &mut Vec<Line<'static>>,
) {
    lines.push(Line::raw(""));
    lines.push(Line::from(vec![Span::raw("  "), Span::styled(title, app.theme.quiet())]));
    let wide = rows.iter().filter(|row| !row.1.is_empty()).map(|row| row.0.len()).max().unwrap_or(0);
    for (name, words) in rows {
        let gap = if words.is_empty() { 0 } else { wide + 3 - name.len() };
        let indent = Indent {
            first: vec![
                Span::raw("    "),
                Span::styled(*name, app.theme.selected()),
                Span::raw(" ".repeat(gap)),
            ],
            rest: vec![Span::raw(" ".repeat(4 + name.len() + gap))],
        };
        lines.extend(wrap(&[Span::styled(*words, app.theme.quiet())], room, &indent));
    }
}
