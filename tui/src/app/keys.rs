//! What a person does: keys and pastes, by where they go.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use smartopol_protocol::approval::Mode;
use smartopol_protocol::session::{Configure, Fork};

use super::keymap::{Action, Place, Pressed};
use super::line::letter;
use super::{App, Call, Cmd, Focus};
use crate::overlay::Overlay;
use crate::screen::Columns;

/// How long a second `ctrl-c` leaves, in milliseconds.
const LEAVE_WITHIN: u64 = 2_000;

/// How many keys and pastes are held while there is no session; what is more is lost.
const AHEAD: usize = 4_096;

/// What was written before there was a session to write in.
#[derive(Debug)]
pub(super) enum Ahead {
    Key(KeyEvent),
    Paste(String),
}

/// Returns true for a key that writes: a letter, or what ends or takes back a line.
fn is_writing(event: KeyEvent) -> bool {
    let held = event.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT);
    let writes = matches!(
        event.code,
        KeyCode::Char(_) | KeyCode::Enter | KeyCode::Backspace
    );
    writes && held.is_empty()
}

impl App {
    pub(super) fn on_key(&mut self, event: KeyEvent) {
        if event.kind == KeyEventKind::Release || self.gate.is_held(event.code, self.now.ms) {
            return;
        }
        if !self.overlays.is_empty() {
            self.on_window_key(event);
            return;
        }
        if self.replay.is_some() {
            return self.on_replay_key(event);
        }
        if self.focus == Focus::Card {
            self.on_card_key(event);
            return;
        }
        if self.focus == Focus::Traces && self.feed.writing.is_some() {
            self.on_query_key(event);
            return;
        }
        if self.focus == Focus::Memory && self.memory.writing {
            return self.on_memory_key(event);
        }
        if self.writes_ahead() && is_writing(event) {
            return self.hold(Ahead::Key(event));
        }
        if self.focus == Focus::Terminals && self.terms.typing {
            return self.on_typing_key(event);
        }
        match self.press(self.places(), event) {
            Pressed::Action(action) => self.act(action),
            Pressed::Taken => {}
            Pressed::Free => self.type_in(event),
        }
    }

    /// Returns true where a message is written before there is a session to write it in.
    fn writes_ahead(&self) -> bool {
        self.current.is_none() && self.focus == Focus::Composer
    }

    /// Keeps what is written before there is a session to write in.
    fn hold(&mut self, written: Ahead) {
        if self.ahead.len() < AHEAD {
            self.ahead.push(written);
        }
    }

    /// Writes what was held, once there is a session.
    pub(super) fn settle_ahead(&mut self) {
        // What was written for a message answers nothing elsewhere.
        let elsewhere = self.focus != Focus::Composer || !self.overlays.is_empty();
        if self.current.is_none() || elsewhere || self.ahead.is_empty() {
            return;
        }
        for written in std::mem::take(&mut self.ahead) {
            match written {
                Ahead::Key(event) => self.on_key(event),
                Ahead::Paste(text) => self.on_paste(&text),
            }
        }
    }

    pub(super) fn on_paste(&mut self, text: &str) {
        if self.replay.is_some() && self.overlays.is_empty() {
            return self.say("this is a replay: nothing can be written in it");
        }
        if self.writes_ahead() && self.overlays.is_empty() {
            return self.hold(Ahead::Paste(text.to_owned()));
        }
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        if self.overlays.is_empty() && self.focus == Focus::Terminals {
            return self.paste_in_terminal(&text);
        }
        let text: String = text
            .chars()
            .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
            .collect();
        let query = self.overlays.is_empty() && self.focus == Focus::Traces;
        if query && self.paste_in_query(&text) {
            return;
        }
        if self.overlays.is_empty() && self.focus == Focus::Memory && self.memory.writing {
            return self.write_in_memory(&text);
        }
        if self.overlays.is_empty() && self.paste_in_answer(&text) {
            return;
        }
        if self.overlays.is_empty() {
            // A paste is writing, wherever the keys go just now; it never answers anything.
            self.focus = Focus::Composer;
            if self.current.is_none() {
                return self.hold(Ahead::Paste(text));
            }
            let view = self.view_mut();
            let written = view.is_none_or(|view| view.composer.paste_in(&text));
            if !written {
                self.complain("a message holds at most 256 KiB: put the rest in a file");
            }
        } else {
            self.paste_in_window(&text);
        }
    }

