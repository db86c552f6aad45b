//! What the console itself did, and taking it back.
//!
//! Owns a short log, newest last. What others or the agent did is not in it.

use smartopol_protocol::approval::Mode;
use smartopol_protocol::attention::Seen;
use smartopol_protocol::job::Spec;
use smartopol_protocol::session::{Configure, Session};
use smartopol_protocol::{AttentionId, JobId, MemoryId, SessionId, TerminalId, TopicId};

use super::memories::Entry;
use super::{App, Call};
use crate::sanitize;
use crate::widget::composer::Kept;

/// How many things are remembered.
const MOST: usize = 50;

/// How long something stays after a person said to remove it, in milliseconds.
pub(crate) const GRACE: u64 = 10_000;

/// Something that is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Going {
    Session(SessionId),
    Job(JobId),
    Terminal(TerminalId),
    Memory(MemoryId),
    Topic(TopicId),
    /// Something that waits, and how it is seen to.
    Item(AttentionId, Seen),
}

/// Something that was done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Done {
    Renamed {
        id: SessionId,
        from: String,
        to: String,
    },
    Mode {
        id: SessionId,
        from: Mode,
        to: Mode,
    },
    Model {
        id: SessionId,
        from: Option<String>,
        to: String,
    },
    Withdrawn {
        id: SessionId,
        text: String,
    },
    Cleared {
        id: SessionId,
        before: Kept,
    },
    Rested {
        id: JobId,
    },
    Resumed {
        id: JobId,
    },
    JobEdited {
        id: JobId,
        /// What it was made of before.
        spec: Box<Spec>,
    },
}

impl Done {
    /// Returns what undoing it does, in a few words.
    fn words(&self) -> String {
        match self {
            Self::Renamed { from, to, .. } => format!("`{to}` is `{from}` again"),
            Self::Mode { from, .. } => format!("the mode is {} again", from.name()),
            Self::Model { from, .. } => format!(
                "the model is {} again",
                from.as_deref().unwrap_or("as configured")
            ),
            Self::Withdrawn { text, .. } => format!("sends again: {}", brief(text)),
            Self::Cleared { before, .. } => format!("the draft is back: {}", brief(&before.text)),
            Self::Rested { .. } => "the job goes on".to_owned(),
            Self::Resumed { .. } => "the job rests again".to_owned(),
            Self::JobEdited { spec, .. } => {
                format!(
                    "`{}` is as before",
                    brief(spec.name.as_deref().unwrap_or_default())
                )
            }
        }
    }
}

fn brief(text: &str) -> String {
    let line: String = text
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(40)
        .collect();
    sanitize::line(&line).into_owned()
}

impl App {
    /// Remembers what was done.
    pub(super) fn done(&mut self, what: Done) {
        self.undo.push(what);
        let over = self.undo.len().saturating_sub(MOST);
        self.undo.drain(..over);
    }

    /// Returns what undoing would do, the next first.
    pub(crate) fn undo_log(&self) -> Vec<String> {
        let removals = self
            .removals
            .iter()
            .rev()
            .map(|(id, _)| format!("{} stays", self.name_of_going(*id)));
        removals
            .chain(self.undo.iter().rev().map(Done::words))
            .collect()
    }

    /// Undoes what was done last.
    pub(super) fn undo_last(&mut self) {
        if let Some((id, _)) = self.removals.pop() {
            return self.say(format!("{} stays", self.name_of_going(id)));
        }
        if !self.connected_to_change() {
            return;
        }
        let Some(what) = self.undo.pop() else {
            return self.say("nothing of yours is left to undo here");
        };
        let words = what.words();
        let configure = |id| Configure {
            id,
            name: None,
            mode: None,
            model: None,
        };
        match what {
            Done::Renamed { id, from, .. } => {
                let name = Some(from);
                self.change(Call::Configure(Configure {
                    name,
                    ..configure(id)
                }));
            }
            Done::Mode { id, from, .. } => {
                let mode = Some(from);
                self.change(Call::Configure(Configure {
                    mode,
                    ..configure(id)
                }));
            }
            Done::Model { id, from, .. } => {
                let model = Some(from.unwrap_or_default());
                self.change(Call::Configure(Configure {
                    model,
                    ..configure(id)
                }));
            }
            Done::Withdrawn { id, text } => {
                if self.current != Some(id) {
                    self.open(id);
                }
                // It came back as the draft: there it is not wanted twice.
                if let Some(view) = self.view_mut()
                    && view.composer.text() == text
                {
                    view.composer.take();
                }
                self.say_with(&text, false);
            }
            Done::Rested { id } => drop(self.change(Call::ResumeJob(id))),
            Done::Resumed { id } => drop(self.change(Call::PauseJob(id))),
            Done::JobEdited { id, spec } => drop(self.change(Call::EditJob(id, spec))),
            Done::Cleared { id, before } => {
                if self.current != Some(id) {
                    self.open(id);
                }
                if let Some(view) = self.view_mut() {
                    let now = view.composer.whole();
                    view.composer.restore(before);
                    if !now.trim().is_empty() {
                        view.composer.insert(&now);
                    }
                }
            }
        }
        self.say(format!("undone: {words}"));
    }

