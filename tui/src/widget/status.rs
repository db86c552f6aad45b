//! The lines that say how things stand: the header, the foot, the status.

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use smartopol_protocol::approval::Mode;
use smartopol_protocol::model::Usage;
use smartopol_protocol::session::{Session, SessionState};
use smartopol_protocol::turn::Outcome;

use super::text::{clip, clip_start, spread, width};
use super::time;
use crate::app::keymap::{Action, Place};
use crate::app::mouse::Spot;
use crate::app::{App, Focus, LinkState, is_idle};
use crate::sanitize;
use crate::theme::Theme;

/// Returns a session's sign, its state in a word, and the style of both.
pub(crate) fn state(session: &Session, theme: Theme) -> (&'static str, String, Style) {
    match &session.state {
        _ if session.archived_at.is_some() => ("○", "archived".to_owned(), theme.quiet()),
        SessionState::Running => ("●", "working".to_owned(), theme.good()),
        SessionState::Waiting if session.waiting > 1 => {
            ("●", format!("waits {}", session.waiting), theme.strong())
        }
        SessionState::Waiting => ("●", "waits".to_owned(), theme.strong()),
        SessionState::Idle { last } => match last {
            None => ("○", "new".to_owned(), theme.quiet()),
            Some(Outcome::Done) => ("○", "idle".to_owned(), theme.quiet()),
            Some(Outcome::Interrupted | Outcome::StepLimit { .. } | Outcome::Loop { .. }) => {
                ("○", "stopped".to_owned(), theme.text())
            }
            Some(Outcome::CutOff) => ("✗", "cut off".to_owned(), theme.bad()),
            Some(Outcome::Failed { .. }) => ("✗", "failed".to_owned(), theme.bad()),
        },
    }
}

/// Returns the first line of the screen.
pub(crate) fn header(app: &App, room: usize) -> Line<'static> {
    let theme = app.theme;
    let Some(session) = app.session() else {
        let left = vec![Span::styled(" smartopol", theme.strong())];
        let right = vec![Span::styled("no session yet ", theme.quiet())];
        return spread(left, right, room);
    };
    let (sign, word, style) = state(session, theme);
    let elapsed = app
        .transcript()
        .and_then(|transcript| transcript.last_turn())
        .filter(|_| !is_idle(session))
        .map(|turn| time::seconds(app.now.wall.millis_since(turn.started_at) / 1_000));
    let elapsed = elapsed.map_or(String::new(), |time| format!(" · {time}"));
    let word = if session.state == SessionState::Waiting {
        "waits for you".to_owned()
    } else {
        word
    };
    let observe = match (&app.replay, app.wanted.observe) {
        (Some(_), _) => "replay · ",
        (None, true) => "looking only · ",
        (None, false) => "",
    };
    let right = vec![
        Span::styled(others(app), theme.quiet()),
        Span::styled(observe, theme.quiet()),
        Span::styled(format!("{sign} {word}"), style),
        Span::styled(format!("{elapsed} "), theme.quiet()),
    ];
    let taken: usize = right.iter().map(|span| width(&span.content)).sum();
    let name = sanitize::line(&session.name).into_owned();
    let owner = app.model.owner(session).map(sanitize::line);
    let owner = owner.map_or_else(String::new, |owner| format!(" of {owner}"));
    let folder = app.tilde(&session.workspace);
    let left_room = room.saturating_sub(taken + width(&name) + width(&owner) + 16);
    let left = vec![
        Span::styled(" smartopol", theme.quiet()),
        Span::styled(" · ", theme.quiet()),
        Span::styled(name, theme.strong()),
        Span::styled(owner, theme.text()),
        Span::styled(
            format!("  {}", clip_start(&folder, left_room.max(8))),
            theme.quiet(),
        ),
    ];
    spread(left, right, room)
}

/// Says who else watches this session.
fn others(app: &App) -> String {
    let Some(id) = app.current else {
        return String::new();
    };
    let others: Vec<_> = app.model.clients.watching(id).collect();
    match others.as_slice() {
        [] => String::new(),
        [one] => {
            let name = sanitize::line(&one.name).into_owned();
            let name = name.strip_prefix("smartopol-").unwrap_or(&name);
            let how = if one.observes {
                "looks on"
            } else {
                "is here too"
            };
            format!("{name} {how} · ")
        }
        many => format!("{} others are here · ", many.len()),
    }
}

