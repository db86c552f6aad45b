//! One message as rows: a person's words, the agent's, its thoughts and calls, a notice.

use ratatui::text::{Line, Span};
use smartopol_protocol::message::{Level, Message, Part, Role};

use super::card::{card, own};
use super::markdown::{Laid, Means, laid, markdown};
use super::text::{Indent, spread, wrap};
use super::time;
use super::transcript::Row;
use crate::app::{App, Fold, Piece, View};
use crate::model::Transcript;
use crate::sanitize;

/// How many lines of a person's own long message are shown folded.
const OWN: usize = 16;

/// What stands before the agent's words.
const MARGIN: usize = 2;

impl View {
    /// Returns whether a person opened or folded something.
    pub(crate) fn said(&self, fold: Fold) -> Option<bool> {
        self.folds.get(&fold).copied().or(self.all)
    }
}

/// Returns a message as rows, with a blank one behind; nothing for what is shown elsewhere.
pub(crate) fn message(
    app: &App,
    transcript: &Transcript,
    view: &View,
    message: &Message,
    room: usize,
) -> Vec<Row> {
    let mut rows = match message.role {
        Role::User if message.is_command() => command(app, transcript, view, message, room),
        Role::User => words_of_person(app, view, message, room),
        Role::Agent => agent(app, transcript, view, message, room),
        Role::System => notices(app, message, room),
        // Outputs are shown on the cards of the calls.
        Role::Tool => Vec::new(),
    };
    let own = message.position.map(Piece::Message);
    for row in &mut rows {
        row.piece = row.piece.or(own);
    }
    if !rows.is_empty() {
        rows.push(Row::blank());
    }
    rows
}

/// Returns a command that a person ran, with what it gave back.
pub(crate) fn command(
    app: &App,
    transcript: &Transcript,
    view: &View,
    message: &Message,
    room: usize,
) -> Vec<Row> {
    let calls = message.parts.iter().filter_map(|part| match part {
        Part::ToolCall { id, input, .. } => Some((*id, input)),
        _ => None,
    });
    let mut rows = Vec::new();
    for (id, input) in calls {
        let line = input.get("command").and_then(serde_json::Value::as_str);
        let mut card = own(app, transcript, view, (id, line.unwrap_or_default()), room);
        for row in &mut card {
            row.piece = Some(Piece::Call(id));
        }
        rows.extend(card);
    }
    rows
}

/// Returns who else speaks: a job by its name, where that is known.
fn speaker(app: &App, peer: &str) -> String {
    let Some(id) = peer.strip_prefix("job:") else {
        return sanitize::line(peer).into_owned();
    };
    let job = id.parse().ok().and_then(|id| app.model.jobs.get(id));
    job.map_or_else(
        || "a job".to_owned(),
        |job| format!("job {}", sanitize::line(&job.name)),
    )
}

/// Returns a person's words.
fn words_of_person(app: &App, view: &View, message: &Message, room: usize) -> Vec<Row> {
    let theme = app.theme;
    let other = message
        .peer
        .as_deref()
        .filter(|peer| *peer != app.peer && !app.peer.is_empty());
    let mut rows: Vec<Row> = said(app, &message.text(), room)
        .into_iter()
        .map(Row::plain)
        .collect();
    if let Some(peer) = other {
        let from = Span::styled(format!("  {}", speaker(app, peer)), theme.quiet());
        rows.insert(0, Row::plain(Line::from(vec![from])));
    }
    let fold = Fold::Thought(message.id, usize::MAX);
    if rows.len() > OWN + 4 {
        let open = view.said(fold).unwrap_or(false);
        let words = if open {
            "▾ all of it".to_owned()
        } else {
            format!("▸ {} more lines", rows.len() - OWN)
        };
        if !open {
            rows.truncate(OWN);
        }
        let line = Line::from(vec![Span::raw("  "), Span::styled(words, theme.quiet())]);
        rows.push(Row {
            line,
            fold: Some(fold),
            piece: None,
        });
    }
    rows
}

/// Returns words as a person wrote them.
pub(crate) fn said(app: &App, text: &str, room: usize) -> Vec<Line<'static>> {
    let style = app.theme.strong();
    let indent = Indent {
        first: vec![Span::styled("> ", style)],
        rest: vec![Span::raw("  ")],
    };
    let text = sanitize::text(text);
    wrap(&[Span::styled(text.trim_end(), style)], room, &indent)
}

