//! Users: who there is and who waits at the door, and beside the list all of one of them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use smartopol_protocol::attention::Item;
use smartopol_protocol::user::{Budget, Spent, User};

use super::{halves, user_page};
use crate::app::App;
use crate::app::keymap::{Action, Place};
use crate::app::mouse::Spot;
use crate::app::people::{Most, Person};
use crate::sanitize;
use crate::widget::budget::{bar, share};
use crate::widget::text::{clip, clip_spans, spread, width};
use crate::widget::time;

/// From this width on, a user is told beside the list.
pub(super) const BESIDE: u16 = 96;

/// How many cells the bar of a budget has in the list.
const BAR: usize = 8;

/// Draws the screen.
pub(super) fn draw(app: &App, area: Rect, scroll: &mut usize, buf: &mut Buffer) {
    if area.height == 0 || area.width < 4 {
        return;
    }
    let air = u16::from(area.height >= 16);
    let head = Rect {
        y: area.y + air,
        height: u16::from(area.height > air),
        ..area
    };
    let top = (area.y + 2 * air + 1).min(area.bottom());
    let body = Rect {
        y: top,
        height: area.bottom() - top,
        ..area
    };
    if app.is_alone() {
        return user_page::draw(
            app,
            Rect {
                y: area.y + air,
                height: area.height.saturating_sub(air),
                ..area
            },
            scroll,
            buf,
        );
    }
    headline(app, head, buf);
    if !app.plan.has_both {
        return match app.people.inside {
            true => user_page::draw(app, body, scroll, buf),
            false => list(app, body, buf),
        };
    }
    let [left, right] = halves(app, body, buf);
    list(app, left, buf);
    user_page::draw(app, right, scroll, buf);
}

/// Draws how many there are, and how many wait.
fn headline(app: &App, area: Rect, buf: &mut Buffer) {
    let users = app.people.listed.users.len();
    let waiting = app.strangers().count();
    let many = |count: usize, one: &str, more: &str| match count {
        1 => format!("1 {one}"),
        count => format!("{count} {more}"),
    };
    let mut spans = vec![Span::styled(
        format!(" {}", many(users, "user", "users")),
        app.theme.text(),
    )];
    if waiting > 0 {
        let words = many(waiting, "stranger waits", "strangers wait");
        spans.push(Span::styled(format!(" · {words}"), app.theme.strong()));
    }
    let disabled = app.people.listed.users.iter().filter(|own| own.disabled);
    let disabled = disabled.count();
    if disabled > 0 {
        spans.push(Span::styled(
            format!(" · {disabled} disabled"),
            app.theme.quiet(),
        ));
    }
    let line = Line::from(clip_spans(spans, area.width.into()));
    if area.height > 0 {
        buf.set_line(area.x, area.y, &line, area.width);
    }
}

fn list(app: &App, area: Rect, buf: &mut Buffer) {
    let room = usize::from(area.width);
    let people = app.people();
    if !app.people.known {
        let words = clip("asking the daemon…", room.saturating_sub(2));
        buf.set_stringn(area.x + 1, area.y, words, room, app.theme.quiet());
        return;
    }
    let selected = app.people.selected;
    let at = people.iter().position(|own| Some(*own) == selected);
    let at = at.unwrap_or(0);
    let tall: u16 = if area.height >= 14 { 4 } else { 3 };
    let fit = usize::from(area.height / tall).max(1);
    let from = (at + 1).saturating_sub(fit);
    let mut y = area.y;
    for (number, person) in people.iter().enumerate().skip(from) {
        if y >= area.bottom() {
            break;
        }
        let own = number == at;
        let lines = match person {
            Person::Stranger(id) => {
                let item = app.model.attention.get(*id);
                item.map(|item| stranger(app, item, own, room))
            }
            Person::User(id) => {
                let users = app.people.listed.users.iter();
                let mut both = users.zip(&app.people.listed.budgets);
                let found = both.find(|(user, _)| user.id == *id);
                found.map(|(one, budget)| user(app, (one, budget), own, room))
            }
        };
        for (line, y) in lines.iter().flatten().zip(y..area.bottom()) {
            buf.set_line(area.x, y, line, area.width);
        }
        let place = Rect {
            y,
            height: tall.min(area.bottom() - y),
            ..area
        };
        app.spot(place, Spot::Person(*person));
        y += tall;
    }
}

fn edge(app: &App, selected: bool) -> Span<'static> {
    let sign = if selected { "│" } else { " " };
    Span::styled(sign, app.theme.selected())
}