/// Returns the tabs of a small screen.
pub(crate) fn tabs(app: &App, room: usize) -> Line<'static> {
    let plan = &app.plan;
    let panes = [
        ("conversation", Focus::Composer, plan.composer.height > 0),
        ("sessions", Focus::Sessions, plan.sessions.is_some()),
        ("traces", Focus::Traces, plan.traces.is_some()),
    ];
    let own = match app.focus {
        Focus::Jobs => Some(("jobs", Focus::Jobs, true)),
        Focus::Inbox => Some(("inbox", Focus::Inbox, true)),
        Focus::Memory => Some(("memory", Focus::Memory, true)),
        Focus::Users => Some(("users", Focus::Users, true)),
        Focus::Terminals => Some(("terminals", Focus::Terminals, true)),
        _ => None,
    };
    let mut spans = vec![Span::raw(" ")];
    let mut used = 1;
    for (name, focus, here) in panes.into_iter().chain(own) {
        let style = if here {
            app.theme.selected()
        } else {
            app.theme.quiet()
        };
        let sign = if here { "▸ " } else { "  " };
        let wide = u16::try_from(width(name) + 4).unwrap_or(0);
        let area = Rect {
            x: app.plan.tabs.x + used,
            width: wide,
            ..app.plan.tabs
        };
        app.spot(area, Spot::Tab(focus));
        used += wide;
        spans.push(Span::styled(format!("{sign}{name}  "), style));
    }
    // A screen of its own needs the room more.
    let key = app.key_of(app.places(), Action::NextPane);
    let key = key.filter(|_| own.is_none() || room >= 70);
    let words = key.map_or(String::new(), |key| format!("{key} next "));
    spread(spans, vec![Span::styled(words, app.theme.quiet())], room)
}

/// Returns the last line of the screen. What has no room is left out whole, the least needed first.
pub(crate) fn status(app: &App, room: usize) -> Line<'static> {
    let theme = app.theme;
    let quiet = theme.quiet();
    let mut right = Vec::new();
    let (_, elsewhere) = app.count_waiting();
    if elsewhere > 0 {
        let asked = app.model.asked().count();
        let here = app
            .model
            .asked()
            .filter(|own| Some(own.0) == app.current)
            .count();
        let words = match asked.saturating_sub(here) == elsewhere {
            _ if room < 100 => "waiting",
            true => "waiting elsewhere",
            false => "waiting for you",
        };
        right.push(Span::styled(format!("{elsewhere} {words}"), theme.strong()));
        let key = app.key_of(&[Place::Everywhere], Action::NextWaiting);
        let words = key.map_or_else(|| " · ".to_owned(), |key| format!(" {key} · "));
        right.push(Span::styled(words, quiet));
    }
    if app.model.missed.words().is_some() {
        let missed = app.model.missed;
        let lost = missed.facts.saturating_add(missed.pieces);
        right.push(Span::styled(format!("✗ {lost} lost"), theme.bad()));
        right.push(Span::styled(" · ", quiet));
    }
    right.extend(link(app));
    right.push(Span::raw(" "));
    let Some(session) = app.session() else {
        return spread(vec![Span::raw(" ")], right, room);
    };
    let taken: usize = right.iter().map(|span| width(&span.content)).sum();
    let mode = app.mode_of(session);
    let style = if mode == Mode::Auto {
        theme.bad()
    } else {
        theme.text()
    };
    let model = model(app, session);
    let short = model.rsplit('/').next().unwrap_or_default().to_owned();
    let (tokens, cost) = usage(&session.usage);
    let wishes = [
        vec![&model, &tokens, &cost],
        vec![&model, &cost],
        vec![&model],
        vec![&short],
        Vec::new(),
    ];
    let said = wishes
        .iter()
        .map(|parts| {
            let parts = parts.iter().filter(|part| !part.is_empty());
            parts.map(|part| format!(" · {part}")).collect::<String>()
        })
        .find(|words| width(words) + mode.name().len() + taken + 2 <= room)
        .unwrap_or_default();
    // What the config said then, a recording does not know.
    let told = match app.replay.is_some() && session.mode.is_none() {
        true => vec![Span::styled(
            said.trim_start_matches(" · ").to_owned(),
            quiet,
        )],
        false => vec![Span::styled(mode.name(), style), Span::styled(said, quiet)],
    };
    let left = [vec![Span::raw(" ")], told].concat();
    spread(left, right, room)
}

