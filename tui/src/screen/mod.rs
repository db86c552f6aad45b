//! The screen as a whole: what has a place at this size, and drawing it.
//!
//! Owns the plan of the screen. The panes are drawn by the files beside this one.

pub(crate) mod conversations;
mod inbox;
mod job_page;
mod jobs;
mod memory;
mod memory_page;
mod replay;
pub(crate) mod sessions;
mod terminals;
mod trace_head;
pub(crate) mod traces;
mod user_page;
mod users;

pub(crate) use job_page::moment;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::app::keymap::Action;
use crate::app::{App, Call, Cmd, Focus};
use crate::model::Page;
use crate::overlay;
use crate::widget::approval::{self, Keys};
use crate::widget::composer::Composer;
use crate::widget::diff::Around;
use crate::widget::status;
use crate::widget::text::{Indent, wrap};
use crate::widget::transcript::Scroll;

/// How tall the composer may grow.
const COMPOSER: usize = 8;

/// From this height on, a card that must be scrolled says its answers in full.
const ROOMY: u16 = 18;

/// How many panes stand beside each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Columns {
    #[default]
    One,
    Two,
    Three,
}

/// What is where. What has no place has no size.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Plan {
    pub(crate) columns: Columns,
    pub(crate) header: Rect,
    pub(crate) rule: Rect,
    pub(crate) tabs: Rect,
    pub(crate) sessions: Option<Rect>,
    pub(crate) conversation: Rect,
    pub(crate) card: Rect,
    pub(crate) composer: Rect,
    pub(crate) traces: Option<Rect>,
    /// A screen of its own in place of all panes.
    pub(crate) whole: Rect,
    /// The cells of the live terminal.
    pub(crate) live: Rect,
    /// True where a screen shows its list and what is selected beside each other.
    pub(crate) has_both: bool,
    pub(crate) foot: Rect,
    pub(crate) status: Rect,
    /// True where the card is on the screen.
    pub(crate) card_is_seen: bool,
    /// How the card shows its answers.
    pub(crate) card_keys: approval::Keys,
    /// How much of what did not change its card shows.
    pub(crate) card_around: Around,
    height: u16,
}

impl Plan {
    /// Returns how many cells a line of the composer has.
    pub(crate) fn composer_room(&self) -> usize {
        usize::from(self.composer.width).saturating_sub(3).max(2)
    }

    /// Returns how many rows a page of the conversation has.
    pub(crate) fn page(&self) -> i64 {
        let own = if self.conversation.height > 0 {
            self.conversation.height
        } else {
            self.height
        };
        i64::from(own.max(3)) - 2
    }
}

impl App {
    /// Draws everything in the theme's colours, and returns where the cursor belongs.
    pub(crate) fn draw(&mut self, area: Rect, buf: &mut Buffer) -> Option<Position> {
        self.spots.borrow_mut().clear();
        let cursor = self.draw_all(area, buf);
        self.theme.paint(buf);
        cursor
    }

    fn draw_all(&mut self, area: Rect, buf: &mut Buffer) -> Option<Position> {
        self.now.wall = self.shown_time(self.now.wall);
        if area.width < 40 || area.height < 8 {
            self.plan = Plan {
                height: area.height,
                ..Plan::default()
            };
            tiny(self, area, buf);
            return None;
        }
        self.plan = plan(self, area);
        self.arrange();
        let plan = self.plan;
        put(
            &status::header(self, plan.header.width.into()),
            plan.header,
            buf,
        );
        rule(self, buf);
        if plan.tabs.height > 0 {
            put(&status::tabs(self, plan.tabs.width.into()), plan.tabs, buf);
        }
        let mut job_scroll = self.jobs.scroll;
        let mut typed_at = None;
        match self.focus {
            Focus::Terminals => typed_at = terminals::draw(self, plan.whole, buf),
            Focus::Jobs => jobs::draw(self, plan.whole, &mut job_scroll, buf),
            Focus::Inbox => {
                let mut scroll = self.inbox.scroll;
                inbox::draw(self, plan.whole, &mut scroll, buf);
                self.inbox.scroll = scroll;
            }
            Focus::Memory => {
                let mut scroll = self.memory.scroll;
                typed_at = memory::draw(self, plan.whole, &mut scroll, buf);
                self.memory.scroll = scroll;
            }
            Focus::Users => {
                let mut scroll = self.people.scroll;
                users::draw(self, plan.whole, &mut scroll, buf);
                self.people.scroll = scroll;
            }
            _ => {}
        }
        self.jobs.scroll = job_scroll;
        if let Some(area) = plan.sessions {
            sessions::draw(self, area, buf);
        }
        let mut query = None;
        if let Some(area) = plan.traces {
            query = traces::draw(self, area, buf);
        }
        let mut scroll = self.asked.scroll;
        let cursor = query
            .or(typed_at)
            .or(conversations::draw(self, &mut scroll, buf));
        self.asked.scroll = scroll;
        let hints = self.hints();
        put(
            &status::foot(self, &hints, plan.foot.width.into()),
            plan.foot,
            buf,
        );
        put(
            &status::status(self, plan.status.width.into()),
            plan.status,
            buf,
        );
        if self.overlays.is_empty() {
            self.draw_selection(buf);
        }
        let mut overlays = std::mem::take(&mut self.overlays);
        let over = overlay::draw(self, &mut overlays, area, buf);
        self.overlays = overlays;
        if self.overlays.is_empty() {
            cursor
        } else {
            over
        }
    }

