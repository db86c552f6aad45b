//! Windows over the screen: a stack, of which the top one sees the keys.

mod call;
mod command;
mod everywhere;
mod help;
mod job_form;
mod lab;
mod line;
mod memory_form;
mod palette;
mod picker;
mod trace;
mod waterfall;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget};
use smartopol_protocol::{ApprovalId, CallId, MemoryId, SessionId, TraceId, UserId};

use crate::app::job_form::JobForm;
use crate::app::keymap::Place;
use crate::app::lab::Lab;
use crate::app::memory_form::MemoryForm;
use crate::app::people::Field;
use crate::app::{App, Going};
use crate::theme::Theme;
use crate::widget::composer::Composer;
use crate::widget::frame::{Edge, boxed};

pub(crate) use line::field;
pub(crate) use picker::matching;
pub(crate) use waterfall::Waterfall;

/// A window.
#[derive(Debug)]
pub(crate) enum Overlay {
    Help {
        scroll: usize,
        /// Only what has these words in it.
        filter: Composer,
        /// Where keys went when it was opened: that comes first.
        from: &'static [Place],
    },
    Palette {
        letters: Composer,
        at: usize,
    },
    /// A search in all sessions.
    Everywhere {
        line: Composer,
        at: usize,
    },
    Command(Typed),
    Picker {
        filter: Composer,
        at: Option<SessionId>,
    },
    Trace {
        id: TraceId,
        scroll: usize,
    },
    /// A call of a replay.
    Call {
        id: CallId,
        scroll: usize,
    },
    Lab(Box<Lab>),
    Waterfall(Waterfall),
    Line(Asked),
    Question {
        remove: Going,
    },
    JobForm(Box<JobForm>),
    MemoryForm(Box<MemoryForm>),
}

/// What a line of text is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Rename(SessionId),
    NewSession,
    DenyNote(ApprovalId),
    Search,
    /// A message of a replay, by its number.
    GoTo {
        first: u64,
        last: u64,
    },
    SearchTerminal,
    AddMemory,
    KeepMemory(MemoryId),
    User(UserId, Field),
}

/// A line of text that is being asked for.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) purpose: Purpose,
    pub(crate) line: Composer,
}

impl Asked {
    pub(crate) fn new(purpose: Purpose, text: String) -> Self {
        let mut line = Composer::default();
        line.set(text);
        Self { purpose, line }
    }
}

/// A command that is being written.
#[derive(Debug, Default)]
pub(crate) struct Typed {
    pub(crate) line: Composer,
    /// What was written before it was completed.
    pub(crate) begun: Option<String>,
    /// Which completion the line is.
    pub(crate) at: Option<usize>,
    /// Why the line was not carried out.
    pub(crate) wrong: Option<String>,
}

impl Overlay {
    pub(crate) fn help(from: &'static [Place], words: &str) -> Self {
        let mut filter = Composer::default();
        filter.set(words.to_owned());
        Self::Help {
            scroll: 0,
            filter,
            from,
        }
    }

    pub(crate) fn palette() -> Self {
        Self::Palette {
            letters: Composer::default(),
            at: 0,
        }
    }

    pub(crate) fn command_line(text: String) -> Self {
        let mut typed = Typed::default();
        typed.line.set(text);
        Self::Command(typed)
    }

    pub(crate) fn picker(at: Option<SessionId>) -> Self {
        Self::Picker {
            filter: Composer::default(),
            at,
        }
    }

    pub(crate) const fn trace(id: TraceId) -> Self {
        Self::Trace { id, scroll: 0 }
    }

    /// Returns where keys go in it.
    pub(crate) const fn place(&self) -> Place {
        match self {
            Self::Help { .. } => Place::Help,
            Self::Palette { .. } | Self::Everywhere { .. } => Place::Palette,
            Self::Command(_) => Place::CommandLine,
            Self::Trace { .. } | Self::Call { .. } => Place::Page,
            Self::Waterfall(_) => Place::Waterfall,
            Self::Picker { .. } => Place::Picker,
            Self::Lab(lab) if lab.text.is_none() => Place::Lab,
            Self::Line(_) | Self::Lab(_) => Place::Line,
            Self::Question { .. } => Place::Question,
            Self::JobForm(_) => Place::JobForm,
            Self::MemoryForm(_) => Place::MemoryForm,
        }
    }
}

