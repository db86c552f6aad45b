//! The terminals: a list with how each stands, and the selected one live.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use smartopol_protocol::terminal::{End, Party, Terminal, TerminalState};

use crate::app::keymap::{Action, Place};
use crate::app::mouse::Spot;
use crate::app::{App, Going};
use crate::model::terminals::Row;
use crate::sanitize;
use crate::theme::Theme;
use crate::widget::text::{clip, spread, width};
use crate::widget::{time, vt};

/// From this width on, the list and the live one stand beside each other.
const BESIDE: u16 = 90;

/// From this width on they do so while somebody types too.
const ROOMY: u16 = 150;

/// From this height on, the list stands over the live one.
const OVER: u16 = 14;

/// Where the list and the live terminal are.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Places {
    pub(super) list: Rect,
    /// The line that says what the live one is.
    head: Rect,
    /// The live one's cells.
    pub(super) live: Rect,
}

/// Returns what is where.
pub(super) fn places(app: &App, area: Rect) -> Places {
    let below = |area: Rect| {
        let head = Rect {
            height: area.height.min(1),
            ..area
        };
        let live = Rect {
            y: area.y + head.height,
            height: area.height - head.height,
            ..area
        };
        (head, live)
    };
    let typing = app.terms.typing;
    let (list, rest) = if area.width >= BESIDE && !(typing && area.width < ROOMY) {
        let wide = (area.width / 4).clamp(28, 44);
        let list = Rect {
            width: wide,
            ..area
        };
        let rest = Rect {
            x: area.x + wide + 1,
            width: area.width - wide - 1,
            ..area
        };
        (list, rest)
    } else if typing || app.model.terminals.iter().len() == 0 {
        let none = Rect { height: 0, ..area };
        if typing { (none, area) } else { (area, none) }
    } else if area.height >= OVER {
        let rows = u16::try_from(app.model.terminals.iter().len()).unwrap_or(u16::MAX);
        let tall = rows
            .saturating_mul(2)
            .saturating_add(1)
            .min(area.height / 3);
        let list = Rect {
            height: tall,
            ..area
        };
        let rest = Rect {
            y: area.y + tall,
            height: area.height - tall,
            ..area
        };
        (list, rest)
    } else {
        (area, Rect { height: 0, ..area })
    };
    let (head, live) = below(rest);
    Places { list, head, live }
}

/// Draws the screen; returns where the cursor belongs.
pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let places = places(app, area);
    if places.list.width < area.width {
        let x = places.list.right();
        for y in area.top()..area.bottom() {
            buf.set_string(x, y, "│", app.theme.quiet());
        }
        if app.plan.rule.height > 0 {
            buf.set_string(x, app.plan.rule.y, "┬", app.theme.quiet());
        }
    }
    list(app, places.list, buf);
    let row = app
        .terms
        .selected
        .and_then(|id| app.model.terminals.get(id))?;
    if places.head.height > 0 {
        let line = head(app, row, places.head.width.into());
        buf.set_line(places.head.x, places.head.y, &line, places.head.width);
    }
    live(app, row, places.live, buf)
}

