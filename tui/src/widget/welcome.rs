//! What a new session says before anybody has said anything.

use ratatui::text::{Line, Span};

use super::text::{Indent, wrap};
use super::transcript::Row;
use crate::app::App;
use crate::app::keymap::{Action, Place};
use crate::sanitize;

/// Returns the welcome; a small screen gets the short one.
pub(crate) fn welcome(app: &App, room: usize, height: usize) -> Vec<Row> {
    let mut lines = long(app, room);
    if lines.len() > height {
        lines = short(app, room);
    }
    lines.truncate(height);
    lines.into_iter().map(Row::plain).collect()
}

fn long(app: &App, room: usize) -> Vec<Line<'static>> {
    let theme = app.theme;
    let two = Indent::spaces(2);
    let title = Span::styled("Welcome. An agent works for you here.", theme.strong());
    let mut lines = wrap(&[title], room, &two);
    lines.push(Line::raw(""));
    let words = "It asks before it acts, and every call it makes is recorded. Close this window \
                 whenever you like: the work goes on, and is here when you come back.";
    lines.extend(wrap(&[Span::raw(words)], room, &two));
    lines.push(Line::raw(""));
    lines.extend(wrap(&who(app), room, &two));
    table(app, "Three things to try", &things(app), room, &mut lines);
    let keys = keys(app);
    let keys: Vec<(&str, &str)> = keys
        .iter()
        .map(|(key, words)| (key.as_str(), *words))
        .collect();
    table(app, "Four keys", &keys, room, &mut lines);
    lines
}

fn short(app: &App, room: usize) -> Vec<Line<'static>> {
    let theme = app.theme;
    let two = Indent::spaces(2);
    let title = [
        Span::styled("Welcome. An agent works for you here.", theme.strong()),
        Span::raw(" It asks before it acts, and every call it makes is recorded."),
    ];
    let mut lines = wrap(&title, room, &two);
    lines.push(Line::raw(""));
    lines.extend(wrap(&who(app), room, &two));
    table(app, "Three things to try", &things(app), room, &mut lines);
    lines.push(Line::raw(""));
    let said = ["sends", "goes to what waits for you", "shows all keys"];
    let said = said.into_iter().chain(["leaves; the daemon goes on"]);
    let keys: Vec<String> = keys(app)
        .iter()
        .zip(said)
        .map(|((key, _), words)| format!("{key} {words}"))
        .collect();
    let keys = Span::styled(keys.join(" · "), theme.quiet());
    lines.extend(wrap(&[keys], room, &two));
    lines
}

/// Returns the four keys that one needs first.
fn keys(app: &App) -> Vec<(String, &'static str)> {
    let places = &[Place::Composer, Place::Everywhere];
    let four = [
        (Action::Send, "sends what you wrote"),
        (
            Action::NextPane,
            "goes to what waits for you, and to the other panes",
        ),
        (Action::Help, "shows all keys"),
        (Action::Leave, "leaves; the daemon goes on"),
    ];
    let named = |(action, words)| {
        let key = app.key_of(places, action);
        (key.unwrap_or_else(|| format!(":{}", action.name())), words)
    };
    four.into_iter().map(named).collect()
}

fn is_offline(app: &App) -> bool {
    let chosen = app.providers.iter().find(|provider| provider.chosen);
    chosen.is_none_or(|provider| provider.name == "offline")
}

/// Says who answers; nothing before the daemon has told it.
pub(crate) fn who(app: &App) -> Vec<Span<'static>> {
    let theme = app.theme;
    match app.providers.iter().find(|provider| provider.chosen) {
        Some(provider) if !is_offline(app) => vec![
            Span::styled(sanitize::line(&provider.name).into_owned(), theme.strong()),
            Span::raw(" answers with "),
            Span::styled(
                sanitize::line(&provider.default_model).into_owned(),
                theme.strong(),
            ),
            Span::styled(
                format!(" ({})", sanitize::line(&provider.found_by)),
                theme.quiet(),
            ),
        ],
        None => Vec::new(),
        Some(_) => vec![
            Span::styled("offline", theme.strong()),
            Span::raw(
                " answers: it is built in, needs no model, and does what it is told, word by \
                 word. For a real model set ANTHROPIC_API_KEY or OPENAI_API_KEY, or start \
                 Ollama; then ",
            ),
            Span::styled("smartopol daemon restart", theme.strong()),
        ],
    }
}

fn things(app: &App) -> [(&'static str, &'static str); 3] {
    if is_offline(app) {
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
    }
}

fn table(
    app: &App,
    title: &'static str,
    rows: &[(&str, &'static str)],
    room: usize,
    lines: &mut Vec<Line<'static>>,
) {
    lines.push(Line::raw(""));
    lines.push(Line::from(vec![
        Span::raw("  "),
        Span::styled(title, app.theme.quiet()),
    ]));
    let wide = rows
        .iter()
        .filter(|row| !row.1.is_empty())
        .map(|row| row.0.len())
        .max()
        .unwrap_or(0);
    for (name, words) in rows {
        let gap = if words.is_empty() {
            0
        } else {
            wide + 3 - name.len()
        };
        let indent = Indent {
            first: vec![
                Span::raw("    "),
                Span::styled((*name).to_owned(), app.theme.selected()),
                Span::raw(" ".repeat(gap)),
            ],
            rest: vec![Span::raw(" ".repeat(4 + name.len() + gap))],
        };
        lines.extend(wrap(
            &[Span::styled(*words, app.theme.quiet())],
            room,
            &indent,
        ));
    }
}