/// Draws the windows; returns where the cursor belongs. What is scrolled too far is brought back.
pub(crate) fn draw(
    app: &App,
    overlays: &mut [Overlay],
    area: Rect,
    buf: &mut Buffer,
) -> Option<Position> {
    let mut cursor = None;
    if !overlays.is_empty() {
        recede(app.theme, area, buf);
    }
    for overlay in overlays {
        cursor = match overlay {
            Overlay::Help {
                scroll,
                filter,
                from,
            } => help::draw(app, scroll, filter, from, area, buf),
            Overlay::Palette { letters, at } => palette::draw(app, letters, at, area, buf),
            Overlay::Everywhere { line, at } => everywhere::draw(app, line, at, area, buf),
            Overlay::Command(typed) => command::draw(app, typed, area, buf),
            Overlay::Picker { filter, at } => picker::draw(app, filter, *at, area, buf),
            Overlay::Trace { id, scroll } => trace::draw(app, *id, scroll, area, buf),
            Overlay::Call { id, scroll } => call::draw(app, *id, scroll, area, buf),
            Overlay::Waterfall(fall) => waterfall::draw(app, fall, area, buf),
            Overlay::Lab(lab) => lab::draw(app, lab, area, buf),
            Overlay::Line(asked) => line::draw(app, asked, area, buf),
            Overlay::Question { remove } => line::question(app, *remove, area, buf),
            Overlay::JobForm(form) => job_form::draw(app, form, area, buf),
            Overlay::MemoryForm(form) => memory_form::draw(app, form, area, buf),
        };
    }
    cursor
}

/// Makes what is below a window quiet.
fn recede(theme: Theme, area: Rect, buf: &mut Buffer) {
    let quiet = Style::reset().patch(theme.quiet());
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            if let Some(cell) = buf.cell_mut((x, y)) {
                cell.set_style(quiet);
            }
        }
    }
}

/// Draws a frame of at most this size in the middle, and returns what is inside it.
fn window(
    area: Rect,
    (wide, tall): (u16, u16),
    title: &str,
    foot: &str,
    theme: Theme,
    buf: &mut Buffer,
) -> Rect {
    let wide = wide.min(area.width);
    let tall = tall.min(area.height);
    let frame = Rect {
        x: area.x + (area.width - wide) / 2,
        y: area.y + (area.height - tall) / 2,
        width: wide,
        height: tall,
    };
    window_at(frame, title, foot, theme, buf)
}

/// Draws a frame in this place, and returns what is inside it.
fn window_at(frame: Rect, title: &str, foot: &str, theme: Theme, buf: &mut Buffer) -> Rect {
    let area = buf.area;
    // A cell of air at each side keeps what is below from running into the frame.
    let left = frame.x.saturating_sub(1).max(area.x);
    let right = (frame.right() + 1).min(area.right());
    Clear.render(
        Rect {
            x: left,
            width: right - left,
            ..frame
        },
        buf,
    );
    let style = theme.selected();
    let top = Edge::left(vec![Span::styled(
        title.to_owned(),
        style.patch(theme.strong()),
    )]);
    let foot = Edge::left(vec![Span::styled(foot.to_owned(), theme.quiet())]);
    boxed(frame, top, foot, style, buf)
}

/// Returns how wide and tall a page over the screen is at most.
fn page_in(area: Rect) -> (u16, u16) {
    let beside = if area.width >= 90 { 8 } else { 0 };
    let above = if area.height >= 24 { 4 } else { 0 };
    (
        area.width.saturating_sub(beside).min(110),
        area.height.saturating_sub(above),
    )
}

/// Draws lines from `scroll` on, as far as there are some.
fn scrolled(lines: &[Line<'static>], scroll: &mut usize, area: Rect, buf: &mut Buffer) {
    *scroll = (*scroll).min(lines.len().saturating_sub(usize::from(area.height)));
    for (line, y) in lines.iter().skip(*scroll).zip(area.y..area.bottom()) {
        buf.set_line(area.x, y, line, area.width);
    }
}

/// Says how much is above and below what is seen.
fn position(lines: usize, scroll: usize, height: u16) -> String {
    let most = lines.saturating_sub(usize::from(height));
    match scroll.min(most) {
        _ if most == 0 => String::new(),
        at => format!(
            " · {} of {lines} lines",
            (at + usize::from(height)).min(lines)
        ),
    }
}

/// Joins hints of keys to one line.
fn keys(hints: &[(String, &'static str)]) -> String {
    let words: Vec<String> = hints
        .iter()
        .map(|(key, words)| format!("{key} {words}"))
        .collect();
    words.join(" · ")
}
