//! Where the time of a turn went, as bars: the model's, a person's, the tools'.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use smartopol_protocol::tool::OutputStatus;
use smartopol_protocol::turn::{Shown, Step, StepOf, Turn};
use smartopol_protocol::{Timestamp, TurnId};

use super::{keys, window};
use crate::app::App;
use crate::app::keymap::Place;
use crate::sanitize;
use crate::theme::Theme;
use crate::widget::text::{clip, clip_spans, spread, width};
use crate::widget::time;

/// How wide the durations are.
const TOOK: usize = 13;

/// A turn that is looked at.
#[derive(Debug)]
pub(crate) struct Waterfall {
    pub(crate) turn: TurnId,
    /// What the daemon says; `None` until it answered.
    pub(crate) shown: Option<Shown>,
    /// The step that keys act on.
    pub(crate) at: usize,
    /// True while it is asked for.
    pub(crate) asked: bool,
    /// True where something happened since it was asked for.
    pub(crate) stale: bool,
}

impl Waterfall {
    pub(crate) const fn new(turn: TurnId) -> Self {
        Self {
            turn,
            shown: None,
            at: 0,
            asked: true,
            stale: false,
        }
    }

    pub(crate) fn steps(&self) -> &[Step] {
        self.shown
            .as_ref()
            .map_or(&[], |shown| shown.steps.as_slice())
    }
}

pub(super) fn draw(app: &App, fall: &Waterfall, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let theme = app.theme;
    let Some(shown) = &fall.shown else {
        let words = "asking the daemon…";
        window(area, (60, 4), "Where the time went", words, theme, buf);
        return None;
    };
    let wide = area.width.min(150);
    let room = usize::from(wide).saturating_sub(4);
    let now = app.now.wall;
    let began = shown.turn.started_at;
    let last = shown.steps.iter().map(|step| ended(step, now)).max();
    let ended_at = shown.turn.finished_at.or(last).unwrap_or(began).max(began);
    let all = ended_at.millis_since(began).max(1);
    let name = app
        .model
        .session(shown.turn.session_id)
        .map_or("a removed session", |session| session.name.as_str());
    let title = format!("Where the time went · {}", sanitize::line(name));
    let tokens_tall = if shown.turn.carried.is_empty() { 0 } else { 3 };
    let tall = u16::try_from(shown.steps.len() + 6 + tokens_tall).unwrap_or(u16::MAX);
    let foot = keys(&app.hints_of(&[Place::Waterfall]));
    let inside = window(area, (wide, tall), &title, &foot, theme, buf);
    let mut y = inside.y;
    let mut put = |line: &Line<'_>, y: &mut u16| {
        if *y < inside.bottom() {
            buf.set_line(inside.x, *y, line, inside.width);
            *y += 1;
        }
    };
    put(&totals(shown, now, all, room, theme), &mut y);
    if !shown.turn.carried.is_empty() {
        put(&Line::raw(""), &mut y);
        for line in tokens(&shown.turn, room, theme) {
            put(&line, &mut y);
        }
    }
    put(&Line::raw(""), &mut y);
    let label = label_room(room);
    let bars = room.saturating_sub(label + TOOK + 2).max(1);
    put(&scale(label, bars, all, theme), &mut y);
    let seen = usize::from(inside.bottom().saturating_sub(y));
    let at = fall.at.min(shown.steps.len().saturating_sub(1));
    let from = (at + 1).saturating_sub(seen.max(1));
    let steps = shown.steps.iter().enumerate().skip(from).take(seen);
    for (number, step) in steps {
        let here = number == at;
        let span = Part {
            from: step.at.millis_since(began),
            to: ended(step, now).millis_since(began),
            all,
        };
        put(&row(step, &span, here, (label, bars), theme), &mut y);
    }
    None
}

/// A piece of the time of a turn, in milliseconds from its beginning.
struct Part {
    from: u64,
    to: u64,
    all: u64,
}

fn ended(step: &Step, now: Timestamp) -> Timestamp {
    step.ended_at.unwrap_or(now).max(step.at)
}