    /// Lays the conversation out.
    fn arrange(&mut self) {
        let area = self.plan.conversation;
        // What is not seen is not laid out: other screens have the room.
        let Some(id) = self.current.filter(|_| !area.is_empty()) else {
            return;
        };
        let mut pages = std::mem::take(&mut self.pages);
        let mut view = self.views.remove(&id).unwrap_or_default();
        pages.arrange(self, &mut view, area.width.into(), area.height.into());
        let reading = match view.scroll {
            Scroll::Follow => None,
            Scroll::At { .. } => pages.top().map(|(position, _)| position),
        };
        self.model.read_at(id, reading);
        self.views.insert(id, view);
        self.pages = pages;
    }

    /// Returns what should be asked for after what was drawn: the next page of messages where the
    /// screen is near an end of the window.
    pub(crate) fn wanted_by_view(&mut self) -> Vec<Cmd> {
        let Some(id) = self.current.filter(|_| self.plan.conversation.height > 0) else {
            return Vec::new();
        };
        let (oldest, newest) = self.pages.near();
        let page = self.transcript().and_then(|own| {
            let older = own.first_position().filter(|_| oldest && own.has_older());
            let newer = own.last_position().filter(|_| newest && own.has_newer());
            let older = older.map(|at| (Page::Older, at));
            older.or(newer.map(|at| (Page::Newer, at)))
        });
        match (page, self.views.get_mut(&id)) {
            (Some((page, at)), Some(view)) if !view.fetching && view.jump.is_none() => {
                view.fetching = true;
                vec![Cmd::Ask(Call::Page { id, page, at })]
            }
            _ => Vec::new(),
        }
    }

    /// Returns the keys worth showing, best first.
    fn hints(&self) -> Vec<(String, &'static str)> {
        let places = self.places();
        if let Some(first) = self.pending {
            let mut hints = vec![(format!("{first} …"), "then")];
            hints.extend(self.endings(first, places));
            return hints;
        }
        let mut hints = self.hints_of(places);
        let mut put = |at: usize, action, words| {
            if let Some(key) = self.key_of(places, action) {
                hints.retain(|(own, _)| *own != key);
                hints.insert(at.min(hints.len()), (key, words));
            }
        };
        let writing = self.focus == Focus::Composer;
        if writing && self.card().is_some() {
            put(0, Action::NextPane, "answer the approval");
        } else if writing && self.question().is_some() {
            put(0, Action::NextPane, "answer the question");
        }
        let editing = self.view().is_some_and(|view| view.editing.is_some());
        if writing && editing {
            put(1, Action::Interrupt, "leave it as it was");
        } else if writing && (self.is_busy() || self.runs_commands()) && !self.wanted.observe {
            put(1, Action::Interrupt, "interrupt");
        }
        if self.can_continue() && !self.wanted.observe {
            put(1, Action::Continue, "continue");
        }
        hints
    }

    /// Returns a path with `~` for the home folder.
    pub(crate) fn tilde(&self, path: &str) -> String {
        let path = crate::sanitize::line(path);
        match path.strip_prefix(self.wanted.home.as_str()) {
            Some("") if !self.wanted.home.is_empty() => "~".to_owned(),
            Some(rest) if rest.starts_with('/') && !self.wanted.home.is_empty() => {
                format!("~{rest}")
            }
            _ => path.into_owned(),
        }
    }
}

