//! How the terminals are looked at: which one is live, typing into it, its scrollback.
//!
//! Owns which one is selected and attached. Typing is `typing`, looking around in one `looking`. What
//! it shows is emulated in `emulator`; what keys are to a program stands in `encode`.

mod looking;
mod typing;

use std::collections::VecDeque;

use alacritty_terminal::selection::SelectionRange;
use smartopol_ipc::TerminalBytes;
use smartopol_protocol::TerminalId;
use smartopol_protocol::terminal::{Attach, Open, Party, Resize, Size, View, Write};

use super::keymap::Action;
use super::undo::Going;
use super::{App, Call, Focus, LinkState, Reply};
use crate::emulator::{Emulator, Fed};
use crate::overlay::{Asked, Overlay, Purpose};

/// How long a terminal must be quiet until it is asked whether it waits for input, in milliseconds.
const QUIET: u64 = 400;

/// How the terminals are looked at.
#[derive(Debug, Default)]
pub(crate) struct TerminalsView {
    pub(crate) selected: Option<TerminalId>,
    /// True while keys go to the program.
    pub(crate) typing: bool,
    /// The one that is attached, with what it shows.
    live: Option<(TerminalId, Emulator)>,
    /// True once the daemon was asked for what it shows, on this connection.
    attached: bool,
    pub(crate) looked_for: String,
    pub(crate) hit: Option<SelectionRange>,
    listed: bool,
    /// The size that the daemon was told.
    told: Option<Size>,
    /// What is to be typed, and whether some is on its way.
    out: VecDeque<Write>,
    on_its_way: bool,
    /// Where in the view the button went down that is held.
    pressed: Option<(u16, u16)>,
    quiet_at: Option<u64>,
    echo_until: u64,
    /// True once a key went to the program alone: nothing here has changed.
    passed: bool,
}

impl TerminalsView {
    pub(super) fn reconnected(&mut self) {
        (self.listed, self.told, self.on_its_way) = (false, None, false);
        self.attached = false;
        self.out.clear();
    }

    /// Returns the emulated screen of a terminal, where it is the live one.
    pub(crate) fn emulator(&self, id: TerminalId) -> Option<&Emulator> {
        let live = self.live.as_ref().filter(|(own, _)| *own == id);
        live.map(|(_, emulator)| emulator)
    }

    fn screen(&mut self) -> Option<&mut Emulator> {
        self.live.as_mut().map(|(_, emulator)| emulator)
    }
}

impl App {
    /// Goes to the terminals, or back from them.
    pub(super) fn turn_to_terminals(&mut self) {
        if self.focus == Focus::Terminals {
            self.terms.typing = false;
            self.focus = Focus::Composer;
        } else {
            self.go_to_terminals(None);
        }
    }

    /// Goes to the terminals, and to one of them.
    pub(super) fn go_to_terminals(&mut self, id: Option<TerminalId>) {
        self.traces_whole = false;
        self.focus = Focus::Terminals;
        self.terms.typing = false;
        if id.is_some() {
            self.terms.selected = id;
        }
    }

    /// Keeps one selected as long as there is one, and attached as long as it is seen.
    pub(super) fn settle_terminals(&mut self) {
        let rows = &self.model.terminals;
        if self.terms.selected.is_none_or(|id| rows.get(id).is_none()) {
            // The newest that runs is the one that is looked for most often.
            let runs = rows.iter().filter(|row| row.terminal.runs()).last();
            let first = runs.or_else(|| rows.iter().next());
            self.terms.selected = first.map(|row| row.terminal.id);
            self.terms.typing = false;
        }
        if self.link != LinkState::Connected {
            return;
        }
        let seen = self
            .terms
            .selected
            .filter(|_| self.focus == Focus::Terminals);
        if self.focus == Focus::Terminals && !std::mem::replace(&mut self.terms.listed, true) {
            self.ask(Call::Terminals);
        }
        let attached = self.terms.live.as_ref().map(|(id, _)| *id);
        if attached == seen && (self.terms.attached || seen.is_none()) {
            return;
        }
        if let Some((id, live)) = self.terms.live.as_ref().filter(|_| attached == seen) {
            // What came meanwhile is brought as long as it is kept.
            let attach = Attach {
                id: *id,
                view: View::Output {
                    since: Some(live.next()),
                },
                size: None,
            };
            self.terms.attached = true;
            return self.ask(Call::AttachTerminal(attach));
        }
        if let Some(id) = attached.filter(|_| self.terms.attached) {
            self.ask(Call::DetachTerminal(id));
        }
        self.terms.live = None;
        (self.terms.told, self.terms.hit) = (None, None);
        if let Some(row) = seen.and_then(|id| self.model.terminals.get(id)) {
            let (id, size) = (row.terminal.id, row.terminal.size);
            self.terms.live = Some((id, Emulator::new(size)));
            self.terms.attached = true;
            self.ask(Call::AttachTerminal(Attach {
                id,
                view: View::Output { since: None },
                size: None,
            }));
        }
    }