const fn label_room(room: usize) -> usize {
    match room {
        0..70 => 20,
        70..100 => 28,
        _ => 40,
    }
}

/// Returns the sign of a step, its bar, and the style of both.
fn look(step: &Step, theme: Theme) -> (&'static str, &'static str, Style) {
    match (step.of, step.status, step.ended_at) {
        (StepOf::Model, ..) => ("○", "▒", theme.quiet()),
        (StepOf::Person, ..) => ("?", "░", theme.strong()),
        (StepOf::Tool, _, None) => ("●", "█", theme.text()),
        (StepOf::Tool, Some(OutputStatus::Ok) | None, _) => ("✓", "█", theme.good()),
        (StepOf::Tool, Some(OutputStatus::Interrupted), _) => ("○", "█", theme.quiet()),
        (StepOf::Tool, ..) => ("✗", "█", theme.bad()),
    }
}

fn words(step: &Step) -> String {
    let title = sanitize::line(&step.title);
    match step.of {
        StepOf::Model => "the model".to_owned(),
        StepOf::Person => format!("waits: {title}"),
        StepOf::Tool => format!("{} {title}", sanitize::line(&step.tool)),
    }
}

fn totals(shown: &Shown, now: Timestamp, all: u64, room: usize, theme: Theme) -> Line<'static> {
    let sum = |of: StepOf| -> u64 {
        let own = shown.steps.iter().filter(|step| step.of == of);
        own.map(|step| ended(step, now).millis_since(step.at)).sum()
    };
    let parts = [
        ("▒", "model", StepOf::Model, theme.quiet()),
        ("░", "waiting", StepOf::Person, theme.strong()),
        ("█", "tools", StepOf::Tool, theme.good()),
    ];
    let mut left = Vec::new();
    for (bar, name, of, style) in parts {
        if !left.is_empty() {
            left.push(Span::raw("   "));
        }
        left.push(Span::styled(format!("{bar} "), style));
        left.push(Span::styled(format!("{name} "), theme.quiet()));
        left.push(Span::raw(time::millis(sum(of))));
    }
    let right = vec![
        Span::styled("all ", theme.quiet()),
        Span::styled(time::millis(all), theme.strong()),
    ];
    spread(left, right, room)
}

/// Returns what the newest request carried, tier by tier with a bar, and what came from a cache.
fn tokens(turn: &Turn, room: usize, theme: Theme) -> [Line<'static>; 2] {
    let carried = turn.carried;
    let tiers = [
        ("█", ("for all", "all"), carried.fixed, theme.good()),
        ("▓", ("yours", "you"), carried.person, theme.strong()),
        ("▒", ("times", "now"), carried.volatile, theme.text()),
        ("░", ("said", "said"), carried.transcript, theme.quiet()),
    ];
    let all: u64 = tiers.iter().map(|(_, _, tokens, _)| tokens).sum();
    let said = |names: Names| {
        let mut left = Vec::new();
        for (bar, (long, short), tokens, style) in tiers {
            let (name, air) = match names {
                Names::Long => (long, "   "),
                Names::Short => (short, " "),
                Names::None => ("", "  "),
            };
            left.push(Span::styled(format!("{bar} "), style));
            if !name.is_empty() {
                left.push(Span::styled(format!("{name} "), theme.quiet()));
            }
            left.push(Span::raw(format!("{}{air}", time::count(tokens))));
        }
        left
    };
    let wide = |spans: &[Span<'_>]| -> usize { spans.iter().map(|own| width(&own.content)).sum() };
    // The most that there is room for.
    let (left, right) = [
        (Names::Long, Words::All),
        (Names::Long, Words::Few),
        (Names::Short, Words::Few),
        (Names::Short, Words::Least),
        (Names::None, Words::Few),
    ]
    .into_iter()
    .map(|(names, words)| (said(names), used(turn, words, theme)))
    .find(|(left, right)| wide(left) + wide(right) <= room)
    .unwrap_or_else(|| (said(Names::None), used(turn, Words::Least, theme)));
    let mut bar = Vec::new();
    let mut drawn = 0;
    let mut so_far = 0;
    for (glyph, _, tokens, style) in tiers {
        so_far += tokens;
        let to = usize::try_from(so_far * room as u64 / all.max(1)).unwrap_or(room);
        bar.push(Span::styled(glyph.repeat(to.saturating_sub(drawn)), style));
        drawn = to.max(drawn);
    }
    [spread(left, right, room), Line::from(bar)]
}

/// How the tiers are called.
#[derive(Clone, Copy)]
enum Names {
    Long,
    Short,
    None,
}

/// How much is said of what a turn used.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Words {
    All,
    Few,
    /// The tiers need the room.
    Least,
}