/// Says how the daemon is reached.
pub(crate) fn link(app: &App) -> Vec<Span<'static>> {
    let theme = app.theme;
    if app.replay.is_some() {
        let day = app.day(app.now.wall).strftime("%A, %-d %B %Y").to_string();
        return vec![Span::styled(day, theme.quiet())];
    }
    match &app.link {
        LinkState::Connecting => vec![Span::styled("○ connecting", theme.quiet())],
        LinkState::Connected if app.model.stopping() => {
            vec![Span::styled("● the daemon is stopping", theme.bad())]
        }
        LinkState::Connected => {
            vec![
                Span::styled("● ", theme.good()),
                Span::styled("connected", theme.quiet()),
            ]
        }
        LinkState::Lost { stopped: true, .. } => {
            vec![Span::styled(
                "✗ daemon stopped: smartopol daemon start",
                theme.bad(),
            )]
        }
        LinkState::Lost { retry_at, .. } => {
            let left = retry_at.saturating_sub(app.now.ms).div_ceil(1_000);
            vec![Span::styled(
                format!("✗ reconnecting in {left} s"),
                theme.bad(),
            )]
        }
    }
}

/// Returns who serves a session's model, and which.
pub(crate) fn model(app: &App, session: &Session) -> String {
    let status = app.status.as_ref();
    let provider = status.map_or("", |status| status.provider.as_str());
    let model = session
        .model
        .as_deref()
        .or(status.map(|status| status.model.as_str()))
        .unwrap_or("…");
    let name = if model.contains('/') || provider.is_empty() || provider == model {
        model.to_owned()
    } else {
        format!("{provider}/{model}")
    };
    clip(&sanitize::line(&name), 32)
}

/// Returns the tokens and the money that a session used; nothing where it used none.
fn usage(usage: &Usage) -> (String, String) {
    if usage.input == 0 && usage.output == 0 {
        return (String::new(), String::new());
    }
    let cached = match usage.cache_read {
        0 => String::new(),
        cached => format!(" ({} cached)", time::count(cached)),
    };
    let tokens = format!(
        "{} in{cached} · {} out",
        time::count(usage.input),
        time::count(usage.output)
    );
    (
        tokens,
        usage.cost_micros.map_or(String::new(), time::dollars),
    )
}

/// Returns a word in passing, or the keys that matter here.
pub(crate) fn foot(app: &App, hints: &[(String, &'static str)], room: usize) -> Line<'static> {
    let theme = app.theme;
    if let Some(toast) = &app.toast {
        let (sign, style) = if toast.bad {
            ("✗ ", theme.bad())
        } else {
            ("· ", theme.text())
        };
        let text = sanitize::line(&toast.text).into_owned();
        return spread(
            vec![Span::styled(format!(" {sign}{text}"), style)],
            Vec::new(),
            room,
        );
    }
    let mut spans = vec![Span::raw(" ")];
    let mut used = 1;
    let wide_of = |(key, words): &(String, &str)| width(key) + width(words) + 4;
    // On a screen of its own, how to leave it and how to learn more give way to nothing.
    let whole = app.plan.whole.height > 0;
    let needed = |(_, words): &&(String, &'static str)| whole && matches!(*words, "back" | "help");
    let mut kept: usize = hints.iter().filter(needed).map(wide_of).sum();
    let mut full = false;
    for hint in hints {
        let (key, words) = hint;
        let wide = wide_of(hint);
        if needed(&hint) {
            kept = kept.saturating_sub(wide);
        } else if full {
            continue;
        }
        if used + wide + kept > room {
            full = true;
            continue;
        }
        if used > 1 {
            spans.push(Span::raw("   "));
        }
        let area = Rect {
            x: app.plan.foot.x + u16::try_from(used).unwrap_or(0),
            width: u16::try_from(wide - 3).unwrap_or(0),
            ..app.plan.foot
        };
        app.spot(area, Spot::Hint(key.clone()));
        used += wide;
        spans.push(Span::styled(key.clone(), theme.text()));
        spans.push(Span::styled(format!(" {words}"), theme.quiet()));
    }
    Line::from(spans)
}
