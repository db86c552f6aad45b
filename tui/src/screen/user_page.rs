//! All that is known of a user, as a form: peers, role, capabilities, budgets, how they are
//! spoken with.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use smartopol_protocol::Timestamp;
use smartopol_protocol::attention::Item;
use smartopol_protocol::user::{Budget, Capability, Filter, Grant, Shown};

use super::job_page::moment;
use crate::app::App;
use crate::app::keymap::{Action, Place};
use crate::app::mouse::Spot;
use crate::app::people::{Most, Person, in_words, verdict};
use crate::sanitize;
use crate::widget::budget::bar;
use crate::widget::sparkline::sparkline;
use crate::widget::text::{Indent, clip_spans, spread, wrap};
use crate::widget::time;

/// How wide the names of what is told are.
const NAMES: usize = 17;

/// How many cells the bar of a budget has, and where there is little room.
const BAR: (usize, usize) = (10, 6);

/// How many cells are kept for what is said of the days.
const ABOUT_DAYS: usize = 22;

/// How wide the page is at most: what belongs together is not torn apart.
const WIDE: u16 = 88;

/// From this width on, counts are told digit by digit.
const ROOMY: usize = 64;

/// A line of the page, and the field that it is.
type Row = (Option<usize>, Line<'static>);

/// Draws the page of who is selected; `scroll` is brought back to what there is, and to the field
/// at hand.
pub(super) fn draw(app: &App, area: Rect, scroll: &mut usize, buf: &mut Buffer) {
    let inside = Rect {
        x: area.x + 1,
        width: area.width.saturating_sub(2).min(WIDE),
        ..area
    };
    let room = usize::from(inside.width);
    let rows = match (app.people.selected, app.people.page()) {
        (Some(Person::Stranger(id)), _) => match app.model.attention.get(id) {
            Some(item) => of_stranger(app, item, room),
            None => Vec::new(),
        },
        (_, Some(shown)) => of_user(app, shown, room),
        _ => vec![(None, Line::styled("asking the daemon…", app.theme.quiet()))],
    };
    let tall = usize::from(inside.height);
    if app.is_inside()
        && let Some(at) = rows
            .iter()
            .position(|(own, _)| *own == Some(app.people.field))
    {
        // The first field brings what stands above it.
        let top = if app.people.field == 0 { 0 } else { at };
        *scroll = (*scroll).min(top).max((at + 2).saturating_sub(tall));
    }
    *scroll = (*scroll).min(rows.len().saturating_sub(tall));
    let more = rows.len().saturating_sub(*scroll + tall);
    for ((field, line), y) in rows.iter().skip(*scroll).zip(inside.y..inside.bottom()) {
        buf.set_line(inside.x, y, line, inside.width);
        if let Some(field) = field {
            let place = Rect {
                y,
                height: 1,
                ..inside
            };
            app.spot(place, Spot::Field(*field));
        }
    }
    if more > 0 && inside.height > 1 {
        let lines = if more == 1 { "line" } else { "lines" };
        let words = format!(" {more} more {lines} ↓ ");
        let wide = u16::try_from(words.chars().count()).unwrap_or(0);
        let x = inside.right().saturating_sub(wide).max(inside.x);
        let y = inside.bottom() - 1;
        buf.set_stringn(x, y, words, inside.width.into(), app.theme.quiet());
    }
}

fn of_stranger(app: &App, item: &Item, room: usize) -> Vec<Row> {
    let theme = app.theme;
    let peer = sanitize::line(item.peer.as_deref().unwrap_or("somebody")).into_owned();
    let key = |action| app.key_of(&[Place::Users], action).unwrap_or_default();
    let words = [
        (peer, theme.strong()),
        (String::new(), theme.text()),
        (
            format!("wants to be let in since {}.", moment(app, item.at)),
            theme.text(),
        ),
        (String::new(), theme.text()),
        (
            format!(
                "{} makes them a user, with the role that the settings give to strangers.",
                key(Action::Approve)
            ),
            theme.quiet(),
        ),
        (
            format!(
                "{} turns them away: they are told so politely, and nobody is asked again.",
                key(Action::Reject)
            ),
            theme.quiet(),
        ),
        (
            "Somebody you know already? A code joins this peer to them: see their page.".to_owned(),
            theme.quiet(),
        ),
    ];
    let lines = words.into_iter().flat_map(|(text, style)| {
        match text.is_empty() {
            true => vec![Line::raw("")],
            false => wrap(
                &[Span::styled(text, style)],
                room.max(8),
                &Indent::spaces(0),
            ),
        }
        .into_iter()
        .map(|line| (None, line))
    });
    lines.collect()
}

fn of_user(app: &App, shown: &Shown, room: usize) -> Vec<Row> {
    let theme = app.theme;
    let user = &shown.user;
    let mut page = Page {
        app,
        room,
        rows: Vec::new(),
        fields: 0,
    };
    let mut name = vec![Span::styled(
        sanitize::line(&user.name).into_owned(),
        theme.strong(),
    )];
    if app.is_me(user) {
        name.push(Span::styled("  you", theme.quiet()));
    }
    if user.disabled {
        name.push(Span::styled(
            "  disabled: nothing is done for them",
            theme.bad(),
        ));
    }
    let id = vec![Span::styled(user.id.to_string(), theme.quiet())];
    page.line(spread(name, id, room));
    page.line(Line::styled(
        format!("a user since {}", day(app, user.created_at)),
        theme.quiet(),
    ));
    code(app, shown, &mut page);
    page.line(Line::raw(""));
    for (at, peer) in user.peers.iter().enumerate() {
        let name = if at == 0 { "peers" } else { "" };
        let peer = sanitize::line(peer.as_str()).into_owned();
        page.field(name, vec![Span::raw(peer)], "");
    }
    let owner = if user.owner { "owns the daemon" } else { "" };
    page.field("role", vec![Span::raw(user.role.name())], owner);
    page.heading("May");
    for (capability, grant) in &shown.grants {
        let own = user.grants.contains_key(capability);
        may(&mut page, (*capability, *grant), own);
    }
    let zone = format!("Budget, by days of {}", sanitize::line(&shown.time_zone));
    page.heading(&zone);
    let own = shown.budgets.iter().find(|own| own.of == "user");
    if let Some(budget) = own {
        for most in Most::ALL {
            match most.is_money() && shown.without_costs {
                true => page.field(
                    most.words(),
                    vec![Span::styled("not yours to see", theme.quiet())],
                    "",
                ),
                false => limit(&mut page, budget, most),
            }
        }
    }
    days(&mut page, shown);
    page.heading("Spoken with");
    let usual = |own: &Option<String>, usual: &str| match own {
        Some(own) => Span::raw(sanitize::line(own).into_owned()),
        None => Span::styled(sanitize::line(usual).into_owned(), theme.quiet()),
    };
    let profile = &user.profile;
    page.field(
        "language",
        vec![usual(&profile.language, "as the settings say")],
        "",
    );
    page.field(
        "tone",
        vec![usual(&profile.tone, "as the settings say")],
        "",
    );
    page.field(
        "time zone",
        vec![usual(&profile.time_zone, &shown.time_zone)],
        "",
    );
    let filter = match shown.filter {
        Filter::Off => "off",
        Filter::Child => "child: what is not for children is left out",
    };
    page.field("filter", vec![Span::raw(filter)], "");
    page.rows
}

/// Tells the code that joins another peer to whom this console is.
fn code(app: &App, shown: &Shown, page: &mut Page<'_>) {
    let Some(code) = app.people.code.as_ref().filter(|_| app.is_me(&shown.user)) else {
        return;
    };
    let left = code.expires_at.millis_since(app.now.wall);
    page.line(Line::raw(""));
    page.line(Line::from(vec![
        Span::styled(format!("/link {}", code.code), app.theme.selected()),
        Span::styled(
            format!(
                "  say this on your other channel, good for {}",
                time::seconds(left.div_ceil(60_000) * 60)
            ),
            app.theme.quiet(),
        ),
    ]));
}

fn may(page: &mut Page<'_>, (capability, grant): (Capability, Grant), own: bool) {
    let theme = page.app.theme;
    let (sign, style) = match grant {
        Grant::Allow => ("✓", theme.good()),
        Grant::Ask | Grant::AskAdmin => ("?", theme.strong()),
        Grant::Deny => ("✗", theme.bad()),
    };
    let about = match (own, capability.note()) {
        (true, "") => "their own",
        (_, note) => note,
    };
    let words = vec![
        Span::styled(format!("{sign} "), style),
        Span::raw(verdict(grant)),
    ];
    page.field(&in_words(capability), words, about);
}

fn limit(page: &mut Page<'_>, budget: &Budget, most: Most) {
    let theme = page.app.theme;
    let spent = match most.is_of_day() {
        true => budget.today,
        false => budget.month,
    };
    let roomy = page.room >= ROOMY;
    let (used, told): (u64, fn(u64) -> String) = match most.is_money() {
        true => (spent.cost_micros, time::dollars),
        false if roomy => (spent.tokens, time::grouped),
        false => (spent.tokens, time::count),
    };
    let Some(limit) = most.of(&budget.limits) else {
        let words = vec![
            Span::raw(told(used)),
            Span::styled(" used, no limit", theme.quiet()),
        ];
        return page.field(most.words(), words, "");
    };
    let resets = match most.is_of_day() {
        true => budget.day_resets_at,
        false => budget.month_resets_at,
    };
    let mut words: Vec<Span<'static>> =
        bar(used, limit, if roomy { BAR.0 } else { BAR.1 }, theme).into();
    words.push(Span::raw(format!(" {} of {}", told(used), told(limit))));
    let left = resets.millis_since(page.app.now.wall);
    page.field(most.words(), words, &format!("full in {}", soon(left)));
}

/// Returns how long it is until something, in few letters.
fn soon(ms: u64) -> String {
    match ms.div_ceil(60_000) {
        minutes @ 0..120 => format!("{minutes} min"),
        minutes @ 120..2_880 => format!("{} h", minutes.div_ceil(60)),
        minutes => format!("{} days", minutes.div_ceil(1_440)),
    }
}

/// Tells what was used day by day, on as many of the last days as there is room for.
fn days(page: &mut Page<'_>, shown: &Shown) {
    let theme = page.app.theme;
    let room = page.room.saturating_sub(NAMES + 2 + ABOUT_DAYS);
    let from = shown.days.len().saturating_sub(room);
    let days = shown.days.get(from..).unwrap_or_default();
    let tokens: Vec<u32> = days
        .iter()
        .map(|day| u32::try_from(day.spent.tokens).unwrap_or(u32::MAX))
        .collect();
    let all: u64 = days.iter().map(|day| day.spent.tokens).sum();
    let cost: u64 = days.iter().map(|day| day.spent.cost_micros).sum();
    let mut about = format!("{} tokens", time::count(all));
    if cost > 0 {
        about.push_str(&format!(", {}", time::dollars(cost)));
    }
    let name = format!("  {:<NAMES$}", format!("last {} days", days.len()));
    let left = vec![
        Span::styled(name, theme.quiet()),
        sparkline(&tokens, theme.good()),
    ];
    let right = vec![Span::styled(about, theme.quiet())];
    page.line(spread(left, right, page.room));
}

fn day(app: &App, at: Timestamp) -> String {
    moment(app, at)
        .split(' ')
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// Lines, of which some are fields.
struct Page<'a> {
    app: &'a App,
    room: usize,
    rows: Vec<Row>,
    fields: usize,
}

impl Page<'_> {
    fn line(&mut self, line: Line<'static>) {
        self.rows.push((None, line));
    }

    fn heading(&mut self, words: &str) {
        self.line(Line::raw(""));
        self.line(Line::styled(words.to_owned(), self.app.theme.strong()));
    }

    /// Puts the next field; they stand as `people::fields` has them.
    fn field(&mut self, name: &str, words: Vec<Span<'static>>, about: &str) {
        let theme = self.app.theme;
        let at_hand = self.app.is_inside() && self.app.people.field == self.fields;
        let (sign, style): (_, Style) = match at_hand {
            true => ("▸ ", theme.selected()),
            false => ("  ", theme.quiet()),
        };
        let mut left = vec![
            Span::styled(sign, theme.selected()),
            Span::styled(format!("{name:<NAMES$}"), style),
        ];
        left.extend(words);
        let right = match about {
            "" => Vec::new(),
            about => vec![Span::styled(about.to_owned(), theme.quiet())],
        };
        let used: usize = left
            .iter()
            .chain(&right)
            .map(|span| crate::widget::text::width(&span.content))
            .sum();
        // What is said besides gives way to what can be changed.
        let line = match used < self.room {
            true => spread(left, right, self.room),
            false => Line::from(clip_spans(left, self.room)),
        };
        self.rows.push((Some(self.fields), line));
        self.fields += 1;
    }
}
