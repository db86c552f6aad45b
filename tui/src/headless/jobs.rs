//! What a played daemon says of jobs.

use smartopol_protocol::JobId;
use smartopol_protocol::job;

use super::Headless;
use crate::app::{Call, Reply};

impl Headless {
    /// Tells all jobs.
    pub fn jobs(&mut self, jobs: Vec<job::Job>) {
        let listed = job::Listed { jobs, more: false };
        self.answer(Call::Jobs(None), Reply::Jobs(listed));
    }

    /// Tells a job with its next times and its ledger.
    pub fn job(&mut self, shown: job::Shown) {
        self.answer(Call::Job(shown.job.id), Reply::JobShown(Box::new(shown)));
    }

    /// Tells rows of a job's ledger.
    pub fn ledger(&mut self, id: JobId, runs: Vec<job::Run>) {
        let shown = job::HistoryShown {
            runs,
            ..job::HistoryShown::default()
        };
        self.answer(Call::Ledger(id), Reply::Ledger(shown));
    }

    /// Answers what was asked newest about a job that is made: when it is due, or that it is kept.
    pub fn job_added(&mut self, added: job::Added) {
        let newest = self
            .asked
            .iter()
            .rposition(|call| matches!(call, Call::CheckJob(..) | Call::AddJob(_)));
        if let Some(at) = newest {
            let call = self.asked.remove(at);
            self.answer(call, Reply::JobAdded(Box::new(added)));
        }
    }

    /// Tells a job as it is after a change that was asked for newest.
    pub fn job_changed(&mut self, changed: job::Job) {
        let newest = self.asked.iter().rposition(|call| {
            matches!(
                call,
                Call::PauseJob(_) | Call::ResumeJob(_) | Call::EditJob(..)
            )
        });
        if let Some(at) = newest {
            let call = self.asked.remove(at);
            self.answer(call, Reply::Job(Box::new(changed)));
        }
    }

    /// Tells why a job did or did not run.
    pub fn why(&mut self, id: JobId, sentence: &str) {
        let answer = job::Answer {
            sentence: sentence.to_owned(),
            run: None,
        };
        self.answer(Call::WhyJob(id), Reply::Why(answer));
    }
}