    /// Tells the daemon how much room there is, once somebody types: to look is not to resize.
    pub(super) fn wanted_by_terminals(&mut self) {
        let area = self.plan.live;
        let size = Size {
            columns: area.width.min(1_000),
            rows: area.height.min(500),
        };
        let fits = self.terms.typing && size.columns >= 2 && size.rows >= 1;
        if !fits || self.terms.told == Some(size) || self.wanted.observe {
            return;
        }
        if let Some(id) = self
            .terms
            .selected
            .filter(|_| self.focus == Focus::Terminals)
        {
            self.terms.told = Some(size);
            self.ask(Call::ResizeTerminal(Resize { id, size }));
        }
    }

    /// Takes bytes of a terminal.
    pub(super) fn on_bytes(&mut self, told: &TerminalBytes) {
        let Some((id, emulator)) = &mut self.terms.live else {
            return;
        };
        if *id != told.id {
            return;
        }
        let before = emulator.size();
        let fed = emulator.feed(told.piece, told.offset, &told.bytes);
        let size = emulator.size();
        let id = *id;
        if size != before {
            self.model.terminals.sized(id, size, None);
        }
        if fed == Fed::Lost {
            // A keyframe brings it back to the present.
            self.terms.live = None;
        }
        self.terms.hit = None;
        self.terms.quiet_at = Some(self.now.ms + QUIET);
    }

    /// Returns when something about a terminal is due, in milliseconds.
    pub(super) fn terminals_tick(&self) -> Option<u64> {
        let held = self
            .terms
            .live
            .as_ref()
            .and_then(|(_, live)| live.held_until());
        let held = held.map(|at| {
            let left = at.saturating_duration_since(std::time::Instant::now());
            self.now.ms + u64::try_from(left.as_millis()).unwrap_or(0) + 1
        });
        let quiet = self
            .terms
            .quiet_at
            .filter(|_| self.focus == Focus::Terminals);
        held.into_iter().chain(quiet).min()
    }

    /// Does what was due.
    pub(super) fn settle_quiet(&mut self) {
        if let Some((_, live)) = &mut self.terms.live
            && live
                .held_until()
                .is_some_and(|at| at <= std::time::Instant::now())
        {
            live.let_go();
        }
        if self.terms.quiet_at.is_some_and(|at| at <= self.now.ms) {
            self.terms.quiet_at = None;
            if self.focus == Focus::Terminals && self.link == LinkState::Connected {
                self.ask(Call::Terminals);
            }
        }
    }

    /// Returns true where what came is what somebody waits for who typed just now.
    pub(crate) fn is_echo(&self) -> bool {
        self.now.ms < self.terms.echo_until
    }

    /// Returns true where the last key went to a program, and nothing changed here.
    pub(crate) fn take_passed(&mut self) -> bool {
        std::mem::take(&mut self.terms.passed)
    }

