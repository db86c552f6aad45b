//! Jobs, as the daemon told them: the list, and of those that were looked at, their ledgers.

use std::collections::HashMap;

use smartopol_protocol::job::{Due, Job, JobState, Listed, Run, Shown};
use smartopol_protocol::{JobId, Timestamp};

/// How many rows of a ledger are kept.
const RUNS: usize = 100;

/// Jobs and their ledgers.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    /// Those due next first, then those that rest, then those that have no more times.
    rows: Vec<Job>,
    ledgers: HashMap<JobId, Vec<Run>>,
    next: HashMap<JobId, Vec<Due>>,
    /// True once the list was told; before that, what is told of single jobs is no list.
    known: bool,
}

impl Jobs {
    /// Returns true once all jobs are known.
    pub(crate) const fn are_known(&self) -> bool {
        self.known
    }

    /// Forgets all: something was missed.
    pub(crate) fn forget_all(&mut self) {
        *self = Self::default();
    }

    /// Takes a page of the list; returns the job after which the next page begins.
    pub(crate) fn listed(&mut self, listed: Listed) -> Option<JobId> {
        let last = listed.jobs.last().map(|job| job.id);
        listed.jobs.into_iter().for_each(|job| self.place(job));
        self.sort();
        self.known = !listed.more;
        last.filter(|_| listed.more)
    }

    /// Takes a job as a fact or a reply tells it.
    pub(crate) fn put(&mut self, job: Job) {
        if let Some(run) = job.last.clone() {
            self.put_run(run);
        }
        self.place(job);
        self.sort();
    }

    fn place(&mut self, job: Job) {
        match self.rows.iter_mut().find(|own| own.id == job.id) {
            Some(own) if own.updated_at > job.updated_at => {}
            Some(own) => *own = job,
            None => self.rows.push(job),
        }
    }

    pub(crate) fn remove(&mut self, id: JobId) {
        self.rows.retain(|job| job.id != id);
        self.ledgers.remove(&id);
        self.next.remove(&id);
    }

    /// Takes a job with its newest runs and its next times.
    pub(crate) fn shown(&mut self, shown: Shown) {
        let id = shown.job.id;
        self.put(shown.job);
        self.next.insert(id, shown.next);
        self.history(id, shown.runs);
    }

    /// Takes rows of a ledger.
    pub(crate) fn history(&mut self, id: JobId, runs: Vec<Run>) {
        self.ledgers.entry(id).or_default();
        runs.into_iter().for_each(|run| self.put_run(run));
    }

    fn put_run(&mut self, run: Run) {
        // A row alone would look like a whole ledger.
        let Some(runs) = self.ledgers.get_mut(&run.job_id) else {
            return;
        };
        match runs.binary_search_by_key(&run.due_at, |own| own.due_at) {
            Ok(at) => {
                if let Some(own) = runs.get_mut(at) {
                    *own = run;
                }
            }
            Err(at) => runs.insert(at, run),
        }
        let over = runs.len().saturating_sub(RUNS);
        runs.drain(..over);
    }

    fn sort(&mut self) {
        let last = Timestamp::from_millis(i64::MAX);
        self.rows.sort_by_cached_key(|job| {
            let rank = match job.state {
                JobState::Active => 0,
                JobState::Paused { .. } => 1,
                JobState::Done => 2,
            };
            (rank, job.next_at.unwrap_or(last), job.name.clone(), job.id)
        });
    }

    /// Returns all jobs, those due next first.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &Job> {
        self.rows.iter()
    }

    pub(crate) fn get(&self, id: JobId) -> Option<&Job> {
        self.rows.iter().find(|job| job.id == id)
    }

    /// Returns what is known of a job's ledger, oldest first; `None` where nobody asked.
    pub(crate) fn ledger(&self, id: JobId) -> Option<&[Run]> {
        self.ledgers.get(&id).map(Vec::as_slice)
    }

    /// Returns a job's next times; `None` where nobody asked.
    pub(crate) fn next_of(&self, id: JobId) -> Option<&[Due]> {
        self.next.get(&id).map(Vec::as_slice)
    }

    /// Returns when the first of them is due.
    pub(crate) fn first_due(&self) -> Option<Timestamp> {
        self.rows.iter().filter_map(|job| job.next_at).min()
    }
}
