//! What waits for a person: one ranked list, each line with how it is answered.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use smartopol_protocol::attention::{Item, Kind, Priority};
use smartopol_protocol::question::Question;

use super::jobs::countdown;
use crate::app::App;
use crate::app::keymap::{Action, Place};
use crate::app::mouse::Spot;
use crate::app::question::CHOICES;
use crate::model::attention::sort_of;
use crate::sanitize;
use crate::theme::Theme;
use crate::widget::text::{Indent, clip, spread, width, wrap};
use crate::widget::time;

/// How wide the sorts of things are, at most.
const SORTS: usize = 13;

/// What the age of an item takes of the line of its title, at most.
const SINCE: usize = 8;

/// Draws the list; what is selected is told whole.
pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    if area.height == 0 || area.width < 4 {
        return;
    }
    let theme = app.theme;
    let room = usize::from(area.width);
    let air = u16::from(area.height >= 16);
    let items: Vec<&Item> = app.attention().collect();
    let count = match items.len() {
        0 => String::new(),
        count => format!("{count} "),
    };
    let title = spread(
        vec![Span::styled(" Waiting for you", theme.selected())],
        vec![Span::styled(count, theme.quiet())],
        room,
    );
    buf.set_line(area.x, area.y + air, &title, area.width);
    let list = Rect {
        y: (area.y + 2 * air + 1).min(area.bottom()),
        height: area.height.saturating_sub(2 * air + 1),
        ..area
    };
    if items.is_empty() {
        let words = clip("Nothing waits for you.", room.saturating_sub(2));
        buf.set_stringn(list.x + 1, list.y, words, room - 1, theme.quiet());
        return;
    }
    let at = app.inbox.selected;
    let at = items.iter().position(|item| Some(item.id) == at);
    let at = at.unwrap_or(0);
    // All rows up to the selected one and its own must fit; those above give way.
    let rows: Vec<Vec<Line<'static>>> = items
        .iter()
        .enumerate()
        .map(|(number, item)| {
            let mut rows = row(app, item, number == at, room);
            if air > 0 {
                rows.push(Line::raw(""));
            }
            rows
        })
        .collect();
    let fit = usize::from(list.height);
    let mut from = at;
    let mut tall = rows.get(at).map_or(0, Vec::len);
    while let Some(above) = from.checked_sub(1).and_then(|above| rows.get(above)) {
        if tall + above.len() > fit {
            break;
        }
        tall += above.len();
        from -= 1;
    }
    let mut y = list.y;
    for (item, rows) in items.iter().zip(&rows).skip(from) {
        let top = y;
        for line in rows {
            if y < list.bottom() {
                buf.set_line(list.x, y, line, list.width);
                y += 1;
            }
        }
        let place = Rect {
            y: top,
            height: y - top,
            ..list
        };
        app.spot(place, Spot::Item(item.id));
    }
}

