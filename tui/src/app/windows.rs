//! Keys in the windows over the screen, and what opens them.

use crossterm::event::{KeyCode, KeyEvent};
use smartopol_protocol::SessionId;
use smartopol_protocol::approval::Decide;
use smartopol_protocol::memory::{self, Verdict};
use smartopol_protocol::session::{Archive, Configure, Create};

use super::keymap::{Action, Pressed};
use super::line::{edit, insert, narrow, type_in};
use super::{App, Call, Going};
use crate::overlay::{Asked, Overlay, Purpose, Typed, matching};
use crate::sanitize;
use crate::widget::composer::Composer;

/// More than any window can be scrolled.
const END: usize = 1 << 20;

/// Which way completions are gone through.
#[derive(Clone, Copy)]
enum Turn {
    On,
    Back,
}

impl App {
    pub(super) fn on_window_key(&mut self, event: KeyEvent) {
        let Some(mut top) = self.overlays.pop() else {
            return;
        };
        let action = match self.press(&[top.place()], event) {
            Pressed::Action(action) => Some(action),
            Pressed::Taken => return self.overlays.push(top),
            Pressed::Free => None,
        };
        if let Overlay::Lab(lab) = &mut top {
            if self.on_lab_key(lab, action, event) {
                self.overlays.push(top);
            }
            return;
        }
        if action == Some(Action::Back) {
            // The first one takes back what was written.
            if let Overlay::Help { filter, .. } = &mut top
                && !filter.is_empty()
                && event.code == KeyCode::Esc
            {
                filter.take();
                self.overlays.push(top);
            }
            return;
        }
        let stays = match (&mut top, action) {
            (Overlay::Help { scroll, filter, .. }, action) => {
                if let Some(action) = action {
                    edit(filter, action);
                    self.turn_page(scroll, action)
                } else {
                    if insert(filter, event) {
                        *scroll = 0;
                    }
                    true
                }
            }
            (Overlay::Palette { letters, at }, action) => self.find(letters, at, action, event),
            (Overlay::Everywhere { line, at }, action) => {
                self.on_everywhere_key(line, at, action, event)
            }
            (Overlay::Command(typed), action) => self.type_command(typed, action, event),
            (Overlay::Waterfall(fall), Some(action)) => {
                let last = fall.steps().len().saturating_sub(1);
                match action {
                    Action::Up => fall.at = fall.at.saturating_sub(1),
                    Action::Down => fall.at = (fall.at + 1).min(last),
                    Action::First => fall.at = 0,
                    Action::Last => fall.at = last,
                    Action::Open => {
                        let trace = fall.steps().get(fall.at).and_then(|step| step.trace_id);
                        if let Some(id) = trace {
                            self.overlays.push(top);
                            self.overlays.push(Overlay::trace(id));
                            return;
                        }
                    }
                    _ => {}
                }
                true
            }
            (Overlay::Trace { id, .. }, Some(Action::TurnTime)) => {
                let id = *id;
                self.overlays.push(top);
                return self.open_waterfall(Some(id));
            }
            (Overlay::Trace { id, .. }, Some(Action::Copy)) => {
                let id = *id;
                self.copy_trace(Some(id));
                true
            }
            (Overlay::Trace { id, scroll }, Some(action)) => {
                if let Action::PreviousCard | Action::NextCard = action {
                    let ids: Vec<_> = self.traces_shown().map(|trace| trace.id).collect();
                    let at = ids.iter().position(|own| own == id);
                    let by = if action == Action::NextCard { 1 } else { -1 };
                    let next = at
                        .and_then(|at| at.checked_add_signed(by))
                        .and_then(|at| ids.get(at));
                    if let Some(next) = next {
                        (*id, *scroll) = (*next, 0);
                        self.feed.selected = Some(*next);
                    }
                }
                self.turn_page(scroll, action)
            }
            (Overlay::Call { scroll, .. }, Some(action)) => self.turn_page(scroll, action),
            (Overlay::Picker { filter, at }, action) => self.pick(filter, at, action, event),
            (Overlay::Line(asked), Some(Action::Send)) => self.line_given(asked),
            (Overlay::Line(asked), action) => {
                type_in(&mut asked.line, action, event);
                true
            }
            (Overlay::Question { remove }, Some(Action::Yes)) => {
                self.remove_soon(*remove);
                false
            }
            (Overlay::JobForm(form), action) => self.on_job_form_key(form, action, event),
            (Overlay::MemoryForm(form), action) => self.on_memory_form_key(form, action, event),
            _ => true,
        };
        if stays {
            self.overlays.push(top);
        }
    }

