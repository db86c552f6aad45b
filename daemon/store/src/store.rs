//! The store's handle, and its life from opening to closing.
//!
//! Owns: the way to the writer and to the readers, and their threads. Nothing runs while nobody
//! asks: the threads wait without waking.

use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use smartopol_protocol::{AgentId, Event, Timestamp};
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::group::{self, Group, Task};
use crate::pool::{self, Pool};
use crate::{
    AtPoint, Error, Examined, Reader, Result, Writer, connection, migrate, restore, upkeep,
};

/// How many writes wait before callers wait to hand one over.
const WRITES: usize = 512;

/// The same for reads.
const READS: usize = 512;

/// Who is told of each commit's facts.
pub type OnCommit = Box<dyn Fn(&[Event]) + Send>;

/// What the store is opened with.
pub struct Options {
    /// The database file; it and its folder are made where they are missing.
    pub path: PathBuf,
    /// Called by the writer after each commit with that commit's facts, in the order of their
    /// numbers, before the callers hear. It must not wait, and must not hold the store.
    pub on_commit: OnCommit,
}

/// The store. Cheap to copy; dropping the last one closes it without waiting.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    writes: mpsc::Sender<group::Job>,
    reads: mpsc::Sender<pool::Job>,
    path: PathBuf,
    agent_id: AgentId,
    /// One long look (a backup, a check) at a time.
    aside: Arc<Semaphore>,
    threads: Mutex<Option<Threads>>,
    /// How often it was asked for a read and for a write.
    counts: Counts,
}

#[derive(Default)]
struct Counts {
    reads: AtomicU64,
    writes: AtomicU64,
}

struct Threads {
    readers: Vec<(JoinHandle<()>, oneshot::Receiver<()>)>,
    writer: (JoinHandle<()>, oneshot::Receiver<Result<()>>),
}

impl Store {
    /// Opens the database, makes it or brings it to this program's shape, and starts the threads.
    pub fn open(options: Options) -> Result<Self> {
        Self::open_with_clock(options, Timestamp::now)
    }

    /// Opens the database with a clock for the facts that carry no time of their own.
    pub fn open_with_clock(
        options: Options,
        clock: impl Fn() -> Timestamp + Send + 'static,
    ) -> Result<Self> {
        Self::build(options, Box::new(clock), None)
    }

    /// Opens the database and has `at_point` called at every moment of a commit where a disk may
    /// fail or a process may die: for tests of exactly that.
    pub fn open_with_points(options: Options, at_point: AtPoint) -> Result<Self> {
        Self::build(options, Box::new(Timestamp::now), Some(at_point))
    }

    fn build(
        options: Options,
        clock: Box<dyn Fn() -> Timestamp + Send>,
        at_point: Option<AtPoint>,
    ) -> Result<Self> {
        let Options { path, on_commit } = options;
        let shape = |conn: &mut Connection| migrate::run(conn, &path).map(drop);
        let mut conn = connection::writer(&path, shape)?;
        let agent_id = migrate::run(&mut conn, &path)?;
        connection::trust(&conn)?;

        let (reads, inbox) = mpsc::channel(READS);
        let pool = Pool::new(path.clone(), inbox);
        let mut readers = Vec::new();
        for number in 1..=pool::THREADS {
            let (done, ended) = oneshot::channel();
            let pool = pool.clone();
            let thread = spawn(&format!("store-read-{number}"), move || {
                pool.run();
                done.send(()).ok();
            })?;
            readers.push((thread, ended));
        }

        let (writes, inbox) = mpsc::channel(WRITES);
        let (done, ended) = oneshot::channel();
        let group = Group::new(conn, on_commit, clock, at_point)?;
        let writer = spawn("store-write", move || {
            done.send(group.run(inbox)).ok();
        })?;
        Ok(Self {
            shared: Arc::new(Shared {
                writes,
                reads,
                path,
                agent_id,
                aside: Arc::new(Semaphore::new(1)),
                threads: Mutex::new(Some(Threads {
                    readers,
                    writer: (writer, ended),
                })),
                counts: Counts::default(),
            }),
        })
    }

    /// Returns this agent's name, made once with the database.
    pub fn agent_id(&self) -> AgentId {
        self.shared.agent_id
    }

    /// Returns how often the database was read since it was opened.
    pub fn reads(&self) -> u64 {
        self.shared.counts.reads.load(Relaxed)
    }

    /// Returns how often it was written since it was opened.
    pub fn writes(&self) -> u64 {
        self.shared.counts.writes.load(Relaxed)
    }

