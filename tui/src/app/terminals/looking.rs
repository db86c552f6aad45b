//! Looking around in a terminal: its scrollback, searching it, selecting with the mouse.

use alacritty_terminal::selection::SelectionRange;
use alacritty_terminal::term::TermMode;
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use super::super::{App, Focus};
use crate::encode;
use crate::sanitize;

impl App {
    /// Takes the mouse over the terminals; false where it is for somebody else.
    pub(in crate::app) fn mouse_in_terminal(&mut self, event: MouseEvent) -> bool {
        let at = Position::new(event.column, event.row);
        let area = self.plan.live;
        if self.focus != Focus::Terminals || !self.overlays.is_empty() {
            return false;
        }
        let held = matches!(
            event.kind,
            MouseEventKind::Drag(MouseButton::Left) | MouseEventKind::Up(MouseButton::Left)
        );
        if self.terms.pressed.is_some() && held {
            self.select_in_terminal(event);
            return true;
        }
        let Some(live) = self.terms.screen().filter(|_| area.contains(at)) else {
            return false;
        };
        let (mode, size) = (live.mode(), live.size());
        let place = (event.column - area.x, event.row - area.y);
        let inside = place.0 < size.columns && place.1 < size.rows;
        if self.terms.typing
            && inside
            && let Some(bytes) = encode::mouse(event, place, mode)
        {
            self.type_in_terminal(String::new(), bytes);
            return true;
        }
        match event.kind {
            MouseEventKind::ScrollUp | MouseEventKind::ScrollDown => {
                let up = event.kind == MouseEventKind::ScrollUp;
                let arrows = TermMode::ALT_SCREEN | TermMode::ALTERNATE_SCROLL;
                if self.terms.typing && mode.contains(arrows) {
                    let arrow = if mode.contains(TermMode::APP_CURSOR) {
                        "\x1bO"
                    } else {
                        "\x1b["
                    };
                    let letter = if up { 'A' } else { 'B' };
                    self.type_text(format!("{arrow}{letter}").repeat(3));
                } else if let Some(live) = self.terms.screen() {
                    live.scroll(if up { 3 } else { -3 });
                }
            }
            MouseEventKind::Down(MouseButton::Left) => self.terms.pressed = Some(place),
            _ => {}
        }
        true
    }

    /// What is dragged over is selected, and copied once the button is let go; a click types.
    fn select_in_terminal(&mut self, event: MouseEvent) {
        let area = self.plan.live;
        let within = |at: u16, from: u16, room: u16| at.saturating_sub(from).min(room.max(1) - 1);
        let place = (
            within(event.column, area.x, area.width),
            within(event.row, area.y, area.height),
        );
        let from = self.terms.pressed;
        let done = matches!(event.kind, MouseEventKind::Up(_));
        if done {
            self.terms.pressed = None;
        }
        let Some(live) = self.terms.screen() else {
            return;
        };
        if let Some(from) = from.filter(|from| *from != place && live.selected().is_none()) {
            live.select_from(from);
        }
        live.select_to(place);
        if !done {
            return;
        }
        let clicked = live.selected().is_none();
        match live.take_selected() {
            Some(text) => self.copy("the selection", text),
            None if clicked && !self.terms.typing => self.begin_typing(),
            None => {}
        }
    }

    /// Copies the text that is in view.
    pub(super) fn copy_terminal(&mut self) {
        let text = self.terms.screen().map(|live| live.text_in_view());
        match text.filter(|text| !text.is_empty()) {
            Some(text) => self.copy("what the terminal shows", text),
            None => self.say("the terminal shows no text"),
        }
    }

    pub(super) fn scroll_terminal(&mut self, lines: i32) {
        if let Some(live) = self.terms.screen() {
            live.scroll(lines);
        }
    }

    /// Looks for a text in what the terminal shows and in what scrolled away.
    pub(in crate::app) fn search_terminal(&mut self, text: &str) {
        self.terms.looked_for = text.to_owned();
        self.terms.hit = None;
        self.step_terminal_hit(-1);
    }

    pub(super) fn step_terminal_hit(&mut self, by: i32) {
        let looked_for = self.terms.looked_for.clone();
        let now = self.terms.hit;
        let Some(live) = self.terms.screen().filter(|_| !looked_for.is_empty()) else {
            return;
        };
        let hits = live.find(&looked_for);
        let place = |hit: &SelectionRange| hit.start;
        let next = match (now, by) {
            (None, _) => hits.len().checked_sub(1),
            (Some(now), ..0) => hits
                .partition_point(|hit| place(hit) < place(&now))
                .checked_sub(1),
            (Some(now), _) => Some(hits.partition_point(|hit| place(hit) <= place(&now))),
        };
        match next.and_then(|next| Some((next, *hits.get(next)?))) {
            Some((at, hit)) => {
                live.show(hit);
                self.terms.hit = Some(hit);
                let count = hits.len();
                self.say(format!("{} of {count} places", at + 1));
            }
            None if hits.is_empty() => {
                let text = sanitize::line(&looked_for).into_owned();
                self.say(format!("`{text}` is nowhere in it"));
            }
            None => self.say("no further place in this direction"),
        }
    }
}
