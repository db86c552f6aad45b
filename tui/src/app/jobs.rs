//! How the jobs are looked at, and what keys do there.
//!
//! What jobs there are stands in the model; what making one looks like in `job_form`.

use std::collections::HashSet;

use smartopol_protocol::JobId;
use smartopol_protocol::job::{Job, JobState, RunState};

use super::job_form::JobForm;
use super::keymap::Action;
use super::mouse::Spot;
use super::undo::{Done, Going};
use super::{App, Call, Focus, LinkState, Reply};
use crate::overlay::Overlay;
use crate::sanitize;
use crate::widget::time;

/// How near a due time is counted down in seconds, in milliseconds.
pub(crate) const NEAR: u64 = 120_000;

/// How many ledgers are asked for after one frame.
const LEDGERS: usize = 64;

/// How the jobs are looked at.
#[derive(Debug, Default)]
pub(crate) struct JobsView {
    pub(crate) selected: Option<JobId>,
    /// True where one job has the whole screen, because there is no room beside the list.
    pub(crate) open: bool,
    /// How far what is told of the job is scrolled; drawing brings it back to what there is.
    pub(crate) scroll: usize,
    /// Why a job did or did not run, as the daemon says it.
    pub(crate) why: Option<(JobId, String)>,
    /// Where a person came from.
    from: Option<Focus>,
    /// What was asked since the connection began: the list, one job, ledgers.
    listed: bool,
    shown: Option<JobId>,
    ledgers: HashSet<JobId>,
}

impl JobsView {
    /// A new connection knows of no question.
    pub(super) fn reconnected(&mut self) {
        (self.listed, self.shown) = (false, None);
        self.ledgers.clear();
    }
}

impl App {
    /// Goes to the jobs, or back from them.
    pub(super) fn turn_to_jobs(&mut self) {
        if self.focus == Focus::Jobs {
            self.leave_jobs();
        } else {
            self.go_to_jobs(None);
        }
    }

    /// Goes to the jobs, and to one of them.
    pub(super) fn go_to_jobs(&mut self, id: Option<JobId>) {
        self.jobs.from = (self.focus != Focus::Jobs).then_some(self.focus);
        if id.is_some() {
            (self.jobs.selected, self.jobs.open, self.jobs.scroll) = (id, true, 0);
        }
        self.traces_whole = false;
        self.focus = Focus::Jobs;
    }

    fn leave_jobs(&mut self) {
        self.jobs.open = false;
        let from = self.jobs.from.take();
        self.focus = from
            .filter(|from| *from == Focus::Inbox)
            .unwrap_or(Focus::Composer);
    }

    /// Asks for what the screen of jobs lacks.
    pub(super) fn settle_jobs(&mut self) {
        if self.model.jobs.are_known() {
            let chosen = self.jobs.selected.and_then(|id| self.model.jobs.get(id));
            if chosen.is_none() {
                self.jobs.selected = self.model.jobs.iter().next().map(|job| job.id);
                self.jobs.open = self.jobs.open && self.jobs.selected.is_some();
            }
        }
        if self.focus != Focus::Jobs || self.link != LinkState::Connected {
            return;
        }
        if !self.model.jobs.are_known() && !std::mem::replace(&mut self.jobs.listed, true) {
            self.ask(Call::Jobs(None));
        }
        if let Some(id) = self.jobs.selected.filter(|id| self.jobs.shown != Some(*id)) {
            self.jobs.shown = Some(id);
            self.ask(Call::Job(id));
        }
    }

    /// Asks for the ledgers of the jobs that are seen.
    pub(super) fn wanted_by_jobs(&mut self) {
        let spots = self.spots.borrow();
        let seen: Vec<JobId> = spots
            .iter()
            .filter_map(|(_, spot)| match spot {
                Spot::Job(id) if !self.jobs.ledgers.contains(id) => Some(*id),
                _ => None,
            })
            .take(LEDGERS)
            .collect();
        drop(spots);
        if self.link == LinkState::Connected {
            for id in seen {
                self.jobs.ledgers.insert(id);
                self.ask(Call::Ledger(id));
            }
        }
    }

    /// A job was changed: what is told of it beside its row may be of yesterday.
    pub(super) fn heard_of_job(&mut self, id: JobId) {
        if self.jobs.shown == Some(id) {
            self.jobs.shown = None;
        }
    }

    /// Returns when a countdown that is seen changes next.
    pub(super) fn jobs_tick(&self) -> Option<u64> {
        let due = self.model.jobs.first_due()?;
        let left = due.millis_since(self.now.wall);
        let step = if left < NEAR { 1_000 } else { 60_000 };
        (self.focus == Focus::Jobs).then_some((self.now.ms / step + 1) * step)
    }

    /// Returns the job that the keys act on.
    pub(crate) fn job_at(&self) -> Option<&Job> {
        self.jobs.selected.and_then(|id| self.model.jobs.get(id))
    }

