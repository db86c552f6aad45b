//! The bar of a replay, in the place where one writes else: where it stands, when that was, what
//! happens in this step.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::App;
use crate::app::replay::Replaying;
use crate::replay::step::What;
use crate::widget::text::{clip, width};
use crate::widget::time::grouped;

/// How tall the bar is, with the line above it.
pub(super) const TALL: u16 = 3;

/// Draws the bar.
pub(super) fn draw(app: &App, replay: &Replaying, buf: &mut Buffer) {
    let area = app.plan.composer;
    if area.height == 0 {
        return;
    }
    let theme = app.theme;
    buf.set_string(
        area.x,
        area.y,
        "─".repeat(area.width.into()),
        theme.selected(),
    );
    let banner = Line::from(vec![
        Span::styled(" replay ", theme.selected().patch(theme.strong())),
        Span::styled("· nothing runs, nothing is sent ", theme.selected()),
    ]);
    let wide = u16::try_from(banner.width()).unwrap_or(0);
    if wide + 2 <= area.width {
        buf.set_line(area.x + 1, area.y, &banner, wide);
    }
    let row = |y: u16| Rect {
        x: area.x + 1,
        y: area.y + y,
        width: area.width.saturating_sub(2),
        height: 1,
    };
    if area.height > 1 {
        track(app, replay, row(1), buf);
    }
    if area.height > 2 {
        step(app, replay, row(2), buf);
    }
}

/// Draws how far it is: the sign, the speed, the track, the place.
fn track(app: &App, replay: &Replaying, area: Rect, buf: &mut Buffer) {
    let theme = app.theme;
    let reel = &replay.reel;
    let (first, last) = reel.ends();
    let at = reel.at().position;
    let sign = if replay.plays { "▸" } else { "‖" };
    let pace = format!("{}×", replay.pace.words());
    let left = vec![
        Span::styled(format!("{sign} "), theme.selected().patch(theme.strong())),
        Span::styled(format!("{pace:<6}"), theme.text()),
    ];
    let place = format!("  message {} of {}", grouped(at), grouped(last));
    let short = format!("  {}/{}", grouped(at), grouped(last));
    let taken: usize = left.iter().map(|span| width(&span.content)).sum();
    let room = usize::from(area.width).saturating_sub(taken);
    let place = if width(&place) + 12 <= room {
        place
    } else {
        short
    };
    let long = room.saturating_sub(width(&place));
    let mut spans = left;
    spans.extend(bar(
        long,
        share(reel.at().step, reel.count(), (first, at, last)),
        app,
    ));
    spans.push(Span::styled(place, theme.text()));
    buf.set_line(area.x, area.y, &Line::from(spans), area.width);
}

/// Returns how much of the recording has happened, in thousandths.
fn share(step: usize, steps: usize, (first, at, last): (u64, u64, u64)) -> u64 {
    let messages = (last + 1 - first).max(1);
    let within = (step as u64 * 1_000) / (steps as u64).max(1);
    ((at - first.min(at)) * 1_000 + within) / messages
}

fn bar(cells: usize, share: u64, app: &App) -> Vec<Span<'static>> {
    let done = usize::try_from(share * cells as u64 / 1_000).unwrap_or(cells);
    let done = done.min(cells);
    vec![
        Span::styled("━".repeat(done), app.theme.selected()),
        Span::styled("─".repeat(cells - done), app.theme.quiet()),
    ]
}

/// Draws what happens: when, which step of the message, in a few words.
fn step(app: &App, replay: &Replaying, area: Rect, buf: &mut Buffer) {
    let theme = app.theme;
    let reel = &replay.reel;
    let Some(step) = reel.step() else { return };
    let style = tone(app, step.what);
    let clock = app.clock(step.at).strftime("%H:%M:%S").to_string();
    let count = match (reel.waits(), reel.count()) {
        (true, _) => "on its way".to_owned(),
        (_, 1) => String::new(),
        (_, all) => format!("step {} of {all}", reel.at().step),
    };
    let room = usize::from(area.width).saturating_sub(width(&clock) + width(&count) + 4);
    let mut line = vec![
        Span::styled(format!("{clock}  "), theme.quiet()),
        Span::styled(clip(&step.words, room), style),
    ];
    let taken: usize = line.iter().map(|span| width(&span.content)).sum();
    let gap = usize::from(area.width).saturating_sub(taken + width(&count));
    line.push(Span::raw(" ".repeat(gap)));
    line.push(Span::styled(count, theme.quiet()));
    buf.set_line(area.x, area.y, &Line::from(line), area.width);
}

/// Returns how a step looks: what a person decided stands out.
fn tone(app: &App, what: What) -> Style {
    match what {
        What::Asked(_) | What::Decided(_) => app.theme.strong(),
        What::Notice | What::Ended(_) => app.theme.quiet(),
        _ => app.theme.text(),
    }
}
