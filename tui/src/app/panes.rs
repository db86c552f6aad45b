//! What keys do in the panes: the conversation, the traces, the sessions.

use smartopol_protocol::SessionId;

use super::keymap::Action;
use super::{App, Focus, Fold};
use crate::external::Program;

impl App {
    pub(super) fn read(&mut self, action: Action) {
        if self.is_picking() {
            return self.pick_with(action);
        }
        let page = self.plan.page();
        match action {
            Action::PreviousTurn => self.step_turn(false),
            Action::NextTurn => self.step_turn(true),
            Action::Find => self.ask_for_search(),
            Action::NextHit => self.step_hit(true),
            Action::PreviousHit => self.step_hit(false),
            Action::Pick => self.begin_picking(),
            Action::Pager => self.show_whole(Program::Pager),
            Action::Editor => self.show_whole(Program::Editor),
            Action::Up => self.scroll(-1),
            Action::Down => self.scroll(1),
            Action::PageUp => self.scroll(-page),
            Action::PageDown => self.scroll(page),
            Action::First => self.go_to_first(),
            Action::Last => self.follow(),
            Action::PreviousCard => self.select(-1),
            Action::NextCard => self.select(1),
            Action::Open => self.toggle(),
            Action::Copy => self.copy_answer(),
            Action::Back => self.stop_reading(),
            _ => {}
        }
    }

    /// Ends a search that is shown, and else goes back to writing.
    fn stop_reading(&mut self) {
        match self.view_mut() {
            Some(view) if view.search.is_some() => view.search = None,
            _ => self.focus = Focus::Composer,
        }
    }

    fn toggle(&mut self) {
        let Some(fold) = self.selected_fold() else {
            return;
        };
        let open = self.pages.is_open(fold);
        if let Some(view) = self.view_mut() {
            view.selected = Some(fold);
            view.folds.insert(fold, !open);
        }
    }

    /// Returns what is selected in the conversation: by itself the lowest card that is seen.
    pub(crate) fn selected_fold(&self) -> Option<Fold> {
        let seen = self.pages.seen();
        let own = self.view().and_then(|view| view.selected);
        own.filter(|own| seen.contains(own))
            .or_else(|| seen.last().copied())
    }

    fn select(&mut self, by: i64) {
        let seen = self.pages.seen().to_vec();
        let at = self
            .selected_fold()
            .and_then(|own| seen.iter().position(|fold| *fold == own));
        let next = match at {
            Some(at) if by < 0 => at.checked_sub(1),
            Some(at) => Some(at + 1),
            None => None,
        };
        match next.and_then(|next| seen.get(next)) {
            Some(fold) => {
                let fold = *fold;
                if let Some(view) = self.view_mut() {
                    view.selected = Some(fold);
                }
            }
            // None is left on the screen: look further.
            None => self.scroll(by * self.plan.page() / 2),
        }
    }

    pub(super) fn look_at_sessions(&mut self, action: Action) {
        let ids: Vec<SessionId> = self.sessions_listed().map(|session| session.id).collect();
        let at = self.session_at.or(self.current);
        let from = at
            .and_then(|id| ids.iter().position(|own| *own == id))
            .unwrap_or(0);
        let to = match action {
            Action::Up => from.saturating_sub(1),
            Action::Down => from + 1,
            Action::First => 0,
            Action::Last => usize::MAX,
            Action::Open => {
                if let Some(id) = ids.get(from) {
                    self.open(*id);
                    self.focus = Focus::Composer;
                }
                return;
            }
            Action::Rename => return self.ask_for_name(ids.get(from).copied()),
            Action::Archive => return self.turn_archived(ids.get(from).copied()),
            Action::Remove => return self.ask_to_remove(ids.get(from).copied()),
            Action::Back => return self.focus = Focus::Composer,
            _ => return,
        };
        self.session_at = ids.get(to.min(ids.len().saturating_sub(1))).copied();
    }
}
