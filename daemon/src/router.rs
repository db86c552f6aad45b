//! Which session a word is for.
//!
//! Owns: the actors that live. A session's actor is started by the first word for it and retires
//! when nothing happened for a while; what is said meanwhile starts the next.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use smartopol_protocol::approval::Approval;
use smartopol_protocol::question::Question;
use smartopol_protocol::{Code, Fault, SessionId};
use tokio::sync::{Notify, mpsc, oneshot};

use crate::House;
use crate::session::{self, Cmd, INBOX};

/// How long a full inbox is left alone before it is tried again.
const BUSY: Duration = Duration::from_millis(10);

/// The actors that live, by session.
#[derive(Debug, Default)]
pub(crate) struct Router {
    live: Mutex<Live>,
}

#[derive(Debug, Default)]
struct Live {
    actors: HashMap<SessionId, Way>,
    closed: bool,
}

/// The way to an actor.
#[derive(Debug)]
struct Way {
    inbox: mpsc::Sender<Cmd>,
    /// Told before a word that cannot wait until the actor has looked at files.
    hurry: Arc<Notify>,
}

impl Way {
    fn send(&self, cmd: Cmd) -> Result<(), mpsc::error::TrySendError<Cmd>> {
        if cmd.is_urgent() {
            self.hurry.notify_one();
        }
        self.inbox.try_send(cmd)
    }
}

impl Router {
    fn live(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands a word to a session without waiting; starts its actor where none lives.
    ///
    /// # Errors
    /// `busy` where its inbox is full, `unavailable` while the daemon shuts down.
    pub(crate) fn tell(&self, house: &House, id: SessionId, cmd: Cmd) -> Result<(), Fault> {
        let mut live = self.live();
        if live.closed {
            return Err(Fault::new(Code::Unavailable, "the daemon is shutting down")
                .hint("try again when it is back"));
        }
        let cmd = match live.actors.get(&id) {
            None => cmd,
            Some(way) => match way.send(cmd) {
                Ok(()) => return Ok(()),
                Err(mpsc::error::TrySendError::Full(_)) => {
                    return Err(
                        Fault::new(Code::Busy, "the session has too much to do right now")
                            .hint("try again in a moment"),
                    );
                }
                // Its actor panicked: the next one closes what it left open.
                Err(mpsc::error::TrySendError::Closed(cmd)) => cmd,
            },
        };
        let (inbox, received) = mpsc::channel(INBOX);
        let hurry = Arc::new(Notify::new());
        inbox
            .try_send(cmd)
            .map_err(|_| Fault::new(Code::Internal, "a new session's inbox is full"))?;
        let actor = session::run(house.clone(), id, received, hurry.clone());
        live.actors.insert(id, Way { inbox, hurry });
        house.supervisor.spawn("session", actor);
        Ok(())
    }

    /// Asks a session something and waits for its answer, at most `within`.
    ///
    /// # Errors
    /// As [`Router::tell`]; `unavailable` where the answer does not come.
    pub(crate) async fn ask<T>(
        &self,
        house: &House,
        id: SessionId,
        within: Duration,
        cmd: impl FnOnce(oneshot::Sender<Result<T, Fault>>) -> Cmd,
    ) -> Result<T, Fault> {
        let (reply, answer) = oneshot::channel();
        self.tell(house, id, cmd(reply))?;
        match tokio::time::timeout(within, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) | Err(_) => Err(Fault::new(
                Code::Unavailable,
                "the session did not answer in time",
            )
            .hint("see how the daemon is: smartopol daemon status")),
        }
    }

    /// As [`Router::ask`], for what a person waits for: a full inbox is waited for too.
    ///
    /// # Errors
    /// `unavailable` where the answer does not come in time.
    pub(crate) async fn insist<T>(
        &self,
        house: &House,
        id: SessionId,
        within: Duration,
        cmd: impl Fn(oneshot::Sender<Result<T, Fault>>) -> Cmd,
    ) -> Result<T, Fault> {
        let deadline = tokio::time::Instant::now() + within;
        loop {
            let left = deadline.saturating_duration_since(tokio::time::Instant::now());
            match self.ask(house, id, left, &cmd).await {
                Err(fault) if fault.code == Code::Busy && !left.is_zero() => {
                    tokio::time::sleep(BUSY).await;
                }
                answer => return answer,
            }
        }
    }

    /// Tells a session that one of its approvals ended, however busy it is.
    pub(crate) fn decided(&self, house: &House, approval: Approval) {
        self.surely(house, approval.session_id, move || {
            Cmd::Decided(Box::new(approval.clone()))
        });
    }

    /// Tells a session that one of its questions ended, however busy it is.
    pub(crate) fn answered(&self, house: &House, question: Question) {
        self.surely(house, question.session_id, move || {
            Cmd::Answered(Box::new(question.clone()))
        });
    }

    fn surely(&self, house: &House, id: SessionId, cmd: impl Fn() -> Cmd + Send + 'static) {
        let house = house.clone();
        house.clone().supervisor.spawn("answer", async move {
            loop {
                match house.router.tell(&house, id, cmd()) {
                    Err(fault) if fault.code == Code::Busy => tokio::time::sleep(BUSY).await,
                    // While the daemon shuts down: the answer is stored, the next one finds it.
                    Ok(()) | Err(_) => return,
                }
            }
        });
    }

    /// Lets an actor end if nothing waits in its inbox. No word is lost: words are handed over
    /// under the same lock.
    pub(crate) fn retire(&self, id: SessionId, inbox: &mpsc::Receiver<Cmd>) -> bool {
        let mut live = self.live();
        let empty = inbox.is_empty();
        if empty {
            live.actors.remove(&id);
        }
        empty
    }

    /// Lets no new word in and asks every actor to come to an end: running turns may finish for
    /// `grace`, waiting ones are left waiting.
    pub(crate) async fn close(&self, grace: Duration) {
        let actors: Vec<Way> = {
            let mut live = self.live();
            live.closed = true;
            live.actors.drain().map(|(_, way)| way).collect()
        };
        let deadline = tokio::time::Instant::now() + grace;
        let mut parked = Vec::new();
        for Way { inbox, hurry } in actors {
            hurry.notify_one();
            let (done, wait) = oneshot::channel();
            let park = Cmd::Park { deadline, done };
            if tokio::time::timeout_at(deadline, inbox.send(park))
                .await
                .is_ok_and(|sent| sent.is_ok())
            {
                parked.push(wait);
            }
        }
        for wait in parked {
            // The deadline is the actor's; a second more is for its last write.
            let _ = tokio::time::timeout_at(deadline + Duration::from_secs(1), wait).await;
        }
    }
}