/// Says what a turn used: what of its input came from a cache, what was new, what it cost.
fn used(turn: &Turn, words: Words, theme: Theme) -> Vec<Span<'static>> {
    let usage = turn.usage;
    if usage.input == 0 {
        return Vec::new();
    }
    let new = usage.input.saturating_sub(usage.cache_read);
    let mut parts = vec![
        (time::count(usage.cache_read), " cached"),
        (time::count(new), " new"),
    ];
    if words == Words::All {
        parts.push((time::count(usage.output), " out"));
    }
    let cost = usage.cost_micros.filter(|cost| *cost > 0);
    if let Some(cost) = cost.filter(|_| words != Words::Least) {
        parts.push((time::dollars(cost), ""));
    }
    let mut spans = Vec::new();
    for (number, what) in parts {
        if !spans.is_empty() {
            spans.push(Span::styled(" · ", theme.quiet()));
        }
        spans.push(Span::styled(number, theme.strong()));
        spans.push(Span::styled(what, theme.quiet()));
    }
    spans
}

/// Returns the line that says which moment is where.
fn scale(label: usize, bars: usize, all: u64, theme: Theme) -> Line<'static> {
    let parts = (bars / 11).clamp(1, 6);
    let mut line = " ".repeat(label + 1);
    for part in 0..parts {
        let cell = label + 1 + bars * part / parts;
        let moment = all * part as u64 / parts as u64;
        let gap = cell.saturating_sub(width(&line));
        line.push_str(&" ".repeat(gap));
        line.push('│');
        line.push_str(&time::millis(moment));
    }
    Line::styled(line, theme.quiet())
}

fn row(
    step: &Step,
    span: &Part,
    here: bool,
    (label, bars): (usize, usize),
    theme: Theme,
) -> Line<'static> {
    let (sign, fill, style) = look(step, theme);
    let own = if here { theme.selected() } else { theme.text() };
    let mut spans = clip_spans(
        vec![
            Span::styled(if here { "▸" } else { " " }, theme.selected()),
            Span::styled(format!("{sign} "), style),
            Span::styled(clip(&words(step), label.saturating_sub(3)), own),
        ],
        label,
    );
    let used: usize = spans.iter().map(|span| width(&span.content)).sum();
    spans.push(Span::raw(" ".repeat((label + 1).saturating_sub(used))));
    let cell = |ms: u64| usize::try_from(ms * bars as u64 / span.all).unwrap_or(bars);
    let from = cell(span.from).min(bars.saturating_sub(1));
    let to = cell(span.to).clamp(from, bars);
    // What took less than a cell is a thin line, so that it is seen and not taken for more.
    let (bar, wide) = if to == from {
        ("▏".to_owned(), 1)
    } else {
        (fill.repeat(to - from), to - from)
    };
    spans.push(Span::raw(" ".repeat(from)));
    spans.push(Span::styled(bar, style));
    let took = time::millis(span.to.saturating_sub(span.from));
    let took = if step.ended_at.is_none() {
        format!("{took} …")
    } else {
        took
    };
    let gap = (bars + 1).saturating_sub(from + wide);
    spans.push(Span::raw(" ".repeat(gap)));
    spans.push(Span::styled(format!("{took:>TOOK$}"), own));
    Line::from(spans)
}
