//! The mouse: it scrolls what is under it, opens what is clicked, and what is dragged over is
//! copied. It answers no approval.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;
use smartopol_config::keymap::{Action, Chord, Found};
use smartopol_protocol::{AttentionId, JobId, SessionId, TerminalId, TraceId};

use super::memories::{Entry, Shelf};
use super::people::Person;
use super::{App, Cmd, Focus};
use crate::clipboard::Copy;
use crate::overlay::Overlay;

/// How many lines a notch of the wheel goes.
const NOTCH: i64 = 3;

/// Something that was drawn and can be clicked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Spot {
    Session(SessionId),
    Trace(TraceId),
    Job(JobId),
    Item(AttentionId),
    Terminal(TerminalId),
    /// A memory or a topic.
    Entry(Entry),
    Shelf(Shelf),
    /// A user, or one who waits at the door.
    Person(Person),
    /// A field of a user's page, by its number.
    Field(usize),
    /// A pane of a screen that shows one at a time.
    Tab(Focus),
    /// A line of the palette.
    Offer(usize),
    /// A message that was found in all sessions.
    Hit(usize),
    /// A key at the foot of the screen.
    Hint(String),
}

/// What is dragged over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Selection {
    pub(crate) from: Position,
    pub(crate) to: Position,
    /// True once the button was let go: the next frame takes the text.
    pub(crate) done: bool,
}

impl Selection {
    /// Returns the cells of a row that are selected, from the first on.
    fn row(&self, y: u16, area: Rect) -> Option<(u16, u16)> {
        let key = |at: Position| (at.y, at.x);
        let (first, last) = if key(self.from) <= key(self.to) {
            (self.from, self.to)
        } else {
            (self.to, self.from)
        };
        let inside = (first.y..=last.y).contains(&y) && (area.top()..area.bottom()).contains(&y);
        let from = if y == first.y { first.x } else { area.left() };
        let to = if y == last.y {
            last.x + 1
        } else {
            area.right()
        };
        inside.then_some((from.max(area.left()), to.min(area.right())))
    }
}

impl App {
    /// Takes note of where something is that can be clicked. Drawing changes nothing else.
    pub(crate) fn spot(&self, area: Rect, spot: Spot) {
        self.spots.borrow_mut().push((area, spot));
    }

    pub(super) fn on_mouse(&mut self, event: MouseEvent) {
        if self.mouse_in_terminal(event) {
            return;
        }
        let at = Position::new(event.column, event.row);
        match event.kind {
            MouseEventKind::ScrollUp => self.wheel(at, -NOTCH),
            MouseEventKind::ScrollDown => self.wheel(at, NOTCH),
            MouseEventKind::Down(MouseButton::Left) => self.press_at(at),
            MouseEventKind::Drag(MouseButton::Left) => self.drag(at),
            MouseEventKind::Up(MouseButton::Left) => self.let_go(at),
            _ => {}
        }
    }

    fn wheel(&mut self, at: Position, by: i64) {
        let step = |scroll: &mut usize| {
            *scroll = scroll.saturating_add_signed(isize::try_from(by).unwrap_or(0));
        };
        match self.overlays.last_mut() {
            Some(
                Overlay::Help { scroll, .. }
                | Overlay::Trace { scroll, .. }
                | Overlay::Call { scroll, .. },
            ) => step(scroll),
            Some(Overlay::Palette { at, .. }) => {
                *at = at.saturating_add_signed(isize::try_from(by.signum()).unwrap_or(0));
            }
            Some(_) => {}
            None => self.wheel_in_pane(at, by),
        }
    }

    fn wheel_in_pane(&mut self, at: Position, by: i64) {
        let action = if by < 0 { Action::Up } else { Action::Down };
        let within = |pane: Option<Rect>| pane.is_some_and(|pane| pane.contains(at));
        if self.plan.whole.height > 0 {
            self.act(action);
        } else if self.plan.card.contains(at) {
            let by = isize::try_from(by).unwrap_or(0);
            self.asked.scroll = self.asked.scroll.saturating_add_signed(by);
        } else if self.plan.conversation.contains(at) {
            self.scroll(by);
        } else if within(self.plan.traces) {
            self.look_at_traces(action);
        } else if within(self.plan.sessions) {
            self.look_at_sessions(action);
        }
    }

    fn press_at(&mut self, at: Position) {
        self.selection = None;
        self.pending = None;
        let spots = self.spots.borrow();
        // What was drawn last lies on top.
        let mut under = spots.iter().rev().filter(|(area, _)| area.contains(at));
        let spot = under.next().map(|(_, spot)| spot.clone());
        drop(spots);
        match (spot, self.overlays.is_empty()) {
            (Some(Spot::Hit(number)), false) => self.choose_hit(number),
            (Some(Spot::Offer(number)), false) => self.choose_offer(number),
            (_, false) => {}
            (Some(Spot::Session(id)), _) => {
                self.open(id);
                self.focus = Focus::Composer;
            }
            (Some(Spot::Trace(id)), _) => {
                let again = self.feed.selected == Some(id) && self.focus == Focus::Traces;
                self.focus = Focus::Traces;
                self.feed.selected = Some(id);
                if again {
                    self.overlays.push(Overlay::trace(id));
                }
            }
            (Some(Spot::Job(id)), _) if self.jobs.selected == Some(id) => self.act(Action::Open),
            (Some(Spot::Job(id)), _) => self.select_job(Some(id)),
            (Some(Spot::Item(id)), _) if self.inbox.selected == Some(id) => {
                self.act(Action::Open);
            }
            (Some(Spot::Item(id)), _) => self.inbox.selected = Some(id),
            (Some(Spot::Terminal(id)), _) => self.select_terminal(Some(id)),
            (Some(Spot::Entry(entry)), _) if self.memory.selected == Some(entry) => {
                self.act(Action::Open);
            }
            (Some(Spot::Entry(entry)), _) => self.select_memory(Some(entry)),
            (Some(Spot::Shelf(shelf)), _) => self.show_shelf(shelf),
            (Some(Spot::Person(person)), _) if self.people.selected == Some(person) => {
                self.act(Action::Open);
            }
            (Some(Spot::Person(person)), _) => {
                self.people.inside = false;
                self.select_person(Some(person));
            }
            (Some(Spot::Field(field)), _) if self.people.inside && self.people.field == field => {
                self.act(Action::Open);
            }
            (Some(Spot::Field(field)), _) => {
                (self.people.inside, self.people.field) = (true, field);
            }
            (Some(Spot::Tab(focus)), _) => {
                self.traces_whole = false;
                self.focus = focus;
            }
            (Some(Spot::Hint(key)), _) => self.press_hint(&key),
            (_, _) => self.press_in_pane(at),
        }
    }

