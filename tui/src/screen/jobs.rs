//! The jobs: a list with what comes and what came, and beside it all that is told of one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use smartopol_protocol::Timestamp;
use smartopol_protocol::job::{Job, JobState, Run, RunState};

use super::job_page;
use crate::app::App;
use crate::app::Going;
use crate::app::keymap::{Action, Place};
use crate::app::mouse::Spot;
use crate::sanitize;
use crate::theme::Theme;
use crate::widget::sparkline::runs;
use crate::widget::text::{clip, spread};
use crate::widget::time;

/// From this width on, a job is told beside the list.
pub(super) const BESIDE: u16 = 96;

/// How many runs the list shows of each job.
const RUNS: usize = 16;

/// How many rows a job takes in the list.
const TALL: u16 = 3;

/// Draws the screen; `scroll` is brought back to what there is.
pub(super) fn draw(app: &App, area: Rect, scroll: &mut usize, buf: &mut Buffer) {
    if area.height == 0 || area.width < 4 {
        return;
    }
    if !app.plan.has_both {
        match app.job_at().filter(|_| app.jobs.open) {
            Some(job) => job_page::draw(app, job, area, scroll, buf),
            None => list(app, area, buf),
        }
        return;
    }
    let wide = (area.width * 2 / 5).clamp(40, 76);
    let left = Rect {
        width: wide,
        ..area
    };
    let right = Rect {
        x: area.x + wide + 1,
        width: area.width - wide - 1,
        ..area
    };
    for y in area.top()..area.bottom() {
        buf.set_string(left.right(), y, "│", app.theme.quiet());
    }
    if app.plan.rule.height > 0 {
        buf.set_string(left.right(), app.plan.rule.y, "┬", app.theme.quiet());
    }
    list(app, left, buf);
    if let Some(job) = app.job_at() {
        job_page::draw(app, job, right, scroll, buf);
    }
}

fn list(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = app.theme;
    let room = usize::from(area.width);
    let jobs = app.model.jobs.iter();
    let air = u16::from(area.height >= 16);
    let count = if jobs.len() == 0 {
        String::new()
    } else {
        format!("{} ", jobs.len())
    };
    let title = spread(
        vec![Span::styled(" Jobs", theme.selected())],
        vec![Span::styled(count, theme.quiet())],
        room,
    );
    let list = Rect {
        y: (area.y + 2 * air + 1).min(area.bottom()),
        height: area.height.saturating_sub(2 * air + 1),
        ..area
    };
    buf.set_line(area.x, area.y + air, &title, area.width);
    if jobs.len() == 0 {
        return nothing(app, list, buf);
    }
    let at = app
        .model
        .jobs
        .iter()
        .position(|job| Some(job.id) == app.jobs.selected)
        .unwrap_or(0);
    let tall = if area.height >= 16 { TALL } else { 2 };
    let fit = usize::from(list.height / tall).max(1);
    let from = (at + 1).saturating_sub(fit);
    let mut y = list.y;
    for (number, job) in jobs.enumerate().skip(from) {
        if y >= list.bottom() {
            break;
        }
        let place = Rect {
            y,
            height: tall.min(list.bottom() - y),
            ..list
        };
        for (line, y) in row(app, job, number == at, room)
            .iter()
            .zip(y..list.bottom())
        {
            buf.set_line(list.x, y, line, list.width);
        }
        app.spot(place, Spot::Job(job.id));
        y += tall;
    }
}

/// Says what jobs are where there are none.
fn nothing(app: &App, area: Rect, buf: &mut Buffer) {
    let key = app.key_of(&[Place::Jobs], Action::AddJob);
    let how = key.map_or(String::new(), |key| format!("{key} makes one"));
    let lines = if app.model.jobs.are_known() {
        vec![
            "Nothing runs by itself.".to_owned(),
            "A job asks the agent, or reminds you, when it is due.".to_owned(),
            how,
        ]
    } else {
        vec!["asking the daemon…".to_owned()]
    };
    let room = usize::from(area.width).saturating_sub(2);
    for (line, y) in lines.iter().zip(area.y..area.bottom()) {
        buf.set_stringn(area.x + 1, y, clip(line, room), room, app.theme.quiet());
    }
}

