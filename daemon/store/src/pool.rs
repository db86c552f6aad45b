//! The readers' threads: looks that do not wait for the writer, nor the writer for them.
//!
//! Owns: the connections that can only read; each is opened at the first look that needs it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::{Error, Reader, Result, connection};

/// How many threads read.
pub(crate) const THREADS: usize = 2;

/// A look, told why where no connection could be had.
type Look = Box<dyn FnOnce(Result<&Reader<'_>>) + Send>;

/// What a reader is asked.
pub(crate) enum Job {
    /// Look.
    Look(Look),
    /// Do what is in the inbox, then end.
    Close,
}

/// Returns the job for a caller's closure, and the way its result comes back.
pub(crate) fn job<T: Send + 'static>(
    look: impl FnOnce(&Reader<'_>) -> Result<T> + Send + 'static,
) -> (Job, oneshot::Receiver<Result<T>>) {
    let (reply, answer) = oneshot::channel();
    let job = Job::Look(Box::new(move |reader| {
        if reply.is_closed() {
            return; // Nobody waits any more, and a look changes nothing.
        }
        let seen = reader.and_then(|reader| {
            catch_unwind(AssertUnwindSafe(|| look(reader)))
                .unwrap_or_else(|cause| Err(Error::panicked(&*cause)))
        });
        reply.send(seen).ok();
    }));
    (job, answer)
}

/// What the threads share.
#[derive(Clone)]
pub(crate) struct Pool {
    path: PathBuf,
    inbox: Arc<Mutex<mpsc::Receiver<Job>>>,
}

impl Pool {
    pub(crate) fn new(path: PathBuf, inbox: mpsc::Receiver<Job>) -> Self {
        Self {
            path,
            inbox: Arc::new(Mutex::new(inbox)),
        }
    }

    /// Works until the inbox is closed and empty.
    pub(crate) fn run(self) {
        let mut lane = Lane::new(self.path);
        loop {
            // One thread waits at the inbox, the others for their turn there.
            let mut inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(job) = inbox.blocking_recv() else {
                return;
            };
            if matches!(job, Job::Close) {
                inbox.close();
            }
            drop(inbox);
            lane.carry_out(job);
        }
    }
}

/// One connection that can only read, once it is needed.
pub(crate) struct Lane {
    path: PathBuf,
    conn: Option<Connection>,
}

impl Lane {
    pub(crate) const fn new(path: PathBuf) -> Self {
        Self { path, conn: None }
    }

    /// Carries out one job; all it sees is of one moment.
    pub(crate) fn carry_out(&mut self, job: Job) {
        let Job::Look(look) = job else { return };
        match self.begin() {
            Ok(conn) => {
                look(Ok(&Reader::new(conn)));
                conn.execute_batch("ROLLBACK").ok(); // Fails where SQLite ended it after an error.
            }
            Err(err) => look(Err(err)),
        }
    }

    fn begin(&mut self) -> Result<&Connection> {
        let conn = match self.conn.take() {
            Some(conn) => conn,
            None => connection::reader(&self.path)?,
        };
        conn.execute_batch("BEGIN")?;
        Ok(self.conn.insert(conn))
    }
}