    /// Returns the name of what is removed, as it is told to a person.
    pub(crate) fn name_of_going(&self, going: Going) -> String {
        match going {
            Going::Session(id) => {
                let name = self.model.session(id).map(|own| own.name.as_str());
                format!("`{}`", sanitize::line(name.unwrap_or_default()))
            }
            Going::Job(id) => self.name_of_job(id),
            Going::Item(id, _) => {
                let item = self.listed_item(id);
                format!("`{}`", brief(item.map_or("", |item| item.title.as_str())))
            }
            Going::Memory(id) => self.name_of_entry(Entry::Memory(id)),
            Going::Topic(id) => self.name_of_entry(Entry::Topic(id)),
            Going::Terminal(id) => {
                let row = self.model.terminals.get(id);
                let title = row.map_or("the terminal", |row| row.terminal.title.as_str());
                format!("`{}`", sanitize::line(title))
            }
        }
    }

    /// Remembers what a change of a session will have changed.
    pub(super) fn note_configure(&mut self, change: &Configure) {
        let Some(session) = self.model.session(change.id).cloned() else {
            return;
        };
        let Session {
            id, name, model, ..
        } = session.clone();
        if let Some(to) = change.name.clone().filter(|to| *to != name) {
            self.done(Done::Renamed { id, from: name, to });
        }
        let from = self.mode_of(&session);
        if let Some(to) = change.mode.filter(|to| *to != from) {
            self.done(Done::Mode { id, from, to });
        }
        if let Some(to) = change.model.clone().filter(|to| Some(to) != model.as_ref()) {
            self.done(Done::Model {
                id,
                from: model,
                to,
            });
        }
    }

    /// Removes something in a while, so that there is time to think again.
    pub(super) fn remove_soon(&mut self, id: Going) {
        if !self.connected_to_change() || self.removals.iter().any(|(own, _)| *own == id) {
            return;
        }
        self.removals.push((id, self.now.ms + GRACE));
        let key = self.key_of(self.places(), super::keymap::Action::Undo);
        let key = key.unwrap_or_else(|| "/undo".to_owned());
        let name = self.name_of_going(id);
        let words = match id {
            Going::Item(_, Seen::Dismiss) => format!("put away · {key} takes it back: {name}"),
            Going::Item(..) => format!("seen to · {key} takes it back: {name}"),
            _ => format!("{name} goes in 10 s · {key} keeps it"),
        };
        self.say_for(GRACE, words);
    }

    /// Returns in how many seconds something goes; `None` for what stays.
    pub(crate) fn goes_in(&self, id: Going) -> Option<u64> {
        let (_, at) = self.removals.iter().find(|(own, _)| *own == id)?;
        Some(at.saturating_sub(self.now.ms).div_ceil(1_000))
    }

    /// Removes what has had its time.
    pub(super) fn settle_removals(&mut self) {
        let now = self.now.ms;
        let due: Vec<Going> = self
            .removals
            .iter()
            .filter(|(_, at)| *at <= now)
            .map(|(id, _)| *id)
            .collect();
        self.removals.retain(|(_, at)| *at > now);
        for id in due {
            self.change(match id {
                Going::Item(id, how) => {
                    self.see_to_now(id, how);
                    continue;
                }
                Going::Session(id) => Call::Remove(id),
                Going::Job(id) => Call::RemoveJob(id),
                Going::Terminal(id) => Call::CloseTerminal(id),
                Going::Memory(id) => Call::ForgetMemory(id),
                Going::Topic(id) => Call::ForgetTopic(id),
            });
        }
    }
}
