//! What becomes of what a person wrote: words for the agent, a command, something to remember.
//!
//! Owns what the first letter means, and messages that wait: changed, steered, taken back.

use smartopol_protocol::command::Run;
use smartopol_protocol::message::{Edit, Message, Send};
use smartopol_protocol::session::SessionState;
use smartopol_protocol::turn::Outcome;
use smartopol_protocol::{MessageId, SessionId};

use super::keymap::Action;
use super::line::edit;
use super::undo::Done;
use super::{App, Call};
use crate::widget::composer::{Composer, Kept};

/// How long after the last letter a draft is kept, in milliseconds.
const KEEP_AFTER: u64 = 250;

/// What a draft is, by its first letter. The letter twice stands for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Words for the agent.
    Words,
    /// `!`: a command of the person.
    Shell,
    /// `/`: a command of the console.
    Command,
    /// `#`: something to remember.
    Memory,
}

impl Kind {
    /// Returns what a draft is.
    pub(crate) fn of(text: &str) -> Self {
        let mut letters = text.chars();
        match (letters.next(), letters.next()) {
            (Some(first), Some(second)) if first == second => Self::Words,
            (Some('!'), _) => Self::Shell,
            (Some('/'), _) if !text.contains('\n') => Self::Command,
            // A heading of a longer text is none.
            (Some('#'), _) if !text.contains('\n') => Self::Memory,
            _ => Self::Words,
        }
    }

    /// Returns the sign before the draft.
    pub(crate) const fn sign(self) -> &'static str {
        match self {
            Self::Words => ">",
            Self::Shell => "$",
            Self::Command => ":",
            Self::Memory => "+",
        }
    }
}

/// Returns words without the doubled first letter that made them words.
fn unescaped(text: &str) -> &str {
    let doubled = ["!!", "//", "##"].iter().any(|two| text.starts_with(two));
    match (doubled, text.get(1..)) {
        (true, Some(rest)) => rest,
        _ => text,
    }
}

impl App {
    pub(super) fn compose(&mut self, action: Action) {
        let room = self.plan.composer_room();
        let page = self.plan.page();
        if self.name_key(action) {
            return;
        }
        match action {
            Action::Send => return self.send(false),
            Action::Steer => return self.send(true),
            Action::PageUp => return self.scroll(-page),
            Action::PageDown => return self.scroll(page),
            Action::Last => return self.follow(),
            Action::EditOutside => return self.edit_outside(),
            Action::ExpandPaste => {
                if !self.view_mut().is_some_and(|view| view.composer.expand()) {
                    self.say("no large paste stands in the draft");
                }
                return;
            }
            Action::Up | Action::Down if self.walk_queue(action == Action::Up, room) => return,
            _ => {}
        }
        let history = std::mem::take(&mut self.history);
        let mut cleared = None;
        if let Some(view) = self.view_mut() {
            let composer = &mut view.composer;
            match action {
                Action::NewLine => drop(composer.insert("\n")),
                Action::Up if !composer.up(room) => composer.older(&history),
                Action::Down if !composer.down(room) => composer.newer(&history),
                Action::CutLine | Action::CutEnd => {
                    let before = composer.keep();
                    edit(composer, action);
                    cleared = Some(before).filter(|_| composer.is_empty());
                }
                action => edit(composer, action),
            }
        }
        self.history = history;
        if let (Some(before), Some(id)) = (cleared, self.current)
            && before.text.chars().count() > 1
        {
            self.done(Done::Cleared { id, before });
        }
    }

    /// Sends what is written, as what it is.
    fn send(&mut self, steer: bool) {
        let Some(view) = self.view() else { return };
        let text = view.composer.whole();
        if let Some(id) = view.editing {
            return self.keep_edited(id, text, steer);
        }
        if text.trim().is_empty() {
            return self.send_nothing(steer);
        }
        let sent = match Kind::of(&text) {
            Kind::Words => self.say_with(unescaped(&text), steer).is_some(),
            Kind::Shell => self.run(text.get(1..).unwrap_or_default().trim()),
            Kind::Memory => self.remember(text.get(1..).unwrap_or_default().trim()),
            Kind::Command => {
                // First, because it may go to another session.
                self.take_draft();
                if let Err(why) = self.command(text.get(1..).unwrap_or_default()) {
                    let why = why.replace(" :", " /").replace("^:", "/");
                    self.complain(format!("{why}; // says it to the agent"));
                    if let Some(view) = self.view_mut() {
                        view.composer.set(text);
                    }
                }
                false
            }
        };
        if sent {
            self.take_draft();
        }
    }