fn row(app: &App, item: &Item, selected: bool, room: usize) -> Vec<Line<'static>> {
    let theme = app.theme;
    let (sign, style) = sign(item, theme);
    let edge = Span::styled(if selected { "│" } else { " " }, theme.selected());
    let title = sanitize::line(&item.title).into_owned();
    let title_style = if selected {
        theme.selected()
    } else {
        theme.text()
    };
    let sort = sort_of(item.kind);
    let sorts = if room >= 60 {
        format!("{sort:<SORTS$} ")
    } else {
        String::new()
    };
    let since = app.now.wall.millis_since(item.at) / 60_000;
    let since = match since {
        0 => "now".to_owned(),
        minutes => time::seconds(minutes * 60),
    };
    let first = spread(
        vec![
            edge.clone(),
            Span::styled(format!("{sign} "), style),
            Span::styled(sorts, style),
            Span::styled(title, title_style),
        ],
        vec![Span::styled(format!("{since} "), theme.quiet())],
        room,
    );
    let indent = if room >= 60 { SORTS + 4 } else { 3 };
    let mut about = Vec::new();
    let session = item.session_id.and_then(|id| app.model.session(id));
    if let Some(session) = session {
        about.push(sanitize::line(&session.name).into_owned());
    }
    // What failed was due at its time, however long its tries took.
    if let Some(due) = item.due_at.filter(|_| item.kind == Kind::Reminder) {
        let late = item.at.millis_since(due) / 1_000;
        if late > 0 {
            about.push(format!("{} late", time::seconds(late)));
        }
    }
    if let Some(deadline) = item.deadline {
        about.push(format!("expires {}", countdown(deadline, app.now.wall)));
    }
    if item.told > 1 && item.kind != Kind::Memory {
        about.push(format!("told {} times", item.told));
    }
    let question = item.question_id.and_then(|id| app.model.question(id));
    let question = question.filter(|_| selected);
    // What can be chosen stands below, each on its line.
    if !item.detail.is_empty() && question.is_none() {
        about.push(sanitize::line(&item.detail).into_owned());
    }
    let about = about.join(" · ");
    let pad = " ".repeat(indent.saturating_sub(1));
    let mut lines = vec![first];
    if !selected && !about.is_empty() {
        let about = clip(&about, room.saturating_sub(indent + 1));
        let spans = vec![edge, Span::raw(pad), Span::styled(about, theme.quiet())];
        lines.push(Line::from(spans));
        return lines;
    }
    if !selected {
        return lines;
    }
    let wide = room.saturating_sub(indent + 1).max(8);
    let told = [Span::styled(clip(&about, 1_000), theme.quiet())];
    let mut told = wrap(&told, wide, &Indent::spaces(0));
    told.retain(|_| !about.is_empty());
    let asked = match (question, item.kind) {
        (Some(own), _) => choices(app, own, wide),
        (None, Kind::Memory) => memories(app, item, wide),
        (None, _) => Vec::new(),
    };
    let how = answers(app, item, wide);
    for line in told.into_iter().chain(asked).chain([how]) {
        let mut spans = vec![edge.clone(), Span::raw(pad.clone())];
        spans.extend(line.spans);
        lines.push(Line::from(spans));
    }
    lines
}

fn sign(item: &Item, theme: Theme) -> (&'static str, Style) {
    let style = match item.priority {
        Priority::Urgent => theme.bad(),
        Priority::High => theme.strong(),
        Priority::Normal => theme.text(),
        Priority::Low => theme.quiet(),
    };
    let sign = match item.kind {
        Kind::Approval | Kind::Question | Kind::Stranger | Kind::Memory => "?",
        Kind::Reminder => "●",
        Kind::JobPaused => "‖",
        Kind::JobMissed | Kind::ApprovalExpired | Kind::QuestionExpired | Kind::TerminalEnded => {
            "○"
        }
        Kind::TurnFailed | Kind::JobFailed | Kind::BudgetUsed => "✗",
    };
    (sign, style)
}

/// Returns what waits to be remembered, and whose it is where that is somebody else.
fn memories(app: &App, item: &Item, room: usize) -> Vec<Line<'static>> {
    let theme = app.theme;
    let Some(memories) = app.waiting_of(item) else {
        return vec![Line::styled("asking the daemon…", theme.quiet())];
    };
    let mut lines = Vec::new();
    for own in memories {
        let text = sanitize::line(&own.text).into_owned();
        let indent = Indent {
            first: vec![Span::styled("· ", theme.selected())],
            rest: vec![Span::raw("  ")],
        };
        lines.extend(wrap(&[Span::styled(text, theme.text())], room, &indent));
        let mut about = vec![Span::raw("  ")];
        if !own.taint.is_empty() {
            about.push(Span::styled("untrusted · ", theme.bad()));
        }
        let told = format!("{} · {} % sure", own.category.name(), own.confidence);
        about.push(Span::styled(told, theme.quiet()));
        lines.push(Line::from(about));
    }
    lines
}