    pub(super) fn look_at_jobs(&mut self, action: Action) {
        let ids: Vec<JobId> = self.model.jobs.iter().map(|job| job.id).collect();
        let at = self.jobs.selected;
        let from = at
            .and_then(|id| ids.iter().position(|own| *own == id))
            .unwrap_or(0);
        let page = usize::try_from(self.plan.page()).unwrap_or(1);
        let to = match action {
            Action::Up => from.saturating_sub(1),
            Action::Down => from + 1,
            Action::First => 0,
            Action::Last => usize::MAX,
            Action::PageUp => return self.jobs.scroll = self.jobs.scroll.saturating_sub(page),
            Action::PageDown => return self.jobs.scroll += page,
            Action::Open => return self.open_job(),
            Action::AddJob => return self.open_job_form(None),
            Action::EditJob => return self.open_job_form(at),
            Action::RunJob => return self.run_job(at),
            Action::RestJob => return self.rest_job(at),
            Action::Why => {
                if let Some(id) = at {
                    self.ask(Call::WhyJob(id));
                }
                return;
            }
            Action::Remove => {
                if let Some(id) = at {
                    let going = Going::Job(id);
                    self.overlays.push(Overlay::Question { remove: going });
                }
                return;
            }
            Action::Back if self.jobs.open && !self.plan.has_both => {
                return self.jobs.open = false;
            }
            Action::Back => return self.leave_jobs(),
            _ => return,
        };
        self.select_job(ids.get(to.min(ids.len().saturating_sub(1))).copied());
    }

    pub(super) fn select_job(&mut self, id: Option<JobId>) {
        if self.jobs.selected != id {
            (self.jobs.selected, self.jobs.scroll) = (id, 0);
        }
    }

    /// Shows all of a job where that is not seen yet, and else the session that it spoke to.
    fn open_job(&mut self) {
        let Some(job) = self.job_at() else {
            return;
        };
        let spoke = job.last.as_ref().and_then(|run| run.session_id);
        let session = spoke.or(job.session_id);
        if !self.plan.has_both && !self.jobs.open {
            (self.jobs.open, self.jobs.scroll) = (true, 0);
            return;
        }
        match session.filter(|id| self.model.session(*id).is_some()) {
            Some(id) => {
                self.open(id);
                self.focus = Focus::Composer;
            }
            None => self.say("it has spoken to no session yet"),
        }
    }

    fn open_job_form(&mut self, id: Option<JobId>) {
        if !self.connected_to_change() {
            return;
        }
        let job = id.and_then(|id| self.model.jobs.get(id)).cloned();
        if id.is_none() || job.is_some() {
            self.overlays
                .push(Overlay::JobForm(Box::new(JobForm::new(job, self.now.ms))));
        }
    }

    /// Runs a job out of turn.
    pub(super) fn run_job(&mut self, id: Option<JobId>) {
        if let Some(id) = id
            && self.change(Call::RunJob(id))
        {
            self.say(format!("{} runs now", self.name_of_job(id)));
        }
    }

    /// Lets a job rest, or ends its rest.
    pub(super) fn rest_job(&mut self, id: Option<JobId>) {
        let Some(job) = id.and_then(|id| self.model.jobs.get(id)) else {
            return;
        };
        let id = job.id;
        let (call, done) = match job.state {
            JobState::Active => (Call::PauseJob(id), Done::Rested { id }),
            JobState::Paused { .. } => (Call::ResumeJob(id), Done::Resumed { id }),
            JobState::Done => return self.say("its schedule has no more times: e gives it others"),
        };
        if self.change(call) {
            self.done(done);
        }
    }

    /// Returns a job's name as it is told to a person.
    pub(super) fn name_of_job(&self, id: JobId) -> String {
        let job = self.model.jobs.get(id);
        let name = job.map_or("the job", |job| job.name.as_str());
        format!("`{}`", sanitize::line(name))
    }

    pub(super) fn on_job_answer(&mut self, call: &Call, reply: Reply) {
        match (call, reply) {
            (_, Reply::Jobs(listed)) => {
                if let Some(after) = self.model.jobs.listed(listed) {
                    self.ask(Call::Jobs(Some(after)));
                }
            }
            (_, Reply::JobShown(shown)) => {
                self.jobs.ledgers.insert(shown.job.id);
                self.model.jobs.shown(*shown);
            }
            (Call::Ledger(id), Reply::Ledger(shown)) => self.model.jobs.history(*id, shown.runs),
            (Call::CheckJob(number, _), Reply::JobAdded(added)) => {
                self.job_checked(*number, Ok(*added));
            }
            (Call::AddJob(_), Reply::JobAdded(added)) => self.job_kept(added.job, &added.next),
            (Call::EditJob(..), Reply::Job(job)) => {
                self.heard_of_job(job.id);
                self.job_kept(*job, &[]);
            }
            (Call::PauseJob(id), Reply::Job(job)) => {
                self.model.jobs.put(*job);
                self.say(format!(
                    "{} rests: its times are skipped",
                    self.name_of_job(*id)
                ));
            }
            (Call::ResumeJob(id), Reply::Job(job)) => {
                let next = job.next_at.map(|at| at.millis_since(self.now.wall));
                let next = next.map_or(String::new(), |ms| {
                    format!(", in {}", time::seconds(ms / 1_000))
                });
                self.model.jobs.put(*job);
                self.say(format!("{} goes on{next}", self.name_of_job(*id)));
            }
            (_, Reply::Ran(run)) if run.state == RunState::Failed => {
                let why = sanitize::line(&run.reason).into_owned();
                self.complain(format!("it could not run: {why}"));
            }
            (Call::WhyJob(id), Reply::Why(answer)) => {
                let sentence = sanitize::line(&answer.sentence).into_owned();
                self.jobs.why = Some((*id, sentence));
                (self.jobs.open, self.jobs.scroll) = (true, 0);
            }
            (
                call,
                reply @ (Reply::Terminals(_)
                | Reply::Terminal(_)
                | Reply::Attached(_)
                | Reply::Sized(_)),
            ) => {
                self.on_terminal_answer(call, reply);
            }
            (Call::Type(_), reply) => self.on_terminal_answer(call, reply),
            (_, Reply::Item(item)) => {
                self.seen_of_others(item.id);
                self.model.attention.put(*item);
            }
            _ => {}
        }
    }
}
