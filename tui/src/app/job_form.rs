//! Making a job, and making it anew: what is written, and when that would be due.
//!
//! Free words for times are understood by the daemon alone; nothing is kept before it has said
//! the exact time that they mean.

use crossterm::event::KeyEvent;
use smartopol_protocol::attention::Priority;
use smartopol_protocol::job::{Action as Does, Added, Due, Job, Spec};

use super::keymap::Action;
use super::line::{edit, letter};
use super::undo::Done;
use super::{App, Call, Refusal};
use crate::overlay::Overlay;
use crate::sanitize;
use crate::widget::composer::Composer;
use crate::widget::time;

/// What a job does, as far as it is written here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Ask,
    Remind(Priority),
    Tell,
    /// A tool call: made elsewhere, kept as it is.
    Call,
}

impl Deed {
    const ALL: [Self; 6] = [
        Self::Ask,
        Self::Remind(Priority::Low),
        Self::Remind(Priority::Normal),
        Self::Remind(Priority::High),
        Self::Remind(Priority::Urgent),
        Self::Tell,
    ];

    /// Says what it does.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Ask => "asks the agent",
            Self::Remind(Priority::Low) => "reminds me, it can wait",
            Self::Remind(Priority::Normal) => "reminds me",
            Self::Remind(Priority::High) => "reminds me, it matters",
            Self::Remind(Priority::Urgent) => "reminds me, it is urgent",
            Self::Tell => "writes a notice into the session",
            Self::Call => "calls a tool",
        }
    }

    fn turned(self, by: isize) -> Self {
        let at = Self::ALL.iter().position(|own| *own == self);
        let next = at.and_then(|at| at.checked_add_signed(by));
        next.and_then(|next| Self::ALL.get(next).copied())
            .unwrap_or(self)
    }
}

/// A line of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Row {
    Does,
    When,
    What,
}

/// What is known of when it would be due.
#[derive(Debug)]
pub(crate) enum Shown {
    /// Nobody asked since the last change.
    Not,
    Asked,
    Times(Vec<Due>),
    Wrong(String),
    /// It is being kept.
    Keeping,
}

/// A job that is being made.
#[derive(Debug)]
pub(crate) struct JobForm {
    /// The job that is made anew.
    pub(crate) of: Option<Job>,
    pub(crate) deed: Deed,
    pub(crate) when: Composer,
    pub(crate) what: Composer,
    pub(crate) row: Row,
    pub(crate) shown: Shown,
    /// Which question about it is the newest.
    number: u64,
}

impl JobForm {
    pub(crate) fn new(of: Option<Job>, number: u64) -> Self {
        let mut form = Self {
            of: None,
            deed: Deed::Ask,
            when: Composer::default(),
            what: Composer::default(),
            row: Row::When,
            shown: Shown::Not,
            number,
        };
        if let Some(job) = of {
            form.deed = of_action(&job);
            form.when.set(job.when.clone());
            form.what.set(job.action.text().replace('\n', " "));
            form.of = Some(job);
        }
        form
    }

    /// Returns the line that is written in.
    fn line(&mut self) -> Option<&mut Composer> {
        match self.row {
            Row::When => Some(&mut self.when),
            Row::What if self.deed != Deed::Call => Some(&mut self.what),
            Row::Does | Row::What => None,
        }
    }

    fn go(&mut self, by: isize) {
        let rows = [Row::Does, Row::When, Row::What];
        let at = rows.iter().position(|row| *row == self.row).unwrap_or(0);
        let to = at.saturating_add_signed(by) % rows.len();
        self.row = match (at, by) {
            (0, ..0) => Row::What,
            _ => rows.get(to).copied().unwrap_or(Row::When),
        };
    }

    pub(super) fn write(&mut self, text: &str) {
        if let Some(line) = self.line() {
            line.insert(text);
            self.changed();
        }
    }

    fn changed(&mut self) {
        self.shown = Shown::Not;
        self.number += 1;
    }
}

impl App {
    /// Takes a key in the form; it stays.
    pub(super) fn on_job_form_key(
        &mut self,
        form: &mut JobForm,
        action: Option<Action>,
        event: KeyEvent,
    ) -> bool {
        match (action, form.row) {
            (Some(Action::Send), _) => self.next_of_job_form(form),
            (Some(Action::Down), _) => form.go(1),
            (Some(Action::Up), _) => form.go(-1),
            (Some(Action::Left | Action::Right), Row::Does) => {
                let by = if action == Some(Action::Left) { -1 } else { 1 };
                form.deed = form.deed.turned(by);
                form.changed();
            }
            (Some(action), _) => {
                if let Some(line) = form.line() {
                    let before = line.text().to_owned();
                    edit(line, action);
                    if line.text() != before {
                        form.changed();
                    }
                }
            }
            (None, _) => {
                if let Some(letter) = letter(event) {
                    form.write(letter.encode_utf8(&mut [0; 4]));
                }
            }
        }
        true
    }