fn row(app: &App, job: &Job, selected: bool, room: usize) -> [Line<'static>; 2] {
    let theme = app.theme;
    let (sign, word, style) = state(job, theme);
    let edge = Span::styled(if selected { "│" } else { " " }, theme.selected());
    let name = sanitize::line(&job.name).into_owned();
    let name_style = if selected {
        theme.selected()
    } else {
        theme.text()
    };
    let (due, due_style) = match (app.goes_in(Going::Job(job.id)), &job.state, job.next_at) {
        (Some(seconds), ..) => (format!("goes in {seconds} s"), theme.bad()),
        (None, JobState::Active, Some(at)) => (countdown(at, app.now.wall), theme.text()),
        _ => (word.to_owned(), theme.quiet()),
    };
    let first = spread(
        vec![
            edge.clone(),
            Span::styled(format!("{sign} "), style),
            Span::styled(name, name_style),
        ],
        vec![Span::styled(format!("{due} "), due_style)],
        room,
    );
    let mut right = Vec::new();
    if let Some(run) = &job.last {
        let (sign, word, style) = came(run.state, theme);
        right.push(Span::styled(format!("{sign} {word} "), style));
    }
    let ledger = app.model.jobs.ledger(job.id).unwrap_or_default();
    let newest = ledger.get(ledger.len().saturating_sub(RUNS)..);
    right.extend(runs(newest.unwrap_or_default(), theme));
    right.push(Span::raw(" "));
    let when = sanitize::line(&job.when).into_owned();
    let second = spread(
        vec![edge, Span::raw("  "), Span::styled(when, theme.quiet())],
        right,
        room,
    );
    [first, second]
}

/// Returns a job's sign, its state in a word, and the style of both.
pub(super) fn state(job: &Job, theme: Theme) -> (&'static str, &'static str, Style) {
    let newest = job.last.as_ref();
    let tries = newest.is_some_and(|run| run.state == RunState::Waiting && run.attempts > 0);
    let runs = newest.is_some_and(|run| !run.state.is_over());
    match job.state {
        JobState::Active | JobState::Done if tries => ("○", "tries again", theme.strong()),
        JobState::Active | JobState::Done if runs => ("●", "runs", theme.good()),
        JobState::Active => ("○", "waits for its time", theme.text()),
        JobState::Paused { .. } => ("‖", "rests", theme.quiet()),
        JobState::Done => ("·", "no more times", theme.quiet()),
    }
}

/// Returns the sign of what became of a due time, its word, and the style of both.
pub(super) fn came(state: RunState, theme: Theme) -> (&'static str, &'static str, Style) {
    let style = match state {
        RunState::Ran => theme.good(),
        RunState::Failed | RunState::Blocked => theme.bad(),
        RunState::Missed | RunState::Late => theme.strong(),
        RunState::Running => theme.good(),
        RunState::Waiting => theme.text(),
        RunState::Skipped => theme.quiet(),
    };
    (sign(state), state.name(), style)
}

const fn sign(state: RunState) -> &'static str {
    match state {
        RunState::Ran | RunState::Late => "✓",
        RunState::Failed | RunState::Blocked => "✗",
        RunState::Missed => "○",
        RunState::Skipped => "·",
        RunState::Running | RunState::Waiting => "●",
    }
}

/// Returns how long a run took; `None` where it did not begin or is not over.
pub(super) fn took(run: &Run) -> Option<u64> {
    let (from, to) = run.started_at.zip(run.finished_at)?;
    Some(to.millis_since(from))
}

/// Says how long it is until a moment.
pub(super) fn countdown(at: Timestamp, now: Timestamp) -> String {
    time::until(at.millis_since(now))
}