fn name_style(app: &App, selected: bool) -> Style {
    match selected {
        true => app.theme.selected(),
        false => app.theme.text(),
    }
}

fn stranger(app: &App, item: &Item, selected: bool, room: usize) -> [Line<'static>; 3] {
    let theme = app.theme;
    let peer = item.peer.as_deref().unwrap_or("somebody");
    let peer = sanitize::line(peer).into_owned();
    let first = spread(
        vec![
            edge(app, selected),
            Span::styled("? ", theme.strong()),
            Span::styled(peer, name_style(app, selected)),
        ],
        vec![Span::styled("waits at the door ", theme.strong())],
        room,
    );
    let since = app.now.wall.millis_since(item.at) / 60_000;
    let since = match since {
        0 => "asked just now".to_owned(),
        minutes => format!("asked {} ago", time::seconds(minutes * 60)),
    };
    let key = |action| app.key_of(&[Place::Users], action).unwrap_or_default();
    let second = Line::from(vec![
        edge(app, selected),
        Span::raw("  "),
        Span::styled(clip(&since, room.saturating_sub(4)), theme.quiet()),
    ]);
    let words = format!(
        "{} lets them in · {} turns them away",
        key(Action::Approve),
        key(Action::Reject)
    );
    let third = Line::from(vec![
        edge(app, selected),
        Span::raw("  "),
        Span::styled(clip(&words, room.saturating_sub(4)), theme.quiet()),
    ]);
    [first, second, third]
}

fn user(
    app: &App,
    (user, budget): (&User, &Budget),
    selected: bool,
    room: usize,
) -> [Line<'static>; 3] {
    let theme = app.theme;
    let (sign, style) = match user.disabled {
        true => ("○", theme.quiet()),
        false => ("●", theme.good()),
    };
    let mut right = Vec::new();
    if app.is_me(user) {
        right.push(Span::styled("you · ", theme.quiet()));
    }
    if user.disabled {
        right.push(Span::styled("disabled · ", theme.bad()));
    }
    let role = match user.owner {
        true => "owner",
        false => user.role.name(),
    };
    right.push(Span::styled(format!("{role} "), theme.text()));
    let first = spread(
        vec![
            edge(app, selected),
            Span::styled(format!("{sign} "), style),
            Span::styled(
                sanitize::line(&user.name).into_owned(),
                name_style(app, selected),
            ),
        ],
        right,
        room,
    );
    let peers: Vec<&str> = user.peers.iter().map(|peer| peer.as_str()).collect();
    let peers = sanitize::line(&peers.join(" · ")).into_owned();
    let second = Line::from(vec![
        edge(app, selected),
        Span::raw("  "),
        Span::styled(clip(&peers, room.saturating_sub(4)), theme.quiet()),
    ]);
    let mut third = vec![edge(app, selected), Span::raw("  ")];
    third.extend(spans(app, budget, room));
    [first, second, Line::from(clip_spans(third, room))]
}

/// Returns day and month of a budget: of each the limit of which most is used, else what was used.
fn spans(app: &App, budget: &Budget, room: usize) -> Vec<Span<'static>> {
    let theme = app.theme;
    let span = |name: &'static str, spent: Spent, day: bool| {
        let limits = Most::ALL
            .into_iter()
            .filter(|most| most.is_of_day() == day)
            .filter_map(|most| {
                let limit = most.of(&budget.limits)?;
                let used = match most.is_money() {
                    true => spent.cost_micros,
                    false => spent.tokens,
                };
                Some((share(used, limit), used, limit))
            });
        let mut told = vec![Span::styled(format!("{name} "), theme.quiet())];
        match limits.max() {
            Some((share, used, limit)) => {
                told.extend(bar(used, limit, BAR, theme));
                told.push(Span::raw(match (used, share) {
                    (1.., 0) => "  <1 %".to_owned(),
                    _ => format!(" {share:>3} %"),
                }));
            }
            None => told.push(Span::raw(match spent.tokens {
                0 => "nothing used".to_owned(),
                tokens => format!("{} tokens", time::count(tokens)),
            })),
        }
        told
    };
    let mut told = span("today", budget.today, true);
    let month = span("month", budget.month, false);
    let long = |spans: &[Span<'_>]| -> usize { spans.iter().map(|own| width(&own.content)).sum() };
    if long(&told) + long(&month) + 7 <= room {
        told.push(Span::raw("   "));
        told.extend(month);
    }
    told
}