fn plan(app: &App, area: Rect) -> Plan {
    let columns = match (area.width, area.height) {
        // A recording is one session, and has the screen for itself.
        _ if app.replay.is_some() => Columns::One,
        (110.., 20..) => Columns::Three,
        (76.., 20..) => Columns::Two,
        _ => Columns::One,
    };
    let roomy = area.height >= 20;
    let row = |y: u16, height: u16| Rect { y, height, ..area };
    let mut plan = Plan {
        columns,
        height: area.height,
        header: row(area.y, 1),
        ..Plan::default()
    };
    let mut top = area.y + 1;
    if roomy {
        plan.rule = row(top, 1);
        top += 1;
    }
    if columns == Columns::One && app.replay.is_none() {
        plan.tabs = row(top, 1);
        top += 1;
    }
    let mut bottom = area.bottom() - 1;
    plan.status = row(bottom, 1);
    if area.height >= 12 {
        bottom -= 1;
        plan.foot = row(bottom, 1);
    }
    let body = Rect {
        y: top,
        height: bottom.saturating_sub(top),
        ..area
    };
    let middle = beside(app, &mut plan, body);
    if middle.height > 0 && middle.width > 0 {
        stack(app, &mut plan, middle);
    }
    plan
}

/// Gives the panes at the sides their place, and returns what is left for the conversation.
fn beside(app: &App, plan: &mut Plan, body: Rect) -> Rect {
    let nothing = Rect {
        width: 0,
        height: 0,
        ..body
    };
    if let Focus::Jobs | Focus::Inbox | Focus::Terminals | Focus::Memory | Focus::Users = app.focus
    {
        plan.whole = body;
        if app.focus == Focus::Terminals {
            plan.live = terminals::places(app, body).live;
        }
        plan.has_both = match app.focus {
            Focus::Jobs => body.width >= jobs::BESIDE,
            Focus::Memory => body.width >= memory::BESIDE,
            Focus::Users => body.width >= users::BESIDE,
            _ => false,
        };
        return nothing;
    }
    if app.traces_whole || (plan.columns == Columns::One && app.focus == Focus::Traces) {
        plan.traces = Some(body);
        return nothing;
    }
    if plan.columns == Columns::One {
        if app.focus == Focus::Sessions {
            plan.sessions = Some(body);
            return nothing;
        }
        return body;
    }
    let mut middle = body;
    if plan.columns == Columns::Three {
        let wide = (body.width / 6).clamp(20, 30);
        plan.sessions = Some(Rect {
            width: wide,
            ..body
        });
        middle.x += wide + 1;
        middle.width -= wide + 1;
    }
    // Where it is narrow, an empty feed gives its place to the conversation.
    let wide = plan.columns == Columns::Three;
    if app.traces_beside && (wide || app.model.traces.iter().len() > 0) {
        let share = if plan.columns == Columns::Three {
            body.width * 27 / 100
        } else {
            body.width * 35 / 100
        };
        let wide = share.clamp(26, 52);
        plan.traces = Some(Rect {
            x: body.right() - wide,
            width: wide,
            ..body
        });
        middle.width -= wide + 1;
    }
    middle
}

/// Stacks the conversation, the card and the composer.
fn stack(app: &App, plan: &mut Plan, area: Rect) {
    let room = usize::from(area.width).saturating_sub(3);
    let lines = app
        .view()
        .map_or(1, |view| view.composer.layout(room).lines.len());
    let most = usize::from(area.height / 3).clamp(1, COMPOSER);
    let composer = u16::try_from(lines.clamp(1, most)).unwrap_or(1) + 1;
    // On a very small screen, what is not written to gives its place to what is answered.
    let hidden = area.height < 9 && app.focus == Focus::Card;
    let composer = match (&app.replay, hidden) {
        (Some(_), _) => replay::TALL.min(area.height / 2),
        (None, true) => 0,
        (None, false) => composer.min(area.height),
    };
    plan.composer = Rect {
        y: area.bottom() - composer,
        height: composer,
        ..area
    };
    let mut left = area.height - composer;
    if app.front().is_some() {
        let inner = usize::from(area.width).saturating_sub(6);
        // The border takes two lines.
        let tall = |keys, around| {
            let card = conversations::asks(app, inner, false, keys);
            card.map_or((0, 0), |mut card| {
                card.around = around;
                (card.tall() + 2, card.air())
            })
        };
        // What was said keeps a few lines as long as all that is asked is seen.
        let most = usize::from(left.saturating_sub(4));
        // What did not change is the first to give way.
        let mut wishes = [Around::All, Around::Line].into_iter().flat_map(|around| {
            let (listed, air) = tall(Keys::List, around);
            let (flowed, _) = tall(Keys::Flow, around);
            [
                (Keys::List, around, listed + air),
                (Keys::Flow, around, flowed + air),
                (Keys::List, around, listed),
                (Keys::Flow, around, flowed),
            ]
        });
        let scarce = if left >= ROOMY {
            Keys::Flow
        } else {
            Keys::Short
        };
        let (keys, around, wish) = wishes
            .find(|(.., tall)| *tall <= most)
            .unwrap_or_else(|| (scarce, Around::Line, tall(scarce, Around::Line).0));
        plan.card_keys = keys;
        plan.card_around = around;
        let tall = u16::try_from(wish).unwrap_or(u16::MAX).min(left);
        if tall >= 3 {
            plan.card = Rect {
                x: area.x + 1,
                y: plan.composer.y - tall,
                width: area.width.saturating_sub(2),
                height: tall,
            };
            plan.card_is_seen = true;
            left -= tall;
        }
    }
    // A blank row under the header, and one cell at each side, let the text breathe.
    let air = u16::from(area.height >= 16);
    plan.conversation = Rect {
        x: area.x + 1,
        y: area.y + air.min(left),
        width: area.width.saturating_sub(2),
        height: left.saturating_sub(air),
    };
}

