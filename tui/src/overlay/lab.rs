//! The policy lab, drawn.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use smartopol_protocol::approval::Candidate;

use super::line::field;
use super::{keys, window};
use crate::app::App;
use crate::app::gate::Surface;
use crate::app::keymap::{Action, Place};
use crate::app::lab::{HOLDS, Lab, SCOPES, sentence};
use crate::model::CardId;
use crate::sanitize;
use crate::widget::approval;
use crate::widget::text::{Indent, width, wrap};

pub(super) fn draw(app: &App, lab: &mut Lab, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let theme = app.theme;
    let wide = area.width.min(100);
    let room = usize::from(wide).saturating_sub(4);
    let (list, chosen) = list(app, lab, room);
    let below = below(app, lab, room);
    let tall = u16::try_from(list.len() + below.len() + 2).unwrap_or(u16::MAX);
    let place = if lab.text.is_some() {
        Place::Line
    } else {
        Place::Lab
    };
    let open = app
        .gate
        .is_open((CardId::Approval(lab.id), Surface::Lab), app.now.ms);
    let foot = match (&lab.shown, open) {
        (None, _) => "asking the daemon…".to_owned(),
        (Some(_), false) if lab.text.is_none() && !app.wanted.observe => "one moment…".to_owned(),
        _ => keys(&app.hints_of(&[place])),
    };
    let title = "Why this is asked";
    let inside = window(area, (wide, tall), title, &foot, theme, buf);
    let pinned = u16::try_from(below.len()).unwrap_or(u16::MAX);
    let pinned = pinned.min(inside.height.saturating_sub(1));
    let seen = usize::from(inside.height - pinned);
    // The chosen rule stays in sight.
    if let Some((from, to)) = chosen {
        lab.scroll = lab
            .scroll
            .clamp(to.saturating_sub(seen), from.max(to.saturating_sub(seen)));
    }
    lab.scroll = lab.scroll.min(list.len().saturating_sub(seen));
    let top = Rect {
        height: inside.height - pinned,
        ..inside
    };
    for (line, y) in list.iter().skip(lab.scroll).zip(top.y..top.bottom()) {
        buf.set_line(top.x, y, line, top.width);
    }
    for (line, y) in below.iter().zip(top.bottom()..inside.bottom()) {
        buf.set_line(inside.x, y, line, inside.width);
    }
    let text = lab.text.as_ref()?;
    let at = below.iter().position(|line| line.to_string() == "> ")?;
    let y = top.bottom() + u16::try_from(at).unwrap_or(0);
    if y >= inside.bottom() {
        return None;
    }
    let line = Rect {
        x: inside.x + 2,
        y,
        width: inside.width.saturating_sub(2),
        height: 1,
    };
    Some(field(text, line, app, buf))
}

/// Returns why it is asked and what could be kept, and where the chosen rule stands.
fn list(app: &App, lab: &Lab, room: usize) -> (Vec<Line<'static>>, Option<(usize, usize)>) {
    let theme = app.theme;
    let mut lines = Vec::new();
    let Some(told) = &lab.shown else {
        lines.push(Line::raw(""));
        return (lines, None);
    };
    for reason in &told.why {
        let dot = Indent {
            first: vec![Span::styled("· ", theme.quiet())],
            rest: vec![Span::raw("  ")],
        };
        let text = sanitize::line(&reason.text).into_owned();
        lines.extend(wrap(&[Span::raw(text)], room, &dot));
        if let Some(rule) = &reason.rule {
            let words = format!(
                "the rule: {}",
                approval::pattern(&approval::at_home(app, rule))
            );
            let words = [Span::styled(words, theme.quiet())];
            lines.extend(wrap(&words, room, &Indent::spaces(2)));
        }
    }
    lines.push(Line::raw(""));
    if told.candidates.is_empty() {
        let words = "No rule is offered: such a call is answered each time.";
        lines.extend(wrap(
            &[Span::styled(words, theme.quiet())],
            room,
            &Indent::default(),
        ));
        return (lines, None);
    }
    lines.push(Line::styled(
        "Rules that would cover it, from narrow to broad",
        theme.strong(),
    ));
    let mut chosen = None;
    for (number, candidate) in told.candidates.iter().enumerate() {
        let from = lines.len();
        lines.extend(rule(app, lab, candidate, number == lab.at, room));
        if number == lab.at {
            // The first is seen with what stands above it, where there is room.
            chosen = Some((if number == 0 { 0 } else { from }, lines.len()));
        }
    }
    (lines, chosen)
}

