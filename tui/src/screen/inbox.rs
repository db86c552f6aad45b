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

/// How many lines the title of the selected item takes at most, and how many what is told of it.
const MOST: usize = 8;

/// Draws the list, where what is selected is told at length; or one item whole, where `scroll` is
/// brought back to what there is.
pub(super) fn draw(app: &App, area: Rect, scroll: &mut usize, buf: &mut Buffer) {
    if area.height == 0 || area.width < 4 {
        return;
    }
    let theme = app.theme;
    let room = usize::from(area.width);
    let air = u16::from(area.height >= 16);
    let items: Vec<&Item> = app.attention().collect();
    let whole = app.inbox.whole;
    if let Some(item) = items.iter().find(|item| Some(item.id) == whole) {
        return page(app, item, area, scroll, buf);
    }
    let count = match items.len() {
        0 => String::new(),
        count => format!("{count} "),
    };
    let words = match app.inbox.others {
        Some(_) => " Waiting for you and for others",
        None => " Waiting for you",
    };
    let title = spread(
        vec![Span::styled(words, theme.selected())],
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

/// Draws one item whole: all its words, and below them how it is answered.
fn page(app: &App, item: &Item, area: Rect, scroll: &mut usize, buf: &mut Buffer) {
    let theme = app.theme;
    let room = usize::from(area.width).saturating_sub(2).max(1);
    let (sign, style) = sign(item, theme);
    let mut lines = Vec::new();
    let about = about(app, item).join(" · ");
    for (text, style) in [
        (item.title.as_str(), theme.text()),
        (item.detail.as_str(), theme.text()),
        (about.as_str(), theme.quiet()),
    ] {
        if text.trim().is_empty() {
            continue;
        }
        if !lines.is_empty() {
            lines.push(Line::raw(""));
        }
        let text = sanitize::text(text.trim()).into_owned();
        lines.extend(wrap(&[Span::styled(text, style)], room, &Indent::spaces(0)));
    }
    let list = Rect {
        x: area.x + 1,
        y: area.y + 2,
        width: area.width - 2,
        height: area.height.saturating_sub(4),
    };
    let fit = usize::from(list.height);
    *scroll = (*scroll).min(lines.len().saturating_sub(fit));
    let seen = (*scroll + fit).min(lines.len());
    let place = match lines.len() > fit {
        true => format!("lines {}–{seen} of {} ", *scroll + 1, lines.len()),
        false => format!("{} ", since(app, item)),
    };
    let head = spread(
        vec![
            Span::styled(format!(" {sign} "), style),
            Span::styled(sort_of(item.kind), style),
        ],
        vec![Span::styled(place, theme.quiet())],
        area.width.into(),
    );
    buf.set_line(area.x, area.y, &head, area.width);
    for (line, y) in lines.iter().skip(*scroll).zip(list.y..list.bottom()) {
        buf.set_line(list.x, y, line, list.width);
    }
    let how = answers(app, item, room);
    buf.set_line(list.x, area.bottom() - 1, &how, list.width);
}

fn since(app: &App, item: &Item) -> String {
    match app.now.wall.millis_since(item.at) / 60_000 {
        0 => "now".to_owned(),
        minutes => time::seconds(minutes * 60),
    }
}

/// Returns what is to be known of an item besides its words.
fn about(app: &App, item: &Item) -> Vec<String> {
    let mut about = Vec::new();
    if let Some(name) = app.model.other(item.user_id) {
        about.push(format!("for {}", sanitize::line(name)));
    }
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
    about
}

/// Keeps at most so many lines, and says that there is more.
fn bounded(lines: &mut Vec<Line<'static>>, room: usize) {
    if lines.len() <= MOST {
        return;
    }
    lines.truncate(MOST);
    if let Some(last) = lines.last_mut() {
        let style = last.spans.last().map_or_else(Style::default, |s| s.style);
        let text: String = last.spans.iter().map(|s| s.content.as_ref()).collect();
        let text = format!("{}…", clip(text.trim_end(), room.saturating_sub(1)));
        *last = Line::styled(text, style);
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
    let since = since(app, item);
    let question = item.question_id.and_then(|id| app.model.question(id));
    let question = question.filter(|_| selected);
    let indent = if room >= 60 { SORTS + 4 } else { 3 };
    let wide = room.saturating_sub(indent + 1).max(8);
    let pad = " ".repeat(indent.saturating_sub(1));
    // What a question asks stands below its first line.
    let mut titles = match selected && question.is_none() {
        true => {
            let wide = wide.saturating_sub(SINCE).max(8);
            let words = [Span::styled(title.clone(), title_style)];
            let mut lines = wrap(&words, wide, &Indent::spaces(0));
            bounded(&mut lines, wide);
            lines
        }
        false => Vec::new(),
    }
    .into_iter();
    let title = titles
        .next()
        .map_or_else(|| vec![Span::styled(title, title_style)], |line| line.spans);
    let mut head = vec![
        edge.clone(),
        Span::styled(format!("{sign} "), style),
        Span::styled(sorts, style),
    ];
    head.extend(title);
    let first = spread(
        head,
        vec![Span::styled(format!("{since} "), theme.quiet())],
        room,
    );
    let mut about = about(app, item);
    // What can be chosen stands below, each on its line.
    if !item.detail.is_empty() && question.is_none() {
        about.push(sanitize::line(&item.detail).into_owned());
    }
    let about = about.join(" · ");
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
    let told = [Span::styled(about.clone(), theme.quiet())];
    let mut told = wrap(&told, wide, &Indent::spaces(0));
    told.retain(|_| !about.is_empty());
    bounded(&mut told, wide);
    let asked = match (question, item.kind) {
        (Some(own), _) => choices(app, own, wide),
        (None, Kind::Memory) => memories(app, item, wide),
        (None, _) => Vec::new(),
    };
    let how = answers(app, item, wide);
    for line in titles.chain(told).chain(asked).chain([how]) {
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
    // What waits for somebody else alone can be looked at.
    let others = app.model.attention.get(item.id).is_none();
    let all: &[(Action, &str)] = match item.kind {
        Kind::Reminder if others => &[(Action::Open, "whole")],
        Kind::Memory if others => &[(Action::Open, "all of it")],
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
        Kind::Stranger => &[(Action::Open, "whole"), (Action::Snooze, "in 10 min")],
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
            (Action::Open, "whole"),
        ],
    };
    let mut spans = Vec::new();
    let mut used = 0;
    for (action, words) in all {
        let Some(key) = app.key_of(&[Place::Inbox], *action) else {
            continue;
        };
        let words = match action {
            Action::Open if app.inbox.whole == Some(item.id) => "back",
            _ => words,
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