/// Draws the line under the header and those between the panes.
fn rule(app: &App, buf: &mut Buffer) {
    let plan = &app.plan;
    let style = app.theme.quiet();
    if plan.rule.height > 0 {
        buf.set_string(
            plan.rule.x,
            plan.rule.y,
            "─".repeat(plan.rule.width.into()),
            style,
        );
    }
    if plan.conversation.width == 0 || plan.columns == Columns::One {
        return;
    }
    let edges = [
        plan.sessions.map(|pane| pane.right()),
        plan.traces.map(|pane| pane.x.saturating_sub(1)),
    ];
    for x in edges.into_iter().flatten() {
        if plan.rule.height > 0 {
            buf.set_string(x, plan.rule.y, "┬", style);
        }
        for y in plan.rule.bottom()..plan.composer.bottom() {
            buf.set_string(x, y, "│", style);
        }
    }
}

/// Says how things stand where there is no room for more.
fn tiny(app: &App, area: Rect, buf: &mut Buffer) {
    let mut lines = Vec::new();
    if let Some(session) = app.session() {
        let (sign, word, style) = status::state(session, app.theme);
        lines.push(Line::from(vec![
            Span::styled(
                crate::sanitize::line(&session.name).into_owned(),
                app.theme.strong(),
            ),
            Span::styled(format!("  {sign} {word}"), style),
        ]));
    } else {
        lines.push(Line::styled("smartopol", app.theme.strong()));
    }
    let (waiting, _) = app.count_waiting();
    if waiting > 0 {
        lines.push(Line::styled(
            format!("{waiting} waiting for you"),
            app.theme.strong(),
        ));
    }
    lines.push(Line::from(status::link(app)));
    let room = usize::from(area.width);
    let words = Span::styled(
        "too small a window: 40 by 8 is the least",
        app.theme.quiet(),
    );
    lines.extend(wrap(&[words], room, &Indent::default()));
    for (line, y) in lines.into_iter().zip(area.y..area.bottom()) {
        let line = Line::from(crate::widget::text::clip_spans(
            line.spans
                .into_iter()
                .map(|span| Span::styled(span.content, line.style.patch(span.style)))
                .collect(),
            room,
        ));
        buf.set_line(area.x, y, &line, area.width);
    }
}

/// Parts a screen into a list and the page of what is chosen in it, with a rule between them.
fn halves(app: &App, body: Rect, buf: &mut Buffer) -> [Rect; 2] {
    let wide = (body.width / 2).clamp(44, 84).min(body.width);
    let left = Rect {
        width: wide,
        ..body
    };
    let right = Rect {
        x: left.right() + 1,
        width: body.width.saturating_sub(wide + 1),
        ..body
    };
    for y in body.top()..body.bottom() {
        buf.set_string(left.right(), y, "│", app.theme.quiet());
    }
    [left, right]
}

fn put(line: &Line<'_>, area: Rect, buf: &mut Buffer) {
    if area.height > 0 {
        buf.set_line(area.x, area.y, line, area.width);
    }
}

/// Returns the lines of a draft that fit, with the cursor's place among them.
pub(crate) fn draft_lines(
    composer: &Composer,
    room: usize,
    height: usize,
) -> (Vec<String>, (usize, usize)) {
    let layout = composer.layout(room);
    let (line, cell) = layout.cursor;
    let from = (line + 1).saturating_sub(height.max(1));
    let lines = layout
        .lines
        .iter()
        .skip(from)
        .take(height)
        .map(|range| crate::sanitize::line(&composer.shown(range.clone())).into_owned())
        .collect();
    (lines, (line - from, cell))
}