    /// Changes the database: all that `change` does, or nothing of it. Returns after the commit,
    /// which it may share with others. What was handed over is done, also when nobody waits.
    pub async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Writer<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (task, answer) = Task::new(change);
        self.shared.counts.writes.fetch_add(1, Relaxed);
        self.shared
            .writes
            .send(group::Job::Write(task))
            .await
            .map_err(|_| Error::Closed)?;
        answer.await.unwrap_or(Err(Error::Closed))
    }

    /// Looks into the database; everything that `look` sees is of one moment.
    pub async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Reader<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (job, answer) = pool::job(look);
        self.shared.counts.reads.fetch_add(1, Relaxed);
        self.shared
            .reads
            .send(job)
            .await
            .map_err(|_| Error::Closed)?;
        answer.await.unwrap_or(Err(Error::Closed))
    }

    /// Writes a copy of the database to `path`, which must not exist, and returns its size in
    /// bytes. Writes go on meanwhile; the copy is of the moment it began.
    pub async fn backup(&self, path: PathBuf) -> Result<u64> {
        self.aside("store-backup", move |reader| reader.backup_to(&path))
            .await
    }

    /// Returns what is wrong with the database, one sentence each; empty where all is well.
    pub async fn check(&self) -> Result<Vec<String>> {
        self.aside("store-check", |reader| reader.check()).await
    }

    /// Returns what is wrong with a copy of the database, such as a backup that was just made.
    ///
    /// # Errors
    /// Where it cannot be read, or something is wrong with it.
    pub async fn examine(&self, path: PathBuf) -> Result<Examined> {
        self.aside("store-examine", move |_| {
            let found = restore::examine(&path)?;
            match found.problems.first() {
                None => Ok(found),
                Some(problem) => Err(Error::Invalid(problem.clone())),
            }
        })
        .await
    }

    /// Gives a bounded number of free pages back to the disk; returns how many are left.
    pub async fn reclaim(&self) -> Result<u64> {
        self.between(upkeep::reclaim).await
    }

    /// Rewrites a database that was made before free pages could be given back; returns true where
    /// it was one. Writes wait meanwhile.
    pub async fn rebuild(&self) -> Result<bool> {
        self.between(upkeep::rebuild).await
    }

    /// Moves what is in the write-ahead log into the database and empties the log's file.
    pub async fn checkpoint(&self) -> Result<()> {
        self.between(upkeep::checkpoint).await
    }

    /// Works on the writer's connection between two commits.
    async fn between<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        let job = group::Job::Between(Box::new(move |conn| {
            reply.send(work(conn)).ok(); // Nobody may wait any more; it is done all the same.
        }));
        self.shared
            .writes
            .send(job)
            .await
            .map_err(|_| Error::Closed)?;
        answer.await.unwrap_or(Err(Error::Closed))
    }

    /// Does what was handed over, empties the write-ahead log and ends the threads. Every copy of
    /// the handle answers [`Error::Closed`] from then on.
    pub async fn close(self) -> Result<()> {
        let threads = self
            .shared
            .threads
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(threads) = threads else {
            return Ok(()); // Another copy closes it.
        };
        // A send can only fail where the thread is gone already.
        self.shared.reads.send(pool::Job::Close).await.ok();
        self.shared.writes.send(group::Job::Close).await.ok();
        for (thread, ended) in threads.readers {
            ended.await.ok();
            thread.join().ok();
        }
        let (thread, ended) = threads.writer;
        let result = ended.await.unwrap_or(Err(Error::Closed));
        thread.join().ok();
        result
    }

    /// Looks with a thread and a connection of its own, where it may take long.
    async fn aside<T: Send + 'static>(
        &self,
        name: &str,
        look: impl FnOnce(&Reader<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let one = Arc::clone(&self.shared.aside).acquire_owned().await;
        let one = one.map_err(|_| Error::Closed)?;
        if self.shared.writes.is_closed() {
            return Err(Error::Closed);
        }
        let path = self.shared.path.clone();
        let (reply, answer) = oneshot::channel();
        let (job, mut seen) = pool::job(look);
        spawn(name, move || {
            if !reply.is_closed() {
                pool::Lane::new(path).carry_out(job);
            }
            // Not before its connection is closed: who hears of it may close the store, and then do
            // with the file what they like.
            reply
                .send(seen.try_recv().unwrap_or(Err(Error::Closed)))
                .ok();
            drop(one);
        })?;
        answer.await.unwrap_or(Err(Error::Closed))
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("path", &self.shared.path)
            .finish_non_exhaustive()
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    thread::Builder::new()
        .name(name.into())
        .spawn(run)
        .map_err(|err| Error::file("start the thread", name, err))
}