    pub(super) fn paste_in_window(&mut self, text: &str) {
        let text = text.lines().next().unwrap_or_default();
        if let Some(
            Overlay::Line(Asked { line, .. })
            | Overlay::Picker { filter: line, .. }
            | Overlay::Help { filter: line, .. }
            | Overlay::Palette { letters: line, .. }
            | Overlay::Everywhere { line, .. }
            | Overlay::Command(Typed { line, .. }),
        ) = self.overlays.last_mut()
        {
            line.insert(text);
        }
        if let Some(Overlay::Everywhere { line, .. }) = self.overlays.last() {
            let words = line.text().to_owned();
            self.look_everywhere(&words);
        }
        if let Some(Overlay::Lab(lab)) = self.overlays.last_mut() {
            lab.paste(text);
        }
        if let Some(Overlay::JobForm(form)) = self.overlays.last_mut() {
            form.write(text);
        }
        if let Some(Overlay::MemoryForm(form)) = self.overlays.last_mut() {
            form.write(text);
        }
    }

    fn turn_page(&self, scroll: &mut usize, action: Action) -> bool {
        let page = usize::try_from(self.plan.page()).unwrap_or(1);
        *scroll = match action {
            Action::Up => scroll.saturating_sub(1),
            Action::Down => *scroll + 1,
            Action::PageUp => scroll.saturating_sub(page),
            Action::PageDown => *scroll + page,
            Action::First => 0,
            Action::Last => END,
            _ => *scroll,
        };
        true
    }

    fn pick(
        &mut self,
        filter: &mut Composer,
        at: &mut Option<SessionId>,
        action: Option<Action>,
        event: KeyEvent,
    ) -> bool {
        let ids: Vec<SessionId> = matching(self, filter.text())
            .map(|session| session.id)
            .collect();
        let from = at
            .and_then(|id| ids.iter().position(|own| *own == id))
            .unwrap_or(0);
        let chosen = ids.get(from).copied();
        match action {
            Some(Action::Up) => *at = ids.get(from.saturating_sub(1)).copied(),
            Some(Action::Down) => *at = ids.get(from + 1).or(ids.last()).copied(),
            Some(Action::Open) => {
                if let Some(id) = chosen {
                    self.open(id);
                    return false;
                }
            }
            Some(Action::NewSession) => {
                self.ask_for_new_session();
                return false;
            }
            Some(Action::Rename) => self.ask_for_name(chosen),
            Some(Action::Remove) => self.ask_to_remove(chosen),
            Some(Action::Archive) => self.turn_archived(chosen),
            Some(action) => edit(filter, action),
            None => {
                if insert(filter, event) {
                    *at = None;
                }
            }
        }
        // A window that was opened over this one takes its place.
        self.overlays.is_empty()
    }

    fn find(
        &mut self,
        letters: &mut Composer,
        at: &mut usize,
        action: Option<Action>,
        event: KeyEvent,
    ) -> bool {
        let page = usize::try_from(self.plan.page()).unwrap_or(1);
        if narrow(letters, at, (action, event), page) {
            let found = self.offers(letters.text()).0.into_iter().nth(*at);
            if let Some(item) = found {
                self.go_to_target(item.target);
                return false;
            }
        }
        // What is drawn next brings it back to what there is; keys may come before that.
        *at = (*at).min(self.offers(letters.text()).0.len().saturating_sub(1));
        true
    }

    fn type_command(&mut self, typed: &mut Typed, action: Option<Action>, event: KeyEvent) -> bool {
        match action {
            Some(Action::Send) => return self.say_command(typed),
            Some(Action::Complete) => self.complete(typed, Turn::On),
            Some(Action::CompleteBack) => self.complete(typed, Turn::Back),
            Some(Action::Up) => typed.line.older(&self.commands),
            Some(Action::Down) => typed.line.newer(&self.commands),
            // As in vi: taking back what is not there leaves.
            Some(Action::Backspace) if typed.line.is_empty() => return false,
            action => type_in(&mut typed.line, action, event),
        }
        if !matches!(action, Some(Action::Complete | Action::CompleteBack)) {
            (typed.begun, typed.at, typed.wrong) = (None, None, None);
        }
        true
    }

    fn complete(&self, typed: &mut Typed, turn: Turn) {
        let begun = typed.begun.clone();
        let begun = begun.unwrap_or_else(|| typed.line.text().to_owned());
        let all = self.completions(&begun);
        let last = all.len().saturating_sub(1);
        let at = match (typed.at, turn) {
            (None, Turn::On) => 0,
            (None | Some(0), Turn::Back) => last,
            (Some(at), Turn::Back) => at - 1,
            (Some(at), Turn::On) if at >= last => 0,
            (Some(at), Turn::On) => at + 1,
        };
        let Some(completion) = all.get(at) else {
            return;
        };
        typed.line.set(completion.line.clone());
        typed.wrong = None;
        // The only one is taken: what follows it is completed next.
        (typed.begun, typed.at) = if last == 0 {
            (None, None)
        } else {
            (Some(begun), Some(at))
        };
    }

