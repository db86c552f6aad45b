//! A tool call as a card: one line when folded, all there is when open.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use smartopol_protocol::CallId;
use smartopol_protocol::tool::{Body, CallState, OutputStatus, ToolCall};

use super::diff::{Around, Diff, Look};
use super::effects;
use super::text::{Indent, chop, spread, wrap};
use super::time;
use super::transcript::Row;
use crate::app::{App, Fold, View, ended};
use crate::model::Transcript;
use crate::sanitize;
use crate::theme::Theme;

/// How many lines of a failure are shown before anybody asks.
const BRIEF: usize = 12;

/// The most lines shown of one output; the trace has the rest.
const WHOLE: usize = 2_000;

/// How much of a card is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    Folded,
    /// Opened by itself: what went wrong, or what a person ran, in short.
    Brief,
    Whole,
}

/// Returns how much of a card is shown, where a person may have said so.
pub(crate) fn extent(call: Option<&ToolCall>, said: Option<bool>) -> Extent {
    let bad = call.is_some_and(|call| {
        matches!(
            &call.state,
            CallState::Finished { output }
                if !matches!(output.status, OutputStatus::Ok | OutputStatus::Interrupted)
        )
    });
    match said {
        Some(true) => Extent::Whole,
        Some(false) => Extent::Folded,
        // What a person ran is what they want to see.
        None if bad || call.is_some_and(|call| call.turn_id.is_none()) => Extent::Brief,
        None => Extent::Folded,
    }
}

/// Returns a call's sign, its state in words, and the style of both.
pub(crate) fn state(
    call: &ToolCall,
    now: smartopol_protocol::Timestamp,
    theme: Theme,
) -> (&'static str, String, Style) {
    let took = || {
        let ms = call
            .started_at
            .zip(call.finished_at)
            .map(|(from, to)| to.millis_since(from));
        ms.map(time::millis)
    };
    match &call.state {
        CallState::Asked => ("○", "asked".to_owned(), theme.quiet()),
        CallState::Waiting { .. } | CallState::Unanswered { .. } => {
            ("●", "waits for you".to_owned(), theme.strong())
        }
        CallState::Running => {
            let ran = call.started_at.map_or(0, |at| now.millis_since(at)) / 1_000;
            ("●", format!("running {}", time::seconds(ran)), theme.text())
        }
        CallState::Finished { output } => match output.status {
            OutputStatus::Ok => ("✓", took().unwrap_or_default(), theme.good()),
            OutputStatus::Error => {
                let exit = output
                    .details
                    .get("exit_code")
                    .and_then(serde_json::Value::as_i64);
                let how = exit.map_or("failed".to_owned(), |code| format!("exit {code}"));
                let took = took().map_or(String::new(), |took| format!(" · {took}"));
                ("✗", format!("{how}{took}"), theme.bad())
            }
            OutputStatus::Denied => ("✗", "denied".to_owned(), theme.bad()),
            OutputStatus::Expired => ("✗", "expired".to_owned(), theme.bad()),
            OutputStatus::Interrupted => ("○", "interrupted".to_owned(), theme.quiet()),
        },
    }
}

/// Returns a card as rows.
pub(crate) fn card(
    app: &App,
    transcript: &Transcript,
    view: &View,
    id: CallId,
    name: &str,
    room: usize,
) -> Vec<Row> {
    let theme = app.theme;
    let fold = Some(Fold::Call(id));
    let call = transcript.call(id);
    let extent = extent(call, view.said(Fold::Call(id)));
    let arrow = if extent == Extent::Folded {
        "▸ "
    } else {
        "▾ "
    };
    let (sign, words, style) = call.map_or(("○", String::new(), theme.quiet()), |call| {
        state(call, app.now.wall, theme)
    });
    let title = call.map_or("", |call| call.inspection.title.as_str());
    let left = vec![
        Span::raw("  "),
        Span::styled(arrow, theme.quiet()),
        Span::styled(format!("{sign} "), style),
        Span::styled(sanitize::line(name).into_owned(), theme.strong()),
        Span::raw("  "),
        Span::raw(sanitize::line(title).into_owned()),
    ];
    let good = call.is_some_and(|call| matches!(&call.state, CallState::Finished { output } if output.status == OutputStatus::Ok));
    let right = vec![Span::styled(
        words,
        if good { theme.quiet() } else { style },
    )];
    let mut rows = vec![Row {
        line: spread(left, right, room),
        fold,
        piece: None,
    }];
    if let Some(call) = call.filter(|_| extent != Extent::Folded) {
        let bar = Indent::both(vec![Span::raw("    "), Span::styled("│ ", theme.quiet())]);
        if extent == Extent::Whole {
            rows.extend(asked(app, view, call, room, &bar));
        }
        let ended = transcript
            .approval_of(call.id)
            .and_then(|approval| ended(&approval.state));
        if let Some(words) = ended {
            let words = [Span::styled(words, theme.quiet())];
            rows.extend(wrap(&words, room, &bar).into_iter().map(Row::plain));
        }
        let output = output(transcript, call, extent, room, theme);
        if !output.is_empty() && rows.len() > 1 {
            rows.extend(wrap(&[], room, &bar).into_iter().map(Row::plain));
        }
        rows.extend(output.into_iter().map(Row::plain));
    }
    rows
}