fn list(app: &App, area: Rect, buf: &mut Buffer) {
    if area.height == 0 {
        return;
    }
    let theme = app.theme;
    let room = usize::from(area.width);
    let count = app.model.terminals.iter().len();
    let title_style = if app.terms.typing {
        theme.quiet()
    } else {
        theme.selected()
    };
    let number = if count == 0 {
        String::new()
    } else {
        format!("{count} ")
    };
    let title = spread(
        vec![Span::styled(" Terminals", title_style)],
        vec![Span::styled(number, theme.quiet())],
        room,
    );
    buf.set_line(area.x, area.y, &title, area.width);
    let air = u16::from(area.height >= 16);
    let list = Rect {
        y: (area.y + 1 + air).min(area.bottom()),
        height: area.height.saturating_sub(1 + air),
        ..area
    };
    if count == 0 {
        let key = app.key_of(&[Place::Terminals], Action::NewTerminal);
        let how = key.map_or(String::new(), |key| format!("{key} opens one"));
        let lines = ["No terminal is open.".to_owned(), how];
        for (line, y) in lines.iter().zip(list.y..list.bottom()) {
            buf.set_stringn(list.x + 1, y, clip(line, room), room, theme.quiet());
        }
        return;
    }
    let mut rows = app.model.terminals.iter();
    let at = rows.position(|row| Some(row.terminal.id) == app.terms.selected);
    let at = at.unwrap_or(0);
    let tall = 2 + air;
    let fit = usize::from(list.height / tall).max(1);
    let from = (at + 1).saturating_sub(fit);
    let mut y = list.y;
    for (number, row) in app.model.terminals.iter().enumerate().skip(from) {
        if y >= list.bottom() {
            break;
        }
        for (line, y) in lines(app, row, number == at, room)
            .iter()
            .zip(y..list.bottom())
        {
            buf.set_line(list.x, y, line, list.width);
        }
        let place = Rect {
            y,
            height: tall.min(list.bottom() - y),
            ..list
        };
        app.spot(place, Spot::Terminal(row.terminal.id));
        y += tall;
    }
}

fn lines(app: &App, row: &Row, selected: bool, room: usize) -> [Line<'static>; 2] {
    let theme = app.theme;
    let terminal = &row.terminal;
    let (sign, words, style) = state(row, theme);
    let edge = Span::styled(if selected { "│" } else { " " }, theme.selected());
    let title = sanitize::line(&terminal.title).into_owned();
    let title_style = if selected {
        theme.selected()
    } else {
        theme.text()
    };
    let since = app.now.wall.millis_since(terminal.since) / 60_000;
    let since = match (app.goes_in(Going::Terminal(terminal.id)), since) {
        (Some(seconds), _) => format!("goes in {seconds} s "),
        (None, 0) => "now ".to_owned(),
        (None, minutes) => format!("{} ", time::seconds(minutes * 60)),
    };
    let first = spread(
        vec![
            edge.clone(),
            Span::styled(format!("{sign} "), style),
            Span::styled(title, title_style),
        ],
        vec![Span::styled(since, theme.quiet())],
        room,
    );
    let whose = match terminal.owner {
        Party::Agent => "agent",
        Party::Person => "you",
    };
    let session = terminal.session_id.and_then(|id| app.model.session(id));
    let session = session.map_or(String::new(), |session| {
        format!(" · {}", sanitize::line(&session.name))
    });
    let whose = format!("{whose}{session} ");
    // How it stands matters more than which program it is.
    let fits = width(&words) + width(&whose) + 4 <= room;
    let bare = words.strip_prefix(&*sanitize::line(&row.foreground));
    let words = match bare.filter(|_| !fits) {
        Some(bare) => bare.trim_start().to_owned(),
        None => words,
    };
    let second = spread(
        vec![edge, Span::raw("  "), Span::styled(words, style)],
        vec![Span::styled(whose, theme.quiet())],
        room,
    );
    [first, second]
}

/// Returns how a terminal stands: a sign, words, and the style of both.
pub(super) fn state(row: &Row, theme: Theme) -> (&'static str, String, Style) {
    match &row.terminal.state {
        TerminalState::Running {
            trouble: Some(why), ..
        } => ("✗", sanitize::line(why).into_owned(), theme.bad()),
        TerminalState::Running { closed: true, .. } => {
            ("○", "runs, terminal closed".to_owned(), theme.quiet())
        }
        TerminalState::Running { .. } if row.waits => {
            ("○", with(row, "waits for input"), theme.text())
        }
        TerminalState::Running { .. } => ("●", with(row, "runs"), theme.good()),
        TerminalState::Ended { end } => match end {
            End::Exited { code: 0 } => ("✓", "exited 0".to_owned(), theme.quiet()),
            End::Exited { code } => ("✗", format!("exited {code}"), theme.bad()),
            End::Signaled { signal } => {
                let signal = sanitize::line(signal);
                ("✗", format!("ended by {signal}"), theme.bad())
            }
            End::NotStarted { reason } => {
                let reason = sanitize::line(reason);
                ("✗", format!("did not start: {reason}"), theme.bad())
            }
            End::Abandoned => ("✗", "ended: nobody came".to_owned(), theme.bad()),
            End::Lost { reason } => {
                let reason = sanitize::line(reason);
                ("✗", format!("lost: {reason}"), theme.bad())
            }
        },
    }
}

