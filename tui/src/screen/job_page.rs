//! All that is told of one job: when it is due, what it may do, and the ledger of its times.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use smartopol_protocol::Timestamp;
use smartopol_protocol::job::{Action, Job, JobState, Missed, Overlap, Run};

use super::jobs::{came, countdown, state, took};
use crate::app::App;
use crate::sanitize;
use crate::widget::text::{Indent, clip, spread, width, wrap};
use crate::widget::time;

/// How wide the names of what is told are.
const NAMES: usize = 10;

/// Draws the page; `scroll` is brought back to what there is.
pub(super) fn draw(app: &App, job: &Job, area: Rect, scroll: &mut usize, buf: &mut Buffer) {
    let air = u16::from(area.height >= 16);
    let inside = Rect {
        x: area.x + 1,
        y: area.y + air,
        width: area.width.saturating_sub(2),
        height: area.height.saturating_sub(air),
    };
    let lines = lines(app, job, usize::from(inside.width));
    *scroll = (*scroll).min(lines.len().saturating_sub(usize::from(inside.height)));
    let left = lines.len().saturating_sub(*scroll);
    // What is said of more lines has a row of its own, so that it covers none.
    let fits = left <= usize::from(inside.height) || inside.height < 2;
    let end = inside.bottom() - u16::from(!fits);
    for (line, y) in lines.iter().skip(*scroll).zip(inside.y..end) {
        buf.set_line(inside.x, y, line, inside.width);
    }
    if !fits {
        let more = left - usize::from(inside.height - 1);
        let words = match more {
            1 => " 1 more line ↓ ".to_owned(),
            more => format!(" {more} more lines ↓ "),
        };
        let wide = u16::try_from(words.chars().count()).unwrap_or(0);
        let x = inside.right().saturating_sub(wide).max(inside.x);
        buf.set_stringn(
            x,
            inside.bottom() - 1,
            words,
            inside.width.into(),
            app.theme.quiet(),
        );
    }
}

fn lines(app: &App, job: &Job, room: usize) -> Vec<Line<'static>> {
    let theme = app.theme;
    let (sign, word, style) = state(job, theme);
    let name = sanitize::line(&job.name).into_owned();
    let mut lines = vec![spread(
        vec![Span::styled(name, theme.strong())],
        vec![Span::styled(format!("{sign} {word}"), style)],
        room,
    )];
    let mut tell = |name: &str, words: &str| {
        let indent = Indent {
            first: vec![Span::styled(format!("{name:<NAMES$}"), theme.quiet())],
            rest: vec![Span::raw(" ".repeat(NAMES))],
        };
        let words = [Span::raw(sanitize::line(words).into_owned())];
        lines.extend(wrap(&words, room.max(NAMES + 8), &indent));
    };
    tell("when", &job.when);
    let text = clip(job.action.text(), 600);
    match &job.action {
        Action::Prompt { .. } => tell("asks", &text),
        Action::Call { input, .. } => tell(
            "calls",
            &format!("{text} {}", clip(&input.to_string(), 300)),
        ),
        Action::Message { .. } => tell("writes", &text),
        Action::Remind { priority, .. } => {
            tell("reminds", &text);
            tell("matters", priority.name());
        }
    }
    tell("where", &place(app, job));
    if job.action.is_turn() {
        tell("may", &rights(job));
    }
    tell("if missed", &policy(job));
    if let JobState::Paused { at, .. } = &job.state {
        let since = moment(app, *at);
        tell("rests", &format!("since {since}{}", job.state.pause()));
    }
    if let Some((_, why)) = app.jobs.why.as_ref().filter(|(id, _)| *id == job.id) {
        lines.push(Line::raw(""));
        let spans = [Span::styled(why.clone(), theme.strong())];
        lines.extend(wrap(&spans, room, &Indent::spaces(0)));
    }
    lines.push(Line::raw(""));
    lines.push(Line::styled("Next", theme.quiet()));
    match app.model.jobs.next_of(job.id) {
        None => lines.push(Line::styled("asking the daemon…", theme.quiet())),
        Some([]) => lines.push(Line::styled("no time to come", theme.quiet())),
        Some(next) => lines.extend(next.iter().map(|due| {
            let local = sanitize::line(&due.local).into_owned();
            let left = countdown(due.at, app.now.wall);
            let left = vec![
                Span::raw(format!("{local:<28}  ")),
                Span::styled(left, theme.quiet()),
            ];
            spread(left, Vec::new(), room)
        })),
    }
    lines.push(Line::raw(""));
    lines.push(Line::styled("Ledger", theme.quiet()));
    match app.model.jobs.ledger(job.id) {
        None => lines.push(Line::styled("asking the daemon…", theme.quiet())),
        Some([]) => lines.push(Line::styled("no time has come yet", theme.quiet())),
        Some(runs) => lines.extend(runs.iter().rev().flat_map(|run| row(app, run, room))),
    }
    lines
}