    fn say_command(&mut self, typed: &mut Typed) -> bool {
        let line = typed.line.text().trim().to_owned();
        if line.is_empty() {
            return false;
        }
        let before = self.overlays.len();
        match self.command(&line) {
            Ok(()) => {
                if self.commands.last() != Some(&line) {
                    self.commands.push(line);
                }
                let over = self.commands.len().saturating_sub(self.wanted.history);
                self.commands.drain(..over);
                false
            }
            Err(why) => {
                self.overlays.truncate(before);
                typed.wrong = Some(why);
                true
            }
        }
    }

    fn line_given(&mut self, asked: &Asked) -> bool {
        let text = asked.line.text().trim().to_owned();
        match asked.purpose {
            Purpose::Rename(_) | Purpose::NewSession if text.is_empty() => return true,
            Purpose::Rename(id) => {
                let change = Configure {
                    id,
                    name: Some(text),
                    mode: None,
                    model: None,
                };
                self.note_configure(&change);
                self.change(Call::Configure(change));
            }
            Purpose::Search => self.search(&text),
            Purpose::SearchTerminal => self.search_terminal(&text),
            Purpose::NewSession => {
                let workspace = self.absolute(&text);
                self.change(Call::Create(Create {
                    workspace,
                    name: None,
                    mode: None,
                    model: None,
                }));
            }
            Purpose::GoTo { .. } if text.is_empty() => {}
            Purpose::GoTo { first, last } => self.go_to_number(&text, (first, last)),
            Purpose::AddMemory | Purpose::KeepMemory(_) if text.is_empty() => return true,
            Purpose::AddMemory => drop(self.change(Call::Remember(text))),
            Purpose::KeepMemory(id) => {
                self.change(Call::DecideMemory(memory::Decide {
                    key: id.to_string(),
                    verdict: Verdict::Approve,
                    text: Some(text),
                }));
            }
            Purpose::User(id, field) => return !self.field_given(id, field, &text),
            Purpose::DenyNote(id) => {
                self.decide(Decide {
                    note: text,
                    ..Decide::deny(id)
                });
            }
        }
        false
    }

    /// Returns a folder as a person wrote it as an absolute path.
    pub(crate) fn absolute(&self, folder: &str) -> String {
        if folder == "." {
            return self.wanted.workspace.clone();
        }
        if let Some(rest) = folder.strip_prefix('~') {
            let home = std::env::var("HOME").unwrap_or_default();
            return format!("{home}{rest}");
        }
        if folder.starts_with('/') {
            return folder.to_owned();
        }
        format!("{}/{folder}", self.wanted.workspace.trim_end_matches('/'))
    }

    pub(super) fn ask_for_new_session(&mut self) {
        let folder = self.wanted.workspace.clone();
        self.overlays
            .push(Overlay::Line(Asked::new(Purpose::NewSession, folder)));
    }

    pub(super) fn ask_for_name(&mut self, id: Option<SessionId>) {
        if let Some(session) = id.and_then(|id| self.model.session(id)) {
            let name = sanitize::line(&session.name).into_owned();
            self.overlays
                .push(Overlay::Line(Asked::new(Purpose::Rename(session.id), name)));
        }
    }

    pub(super) fn ask_to_remove(&mut self, id: Option<SessionId>) {
        if let Some(id) = id {
            let remove = Going::Session(id);
            self.overlays.push(Overlay::Question { remove });
        }
    }

    /// Puts a session away, or back.
    pub(super) fn turn_archived(&mut self, id: Option<SessionId>) {
        if let Some(session) = id.and_then(|id| self.model.session(id)) {
            self.change(Call::Archive(Archive {
                id: session.id,
                archived: session.archived_at.is_none(),
            }));
        }
    }

    /// Closes windows about things that are gone.
    pub(super) fn settle_windows(&mut self) {
        let gone = |overlay: &Overlay| match overlay {
            Overlay::Line(Asked {
                purpose: Purpose::DenyNote(id),
                ..
            }) => !self
                .model
                .pending()
                .iter()
                .any(|approval| approval.id == *id),
            Overlay::Lab(lab) => !self
                .model
                .pending()
                .iter()
                .any(|approval| approval.id == lab.id),
            Overlay::Question { remove } => match remove {
                Going::Session(id) => self.model.session(*id).is_none(),
                Going::Job(id) => self.model.jobs.get(*id).is_none(),
                Going::Terminal(id) => self.model.terminals.get(*id).is_none(),
                Going::Memory(_) | Going::Topic(_) | Going::Item(..) => false,
            },
            _ => false,
        };
        if self.overlays.iter().any(gone) {
            self.overlays.pop();
        }
    }
}