fn agent(
    app: &App,
    transcript: &Transcript,
    view: &View,
    message: &Message,
    room: usize,
) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut after_card = false;
    let mut codes = 0;
    for (number, part) in message.parts.iter().enumerate() {
        let mut part_rows = match part {
            Part::Text { text } if text.trim().is_empty() => continue,
            Part::Text { text } => {
                let (rows, blocks) = words(app, text, room, message.position.zip(Some(codes)));
                codes += blocks;
                rows
            }
            Part::Reasoning { text, .. } => {
                let fold = Fold::Thought(message.id, number);
                let took = transcript.thought_for(message.id);
                thought(
                    app,
                    text,
                    took,
                    Some((fold, view.said(fold).unwrap_or(false))),
                    room,
                )
            }
            Part::ToolCall { id, name, .. } => card(app, transcript, view, *id, name, room),
            _ => continue,
        };
        let is_card = matches!(part, Part::ToolCall { .. });
        if let Part::ToolCall { id, .. } = part {
            for row in &mut part_rows {
                row.piece = Some(Piece::Call(*id));
            }
        }
        // Folded cards of one message stand together; all else has air.
        let open = rows.last().is_some_and(|row| row.fold.is_none());
        let together = is_card && after_card && !open;
        if !rows.is_empty() && !together {
            rows.push(Row::blank());
        }
        after_card = is_card;
        rows.extend(part_rows);
    }
    if message.interrupted {
        let words = Span::styled("  interrupted here", app.theme.quiet());
        rows.push(Row::plain(Line::from(vec![words])));
    }
    rows
}

/// Returns the agent's words.
pub(crate) fn prose(app: &App, text: &str, room: usize) -> Vec<Row> {
    words(app, text, room, None).0
}

/// Returns the agent's words, and how many blocks of code they have. With the message's position
/// and the number of its blocks before, each block of code is a piece.
fn words(app: &App, text: &str, room: usize, at: Option<(u64, usize)>) -> (Vec<Row>, usize) {
    let text = sanitize::text(text);
    // What still grows is furnished when it is whole.
    let means = at.map(|_| Means {
        paints: &app.paints,
        links: &app.links,
    });
    let page = laid(&text, room.saturating_sub(MARGIN), app.theme, means);
    let mut blocks = 0;
    let rows = page.into_iter().map(|Laid { line, code }| {
        blocks = blocks.max(code.map_or(0, |code| code + 1));
        let piece = at.zip(code);
        Row {
            line: indented(line),
            fold: None,
            piece: piece.map(|((position, before), code)| Piece::Code(position, before + code)),
        }
    });
    (rows.collect(), blocks)
}

pub(crate) fn indented(mut line: Line<'static>) -> Line<'static> {
    line.spans.insert(0, Span::raw(" ".repeat(MARGIN)));
    line
}

/// Returns what the model thought: one line where it is folded.
pub(crate) fn thought(
    app: &App,
    text: &str,
    took: Option<u64>,
    fold: Option<(Fold, bool)>,
    room: usize,
) -> Vec<Row> {
    let theme = app.theme;
    let words = text.split_whitespace().count();
    let took = took.filter(|ms| *ms > 0).map_or(String::new(), |ms| {
        format!(" for {}", time::seconds(ms.div_ceil(1_000)))
    });
    let count = match words {
        0 => " · kept private by the provider".to_owned(),
        1 => " · 1 word".to_owned(),
        _ => format!(" · {words} words"),
    };
    let open = fold.is_some_and(|(_, open)| open) && words > 0;
    let arrow = match (words, open) {
        (0, _) => "· ",
        (_, true) => "▾ ",
        (_, false) => "▸ ",
    };
    let head = vec![
        Span::raw("  "),
        Span::styled(format!("{arrow}thought{took}{count}"), theme.quiet()),
    ];
    let fold = fold.filter(|_| words > 0).map(|(fold, _)| fold);
    let mut rows = vec![Row {
        line: spread(head, Vec::new(), room),
        fold,
        piece: None,
    }];
    if open {
        let bar = Indent::both(vec![Span::raw("    "), Span::styled("│ ", theme.quiet())]);
        let text = sanitize::text(text);
        let lines = wrap(&[Span::styled(text.trim(), theme.quiet())], room, &bar);
        rows.extend(lines.into_iter().map(Row::plain));
    }
    rows
}

fn notices(app: &App, message: &Message, room: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    for part in &message.parts {
        if let Part::Notice { level, text } = part {
            let (sign, style) = match level {
                Level::Info => ("· ", app.theme.quiet()),
                Level::Warning => ("! ", app.theme.strong()),
                Level::Error => ("✗ ", app.theme.bad()),
            };
            let text = sanitize::text(text);
            let lines = markdown(&text, room.saturating_sub(2 * MARGIN), app.theme);
            for (number, mut line) in lines.into_iter().enumerate() {
                let before = if number == 0 {
                    Span::styled(sign, style)
                } else {
                    Span::raw("  ")
                };
                line.spans.insert(0, before);
                if *level == Level::Info {
                    line.style = app.theme.quiet();
                }
                rows.push(Row::plain(indented(line)));
            }
        }
    }
    rows
}