    fn type_in(&mut self, event: KeyEvent) {
        if let (Focus::Composer, Some(letter)) = (self.focus, letter(event)) {
            self.write(letter.encode_utf8(&mut [0; 4]));
        }
    }

    fn write(&mut self, text: &str) {
        let Some(view) = self.view_mut() else { return };
        if !view.composer.insert(text) {
            self.complain("a message holds at most 256 KiB: put the rest in a file");
        }
    }

    pub(super) fn act(&mut self, action: Action) {
        match action {
            Action::Help => self.overlays.push(Overlay::help(self.places(), "")),
            Action::Palette => self.overlays.push(Overlay::palette()),
            Action::Command => self.overlays.push(Overlay::command_line(String::new())),
            Action::Mouse => self.turn_mouse(),
            Action::Suspend => self.cmds.push(Cmd::Suspend),
            Action::Interrupt => self.escape(),
            Action::Undo => self.undo_last(),
            Action::Fork => self.fork(None),
            Action::Stop => self.stop(),
            Action::Leave => self.leave(),
            Action::NextPane => self.next_pane(),
            Action::Read => self.focus = Focus::Conversation,
            Action::FocusCard => self.focus_card(),
            Action::Mode => self.next_mode(),
            Action::PickSession => self.overlays.push(Overlay::picker(self.current)),
            Action::NewSession => self.ask_for_new_session(),
            Action::SearchSessions => self.search_everywhere(""),
            Action::NextWaiting => self.next_waiting(),
            Action::TraceScreen => {
                self.traces_whole = !self.traces_whole;
                self.focus = if self.traces_whole {
                    Focus::Traces
                } else {
                    Focus::Composer
                };
            }
            Action::TracePane => self.traces_beside = !self.traces_beside,
            Action::InboxScreen => self.turn_to_inbox(),
            Action::JobScreen => self.turn_to_jobs(),
            Action::TerminalScreen => self.turn_to_terminals(),
            Action::MemoryScreen => self.turn_to_memory(),
            Action::UserScreen => self.turn_to_people(),
            Action::Continue if self.focus == Focus::Inbox => self.continue_item(),
            Action::Continue => self.go_on(),
            Action::FoldAll => self.fold_all(),
            Action::Withdraw => self.withdraw(),
            _ => match self.focus {
                Focus::Composer => self.compose(action),
                Focus::Conversation => self.read(action),
                Focus::Traces => self.look_at_traces(action),
                Focus::Sessions => self.look_at_sessions(action),
                Focus::Jobs => self.look_at_jobs(action),
                Focus::Inbox => self.look_at_inbox(action),
                Focus::Terminals => self.look_at_terminals(action),
                Focus::Memory => self.look_at_memory(action),
                Focus::Users => self.look_at_people(action),
                Focus::Card => {}
            },
        }
    }

    /// Leaves what is nearest: the list, a message that is being changed, else the turn.
    fn escape(&mut self) {
        if self.names_shown().is_some() {
            self.name_key(Action::Back);
        } else if self.view().is_some_and(|view| view.editing.is_some()) {
            self.leave_editing();
        } else {
            self.interrupt();
        }
    }

    /// Makes a session that goes another way: from a message on, or from the end.
    pub(crate) fn fork(&mut self, at: Option<u64>) {
        let Some(id) = self.current else { return };
        let at = at.or_else(|| self.picked_position());
        let name = None;
        if self.change(Call::Fork(Fork { id, at, name })) {
            self.say("making a session that goes another way");
        }
    }

    /// Stops the running turn, or else the person's own commands; false where neither runs.
    pub(crate) fn interrupt(&mut self) -> bool {
        if let Some(id) = self
            .current
            .filter(|_| !self.is_busy() && self.runs_commands())
        {
            if self.change(Call::StopCommands(id)) {
                self.say("stopping your command");
            }
            return true;
        }
        let Some(id) = self.current.filter(|_| self.is_busy()) else {
            return false;
        };
        if self.change(Call::Interrupt(id)) {
            self.say("interrupting");
        }
        true
    }