/// Returns the rest of a question that the title does not say, and what can be chosen.
fn choices(app: &App, question: &Question, room: usize) -> Vec<Line<'static>> {
    let theme = app.theme;
    let text = sanitize::text(&question.text);
    let mut lines: Vec<Line<'static>> = Vec::new();
    let said = text.trim();
    if said.lines().count() > 1 || width(said) + SINCE > room {
        // The title said the first line, where that is short.
        let first = said.lines().next().unwrap_or_default();
        let known = usize::from(width(first) + SINCE <= room);
        for line in said
            .lines()
            .skip(known)
            .skip_while(|line| known > 0 && line.is_empty())
        {
            let words = [Span::styled(line.to_owned(), theme.text())];
            lines.extend(wrap(&words, room, &Indent::spaces(0)));
        }
    }
    for (choice, action) in question.choices.iter().zip(CHOICES) {
        let key = app.key_of(&[Place::Inbox], action).unwrap_or_default();
        let label = sanitize::line(&choice.label);
        let label = clip(&label, room.saturating_sub(width(&key) + 2));
        let left = room.saturating_sub(width(&key) + width(&label) + 4);
        let mut spans = vec![
            Span::styled(format!("{key}  "), theme.selected()),
            Span::styled(label, theme.text()),
        ];
        let why = sanitize::line(&choice.explanation);
        if left >= 12 && !why.is_empty() {
            spans.push(Span::styled(
                format!("  {}", clip(&why, left)),
                theme.quiet(),
            ));
        }
        lines.push(Line::from(spans));
    }
    lines
}

/// Says how an item is answered, by the keys that there are.
fn answers(app: &App, item: &Item, room: usize) -> Line<'static> {
    let all: &[(Action, &str)] = match item.kind {
        Kind::Approval => &[(Action::Open, "to its card")],
        Kind::Question => &[
            (Action::Open, "to its card"),
            (Action::Dismiss, "no answer"),
        ],
        Kind::ApprovalExpired | Kind::QuestionExpired => &[
            (Action::Open, "to its session"),
            (Action::Acknowledge, "done"),
        ],
        Kind::TurnFailed => &[
            (Action::Continue, "continue"),
            (Action::Open, "to its session"),
            (Action::Acknowledge, "done"),
            (Action::Snooze, "in 10 min"),
        ],
        Kind::JobFailed | Kind::JobMissed => &[
            (Action::RunJob, "run it now"),
            (Action::Dismiss, "skip it"),
            (Action::Open, "its ledger"),
            (Action::Snooze, "in 10 min"),
        ],
        Kind::JobPaused => &[
            (Action::RestJob, "end its rest"),
            (Action::Open, "its ledger"),
            (Action::Acknowledge, "done"),
        ],
        Kind::TerminalEnded => &[(Action::Open, "see it"), (Action::Acknowledge, "done")],
        Kind::Stranger => &[
            (Action::Open, "how to answer"),
            (Action::Snooze, "in 10 min"),
        ],
        Kind::BudgetUsed => &[
            (Action::Open, "to its session"),
            (Action::Acknowledge, "done"),
        ],
        Kind::Memory if app.is_kept_one_by_one(item) => &[
            (Action::Open, "one by one"),
            (Action::Reject, "reject all"),
            (Action::Snooze, "in 10 min"),
            (Action::Acknowledge, "let them wait"),
        ],
        Kind::Memory if item.memory_ids.len() > 1 => &[
            (Action::Approve, "keep all"),
            (Action::Reject, "reject all"),
            (Action::Open, "one by one"),
            (Action::Snooze, "in 10 min"),
            (Action::Acknowledge, "let them wait"),
        ],
        Kind::Memory => &[
            (Action::Approve, "keep"),
            (Action::Reject, "reject"),
            (Action::EditMemory, "in your words"),
            (Action::Open, "all of it"),
            (Action::Snooze, "in 10 min"),
            (Action::Acknowledge, "let it wait"),
        ],
        Kind::Reminder => &[
            (Action::Acknowledge, "done"),
            (Action::Snooze, "in 10 min"),
            (Action::SnoozeLong, "in an hour"),
            (Action::Dismiss, "put away"),
        ],
    };
    let mut spans = Vec::new();
    let mut used = 0;
    for (action, words) in all {
        let Some(key) = app.key_of(&[Place::Inbox], *action) else {
            continue;
        };
        let wide = width(&key) + width(words) + 4;
        if used + wide > room + 3 {
            break;
        }
        used += wide;
        spans.push(Span::styled(key, app.theme.strong()));
        spans.push(Span::styled(format!(" {words}   "), app.theme.quiet()));
    }
    Line::from(spans)
}