    fn press_in_pane(&mut self, at: Position) {
        if self.replay.is_some() && !self.plan.conversation.contains(at) {
            // Nothing is answered and nothing is written.
        } else if self.plan.card.contains(at) {
            self.act(Action::FocusCard);
        } else if self.plan.composer.contains(at) {
            self.focus = Focus::Composer;
        } else if self.plan.conversation.contains(at) {
            self.selection = Some(Selection {
                from: at,
                to: at,
                done: false,
            });
        } else if self.plan.traces.is_some_and(|pane| pane.contains(at)) {
            self.focus = Focus::Traces;
        } else if self.plan.sessions.is_some_and(|pane| pane.contains(at)) {
            self.focus = Focus::Sessions;
        }
    }

    fn press_hint(&mut self, key: &str) {
        let Ok(chord) = Chord::parse(key) else { return };
        let places = self.places();
        let action = match (chord.then, self.keymap.lookup(places, chord.first)) {
            (None, Found::Action(action)) => Some(action),
            (Some(then), _) => self.keymap.second(places, chord.first, then),
            _ => None,
        };
        // Those of a card are for the keyboard, which its quiet time guards.
        match action {
            Some(action) if self.replay.is_some() => self.replay(action),
            Some(action) if self.focus != Focus::Card => self.act(action),
            _ => {}
        }
    }

    fn drag(&mut self, at: Position) {
        let area = self.plan.conversation;
        // A window that became too small leaves nothing of it.
        if let Some(selection) = self.selection.as_mut().filter(|_| !area.is_empty()) {
            selection.to = Position {
                x: at.x.clamp(area.left(), area.right().saturating_sub(1)),
                y: at.y.clamp(area.top(), area.bottom().saturating_sub(1)),
            };
        }
    }

    fn let_go(&mut self, at: Position) {
        let Some(mut selection) = self.selection.take() else {
            return;
        };
        if selection.from != selection.to {
            selection.done = true;
            self.selection = Some(selection);
            return;
        }
        // A click and no drag: it opens or folds what it hit.
        self.focus = Focus::Conversation;
        let row = usize::from(at.y.saturating_sub(self.plan.conversation.y));
        let fold = self.pages.rows().get(row).and_then(|row| row.fold);
        if let (Some(fold), Some(view)) = (fold, self.view_mut()) {
            view.selected = Some(fold);
            self.act(Action::Open);
        }
    }

    /// Marks what is dragged over; where that is done, the text of it is copied.
    pub(crate) fn draw_selection(&mut self, buf: &mut Buffer) {
        let Some(selection) = self.selection.filter(|own| own.from != own.to) else {
            return;
        };
        let area = self.plan.conversation;
        let mut lines: Vec<String> = Vec::new();
        for y in area.top()..area.bottom() {
            let Some((from, to)) = selection.row(y, area) else {
                continue;
            };
            let mut line = String::new();
            let mut covered = 0;
            for x in from..to {
                let Some(cell) = buf.cell_mut((x, y)) else {
                    continue;
                };
                if covered > 0 {
                    covered -= 1;
                } else {
                    line.push_str(cell.symbol());
                    covered = crate::widget::text::width(cell.symbol()).saturating_sub(1);
                }
                if !selection.done {
                    cell.modifier.insert(Modifier::REVERSED);
                }
            }
            lines.push(line.trim_end().to_owned());
        }
        if selection.done {
            self.selection = None;
            let text = dedent(&lines);
            if !text.is_empty() {
                let what = "the selection".to_owned();
                self.cmds.push(Cmd::Copy(Copy { what, text }));
            }
        }
    }
}

/// Joins lines without what all of them are indented by; the first may begin in mid-line.
fn dedent(lines: &[String]) -> String {
    let indent = |line: &&String| line.len() - line.trim_start_matches(' ').len();
    let rest = lines.iter().skip(1).filter(|line| !line.is_empty());
    let common = rest.map(|line| indent(&line)).min().unwrap_or(0);
    let cut = |(number, line): (usize, &String)| match number {
        0 => line.trim_start().to_owned(),
        _ => line.get(common..).unwrap_or_default().to_owned(),
    };
    let cut: Vec<String> = lines.iter().enumerate().map(cut).collect();
    cut.join("\n").trim_matches('\n').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_lines_are_indented_by_is_not_copied() {
        let lines = ["fn main() {", "      run();", "", "    }"].map(str::to_owned);
        assert_eq!(dedent(&lines), "fn main() {\n  run();\n\n}");
    }
}