    /// Stops the turn; a second time soon after leaves.
    pub(crate) fn stop(&mut self) {
        if self.leave_until > self.now.ms {
            return self.leave();
        }
        self.leave_until = self.now.ms + LEAVE_WITHIN;
        let running = self.interrupt();
        let key = self.key_of(&[Place::Everywhere], Action::Stop);
        let key = key.unwrap_or_else(|| "the same".to_owned());
        if running {
            self.say(format!("interrupting; {key} again leaves"));
        } else {
            self.say(format!("{key} again leaves; the daemon goes on"));
        }
    }

    /// Gives the mouse to the terminal, or takes it.
    fn turn_mouse(&mut self) {
        self.console.mouse = !self.console.mouse;
        let key = self.key_of(&[Place::Everywhere], Action::Mouse);
        let key = key.unwrap_or_else(|| ":mouse".to_owned());
        if self.console.mouse {
            self.say(format!(
                "the mouse scrolls, opens and selects; {key} gives it back"
            ));
        } else {
            self.say(format!("the mouse is the terminal's; {key} takes it"));
        }
    }

    fn next_pane(&mut self) {
        let single = self.plan.columns == Columns::One;
        let traces = single || self.plan.traces.is_some();
        let sessions = single || self.plan.sessions.is_some();
        let order = [
            (Focus::Composer, true),
            (Focus::Card, self.front().is_some()),
            (Focus::Conversation, true),
            (Focus::Traces, traces),
            (Focus::Sessions, sessions),
        ];
        let at = order
            .iter()
            .position(|(focus, _)| *focus == self.focus)
            .unwrap_or(0);
        let next = order.iter().cycle().skip(at + 1).find(|(_, there)| *there);
        self.traces_whole = false;
        match next {
            Some((Focus::Card, _)) => self.focus_card(),
            Some((focus, _)) => self.focus = *focus,
            None => {}
        }
    }

    fn focus_card(&mut self) {
        if self.front().is_some() {
            self.traces_whole = false;
            self.focus = Focus::Card;
            self.focused_card = self.front();
            self.settle_card();
            self.ready_to_write();
        } else if self.model.asked().next().is_none() {
            self.say("nothing waits for you");
        } else {
            let key = self.key_of(&[Place::Everywhere], Action::NextWaiting);
            let how = key.map_or(String::new(), |key| format!(": {key} goes there"));
            self.say(format!("another session waits for you{how}"));
        }
    }

    fn next_mode(&mut self) {
        let Some((id, mode)) = self
            .session()
            .map(|session| (session.id, self.mode_of(session)))
        else {
            return;
        };
        let mode = match mode {
            Mode::Ask => Mode::AutoEdit,
            Mode::AutoEdit => Mode::Auto,
            Mode::Auto => Mode::ReadOnly,
            Mode::ReadOnly => Mode::Ask,
        };
        let change = Configure {
            id,
            name: None,
            mode: Some(mode),
            model: None,
        };
        self.note_configure(&change);
        if self.change(Call::Configure(change)) {
            self.say(format!("{}: {}", mode.name(), meaning(mode)));
        }
    }

    pub(crate) fn go_on(&mut self) {
        match self.current {
            Some(id) if self.can_continue() => drop(self.change(Call::Continue(id))),
            _ => self.say("there is nothing to continue"),
        }
    }

    pub(super) fn fold_all(&mut self) {
        if let Some(view) = self.view_mut() {
            view.all = Some(view.all != Some(true));
            view.folds.clear();
        }
    }
}

/// Says what a mode means, in a few words.
pub(crate) const fn meaning(mode: Mode) -> &'static str {
    match mode {
        Mode::ReadOnly => "nothing that writes, and no command",
        Mode::Ask => "reading in the workspace is free, all else asks",
        Mode::AutoEdit => "writing in the workspace is free too, commands ask",
        Mode::Auto => "everything is free but what a rule stops or lies outside",
    }
}