fn with(row: &Row, words: &str) -> String {
    let program = sanitize::line(&row.foreground);
    if program.is_empty() {
        words.to_owned()
    } else {
        format!("{program} {words}")
    }
}

/// Says what the live one is, who types, and how far back it is looked at.
fn head(app: &App, row: &Row, room: usize) -> Line<'static> {
    let theme = app.theme;
    let terminal = &row.terminal;
    let screen = app.terms.emulator(terminal.id);
    let title = screen
        .map(crate::emulator::Emulator::title)
        .unwrap_or_default();
    let title = if title.trim().is_empty() {
        &terminal.title
    } else {
        &title
    };
    let title = sanitize::line(title).into_owned();
    let style = if app.terms.typing {
        theme.selected()
    } else {
        theme.strong()
    };
    let who = match (terminal.runs(), terminal.typist, app.terms.typing) {
        (false, ..) => state(row, theme).1,
        (true, Party::Agent, _) => "the agent types".to_owned(),
        (true, Party::Person, true) => "you type".to_owned(),
        (true, Party::Person, false) => "yours to type".to_owned(),
    };
    let who_style = if terminal.typist == Party::Agent {
        theme.strong()
    } else {
        theme.quiet()
    };
    let mut right = Vec::new();
    let back = screen.map_or(0, crate::emulator::Emulator::scrolled);
    if back > 0 {
        right.push(Span::styled(
            format!("{back} lines back ↑ · "),
            theme.strong(),
        ));
    }
    right.push(Span::styled(who, who_style));
    right.push(Span::styled(
        format!(" · {}", size(app, row)),
        theme.quiet(),
    ));
    right.push(Span::raw(" "));
    spread(
        vec![Span::raw(" "), Span::styled(title, style)],
        right,
        room,
    )
}

/// Says how large a terminal is, and why no larger.
fn size(app: &App, row: &Row) -> String {
    let Terminal { size, .. } = &row.terminal;
    let cells = format!("{}×{}", size.columns, size.rows);
    let others = row.viewers.len().saturating_sub(1);
    let live = app.plan.live;
    let smaller = size.columns < live.width || size.rows < live.height;
    let seen = (size.columns.min(live.width), size.rows.min(live.height));
    let cells = match seen == (size.columns, size.rows) {
        true => cells,
        false => format!("{cells}, {}×{} seen", seen.0, seen.1),
    };
    let smallest = row
        .smallest
        .and_then(|client| row.viewers.iter().find(|own| own.client == client))
        .map(|viewer| sanitize::line(&viewer.name).into_owned());
    match (others, smallest) {
        (0, _) => cells,
        (_, Some(name)) if smaller => format!("{cells}, as small as the window of {name}"),
        (1, _) => format!("{cells}, one more is here"),
        (others, _) => format!("{cells}, {others} more are here"),
    }
}

fn live(app: &App, row: &Row, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let emulator = app.terms.emulator(row.terminal.id)?;
    if area.height == 0 || area.width == 0 {
        return None;
    }
    let marked = app.terms.hit.into_iter().chain(emulator.selected());
    vt::draw(emulator, marked, area, buf);
    let size = emulator.size();
    // What is beyond its edge is not the terminal's.
    let quiet = app.theme.quiet();
    if size.columns < area.width {
        for y in area.top()..area.bottom().min(area.y.saturating_add(size.rows)) {
            buf.set_string(area.x + size.columns, y, "▏", quiet);
        }
    }
    if size.rows < area.height {
        let wide = usize::from(size.columns.min(area.width));
        buf.set_string(area.x, area.y + size.rows, "▔".repeat(wide), quiet);
    }
    let (x, y) = emulator.cursor().filter(|_| app.terms.typing)?;
    (x < area.width && y < area.height).then(|| Position::new(area.x + x, area.y + y))
}