    /// Sends a typed line that is no command of the console, as what it is; returns the message's
    /// name where it went to the agent.
    pub(crate) fn send_line(&mut self, line: &str) -> Option<MessageId> {
        let rest = line.get(1..).unwrap_or_default().trim();
        match Kind::of(line) {
            Kind::Shell => self.run(rest),
            Kind::Memory => self.remember(rest),
            Kind::Words | Kind::Command => return self.say_with(unescaped(line), false),
        };
        None
    }

    fn take_draft(&mut self) {
        if let Some(view) = self.view_mut() {
            view.composer.take();
        }
    }

    /// With nothing written: what waits is let go on after an interrupt, or let in.
    fn send_nothing(&mut self, steer: bool) {
        if steer {
            let newest = self.waiting().last().map(|message| message.id);
            match newest.filter(|_| self.is_busy()) {
                Some(id) => self.edit_waiting(id, None, Some(true)),
                None => self.say("no message waits that could join a running turn"),
            }
        } else if self.is_held() {
            self.go_on();
        }
    }

    /// Says something in the session at hand; returns its name where it is on its way.
    pub(crate) fn say_with(&mut self, text: &str, steer: bool) -> Option<MessageId> {
        let session_id = self.current.filter(|_| !text.trim().is_empty())?;
        let id = MessageId::new();
        let send = Send {
            session_id,
            text: text.to_owned(),
            id: Some(id),
            steer: steer && self.is_busy(),
        };
        if !self.change(Call::Say(send.clone())) {
            return None;
        }
        self.remember_said(&send.text);
        if let Some(view) = self.view_mut() {
            view.outbox.push(send);
        }
        self.follow();
        Some(id)
    }

    fn remember_said(&mut self, text: &str) {
        if self.history.last().is_none_or(|last| last != text) {
            self.history.push(text.to_owned());
        }
        let over = self.history.len().saturating_sub(self.wanted.history);
        self.history.drain(..over);
    }

    fn run(&mut self, command: &str) -> bool {
        let Some(session_id) = self.current else {
            return false;
        };
        if command.is_empty() {
            self.say("write a command behind the !");
            return false;
        }
        let run = Run {
            session_id,
            command: command.to_owned(),
        };
        let asked = self.change(Call::Run(run));
        if asked {
            self.remember_said(&format!("!{command}"));
            self.follow();
        }
        asked
    }

    fn remember(&mut self, text: &str) -> bool {
        if text.is_empty() {
            self.say("write what to remember behind the #");
            return false;
        }
        self.change(Call::Remember(text.to_owned()))
    }

    /// Returns the messages that wait for their turn, oldest first, without commands.
    pub(crate) fn waiting(&self) -> impl DoubleEndedIterator<Item = &Message> {
        let queue = self.transcript().map(|own| own.queue()).unwrap_or_default();
        queue.iter().filter(|message| !message.is_command())
    }

    /// Returns true where a command of a person runs in the session at hand.
    pub(crate) fn runs_commands(&self) -> bool {
        let queue = self.transcript().map(|own| own.queue()).unwrap_or_default();
        queue
            .iter()
            .any(|message| message.is_command() && message.parts.len() == 1)
    }

    /// Returns true where messages wait because a person interrupted the last turn.
    pub(crate) fn is_held(&self) -> bool {
        let interrupted = matches!(
            self.session().map(|session| &session.state),
            Some(SessionState::Idle {
                last: Some(Outcome::Interrupted)
            })
        );
        interrupted && self.waiting().next().is_some()
    }

    /// Goes through the waiting messages with the arrow keys; false where the key means something
    /// else.
    fn walk_queue(&mut self, up: bool, room: usize) -> bool {
        let ids: Vec<MessageId> = self.waiting().map(|message| message.id).collect();
        let Some(view) = self.view() else {
            return false;
        };
        let own = view.editing;
        let Some(id) = own else {
            return up && view.composer.is_empty() && self.edit_one(ids.last().copied());
        };
        let at = ids.iter().position(|other| *other == id);
        let Some(view) = self.view_mut() else {
            return false;
        };
        // Inside a text of several lines the keys walk its lines.
        let moved = if up {
            view.composer.up(room)
        } else {
            view.composer.down(room)
        };
        if moved {
            return true;
        }
        let next = match (at, up) {
            (Some(at), true) => at.checked_sub(1),
            (Some(at), false) => Some(at + 1),
            (None, _) => None,
        };
        match next.and_then(|next| ids.get(next)).copied() {
            Some(next) => drop(self.edit_one(Some(next))),
            None if up => {}
            None => self.leave_editing(),
        }
        true
    }