    pub(super) fn look_at_terminals(&mut self, action: Action) {
        let ids: Vec<TerminalId> = self
            .model
            .terminals
            .iter()
            .map(|row| row.terminal.id)
            .collect();
        let at = self.terms.selected;
        let from = at
            .and_then(|id| ids.iter().position(|own| *own == id))
            .unwrap_or(0);
        let page = i32::from(self.plan.live.height.max(2)) - 1;
        let last = ids.len().saturating_sub(1);
        let to = match action {
            Action::Up => from.saturating_sub(1),
            Action::Down => from + 1,
            Action::NextTerminal => {
                if from == last {
                    0
                } else {
                    from + 1
                }
            }
            Action::First => 0,
            Action::Last => last,
            Action::PageUp => return self.scroll_terminal(page),
            Action::PageDown => return self.scroll_terminal(-page),
            Action::Find => {
                let line = Asked::new(Purpose::SearchTerminal, String::new());
                return self.overlays.push(Overlay::Line(line));
            }
            Action::Copy => return self.copy_terminal(),
            Action::NextHit => return self.step_terminal_hit(1),
            Action::PreviousHit => return self.step_terminal_hit(-1),
            Action::Oldest => {
                if let Some(live) = self.terms.screen() {
                    live.show_oldest();
                }
                return;
            }
            Action::Newest => {
                self.terms.hit = None;
                if let Some(live) = self.terms.screen() {
                    live.show_newest();
                }
                return;
            }
            Action::Open => return self.begin_typing(),
            Action::NewTerminal => return self.open_terminal(&[]),
            Action::TakeOver => return self.hand(at, Party::Person),
            Action::HandBack => return self.hand(at, Party::Agent),
            Action::EndProgram => {
                if let Some(id) = at
                    && self.change(Call::KillTerminal(id))
                {
                    self.say("ending the program; what it wrote stays");
                }
                return;
            }
            Action::Remove => {
                if let Some(id) = at {
                    let remove = Going::Terminal(id);
                    self.overlays.push(Overlay::Question { remove });
                }
                return;
            }
            Action::Back => return self.turn_to_terminals(),
            _ => return,
        };
        self.select_terminal(ids.get(to.min(last)).copied());
    }

    pub(super) fn select_terminal(&mut self, id: Option<TerminalId>) {
        if self.terms.selected != id {
            let runs = id.and_then(|id| self.model.terminals.get(id));
            self.terms.typing &= runs.is_some_and(|row| row.terminal.runs());
            self.terms.selected = id;
        }
    }

    /// Opens a terminal in the folder of the session at hand.
    pub(super) fn open_terminal(&mut self, command: &[String]) {
        let cwd = self.session().map(|session| session.workspace.clone());
        let cwd = cwd.unwrap_or_else(|| self.wanted.workspace.clone());
        self.go_to_terminals(None);
        self.change(Call::OpenTerminal(Open {
            command: command.to_vec(),
            cwd: Some(cwd),
            ..Open::default()
        }));
    }

    /// Says who types from now on.
    fn hand(&mut self, id: Option<TerminalId>, to: Party) {
        let Some(row) = id.and_then(|id| self.model.terminals.get(id)) else {
            return;
        };
        let id = row.terminal.id;
        if row.terminal.typist == to {
            return self.say(match to {
                Party::Person => "it is yours already",
                Party::Agent => "the agent has it already",
            });
        }
        self.change(match to {
            Party::Person => Call::TakeTerminal(id),
            Party::Agent => Call::GiveTerminal(id),
        });
    }

    pub(super) fn on_terminal_answer(&mut self, call: &Call, reply: Reply) {
        match (call, reply) {
            (_, Reply::Terminals(listed)) => self.model.terminals.listed(listed),
            (Call::OpenTerminal(_), Reply::Terminal(terminal)) => {
                let id = terminal.id;
                self.model.terminals.put(*terminal);
                self.terms.selected = Some(id);
                if self.focus == Focus::Terminals {
                    self.begin_typing();
                }
            }
            (call, Reply::Terminal(terminal)) => {
                match call {
                    Call::TakeTerminal(_) => {
                        self.say("yours: the agent waits until you give it back")
                    }
                    Call::GiveTerminal(_) => self.say("the agent's again"),
                    _ => {}
                }
                self.model.terminals.put(*terminal);
            }
            (_, Reply::Attached(attached)) => {
                let (id, size) = (attached.terminal.id, attached.terminal.size);
                self.model.terminals.put(attached.terminal);
                if let Some((own, live)) = &mut self.terms.live
                    && *own == id
                {
                    live.resize(size);
                }
            }
            (Call::ResizeTerminal(resize), Reply::Sized(size)) => self.sized(resize.id, size, None),
            (Call::Type(write), _) => self.typed(write.id, None),
            _ => {}
        }
    }

    /// A terminal has another size.
    pub(super) fn sized(&mut self, id: TerminalId, size: Size, client: Option<u64>) {
        self.model.terminals.sized(id, size, client);
        if let Some((own, live)) = &mut self.terms.live
            && *own == id
        {
            live.resize(size);
        }
        // Who else is there has changed.
        self.terms.quiet_at = Some(self.now.ms + QUIET);
    }

    /// Attaches anew where that was refused; a terminal that is gone is not asked for again.
    pub(super) fn not_attached(&mut self, id: TerminalId) {
        self.model.terminals.remove(id);
        self.terms.live = None;
    }
}