    /// Asks when it would be due; once that was seen, keeps it.
    fn next_of_job_form(&mut self, form: &mut JobForm) {
        if form.when.text().trim().is_empty() {
            form.row = Row::When;
        } else if form.what.text().trim().is_empty() {
            form.row = Row::What;
        } else if let Shown::Times(_) = form.shown {
            let spec = Box::new(self.spec_of(form));
            let call = match &form.of {
                Some(job) => Call::EditJob(job.id, spec),
                None => Call::AddJob(spec),
            };
            if self.change(call) {
                form.shown = Shown::Keeping;
            }
        } else if !matches!(form.shown, Shown::Asked | Shown::Keeping) && self.connected_to_change()
        {
            form.shown = Shown::Asked;
            // Its own name is taken, by itself.
            let spec = Spec {
                name: None,
                ..self.spec_of(form)
            };
            self.ask(Call::CheckJob(form.number, Box::new(spec)));
        }
    }

    fn spec_of(&self, form: &JobForm) -> Spec {
        let text = form.what.text().trim().to_owned();
        let action = match (form.deed, &form.of) {
            (Deed::Call, Some(job)) => job.action.clone(),
            (Deed::Ask | Deed::Call, _) => Does::Prompt { text },
            (Deed::Remind(priority), _) => Does::Remind { text, priority },
            (Deed::Tell, _) => Does::Message { text },
        };
        let when = form.when.text().trim().to_owned();
        let Some(job) = &form.of else {
            let session = self.current.map(|id| id.to_string());
            let workspace = session.is_none().then(|| self.wanted.workspace.clone());
            return Spec {
                session,
                workspace,
                ..Spec::new(when, action)
            };
        };
        let mut spec = Spec::of(job);
        // What it says or reminds of is written on one line; what was not touched stays as it is.
        if action.text() != job.action.text().replace('\n', " ") || form.deed != of_action(job) {
            spec.action = action;
        }
        if when != job.when {
            spec.due(when);
        }
        spec
    }

    /// Takes when a job would be due.
    pub(super) fn job_checked(&mut self, number: u64, added: Result<Added, Refusal>) {
        for overlay in &mut self.overlays {
            if let Overlay::JobForm(form) = overlay
                && form.number == number
            {
                form.shown = match &added {
                    Ok(added) => Shown::Times(added.next.clone()),
                    Err(refusal) => Shown::Wrong(refusal.sentence()),
                };
            }
        }
    }

    /// Takes note that a job was not kept: its form stays, and says why.
    pub(super) fn job_not_kept(&mut self, refusal: &Refusal) {
        for overlay in &mut self.overlays {
            if let Overlay::JobForm(form) = overlay {
                form.shown = Shown::Wrong(refusal.sentence());
            }
        }
    }

    pub(super) fn job_kept(&mut self, job: Job, next: &[Due]) {
        let mut was = None;
        self.overlays.retain_mut(|overlay| match overlay {
            Overlay::JobForm(form) => {
                was = form.of.take();
                false
            }
            _ => true,
        });
        if let Some(was) = was {
            let spec = Box::new(Spec::of(&was));
            self.done(Done::JobEdited { id: job.id, spec });
        }
        let name = sanitize::line(&job.name).into_owned();
        let when = match (next.first(), job.next_at) {
            (Some(due), _) => format!("{}, ", sanitize::line(&due.local)),
            _ => String::new(),
        };
        let left = job.next_at.map(|at| at.millis_since(self.now.wall) / 1_000);
        let left = left.map_or_else(
            || "has no time to come".to_owned(),
            |left| format!("is due {when}in {}", time::seconds(left)),
        );
        self.say_for(8_000, format!("`{name}` {left}"));
        let id = job.id;
        self.model.jobs.put(job);
        self.select_job(Some(id));
    }
}

fn of_action(job: &Job) -> Deed {
    match &job.action {
        Does::Prompt { .. } => Deed::Ask,
        Does::Remind { priority, .. } => Deed::Remind(*priority),
        Does::Message { .. } => Deed::Tell,
        Does::Call { .. } => Deed::Call,
    }
}