/// Returns a command that a person ran: its line, how it stands, what it gave back.
pub(crate) fn own(
    app: &App,
    transcript: &Transcript,
    view: &View,
    (id, line): (CallId, &str),
    room: usize,
) -> Vec<Row> {
    let theme = app.theme;
    let call = transcript.call(id);
    let extent = extent(call, view.said(Fold::Call(id)));
    let (sign, words, style) = call.map_or(("○", String::new(), theme.quiet()), |call| {
        state(call, app.now.wall, theme)
    });
    let text = sanitize::exact(line);
    let mut lines = text.trim_end().lines();
    let left = vec![
        Span::styled("$ ", theme.selected().patch(theme.strong())),
        Span::styled(lines.next().unwrap_or_default().to_owned(), theme.strong()),
    ];
    let arrow = if extent == Extent::Folded {
        "▸"
    } else {
        "▾"
    };
    let right = vec![
        Span::styled(format!(" {sign} {words} "), style),
        Span::styled(arrow, theme.quiet()),
    ];
    let mut rows = vec![Row {
        line: spread(left, right, room),
        fold: Some(Fold::Call(id)),
        piece: None,
    }];
    let under = Indent::both(vec![Span::raw("  ")]);
    for line in lines {
        let lines = wrap(&[Span::styled(line, theme.strong())], room, &under);
        rows.extend(lines.into_iter().map(Row::plain));
    }
    if let Some(call) = call.filter(|_| extent != Extent::Folded) {
        let output = output(transcript, call, extent, room, theme);
        rows.extend(output.into_iter().map(Row::plain));
    }
    rows
}

/// Returns what a call said.
fn output(
    transcript: &Transcript,
    call: &ToolCall,
    extent: Extent,
    room: usize,
    theme: Theme,
) -> Vec<Line<'static>> {
    let bar = Indent::both(vec![Span::raw("    "), Span::styled("│ ", theme.quiet())]);
    let mut lines = Vec::new();
    let output = match &call.state {
        CallState::Finished { output } => output.text.as_str(),
        _ => transcript.output(call.id).unwrap_or_default(),
    };
    let shown = sanitize::output(output);
    let most = if extent == Extent::Brief {
        BRIEF
    } else {
        WHOLE
    };
    let all = shown.trim_end().lines().count();
    for line in shown.trim_end().lines().take(most) {
        // Tabs need their stops; all else reads better with whole words.
        lines.extend(if line.contains('\t') {
            chop(line, theme.text(), room, &bar)
        } else {
            wrap(&[Span::raw(line)], room, &bar)
        });
    }
    if all > most {
        let words = format!("… {} more lines", all - most);
        lines.extend(wrap(&[Span::styled(words, theme.quiet())], room, &bar));
    }
    lines
}

/// Returns what was asked for, exactly.
fn asked(app: &App, view: &View, call: &ToolCall, room: usize, bar: &Indent) -> Vec<Row> {
    let theme = app.theme;
    let mut rows: Vec<Row> = match &call.inspection.body {
        Body::None => {
            let input = serde_json::to_string_pretty(&call.input).unwrap_or_default();
            let lines = chop(&sanitize::exact(&input), theme.text(), room, bar);
            lines.into_iter().map(Row::plain).collect()
        }
        Body::Command { text, .. } => {
            let lines = chop(&sanitize::exact(text), theme.strong(), room, bar);
            lines.into_iter().map(Row::plain).collect()
        }
        Body::Diff { path, diff, .. } => {
            let path = [Span::styled(app.tilde(path), theme.strong())];
            let mut rows: Vec<Row> = wrap(&path, room, bar).into_iter().map(Row::plain).collect();
            rows.extend(change(view, call.id, diff, room, bar, theme));
            rows
        }
    };
    if !call.inspection.cwd.is_empty() {
        let words = [Span::styled(
            format!("in {}", app.tilde(&call.inspection.cwd)),
            theme.quiet(),
        )];
        rows.extend(wrap(&words, room, bar).into_iter().map(Row::plain));
    }
    for words in effects::grave(app, &call.inspection) {
        let words = [Span::styled(words, theme.bad())];
        rows.extend(wrap(&words, room, bar).into_iter().map(Row::plain));
    }
    rows
}

/// Returns a change of a file; each hunk opens and folds by itself.
fn change(
    view: &View,
    id: CallId,
    diff: &str,
    room: usize,
    bar: &Indent,
    theme: Theme,
) -> Vec<Row> {
    let diff = Diff::parse(diff);
    let folded = |hunk| view.said(Fold::Hunk(id, hunk)) == Some(false);
    let look = Look {
        room: room.saturating_sub(bar.width()).max(1),
        theme,
        folded: &folded,
        at: None,
        around: Around::All,
    };
    let all = diff.tall(&look);
    let mut rows: Vec<Row> = diff
        .window(&look, 0, WHOLE)
        .into_iter()
        .map(|row| {
            let mut spans = bar.rest.clone();
            spans.extend(row.line.spans);
            Row {
                line: Line::from(spans),
                fold: row.head.map(|hunk| Fold::Hunk(id, hunk)),
                ..Row::default()
            }
        })
        .collect();
    if all > WHOLE {
        let words = format!("… {} more lines: fold what is above", all - WHOLE);
        let words = [Span::styled(words, theme.quiet())];
        rows.extend(wrap(&words, room, bar).into_iter().map(Row::plain));
    }
    rows
}