fn place(app: &App, job: &Job) -> String {
    let session = job.session_id.and_then(|id| app.model.session(id));
    match (session, job.session_id) {
        (Some(session), _) => format!("session {}", session.name),
        (None, Some(_)) => "a session that is gone".to_owned(),
        (None, None) if job.workspace.is_empty() => "nowhere in particular".to_owned(),
        (None, None) => {
            let folder = app.tilde(&job.workspace);
            format!("a session of its own each time, in {folder}")
        }
    }
}

fn rights(job: &Job) -> String {
    let frozen = &job.frozen;
    let model = if frozen.model.is_empty() {
        String::new()
    } else {
        format!("{} · ", frozen.model)
    };
    let budget = match frozen.budget_tokens {
        0 => "no limit of tokens".to_owned(),
        tokens => format!("{} tokens a run", time::grouped(tokens)),
    };
    let tools = match frozen.tools.len() {
        1 => "1 tool".to_owned(),
        tools => format!("{tools} tools"),
    };
    let jobs = if frozen.may_schedule {
        " · may make jobs"
    } else {
        ""
    };
    let (user, mode) = (&frozen.user, frozen.mode.name());
    format!("{model}mode {mode} · {tools} · {budget}{jobs} · for {user}")
}

fn policy(job: &Job) -> String {
    let policy = &job.policy;
    let missed = match policy.missed {
        Missed::Once => "the newest missed time runs late".to_owned(),
        Missed::All => format!("up to {} missed times run late", policy.missed_cap),
        Missed::Skip => "missed times are not made up for".to_owned(),
    };
    let overlap = match policy.overlap {
        Overlap::Skip => "one at a time, others are skipped",
        Overlap::Queue => "one at a time, others wait",
        Overlap::Allow => "several at a time",
    };
    let retries = match policy.retries {
        0 => String::new(),
        1 => " · tried again once".to_owned(),
        times => format!(" · tried again {times} times"),
    };
    let pause = match policy.pause_after {
        0 => String::new(),
        times => format!(" · rests after {times} failures"),
    };
    format!("{missed} · {overlap}{retries}{pause}")
}

/// Returns a row of the ledger; a reason that has no room beside it follows below.
fn row(app: &App, run: &Run, room: usize) -> Vec<Line<'static>> {
    let theme = app.theme;
    let (sign, word, style) = came(run.state, theme);
    let due = moment(app, run.due_at);
    let mut told = vec![
        Span::styled(format!("{sign} "), style),
        Span::raw(format!("{due}  ")),
        Span::styled(format!("{word:<8}"), style),
    ];
    if let Some(ms) = took(run) {
        told.push(Span::styled(
            format!("{:>9}  ", time::millis(ms)),
            theme.quiet(),
        ));
    } else {
        told.push(Span::raw(" ".repeat(11)));
    }
    let mut why = Vec::new();
    if run.by_hand {
        why.push("by hand".to_owned());
    }
    if run.attempts > 1 {
        why.push(format!("try {}", run.attempts));
    }
    if !run.reason.is_empty() {
        why.push(sanitize::line(&run.reason).into_owned());
    }
    let why = why.join(" · ");
    let used: usize = told.iter().map(|span| width(&span.content)).sum();
    let why_span = Span::styled(why.clone(), theme.quiet());
    if used + width(&why) <= room {
        told.push(why_span);
        return vec![Line::from(told)];
    }
    let mut lines = vec![spread(told, Vec::new(), room)];
    lines.extend(wrap(&[why_span], room.max(12), &Indent::spaces(4)));
    lines
}

/// Returns a moment by the wall's clock and calendar.
pub(crate) fn moment(app: &App, at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.as_millis()).map_or_else(
        |_| at.to_string(),
        |at| {
            let local = at.to_zoned(app.zone.clone());
            local.strftime("%Y-%m-%d %H:%M:%S").to_string()
        },
    )
}