    fn edit_one(&mut self, id: Option<MessageId>) -> bool {
        let text = id.and_then(|id| {
            let mut waiting = self.waiting();
            waiting.find(|own| own.id == id).map(Message::text)
        });
        let (Some(text), false) = (text, self.wanted.observe) else {
            return false;
        };
        if let Some(view) = self.view_mut() {
            if view.editing.is_none() {
                view.aside = view.composer.keep();
            }
            view.editing = id;
            view.composer = Composer::default();
            view.composer.set(text);
        }
        true
    }

    /// Ends changing a waiting message; the draft from before comes back.
    pub(super) fn leave_editing(&mut self) {
        if let Some(view) = self.view_mut() {
            view.editing = None;
            let aside = std::mem::take(&mut view.aside);
            view.composer = Composer::default();
            view.composer.restore(aside);
        }
    }

    fn keep_edited(&mut self, id: MessageId, text: String, steer: bool) {
        let own = self.waiting().find(|own| own.id == id).cloned();
        let Some(own) = own else {
            return self.settle_editing();
        };
        if text.trim().is_empty() {
            let (session, text) = (own.session_id, own.text());
            if self.change(Call::Withdraw { session, id, text }) {
                self.leave_editing();
            }
            return;
        }
        let changed = Some(text).filter(|text| *text != own.text());
        if changed.is_none() && !steer {
            return self.leave_editing();
        }
        if self.connected_to_change() {
            self.leave_editing();
            self.edit_waiting(id, changed, steer.then_some(true));
        }
    }

    fn edit_waiting(&mut self, id: MessageId, text: Option<String>, steer: Option<bool>) {
        self.change(Call::Edit(Edit { id, text, steer }));
    }

    /// Makes a draft of what was being changed where the message got its turn meanwhile.
    pub(super) fn settle_editing(&mut self) {
        let Some(id) = self.view().and_then(|view| view.editing) else {
            return;
        };
        if self.waiting().any(|own| own.id == id) {
            return;
        }
        if let Some(view) = self.view_mut() {
            view.editing = None;
            view.aside = Kept::default();
        }
        self.say("that message began its turn; what you wrote is a draft now");
    }

    /// Takes back the newest message that waits, or the one that is being changed.
    pub(super) fn withdraw(&mut self) {
        let editing = self.view().and_then(|view| view.editing);
        let chosen = match editing {
            Some(id) => self.waiting().find(|own| own.id == id).cloned(),
            None => self.waiting().last().cloned(),
        };
        let Some(message) = chosen else {
            return self.say("no message waits for its turn");
        };
        let (session, text) = (message.session_id, message.text());
        let id = message.id;
        if self.change(Call::Withdraw { session, id, text }) && editing.is_some() {
            self.leave_editing();
        }
    }

    /// Takes note of drafts that changed since they were kept.
    pub(super) fn settle_drafts(&mut self) {
        let Some(id) = self.current else { return };
        let Some(view) = self.views.get(&id) else {
            return;
        };
        let now = match view.editing {
            // What is being changed belongs to the daemon; the draft is what was there before.
            Some(_) => view.aside.clone(),
            None => view.composer.keep(),
        };
        if self.kept.get(&id).cloned().unwrap_or_default() != now {
            self.kept.insert(id, now);
            self.keep_at.get_or_insert(self.now.ms + KEEP_AFTER);
            self.unkept.insert(id);
        }
        if self.keep_at.is_some_and(|at| at <= self.now.ms) {
            let drafts = self.drafts_to_keep();
            let cmds = drafts
                .into_iter()
                .map(|(id, kept)| super::Cmd::Keep { id, kept });
            self.cmds.extend(cmds);
        }
    }

    /// Returns the drafts that changed since they were kept.
    pub(crate) fn drafts_to_keep(&mut self) -> Vec<(SessionId, Kept)> {
        self.keep_at = None;
        let unkept = std::mem::take(&mut self.unkept);
        unkept
            .into_iter()
            .map(|id| (id, self.kept.get(&id).cloned().unwrap_or_default()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_letter_says_what_it_is_and_twice_itself() {
        for (text, kind) in [
            ("hello", Kind::Words),
            ("", Kind::Words),
            ("!ls", Kind::Shell),
            ("/new", Kind::Command),
            ("/etc/passwd\nis a file", Kind::Words),
            ("# tabs, not spaces", Kind::Memory),
            ("# Title\n\ntext", Kind::Words),
            ("!!", Kind::Words),
            ("//etc", Kind::Words),
        ] {
            assert_eq!(Kind::of(text), kind, "{text}");
        }
        assert_eq!(unescaped("//etc is"), "/etc is");
        assert_eq!(unescaped("a // b"), "a // b");
    }
}
