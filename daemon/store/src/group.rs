//! The writer's thread: many writes, one commit.
//!
//! Owns: the only connection that may write, and what becomes of a write that fails. While one
//! commit waits for the disk, the next writes gather; each has a savepoint of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rusqlite::Connection;
use smartopol_protocol::{Event, Timestamp};
use tokio::sync::{mpsc, oneshot};

use crate::{AtPoint, Error, OnCommit, Point, Reader, Result, Writer, journal};

/// How many writes share a commit at most, so that the first does not wait for all the others.
const BATCH: usize = 256;

/// What the writer is asked.
pub(crate) enum Job {
    /// Change the database.
    Write(Box<dyn Write>),
    /// Do this between two commits.
    Between(Between),
    /// Do what is in the inbox, then end.
    Close,
}

/// Work on the writer's connection that is no write, such as giving free pages back.
pub(crate) type Between = Box<dyn FnOnce(&Connection) + Send>;

/// One write, on its way from the caller and back.
pub(crate) trait Write: Send {
    /// Does it; the error is the reason to undo it.
    fn run(&mut self, writer: &mut Writer<'_>) -> Result<()>;
    /// Tells the caller, after the commit.
    fn answer(self: Box<Self>, committed: Result<()>);
}

/// A caller's closure, its result once it ran, and the way back.
pub(crate) struct Task<T, F> {
    change: Option<F>,
    result: Option<Result<T>>,
    reply: oneshot::Sender<Result<T>>,
}

impl<T, F> Task<T, F>
where
    T: Send + 'static,
    F: FnOnce(&mut Writer<'_>) -> Result<T> + Send + 'static,
{
    #[expect(
        clippy::new_ret_no_self,
        reason = "a task is only useful boxed, with its answer"
    )]
    pub(crate) fn new(change: F) -> (Box<dyn Write>, oneshot::Receiver<Result<T>>) {
        let (reply, answer) = oneshot::channel();
        let task = Self {
            change: Some(change),
            result: None,
            reply,
        };
        (Box::new(task), answer)
    }
}

impl<T, F> Write for Task<T, F>
where
    T: Send,
    F: FnOnce(&mut Writer<'_>) -> Result<T> + Send,
{
    fn run(&mut self, writer: &mut Writer<'_>) -> Result<()> {
        let Some(change) = self.change.take() else {
            return Ok(());
        };
        // Nothing of a panicked write is seen again: its savepoint is rolled back.
        let ran = catch_unwind(AssertUnwindSafe(|| {
            let value = change(writer)?;
            writer.finish()?;
            Ok(value)
        }));
        let result = ran.unwrap_or_else(|cause| Err(Error::panicked(&*cause)));
        let sound = result.as_ref().map(drop).map_err(Clone::clone);
        self.result = Some(result);
        sound
    }

    fn answer(self: Box<Self>, committed: Result<()>) {
        // The caller may be gone; its write stands all the same.
        let result = match self.result {
            Some(result) => result.and_then(|value| committed.map(|()| value)),
            None => Err(committed.err().unwrap_or(Error::Closed)), // It never got to run.
        };
        self.reply.send(result).ok();
    }
}

/// The writer.
pub(crate) struct Group {
    conn: Connection,
    on_commit: OnCommit,
    clock: Box<dyn Fn() -> Timestamp + Send>,
    at_point: Option<AtPoint>,
    oldest: u64,
    /// Work that came while a transaction was open.
    held: Option<Between>,
}

impl Group {
    pub(crate) fn new(
        conn: Connection,
        on_commit: OnCommit,
        clock: Box<dyn Fn() -> Timestamp + Send>,
        at_point: Option<AtPoint>,
    ) -> Result<Self> {
        let oldest = Reader::new(&conn).oldest_seq()?;
        Ok(Self {
            conn,
            on_commit,
            clock,
            at_point,
            oldest,
            held: None,
        })
    }

    /// Works until the inbox is closed and empty, then empties the write-ahead log.
    pub(crate) fn run(mut self, mut inbox: mpsc::Receiver<Job>) -> Result<()> {
        while let Some(job) = inbox.blocking_recv() {
            match job {
                Job::Write(first) => self.batch(first, &mut inbox),
                Job::Between(work) => work(&self.conn),
                Job::Close => inbox.close(),
            }
            if let Some(work) = self.held.take() {
                work(&self.conn);
            }
        }
        self.conn
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()))?;
        Ok(())
    }

    /// Does the first write and all that wait behind it in one transaction.
    fn batch(&mut self, first: Box<dyn Write>, inbox: &mut mpsc::Receiver<Job>) {
        let (mut tasks, mut facts) = (vec![first], Vec::new());
        let done = self.fill(&mut tasks, &mut facts, inbox);
        match &done {
            Ok(()) => {
                self.passed(Point::Committed);
                self.publish(&facts);
                self.passed(Point::Told);
            }
            Err(err) => {
                tracing::error!(error = ?err, writes = tasks.len(), "a commit failed");
                self.exec("ROLLBACK").ok(); // Fails where SQLite gave the transaction up itself.
                self.oldest = 0; // What was pruned may be back; the next commit looks again.
            }
        }
        for task in tasks {
            task.answer(done.clone());
        }
    }

    /// Carries out `tasks` and those that wait, which join them, and commits.
    fn fill(
        &mut self,
        tasks: &mut Vec<Box<dyn Write>>,
        facts: &mut Vec<Event>,
        inbox: &mut mpsc::Receiver<Job>,
    ) -> Result<()> {
        self.point(Point::Begin)?;
        self.exec("BEGIN IMMEDIATE")?;
        while let Some(task) = tasks.last_mut() {
            self.one(&mut **task, facts)?;
            self.point(Point::Changed)?;
            if tasks.len() == BATCH {
                break;
            }
            match waiting(inbox, &mut self.held) {
                Some(next) => tasks.push(next),
                None => break,
            }
        }
        self.commit(facts)
    }

    /// Does one write in its own savepoint. An error means that the transaction is lost.
    fn one(&self, task: &mut dyn Write, facts: &mut Vec<Event>) -> Result<()> {
        self.exec("SAVEPOINT write")?;
        let before = facts.len();
        let ran = task.run(&mut Writer::new(&self.conn, facts, (self.clock)()));
        if self.conn.is_autocommit() {
            // A full or failing disk: SQLite has undone everything, not this write alone.
            return Err(ran.err().unwrap_or(Error::Full));
        }
        if ran.is_err() {
            facts.truncate(before);
            self.exec("ROLLBACK TO write")?;
        }
        self.exec("RELEASE write")
    }

    fn commit(&mut self, facts: &[Event]) -> Result<()> {
        if let Some(newest) = facts.last().and_then(|fact| fact.seq) {
            self.oldest = journal::prune(&self.conn, self.oldest, newest)?;
        }
        self.point(Point::Commit)?;
        self.exec("COMMIT")
    }

    fn point(&mut self, point: Point) -> Result<()> {
        match &mut self.at_point {
            None => Ok(()),
            Some(at) => at(point),
        }
    }

    /// What stands stands: nothing can fail it any more.
    fn passed(&mut self, point: Point) {
        let _too_late = self.point(point);
    }

    fn publish(&self, facts: &[Event]) {
        if facts.is_empty() {
            return;
        }
        if let Err(cause) = catch_unwind(AssertUnwindSafe(|| (self.on_commit)(facts))) {
            let error = Error::panicked(&*cause);
            tracing::error!(%error, "telling of a commit panicked");
        }
    }

    fn exec(&self, sql: &str) -> Result<()> {
        self.conn.prepare_cached(sql)?.execute(())?;
        Ok(())
    }
}