fn rule(
    app: &App,
    lab: &Lab,
    candidate: &Candidate,
    here: bool,
    room: usize,
) -> Vec<Line<'static>> {
    let theme = app.theme;
    let style = if here { theme.selected() } else { theme.text() };
    let mark = Indent {
        first: vec![Span::styled(if here { "▸ " } else { "  " }, style)],
        rest: vec![Span::raw("  ")],
    };
    let at_home = approval::at_home(app, &candidate.pattern);
    let mut lines = wrap(
        &[Span::styled(approval::pattern(&at_home), style)],
        room,
        &mark,
    );
    let test = &candidate.back_test;
    let words = if lab.testing.as_ref() == Some(&candidate.pattern) {
        "looking at the last days…".to_owned()
    } else {
        sentence(test)
    };
    let style = if test.denied_by_person > 0 {
        theme.bad()
    } else {
        theme.quiet()
    };
    let sign = if test.denied_by_person > 0 { "! " } else { "" };
    let words = [Span::styled(format!("{sign}{words}"), style)];
    lines.extend(wrap(&words, room, &Indent::spaces(4)));
    lines
}

/// Returns how far and how long the rule would hold, and the line it is written in.
fn below(app: &App, lab: &Lab, room: usize) -> Vec<Line<'static>> {
    let theme = app.theme;
    let mut lines = vec![Line::raw("")];
    if lab.text.is_some() {
        lines.push(Line::styled("The rule, as you want it:", theme.quiet()));
        lines.push(Line::raw("> "));
        let (words, style) = match &lab.problem {
            Some(problem) => (format!("✗ {}", sanitize::line(problem)), theme.bad()),
            None => (
                "✓ Enter looks what it would have done".to_owned(),
                theme.good(),
            ),
        };
        lines.extend(wrap(
            &[Span::styled(words, style)],
            room,
            &Indent::default(),
        ));
        return lines;
    }
    if let Some(problem) = &lab.problem {
        let words = format!("✗ {}", sanitize::line(problem));
        let words = [Span::styled(words, theme.bad())];
        lines.extend(wrap(&words, room, &Indent::default()));
    }
    if lab.candidates().is_empty() {
        return lines;
    }
    let mut scopes = vec![Span::styled("allow it in  ", theme.quiet())];
    for (number, (_, words)) in SCOPES.iter().enumerate() {
        let (style, before, after) = if number == lab.scope {
            (theme.selected(), "[", "]")
        } else {
            (theme.quiet(), " ", " ")
        };
        scopes.push(Span::styled(format!("{before}{words}{after}"), style));
    }
    let used: usize = scopes.iter().map(|span| width(&span.content)).sum();
    if used + 14 <= room {
        let keys: Vec<String> = [Action::Left, Action::Right]
            .into_iter()
            .filter_map(|action| app.key_of(&[Place::Lab], action))
            .collect();
        scopes.push(Span::styled(format!("  {}", keys.join(" ")), theme.quiet()));
    }
    lines.push(Line::from(scopes));
    let holds = HOLDS.get(lab.holds).map_or("", |(_, words)| *words);
    lines.push(Line::from(vec![
        Span::styled("it holds     ", theme.quiet()),
        Span::styled(format!("[{holds}]"), theme.selected()),
        Span::styled(
            format!(
                "  {}",
                app.key_of(&[Place::Lab], Action::Holds).unwrap_or_default()
            ),
            theme.quiet(),
        ),
    ]));
    lines
}