/// Returns the next write, where one waits; work that is no write is held until the transaction
/// is over.
fn waiting(inbox: &mut mpsc::Receiver<Job>, held: &mut Option<Between>) -> Option<Box<dyn Write>> {
    loop {
        match inbox.try_recv().ok()? {
            Job::Write(task) => return Some(task),
            Job::Between(work) => {
                *held = Some(work);
                return None;
            }
            Job::Close => inbox.close(),
        }
    }
}

#[cfg(test)]
mod tests {
    use smartopol_protocol::SessionId;
    use smartopol_protocol::session::Create;

    use super::*;
    use crate::{connection, migrate};

    fn group(folder: &std::path::Path) -> Group {
        let path = folder.join("smartopol.db");
        let shape = |conn: &mut Connection| migrate::run(conn, &path).map(drop);
        let conn = connection::writer(&path, shape).unwrap();
        let clock = Box::new(|| Timestamp::from_millis(0));
        Group::new(conn, Box::new(|_| ()), clock, None).unwrap()
    }

    fn create(name: String) -> (Box<dyn Write>, oneshot::Receiver<Result<()>>) {
        Task::new(move |w: &mut Writer<'_>| {
            let id = SessionId::new();
            let at = w.now();
            let create = Create {
                model: Some("m".repeat(3_000)),
                ..Create::in_folder("/a").named(&name)
            };
            w.create_session(id, None, &create, at).map(drop)
        })
    }

    #[test]
    fn a_full_disk_fails_all_who_share_the_commit_and_the_writer_lives_on() {
        let folder = tempfile::tempdir().unwrap();
        let mut group = group(folder.path());
        let pages: i64 = group
            .conn
            .query_row("PRAGMA page_count", (), |row| row.get(0))
            .unwrap();
        let limit = |group: &Group, pages: i64| {
            let sql = format!("PRAGMA max_page_count = {pages}");
            group.conn.query_row(&sql, (), |_| Ok(())).unwrap();
        };
        limit(&group, pages + 8);
        let (jobs, mut inbox) = mpsc::channel(64);
        let mut answers = Vec::new();
        for number in 0..40 {
            let (task, answer) = create(format!("s{number}"));
            jobs.try_send(Job::Write(task))
                .unwrap_or_else(|_| panic!("no room"));
            answers.push(answer);
        }
        let first = waiting(&mut inbox, &mut None).unwrap();
        group.batch(first, &mut inbox);
        let results: Vec<_> = answers.iter_mut().map(|answer| answer.try_recv()).collect();
        let stored: u64 = group
            .conn
            .query_row("SELECT count(*) FROM sessions", (), |row| row.get(0))
            .unwrap();
        let kept = results
            .iter()
            .filter(|result| matches!(result, Ok(Ok(()))))
            .count();
        let full = results
            .iter()
            .filter(|result| matches!(result, Ok(Err(Error::Full))))
            .count();
        assert_eq!(
            stored, kept as u64,
            "who heard yes is stored, who heard no is not"
        );
        assert!(full > 0, "{results:?}");

        limit(&group, 100_000);
        let (task, mut answer) = create("later".into());
        group.batch(task, &mut inbox);
        while let Some(task) = waiting(&mut inbox, &mut None) {
            group.batch(task, &mut inbox);
        }
        assert!(matches!(answer.try_recv(), Ok(Ok(()))));
    }
}
